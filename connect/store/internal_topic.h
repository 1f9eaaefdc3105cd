/* What the three stores have in common: their logs from the worker's properties. Internal to connect/store. */
#ifndef CONNECT_STORE_INTERNAL_TOPIC_H
#define CONNECT_STORE_INTERNAL_TOPIC_H

#include "config/worker_options.h"
#include "connect/store/store_log.h"

enum internal_topic { TOPIC_CONFIG, TOPIC_STATUS, TOPIC_OFFSET };

/* `topic` NULL: the worker's; `client` NULL: the worker's unprefixed properties. Standalone: in this process, offsets
 * with their file. */
struct store_log *internal_topic_log(const struct worker_conf *conf, enum internal_topic which, const char *topic,
                                     const struct kc_config *client, log_record_fn on_record, void *arg);

#endif
