/* What the config topic says, as a state machine fed record by record; and immutable snapshots of it. Not locked: the
 * store owns one and guards it. @source KafkaConfigBackingStore.ConsumeCallback (distributed-worker 3.3, 3.4) */
#ifndef CONNECT_STORE_CONFIG_PICTURE_H
#define CONNECT_STORE_CONFIG_PICTURE_H

#include "connect/store/config_records.h"

struct config_picture;
struct config_picture *config_picture_new(void);
struct config_picture *config_picture_free(struct config_picture *p);

/* What a record calls for, if it is not part of the initial read. */
enum config_event {
    CONFIG_EVENT_NONE,
    CONFIG_EVENT_CONNECTOR_UPDATED,
    CONFIG_EVENT_CONNECTOR_REMOVED,
    CONFIG_EVENT_TASKS_UPDATED,
    CONFIG_EVENT_TARGET_CHANGED,
    CONFIG_EVENT_SESSION_KEY,
    CONFIG_EVENT_RESTART,
    CONFIG_EVENT_LOGGER
};
/* Applies a parsed record (its properties are taken over) and advances the offset to `offset` + 1. Malformed records
 * and those of no interest only do the latter. */
enum config_event config_picture_apply(struct config_picture *p, struct config_record *record, int64_t offset);
/* A new snapshot, or the last one again when nothing has changed. */
struct config_snapshot *config_picture_snapshot(struct config_picture *p);
/* Number of task records read but not committed. For tests. */
size_t config_picture_deferred(const struct config_picture *p, const char *connector);

#endif
