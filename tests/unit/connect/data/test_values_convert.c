/* Values.convertTo…, convertToString and inferSchema against what Java answers. */
#include "connect/data/values_convert.h"
#include "tests/support/suite.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/data/schema.h"
#include "connect/data/values_text.h"
#include "tests/support/golden_value.h"

static const struct {
    const char *op;
    enum kc_type type;
    enum logical logical;
} targets[] = {
    {"convertToBoolean", KC_BOOLEAN, LOGICAL_NONE},  {"convertToByte", KC_INT8, LOGICAL_NONE},
    {"convertToShort", KC_INT16, LOGICAL_NONE},      {"convertToInteger", KC_INT32, LOGICAL_NONE},
    {"convertToLong", KC_INT64, LOGICAL_NONE},       {"convertToFloat", KC_FLOAT32, LOGICAL_NONE},
    {"convertToDouble", KC_FLOAT64, LOGICAL_NONE},   {"convertToString", KC_STRING, LOGICAL_NONE},
    {"convertToList", KC_ARRAY, LOGICAL_NONE},       {"convertToMap", KC_MAP, LOGICAL_NONE},
    {"convertToStruct", KC_STRUCT, LOGICAL_NONE},    {"convertToDate", KC_INT32, LOGICAL_DATE},
    {"convertToTime", KC_INT32, LOGICAL_TIME},       {"convertToTimestamp", KC_INT64, LOGICAL_TIMESTAMP},
    {"convertToDecimal", KC_BYTES, LOGICAL_DECIMAL},
};

static const struct kc_schema *target_schema(struct kc_arena *arena, int target, const cJSON *vector) {
    int64_t scale = 0;
    json_get_int(vector, "scale", &scale);
    if (targets[target].logical != LOGICAL_NONE)
        return kc_schema_keep(arena, schema_of_logical(targets[target].logical, (int32_t)scale, false));
    if (targets[target].type < KC_ARRAY)
        return kc_schema_of(targets[target].type, true);
    const struct kc_schema *string = kc_schema_of(KC_STRING, false);
    struct kc_schema_builder *b = kc_schema_builder_new(targets[target].type);
    if (targets[target].type != KC_STRUCT)
        kc_schema_elements(b, targets[target].type == KC_MAP ? string : NULL, string);
    return kc_schema_keep(arena, kc_schema_build(b));
}

struct run {
    int target, count;
};

static void check(const cJSON *vector, void *arg) {
    struct run *run = arg;
    run->count++;
    if (golden_has_utf16(vector))
        return;
    AUTO(arena) arena = arena_new(0);
    const struct kc_schema *from;
    struct kc_value in, out = kc_null();
    golden_pair(arena, cJSON_GetObjectItem(vector, "in"), &from, &in);
    struct kc_error err = {0};
    int rc = values_convert(arena, target_schema(arena, run->target, vector), from, &in, &out, &err);
    if (!golden_expect_error(vector, rc < 0, &err))
        golden_expect_value(golden_id(vector), targets[run->target].type == KC_STRUCT ? from : NULL,
                            cJSON_GetObjectItem(golden_answer(vector), "out"), &out);
}

START_TEST(conversions) {
    struct run run = {.target = _i};
    ck_assert_int_ge(golden_each("values.jsonl", targets[_i].op, check, &run), 15);
}
END_TEST

static void check_infer(const cJSON *vector, void *arg) {
    ++*(int *)arg;
    AUTO(arena) arena = arena_new(0);
    struct kc_value in = golden_value(arena, NULL, cJSON_GetObjectItem(vector, "in"));
    const struct kc_schema *schema = NULL;
    struct kc_error err = {0};
    int rc = values_infer_schema(arena, &in, &schema, &err);
    struct kc_value null = kc_null();
    if (golden_expect_error(vector, rc < 0, &err))
        return;
    AUTO(json) pair = cJSON_CreateObject();
    cJSON_AddItemToObject(pair, "schema", cJSON_Duplicate(cJSON_GetObjectItem(golden_answer(vector), "out"), true));
    cJSON_AddNullToObject(pair, "value");
    golden_expect_pair(golden_id(vector), pair, schema, &null);
}

START_TEST(inferred) {
    int count = 0;
    ck_assert_int_eq(golden_each("values.jsonl", "inferSchema", check_infer, &count), 40);
}
END_TEST

START_TEST(schemaless_json_is_opened) {
    AUTO(arena) arena = arena_new(0);
    static const char json[] = "{\"a\":[1,{\"b\":null}],\"c\":\"x\\\"y\"}";
    struct kc_value v, text;
    struct kc_error err = {0};
    ck_assert_int_eq(kc_value_from_json(arena, json, strlen(json), &v, &err), 0);
    ck_assert_int_eq(values_to_string(arena, &v, &text, &err), 0);
    ck_assert_str_eq(kc_arena_copy(arena, text.s, text.len), "{\"a\":[1,{\"b\":null}],\"c\":\"x\\\"y\"}");
    struct kc_value map;
    ck_assert_int_eq(values_convert(arena, target_schema(arena, 9, NULL), NULL, &v, &map, &err), 0);
    ck_assert_int_eq(map.tag, KC_V_MAP);
    ck_assert_int_eq(values_convert(arena, target_schema(arena, 8, NULL), NULL, &v, &map, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "Unable to convert {a=[1, {b=null}], c=x\"y} (class "));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("values_convert");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, conversions, 0, (int)COUNT_OF(targets));
    tcase_add_test(tcase, inferred);
    tcase_add_test(tcase, schemaless_json_is_opened);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
