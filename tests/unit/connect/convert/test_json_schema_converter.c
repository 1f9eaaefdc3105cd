/* JsonSchemaConverter: documents of Connect schemas and back, payloads, and the converter against a scripted registry.
 */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/convert/converters.h"
#include "connect/convert/json.h"
#include "connect/convert/json_schema_data.h"
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

#define PLAIN                                                     \
    (struct json_schema_options) {                                \
        .additional_properties = true, .flatten_singletons = true \
    }

/* ---- Connect → document, payload ---- */

static const struct written {
    const char *envelope, *payload;
} writtens[] = {
    {"{\"schema\":{\"type\":\"int8\"},\"payload\":5}", "5"},
    {"{\"schema\":{\"type\":\"double\",\"optional\":true,\"default\":1.5,\"doc\":\"d\"},\"payload\":2}", "2.0"},
    {"{\"schema\":{\"type\":\"bytes\",\"name\":\"n\",\"version\":3,\"parameters\":{\"a\":\"b\"}},\"payload\":\"AQI=\"}",
     "\"AQI=\""},
    {"{\"schema\":{\"type\":\"string\",\"parameters\":{\"io.confluent.connect.json.Enum\":\"\",\"io.confluent.connect."
     "json.Enum.A\":\"A\",\"io.confluent.connect.json.Enum.<NULL>\":\"<NULL>\"}},\"payload\":\"A\"}",
     "\"A\""},
    {"{\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"optional\":true}},\"payload\":[\"a\",null]}",
     "[\"a\",null]"},
    {"{\"schema\":{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":{\"type\":\"boolean\"}},\"payload\":{"
     "\"a\":true}}",
     "{\"a\":true}"},
    {"{\"schema\":{\"type\":\"map\",\"keys\":{\"type\":\"int32\"},\"values\":{\"type\":\"boolean\"}},\"payload\":[[1,"
     "true]]}",
     "[{\"key\":1,\"value\":true}]"},
    {"{\"schema\":{\"type\":\"struct\",\"name\":\"R\",\"fields\":[{\"type\":\"int64\",\"field\":\"a\"},{\"type\":"
     "\"string\",\"optional\":true,\"field\":\"b\"}]},\"payload\":{\"a\":1,\"b\":null}}",
     "{\"a\":1,\"b\":null}"},
    {"{\"schema\":{\"type\":\"bytes\",\"name\":\"org.apache.kafka.connect.data.Decimal\",\"version\":1,\"parameters\":{"
     "\"scale\":\"2\"}},\"payload\":\"AJw=\"}",
     "\"AJw=\""},
    {"{\"schema\":{\"type\":\"int64\",\"name\":\"org.apache.kafka.connect.data.Timestamp\",\"version\":1},\"payload\":"
     "17}",
     "17"},
    {"{\"schema\":{\"type\":\"struct\",\"name\":\"io.confluent.connect.json.OneOf\",\"fields\":[{\"type\":\"int64\","
     "\"optional\":true,\"field\":\"io.confluent.connect.json.OneOf.field.0\"},{\"type\":\"string\",\"optional\":true,"
     "\"field\":\"io.confluent.connect.json.OneOf.field.1\"}]},\"payload\":{\"io.confluent.connect.json.OneOf.field."
     "0\":null,\"io.confluent.connect.json.OneOf.field.1\":\"x\"}}",
     "\"x\""},
};

static void read_envelope(const char *text, const struct kc_schema **schema, struct kc_value *v) {
    ck_assert_msg(json_envelope_read(envelopes, sr.arena, text, strlen(text), schema, v, &sr.err) == 0, "%s",
                  sr.err.text);
    kc_schema_keep(sr.arena, kc_schema_ref(*schema));
}

static struct kc_value read_payload(const struct json_schema_options *options, const struct kc_schema *schema,
                                    const char *payload) {
    struct json_scan scan;
    struct kc_value v = kc_null();
    ck_assert_int_eq(json_check(sr.arena, payload, strlen(payload), &scan, &sr.err), 0);
    ck_assert_msg(json_schema_read_value(sr.arena, options, schema, scan.text, &v, &sr.err) == 0, "%s", sr.err.text);
    return v;
}

/* What is written reads back as it was: the schema, but for the defaults' absence, and the value. */
START_TEST(schemas_and_values_there_and_back) {
    const struct written *w = &writtens[_i];
    struct json_schema_options options = PLAIN;
    const struct kc_schema *schema, *again;
    struct kc_value v;
    AUTO_BUF document, payload;
    buf_init(&document, 1 << 20);
    buf_init(&payload, 1 << 20);
    read_envelope(w->envelope, &schema, &v);
    ck_assert_msg(json_schema_from_connect(&document, &options, schema, &sr.err) == 0, "%s", sr.err.text);
    ck_assert_msg(json_schema_write_value(&payload, &options, schema, &v, &sr.err) == 0, "%s", sr.err.text);
    ck_assert_str_eq(buf_text(&payload), w->payload);
    struct registry_schema text = {.text = buf_text(&document), .len = document.len};
    ck_assert_msg(json_schema_to_connect(sr.arena, &options, &text, -1, &again, &sr.err) == 0, "%s", sr.err.text);
    kc_schema_keep(sr.arena, again);
    ck_assert(kc_schema_equal(schema, again));
    struct kc_value read = read_payload(&options, again, w->payload);
    ck_assert(kc_value_equal(&v, &read));
}
END_TEST

/* ---- document → Connect ---- */

static const struct document {
    const char *document, *schema, *payload, *value;
} documents[] = {
    {"{\"type\":\"integer\"}", "{\"type\":\"int64\",\"optional\":false}", "7", "7"},
    {"{\"type\":\"number\"}", "{\"type\":\"double\",\"optional\":false}", "7", "7.0"},
    {"{\"type\":[\"null\",\"string\"]}", "{\"type\":\"string\",\"optional\":true}", "null", "null"},
    {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "{\"type\":\"string\",\"optional\":true}", "\"a\"",
     "a"},
    {"{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}",
     "{\"type\":\"string\",\"optional\":false,\"parameters\":{\"io.confluent.connect.json.Enum\":\"\","
     "\"io.confluent.connect.json.Enum.a\":\"a\",\"io.confluent.connect.json.Enum.b\":\"b\"}}",
     "\"b\"", "b"},
    {"{\"const\":\"money\",\"type\":\"string\"}", "{\"type\":\"string\",\"optional\":false}", "\"money\"", "money"},
    {"{\"type\":\"object\",\"title\":\"T\",\"properties\":{\"b\":{\"type\":\"string\",\"connect.index\":1},\"a\":{"
     "\"type\":"
     "\"integer\",\"connect.index\":0}}}",
     "{\"type\":\"struct\",\"fields\":[{\"type\":\"int64\",\"optional\":false,\"field\":\"a\"},{\"type\":\"string\","
     "\"optional\":"
     "false,\"field\":\"b\"}],\"optional\":false,\"name\":\"T\"}",
     "{\"b\":\"x\",\"more\":[1]}", "Struct{b=x}"},
    {"{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"},{\"type\":\"null\"}]}",
     "{\"type\":\"struct\",\"fields\":[{\"type\":\"string\",\"optional\":true,\"field\":\"io.confluent.connect.json."
     "OneOf.field.0\"},"
     "{\"type\":\"int64\",\"optional\":true,\"field\":\"io.confluent.connect.json.OneOf.field.1\"}],\"optional\":true,"
     "\"name\":"
     "\"io.confluent.connect.json.OneOf\"}",
     "4", "Struct{io.confluent.connect.json.OneOf.field.1=4}"},
    {"{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}},{\"type\":\"object\","
     "\"properties\":{\"b\":{"
     "\"type\":\"integer\"},\"c\":{\"type\":\"integer\"}}}]}",
     NULL, "{\"a\":1,\"b\":2,\"c\":3}", "Struct{io.confluent.connect.json.OneOf.field.1=Struct{b=2,c=3}}"},
    {"{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}},{\"$ref\":\"#/definitions/"
     "X\"}],\"definitions\":{"
     "\"X\":{\"properties\":{\"b\":{\"type\":\"boolean\"}}}}}",
     "{\"type\":\"struct\",\"fields\":[{\"type\":\"int64\",\"optional\":false,\"field\":\"a\"},{\"type\":\"boolean\","
     "\"optional\":"
     "false,\"field\":\"b\"}],\"optional\":false}",
     "{\"a\":1,\"b\":true}", "Struct{a=1,b=true}"},
    {"{\"$ref\":\"#/$defs/A\",\"$defs\":{\"A\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/"
     "B\"}},\"B\":{\"type\":\"integer\"}}}",
     "{\"type\":\"array\",\"items\":{\"type\":\"int64\",\"optional\":false},\"optional\":false}", "[1,2]", "[1, 2]"},
    {"{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"default\":3}}}",
     "{\"type\":\"struct\",\"fields\":[{\"type\":\"int64\",\"optional\":false,\"default\":3,\"field\":\"n\"}],"
     "\"optional\":false}",
     "{\"n\":null}", "Struct{n=3}"},
};

START_TEST(documents_become_schemas) {
    const struct document *d = &documents[_i];
    struct json_schema_options options = PLAIN;
    struct registry_schema text = {.text = d->document, .len = strlen(d->document)};
    const struct kc_schema *schema;
    ck_assert_msg(json_schema_to_connect(sr.arena, &options, &text, -1, &schema, &sr.err) == 0, "%s", sr.err.text);
    kc_schema_keep(sr.arena, schema);
    if (d->schema) {
        AUTO_BUF shown;
        struct json_write_options plain = {0};
        buf_init(&shown, 1 << 20);
        ck_assert_int_eq(json_schema_write(&shown, schema, &plain, &sr.err), 0);
        ck_assert_str_eq(buf_text(&shown), d->schema);
    }
    struct kc_value v = read_payload(&options, schema, d->payload);
    ck_assert_str_eq(kc_value_to_text(sr.arena, &v, &(size_t){0}), d->value);
}
END_TEST

static const char *const refused[] = {
    "",
    "[]",
    "7",
    "{",
    "true",
    "{}",
    "{\"type\":\"nonsense\"}",
    "{\"type\":\"array\"}",
    "{\"type\":\"null\"}",
    "{\"type\":\"integer\",\"connect.type\":\"int9\"}",
    "{\"$ref\":\"#/nowhere\"}",
    "{\"$ref\":\"#\"}",
    "{\"allOf\":[{\"$ref\":\"#\"}]}",
    "{\"type\":\"object\",\"connect.type\":\"map\"}",
    "{\"allOf\":[]}",
    "{\"oneOf\":[{\"$ref\":\"#\"},{\"type\":\"string\"}]}",
    "{\"type\":\"integer\",\"default\":{}}x",
};

START_TEST(documents_that_are_refused) {
    struct json_schema_options options = PLAIN;
    struct registry_schema text = {.text = refused[_i], .len = strlen(refused[_i])};
    const struct kc_schema *schema;
    ck_assert_int_eq(json_schema_to_connect(sr.arena, &options, &text, -1, &schema, &sr.err), -1);
    ck_assert_ptr_nonnull(strstr(sr.err.exception, "Exception"));
    ck_assert_str_ne(sr.err.text, "");
}
END_TEST

START_TEST(objects_hold_themselves) {
    static const char document[] =
        "{\"type\":\"object\",\"title\":\"N\",\"properties\":{\"v\":{\"type\":\"integer\"},\"next\":{"
        "\"oneOf\":[{\"type\":\"null\"},{\"$ref\":\"#\"}]}}}";
    struct json_schema_options options = PLAIN;
    struct registry_schema text = {.text = document, .len = strlen(document)};
    const struct kc_schema *schema, *again;
    ck_assert_int_eq(json_schema_to_connect(sr.arena, &options, &text, 1, &schema, &sr.err), 0);
    ck_assert_int_eq(json_schema_to_connect(sr.arena, &options, &text, 1, &again, &sr.err), 0);
    ck_assert_ptr_eq(schema, again);
    struct kc_value v = read_payload(&options, schema, "{\"v\":1,\"next\":{\"v\":2,\"next\":{\"v\":3}}}");
    ck_assert_str_eq(kc_value_to_text(sr.arena, &v, &(size_t){0}), "Struct{next=Struct{next=Struct{v=3},v=2},v=1}");
    AUTO_BUF out;
    buf_init(&out, 1 << 20);
    ck_assert_int_eq(json_schema_from_connect(&out, &options, schema, &sr.err), 0);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "\"next\":{\"$ref\":\"#id1\"}"));
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "\"id\":\"#id1\""));
    kc_schema_unref(schema);
    kc_schema_unref(again);
}
END_TEST

/* ---- the converter and a registry ---- */

START_TEST(messages_there_and_back) {
    SERVE(OK("{\"id\":5}"), OK("{\"version\":2}"));
    registry_lab_start(&json_schema_converter_plugin, NULL, NULL);
    const struct kc_schema *schema;
    struct kc_value v;
    read_envelope(writtens[7].envelope, &schema, &v);
    ck_assert_msg(converter_run_from(&sr.run, &schema, &v, &sr.err) == 0, "%s", sr.err.text);
    ck_assert_mem_eq(v.s, "\0\0\0\0\5{\"a\":1,\"b\":null}", 21);
    ck_assert_ptr_nonnull(strstr(http_script_request(sr.server, 0),
                                 "{\"schemaType\":\"JSON\",\"schema\":\"{\\\"type\\\":\\\"object\\\""));
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_str_eq(kc_value_to_text(sr.arena, &v, &(size_t){0}), "Struct{a=1}");
    ck_assert_int_eq(schema->version, 2);
    ck_assert_int_eq(http_script_count(sr.server), 2);
}
END_TEST

START_TEST(latest_schema_is_read_with) {
    SERVE(OK("{\"schemaType\":\"JSON\",\"schema\":\"{\\\"type\\\":\\\"integer\\\"}\"}"),
          OK("{\"id\":9,\"version\":3,\"schemaType\":\"JSON\",\"schema\":\"{\\\"type\\\":\\\"number\\\"}\"}"),
          OK("{\"version\":3}"));
    registry_lab_start(&json_schema_converter_plugin, "use.latest.version", "true");
    struct kc_value v;
    const struct kc_schema *schema = registry_lab_read("00 00000005 37", &v);
    ck_assert_int_eq(schema->type, KC_FLOAT64);
    ck_assert_int_eq(schema->version, 3);
    registry_lab_assert_text(&v, "7.0");
}
END_TEST

/* After latest.cache.ttl.sec the converter asks again, on both sides. */
START_TEST(latest_schema_is_not_kept_for_ever) {
    SERVE(OK("{\"schemaType\":\"JSON\",\"schema\":\"{\\\"type\\\":\\\"integer\\\"}\"}"),
          OK("{\"id\":9,\"version\":3,\"schemaType\":\"JSON\",\"schema\":\"{\\\"type\\\":\\\"number\\\"}\"}"),
          OK("{\"version\":3}"),
          OK("{\"id\":5,\"version\":4,\"schemaType\":\"JSON\",\"schema\":\"{\\\"type\\\":\\\"integer\\\"}\"}"),
          OK("{\"version\":4}"));
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "converter.type", "value");
    kc_config_set(config, "schema.registry.url", http_script_url(sr.server));
    kc_config_set(config, "use.latest.version", "true");
    kc_config_set(config, "auto.register.schemas", "false");
    kc_config_set(config, "latest.cache.ttl.sec", "0");
    ck_assert_int_eq(converter_run_init(&sr.run, &json_schema_converter_plugin, config, &sr.err), 0);
    struct kc_value v;
    ck_assert_int_eq(registry_lab_read("00 00000005 37", &v)->type, KC_FLOAT64);
    ck_assert_int_eq(registry_lab_read("00 00000005 37", &v)->type, KC_INT64);
    const struct kc_schema *schema = kc_schema_of(KC_INT64, false);
    v = kc_int(KC_INT64, 7);
    ck_assert_msg(converter_run_from(&sr.run, &schema, &v, &sr.err) == -1, "the last answer has no schema");
    ck_assert_int_eq(http_script_count(sr.server), 6);
}
END_TEST

static const struct hostile {
    const char *payload;
    size_t len;
    const char *text, *cause;
} hostiles[] = {
    {"\1\0\0\0\5{}", 7,
     "Converting byte[] to Kafka Connect data failed due to serialization error of topic t: ", "Unknown magic byte!"},
    {"\0\0", 2, "serialization error of topic t", "ends within the id"},
    {"\0\0\0\0\5{\"a\":", 10, "serialization error of topic t", "Error deserializing JSON message for id 5"},
    {"\0\0\0\0\5\xff\xfe", 7, "serialization error of topic t", "Error deserializing JSON message for id 5"},
    {"\0\0\0\0\5[1]", 8, "Structs should be encoded as JSON objects, but found ARRAY", ""},
    {"\0\0\0\0\5{\"a\":null}", 15, "Invalid null value for required INT64 field", ""},
};

START_TEST(hostile_messages) {
    const struct hostile *h = &hostiles[_i];
    SERVE(OK("{\"schemaType\":\"JSON\",\"schema\":\"{\\\"type\\\":\\\"object\\\",\\\"properties\\\":{\\\"a\\\":{"
             "\\\"type\\\":"
             "\\\"integer\\\"}}}\"}"),
          OK("{\"version\":1}"));
    registry_lab_start(&json_schema_converter_plugin, NULL, NULL);
    const struct kc_schema *schema = NULL;
    struct kc_value v = kc_bytes(h->payload, h->len);
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.exception, KC_DATA_EXCEPTION);
    ck_assert_msg(strstr(sr.err.text, h->text), "%s", sr.err.text);
    ck_assert_msg(strstr(sr.err.cause, h->cause), "%s", sr.err.cause);
}
END_TEST

START_TEST(nothing_to_convert) {
    SERVE(OK("{}"));
    registry_lab_start(&json_schema_converter_plugin, NULL, NULL);
    const struct kc_schema *schema = NULL;
    struct kc_value v = kc_null();
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_int_eq(v.tag, KC_V_NULL);
    v = kc_string("x");
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_ptr_nonnull(strstr(sr.err.text, "A value without schema cannot be written with a JSON Schema (topic t)"));
    ck_assert_int_eq(http_script_count(sr.server), 0);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("json_schema_converter");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, schemas_and_values_there_and_back, 0, COUNT_OF(writtens));
    tcase_add_loop_test(t, documents_become_schemas, 0, COUNT_OF(documents));
    tcase_add_loop_test(t, documents_that_are_refused, 0, COUNT_OF(refused));
    tcase_add_test(t, objects_hold_themselves);
    tcase_add_test(t, messages_there_and_back);
    tcase_add_test(t, latest_schema_is_read_with);
    tcase_add_test(t, latest_schema_is_not_kept_for_ever);
    tcase_add_loop_test(t, hostile_messages, 0, COUNT_OF(hostiles));
    tcase_add_test(t, nothing_to_convert);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
