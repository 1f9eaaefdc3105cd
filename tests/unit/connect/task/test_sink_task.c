/* Sink tasks against a mock cluster, with a connector that does what each test wants. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/fake_sink.h"
#include "tests/support/fake_stores.h"
#include "tests/support/suite.h"

/* ---- Reading, committing, ending ---- */

START_TEST(test_records_and_offsets) {
    task_lab_topic(&lab, "t", 1);
    fake_sink_produce(0, 3, 0);
    task_lab_produce(&lab, "t", 0, "\"k\"", NULL); /* a tombstone */
    task_lab_flush(&lab);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 4);
    ck_assert_str_eq(fake_sink_seen(0), "0:0={\"n\":0};0:1={\"n\":1};0:2={\"n\":2};0:3=null;");
    ck_assert(task_lab_wait_committed(&lab, "connect-c", "t", 0, 4)); /* while it runs */
    ck_assert(fake_topic_noted("t"));
    task_set_generation(t, 5);
    task_lab_stop(t);
    ck_assert_str_eq(fake_statuses(), "RUNNING,UNASSIGNED");
    ck_assert_int_eq(fake_generation(), 5);
    ck_assert_str_eq(buf_text(&fake.calls), "start open(1) close(1) stop");
}
END_TEST

START_TEST(test_commit_at_the_end) {
    static const char *const slow[] = {"offset.flush.interval.ms", "3600000", NULL};
    task_lab_done(&lab);
    task_lab_init(&lab, slow);
    task_lab_topic(&lab, "t", 2);
    fake_sink_produce(0, 5, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 5);
    ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", 0), -1);
    clock_sleep_ms(500); /* the empty partition is known by its end */
    task_lab_stop(t);
    ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", 0), 5);
    ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", 1), 0);
}
END_TEST

START_TEST(test_goes_on_where_it_was) {
    task_lab_topic(&lab, "t", 1);
    fake_sink_produce(0, 3, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 3);
    task_lab_stop(t);
    fake_sink_produce(3, 5, 0);
    t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 5);
    clock_sleep_ms(100);
    task_lab_stop(t);
    ck_assert_str_eq(fake_sink_seen(0), "0:0={\"n\":0};0:1={\"n\":1};0:2={\"n\":2};0:3={\"n\":3};0:4={\"n\":4};");
}
END_TEST

/* Lowered to what is "stored", or not at all. */
static int store_three(struct kc_topic_offset *offsets, size_t count, struct kc_error *err) {
    (void)err;
    for (size_t i = 0; i < count; i++)
        offsets[i].offset = offsets[i].offset >= 3 ? 3 : -1;
    return 0;
}

START_TEST(test_pre_commit_decides) {
    task_lab_topic(&lab, "t", 2);
    fake.on_pre_commit = store_three;
    fake_sink_produce(0, 5, 0);
    fake_sink_produce(0, 2, 1);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 7);
    ck_assert(task_lab_wait_committed(&lab, "connect-c", "t", 0, 3));
    task_lab_stop(t);
    ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", 0), 3);
    ck_assert_int_le(task_lab_committed(&lab, "connect-c", "t", 1), 0);
}
END_TEST

static atomic_int pre_commits;

static int fail_once(struct kc_topic_offset *offsets, size_t count, struct kc_error *err) {
    (void)offsets, (void)count;
    if (offsets[0].offset == 0 || atomic_fetch_add(&pre_commits, 1))
        return 0;
    return kc_fail(err, KC_CONNECT_EXCEPTION, "not stored");
}

START_TEST(test_pre_commit_error_reads_again) {
    task_lab_topic(&lab, "t", 1);
    fake.on_pre_commit = fail_once;
    fake_sink_produce(0, 3, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 6);
    ck_assert_str_eq(fake_sink_seen(0),
                     "0:0={\"n\":0};0:1={\"n\":1};0:2={\"n\":2};0:0={\"n\":0};0:1={\"n\":1};0:2={\"n\":2};");
    ck_assert(task_lab_wait_committed(&lab, "connect-c", "t", 0, 3));
    task_lab_stop(t);
}
END_TEST

/* ---- Verdicts of put ---- */

static atomic_int refusals;

static enum kc_put retry_twice(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    if (!batch->count || atomic_fetch_add(&refusals, 1) >= 2)
        return KC_PUT_DONE;
    ctx->timeout(ctx, 50);
    kc_fail(err, KC_RETRIABLE_EXCEPTION, "not now");
    return KC_PUT_RETRY;
}

START_TEST(test_put_retry) {
    task_lab_topic(&lab, "t", 1);
    fake.on_put = retry_twice;
    fake_sink_produce(0, 3, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 3);
    fake_sink_produce(3, 6, 0);
    fake_sink_wait(&fake.records, 6);
    ck_assert(task_lab_wait_committed(&lab, "connect-c", "t", 0, 6));
    task_lab_stop(t);
    ck_assert_str_eq(fake_sink_seen(0),
                     "0:0={\"n\":0};0:1={\"n\":1};0:2={\"n\":2};0:3={\"n\":3};0:4={\"n\":4};0:5={\"n\":5};");
    ck_assert_int_ge(atomic_load(&refusals), 3);
}
END_TEST

static enum kc_put always_retry(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    if (!batch->count)
        return KC_PUT_DONE;
    atomic_fetch_add(&refusals, 1);
    ctx->timeout(ctx, 20);
    kc_fail(err, KC_RETRIABLE_EXCEPTION, "never");
    return KC_PUT_RETRY;
}

START_TEST(test_stop_while_retrying_commits_nothing) {
    task_lab_topic(&lab, "t", 1);
    fake.on_put = always_retry;
    fake_sink_produce(0, 3, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&refusals, 3);
    task_lab_stop(t);
    ck_assert_int_le(task_lab_committed(&lab, "connect-c", "t", 0), 0);
    ck_assert_int_eq(atomic_load(&fake.records), 0);
}
END_TEST

static enum kc_put fail_at_once(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    (void)ctx;
    if (!batch->count)
        return KC_PUT_DONE;
    kc_fail(err, "java.lang.IllegalStateException", "disk on fire");
    return KC_PUT_FAIL;
}

START_TEST(test_put_fail) {
    task_lab_topic(&lab, "t", 1);
    fake.on_put = fail_at_once;
    fake_sink_produce(0, 3, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    ck_assert(task_failed(t));
    task_free(t);
    ck_assert_str_eq(fake_trace(),
                     "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to "
                     "unrecoverable exception.\nCaused by: java.lang.IllegalStateException: disk on fire");
    ck_assert_str_eq(buf_text(&fake.calls), "start open(1) close(1) stop");
    ck_assert_int_le(task_lab_committed(&lab, "connect-c", "t", 0), 0);
}
END_TEST

START_TEST(test_start_fails) {
    static const char *const pairs[] = {"topics", "t", "place", "secret-place", NULL};
    static const char *const raw[] = {"place", "${file:a:b}", NULL};
    fake.fail_start = true;
    lab.raw = raw;
    task_lab_topic(&lab, "t", 1);
    struct task *t = fake_sink_start(pairs);
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    task_free(t);
    ck_assert_str_eq(fake_trace(),
                     "org.apache.kafka.connect.errors.ConnectException: cannot start today with ${file:a:b}");
    ck_assert_str_eq(buf_text(&fake.calls), "start");
}
END_TEST

/* ---- What a connector may ask for ---- */

static enum kc_put rewind_once(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    (void)err;
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->records[i].offset == 3 && !atomic_fetch_add(&refusals, 1))
            ctx->rewind(ctx, "t", 0, 1);
    return KC_PUT_DONE;
}

START_TEST(test_rewind) {
    task_lab_topic(&lab, "t", 1);
    fake.on_put = rewind_once;
    fake_sink_produce(0, 4, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 7);
    ck_assert_str_eq(fake_sink_seen(0),
                     "0:0={\"n\":0};0:1={\"n\":1};0:2={\"n\":2};0:3={\"n\":3};0:1={\"n\":1};0:2={\"n\":2};"
                     "0:3={\"n\":3};");
    ck_assert(task_lab_wait_committed(&lab, "connect-c", "t", 0, 4));
    task_lab_stop(t);
}
END_TEST

static int open_at_two(struct kc_sink_context *ctx, const struct kc_topic_partition *tps, size_t count,
                       struct kc_error *err) {
    (void)err;
    for (size_t i = 0; i < count; i++)
        ctx->rewind(ctx, tps[i].topic, tps[i].partition, 2);
    return 0;
}

START_TEST(test_rewind_in_open) {
    task_lab_topic(&lab, "t", 1);
    fake.on_open = open_at_two;
    fake_sink_produce(0, 4, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 2);
    task_lab_stop(t);
    ck_assert_str_eq(fake_sink_seen(0), "0:2={\"n\":2};0:3={\"n\":3};");
}
END_TEST

static int open_fails(struct kc_sink_context *ctx, const struct kc_topic_partition *tps, size_t count,
                      struct kc_error *err) {
    (void)ctx, (void)tps, (void)count;
    return kc_fail(err, KC_CONNECT_EXCEPTION, "cannot open");
}

START_TEST(test_open_fails) {
    task_lab_topic(&lab, "t", 1);
    fake.on_open = open_fails;
    struct task *t = fake_sink_start(fake_sink_plain);
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    task_free(t);
    ck_assert_str_eq(fake_trace(), "org.apache.kafka.connect.errors.ConnectException: cannot open");
}
END_TEST

static atomic_int resume_now;

/* Pauses the partition with its first record; resumes when the test says so. */
static enum kc_put pause_after_first(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    struct kc_topic_partition tp = {"t", 0};
    (void)err;
    if (batch->count && !atomic_fetch_add(&refusals, 1))
        ctx->pause(ctx, &tp, 1);
    if (atomic_load(&resume_now))
        ctx->resume(ctx, &tp, 1);
    ctx->timeout(ctx, 20);
    return KC_PUT_DONE;
}

START_TEST(test_pause_and_resume_by_the_connector) {
    task_lab_topic(&lab, "t", 1);
    fake.on_put = pause_after_first;
    fake_sink_produce(0, 1, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 1);
    fake_sink_produce(1, 4, 0);
    int before = atomic_load(&fake.empties);
    fake_sink_wait(&fake.empties, before + 20); /* time passes, nothing comes */
    ck_assert_int_eq(atomic_load(&fake.records), 1);
    atomic_store(&resume_now, 1);
    fake_sink_wait(&fake.records, 4);
    task_lab_stop(t);
    ck_assert_str_eq(fake_sink_seen(0), "0:0={\"n\":0};0:1={\"n\":1};0:2={\"n\":2};0:3={\"n\":3};");
}
END_TEST

START_TEST(test_target_paused) {
    task_lab_topic(&lab, "t", 1);
    fake_sink_produce(0, 2, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, 2);
    task_set_target(t, TARGET_PAUSED);
    ck_assert(fake_status_wait("PAUSED", LAB_WAIT_MS));
    ck_assert(task_lab_wait_committed(&lab, "connect-c", "t", 0, 2));
    fake_sink_produce(2, 4, 0);
    clock_sleep_ms(500);
    ck_assert_int_eq(atomic_load(&fake.records), 2);
    task_set_target(t, TARGET_STARTED);
    ck_assert(fake_status_wait("RUNNING", LAB_WAIT_MS));
    fake_sink_wait(&fake.records, 4);
    task_lab_stop(t);
    ck_assert_str_eq(fake_statuses(), "RUNNING,PAUSED,RUNNING,UNASSIGNED");
}
END_TEST

START_TEST(test_started_paused) {
    task_lab_topic(&lab, "t", 1);
    struct task *t = fake_sink_start_number(0, fake_sink_plain, TARGET_PAUSED);
    ck_assert(fake_status_wait("PAUSED", LAB_WAIT_MS));
    ck_assert_uint_eq(fake.calls.len, 0);
    task_lab_stop(t);
    ck_assert_str_eq(fake_statuses(), "PAUSED,UNASSIGNED");
}
END_TEST

/* ---- Transforms, headers, subscription ---- */

static atomic_int headers_seen;

static enum kc_put look_at_record(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    (void)ctx, (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct kc_record *r = &batch->records[i];
        if (strcmp(r->topic, "x-t") == 0 && strcmp(r->original_topic, "t") == 0 && r->header_count == 1 &&
            strcmp(r->headers[0].key, "h") == 0 && r->headers[0].value.tag == KC_V_INT8 && r->headers[0].value.i == 12)
            atomic_fetch_add(&headers_seen, 1);
    }
    return KC_PUT_DONE;
}

START_TEST(test_headers_and_transforms) {
    static const char *const pairs[] = {"topics",
                                        "t",
                                        "transforms",
                                        "r",
                                        "transforms.r.type",
                                        "RegexRouter",
                                        "transforms.r.regex",
                                        "(.*)",
                                        "transforms.r.replacement",
                                        "x-$1",
                                        NULL};
    task_lab_topic(&lab, "t", 1);
    fake.on_put = look_at_record;
    task_lab_produce_header(&lab, "t", "1", "h", "12");
    task_lab_flush(&lab);
    struct task *t = fake_sink_start(pairs);
    fake_sink_wait(&fake.records, 1);
    task_lab_stop(t);
    ck_assert_int_eq(atomic_load(&headers_seen), 1);
    ck_assert(fake_topic_noted("t") && !fake_topic_noted("x-t"));
}
END_TEST

static enum kc_put count_headers(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    (void)ctx, (void)err;
    for (uint32_t i = 0; i < batch->count; i++)
        atomic_fetch_add(&headers_seen, (int)batch->records[i].header_count);
    return KC_PUT_DONE;
}

/* A task that does without headers gets none, unless a transform or a converter of its own choice must see them. */
START_TEST(test_without_headers) {
    static const struct {
        const char *key, *value, *more_key, *more_value;
        int headers;
    } cases[] = {
        {"header.converter", "SimpleHeaderConverter", NULL, NULL, 0},
        {"header.converter", "org.apache.kafka.connect.storage.StringConverter", NULL, NULL, 1},
        {"transforms", "r", "transforms.r.type", "org.apache.kafka.connect.transforms.Flatten$Value", 1},
    };
    static const char *const no_worker_options[] = {NULL};
    fake.without_headers = true;
    fake.on_put = count_headers;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *pairs[] = {"topics", "t", cases[i].key, cases[i].value, cases[i].more_key, cases[i].more_value,
                               NULL};
        task_lab_done(&lab);
        task_lab_init(&lab, no_worker_options);
        atomic_store(&headers_seen, 0);
        task_lab_topic(&lab, "t", 1);
        task_lab_produce_header(&lab, "t", "{\"a\":1}", "h", "12");
        task_lab_flush(&lab);
        struct task *t = fake_sink_start(pairs);
        fake_sink_wait(&fake.records, (int)i + 1);
        task_lab_stop(t);
        ck_assert_int_eq(atomic_load(&headers_seen), cases[i].headers);
    }
}
END_TEST

START_TEST(test_topics_regex) {
    static const char *const pairs[] = {"topics.regex", "t\\d|u", "consumer.override.metadata.max.age.ms", "200", NULL};
    task_lab_topic(&lab, "t1", 1);
    task_lab_topic(&lab, "t12", 1); /* not as a whole */
    task_lab_produce(&lab, "t1", 0, NULL, "1");
    task_lab_produce(&lab, "t12", 0, NULL, "2");
    task_lab_flush(&lab);
    struct task *t = fake_sink_start(pairs);
    fake_sink_wait(&fake.records, 1);
    ck_assert(task_lab_wait_committed(&lab, "connect-c", "t1", 0, 1)); /* the mock takes no commit while rebalancing */
    task_lab_topic(&lab, "u", 1);                                      /* appears later */
    task_lab_produce(&lab, "u", 0, NULL, "3");
    task_lab_flush(&lab);
    fake_sink_wait(&fake.records, 2);
    task_lab_stop(t);
    ck_assert_str_eq(fake_sink_seen(0), "0:0=1;0:0=3;");
}
END_TEST

/* ---- Rebalances ---- */

static void wait_committed(int64_t offset) {
    for (int p = 0; p < 2; p++)
        ck_assert(task_lab_wait_committed(&lab, "connect-c", "t", p, offset));
}

START_TEST(test_two_tasks_share) {
    task_lab_topic(&lab, "t", 2);
    fake_sink_produce(0, 3, 0);
    fake_sink_produce(10, 13, 1);
    struct task *a = fake_sink_start_number(0, fake_sink_plain, TARGET_STARTED);
    fake_sink_wait(&fake.records, 6);
    wait_committed(3); /* unlike Kafka the mock cluster takes no commit while the group rebalances */
    struct task *b = fake_sink_start_number(1, fake_sink_plain, TARGET_STARTED);
    fake_sink_wait(&fake.opened[1], 1);
    fake_sink_wait(&fake.closed, 2); /* a gave both back */
    fake_sink_produce(3, 6, 0);
    fake_sink_produce(13, 16, 1);
    fake_sink_wait(&fake.records, 12);
    wait_committed(6);
    task_lab_stop(b);
    fake_sink_wait(&fake.opened[0], 2 + 1 + 2); /* a has everything again */
    fake_sink_produce(6, 8, 0);
    fake_sink_produce(16, 18, 1);
    fake_sink_wait(&fake.records, 16);
    clock_sleep_ms(200);
    task_lab_stop(a);
    ck_assert_int_eq(atomic_load(&fake.records), 16); /* each exactly once */
    ck_assert_ptr_nonnull(strstr(fake_sink_seen(1), "{\"n\":"));
    ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", 0), 8);
    ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", 1), 8);
}
END_TEST

/* ---- Stopping ---- */

static atomic_int inside, let_go;

static enum kc_put block_until_stopping(struct kc_sink_context *ctx, const struct kc_batch *batch,
                                        struct kc_error *err) {
    (void)err;
    if (batch->count) {
        atomic_store(&inside, 1);
        while (!ctx->stopping(ctx))
            clock_sleep_ms(2);
    }
    return KC_PUT_DONE;
}

START_TEST(test_stop_in_the_middle_of_put) {
    task_lab_topic(&lab, "t", 1);
    fake.on_put = block_until_stopping;
    fake_sink_produce(0, 1, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&inside, 1);
    task_lab_stop(t);
    ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", 0), 1); /* it was put after all */
}
END_TEST

/* Of two tasks one has the only partition. The broker answers late: the other one has nothing to do and does not wait
 * until its consumer is out of the group. */
START_TEST(test_stop_without_partitions) {
    task_lab_topic(&lab, "t", 1);
    struct task *a = fake_sink_start_number(0, fake_sink_plain, TARGET_STARTED);
    fake_sink_wait(&fake.opened[0], 1);
    struct task *b = fake_sink_start_number(1, fake_sink_plain, TARGET_STARTED);
    fake_sink_wait(&fake.closed, 1); /* the group decides anew */
    for (int i = 0; i < LAB_WAIT_MS / 10 && fake.opened[0] + fake.opened[1] < 2; i++)
        clock_sleep_ms(10);
    clock_sleep_ms(200);
    rd_kafka_mock_broker_set_rtt(lab.cluster, 1, 2000);
    int64_t begin_ms = clock_ms();
    task_stop(a);
    task_stop(b);
    bool a_early = task_join(a, begin_ms + 1200), b_early = task_join(b, begin_ms + 1200);
    ck_assert_int_eq(a_early + b_early, 1);
    ck_assert(!task_leavers_join(clock_ms()));
    ck_assert(task_join(a_early ? b : a, clock_ms() + LAB_WAIT_MS));
    ck_assert(task_leavers_join(clock_ms() + LAB_WAIT_MS));
    ck_assert_int_ge(clock_ms() - begin_ms, 1800);
    task_free(a);
    task_free(b);
}
END_TEST

static enum kc_put block_until_let_go(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err) {
    (void)ctx, (void)err;
    if (batch->count) {
        atomic_store(&inside, 1);
        while (!atomic_load(&let_go))
            clock_sleep_ms(2);
    }
    return KC_PUT_DONE;
}

START_TEST(test_cancel) {
    task_lab_topic(&lab, "t", 1);
    fake.on_put = block_until_let_go;
    fake_sink_produce(0, 1, 0);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&inside, 1);
    task_stop(t);
    ck_assert(!task_join(t, clock_ms() + 100));
    task_cancel(t);
    atomic_store(&let_go, 1);
    fake_sink_wait(&fake.stopped, 1);
    clock_sleep_ms(500); /* the thread frees the task */
    ck_assert_str_eq(fake_statuses(), "RUNNING");
    ck_assert_int_le(task_lab_committed(&lab, "connect-c", "t", 0), 0);
}
END_TEST

/* ---- Configurations that cannot run ---- */

START_TEST(test_unusable_configurations) {
    static const struct {
        const char *worker[4];
        const char *pairs[6];
        const char *text;
    } rows[] = {
        {{NULL}, {"topics", "t", "key.converter", "x.Y", NULL}, "Class x.Y could not be found."},
        {{NULL}, {"topics", "t", "transforms", "a", "transforms.a.type", "x.Y"}, "Class x.Y could not be found."},
        {{NULL},
         {"topics", "t", "errors.tolerance", "some", NULL},
         "Invalid value some for configuration errors.tolerance"},
        {{"connector.client.config.override.policy", "None", NULL},
         {"topics", "t", "consumer.override.fetch.min.bytes", "2", NULL},
         "Client Config Overrides not allowed"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct kc_error err = {0};
        const char *pairs[7] = {NULL};
        memcpy(pairs, rows[i].pairs, sizeof rows[i].pairs);
        task_lab_done(&lab);
        task_lab_init(&lab, rows[i].worker);
        ck_assert_ptr_null(task_lab_start(&lab, &fake_sink_plugin, 0, pairs, TARGET_STARTED, &err));
        ck_assert_msg(strstr(err.text, rows[i].text) != NULL, "%zu: %s: %s", i, err.exception, err.text);
    }
}
END_TEST

/* ---- Many records ---- */

START_TEST(test_many_records) {
    enum { COUNT = 100000 };
    task_lab_topic(&lab, "t", 4);
    fake.counting_only = true;
    for (int i = 0; i < COUNT; i++)
        task_lab_produce(&lab, "t", i % 4, NULL, "{\"id\":12345,\"name\":\"some text of a usual length\"}");
    task_lab_flush(&lab);
    struct task *t = fake_sink_start(fake_sink_plain);
    fake_sink_wait(&fake.records, COUNT);
    task_lab_stop(t);
    ck_assert_int_eq(atomic_load(&fake.records), COUNT);
    for (int p = 0; p < 4; p++)
        ck_assert_int_eq(task_lab_committed(&lab, "connect-c", "t", p), COUNT / 4);
}
END_TEST

int main(void) {
    const struct lab_case cases[] = {
        {"offsets", {test_records_and_offsets, test_commit_at_the_end}},
        {"again", {test_goes_on_where_it_was, test_pre_commit_decides, test_pre_commit_error_reads_again}},
        {"verdicts", {test_put_retry, test_stop_while_retrying_commits_nothing, test_put_fail, test_start_fails}},
        {"wishes", {test_rewind, test_rewind_in_open, test_open_fails}},
        {"target", {test_pause_and_resume_by_the_connector, test_target_paused, test_started_paused}},
        {"topics", {test_headers_and_transforms, test_without_headers, test_topics_regex, test_many_records}},
        {"shared", {test_two_tasks_share}},
        {"ends", {test_stop_in_the_middle_of_put, test_cancel, test_unusable_configurations}},
        {"leaving", {test_stop_without_partitions}},
        {0},
    };
    return task_lab_run("sink_task", cases, fake_sink_set_up, fake_sink_tear_down);
}
