/* The text format of metrics: names, types, escapes. What the numbers mean is tested with a worker that works. */
#include "connect/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/suite.h"

START_TEST(one_sample) {
    AUTO_BUF out;
    buf_init(&out, 4096);
    metrics_add(&out, "worker_ready", "gauge", "Ready.", 1);
    ck_assert_str_eq(buf_text(&out), "# HELP kafka_connect_worker_ready Ready.\n# TYPE kafka_connect_worker_ready "
                                     "gauge\nkafka_connect_worker_ready 1\n");
}
END_TEST

static double value_of(const struct buf *out, const char *name) {
    const char *line = strstr(buf_text(out), name);
    ck_assert_msg(line != NULL, "%s is missing", name);
    return strtod(line + strlen(name), NULL);
}

START_TEST(the_process) {
    AUTO_BUF out;
    buf_init(&out, 1 << 16);
    metrics_add_process(&out);
    ck_assert(value_of(&out, "\nprocess_resident_memory_bytes ") > 100000);
    ck_assert(value_of(&out, "\nprocess_open_fds ") >= 3);
    double start_s = value_of(&out, "\nprocess_start_time_seconds "), now_s = (double)time(NULL);
    ck_assert_msg(start_s > now_s - 600 && start_s < now_s + 2, "started at %f, now is %f", start_s, now_s);
}
END_TEST

START_TEST(a_worker_that_is_not_there_yet) {
    AUTO_BUF out;
    buf_init(&out, 1 << 16);
    metrics_add_worker(&out, NULL, NULL);
    ck_assert(value_of(&out, "\nkafka_connect_worker_task_count ") == 0);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&out), "# TYPE kafka_connect_task_error_deadletterqueue_produce_requests counter\n"));
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "# TYPE kafka_connect_task_error_last_error_timestamp gauge\n"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("metrics");
    TCase *tc = tcase_create("metrics");
    tcase_add_test(tc, one_sample);
    tcase_add_test(tc, the_process);
    tcase_add_test(tc, a_worker_that_is_not_there_yet);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
