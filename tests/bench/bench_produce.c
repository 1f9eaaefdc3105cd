/* Fills a topic with records of 1 KB, spread over its partitions, for the benchmarks.
 *     bench_produce BOOTSTRAP TOPIC COUNT bytes|json
 * `bytes` are printable and hold no line end; `json` is an object with texts, numbers, booleans and a nested object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

enum { RECORD_BYTES = 1024, VARIANTS = 64, FLUSH_MS = 120000, METADATA_MS = 30000 };

static long refused;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
    (void)rk, (void)opaque;
    refused += m->err != 0;
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
    char why[512];
    if (rd_kafka_conf_set(conf, key, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "bench_produce: %s\n", why);
        exit(1);
    }
}

static rd_kafka_t *open_producer(const char *bootstrap) {
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", bootstrap);
    set(conf, "linger.ms", "20");
    set(conf, "queue.buffering.max.messages", "200000");
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (!rk) {
        fprintf(stderr, "bench_produce: %s\n", why);
        exit(1);
    }
    return rk;
}

static int partition_count(rd_kafka_t *rk, rd_kafka_topic_t *rkt) {
    const struct rd_kafka_metadata *md;
    int count = 0;
    if (rd_kafka_metadata(rk, 0, rkt, &md, METADATA_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        count = md->topic_cnt == 1 ? md->topics[0].partition_cnt : 0;
        rd_kafka_metadata_destroy(md);
    }
    return count;
}

static void fill_text(char *to, size_t len, unsigned seed) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789.,";
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245u + 12345u;
        to[i] = letters[(seed >> 16) % (sizeof letters - 1)];
    }
    to[len] = '\0';
}

static void make_json(char *to, unsigned seed) {
    char text[RECORD_BYTES];
    int head = snprintf(to, RECORD_BYTES,
                        "{\"id\":%u,\"user\":\"user-%u\",\"amount\":%u.%02u,\"active\":%s,\"tags\":[\"a\",\"b\",\"c\"],"
                        "\"address\":{\"street\":\"Main %u\",\"zip\":\"%05u\"},\"note\":\"",
                        seed * 7919u, seed, seed * 31u, seed % 100, seed % 2 ? "true" : "false", seed, seed * 13u);
    size_t room = RECORD_BYTES - (size_t)head - 2;
    fill_text(text, room, seed);
    memcpy(to + head, text, room);
    memcpy(to + head + room, "\"}", 3);
}

int main(int argc, char **argv) {
    static char values[VARIANTS][RECORD_BYTES + 1];
    if (argc != 5 || (strcmp(argv[4], "bytes") != 0 && strcmp(argv[4], "json") != 0)) {
        fprintf(stderr, "usage: bench_produce BOOTSTRAP TOPIC COUNT bytes|json\n");
        return 2;
    }
    long count = strtol(argv[3], NULL, 10);
    for (unsigned i = 0; i < VARIANTS; i++) {
        if (argv[4][0] == 'j')
            make_json(values[i], i + 1);
        else
            fill_text(values[i], RECORD_BYTES, i + 1);
    }
    rd_kafka_t *rk = open_producer(argv[1]);
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, argv[2], NULL);
    int partitions = partition_count(rk, rkt);
    if (partitions < 1) {
        fprintf(stderr, "bench_produce: there is no topic %s\n", argv[2]);
        return 1;
    }
    for (long i = 0; i < count;) {
        if (rd_kafka_produce(rkt, (int32_t)(i % partitions), 0, values[i % VARIANTS], RECORD_BYTES, NULL, 0, NULL) == 0)
            i++;
        else if (rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(rk, 10);
        else
            refused++, i++;
        if (i % 1000 == 0)
            rd_kafka_poll(rk, 0);
    }
    if (rd_kafka_flush(rk, FLUSH_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        refused++;
    rd_kafka_topic_destroy(rkt);
    rd_kafka_destroy(rk);
    printf("{\"records\":%ld,\"refused\":%ld}\n", count, refused);
    return refused ? 1 : 0;
}
