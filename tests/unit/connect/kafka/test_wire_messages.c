/* Request and response frames against hand-assembled ones, and what must be refused. */
#include <string.h>

#include "connect/base/err.h"
#include "connect/kafka/wire_messages.h"
#include "tests/support/hex.h"
#include "tests/support/suite.h"

#define GROUP             "connect-cluster"
#define GROUP_HEX         "000f636f6e6e6563742d636c7573746572"
#define META_HEX(version) "000" version "000f687474703a2f2f77313a383038332f0000000000000005"
#define EMPTY_HEX         "0002 0000 0003632d31 000f687474703a2f2f77313a383038332f 0000000000000005 00000000 00000000 00000000"

static void assert_frame(int16_t api, int16_t version, int32_t correlation_id, const struct buf *body,
                         const char *hex) {
    AUTO_BUF frame;
    buf_init(&frame, 1 << 16);
    ck_assert(!body->failed);
    ck_assert_int_eq(wire_encode_frame(&frame, api, version, correlation_id, "c", buf_text(body), body->len), 0);
    hex_assert_eq(frame.data, frame.len, hex);
}

START_TEST(setup_requests) {
    AUTO_BUF body;
    buf_init(&body, 1 << 16);
    assert_frame(WIRE_API_VERSIONS, 0, 1, &body, "0000000b 0012 0000 00000001 000163");
    wire_encode_sasl_handshake(&body, "PLAIN");
    assert_frame(WIRE_SASL_HANDSHAKE, 1, 2, &body, "00000012 0011 0001 00000002 000163 0005504c41494e");
    buf_clear(&body);
    wire_encode_sasl_authenticate(&body, "\0u\0pw", 5);
    assert_frame(WIRE_SASL_AUTHENTICATE, 0, 3, &body, "00000014 0024 0000 00000003 000163 00000005 0075007077");
    buf_clear(&body);
    wire_encode_metadata(&body, 4);
    assert_frame(WIRE_METADATA, 4, 4, &body, "00000010 0003 0004 00000004 000163 00000000 00");
    buf_clear(&body);
    wire_encode_metadata(&body, 2);
    assert_frame(WIRE_METADATA, 2, 4, &body, "0000000f 0003 0002 00000004 000163 00000000");
    buf_clear(&body);
    wire_encode_find_coordinator(&body, GROUP, WIRE_OF_GROUP);
    assert_frame(WIRE_FIND_COORDINATOR, 2, 5, &body, "0000001d 000a 0002 00000005 000163 " GROUP_HEX " 00");
}
END_TEST

static struct wire_group_protocol protocol_of(struct buf *bytes, const char *name, const char *hex) {
    buf_init(bytes, 4096);
    hex_add(bytes, hex);
    return (struct wire_group_protocol){.name = name, .metadata = bytes->data, .len = bytes->len};
}

START_TEST(join_requests) {
    AUTO_BUF sessioned, compatible, eager, body;
    struct wire_group_protocol protocols[] = {protocol_of(&sessioned, "sessioned", META_HEX("2") "ffffffff"),
                                              protocol_of(&compatible, "compatible", META_HEX("1") "ffffffff"),
                                              protocol_of(&eager, "default", META_HEX("0"))};
    struct wire_join_request req = {.group = GROUP,
                                    .member_id = "",
                                    .protocol_type = "connect",
                                    .session_timeout_ms = 10000,
                                    .rebalance_timeout_ms = 60000,
                                    .protocols = protocols,
                                    .protocol_count = 3};
    buf_init(&body, 1 << 16);
#define PROTOCOLS_HEX                                                        \
    "0007636f6e6e656374 00000003 000973657373696f6e6564 0000001f " META_HEX( \
        "2") "ffffffff"                                                      \
             "000a636f6d70617469626c65 0000001f " META_HEX("1") "ffffffff 000764656661756c74 0000001b " META_HEX("0")
    wire_encode_join_group(&body, 5, &req);
    assert_frame(WIRE_JOIN_GROUP, 5, 6, &body,
                 "000000ba 000b 0005 00000006 000163 " GROUP_HEX " 00002710 0000ea60 0000 ffff " PROTOCOLS_HEX);
    buf_clear(&body);
    wire_encode_join_group(&body, 3, &req);
    assert_frame(WIRE_JOIN_GROUP, 3, 6, &body,
                 "000000b8 000b 0003 00000006 000163 " GROUP_HEX " 00002710 0000ea60 0000 " PROTOCOLS_HEX);
}
END_TEST

START_TEST(group_requests) {
    AUTO_BUF body, assignment;
    buf_init(&body, 1 << 16);
    buf_init(&assignment, 4096);
    hex_add(&assignment, EMPTY_HEX);
    wire_encode_sync_group(&body, 3, GROUP, 1, "c-1", NULL, 0);
    assert_frame(WIRE_SYNC_GROUP, 3, 8, &body,
                 "0000002b 000e 0003 00000008 000163 " GROUP_HEX " 00000001 0003632d31 ffff 00000000");
    buf_clear(&body);
    struct wire_member_assignment one = {.member_id = "c-1", .assignment = assignment.data, .len = assignment.len};
    wire_encode_sync_group(&body, 3, GROUP, 1, "c-1", &one, 1);
    assert_frame(WIRE_SYNC_GROUP, 3, 8, &body,
                 "00000062 000e 0003 00000008 000163 " GROUP_HEX
                 " 00000001 0003632d31 ffff 00000001 0003632d31 0000002e " EMPTY_HEX);
    buf_clear(&body);
    wire_encode_heartbeat(&body, 3, GROUP, 1, "c-1");
    assert_frame(WIRE_HEARTBEAT, 3, 9, &body,
                 "00000027 000c 0003 00000009 000163 " GROUP_HEX " 00000001 0003632d31 ffff");
    buf_clear(&body);
    wire_encode_leave_group(&body, 2, GROUP, "c-1");
    assert_frame(WIRE_LEAVE_GROUP, 2, 10, &body, "00000021 000d 0002 0000000a 000163 " GROUP_HEX " 0003632d31");
    buf_clear(&body);
    wire_encode_leave_group(&body, 3, GROUP, "c-1");
    assert_frame(WIRE_LEAVE_GROUP, 3, 10, &body,
                 "00000027 000d 0003 0000000a 000163 " GROUP_HEX " 00000001 0003632d31 ffff");
}
END_TEST

/* The body of a response, from behind its correlation id. */
static struct wire_response response_of(struct buf *bytes, int16_t api, int16_t version, const char *hex) {
    buf_init(bytes, 1 << 16);
    hex_add(bytes, hex);
    return (struct wire_response){
        .api = api, .version = version, .body = (const uint8_t *)bytes->data, .len = bytes->len};
}

START_TEST(join_responses) {
    AUTO_BUF bytes, leader, old;
    struct kc_error err = {0};
    struct wire_join_response join;
    struct wire_response resp =
        response_of(&bytes, WIRE_JOIN_GROUP, 5, "00000000 004f ffffffff 0000 0000 0003632d31 00000000");
    ck_assert_int_eq(wire_decode_join_group(&resp, &join, &err), 0);
    ck_assert_int_eq(join.error, WIRE_ERROR_MEMBER_ID_REQUIRED);
    ck_assert(wire_equal(join.member_id, "c-1"));
    ck_assert_uint_eq(join.member_count, 0);
    free(join.members);

    resp = response_of(&leader, WIRE_JOIN_GROUP, 5,
                       "00000000 0000 00000001 000973657373696f6e6564 0003632d31 0003632d31 00000001 0003632d31 ffff "
                       "0000001f " META_HEX("2") "ffffffff");
    ck_assert_int_eq(wire_decode_join_group(&resp, &join, &err), 0);
    ck_assert_int_eq(join.generation, 1);
    ck_assert(wire_equal(join.protocol, "sessioned") && wire_equal(join.leader, "c-1"));
    ck_assert_uint_eq(join.member_count, 1);
    ck_assert(wire_equal(join.members[0].member_id, "c-1"));
    ck_assert_uint_eq(join.members[0].metadata.len, 31);
    free(join.members);

    resp = response_of(&old, WIRE_JOIN_GROUP, 3,
                       "00000000 0000 00000001 000973657373696f6e6564 0003632d31 0003632d31 00000001 0003632d31 "
                       "0000001f " META_HEX("2") "ffffffff");
    ck_assert_int_eq(wire_decode_join_group(&resp, &join, &err), 0);
    ck_assert_uint_eq(join.members[0].metadata.len, 31);
    free(join.members);
}
END_TEST

START_TEST(small_responses) {
    AUTO_BUF b1, b2, b3, b4;
    struct kc_error err = {0};
    int16_t error = -7;
    struct wire_bytes assignment;
    struct wire_response resp = response_of(&b1, WIRE_SYNC_GROUP, 3, "00000000 0000 0000002e " EMPTY_HEX);
    ck_assert_int_eq(wire_decode_sync_group(&resp, &error, &assignment, &err), 0);
    ck_assert_int_eq(error, 0);
    hex_assert_eq(assignment.data, assignment.len, EMPTY_HEX);
    resp = response_of(&b2, WIRE_HEARTBEAT, 3, "00000000 001b");
    ck_assert_int_eq(wire_decode_heartbeat(&resp, &error, &err), 0);
    ck_assert_int_eq(error, WIRE_ERROR_REBALANCE_IN_PROGRESS);
    resp = response_of(&b3, WIRE_LEAVE_GROUP, 3, "00000000 0000 00000001 0003632d31 ffff 0019");
    ck_assert_int_eq(wire_decode_leave_group(&resp, &error, &err), 0);
    ck_assert_int_eq(error, WIRE_ERROR_UNKNOWN_MEMBER_ID);
    resp = response_of(&b4, WIRE_LEAVE_GROUP, 2, "00000000 0010");
    ck_assert_int_eq(wire_decode_leave_group(&resp, &error, &err), 0);
    ck_assert_int_eq(error, WIRE_ERROR_NOT_COORDINATOR);
}
END_TEST

START_TEST(discovery_responses) {
    AUTO_BUF b1, b2, b3;
    struct kc_error err = {0};
    struct wire_api_versions versions;
    struct wire_response resp = response_of(&b1, WIRE_API_VERSIONS, 0, "0000 00000002 000b 0000 0009 000c 0000 0004");
    ck_assert_int_eq(wire_decode_api_versions(&resp, &versions, &err), 0);
    ck_assert_uint_eq(versions.count, 2);
    ck_assert_int_eq(versions.ranges[0].max, 9);

    struct wire_broker *brokers;
    size_t count;
    resp = response_of(&b2, WIRE_METADATA, 4,
                       "00000000 00000002 00000001 00026231 00002384 ffff 00000002 00026232 00002385 0001 72 "
                       "0003 636964 00000001 00000000");
    ck_assert_int_eq(wire_decode_metadata(&resp, &brokers, &count, &err), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(brokers[1].host, "b2");
    ck_assert_int_eq(brokers[0].port, 9092);
    wire_brokers_free(brokers, count);

    struct wire_find_coordinator found;
    resp = response_of(&b3, WIRE_FIND_COORDINATOR, 2, "00000000 0000 ffff 00000001 00026231 00002384");
    ck_assert_int_eq(wire_decode_find_coordinator(&resp, &found, &err), 0);
    ck_assert(wire_equal(found.host, "b1"));
    ck_assert_int_eq(found.port, 9092);
}
END_TEST

START_TEST(sasl_responses) {
    AUTO_BUF b1, b2, b3;
    struct kc_error err = {0};
    int16_t error;
    char mechanisms[24];
    struct wire_response resp =
        response_of(&b1, WIRE_SASL_HANDSHAKE, 1, "0021 00000002 0005504c41494e 000d534352414d2d5348412d323536");
    ck_assert_int_eq(wire_decode_sasl_handshake(&resp, &error, mechanisms, sizeof mechanisms, &err), 0);
    ck_assert_int_eq(error, WIRE_ERROR_UNSUPPORTED_SASL_MECHANISM);
    ck_assert_str_eq(mechanisms, "PLAIN, SCRAM-SHA-256");
    ck_assert_int_eq(wire_decode_sasl_handshake(&resp, &error, mechanisms, 6, &err), 0);
    ck_assert_str_eq(mechanisms, "PLAIN");

    struct wire_sasl_authenticate auth;
    resp = response_of(&b2, WIRE_SASL_AUTHENTICATE, 1, "0000 ffff 00000002 6f6b 0000000000000e10");
    ck_assert_int_eq(wire_decode_sasl_authenticate(&resp, &auth, &err), 0);
    ck_assert_int_eq(auth.session_lifetime_ms, 3600);
    ck_assert(wire_equal(auth.token, "ok"));
    resp = response_of(&b3, WIRE_SASL_AUTHENTICATE, 0, "003a 0002 6e6f 00000000");
    ck_assert_int_eq(wire_decode_sasl_authenticate(&resp, &auth, &err), 0);
    ck_assert_int_eq(auth.error, WIRE_ERROR_SASL_AUTHENTICATION_FAILED);
    ck_assert(wire_equal(auth.message, "no"));
}
END_TEST

/* Every decoder, on every proper prefix of a valid response, says "malformed" and leaks nothing. */
static int decode_any(const struct wire_response *resp, struct kc_error *err) {
    int16_t error;
    char text[16];
    struct wire_bytes bytes;
    struct wire_api_versions versions;
    struct wire_sasl_authenticate auth;
    struct wire_find_coordinator found;
    struct wire_broker *brokers = NULL;
    struct wire_join_response join = {0};
    size_t count = 0;
    int rc;
    switch (resp->api) {
    case WIRE_API_VERSIONS:
        return wire_decode_api_versions(resp, &versions, err);
    case WIRE_SASL_HANDSHAKE:
        return wire_decode_sasl_handshake(resp, &error, text, sizeof text, err);
    case WIRE_SASL_AUTHENTICATE:
        return wire_decode_sasl_authenticate(resp, &auth, err);
    case WIRE_FIND_COORDINATOR:
        return wire_decode_find_coordinator(resp, &found, err);
    case WIRE_SYNC_GROUP:
        return wire_decode_sync_group(resp, &error, &bytes, err);
    case WIRE_HEARTBEAT:
        return wire_decode_heartbeat(resp, &error, err);
    case WIRE_LEAVE_GROUP:
        return wire_decode_leave_group(resp, &error, err);
    case WIRE_METADATA:
        rc = wire_decode_metadata(resp, &brokers, &count, err);
        wire_brokers_free(brokers, count);
        return rc;
    case WIRE_JOIN_GROUP:
        rc = wire_decode_join_group(resp, &join, err);
        free(join.members);
        return rc;
    default:
        ck_abort_msg("api %d", resp->api);
    }
}

static const struct {
    int16_t api, version;
    const char *hex;
} valid_responses[] = {
    {WIRE_API_VERSIONS, 0, "0000 00000002 000b 0000 0009 000c 0000 0004"},
    {WIRE_SASL_HANDSHAKE, 1, "0021 00000001 0005504c41494e"},
    {WIRE_SASL_AUTHENTICATE, 1, "0000 ffff 00000002 6f6b 0000000000000e10"},
    {WIRE_METADATA, 4, "00000000 00000001 00000001 00026231 00002384 ffff 0003636964 00000001"},
    {WIRE_METADATA, 2, "00000001 00000001 00026231 00002384 ffff 0003636964 00000001"},
    {WIRE_METADATA, 1, "00000001 00000001 00026231 00002384 ffff 00000001"},
    {WIRE_FIND_COORDINATOR, 2, "00000000 0000 ffff 00000001 00026231 00002384"},
    {WIRE_JOIN_GROUP, 5,
     "00000000 0000 00000001 000973657373696f6e6564 0003632d31 0003632d31 00000001 0003632d31 ffff 00000001 aa"},
    {WIRE_SYNC_GROUP, 3, "00000000 0000 00000001 aa"},
    {WIRE_HEARTBEAT, 3, "00000000 001b"},
    {WIRE_LEAVE_GROUP, 3, "00000000 0000 00000001 0003632d31 ffff 0019"},
};

START_TEST(truncated_responses) {
    AUTO_BUF bytes;
    struct wire_response resp =
        response_of(&bytes, valid_responses[_i].api, valid_responses[_i].version, valid_responses[_i].hex);
    struct kc_error err = {0};
    ck_assert_int_eq(decode_any(&resp, &err), 0);
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, bytes.data, len);
        resp.body = exact;
        resp.len = len;
        ck_assert_int_eq(decode_any(&resp, &err), -1);
        ck_assert_int_eq(err.code, ERR_KAFKA);
        ck_assert_ptr_nonnull(strstr(err.text, "malformed"));
        free(exact);
    }
}
END_TEST

START_TEST(huge_counts) {
    static const struct {
        int16_t api, version;
        const char *hex;
    } cases[] = {
        {WIRE_API_VERSIONS, 0, "0000 7fffffff 000b 0000 0009"},
        {WIRE_SASL_HANDSHAKE, 1, "0021 7fffffff"},
        {WIRE_METADATA, 4, "00000000 7fffffff 00000001"},
        {WIRE_METADATA, 4, "00000000 00000001 00000001 0001 00 00002384 ffff ffff 00000001"},
        {WIRE_JOIN_GROUP, 5, "00000000 0000 00000001 0000 0000 0000 7fffffff 00000000 00000000"},
        {WIRE_SYNC_GROUP, 3, "00000000 0000 7fffffff aa"},
        {WIRE_SYNC_GROUP, 3, "00000000 0000 80000000 aa"},
        {WIRE_LEAVE_GROUP, 3, "00000000 0000 80000000"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUF bytes;
        struct wire_response resp = response_of(&bytes, cases[i].api, cases[i].version, cases[i].hex);
        struct kc_error err = {0};
        ck_assert_msg(decode_any(&resp, &err) == -1, "%s", cases[i].hex);
    }
}
END_TEST

START_TEST(texts_that_do_not_fit) {
    AUTO_BUF out;
    char *name = malloc(40000);
    memset(name, 'x', 39999);
    name[39999] = 0;
    buf_init(&out, 1 << 20);
    ck_assert_int_eq(wire_encode_find_coordinator(&out, name, WIRE_OF_GROUP), -1);
    buf_clear(&out);
    ck_assert_int_eq(wire_encode_heartbeat(&out, 3, name, 1, "m"), -1);
    buf_clear(&out);
    ck_assert_int_eq(wire_encode_frame(&out, 1, 1, 1, name, "", 0), -1);
    free(name);
    ck_assert_str_eq(wire_error_name(27), "REBALANCE_IN_PROGRESS");
    ck_assert_str_eq(wire_error_name(999), "UNKNOWN");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("kafka/wire_messages");
    TCase *tc = tcase_create("frames");
    tcase_add_test(tc, setup_requests);
    tcase_add_test(tc, join_requests);
    tcase_add_test(tc, group_requests);
    tcase_add_test(tc, join_responses);
    tcase_add_test(tc, small_responses);
    tcase_add_test(tc, discovery_responses);
    tcase_add_test(tc, sasl_responses);
    tcase_add_loop_test(tc, truncated_responses, 0, COUNT_OF(valid_responses));
    tcase_add_test(tc, huge_counts);
    tcase_add_test(tc, texts_that_do_not_fit);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
