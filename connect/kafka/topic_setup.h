/* Creates or verifies the topic behind a topic_log. Internal to topic_log.c. */
#ifndef CONNECT_KAFKA_TOPIC_SETUP_H
#define CONNECT_KAFKA_TOPIC_SETUP_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "connect/kafka/topic_log.h"

/* Waits for a broker (for ever, until *cancelled), creates the topic or checks what is there, waits for its partitions.
 * @blocks  @errors ERR_STOPPING when cancelled; ConfigException, ConnectException, ERR_AUTH
 * @source KafkaTopicBasedBackingStore.topicInitializer, TopicAdmin, KafkaBasedLog.start */
int topic_setup(rd_kafka_t *rk, const struct topic_log_conf *conf, const atomic_bool *cancelled,
                int32_t *ret_partitions, struct kc_error *err) KC_CHECKED;

#endif
