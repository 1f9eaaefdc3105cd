/* Statuses of connectors and tasks and their active topics: the status topic and its picture in memory.
 * @source KafkaStatusBackingStore (distributed-worker 4) */
#ifndef CONNECT_STORE_STATUS_STORE_H
#define CONNECT_STORE_STATUS_STORE_H

#include "config/worker_options.h"
#include "connect/plugin.h"

enum state {
    STATE_UNASSIGNED,
    STATE_RUNNING,
    STATE_PAUSED,
    STATE_FAILED,
    STATE_DESTROYED,
    STATE_RESTARTING,
    STATE_STOPPED
};
const char *state_name(enum state s);

/* One status; `task` -1 = the connector itself. Strings are borrowed on the way in and malloc'ed on the way out. */
struct status {
    const char *connector;
    int task;
    enum state state;
    const char *trace; /* NULL none */
    const char *worker_id;
    const char *version; /* NULL unknown */
    int32_t generation;
};

struct status_store;
/* new, start and free: @thread store or herder, one after the other. start reads the topic to its end: @blocks until
 * there are brokers, or cancel, which makes it and whatever waits return ERR_STOPPING: @thread any */
struct status_store *status_store_new(const struct worker_conf *conf);
int status_store_start(struct status_store *s, struct kc_error *err) KC_CHECKED;
void status_store_cancel(struct status_store *s);
struct status_store *status_store_free(struct status_store *s);

/* Writes without waiting (retried inside). `safe`: only when no newer status of another worker or generation is known
 * (putSafe). @thread any  @blocks no */
void status_store_put(struct status_store *s, const struct status *status, bool safe);
/* Waits until what was put is acknowledged, or timeout_ms are over. @thread any but the log's own */
void status_store_flush(struct status_store *s, int64_t timeout_ms);

/* Copies out of the cache; false when unknown. Free with status_done. @thread any @blocks no */
bool status_store_get(struct status_store *s, const char *connector, int task, struct status *ret_status);
void status_done(struct status *status);
/* All task statuses of a connector, sorted by id; malloc'ed array, each to be status_done. */
struct status *status_store_tasks(struct status_store *s, const char *connector, size_t *ret_count);
/* Names of all connectors with a connector or task status; malloc'ed strings. */
char **status_store_connectors(struct status_store *s, size_t *ret_count);
/* Active topics (KIP-558). note: writes the record when (connector, topic) is not known yet; cheap when it is. */
void status_store_note_topic(struct status_store *s, const char *topic, const char *connector, int task);
char **status_store_topics(struct status_store *s, const char *connector, size_t *ret_count); /* sorted, malloc'ed */
void status_store_reset_topics(struct status_store *s, const char *connector);                /* tombstones */

#endif
