/* What the three stores have in common: their topic logs from the worker's properties. Internal to connect/store. */
#ifndef CONNECT_STORE_INTERNAL_TOPIC_H
#define CONNECT_STORE_INTERNAL_TOPIC_H

#include "config/worker_options.h"
#include "connect/kafka/topic_log.h"

enum internal_topic { TOPIC_CONFIG, TOPIC_STATUS, TOPIC_OFFSET };

typedef void (*topic_record_fn)(void *arg, int32_t partition, int64_t offset, const void *key, size_t key_len,
                                const void *value, size_t value_len, int64_t timestamp);
/* `topic` NULL: the worker's; `client` NULL: the worker's unprefixed properties. */
struct topic_log *internal_topic_log(const struct worker_conf *conf, enum internal_topic which, const char *topic,
                                     const struct kc_config *client, topic_record_fn on_record, void *arg);

#endif
