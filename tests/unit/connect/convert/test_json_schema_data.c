/* Connect schemas and values as JSON Schema documents and payloads, and back, against what Confluent's JsonSchemaData
 * answered (its class of 2026-08 with everit-json-schema 1.14.6; tests/golden/json_schema_data.jsonl).
 *
 * op `json_from`: cfg and JsonConverter's envelope → document and payload (null: none). op `json_to`: cfg, a document,
 * documents that it refers to by name, the version that the registry gave (may be absent) and a payload (may be absent)
 * → the Connect schema as an envelope has it (absent where it holds itself), the value as Java shows it, the whole as
 * an envelope, and document and payload written again from both. Errors of other classes than Kafka's are compared by
 * being errors. All differences are listed before the test fails. */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/convert/json.h"
#include "connect/convert/json_schema_data.h"
#include "connect/data/json_scan.h"
#include "tests/support/suite.h"

static struct kc_arena *arena;
static struct json_converter *envelopes;
static struct kc_error err;
static int differences;

static void set_up(void) {
    arena = arena_new(0);
    envelopes = json_converter_new(true, false, true, 0);
    differences = 0;
}

static void tear_down(void) {
    json_converter_free(envelopes);
    arena = arena_free(arena);
}

static void compare(const cJSON *vector, const char *what, const char *actual, const char *expected) {
    if (actual && expected ? strcmp(actual, expected) == 0 : actual == expected)
        return;
    differences++;
    printf("%s %s:\n  %s\ninstead of\n  %s\n", json_get_text(vector, "id"), what, actual ? actual : "(none)",
           expected ? expected : "(none)");
}

static bool option(const cJSON *vector, const char *name, bool otherwise) {
    const char *text = json_get_text(cJSON_GetObjectItemCaseSensitive(vector, "cfg"), name);
    return text ? strcmp(text, "true") == 0 : otherwise;
}

static struct json_schema_options options_of(const cJSON *vector) {
    const char *format = json_get_text(cJSON_GetObjectItemCaseSensitive(vector, "cfg"), "decimal.format");
    return (struct json_schema_options){
        .additional_properties = option(vector, "object.additional.properties", true),
        .optional_for_nonrequired = option(vector, "use.optional.for.nonrequired", false),
        .flatten_singletons = option(vector, "flatten.singleton.unions", true),
        .generalized = option(vector, "generalized.sum.type.support", false),
        .ignore_default = option(vector, "ignore.default.for.nullables", false),
        .decimal_numeric = format && strcmp(format, "NUMERIC") == 0,
    };
}

/* Whether the vector wants an error, which is then compared. */
static bool wants_error(const cJSON *vector, int rc) {
    const char *error = json_get_text(vector, "error");
    if (!error && rc == 0)
        return false;
    if (!error || rc == 0)
        compare(vector, "error", rc < 0 ? err.text : "(no error)", error ? json_get_text(vector, "message") : NULL);
    else if (strncmp(error, "org.apache.kafka.", 17) == 0) {
        compare(vector, "class", err.exception, error);
        compare(vector, "message", err.text, json_get_text(vector, "message"));
    }
    return true;
}

/* The text of a payload; NULL: nothing is written. */
static int write_payload(const struct json_schema_options *options, const struct kc_schema *schema,
                         const struct kc_value *v, const char **ret_text) {
    AUTO_BUF text;
    buf_init(&text, 1 << 24);
    *ret_text = NULL;
    if (schema ? json_schema_is_nothing(options, schema, v) : v->tag == KC_V_NULL)
        return 0;
    if (json_schema_write_value(&text, options, schema, v, &err) < 0)
        return -1;
    *ret_text = kc_arena_copy(arena, buf_text(&text), text.len);
    return 0;
}

static int write_vector(const cJSON *vector, const char **document, const char **payload) {
    const char *in = json_get_text(vector, "in");
    struct json_schema_options options = options_of(vector);
    const struct kc_schema *schema;
    struct kc_value v;
    AUTO_BUF text;
    buf_init(&text, 1 << 24);
    *document = *payload = NULL;
    if (json_envelope_read(envelopes, arena, in, strlen(in), &schema, &v, &err) < 0)
        return -1;
    kc_schema_keep(arena, kc_schema_ref(schema));
    if (schema && json_schema_from_connect(&text, &options, schema, &err) < 0)
        return -1;
    if (schema)
        *document = kc_arena_copy(arena, buf_text(&text), text.len);
    return write_payload(&options, schema, &v, payload);
}

static void check_from(const cJSON *vector, void *arg) {
    const char *document, *payload;
    (void)arg;
    err = (struct kc_error){0};
    if (!wants_error(vector, write_vector(vector, &document, &payload))) {
        compare(vector, "document", document, json_get_text(vector, "document"));
        compare(vector, "payload", payload, json_get_text(vector, "payload"));
    }
    arena_reset(arena);
}

/* ---- documents to Connect ---- */

static struct registry_schema schema_of(const cJSON *vector) {
    const cJSON *refs = cJSON_GetObjectItemCaseSensitive(vector, "refs"), *item;
    const char *text = json_get_text(vector, "document");
    struct registry_dependency *list = kc_arena_zalloc(arena, 8 * sizeof(*list));
    uint32_t count = 0;
    cJSON_ArrayForEach(item, refs) list[count++] = (struct registry_dependency){item->string, item->valuestring};
    return (struct registry_schema){.text = text, .len = strlen(text), .dependencies = list, .dependency_count = count};
}

static void compare_schema(const cJSON *vector, const struct json_schema_options *options,
                           const struct kc_schema *schema) {
    struct json_write_options plain = {0};
    struct kc_error why = {0};
    AUTO_BUF shown, again;
    buf_init(&shown, 1 << 24);
    buf_init(&again, 1 << 24);
    int rc = json_schema_write(&shown, schema, &plain, &why);
    const char *expected = json_get_text(vector, "schema");
    compare(vector, "schema", rc < 0 && !expected ? NULL : rc < 0 ? why.text : buf_text(&shown), expected);
    rc = json_schema_from_connect(&again, options, schema, &why);
    compare(vector, "document again", rc < 0 ? why.text : buf_text(&again), json_get_text(vector, "again"));
}

static void compare_value(const cJSON *vector, const struct json_schema_options *options,
                          const struct kc_schema *schema, const struct kc_value *v) {
    const char *again = NULL, *out = json_get_text(vector, "out"), *shown = json_get_text(vector, "shown");
    struct kc_value bytes = kc_null();
    if (!strstr(shown, "[B@")) /* a number of its own for every array of bytes */
        compare(vector, "value", v->tag == KC_V_NULL ? "null" : kc_value_to_text(arena, v, &(size_t){0}), shown);
    if (out) {
        int rc = json_envelope_write(envelopes, arena, schema, v, &bytes, &err);
        compare(vector, "envelope", rc < 0 ? err.text : kc_arena_copy(arena, bytes.s, bytes.len), out);
    }
    int rc = write_payload(options, schema, v, &again);
    if (json_get_text(vector, "payload_again_error"))
        compare(vector, "payload again", rc < 0 ? NULL : "no error", NULL);
    else
        compare(vector, "payload again", rc < 0 ? err.text : again, json_get_text(vector, "payload_again"));
}

static int read_vector(const cJSON *vector) {
    struct json_schema_options options = options_of(vector);
    struct registry_schema text = schema_of(vector);
    const char *payload = json_get_text(vector, "payload");
    const struct kc_schema *schema;
    struct json_scan scan;
    struct kc_value v;
    int64_t version = -1;
    (void)json_get_int(vector, "version", &version);
    if (json_schema_to_connect(arena, &options, &text, (int32_t)version, &schema, &err) < 0)
        return -1;
    kc_schema_keep(arena, schema);
    if (payload && (json_check(arena, payload, strlen(payload), &scan, &err) < 0 ||
                    json_schema_read_value(arena, &options, schema, scan.text, &v, &err) < 0))
        return -1;
    if (json_get_text(vector, "error"))
        return 0;
    compare_schema(vector, &options, schema);
    if (payload)
        compare_value(vector, &options, schema, &v);
    return 0;
}

static void check_to(const cJSON *vector, void *arg) {
    (void)arg;
    err = (struct kc_error){0};
    (void)wants_error(vector, read_vector(vector));
    arena_reset(arena);
}

START_TEST(from_connect) {
    ck_assert_int_gt(golden_each("json_schema_data.jsonl", "json_from", check_from, NULL), 300);
    ck_assert_int_eq(differences, 0);
}
END_TEST

START_TEST(to_connect) {
    ck_assert_int_gt(golden_each("json_schema_data.jsonl", "json_to", check_to, NULL), 600);
    ck_assert_int_eq(differences, 0);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("json_schema_data");
    TCase *t = tcase_create("vectors");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, from_connect);
    tcase_add_test(t, to_connect);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
