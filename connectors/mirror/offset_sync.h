/* Two sides of offset syncs. When one is due: after which acknowledged record a task says where its copy is. And
 * translation: from the syncs of a partition, at most 64 that are kept, the older the further apart, the place on the
 * target of an offset on the source: never beyond the copy of the record before it.
 * @source OffsetSyncWriter.PartitionState, OffsetSyncStore of Kafka 4.3; both are proven against their answers */
#ifndef CONNECTORS_MIRROR_OFFSET_SYNC_H
#define CONNECTORS_MIRROR_OFFSET_SYNC_H

#include <stdbool.h>
#include <stdint.h>

/* ---- Due? ---- */

struct sync_state { /* of one partition of a task */
    int64_t previous_upstream, previous_downstream, last_sync_downstream;
};
#define SYNC_STATE_INIT \
    { -1, -1, -1 }
/* A record at `upstream` was acknowledged at `downstream`: true when a sync must be written at once, false when it may
 * wait for the next commit. */
bool sync_due(struct sync_state *state, int64_t lag_max, int64_t upstream, int64_t downstream);

/* ---- Translation ---- */

enum { SYNC_SLOTS = 64 };

struct sync_point {
    int64_t upstream, downstream;
    uint64_t number; /* of the sync among those of the partition: which one it is, whatever it says */
};
struct sync_slots { /* of one partition; [0] is the newest sync, [63] the oldest usable one */
    struct sync_point slots[SYNC_SLOTS];
    uint64_t count; /* syncs seen */
};

struct sync_store;
struct sync_store *sync_store_new(void);
struct sync_store *sync_store_free(struct sync_store *store);
/* Before the topic of syncs was read to its end once nothing is translated. With `must_read_to_end` (no checkpoints
 * could be read back, so that older answers are not known) only the last sync from before counts. */
void sync_store_begin(struct sync_store *store, bool must_read_to_end);
void sync_store_read_to_end(struct sync_store *store);
bool sync_store_ready(const struct sync_store *store);
void sync_store_add(struct sync_store *store, const char *topic, int32_t partition, int64_t upstream,
                    int64_t downstream);
/* -1: the offset is older than every sync. False: nothing is known of the partition, or not yet. */
bool sync_store_translate(const struct sync_store *store, const char *topic, int32_t partition, int64_t upstream,
                          int64_t *ret_downstream);
/* What is kept of a partition; NULL when nothing is. */
const struct sync_slots *sync_store_slots(const struct sync_store *store, const char *topic, int32_t partition);

#endif
