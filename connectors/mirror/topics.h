/* Topics of a cluster with their numbers of partitions, and making remote topics like those of the source.
 * @thread jobs of the source connector  @source MirrorSourceConnector.computeAndCreateTopicPartitions */
#ifndef CONNECTORS_MIRROR_TOPICS_H
#define CONNECTORS_MIRROR_TOPICS_H

#include <librdkafka/rdkafka.h>

#include "connect/plugin.h"
#include "connectors/mirror/admin_call.h"

struct topic_info {
    char *name;
    int32_t partitions;
};
struct topic_list { /* by name */
    struct topic_info *items;
    size_t count;
};

/* All topics that can be described now. @blocks up to timeout_ms */
int topic_list_read(struct topic_list *list, rd_kafka_t *admin, int64_t timeout_ms, struct stop_check stop,
                    struct kc_error *err) KC_CHECKED;
/* Keeps the topics that `wanted` says. */
void topic_list_filter(struct topic_list *list, bool (*wanted)(void *arg, const char *topic), void *arg);
const struct topic_info *topic_list_find(const struct topic_list *list, const char *name);
bool topic_list_equal(const struct topic_list *a, const struct topic_list *b);
void topic_list_done(struct topic_list *list);

struct new_topic {
    const char *name;
    int32_t partitions;
    struct kc_config *configs; /* owned by the caller */
};
/* Creates topics in one request. A topic that cannot be created is logged, one that exists is fine, one whose
 * configuration is refused is created without it. @errors the request as a whole failed */
int topics_create(rd_kafka_t *admin, const struct new_topic *topics, size_t count, int16_t replication_factor,
                  int64_t timeout_ms, struct stop_check stop, struct kc_error *err) KC_CHECKED;
/* The same for further partitions: `partitions` is how many there are to be. */
int topics_grow(rd_kafka_t *admin, const struct topic_info *topics, size_t count, int64_t timeout_ms,
                struct stop_check stop, struct kc_error *err) KC_CHECKED;

#endif
