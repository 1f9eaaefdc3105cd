/* The floor of a sink: reads a topic with a bare rd_kafka_consume_batch_queue and throws everything away.
 *     bench_consume BOOTSTRAP TOPIC COUNT
 * prints {"records":…,"cpu_s":…,"peak_kib":…} when COUNT records were read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BATCH = 500, WAIT_MS = 1000, IDLE_ROUNDS = 60 };

static void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
    char why[512];
    if (rd_kafka_conf_set(conf, key, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "bench_consume: %s\n", why);
        exit(1);
    }
}

/* The same settings of the fetch queue as a sink task has (connect/kafka/client.c). */
static rd_kafka_t *open_consumer(const char *bootstrap) {
    char why[512], group[64];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    snprintf(group, sizeof group, "bench-consume-%d", (int)getpid());
    set(conf, "bootstrap.servers", bootstrap);
    set(conf, "group.id", group);
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "enable.auto.commit", "false");
    set(conf, "enable.auto.offset.store", "false");
    set(conf, "check.crcs", "true");
    set(conf, "queued.min.messages", "50000");
    set(conf, "queued.max.messages.kbytes", "16384");
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (!rk) {
        fprintf(stderr, "bench_consume: %s\n", why);
        exit(1);
    }
    rd_kafka_poll_set_consumer(rk);
    return rk;
}

static void subscribe(rd_kafka_t *rk, const char *topic) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t rc = rd_kafka_subscribe(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (rc) {
        fprintf(stderr, "bench_consume: %s\n", rd_kafka_err2str(rc));
        exit(1);
    }
}

/* Returns how many were read: fewer than `count` when nothing came for a minute. */
static long consume(rd_kafka_queue_t *queue, long count) {
    rd_kafka_message_t *messages[BATCH];
    long records = 0;
    for (int idle = 0; records < count && idle < IDLE_ROUNDS;) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, 1);
        idle = got > 0 ? 0 : idle + 1;
        if (got == 1)
            got += rd_kafka_consume_batch_queue(queue, 0, messages + 1, BATCH - 1);
        for (ssize_t i = 0; i < got; i++) {
            records += messages[i]->err == 0;
            rd_kafka_message_destroy(messages[i]);
        }
    }
    return records;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: bench_consume BOOTSTRAP TOPIC COUNT\n");
        return 2;
    }
    long count = strtol(argv[3], NULL, 10);
    rd_kafka_t *rk = open_consumer(argv[1]);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
    subscribe(rk, argv[2]);
    long records = consume(queue, count);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("{\"records\":%ld,\"cpu_s\":%.3f,\"peak_kib\":%ld}\n", records,
           (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
               (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
           use.ru_maxrss);
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return records >= count ? 0 : 1;
}
