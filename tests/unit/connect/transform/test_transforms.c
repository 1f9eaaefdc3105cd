/* What the golden vectors do not ask of transforms: values that are still JSON text, records that are tried again,
 * many records and schemas in a row, memory that others share, and limits. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/schema.h"
#include "connect/transform/builtin.h"
#include "tests/support/transform_run.h"

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- JSON text --------------------------------------------------------------------------------------------------- */

struct text_case {
    const struct kc_plugin *plugin;
    const char *pairs[7];
    const char *value, *expected;
};

static const struct text_case texts[] = {
    {&transform_cast_value,
     {"spec", "a:string,z:int8"},
     "{\"a\":1.50,\"b\":{\"c\":[1, 2]}}",
     "{\"a\":\"1.5\",\"b\":{\"c\":[1,2]},\"z\":null}"},
    {&transform_cast_value, {"spec", "string"}, "true", "\"true\""},
    {&transform_extract_field_value, {"field", "b"}, "{\"a\":1,\"b\":{\"c\":[1,2]}}", "{\"c\":[1,2]}"},
    {&transform_extract_field_value, {"field", "b"}, "{\"b\":1,\"a\":0,\"b\":2}", "2"},
    {&transform_flatten_value,
     {"delimiter", "_"},
     "{\"a\":{\"b\":{\"c\":1},\"d\":[{\"x\":1}]},\"e\":{}}",
     "{\"a_b_c\":1,\"a_d\":[{\"x\":1}]}"},
    {&transform_flatten_value, {"delimiter", "."}, "{\"a\":{\"b\":1},\"a.b\":2,\"c\":3}", "{\"a.b\":2,\"c\":3}"},
    {&transform_header_from_value,
     {"fields", "a", "headers", "h", "operation", "move"},
     "{\"a\":[1],\"b\":2}",
     "{\"b\":2}"},
    {&transform_hoist_field_value, {"field", "f"}, "{\"a\": [1, 2]}", "{\"f\":{\"a\":[1,2]}}"},
    {&transform_insert_field_value,
     {"offset.field", "o", "static.field", "a", "static.value", "s"},
     "{\"a\":1,\"b\":{\"c\": 1}}",
     "{\"a\":\"s\",\"b\":{\"c\":1},\"o\":42}"},
    {&transform_mask_field_value,
     {"fields", "a,b,c"},
     "{\"a\":{\"x\":1},\"b\":[1],\"c\":\"\\u00e4\",\"d\":{\"y\":1}}",
     "{\"a\":{},\"b\":[],\"c\":\"\",\"d\":{\"y\":1}}"},
    {&transform_replace_field_value,
     {"exclude", "a", "renames", "b:x"},
     "{\"a\":1,\"b\":{\"c\":1},\"d\":2}",
     "{\"x\":{\"c\":1},\"d\":2}"},
    {&transform_replace_field_value,
     {"renames", "z:y,a:b,b:a"},
     "{\"z\":1,\"a\":2,\"b\":3,\"c\":4}",
     "{\"y\":1,\"b\":2,\"a\":3,\"c\":4}"}, /* in the order of the input */
    {&transform_replace_field_value, {"renames", "b:c,a:c"}, "{\"b\":1,\"a\":2}", "{\"c\":1}"},
    {&transform_replace_field_value, {"renames", "a:b"}, "{\"b\":1,\"a\":2}", "{\"b\":1}"},
    {&transform_timestamp_converter_value,
     {"target.type", "string", "format", "yyyy", "field", "t"},
     "{\"t\":1577934245678,\"x\":[1]}",
     "{\"t\":\"2020\",\"x\":[1]}"},
    {&transform_value_to_key, {"fields", "a"}, "{\"a\":1}", "{\"a\":1}"},
    {&transform_set_schema_metadata_value, {"schema.name", "n"}, NULL, "null"},
};

START_TEST(test_json_text) {
    struct transform_run run;
    transform_run_init(&run, texts[_i].plugin, texts[_i].pairs);
    transform_run_json(&run, texts[_i].value, texts[_i].expected);
    transform_run_done(&run);
}
END_TEST

/* A few fields are picked from the text, many after it was taken apart. */
START_TEST(test_key_of_text) {
    static const char *const fields[] = {"b,n", "b,n,c,a"};
    static const char *const expected[] = {"{\"b\":[2],\"n\":null}", "{\"b\":[2],\"n\":null,\"c\":3,\"a\":1}"};
    for (int i = 0; i < 2; i++) {
        struct transform_run run;
        struct kc_error err = {0};
        struct kc_record r = {.topic = "t"};
        const char *text = "{\"a\":1,\"b\":[2],\"c\":3}";
        transform_run_init(&run, &transform_value_to_key, PAIRS("fields", fields[i]));
        ck_assert_int_eq(kc_value_from_json(run.arena, text, strlen(text), &r.value, &err), 0);
        ck_assert_int_eq(transform_run_one(&run, &r, &err), 0);
        ck_assert_str_eq(kc_value_to_json(run.arena, &r.key, NULL), expected[i]);
        ck_assert_int_eq(r.value.tag, KC_V_JSON); /* nobody asked for the whole */
        transform_run_done(&run);
    }
}
END_TEST

/* ---- Records that stay as they are ------------------------------------------------------------------------------- */

/* A map that the connector still holds is copied before it is changed. */
START_TEST(test_shared_map) {
    struct transform_run run;
    struct kc_error err = {0};
    struct kc_record r = {.topic = "t"};
    transform_run_init(&run, &transform_mask_field_value, PAIRS("fields", "a"));
    struct kc_value map = kc_map_new(run.arena, 1);
    kc_map_put(&map, "a", kc_string("secret"));
    r.value = map;
    ck_assert_int_eq(transform_run_one(&run, &r, &err), 0);
    ck_assert_str_eq(kc_value_to_json(run.arena, &r.value, NULL), "{\"a\":\"\"}");
    ck_assert_str_eq(kc_value_to_json(run.arena, &map, NULL), "{\"a\":\"secret\"}");
    transform_run_done(&run);
}
END_TEST

/* Headers that several records share are not changed in place. */
START_TEST(test_shared_headers) {
    struct transform_run run;
    struct kc_error err = {0};
    struct kc_header headers[] = {{"a", NULL, kc_null()}, {"b", NULL, kc_null()}};
    struct kc_record r = {.topic = "t", .headers = headers, .header_count = 2};
    transform_run_init(&run, &transform_drop_headers, PAIRS("headers", "a"));
    ck_assert_int_eq(transform_run_one(&run, &r, &err), 0);
    ck_assert_uint_eq(r.header_count, 1);
    ck_assert_str_eq(r.headers[0].key, "b");
    ck_assert_str_eq(headers[0].key, "a");
    transform_run_done(&run);
}
END_TEST

/* A struct of name, n (string) and more fields. */
static struct kc_value text_struct(struct kc_arena *arena, const char *name, const char *n) {
    struct kc_error err = {0};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, name);
    ck_assert_int_eq(kc_schema_add_field(b, "n", kc_schema_of(KC_STRING, false), &err), 0);
    ck_assert_int_eq(kc_schema_add_field(b, "z", kc_schema_of(KC_INT32, true), &err), 0);
    struct kc_value st = kc_struct_new(arena, kc_schema_keep(arena, kc_schema_build(b)));
    ck_assert_int_eq(kc_struct_put(&st, "n", kc_string(n), &err), 0);
    return st;
}

START_TEST(test_failed_record_is_unchanged) {
    struct transform_run run;
    struct kc_error err = {0};
    struct kc_record r = {.topic = "t"};
    transform_run_init(&run, &transform_cast_value, PAIRS("spec", "n:int32,z:string"));
    r.value = text_struct(run.arena, "s", "x");
    r.value_schema = r.value.st->schema;
    struct kc_record before = r;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(transform_run_one(&run, &r, &err), -1);
        ck_assert_str_eq(err.text, "Value (x) was out of range for requested data type");
        ck_assert_mem_eq(&r, &before, sizeof r);
    }
    transform_run_done(&run);
}
END_TEST

START_TEST(test_no_half_of_the_headers) {
    struct transform_run run;
    struct kc_error err = {0};
    struct kc_record r = {.topic = "t"};
    transform_run_init(&run, &transform_header_from_value,
                       PAIRS("fields", "n,nope", "headers", "a,b", "operation", "move"));
    r.value = text_struct(run.arena, "s", "x");
    r.value_schema = r.value.st->schema;
    struct kc_record before = r;
    ck_assert_int_eq(transform_run_one(&run, &r, &err), -1);
    ck_assert_str_eq(err.exception, "java.lang.NullPointerException");
    ck_assert_mem_eq(&r, &before, sizeof r);
    transform_run_done(&run);
}
END_TEST

/* A struct that is not of the schema of its record would be read beyond its end. */
START_TEST(test_struct_of_another_schema) {
    static const struct {
        const struct kc_plugin *plugin;
        const char *pairs[7];
    } cases[] = {
        {&transform_cast_value, {"spec", "n:string"}},
        {&transform_flatten_value, {"delimiter", "."}},
        {&transform_header_from_value, {"fields", "n", "headers", "h", "operation", "move"}},
        {&transform_timestamp_converter_value, {"target.type", "unix", "field", "z"}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct transform_run run;
        struct kc_error err = {0};
        struct kc_record r = {.topic = "t"};
        transform_run_init(&run, cases[i].plugin, cases[i].pairs);
        r.value = text_struct(run.arena, "s", "x");
        struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
        r.value_schema = kc_schema_keep(run.arena, kc_schema_build(b));
        ck_assert_int_eq(transform_run_one(&run, &r, &err), -1);
        ck_assert_str_eq(err.text, "Struct schemas do not match.");
        transform_run_done(&run);
    }
}
END_TEST

/* ---- Many ----------------------------------------------------------------------------------------------------------
 */

enum { MANY = 100 };

/* More schemas in a batch than are remembered, over several batches, with memory that is used again. */
START_TEST(test_many_schemas) {
    static const struct {
        const struct kc_plugin *plugin;
        const char *pairs[7];
    } cases[] = {
        {&transform_cast_value, {"spec", "n:int64"}},
        {&transform_flatten_value, {"delimiter", "."}},
        {&transform_hoist_field_value, {"field", "f"}},
        {&transform_insert_field_value, {"topic.field", "t"}},
        {&transform_replace_field_value, {"renames", "n:m"}},
        {&transform_set_schema_metadata_value, {"schema.version", "2"}},
    };
    size_t alive = schema_alive();
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct transform_run run;
        transform_run_init(&run, cases[c].plugin, cases[c].pairs);
        for (int batch_number = 0; batch_number < 3; batch_number++) {
            struct kc_error err = {0};
            struct kc_record records[MANY];
            struct kc_batch batch = {run.arena, records, MANY, MANY};
            memset(records, 0, sizeof records);
            for (int i = 0; i < MANY; i++) {
                records[i].topic = "t";
                records[i].value = text_struct(run.arena, kc_arena_printf(run.arena, "s%d", i % 40), "12");
                records[i].value_schema = records[i].value.st->schema;
            }
            records[7].dropped = records[8].skipped = true;
            ck_assert_uint_eq(run.plugin->transformation->apply(run.self, &batch, 0, &err), MANY);
            for (int i = 0; i < MANY; i++) {
                ck_assert_ptr_eq(records[i].value.st->schema, records[i].value_schema);
                ck_assert(strstr(kc_value_to_json(run.arena, &records[i].value, NULL), "12"));
            }
            ck_assert_str_eq(records[8].value_schema->name, "s8");
            arena_reset(run.arena);
        }
        transform_run_done(&run);
    }
    ck_assert_uint_eq(schema_alive(), alive);
}
END_TEST

START_TEST(test_router_per_hour) {
    struct transform_run run;
    struct kc_error err = {0};
    struct kc_record records[4];
    static const int64_t times[] = {0, 3599999, 3600000, 3600000};
    static const char *const expected[] = {"a-00", "a-00", "a-01", "b-01"};
    transform_run_init(&run, &transform_timestamp_router, PAIRS("timestamp.format", "HH"));
    struct kc_batch batch = {run.arena, records, 4, 4};
    memset(records, 0, sizeof records);
    for (int i = 0; i < 4; i++) {
        records[i].topic = i < 3 ? "a" : "b";
        records[i].timestamp = times[i];
    }
    ck_assert_uint_eq(run.plugin->transformation->apply(run.self, &batch, 0, &err), 4);
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(records[i].topic, expected[i]);
    ck_assert_ptr_eq(records[0].topic, records[1].topic);
    transform_run_done(&run);
}
END_TEST

/* What a record without a timestamp looks like in the error, headers and schemas included. */
START_TEST(test_router_without_timestamp) {
    struct transform_run run;
    struct kc_error err = {0};
    struct kc_record r = {.topic = "t", .partition = -1, .timestamp = KC_NO_TIMESTAMP};
    transform_run_init(&run, &transform_timestamp_router, PAIRS("timestamp.format", "HH"));
    r.value = text_struct(run.arena, "s", "x");
    r.value_schema = r.value.st->schema;
    kc_record_add_header(run.arena, &r, "h", kc_schema_of(KC_INT8, false), kc_int(KC_INT8, 1));
    kc_record_add_header(run.arena, &r, "i", NULL, kc_null());
    ck_assert_int_eq(transform_run_one(&run, &r, &err), -1);
    ck_assert_str_eq(err.text,
                     "Timestamp missing on record: SourceRecord{sourceOffset=null} ConnectRecord{topic='t', "
                     "kafkaPartition=null, key=null, keySchema=null, value=Struct{n=x}, valueSchema=Schema{s:STRUCT}, "
                     "timestamp=null, headers=ConnectHeaders(headers=[ConnectHeader(key=h, value=1, "
                     "schema=Schema{INT8}), ConnectHeader(key=i, value=null, schema=null)])}");
    transform_run_done(&run);
}
END_TEST

/* ---- Limits ------------------------------------------------------------------------------------------------------ */

/* 900 levels with long names in 2 MB of text would take 900 MB of flattened names. */
START_TEST(test_flatten_deep_names) {
    enum { LEVELS = 900, NAME = 2000 };
    struct transform_run run;
    struct kc_error err = {0};
    struct kc_record r = {.topic = "t"};
    char name[NAME + 1];
    memset(name, 'n', NAME);
    name[NAME] = '\0';
    AUTO_BUF text;
    buf_init(&text, (size_t)LEVELS * (NAME + 20));
    for (int i = 0; i < LEVELS; i++)
        buf_printf(&text, "{\"x\":1,\"%s\":", name);
    buf_add_char(&text, '1');
    for (int i = 0; i < LEVELS; i++)
        buf_add_char(&text, '}');
    ck_assert(!text.failed);
    transform_run_init(&run, &transform_flatten_value, PAIRS("delimiter", "."));
    ck_assert_int_eq(kc_value_from_json(run.arena, buf_text(&text), text.len, &r.value, &err), 0);
    ck_assert_int_eq(transform_run_one(&run, &r, &err), -1);
    ck_assert_str_eq(err.text, "The names of the flattened fields take more than 67108864 bytes");
    transform_run_done(&run);
}
END_TEST

START_TEST(test_cast_text_with_nul) {
    struct transform_run run;
    struct kc_error err = {0};
    struct kc_record r = {.topic = "t", .value = kc_text("5\0", 2)};
    transform_run_init(&run, &transform_cast_value, PAIRS("spec", "int8"));
    ck_assert_int_eq(transform_run_one(&run, &r, &err), -1);
    r.value = kc_text("5", 1);
    ck_assert_int_eq(transform_run_one(&run, &r, &err), 0);
    ck_assert_int_eq(r.value.i, 5);
    transform_run_done(&run);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("transforms");
    TCase *tc = tcase_create("transforms");
    tcase_add_loop_test(tc, test_json_text, 0, COUNT_OF(texts));
    tcase_add_test(tc, test_key_of_text);
    tcase_add_test(tc, test_shared_map);
    tcase_add_test(tc, test_shared_headers);
    tcase_add_test(tc, test_failed_record_is_unchanged);
    tcase_add_test(tc, test_no_half_of_the_headers);
    tcase_add_test(tc, test_struct_of_another_schema);
    tcase_add_test(tc, test_many_schemas);
    tcase_add_test(tc, test_router_per_hour);
    tcase_add_test(tc, test_router_without_timestamp);
    tcase_add_test(tc, test_flatten_deep_names);
    tcase_add_test(tc, test_cast_text_with_nul);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
