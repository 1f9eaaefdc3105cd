/* Writes offset syncs: of each partition at most ten at a time are on their way and the newest one waits. A sync that
 * cannot be written is logged and forgotten, the next one says more. (Java lets ten wait for all partitions of a task
 * together; here acknowledgements come in large batches, and the first syncs of a partition would be lost too often.)
 * One per source task, which makes, polls and ends it on its thread. @source OffsetSyncWriter */
#ifndef CONNECTORS_MIRROR_SYNC_WRITER_H
#define CONNECTORS_MIRROR_SYNC_WRITER_H

#include <librdkafka/rdkafka.h>

#include "connect/base/list.h"
#include "connect/plugin.h"
#include "connectors/mirror/offset_sync.h"

/* What the writer keeps of a partition; part of the task's own record of it. */
struct sync_partition {
    const char *topic; /* upstream */
    int32_t number;
    struct sync_state state;
    int in_flight;
    struct list pending, delayed; /* links; see sync_partition_init */
    int64_t pending_upstream, pending_downstream, delayed_upstream, delayed_downstream;
};
void sync_partition_init(struct sync_partition *p, const char *topic, int32_t number);

struct sync_writer;
/* The producer of `topic` on the source cluster, or on the target with offset-syncs.topic.location=target. */
struct sync_writer *sync_writer_new(const struct kc_config *config, bool on_target, const char *topic, int64_t lag_max,
                                    struct kc_error *err);
/* The record at `upstream` was acknowledged at `downstream`. @blocks no */
void sync_writer_acknowledged(struct sync_writer *w, struct sync_partition *p, int64_t upstream, int64_t downstream);
/* Writes what waited for the commit. @blocks no */
void sync_writer_commit(struct sync_writer *w);
/* Takes acknowledgements and sends what waits. Call it often. @blocks no */
void sync_writer_serve(struct sync_writer *w);
struct sync_writer *sync_writer_free(struct sync_writer *w); /* waits up to 5 s for what is on its way */

#endif
