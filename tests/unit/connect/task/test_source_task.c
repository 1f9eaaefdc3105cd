/* Source tasks against a mock cluster, with a connector that does what each test wants. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/murmur2.h"
#include "connect/task/error_counts.h"
#include "tests/support/fake_stores.h"
#include "tests/support/suite.h"
#include "tests/support/task_lab.h"

/* ---- The connector: numbers 0, 1, 2 … of one source partition per `partitions` ---- */

static struct {
    atomic_int limit; /* how many records there are so far */
    int per_poll;     /* at most, 0: as many as fit */
    int partitions;   /* source partitions, records take turns */
    const char *bad;  /* schema-less value that cannot be converted for this number, as text */
    atomic_int next, polls, commits, committed_records, stopped, inside;
    bool wait; /* when there is nothing */
    bool counting_only;
    int (*on_poll)(struct kc_source_context *ctx, struct kc_batch *batch, struct kc_error *err);
    void (*on_record)(struct kc_batch *batch, struct kc_record *r, int number);
    const struct kc_source_partition *handles[4];
    int64_t stored; /* position found at the start */
} fake;

#define KEY_OF(p) "[\"c\",{\"p\":" #p "}]"

static struct kc_value partition_map(struct kc_arena *arena, int number) {
    struct kc_value map = kc_map_new(arena, 1);
    kc_map_put(&map, "p", kc_int(KC_INT64, number));
    return map;
}

static int fake_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    (void)conf, (void)err;
    *ret_self = ctx;
    return 0;
}

static int first_poll(struct kc_source_context *ctx, struct kc_batch *batch, struct kc_error *err) {
    fake.stored = -1;
    for (int i = 0; i < fake.partitions; i++) {
        struct kc_value map = partition_map(batch->arena, i), offset;
        fake.handles[i] = ctx->partition(ctx, &map);
        if (ctx->offset(ctx, batch->arena, &map, &offset, err) < 0)
            return -1;
        const struct kc_value *n = offset.tag == KC_V_MAP ? kc_map_get(&offset, "n") : NULL;
        if (n && n->i > fake.stored)
            fake.stored = n->i;
    }
    atomic_store(&fake.next, (int)fake.stored + 1);
    return 0;
}

static void add_record(struct kc_batch *batch, int number) {
    struct kc_record *r = kc_batch_add(batch);
    int p = number % fake.partitions;
    r->topic = "t";
    r->value = kc_int(KC_INT64, number);
    r->source_partition = fake.handles[p];
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "n", kc_int(KC_INT64, number));
    if (fake.on_record)
        fake.on_record(batch, r, number);
}

static int fake_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct kc_source_context *ctx = self;
    if (!atomic_fetch_add(&fake.polls, 1) && first_poll(ctx, batch, err) < 0)
        return -1;
    if (fake.on_poll) {
        int rc = fake.on_poll(ctx, batch, err);
        if (rc <= 0)
            return rc;
    }
    int limit = fake.per_poll ? fake.per_poll : (int)batch->capacity;
    while ((int)batch->count < limit && atomic_load(&fake.next) < atomic_load(&fake.limit))
        add_record(batch, atomic_fetch_add(&fake.next, 1));
    if (!batch->count && fake.wait)
        ctx->wait(ctx, 1000);
    return 0;
}

static void fake_commit(void *self) {
    (void)self;
    atomic_fetch_add(&fake.commits, 1);
}

static void fake_commit_record(void *self, const struct kc_record *r) {
    (void)self;
    ck_assert_ptr_nonnull(r->topic); /* its memory is still there */
    atomic_fetch_add(&fake.committed_records, 1);
}

static void fake_stop(void *self) {
    (void)self;
    atomic_fetch_add(&fake.stopped, 1);
}

static const struct kc_source_task_ops fake_task = {.start = fake_start,
                                                    .poll = fake_poll,
                                                    .commit = fake_commit,
                                                    .commit_record = fake_commit_record,
                                                    .stop = fake_stop};
static const struct kc_plugin plugin = {.abi = KC_ABI,
                                        .kind = KC_KIND_SOURCE,
                                        .class_name = "test.FakeSource",
                                        .connector = &task_lab_connector,
                                        .source_task = &fake_task};

/* ---- Fixture ---- */

static struct task_lab lab;

static void set_up(void) {
    task_lab_init(&lab, NULL);
    fake.partitions = 1;
    fake.wait = true;
}

static void tear_down(void) {
    task_lab_done(&lab);
}

static const char *const plain[] = {NULL};

static struct task *start(const char *const *pairs) {
    struct kc_error err = {0};
    struct task *t = task_lab_start(&lab, &plugin, 0, pairs, TARGET_STARTED, &err);
    ck_assert_msg(t != NULL, "%s: %s", err.exception, err.text);
    return t;
}

static void wait_for(atomic_int *counter, int value) {
    for (int64_t deadline = clock_ms() + LAB_WAIT_MS; atomic_load(counter) < value; clock_sleep_ms(5))
        ck_assert_msg(clock_ms() < deadline, "%d instead of %d; %s; %s", atomic_load(counter), value, fake_statuses(),
                      fake_trace());
}

static void expect_failed(struct task *t) {
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    ck_assert(task_failed(t));
    task_free(t);
    ck_assert_int_eq(atomic_load(&fake.stopped), 1);
}

static void expect_values(const char *const *values, size_t expected) {
    size_t count;
    struct lab_record *records = task_lab_read(&lab, "t", expected, &count);
    ck_assert_uint_eq(count, expected);
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(records[i].value ? records[i].value : "(null)", values[i]);
    task_lab_free(records, count);
}

/* ---- Sending and offsets ---- */

START_TEST(test_records_and_offsets) {
    static const char *const values[] = {"0", "1", "2", "3", "4"};
    task_lab_topic(&lab, "t", 1);
    atomic_store(&fake.limit, 5);
    struct task *t = start(plain);
    ck_assert(fake_offset_wait(KEY_OF(0), "{\"n\":4}", LAB_WAIT_MS));
    expect_values(values, 5);
    ck_assert_int_eq(atomic_load(&fake.committed_records), 5);
    ck_assert(fake_topic_noted("t"));
    ck_assert_int_ge(atomic_load(&fake.commits), 1);
    task_lab_stop(t);
    ck_assert_str_eq(fake_statuses(), "RUNNING,UNASSIGNED");
    ck_assert_int_eq(atomic_load(&fake.stopped), 1);
}
END_TEST

START_TEST(test_commit_at_the_end_and_start_from_there) {
    static const char *const slow[] = {"offset.flush.interval.ms", "3600000", NULL};
    task_lab_done(&lab);
    task_lab_init(&lab, slow);
    task_lab_topic(&lab, "t", 1);
    fake.partitions = 2;
    atomic_store(&fake.limit, 7);
    struct task *t = start(plain);
    wait_for(&fake.committed_records, 7);
    ck_assert_ptr_null(fake_offset(KEY_OF(0)));
    task_lab_stop(t);
    ck_assert_str_eq(fake_offset(KEY_OF(0)), "{\"n\":6}");
    ck_assert_str_eq(fake_offset(KEY_OF(1)), "{\"n\":5}");
    atomic_store(&fake.polls, 0);
    atomic_store(&fake.limit, 9);
    t = start(plain);
    wait_for(&fake.committed_records, 9);
    task_lab_stop(t);
    ck_assert_int_eq(fake.stored, 6);
    ck_assert_int_eq(atomic_load(&fake.committed_records), 9);
    ck_assert_str_eq(fake_offset(KEY_OF(1)), "{\"n\":7}");
}
END_TEST

/* Every kind of record: key, headers, time, own partition, tombstone. */
static void dress(struct kc_batch *batch, struct kc_record *r, int number) {
    r->key_schema = kc_schema_of(KC_STRING, false);
    r->key = kc_string(kc_arena_printf(batch->arena, "key%d", number));
    r->timestamp = 1600000000000 + number;
    if (number == 1)
        r->value = kc_null();
    if (number == 2)
        r->partition = 3;
    if (number == 3) {
        kc_record_add_header(batch->arena, r, "a", kc_schema_of(KC_STRING, false), kc_string("x"));
        kc_record_add_header(batch->arena, r, "a", kc_schema_of(KC_INT32, false), kc_int(KC_INT32, 7));
    }
}

START_TEST(test_everything_of_a_record) {
    static const char *const pairs[] = {"key.converter", "org.apache.kafka.connect.storage.StringConverter", NULL};
    task_lab_topic(&lab, "t", 5);
    fake.on_record = dress;
    atomic_store(&fake.limit, 6);
    struct task *t = start(pairs);
    size_t count;
    struct lab_record *records = task_lab_read(&lab, "t", 6, &count);
    ck_assert_uint_eq(count, 6);
    for (size_t i = 0; i < count; i++) {
        int number = (int)(records[i].timestamp - 1600000000000);
        char key[16], value[16];
        snprintf(key, sizeof key, "key%d", number);
        snprintf(value, sizeof value, "%d", number);
        ck_assert_str_eq(records[i].key, key);
        ck_assert_int_eq(records[i].partition,
                         number == 2 ? 3 : murmur2_partition(key, strlen(key), 5)); /* as Java's producer */
        ck_assert_str_eq(records[i].headers, number == 3 ? "a=x;a=7;" : "");
        if (number == 1)
            ck_assert_ptr_null(records[i].value);
        else
            ck_assert_str_eq(records[i].value, value);
    }
    task_lab_free(records, count);
    task_lab_stop(t);
}
END_TEST

/* ---- Failures ---- */

static void make_bad(struct kc_batch *batch, struct kc_record *r, int number) {
    (void)batch;
    if (number != 2)
        return;
    r->value_schema = kc_schema_of(KC_STRING, false); /* but a number inside */
}

START_TEST(test_bad_record_fails_the_task) {
    static const char *const values[] = {"0", "1"};
    task_lab_topic(&lab, "t", 1);
    fake.on_record = make_bad;
    atomic_store(&fake.limit, 5);
    expect_failed(start(plain));
    ck_assert_msg(strstr(fake_trace(), "Tolerance exceeded in error handler\nCaused by: "
                                       "org.apache.kafka.connect.errors.DataException: ") != NULL,
                  "%s", fake_trace());
    ck_assert_msg(strstr(fake_trace(), "(topic t, source offset {\"n\":2})") != NULL, "%s", fake_trace());
    expect_values(values, 2);
    ck_assert_str_eq(fake_offset(KEY_OF(0)), "{\"n\":1}"); /* what came before is sent and committed */
}
END_TEST

START_TEST(test_bad_record_is_tolerated) {
    static const char *const pairs[] = {"errors.tolerance", "all", NULL};
    static const char *const values[] = {"0", "1", "3", "4"};
    task_lab_topic(&lab, "t", 1);
    fake.on_record = make_bad;
    atomic_store(&fake.limit, 5);
    struct task *t = start(pairs);
    ck_assert(fake_offset_wait(KEY_OF(0), "{\"n\":4}", LAB_WAIT_MS));
    expect_values(values, 4);
    ck_assert_int_eq(atomic_load(&fake.committed_records), 5);
    task_lab_stop(t);
}
END_TEST

START_TEST(test_filtered_records_commit_nothing) {
    static const char *const pairs[] = {"transforms", "f", "transforms.f.type", "Filter", NULL};
    task_lab_topic(&lab, "t", 1);
    atomic_store(&fake.limit, 5);
    struct task *t = start(pairs);
    wait_for(&fake.committed_records, 5);
    task_lab_stop(t);
    ck_assert_ptr_null(fake_offset(KEY_OF(0)));
}
END_TEST

static void make_untimely(struct kc_batch *batch, struct kc_record *r, int number) {
    (void)batch;
    r->timestamp = number == 2 ? -2 : -1; /* -1: no time */
}

START_TEST(test_bad_timestamp_fails_the_task) {
    static const char *const values[] = {"0", "1"};
    task_lab_topic(&lab, "t", 1);
    fake.on_record = make_untimely;
    atomic_store(&fake.limit, 5);
    expect_failed(start(plain));
    ck_assert_msg(
        strncmp(fake_trace(), "org.apache.kafka.common.InvalidRecordException: Invalid record timestamp -2\n", 75) == 0,
        "%s", fake_trace());
    expect_values(values, 2);
}
END_TEST

/* Larger than max.request.size: the producer refuses it, Java through its callback. */
static void make_large(struct kc_batch *batch, struct kc_record *r, int number) {
    enum { LARGE = 2 * 1024 * 1024 };
    if (number != 2)
        return;
    char *text = kc_arena_alloc(batch->arena, LARGE);
    memset(text, 'x', LARGE);
    r->value = kc_text(text, LARGE);
}

START_TEST(test_refused_record_fails_the_task) {
    task_lab_topic(&lab, "t", 1);
    fake.on_record = make_large;
    atomic_store(&fake.limit, 5);
    struct task *t = start(plain);
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert_int_eq(error_counts_get(task_error_counts(t), COUNT_RECORD_FAILURES), 0); /* as in Java */
    expect_failed(t);
    ck_assert_msg(strncmp(fake_trace(),
                          "org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from "
                          "producer send callback\nCaused by: org.apache.kafka.common.errors.",
                          130) == 0,
                  "%s", fake_trace());
    ck_assert_str_eq(fake_offset(KEY_OF(0)), "{\"n\":1}"); /* later records arrived, their offsets do not count */
}
END_TEST

START_TEST(test_refused_record_is_tolerated) {
    static const char *const pairs[] = {"errors.tolerance", "all", NULL};
    static const char *const values[] = {"0", "1", "3", "4"};
    task_lab_topic(&lab, "t", 1);
    fake.on_record = make_large;
    atomic_store(&fake.limit, 5);
    struct task *t = start(pairs);
    ck_assert(fake_offset_wait(KEY_OF(0), "{\"n\":4}", LAB_WAIT_MS));
    expect_values(values, 4);
    task_lab_stop(t);
}
END_TEST

/* The broker refuses the topic for good. */
START_TEST(test_broker_error) {
    task_lab_topic(&lab, "t", 1);
    rd_kafka_mock_push_request_errors(lab.cluster, /* Produce */ 0, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    atomic_store(&fake.limit, 1);
    expect_failed(start(plain));
    ck_assert_msg(strstr(fake_trace(), "TopicAuthorizationException") != NULL, "%s", fake_trace());
    ck_assert_ptr_null(fake_offset(KEY_OF(0)));
}
END_TEST

static int poll_errors(struct kc_source_context *ctx, struct kc_batch *batch, struct kc_error *err) {
    (void)ctx, (void)batch;
    switch (atomic_load(&fake.polls)) {
    case 1:
        return kc_fail(err, KC_RETRIABLE_EXCEPTION, "not now");
    case 3:
        return kc_fail(err, KC_CONNECT_EXCEPTION, "source is gone");
    default:
        return 1;
    }
}

START_TEST(test_poll_errors) {
    static const char *const values[] = {"0", "1"};
    task_lab_topic(&lab, "t", 1);
    fake.on_poll = poll_errors;
    atomic_store(&fake.limit, 2);
    expect_failed(start(plain));
    ck_assert_str_eq(fake_trace(), "org.apache.kafka.connect.errors.ConnectException: source is gone");
    expect_values(values, 2);
    ck_assert_str_eq(fake_offset(KEY_OF(0)), "{\"n\":1}");
}
END_TEST

START_TEST(test_offsets_that_cannot_be_stored_yet) {
    task_lab_topic(&lab, "t", 1);
    fake_offsets_fail(true);
    atomic_store(&fake.limit, 3);
    struct task *t = start(plain);
    wait_for(&fake.committed_records, 3);
    clock_sleep_ms(500);
    ck_assert_int_eq(fake_offset_writes(), 0);
    atomic_store(&fake.limit, 4);
    wait_for(&fake.committed_records, 4);
    fake_offsets_fail(false);
    ck_assert(fake_offset_wait(KEY_OF(0), "{\"n\":3}", LAB_WAIT_MS));
    ck_assert_str_eq(fake_statuses(), "RUNNING");
    task_lab_stop(t);
}
END_TEST

static void bad_offset(struct kc_batch *batch, struct kc_record *r, int number) {
    (void)number;
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "n", kc_map_new(batch->arena, 0));
}

START_TEST(test_offsets_of_another_shape) {
    task_lab_topic(&lab, "t", 1);
    fake.on_record = bad_offset;
    atomic_store(&fake.limit, 1);
    struct task *t = start(plain);
    wait_for(&fake.committed_records, 1);
    clock_sleep_ms(400);
    task_lab_stop(t);
    ck_assert_int_eq(fake_offset_writes(), 0); /* fails with every commit, as in Java, and is logged */
}
END_TEST

/* ---- Pause, idle, stop ---- */

START_TEST(test_pause) {
    task_lab_topic(&lab, "t", 1);
    atomic_store(&fake.limit, 2);
    struct task *t = start(plain);
    wait_for(&fake.committed_records, 2);
    task_set_target(t, TARGET_PAUSED);
    ck_assert(fake_status_wait("PAUSED", LAB_WAIT_MS));
    ck_assert(fake_offset_wait(KEY_OF(0), "{\"n\":1}", LAB_WAIT_MS)); /* commits go on */
    int polls = atomic_load(&fake.polls);
    atomic_store(&fake.limit, 4);
    clock_sleep_ms(300);
    ck_assert_int_eq(atomic_load(&fake.polls), polls);
    task_set_target(t, TARGET_STARTED);
    wait_for(&fake.committed_records, 4);
    task_lab_stop(t);
    ck_assert_str_eq(fake_statuses(), "RUNNING,PAUSED,RUNNING,UNASSIGNED");
}
END_TEST

/* A connector that does not wait when it has nothing must not cost a core. */
START_TEST(test_idle) {
    fake.wait = false;
    struct task *t = start(plain);
    wait_for(&fake.polls, 1);
    clock_sleep_ms(500);
    ck_assert_int_le(atomic_load(&fake.polls), 10);
    int64_t before = clock_ms();
    task_lab_stop(t);
    ck_assert_int_lt(clock_ms() - before, 5000);
}
END_TEST

static int poll_until_stopping(struct kc_source_context *ctx, struct kc_batch *batch, struct kc_error *err) {
    (void)batch, (void)err;
    atomic_store(&fake.inside, 1);
    while (!ctx->stopping(ctx))
        clock_sleep_ms(2);
    return 1; /* with records that nobody waits for any more */
}

START_TEST(test_stop_in_the_middle_of_poll) {
    task_lab_topic(&lab, "t", 1);
    fake.on_poll = poll_until_stopping;
    atomic_store(&fake.limit, 2);
    struct task *t = start(plain);
    wait_for(&fake.inside, 1);
    task_lab_stop(t);
    ck_assert_str_eq(fake_statuses(), "RUNNING,UNASSIGNED");
    ck_assert_int_eq(atomic_load(&fake.stopped), 1);
}
END_TEST

static int poll_until_let_go(struct kc_source_context *ctx, struct kc_batch *batch, struct kc_error *err) {
    (void)ctx, (void)batch, (void)err;
    atomic_store(&fake.inside, 1);
    while (!atomic_load(&fake.limit))
        clock_sleep_ms(2);
    return 1;
}

START_TEST(test_cancel) {
    task_lab_topic(&lab, "t", 1);
    fake.on_poll = poll_until_let_go;
    struct task *t = start(plain);
    wait_for(&fake.inside, 1);
    task_stop(t);
    ck_assert(!task_join(t, clock_ms() + 100));
    task_cancel(t);
    atomic_store(&fake.limit, 2);
    wait_for(&fake.stopped, 1);
    clock_sleep_ms(500); /* the thread frees the task */
    ck_assert_str_eq(fake_statuses(), "RUNNING");
    ck_assert_int_eq(fake_offset_writes(), 0);
}
END_TEST

/* ---- Configurations that cannot run ---- */

START_TEST(test_unusable_configurations) {
    static const struct {
        const char *worker[4];
        const char *pairs[6];
        const char *text;
    } rows[] = {
        {{NULL}, {"header.converter", "x.Y", NULL}, "Class x.Y could not be found."},
        {{NULL}, {"predicates", "p", NULL}, "Invalid value null for configuration predicates.p.type: Not a Predicate"},
        {{"connector.client.config.override.policy", "Principal", NULL},
         {"producer.override.linger.ms", "2", NULL},
         "Client Config Overrides not allowed"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct kc_error err = {0};
        task_lab_done(&lab);
        task_lab_init(&lab, rows[i].worker);
        ck_assert_ptr_null(task_lab_start(&lab, &plugin, 0, rows[i].pairs, TARGET_STARTED, &err));
        ck_assert_msg(strstr(err.text, rows[i].text) != NULL, "%zu: %s: %s", i, err.exception, err.text);
    }
}
END_TEST

START_TEST(test_topic_creation_needs_defaults) {
    static const char *const pairs[] = {"topic.creation.default.partitions", "1", NULL};
    struct task *t = start(pairs);
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    task_free(t);
    ck_assert_str_eq(fake_trace(), "org.apache.kafka.common.config.ConfigException: Missing required configuration "
                                   "\"topic.creation.default.replication.factor\" which has no default value.");
}
END_TEST

/* ---- Many records ---- */

START_TEST(test_many_records) {
    enum { COUNT = 100000 };
    task_lab_topic(&lab, "t", 4);
    fake.partitions = 3;
    atomic_store(&fake.limit, COUNT);
    struct task *t = start(plain);
    wait_for(&fake.committed_records, COUNT);
    task_lab_stop(t);
    char last[3][32];
    for (int i = COUNT - 3; i < COUNT; i++)
        snprintf(last[i % 3], sizeof last[0], "{\"n\":%d}", i);
    ck_assert_str_eq(fake_offset(KEY_OF(0)), last[0]);
    ck_assert_str_eq(fake_offset(KEY_OF(1)), last[1]);
    ck_assert_str_eq(fake_offset(KEY_OF(2)), last[2]);
}
END_TEST

int main(void) {
    const struct lab_case cases[] = {
        {"offsets",
         {test_records_and_offsets, test_commit_at_the_end_and_start_from_there, test_offsets_that_cannot_be_stored_yet,
          test_offsets_of_another_shape}},
        {"records", {test_everything_of_a_record, test_many_records}},
        {"bad", {test_bad_record_fails_the_task, test_bad_record_is_tolerated, test_filtered_records_commit_nothing}},
        {"refused",
         {test_bad_timestamp_fails_the_task, test_refused_record_fails_the_task, test_refused_record_is_tolerated}},
        {"errors", {test_broker_error, test_poll_errors, test_topic_creation_needs_defaults}},
        {"pause", {test_pause, test_idle}},
        {"ends", {test_stop_in_the_middle_of_poll, test_cancel, test_unusable_configurations}},
        {0},
    };
    return task_lab_run("source_task", cases, set_up, tear_down);
}
