/* .proto text and serialized descriptors to trees, and trees to the text that the registry gets. */
#include <string.h>

#include "connect/base/auto.h"
#include "connect/convert/protobuf_names.h"
#include "connect/convert/protobuf_schema.h"
#include "tests/support/suite.h"

static struct protobuf_schema *parse(const char *text) {
    struct protobuf_schema *schema = NULL;
    struct kc_error err = {0};
    ck_assert_msg(protobuf_schema_new(text, strlen(text), NULL, NULL, &schema, &err) == 0, "%s\n%s", err.text, text);
    return schema;
}

static const struct protobuf_field *field_of(const struct protobuf_schema *schema, const char *message,
                                             const char *field) {
    const struct protobuf_message *m = protobuf_message_named(schema, message);
    ck_assert_msg(m != NULL, "no message %s", message);
    const struct protobuf_field *f = protobuf_field_named(m, field);
    ck_assert_msg(f != NULL, "no field %s.%s", message, field);
    return f;
}

static const char proto3[] =
    "// a comment\n"
    "syntax = 'proto3';\n"
    "package a.b; /* another\n one */\n"
    "import \"google/protobuf/timestamp.proto\"; import public 'google/protobuf/wrappers.proto';\n"
    "option java_package = \"x\" \"y\"; option (custom).deep = { a: 1 b { c: [1, 2], d: -inf } [x.y/z]: 3 };\n"
    "message Outer {\n"
    "  option deprecated = true;\n"
    "  reserved 4, 10 to max; reserved \"gone\", 'too';\n"
    "  extensions 100 to 199 [verification = UNVERIFIED];\n"
    "  int32 i = 1 [(confluent.field_meta) = {doc: \"it's\", params: [{key: \"connect.type\", value: \"int8\"},\n"
    "     {value: \"2\", key: \"scale\"}]}, deprecated = false];\n"
    "  optional string s = 2; repeated sint64 many = 3; map < string , Inner > my_map = 5;\n"
    "  oneof kind { option x = 1; bool yes = 6; Inner inner = 7; .a.b.Color color = 0x8; }\n"
    "  message Inner { Color color = 1; Inner again = 2; enum Color { NONE = 0; } ; }\n"
    "  google.protobuf.Timestamp at = 12; b.Outer other = 011; repeated int32 loose = 20 [packed=false];\n"
    "  int32 with_param = 21 [(confluent.field_meta).params = {key: 'k' value: 'v'}];\n"
    "}\n"
    "enum Color { RED = 0; BLUE = 1 [deprecated = true]; NEGATIVE = -1; reserved 5; option allow_alias = true; }\n"
    "extend google.protobuf.FieldOptions { string mine = 50000; }\n"
    "service S { rpc Call (Outer) returns (stream Outer) { option deadline = 1; } }\n";

START_TEST(proto3_fields) {
    AUTO(protobuf_schema) schema = parse(proto3);
    const struct protobuf_field *i = field_of(schema, "a.b.Outer", "i"), *s = field_of(schema, "a.b.Outer", "s");
    ck_assert(i->type == PROTOBUF_INT32 && !i->has_presence && !i->proto3_optional);
    ck_assert_str_eq(protobuf_param(i, "connect.type"), "int8");
    ck_assert_str_eq(protobuf_param(i, "scale"), "2");
    ck_assert(protobuf_param(i, "precision") == NULL);
    ck_assert(s->has_presence && s->proto3_optional && s->checks_utf8);
    const struct protobuf_field *many = field_of(schema, "a.b.Outer", "many");
    ck_assert(many->label == PROTOBUF_REPEATED && many->packed && !many->has_presence);
    ck_assert(!field_of(schema, "a.b.Outer", "loose")->packed);
    ck_assert_int_eq(field_of(schema, "a.b.Outer", "color")->number, 8);
    ck_assert_int_eq(field_of(schema, "a.b.Outer", "other")->number, 9 + 0); /* octal */
    ck_assert_str_eq(protobuf_param(field_of(schema, "a.b.Outer", "with_param"), "k"), "v");
}
END_TEST

START_TEST(names_are_resolved_from_the_inside) {
    AUTO(protobuf_schema)
    schema = parse("syntax = \"proto3\"; package a.b; import \"google/protobuf/timestamp.proto\";"
                   "message M { message In { Color c = 1; In again = 2; M up = 3; enum Color { X = 0; } }"
                   "  In in = 1; Color c = 2; b.M m = 3; a.b.M.In.Color deep = 4; google.protobuf.Timestamp t = 5; "
                   ".a.b.M abs = 6;}"
                   "enum Color { Y = 0; }");
    static const struct {
        const char *message, *field, *type;
    } rows[] = {
        {"a.b.M.In", "c", "a.b.M.In.Color"},
        {"a.b.M.In", "again", "a.b.M.In"},
        {"a.b.M.In", "up", "a.b.M"},
        {"a.b.M", "in", "a.b.M.In"},
        {"a.b.M", "c", "a.b.Color"},
        {"a.b.M", "m", "a.b.M"},
        {"a.b.M", "deep", "a.b.M.In.Color"},
        {"a.b.M", "abs", "a.b.M"},
        {"a.b.M", "t", "google.protobuf.Timestamp"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct protobuf_field *f = field_of(schema, rows[i].message, rows[i].field);
        ck_assert_str_eq(f->enumeration ? f->enumeration->full_name : f->message->full_name, rows[i].type);
    }
}
END_TEST

START_TEST(oneofs_come_first_and_entries_last) {
    AUTO(protobuf_schema)
    schema = parse("syntax = \"proto3\"; message M { int32 a = 1; map<int32, string> my_map = 2; oneof o { int32 b = "
                   "3; string c = 4; }"
                   " message Last { } }");
    const struct protobuf_message *m = protobuf_message_named(schema, "M");
    static const char *const order[] = {"b", "c", "a", "my_map"};
    ck_assert_uint_eq(m->field_count, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(m->fields[i]->name, order[i]);
    ck_assert_str_eq(m->messages[0]->name, "Last");
    ck_assert_str_eq(m->messages[1]->name, "MyMapEntry");
    ck_assert(m->messages[1]->map_entry && m->messages[1]->fields[1]->type == PROTOBUF_STRING);
    ck_assert(m->fields[3]->message == m->messages[1]);
    ck_assert(protobuf_field_numbered(m, 4) == m->fields[1] && protobuf_field_numbered(m, 9) == NULL);
}
END_TEST

START_TEST(proto2_defaults_and_groups) {
    AUTO(protobuf_schema)
    schema =
        parse("message M { required int32 r = 1; optional int64 d = 2 [default = -7]; optional double f = 3 [default = "
              "1.5e3];"
              " optional E e = 4 [default = B]; optional group G = 5 { optional int32 x = 1; } repeated int32 p = 6 "
              "[packed = true]; repeated int32 q = 7; optional bool t = 8 [default = true]; optional string s = 9 "
              "[default = 'a\\x62\\n\\101']; optional E first = 10; } enum E { A = 3; B = 9; }");
    ck_assert(protobuf_message_named(schema, "M")->needs_check);
    ck_assert_int_eq((int64_t)field_of(schema, "M", "d")->default_bits, -7);
    double f;
    memcpy(&f, &field_of(schema, "M", "f")->default_bits, sizeof(f));
    ck_assert(f == 1500.0);
    ck_assert_int_eq((int64_t)field_of(schema, "M", "e")->default_bits, 9);
    ck_assert_int_eq((int64_t)field_of(schema, "M", "first")->default_bits, 3);
    ck_assert(field_of(schema, "M", "p")->packed && !field_of(schema, "M", "q")->packed);
    ck_assert_str_eq(field_of(schema, "M", "s")->default_text, "ab\nA");
    ck_assert(field_of(schema, "M", "e")->enumeration->closed && field_of(schema, "M", "t")->default_bits == 1);
    ck_assert(protobuf_field_named(protobuf_message_named(schema, "M"), "g") == NULL);
}
END_TEST

START_TEST(editions) {
    AUTO(protobuf_schema)
    schema =
        parse("edition = \"2023\"; option features.field_presence = IMPLICIT; message M { int32 a = 1; int32 b = 2 "
              "[features.field_presence = EXPLICIT]; int32 c = 3 [features.field_presence = LEGACY_REQUIRED]; "
              "repeated int32 d = 4 [features.repeated_field_encoding = EXPANDED]; repeated int32 e = 5; }");
    ck_assert(!field_of(schema, "M", "a")->has_presence && field_of(schema, "M", "b")->has_presence);
    ck_assert(field_of(schema, "M", "c")->label == PROTOBUF_REQUIRED);
    ck_assert(!field_of(schema, "M", "d")->packed && field_of(schema, "M", "e")->packed);
}
END_TEST

static const char *import_text(void *arg, const char *path) {
    (void)arg;
    if (strcmp(path, "other/b.proto") == 0)
        return "syntax = \"proto3\"; package b; import \"other/c.proto\"; message B { c.C c = 1; }";
    if (strcmp(path, "other/c.proto") == 0)
        return "syntax = \"proto3\"; package c; message C { int32 x = 1; }";
    return strcmp(path, "loop.proto") == 0 ? "import \"loop.proto\"; message L { optional L l = 1; }" : NULL;
}

START_TEST(imports) {
    static const char text[] =
        "syntax = \"proto3\"; import \"other/b.proto\"; import \"loop.proto\"; message A { b.B b = 1; }";
    struct protobuf_schema *parsed;
    struct kc_error err = {0};
    ck_assert_msg(protobuf_schema_new(text, strlen(text), import_text, NULL, &parsed, &err) == 0, "%s", err.text);
    AUTO(protobuf_schema) schema = parsed;
    ck_assert_uint_eq(schema->file_count, 4);
    ck_assert_str_eq(field_of(schema, "b.B", "c")->message->full_name, "c.C");
}
END_TEST

static const char *const bad[][2] = {
    {"message", "line 1: expected a name, but the text ends"},
    {"message M {", "but the text ends"},
    {"message M { int32 a = 0; }", "0 is not between 1 and 536870911"},
    {"message M { int32 a = 536870912; }", "is not between"},
    {"message M { int32 a = 1.5; }", "expected a whole number, not '1.5'"},
    {"message M {\n\n int32 a 1; }", "line 3: expected '=', not '1'"},
    {"message M { int32 a = 1; int32 b = 1; }", "Field number 1 has already been used in \"M\" by field \"a\"."},
    {"message M { int32 a = 1; int32 a = 2; }", "\"M.a\" is already defined."},
    {"message M { } message M { }", "\"M\" is already defined."},
    {"message M { Nowhere a = 1; }", "\"Nowhere\" is not defined"},
    {"message M { .M.N a = 1; }", "\".M.N\" is not defined"},
    {"enum E { }", "the enum E has no values"},
    {"enum E { A = 2147483648; }", "is not between"},
    {"import \"nowhere.proto\";", "cannot resolve import nowhere.proto"},
    {"syntax = \"proto4\";", "unexpected syntax: proto4"},
    {"message M { map<double, string> m = 1; }", "double cannot be the type of map keys"},
    {"message M { optional int32 a = 1 [default = x]; }", "Could not parse default value: \"x\""},
    {"message M { string s = 1; } \"", "the string does not end"},
    {"/* comment", "line 1: the comment does not end"},
    {"message M { } \x01", "unexpected byte 0x01"},
    {"message M { reserved 1", "expected ';'"},
    {"service S { rpc x {}", "expected '}'"},
    {"message M { int32 a = 1 [x = ]; }", "expected a value, not ']'"},
    {"\xff\xfe", "unexpected byte 0xff"},
};

START_TEST(bad_text) {
    struct protobuf_schema *schema = NULL;
    struct kc_error err = {0};
    ck_assert(protobuf_schema_new(bad[_i][0], strlen(bad[_i][0]), NULL, NULL, &schema, &err) < 0);
    ck_assert_msg(strstr(err.text, bad[_i][1]) != NULL, "%s: %s", bad[_i][0], err.text);
    ck_assert_str_eq(err.exception, KC_DATA_EXCEPTION);
}
END_TEST

/* Opening brackets without end, of each kind. */
START_TEST(hostile_nesting) {
    static const char *const starts[] = {"message M{",
                                         "message M { int32 a = 1 [x = ", "message M { int32 a = 1 [x = {a:"};
    static const char *const again[] = {"message M{", "[", "{a:"};
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        AUTO_BUF text;
        buf_init(&text, SIZE_MAX);
        buf_add_text(&text, starts[i]);
        for (int n = 0; n < 10000; n++)
            buf_add_text(&text, again[i]);
        struct protobuf_schema *schema = NULL;
        struct kc_error err = {0};
        ck_assert(protobuf_schema_new(text.data, text.len, NULL, NULL, &schema, &err) < 0);
        ck_assert_msg(strstr(err.text, "more than 100 levels of nesting") != NULL, "%s", err.text);
    }
}
END_TEST

/* The FileDescriptorProto of `syntax = "proto3"; package d; message M { optional int32 a = 1; oneof o { E e = 2; string
 * s = 3; } map<string, int64> m = 4; enum E { A = 0; B = 5; } }`, as protoc makes it. */
static const char descriptor[] =
    "CgdkLnByb3RvEgFkIq0BCgFNEhEKAWEYASABKAVIAVIBYYgBARIWCgFlGAIgASgOMgYuZC5NLkVIAFIBZRIOCgFzGAMgASgJSABS"
    "AXMSGQoBbRgEIAMoCzILLmQuTS5NRW50cnlSAW0aNAoGTUVudHJ5EhAKA2tleRgBIAEoCVIDa2V5EhQKBXZhbHVlGAIgASgDUgV2"
    "YWx1ZToCOAEiEQoBRRIFCgFBEAASBQoBQhAFQgMKAW9CBAoCX2FiBnByb3RvMw==";

START_TEST(serialized_descriptor) {
    AUTO(protobuf_schema) schema = parse(descriptor);
    const struct protobuf_message *m = protobuf_message_named(schema, "d.M");
    ck_assert(m != NULL && m->oneof_count == 1);
    ck_assert_str_eq(m->oneofs[0]->full_name, "d.M.o");
    ck_assert(field_of(schema, "d.M", "a")->proto3_optional && field_of(schema, "d.M", "a")->oneof == -1);
    ck_assert(field_of(schema, "d.M", "e")->oneof == 0 && field_of(schema, "d.M", "e")->enumeration->value_count == 2);
    ck_assert(field_of(schema, "d.M", "m")->message->map_entry);
}
END_TEST

START_TEST(written_text) {
    static const char text[] = "syntax = \"proto3\";\n"
                               "package a.b;\n"
                               "\n"
                               "import \"confluent/meta.proto\";\n"
                               "\n"
                               "message M {\n"
                               "  int32 a = 1 [(confluent.field_meta) = {\n"
                               "    params: [\n"
                               "      {\n"
                               "        key: \"connect.type\",\n"
                               "        value: \"int8\"\n"
                               "      }\n"
                               "    ]\n"
                               "  }];\n"
                               "  repeated N n = 2;\n"
                               "\n"
                               "  oneof o {\n"
                               "    E e = 3;\n"
                               "  }\n"
                               "\n"
                               "  message N {\n"
                               "    optional string s = 1;\n"
                               "  \n"
                               "    message Empty {}\n"
                               "  }\n"
                               "  enum E {\n"
                               "    A = 0;\n"
                               "  }\n"
                               "}\n";
    AUTO(protobuf_schema) schema = parse(text);
    AUTO_BUF out;
    buf_init(&out, SIZE_MAX);
    ck_assert(protobuf_write(&out, schema->root) == 0);
    ck_assert_str_eq(buf_text(&out), text);
}
END_TEST

START_TEST(known_files_are_all_valid) {
    static const char *const paths[] = {
        "confluent/meta.proto",
        "confluent/type/decimal.proto",
        "confluent/type/variant.proto",
        "google/protobuf/any.proto",
        "google/protobuf/api.proto",
        "google/protobuf/descriptor.proto",
        "google/protobuf/duration.proto",
        "google/protobuf/empty.proto",
        "google/protobuf/field_mask.proto",
        "google/protobuf/struct.proto",
        "google/protobuf/source_context.proto",
        "google/protobuf/timestamp.proto",
        "google/protobuf/type.proto",
        "google/protobuf/wrappers.proto",
        "google/type/calendar_period.proto",
        "google/type/color.proto",
        "google/type/date.proto",
        "google/type/datetime.proto",
        "google/type/dayofweek.proto",
        "google/type/decimal.proto",
        "google/type/expr.proto",
        "google/type/fraction.proto",
        "google/type/interval.proto",
        "google/type/latlng.proto",
        "google/type/money.proto",
        "google/type/month.proto",
        "google/type/phone_number.proto",
        "google/type/postal_address.proto",
        "google/type/quaternion.proto",
        "google/type/timeofday.proto",
    };
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        ck_assert_msg(protobuf_known_file(paths[i]) != NULL, "%s", paths[i]);
        AUTO(protobuf_schema) schema = parse(protobuf_known_file(paths[i]));
        ck_assert(schema->root->message_count + schema->root->enum_count > 0);
    }
    ck_assert(protobuf_known_file("google/protobuf/other.proto") == NULL);
}
END_TEST

/* ---- message indexes ---- */

static const struct {
    const char *bytes;
    size_t len;
    const char *message; /* NULL: an error */
} indexes[] = {
    {"\x00", 1, "p.A"},
    {"\x02\x00", 2, "p.A"},
    {"\x02\x02", 2, "p.B"},
    {"\x04\x02\x00", 3, "p.B.C"},
    {"\x06\x02\x00\x02", 4, "p.B.C.E"},
    {"", 0, NULL},
    {"\x02", 1, NULL},
    {"\x02\x08", 2, NULL},
    {"\x04\x00\x00", 3, NULL},
    {"\x01", 1, NULL},
    {"\x80\x80\x80\x80\x80\x01", 6, NULL},
    {"\x02\x01", 2, NULL},
};

START_TEST(message_indexes) {
    AUTO(protobuf_schema)
    schema =
        parse("syntax = \"proto3\"; package p; message A {} message B { message C { message D {} message E {} } }");
    const struct protobuf_message *m = NULL;
    struct kc_error err = {0};
    size_t used;
    int result = protobuf_read_indexes(schema, (const uint8_t *)indexes[_i].bytes, indexes[_i].len, &used, &m, &err);
    ck_assert_int_eq(result, indexes[_i].message ? 0 : -1);
    if (result < 0)
        return;
    ck_assert_str_eq(m->full_name, indexes[_i].message);
    ck_assert_uint_eq(used, indexes[_i].len);
    AUTO_BUF out;
    buf_init(&out, SIZE_MAX);
    ck_assert(protobuf_add_indexes(&out, schema, m->full_name, false) == 0);
    if (_i == 1)
        ck_assert(out.len == 1 && out.data[0] == 0); /* the short form */
    else
        ck_assert(out.len == indexes[_i].len && memcmp(out.data, indexes[_i].bytes, out.len) == 0);
}
END_TEST

START_TEST(names) {
    static const char *const entries[][3] = {{"map", "mapEntry", "map"},        {"my_map", "MyMapEntry", "my_map"},
                                             {"myMap", "myMapEntry", "my_map"}, {"my_Map", "MyMapEntry", "my_map"},
                                             {"a__b", "ABEntry", "a_b"},        {"ABC", "ABCEntry", "a_b_c"},
                                             {"x9_y", "X9YEntry", "x9_y"},      {"_", "Entry", ""}};
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < COUNT_OF(entries); i++) {
        ck_assert_str_eq(protobuf_map_entry_name(arena, entries[i][0]), entries[i][1]);
        ck_assert_str_eq(protobuf_map_field_name(arena, entries[i][1]), entries[i][2]);
    }
    ck_assert_str_eq(protobuf_map_field_name(arena, "a.MyEntries"), "a.MyEntries");
    ck_assert_str_eq(protobuf_map_field_name(arena, "a.my_MapEntry"), "a.my__map");
    static const char *const scrubbed[][2] = {
        {"plain_1", "plain_1"}, {"my-field", "my_field"}, {"1st", "x1st"},        {"_a", "x_a"},
        {"a b", "a_b"},         {"\xC3\xA9", "_C3_A9"},   {"a/b.c*", "a_2Fb_c_"}, {"", ""}};
    for (size_t i = 0; i < COUNT_OF(scrubbed); i++)
        ck_assert_str_eq(protobuf_scrub_name(arena, scrubbed[i][0]), scrubbed[i][1]);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("protobuf_parse");
    TCase *tc = tcase_create("parse");
    tcase_add_test(tc, proto3_fields);
    tcase_add_test(tc, names_are_resolved_from_the_inside);
    tcase_add_test(tc, oneofs_come_first_and_entries_last);
    tcase_add_test(tc, proto2_defaults_and_groups);
    tcase_add_test(tc, editions);
    tcase_add_test(tc, imports);
    tcase_add_loop_test(tc, bad_text, 0, COUNT_OF(bad));
    tcase_add_test(tc, hostile_nesting);
    tcase_add_test(tc, serialized_descriptor);
    tcase_add_test(tc, written_text);
    tcase_add_test(tc, known_files_are_all_valid);
    tcase_add_loop_test(tc, message_indexes, 0, COUNT_OF(indexes));
    tcase_add_test(tc, names);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
