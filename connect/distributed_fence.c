/* The leader's duties when source tasks write in transactions: the privilege to write to the config topic, and rounds
 * of zombie fencing: the producers of a connector's earlier tasks are fenced before tasks of a new generation write. A
 * round asks the brokers on the pool while the herder goes on, then writes the task count record in its turn.
 * @source DistributedHerder.doFenceZombieSourceTasks, ZombieFencing (distributed-worker 6.1, 9.1) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/herder_json.h"
#include "connect/kafka/client.h"
#include "connect/kafka/fence_producers.h"

enum { CLAIM_RETRY_MS = 250, FENCE_TIMEOUT_MS = 90000 };

/* ---- the privilege to write -------------------------------------------------------------------------------------- */

static int claim(struct herder *h, struct errand *e) {
    return config_store_claim(h->configs, &e->err);
}

static void claimed(struct herder *h, struct errand *e) {
    herder_end(h);
    if (e->rc == 0) {
        h->unprivileged = false;
        return;
    }
    h->claim_ms = clock_ms() + CLAIM_RETRY_MS;
    if (!h->stopping)
        kc_log(
            KC_WARN, LOG_HERDER,
            "Unable to claim write privileges for config topic. Will backoff and possibly retry if still the leader: "
            "%s",
            e->err.text);
}

enum claim_turn claim_turn(struct herder *h) {
    if (!h->unprivileged)
        return CLAIM_NOT_NEEDED;
    if (!herder_is_leader(h)) {
        h->unprivileged = false;
        return CLAIM_NOT_NEEDED;
    }
    if (clock_ms() < h->claim_ms)
        return CLAIM_LATER;
    herder_begin(h, "claiming write privileges for the config topic");
    errand_to_store(errand_new(h, claim, claimed));
    return CLAIM_BEGUN;
}

static int relinquish(struct herder *h, struct errand *e) {
    (void)e;
    config_store_relinquish(h->configs);
    return 0;
}

static void relinquished(struct herder *h, struct errand *e) {
    (void)h, (void)e;
}

void claim_after_assignment(struct herder *h, bool leads) {
    if (!worker_transactional_leader(h->conf))
        return;
    if (!leads && h->led)
        errand_to_store(errand_new(h, relinquish, relinquished));
    h->led = h->unprivileged = leads;
    h->claim_ms = 0;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------ */

/* At most one round per connector asks the brokers, or one that is late would fence the tasks that the next has let
 * start. So a round that is outdated while it asks stays until it has come to its end, which it is told to hurry to. */
struct fencing {
    char *connector;
    int to_fence, to_record, generation;
    bool asking;         /* fence_tasks is under way */
    bool outdated;       /* there are new task configurations: those who wait want another round */
    atomic_bool stop;    /* fence_tasks looks at it */
    struct list waiting; /* struct op */
};

/* Tells everybody who waits for this round. */
static void finish(struct herder *h, struct fencing *f, const struct kc_error *err) {
    struct list *link;
    while ((link = list_pop(&f->waiting))) {
        struct op *op = CONTAINER_OF(link, struct op, link);
        op->fenced(h, op, err);
    }
}

void fencing_free(void *value) {
    struct fencing *f = value;
    free(f->connector);
    free(f);
}

void fencings_fail(struct herder *h) {
    struct kc_error err = {0};
    void *f;
    err_set(&err, ERR_STOPPING, "Worker is shutting down");
    for (size_t i = 0; map_next(h->fencings, &i, NULL, &f);) {
        atomic_store(&((struct fencing *)f)->stop, true);
        finish(h, f, &err);
    }
}

void fencing_outdated(struct herder *h, const char *connector) {
    struct kc_error err = {0};
    struct fencing *f = map_get(h->fencings, connector);
    if (!f || f->outdated)
        return;
    err_set(&err, ERR_CONFLICT, "Failed to complete zombie fencing because a new set of task configs was generated");
    finish(h, f, &err);
    f->outdated = true;
    atomic_store(&f->stop, true);
    if (!f->asking)
        fencing_free(map_take(h->fencings, connector));
}

static void end_round(struct herder *h, const char *connector, const struct kc_error *err) {
    struct fencing *f = map_take(h->fencings, connector);
    finish(h, f, err);
    fencing_free(f);
}

/* Those who have come while an outdated round was asking: they begin again. */
static void next_round(struct herder *h, struct fencing *f) {
    struct list *link;
    while ((link = list_pop(&f->waiting)))
        op_again(h, CONTAINER_OF(link, struct op, link));
    fencing_free(map_take(h->fencings, f->connector));
}

/* e->http carries the generation of the task configurations that the round is for. */
static struct errand *round_errand(struct herder *h, const struct fencing *f,
                                   int (*run)(struct herder *h, struct errand *e),
                                   void (*then)(struct herder *h, struct errand *e)) {
    struct errand *e = errand_new(h, run, then);
    e->connector = strdup(f->connector);
    if (!e->connector)
        abort();
    e->http = f->generation;
    e->number = f->to_record;
    return e;
}

/* @thread store */
static int record_count(struct herder *h, struct errand *e) {
    if (config_store_refresh(h->configs, h->conf->worker_sync_timeout_ms, &e->err) < 0)
        return err_wrap(&e->err, KC_CONNECT_EXCEPTION, "Failed to read to end of config topic");
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    const struct snapshot_connector *c = config_snapshot_find(snap, e->connector);
    if (!c || c->generation > e->http)
        return err_set(&e->err, ERR_CONFLICT,
                       "Fencing failed because new task configurations were generated for the connector");
    return config_store_put_task_count(h->configs, e->connector, e->number, &e->err);
}

static void count_recorded(struct herder *h, struct errand *e) {
    const struct fencing *f = map_get(h->fencings, e->connector);
    herder_end(h);
    if (f && !f->asking && f->generation == e->http) /* it was not outdated meanwhile */
        end_round(h, e->connector, e->rc < 0 ? &e->err : NULL);
}

static void run_record(struct herder *h, struct op *op) {
    const struct fencing *f = map_get(h->fencings, op->connector);
    if (f && !f->asking) { /* else: the round was outdated meanwhile, and there may be another one */
        herder_begin(h, "writing a task count record for connector %s to the config topic", f->connector);
        errand_to_store(round_errand(h, f, record_count, count_recorded));
    }
    op_free(op);
}

/* e->config: of the connector, e->number: how many tasks it had. @thread pool */
static int fence_tasks(struct herder *h, struct errand *e) {
    int64_t ttl_ms;
    AUTO(props) config = substitute_apply(h->setup.substitute, e->config, &ttl_ms, &e->err);
    if (!config)
        return -1;
    AUTO_TEXT client_id = NULL;
    if (asprintf(&client_id, "connector-worker-adminclient-%s", e->connector) < 0)
        abort();
    AUTO(props) java = client_props_admin(h->conf->text, config, client_id);
    size_t count = e->number > 0 ? (size_t)e->number : 0;
    char **ids = calloc(count + 1, sizeof(*ids));
    if (!ids)
        abort();
    for (size_t i = 0; i < count; i++)
        ids[i] = task_transactional_id(h->conf, e->connector, (int)i);
    int rc = fence_producers(java, (const char *const *)ids, count, FENCE_TIMEOUT_MS, e->stop, &e->err);
    for (size_t i = 0; i < count; i++)
        free(ids[i]);
    free(ids);
    return rc < 0 ? err_wrap(&e->err, KC_CONNECT_EXCEPTION, "Failed to perform zombie fencing") : 0;
}

static void tasks_fenced(struct herder *h, struct errand *e) {
    struct fencing *f = map_get(h->fencings, e->connector);
    f->asking = false;
    if (f->outdated) {
        next_round(h, f);
        return;
    }
    if (e->rc == 0) {
        kc_log(KC_DEBUG, LOG_HERDER, "Finished fencing out task producers for source connector %s", e->connector);
        if (op_add(h, run_record, NULL, e->connector, clock_ms()))
            return;
        err_set(&e->err, ERR_STOPPING, "Worker is shutting down");
    }
    end_round(h, e->connector, &e->err);
}

/* Starts a round, or joins the one that is under way, if only to wait for its end. */
static void join_round(struct herder *h, const struct snapshot_connector *c, struct op *op) {
    struct fencing *f = map_get(h->fencings, c->name);
    if (f) {
        list_append(&f->waiting, &op->link);
        return;
    }
    f = calloc(1, sizeof(*f));
    if (!f)
        abort();
    *f = (struct fencing){.connector = strdup(c->name),
                          .to_fence = c->task_count_record,
                          .to_record = c->task_count,
                          .generation = c->generation,
                          .asking = true,
                          .stop = h->stopping};
    list_init(&f->waiting);
    list_append(&f->waiting, &op->link);
    map_put(h->fencings, c->name, f);
    kc_log(KC_INFO, LOG_HERDER, "Fencing out %d task producers of source connector %s", f->to_fence, f->connector);
    struct errand *e = round_errand(h, f, fence_tasks, tasks_fenced);
    e->number = f->to_fence;
    e->config = kc_config_copy(c->config);
    e->stop = &f->stop;
    errand_to_pool(e);
}

/* ---- what is to be done for a connector -------------------------------------------------------------------------- */

static int write_count(struct herder *h, struct errand *e) {
    return config_store_put_task_count(h->configs, e->connector, e->number, &e->err);
}

static void count_written(struct herder *h, struct errand *e) {
    struct op *op = TAKE(e->op);
    herder_end(h);
    op->fenced(h, op, e->rc < 0 ? &e->err : NULL);
}

static int refresh(struct herder *h, struct errand *e) {
    if (config_store_refresh(h->configs, h->conf->worker_sync_timeout_ms, &e->err) == 0)
        return 0;
    return err_wrap(&e->err, KC_CONNECT_EXCEPTION,
                    "Failed to read to end of config topic before performing zombie fencing");
}

static void fail(struct herder *h, struct op *op, enum err_code code, const char *fmt, const char *connector) {
    struct kc_error err = {0};
    AUTO_TEXT text = NULL;
    if (asprintf(&text, "Connector %s %s", connector, fmt) < 0)
        abort();
    err_set(&err, code, "%s", text);
    op->fenced(h, op, &err);
}

static void refreshed(struct herder *h, struct errand *e) {
    struct op *op = TAKE(e->op);
    herder_end(h);
    if (e->rc < 0) {
        op->fenced(h, op, &e->err);
        return;
    }
    config_snapshot_unref(h->snap);
    h->snap = config_store_snapshot(h->configs);
    const struct snapshot_connector *c = config_snapshot_find(h->snap, e->connector);
    if (!c || !c->config) {
        fail(h, op, ERR_NOT_FOUND, "not found", e->connector);
    } else if (!c->pending_fencing) {
        kc_log(
            KC_DEBUG, LOG_HERDER,
            "Skipping zombie fencing round for connector %s as all old task generations have already been fenced out",
            c->name);
        op->fenced(h, op, NULL);
    } else if (c->task_count_record >= 0 && (c->task_count_record != 1 || c->task_count != 1)) {
        join_round(h, c, op);
    } else { /* nothing to fence, or the one task will fence its predecessor itself: for later rounds only */
        kc_log(KC_DEBUG, LOG_HERDER, "Skipping zombie fencing round but writing task count record for connector %s",
               c->name);
        herder_begin(h, "writing a task count record for connector %s to the config topic", c->name);
        struct errand *write = errand_new(h, write_count, count_written);
        write->op = op;
        write->connector = strdup(c->name);
        write->number = c->task_count;
        errand_to_store(write);
    }
}

void fence_connector(struct herder *h, struct op *op, const char *connector) {
    const struct snapshot_connector *c = config_snapshot_find(h->snap, connector);
    if (!c || !c->config) {
        fail(h, op, ERR_NOT_FOUND, "not found", connector);
    } else if (strcmp(herder_json_type(c->config), "source") != 0) {
        fail(h, op, ERR_BAD_REQUEST, "is not a source connector", connector);
    } else {
        herder_begin(h, "initiating a round of zombie fencing for connector %s", connector);
        struct errand *e = errand_new(h, refresh, refreshed);
        e->op = op;
        e->connector = strdup(connector);
        errand_to_store(e);
    }
}

/* ---- internal request -------------------------------------------------------------------------------------------- */

static void answer_fenced(struct herder *h, struct op *op, const struct kc_error *err) {
    struct herder_request *req = op_take(op);
    (void)h;
    if (err)
        answer_error(req, err);
    else
        answer(req, 204);
}

/* The signature was checked when the request came in. */
void run_fence(struct herder *h, struct op *op) {
    if (!herder_is_leader(h)) {
        answer_no_leader(h, op_take(op));
        return;
    }
    op->fenced = answer_fenced;
    fence_connector(h, op, op->req->connector);
}
