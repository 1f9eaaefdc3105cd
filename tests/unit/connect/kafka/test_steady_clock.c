/* On which threads of a client the clock goes in steps of a millisecond. */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "connect/base/err.h"
#include "connect/kafka/client.h"
#include "tests/support/suite.h"

enum { READINGS = 200, NS_PER_MS = 1000000 };

static atomic_int main_threads, other_threads, main_between, other_between;

/* Readings between full milliseconds. */
static int between(void) {
    int found = 0;
    for (int i = 0; i < READINGS; i++) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        found += now.tv_nsec % NS_PER_MS != 0;
    }
    return found;
}

static rd_kafka_resp_err_t on_exit_of(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name, void *arg) {
    (void)rk, (void)name, (void)arg;
    bool is_main = type == RD_KAFKA_THREAD_MAIN;
    atomic_fetch_add(is_main ? &main_threads : &other_threads, 1);
    atomic_fetch_add(is_main ? &main_between : &other_between, between());
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *arg, char *why, size_t size) {
    (void)conf, (void)arg, (void)why, (void)size;
    return rd_kafka_interceptor_add_on_thread_exit(rk, "test", on_exit_of, NULL);
}

START_TEST(only_main_threads_are_changed) {
    struct kc_error err = {0};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    ck_assert_int_eq(rd_kafka_conf_set(conf, "bootstrap.servers", "127.0.0.1:1", NULL, 0), RD_KAFKA_CONF_OK);
    rd_kafka_conf_interceptor_add_on_new(conf, "test", on_new, NULL);
    rd_kafka_t *rk = client_new(CLIENT_PRODUCER, conf, &err);
    ck_assert_msg(rk != NULL, "%s", err.text);
    client_free(rk);
    ck_assert_int_ge(atomic_load(&main_threads), 1);
    ck_assert_int_ge(atomic_load(&other_threads), 1);
    ck_assert_int_gt(atomic_load(&other_between), 0);
    if (rd_kafka_version() < 0x020400ff)
        ck_assert_int_eq(atomic_load(&main_between), 0);
    ck_assert_int_gt(between(), 0); /* a thread of ours */
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("kafka/steady_clock");
    TCase *t = tcase_create("all");
    tcase_add_test(t, only_main_threads_are_changed);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
