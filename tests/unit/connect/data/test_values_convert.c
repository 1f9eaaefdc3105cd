/* Values.convertTo…, convertToString and inferSchema against what Java answers. */
#include "connect/data/values_convert.h"
#include "tests/support/suite.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/data/schema.h"
#include "connect/data/values_text.h"
#include "tests/support/golden_run.h"

static const char *const ops[] = {
    "convertToBoolean", "convertToByte",      "convertToShort",   "convertToInteger",
    "convertToLong",    "convertToFloat",     "convertToDouble",  "convertToString",
    "convertToList",    "convertToMap",       "convertToStruct",  "convertToDate",
    "convertToTime",    "convertToTimestamp", "convertToDecimal", "inferSchema",
};

static const struct kc_schema *container(struct kc_arena *arena, enum kc_type type) {
    const struct kc_schema *string = kc_schema_of(KC_STRING, false);
    struct kc_schema_builder *b = kc_schema_builder_new(type);
    kc_schema_elements(b, type == KC_MAP ? string : NULL, string);
    return kc_schema_keep(arena, kc_schema_build(b));
}

START_TEST(conversions) {
    struct golden_tally tally = {0};
    ck_assert_int_ge(golden_each("values.jsonl", ops[_i], golden_check, &tally), 15);
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
    ck_assert_int_eq(values_convert(arena, container(arena, KC_MAP), NULL, &v, &map, &err), 0);
    ck_assert_int_eq(map.tag, KC_V_MAP);
    ck_assert_int_eq(values_convert(arena, container(arena, KC_ARRAY), NULL, &v, &map, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "Unable to convert {a=[1, {b=null}], c=x\"y} (class "));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("values_convert");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, conversions, 0, (int)COUNT_OF(ops));
    tcase_add_test(tcase, schemaless_json_is_opened);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
