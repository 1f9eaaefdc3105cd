/* Exactly-once source tasks against a mock cluster, whose readers see what is not committed, too: what counts here is
 * when offsets are written, connectors are told, and tasks fail. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/fake_stores.h"
#include "tests/support/suite.h"
#include "tests/support/task_lab.h"

#define KEY "[\"c\",{\"p\":0}]"

/* ---- The connector: polls give the letters of a text; what follows a letter says where transactions end ---- */

static struct {
    const char *script;       /* "ab|c;" per poll: letter = record, | commit after it, ! abort after it, ~ dropped by
                                 a transform; at the end of a poll: ; nothing, + commit the batch, - abort it */
    _Atomic(const char *) at; /* what is left */
    atomic_bool hold;         /* polls give nothing for now */
    atomic_int commits, confirmed;
    char told[64]; /* letters of commit_record */
    const struct kc_source_partition *part;
} fake;

static int fake_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    (void)conf, (void)err;
    *ret_self = ctx;
    return 0;
}

static struct kc_record *add_letter(struct kc_batch *batch, char letter) {
    struct kc_record *r = kc_batch_add(batch);
    char *text = kc_arena_zalloc(batch->arena, 2);
    text[0] = letter;
    r->topic = letter == 'O' ? "offsets" : "t";
    r->value = kc_string(text);
    r->source_partition = fake.part;
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "n", kc_string(text));
    return r;
}

static int fake_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct kc_source_context *ctx = self;
    struct kc_transaction_context *tx = ctx->transaction;
    struct kc_record *last = NULL;
    (void)err;
    if (!fake.part) {
        struct kc_value map = kc_map_new(batch->arena, 1);
        kc_map_put(&map, "p", kc_int(KC_INT64, 0));
        fake.part = ctx->partition(ctx, &map);
    }
    const char *at = atomic_load(&fake.at);
    if (!*at || atomic_load(&fake.hold)) {
        ctx->wait(ctx, 20);
        return 0;
    }
    for (bool more = true; more && *at; at++) {
        switch (*at) {
        case '|':
            tx->commit_record(tx, last);
            break;
        case '!':
            tx->abort_record(tx, last);
            break;
        case '+':
            tx->commit(tx);
            more = at[1] == '-';
            break;
        case '-':
            tx->abort(tx);
            more = false;
            break;
        case ';':
            more = false;
            break;
        default:
            last = add_letter(batch, *at);
        }
    }
    atomic_store(&fake.at, at);
    return 0;
}

static void fake_commit(void *self) {
    (void)self;
    atomic_fetch_add(&fake.commits, 1);
}

static void fake_commit_record(void *self, const struct kc_record *r) {
    (void)self;
    int n = atomic_load(&fake.confirmed);
    const struct kc_value *letter = kc_map_get(&r->source_offset, "n");
    ck_assert_uint_lt((size_t)n + 1, sizeof(fake.told));
    fake.told[n] = (char)letter->bytes[0];
    atomic_fetch_add(&fake.confirmed, 1);
}

static const struct kc_source_task_ops fake_task = {
    .start = fake_start, .poll = fake_poll, .commit = fake_commit, .commit_record = fake_commit_record};
static const struct kc_plugin plugin = {.abi = KC_ABI,
                                        .kind = KC_KIND_SOURCE,
                                        .class_name = "test.FakeSource",
                                        .connector = &task_lab_connector,
                                        .source_task = &fake_task};

/* ---- The guard ---- */

static struct {
    atomic_int fences, verifies;
    int generation;
    const char *fence_error, *verify_error;
} guard;

static int fake_fence(void *arg, const char *connector, int task, const atomic_bool *stop, struct kc_error *err) {
    (void)arg, (void)stop;
    ck_assert_str_eq(connector, "c");
    ck_assert_int_eq(task, 0);
    atomic_fetch_add(&guard.fences, 1);
    return guard.fence_error ? err_set(err, ERR_INTERNAL, "%s", guard.fence_error) : 0;
}

static int fake_verify(void *arg, const char *connector, int task, int generation, const atomic_bool *stop,
                       struct kc_error *err) {
    (void)arg, (void)stop, (void)connector, (void)task;
    ck_assert_int_eq(atomic_load(&guard.fences), 1); /* first */
    guard.generation = generation;
    atomic_fetch_add(&guard.verifies, 1);
    return guard.verify_error ? err_set(err, ERR_INTERNAL, "%s", guard.verify_error) : 0;
}

static const struct task_guard fake_guard = {.fence = fake_fence, .verify = fake_verify};

/* ---- Fixture ---- */

static struct task_lab lab;

static void set_up(void) {
    static const char *const worker[] = {"exactly.once.source.support", "enabled", NULL};
    task_lab_init(&lab, worker);
    lab.guard = &fake_guard;
    task_lab_topic(&lab, "t", 1);
    task_lab_topic(&lab, "offsets", 1);
}

static void tear_down(void) {
    task_lab_done(&lab);
}

static struct task *start(const char *script, const char *const *pairs) {
    static const char *const none[] = {NULL};
    struct kc_error err = {0};
    atomic_store(&fake.at, script);
    struct task *t = task_lab_start(&lab, &plugin, 0, pairs ? pairs : none, TARGET_STARTED, &err);
    ck_assert_msg(t != NULL, "%s: %s", err.exception, err.text);
    return t;
}

static void wait_confirmed(int count) {
    for (int64_t deadline = clock_ms() + LAB_WAIT_MS; atomic_load(&fake.confirmed) < count; clock_sleep_ms(5))
        ck_assert_msg(clock_ms() < deadline, "%d of %d confirmed; %s; %s", atomic_load(&fake.confirmed), count,
                      fake_statuses(), fake_trace());
}

static void wait_polled(void) {
    for (int64_t deadline = clock_ms() + LAB_WAIT_MS; *atomic_load(&fake.at); clock_sleep_ms(5))
        ck_assert_msg(clock_ms() < deadline, "'%s' is left; %s", atomic_load(&fake.at), fake_trace());
    clock_sleep_ms(150);
}

/* The task must fail; frees it. */
static void expect_failure(struct task *t, const char *trace) {
    ck_assert_msg(fake_status_wait("FAILED", LAB_WAIT_MS), "%s", fake_statuses());
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    task_free(t);
    ck_assert_msg(strstr(fake_trace(), trace) != NULL, "%s", fake_trace());
}

/* ---- Tests ---- */

START_TEST(test_poll_is_a_transaction) {
    struct task *t = start("ab;cd;", NULL);
    wait_confirmed(4);
    ck_assert_str_eq(fake.told, "abcd");
    ck_assert_str_eq(fake_offset(KEY), "{\"n\":\"d\"}");
    ck_assert_int_eq(fake_offset_writes(), 2);
    ck_assert_int_eq(atomic_load(&guard.verifies), 1);
    ck_assert_int_eq(guard.generation, 3);
    ck_assert_int_ge(atomic_load(&fake.commits), 2);
    size_t count;
    struct lab_record *records = task_lab_read(&lab, "t", 4, &count);
    ck_assert_uint_eq(count, 4);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(records[i].value[1], "abcd"[i]);
    task_lab_free(records, count);
    task_lab_stop(t);
    ck_assert_str_eq(fake_statuses(), "RUNNING,UNASSIGNED");
}
END_TEST

START_TEST(test_dropped_records_have_no_offset) {
    static const char *const pairs[] = {"transforms", "f", "transforms.f.type", "Filter", NULL};
    struct task *t = start("ab;", pairs);
    wait_confirmed(2); /* told all the same */
    task_lab_stop(t);
    ck_assert_ptr_null(fake_offset(KEY));
    ck_assert_int_eq(fake_offset_writes(), 0);
}
END_TEST

START_TEST(test_interval) {
    static const char *const pairs[] = {"transaction.boundary", "INTERVAL", "transaction.boundary.interval.ms",
                                        "600000", NULL};
    struct task *t = start("ab;c;", pairs);
    wait_polled();
    ck_assert_int_eq(atomic_load(&fake.confirmed), 0);
    ck_assert_int_eq(fake_offset_writes(), 0);
    task_lab_stop(t); /* commits what there is */
    ck_assert_str_eq(fake.told, "abc");
    ck_assert_str_eq(fake_offset(KEY), "{\"n\":\"c\"}");
    ck_assert_int_eq(fake_offset_writes(), 1);
}
END_TEST

START_TEST(test_pause_commits) {
    static const char *const pairs[] = {"transaction.boundary", "interval", "transaction.boundary.interval.ms",
                                        "600000", NULL};
    struct task *t = start("ab;", pairs);
    wait_polled();
    task_set_target(t, TARGET_PAUSED);
    wait_confirmed(2);
    ck_assert_str_eq(fake_offset(KEY), "{\"n\":\"b\"}");
    task_set_target(t, TARGET_STARTED);
    task_lab_stop(t);
    ck_assert_int_eq(fake_offset_writes(), 1);
}
END_TEST

/* What is committed, told and left at the stop, by the connector's own boundaries. */
START_TEST(test_connector_boundaries) {
    static const struct {
        const char *script, *told, *offset;
        int writes;
    } rows[] = {
        {"ab;c;", "", NULL, 0},                /* it never says so: the stop aborts */
        {"ab+c;", "ab", "{\"n\":\"b\"}", 1},   /* after the first batch */
        {"a;b;c+", "abc", "{\"n\":\"c\"}", 1}, /* one transaction of three polls */
        {"ab|cd;", "ab", "{\"n\":\"b\"}", 1},  /* in the middle of a batch */
        {"a|b|c;", "ab", "{\"n\":\"b\"}", 2},  /* twice in a batch */
        {"ab-", NULL, "{\"n\":\"b\"}", 1},     /* aborted, but never read again */
        {"ab!c|", NULL, "{\"n\":\"c\"}", 2},   /* the rest is committed */
    };
    static const char *const pairs[] = {"transaction.boundary", "connector", NULL};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tear_down();
        set_up();
        memset(fake.told, 0, sizeof(fake.told));
        atomic_store(&fake.confirmed, 0);
        atomic_store(&guard.fences, 0);
        fake.part = NULL;
        struct task *t = start(rows[i].script, pairs);
        wait_polled();
        if (rows[i].offset)
            ck_assert_msg(fake_offset_wait(KEY, rows[i].offset, LAB_WAIT_MS), "%s: %s", rows[i].script, fake_trace());
        task_lab_stop(t);
        if (rows[i].told)
            ck_assert_msg(strcmp(fake.told, rows[i].told) == 0, "%s: %s", rows[i].script, fake.told);
        ck_assert_msg(fake_offset_writes() == rows[i].writes, "%s: %d writes", rows[i].script, fake_offset_writes());
        const char *offset = fake_offset(KEY);
        ck_assert_msg(rows[i].offset ? offset && strcmp(offset, rows[i].offset) == 0 : !offset, "%s: %s",
                      rows[i].script, offset);
    }
}
END_TEST

START_TEST(test_contradictions) {
    static const struct {
        const char *script, *trace;
    } rows[] = {
        {"a+-", "java.lang.IllegalStateException: Connector requested both commit and abort of same transaction"},
        {"a|!;", "java.lang.IllegalStateException: Connector requested both commit and abort of same record against "
                 "topic/partition t/-1"},
    };
    static const char *const pairs[] = {"transaction.boundary", "connector", NULL};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tear_down();
        set_up();
        atomic_store(&guard.fences, 0);
        fake.part = NULL;
        expect_failure(start(rows[i].script, pairs), rows[i].trace);
        ck_assert_ptr_null(fake_offset(KEY));
    }
}
END_TEST

START_TEST(test_own_offsets_topic_is_taboo) {
    expect_failure(start("aO;", NULL), "Source tasks may not produce to their own offsets topics when exactly-once "
                                       "support is enabled");
    ck_assert_ptr_null(fake_offset(KEY)); /* not even of the record before */
}
END_TEST

START_TEST(test_guard) {
    guard.fence_error = "Failed to perform zombie fencing";
    expect_failure(start("a;", NULL), "ConnectException: Failed to perform zombie fencing");
    ck_assert_int_eq(atomic_load(&guard.verifies), 0);
    guard.fence_error = NULL;
    guard.verify_error = "Cannot start source task c-0 as it has already been revoked from this worker";
    atomic_store(&guard.fences, 0);
    tear_down();
    set_up();
    expect_failure(start("a;", NULL), guard.verify_error);
    ck_assert_str_eq(fake.told, "");
}
END_TEST

START_TEST(test_offsets_that_cannot_be_written) {
    fake_offsets_fail(true);
    expect_failure(start("a;", NULL), "ConnectException: Failed to flush offsets and/or records for task c-0\n"
                                      "Caused by: org.apache.kafka.common.errors.TimeoutException: the offset topic "
                                      "does not answer");
    ck_assert_str_eq(fake.told, "");
}
END_TEST

enum { END_TXN = 26 };

/* A letter that is no number is a dead letter, and its topic has no leader for now. */
START_TEST(test_offsets_wait_for_dead_letters) {
    static const char *const pairs[] = {"errors.tolerance",
                                        "all",
                                        "errors.deadletterqueue.topic.name",
                                        "dlq",
                                        "transforms",
                                        "f",
                                        "transforms.f.type",
                                        "org.apache.kafka.connect.transforms.Cast$Value",
                                        "transforms.f.spec",
                                        "int8",
                                        "producer.override.transaction.timeout.ms",
                                        "3000",
                                        NULL};
    task_lab_topic(&lab, "dlq", 1);
    rd_kafka_mock_partition_set_leader(lab.cluster, "dlq", 0, -1);
    struct task *t = start("a1;", pairs);
    wait_polled();
    clock_sleep_ms(300);
    ck_assert_ptr_null(fake_offset(KEY));
    ck_assert_int_eq(atomic_load(&fake.confirmed), 0);
    rd_kafka_mock_partition_set_leader(lab.cluster, "dlq", 0, 1);
    wait_confirmed(2);
    ck_assert_str_eq(fake_offset(KEY), "{\"n\":\"1\"}");

    rd_kafka_mock_partition_set_leader(lab.cluster, "dlq", 0, -1); /* for good: the transaction ends before */
    atomic_store(&fake.at, "b2;");
    expect_failure(t,
                   "ConnectException: The task c-0 was unable to finish writing records to Kafka before its producer "
                   "transaction expired.");
    ck_assert_str_eq(fake_offset(KEY), "{\"n\":\"1\"}");
    ck_assert_msg(strstr(fake_trace(), "Dead letters for topic dlq were not acknowledged in time") != NULL, "%s",
                  fake_trace());
}
END_TEST

START_TEST(test_fenced) {
    struct task *t = start("a;b;", NULL);
    wait_confirmed(2);
    rd_kafka_mock_push_request_errors(lab.cluster, END_TXN, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    atomic_store(&fake.at, "c;");
    expect_failure(t, "ConnectException: Failed to flush offsets and/or records for task c-0\nCaused by: "
                      "org.apache.kafka.common.errors.ProducerFencedException: There is a newer producer with the same "
                      "transactionalId which fences the current one.");
    ck_assert_str_eq(fake.told, "ab");
}
END_TEST

/* The brokers have ended a transaction that took too long. */
START_TEST(test_expired) {
    static const char *const pairs[] = {"transaction.boundary",
                                        "interval",
                                        "transaction.boundary.interval.ms",
                                        "600000",
                                        "producer.override.transaction.timeout.ms",
                                        "1000",
                                        NULL};
    struct task *t = start("a;", pairs);
    wait_polled();
    clock_sleep_ms(1000);
    rd_kafka_mock_push_request_errors(lab.cluster, END_TXN, 1, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    task_set_target(t, TARGET_PAUSED);
    expect_failure(t,
                   "ConnectException: The task c-0 was unable to finish writing records to Kafka before its producer "
                   "transaction expired. It may be necessary to reconfigure this connector in order for it to run "
                   "healthily with exactly-once support. Options for this include: ");
    ck_assert_ptr_nonnull(strstr(fake_trace(),
                                 "Caused by: org.apache.kafka.common.errors.InvalidProducerEpochException: "
                                 "Producer attempted to produce with an old epoch."));
    ck_assert_str_eq(fake.told, "");
}
END_TEST

int main(void) {
    const struct lab_case cases[] = {
        {"poll", {test_poll_is_a_transaction, test_dropped_records_have_no_offset, test_own_offsets_topic_is_taboo}},
        {"interval", {test_interval, test_pause_commits}},
        {"connector", {test_connector_boundaries, test_contradictions}},
        {"failures", {test_guard, test_offsets_that_cannot_be_written, test_fenced, test_expired}},
        {"letters", {test_offsets_wait_for_dead_letters}},
        {NULL, {NULL}},
    };
    return task_lab_run("source_transaction", cases, set_up, tear_down);
}
