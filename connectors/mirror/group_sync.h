/* Commits translated offsets for groups on the target that have no members there, and never moves one back.
 * @source MirrorCheckpointTask.syncGroupOffset */
#ifndef CONNECTORS_MIRROR_GROUP_SYNC_H
#define CONNECTORS_MIRROR_GROUP_SYNC_H

#include <librdkafka/rdkafka.h>

#include "connectors/mirror/admin_call.h"
#include "connectors/mirror/checkpoint_store.h"

/* @thread task  @blocks up to 3 × timeout_ms  @errors the target is away */
int group_sync(rd_kafka_t *target, const struct checkpoint_store *store, int64_t timeout_ms, struct stop_check stop,
               struct kc_error *err) KC_CHECKED;

/* The offsets to commit: checkpoints ahead of what the group has (NULL: nothing). NULL when there are none. Caller
 * destroys. */
rd_kafka_topic_partition_list_t *group_sync_plan(const struct kept_group *group,
                                                 const rd_kafka_topic_partition_list_t *committed);

#endif
