/* Requests that wait for their turn: connectors patched, stopped, deleted; and the way there: signatures first. Those
 * with a whole configuration are in distributed_put.c. @source DistributedHerder (rest-api 3.1, 5,
 * distributed-worker 7.1) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/herder_json.h"
#include "connect/internal_request.h"
#include "connect/offsets_body.h"

static const struct snapshot_connector *find(struct herder *h, const char *connector) {
    const struct snapshot_connector *c = config_snapshot_find(h->snap, connector);
    return c && c->config ? c : NULL;
}

static void not_found(struct herder_request *req) {
    answer_fail(req, ERR_NOT_FOUND, "Connector %s not found", req->connector);
}

/* Writes on the store thread, with the request in e->op; `then` gets it back by written(). */
static void write_in_turn(struct herder *h, struct op *op, int (*run)(struct herder *h, struct errand *e),
                          void (*then)(struct herder *h, struct errand *e)) {
    struct errand *e = errand_new(h, run, then);
    e->op = op;
    errand_to_store(e);
}

/* The request after its write; NULL: it failed and was answered. */
static struct herder_request *written(struct herder *h, struct errand *e) {
    struct herder_request *req = op_take(TAKE(e->op));
    herder_end(h);
    if (e->rc == 0)
        return req;
    answer_error(req, &e->err);
    return NULL;
}

/* ---- health ------------------------------------------------------------------------------------------------------ */

static void run_health(struct herder *h, struct op *op) {
    struct herder_request *req = op_take(op);
    (void)h;
    herder_json_health(&req->json, "healthy", "Worker has completed startup and is ready to handle requests.");
    answer(req, 200);
}

/* ---- a part of a configuration
 * --------------------------------------------------------------------------------------- */

static void merge(struct kc_config *config, const struct kc_config *patch) {
    for (size_t i = 0; i < kc_config_count(patch); i++) {
        if (kc_config_value(patch, i))
            kc_config_set(config, kc_config_key(patch, i), kc_config_value(patch, i));
        else
            kc_config_remove(config, kc_config_key(patch, i));
    }
}

static void run_patch(struct herder *h, struct op *op) {
    struct herder_request *req = op->req;
    const struct snapshot_connector *c = find(h, req->connector);
    if (!herder_is_leader(h)) {
        answer_no_leader(h, op_take(op));
    } else if (!c) {
        not_found(op_take(op));
    } else if (!req->config) {
        answer_fail(op_take(op), ERR_INTERNAL,
                    "Cannot invoke \"java.util.Map.forEach(java.util.function.BiConsumer)\" because "
                    "\"patch\" is null");
    } else {
        struct kc_config *whole = kc_config_copy(c->config);
        merge(whole, req->config);
        kc_config_free(req->config);
        req->config = whole;
        check_then_put(h, op_take(op));
    }
}

/* ---- delete and stop --------------------------------------------------------------------------------------------- */

static int remove_connector(struct herder *h, struct errand *e) {
    return config_store_remove_connector(h->configs, e->op->req->connector, &e->err);
}

static void connector_removed(struct herder *h, struct errand *e) {
    struct herder_request *req = written(h, e);
    if (req && h->conf->standalone)
        settle_later(h, req, 204);
    else if (req)
        answer(req, 204);
}

static void run_delete(struct herder *h, struct op *op) {
    if (!herder_is_leader(h)) {
        answer_no_leader(h, op_take(op));
    } else if (!find(h, op->req->connector)) {
        not_found(op_take(op));
    } else {
        herder_begin(h, "removing the config for connector %s from the config topic", op->req->connector);
        write_in_turn(h, op, remove_connector, connector_removed);
    }
}

static int stop_connector(struct herder *h, struct errand *e) {
    const char *connector = e->op->req->connector;
    if (config_store_put_tasks(h->configs, connector, NULL, 0, &e->err) < 0 ||
        config_store_put_target(h->configs, connector, TARGET_STOPPED, &e->err) < 0)
        return -1;
    return config_store_refresh(h->configs, h->conf->worker_sync_timeout_ms, &e->err);
}

static void connector_stopped(struct herder *h, struct errand *e) {
    struct herder_request *req = written(h, e);
    if (!req)
        return;
    config_snapshot_unref(h->snap);
    h->snap = config_store_snapshot(h->configs);
    if (h->conf->standalone)
        settle_later(h, req, 204);
    else
        answer(req, 204);
}

static void run_stop(struct herder *h, struct op *op) {
    if (!find(h, op->req->connector)) {
        if (h->conf->standalone) /* Java looks no further than its memory of target states */
            answer_fail(op->req, ERR_INTERNAL, "No connector `%s` configured", op->req->connector);
        else
            answer_fail(op->req, ERR_NOT_FOUND, "Unknown connector %s", op->req->connector);
        op_free(op);
    } else if (!herder_is_leader(h)) {
        answer_no_leader(h, op_take(op));
    } else {
        herder_begin(h, "writing the STOPPED target stage for connector %s to the config topic", op->req->connector);
        write_in_turn(h, op, stop_connector, connector_stopped);
    }
}

/* ---- the way in -------------------------------------------------------------------------------------------------- */

static void (*runner_of(enum herder_op op))(struct herder *h, struct op *op) {
    switch (op) {
    case HERDER_HEALTH:
        return run_health;
    case HERDER_CREATE:
    case HERDER_PUT_CONFIG:
        return run_put;
    case HERDER_PATCH_CONFIG:
        return run_patch;
    case HERDER_DELETE:
        return run_delete;
    case HERDER_STOP:
        return run_stop;
    case HERDER_RESTART:
        return run_restart_connector;
    case HERDER_RESTART_PLAN:
        return run_restart_plan;
    case HERDER_RESTART_TASK:
        return run_restart_task;
    case HERDER_ALTER_OFFSETS:
    case HERDER_RESET_OFFSETS:
        return run_modify_offsets;
    case HERDER_PUT_TASKS:
        return run_put_tasks;
    case HERDER_FENCE:
        return run_fence;
    default:
        return NULL;
    }
}

static bool signed_well(struct herder *h, struct herder_request *req) {
    struct kc_error err = {0};
    if (herder_protocol_version(h) < GROUP_SESSIONED)
        return true;
    if (internal_request_verify(h->has_key ? &h->key : NULL, &h->conf->inter_worker_verification_algorithms,
                                req->signature, req->signature_algorithm, req->body, req->body_len, &err) == 0)
        return true;
    answer_error(req, &err);
    return false;
}

/* A body without offsets is refused before anything else is looked at. */
static bool offsets_given(struct herder_request *req) {
    AUTO(arena) arena = arena_new(0);
    struct offsets_body body;
    struct kc_error err = {0};
    if (offsets_body_parse(arena, req->body, req->body_len, &body, &err) == 0)
        return true;
    answer_error(req, &err);
    return false;
}

void on_request(struct herder *h, struct herder_request *req) {
    if (h->stopping) {
        answer_fail(req, ERR_STOPPING, "Worker is shutting down");
        return;
    }
    if (answer_at_once(h, req) || (h->conf->standalone && standalone_refuses(h, req)))
        return;
    bool internal = req->op == HERDER_PUT_TASKS || req->op == HERDER_FENCE || req->op == HERDER_LEAVING;
    if (internal && !signed_well(h, req))
        return;
    if (req->op == HERDER_LEAVING) { /* also in the midst of a rebalance */
        on_leaving(h, req);
        return;
    }
    if (req->op == HERDER_ALTER_OFFSETS && !offsets_given(req))
        return;
    op_add(h, runner_of(req->op), req, NULL, 0);
}
