/* Source tasks and records that a transform or converter refuses: dead letters, the log, what is counted. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/log.h"
#include "connect/task/error_counts.h"
#include "tests/support/fake_stores.h"
#include "tests/support/task_lab.h"

/* ---- A connector with four records: 7, x (which Cast refuses), one with a bad key, one that Kafka refuses or 9 ----
 */

enum { LARGE_BYTES = 2 * 1024 * 1024 };
static atomic_bool polled;
static bool with_large;

static int start_source(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    (void)conf, (void)err;
    atomic_store(&polled, false);
    *ret_self = ctx;
    return 0;
}

static struct kc_record *add(struct kc_source_context *ctx, struct kc_batch *batch, int number, struct kc_value value) {
    struct kc_record *r = kc_batch_add(batch);
    struct kc_value partition = kc_map_new(batch->arena, 1);
    kc_map_put(&partition, "file", kc_string("a,\"b"));
    r->topic = "t";
    r->value = value;
    r->timestamp = 1700000000123;
    r->source_partition = ctx->partition(ctx, &partition);
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "n", kc_int(KC_INT64, number));
    return r;
}

static int poll_source(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct kc_source_context *ctx = self;
    (void)err;
    if (atomic_exchange(&polled, true)) {
        ctx->wait(ctx, 1000);
        return 0;
    }
    add(ctx, batch, 0, kc_string("7"));
    struct kc_record *r = add(ctx, batch, 1, kc_string("x"));
    r->key = kc_string("k1");
    kc_record_add_header(batch->arena, r, "h", kc_schema_of(KC_INT32, false), kc_int(KC_INT32, 5));
    r = add(ctx, batch, 2, kc_string("8"));
    r->key_schema = kc_schema_of(KC_STRING, false); /* but a number inside */
    r->key = kc_int(KC_INT64, 12);
    kc_record_add_header(batch->arena, r, "h", NULL, kc_string("v"));
    if (with_large) { /* the broker's limit, which a key has to keep, too */
        char *text = kc_arena_alloc(batch->arena, LARGE_BYTES);
        memset(text, 'x', LARGE_BYTES);
        r = add(ctx, batch, 3, kc_string("9"));
        r->key = kc_text(text, LARGE_BYTES);
    } else {
        add(ctx, batch, 3, kc_string("9"));
    }
    return 0;
}

static void stop_source(void *self) {
    (void)self;
}

static const struct kc_source_task_ops source_task = {.start = start_source, .poll = poll_source, .stop = stop_source};
static const struct kc_plugin plugin = {.abi = KC_ABI,
                                        .kind = KC_KIND_SOURCE,
                                        .class_name = "test.FourSource",
                                        .connector = &task_lab_connector,
                                        .source_task = &source_task};

#define CAST                                                                                                       \
    "transforms", "c", "transforms.c.type", "org.apache.kafka.connect.transforms.Cast$Value", "transforms.c.spec", \
        "int32"
#define DLQ       "errors.deadletterqueue.topic.name", "dead"
#define CONTEXT   "errors.deadletterqueue.context.headers.enable", "true"
#define TOLERANT  "errors.tolerance", "all"
#define LAST_DONE "{\"n\":3}"
#define PARTITION "{\"file\":\"a,\\\"b\"}"
#define KEY       "[\"c\"," PARTITION "]"

/* ---- Fixture ---- */

static struct task_lab lab;
static atomic_int log_lines;
static char last_lines[2][4096]; /* those of the log reporter */

static atomic_int end_lines; /* those that say that the task has failed */

static void on_log(void *arg, enum kc_level level, const char *line) {
    (void)arg;
    if (strstr(line,
               "WorkerSourceTask{id=c-0} Task threw an uncaught and unrecoverable exception. Task is being killed "
               "and will not recover until manually restarted\n"
               "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n"))
        atomic_fetch_add(&end_lines, 1);
    if (level != KC_ERROR || !strstr(line, "Error encountered in task c-0"))
        return;
    int n = atomic_load(&log_lines);
    if (n < 2)
        strncpy(last_lines[n], line, sizeof last_lines[n] - 1);
    atomic_store(&log_lines, n + 1);
}

static void set_up(void) {
    task_lab_init(&lab, NULL);
    task_lab_topic(&lab, "t", 1);
    task_lab_topic(&lab, "dead", 1);
    log_sink(on_log, NULL);
    with_large = false;
}

static void tear_down(void) {
    log_sink(NULL, NULL);
    task_lab_done(&lab);
}

static struct task *start(const char *const *pairs) {
    struct kc_error err = {0};
    struct task *t = task_lab_start(&lab, &plugin, 0, pairs, TARGET_STARTED, &err);
    ck_assert_msg(t != NULL, "%s: %s", err.exception, err.text);
    return t;
}

static void expect_counts(const struct task *t, const char *expected) {
    const struct error_counts *counts = task_error_counts(t);
    AUTO_BUF text;
    buf_init(&text, 4096);
    for (int i = 0; i < COUNT_LAST_ERROR_MS; i++)
        buf_printf(&text, "%s%lld", i ? " " : "", (long long)error_counts_get(counts, (enum error_count)i));
    ck_assert_str_eq(buf_text(&text), expected);
    int64_t age = clock_wall_ms() - error_counts_get(counts, COUNT_LAST_ERROR_MS);
    ck_assert_msg(age >= 0 && age < LAB_WAIT_MS, "%lld ms ago", (long long)age);
}

/* ---- Tests ---- */

START_TEST(test_dead_letters) {
    static const char *const pairs[] = {CAST, DLQ, CONTEXT, TOLERANT, NULL};
    struct task *t = start(pairs);
    size_t count;
    struct lab_record *letters = task_lab_read(&lab, "dead", 2, &count);
    ck_assert_uint_eq(count, 2);
    /* The record before the transforms, by the connector's converters. */
    ck_assert_str_eq(letters[0].key, "\"k1\"");
    ck_assert_str_eq(letters[0].value, "\"x\"");
    ck_assert_int_eq(letters[0].timestamp, 1700000000123);
    static const char begin[] =
        "h=5;__connect.errors.topic=t;__connect.errors.source.partition=" PARTITION ";"
        "__connect.errors.source.offset={\"n\":1};__connect.errors.connector.name=c;__connect.errors.task.id=0;"
        "__connect.errors.stage=TRANSFORMATION;"
        "__connect.errors.class.name=org.apache.kafka.connect.transforms.Cast$Value;"
        "__connect.errors.exception.class.name=org.apache.kafka.connect.errors.DataException;"
        "__connect.errors.exception.message=";
    ck_assert_msg(strncmp(letters[0].headers, begin, sizeof begin - 1) == 0, "%s", letters[0].headers);
    ck_assert_ptr_nonnull(strstr(letters[0].headers, ";__connect.errors.exception.stacktrace=org.apache."));
    /* A key that cannot be converted: JSON text. */
    ck_assert_str_eq(letters[1].key, "12");
    ck_assert_str_eq(letters[1].value, "\"8\"");
    ck_assert_ptr_nonnull(strstr(letters[1].headers, "h=v;"));
    ck_assert_ptr_nonnull(strstr(letters[1].headers, "stage=KEY_CONVERTER;__connect.errors.class.name=org.apache.kafka."
                                                     "connect.json.JsonConverter;"));
    task_lab_free(letters, count);
    struct lab_record *good = task_lab_read(&lab, "t", 2, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(good[0].value, "7");
    ck_assert_str_eq(good[1].value, "9");
    task_lab_free(good, count);
    ck_assert(fake_offset_wait(KEY, LAST_DONE, LAB_WAIT_MS));
    expect_counts(t, "2 2 2 0 0 2 0");
    task_lab_stop(t);
}
END_TEST

START_TEST(test_dead_letter_before_failing) {
    static const char *const pairs[] = {CAST, DLQ, NULL};
    struct task *t = start(pairs);
    ck_assert(fake_status_wait("FAILED", LAB_WAIT_MS));
    ck_assert(task_join(t, clock_ms() + LAB_WAIT_MS));
    expect_counts(t, "1 1 0 0 0 1 0");
    ck_assert_int_eq(atomic_load(&end_lines), 1);
    task_free(t);
    ck_assert_ptr_nonnull(strstr(fake_trace(), "Tolerance exceeded in error handler"));
    size_t count;
    struct lab_record *letters = task_lab_read(&lab, "dead", 1, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(letters[0].value, "\"x\"");
    ck_assert_str_eq(letters[0].headers, "h=5;"); /* no context asked for */
    task_lab_free(letters, count);
    ck_assert_str_eq(fake_offset(KEY), "{\"n\":0}");
}
END_TEST

/* Kafka refuses it, the dead letter queue as well: counted, and the task goes on. */
START_TEST(test_letter_that_is_refused) {
    static const char *const pairs[] = {CAST, DLQ, TOLERANT, NULL};
    with_large = true;
    struct task *t = start(pairs);
    ck_assert(fake_offset_wait(KEY, LAST_DONE, LAB_WAIT_MS));
    expect_counts(t, "3 2 2 0 0 3 1");
    task_lab_stop(t);
}
END_TEST

START_TEST(test_log) {
    static const char *const pairs[] = {CAST,   TOLERANT, "errors.log.enable", "true", "errors.log.include.messages",
                                        "true", NULL};
    struct task *t = start(pairs);
    ck_assert(fake_offset_wait(KEY, LAST_DONE, LAB_WAIT_MS));
    ck_assert_int_eq(atomic_load(&log_lines), 2);
    static const char first[] =
        "Error encountered in task c-0. Executing stage 'TRANSFORMATION' with class "
        "'org.apache.kafka.connect.transforms.Cast$Value', where source record is = SourceRecord{sourcePartition="
        "{file=a,\"b}, sourceOffset={n=1}} ConnectRecord{topic='t', kafkaPartition=null, key=k1, "
        "keySchema=null, value=x, valueSchema=null, timestamp=1700000000123, headers=ConnectHeaders(headers="
        "[ConnectHeader(key=h, value=5, schema=Schema{INT32})])}.";
    ck_assert_msg(strstr(last_lines[0], first) != NULL, "%s", last_lines[0]);
    ck_assert_msg(strstr(last_lines[1], "key=12, keySchema=Schema{STRING}, value=8,") != NULL, "%s", last_lines[1]);
    expect_counts(t, "2 2 2 0 2 0 0");
    task_lab_stop(t);
}
END_TEST

/* What Kafka does not take is told with the class that Java tells. */
START_TEST(test_log_of_a_refused_record) {
    static const char *const pairs[] = {TOLERANT, "errors.log.enable", "true", NULL};
    with_large = true;
    struct task *t = start(pairs);
    ck_assert(fake_offset_wait(KEY, LAST_DONE, LAB_WAIT_MS));
    ck_assert_int_ge(atomic_load(&log_lines), 2);
    ck_assert_msg(strstr(last_lines[1], "Error encountered in task c-0. Executing stage 'KAFKA_PRODUCE' with class "
                                        "'org.apache.kafka.connect.runtime.WorkerSourceTask'.\n"
                                        "org.apache.kafka.common.errors.RecordTooLargeException: ") != NULL,
                  "%s", last_lines[1]);
    task_lab_stop(t);
}
END_TEST

int main(void) {
    const struct lab_case cases[] = {
        {"letters", {test_dead_letters, test_dead_letter_before_failing}},
        {"refused", {test_letter_that_is_refused, test_log, test_log_of_a_refused_record}},
        {0},
    };
    return task_lab_run("source_errors", cases, set_up, tear_down);
}
