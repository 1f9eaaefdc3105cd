/* Task configurations: computed by the connectors that run here, written to the config topic by the leader, sent to it
 * by the others; repeated until it works. And the internal request that brings them from the others.
 * @source DistributedHerder.reconfigureConnectorTasksWithRetry, publishConnectorTaskConfigs, putTaskConfigs
 * (distributed-worker 7.3, 8) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/internal_request.h"
#include "connect/task_configs.h"

enum { SEND_TIMEOUT_MS = 90000, KEY_ROTATION_MS = 60000 };

void reconfig_state_free(void *value) {
    struct reconfig_state *rs = value;
    reconfiguration_free(rs->result);
    kc_config_free(rs->applied);
    kc_config_free(rs->applied_resolved);
    kc_config_free(rs->sent);
    kc_config_free(rs->sent_resolved);
    free(rs);
}

static void run_compute(struct herder *h, struct op *op);

static void queue_compute(struct herder *h, struct reconfig_state *rs, const char *connector, int64_t due_ms) {
    if (rs->queued || rs->in_flight)
        return;
    rs->queued = true;
    op_add(h, run_compute, NULL, connector, due_ms);
}

void request_reconfigure(struct herder *h, const char *connector, bool fresh) {
    struct reconfig_state *rs = map_get(h->reconfigs, connector);
    if (!rs) {
        rs = calloc(1, sizeof(*rs));
        if (!rs)
            abort();
        rs->applied_generation = -1;
        map_put(h->reconfigs, connector, rs);
    }
    if (fresh && rs->in_flight) {
        rs->round++;
        rs->in_flight = false;
    }
    rs->wanted = true;
    queue_compute(h, rs, connector, clock_ms());
}

void forget_reconfigure(struct herder *h, const char *connector) {
    const struct reconfig_state *rs = map_get(h->reconfigs, connector);
    if (rs && !rs->queued && !rs->in_flight && !rs->result)
        map_remove(h->reconfigs, connector);
}

/* A round has ended, well or without effect. `rs` is NULL when the connector is gone. */
static void settle(struct herder *h, struct reconfig_state *rs, const char *connector) {
    if (!rs)
        return;
    rs->in_flight = false;
    rs->attempts = 0;
    if (rs->wanted)
        queue_compute(h, rs, connector, clock_ms());
}

static void retry(struct herder *h, struct reconfig_state *rs, const char *connector, const struct kc_error *err,
                  bool expected) {
    int64_t now = clock_ms(), delay = HERDER_RETRY_MAX_MS;
    if (!rs)
        return;
    settle_failed(h, connector, err);
    if (rs->attempts == 0)
        rs->first_ms = now;
    if (rs->attempts < 8)
        delay = (int64_t)HERDER_RETRY_MS << rs->attempts;
    rs->attempts++;
    bool quiet = expected && now - rs->first_ms < KEY_ROTATION_MS;
    kc_log(quiet ? KC_DEBUG : KC_ERROR, LOG_HERDER,
           "Failed to reconfigure connector's tasks (%s), retrying in %lld ms: %s", connector,
           (long long)(delay < HERDER_RETRY_MAX_MS ? delay : HERDER_RETRY_MAX_MS), err->text);
    rs->wanted = true;
    rs->in_flight = false;
    queue_compute(h, rs, connector, now + (delay < HERDER_RETRY_MAX_MS ? delay : HERDER_RETRY_MAX_MS));
}

/* ---- computing --------------------------------------------------------------------------------------------------- */

static void run_compute(struct herder *h, struct op *op) {
    struct reconfig_state *rs = map_get(h->reconfigs, op->connector);
    const struct snapshot_connector *c = config_snapshot_find(h->snap, op->connector);
    if (!rs) {
        op_free(op);
        return;
    }
    rs->queued = rs->wanted = false;
    if (!c || !c->config || c->target != TARGET_STARTED || !worker_has_connector(h->worker, op->connector)) {
        kc_log(KC_INFO, LOG_HERDER, "Skipping reconfiguration of connector %s since it is not running", op->connector);
        rs->attempts = 0;
        if (!c)
            forget_reconfigure(h, op->connector);
    } else {
        struct reconfiguration *r = reconfiguration_new(op->connector, h->snap);
        if (rs->adopt)
            rs->applied_generation = c->generation;
        rs->adopt = false;
        r->applied = TAKE(rs->applied);
        r->applied_resolved = TAKE(rs->applied_resolved);
        r->applied_generation = rs->applied_generation;
        r->round = ++rs->round;
        rs->in_flight = worker_compute_tasks(h->worker, r);
    }
    op_free(op);
}

static void run_publish(struct herder *h, struct op *op);

void on_task_configs(struct herder *h, struct reconfiguration *r) {
    struct reconfig_state *rs = map_get(h->reconfigs, r->connector);
    if (!rs || r->round != rs->round || h->stopping) {
        reconfiguration_free(r);
        return;
    }
    rs->applied = TAKE(r->applied);
    rs->applied_resolved = TAKE(r->applied_resolved);
    rs->applied_generation = r->applied_generation;
    reconfiguration_free(rs->result);
    rs->result = r;
    op_add(h, run_publish, NULL, r->connector, clock_ms());
}

/* The leader has committed what was sent. */
static void committed(struct herder *h, struct reconfig_state *rs, const char *connector) {
    if (!rs)
        return;
    kc_config_free(rs->applied);
    kc_config_free(rs->applied_resolved);
    rs->applied = TAKE(rs->sent);
    rs->applied_resolved = TAKE(rs->sent_resolved);
    rs->adopt = true;
    settle(h, rs, connector);
}

/* ---- publishing -------------------------------------------------------------------------------------------------- */

static int write_tasks(struct herder *h, struct errand *e) {
    return config_store_put_tasks(h->configs, e->connector, e->tasks, e->task_count, &e->err);
}

static void tasks_written(struct herder *h, struct errand *e) {
    struct reconfig_state *rs = map_get(h->reconfigs, e->connector);
    herder_end(h);
    if (e->rc < 0)
        retry(h, rs, e->connector, &e->err, false);
    else
        committed(h, rs, e->connector);
}

/* e->url: of the leader; signed with the key as it was when the request was made. @thread pool */
static int send_tasks(struct herder *h, struct errand *e) {
    AUTO_TEXT url = internal_request_url(e->url, e->connector, "tasks");
    AUTO_BUF reply;
    buf_init(&reply, 2 << 20);
    if (peer_request(h, e, "POST", url, SEND_TIMEOUT_MS, &reply) < 0)
        return -1;
    if (e->http / 100 == 2)
        return 0;
    return err_set(&e->err, ERR_INTERNAL, "The leader at %s answered %d: %.1500s", e->url, e->http, buf_text(&reply));
}

static void tasks_sent(struct herder *h, struct errand *e) {
    struct reconfig_state *rs = map_get(h->reconfigs, e->connector);
    if (e->rc < 0)
        retry(h, rs, e->connector, &e->err, e->http == 403);
    else
        committed(h, rs, e->connector);
}

static void tasks_json(struct buf *out, struct kc_config *const *tasks, int count) {
    buf_add_char(out, '[');
    for (int i = 0; i < count; i++) {
        AUTO(json) map = json_from_config(tasks[i]);
        if (i)
            buf_add_char(out, ',');
        json_write(out, map, true);
    }
    buf_add_char(out, ']');
}

static void publish(struct herder *h, struct reconfig_state *rs, struct reconfiguration *r) {
    bool leader = herder_is_leader(h);
    const char *url = herder_leader_url(h);
    struct kc_error err = {0};
    if (!leader && !url[0]) {
        err_set(
            &err, ERR_REBALANCING,
            "Request to leader to reconfigure connector tasks failed because the URL of the leader's REST interface is "
            "empty!");
        retry(h, rs, r->connector, &err, false);
        return;
    }
    struct errand *e = errand_new(h, leader ? write_tasks : send_tasks, leader ? tasks_written : tasks_sent);
    e->connector = strdup(r->connector);
    kc_config_free(rs->sent);
    kc_config_free(rs->sent_resolved);
    rs->sent = TAKE(r->raw);
    rs->sent_resolved = TAKE(r->resolved);
    rs->in_flight = true;
    if (leader) {
        e->task_count = r->task_count;
        e->tasks = TAKE(r->tasks);
        r->task_count = 0;
        herder_begin(h, "writing %d task configs for connector %s to the config topic", e->task_count, e->connector);
        errand_to_store(e);
        return;
    }
    kc_log(KC_DEBUG, LOG_HERDER, "Forwarding task configurations of connector %s to the leader at %s", r->connector,
           url);
    e->url = strdup(url);
    if (h->has_key)
        e->key = h->key;
    tasks_json(&e->json, r->tasks, r->task_count);
    errand_to_pool(e);
}

static void run_publish(struct herder *h, struct op *op) {
    struct reconfig_state *rs = map_get(h->reconfigs, op->connector);
    struct reconfiguration *r = rs ? TAKE(rs->result) : NULL;
    const struct snapshot_connector *c = config_snapshot_find(h->snap, op->connector);
    if (!r) { /* taken by an earlier turn already */
        op_free(op);
        return;
    }
    if (!r->running || r->gave_up || !c || !c->config || c->target != TARGET_STARTED) {
        settle(h, rs, r->connector);
    } else if (r->failed) {
        retry(h, rs, r->connector, &r->err, false);
    } else if (!r->changed && !task_configs_differ(c, r->tasks, r->task_count)) {
        kc_log(KC_DEBUG, LOG_HERDER, "Task configurations of connector %s have not changed", r->connector);
        settle(h, rs, r->connector);
    } else {
        publish(h, rs, r);
    }
    reconfiguration_free(r);
    op_free(op);
}

/* ---- from other workers ------------------------------------------------------------------------------------------ */

static int write_received(struct herder *h, struct errand *e) {
    const struct herder_request *req = e->op->req;
    return config_store_put_tasks(h->configs, req->connector, req->tasks, req->task_count, &e->err);
}

static void received_written(struct herder *h, struct errand *e) {
    struct herder_request *req = op_take(TAKE(e->op));
    herder_end(h);
    if (e->rc < 0)
        answer_error(req, &e->err);
    else
        answer(req, 204);
}

/* The signature was checked when the request came in. */
void run_put_tasks(struct herder *h, struct op *op) {
    const struct herder_request *req = op->req;
    const struct snapshot_connector *c = config_snapshot_find(h->snap, req->connector);
    if (!herder_is_leader(h)) {
        answer_no_leader(h, op_take(op));
    } else if (!c || !c->config) {
        answer_fail(op->req, ERR_NOT_FOUND, "Connector %s not found", req->connector);
        op_free(op);
    } else if (c->target == TARGET_STOPPED && req->task_count > 0) {
        answer_fail(op->req, ERR_BAD_REQUEST, "Cannot submit non-empty set of task configs for stopped connector %s",
                    req->connector);
        op_free(op);
    } else {
        herder_begin(h, "writing %d task configs for connector %s to the config topic", req->task_count,
                     req->connector);
        struct errand *e = errand_new(h, write_received, received_written);
        e->op = op;
        errand_to_store(e);
    }
}
