/* See fake_loop.h. */
#include "tests/support/fake_loop.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"

struct fake_loop fake_loop;

static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER; /* guards the pictures */
static struct worker_conf conf;
static struct mailbox *mailbox;

struct waiting { /* an errand */
    struct list link;
    struct errand *e;
};
static struct list store_errands, pool_errands, returned /* from the pool */;

struct picture { /* a snapshot as it was taken */
    struct config_snapshot snap;
    struct snapshot_connector c;
};
static struct picture pictures[64];
static size_t picture_count;

static void queue(struct list *errands, struct errand *e) {
    struct waiting *w = calloc(1, sizeof(*w));
    ck_assert(w != NULL);
    w->e = e;
    list_append(errands, &w->link);
}

/* ---- the loop -----------------------------------------------------------------------------------------------------
 */

void fake_loop_begin(void) {
    memset(&fake_loop, 0, sizeof(fake_loop));
    picture_count = 0;
    conf = (struct worker_conf){.group_id = "g", .worker_sync_timeout_ms = 3000};
    conf.text = kc_config_new();
    mailbox = mailbox_new();
    list_init(&store_errands);
    list_init(&pool_errands);
    list_init(&returned);
    struct herder *h = calloc(1, sizeof(*h));
    ck_assert(h && conf.text && mailbox);
    h->conf = &conf;
    h->setup.conf = &conf;
    h->mailbox = mailbox;
    h->fencings = map_new(fencing_free);
    list_init(&h->ops);
    h->snap = config_store_snapshot(NULL);
    fake_loop.h = h;
}

struct worker_conf *fake_loop_conf(void) {
    return &conf;
}

void fake_loop_end(void) {
    struct herder *h = fake_loop.h;
    ck_assert(!h->busy && list_empty(&h->ops) && list_empty(&store_errands));
    ck_assert(list_empty(&pool_errands) && list_empty(&returned));
    ck_assert_uint_eq(map_count(h->fencings), 0);
    map_free(h->fencings);
    config_snapshot_unref(h->snap);
    assignment_free(h->asg);
    mailbox_free(mailbox);
    kc_config_free(conf.text);
    free(h);
    fake_loop.h = NULL;
}

static bool step_event(void) {
    struct message *msg = mailbox_get(mailbox, 0);
    if (!msg)
        return false;
    struct event *ev = CONTAINER_OF(msg, struct event, msg);
    ck_assert_int_eq(ev->type, EV_TASK_CALL);
    on_task_call(fake_loop.h, TAKE(ev->call));
    event_free(ev);
    return true;
}

static void do_errand(struct errand *e) {
    e->rc = e->run(fake_loop.h, e);
}

static void come_back(struct errand *e) {
    if (e->rc < 0 && e->err.code == ERR_UNPRIVILEGED)
        fake_loop.h->unprivileged = true;
    e->then(fake_loop.h, e);
    errand_free(e);
}

static struct errand *next(struct list *errands) {
    struct list *link = list_pop(errands);
    if (!link)
        return NULL;
    struct waiting *w = CONTAINER_OF(link, struct waiting, link);
    struct errand *e = w->e;
    free(w);
    return e;
}

static bool step_errand(void) {
    struct errand *e;
    if ((e = next(&store_errands))) {
        do_errand(e);
        come_back(e);
    } else if (!fake_loop.hold_pool && (e = next(&pool_errands))) {
        do_errand(e);
        queue(&returned, e);
    } else if (!fake_loop.hold_answers && (e = next(&returned))) {
        come_back(e);
    }
    return e != NULL;
}

static bool step_op(void) {
    struct list *link = fake_loop.h->ops.next;
    if (fake_loop.h->busy || link == &fake_loop.h->ops || CONTAINER_OF(link, struct op, link)->due_ms > clock_ms())
        return false;
    struct op *op = CONTAINER_OF(link, struct op, link);
    list_remove(link);
    op->run(fake_loop.h, op);
    return true;
}

bool fake_loop_step(void) {
    return step_event() || step_errand() || step_op();
}

void fake_loop_settle(void) {
    while (fake_loop_step()) {
    }
}

/* ---- connect/distributed.c --------------------------------------------------------------------------------------- */

struct event *event_new(enum event_type type, const char *connector) {
    struct event *ev = calloc(1, sizeof(*ev));
    ck_assert(ev && !connector);
    ev->type = type;
    return ev;
}

void event_free(struct event *ev) {
    free(ev);
}

void event_post(struct herder *h, struct event *ev) {
    mailbox_post(h->mailbox, &ev->msg);
}

struct op *op_add(struct herder *h, void (*run)(struct herder *h, struct op *op), struct herder_request *req,
                  const char *connector, int64_t due_ms) {
    if (h->stopping)
        return NULL;
    struct op *op = calloc(1, sizeof(*op));
    ck_assert(op != NULL);
    *op = (struct op){.req = req, .connector = connector ? strdup(connector) : NULL, .due_ms = due_ms, .run = run};
    list_append(&h->ops, &op->link);
    return op;
}

void op_again(struct herder *h, struct op *op) {
    op->fenced = NULL;
    list_append(&h->ops, &op->link);
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

struct errand *errand_new(struct herder *h, int (*run)(struct herder *h, struct errand *e),
                          void (*then)(struct herder *h, struct errand *e)) {
    struct errand *e = calloc(1, sizeof(*e));
    ck_assert(e != NULL);
    e->h = h;
    e->run = run;
    e->then = then;
    return e;
}

void errand_free(struct errand *e) {
    op_free(e->op);
    kc_config_free(e->config);
    free(e->connector);
    free(e->url);
    free(e);
}

void errand_to_store(struct errand *e) {
    queue(&store_errands, e);
}

void errand_to_pool(struct errand *e) {
    queue(&pool_errands, e);
}

void herder_begin(struct herder *h, const char *fmt, ...) {
    (void)fmt;
    ck_assert(!h->busy);
    h->busy = true;
}

void herder_end(struct herder *h) {
    ck_assert(h->busy);
    h->busy = false;
}

bool herder_is_leader(struct herder *h) {
    (void)h;
    return fake_loop.leads;
}

const char *herder_leader_url(struct herder *h) {
    return h->asg && h->asg->leader_url ? h->asg->leader_url : "";
}

void answer_no_leader(struct herder *h, struct herder_request *req) {
    answer_forward(req, herder_leader_url(h));
}

/* ---- connect/store/config_store.c -------------------------------------------------------------------------------- */

struct config_snapshot *config_store_snapshot(struct config_store *s) {
    (void)s;
    pthread_mutex_lock(&door);
    ck_assert_uint_lt(picture_count, sizeof(pictures) / sizeof(pictures[0]));
    struct picture *p = &pictures[picture_count++];
    p->c = fake_loop.c;
    p->snap =
        (struct config_snapshot){.connectors = &p->c, .count = fake_loop.c.name ? 1 : 0, .refs = 2}; /* never freed */
    pthread_mutex_unlock(&door);
    return &p->snap;
}

int config_store_refresh(struct config_store *s, int64_t timeout_ms, struct kc_error *err) {
    void (*hook)(void) = fake_loop.on_refresh;
    (void)s, (void)timeout_ms;
    fake_loop.on_refresh = NULL;
    if (hook)
        hook();
    *err = fake_loop.refresh;
    return err->code ? -1 : 0;
}

static int written(struct kc_error *err, const char *fmt, ...) KC_PRINTF(2, 3);
static int written(struct kc_error *err, const char *fmt, ...) {
    size_t len = strlen(fake_loop.done);
    va_list ap;
    *err = fake_loop.write;
    if (err->code)
        return -1;
    va_start(ap, fmt);
    vsnprintf(fake_loop.done + len, sizeof(fake_loop.done) - len, fmt, ap);
    va_end(ap);
    return 0;
}

int config_store_claim(struct config_store *s, struct kc_error *err) {
    (void)s;
    return written(err, "claim ");
}

void config_store_relinquish(struct config_store *s) {
    struct kc_error err;
    (void)s;
    ck_assert_int_eq(written(&err, "relinquish "), 0);
}

int config_store_put_task_count(struct config_store *s, const char *connector, int count, struct kc_error *err) {
    (void)s;
    if (written(err, "count(%s)=%d ", connector, count) < 0)
        return -1;
    fake_loop.c.task_count_record = count;
    fake_loop.c.pending_fencing = false;
    return 0;
}
