/* What exactly-once source tasks ask before they write: that the tasks of earlier generations are fenced, and that they
 * are still wanted themselves. A call comes from the task's thread, is answered in turn on the loop (or by the leader),
 * and is given up when the task should stop. Task and loop share the call; the last of the two frees it.
 * @source DistributedHerder.fenceZombieSourceTasks(ConnectorTaskId), verifyTaskGenerationAndOwnership
 * (distributed-worker 9.2) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "connect/base/thread.h"
#include "connect/distributed_state.h"
#include "connect/internal_request.h"

enum { STOP_LOOK_MS = 100, RETRY_MS = 250, RETRY_FOR_MS = 60000, SEND_TIMEOUT_MS = 90000, REFRESH_MS = 1000 };

struct task_call {
    char *connector;
    int task;
    bool verify; /* else: fence */
    int generation;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    int refs;
    bool done;
    struct kc_error err; /* code 0: yes */
};

/* ---- the shared call --------------------------------------------------------------------------------------------- */

static struct task_call *call_new(const char *connector, int task) {
    struct task_call *call = calloc(1, sizeof(*call));
    if (!call || !(call->connector = strdup(connector)))
        abort();
    call->task = task;
    call->refs = 2;
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->changed, NULL);
    return call;
}

static void call_unref(struct task_call *call) {
    pthread_mutex_lock(&call->lock);
    bool last = --call->refs == 0;
    pthread_mutex_unlock(&call->lock);
    if (!last)
        return;
    pthread_cond_destroy(&call->changed);
    pthread_mutex_destroy(&call->lock);
    free(call->connector);
    free(call);
}

/* The loop's part ends. */
static void call_finish(struct task_call *call, const struct kc_error *err) {
    pthread_mutex_lock(&call->lock);
    call->done = true;
    if (err) {
        call->err = *err;
        if (!call->err.code)
            call->err.code = ERR_INTERNAL;
    }
    pthread_cond_signal(&call->changed);
    pthread_mutex_unlock(&call->lock);
    call_unref(call);
}

void task_call_drop(struct task_call *call) {
    struct kc_error err = {0};
    if (!call)
        return;
    err_set(&err, ERR_STOPPING, "Worker is shutting down");
    call_finish(call, &err);
}

/* Posts the call and waits for its answer; the task's reference ends. @thread task */
static int ask(struct herder *h, struct task_call *call, const atomic_bool *stop, struct kc_error *err) {
    struct event *ev = event_new(EV_TASK_CALL, NULL);
    ev->call = call;
    event_post(h, ev);
    pthread_mutex_lock(&call->lock);
    while (!call->done && !atomic_load(stop)) {
        cond_wait_until(&call->changed, &call->lock, clock_after_ms(STOP_LOOK_MS));
    }
    bool done = call->done;
    *err = call->err;
    pthread_mutex_unlock(&call->lock);
    call_unref(call);
    if (!done)
        return err_set(err, ERR_STOPPING, "The task is being stopped");
    return err->code ? -1 : 0;
}

/* ---- fencing ----------------------------------------------------------------------------------------------------- */

static void tell_task(struct herder *h, struct op *op, const struct kc_error *err) {
    (void)h;
    call_finish(TAKE(op->call), err);
    op_free(op);
}

/* The leader's "no". What may be different in a moment (leaders and session keys change, a leader may be fenced, a Java
 * worker that starts up answers 404 and nothing more) is marked as retriable. */
static int refused(struct errand *e, const struct buf *reply) {
    AUTO(json) body = json_parse(reply->data, reply->len, NULL);
    const char *message = body ? json_get_text(body, "message") : NULL;
    char text[64];
    snprintf(text, sizeof(text), "The leader answered %d and did not say why", e->http);
    err_set_class(&e->err, ERR_INTERNAL, "org.apache.kafka.connect.runtime.rest.errors.ConnectRestException", "%s",
                  message ? message : text);
    e->err.retriable =
        e->http == 403 || e->http == 409 || e->http == 503 || !message || strstr(message, "can be safely retried");
    return -1;
}

/* e->url: of the leader; signed with the key as it was when the request was made. @thread pool */
static int ask_leader(struct herder *h, struct errand *e) {
    AUTO_TEXT url = internal_request_url(e->url, e->connector, "fence");
    AUTO_BUF reply;
    buf_init(&reply, 2 << 20);
    if (peer_request(h, e, "PUT", url, SEND_TIMEOUT_MS, &reply) < 0) {
        e->err.retriable = e->err.code == ERR_IO;
        return -1;
    }
    return e->http / 100 == 2 ? 0 : refused(e, &reply);
}

static void leader_answered(struct herder *h, struct errand *e) {
    tell_task(h, TAKE(e->op), e->rc < 0 ? &e->err : NULL);
}

static void run_task_fence(struct herder *h, struct op *op) {
    const char *url = herder_leader_url(h);
    struct kc_error err = {0};
    op->fenced = tell_task;
    if (herder_is_leader(h)) {
        fence_connector(h, op, op->call->connector);
        return;
    }
    if (!url[0]) {
        err_set(&err, ERR_REBALANCING,
                "Request to leader to perform zombie fencing failed because the URL of the leader's REST interface is "
                "empty!");
        tell_task(h, op, &err);
        return;
    }
    kc_log(KC_DEBUG, LOG_HERDER, "Forwarding zombie fencing request for connector %s to leader at %s",
           op->call->connector, url);
    struct errand *e = errand_new(h, ask_leader, leader_answered);
    e->connector = strdup(op->call->connector);
    e->url = strdup(url);
    e->op = op;
    if (h->has_key)
        e->key = h->key;
    errand_to_pool(e);
}

/* @thread task */
static int guard_fence(void *arg, const char *connector, int task, const atomic_bool *stop, struct kc_error *err) {
    struct herder *h = arg;
    int64_t give_up = clock_ms() + RETRY_FOR_MS;
    for (;;) {
        if (ask(h, call_new(connector, task), stop, err) == 0)
            return 0;
        bool again = err->retriable || err->code == ERR_UNPRIVILEGED || err->code == ERR_CONFLICT;
        if (!again || clock_ms() >= give_up || atomic_load(stop))
            return -1;
        kc_log(KC_WARN, LOG_HERDER, "Zombie fencing before the start of task %s-%d failed, retrying in %d ms: %s",
               connector, task, RETRY_MS, err->text);
        for (int64_t until = clock_ms() + RETRY_MS; clock_ms() < until && !atomic_load(stop);)
            clock_sleep_ms(STOP_LOOK_MS / 2);
    }
}

/* ---- verification ------------------------------------------------------------------------------------------------ */

static void run_task_verify(struct herder *h, struct op *op) {
    struct task_call *call = op->call;
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    const struct snapshot_connector *c = config_snapshot_find(snap, call->connector);
    struct kc_error err = {0};
    if (!c || c->generation != call->generation)
        err_set(&err, ERR_INTERNAL,
                "Cannot start source task %s-%d with exactly-once support as the connector has already generated a new "
                "set of task configs",
                call->connector, call->task);
    else if (!h->asg || !work_has_task(&h->asg->work, call->connector, call->task))
        err_set(&err, ERR_INTERNAL, "Cannot start source task %s-%d as it has already been revoked from this worker",
                call->connector, call->task);
    tell_task(h, op, err.code ? &err : NULL);
}

/* @thread task */
static int guard_verify(void *arg, const char *connector, int task, int generation, const atomic_bool *stop,
                        struct kc_error *err) {
    struct herder *h = arg;
    while (config_store_refresh(h->configs, REFRESH_MS, err) < 0) {
        if (err->code != ERR_TIMEOUT || atomic_load(stop))
            return err_wrap(err, KC_CONNECT_EXCEPTION, "Failed to read to end of config topic");
    }
    struct task_call *call = call_new(connector, task);
    call->verify = true;
    call->generation = generation;
    return ask(h, call, stop, err);
}

void on_task_call(struct herder *h, struct task_call *call) {
    struct op *op = op_add(h, call->verify ? run_task_verify : run_task_fence, NULL, NULL, clock_ms());
    if (op)
        op->call = call;
    else
        task_call_drop(call);
}

const struct task_guard herder_task_guard = {.fence = guard_fence, .verify = guard_verify};
