/* What the config topic tells: new, changed and removed connectors, task configurations, target states, session keys,
 * restart requests, logger levels. The callbacks run on the topic log's thread and only copy and post.
 * @source DistributedHerder.ConfigUpdateListener, processConnectorConfigUpdates … (distributed-worker 6.4) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/session_key.h"

/* ---- callbacks on the config log's thread ------------------------------------------------------------------------ */

static void post_updated(void *arg, const char *connector) {
    event_post(arg, event_new(EV_CONNECTOR_UPDATED, connector));
}
static void post_removed(void *arg, const char *connector) {
    event_post(arg, event_new(EV_CONNECTOR_REMOVED, connector));
}
static void post_tasks(void *arg, const char *connector) {
    event_post(arg, event_new(EV_TASKS_UPDATED, connector));
}
static void post_target(void *arg, const char *connector) {
    event_post(arg, event_new(EV_TARGET_CHANGED, connector));
}
static void post_key(void *arg, const struct session_key *key) {
    struct event *ev = event_new(EV_SESSION_KEY, NULL);
    ev->key = *key;
    event_post(arg, ev);
}
static void post_restart(void *arg, const char *connector, bool only_failed, bool include_tasks) {
    struct event *ev = event_new(EV_RESTART, connector);
    ev->restart = (struct restart_request){.only_failed = only_failed, .include_tasks = include_tasks};
    event_post(arg, ev);
}
static void post_logger(void *arg, const char *logger, const char *level) {
    struct event *ev = event_new(EV_LOGGER, logger);
    ev->level = strdup(level);
    event_post(arg, ev);
}

const struct config_listener herder_config_listener = {.connector_updated = post_updated,
                                                       .connector_removed = post_removed,
                                                       .tasks_updated = post_tasks,
                                                       .target_changed = post_target,
                                                       .session_key = post_key,
                                                       .restart = post_restart,
                                                       .logger_level = post_logger};

/* ---- what arrives at the loop ------------------------------------------------------------------------------------ */

static void note(struct map *names, const char *connector) {
    map_put(names, connector, names); /* a set: the value only is not NULL */
}

static void on_key(struct herder *h, const struct session_key *key) {
    h->key = *key;
    h->has_key = true;
    if (h->conf->inter_worker_key_ttl_ms > 0)
        h->key_expiration_ms = session_key_expiration(key, h->conf->inter_worker_key_ttl_ms);
}

static void on_restart(struct herder *h, const char *connector, struct restart_request request) {
    struct restart_request *pending = map_get(h->restarts, connector);
    if (pending && restart_impact(*pending) >= restart_impact(request))
        return;
    struct restart_request *kept = malloc(sizeof(*kept));
    if (!kept)
        abort();
    *kept = request;
    map_put(h->restarts, connector, kept);
}

static void on_level(const char *logger, const char *text) {
    enum kc_level level;
    if (log_level_parse(text, &level) < 0)
        kc_log(KC_WARN, LOG_HERDER, "Ignoring the unknown level '%s' of logger %s in the config topic", text, logger);
    else
        log_set_level(logger, level);
}

static void on_connector_event(struct herder *h, enum event_type type, const char *connector) {
    bool known = config_snapshot_find(h->snap, connector) != NULL;
    switch (type) {
    case EV_CONNECTOR_UPDATED:
        kc_log(KC_INFO, LOG_HERDER, "Connector %s config updated", connector);
        if (known)
            note(h->updated_connectors, connector);
        else
            h->needs_reconfig_rebalance = true;
        break;
    case EV_CONNECTOR_REMOVED:
        kc_log(KC_INFO, LOG_HERDER, "Connector %s config removed", connector);
        forget_reconfigure(h, connector);
        if (known)
            h->needs_reconfig_rebalance = true;
        else
            note(h->updated_connectors, connector);
        break;
    case EV_TASKS_UPDATED:
        kc_log(KC_INFO, LOG_HERDER, "Tasks of connector %s configs updated", connector);
        h->needs_reconfig_rebalance = true;
        note(h->updated_tasks, connector);
        fencing_outdated(h, connector);
        break;
    default:
        note(h->updated_targets, connector);
    }
}

void on_config_event(struct herder *h, struct event *ev) {
    switch (ev->type) {
    case EV_SESSION_KEY:
        on_key(h, &ev->key);
        break;
    case EV_RESTART:
        on_restart(h, ev->connector, ev->restart);
        break;
    case EV_LOGGER:
        on_level(ev->connector, ev->level);
        break;
    default:
        on_connector_event(h, ev->type, ev->connector);
    }
}

/* ---- the turn ---------------------------------------------------------------------------------------------------- */

/* The changes of one turn; later ones wait for the next. */
struct updates {
    struct herder *h;
    struct map *connectors, *targets, *tasks;
    bool rejoin;
};

static struct map *take_names(struct map **names) {
    struct map *taken = *names;
    *names = map_new(NULL);
    return taken;
}

static void updates_free(struct updates *u) {
    map_free(u->connectors);
    map_free(u->targets);
    map_free(u->tasks);
    free(u);
}

/* What had to stop has stopped: connectors start again, if still wanted, and the other changes follow. */
static void apply(struct updates *u) {
    struct herder *h = u->h;
    const char *name;
    for (size_t i = 0; map_next(u->connectors, &i, &name, NULL);) {
        if (work_has_connector(&h->running, name))
            start_connector(h, name);
    }
    for (size_t i = 0; map_next(u->targets, &i, &name, NULL);) {
        const struct snapshot_connector *c = config_snapshot_find(h->snap, name);
        if (!c || !c->config)
            continue;
        worker_set_target(h->worker, name, c->target, ++h->tickets);
        if (worker_has_connector(h->worker, name))
            note_transition(h, name, h->tickets);
    }
    if (u->rejoin)
        request_rejoin(h);
    updates_free(u);
}

static void updated_stopped(void *arg, size_t given_up) {
    struct updates *u = arg;
    (void)given_up;
    herder_end(u->h);
    if (u->h->stopping)
        updates_free(u);
    else
        apply(u);
}

static void stop_and_apply(struct updates *u) {
    struct herder *h = u->h;
    AUTO_WORK stop = {0};
    const char *name;
    for (size_t i = 0; map_next(u->connectors, &i, &name, NULL);) {
        if (work_has_connector(&h->running, name))
            work_add_connector(&stop, name);
    }
    for (size_t i = 0; i < h->running.task_count; i++) {
        const struct work_task *t = &h->running.tasks[i];
        if (map_has(u->tasks, t->connector)) {
            work_add_task(&stop, t->connector, t->number);
            work_add_task(&h->tasks_to_restart, t->connector, t->number);
        }
    }
    if (work_empty(&stop)) {
        apply(u);
        return;
    }
    kc_log(KC_INFO, LOG_HERDER, "Handling changed configurations: restarting %zu connectors, stopping %zu tasks",
           stop.connector_count, stop.task_count);
    if (stop.connector_count)
        herder_begin(h, "restarting %zu reconfigured connectors", stop.connector_count);
    else
        herder_begin(h, "stopping %zu reconfigured tasks", stop.task_count);
    worker_stop(h->worker, &stop, updated_stopped, u);
}

bool updates_turn(struct herder *h) {
    if (!h->needs_reconfig_rebalance && !map_count(h->updated_connectors) && !map_count(h->updated_targets) &&
        !map_count(h->updated_tasks))
        return false;
    config_snapshot_unref(h->snap);
    h->snap = config_store_snapshot(h->configs);
    struct updates *u = calloc(1, sizeof(*u));
    if (!u)
        abort();
    *u = (struct updates){.h = h,
                          .connectors = take_names(&h->updated_connectors),
                          .targets = take_names(&h->updated_targets),
                          .tasks = take_names(&h->updated_tasks),
                          .rejoin = h->needs_reconfig_rebalance};
    h->needs_reconfig_rebalance = false;
    if (u->rejoin && herder_protocol_version(h) == GROUP_EAGER) { /* everything stops and starts in the rebalance */
        request_rejoin(h);
        updates_free(u);
    } else {
        stop_and_apply(u);
    }
    return true;
}
