/* What the parts of the registry client share; see registry.h. */
#ifndef CONNECT_CONVERT_REGISTRY_PARTS_H
#define CONNECT_CONVERT_REGISTRY_PARTS_H

#include <curl/curl.h>

#include "connect/base/json.h"
#include "connect/base/map.h"
#include "connect/convert/registry.h"
#include "connect/rest_tls.h"

#define LOG_REGISTRY          "io.confluent.kafka.schemaregistry.client.rest.RestService"
#define REST_CLIENT_EXCEPTION "io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException"
#define SOCKET_TIMEOUT        "java.net.SocketTimeoutException"
#define TIMEOUT_EXCEPTION     "org.apache.kafka.common.errors.TimeoutException"
#define DISCONNECT_EXCEPTION  "org.apache.kafka.common.errors.DisconnectException"
#define NETWORK_EXCEPTION     "org.apache.kafka.common.errors.NetworkException"
#define AUTHENTICATION        "org.apache.kafka.common.errors.AuthenticationException"
#define AUTHORIZATION         "org.apache.kafka.common.errors.AuthorizationException"
#define THROTTLING            "org.apache.kafka.common.errors.ThrottlingQuotaExceededException"
#define REGISTRY_CONTENT_TYPE "application/vnd.schemaregistry.v1+json"

enum { REGISTRY_MAX_ANSWER = 32 << 20, REGISTRY_MAX_BODY = 64 << 20, REGISTRY_MAX_REFERENCES = 1000 };

/* ---- credentials: registry_auth.c ---- */

enum registry_auth_kind { AUTH_URL, AUTH_BASIC, AUTH_TOKEN, AUTH_OAUTH };

struct registry_auth {
    enum registry_auth_kind kind;
    char *header;            /* "Authorization: …" of BASIC and TOKEN; of the present token with OAUTH */
    struct kc_config *oauth; /* OAUTH: what fetching a token needs */
    int64_t token_good_until_ms;
    char *cluster, *identity_pool; /* further headers of bearer sources, NULL when not set */
    int32_t expiry_buffer_s;
};

int registry_auth_init(struct registry_auth *auth, const struct registry_conf *conf, const struct kc_config *config,
                       struct kc_error *err) KC_CHECKED;
void registry_auth_done(struct registry_auth *auth);
/* Appends the headers of a request; `url_auth` is the header that the address itself asks for, or NULL.
 * @blocks when a token must be fetched */
int registry_auth_headers(struct registry_auth *auth, const char *url_auth, struct curl_slist **headers,
                          struct kc_error *err) KC_CHECKED;
/* "Authorization: Basic …" of "user:password"; malloc'ed. */
char *registry_auth_basic(const char *user_info);

/* ---- exchanges: registry_http.c ---- */

struct registry_url {
    char *base; /* without credentials and without a slash at the end */
    char *auth; /* header made of the address's credentials, NULL when it has none */
};

struct registry_http {
    const struct registry_conf *conf;
    CURL *curl;
    struct registry_url *urls;
    size_t url_count, current; /* the address that answered last */
    struct registry_auth auth;
    struct rest_tls *tls;       /* NULL: no https address */
    struct curl_slist *headers; /* of every request */
    unsigned seed;
};

int registry_http_init(struct registry_http *http, const struct registry_conf *conf, const struct kc_config *config,
                       struct kc_error *err) KC_CHECKED;
void registry_http_done(struct registry_http *http);
/* One request, tried at every address and again after a while as the options say. `body` NULL: GET, else POST. The
 * answer of a success is parsed JSON.
 * @blocks  @errors RestClientException with status and error code in the text, SocketTimeoutException, ConnectException
 * and so on; *ret_status is the HTTP status, 0 without an answer */
int registry_http_call(struct registry_http *http, const char *path, const struct buf *body, cJSON **ret_answer,
                       int *ret_status, struct kc_error *err) KC_CHECKED;

/* ---- the client ---- */

struct registry_latest {
    struct registry_schema *schema;
    int64_t until_ms; /* monotonic; INT64_MAX: for ever */
};

struct registry {
    const struct registry_conf *conf;
    enum registry_type type;
    bool is_key;
    struct registry_http http;
    struct map *by_id;    /* id → struct registry_schema *, all that this client owns */
    struct map *versions; /* subject and id → version */
    struct map *ids;      /* subject and text → struct registry_schema *, borrowed from by_id */
    struct map *latest;   /* subject and text → struct registry_latest * */
    struct map *counts;   /* subject → number of its schemas in `ids` and `versions` */
    bool full;            /* a subject has max.schemas.per.subject of them */
    struct buf subject, key;
};

const char *registry_type_name(enum registry_type type); /* "Avro", "JSON", "Protobuf": error texts */
const char *registry_type_word(enum registry_type type); /* "AVRO", …: the registry's word */
/* Java's exception for an error of registry_http_call; `fmt` says what was attempted. Returns -1.
 * @source AbstractKafkaSchemaSerDe.toKafkaException */
int registry_call_failed(int status, struct kc_error *err, const char *fmt, ...) KC_PRINTF(3, 4);

/* ---- bodies: registry_body.c ---- */

/* {"schemaType":…,"references":…,"schema":…} */
int registry_body_schema(struct buf *out, enum registry_type type, const char *text, size_t len,
                         const struct registry_reference *references, uint32_t count);
/* A new schema from an answer with "schema", "schemaType" and "references" (dependencies not filled). */
struct registry_schema *registry_schema_new(const cJSON *answer, int32_t id, enum registry_type type,
                                            struct kc_error *err);
void registry_schema_free(void *schema);
/* Hands the dependencies over: arrays of malloc'ed texts. */
void registry_schema_depend(struct registry_schema *schema, struct registry_dependency *dependencies, uint32_t count);

/* ---- subjects: registry_subject.c ---- */

int registry_subject_check(const struct registry_conf *conf, struct kc_error *err) KC_CHECKED;

#endif
