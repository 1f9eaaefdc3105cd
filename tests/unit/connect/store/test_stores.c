/* The three stores against a mock cluster: what one writes, it and others read. */
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"
#include "connect/kafka/transaction.h"
#include "connect/store/config_store.h"
#include "connect/store/offset_store.h"
#include "connect/store/status_store.h"
#include "tests/support/mock_kafka.h"

struct cluster {
    struct mock_kafka mock;
    struct worker_conf conf;
};

static void cluster_start(struct cluster *c) {
    c->mock = mock_kafka_start(1);
    mock_kafka_topic(&c->mock, "configs", 1);
    mock_kafka_topic(&c->mock, "statuses", 5);
    mock_kafka_topic(&c->mock, "offsets", 25);
    mock_kafka_topic(&c->mock, "own-offsets", 25);
    c->conf = (struct worker_conf){.text = mock_kafka_props("config.storage.topic=configs\ngroup.id=g"),
                                   .group_id = "g",
                                   .client_id = "w1",
                                   .config_topic = "configs",
                                   .status_topic = "statuses",
                                   .offset_topic = "offsets",
                                   .config_replication = 1,
                                   .offset_replication = 1,
                                   .status_replication = 1,
                                   .offset_partitions = 25,
                                   .status_partitions = 5,
                                   .retry_backoff_ms = 100};
    kc_config_set(c->conf.text, "bootstrap.servers", c->mock.bootstrap);
}

static void cluster_stop(struct cluster *c) {
    kc_config_free(c->conf.text);
    mock_kafka_stop(&c->mock);
}

/* ---- Config ---- */

struct heard {
    char text[4096];
};

static void hear(void *arg, const char *what, const char *name) {
    struct heard *h = arg;
    snprintf(h->text + strlen(h->text), sizeof(h->text) - strlen(h->text), "%s(%s) ", what, name);
}
static void on_updated(void *arg, const char *c) {
    hear(arg, "updated", c);
}
static void on_removed(void *arg, const char *c) {
    hear(arg, "removed", c);
}
static void on_tasks(void *arg, const char *c) {
    hear(arg, "tasks", c);
}
static void on_target(void *arg, const char *c) {
    hear(arg, "target", c);
}
static void on_session_key(void *arg, const struct session_key *key) {
    hear(arg, "key", key->algorithm);
}
static void on_restart(void *arg, const char *c, bool only_failed, bool include_tasks) {
    hear(arg, only_failed && !include_tasks ? "restart-failed" : "restart", c);
}
static void on_level(void *arg, const char *logger, const char *level) {
    hear(arg, logger, level);
}
static const struct config_listener listener = {on_updated,     on_removed, on_tasks, on_target,
                                                on_session_key, on_restart, on_level};

static int put_config(struct config_store *s, const char *connector, const struct kc_config *config,
                      const enum target_state *target, struct kc_error *err) {
    return config_store_put_connectors(
        s, &(struct config_put){.connector = connector, .config = config, .target = target}, 1, err);
}

START_TEST(config_topic) {
    struct cluster cluster;
    struct kc_error err = {0};
    struct heard heard = {""}, other_heard = {""};
    cluster_start(&cluster);
    struct config_store *s = config_store_new(&cluster.conf, &listener, &heard);
    struct config_store *other = config_store_new(&cluster.conf, &listener, &other_heard);
    ck_assert_msg(config_store_start(s, &err) == 0, "%s", err.text);
    AUTO(props) config = mock_kafka_props("connector.class=FileStreamSink\nname=c");
    AUTO(props) t0 = mock_kafka_props("task.class=a\nn=0");
    AUTO(props) t1 = mock_kafka_props("task.class=a\nn=1");
    struct kc_config *tasks[] = {t0, t1};
    enum target_state paused = TARGET_PAUSED;
    struct session_key key = {.key = {1, 2, 3}, .len = 3, .algorithm = "HmacSHA256", .created_ms = 17};
    ck_assert_int_eq(config_store_put_session_key(s, &key, &err), 0);
    ck_assert_int_eq(put_config(s, "c", config, &paused, &err), 0);
    ck_assert_int_eq(config_store_put_tasks(s, "c", tasks, 2, &err), 0);
    ck_assert_int_eq(config_store_put_target(s, "c", TARGET_STARTED, &err), 0);
    ck_assert_int_eq(config_store_put_restart(s, "c", true, false, &err), 0);
    ck_assert_int_eq(config_store_put_logger_level(s, "a.b", "DEBUG", &err), 0);
    ck_assert_int_eq(put_config(s, "d", config, NULL, &err), 0);
    ck_assert_int_eq(config_store_put_tasks(s, "d", NULL, 0, &err), 0);
    ck_assert_int_eq(config_store_remove_connector(s, "d", &err), 0);
    ck_assert_str_eq(heard.text,
                     "key(HmacSHA256) updated(c) tasks(c) target(c) restart-failed(c) a.b(DEBUG) updated(d) "
                     "tasks(d) removed(d) ");
    AUTO(snapshot) snap = config_store_snapshot(s);
    ck_assert_uint_eq(snap->count, 1);
    ck_assert_int_eq(snap->offset, 13);
    ck_assert(snap->has_session_key);
    ck_assert_int_eq(snap->session_key.created_ms, 17);
    const struct snapshot_connector *c = config_snapshot_find(snap, "c");
    ck_assert_int_eq(snapshot_assignable_tasks(c), 2);
    ck_assert_str_eq(kc_config_get(snapshot_task_config(c, 1), "n"), "1");
    ck_assert_ptr_null(snapshot_task_config(c, 2));
    ck_assert_int_eq(c->target, TARGET_STARTED);
    /* another worker: the same picture, and no callbacks for what was there before it started */
    ck_assert_int_eq(config_store_start(other, &err), 0);
    ck_assert_str_eq(other_heard.text, "");
    AUTO(snapshot) theirs = config_store_snapshot(other);
    ck_assert_int_eq(theirs->offset, snap->offset);
    ck_assert_uint_eq(theirs->count, 1);
    ck_assert_int_eq(config_store_put_target(other, "c", TARGET_STOPPED, &err), 0);
    ck_assert_int_eq(config_store_refresh(s, 10000, &err), 0);
    AUTO(snapshot) later = config_store_snapshot(s);
    ck_assert_int_eq(config_snapshot_find(later, "c")->target, TARGET_STOPPED);
    config_store_free(other);
    /* a failing write says which */
    rd_kafka_mock_push_request_errors(cluster.mock.cluster, 0, 1, RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    ck_assert_int_lt(put_config(s, "e", config, NULL, &err), 0);
    ck_assert_str_eq(err.text, "Error writing connector configuration to Kafka");
    ck_assert_ptr_nonnull(strstr(err.cause, "PolicyViolationException"));
    config_store_cancel(s);
    ck_assert_int_lt(put_config(s, "e", config, NULL, &err), 0);
    ck_assert_int_lt(config_store_refresh(s, 1000, &err), 0);
    config_store_free(s);
    cluster_stop(&cluster);
}
END_TEST

/* ---- Status ---- */

static void wait_state(struct status_store *s, const char *connector, int task, int want) {
    for (int i = 0; i < 500; i++) {
        struct status got;
        bool known = status_store_get(s, connector, task, &got);
        enum state state = known ? got.state : STATE_UNASSIGNED;
        if (known)
            status_done(&got);
        if (want < 0 ? !known : known && (int)state == want)
            return;
        clock_sleep_ms(20);
    }
    ck_abort_msg("%s-%d never became %d", connector, task, want);
}

static char **wait_topics(struct status_store *s, const char *connector, size_t count) {
    for (int i = 0; i < 500; i++) {
        size_t got;
        char **names = status_store_topics(s, connector, &got);
        if (got == count)
            return names;
        for (size_t k = 0; k < got; k++)
            free(names[k]);
        free(names);
        clock_sleep_ms(20);
    }
    ck_abort_msg("never %zu topics", count);
}

/* Topics are written once. */
static void check_topics(struct status_store *s) {
    for (int i = 0; i < 1000; i++)
        status_store_note_topic(s, "orders", "c", 0);
    status_store_note_topic(s, "a", "c", 1);
    char **topics = wait_topics(s, "c", 2);
    ck_assert_str_eq(topics[0], "a");
    ck_assert_str_eq(topics[1], "orders");
    free(topics[0]);
    free(topics[1]);
    free(topics);
    status_store_reset_topics(s, "c");
    free(wait_topics(s, "c", 0));
}

/* What is on its way at the end is not lost without need, and nothing leaks. */
static void check_last_write(const struct cluster *cluster) {
    struct kc_error err = {0};
    struct status last = {.connector = "c", .task = 7, .state = STATE_UNASSIGNED, .worker_id = "w1", .generation = 4};
    struct status_store *s = status_store_new(&cluster->conf);
    ck_assert_int_eq(status_store_start(s, &err), 0);
    status_store_put(s, &last, true);
    status_store_free(s);
    s = status_store_new(&cluster->conf);
    ck_assert_int_eq(status_store_start(s, &err), 0);
    wait_state(s, "c", 7, STATE_UNASSIGNED);
    status_store_free(s);
}

/* Another worker says late that nothing runs: what this one runs is said again, so that it is what a next start reads.
 */
static void check_late_word(const struct cluster *cluster, struct status_store *s) {
    struct kc_error err = {0};
    struct status running = {
        .connector = "late", .task = -1, .state = STATE_RUNNING, .worker_id = "w1", .generation = 4};
    struct status late = {
        .connector = "late", .task = -1, .state = STATE_UNASSIGNED, .worker_id = "w2", .generation = 3};
    struct status_store *other = status_store_new(&cluster->conf);
    ck_assert_int_eq(status_store_start(other, &err), 0);
    status_store_put(s, &running, false);
    status_store_flush(s, 10000);
    status_store_put(other, &late, false);
    status_store_flush(other, 10000);
    wait_state(other, "late", -1, STATE_RUNNING);
    status_store_free(other);
    bool again = false;
    for (int i = 0; i < 50 && !again; i++) {
        struct status got;
        other = status_store_new(&cluster->conf);
        ck_assert_int_eq(status_store_start(other, &err), 0);
        again = status_store_get(other, "late", -1, &got) && got.state == STATE_RUNNING;
        ck_assert_str_eq(got.worker_id, again ? "w1" : "w2");
        status_done(&got);
        status_store_free(other);
    }
    ck_assert(again);
    running.state = STATE_DESTROYED;
    status_store_put(s, &running, false);
    wait_state(s, "late", -1, -1);
}

START_TEST(status_topic) {
    struct cluster cluster;
    struct kc_error err = {0};
    cluster_start(&cluster);
    struct status_store *s = status_store_new(&cluster.conf);
    ck_assert_msg(status_store_start(s, &err) == 0, "%s", err.text);
    struct status running = {.connector = "c", .task = -1, .state = STATE_RUNNING, .worker_id = "w1", .generation = 4};
    status_store_put(s, &running, false);
    running.task = 0;
    status_store_put(s, &running, false);
    status_store_flush(s, 10000);
    wait_state(s, "c", -1, STATE_RUNNING);
    wait_state(s, "c", 0, STATE_RUNNING);
    /* putSafe of an older generation and another worker is skipped, of mine not */
    struct status late = {.connector = "c", .task = 0, .state = STATE_FAILED, .worker_id = "w2", .generation = 3};
    status_store_put(s, &late, true);
    late.worker_id = "w1";
    late.trace = "boom";
    late.connector = "c";
    late.task = -1;
    status_store_put(s, &late, true);
    wait_state(s, "c", -1, STATE_FAILED);
    wait_state(s, "c", 0, STATE_RUNNING);
    struct status got;
    ck_assert(status_store_get(s, "c", -1, &got));
    ck_assert_str_eq(got.trace, "boom");
    status_done(&got);
    /* a passing error is retried */
    rd_kafka_mock_push_request_errors(cluster.mock.cluster, 0, 2, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    running.state = STATE_PAUSED;
    status_store_put(s, &running, false);
    wait_state(s, "c", 0, STATE_PAUSED);
    check_topics(s);
    check_late_word(&cluster, s);
    size_t count;
    char **names = status_store_connectors(s, &count);
    ck_assert_uint_eq(count, 1);
    free(names[0]);
    free(names);
    struct status *tasks = status_store_tasks(s, "c", &count);
    ck_assert_uint_eq(count, 1);
    status_done(&tasks[0]);
    free(tasks);
    running.state = STATE_DESTROYED;
    status_store_put(s, &running, false);
    wait_state(s, "c", 0, -1);
    status_store_free(s);
    check_last_write(&cluster);
    cluster_stop(&cluster);
}
END_TEST

/* ---- Offsets ---- */

static void list(void *arg, const char *partition, const char *offset) {
    char *text = arg;
    snprintf(text + strlen(text), 512 - strlen(text), "%s=%s ", partition, offset);
}

static void put(struct offset_store *s, struct kc_value *partition, const char *offset) {
    struct kc_error err = {0};
    size_t len;
    AUTO_TEXT key = offset_store_key(s, "c", partition, &len, &err);
    ck_assert_msg(key != NULL, "%s", err.text);
    struct offset_entry e = {.key = key, .key_len = len, .value = offset, .value_len = offset ? strlen(offset) : 0};
    ck_assert_msg(offset_store_set(s, &e, 1, 10000, &err) == 0, "%s", err.text);
}

START_TEST(offset_topic) {
    struct cluster cluster;
    struct kc_error err = {0};
    char text[512] = "";
    cluster_start(&cluster);
    AUTO(arena) arena = arena_new(0);
    struct offset_store *s = offset_store_new(&cluster.conf);
    ck_assert_msg(offset_store_start(s, &err) == 0, "%s", err.text);
    struct kc_value partition = kc_map_new(arena, 2), offset;
    kc_map_put(&partition, "topic", kc_string("orders"));
    kc_map_put(&partition, "partition", kc_int(KC_INT32, 3));
    ck_assert_int_eq(offset_store_get(s, "c", &partition, 10000, arena, &offset, &err), 0);
    ck_assert_int_eq(offset.tag, KC_V_NULL);
    put(s, &partition, "{\"position\":9223372036854775807}");
    ck_assert_int_eq(offset_store_get(s, "c", &partition, 10000, arena, &offset, &err), 0);
    ck_assert_int_eq(offset.tag, KC_V_MAP);
    ck_assert_int_eq(kc_map_get(&offset, "position")->i, INT64_MAX);
    /* a spelling of somebody else: it is reused, and a reset reaches both */
    static const char theirs[] = "[\"c\",{\"topic\":\"orders\",\"partition\":3}]";
    struct offset_entry e = {theirs, strlen(theirs), "{\"position\":7}", 14};
    ck_assert_int_eq(offset_store_set(s, &e, 1, 10000, &err), 0);
    ck_assert_int_eq(offset_store_get(s, "c", &partition, 10000, arena, &offset, &err), 0);
    ck_assert_int_eq(kc_map_get(&offset, "position")->i, 7);
    size_t len;
    AUTO_TEXT key = offset_store_key(s, "c", &partition, &len, &err);
    ck_assert_str_eq(key, theirs);
    offset_store_each(s, "c", list, text);
    ck_assert_str_eq(text, "{\"topic\":\"orders\",\"partition\":3}={\"position\":7} ");
    put(s, &partition, NULL);
    ck_assert_int_eq(offset_store_refresh(s, 10000, &err), 0);
    text[0] = 0;
    offset_store_each(s, "c", list, text);
    ck_assert_str_eq(text, "");
    offset_store_free(s);
    /* after a restart, too; and a connector's own topic */
    s = offset_store_new(&cluster.conf);
    ck_assert_int_eq(offset_store_start(s, &err), 0);
    ck_assert_int_eq(offset_store_get(s, "c", &partition, 10000, arena, &offset, &err), 0);
    ck_assert_int_eq(offset.tag, KC_V_NULL);
    AUTO(props) client = mock_kafka_props("client.id=connector-producer-c-0");
    kc_config_set(client, "bootstrap.servers", cluster.mock.bootstrap);
    struct offset_store *own = offset_store_new_topic(&cluster.conf, "own-offsets", client);
    ck_assert_msg(offset_store_start(own, &err) == 0, "%s", err.text);
    put(own, &partition, "{\"position\":1}");
    ck_assert_int_eq(offset_store_get(own, "c", &partition, 10000, arena, &offset, &err), 0);
    ck_assert_int_eq(kc_map_get(&offset, "position")->i, 1);
    ck_assert_int_eq(offset_store_get(s, "c", &partition, 10000, arena, &offset, &err), 0);
    ck_assert_int_eq(offset.tag, KC_V_NULL);
    /* bad partitions and bad offsets are errors, not crashes */
    struct kc_value bad = kc_string("x");
    ck_assert_ptr_null(offset_store_key(s, "c", &bad, &len, &err));
    ck_assert_str_eq(err.text, "Offsets must be specified as a Map");
    put(own, &partition, "{broken");
    ck_assert_int_lt(offset_store_get(own, "c", &partition, 10000, arena, &offset, &err), 0);
    offset_store_free(own);
    offset_store_free(s);
    cluster_stop(&cluster);
}
END_TEST

/* Records of the offset topic by a producer of somebody else's: a tombstone reaches every spelling of the partition. */
START_TEST(offsets_of_a_transaction) {
    struct cluster cluster;
    struct kc_error err = {0};
    struct transaction_limits limits = {.timeout_ms = 20000};
    cluster_start(&cluster);
    AUTO(arena) arena = arena_new(0);
    struct offset_store *s = offset_store_new(&cluster.conf);
    ck_assert_msg(offset_store_start(s, &err) == 0, "%s", err.text);
    ck_assert_str_eq(offset_store_topic(s), "offsets");
    AUTO(props) java = mock_kafka_props("client.id=connector-producer-c-0");
    kc_config_set(java, "bootstrap.servers", cluster.mock.bootstrap);
    kc_config_set(java, "partitioner.class", "RoundRobinPartitioner"); /* must not matter */
    rd_kafka_conf_t *conf = transaction_conf(java, "g-c-0", "for this test", &err);
    AUTO(rd) rk = conf ? client_new(CLIENT_PRODUCER, conf, &err) : NULL;
    ck_assert_msg(rk && transaction_init(rk, &limits, &err) == 0, "%s", err.text);
    static const char one[] = "[\"c\",{\"partition\":3,\"topic\":\"t\"}]",
                      two[] = "[\"c\",{\"topic\":\"t\",\"partition\":3}]";
    struct offset_entry entries[] = {{one, strlen(one), "{\"n\":1}", 7}, {two, strlen(two), "{\"n\":2}", 7}};
    struct kc_value partition = kc_map_new(arena, 2), offset;
    kc_map_put(&partition, "topic", kc_string("t"));
    kc_map_put(&partition, "partition", kc_int(KC_INT32, 3));
    for (int round = 0; round < 2; round++) {
        ck_assert_msg(transaction_begin(rk, &err) == 0, "%s", err.text);
        ck_assert_msg(offset_store_produce(s, rk, entries, round ? 1 : 2, &err) == 0, "%s", err.text);
        ck_assert_msg(transaction_commit(rk, &limits, &err) == 0, "%s", err.text);
        ck_assert_int_eq(offset_store_get(s, "c", &partition, 10000, arena, &offset, &err), 0);
        if (round == 0)
            ck_assert_int_eq(kc_map_get(&offset, "n")->i, 2);
        else
            ck_assert_int_eq(offset.tag, KC_V_NULL);
        entries[0].value = NULL;
    }
    offset_store_free(s);
    cluster_stop(&cluster);
}
END_TEST

/* ---- The leader's privilege ---- */

START_TEST(privileged_writes) {
    enum { END_TXN = 26 };
    struct cluster cluster;
    struct kc_error err = {0};
    struct heard heard = {{0}};
    cluster_start(&cluster);
    cluster.conf.exactly_once = "preparing";
    struct config_store *s = config_store_new(&cluster.conf, &listener, &heard);
    ck_assert_msg(config_store_start(s, &err) == 0, "%s", err.text);
    AUTO(props) props = mock_kafka_props("a=b");
    ck_assert_int_eq(put_config(s, "x", props, NULL, &err), -1);
    ck_assert_int_eq(err.code, ERR_UNPRIVILEGED);
    ck_assert_str_eq(err.text, "Cannot produce to config topic without claiming write privileges first");
    ck_assert_int_eq(config_store_put_target(s, "x", TARGET_PAUSED, &err), 0); /* everybody may */
    ck_assert_msg(config_store_claim(s, &err) == 0, "%s", err.text);
    ck_assert_int_eq(config_store_claim(s, &err), 0);
    ck_assert_msg(put_config(s, "x", props, NULL, &err) == 0, "%s", err.text);
    ck_assert_msg(config_store_put_tasks(s, "x", &props, 1, &err) == 0, "%s", err.text);
    AUTO(snapshot) before = config_store_snapshot(s);
    ck_assert(config_snapshot_find(before, "x")->pending_fencing);
    ck_assert_int_eq(config_snapshot_find(before, "x")->task_count_record, -1);
    ck_assert_msg(config_store_put_task_count(s, "x", 1, &err) == 0, "%s", err.text);
    AUTO(snapshot) after = config_store_snapshot(s);
    ck_assert(!config_snapshot_find(after, "x")->pending_fencing);
    ck_assert_int_eq(config_snapshot_find(after, "x")->task_count_record, 1);
    /* fenced by another leader: this write fails, and every other until the privilege is claimed again */
    rd_kafka_mock_push_request_errors(cluster.mock.cluster, END_TXN, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    ck_assert_int_eq(config_store_put_restart(s, "x", false, true, &err), -1);
    ck_assert_int_eq(err.code, ERR_UNPRIVILEGED);
    ck_assert_str_eq(err.text, "Failed to write to config topic; this may be due to a transient error and the request "
                               "can be safely retried");
    ck_assert_ptr_nonnull(strstr(err.cause, "ProducerFencedException"));
    ck_assert_int_eq(config_store_put_task_count(s, "x", 2, &err), -1);
    ck_assert_msg(config_store_claim(s, &err) == 0, "%s", err.text);
    ck_assert_msg(config_store_put_task_count(s, "x", 2, &err) == 0, "%s", err.text);
    config_store_relinquish(s);
    ck_assert_int_eq(config_store_put_task_count(s, "x", 3, &err), -1);
    config_store_free(s);
    cluster_stop(&cluster);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("stores");
    TCase *t = tcase_create("stores");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, config_topic);
    tcase_add_test(t, status_topic);
    tcase_add_test(t, offset_topic);
    tcase_add_test(t, offsets_of_a_transaction);
    tcase_add_test(t, privileged_writes);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
