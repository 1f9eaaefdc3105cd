/* Inside of a task: what task.c gives to the two kinds of tasks (sink_task.c, source_task.c). Private to this folder.
 */
#ifndef CONNECT_TASK_TASK_RUN_H
#define CONNECT_TASK_TASK_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "connect/task/converters.h"
#include "connect/task/task.h"
#include "connect/task/task_counts.h"
#include "connect/task/tolerance.h"
#include "connect/transform/chain.h"

#define LOG_SINK_TASK   "org.apache.kafka.connect.runtime.WorkerSinkTask"
#define LOG_SOURCE_TASK "org.apache.kafka.connect.runtime.AbstractWorkerSourceTask"
#define LOG_TASK        "org.apache.kafka.connect.runtime.WorkerTask"

struct task {
    /* Fixed before the thread starts. */
    char *connector;
    int number;
    const struct kc_plugin *plugin;
    struct kc_config *connector_config, *task_config;
    struct kc_config *raw_connector_config, *raw_task_config; /* for task_conceal; may be NULL */
    const struct worker_conf *worker;
    char *worker_id;
    struct status_store *statuses;
    struct offset_store *offsets;
    struct kc_arena *arena;         /* owns the two structs below */
    struct connector_conf conf;     /* what the framework reads from the connector's configuration */
    void *plugin_conf;              /* what the plugin reads from the task's */
    const struct task_guard *guard; /* not NULL: an exactly-once source */
    void *guard_arg;
    int config_generation;

    /* The thread's own. */
    struct converters converters;
    struct chain *chain;
    struct tolerance tolerance;
    struct task_counts counts;
    void *kind; /* struct sink_task or source_task, for callbacks that know the task only */

    /* Between threads. */
    atomic_bool stop, cancelled;
    atomic_int target; /* enum target_state */
    atomic_int generation;
    pthread_mutex_t lock; /* guards what follows; `changed` tells of every change of anything here */
    pthread_cond_t changed;
    bool done, failed, joined;
    void (*wake)(void *arg); /* gets the thread out of a wait that is not task_wait */
    void *wake_arg;
    pthread_t thread;
};

/* Run to the end, including clean-up. -1: the task fails with err. @thread task */
int sink_task_run(struct task *t, struct kc_error *err);
int source_task_run(struct task *t, struct kc_error *err);

static inline bool task_stopping(const struct task *t) {
    return atomic_load_explicit(&t->stop, memory_order_acquire);
}
static inline bool task_cancelled(const struct task *t) {
    return atomic_load_explicit(&t->cancelled, memory_order_acquire);
}
static inline enum target_state task_target(const struct task *t) {
    return (enum target_state)atomic_load_explicit(&t->target, memory_order_acquire);
}
/* Sleeps until `ms` passed, the task should stop, or its target state is not `target` any more. @thread task */
void task_wait(struct task *t, int64_t ms, enum target_state target);
/* From now on `wake(arg)` is called after a change of stop or target; NULL ends that. @thread task */
void task_set_wake(struct task *t, void (*wake)(void *arg), void *arg);
/* Puts references back in the place of what came from config providers, before an error is logged or written. */
void task_conceal(const struct task *t, struct kc_error *err);
/* Writes a status unless the task was cancelled. @thread task  @blocks no */
void task_status(struct task *t, enum state state, const char *trace);

#endif
