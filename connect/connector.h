/* One connector instance on its own thread: start, pause, resume, stop, and the configurations of its tasks.
 * The worker makes it and stops it; it writes its own statuses. States INIT → STARTED ⇄ PAUSED ⇄ STOPPED, or FAILED,
 * which only a stop or a new instance ends.
 * @source org.apache.kafka.connect.runtime.WorkerConnector (distributed-worker 10) */
#ifndef CONNECT_CONNECTOR_H
#define CONNECT_CONNECTOR_H

#include <stdatomic.h>

#include "config/substitute.h"
#include "connect/plugin.h"
#include "connect/store/config_store.h"
#include "connect/store/status_store.h"

struct connector;

/* One round of computing task configurations: made by the herder, filled on the connector's thread, handed back through
 * connector_listener.task_configs. */
struct reconfiguration {
    char *connector;
    unsigned round;               /* the herder's: results of an older round are of no interest */
    struct config_snapshot *snap; /* what to compare with */
    struct kc_config *applied,
        *applied_resolved;            /* raw configuration behind the committed tasks, and what its references gave
                                         when first used; a NULL or outdated pair is filled anew */
    int applied_generation;           /* of the pair */
    struct kc_config *raw, *resolved; /* result: what the tasks were made from */
    struct kc_config **tasks;         /* result: complete, secrets as references */
    int task_count;
    bool running;        /* false: the connector does not run, nothing was computed */
    bool changed;        /* they differ from what is committed */
    bool gave_up;        /* the connector has failed by this (too many tasks): no retry */
    struct kc_error err; /* code or exception set: the computation failed, to be repeated */
    bool failed;
};
struct reconfiguration *reconfiguration_new(const char *connector, struct config_snapshot *snap); /* refs snap */
struct reconfiguration *reconfiguration_free(struct reconfiguration *r);

/* All run on the connector's thread (request_reconfiguration: any thread of the plugin): copy and post. */
struct connector_listener {
    /* The transition `ticket` ended: the connector is in `state`, or err says why not. */
    void (*transition)(void *arg, const char *connector, uint64_t ticket, enum target_state state,
                       const struct kc_error *err);
    void (*request_reconfiguration)(void *arg, const char *connector);
    void (*task_configs)(void *arg, struct reconfiguration *result); /* takes it */
    /* The resolved configuration is good for ttl_ms only. */
    void (*ttl)(void *arg, const char *connector, int64_t ttl_ms);
};

struct connector_setup { /* borrowed by connector_start, the pointers marked * by the connector's life */
    const char *name;
    const struct kc_plugin *plugin;            /* * */
    const struct kc_config *config;            /* raw */
    struct substitute *substitute;             /* * */
    struct status_store *statuses;             /* * */
    const char *worker_id;                     /* * */
    const atomic_int *generation;              /* *: what statuses carry */
    const struct worker_conf *worker;          /* * */
    const struct connector_listener *listener; /* * */
    void *listener_arg;
};

/* Starts the thread and the first transition, to `target` under `ticket`. @blocks no */
struct connector *connector_start(const struct connector_setup *setup, enum target_state target, uint64_t ticket,
                                  struct kc_error *err);
/* Asks for a state. A transition still waiting is pre-empted and reported as failed. @thread any  @blocks no */
void connector_set_target(struct connector *c, enum target_state target, uint64_t ticket);
/* Takes `r`; it comes back through the listener unless the connector is stopped (then it is freed). @thread any @blocks
 * no */
void connector_compute_tasks(struct connector *c, struct reconfiguration *r);
/* Asks the thread to stop the plugin and end. @thread any  @blocks no */
void connector_stop(struct connector *c);
bool connector_join(struct connector *c, int64_t deadline_ms); /* false: still running, call connector_cancel */
/* Gives up a connector that does not stop: status UNASSIGNED is written at once and nothing more later; the memory is
 * freed when the thread ends. */
void connector_cancel(struct connector *c);
struct connector *connector_free(struct connector *c); /* after a successful join */

#endif
