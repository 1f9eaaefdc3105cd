/* Which offset stores a source connector has: the worker's, one for a topic of its own (offsets.storage.topic), or both
 * with its own first. @source Worker.offsetStoreForRegularSourceTask, offsetStoreForExactlyOnceSourceTask …,
 * ConnectorOffsetBackingStore (distributed-worker 5.4) */
#ifndef CONNECT_STORE_OWN_OFFSETS_H
#define CONNECT_STORE_OWN_OFFSETS_H

#include "connect/store/offset_store.h"

struct offset_stores {
    struct offset_store *own;    /* NULL: the worker's only; not started; the caller frees it */
    struct offset_store *worker; /* the worker's */
};
/* `worker` is the store of the worker's topic. With exactly-once sources the connector's producer writes offsets, too:
 * to its own topic or to the worker's, which is another topic when that producer has another cluster. The clients are
 * made of the settings of the connector's producers and consumers, named after `task` (-1: of no task). */
struct offset_stores own_offsets(const struct worker_conf *conf, struct offset_store *worker, const char *connector,
                                 int task, const struct kc_config *config);
/* The store that counts, and the one that gets a copy as well as possible (or NULL). */
struct offset_store *offset_stores_first(const struct offset_stores *s);
struct offset_store *offset_stores_second(const struct offset_stores *s);

#endif
