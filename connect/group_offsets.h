/* Committed offsets of a consumer group: read, changed, deleted from outside, for the offsets of sink connectors.
 * @thread any but the herder  @blocks up to timeout_ms  @source Worker.sinkConnectorOffsets, alterSinkConnectorOffsets
 */
#ifndef CONNECT_GROUP_OFFSETS_H
#define CONNECT_GROUP_OFFSETS_H

#include <librdkafka/rdkafka.h>

#include "connect/plugin.h"

/* Calls f for every partition with a committed offset. */
int group_offsets_list(rd_kafka_t *rk, const char *group, int timeout_ms,
                       void (*f)(void *arg, const char *topic, int32_t partition, int64_t offset), void *arg,
                       struct kc_error *err) KC_CHECKED;
/* Commits the offsets ≥ 0 and deletes those of the others. ret_active: the group still has members (an error). */
int group_offsets_alter(rd_kafka_t *rk, const char *group, const struct kc_topic_offset *offsets, size_t count,
                        int timeout_ms, bool *ret_active, struct kc_error *err) KC_CHECKED;
/* Deletes the group; none of that name is fine. */
int group_offsets_reset(rd_kafka_t *rk, const char *group, int timeout_ms, bool *ret_active,
                        struct kc_error *err) KC_CHECKED;

#endif
