/* A member of a group on librdkafka's mock cluster that has nothing to read: how often its threads wake, how long its
 * fetches wait, and that this ends in time. The mock answers a fetch that found nothing after the time it asks for. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/calm.h"
#include "connect/kafka/client.h"
#include "tests/support/mock_kafka.h"
#include "tests/support/suite.h"

enum { API_FETCH = 1, API_JOIN_GROUP = 11, API_HEARTBEAT = 12, APIS = 100, THREADS = 16 };
enum { CALM_MS = 400, NEVER_MS = 1000 * 1000, FAST_MS = 500, SLOW_MS = 10000 };

struct member {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    atomic_int threads[THREADS]; /* their ids; 0: not yet */
    atomic_int thread_count, sent[APIS], assigned, lines;
};

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name, void *arg) {
    struct member *m = arg;
    (void)rk, (void)type, (void)name;
    int i = atomic_fetch_add(&m->thread_count, 1);
    ck_assert_int_lt(i, THREADS);
    atomic_store(&m->threads[i], gettid());
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_sent(rd_kafka_t *rk, int fd, const char *broker, int32_t id, int16_t api, int16_t version,
                                   int32_t correlation, size_t size, void *arg) {
    struct member *m = arg;
    (void)rk, (void)fd, (void)broker, (void)id, (void)version, (void)correlation, (void)size;
    if (api >= 0 && api < APIS)
        atomic_fetch_add(&m->sent[api], 1);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *arg, char *why, size_t size) {
    (void)conf, (void)why, (void)size;
    rd_kafka_interceptor_add_on_thread_start(rk, "test", on_thread_start, arg);
    return rd_kafka_interceptor_add_on_request_sent(rk, "test", on_sent, arg);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *arg) {
    struct member *m = arg;
    bool given = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    for (int i = 0; given && i < list->cnt; i++)
        list->elems[i].offset = 0;
    rd_kafka_assign(rk, given ? list : NULL);
    atomic_store(&m->assigned, given ? list->cnt : 0);
}

static void on_line(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    (void)level, (void)facility;
    struct member *m = rd_kafka_opaque(rk);
    if (strstr(text, "Disconnected"))
        atomic_fetch_add(&m->lines, 1);
}

static struct member *join(const struct mock_kafka *mock, const char *group, const char *more) {
    struct kc_error err = {0};
    char text[256];
    snprintf(text, sizeof text,
             "bootstrap.servers=%s\ngroup.id=%s\nsession.timeout.ms=6000\nheartbeat.interval.ms=1000\n%s",
             mock->bootstrap, group, more);
    AUTO(props) props = mock_kafka_props(text);
    struct member *m = calloc(1, sizeof *m);
    rd_kafka_conf_t *conf = client_conf(CLIENT_CONSUMER, props, &err);
    ck_assert_msg(conf != NULL, "%s", err.text);
    rd_kafka_conf_interceptor_add_on_new(conf, "test", on_new, m);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_opaque(conf, m);
    rd_kafka_conf_set_log_cb(conf, on_line);
    m->rk = client_new(CLIENT_CONSUMER, conf, &err);
    ck_assert_msg(m->rk != NULL, "%s", err.text);
    rd_kafka_poll_set_consumer(m->rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
    ck_assert_int_eq(rd_kafka_subscribe(m->rk, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    return m;
}

static void leave(struct member *m) {
    client_free(m->rk);
    free(m);
}

static void poll_both(struct member *a, struct member *b) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(a->rk, 50);
    if (message)
        rd_kafka_message_destroy(message);
    if (b && (message = rd_kafka_consumer_poll(b->rk, 50)))
        rd_kafka_message_destroy(message);
}

/* Polls until `*value` is at least `wanted`, but not for ever. */
static void reach(struct member *a, struct member *b, const atomic_int *value, int wanted, int64_t within_ms) {
    int64_t deadline = clock_ms() + within_ms;
    while (atomic_load(value) < wanted && clock_ms() < deadline)
        poll_both(a, b);
    ck_assert_int_ge(atomic_load(value), wanted);
}

static int64_t fetch_wait(const struct member *m) {
    char text[24];
    size_t size = sizeof text;
    ck_assert_int_eq(rd_kafka_conf_get(rd_kafka_conf(m->rk), "fetch.wait.max.ms", text, &size), RD_KAFKA_CONF_OK);
    return strtoll(text, NULL, 10);
}

static bool known(void) {
    return rd_kafka_version() < 0x020400ff;
}

static void become_calm(struct member *m) {
    calm_after_ms(CALM_MS);
    for (int64_t deadline = clock_ms() + 10000; known() && fetch_wait(m) != SLOW_MS;) {
        ck_assert_int_lt(clock_ms(), deadline);
        poll_both(m, NULL);
    }
}

/* How often the threads of librdkafka have waited. */
static long wakes(const struct member *m) {
    long sum = 0;
    for (int i = 0; i < atomic_load(&m->thread_count); i++) {
        char path[64], line[128];
        snprintf(path, sizeof path, "/proc/self/task/%d/status", atomic_load(&m->threads[i]));
        FILE *f = fopen(path, "r");
        while (f && fgets(line, sizeof line, f)) {
            if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
                sum += strtol(line + 24, NULL, 10);
        }
        if (f)
            fclose(f);
    }
    return sum;
}

/* Within `ms`; our own thread sleeps. */
static long wakes_in(const struct member *m, int64_t ms) {
    long before = wakes(m);
    clock_sleep_ms(ms);
    return wakes(m) - before;
}

START_TEST(threads_sleep_and_fetches_wait) {
    struct mock_kafka mock = mock_kafka_start(1);
    mock_kafka_topic(&mock, "t", 2);
    calm_after_ms(NEVER_MS);
    struct member *m = join(&mock, "g", "session.timeout.ms=10000\nheartbeat.interval.ms=3000\n");
    reach(m, NULL, &m->assigned, 2, 20000);
    reach(m, NULL, &m->sent[API_FETCH], 2, 5000);
    ck_assert_int_eq(fetch_wait(m), FAST_MS);
    long usual = wakes_in(m, 4000);
    become_calm(m);
    clock_sleep_ms(1000);
    int beats = atomic_load(&m->sent[API_HEARTBEAT]);
    long calm = wakes_in(m, 4000);
    beats = atomic_load(&m->sent[API_HEARTBEAT]) - beats;
    if (known())
        ck_assert_msg(calm * 3 < usual * 2, "%ld instead of %ld", calm, usual);
    ck_assert_int_ge(beats, 1);

    /* What is to be fetched then is not kept waiting. */
    int fetches = atomic_load(&m->sent[API_FETCH]);
    calm_after_ms(NEVER_MS);
    calm_end(m->rk);
    ck_assert_int_eq(fetch_wait(m), FAST_MS);
    reach(m, NULL, &m->sent[API_FETCH], fetches + 2, 3000);
    ck_assert_int_eq(atomic_load(&m->lines), 0);
    ck_assert_int_eq(atomic_load(&m->sent[API_JOIN_GROUP]), 1);
    leave(m);
    mock_kafka_stop(&mock);
}
END_TEST

START_TEST(a_rebalance_breaks_fetches_off) {
    struct mock_kafka mock = mock_kafka_start(1);
    mock_kafka_topic(&mock, "t", 2);
    calm_after_ms(NEVER_MS);
    struct member *a = join(&mock, "g", "");
    reach(a, NULL, &a->assigned, 2, 20000);
    become_calm(a);
    clock_sleep_ms(FAST_MS); /* the next fetch is a slow one */
    int fetches = atomic_load(&a->sent[API_FETCH]);
    struct member *b = join(&mock, "g", "");
    reach(a, b, &b->assigned, 1, 20000);
    reach(a, b, &a->assigned, 1, 2000);
    reach(a, b, &a->sent[API_FETCH], fetches + 1, 1500);
    leave(a);
    leave(b);
    mock_kafka_stop(&mock);
}
END_TEST

/* Who says how long to wait is heard, and a connection is not given up before its fetch is answered. */
START_TEST(fetches_wait_as_they_are_told) {
    static const char *const settings[] = {"fetch.max.wait.ms=500", "fetch.min.bytes=2", "request.timeout.ms=10000"};
    struct member *members[COUNT_OF(settings)];
    struct mock_kafka mock = mock_kafka_start(1);
    mock_kafka_topic(&mock, "t", 1);
    calm_after_ms(CALM_MS);
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        members[i] = join(&mock, (const char *[]){"g0", "g1", "g2"}[i], settings[i]);
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        struct member *m = members[i];
        reach(m, NULL, &m->assigned, 1, 20000);
        reach(m, NULL, &m->sent[API_HEARTBEAT], 2, 10000);
        reach(m, NULL, &m->sent[API_FETCH], atomic_load(&m->sent[API_FETCH]) + 3, 5000);
        ck_assert_int_eq(fetch_wait(m), FAST_MS);
    }
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        leave(members[i]);
    mock_kafka_stop(&mock);
}
END_TEST

/* Some of its threads begin when it has ended already. */
START_TEST(ends_as_soon_as_it_is_made) {
    struct kc_error err = {0};
    AUTO(props) props = mock_kafka_props("bootstrap.servers=127.0.0.1:1\ngroup.id=g");
    for (int i = 0; i < 200; i++) {
        rd_kafka_conf_t *conf = client_conf(CLIENT_CONSUMER, props, &err);
        rd_kafka_t *rk = client_new(CLIENT_CONSUMER, conf, &err);
        ck_assert_msg(rk != NULL, "%s", err.text);
        client_free(rk);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("kafka/calm");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, threads_sleep_and_fetches_wait);
    tcase_add_test(t, a_rebalance_breaks_fetches_off);
    tcase_add_test(t, fetches_wait_as_they_are_told);
    tcase_add_test(t, ends_as_soon_as_it_is_made);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
