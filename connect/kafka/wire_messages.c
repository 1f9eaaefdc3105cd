/* Request and response bodies; see wire_messages.h. */
#include "connect/kafka/wire_messages.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"

static const struct {
    int16_t code;
    const char *name, *text;
} errors[] = {
#define X(code_, name_, text_) {code_, #name_, text_},
    WIRE_ERROR_MAP(X)
#undef X
};

const char *wire_api_name(int16_t api) {
    switch (api) {
    case WIRE_METADATA:
        return "Metadata";
    case WIRE_FIND_COORDINATOR:
        return "FindCoordinator";
    case WIRE_JOIN_GROUP:
        return "JoinGroup";
    case WIRE_HEARTBEAT:
        return "Heartbeat";
    case WIRE_LEAVE_GROUP:
        return "LeaveGroup";
    case WIRE_SYNC_GROUP:
        return "SyncGroup";
    case WIRE_SASL_HANDSHAKE:
        return "SaslHandshake";
    case WIRE_API_VERSIONS:
        return "ApiVersions";
    case WIRE_INIT_PRODUCER_ID:
        return "InitProducerId";
    case WIRE_SASL_AUTHENTICATE:
        return "SaslAuthenticate";
    case WIRE_INCREMENTAL_ALTER_CONFIGS:
        return "IncrementalAlterConfigs";
    default:
        return "unknown";
    }
}

const char *wire_error_name(int16_t code) {
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        if (errors[i].code == code)
            return errors[i].name;
    return "UNKNOWN";
}

const char *wire_error_text(int16_t code) {
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        if (errors[i].code == code)
            return errors[i].text;
    return "The broker answered with an error that this worker does not know.";
}

bool wire_error_retriable(int16_t code) {
    static const int16_t retriable[] = {2,  3,  5,  6,  7,  9,  13, 14, 15, 16, 19, 20, 27, 41,
                                        51, 56, 60, 70, 71, 72, 74, 75, 76, 78, 84, 88, 89};
    for (size_t i = 0; i < COUNT_OF(retriable); i++)
        if (retriable[i] == code)
            return true;
    return false;
}

static struct wire_reader reader_of(const struct wire_response *resp) {
    return wire_reader(resp->body, resp->len);
}

static int checked(const struct wire_reader *r, const struct wire_response *resp, struct kc_error *err) {
    if (!r->failed)
        return 0;
    return err_set(err, ERR_KAFKA, "%s response v%d is malformed: it ends early or a length in it is wrong (%zu bytes)",
                   wire_api_name(resp->api), resp->version, resp->len);
}

static int written(const struct buf *out) {
    return out->failed ? -1 : 0;
}

int wire_encode_frame(struct buf *out, int16_t api, int16_t version, int32_t correlation_id, const char *client_id,
                      const void *body, size_t len) {
    size_t header = 2 + 2 + 4 + 2 + (client_id ? strlen(client_id) : 0);
    if (len > INT32_MAX - header) {
        out->failed = true;
        return -1;
    }
    buf_add_i32(out, (int32_t)(header + len));
    buf_add_i16(out, api);
    buf_add_i16(out, version);
    buf_add_i32(out, correlation_id);
    wire_add_nullable_string(out, client_id);
    buf_add(out, body, len);
    return written(out);
}

int wire_decode_api_versions(const struct wire_response *resp, struct wire_api_versions *ret, struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    *ret = (struct wire_api_versions){.error = wire_read_i16(&r)};
    int32_t count = wire_read_array(&r, 6, false);
    for (int32_t i = 0; i < count && !r.failed; i++) {
        struct wire_api_range range = {.api = wire_read_i16(&r)};
        range.min = wire_read_i16(&r);
        range.max = wire_read_i16(&r);
        if (!r.failed && ret->count < WIRE_API_MAX)
            ret->ranges[ret->count++] = range;
    }
    return checked(&r, resp, err);
}

int wire_encode_sasl_handshake(struct buf *out, const char *mechanism) {
    return wire_add_string(out, mechanism);
}

int wire_decode_sasl_handshake(const struct wire_response *resp, int16_t *ret_error, char *ret_mechanisms, size_t size,
                               struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    int16_t error = wire_read_i16(&r);
    int32_t count = wire_read_array(&r, 2, false);
    AUTO_BUF list;
    buf_init(&list, 64 << 10);
    for (int32_t i = 0; i < count && !r.failed; i++) {
        struct wire_bytes name = wire_read_string(&r);
        if (i)
            buf_add_text(&list, ", ");
        if (name.len)
            buf_add(&list, name.data, name.len);
    }
    if (checked(&r, resp, err) < 0)
        return -1;
    *ret_error = error;
    size_t len = list.len < size ? list.len : size - 1;
    memcpy(ret_mechanisms, buf_text(&list), len);
    ret_mechanisms[len] = 0;
    return 0;
}

int wire_encode_sasl_authenticate(struct buf *out, const void *token, size_t len) {
    return wire_add_bytes(out, token, len);
}

int wire_decode_sasl_authenticate(const struct wire_response *resp, struct wire_sasl_authenticate *ret,
                                  struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    *ret = (struct wire_sasl_authenticate){.error = wire_read_i16(&r)};
    ret->message = wire_read_nullable_string(&r);
    ret->token = wire_read_bytes(&r);
    if (resp->version >= 1)
        ret->session_lifetime_ms = wire_read_i64(&r);
    return checked(&r, resp, err);
}

int wire_encode_metadata(struct buf *out, int16_t version) {
    buf_add_i32(out, 0); /* no topics */
    if (version >= 4)
        buf_add_i8(out, 0); /* make none */
    return written(out);
}

int wire_decode_metadata(const struct wire_response *resp, struct wire_broker **ret_brokers, size_t *ret_count,
                         struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    if (resp->version >= 3)
        wire_read_i32(&r); /* throttle time */
    int32_t count = wire_read_array(&r, 12, false);
    struct wire_broker *brokers = calloc((size_t)count + 1, sizeof *brokers);
    if (!brokers)
        abort();
    size_t known = 0;
    for (int32_t i = 0; i < count && !r.failed; i++) {
        struct wire_broker b = {.node = wire_read_i32(&r)};
        b.host = wire_text(wire_read_string(&r));
        b.port = wire_read_i32(&r);
        wire_read_nullable_string(&r); /* rack */
        brokers[known++] = b;
        if (!b.host)
            r.failed = true;
    }
    if (resp->version >= 2)
        wire_read_nullable_string(&r); /* cluster id */
    wire_read_i32(&r);                 /* controller; the topics behind it are of no interest */
    if (checked(&r, resp, err) < 0) {
        wire_brokers_free(brokers, known);
        return -1;
    }
    *ret_brokers = brokers;
    *ret_count = known;
    return 0;
}

void wire_brokers_free(struct wire_broker *brokers, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(brokers[i].host);
    free(brokers);
}

int wire_encode_find_coordinator(struct buf *out, const char *key, enum wire_coordinator of) {
    wire_add_string(out, key);
    buf_add_i8(out, (int8_t)of);
    return written(out);
}

int wire_decode_find_coordinator(const struct wire_response *resp, struct wire_find_coordinator *ret,
                                 struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    wire_read_i32(&r);
    *ret = (struct wire_find_coordinator){.error = wire_read_i16(&r)};
    ret->message = wire_read_nullable_string(&r);
    ret->node = wire_read_i32(&r);
    ret->host = ret->error ? wire_read_nullable_string(&r) : wire_read_string(&r);
    ret->port = wire_read_i32(&r);
    return checked(&r, resp, err);
}

int wire_encode_init_producer_id(struct buf *out, const char *transactional_id, int32_t timeout_ms) {
    wire_add_nullable_string(out, transactional_id);
    buf_add_i32(out, timeout_ms);
    return written(out);
}

int wire_decode_init_producer_id(const struct wire_response *resp, struct wire_init_producer_id *ret,
                                 struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    wire_read_i32(&r);
    *ret = (struct wire_init_producer_id){.error = wire_read_i16(&r)};
    ret->producer_id = wire_read_i64(&r);
    ret->epoch = wire_read_i16(&r);
    return checked(&r, resp, err);
}

int wire_encode_join_group(struct buf *out, int16_t version, const struct wire_join_request *req) {
    wire_add_string(out, req->group);
    buf_add_i32(out, req->session_timeout_ms);
    buf_add_i32(out, req->rebalance_timeout_ms);
    wire_add_string(out, req->member_id);
    if (version >= 5)
        wire_add_nullable_string(out, /* group_instance_id= */ NULL);
    wire_add_string(out, req->protocol_type);
    buf_add_i32(out, (int32_t)req->protocol_count);
    for (size_t i = 0; i < req->protocol_count; i++) {
        wire_add_string(out, req->protocols[i].name);
        wire_add_bytes(out, req->protocols[i].metadata, req->protocols[i].len);
    }
    return written(out);
}

int wire_decode_join_group(const struct wire_response *resp, struct wire_join_response *ret, struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    wire_read_i32(&r);
    struct wire_join_response join = {.error = wire_read_i16(&r)};
    join.generation = wire_read_i32(&r);
    join.protocol = wire_read_nullable_string(&r);
    join.leader = wire_read_string(&r);
    join.member_id = wire_read_string(&r);
    int32_t count = wire_read_array(&r, resp->version >= 5 ? 8 : 6, false);
    join.members = calloc((size_t)count + 1, sizeof *join.members);
    if (!join.members)
        abort();
    for (int32_t i = 0; i < count && !r.failed; i++) {
        struct wire_join_member *m = &join.members[join.member_count++];
        m->member_id = wire_read_string(&r);
        if (resp->version >= 5)
            wire_read_nullable_string(&r);
        m->metadata = wire_read_bytes(&r);
    }
    if (checked(&r, resp, err) < 0) {
        free(join.members);
        return -1;
    }
    *ret = join;
    return 0;
}

int wire_encode_sync_group(struct buf *out, int16_t version, const char *group, int32_t generation,
                           const char *member_id, const struct wire_member_assignment *assignments, size_t count) {
    wire_add_string(out, group);
    buf_add_i32(out, generation);
    wire_add_string(out, member_id);
    if (version >= 3)
        wire_add_nullable_string(out, /* group_instance_id= */ NULL);
    buf_add_i32(out, (int32_t)count);
    for (size_t i = 0; i < count; i++) {
        wire_add_string(out, assignments[i].member_id);
        wire_add_bytes(out, assignments[i].assignment, assignments[i].len);
    }
    return written(out);
}

int wire_decode_sync_group(const struct wire_response *resp, int16_t *ret_error, struct wire_bytes *ret_assignment,
                           struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    wire_read_i32(&r);
    int16_t error = wire_read_i16(&r);
    struct wire_bytes assignment = wire_read_nullable_bytes(&r); /* null beside an error, from some brokers */
    if (checked(&r, resp, err) < 0)
        return -1;
    *ret_error = error;
    *ret_assignment = assignment;
    return 0;
}

int wire_encode_heartbeat(struct buf *out, int16_t version, const char *group, int32_t generation,
                          const char *member_id) {
    wire_add_string(out, group);
    buf_add_i32(out, generation);
    wire_add_string(out, member_id);
    if (version >= 3)
        wire_add_nullable_string(out, /* group_instance_id= */ NULL);
    return written(out);
}

int wire_decode_heartbeat(const struct wire_response *resp, int16_t *ret_error, struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    wire_read_i32(&r);
    int16_t error = wire_read_i16(&r);
    if (checked(&r, resp, err) < 0)
        return -1;
    *ret_error = error;
    return 0;
}

int wire_encode_leave_group(struct buf *out, int16_t version, const char *group, const char *member_id) {
    wire_add_string(out, group);
    if (version >= 3)
        buf_add_i32(out, 1);
    wire_add_string(out, member_id);
    if (version >= 3)
        wire_add_nullable_string(out, /* group_instance_id= */ NULL);
    return written(out);
}

int wire_decode_leave_group(const struct wire_response *resp, int16_t *ret_error, struct kc_error *err) {
    struct wire_reader r = reader_of(resp);
    wire_read_i32(&r);
    int16_t error = wire_read_i16(&r);
    if (resp->version >= 3) {
        int32_t count = wire_read_array(&r, 6, false);
        for (int32_t i = 0; i < count && !r.failed; i++) {
            wire_read_string(&r);
            wire_read_nullable_string(&r);
            int16_t member_error = wire_read_i16(&r);
            if (error == WIRE_ERROR_NONE)
                error = member_error;
        }
    }
    if (checked(&r, resp, err) < 0)
        return -1;
    *ret_error = error;
    return 0;
}
