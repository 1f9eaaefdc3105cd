/* A member on librdkafka's mock cluster, as the embedded `dev` mode runs it. One member per group is all that the mock
 * can do: it ends the synchronisation with the leader's request, and followers that ask later are refused. A rebalance
 * takes it the session timeout less one second, the first one 3 s. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/group/member.h"
#include "tests/support/group_text.h"
#include "tests/support/suite.h"

enum { WAIT_MS = 20000 };

/* A herder that does what every herder must: follows revocations by a rejoin. */
struct worker {
    struct group_member *member;
    char url[32];
    pthread_mutex_t lock;
    struct assignment *asg;
    int32_t generation;
    struct kc_error err;
};

static struct group_config *config_snapshot(void *arg) {
    (void)arg;
    return group_config_parse(3, "c1=4");
}

static void on_assigned(void *arg, const struct assignment *asg, int32_t generation) {
    struct worker *w = arg;
    pthread_mutex_lock(&w->lock);
    assignment_free(w->asg);
    w->asg = assignment_clone(asg);
    w->generation = generation;
    pthread_mutex_unlock(&w->lock);
    if (!work_empty(&asg->revoked)) {
        group_member_clear_revoked(w->member);
        group_member_rejoin(w->member);
    }
}

static void on_revoked(void *arg, const struct work *work) {
    (void)work;
    group_member_revoked(((struct worker *)arg)->member);
}

static void on_fatal(void *arg, const struct kc_error *err) {
    struct worker *w = arg;
    pthread_mutex_lock(&w->lock);
    w->err = *err;
    pthread_mutex_unlock(&w->lock);
}

static void on_coordinator(void *arg, bool known) {
    (void)arg;
    (void)known;
}

static void worker_start(struct worker *w, const char *servers, int number) {
    static const struct group_member_callbacks callbacks = {.config_snapshot = config_snapshot,
                                                            .on_assigned = on_assigned,
                                                            .on_revoked = on_revoked,
                                                            .on_fatal = on_fatal,
                                                            .on_coordinator = on_coordinator};
    *w = (struct worker){.generation = -1};
    pthread_mutex_init(&w->lock, NULL);
    snprintf(w->url, sizeof w->url, "http://w%d:8083/", number);
    struct group_member_conf conf = {.bootstrap_servers = servers,
                                     .client_id = "connect",
                                     .group_id = "connect-cluster",
                                     .url = w->url,
                                     .protocol = GROUP_SESSIONED,
                                     .session_timeout_ms = 3200,
                                     .heartbeat_interval_ms = 200,
                                     .rebalance_timeout_ms = 10000,
                                     .request_timeout_ms = 10000,
                                     .retry_backoff_ms = 50,
                                     .retry_backoff_max_ms = 200,
                                     .reconnect_backoff_ms = 50,
                                     .reconnect_backoff_max_ms = 200,
                                     .metadata_max_age_ms = 500,
                                     .connection_setup_timeout_ms = 5000,
                                     .scheduled_rebalance_max_delay_ms = 500};
    struct kc_error err = {0};
    w->member = group_member_new(&conf, &callbacks, w, &err);
    ck_assert_msg(w->member != NULL, "%s", err.text);
    ck_assert_int_eq(group_member_start(w->member, &err), 0);
}

static void worker_stop(struct worker *w) {
    group_member_free(w->member);
    assignment_free(w->asg);
    pthread_mutex_destroy(&w->lock);
}

/* Waits until the worker runs `connectors` connectors and `tasks` tasks in a stable group. */
static void expect_share(struct worker *w, size_t connectors, size_t tasks) {
    int64_t until = clock_ms() + WAIT_MS;
    size_t c = 0, t = 0;
    for (;;) {
        group_member_poll(w->member, NULL);
        bool stable = group_member_stable(w->member);
        pthread_mutex_lock(&w->lock);
        ck_assert_msg(w->err.code == 0, "%s", w->err.text);
        c = w->asg ? w->asg->work.connector_count : 0;
        t = w->asg ? w->asg->work.task_count : 0;
        pthread_mutex_unlock(&w->lock);
        if (stable && c == connectors && t == tasks)
            return;
        ck_assert_msg(clock_ms() < until, "%s runs %zu connectors and %zu tasks, not %zu and %zu", w->url, c, t,
                      connectors, tasks);
        clock_sleep_ms(20);
    }
}

static rd_kafka_t *mock_cluster(const char **ret_servers) {
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    ck_assert_int_eq(rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", text, sizeof text), RD_KAFKA_CONF_OK);
    rd_kafka_conf_set(conf, "log_level", "3", text, sizeof text);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    ck_assert_msg(rk != NULL, "%s", text);
    *ret_servers = rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(rk));
    return rk;
}

START_TEST(one_member) {
    const char *servers;
    rd_kafka_t *rk = mock_cluster(&servers);
    struct worker w;
    worker_start(&w, servers, 1);
    expect_share(&w, 1, 4);
    ck_assert(group_member_is_leader(w.member));
    ck_assert_int_eq(w.asg->version, GROUP_SESSIONED);
    pthread_mutex_lock(&w.lock);
    int32_t generation = w.generation;
    pthread_mutex_unlock(&w.lock);
    int64_t start = clock_ms();
    group_member_rejoin(w.member);
    expect_share(&w, 1, 4);
    ck_assert_int_lt(clock_ms() - start, 4000);
    clock_sleep_ms(4500); /* longer than the session, and a metadata refresh */
    expect_share(&w, 1, 4);
    pthread_mutex_lock(&w.lock);
    ck_assert_int_eq(w.generation, generation + 1);
    pthread_mutex_unlock(&w.lock);
    start = clock_ms();
    worker_stop(&w);
    ck_assert_int_lt(clock_ms() - start, 3000);
    rd_kafka_destroy(rk);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("group/member on the mock cluster");
    TCase *tc = tcase_create("mock");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, one_member);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
