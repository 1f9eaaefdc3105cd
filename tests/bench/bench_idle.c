/* What idle consumers cost at least: COUNT bare librdkafka consumers in groups of SIZE, each with the default settings
 * and a thread that polls it, as a sink task has. bench_idle BOOTSTRAP TOPIC COUNT SIZE prints "ready" once each has
 * its partitions, and goes on until it is killed. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <unistd.h>

enum { WAIT_MS = 60 * 1000, STACK_BYTES = 512 * 1024 };

static atomic_int ready;

static void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
    char why[512];
    if (rd_kafka_conf_set(conf, key, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "bench_idle: %s\n", why);
        exit(1);
    }
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *arg) {
    (void)arg;
    bool given = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    rd_kafka_assign(rk, given ? list : NULL);
    atomic_fetch_add(&ready, given && list->cnt ? 1 : -1);
}

static rd_kafka_t *open_consumer(const char *bootstrap, const char *topic, int group) {
    char why[512], group_id[64];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    snprintf(group_id, sizeof group_id, "bench-idle-%d-%d", (int)getpid(), group);
    set(conf, "bootstrap.servers", bootstrap);
    set(conf, "group.id", group_id);
    set(conf, "enable.auto.commit", "false");
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (!rk) {
        fprintf(stderr, "bench_idle: %s\n", why);
        exit(1);
    }
    rd_kafka_poll_set_consumer(rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t rc = rd_kafka_subscribe(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (rc) {
        fprintf(stderr, "bench_idle: %s\n", rd_kafka_err2str(rc));
        exit(1);
    }
    return rk;
}

static void *poll_it(void *rk) {
    for (;;) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, WAIT_MS);
        if (m)
            rd_kafka_message_destroy(m);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: bench_idle BOOTSTRAP TOPIC COUNT SIZE\n");
        return 2;
    }
    long count = strtol(argv[3], NULL, 10), size = strtol(argv[4], NULL, 10);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    for (long i = 0; i < count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attr, poll_it, open_consumer(argv[1], argv[2], (int)(i / size))) != 0) {
            fprintf(stderr, "bench_idle: no thread %ld\n", i);
            return 1;
        }
    }
    while (atomic_load(&ready) < count)
        sleep(1);
    printf("ready\n");
    fflush(stdout);
    for (;;)
        pause();
}
