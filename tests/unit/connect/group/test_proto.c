/* Subscription and assignment bytes against vectors made by the Java classes and against captured groups. */
#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/group/proto.h"
#include "tests/support/hex.h"
#include "tests/support/suite.h"

#define URL          "http://w1:8083/"
#define URL_HEX      "000f687474703a2f2f77313a383038332f"
#define ASSIGNED_HEX "00000002 00026331 00000002 ffffffff 00000000 00026332 00000001 00000001"
#define V2_HEX       "0002 0000 00036d2d31 " URL_HEX " 0000000000000005 " ASSIGNED_HEX " 00000000 00000000"

static struct assignment *assignment_of(int64_t offset) {
    struct assignment *asg = assignment_new();
    asg->leader = strdup("m-1");
    asg->leader_url = strdup(URL);
    asg->offset = offset;
    return asg;
}

static struct assignment *two_connectors(void) {
    struct assignment *asg = assignment_of(5);
    work_add_connector(&asg->work, "c1");
    work_add_task(&asg->work, "c1", 0);
    work_add_task(&asg->work, "c2", 1);
    return asg;
}

static void assert_subscription(int16_t version, const struct assignment *allocation, const char *hex) {
    AUTO_BUF out;
    buf_init(&out, 4096);
    ck_assert_int_eq(subscription_encode(&out, version, URL, 5, allocation), 0);
    hex_assert_eq(out.data, out.len, hex);
    struct kc_error err = {0};
    AUTO(subscription) sub = subscription_decode(out.data, out.len, &err);
    ck_assert_ptr_nonnull(sub);
    ck_assert_int_eq(sub->version, version);
    ck_assert_str_eq(sub->url, URL);
    ck_assert_int_eq(sub->offset, 5);
    ck_assert_int_eq(sub->allocation != NULL, allocation && version > 0);
    if (sub->allocation)
        ck_assert(work_equal(&sub->allocation->work, &allocation->work));
}

static void assert_assignment(const struct assignment *asg, int16_t version, const char *hex) {
    AUTO_BUF out;
    buf_init(&out, 4096);
    ck_assert_int_eq(assignment_encode(&out, asg, version), 0);
    hex_assert_eq(out.data, out.len, hex);
    struct kc_error err = {0};
    AUTO(assignment) back = assignment_decode(out.data, out.len, &err);
    ck_assert_ptr_nonnull(back);
    ck_assert_int_eq(back->version, version);
    ck_assert_int_eq(back->error, asg->error);
    ck_assert_str_eq(back->leader, asg->leader);
    ck_assert_str_eq(back->leader_url, asg->leader_url);
    ck_assert_int_eq(back->offset, asg->offset);
    ck_assert_int_eq(back->delay_ms, asg->delay_ms);
    ck_assert(work_equal(&back->work, &asg->work));
    ck_assert(work_equal(&back->revoked, &asg->revoked));
}

START_TEST(subscription_vectors) {
    AUTO(assignment) asg = two_connectors();
    assert_subscription(0, NULL, "0000 " URL_HEX " 0000000000000005");
    assert_subscription(0, asg, "0000 " URL_HEX " 0000000000000005");
    assert_subscription(1, NULL, "0001 " URL_HEX " 0000000000000005 ffffffff");
    assert_subscription(2, NULL, "0002 " URL_HEX " 0000000000000005 ffffffff");
    assert_subscription(2, asg, "0002 " URL_HEX " 0000000000000005 0000004a " V2_HEX);
}
END_TEST

START_TEST(assignment_vectors) {
    AUTO(assignment) two = two_connectors();
    assert_assignment(two, 0, "0000 0000 00036d2d31 " URL_HEX " 0000000000000005 " ASSIGNED_HEX);
    assert_assignment(two, 2, V2_HEX);
    AUTO(assignment) revoking = assignment_of(7);
    work_add_connector(&revoking->revoked, "c2");
    work_add_task(&revoking->revoked, "c2", 0);
    work_add_task(&revoking->revoked, "c1", 1);
    revoking->delay_ms = 300000;
    assert_assignment(revoking, 2,
                      "0002 0000 00036d2d31 " URL_HEX " 0000000000000007 00000000 00000002 00026332 00000002 ffffffff "
                      "00000000 00026331 00000001 00000001 000493e0");
    AUTO(assignment) mismatch = assignment_of(7);
    mismatch->error = ASSIGNMENT_CONFIG_MISMATCH;
    assert_assignment(mismatch, 2, "0002 0001 00036d2d31 " URL_HEX " 0000000000000007 00000000 00000000 00000000");
}
END_TEST

/* What other writers may leave out or write otherwise. */
START_TEST(lenient_reading) {
    static const struct {
        const char *hex;
        bool valid;
        int32_t delay_ms;
        size_t revoked;
    } cases[] = {
        {"0002 0000 0000 0000 0000000000000005 00000000", true, 0, 0},
        {"0002 0000 0000 0000 0000000000000005 00000000 ffffffff", true, 0, 0},
        {"0002 0000 0000 0000 0000000000000005 00000000 ffffffff 00000028", true, 40, 0},
        {"0002 0000 0000 0000 0000000000000005 00000000 00000001 00026331 00000001 00000003", true, 0, 1},
        {"0007 0000 0000 0000 0000000000000005 00000000 00000000 00000001 99", true, 1, 0},
        {"0000 0000 0000 0000 0000000000000005 00000000", true, 0, 0},
        {"0000 0000 0000 0000 0000000000000005 ffffffff", false, 0, 0},
        {"0000 0000 0000 0000 0000000000000005 7fffffff", false, 0, 0},
        {"0000 0000 0000 0000 0000000000000005 00000001 00026331 7fffffff", false, 0, 0},
        {"0000 0000 0000 ffff 0000000000000005 00000000", false, 0, 0},
        {"0000 0000 0001 00 0000 0000000000000005 00000000", false, 0, 0},
        {"ffff 0000 0000 0000 0000000000000005 00000000", false, 0, 0},
        {"0002 0000 0000 0000 0000000000000005 00000000 00000000 0000", false, 0, 0},
        {"00", false, 0, 0},
        {"", false, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUF bytes;
        buf_init(&bytes, 4096);
        hex_add(&bytes, cases[i].hex);
        struct kc_error err = {0};
        AUTO(assignment) asg = assignment_decode(bytes.data, bytes.len, &err);
        ck_assert_msg((asg != NULL) == cases[i].valid, "%s", cases[i].hex);
        ck_assert_int_eq(err.code, cases[i].valid ? 0 : ERR_BAD_DATA);
        if (!asg)
            continue;
        ck_assert_int_eq(asg->delay_ms, cases[i].delay_ms);
        ck_assert_uint_eq(asg->revoked.connector_count + asg->revoked.task_count, cases[i].revoked);
    }
}
END_TEST

START_TEST(subscription_reading) {
    struct kc_error err = {0};
    AUTO_BUF bytes;
    buf_init(&bytes, 4096);
    hex_add(&bytes, "0002 " URL_HEX " 0000000000000005");
    AUTO(subscription) without = subscription_decode(bytes.data, bytes.len, &err);
    ck_assert_ptr_nonnull(without);
    ck_assert_ptr_null(without->allocation);
    buf_clear(&bytes);
    hex_add(&bytes, "fffe " URL_HEX " 0000000000000005");
    ck_assert_ptr_null(subscription_decode(bytes.data, bytes.len, &err));
    ck_assert_str_eq(err.text, "Unsupported subscription version: -2");
    buf_clear(&bytes);
    hex_add(&bytes, "0002 " URL_HEX " 0000000000000005 00000002 0002");
    ck_assert_ptr_null(subscription_decode(bytes.data, bytes.len, &err));
    buf_clear(&bytes);
    hex_add(&bytes, "0002 " URL_HEX " 0000000000000005 00000003 0002");
    ck_assert_ptr_null(subscription_decode(bytes.data, bytes.len, &err));
}
END_TEST

START_TEST(too_long_texts) {
    char *name = malloc(40000);
    memset(name, 'x', 39999);
    name[39999] = 0;
    AUTO(assignment) asg = assignment_of(1);
    work_add_connector(&asg->work, name);
    AUTO_BUF out;
    buf_init(&out, 1 << 20);
    ck_assert_int_eq(assignment_encode(&out, asg, 2), -1);
    buf_clear(&out);
    ck_assert_int_eq(subscription_encode(&out, 2, URL, 1, asg), -1);
    free(name);
}
END_TEST

START_TEST(names_of_protocols) {
    enum group_protocol protocol;
    ck_assert_int_eq(group_protocol_parse("compatiblex", 10, &protocol), 0);
    ck_assert_int_eq(protocol, GROUP_COMPATIBLE);
    ck_assert_int_eq(group_protocol_parse("eager", 5, &protocol), -1);
    ck_assert_str_eq(group_protocol_name(GROUP_EAGER), "default");
}
END_TEST

START_TEST(clones_are_deep) {
    AUTO(assignment) asg = two_connectors();
    asg->member_id = strdup("m-1");
    work_add_task(&asg->added, "c2", 1);
    work_add_connector(&asg->revoked, "c9");
    asg->delay_ms = 3;
    struct assignment *copy = assignment_clone(asg);
    ck_assert(assignment_is_leader(copy));
    ck_assert(work_equal(&copy->work, &asg->work) && work_equal(&copy->added, &asg->added) &&
              work_equal(&copy->revoked, &asg->revoked));
    ck_assert_int_eq(copy->delay_ms, 3);
    work_add_connector(&copy->work, "c3");
    ck_assert(!work_has_connector(&asg->work, "c3"));
    assignment_free(copy);
}
END_TEST

/* ---- captured ---- */

static void assert_work_is(const struct work *w, const cJSON *object) {
    AUTO_WORK wanted = {0};
    for (const cJSON *c = object ? object->child : NULL; c; c = c->next)
        for (const cJSON *n = c->child; n; n = n->next) {
            if (n->valueint == -1)
                work_add_connector(&wanted, c->string);
            else
                work_add_task(&wanted, c->string, n->valueint);
        }
    ck_assert(work_equal(w, &wanted));
}

static void assert_assignment_is(const struct assignment *asg, const cJSON *json) {
    ck_assert_int_eq(asg->error, cJSON_GetObjectItem(json, "error")->valueint);
    ck_assert_str_eq(asg->leader, cJSON_GetObjectItem(json, "leader")->valuestring);
    ck_assert_str_eq(asg->leader_url, cJSON_GetObjectItem(json, "leader_url")->valuestring);
    ck_assert_int_eq(asg->offset, (int64_t)cJSON_GetObjectItem(json, "offset")->valuedouble);
    assert_work_is(&asg->work, cJSON_GetObjectItem(json, "assigned"));
    assert_work_is(&asg->revoked, cJSON_GetObjectItem(json, "revoked"));
    const cJSON *delay = cJSON_GetObjectItem(json, "delay");
    ck_assert_int_eq(asg->delay_ms, delay ? delay->valueint : 0);
}

static void check_captured(const cJSON *hex, const cJSON *json, bool is_subscription) {
    AUTO_BUF bytes, again;
    buf_init(&bytes, 1 << 20);
    buf_init(&again, 1 << 20);
    hex_add(&bytes, hex->valuestring);
    struct kc_error err = {0};
    if (is_subscription) {
        AUTO(subscription) sub = subscription_decode(bytes.data, bytes.len, &err);
        ck_assert_msg(sub != NULL, "%s", err.text);
        ck_assert_str_eq(sub->url, cJSON_GetObjectItem(json, "url")->valuestring);
        ck_assert_int_eq(sub->offset, (int64_t)cJSON_GetObjectItem(json, "offset")->valuedouble);
        const cJSON *allocation = cJSON_GetObjectItem(json, "allocation");
        ck_assert_int_eq(sub->allocation != NULL, cJSON_IsObject(allocation));
        if (sub->allocation)
            assert_assignment_is(sub->allocation, allocation);
        ck_assert_int_eq(subscription_encode(&again, sub->version, sub->url, sub->offset, sub->allocation), 0);
    } else {
        AUTO(assignment) asg = assignment_decode(bytes.data, bytes.len, &err);
        ck_assert_msg(asg != NULL, "%s", err.text);
        assert_assignment_is(asg, json);
        ck_assert_int_eq(assignment_encode(&again, asg, asg->version), 0);
    }
    hex_assert_eq(again.data, again.len, hex->valuestring);
}

/* Every metadata_hex and assignment_hex anywhere in a line, each beside its parsed form. */
static int walk(const cJSON *json) {
    int found = 0;
    const cJSON *hex = cJSON_GetObjectItem(json, "metadata_hex"), *parsed = cJSON_GetObjectItem(json, "metadata");
    if (cJSON_IsString(hex) && cJSON_IsObject(parsed)) {
        check_captured(hex, parsed, true);
        found++;
    }
    hex = cJSON_GetObjectItem(json, "assignment_hex");
    parsed = cJSON_GetObjectItem(json, "assignment");
    if (cJSON_IsString(hex) && cJSON_IsObject(parsed)) {
        check_captured(hex, parsed, false);
        found++;
    }
    for (const cJSON *c = json->child; c; c = c->next)
        if (c->child)
            found += walk(c);
    return found;
}

static void walk_line(const cJSON *vector, void *arg) {
    *(int *)arg += walk(vector);
}

START_TEST(captured_groups) {
    int found = 0;
    ck_assert_int_gt(golden_each("cluster.jsonl", NULL, walk_line, &found), 0);
    ck_assert_int_gt(found, 300);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("group/proto");
    TCase *tc = tcase_create("bytes");
    tcase_add_test(tc, subscription_vectors);
    tcase_add_test(tc, assignment_vectors);
    tcase_add_test(tc, lenient_reading);
    tcase_add_test(tc, subscription_reading);
    tcase_add_test(tc, too_long_texts);
    tcase_add_test(tc, names_of_protocols);
    tcase_add_test(tc, clones_are_deep);
    tcase_add_test(tc, captured_groups);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
