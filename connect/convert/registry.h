/* Client of a Schema Registry, as the Avro, JSON Schema and Protobuf converters use it: schemas by id, ids by schema,
 * with caches that never expire, over libcurl. One client per converter, used by one thread at a time; calls that the
 * caches cannot answer block for one or more HTTP exchanges.
 *
 * The parts: registry.c (cached calls), registry_http.c (exchanges, retries, several addresses), registry_auth.c
 * (credentials; schema.registry.ssl.* is read by connect/rest_tls.h), registry_body.c (the JSON of requests and
 * answers), registry_subject.c (subject names), registry_error.c (what a failure becomes), registry_options.h (option
 * rows).
 * @source io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient, rest.RestService */
#ifndef CONNECT_CONVERT_REGISTRY_H
#define CONNECT_CONVERT_REGISTRY_H

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/plugin.h"

enum registry_type { REGISTRY_AVRO, REGISTRY_JSON, REGISTRY_PROTOBUF };

/* The wire format: one zero byte, the id, then (Protobuf) message indexes and the payload. */
enum { REGISTRY_MAGIC = 0, REGISTRY_PREFIX_BYTES = 5 };

/* Filled by the rows of registry_options.h; strings live as long as the converter's conf. */
struct registry_conf {
    struct kc_list urls;
    bool urls_randomize;
    int32_t max_schemas;
    bool auto_register, normalize, use_latest, latest_strict, id_strict;
    int32_t use_schema_id;
    const char *use_latest_metadata; /* "key=value,key=value", NULL: not used */
    int32_t latest_cache_size, latest_cache_ttl_s;
    const char *basic_source, *bearer_source;
    struct kc_secret basic_user_info, basic_user_info_deprecated, bearer_token, bearer_client_secret;
    const char *bearer_issuer_url, *bearer_client_id, *bearer_scope, *bearer_logical_cluster, *bearer_identity_pool;
    int16_t bearer_expiry_buffer_s;
    const char *key_strategy, *value_strategy, *context_strategy;
    const char *proxy_host;
    int32_t proxy_port, connect_timeout_ms, read_timeout_ms, max_retries, retry_wait_ms, retry_max_wait_ms;
};

/* A schema that another one builds on: `name` as the referring text has it. */
struct registry_reference {
    const char *name, *subject;
    int32_t version;
};
/* Text of a referenced schema. */
struct registry_dependency {
    const char *name, *text;
};

/* A schema as the registry knows it. Owned by the client, lives until registry_trim or registry_free, does not change
 * but for `parsed`. */
struct registry_schema {
    int32_t id;
    enum registry_type type;
    const char *text; /* NUL-terminated */
    size_t len;
    const struct registry_reference *references; /* the direct ones */
    uint32_t reference_count;
    /* All schemas that it needs, directly or not; each one behind those that it needs itself. A name comes once. */
    const struct registry_dependency *dependencies;
    uint32_t dependency_count;
    /* What the converter made of the text (NULL at first); freed by registry_free with `free_parsed`. */
    void *parsed;
    void (*free_parsed)(void *parsed);
};

struct registry;
/* `config`: the converter's options without their prefix, for request.header.*, schema.registry.ssl.* and sasl.*;
 * copied. `conf` must outlive the client. Nothing is asked of the registry yet.
 * @blocks reads key stores  @errors ConfigException: names the option */
int registry_new(const struct registry_conf *conf, const struct kc_config *config, enum registry_type type, bool is_key,
                 struct registry **ret_registry, struct kc_error *err) KC_CHECKED;
struct registry *registry_free(struct registry *reg);
AUTO_FREE(registry, struct registry, registry_free)

/* Call it between batches: when a subject has more schemas than max.schemas.per.subject, the client forgets all schemas
 * and returns true; whoever keeps a struct registry_schema must drop it then. */
bool registry_trim(struct registry *reg);

/* ---- Subjects ---------------------------------------------------------------------------------------------------- */

/* Whether the subject depends on the name of the record (RecordNameStrategy, TopicRecordNameStrategy). */
bool registry_subject_uses_record(const struct registry *reg);
/* The subject of a topic's keys or values, NUL-terminated, valid until the next call. `record` is the full name of the
 * schema's record, NULL when it is none. @errors SerializationException: the strategy needs a record */
int registry_subject(struct registry *reg, const char *topic, const char *record, const char **ret_subject,
                     struct kc_error *err) KC_CHECKED;

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* The id of a message in wire format. @errors SerializationException: too short, or "Unknown magic byte!" */
int registry_message_id(const void *data, size_t len, int32_t *ret_id, struct kc_error *err) KC_CHECKED;
/* The schema with this id; `subject` NULL when it is not known yet.
 * @blocks on the first time  @errors SerializationException and its like; see registry_fail. A schema of another type
 * than the client's is an error, too */
int registry_by_id(struct registry *reg, const char *subject, int32_t id, struct registry_schema **ret_schema,
                   struct kc_error *err) KC_CHECKED;
/* The version that the schema has in the subject. @blocks on the first time */
int registry_version(struct registry *reg, const char *subject, const struct registry_schema *schema,
                     int32_t *ret_version, struct kc_error *err) KC_CHECKED;

/* The schema to read with what `written` wrote: itself, or the subject's latest one when use.latest.version or
 * use.latest.with.metadata say so. @blocks on the first time */
int registry_for_reading(struct registry *reg, const char *subject, struct registry_schema *written,
                         struct registry_schema **ret_schema, struct kc_error *err) KC_CHECKED;
/* Whether use.latest.version or use.latest.with.metadata are set. */
bool registry_reads_latest(const struct registry *reg);
/* How long what was made with a latest schema may be used before it is looked for again (latest.cache.ttl.sec); -1: for
 * ever, or there is no such thing. */
int64_t registry_latest_ttl_ms(const struct registry *reg);

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* The schema under which a message is to be written: registered, looked up, or another one that the options choose
 * (use.schema.id, use.latest.version, use.latest.with.metadata). Then *ret_other says so and the message must be
 * written by the text of *ret_schema; *ret_strict tells whether it has to be checked first that it can read what `text`
 * describes (registry_incompatible is the error).
 * @blocks on the first time */
int registry_for_writing(struct registry *reg, const char *subject, const char *text, size_t len,
                         const struct registry_reference *references, uint32_t reference_count,
                         struct registry_schema **ret_schema, bool *ret_other, bool *ret_strict,
                         struct kc_error *err) KC_CHECKED;
/* The id that `text` has in `subject`, registered first when auto.register.schemas says so: for the schemas that a
 * Protobuf schema refers to, whose version is asked for afterwards. @blocks on the first time */
int registry_register(struct registry *reg, const char *subject, const char *text, size_t len,
                      const struct registry_reference *references, uint32_t reference_count,
                      struct registry_schema **ret_schema, struct kc_error *err) KC_CHECKED;
int registry_incompatible(struct registry *reg, const struct registry_schema *schema, const char *reason,
                          struct kc_error *err);
/* Zero byte and id. */
int registry_add_prefix(struct buf *out, const struct registry_schema *schema);

/* ---- Failures ---------------------------------------------------------------------------------------------------- */

#define SERIALIZATION_EXCEPTION "org.apache.kafka.common.errors.SerializationException"

/* Turns the error of reading or writing one message into what Java's converter throws, with the present error as the
 * cause: RetriableException when the registry did not answer in time or says that it cannot now; NetworkException when
 * it cannot be reached; AuthenticationException, AuthorizationException and ThrottlingQuotaExceededException as they
 * are; DataException for every SerializationException (bad bytes, unknown id, incompatible schema). Other exceptions
 * (DataException, ConfigException) stay. Returns -1.
 * @source AvroConverter, JsonSchemaConverter, ProtobufConverter; AbstractKafkaSchemaSerDe.toKafkaException */
int registry_fail_read(struct registry *reg, const char *topic, struct kc_error *err);
int registry_fail_write(struct registry *reg, const char *topic, struct kc_error *err);

#endif
