/* AvroConverter: schemas and values against vectors of Confluent's AvroData (its class of 2026-08 with Avro 1.12.0,
 * Connect values by way of JsonConverter's envelopes), and the converter as a whole against a scripted registry. */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/convert/avro_data.h"
#include "connect/convert/converters.h"
#include "connect/convert/json.h"
#include "tests/support/golden_value.h"
#include "tests/support/hex.h"
#include "tests/support/registry_lab.h"

static struct json_converter *envelopes;

static void set_up(void) {
    registry_lab_set_up();
    envelopes = json_converter_new(true, false, true, 0);
}

static void tear_down(void) {
    json_converter_free(envelopes);
    registry_lab_tear_down();
}

/* ---- vectors ---- */

static bool option(const cJSON *vector, const char *name, bool otherwise) {
    const char *text = json_get_text(cJSON_GetObjectItemCaseSensitive(vector, "cfg"), name);
    return text ? strcmp(text, "true") == 0 : otherwise;
}

static struct avro_options options_of(const cJSON *vector) {
    return (struct avro_options){.enhanced = option(vector, "enhanced.avro.schema.support", false),
                                 .meta_data = option(vector, "connect.meta.data", true),
                                 .scrub_names = option(vector, "scrub.invalid.names", false),
                                 .optional_map_keys = option(vector, "allow.optional.map.keys", false),
                                 .flatten_singletons = option(vector, "flatten.singleton.unions", true),
                                 .discard_type_doc_default = option(vector, "discard.type.doc.default", false),
                                 .generalized = option(vector, "generalized.sum.type.support", false),
                                 .ignore_default = option(vector, "ignore.default.for.nullables", false)};
}

static int write_vector(const cJSON *vector, struct buf *text, struct buf *bytes) {
    const char *in = json_get_text(vector, "in");
    struct avro_options options = options_of(vector);
    const struct kc_schema *schema;
    struct kc_value v;
    if (json_envelope_read(envelopes, sr.arena, in, strlen(in), &schema, &v, &sr.err) < 0)
        return -1;
    kc_schema_keep(sr.arena, kc_schema_ref(schema));
    if (avro_from_connect(text, &options, schema, &sr.err) < 0)
        return -1;
    AUTO(avro_doc) doc = NULL;
    if (avro_doc_parse(buf_text(text), text->len, NULL, 0, &doc, &sr.err) < 0)
        return -1;
    if (v.tag == KC_V_NULL && avro_doc_root(doc)->type != AVRO_UNION)
        return 0;
    return avro_encode(bytes, &options, avro_doc_root(doc), schema, &v, sr.arena, &sr.err);
}

static void check_error(const cJSON *vector, int rc) {
    const char *error = json_get_text(vector, "error");
    ck_assert_msg((rc < 0) == (error != NULL), "%s: %s", json_get_text(vector, "id"),
                  rc < 0 ? sr.err.text : "no error");
    if (error) {
        ck_assert_str_eq(sr.err.exception, error);
        ck_assert_str_eq(sr.err.text, json_get_text(vector, "message"));
    }
}

static void check_from(const cJSON *vector, void *arg) {
    (void)arg;
    const char *id = json_get_text(vector, "id"), *hex = json_get_text(vector, "hex");
    AUTO_BUF text, bytes, shown;
    buf_init(&text, 1 << 20);
    buf_init(&bytes, 1 << 20);
    buf_init(&shown, 1 << 20);
    sr.err = (struct kc_error){0};
    int rc = write_vector(vector, &text, &bytes);
    check_error(vector, rc);
    if (rc == 0) {
        ck_assert_msg(strcmp(buf_text(&text), json_get_text(vector, "avro")) == 0, "%s:\n%s\n%s", id, buf_text(&text),
                      json_get_text(vector, "avro"));
        for (size_t i = 0; i < bytes.len; i++)
            (void)buf_printf(&shown, "%02x", (unsigned char)bytes.data[i]);
        ck_assert_msg(strcmp(buf_text(&shown), hex ? hex : "") == 0, "%s: %s and not %s", id, buf_text(&shown), hex);
    }
    arena_reset(sr.arena);
}

static int read_vector(const cJSON *vector, struct kc_value *ret_bytes) {
    const char *avro = json_get_text(vector, "avro");
    struct avro_options options = options_of(vector);
    struct registry_schema text = {.text = avro, .len = strlen(avro)};
    int64_t version = -1;
    const struct kc_schema *schema;
    struct kc_value v;
    AUTO(avro_doc) doc = NULL;
    (void)json_get_int(vector, "version", &version);
    if (avro_doc_parse(avro, text.len, NULL, 0, &doc, &sr.err) < 0)
        return -1;
    AUTO_BUF data;
    buf_init(&data, 1 << 20);
    hex_add(&data, json_get_text(vector, "hex"));
    size_t len = data.len;
    const uint8_t *bytes = (const uint8_t *)kc_arena_copy(sr.arena, buf_text(&data), len);
    if (avro_doc_root(doc)->type == AVRO_NULL ||
        (avro_doc_root(doc)->null_branch >= 0 && len == 1 && bytes[0] == 2 * avro_doc_root(doc)->null_branch)) {
        *ret_bytes = kc_null(); /* a null needs no schema */
        return 0;
    }
    if (avro_to_connect(sr.arena, &options, avro_doc_root(doc), &text, (int32_t)version, &schema, &sr.err) < 0)
        return -1;
    kc_schema_keep(sr.arena, schema);
    if (avro_decode(sr.arena, &options, avro_doc_root(doc), schema, bytes, len, &v, &sr.err) < 0)
        return -1;
    int rc = json_envelope_write(envelopes, sr.arena, schema, &v, ret_bytes, &sr.err);
    if (rc == 0)
        *ret_bytes = kc_value_copy(sr.arena, ret_bytes);
    return rc;
}

static void check_to(const cJSON *vector, void *arg) {
    (void)arg;
    const char *id = json_get_text(vector, "id"), *out = json_get_text(vector, "out");
    struct kc_value bytes = kc_null();
    sr.err = (struct kc_error){0};
    int rc = read_vector(vector, &bytes);
    check_error(vector, rc);
    if (rc == 0) {
        const char *text = bytes.tag == KC_V_NULL ? "" : kc_arena_copy(sr.arena, bytes.s, bytes.len);
        ck_assert_msg(strcmp(text, out ? out : "") == 0, "%s:\n%s\n%s", id, text, out);
    }
    arena_reset(sr.arena);
}

START_TEST(from_connect_vectors) {
    ck_assert_int_eq(golden_each("avro_converter.jsonl", "avro_from", check_from, NULL), 150);
}
END_TEST

START_TEST(to_connect_vectors) {
    ck_assert_int_eq(golden_each("avro_converter.jsonl", "avro_to", check_to, NULL), 133);
}
END_TEST

/* ---- the converter and a registry ---- */

START_TEST(reads_with_the_version_of_the_registry) {
    SERVE(
        OK("{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"R\\\",\\\"fields\\\":[{\\\"name\\\":\\\"f\\\","
           "\\\"type\\\":\\\"int\\\"}]}\"}"),
        OK("{\"version\":6}"));
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    struct kc_value v;
    const struct kc_schema *schema = NULL;
    for (int i = 0; i < 3; i++) {
        schema = registry_lab_read("00 00000007 0a", &v);
        registry_lab_assert_text(&v, "Struct{f=5}");
    }
    ck_assert_int_eq(schema->version, 6);
    ck_assert_str_eq(schema->name, "R");
    ck_assert_int_eq(http_script_count(sr.server), 2);
    v = kc_null();
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_int_eq(v.tag, KC_V_NULL);
    ck_assert_ptr_null(schema);
}
END_TEST

START_TEST(bytes_alone_have_no_length) {
    SERVE(OK("{\"schema\":\"\\\"bytes\\\"\"}"), OK("{\"version\":1}"), OK("{\"id\":7}"));
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    struct kc_value v;
    const struct kc_schema *schema = registry_lab_read("00 00000007 0102", &v);
    ck_assert_int_eq(schema->type, KC_BYTES);
    ck_assert_mem_eq(v.bytes, "\1\2", 2);
    schema = kc_schema_of(KC_BYTES, false);
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), 0);
    hex_assert_eq(v.bytes, v.len, "00 00000007 0102");
}
END_TEST

START_TEST(schemaless_values_are_anything) {
    SERVE(OK("{\"id\":1}"), OK("{\"version\":1}"));
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    const struct kc_schema *schema = NULL;
    struct kc_value v = kc_map_new(sr.arena, 2);
    kc_map_put(&v, "a", kc_int(KC_INT64, 5));
    kc_map_put(&v, "b", kc_null());
    ck_assert_msg(converter_run_from(&sr.run, &schema, &v, &sr.err) == 0, "%s", sr.err.text);
    ck_assert_ptr_nonnull(strstr(http_script_request(sr.server, 0), "\\\"name\\\":\\\"Anything\\\""));
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_ptr_null(schema);
    registry_lab_assert_text(&v, "{a=5, b=null}");
    v = kc_null();
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_int_eq(v.tag, KC_V_NULL);
    v = kc_bytes("x", 1);
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.text, "Unknown Java type for schemaless data: class [B");
}
END_TEST

/* A list whose items hold the next one. */
#define NODE                                                                                                        \
    "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"Node\\\",\\\"fields\\\":[{\\\"name\\\":\\\"v\\\"," \
    "\\\"type\\\":\\\"int\\\"},{\\\"name\\\":\\\"next\\\",\\\"type\\\":[\\\"null\\\",\\\"Node\\\"]}]}\"}"

START_TEST(records_hold_themselves) {
    SERVE(OK(NODE), OK("{\"version\":1}"), OK("{\"id\":7}"));
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    struct kc_value v;
    const struct kc_schema *schema = registry_lab_read("00 00000007 02 02 04 02 06 00", &v), *again;
    registry_lab_assert_text(&v, "Struct{v=1,next=Struct{v=2,next=Struct{v=3}}}");
    const struct kc_schema *next = kc_schema_field(schema, "next")->schema;
    ck_assert(next->optional);
    ck_assert_str_eq(next->name, "Node");
    ck_assert_ptr_eq(kc_schema_field(next, "next")->schema, next);
    ck_assert(kc_schema_equal(schema, schema));
    ck_assert(!kc_schema_equal(schema, next));
    again = registry_lab_read("00 00000007 02 00", &v);
    ck_assert_ptr_eq(again, schema);
    ck_assert_msg(converter_run_from(&sr.run, &schema, &v, &sr.err) == 0, "%s", sr.err.text);
    hex_assert_eq(v.bytes, v.len, "00 00000007 02 00");
    ck_assert_ptr_nonnull(strstr(http_script_request(sr.server, 2), "[\\\"null\\\",\\\"Node\\\"]"));
}
END_TEST

START_TEST(recursion_is_no_way_down) {
    SERVE(OK(NODE), OK("{\"version\":1}"));
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    AUTO_BUF hex;
    buf_init(&hex, 1 << 20);
    buf_add_text(&hex, "00 00000007");
    for (int i = 0; i < 10000; i++)
        buf_add_text(&hex, "02 02");
    struct kc_value v = registry_lab_bytes(buf_text(&hex));
    const struct kc_schema *schema = NULL;
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.exception, KC_DATA_EXCEPTION);
    ck_assert_ptr_nonnull(strstr(sr.err.cause, "the value is nested too deeply"));
}
END_TEST

/* What an instance of `schema` cannot be. */
static const struct hostile {
    const char *schema, *hex, *cause;
} hostiles[] = {
    {"\\\"int\\\"", "", "Unknown magic byte!"},
    {"\\\"int\\\"", "01 00000007 02", "Unknown magic byte!"},
    {"\\\"int\\\"", "00 0000", "The message ends within the id of its schema"},
    {"\\\"int\\\"", "00 00000007", "the data ends within a number"},
    {"\\\"int\\\"", "00 00000007 ffffffff7f", "Invalid int encoding"},
    {"\\\"int\\\"", "00 00000007 ff", "the data ends within a number"},
    {"\\\"long\\\"", "00 00000007 ffffffffffffffffffffff01", "Invalid long encoding"},
    {"\\\"double\\\"", "00 00000007 01020304", "the data ends within a value"},
    {"\\\"string\\\"", "00 00000007 0861", "the data ends within a value"},
    {"\\\"string\\\"", "00 00000007 01", "Length is negative"},
    {"\\\"string\\\"", "00 00000007 feffffffffffffffff01", "the data ends within a value"},
    {"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"int\\\"}", "00 00000007 feffffffffffffffff01",
     "the data ends within an array"},
    {"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"int\\\"}", "00 00000007 ffffffffffffffffff01",
     "Block count is out of range"},
    {"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"int\\\"}", "00 00000007 0202", "the data ends within a number"},
    {"{\\\"type\\\":\\\"array\\\",\\\"items\\\":{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"E\\\",\\\"fields\\\":[]}"
     "}",
     "00 00000007 80a8d6b90700", "too many elements that take no bytes"},
    {"{\\\"type\\\":\\\"map\\\",\\\"values\\\":\\\"int\\\"}", "00 00000007 c0843d",
     "the data ends within an array or map"},
    {"[\\\"int\\\",\\\"string\\\"]", "00 00000007 04", "a union has no such branch"},
    {"[\\\"int\\\",\\\"string\\\"]", "00 00000007 01", "a union has no such branch"},
    {"{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"E\\\",\\\"symbols\\\":[\\\"A\\\"]}", "00 00000007 02",
     "an enum has no such symbol"},
    {"{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"F\\\",\\\"size\\\":4}", "00 00000007 010203",
     "the data ends within a value"},
    {"{\\\"type\\\":\\\"nonsense\\\"}", "00 00000007 01", "Undefined name: \"nonsense\""},
    {"{", "00 00000007 01", "The schema is not JSON"},
    {"5", "00 00000007 01", "Schema not yet supported: 5"},
    {"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"R\\\"}", "00 00000007 01", "Record has no fields"},
    {"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"a-b\\\",\\\"fields\\\":[]}", "00 00000007 01",
     "Illegal character in: a-b"},
    {"{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"F\\\",\\\"size\\\":-4}", "00 00000007 01", "Invalid or no size"},
    {"[\\\"int\\\",\\\"int\\\"]", "00 00000007 01", "Duplicate in union:int"},
    {"[\\\"int\\\",[\\\"null\\\"]]", "00 00000007 01", "Nested union"},
};

START_TEST(hostile_messages) {
    const struct hostile *h = &hostiles[_i];
    static char answer[1024]; /* the server's thread reads them until it is stopped */
    static struct http_step steps[2];
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\n\r\n{\"schema\":\"%s\"}", h->schema);
    steps[0] = (struct http_step){.answer = answer};
    steps[1] = (struct http_step)OK("{\"version\":1}");
    sr.server = http_script_start(steps, COUNT_OF(steps));
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    struct kc_value v = registry_lab_bytes(h->hex);
    const struct kc_schema *schema = NULL;
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.exception, KC_DATA_EXCEPTION);
    ck_assert_ptr_nonnull(strstr(sr.err.text, "Failed to deserialize data for topic "));
    ck_assert_msg(strstr(sr.err.cause, h->cause), "%s", sr.err.cause);
}
END_TEST

START_TEST(failures_do_not_linger) {
    SERVE(OK("{\"schema\":\"\\\"int\\\"\"}"), OK("{\"version\":1}"),
          SAYS("404 Not Found", "{\"error_code\":40403,\"message\":\"none\"}"), OK("{\"schema\":\"\\\"string\\\"\"}"),
          OK("{\"version\":2}"));
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    struct kc_value v;
    const struct kc_schema *schema = registry_lab_read("00 00000001 02", &v);
    v = registry_lab_bytes("00 00000002 0261");
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    registry_lab_read("00 00000001 02", &v);
    ck_assert_int_eq(v.i, 1);
    registry_lab_read("00 00000002 0261", &v);
    registry_lab_assert_text(&v, "a");
}
END_TEST

/* ---- writing with another schema ---- */

static struct kc_value make_struct(bool reverse, const struct kc_schema **schema) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, "R");
    for (int i = 0; i < 2; i++) {
        bool first = (i == 0) != reverse;
        ck_assert_int_eq(
            kc_schema_add_field(b, first ? "a" : "b", kc_schema_of(first ? KC_INT32 : KC_STRING, !first), &sr.err), 0);
    }
    *schema = kc_schema_keep(sr.arena, kc_schema_build(b));
    struct kc_value v = kc_struct_new(sr.arena, *schema);
    ck_assert_int_eq(kc_struct_put(&v, "a", kc_int(KC_INT32, 3), &sr.err), 0);
    ck_assert_int_eq(kc_struct_put(&v, "b", kc_string("x"), &sr.err), 0);
    return v;
}

static struct kc_value struct_ab(const struct kc_schema **schema) {
    return make_struct(false, schema);
}

#define LATEST(fields)                                                                                    \
    "HTTP/1.1 200 "                                                                                       \
    "OK\r\n\r\n{\"id\":9,\"version\":2,\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"R\\\"," \
    "\\\"fields\\\":[" fields "]}\"}"

static const struct chosen {
    const char *answer, *hex, *error;
} chosens[] = {
    {LATEST("{\\\"name\\\":\\\"b\\\",\\\"type\\\":[\\\"string\\\",\\\"null\\\"]},{\\\"name\\\":\\\"a\\\",\\\"type\\\":"
            "\\\"long\\\"}"),
     "00 00000009 00 0278 06", NULL},
    {LATEST("{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"int\\\"},{\\\"name\\\":\\\"c\\\",\\\"type\\\":\\\"string\\\","
            "\\\"default\\\":\\\"d\\\"}"),
     "00 00000009 06 0264", NULL},
    {LATEST("{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"int\\\"},{\\\"name\\\":\\\"c\\\",\\\"type\\\":\\\"string\\\"}"),
     NULL,
     "Incompatible schema of type 'AVRO' (id 9): nothing is written for the field without default c. Set "
     "latest.compatibility.strict=false to disable this check"},
    {LATEST("{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"string\\\"}"), NULL, "int cannot be read as string"},
};

START_TEST(latest_schema_is_written) {
    const struct chosen *c = &chosens[_i];
    static struct http_step step;
    step = (struct http_step){.answer = c->answer};
    sr.server = http_script_start(&step, 1);
    registry_lab_start(&avro_converter_plugin, "use.latest.version", "true");
    const struct kc_schema *schema;
    struct kc_value v = struct_ab(&schema);
    int rc = converter_run_from(&sr.run, &schema, &v, &sr.err);
    ck_assert_msg((rc < 0) == (c->error != NULL), "%s\n%s", sr.err.text, sr.err.cause);
    if (c->error)
        ck_assert_msg(strstr(sr.err.cause, c->error), "%s", sr.err.cause);
    else
        hex_assert_eq(v.bytes, v.len, c->hex);
}
END_TEST

/* ---- reading with another schema ---- */

#define RECORD(fields) \
    "\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"R\\\",\\\"fields\\\":[" fields "]}\"}"
#define FIELD(name, type, more) "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":\\\"" type "\\\"" more "}"

START_TEST(latest_schema_is_read_with) {
    SERVE(OK("{" RECORD(FIELD("a", "int", "") "," FIELD("b", "string", ""))), OK("{\"version\":1}"),
          OK("{\"id\":9,\"version\":2," RECORD(
              FIELD("c", "string", ",\\\"default\\\":\\\"d\\\"") "," FIELD("a", "long", ""))));
    registry_lab_start(&avro_converter_plugin, "use.latest.version", "true");
    struct kc_value v;
    const struct kc_schema *schema = NULL;
    for (int i = 0; i < 2; i++) {
        schema = registry_lab_read("00 00000007 06 0278", &v);
        registry_lab_assert_text(&v, "Struct{c=d,a=3}");
    }
    ck_assert_int_eq(kc_schema_field(schema, "a")->schema->type, KC_INT64);
    ck_assert_int_eq(schema->version, 1); /* the one of what was written, as in Java */
    ck_assert_int_eq(http_script_count(sr.server), 3);
}
END_TEST

START_TEST(latest_schema_that_cannot_read) {
    SERVE(OK("{" RECORD(FIELD("a", "int", ""))), OK("{\"version\":1}"),
          OK("{\"id\":9,\"version\":2," RECORD(FIELD("a", "boolean", ""))));
    registry_lab_start(&avro_converter_plugin, "use.latest.version", "true");
    struct kc_value v = registry_lab_bytes("00 00000007 06");
    const struct kc_schema *schema = NULL;
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.exception, KC_DATA_EXCEPTION);
    ck_assert_ptr_nonnull(strstr(sr.err.cause, "org.apache.avro.AvroTypeException: Found int, expecting boolean"));
}
END_TEST

START_TEST(one_latest_schema_for_many) {
    SERVE({.answer = LATEST("{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"int\\\"}")});
    registry_lab_start(&avro_converter_plugin, "use.latest.version", "true");
    for (int i = 0; i < 4; i++) {
        const struct kc_schema *schema;
        struct kc_value v = make_struct(i % 2, &schema);
        ck_assert_msg(converter_run_from(&sr.run, &schema, &v, &sr.err) == 0, "%s", sr.err.text);
        hex_assert_eq(v.bytes, v.len, "00 00000009 06");
        arena_reset(sr.arena);
    }
}
END_TEST

START_TEST(values_that_do_not_fit) {
    SERVE(OK("{\"id\":1}"));
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    const struct kc_schema *schema, *ints = kc_schema_of(KC_INT32, false);
    struct kc_value v = struct_ab(&schema), n = kc_null();
    v.st->fields[0] = kc_null();
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.text, "Found null value for non-optional schema (field a)");
    ck_assert_int_eq(converter_run_from(&sr.run, &ints, &n, &sr.err), -1);
    ck_assert_str_eq(sr.err.text, "Found null value for non-optional schema");
    v.st->fields[0] = kc_string("no");
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.text, "Invalid type for Avro int: class java.lang.String");
}
END_TEST

START_TEST(invalid_names) {
    registry_lab_start(&avro_converter_plugin, NULL, NULL);
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    ck_assert_int_eq(kc_schema_add_field(b, "my-field", kc_schema_of(KC_INT32, true), &sr.err), 0);
    const struct kc_schema *schema = kc_schema_keep(sr.arena, kc_schema_build(b));
    struct kc_value v = kc_struct_new(sr.arena, schema);
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.exception, SCHEMA_PARSE_EXCEPTION);
    ck_assert_str_eq(sr.err.text, "Illegal character in: my-field");
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("avro_converter");
    TCase *t = tcase_create("vectors");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, from_connect_vectors);
    tcase_add_test(t, to_connect_vectors);
    suite_add_tcase(s, t);
    t = tcase_create("converter");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, reads_with_the_version_of_the_registry);
    tcase_add_test(t, bytes_alone_have_no_length);
    tcase_add_test(t, schemaless_values_are_anything);
    tcase_add_test(t, records_hold_themselves);
    tcase_add_test(t, recursion_is_no_way_down);
    tcase_add_loop_test(t, hostile_messages, 0, COUNT_OF(hostiles));
    tcase_add_test(t, failures_do_not_linger);
    tcase_add_loop_test(t, latest_schema_is_written, 0, COUNT_OF(chosens));
    tcase_add_test(t, latest_schema_is_read_with);
    tcase_add_test(t, latest_schema_that_cannot_read);
    tcase_add_test(t, one_latest_schema_for_many);
    tcase_add_test(t, values_that_do_not_fit);
    tcase_add_test(t, invalid_names);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
