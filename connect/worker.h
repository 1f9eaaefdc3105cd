/* Starts and stops connectors and tasks on behalf of the herder; one thread per connector, one per task. The herder
 * owns it and calls it from its loop only; nothing here blocks it: what may take time runs on the worker's own thread
 * and ends with `done` on the loop. @source org.apache.kafka.connect.runtime.Worker (distributed-worker 7.2-7.5, 10) */
#ifndef CONNECT_WORKER_H
#define CONNECT_WORKER_H

#include "config/substitute.h"
#include "config/worker_options.h"
#include "connect/connector.h"
#include "connect/group/proto.h"
#include "connect/store/config_store.h"
#include "connect/store/offset_store.h"
#include "connect/store/status_store.h"
#include "connect/task/task.h"

struct worker;

struct worker_setup { /* borrowed for the worker's life, texts are copied */
    const struct worker_conf *conf;
    const char *worker_id, *cluster_id;
    struct substitute *substitute;
    struct status_store *statuses;
    struct offset_store *offsets;
    const struct connector_listener *listener;
    void *listener_arg;
    const struct task_guard *guard; /* of exactly-once source tasks; NULL: there are none */
    void *guard_arg;
    struct mailbox *reply; /* of the herder: finished jobs arrive with this type, job_done ends them */
    int reply_type;
};

/* A start or stop has ended; `failed` of the parts did not start, or had to be given up. @thread herder */
typedef void (*worker_done)(void *arg, size_t failed);

/* The thread that makes it is the one that may call the rest (checked); worker_free, any. */
struct worker *worker_new(const struct worker_setup *setup);
/* What statuses carry from now on, those of running connectors and tasks too. */
void worker_set_generation(struct worker *w, int32_t generation);

bool worker_has_connector(const struct worker *w, const char *connector);
bool worker_has_task(const struct worker *w, const char *connector, int task);
void worker_all(const struct worker *w, struct work *ret_work); /* adds everything that runs */
/* Calls f for each connector (task -1, NULL) and each task (NULL: it is just starting) that runs. What f gets lives
 * until the herder's next call. */
void worker_each(const struct worker *w, void (*f)(void *arg, const char *connector, int number, const struct task *t),
                 void *arg);

/* Begins to start a connector with the target state of the snapshot; the listener tells how it ended, under `ticket`.
 * -1: it cannot even begin (no such class): status FAILED is written, the listener stays silent. */
int worker_start_connector(struct worker *w, const struct snapshot_connector *connector, uint64_t ticket,
                           struct kc_error *err) KC_CHECKED;
/* Begins to start those of `tasks` that do not run; a task that cannot start gets status FAILED. */
void worker_start_tasks(struct worker *w, struct config_snapshot *snap, const struct work *tasks, worker_done done,
                        void *arg);
/* Stops connectors (5 s) and tasks (task.shutdown.graceful.timeout.ms) together; what does not stop in time is given
 * up. Ends with the statuses flushed. */
void worker_stop(struct worker *w, const struct work *what, worker_done done, void *arg);
/* The connector (under `ticket`) and its tasks here; STOPPED ends the tasks. */
void worker_set_target(struct worker *w, const char *connector, enum target_state target, uint64_t ticket);
/* Takes `r`. false: the connector is not here, `r` is freed. */
bool worker_compute_tasks(struct worker *w, struct reconfiguration *r);

/* Everything must have been stopped. false: a plugin still blocks a start at the deadline, or something was given up
 * (or a consumer still leaves its group) and may still use what the worker was given: memory is left behind, and
 * nothing of it may be freed. */
bool worker_free(struct worker *w, int64_t deadline_ms);

#endif
