/* Validation and Struct.put against the vectors of Java. */
#include "connect/data/validate.h"

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/data/schema.h"
#include "tests/support/golden_run.h"

START_TEST(values) {
    struct golden_tally tally = {0};
    ck_assert_int_eq(golden_each("values.jsonl", "validate", golden_check, &tally), 84);
}
END_TEST

START_TEST(struct_put) {
    struct golden_tally tally = {0};
    ck_assert_int_eq(golden_each("values.jsonl", "struct_put", golden_check, &tally), 16);
}
END_TEST

/* A required field may be unset until somebody validates; a default makes unset fine, but not an explicit null. */
START_TEST(struct_validate) {
    AUTO(arena) arena = arena_new(0);
    struct kc_error err = {0};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_INT32);
    struct kc_value five = kc_int(KC_INT32, 5);
    ck_assert_int_eq(kc_schema_default(b, &five, &err), 0);
    const struct kc_schema *with_default = kc_schema_keep(arena, kc_schema_build(b));
    b = kc_schema_builder_new(KC_STRUCT);
    ck_assert_int_eq(kc_schema_add_field(b, "d", with_default, &err), 0);
    ck_assert_int_eq(kc_schema_add_field(b, "o", kc_schema_of(KC_STRING, true), &err), 0);
    ck_assert_int_eq(kc_schema_add_field(b, "r", kc_schema_of(KC_STRING, false), &err), 0);
    struct kc_value st = kc_struct_new(arena, kc_schema_keep(arena, kc_schema_build(b)));

    ck_assert_int_eq(validate_struct(st.st, &err), -1);
    ck_assert_str_eq(err.text, "Invalid value: null used for required field: \"r\", schema type: STRING");
    ck_assert_int_eq(kc_struct_put(&st, "r", kc_string("x"), &err), 0);
    ck_assert_int_eq(validate_struct(st.st, &err), 0);
    ck_assert_int_eq(kc_struct_put(&st, "d", kc_null(), &err), -1);
    ck_assert_int_eq(kc_struct_get(&st, "d")->i, 5);
    ck_assert_int_eq(kc_struct_get(&st, "o")->tag, KC_V_NULL);
    ck_assert_ptr_null(kc_struct_get(&st, "x"));
    ck_assert_int_eq(kc_struct_put(&st, "x", kc_null(), &err), -1);
    ck_assert_str_eq(err.text, "x is not a valid field name");
}
END_TEST

/* Text that was not taken apart is looked into, too. */
START_TEST(unexpanded) {
    AUTO(arena) arena = arena_new(0);
    struct kc_error err = {0};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_ARRAY);
    kc_schema_elements(b, NULL, kc_schema_of(KC_INT64, false));
    AUTO(schema) schema = kc_schema_build(b);
    struct kc_value v;
    ck_assert_int_eq(kc_value_from_json(arena, "[1,2]", 5, &v, &err), 0);
    ck_assert_int_eq(validate_value(schema, &v, "value", &err), 0);
    ck_assert_int_eq(kc_value_from_json(arena, "[1,true]", 8, &v, &err), 0);
    ck_assert_int_eq(validate_value(schema, &v, "value", &err), -1);
    ck_assert_str_eq(err.text, "Invalid Java object for schema with type INT64: class java.lang.Boolean for element of "
                               "array value");
    ck_assert_int_eq(kc_value_from_json(arena, "{}", 2, &v, &err), 0);
    ck_assert_int_eq(validate_value(schema, &v, "value", &err), -1);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("validate");
    TCase *tc = tcase_create("validate");
    tcase_add_test(tc, values);
    tcase_add_test(tc, struct_put);
    tcase_add_test(tc, struct_validate);
    tcase_add_test(tc, unexpanded);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
