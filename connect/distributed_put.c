/* Connectors created and changed: their configurations are checked on the way in and written by the store thread, those
 * that wait one after the other with one write. @source DistributedHerder.putConnectorConfig (rest-api 5.3, 5.6) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/herder_json.h"
#include "connect/validation.h"

enum { TOGETHER_MAX = 64, TOGETHER_BYTES = 64 * 1024 /* well below what a broker takes at once */ };

/* ---- validation -------------------------------------------------------------------------------------------------- */

static int check(struct herder *h, struct herder_request *req, struct kc_error *err) {
    struct validation *v = validation_run(h->conf, h->setup.substitute, req->config, err);
    if (!v)
        return -1;
    int rc = 0;
    if (validation_error_count(v) > 0) {
        AUTO_TEXT message = validation_message(v);
        rc = err_set(err, ERR_BAD_REQUEST, "%s", message);
        req->message = TAKE(message); /* may be longer than the error */
    }
    validation_free(v);
    return rc;
}

/* @thread pool */
static int check_config(struct herder *h, struct errand *e) {
    return check(h, e->op->req, &e->err);
}

static void config_checked(struct herder *h, struct errand *e) {
    struct herder_request *req = op_take(TAKE(e->op));
    if (e->rc == 0)
        op_add(h, run_put, req, NULL, 0);
    else
        answer_error(req, &e->err);
}

void check_then_put(struct herder *h, struct herder_request *req) {
    struct errand *e = errand_new(h, check_config, config_checked);
    e->op = calloc(1, sizeof(*e->op));
    if (!e->op)
        abort();
    e->op->req = req;
    errand_to_pool(e);
}

bool check_at_once(struct herder *h, struct herder_request *req) {
    struct kc_error err = {0};
    if ((req->op != HERDER_CREATE && req->op != HERDER_PUT_CONFIG) || !validation_is_quick(req->config))
        return true;
    if (check(h, req, &err) < 0) {
        answer_error(req, &err);
        return false;
    }
    req->checked = true;
    return true;
}

/* ---- the write --------------------------------------------------------------------------------------------------- */

static const struct snapshot_connector *find(struct herder *h, const char *connector) {
    const struct snapshot_connector *c = config_snapshot_find(h->snap, connector);
    return c && c->config ? c : NULL;
}

static size_t config_bytes(const struct kc_config *config) {
    size_t bytes = 0;
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *value = kc_config_value(config, i);
        bytes += strlen(kc_config_key(config, i)) + (value ? strlen(value) : 0);
    }
    return bytes;
}

static enum target_state target_of(const char *initial_state) {
    if (strcasecmp(initial_state, "STOPPED") == 0)
        return TARGET_STOPPED;
    return strcasecmp(initial_state, "PAUSED") == 0 ? TARGET_PAUSED : TARGET_STARTED;
}

/* @thread store */
static int put_connectors(struct herder *h, struct errand *e) {
    struct config_put puts[TOGETHER_MAX];
    enum target_state targets[TOGETHER_MAX];
    size_t count = 0;
    for (struct list *l = e->ops.next; l != &e->ops; l = l->next, count++) {
        const struct herder_request *req = CONTAINER_OF(l, struct op, link)->req;
        puts[count] = (struct config_put){.connector = req->connector, .config = req->config};
        if (!req->initial_state)
            continue;
        targets[count] = target_of(req->initial_state);
        puts[count].target = &targets[count];
    }
    return config_store_put_connectors(h->configs, puts, count, &e->err);
}

/* Whether an earlier op of those that were written with `op` has the same connector. */
static bool is_repeated(const struct errand *e, const struct op *op) {
    for (const struct list *l = e->ops.next; l != &op->link; l = l->next)
        if (strcmp(CONTAINER_OF(l, struct op, link)->req->connector, op->req->connector) == 0)
            return true;
    return false;
}

static void answer_put(struct herder *h, struct herder_request *req) {
    const struct snapshot_connector *c = find(h, req->connector);
    int http = req->created && req->op != HERDER_PATCH_CONFIG ? 201 : 200;
    if (h->conf->standalone) {
        settle_later(h, req, http);
        return;
    }
    herder_json_info(&req->json, req->connector, req->config, c ? snapshot_assignable_tasks(c) : 0);
    answer(req, http);
}

/* Whether the connectors come into being, as long as that can be told from the snapshot: it is not yet the new one. */
static void note_created(struct herder *h, const struct errand *e) {
    for (const struct list *l = e->ops.next; l != &e->ops; l = l->next) {
        const struct op *op = CONTAINER_OF(l, struct op, link);
        if (!op->alone)
            op->req->created = !find(h, op->req->connector) && !is_repeated(e, op);
    }
}

/* The op that would have created its connector has failed: the next one of the connector does it. */
static void hand_down_created(struct herder *h, const struct herder_request *req) {
    for (const struct list *l = h->ops.next; l != &h->ops && CONTAINER_OF(l, struct op, link)->alone; l = l->next) {
        struct herder_request *next = CONTAINER_OF(l, struct op, link)->req;
        if (strcmp(next->connector, req->connector) == 0) {
            next->created = req->created;
            return;
        }
    }
}

/* One of several records may be what was refused: each is tried by itself. Some may have been written nevertheless, so
 * that the ops are looked at as before that. */
static bool try_alone(struct herder *h, struct errand *e) {
    bool same_for_all =
        e->err.code == ERR_STOPPING || e->err.code == ERR_TIMEOUT || e->err.code == ERR_UNPRIVILEGED || h->stopping;
    if (same_for_all || e->ops.next == e->ops.prev)
        return false;
    for (struct list *l; (l = e->ops.prev) != &e->ops;) { /* back to the head of the queue */
        CONTAINER_OF(l, struct op, link)->alone = true;
        list_remove(l);
        list_append(h->ops.next, l);
    }
    return true;
}

static void connectors_put(struct herder *h, struct errand *e) {
    herder_end(h);
    note_created(h, e);
    if (e->rc < 0 && try_alone(h, e))
        return;
    for (struct list *l; (l = list_pop(&e->ops));) {
        struct herder_request *req = op_take(CONTAINER_OF(l, struct op, link));
        if (e->rc == 0) {
            answer_put(h, req);
        } else {
            hand_down_created(h, req);
            answer_error(req, &e->err);
        }
    }
}

static bool already_exists(struct herder *h, const struct errand *e, const struct op *op) {
    return op->req->op == HERDER_CREATE && (find(h, op->req->connector) || is_repeated(e, op));
}

/* Further ops of the queue's head, as long as each would be written next anyway. */
static void join_next(struct herder *h, struct errand *e, size_t bytes) {
    for (size_t count = 1; count < TOGETHER_MAX && !list_empty(&h->ops); count++) {
        struct list *l = h->ops.next;
        struct op *op = CONTAINER_OF(l, struct op, link);
        if (op->run != run_put || op->alone)
            return;
        bytes += config_bytes(op->req->config);
        if (bytes > TOGETHER_BYTES)
            return;
        list_remove(l);
        list_append(&e->ops, l);
        if (already_exists(h, e, op)) { /* to be answered in its turn */
            list_remove(l);
            list_append(h->ops.next, l);
            return;
        }
    }
}

void run_put(struct herder *h, struct op *op) {
    struct herder_request *req = op->req;
    if (!herder_is_leader(h)) {
        answer_no_leader(h, op_take(op));
        return;
    }
    if (req->op == HERDER_CREATE && !op->alone && find(h, req->connector)) {
        answer_fail(req, ERR_ALREADY_EXISTS, "Connector %s already exists", req->connector);
        op_free(op);
        return;
    }
    kc_log(KC_DEBUG, LOG_HERDER, "Submitting connector config for %s", req->connector);
    herder_begin(h, "writing a config for connector %s to the config topic", req->connector);
    struct errand *e = errand_new(h, put_connectors, connectors_put);
    list_append(&e->ops, &op->link);
    if (!op->alone && !h->conf->standalone)
        join_next(h, e, config_bytes(req->config));
    errand_to_store(e);
}
