/* Bodies of the requests that wire.h carries, in their non-flexible versions. Encoders append to a buffer (-1: does not
 * fit); decoders fill a struct whose texts point into the message unless they say otherwise. Every decoder takes the
 * whole body and fails with ERR_KAFKA ("… response is malformed") on anything that ends early.
 * @source Kafka: message schema files *Request.json, *Response.json */
#ifndef CONNECT_KAFKA_WIRE_MESSAGES_H
#define CONNECT_KAFKA_WIRE_MESSAGES_H

#include "connect/kafka/wire.h"
#include "connect/kafka/wire_codec.h"

const char *wire_api_name(int16_t api); /* "JoinGroup" … */

/* Versions that are spoken here: [min, max]. */
enum {
    WIRE_METADATA_MIN = 1,
    WIRE_METADATA_MAX = 4,
    WIRE_FIND_COORDINATOR_MIN = 1,
    WIRE_FIND_COORDINATOR_MAX = 2,
    WIRE_INIT_PRODUCER_ID_MIN = 0,
    WIRE_INIT_PRODUCER_ID_MAX = 1,
    WIRE_JOIN_GROUP_MIN = 2,
    WIRE_JOIN_GROUP_MAX = 5,
    WIRE_SYNC_GROUP_MIN = 1,
    WIRE_SYNC_GROUP_MAX = 3,
    WIRE_HEARTBEAT_MIN = 1,
    WIRE_HEARTBEAT_MAX = 3,
    WIRE_LEAVE_GROUP_MIN = 1,
    WIRE_LEAVE_GROUP_MAX = 3,
    WIRE_SASL_HANDSHAKE_MIN = 1,
    WIRE_SASL_HANDSHAKE_MAX = 1,
    WIRE_SASL_AUTHENTICATE_MIN = 0,
    WIRE_SASL_AUTHENTICATE_MAX = 1
};

/* Error codes in answers. */
#define WIRE_ERROR_MAP(X) /* code, name, text as Java's */                                                 \
    X(-1, UNKNOWN_SERVER_ERROR, "The server experienced an unexpected error when processing the request.") \
    X(0, NONE, "no error")                                                                                 \
    X(14, COORDINATOR_LOAD_IN_PROGRESS, "The coordinator is loading and hence can't process requests.")    \
    X(15, COORDINATOR_NOT_AVAILABLE, "The coordinator is not available.")                                  \
    X(16, NOT_COORDINATOR, "This is not the correct coordinator.")                                         \
    X(22, ILLEGAL_GENERATION, "Specified group generation id is not valid.")                               \
    X(23, INCONSISTENT_GROUP_PROTOCOL,                                                                     \
      "The group member's supported protocols are incompatible with those of "                             \
      "existing members or first group member tried to join with empty protocol "                          \
      "type or empty protocol list.")                                                                      \
    X(24, INVALID_GROUP_ID, "The group id is invalid.")                                                    \
    X(25, UNKNOWN_MEMBER_ID, "The coordinator is not aware of this member.")                               \
    X(26, INVALID_SESSION_TIMEOUT,                                                                         \
      "The session timeout is not within the range allowed by the broker (as "                             \
      "configured by group.min.session.timeout.ms and group.max.session.timeout.ms).")                     \
    X(27, REBALANCE_IN_PROGRESS, "The group is rebalancing, so a rejoin is needed.")                       \
    X(30, GROUP_AUTHORIZATION_FAILED, "Not authorized to access group.")                                   \
    X(31, CLUSTER_AUTHORIZATION_FAILED, "Cluster authorization failed.")                                   \
    X(33, UNSUPPORTED_SASL_MECHANISM, "The broker does not support the requested SASL mechanism.")         \
    X(34, ILLEGAL_SASL_STATE, "Request is not valid given the current SASL state.")                        \
    X(35, UNSUPPORTED_VERSION, "The version of API is not supported.")                                     \
    X(58, SASL_AUTHENTICATION_FAILED, "SASL Authentication failed.")                                       \
    X(79, MEMBER_ID_REQUIRED,                                                                              \
      "The group member needs to have a valid member id before actually entering a "                       \
      "consumer group.")                                                                                   \
    X(81, GROUP_MAX_SIZE_REACHED, "The group has reached its maximum size.")                               \
    X(82, FENCED_INSTANCE_ID,                                                                              \
      "The broker rejected this static consumer since another consumer with the same "                     \
      "group.instance.id has registered with a different member.id.")

enum wire_error {
#define X(code, name, text) WIRE_ERROR_##name = code,
    WIRE_ERROR_MAP(X)
#undef X
};
const char *wire_error_name(int16_t code); /* "UNKNOWN" for the rest */
const char *wire_error_text(int16_t code);
bool wire_error_retriable(int16_t code); /* Java: RetriableException */

/* Size, request header v1 and `body`: what goes over the connection. `client_id` NULL: null. */
int wire_encode_frame(struct buf *out, int16_t api, int16_t version, int32_t correlation_id, const char *client_id,
                      const void *body, size_t len);

/* ---- ApiVersions v0: the request has no body ---- */

struct wire_api_range {
    int16_t api, min, max;
};
enum { WIRE_API_MAX = 128 }; /* keys known to any broker; what lies above is of no interest here */
struct wire_api_versions {
    int16_t error;
    size_t count;
    struct wire_api_range ranges[WIRE_API_MAX];
};
int wire_decode_api_versions(const struct wire_response *resp, struct wire_api_versions *ret, struct kc_error *err);

/* ---- SaslHandshake v1, SaslAuthenticate v0-1 ---- */

int wire_encode_sasl_handshake(struct buf *out, const char *mechanism);
/* `ret_mechanisms`: "PLAIN, SCRAM-SHA-256", what the broker offers; cut to its size. */
int wire_decode_sasl_handshake(const struct wire_response *resp, int16_t *ret_error, char *ret_mechanisms, size_t size,
                               struct kc_error *err);
int wire_encode_sasl_authenticate(struct buf *out, const void *token, size_t len);
struct wire_sasl_authenticate {
    int16_t error;
    struct wire_bytes message; /* null possible */
    struct wire_bytes token;
    int64_t session_lifetime_ms;
};
int wire_decode_sasl_authenticate(const struct wire_response *resp, struct wire_sasl_authenticate *ret,
                                  struct kc_error *err);

/* ---- Metadata v1-4: brokers only ---- */

int wire_encode_metadata(struct buf *out, int16_t version); /* no topics, none created */
struct wire_broker {
    int32_t node;
    char *host; /* owned */
    int32_t port;
};
/* The brokers in a new array; freed by wire_brokers_free. */
int wire_decode_metadata(const struct wire_response *resp, struct wire_broker **ret_brokers, size_t *ret_count,
                         struct kc_error *err);
void wire_brokers_free(struct wire_broker *brokers, size_t count);

/* ---- FindCoordinator v1-2 ---- */

enum wire_coordinator { WIRE_OF_GROUP = 0, WIRE_OF_TRANSACTION = 1 };
int wire_encode_find_coordinator(struct buf *out, const char *key, enum wire_coordinator of);
struct wire_find_coordinator {
    int16_t error;
    struct wire_bytes message; /* null possible */
    int32_t node;
    struct wire_bytes host;
    int32_t port;
};
int wire_decode_find_coordinator(const struct wire_response *resp, struct wire_find_coordinator *ret,
                                 struct kc_error *err);

/* ---- InitProducerId v0-1 ---- */

int wire_encode_init_producer_id(struct buf *out, const char *transactional_id, int32_t timeout_ms);
struct wire_init_producer_id {
    int16_t error;
    int64_t producer_id;
    int16_t epoch;
};
int wire_decode_init_producer_id(const struct wire_response *resp, struct wire_init_producer_id *ret,
                                 struct kc_error *err);

/* ---- JoinGroup v2-5 ---- */

struct wire_group_protocol {
    const char *name;
    const void *metadata;
    size_t len;
};
struct wire_join_request {
    const char *group, *member_id, *protocol_type;
    int32_t session_timeout_ms, rebalance_timeout_ms;
    const struct wire_group_protocol *protocols;
    size_t protocol_count;
};
int wire_encode_join_group(struct buf *out, int16_t version, const struct wire_join_request *req);
struct wire_join_member {
    struct wire_bytes member_id, metadata;
};
struct wire_join_response {
    int16_t error;
    int32_t generation;
    struct wire_bytes protocol, leader, member_id;
    struct wire_join_member *members; /* malloc'ed array, the caller frees it; of the leader only */
    size_t member_count;
};
int wire_decode_join_group(const struct wire_response *resp, struct wire_join_response *ret, struct kc_error *err);

/* ---- SyncGroup v1-3 ---- */

struct wire_member_assignment {
    const char *member_id;
    const void *assignment;
    size_t len;
};
int wire_encode_sync_group(struct buf *out, int16_t version, const char *group, int32_t generation,
                           const char *member_id, const struct wire_member_assignment *assignments, size_t count);
int wire_decode_sync_group(const struct wire_response *resp, int16_t *ret_error, struct wire_bytes *ret_assignment,
                           struct kc_error *err);

/* ---- Heartbeat v1-3, LeaveGroup v1-3 ---- */

int wire_encode_heartbeat(struct buf *out, int16_t version, const char *group, int32_t generation,
                          const char *member_id);
int wire_decode_heartbeat(const struct wire_response *resp, int16_t *ret_error, struct kc_error *err);
int wire_encode_leave_group(struct buf *out, int16_t version, const char *group, const char *member_id);
/* The error of the request, else that of the single member. */
int wire_decode_leave_group(const struct wire_response *resp, int16_t *ret_error, struct kc_error *err);

#endif
