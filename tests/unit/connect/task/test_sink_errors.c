/* Sink tasks and records that cannot be converted or stored: tolerance, dead letters, the errant record reporter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/task/error_counts.h"
#include "tests/support/fake_sink.h"
#include "tests/support/fake_stores.h"
#include "tests/support/suite.h"

/* failures, errors, skipped, retries, logged, dead letters, of these failed */
static void expect_counts(const struct task *t, const char *expected) {
    AUTO_BUF text;
    buf_init(&text, 4096);
    for (int i = 0; i < COUNT_LAST_ERROR_MS; i++)
        buf_printf(&text, "%s%lld", i ? " " : "",
                   (long long)error_counts_get(task_error_counts(t), (enum error_count)i));
    ck_assert_str_eq(buf_text(&text), expected);
}

/* ---- Bad records ---- */

static void produce_with_bad(void) {
    task_lab_topic(&lab, "t", 1);
    fake_sink_produce(0, 2, 0);
    task_lab_produce_header(&lab, "t", "{\"x\":", "h", "v");
    fake_sink_produce(3, 5, 0);
}

START_TEST(test_bad_record_fails_the_task) {
    produce_with_bad();
    struct task *t = fake_sink_start(fake_sink_plain);
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    task_free(t);
    const char *trace = fake_trace();
    ck_assert_msg(strncmp(trace,
                          "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n"
                          "Caused by: org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka "
                          "Connect data failed due to serialization error",
                          200) == 0,
                  "%s", trace);
    ck_assert_msg(strstr(trace, "(topic t, partition 0, offset 2)") != NULL, "%s", trace);
    /* What came before it is put and committed, the record itself is not. */
    ck_assert_str_eq(fake_sink_seen(0), "0:0={\"n\":0};0:1={\"n\":1};");
    ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", 0), 2);
}
END_TEST

START_TEST(test_bad_record_is_tolerated) {
    static const char *const pairs[] = {"topics", "t", "errors.tolerance", "all", NULL};
    produce_with_bad();
    struct task *t = fake_sink_start(pairs);
    fake_sink_wait(&fake.records, 4);
    ck_assert(task_lab_wait_committed(&lab, "connect-c", "t", 0, 5));
    task_lab_stop(t);
    ck_assert_str_eq(fake_sink_seen(0), "0:0={\"n\":0};0:1={\"n\":1};0:3={\"n\":3};0:4={\"n\":4};");
}
END_TEST

START_TEST(test_dead_letters) {
    static const char *const pairs[] = {"topics",
                                        "t",
                                        "errors.tolerance",
                                        "all",
                                        "errors.deadletterqueue.topic.name",
                                        "dead",
                                        "errors.deadletterqueue.context.headers.enable",
                                        "true",
                                        NULL};
    task_lab_topic(&lab, "dead", 1);
    produce_with_bad();
    struct task *t = fake_sink_start(pairs);
    fake_sink_wait(&fake.records, 4);
    size_t count;
    struct lab_record *letters = task_lab_read(&lab, "dead", 1, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(letters[0].value, "{\"x\":");
    ck_assert_ptr_null(letters[0].key);
    ck_assert_int_eq(letters[0].timestamp, 1700000000123);
    static const char begin[] = "h=v;__connect.errors.topic=t;__connect.errors.partition=0;__connect.errors.offset=2;"
                                "__connect.errors.connector.name=c;__connect.errors.task.id=0;"
                                "__connect.errors.stage=VALUE_CONVERTER;"
                                "__connect.errors.class.name=org.apache.kafka.connect.json.JsonConverter;"
                                "__connect.errors.exception.class.name=org.apache.kafka.connect.errors.DataException;"
                                "__connect.errors.exception.message=Converting byte[] to Kafka Connect data failed";
    ck_assert_msg(strncmp(letters[0].headers, begin, sizeof begin - 1) == 0, "%s", letters[0].headers);
    ck_assert_ptr_nonnull(strstr(letters[0].headers, ";__connect.errors.exception.stacktrace=org.apache.kafka.connect."
                                                     "errors.DataException: Converting"));
    task_lab_free(letters, count);
    expect_counts(t, "1 1 1 0 0 1 0");
    task_lab_stop(t);
}
END_TEST

START_TEST(test_dead_letter_before_failing) {
    static const char *const pairs[] = {"topics", "t", "errors.deadletterqueue.topic.name", "dead", NULL};
    task_lab_topic(&lab, "dead", 1);
    produce_with_bad();
    task_lab_produce(&lab, "t", 0, NULL, "also bad");
    task_lab_flush(&lab);
    struct task *t = fake_sink_start(pairs);
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    expect_counts(t, "1 1 0 0 0 1 0");
    task_free(t);
    size_t count;
    struct lab_record *letters = task_lab_read(&lab, "dead", 1, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(letters[0].value, "{\"x\":");
    ck_assert_str_eq(letters[0].headers, "h=v;");
    task_lab_free(letters, count);
}
END_TEST

static enum kc_put report_odd(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    struct kc_error cause = {0};
    kc_fail(&cause, KC_DATA_EXCEPTION, "odd");
    for (uint32_t i = 0; i < batch->count; i++) {
        struct kc_record copy = batch->records[i]; /* one the worker does not know */
        if (copy.offset % 2 && ctx->report(ctx, copy.offset == 1 ? &copy : &batch->records[i], &cause, err) < 0)
            return KC_PUT_FAIL;
    }
    return KC_PUT_DONE;
}

START_TEST(test_errant_records) {
    static const char *const pairs[] = {"topics",
                                        "t",
                                        "errors.tolerance",
                                        "all",
                                        "errors.deadletterqueue.topic.name",
                                        "dead",
                                        "errors.deadletterqueue.context.headers.enable",
                                        "true",
                                        NULL};
    task_lab_topic(&lab, "t", 1);
    task_lab_topic(&lab, "dead", 1);
    fake.on_put = report_odd;
    fake_sink_produce(0, 4, 0);
    struct task *t = fake_sink_start(pairs);
    size_t count;
    struct lab_record *letters = task_lab_read(&lab, "dead", 2, &count);
    ck_assert_uint_eq(count, 2);
    for (size_t i = 0; i < count; i++) {
        char value[32];
        snprintf(value, sizeof value, "{\"n\":%d}", i ? 3 : 1);
        ck_assert_str_eq(letters[i].value, value);
        ck_assert_str_eq(letters[i].key, "\"k\"");
        ck_assert_ptr_nonnull(strstr(letters[i].headers, "__connect.errors.stage=TASK_PUT;"));
        ck_assert_ptr_nonnull(strstr(letters[i].headers, "class.name=org.apache.kafka.connect.sink.SinkTask;"));
    }
    task_lab_free(letters, count);
    expect_counts(t, "2 0 0 0 0 2 0");
    task_lab_stop(t);
}
END_TEST

START_TEST(test_errant_record_not_tolerated) {
    static const char *const with_log[] = {"topics", "t", "errors.log.enable", "true", NULL};
    task_lab_topic(&lab, "t", 1);
    fake.on_put = report_odd;
    fake_sink_produce(0, 4, 0);
    for (int i = 0; i < 2; i++) { /* without anybody to report to, and with the log */
        struct task *t = fake_sink_start(i ? with_log : fake_sink_plain);
        ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
        ck_assert(task_failed(t));
        expect_counts(t, i ? "1 1 0 0 1 0 0" : "0 0 0 0 0 0 0");
        task_free(t);
        ck_assert_ptr_nonnull(strstr(fake_trace(), "Caused by: org.apache.kafka.connect.errors.DataException: odd"));
        ck_assert_int_eq(strstr(fake_trace(), "Tolerance exceeded in error handler") != NULL, i);
    }
}
END_TEST

int main(void) {
    const struct lab_case cases[] = {
        {"bad", {test_bad_record_fails_the_task, test_bad_record_is_tolerated}},
        {"letters", {test_dead_letters, test_dead_letter_before_failing}},
        {"errant", {test_errant_records, test_errant_record_not_tolerated}},
        {0},
    };
    return task_lab_run("sink_errors", cases, fake_sink_set_up, fake_sink_tear_down);
}
