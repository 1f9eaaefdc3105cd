/* The String, ByteArray, number and Boolean converters against every vector of Java's. */
#include "tests/support/golden_run.h"

static const char *const ops[] = {"from", "to"};

START_TEST(vectors) {
    struct golden_tally tally = {0};
    ck_assert_int_gt(golden_each("simple_converters.jsonl", ops[_i], golden_check, &tally), 150);
    ck_assert_int_le(tally.left_out, 2); /* unpaired surrogates */
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("simple_converters");
    TCase *tc = tcase_create("simple_converters");
    tcase_add_checked_fixture(tc, golden_set_up, golden_tear_down);
    tcase_add_loop_test(tc, vectors, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
