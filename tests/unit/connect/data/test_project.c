/* Schema projection against the vectors of Java. */
#include "connect/data/project.h"

#include "connect/base/arena.h"
#include "tests/support/golden_run.h"

START_TEST(vectors) {
    struct golden_tally tally = {0};
    ck_assert_int_eq(golden_each("values.jsonl", "project", golden_check, &tally), 22);
}
END_TEST

START_TEST(missing_required_field) {
    AUTO(arena) arena = arena_new(0);
    struct kc_error err = {0};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, "R");
    const struct kc_schema *source = kc_schema_keep(arena, kc_schema_build(b));
    b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, "R");
    ck_assert_int_eq(kc_schema_add_field(b, "x", kc_schema_of(KC_INT8, false), &err), 0);
    const struct kc_schema *target = kc_schema_keep(arena, kc_schema_build(b));
    struct kc_value v = kc_struct_new(arena, source), projected = kc_null();
    ck_assert_int_eq(project_value(arena, source, &v, target, &projected, &err), -1);
    ck_assert_str_eq(err.exception, SCHEMA_PROJECTOR_EXCEPTION);
    ck_assert_str_eq(err.text, "Required field `x` is missing from source schema: Schema{R:STRUCT}");
    ck_assert_int_eq(projected.tag, KC_V_NULL);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("project");
    TCase *tc = tcase_create("project");
    tcase_add_test(tc, vectors);
    tcase_add_test(tc, missing_required_field);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
