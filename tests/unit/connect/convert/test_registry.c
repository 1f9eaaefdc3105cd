/* The registry client against a server that gives prepared answers: what is asked, what is kept, what failures become.
 */
#include "connect/convert/registry.h"

#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/log.h"
#include "connect/convert/registry_options.h"
#include "tests/support/http_script.h"
#include "tests/support/suite.h"

struct test_conf {
    struct registry_conf registry;
};

static const struct kc_option rows[] = {REGISTRY_OPTIONS(struct test_conf, registry), KC_OPTION_END};

static struct http_script *server;
static struct kc_arena *arena;
static struct kc_config *config;
static struct registry *reg;
static struct kc_error err;

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

static void set_up(void) {
    log_sink(quiet, NULL);
    arena = arena_new(0);
    config = kc_config_new();
    kc_config_set(config, "retries.wait.ms", "1");
    err = (struct kc_error){0};
}

static void tear_down(void) {
    reg = registry_free(reg);
    if (server)
        server = http_script_stop(server);
    config = kc_config_free(config);
    arena = arena_free(arena);
}

/* A client as `config` says; its address is the script's unless one is set. */
static int connect_client(enum registry_type type, bool is_key) {
    if (!kc_config_has(config, "schema.registry.url"))
        kc_config_set(config, "schema.registry.url", http_script_url(server));
    struct test_conf *conf = kc_arena_zalloc(arena, sizeof(*conf));
    if (config_parse(rows, config, arena, conf, sizeof(*conf), &err) < 0)
        return -1;
    return registry_new(&conf->registry, config, type, is_key, &reg, &err);
}

#define SERVE(...)                                         \
    static const struct http_step steps[] = {__VA_ARGS__}; \
    server = http_script_start(steps, COUNT_OF(steps));    \
    ck_assert_ptr_nonnull(server)

#define OK(body) \
    { .answer = "HTTP/1.1 200 OK\r\n\r\n" body }
#define SAYS(status, body) \
    { .answer = "HTTP/1.1 " status "\r\n\r\n" body }
#define NOT_FOUND(code) SAYS("404 Not Found", "{\"error_code\":" code ",\"message\":\"Schema 7 not found\"}")

static void assert_request(int i, const char *part) {
    const char *request = http_script_request(server, i);
    ck_assert_msg(request && strstr(request, part), "request %d has no %s:\n%s", i, part, request ? request : "(none)");
}

/* ---- reading ---- */

START_TEST(wire_format) {
    int32_t id = -1;
    ck_assert_int_eq(registry_message_id("\0\x01\x02\x03\x04z", 6, &id, &err), 0);
    ck_assert_int_eq(id, 0x01020304);
    ck_assert_int_eq(registry_message_id("\1\0\0\0\7", 5, &id, &err), -1);
    ck_assert_str_eq(err.text, "Unknown magic byte!");
    ck_assert_str_eq(err.exception, SERIALIZATION_EXCEPTION);
    ck_assert_int_eq(registry_message_id("", 0, &id, &err), -1);
    ck_assert_str_eq(err.text, "Unknown magic byte!");
    ck_assert_int_eq(registry_message_id("\0\0\0", 3, &id, &err), -1);
    ck_assert_str_eq(err.text, "The message ends within the id of its schema (3 bytes)");
}
END_TEST

START_TEST(schema_by_id_is_asked_for_once) {
    SERVE(OK("{\"schema\":\"\\\"int\\\"\"}"), OK("{\"subject\":\"t-value\",\"version\":3,\"id\":7}"));
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema = NULL, *again = NULL;
    int32_t version = 0;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(registry_by_id(reg, "t-value", 7, &schema, &err), 0);
        ck_assert(!again || again == schema);
        again = schema;
        ck_assert_int_eq(registry_version(reg, "t-value", schema, &version, &err), 0);
        ck_assert_int_eq(version, 3);
    }
    ck_assert_str_eq(schema->text, "\"int\"");
    ck_assert_int_eq(schema->id, 7);
    ck_assert_int_eq(http_script_count(server), 2);
    assert_request(0, "GET /schemas/ids/7?fetchMaxId=false&subject=t-value HTTP/1.1");
    assert_request(1, "POST /subjects/t-value?normalize=false&deleted=true HTTP/1.1");
    assert_request(1, "Content-Type: application/vnd.schemaregistry.v1+json");
    assert_request(1, "{\"schema\":\"\\\"int\\\"\"}");
}
END_TEST

START_TEST(references_come_behind_what_they_need) {
    SERVE(OK("{\"schemaType\":\"PROTOBUF\",\"schema\":\"top\",\"references\":[{\"name\":\"a\",\"subject\":\"sa\","
             "\"version\":1},"
             "{\"name\":\"b\",\"subject\":\"s/b\",\"version\":2}]}"),
          OK("{\"schemaType\":\"PROTOBUF\",\"schema\":\"A\",\"references\":[{\"name\":\"b\",\"subject\":\"s/"
             "b\",\"version\":2}]}"),
          OK("{\"schemaType\":\"PROTOBUF\",\"schema\":\"B\"}"));
    ck_assert_int_eq(connect_client(REGISTRY_PROTOBUF, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 1, &schema, &err), 0);
    ck_assert_int_eq(schema->reference_count, 2);
    ck_assert_int_eq(schema->dependency_count, 2);
    ck_assert_str_eq(schema->dependencies[0].name, "b");
    ck_assert_str_eq(schema->dependencies[0].text, "B");
    ck_assert_str_eq(schema->dependencies[1].name, "a");
    ck_assert_int_eq(http_script_count(server), 3);
    assert_request(0, "GET /schemas/ids/1?fetchMaxId=false HTTP/1.1");
    assert_request(1, "GET /subjects/sa/versions/1?deleted=true HTTP/1.1");
    assert_request(2, "GET /subjects/s%2Fb/versions/2?deleted=true HTTP/1.1");
}
END_TEST

START_TEST(references_in_a_circle_end) {
    SERVE(OK("{\"schema\":\"x\",\"references\":[{\"name\":\"a\",\"subject\":\"a\",\"version\":1}]}"));
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 1, &schema, &err), -1);
    ck_assert_str_eq(err.text, "The references of the schema are nested too deeply or too many");
}
END_TEST

START_TEST(another_type_is_refused) {
    SERVE(OK("{\"schemaType\":\"JSON\",\"schema\":\"{}\"}"));
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 5, &schema, &err), -1);
    ck_assert_str_eq(err.text, "Schema 5 is a schema of type JSON and not AVRO");
    registry_fail_read(reg, "t", &err);
    ck_assert_str_eq(err.exception, KC_DATA_EXCEPTION);
    ck_assert_str_eq(err.text, "Failed to deserialize data for topic t to Avro:");
}
END_TEST

/* ---- writing ---- */

static int write_int(const char *subject, struct registry_schema **schema, bool *other, bool *strict) {
    return registry_for_writing(reg, subject, "\"int\"", 5, NULL, 0, schema, other, strict, &err);
}

START_TEST(registers_once_per_subject) {
    SERVE(OK("{\"id\":4}"), OK("{\"id\":4}"));
    ck_assert_int_eq(connect_client(REGISTRY_JSON, false), 0);
    struct registry_schema *schema;
    bool other, strict;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(write_int("a b-value", &schema, &other, &strict), 0);
    ck_assert_int_eq(write_int("c-value", &schema, &other, &strict), 0);
    ck_assert(!other && !strict);
    ck_assert_int_eq(schema->id, 4);
    ck_assert_int_eq(http_script_count(server), 2);
    assert_request(0, "POST /subjects/a%20b-value/versions?normalize=false HTTP/1.1");
    assert_request(0, "{\"schemaType\":\"JSON\",\"schema\":\"\\\"int\\\"\"}");
    struct buf out;
    buf_init(&out, 16);
    ck_assert_int_eq(registry_add_prefix(&out, schema), 0);
    ck_assert_uint_eq(out.len, 5);
    ck_assert_mem_eq(out.data, "\0\0\0\0\4", 5);
    buf_done(&out);
}
END_TEST

static const struct choice {
    const char *option, *value, *asks;
    bool other, strict;
} choices[] = {
    {"normalize.schemas", "true", "POST /subjects/s?normalize=true&deleted=false HTTP", false, false},
    {"use.schema.id", "9", "GET /schemas/ids/9?fetchMaxId=false&subject=s HTTP", true, true},
    {"use.latest.version", "true", "GET /subjects/s/versions/latest HTTP", true, true},
    {"use.latest.with.metadata", "k=v 1,l=w",
     "GET /subjects/s/metadata?key=k&value=v%201&key=l&value=w&deleted=true HTTP", true, false},
};

START_TEST(options_choose_the_schema) {
    const struct choice *c = &choices[_i];
    SERVE(OK("{\"subject\":\"s\",\"version\":1,\"id\":9,\"schema\":\"\\\"long\\\"\"}"));
    kc_config_set(config, "auto.register.schemas", "false");
    kc_config_set(config, c->option, c->value);
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    bool other, strict;
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(write_int("s", &schema, &other, &strict), 0);
    ck_assert_int_eq(http_script_count(server), 1);
    ck_assert_int_eq(schema->id, 9);
    ck_assert_str_eq(schema->text, c->other ? "\"long\"" : "\"int\"");
    ck_assert_int_eq(other, c->other);
    ck_assert_int_eq(strict, c->strict);
    assert_request(0, c->asks);
}
END_TEST

START_TEST(latest_is_asked_for_again) {
    SERVE(OK("{\"id\":1,\"schema\":\"\\\"long\\\"\"}"), OK("{\"id\":2,\"schema\":\"\\\"int\\\"\"}"));
    kc_config_set(config, "auto.register.schemas", "false");
    kc_config_set(config, "use.latest.version", "true");
    kc_config_set(config, "latest.cache.ttl.sec", "0");
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    bool other, strict;
    ck_assert_int_eq(write_int("s", &schema, &other, &strict), 0);
    ck_assert_int_eq(write_int("s", &schema, &other, &strict), 0);
    ck_assert_int_eq(schema->id, 2);
}
END_TEST

START_TEST(caches_have_an_end) {
    SERVE(OK("{\"id\":1}"));
    kc_config_set(config, "max.schemas.per.subject", "2");
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_register(reg, "s", "a", 1, NULL, 0, &schema, &err), 0);
    ck_assert(!registry_trim(reg));
    ck_assert_int_eq(registry_register(reg, "s", "b", 1, NULL, 0, &schema, &err), 0);
    ck_assert(registry_trim(reg));
    ck_assert(!registry_trim(reg));
    ck_assert_int_eq(registry_register(reg, "s", "a", 1, NULL, 0, &schema, &err), 0);
    ck_assert_int_eq(http_script_count(server), 3);
}
END_TEST

/* ---- subjects ---- */

#define S "io.confluent.kafka.serializers.subject."
static const struct naming {
    const char *strategy, *record, *subject;
} namings[] = {
    {S "TopicNameStrategy", NULL, "t-key"},        {S "TopicNameStrategy", "a.R", "t-key"},
    {S "RecordNameStrategy", "a.R", "a.R"},        {S "RecordNameStrategy", NULL, NULL},
    {S "TopicRecordNameStrategy", "a.R", "t-a.R"}, {S "TopicRecordNameStrategy", NULL, NULL},
};

START_TEST(subject_names) {
    const struct naming *n = &namings[_i];
    kc_config_set(config, "schema.registry.url", "http://127.0.0.1:1");
    kc_config_set(config, "key.subject.name.strategy", n->strategy);
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, true), 0);
    const char *subject = NULL;
    ck_assert_int_eq(registry_subject(reg, "t", n->record, &subject, &err), n->subject ? 0 : -1);
    if (n->subject)
        ck_assert_str_eq(subject, n->subject);
    else
        ck_assert_pstr_eq(strstr(err.text, ", the message key"), ", the message key must only be a record schema");
}
END_TEST

/* ---- failures ---- */

static const struct failing {
    const char *answer, *exception, *cause;
    int requests;
    bool retriable;
} failings[] = {
    {"HTTP/1.1 404 Not Found\r\n\r\n{\"error_code\":40403,\"message\":\"Schema 7 not found\"}", KC_DATA_EXCEPTION,
     "Error retrieving Avro value schema for id 7\nCaused by: "
     "io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException: Schema 7 not found; error code: "
     "40403",
     1, false},
    {"HTTP/1.1 401 Unauthorized\r\n\r\n<html>", "org.apache.kafka.common.errors.AuthenticationException",
     "Unable to parse error message from schema registry: '(<html>)'; error code: 50005", 1, false},
    {"HTTP/1.1 403 Forbidden\r\n\r\n{}", "org.apache.kafka.common.errors.AuthorizationException", "", 1, false},
    {"HTTP/1.1 429 Too Many\r\n\r\n{\"error_code\":429,\"message\":\"slowly\"}",
     "org.apache.kafka.common.errors.ThrottlingQuotaExceededException", "slowly", 3, false},
    {"HTTP/1.1 500 Oh\r\n\r\n{\"error_code\":50001,\"message\":\"no store\"}", KC_RETRIABLE_EXCEPTION, "no store", 3,
     true},
    {"HTTP/1.1 502 Oh\r\n\r\n{\"error_code\":50200,\"message\":\"gateway\"}", KC_RETRIABLE_EXCEPTION, "gateway", 3,
     true},
    {"HTTP/1.1 200 OK\r\n\r\nhello", KC_DATA_EXCEPTION, "answered 200 but no JSON object", 1, false},
    {"HTTP/1.1 200 OK\r\n\r\n[1]", KC_DATA_EXCEPTION, "answered 200 but no JSON object", 1, false},
    {"HTTP/1.1 200 OK\r\n\r\n{}", KC_DATA_EXCEPTION, "has no usable \"schema\"", 1, false},
    {"HTTP/1.1 200 OK\r\n\r\n{\"schema\":{}}", KC_DATA_EXCEPTION, "has no usable \"schema\"", 1, false},
    {"HTTP/1.1 200 OK\r\n\r\n{\"schema\":\"x\",\"references\":[{}]}", KC_DATA_EXCEPTION, "\"references\"", 1, false},
};

START_TEST(failures_become_exceptions) {
    const struct failing *f = &failings[_i];
    static struct http_step step; /* the server's thread reads it until it is stopped */
    step = (struct http_step){.answer = f->answer};
    server = http_script_start(&step, 1);
    kc_config_set(config, "max.retries", "2");
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, "t-value", 7, &schema, &err), -1);
    ck_assert_int_eq(http_script_count(server), f->requests);
    ck_assert_int_eq(registry_fail_read(reg, "t", &err), -1);
    ck_assert_str_eq(err.exception, f->exception);
    ck_assert_int_eq(err.retriable, f->retriable);
    ck_assert_msg(strstr(err.cause, f->cause) || strstr(err.text, f->cause), "%s\n%s", err.text, err.cause);
}
END_TEST

START_TEST(nobody_there) {
    kc_config_set(config, "schema.registry.url", "http://someone:hush@127.0.0.1:1");
    kc_config_set(config, "max.retries", "0");
    ck_assert_int_eq(connect_client(REGISTRY_JSON, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 7, &schema, &err), -1);
    registry_fail_read(reg, "t", &err);
    ck_assert_str_eq(err.exception, KC_RETRIABLE_EXCEPTION);
    ck_assert(err.retriable);
    ck_assert_ptr_nonnull(strstr(err.text, "Network connection error while deserializing Json data for topic t: "
                                           "http://127.0.0.1:1"));
    ck_assert_ptr_null(strstr(err.text, "hush"));
    ck_assert_ptr_null(strstr(err.cause, "hush"));
}
END_TEST

START_TEST(silence_ends) {
    SERVE({.answer = NULL});
    kc_config_set(config, "max.retries", "0");
    kc_config_set(config, "http.connect.timeout.ms", "200");
    kc_config_set(config, "http.read.timeout.ms", "100");
    ck_assert_int_eq(connect_client(REGISTRY_JSON, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 7, &schema, &err), -1);
    registry_fail_read(reg, "t", &err);
    ck_assert_str_eq(err.exception, KC_RETRIABLE_EXCEPTION);
    ck_assert_str_eq(err.text,
                     "Converting byte[] to Kafka Connect data failed due to serialization error of topic t: ");
    ck_assert_ptr_nonnull(strstr(err.cause, "java.net.SocketTimeoutException"));
}
END_TEST

START_TEST(next_address_answers) {
    SERVE(OK("{\"schema\":\"x\"}"));
    char urls[256];
    snprintf(urls, sizeof(urls), "http://127.0.0.1:1/, %s/base/", http_script_url(server));
    kc_config_set(config, "schema.registry.url", urls);
    kc_config_set(config, "max.retries", "0");
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 7, &schema, &err), 0);
    assert_request(0, "GET /base/schemas/ids/7?");
}
END_TEST

START_TEST(busy_registry_is_asked_again) {
    SERVE(SAYS("503 Busy", "{\"error_code\":503,\"message\":\"busy\"}"), {.answer = "", .hang_up = true},
          OK("{\"schema\":\"x\"}"));
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 7, &schema, &err), 0);
    ck_assert_int_ge(http_script_count(server), 3);
}
END_TEST

START_TEST(incompatible_schema) {
    SERVE(SAYS("409 Conflict", "{\"error_code\":409,\"message\":\"Schema being registered is incompatible with an "
                               "earlier schema for subject \\\"t-value\\\"\"}"));
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    bool other, strict;
    ck_assert_int_eq(write_int("t-value", &schema, &other, &strict), -1);
    registry_fail_write(reg, "t", &err);
    ck_assert_str_eq(err.exception, KC_DATA_EXCEPTION);
    ck_assert_str_eq(err.text, "Failed to serialize Avro data from topic t:");
    ck_assert_ptr_nonnull(strstr(err.cause, "SerializationException: Error registering Avro schema of subject t-value: "
                                            "\"int\"\nCaused by: "));
    ck_assert_ptr_nonnull(
        strstr(err.cause, "incompatible with an earlier schema for subject \"t-value\"; error code: 409"));
}
END_TEST

/* ---- credentials ---- */

#define JAAS "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"me\" password=\"pw\";"
static const struct login {
    const char *options[8]; /* names and values */
    const char *header;
    const char *error; /* of registry_new */
} logins[] = {
    {{"basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", "me:pw"},
     "Authorization: Basic bWU6cHc=\r\n",
     NULL},
    {{"basic.auth.credentials.source", "USER_INFO", "schema.registry.basic.auth.user.info", "me:pw"},
     "Authorization: Basic bWU6cHc=\r\n",
     NULL},
    {{"basic.auth.credentials.source", "SASL_INHERIT", "sasl.jaas.config", JAAS},
     "Authorization: Basic bWU6cHc=\r\n",
     NULL},
    {{"bearer.auth.credentials.source", "STATIC_TOKEN", "bearer.auth.token", "tok", "bearer.auth.logical.cluster",
      "lsrc-1"},
     "Authorization: Bearer tok\r\ntarget-sr-cluster: lsrc-1\r\n",
     NULL},
    {{"request.header.X-Who", "me"}, "X-Who: me\r\n", NULL},
    {{"basic.auth.credentials.source", "USER_INFO"},
     NULL,
     "UserInfo must be provided when basic.auth.credentials.source is set to USER_INFO"},
    {{"basic.auth.credentials.source", "SASL_INHERIT"}, NULL, "sasl.jaas.config must be set"},
    {{"basic.auth.credentials.source", "SASL_INHERIT", "sasl.jaas.config", "a.B required;"},
     NULL,
     "Provided SASL Login module doesn't provide username and password options and can't be inherited"},
    {{"basic.auth.credentials.source", "GUESS"},
     NULL,
     "Invalid value GUESS for configuration basic.auth.credentials.source"},
    {{"bearer.auth.credentials.source", "GUESS"},
     NULL,
     "Invalid value GUESS for configuration bearer.auth.credentials.source"},
    {{"bearer.auth.credentials.source", "STATIC_TOKEN"}, NULL, "Token must be provided via bearer.auth.token"},
    {{"bearer.auth.credentials.source", "OAUTHBEARER"}, NULL, "bearer.auth.issuer.endpoint.url value must be non-null"},
    {{"bearer.auth.credentials.source", "STATIC_TOKEN", "basic.auth.credentials.source", "URL"}, NULL, "Only one of"},
    {{"schema.registry.url", "ftp://x"}, NULL, "Invalid value for configuration schema.registry.url"},
    {{"schema.registry.url", ","}, NULL, "schema.registry.url"},
    {{"request.header.X-Who", "me\r\nX-Evil: 1"}, NULL, "The configuration request.header.X-Who does not make"},
    {{"value.subject.name.strategy", "x.Y"}, NULL, "Invalid value x.Y for configuration value.subject.name.strategy"},
    {{"context.name.strategy", "x.Y"}, NULL, "Invalid value x.Y for configuration context.name.strategy"},
    {{"value.schema.id.serializer", "io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer"},
     NULL,
     "Invalid value io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer for configuration "
     "value.schema.id.serializer: only PrefixSchemaIdSerializer is supported"},
    {{"key.schema.id.deserializer", "a.HeaderSchemaIdDeserializer"},
     NULL,
     "only PrefixSchemaIdDeserializer or DualSchemaIdDeserializer is supported"},
    {{"json.fail.invalid.schema", "true"},
     NULL,
     "Invalid value true for configuration json.fail.invalid.schema: only false is supported"},
    {{"preserve.additional.properties", "true"}, NULL, "configuration preserve.additional.properties"},
    {{"ignore.modern.dialects", "true"}, NULL, "configuration ignore.modern.dialects"},
    {{"skip.known.types", "false"}, NULL, "configuration skip.known.types"},
    {{"json.indent.output", "true"}, NULL, "configuration json.indent.output"},
    {{"propagate.schema.tags", "true"}, NULL, "configuration propagate.schema.tags"},
    {{"rule.executors", "encryptor"}, NULL, "The configuration rule.executors is not supported"},
    {{"use.schema.guid", "a-b"}, NULL, "The configuration use.schema.guid is not supported"},
    {{"schema.registry.url", "https://localhost:1", "schema.registry.ssl.truststore.location", "/nowhere/x.jks"},
     NULL,
     "/nowhere/x.jks"},
};

START_TEST(credentials) {
    const struct login *l = &logins[_i];
    SERVE(OK("{\"schema\":\"x\"}"));
    for (size_t i = 0; i < COUNT_OF(l->options) && l->options[i]; i += 2)
        kc_config_set(config, l->options[i], l->options[i + 1]);
    int rc = connect_client(REGISTRY_AVRO, false);
    ck_assert_int_eq(rc, l->error ? -1 : 0);
    if (l->error) {
        ck_assert_msg(strstr(err.text, l->error), "%s", err.text);
        return;
    }
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 7, &schema, &err), 0);
    assert_request(0, l->header);
}
END_TEST

START_TEST(address_with_credentials) {
    SERVE(OK("{\"schema\":\"x\"}"));
    char url[256];
    snprintf(url, sizeof(url), "http://me:p%%40w@%s", http_script_url(server) + strlen("http://"));
    kc_config_set(config, "schema.registry.url", url);
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 7, &schema, &err), 0);
    assert_request(0, "Authorization: Basic bWU6cEB3\r\n");
}
END_TEST

/* {"sub":"me","exp":4102444800} */
#define JWT "e30.eyJzdWIiOiJtZSIsImV4cCI6NDEwMjQ0NDgwMH0.x"

START_TEST(token_of_an_oauth_server) {
    SERVE(OK("{\"access_token\":\"" JWT "\"}"), OK("{\"schema\":\"x\"}"), OK("{\"schema\":\"y\"}"));
    char url[256];
    snprintf(url, sizeof(url), "%s/token", http_script_url(server));
    kc_config_set(config, "bearer.auth.credentials.source", "OAUTHBEARER");
    kc_config_set(config, "bearer.auth.issuer.endpoint.url", url);
    kc_config_set(config, "bearer.auth.client.id", "me");
    kc_config_set(config, "bearer.auth.client.secret", "pw");
    ck_assert_int_eq(connect_client(REGISTRY_AVRO, false), 0);
    struct registry_schema *schema;
    ck_assert_int_eq(registry_by_id(reg, NULL, 7, &schema, &err), 0);
    ck_assert_int_eq(registry_by_id(reg, NULL, 8, &schema, &err), 0);
    assert_request(0, "POST /token");
    assert_request(1, "Authorization: Bearer " JWT "\r\n");
    assert_request(2, "Authorization: Bearer " JWT "\r\n");
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("registry");
    TCase *t = tcase_create("client");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, wire_format);
    tcase_add_test(t, schema_by_id_is_asked_for_once);
    tcase_add_test(t, references_come_behind_what_they_need);
    tcase_add_test(t, references_in_a_circle_end);
    tcase_add_test(t, another_type_is_refused);
    tcase_add_test(t, registers_once_per_subject);
    tcase_add_loop_test(t, options_choose_the_schema, 0, COUNT_OF(choices));
    tcase_add_test(t, latest_is_asked_for_again);
    tcase_add_test(t, caches_have_an_end);
    tcase_add_loop_test(t, subject_names, 0, COUNT_OF(namings));
    tcase_add_loop_test(t, failures_become_exceptions, 0, COUNT_OF(failings));
    tcase_add_test(t, nobody_there);
    tcase_add_test(t, silence_ends);
    tcase_add_test(t, next_address_answers);
    tcase_add_test(t, busy_registry_is_asked_again);
    tcase_add_test(t, incompatible_schema);
    tcase_add_loop_test(t, credentials, 0, COUNT_OF(logins));
    tcase_add_test(t, address_with_credentials);
    tcase_add_test(t, token_of_an_oauth_server);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
