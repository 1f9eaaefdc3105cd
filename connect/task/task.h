/* A sink or source task on its own thread: start, run, pause, stop; reports to the worker.
 * States STARTING → RUNNING ⇄ PAUSED → STOPPED | FAILED. The worker owns the struct; callbacks run on the task's
 * thread.
 * @source WorkerTask, WorkerSinkTask, WorkerSourceTask (distributed-worker 11, 12, 13) */
#ifndef CONNECT_TASK_TASK_H
#define CONNECT_TASK_TASK_H

#include <stdatomic.h>

#include "config/connector_options.h"
#include "config/worker_options.h"
#include "connect/plugin.h"
#include "connect/store/config_store.h"
#include "connect/store/offset_store.h"
#include "connect/store/status_store.h"

struct task;
struct error_counts;
struct task_counts;

/* What an exactly-once source task asks before it writes. @thread task  @blocks until there is an answer or *stop */
struct task_guard {
    /* Have the producers of earlier tasks of the connector fenced. */
    int (*fence)(void *arg, const char *connector, int task, const atomic_bool *stop, struct kc_error *err);
    /* Is the task still this worker's, and are its configurations (of `generation`) still the connector's? */
    int (*verify)(void *arg, const char *connector, int task, int generation, const atomic_bool *stop,
                  struct kc_error *err);
};

struct task_conf {
    const char *connector;
    int number;
    const struct kc_plugin *plugin;           /* of the connector */
    const struct kc_config *connector_config; /* references resolved */
    const struct kc_config *task_config;      /* references resolved */
    /* The same with references as they were given: what came from them does not show in errors. May be NULL. */
    const struct kc_config *raw_connector_config, *raw_task_config;
    const struct worker_conf *worker;
    enum target_state target; /* STARTED or PAUSED */
    int32_t generation;
    const char *worker_id;
    struct status_store *statuses; /* writes its own statuses: RUNNING, PAUSED, FAILED, UNASSIGNED (safe) */
    struct offset_store *offsets;
    const char *cluster_id;
    const struct task_guard *guard; /* NULL: the worker has no exactly-once sources, whatever its options say */
    void *guard_arg;
    int config_generation; /* of the task configurations */
};

/* <group.id>-<connector>-<task>, malloc'ed. */
char *task_transactional_id(const struct worker_conf *worker, const char *connector, int task);

/* Copies what it needs and starts the thread. NULL with err when the thread cannot start or the configuration is
 * unusable (converter, transform, override policy): the caller writes FAILED. @thread worker  @blocks no */
struct task *task_start(const struct task_conf *conf, struct kc_error *err);
/* STARTED ⇄ PAUSED. @thread any  @blocks no */
void task_set_target(struct task *t, enum target_state target);
/* Later statuses carry this generation (of the worker's group). @thread any  @blocks no */
void task_set_generation(struct task *t, int32_t generation);
/* Asks the task to stop (flush, commit, leave its consumer group). @thread any  @blocks no */
void task_stop(struct task *t);
/* Waits for the end until deadline (clock_ms). false: it is still running (call task_cancel). */
bool task_join(struct task *t, int64_t deadline_ms);
/* Gives up a task that did not stop: no further status or commit is written by it, the memory is freed when it ends. */
void task_cancel(struct task *t);
struct task *task_free(struct task *t); /* after a successful join */
bool task_failed(const struct task *t); /* ended with FAILED */
/* The counters of its errors and of its work, as long as the task is not freed. @thread any  @blocks no */
const struct error_counts *task_error_counts(const struct task *t);
const struct task_counts *task_counts(const struct task *t);
bool task_is_sink(const struct task *t);

/* Consumers of sink tasks that have ended may still be leaving their groups; false: some are at the deadline.
 * @thread any  @blocks until the deadline */
bool task_leavers_join(int64_t deadline_ms);

#endif
