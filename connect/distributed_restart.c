/* Restarts: of one connector or task (the synchronous requests), of what a restart request in the config topic selects,
 * and of connectors whose secrets have run out. @source DistributedHerder.restartConnector, restartTask,
 * doRestartConnectorAndTasks (distributed-worker 7.6, 7.7, rest-api 5.10, 5.11) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/herder_json.h"

/* ---- callbacks on connector threads ------------------------------------------------------------------------------ */

static void post_transition(void *arg, const char *connector, uint64_t ticket, enum target_state state,
                            const struct kc_error *err) {
    struct event *ev = event_new(EV_TRANSITION, connector);
    ev->ticket = ticket;
    ev->state = state;
    ev->failed = err != NULL;
    if (err)
        ev->err = *err;
    event_post(arg, ev);
}

static void post_reconfigure(void *arg, const char *connector) {
    event_post(arg, event_new(EV_RECONFIGURE, connector));
}

static void post_task_configs(void *arg, struct reconfiguration *result) {
    struct event *ev = event_new(EV_TASK_CONFIGS, result->connector);
    ev->reconfiguration = result;
    event_post(arg, ev);
}

static void post_ttl(void *arg, const char *connector, int64_t ttl_ms) {
    struct event *ev = event_new(EV_TTL, connector);
    ev->ttl_ms = ttl_ms;
    event_post(arg, ev);
}

const struct connector_listener herder_connector_listener = {.transition = post_transition,
                                                             .request_reconfiguration = post_reconfigure,
                                                             .task_configs = post_task_configs,
                                                             .ttl = post_ttl};

/* ---- one connector ----------------------------------------------------------------------------------------------- */

/* A restart on its way: stopped, started, waiting for the start to end. */
struct restart {
    struct list link; /* h->starting, once started */
    struct herder *h;
    struct herder_request *req; /* NULL: internal */
    char *connector;
    int task; /* -1: the connector */
    uint64_t ticket;
};

static struct restart *restart_new(struct herder *h, struct herder_request *req, const char *connector, int task) {
    struct restart *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    *r = (struct restart){.h = h, .req = req, .connector = strdup(connector), .task = task};
    list_init(&r->link);
    return r;
}

static void restart_end(struct restart *r, const struct kc_error *err) {
    if (r->req && !err)
        answer(r->req, 204);
    else if (r->req && err->code == ERR_STOPPING)
        answer_error(r->req, err);
    else if (r->req && r->task < 0 && r->h->conf->standalone)
        answer_fail(r->req, ERR_INTERNAL, "Failed to transition connector %s to state STARTED", r->connector);
    else if (r->req && r->task < 0)
        answer_fail(r->req, ERR_INTERNAL, "Failed to start connector: %s", r->connector);
    else if (r->req)
        answer_fail(r->req, ERR_INTERNAL, "Failed to start task: %s-%d", r->connector, r->task);
    free(r->connector);
    free(r);
}

void restarts_fail(struct herder *h) {
    struct kc_error err = {0};
    err_set(&err, ERR_STOPPING, "Worker is shutting down");
    for (struct list *link = h->starting.next, *next; link != &h->starting; link = next) {
        next = link->next;
        restart_end(CONTAINER_OF(link, struct restart, link), &err);
    }
    list_init(&h->starting);
}

static void end_transition(struct herder *h, struct event *ev) {
    if (map_get(h->transitions, ev->connector) == (void *)(uintptr_t)ev->ticket)
        map_remove(h->transitions, ev->connector);
    if (!ev->failed)
        return;
    struct kc_error err = ev->err;
    err_wrap(&err, NULL, "Failed to transition connector %s to state %s", ev->connector, target_state_name(ev->state));
    settle_failed(h, ev->connector, &err);
}

void on_transition(struct herder *h, struct event *ev) {
    end_transition(h, ev);
    if (!ev->failed && ev->state == TARGET_STARTED)
        request_reconfigure(h, ev->connector, true);
    for (struct list *link = h->starting.next; link != &h->starting; link = link->next) {
        struct restart *r = CONTAINER_OF(link, struct restart, link);
        if (r->ticket == ev->ticket) {
            list_remove(&r->link);
            restart_end(r, ev->failed ? &ev->err : NULL);
            return;
        }
    }
    if (ev->failed)
        kc_log(KC_ERROR, LOG_HERDER, "Connector %s did not reach its target state: %s", ev->connector, ev->err.text);
}

static void connector_stopped(void *arg, size_t given_up) {
    struct restart *r = arg;
    struct herder *h = r->h;
    struct kc_error err = {0};
    (void)given_up;
    herder_end(h);
    const struct snapshot_connector *c = config_snapshot_find(h->snap, r->connector);
    if (h->stopping)
        err_set(&err, ERR_STOPPING, "Worker is shutting down");
    else if (!c || !c->config)
        err_set(&err, ERR_NOT_FOUND, "Connector %s not found", r->connector);
    else if (worker_start_connector(h->worker, c, r->ticket = ++h->tickets, &err) == 0) {
        list_append(&h->starting, &r->link);
        return;
    }
    restart_end(r, &err);
}

static void restart_connector(struct herder *h, struct herder_request *req, const char *connector) {
    AUTO_WORK stop = {0};
    work_add_connector(&stop, connector);
    herder_begin(h, "stopping restarted connector %s", connector);
    worker_stop(h->worker, &stop, connector_stopped, restart_new(h, req, connector, -1));
}

/* false: the request was answered. */
static bool may_restart(struct herder *h, struct herder_request *req) {
    if (h->needs_reconfig_rebalance) {
        answer_fail(req, ERR_REBALANCING,
                    "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent "
                    "config change)");
        return false;
    }
    const struct snapshot_connector *c = config_snapshot_find(h->snap, req->connector);
    if (!c || !c->config) {
        bool plain = h->conf->standalone && req->op != HERDER_RESTART_PLAN;
        answer_fail(req, ERR_NOT_FOUND, plain ? "Connector %s not found" : "Unknown connector: %s", req->connector);
        return false;
    }
    return true;
}

/* To who runs it: the owner as the leader knows it, otherwise the leader. */
static void pass_on(struct herder *h, struct herder_request *req, int task) {
    if (!herder_is_leader(h)) {
        answer_no_leader(h, req);
        return;
    }
    AUTO_TEXT url = membership_owner_url(h->member, req->connector, task);
    answer_forward(req, url);
}

void run_restart_connector(struct herder *h, struct op *op) {
    struct herder_request *req = op_take(op);
    if (!may_restart(h, req))
        return;
    if (work_has_connector(&h->running, req->connector))
        restart_connector(h, req, req->connector);
    else
        pass_on(h, req, -1);
}

/* ---- secrets with an end ----------------------------------------------------------------------------------------- */

static void run_ttl(struct herder *h, struct op *op) {
    int64_t *due = map_get(h->ttls, op->connector);
    if (due && *due == op->due_ms) { /* not replaced meanwhile */
        map_remove(h->ttls, op->connector);
        if (work_has_connector(&h->running, op->connector)) {
            kc_log(KC_INFO, LOG_HERDER, "Restarting connector %s: a value of its configuration is no longer valid",
                   op->connector);
            restart_connector(h, NULL, op->connector);
        }
    }
    op_free(op);
}

void on_ttl(struct herder *h, const char *connector, int64_t ttl_ms) {
    int64_t *due = malloc(sizeof(*due));
    if (!due)
        abort();
    *due = clock_after_ms(ttl_ms);
    map_put(h->ttls, connector, due);
    op_add(h, run_ttl, NULL, connector, *due);
}

/* ---- one task ---------------------------------------------------------------------------------------------------- */

static void task_started(void *arg, size_t failed) {
    struct restart *r = arg;
    struct kc_error err = {0};
    herder_end(r->h);
    if (failed)
        err_set(&err, ERR_INTERNAL, "the task did not start");
    restart_end(r, failed ? &err : NULL);
}

static void task_stopped(void *arg, size_t given_up) {
    struct restart *r = arg;
    AUTO_WORK start = {0};
    (void)given_up;
    work_add_task(&start, r->connector, r->task);
    worker_start_tasks(r->h->worker, r->h->snap, &start, task_started, r);
}

void run_restart_task(struct herder *h, struct op *op) {
    struct herder_request *req = op_take(op);
    if (!may_restart(h, req))
        return;
    if (!snapshot_task_config(config_snapshot_find(h->snap, req->connector), req->task)) {
        answer_fail(req, ERR_NOT_FOUND, h->conf->standalone ? "Task %s-%d not found" : "Unknown task: %s-%d",
                    req->connector, req->task);
        return;
    }
    if (!work_has_task(&h->running, req->connector, req->task)) {
        pass_on(h, req, req->task);
        return;
    }
    AUTO_WORK stop = {0};
    work_add_task(&stop, req->connector, req->task);
    herder_begin(h, "restarting task %s-%d", req->connector, req->task);
    worker_stop(h->worker, &stop, task_stopped, restart_new(h, req, req->connector, req->task));
}

/* ---- restart requests of the config topic ------------------------------------------------------------------------ */

static int write_restart(struct herder *h, struct errand *e) {
    const struct herder_request *req = e->op->req;
    return config_store_put_restart(h->configs, req->connector, req->only_failed, req->include_tasks, &e->err);
}

static void restart_written(struct herder *h, struct errand *e) {
    struct herder_request *req = op_take(TAKE(e->op));
    herder_end(h);
    if (e->rc < 0) {
        answer_error(req, &e->err);
        return;
    }
    struct restart_request what = {.only_failed = req->only_failed, .include_tasks = req->include_tasks};
    AUTO(restart_plan) plan = restart_plan_of(h->statuses, req->connector, what);
    if (!plan) {
        answer_fail(req, ERR_NOT_FOUND, "Status for connector %s not found", req->connector);
        return;
    }
    const struct snapshot_connector *c = config_snapshot_find(h->snap, req->connector);
    herder_json_state(&req->json, plan, herder_json_type(c ? c->config : NULL), true);
    if (h->conf->standalone)
        settle_later(h, req, 202);
    else
        answer(req, 202);
}

void run_restart_plan(struct herder *h, struct op *op) {
    if (!may_restart(h, op->req)) {
        op_free(op);
    } else if (!herder_is_leader(h)) {
        answer_no_leader(h, op_take(op));
    } else {
        herder_begin(h, "writing restart request for connector %s to the config topic", op->req->connector);
        struct errand *e = errand_new(h, write_restart, restart_written);
        e->op = op;
        errand_to_store(e);
    }
}

/* One request being carried out here: what of the plan runs on this worker. */
struct restart_here {
    struct herder *h;
    char *connector;
    struct work work;
};

static void here_end(struct restart_here *rh) {
    work_done(&rh->work);
    free(rh->connector);
    free(rh);
}

static void here_started(void *arg, size_t failed) {
    struct restart_here *rh = arg;
    kc_log(KC_INFO, LOG_HERDER, "Completed restart request for connector %s (%zu tasks failed to start)", rh->connector,
           failed);
    herder_end(rh->h);
    here_end(rh);
}

static void write_restarting(struct herder *h, const char *connector, int task) {
    struct status status = {.connector = connector,
                            .task = task,
                            .state = STATE_RESTARTING,
                            .worker_id = h->worker_id,
                            .generation = h->generation};
    status_store_put(h->statuses, &status, false);
}

static void here_stopped(void *arg, size_t given_up) {
    struct restart_here *rh = arg;
    struct herder *h = rh->h;
    (void)given_up;
    for (size_t i = 0; i < rh->work.connector_count; i++)
        write_restarting(h, rh->work.connectors[i], -1);
    for (size_t i = 0; i < rh->work.task_count; i++)
        write_restarting(h, rh->work.tasks[i].connector, rh->work.tasks[i].number);
    if (rh->work.connector_count && !h->stopping)
        start_connector(h, rh->connector);
    worker_start_tasks(h->worker, h->snap, &rh->work, here_started, rh);
}

static struct restart_here *plan_here(struct herder *h, const char *connector, struct restart_request request) {
    AUTO(restart_plan) plan = restart_plan_of(h->statuses, connector, request);
    struct restart_here *rh = calloc(1, sizeof(*rh));
    if (!rh)
        abort();
    rh->h = h;
    rh->connector = strdup(connector);
    if (plan && plan->restart_connector && work_has_connector(&h->running, connector))
        work_add_connector(&rh->work, connector);
    for (size_t i = 0; plan && i < plan->task_count; i++) {
        if (plan->restart_task[i] && work_has_task(&h->running, connector, plan->tasks[i].task))
            work_add_task(&rh->work, connector, plan->tasks[i].task);
    }
    return rh;
}

bool restart_turn(struct herder *h) {
    const char *name;
    void *value;
    size_t i = 0;
    if (!map_next(h->restarts, &i, &name, &value))
        return false;
    struct restart_here *rh = plan_here(h, name, *(struct restart_request *)value);
    map_remove(h->restarts, rh->connector);
    if (work_empty(&rh->work)) {
        here_end(rh);
        return true;
    }
    kc_log(KC_INFO, LOG_HERDER, "Executing restart of %zu connectors and %zu tasks for connector %s",
           rh->work.connector_count, rh->work.task_count, rh->connector);
    herder_begin(h, "handling restart request for connector %s", rh->connector);
    worker_stop(h->worker, &rh->work, here_stopped, rh);
    return true;
}
