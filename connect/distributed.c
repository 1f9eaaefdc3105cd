/* The herder's loop and its doors: messages in, turns of the tick, answers out; see distributed_state.h. Runs on the
 * thread that distributed_life.c starts and ends. */
#include "connect/distributed_state.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"

enum { PULSE_MS = 500, JSON_MAX = 64 << 20 };

/* ---- messages ---------------------------------------------------------------------------------------------------- */

struct event *event_new(enum event_type type, const char *connector) {
    struct event *ev = calloc(1, sizeof(*ev));
    if (!ev)
        abort();
    ev->type = type;
    ev->connector = connector ? strdup(connector) : NULL;
    return ev;
}

void event_free(struct event *ev) {
    work_done(&ev->work);
    assignment_free(ev->asg);
    reconfiguration_free(ev->reconfiguration);
    task_call_drop(ev->call);
    free(ev->connector);
    free(ev->level);
    free(ev);
}

void event_post(struct herder *h, struct event *ev) {
    ev->msg.type = MSG_EVENT;
    mailbox_post(h->mailbox, &ev->msg);
}

/* Behind all that are due at the same time or earlier. */
static void enqueue(struct herder *h, struct op *op) {
    struct list *before = &h->ops;
    while (before->prev != &h->ops && CONTAINER_OF(before->prev, struct op, link)->due_ms > op->due_ms)
        before = before->prev;
    list_append(before, &op->link);
}

struct op *op_add(struct herder *h, void (*run)(struct herder *h, struct op *op), struct herder_request *req,
                  const char *connector, int64_t due_ms) {
    if (h->stopping) {
        if (req)
            answer_fail(req, ERR_STOPPING, "Worker is shutting down");
        return NULL;
    }
    struct op *op = calloc(1, sizeof(*op));
    if (!op)
        abort();
    *op = (struct op){.req = req, .connector = connector ? strdup(connector) : NULL, .due_ms = due_ms, .run = run};
    enqueue(h, op);
    return op;
}

void op_again(struct herder *h, struct op *op) {
    if (h->stopping) {
        struct herder_request *req = op_take(op);
        if (req)
            answer_fail(req, ERR_STOPPING, "Worker is shutting down");
        return;
    }
    op->fenced = NULL;
    op->due_ms = clock_ms();
    enqueue(h, op);
}

void op_free(struct op *op) {
    if (op) {
        task_call_drop(op->call);
        free(op->connector);
        free(op);
    }
}

struct herder_request *op_take(struct op *op) {
    struct herder_request *req = op->req;
    op_free(op);
    return req;
}

static void errand_run(struct job *job) {
    struct errand *e = (struct errand *)job;
    e->rc = e->run(e->h, e);
}

static void errand_done(struct job *job) {
    struct errand *e = (struct errand *)job;
    if (job->cancelled)
        e->rc = err_set(&e->err, ERR_STOPPING, "Worker is shutting down");
    if (e->rc < 0 && e->err.code == ERR_UNPRIVILEGED)
        e->h->unprivileged = true; /* another leader has written, or the brokers are in trouble */
    e->then(e->h, e);
    errand_free(e);
}

struct errand *errand_new(struct herder *h, int (*run)(struct herder *h, struct errand *e),
                          void (*then)(struct herder *h, struct errand *e)) {
    struct errand *e = calloc(1, sizeof(*e));
    if (!e)
        abort();
    e->job = (struct job){.run = errand_run, .done = errand_done};
    e->h = h;
    e->run = run;
    e->then = then;
    list_init(&e->ops);
    buf_init(&e->json, JSON_MAX);
    return e;
}

void errand_free(struct errand *e) {
    for (int i = 0; i < e->task_count; i++)
        kc_config_free(e->tasks[i]);
    free(e->tasks);
    op_free(e->op);
    for (struct list *l; (l = list_pop(&e->ops));)
        op_free(CONTAINER_OF(l, struct op, link));
    kc_config_free(e->config);
    buf_done(&e->json);
    free(e->connector);
    free(e->url);
    free(e);
}

void errand_to_store(struct errand *e) {
    job_queue_post(e->h->store_jobs, &e->job);
}

void errand_to_pool(struct errand *e) {
    job_queue_post(e->h->pool, &e->job);
}

/* ---- small things every seam needs ------------------------------------------------------------------------------- */

void herder_begin(struct herder *h, const char *fmt, ...) {
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    assert(!h->busy);
    h->busy = true;
    stage_begin(h->stage, "%s", text);
}

void herder_end(struct herder *h) {
    assert(h->busy);
    h->busy = false;
    stage_end(h->stage);
}

void herder_fail(struct herder *h, const struct kc_error *err) {
    AUTO_TEXT trace = err_trace(err);
    if (atomic_exchange(&h->failed, true))
        return;
    kc_log(KC_FATAL, LOG_HERDER, "The worker cannot go on and will stop: %s", trace);
    h->setup.on_news(h->setup.arg);
}

bool herder_is_leader(struct herder *h) {
    return h->member && membership_is_leader(h->member);
}

const char *herder_leader_url(struct herder *h) {
    return h->asg && h->asg->leader_url ? h->asg->leader_url : "";
}

int herder_protocol_version(const struct herder *h) {
    return h->asg ? h->asg->version : (int)h->protocol;
}

void answer_no_leader(struct herder *h, struct herder_request *req) {
    answer_forward(req, herder_leader_url(h));
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static void on_due(uv_timer_t *timer);

static void dispatch_event(struct herder *h, struct event *ev) {
    switch (ev->type) {
    case EV_ASSIGNED:
        on_assigned(h, TAKE(ev->asg), ev->generation);
        break;
    case EV_REVOKED:
        on_revoked(h, &ev->work);
        break;
    case EV_REFUSED:
        herder_fail(h, &ev->err);
        break;
    case EV_TRANSITION:
        on_transition(h, ev);
        break;
    case EV_RECONFIGURE:
        request_reconfigure(h, ev->connector, false);
        break;
    case EV_TASK_CONFIGS:
        on_task_configs(h, TAKE(ev->reconfiguration));
        break;
    case EV_TTL:
        on_ttl(h, ev->connector, ev->ttl_ms);
        break;
    case EV_TASK_CALL:
        on_task_call(h, TAKE(ev->call));
        break;
    case EV_SHUTDOWN:
        h->stopping = true;
        break;
    default:
        on_config_event(h, ev);
    }
    event_free(ev);
}

static void dispatch(struct herder *h, struct message *msg) {
    if (msg->type == MSG_JOB)
        job_done(msg);
    else if (msg->type == MSG_EVENT)
        dispatch_event(h, CONTAINER_OF(msg, struct event, msg));
    else
        on_request(h, CONTAINER_OF(msg, struct herder_request, msg));
}

static void turn(struct herder *h) {
    if (h->stopping)
        shutdown_turn(h);
    else if (h->started)
        tick_turns(h);
    if (h->loop_over)
        return;
    int64_t due = h->stopping || h->busy || !h->started ? NEVER_MS : tick_next_due_ms(h), now = clock_ms();
    uv_update_time(&h->loop);
    if (due == NEVER_MS)
        uv_timer_stop(&h->due);
    else
        uv_timer_start(&h->due, on_due, due > now ? (uint64_t)(due - now) : 0, 0);
}

static void on_mail(uv_poll_t *handle, int status, int events) {
    struct herder *h = handle->data;
    struct message *msg;
    (void)status, (void)events;
    while ((msg = mailbox_get(h->mailbox, 0)))
        dispatch(h, msg);
    turn(h);
}

static void on_due(uv_timer_t *timer) {
    turn(timer->data);
}

/* Requests whose client has been answered already need no work any more. */
static void expire_ops(struct herder *h, int64_t now) {
    for (struct list *link = h->ops.next, *next; link != &h->ops; link = next) {
        struct op *op = CONTAINER_OF(link, struct op, link);
        next = link->next;
        if (!op->req || op->req->deadline_ms <= 0 || op->req->deadline_ms > now)
            continue;
        list_remove(&op->link);
        AUTO_TEXT text = herder_stage_text(h);
        answer_fail(op_take(op), ERR_INTERNAL, "%s", text);
    }
}

static void on_pulse(uv_timer_t *timer) {
    struct herder *h = timer->data;
    expire_ops(h, clock_ms());
    if (h->member)
        membership_poll(h->member);
    turn(h);
}

void loop_init(struct herder *h) {
    uv_loop_init(&h->loop);
    uv_poll_init(&h->loop, &h->mail, mailbox_fd(h->mailbox));
    uv_timer_init(&h->loop, &h->due);
    uv_timer_init(&h->loop, &h->pulse);
    h->mail.data = h->due.data = h->pulse.data = h;
    uv_poll_start(&h->mail, UV_READABLE, on_mail);
    uv_timer_start(&h->pulse, on_pulse, PULSE_MS, PULSE_MS);
}

void loop_run(struct herder *h) {
    uv_run(&h->loop, UV_RUN_DEFAULT);
    uv_loop_close(&h->loop);
}

void loop_end(struct herder *h) {
    h->loop_over = true;
    uv_close((uv_handle_t *)&h->mail, NULL);
    uv_close((uv_handle_t *)&h->due, NULL);
    uv_close((uv_handle_t *)&h->pulse, NULL);
}

/* ---- the way in -------------------------------------------------------------------------------------------------- */

/* What begins with a validation need not pass by the loop for it. */
static void let_in(struct herder *h, struct herder_request *req) {
    switch (req->op) {
    case HERDER_VALIDATE:
        start_validation(h, req);
        break;
    case HERDER_CREATE:
    case HERDER_PUT_CONFIG:
        if (req->checked)
            mailbox_post(h->mailbox, &req->msg);
        else
            check_then_put(h, req);
        break;
    default:
        mailbox_post(h->mailbox, &req->msg);
    }
}

void herder_submit(struct herder *h, struct herder_request *req) {
    req->msg.type = MSG_REQUEST;
    if (!check_at_once(h, req))
        return;
    pthread_mutex_lock(&h->door);
    bool closed = h->closed;
    if (!closed)
        let_in(h, req);
    pthread_mutex_unlock(&h->door);
    if (closed)
        answer_fail(req, ERR_STOPPING, "Worker is shutting down");
}

/* After the last turn: what still comes in is answered or freed here. */
void loop_drain(struct herder *h) {
    struct message *msg;
    pthread_mutex_lock(&h->door);
    h->closed = true;
    pthread_mutex_unlock(&h->door);
    while ((msg = mailbox_get(h->mailbox, 0))) {
        if (msg->type == MSG_EVENT)
            event_free(CONTAINER_OF(msg, struct event, msg));
        else if (msg->type == MSG_REQUEST)
            answer_fail(CONTAINER_OF(msg, struct herder_request, msg), ERR_STOPPING, "Worker is shutting down");
        else
            job_done(msg);
    }
}
