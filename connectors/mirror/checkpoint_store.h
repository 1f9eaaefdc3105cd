/* The last checkpoint of every group and partition of a task: read back at its start, then as it writes them.
 * @source CheckpointStore, MirrorCheckpointTask.checkpointIsMoreRecent */
#ifndef CONNECTORS_MIRROR_CHECKPOINT_STORE_H
#define CONNECTORS_MIRROR_CHECKPOINT_STORE_H

#include "connect/base/map.h"
#include "connectors/mirror/records.h"

struct kept_point {
    struct checkpoint point;                  /* its texts belong to the store */
    const struct kc_source_partition *handle; /* NULL until the task has written it */
};
struct kept_group {
    char *name;
    struct map *points; /* "topic-partition" → struct kept_point */
};

struct checkpoint_store;
struct checkpoint_store *checkpoint_store_new(void);
struct checkpoint_store *checkpoint_store_free(struct checkpoint_store *store);
/* Keeps the checkpoint, whatever is there. The result is valid as long as the store. */
struct kept_point *checkpoint_store_put(struct checkpoint_store *store, const struct checkpoint *point);
/* Whether it says more than the one that is kept: none is, the group went back on the source, or its place on the
 * target moves forward. */
bool checkpoint_store_is_news(const struct checkpoint_store *store, const struct checkpoint *point);
/* Groups with checkpoints, name → struct kept_group. */
const struct map *checkpoint_store_groups(const struct checkpoint_store *store);

#endif
