/* ProtobufConverter as a whole against a scripted registry. */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/convert/converters.h"
#include "connect/convert/protobuf_wire.h"
#include "connect/data/schema.h"
#include "tests/support/hex.h"
#include "tests/support/registry_lab.h"

/* What the registry says of a Protobuf schema; quotes in the text are escaped already. */
#define SCHEMA(text) "{\"schemaType\":\"PROTOBUF\",\"schema\":\"" text "\"}"

#define TWO                                                                                                       \
    "syntax = \\\"proto3\\\"; package p; message A { int32 x = 1; } message B { message C { string s = 1; } C c " \
    "= 1; }"

START_TEST(reads_each_message_of_a_schema) {
    SERVE(OK(SCHEMA(TWO)), OK("{\"version\":6}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    struct kc_value v;
    const struct kc_schema *schema = NULL;
    for (int i = 0; i < 3; i++) {
        schema = registry_lab_read("00 00000007 00 0805", &v);
        registry_lab_assert_text(&v, "Struct{x=5}");
        ck_assert_str_eq(schema->name, "A");
        ck_assert_int_eq(schema->version, 6);
        schema = registry_lab_read("00 00000007 04 02 00 0a0161", &v);
        registry_lab_assert_text(&v, "Struct{s=a}");
        ck_assert_str_eq(schema->name, "C");
        schema = registry_lab_read("00 00000007 02 02", &v);
        registry_lab_assert_text(&v, "Struct{}");
    }
    ck_assert_int_eq(http_script_count(sr.server), 2);
    v = kc_null();
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_int_eq(v.tag, KC_V_NULL);
    ck_assert_ptr_null(schema);
}
END_TEST

START_TEST(imports_come_from_references) {
    SERVE(
        OK("{\"schemaType\":\"PROTOBUF\",\"schema\":\"syntax = \\\"proto3\\\"; import \\\"other.proto\\\"; message A { "
           "o.Other o = 1; }\",\"references\":[{\"name\":\"other.proto\",\"subject\":\"other\",\"version\":3}]}"),
        OK("{\"subject\":\"other\",\"version\":3,\"id\":4,\"schemaType\":\"PROTOBUF\",\"schema\":\"syntax = "
           "\\\"proto3\\\"; package o; message Other { int64 n = 2; }\"}"),
        OK("{\"version\":1}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    struct kc_value v;
    registry_lab_read("00 00000007 00 0a021007", &v);
    registry_lab_assert_text(&v, "Struct{o=Struct{n=7}}");
    ck_assert_ptr_nonnull(strstr(http_script_request(sr.server, 1), "GET /subjects/other/versions/3"));
}
END_TEST

/* The schema as some clients register it. */
START_TEST(schemas_may_be_serialized_descriptors) {
    SERVE(OK(SCHEMA("CgdkLnByb3RvEgFkIg4KAU0SCQoBYRgBIAEoBWIGcHJvdG8z")), OK("{\"version\":1}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    struct kc_value v;
    registry_lab_read("00 00000007 00 0805", &v);
    registry_lab_assert_text(&v, "Struct{a=5}");
}
END_TEST

static struct kc_value struct_of(const char *name, int32_t a, const struct kc_schema **schema) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, name);
    ck_assert_int_eq(kc_schema_add_field(b, "a", kc_schema_of(KC_INT32, false), &sr.err), 0);
    *schema = kc_schema_keep(sr.arena, kc_schema_build(b));
    struct kc_value v = kc_struct_new(sr.arena, *schema);
    ck_assert_int_eq(kc_struct_put(&v, "a", kc_int(KC_INT32, a), &sr.err), 0);
    return v;
}

START_TEST(writes_what_it_registered) {
    SERVE(OK("{\"id\":258}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    const struct kc_schema *schema;
    for (int i = 1; i < 4; i++) {
        struct kc_value v = struct_of("n.R", i, &schema);
        ck_assert_msg(converter_run_from(&sr.run, &schema, &v, &sr.err) == 0, "%s", sr.err.text);
        ck_assert_uint_eq(v.len, 8);
        ck_assert_mem_eq(v.bytes, "\0\0\0\1\2\0\x08", 7);
        ck_assert_int_eq(v.bytes[7], i);
        ck_assert_ptr_null(schema);
    }
    ck_assert_int_eq(http_script_count(sr.server), 1);
    ck_assert_ptr_nonnull(strstr(http_script_request(sr.server, 0), "\"schemaType\":\"PROTOBUF\""));
    ck_assert_ptr_nonnull(strstr(http_script_request(sr.server, 0),
                                 "syntax = \\\"proto3\\\";\\npackage n;\\n\\nmessage R {\\n  int32 a = 1;\\n}\\n"));
    struct kc_value v = kc_null();
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_int_eq(v.tag, KC_V_NULL);
}
END_TEST

START_TEST(plain_values_are_wrapped) {
    SERVE(OK("{\"id\":1}"), OK("{\"version\":2}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    const struct kc_schema *schema = kc_schema_of(KC_STRING, false);
    struct kc_value v = kc_string("abc");
    ck_assert_msg(converter_run_from(&sr.run, &schema, &v, &sr.err) == 0, "%s", sr.err.text);
    hex_assert_eq(v.bytes, v.len, "00 00000001 02 0e 0a03616263");
    ck_assert_msg(converter_run_to(&sr.run, &schema, &v, &sr.err) == 0, "%s\n%s", sr.err.text, sr.err.cause);
    registry_lab_assert_text(&v, "abc");
    ck_assert_int_eq(schema->version, 2);
}
END_TEST

/* ---- messages within themselves ---- */

#define NODE                                                                                                           \
    "syntax = \\\"proto3\\\"; message Node { int32 v = 1; Node next = 2; repeated Node more = 3; map<string, Node> m " \
    "= 4; }"

START_TEST(messages_hold_themselves) {
    SERVE(OK(SCHEMA(NODE)), OK("{\"version\":1}"), OK("{\"id\":8}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    struct kc_value v;
    const struct kc_schema *schema = registry_lab_read("00 00000007 00 0801 1204 0802 1200 1a02 0803", &v);
    registry_lab_assert_text(
        &v,
        "Struct{v=1,next=Struct{v=2,next=Struct{v=0,more=[],m={}},more=[],m={}},more=[Struct{v=3,more=[],m={}}],m={}}");
    const struct kc_schema *next = kc_schema_field(schema, "next")->schema;
    ck_assert(schema_is_forward(next) && next->optional);
    ck_assert_str_eq(next->name, "Node");
    ck_assert_str_eq(schema_parameter(next, "io.confluent.connect.protobuf.Tag"), "2");
    ck_assert_ptr_eq(kc_schema_field(next, "next")->schema, next);
    ck_assert_ptr_eq(registry_lab_read("00 00000007 00", &v), schema);
    v = registry_lab_bytes("00 00000007 00 0801 1204 0802 1200 1a02 0803");
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), 0);
    ck_assert_msg(converter_run_from(&sr.run, &schema, &v, &sr.err) == 0, "%s", sr.err.text);
    hex_assert_eq(v.bytes, v.len, "00 00000008 00 0801 1204 0802 1200 1a02 0803");
}
END_TEST

START_TEST(google_values_hold_structs) {
    SERVE(OK(SCHEMA("syntax = \\\"proto3\\\"; import \\\"google/protobuf/struct.proto\\\"; message M { "
                    "google.protobuf.Struct s "
                    "= 1; }")),
          OK("{\"version\":1}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    struct kc_value v;
    registry_lab_read("00 00000007 00 0a 0e 0a0c 0a016b 1207 2a05 0a03 0a0161", &v);
    ck_assert_int_eq(v.tag, KC_V_STRUCT);
}
END_TEST

/* ---- bad input ---- */

#define ANY "syntax = \\\"proto3\\\"; message M { int32 i = 1; string s = 2; M m = 3; repeated int64 l = 4; }"

static const struct hostile {
    const char *schema, *hex, *cause;
} hostiles[] = {
    {ANY, "", "Unknown magic byte!"},
    {ANY, "01 00000007 00", "Unknown magic byte!"},
    {ANY, "00 0000", "The message ends within the id of its schema"},
    {ANY, "00 00000007", "BufferUnderflowException"},
    {ANY, "00 00000007 02", "BufferUnderflowException"},
    {ANY, "00 00000007 02 02", "Invalid message indexes"},
    {ANY, "00 00000007 ffffffff0f", "Illegal Capacity"},
    {ANY, "00 00000007 00 08", "the input ended unexpectedly in the middle of a field"},
    {ANY, "00 00000007 00 00", "invalid tag (zero)"},
    {ANY, "00 00000007 00 0f", "invalid wire type"},
    {ANY, "00 00000007 00 12ffffffff07", "the input ended unexpectedly"},
    {ANY, "00 00000007 00 12ffffffff0f", "negative size"},
    {ANY, "00 00000007 00 1202ff80", "invalid UTF-8"},
    {ANY, "00 00000007 00 08ffffffffffffffffffff01", "malformed varint"},
    {ANY, "00 00000007 00 22ffff7f", "the input ended unexpectedly"},
    {ANY, "00 00000007 00 0c", "end-group tag did not match"},
    {"message", "00 00000007 00", "Could not parse Protobuf - Syntax error in line 1"},
    {"syntax = \\\"proto3\\\"; import \\\"x.proto\\\";", "00 00000007 00", "cannot resolve import x.proto"},
    {"syntax = \\\"proto3\\\"; message M { Nowhere n = 1; }", "00 00000007 00", "\"Nowhere\" is not defined"},
    {"syntax = \\\"proto3\\\"; enum E { A = 0; }", "00 00000007 00", "Invalid message indexes"},
    {"syntax = \\\"proto2\\\"; message M { required int32 r = 1; }", "00 00000007 00",
     "Message missing required fields: r"},
};

START_TEST(hostile_messages) {
    const struct hostile *h = &hostiles[_i];
    static char answer[1024]; /* the server's thread reads them until it is stopped */
    static struct http_step steps[2];
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\n\r\n" SCHEMA("%s"), h->schema);
    steps[0] = (struct http_step){.answer = answer};
    steps[1] = (struct http_step)OK("{\"version\":1}");
    sr.server = http_script_start(steps, COUNT_OF(steps));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    struct kc_value v = registry_lab_bytes(h->hex);
    const struct kc_schema *schema = NULL;
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.exception, KC_DATA_EXCEPTION);
    ck_assert_ptr_nonnull(strstr(sr.err.text, "Failed to deserialize data for topic "));
    ck_assert_msg(strstr(sr.err.cause, h->cause), "%s", sr.err.cause);
}
END_TEST

/* Messages in messages, 10,000 deep; and a hundred million bytes of nothing but empty messages with many fields. */
START_TEST(depth_and_size_are_bounded) {
    SERVE(OK(SCHEMA(ANY)), OK("{\"version\":1}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    enum { DEPTH = 10000 };
    uint8_t *bytes = kc_arena_zalloc(sr.arena, 6 + DEPTH * 4), *end = bytes + 6 + DEPTH * 4, *at = end;
    for (int i = 0; i < DEPTH; i++) {
        size_t len = (size_t)(end - at);
        at -= protobuf_varint_size(len);
        for (uint8_t *p = at; len > 0 || p == at; len >>= 7)
            *p++ = (uint8_t)((len & 0x7f) | (len > 0x7f ? 0x80 : 0));
        *--at = 0x1a;
    }
    at -= 6;
    memcpy(at, "\0\0\0\0\7\0", 6);
    const struct kc_schema *schema = NULL;
    struct kc_value v = kc_bytes(at, (size_t)(end - at));
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_msg(strstr(sr.err.cause, "too many levels of nesting") != NULL, "%s", sr.err.cause);
}
END_TEST

START_TEST(amplification_is_bounded) {
    AUTO_BUF text;
    buf_init(&text, 1 << 20);
    buf_add_text(&text, "HTTP/1.1 200 OK\r\n\r\n{\"schemaType\":\"PROTOBUF\",\"schema\":\"syntax = \\\"proto3\\\"; "
                        "message M { repeated M m = 1;");
    for (int i = 2; i < 2000; i++)
        buf_printf(&text, "int32 f%d = %d;", i, i);
    buf_add_text(&text, "}\"}");
    static struct http_step steps[2];
    steps[0] = (struct http_step){.answer = buf_text(&text)};
    steps[1] = (struct http_step)OK("{\"version\":1}");
    sr.server = http_script_start(steps, COUNT_OF(steps));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    enum { COUNT = 100000 };
    uint8_t *bytes = kc_arena_zalloc(sr.arena, 6 + COUNT * 2);
    memcpy(bytes, "\0\0\0\0\7\0", 6);
    for (int i = 0; i < COUNT; i++)
        bytes[6 + 2 * i] = 0x0a;
    const struct kc_schema *schema = NULL;
    struct kc_value v = kc_bytes(bytes, 6 + COUNT * 2);
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_msg(strstr(sr.err.cause, "takes more than 256 MB of memory") != NULL, "%s", sr.err.cause);
    sr.server = http_script_stop(sr.server);
}
END_TEST

START_TEST(values_that_cannot_be_written) {
    SERVE(OK("{\"id\":1}"));
    registry_lab_start(&protobuf_converter_plugin, NULL, NULL);
    const struct kc_schema *schema = NULL;
    struct kc_value v = kc_string("x");
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_str_eq(sr.err.exception, "java.lang.NullPointerException");
    v = struct_of("my-record", 1, &schema);
    ck_assert_int_eq(converter_run_from(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_ptr_nonnull(strstr(sr.err.text, "\"my-record\" is not a valid identifier."));
    ck_assert_int_eq(http_script_count(sr.server), 0);
}
END_TEST

/* Two structs of one name share a message, which fits one of them only. */
START_TEST(structs_of_one_name_that_differ) {
    static const enum kc_type types[] = {KC_INT32, KC_INT64, KC_FLOAT32, KC_FLOAT64, KC_BOOLEAN, KC_STRING, KC_BYTES};
    SERVE(OK("{\"id\":1}"));
    registry_lab_start(&protobuf_converter_plugin, "wrapper.for.nullables", _i % 2 ? "true" : "false");
    struct kc_value values[] = {kc_int(KC_INT32, 1), kc_int(KC_INT64, 1), kc_float(1),     kc_double(1),
                                kc_bool(true),       kc_string("x"),      kc_bytes("x", 1)};
    size_t first = (size_t)_i / 2 / COUNT_OF(types), second = (size_t)_i / 2 % COUNT_OF(types);
    const struct kc_schema *inner[2], *schema;
    for (int i = 0; i < 2; i++) {
        struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
        kc_schema_name(b, "In");
        ck_assert_int_eq(kc_schema_add_field(b, "x", kc_schema_of(types[i ? second : first], true), &sr.err), 0);
        inner[i] = kc_schema_keep(sr.arena, kc_schema_build(b));
    }
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, "R");
    ck_assert_int_eq(kc_schema_add_field(b, "a", inner[0], &sr.err), 0);
    ck_assert_int_eq(kc_schema_add_field(b, "b", inner[1], &sr.err), 0);
    schema = kc_schema_keep(sr.arena, kc_schema_build(b));
    struct kc_value v = kc_struct_new(sr.arena, schema), in = kc_struct_new(sr.arena, inner[1]);
    ck_assert_int_eq(kc_struct_put(&in, "x", values[second], &sr.err), 0);
    ck_assert_int_eq(kc_struct_put(&v, "b", in, &sr.err), 0);
    int rc = converter_run_from(&sr.run, &schema, &v, &sr.err);
    ck_assert_msg((rc == 0) == (first == second), "%d %d: %s", types[first], types[second], sr.err.text);
    if (rc < 0)
        ck_assert_str_eq(sr.err.exception, "java.lang.IllegalArgumentException");
}
END_TEST

/* ---- writing with another schema ---- */

static const struct chosen {
    const char *schema, *hex, *error;
} chosens[] = {
    {"message Other { } message R { int64 a = 1; string more = 2; }", "00 00000009 02 02 0803", NULL},
    {"message R { }", "00 00000009 00 0803", NULL},
    {"message R { string a = 1; }", NULL, "FIELD_SCALAR_KIND_CHANGED: R.a"},
    {"message R { message X { } X a = 1; }", NULL, "FIELD_KIND_CHANGED: R.a"},
    {"message Q { int32 a = 1; }", NULL, "MESSAGE_REMOVED: R"},
    {"package p; message R { int32 a = 1; }", NULL, "PACKAGE_CHANGED: p"},
    {"message R { oneof o { int32 a = 1; string b = 2; } }", "00 00000009 00 0803", NULL},
};

START_TEST(latest_schema_is_written) {
    const struct chosen *c = &chosens[_i];
    static char answer[1024];
    static struct http_step step;
    snprintf(answer, sizeof(answer),
             "HTTP/1.1 200 OK\r\n\r\n{\"id\":9,\"version\":2,\"schemaType\":\"PROTOBUF\",\"schema\":\"syntax = "
             "\\\"proto3\\\"; %s\"}",
             c->schema);
    step = (struct http_step){.answer = answer};
    sr.server = http_script_start(&step, 1);
    registry_lab_start(&protobuf_converter_plugin, "use.latest.version", "true");
    const struct kc_schema *schema;
    struct kc_value v = struct_of("R", 3, &schema);
    int rc = converter_run_from(&sr.run, &schema, &v, &sr.err);
    ck_assert_msg((rc < 0) == (c->error != NULL), "%s\n%s", sr.err.text, sr.err.cause);
    if (c->error)
        ck_assert_msg(strstr(sr.err.cause, c->error) != NULL, "%s", sr.err.cause);
    else
        hex_assert_eq(v.bytes, v.len, c->hex);
}
END_TEST

#define LATEST(text) OK("{\"id\":9,\"version\":2,\"schemaType\":\"PROTOBUF\",\"schema\":\"" text "\"}")

START_TEST(latest_schema_is_read_with) {
    SERVE(OK(SCHEMA("syntax = \\\"proto3\\\"; message O { int32 z = 1; } message M { int32 a = 1; }")),
          LATEST("syntax = \\\"proto3\\\"; message M { int64 a = 1; string b = 2; }"), OK("{\"version\":2}"));
    registry_lab_start(&protobuf_converter_plugin, "use.latest.version", "true");
    struct kc_value v;
    const struct kc_schema *schema = registry_lab_read("00 00000007 0202 0805", &v);
    registry_lab_assert_text(&v, "Struct{a=5,b=}");
    ck_assert_int_eq(kc_schema_field(schema, "a")->schema->type, KC_INT64);
    ck_assert_int_eq(schema->version, 2);
}
END_TEST

START_TEST(latest_schema_without_the_message) {
    SERVE(OK(SCHEMA("syntax = \\\"proto3\\\"; message M { int32 a = 1; }")),
          LATEST("syntax = \\\"proto3\\\"; message Q { int64 a = 1; }"));
    registry_lab_start(&protobuf_converter_plugin, "use.latest.version", "true");
    struct kc_value v = registry_lab_bytes("00 00000007 00 0805");
    const struct kc_schema *schema = NULL;
    ck_assert_int_eq(converter_run_to(&sr.run, &schema, &v, &sr.err), -1);
    ck_assert_ptr_nonnull(strstr(sr.err.cause, "The latest schema of subject t-value (id 9) has no message M"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("protobuf_converter");
    TCase *tc = tcase_create("converter");
    tcase_add_checked_fixture(tc, registry_lab_set_up, registry_lab_tear_down);
    tcase_add_test(tc, reads_each_message_of_a_schema);
    tcase_add_test(tc, imports_come_from_references);
    tcase_add_test(tc, schemas_may_be_serialized_descriptors);
    tcase_add_test(tc, writes_what_it_registered);
    tcase_add_test(tc, plain_values_are_wrapped);
    tcase_add_test(tc, messages_hold_themselves);
    tcase_add_test(tc, google_values_hold_structs);
    tcase_add_loop_test(tc, hostile_messages, 0, COUNT_OF(hostiles));
    tcase_add_test(tc, depth_and_size_are_bounded);
    tcase_add_test(tc, amplification_is_bounded);
    tcase_add_test(tc, values_that_cannot_be_written);
    tcase_add_loop_test(tc, structs_of_one_name_that_differ, 0, 2 * 7 * 7);
    tcase_add_loop_test(tc, latest_schema_is_written, 0, COUNT_OF(chosens));
    tcase_add_test(tc, latest_schema_is_read_with);
    tcase_add_test(tc, latest_schema_without_the_message);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
