/* Everything that the group client reads from others: subscriptions, assignments, and the answers of brokers. The first
 * byte chooses the decoder, the second the version. What was decoded is written again and must read the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "connect/group/proto.h"
#include "connect/kafka/bootstrap.h"
#include "connect/kafka/wire_messages.h"
#include "connect/kafka/wire_sasl.h"
#include "tests/support/fuzz.h"

enum { OUT_MAX = 1 << 20 };

static void try_assignment(const uint8_t *data, size_t len) {
    struct kc_error err = {0};
    AUTO(assignment) asg = assignment_decode(data, len, &err);
    if (!asg)
        return;
    AUTO_BUF out;
    buf_init(&out, OUT_MAX);
    int rc = assignment_encode(&out, asg, asg->version);
    assert(rc == 0);
    AUTO(assignment) again = assignment_decode(out.data, out.len, &err);
    assert(again && again->delay_ms == asg->delay_ms && work_equal(&again->work, &asg->work));
    (void)rc;
}

static void try_subscription(const uint8_t *data, size_t len) {
    struct kc_error err = {0};
    AUTO(subscription) sub = subscription_decode(data, len, &err);
    if (!sub)
        return;
    AUTO_BUF out;
    buf_init(&out, OUT_MAX);
    int rc = subscription_encode(&out, sub->version, sub->url, sub->offset, sub->allocation);
    assert(rc == 0);
    AUTO(subscription) again = subscription_decode(out.data, out.len, &err);
    assert(again && again->offset == sub->offset);
    (void)rc;
}

/* A server that says anything to a SCRAM client. */
static void try_scram(const uint8_t *data, size_t len) {
    static const struct wire_security sec = {.mechanism = WIRE_SCRAM_SHA_256, .user = "u", .password = "p"};
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, OUT_MAX);
    AUTO(wire_sasl) sasl = wire_sasl_new(&sec, "n", &err);
    assert(sasl);
    if (wire_sasl_first(sasl, &out, &err) == 0 && wire_sasl_next(sasl, data, len, &out, &err) == 0) {
        int rc = wire_sasl_next(sasl, data, len, &out, &err);
        assert(rc < 0); /* nobody guesses a signature */
        (void)rc;
    }
}

static void try_response(const struct wire_response *resp) {
    struct kc_error err = {0};
    struct wire_broker *brokers = NULL;
    struct wire_api_versions versions;
    struct wire_sasl_authenticate auth;
    struct wire_find_coordinator found;
    struct wire_join_response join = {0};
    struct wire_bytes bytes;
    char text[32];
    size_t count = 0;
    int16_t error;
    int rc = 0;
    switch (resp->api) {
    case WIRE_API_VERSIONS:
        rc = wire_decode_api_versions(resp, &versions, &err);
        break;
    case WIRE_SASL_HANDSHAKE:
        rc = wire_decode_sasl_handshake(resp, &error, text, sizeof text, &err);
        break;
    case WIRE_SASL_AUTHENTICATE:
        rc = wire_decode_sasl_authenticate(resp, &auth, &err);
        break;
    case WIRE_METADATA:
        rc = wire_decode_metadata(resp, &brokers, &count, &err);
        break;
    case WIRE_FIND_COORDINATOR:
        rc = wire_decode_find_coordinator(resp, &found, &err);
        break;
    case WIRE_JOIN_GROUP:
        rc = wire_decode_join_group(resp, &join, &err);
        break;
    case WIRE_SYNC_GROUP:
        rc = wire_decode_sync_group(resp, &error, &bytes, &err);
        break;
    case WIRE_HEARTBEAT:
        rc = wire_decode_heartbeat(resp, &error, &err);
        break;
    case WIRE_LEAVE_GROUP:
        rc = wire_decode_leave_group(resp, &error, &err);
        break;
    default:
        break;
    }
    assert(rc == 0 || err.code);
    for (size_t i = 0; rc == 0 && i < join.member_count; i++)
        try_subscription(join.members[i].metadata.data, join.members[i].metadata.len);
    wire_brokers_free(brokers, count);
    free(join.members);
}

static void try_bootstrap(const uint8_t *data, size_t len) {
    char *text = strndup((const char *)data, len);
    struct kc_error err = {0};
    struct wire_broker *brokers;
    size_t count;
    if (bootstrap_parse(text, &brokers, &count, &err) == 0) {
        assert(count > 0);
        wire_brokers_free(brokers, count);
    }
    free(text);
}

static void try_group(const uint8_t *data, size_t len) {
    static const int16_t apis[] = {WIRE_API_VERSIONS, WIRE_SASL_HANDSHAKE,   WIRE_SASL_AUTHENTICATE,
                                   WIRE_METADATA,     WIRE_FIND_COORDINATOR, WIRE_JOIN_GROUP,
                                   WIRE_SYNC_GROUP,   WIRE_HEARTBEAT,        WIRE_LEAVE_GROUP};
    if (len < 2)
        return;
    size_t choice = data[0] % (COUNT_OF(apis) + 4);
    struct wire_response resp = {.version = data[1] % 6, .body = data + 2, .len = len - 2};
    if (choice < COUNT_OF(apis)) {
        resp.api = apis[choice];
        try_response(&resp);
    } else if (choice == COUNT_OF(apis)) {
        try_assignment(resp.body, resp.len);
    } else if (choice == COUNT_OF(apis) + 1) {
        try_subscription(resp.body, resp.len);
    } else if (choice == COUNT_OF(apis) + 2) {
        try_scram(resp.body, resp.len);
    } else {
        try_bootstrap(resp.body, resp.len);
    }
}

FUZZ_TARGET(try_group)
