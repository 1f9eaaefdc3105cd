/* A Kafka cluster in this process (librdkafka's mock): for tests of what produces and consumes. It has no CreateTopics
 * and no compaction; topics are made here or come into being when asked for (4 partitions). */
#ifndef TESTS_SUPPORT_MOCK_KAFKA_H
#define TESTS_SUPPORT_MOCK_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

struct mock_kafka {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    const char *bootstrap;
};
/* Call inside a test, not in an unchecked fixture: it has threads. */
struct mock_kafka mock_kafka_start(int brokers);
void mock_kafka_topic(struct mock_kafka *m, const char *topic, int partitions);
void mock_kafka_stop(struct mock_kafka *m);

/* "a=b\nc=d" as a configuration. */
struct kc_config *mock_kafka_props(const char *text);

#endif
