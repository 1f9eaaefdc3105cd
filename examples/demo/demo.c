/* The Kafka side of `make demo`: fills the source topics, later compares them with what was restored.
 *
 *   demo fill BOOTSTRAP RECORDS        RECORDS per partition into source-topic-1 and source-topic-2, 9 partitions each
 *   demo compare BOOTSTRAP SECONDS     waits until sink-topic-1 and -2 hold as much, compares record by record, prints
 * a table; exit status 0 only when all are equal
 *
 * Uses nothing but librdkafka, so that it is an independent witness of what the worker did. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOPICS = 2, PARTITIONS = 9, CALL_MS = 10000 };

static void die(const char *what, const char *why) {
    fprintf(stderr, "demo: %s: %s\n", what, why);
    exit(1);
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *bootstrap) {
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, sizeof why) != RD_KAFKA_CONF_OK ||
        (type == RD_KAFKA_CONSUMER &&
         (rd_kafka_conf_set(conf, "group.id", "demo", why, sizeof why) != RD_KAFKA_CONF_OK ||
          rd_kafka_conf_set(conf, "enable.auto.commit", "false", why, sizeof why) != RD_KAFKA_CONF_OK)))
        die("configuration", why);
    rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
    if (!rk)
        die("client", why);
    return rk;
}

/* Creates a topic where the cluster can; the embedded one has them already. */
static void create_topic(rd_kafka_t *rk, const char *name) {
    char why[512];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, PARTITIONS, -1, why, sizeof why);
    if (!topic)
        die(name, why);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CALL_MS);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
}

static int partition_count(rd_kafka_t *rk, const char *name) {
    const struct rd_kafka_metadata *meta;
    int count = 0;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
    if (rd_kafka_metadata(rk, 0, topic, &meta, CALL_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (meta->topic_cnt == 1)
            count = meta->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(meta);
    }
    rd_kafka_topic_destroy(topic);
    return count;
}

static void produce_one(rd_kafka_t *rk, const char *topic, int partition, int i) {
    char key[64], value[256], number[16];
    int key_len = snprintf(key, sizeof key, "%s-%d-%d", topic, partition, i);
    int value_len = snprintf(
        value, sizeof value,
        "{\"id\":%d,\"partition\":%d,\"name\":\"record %d\",\"price\":%d.5,\"tags\":[\"a\",\"b\"],\"note\":null}", i,
        partition, i, i % 100);
    snprintf(number, sizeof number, "%d", i);
    for (;;) {
        rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
        rd_kafka_header_add(headers, "origin", -1, "demo", -1);
        rd_kafka_header_add(headers, "number", -1, number, -1);
        rd_kafka_resp_err_t rc =
            rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, (size_t)key_len),
                              RD_KAFKA_V_VALUE(value, (size_t)value_len), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (rc == RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        rd_kafka_headers_destroy(headers);
        if (rc != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            die(topic, rd_kafka_err2str(rc));
        rd_kafka_poll(rk, 100);
    }
}

static int fill(const char *bootstrap, int records) {
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, bootstrap);
    for (int t = 1; t <= TOPICS; t++) {
        char source[32], sink[32];
        snprintf(source, sizeof source, "source-topic-%d", t);
        snprintf(sink, sizeof sink, "sink-topic-%d", t);
        if (partition_count(rk, source) == 0)
            create_topic(rk, source);
        if (partition_count(rk, sink) == 0)
            create_topic(rk, sink);
        for (int tries = 0; partition_count(rk, source) != PARTITIONS || partition_count(rk, sink) != PARTITIONS;
             tries++) {
            if (tries == 50)
                die(source, "the topics do not have 9 partitions each");
            nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        }
        for (int p = 0; p < PARTITIONS; p++) {
            for (int i = 0; i < records; i++)
                produce_one(rk, source, p, i);
        }
    }
    if (rd_kafka_flush(rk, 30000) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("producing", "not everything was acknowledged within 30 s");
    rd_kafka_destroy(rk);
    return 0;
}

/* ---- comparing ---- */

static int64_t records_in(rd_kafka_t *rk, const char *topic, int partition) {
    int64_t low = 0, high = 0;
    rd_kafka_resp_err_t rc = rd_kafka_query_watermark_offsets(rk, topic, partition, &low, &high, CALL_MS);
    return rc == RD_KAFKA_RESP_ERR_NO_ERROR ? high - low : 0;
}

/* All records of a topic, by partition and in order. */
struct topic_records {
    char name[32];
    int64_t expected[PARTITIONS];
    int64_t count[PARTITIONS];
    rd_kafka_message_t **records[PARTITIONS];
};

static void expect_topic(rd_kafka_t *rk, struct topic_records *t, const char *stem, int number) {
    snprintf(t->name, sizeof t->name, "%s-topic-%d", stem, number);
    for (int p = 0; p < PARTITIONS; p++) {
        t->expected[p] = records_in(rk, t->name, p);
        t->records[p] = calloc((size_t)t->expected[p] + 1, sizeof *t->records[p]);
        if (!t->records[p])
            die(t->name, "out of memory");
    }
}

/* Reads everything that was expected of both topics in one go. */
static void read_topics(rd_kafka_t *rk, struct topic_records *topics, int count) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count * PARTITIONS);
    int64_t left = 0;
    for (int t = 0; t < count; t++) {
        for (int p = 0; p < PARTITIONS; p++) {
            rd_kafka_topic_partition_list_add(list, topics[t].name, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
            left += topics[t].expected[p];
        }
    }
    rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    for (int idle = 0; left > 0 && idle < 10;) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 1000);
        if (!m) {
            idle++;
            continue;
        }
        struct topic_records *t = &topics[m->rkt && strcmp(rd_kafka_topic_name(m->rkt), topics[0].name) == 0 ? 0 : 1];
        if (m->err || t->count[m->partition] == t->expected[m->partition]) {
            rd_kafka_message_destroy(m);
            continue;
        }
        t->records[m->partition][t->count[m->partition]++] = m;
        left--;
    }
    rd_kafka_assign(rk, NULL);
}

static void forget_topic(struct topic_records *t) {
    for (int p = 0; p < PARTITIONS; p++) {
        for (int64_t i = 0; i < t->count[p]; i++)
            rd_kafka_message_destroy(t->records[p][i]);
        free(t->records[p]);
    }
}

static int same_bytes(const void *a, size_t a_len, const void *b, size_t b_len) {
    return (a == NULL) == (b == NULL) && a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static int same_headers(const rd_kafka_message_t *a, const rd_kafka_message_t *b) {
    rd_kafka_headers_t *ha = NULL, *hb = NULL;
    rd_kafka_message_headers(a, &ha);
    rd_kafka_message_headers(b, &hb);
    size_t count = ha ? rd_kafka_header_cnt(ha) : 0;
    if (count != (hb ? rd_kafka_header_cnt(hb) : 0))
        return 0;
    for (size_t i = 0; i < count; i++) {
        const char *na, *nb;
        const void *va, *vb;
        size_t la, lb;
        rd_kafka_header_get_all(ha, i, &na, &va, &la);
        rd_kafka_header_get_all(hb, i, &nb, &vb, &lb);
        if (strcmp(na, nb) != 0 || !same_bytes(va, la, vb, lb))
            return 0;
    }
    return 1;
}

static int same_record(const rd_kafka_message_t *a, const rd_kafka_message_t *b) {
    return same_bytes(a->key, a->key_len, b->key, b->key_len) && same_bytes(a->payload, a->len, b->payload, b->len) &&
           same_headers(a, b);
}

/* One pair of topics: a line for every partition. */
static int compare_topics(rd_kafka_t *rk, int number) {
    struct topic_records pair[2] = {0};
    int all_equal = 1;
    expect_topic(rk, &pair[0], "source", number);
    expect_topic(rk, &pair[1], "sink", number);
    read_topics(rk, pair, 2);
    for (int p = 0; p < PARTITIONS; p++) {
        int64_t want = pair[0].expected[p], have = pair[1].expected[p];
        int equal = want > 0 && want == have && pair[0].count[p] == want && pair[1].count[p] == have;
        for (int64_t i = 0; equal && i < want; i++)
            equal = same_record(pair[0].records[p][i], pair[1].records[p][i]);
        printf("%-16s %-14s %9d %9" PRId64 "  %s\n", pair[0].name, pair[1].name, p, have,
               equal ? "equal" : "NOT EQUAL");
        all_equal &= equal;
    }
    forget_topic(&pair[0]);
    forget_topic(&pair[1]);
    return all_equal;
}

static int64_t records_of(rd_kafka_t *rk, const char *stem) {
    int64_t sum = 0;
    for (int t = 1; t <= TOPICS; t++) {
        char topic[32];
        snprintf(topic, sizeof topic, "%s-topic-%d", stem, t);
        for (int p = 0; p < PARTITIONS; p++)
            sum += records_in(rk, topic, p);
    }
    return sum;
}

static int compare(const char *bootstrap, int seconds) {
    rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, bootstrap);
    rd_kafka_poll_set_consumer(rk);
    int64_t want = records_of(rk, "source");
    time_t deadline = time(NULL) + seconds;
    while (records_of(rk, "sink") < want && time(NULL) < deadline)
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    int equal = 1;
    printf("%-16s %-14s %9s %9s  %s\n", "source topic", "sink topic", "partition", "records", "result");
    for (int t = 1; t <= TOPICS; t++)
        equal &= compare_topics(rk, t);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return equal ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "fill") == 0)
        return fill(argv[2], (int)strtol(argv[3], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "compare") == 0)
        return compare(argv[2], (int)strtol(argv[3], NULL, 10));
    fprintf(stderr, "usage: demo fill BOOTSTRAP RECORDS | demo compare BOOTSTRAP SECONDS\n");
    return 2;
}
