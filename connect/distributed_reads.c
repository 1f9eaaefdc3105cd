/* Requests that need no turn, and so never wait for the group: what the pictures of the internal topics tell (on the
 * thread of the asker), offsets, target states, logger levels of the cluster, and validation.
 * @source AbstractHerder (rest-api 3.1, 5) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/distributed_state.h"
#include "connect/herder_json.h"
#include "connect/metrics.h"
#include "connect/validation.h"

/* ---- lists ------------------------------------------------------------------------------------------------------- */

static void expand_one(struct herder *h, const struct herder_request *req, const struct snapshot_connector *c,
                       bool *first, struct buf *out) {
    struct restart_request none = {0};
    AUTO(restart_plan) plan = req->expand_status ? restart_plan_of(h->statuses, c->name, none) : NULL;
    if (req->expand_status && !plan)
        return; /* as in Java: without a status the connector is left out */
    buf_add_text(out, *first ? "" : ",");
    *first = false;
    json_write_text(out, c->name, strlen(c->name), true);
    buf_add_text(out, ":{");
    if (req->expand_info) {
        buf_add_text(out, "\"info\":");
        herder_json_info(out, c->name, c->config, snapshot_assignable_tasks(c));
    }
    if (plan) {
        buf_add_text(out, req->expand_info ? "," : "");
        buf_add_text(out, "\"status\":");
        herder_json_state(out, plan, herder_json_type(c->config), false);
    }
    buf_add_char(out, '}');
}

static void list(struct herder *h, struct herder_request *req) {
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    if (!req->expand && !req->expand_status && !req->expand_info) {
        herder_json_names(&req->json, snap);
    } else {
        bool first = true;
        buf_add_char(&req->json, '{');
        for (size_t i = 0; i < snap->count; i++)
            expand_one(h, req, &snap->connectors[i], &first, &req->json);
        buf_add_char(&req->json, '}');
    }
    answer(req, 200);
}

/* ---- statuses ---------------------------------------------------------------------------------------------------- */

static void status_of(struct herder *h, struct herder_request *req) {
    struct restart_request none = {0};
    AUTO(restart_plan) plan = restart_plan_of(h->statuses, req->connector, none);
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    const struct snapshot_connector *c = config_snapshot_find(snap, req->connector);
    if (!plan) {
        answer_fail(req, ERR_NOT_FOUND, "No status found for connector %s", req->connector);
        return;
    }
    herder_json_state(&req->json, plan, herder_json_type(c ? c->config : NULL), false);
    answer(req, 200);
}

static void task_status_of(struct herder *h, struct herder_request *req) {
    struct status status;
    if (req->task < 0 || !status_store_get(h->statuses, req->connector, req->task, &status)) {
        answer_fail(req, ERR_NOT_FOUND, "No status found for task %s-%d", req->connector, req->task);
        return;
    }
    herder_json_task_state(&req->json, &status);
    status_done(&status);
    answer(req, 200);
}

/* ---- configurations ---------------------------------------------------------------------------------------------- */

static void config_of(struct herder *h, struct herder_request *req) {
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    const struct snapshot_connector *c = config_snapshot_find(snap, req->connector);
    if (!c || !c->config) {
        answer_fail(req, ERR_NOT_FOUND, "Connector %s not found", req->connector);
        return;
    }
    if (req->op == HERDER_INFO)
        herder_json_info(&req->json, c->name, c->config, snapshot_assignable_tasks(c));
    else if (req->op == HERDER_CONFIG)
        herder_json_config(&req->json, c->config);
    else if (req->op == HERDER_TASKS)
        herder_json_tasks(&req->json, c);
    else
        herder_json_tasks_config(&req->json, c);
    answer(req, 200);
}

/* ---- topics ------------------------------------------------------------------------------------------------------ */

static void topics(struct herder *h, struct herder_request *req) {
    size_t count;
    if (!h->conf->topic_tracking) {
        answer_fail(req, ERR_FORBIDDEN, "Topic tracking is disabled.");
        return;
    }
    char **names = status_store_topics(h->statuses, req->connector, &count);
    herder_json_topics(&req->json, req->connector, names, count);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    answer(req, 200);
}

static void reset_topics(struct herder *h, struct herder_request *req) {
    if (!h->conf->topic_tracking) {
        answer_fail(req, ERR_FORBIDDEN, "Topic tracking is disabled.");
    } else if (!h->conf->topic_tracking_reset) {
        answer_fail(req, ERR_FORBIDDEN, "Topic tracking reset is disabled.");
    } else {
        status_store_reset_topics(h->statuses, req->connector);
        answer(req, 202);
    }
}

/* ---- writes from any worker -------------------------------------------------------------------------------------- */

static void end_write(struct herder *h, struct errand *e, int http) {
    struct herder_request *req = op_take(TAKE(e->op));
    (void)h;
    if (e->rc < 0)
        answer_error(req, &e->err);
    else
        answer(req, http);
}

static struct errand *write_errand(struct herder *h, struct herder_request *req,
                                   int (*run)(struct herder *h, struct errand *e),
                                   void (*then)(struct herder *h, struct errand *e)) {
    struct errand *e = errand_new(h, run, then);
    e->op = calloc(1, sizeof(*e->op));
    if (!e->op)
        abort();
    e->op->req = req;
    return e;
}

static int put_target(struct herder *h, struct errand *e) {
    return config_store_put_target(h->configs, e->op->req->connector, e->target, &e->err);
}

static void target_put(struct herder *h, struct errand *e) {
    end_write(h, e, 202);
}

static void set_target(struct herder *h, struct herder_request *req, enum target_state target) {
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    const struct snapshot_connector *c = config_snapshot_find(snap, req->connector);
    if (!c || !c->config) {
        answer_fail(req, ERR_NOT_FOUND, "Unknown connector %s", req->connector);
        return;
    }
    struct errand *e = write_errand(h, req, put_target, target_put);
    e->target = target;
    errand_to_store(e);
}

static int put_level(struct herder *h, struct errand *e) {
    return config_store_put_logger_level(h->configs, e->op->req->logger, e->op->req->level, &e->err);
}

static void level_put(struct herder *h, struct errand *e) {
    end_write(h, e, 204);
}

/* ---- validation -------------------------------------------------------------------------------------------------- */

/* "S3Sink" of "io.x.S3SinkConnector" and of "S3SinkConnector": the length without one trailing "Connector". */
static size_t trimmed_length(const char *name) {
    size_t len = strlen(name), suffix = strlen("Connector");
    return len > suffix && strcmp(name + len - suffix, "Connector") == 0 ? len - suffix : len;
}

static bool names_match(const char *class_name, const char *plugin) {
    size_t class_len = trimmed_length(class_name), plugin_len = trimmed_length(plugin);
    return class_len >= plugin_len && memcmp(class_name + class_len - plugin_len, plugin, plugin_len) == 0;
}

/* What validation throws comes wrapped, as from Java's executor. @thread any */
static void answer_validation(struct herder *h, struct herder_request *req) {
    struct kc_error err = {0};
    struct validation *v = validation_run(h->conf, h->setup.substitute, req->config, &err);
    if (v) {
        validation_json(v, &req->json);
        validation_free(v);
        answer(req, 200);
    } else {
        answer_http(req, 500, ERR_INTERNAL, "%s: %s", err.exception, err.text);
    }
}

/* Answers without a detour by the loop. @thread pool */
static int validate(struct herder *h, struct errand *e) {
    answer_validation(h, op_take(TAKE(e->op)));
    return 0;
}

static void validated(struct herder *h, struct errand *e) {
    (void)h;
    if (e->op) /* the pool was stopped first */
        answer_error(op_take(TAKE(e->op)), &e->err);
}

void start_validation(struct herder *h, struct herder_request *req) {
    const char *class_name = req->config ? kc_config_get(req->config, "connector.class") : NULL;
    if (!req->config)
        answer_fail(req, ERR_INTERNAL,
                    "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" is null");
    else if (class_name && req->plugin && !names_match(class_name, req->plugin))
        answer_fail(req, ERR_BAD_REQUEST, "Included connector type %s does not match request type %s", class_name,
                    req->plugin);
    else
        errand_to_pool(write_errand(h, req, validate, validated));
}

/* ---- which ------------------------------------------------------------------------------------------------------- */

/* From the pictures, whatever they show: Java answers these while it still reads the topics, too. */
static bool read_now(struct herder *h, struct herder_request *req) {
    switch (req->op) {
    case HERDER_ROOT:
        herder_json_server(&req->json, herder_cluster_id(h));
        answer(req, 200);
        return true;
    case HERDER_LIST:
        list(h, req);
        return true;
    case HERDER_STATUS:
        status_of(h, req);
        return true;
    case HERDER_TASK_STATUS:
        task_status_of(h, req);
        return true;
    case HERDER_TOPICS:
        topics(h, req);
        return true;
    case HERDER_INFO:
    case HERDER_CONFIG:
    case HERDER_TASKS:
    case HERDER_TASKS_CONFIG:
        if (!atomic_load(&h->topics_read)) /* a connector that is there must not be told as missing */
            return false;
        config_of(h, req);
        return true;
    default:
        return false;
    }
}

static void answered(struct herder_request *req, void *arg) {
    (void)req, (void)arg;
}

bool herder_read(struct herder *h, struct herder_request *req) {
    req->done = answered;
    if (req->op != HERDER_VALIDATE)
        return read_now(h, req);
    if (!validation_is_quick(req->config))
        return false;
    answer_validation(h, req);
    return true;
}

static void run_read(struct herder *h, struct op *op) {
    if (op->req->op == HERDER_OFFSETS)
        run_offsets(h, op);
    else
        read_now(h, op_take(op));
}

void answer_reads(struct herder *h) {
    for (struct list *link = h->ops.next, *next; link != &h->ops; link = next) {
        struct op *op = CONTAINER_OF(link, struct op, link);
        next = link->next;
        if (op->run != run_read)
            continue;
        list_remove(&op->link);
        run_read(h, op);
    }
}

static void metrics(struct herder *h, struct herder_request *req) {
    struct buf *out = &req->json;
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    metrics_add_process(out);
    metrics_add(out, "worker_ready", "gauge", "Whether start-up is over.", atomic_load(&h->ready));
    metrics_add(out, "worker_leader", "gauge", "Whether this worker leads the group.", herder_is_leader(h));
    metrics_add(out, "worker_rebalance_epoch", "gauge", "Generation of the group.", h->generation);
    metrics_add(out, "worker_rebalance_rebalancing", "gauge", "Whether a rebalance is under way.", h->rejoining);
    metrics_add(out, "worker_rebalance_completed_rebalances_total", "counter", "Rebalances so far.",
                (double)h->rebalances);
    metrics_add_states(out, snap, h->statuses);
    metrics_add_worker(out, h->worker, h->statuses);
    answer(req, 200);
}

bool answer_at_once(struct herder *h, struct herder_request *req) {
    if (read_now(h, req))
        return true;
    switch (req->op) {
    case HERDER_INFO:
    case HERDER_CONFIG:
    case HERDER_TASKS:
    case HERDER_TASKS_CONFIG:
    case HERDER_OFFSETS:
        op_add(h, run_read, req, NULL, 0);
        if (atomic_load(&h->topics_read))
            answer_reads(h);
        return true;
    case HERDER_PAUSE:
        set_target(h, req, TARGET_PAUSED);
        return true;
    case HERDER_RESUME:
        set_target(h, req, TARGET_STARTED);
        return true;
    case HERDER_TOPICS_RESET:
        reset_topics(h, req);
        return true;
    case HERDER_METRICS:
        metrics(h, req);
        return true;
    case HERDER_SET_LOGGER:
        errand_to_store(write_errand(h, req, put_level, level_put));
        return true;
    default:
        return false;
    }
}
