/* Retry, skip, fail: what becomes of a record that a stage could not take. */
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/task/tolerance.h"
#include "tests/support/suite.h"

enum { RECORDS = 5 };

static struct tolerance tol;
static struct kc_record records[RECORDS];
static struct kc_batch batch;
static struct {
    int waits, reports;
    int64_t waited_ms;
    bool stopping;
    uint32_t index;
    enum error_stage stage;
    char text[KC_ERROR_TEXT];
} seen;

static bool fake_wait(void *arg, int64_t ms) {
    (void)arg;
    seen.waits++;
    seen.waited_ms += ms;
    clock_sleep_ms(ms); /* the fake clock moves on */
    return !seen.stopping;
}

static void fake_report(void *arg, const struct kc_batch *b, uint32_t index, const struct failure *failure) {
    (void)arg;
    ck_assert_ptr_eq(b->records, records);
    seen.reports++;
    seen.index = index;
    seen.stage = failure->stage;
    snprintf(seen.text, sizeof seen.text, "%s", failure->err->text);
}

static void fake_where(void *arg, const struct kc_batch *b, uint32_t index, char *ret_text, size_t size) {
    (void)arg, (void)b;
    snprintf(ret_text, size, "offset %u", (unsigned)index);
}

static void set_up(void) {
    clock_fake_ms(1000000);
    memset(&seen, 0, sizeof seen);
    memset(records, 0, sizeof records);
    batch = (struct kc_batch){.records = records, .count = RECORDS, .capacity = RECORDS};
    tol =
        (struct tolerance){.retry_delay_max_ms = 60000, .wait = fake_wait, .report = fake_report, .where = fake_where};
    tolerance_begin(&tol);
}

static void tear_down(void) {
    clock_fake_ms(-1);
}

static void fail_with(const char *exception, uint32_t index, enum error_stage stage) {
    struct kc_error err = {0};
    kc_fail(&err, exception, "wrong with %u", (unsigned)index);
    tolerance_failed(&tol, &batch, index, stage, "test.Stage", &err);
}

START_TEST(test_backoff) {
    static const struct {
        unsigned attempt;
        int64_t max_ms, left_ms, delay_ms; /* -1: random below max_ms */
    } rows[] = {
        {0, 60000, -1, 300}, {1, 60000, -1, 600}, {2, 60000, -1, 1200}, {7, 60000, -1, 38400},
        {8, 60000, -1, -1},  {50, 60000, -1, -1}, {0, 60000, 100, 100}, {3, 60000, 5000, 2400},
        {0, 0, -1, 0},       {0, 300, -1, 300},   {1, 300, -1, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int n = 0; n < 100; n++) {
            int64_t delay = tolerance_backoff_ms(rows[i].attempt, rows[i].max_ms, rows[i].left_ms);
            if (rows[i].delay_ms >= 0)
                ck_assert_int_eq(delay, rows[i].delay_ms);
            else
                ck_assert(delay >= 0 && delay < rows[i].max_ms);
        }
}
END_TEST

START_TEST(test_tolerated) {
    tol.all = true;
    fail_with(KC_DATA_EXCEPTION, 2, STAGE_VALUE_CONVERTER);
    ck_assert(records[2].dropped);
    ck_assert_uint_eq(batch.count, RECORDS);
    ck_assert_int_eq(seen.reports, 1);
    ck_assert_uint_eq(seen.index, 2);
    ck_assert_str_eq(seen.text, "wrong with 2");
    ck_assert_int_eq(seen.waits, 0);
    struct kc_error err = {0};
    ck_assert_int_eq(tolerance_end(&tol, &batch, &err), 0);
}
END_TEST

START_TEST(test_not_tolerated) {
    struct kc_error err = {0};
    fail_with(KC_DATA_EXCEPTION, 3, STAGE_KEY_CONVERTER);
    ck_assert_uint_eq(batch.count, 3);
    ck_assert_int_eq(seen.reports, 0); /* an earlier one may yet fail */
    fail_with("java.lang.NullPointerException", 1, STAGE_TRANSFORMATION);
    ck_assert_uint_eq(batch.count, 1);
    ck_assert(tolerance_cut(&tol));
    ck_assert_int_eq(tolerance_end(&tol, &batch, &err), -1);
    ck_assert_int_eq(seen.reports, 1);
    ck_assert_uint_eq(seen.index, 1);
    ck_assert_int_eq(seen.stage, STAGE_TRANSFORMATION);
    ck_assert_str_eq(seen.text, "wrong with 1");
    ck_assert_str_eq(err.exception, KC_CONNECT_EXCEPTION);
    ck_assert_str_eq(err.text, "Tolerance exceeded in error handler");
    ck_assert_str_eq(err.cause, "java.lang.NullPointerException: wrong with 1 (offset 1)");
    ck_assert(!tolerance_cut(&tol));
}
END_TEST

/* Two transforms of one class: the second has the whole time, whatever the first one used. */
START_TEST(test_another_operation_of_the_same_record) {
    tol.retry_timeout_ms = 500;
    fail_with(KC_RETRIABLE_EXCEPTION, 2, STAGE_TRANSFORMATION);
    ck_assert_int_eq(seen.waited_ms, 300);
    tolerance_next_operation(&tol);
    fail_with(KC_RETRIABLE_EXCEPTION, 2, STAGE_TRANSFORMATION);
    ck_assert_int_eq(seen.waited_ms, 600);
    fail_with(KC_RETRIABLE_EXCEPTION, 2, STAGE_TRANSFORMATION);
    ck_assert_int_eq(seen.waited_ms, 800); /* what is left of 500 */
    ck_assert(!tolerance_cut(&tol));
}
END_TEST

START_TEST(test_retries_until_the_time_is_over) {
    struct kc_error err = {0};
    tol.retry_timeout_ms = 1000;
    for (int i = 0; i < 3; i++) { /* 300, 600, the remaining 100 */
        fail_with(KC_RETRIABLE_EXCEPTION, 0, STAGE_TRANSFORMATION);
        ck_assert_uint_eq(batch.count, RECORDS);
    }
    ck_assert_int_eq(seen.waits, 3);
    ck_assert_int_eq(seen.waited_ms, 1000);
    fail_with(KC_RETRIABLE_EXCEPTION, 0, STAGE_TRANSFORMATION);
    ck_assert_int_eq(seen.waits, 3);
    ck_assert_uint_eq(batch.count, 0); /* unlike Java, which drops the record even with errors.tolerance=none */
    ck_assert_int_eq(tolerance_end(&tol, &batch, &err), -1);
}
END_TEST

START_TEST(test_each_record_has_its_own_time) {
    tol.retry_timeout_ms = 300;
    tol.all = true;
    for (uint32_t i = 0; i < 3; i++) {
        fail_with(KC_RETRIABLE_EXCEPTION, i, STAGE_TRANSFORMATION);
        ck_assert(!records[i].dropped);
        fail_with(KC_RETRIABLE_EXCEPTION, i, STAGE_TRANSFORMATION);
        ck_assert(records[i].dropped);
    }
    ck_assert_int_eq(seen.waits, 3);
    ck_assert_int_eq(seen.reports, 3);
}
END_TEST

START_TEST(test_retries_for_ever_until_stopped) {
    tol.retry_timeout_ms = _i ? INT64_MAX : -1; /* the longest time is as good as for ever */
    tol.retry_delay_max_ms = 1000;
    for (int i = 0; i < 50; i++)
        fail_with(KC_RETRIABLE_EXCEPTION, 4, STAGE_VALUE_CONVERTER);
    ck_assert_int_eq(seen.waits, 50);
    ck_assert_uint_eq(batch.count, RECORDS);
    seen.stopping = true;
    fail_with(KC_RETRIABLE_EXCEPTION, 4, STAGE_VALUE_CONVERTER);
    ck_assert_uint_eq(batch.count, 4);
}
END_TEST

/* A stop in the middle of the retries skips nothing and fails nothing, whatever is tolerated. */
START_TEST(test_stop_while_retrying) {
    for (int all = 0; all < 2; all++) {
        struct kc_error err = {0};
        set_up();
        tol.all = all;
        tol.retry_timeout_ms = 10000;
        seen.stopping = true;
        fail_with(KC_RETRIABLE_EXCEPTION, 3, STAGE_TRANSFORMATION);
        ck_assert_uint_eq(batch.count, 3);
        ck_assert(!records[3].dropped);
        ck_assert_int_eq(tolerance_end(&tol, &batch, &err), 0);
        ck_assert_int_eq(seen.reports, 0);
        ck_assert_int_eq(error_counts_get(&tol.counts, COUNT_RECORD_ERRORS), 0);
    }
}
END_TEST

/* The table of RetryWithToleranceOperator (transforms 6.3): failures, errors, skipped, retries. */
START_TEST(test_counts) {
    static const struct {
        bool all;
        const char *exception;
        int64_t timeout_ms;
        int attempts; /* that fail */
        int64_t failures, errors, skipped, retries;
    } rows[] = {
        {false, KC_DATA_EXCEPTION, 0, 1, 1, 1, 0, 0},
        {true, KC_DATA_EXCEPTION, 0, 1, 1, 1, 1, 0},
        {false, KC_RETRIABLE_EXCEPTION, 0, 1, 1, 1, 0, 0}, /* Java skips it */
        {true, KC_RETRIABLE_EXCEPTION, 0, 1, 1, 1, 1, 0},
        {false, KC_RETRIABLE_EXCEPTION, 900, 2, 2, 0, 0, 2},
        {true, KC_RETRIABLE_EXCEPTION, 900, 3, 3, 1, 1, 2},
        {true, "java.lang.NullPointerException", 900, 1, 1, 1, 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kc_error err = {0};
        set_up();
        tol.all = rows[i].all;
        tol.retry_timeout_ms = rows[i].timeout_ms;
        for (int n = 0; n < rows[i].attempts; n++)
            fail_with(rows[i].exception, 0, STAGE_VALUE_CONVERTER);
        (void)tolerance_end(&tol, &batch, &err);
        ck_assert_int_eq(error_counts_get(&tol.counts, COUNT_RECORD_FAILURES), rows[i].failures);
        ck_assert_int_eq(error_counts_get(&tol.counts, COUNT_RECORD_ERRORS), rows[i].errors);
        ck_assert_int_eq(error_counts_get(&tol.counts, COUNT_RECORDS_SKIPPED), rows[i].skipped);
        ck_assert_int_eq(error_counts_get(&tol.counts, COUNT_RETRIES), rows[i].retries);
        ck_assert_int_eq(error_counts_get(&tol.counts, COUNT_LAST_ERROR_MS) > 0, rows[i].errors > 0);
    }
}
END_TEST

START_TEST(test_names_of_counts) {
    ck_assert_str_eq(error_count_name(COUNT_RECORD_FAILURES), "total-record-failures");
    for (int i = 0; i < ERROR_COUNTS; i++)
        ck_assert_ptr_nonnull(error_count_name((enum error_count)i));
}
END_TEST

START_TEST(test_only_connects_own_class_is_retried) {
    tol.retry_timeout_ms = -1;
    tol.all = true;
    struct kc_error err = {0};
    err_set_class(&err, ERR_TIMEOUT, "org.apache.kafka.common.errors.TimeoutException", "slow");
    ck_assert(err.retriable);
    tolerance_failed(&tol, &batch, 0, STAGE_VALUE_CONVERTER, "test.Stage", &err);
    ck_assert_int_eq(seen.waits, 0);
    ck_assert(records[0].dropped);
}
END_TEST

START_TEST(test_long_text_keeps_the_place) {
    struct kc_error err = {0};
    memset(err.text, 'x', sizeof err.text - 1);
    snprintf(err.exception, sizeof err.exception, "%s", KC_DATA_EXCEPTION);
    tolerance_failed(&tol, &batch, 0, STAGE_VALUE_CONVERTER, "test.Stage", &err);
    ck_assert_int_eq(tolerance_end(&tol, &batch, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.cause, "xxx"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("tolerance");
    TCase *tc = tcase_create("tolerance");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_backoff);
    tcase_add_test(tc, test_tolerated);
    tcase_add_test(tc, test_not_tolerated);
    tcase_add_test(tc, test_another_operation_of_the_same_record);
    tcase_add_test(tc, test_retries_until_the_time_is_over);
    tcase_add_test(tc, test_each_record_has_its_own_time);
    tcase_add_loop_test(tc, test_retries_for_ever_until_stopped, 0, 2);
    tcase_add_test(tc, test_stop_while_retrying);
    tcase_add_test(tc, test_counts);
    tcase_add_test(tc, test_names_of_counts);
    tcase_add_test(tc, test_only_connects_own_class_is_retried);
    tcase_add_test(tc, test_long_text_keeps_the_place);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
