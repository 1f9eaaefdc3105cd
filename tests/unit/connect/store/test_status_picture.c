/* Status topic: captured records byte for byte, keys, and the rules of reading and safe writing. */
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/json.h"
#include "connect/store/status_picture.h"
#include "tests/support/hex.h"

static size_t reencoded;

static void check_record(const cJSON *vector, void *arg) {
    (void)arg;
    if (strcmp(json_get_text(vector, "kind"), "record") != 0 || strcmp(json_get_text(vector, "store"), "status") != 0)
        return;
    AUTO_BUF key, value, out;
    buf_init(&key, 1 << 20);
    buf_init(&value, 1 << 20);
    buf_init(&out, 1 << 20);
    const char *value_hex = json_get_text(vector, "value_hex");
    hex_add(&key, json_get_text(vector, "key_hex"));
    if (value_hex)
        hex_add(&value, value_hex);
    struct status_record r;
    struct kc_error err = {0};
    ck_assert_msg(status_record_parse(key.data, key.len, value_hex ? value.data : NULL, value.len, &r, &err) == 0,
                  "%s: %s", json_get_text(vector, "key"), err.text);
    int rc = r.kind == STATUS_TOPIC ? status_encode_topic_key(&out, r.topic, r.connector)
                                    : status_encode_key(&out, r.connector, r.status.task);
    ck_assert_int_eq(rc, 0);
    hex_assert_eq(out.data, out.len, json_get_text(vector, "key_hex"));
    buf_clear(&out);
    if (!r.tombstone) {
        rc = r.kind == STATUS_TOPIC ? status_encode_topic(&out, r.topic, r.connector, r.status.task, r.discovered_ms)
                                    : status_encode(&out, &r.status);
        ck_assert_int_eq(rc, 0);
        hex_assert_eq(out.data, out.len, value_hex);
        reencoded++;
    }
    status_record_done(&r);
}

START_TEST(captured_records) {
    reencoded = 0;
    golden_each("cluster.jsonl", NULL, check_record, NULL);
    ck_assert_uint_ge(reencoded, 100);
}
END_TEST

static const struct {
    const char *key;
    int rc;
    enum status_kind kind;
    const char *connector, *topic;
    int task;
} keys[] = {
    {"status-connector-a-b", 0, STATUS_CONNECTOR, "a-b", NULL, -1},
    {"status-task-s3-sink-0", 0, STATUS_TASK, "s3-sink", NULL, 0},
    {"status-task-a-b-12-", 0, STATUS_TASK, "a-b", NULL, 12},
    {"status-task-a", -1, STATUS_TASK, NULL, NULL, 0},
    {"status-task-a-x", -1, STATUS_TASK, NULL, NULL, 0},
    {"status-task-0", -1, STATUS_TASK, NULL, NULL, 0},
    {"status-connector-", -1, STATUS_CONNECTOR, NULL, NULL, 0},
    {"status-topic-orders:connector-s3-sink", 0, STATUS_TOPIC, "s3-sink", "orders", 0},
    {"status-topic-orders:xxxxxxxxxxc", 0, STATUS_TOPIC, "c", "orders", 0},
    {"status-topic-orders:connector-", -1, STATUS_TOPIC, NULL, NULL, 0},
    {"status-topic-:connector-c", -1, STATUS_TOPIC, NULL, NULL, 0},
    {"status-topic-orders", -1, STATUS_TOPIC, NULL, NULL, 0},
    {"status-other", -1, STATUS_TOPIC, NULL, NULL, 0},
    {"", -1, STATUS_TOPIC, NULL, NULL, 0},
};

START_TEST(parse_keys) {
    struct status_record r;
    struct kc_error err = {0};
    ck_assert_int_eq(status_record_parse(keys[_i].key, strlen(keys[_i].key), NULL, 0, &r, &err), keys[_i].rc);
    if (keys[_i].rc < 0)
        return;
    ck_assert(r.tombstone);
    ck_assert_int_eq(r.kind, keys[_i].kind);
    ck_assert_str_eq(r.connector, keys[_i].connector);
    if (keys[_i].topic)
        ck_assert_str_eq(r.topic, keys[_i].topic);
    else
        ck_assert_int_eq(r.status.task, keys[_i].task);
    status_record_done(&r);
}
END_TEST

static int feed_at(struct status_picture *p, const char *key, const char *value, int64_t timestamp_ms) {
    struct status_record r;
    struct kc_error err = {0};
    if (status_record_parse(key, strlen(key), value, value ? strlen(value) : 0, &r, &err) < 0)
        return -1;
    r.timestamp_ms = timestamp_ms;
    status_picture_apply(p, &r);
    status_record_done(&r);
    return 0;
}

static int feed(struct status_picture *p, const char *key, const char *value) {
    return feed_at(p, key, value, 0);
}

#define RUNNING(worker, generation) \
    "{\"state\":\"RUNNING\",\"trace\":null,\"worker_id\":\"" worker "\",\"generation\":" #generation "}"

/* A worker that slept says that nothing runs, after another one has begun: that one says again that it does. */
START_TEST(late_words) {
    static const struct {
        enum state put;
        const char *key, *late;
        bool again;
    } cases[] = {
        {STATE_RUNNING, "status-connector-c", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":3}", true},
        {STATE_PAUSED, "status-connector-c", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":3}", true},
        {STATE_FAILED, "status-connector-c", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":3}", true},
        {STATE_UNASSIGNED, "status-connector-c", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":3}",
         false},
        {STATE_DESTROYED, "status-connector-c", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":3}",
         false},
        {STATE_RUNNING, "status-connector-c", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":4}",
         false},
        {STATE_RUNNING, "status-connector-c", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w1\",\"generation\":3}",
         false},
        {STATE_RUNNING, "status-connector-c", "{\"state\":\"RUNNING\",\"worker_id\":\"w0\",\"generation\":3}", false},
        {STATE_RUNNING, "status-connector-c", NULL, false},
        {STATE_RUNNING, "status-connector-d", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":3}",
         false},
        {STATE_RUNNING, "status-task-c-0", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":3}", true},
        {STATE_RUNNING, "status-topic-t:connector-c", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct status_picture *p = status_picture_new();
        struct status_record r;
        struct kc_error err = {0};
        bool of_task = strstr(cases[i].key, "task") != NULL;
        struct status own = {
            .connector = "c", .task = of_task ? 0 : -1, .state = cases[i].put, .worker_id = "w1", .generation = 4};
        status_picture_own(p, &own, true);
        const char *value = cases[i].late;
        ck_assert_int_eq(
            status_record_parse(cases[i].key, strlen(cases[i].key), value, value ? strlen(value) : 0, &r, &err), 0);
        const struct status *again = status_picture_contradicted(p, &r);
        ck_assert_msg((again != NULL) == cases[i].again, "case %zu", i);
        if (again) {
            ck_assert_int_eq(again->state, cases[i].put);
            status_picture_own(p, &own, false); /* refused: somebody else has it */
            ck_assert_ptr_null(status_picture_contradicted(p, &r));
        }
        status_record_done(&r);
        status_picture_free(p);
    }
}
END_TEST

START_TEST(reading) {
    struct status_picture *p = status_picture_new();
    ck_assert_int_eq(feed(p, "status-connector-c", RUNNING("w1", 3)), 0);
    ck_assert_int_eq(feed(p, "status-task-c-0", RUNNING("w1", 3)), 0);
    ck_assert_int_eq(feed(p, "status-task-c-11", RUNNING("w2", 3)), 0);
    ck_assert_int_eq(feed(p, "status-task-c-2", RUNNING("w2", 3)), 0);
    ck_assert_str_eq(status_picture_get(p, "c", -1)->worker_id, "w1");
    ck_assert_ptr_null(status_picture_get(p, "c", -1)->version);
    /* a late UNASSIGNED of an older or the same generation is ignored, a newer one is not */
    feed(p, "status-task-c-0", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":3}");
    ck_assert_int_eq(status_picture_get(p, "c", 0)->state, STATE_RUNNING);
    feed(p, "status-task-c-0", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":4}");
    ck_assert_int_eq(status_picture_get(p, "c", 0)->state, STATE_UNASSIGNED);
    /* for a connector it counts */
    feed(p, "status-connector-c", "{\"state\":\"UNASSIGNED\",\"worker_id\":\"w0\",\"generation\":2}");
    ck_assert_int_eq(status_picture_get(p, "c", -1)->state, STATE_UNASSIGNED);
    size_t count;
    struct status *tasks = status_picture_tasks(p, "c", &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(tasks[0].task, 0);
    ck_assert_int_eq(tasks[1].task, 2);
    ck_assert_int_eq(tasks[2].task, 11);
    for (size_t i = 0; i < count; i++)
        status_done(&tasks[i]);
    free(tasks);
    static const char *const bad[] = {"{\"state\":\"RUNNING\"}", "{\"state\":\"BLUE\",\"generation\":1}", "[]", "{",
                                      "\"x\""};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_int_lt(feed(p, "status-connector-c", bad[i]), 0);
    feed(p, "status-task-c-2", NULL);
    ck_assert_ptr_null(status_picture_get(p, "c", 2));
    /* the connector's tombstone takes its tasks along */
    feed(p, "status-connector-c", NULL);
    ck_assert_ptr_null(status_picture_get(p, "c", 0));
    char **names = status_picture_connectors(p, &count);
    ck_assert_uint_eq(count, 0);
    free(names);
    feed(p, "status-task-d-0", RUNNING("w1", 3));
    names = status_picture_connectors(p, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(names[0], "d");
    free(names[0]);
    free(names);
    status_picture_free(p);
}
END_TEST

/* Tombstones and statuses of one connector come from several partitions, in no order. */
START_TEST(new_life) {
    struct status_picture *p = status_picture_new();
    feed_at(p, "status-connector-c", RUNNING("w1", 3), 10);
    feed_at(p, "status-task-c-0", RUNNING("w1", 3), 11);
    feed_at(p, "status-task-c-1", RUNNING("w1", 4), 30);
    feed_at(p, "status-connector-c", NULL, 20);
    ck_assert_ptr_null(status_picture_get(p, "c", -1));
    ck_assert_ptr_null(status_picture_get(p, "c", 0));
    ck_assert_ptr_nonnull(status_picture_get(p, "c", 1));
    /* forgotten when the tombstone is written, known again by what is read later */
    uint64_t number = status_picture_put(p, "c", 1);
    status_picture_forget(p, "c", 1);
    status_picture_forget(p, "c", 7);
    ck_assert_ptr_null(status_picture_get(p, "c", 1));
    ck_assert_uint_eq(status_picture_number(p, "c", 1), number); /* worth repeating until it is written */
    feed_at(p, "status-task-c-1", RUNNING("w2", 5), 40);
    ck_assert_str_eq(status_picture_get(p, "c", 1)->worker_id, "w2");
    status_picture_free(p);
}
END_TEST

START_TEST(safe_writing) {
    struct status_picture *p = status_picture_new();
    struct status mine = {.connector = "c", .task = 0, .worker_id = "me", .generation = 3};
    ck_assert(status_picture_safe(p, &mine)); /* nothing cached */
    feed(p, "status-task-c-0", RUNNING("other", 4));
    ck_assert(!status_picture_safe(p, &mine));
    feed(p, "status-task-c-0", RUNNING("other", 3));
    ck_assert(status_picture_safe(p, &mine)); /* not newer */
    feed(p, "status-task-c-0", RUNNING("me", 9));
    ck_assert(status_picture_safe(p, &mine)); /* mine */
    uint64_t first = status_picture_put(p, "c", 0), second = status_picture_put(p, "c", 0);
    ck_assert_uint_gt(second, first);
    ck_assert_uint_eq(status_picture_number(p, "c", 0), second);
    feed(p, "status-task-c-0", NULL);
    ck_assert_uint_eq(status_picture_number(p, "c", 0), 0);
    status_picture_free(p);
}
END_TEST

START_TEST(topics) {
    static const char value[] = "{\"topic\":{\"name\":\"b\",\"connector\":\"c\",\"task\":0,\"discoverTimestamp\":7}}";
    struct status_picture *p = status_picture_new();
    status_picture_topic(p, "c", "unread", true)->sent_ms = 5;
    ck_assert_int_eq(feed(p, "status-topic-b:connector-c", value), 0);
    ck_assert_int_eq(feed(p, "status-topic-a:connector-c", value), 0);
    ck_assert_int_lt(feed(p, "status-topic-a:connector-c", "{\"topic\":{}}"), 0);
    size_t count;
    char **names = status_picture_topics(p, "c", &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(names[0], "a");
    ck_assert_str_eq(names[1], "b");
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    feed(p, "status-topic-a:connector-c", NULL);
    ck_assert_ptr_null(status_picture_topic(p, "c", "a", false));
    status_picture_free(p);
}
END_TEST

START_TEST(encoding) {
    AUTO_BUF out;
    buf_init(&out, 4096);
    struct status failed = {.connector = "s3-sink",
                            .task = 0,
                            .state = STATE_FAILED,
                            .trace = "org.apache.kafka.connect.errors.ConnectException: boom\n\tat \xF0\x9F\x98\x80",
                            .worker_id = "10.0.0.5:8083",
                            .generation = 3};
    ck_assert_int_eq(status_encode(&out, &failed), 0);
    ck_assert_str_eq(buf_text(&out),
                     "{\"state\":\"FAILED\",\"trace\":\"org.apache.kafka.connect.errors.ConnectException: boom\\n\\tat "
                     "\\uD83D\\uDE00\",\"worker_id\":\"10.0.0.5:8083\",\"generation\":3,\"version\":null}");
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("status_picture");
    TCase *t = tcase_create("status_picture");
    tcase_add_test(t, captured_records);
    tcase_add_loop_test(t, parse_keys, 0, (int)COUNT_OF(keys));
    tcase_add_test(t, reading);
    tcase_add_test(t, late_words);
    tcase_add_test(t, new_life);
    tcase_add_test(t, safe_writing);
    tcase_add_test(t, topics);
    tcase_add_test(t, encoding);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
