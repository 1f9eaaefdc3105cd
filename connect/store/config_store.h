/* Connector and task configurations, target states, session key: the config topic and its picture in memory.
 * The picture is an immutable, counted snapshot; writers block and return after their records were read back.
 * Writing and reading calls: @thread any but the herder loop (it uses its store thread)  @blocks
 * @source KafkaConfigBackingStore (distributed-worker 3) */
#ifndef CONNECT_STORE_CONFIG_STORE_H
#define CONNECT_STORE_CONFIG_STORE_H

#include "config/worker_options.h"
#include "connect/base/auto.h"
#include "connect/plugin.h"

enum target_state { TARGET_STARTED, TARGET_PAUSED, TARGET_STOPPED };
const char *target_state_name(enum target_state s); /* "STARTED" … */

struct session_key {
    uint8_t key[128];
    size_t len;
    char algorithm[32];
    int64_t created_ms;
};

struct snapshot_task {
    int id;
    const struct kc_config *config; /* raw */
};
struct snapshot_connector {
    const char *name;
    const struct kc_config *config;  /* raw, references unresolved; NULL: only remains of a deleted connector */
    const struct kc_config *applied; /* raw config whose task configs are in force; NULL before the first commit */
    enum target_state target;
    bool inconsistent;     /* no tasks are assigned */
    int task_count;        /* as committed */
    int generation;        /* of the task configs; -1 none */
    int task_count_record; /* tasks-fencing; -1 none */
    bool pending_fencing;
    const struct snapshot_task *tasks; /* ids 0 … task_count-1 that have a config */
    size_t tasks_len;
};
struct config_snapshot {
    int64_t offset;                              /* last parsed record + 1, -1 before the first */
    const struct snapshot_connector *connectors; /* those with a config, sorted by name */
    size_t count;
    bool has_session_key;
    struct session_key session_key;
    int refs; /* private */
};
struct config_snapshot *config_snapshot_ref(struct config_snapshot *snap);
struct config_snapshot *config_snapshot_unref(struct config_snapshot *snap);
AUTO_FREE(snapshot, struct config_snapshot, config_snapshot_unref)
const struct snapshot_connector *config_snapshot_find(const struct config_snapshot *snap, const char *connector);
/* Tasks that may be assigned: task_count, 0 while inconsistent. */
int snapshot_assignable_tasks(const struct snapshot_connector *c);
const struct kc_config *snapshot_task_config(const struct snapshot_connector *c, int task);

/* Called on the topic log's thread after the initial read; copy and post. */
struct config_listener {
    void (*connector_updated)(void *arg, const char *connector);
    void (*connector_removed)(void *arg, const char *connector);
    void (*tasks_updated)(void *arg, const char *connector); /* a commit, whatever its outcome */
    void (*target_changed)(void *arg, const char *connector);
    void (*session_key)(void *arg, const struct session_key *key);
    void (*restart)(void *arg, const char *connector, bool only_failed, bool include_tasks);
    void (*logger_level)(void *arg, const char *logger, const char *level);
};

struct config_store;
struct config_store *config_store_new(const struct worker_conf *conf, const struct config_listener *listener,
                                      void *arg);
int config_store_start(struct config_store *s, struct kc_error *err) KC_CHECKED; /* topic_log_start */
void config_store_cancel(struct config_store *s);
struct config_store *config_store_free(struct config_store *s);
struct config_snapshot *config_store_snapshot(struct config_store *s); /* @thread any @blocks no; caller unrefs */
int config_store_refresh(struct config_store *s, int64_t timeout_ms, struct kc_error *err) KC_CHECKED; /* read to end */
/* What a leader does first and a worker that is not the leader any more undoes: with exactly.once.source.support other
 * than disabled the writes below, except of target states and levels, are transactions of a producer that fences those
 * of earlier leaders. After a write has failed with ERR_UNPRIVILEGED the privilege must be claimed again. */
int config_store_claim(struct config_store *s, struct kc_error *err) KC_CHECKED;
void config_store_relinquish(struct config_store *s);
/* One new configuration. */
struct config_put {
    const char *connector;
    const struct kc_config *config;
    const enum target_state *target; /* NULL: leave the target state alone */
};
/* All are written together, in this order. */
int config_store_put_connectors(struct config_store *s, const struct config_put *puts, size_t count,
                                struct kc_error *err) KC_CHECKED;
int config_store_remove_connector(struct config_store *s, const char *connector, struct kc_error *err) KC_CHECKED;
int config_store_put_tasks(struct config_store *s, const char *connector, struct kc_config *const *tasks, int count,
                           struct kc_error *err) KC_CHECKED;
int config_store_put_target(struct config_store *s, const char *connector, enum target_state target,
                            struct kc_error *err) KC_CHECKED;
int config_store_put_session_key(struct config_store *s, const struct session_key *key,
                                 struct kc_error *err) KC_CHECKED;
int config_store_put_restart(struct config_store *s, const char *connector, bool only_failed, bool include_tasks,
                             struct kc_error *err) KC_CHECKED;
/* The number of tasks whose producers may be at work from now on (exactly-once sources). */
int config_store_put_task_count(struct config_store *s, const char *connector, int count,
                                struct kc_error *err) KC_CHECKED;
int config_store_put_logger_level(struct config_store *s, const char *logger, const char *level,
                                  struct kc_error *err) KC_CHECKED;

#endif
