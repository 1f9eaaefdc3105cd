/* The background thread: order, repetition, intervals, end. */
#include "connectors/mirror/jobs.h"

#include <pthread.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "tests/support/suite.h"

struct fixture {
    atomic_int first, second, often, once_later;
    int fail_first;
    struct jobs *jobs;
};

static int first(void *arg, struct kc_error *err) {
    struct fixture *f = arg;
    return atomic_fetch_add(&f->first, 1) < f->fail_first ? err_set(err, ERR_TIMEOUT, "not yet") : 0;
}

static int second(void *arg, struct kc_error *err) {
    struct fixture *f = arg;
    (void)err;
    ck_assert_int_gt(atomic_load(&f->first), 0);
    atomic_fetch_add(&f->second, 1);
    return 0;
}

static int often(void *arg, struct kc_error *err) {
    struct fixture *f = arg;
    ck_assert_int_eq(atomic_load(&f->second), 1);
    atomic_fetch_add(&f->often, 1);
    return err_set(err, ERR_TIMEOUT, "always fails");
}

static int never(void *arg, struct kc_error *err) {
    (void)err;
    atomic_fetch_add(&((struct fixture *)arg)->once_later, 1);
    return 0;
}

START_TEST(test_order_and_intervals) {
    struct fixture f = {0};
    struct kc_error err = {0};
    log_set_level("root", LOG_OFF);
    f.jobs = jobs_new("test", &f, 1000);
    jobs_first(f.jobs, "first", first);
    jobs_first(f.jobs, "second", second);
    jobs_every(f.jobs, "often", 20, true, often);
    jobs_every(f.jobs, "later", 3600 * 1000, false, never);
    jobs_every(f.jobs, "never", -1000, true, never);
    ck_assert_int_eq(jobs_start(f.jobs, &err), 0);
    ck_assert(jobs_wait_first(f.jobs, 10000));
    for (int64_t end = clock_ms() + 10000; atomic_load(&f.often) < 3 && clock_ms() < end;)
        clock_sleep_ms(5);
    ck_assert_int_ge(atomic_load(&f.often), 3);
    jobs_free(f.jobs);
    ck_assert_int_eq(atomic_load(&f.second), 1);
    ck_assert_int_eq(atomic_load(&f.once_later), 0);
}
END_TEST

START_TEST(test_failed_first_is_repeated) {
    struct fixture f = {.fail_first = 1};
    struct kc_error err = {0};
    log_set_level("root", LOG_OFF);
    f.jobs = jobs_new("test", &f, 1000);
    jobs_first(f.jobs, "first", first);
    jobs_first(f.jobs, "second", second);
    ck_assert_int_eq(jobs_start(f.jobs, &err), 0);
    ck_assert(jobs_wait_first(f.jobs, 10000));
    for (int64_t end = clock_ms() + 20000; atomic_load(&f.first) < 2 && clock_ms() < end;)
        clock_sleep_ms(10);
    ck_assert_int_eq(atomic_load(&f.first), 2);
    int64_t before = clock_ms();
    jobs_free(f.jobs);
    ck_assert_int_lt(clock_ms() - before, 2000);
    ck_assert_int_eq(atomic_load(&f.first), 2);
    ck_assert_int_eq(atomic_load(&f.second), 1); /* whether or not the first one succeeds */
    jobs_free(NULL);
}
END_TEST

START_TEST(test_end_interrupts) {
    struct fixture f = {.fail_first = 1000};
    struct kc_error err = {0};
    log_set_level("root", LOG_OFF);
    f.jobs = jobs_new("test", &f, 1000);
    jobs_first(f.jobs, "first", first);
    ck_assert_int_eq(jobs_start(f.jobs, &err), 0);
    jobs_free(f.jobs);
    ck_assert_int_le(atomic_load(&f.first), 1);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("mirror jobs");
    TCase *tc = tcase_create("jobs");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_order_and_intervals);
    tcase_add_test(tc, test_failed_first_is_repeated);
    tcase_add_test(tc, test_end_interrupts);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
