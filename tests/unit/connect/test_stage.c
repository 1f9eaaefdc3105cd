/* What people read when their request timed out. */
#include "connect/stage.h"

#include "connect/base/clock.h"
#include "tests/support/suite.h"

START_TEST(instants) {
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{1738311330000, "2025-01-31T08:15:30Z"},
                {1738311330007, "2025-01-31T08:15:30.007Z"},
                {0, "1970-01-01T00:00:00Z"}};
    char out[32];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        stage_instant(rows[i].ms, out, sizeof(out));
        ck_assert_str_eq(out, rows[i].text);
    }
}
END_TEST

START_TEST(current_and_last) {
    clock_fake_ms(1738311330000);
    AUTO(stage) s = stage_new();
    AUTO_TEXT first = stage_summary(s);
    ck_assert_str_eq(first, "The worker is currently awaiting startup, which began at 2025-01-31T08:15:30Z.");
    stage_begin(s, "stopping connector %s", "x");
    clock_fake_ms(1738311331500);
    stage_end(s);
    clock_fake_ms(1738311339000);
    stage_end(s); /* does not move the end */
    AUTO_TEXT last = stage_summary(s);
    ck_assert_str_eq(last, "The last operation the worker completed was stopping connector x, which began at "
                           "2025-01-31T08:15:30Z and completed at 2025-01-31T08:15:31.500Z.");
    clock_fake_ms(-1);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("stage");
    TCase *tc = tcase_create("stage");
    tcase_add_test(tc, instants);
    tcase_add_test(tc, current_and_last);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
