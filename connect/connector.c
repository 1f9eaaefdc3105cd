/* The thread of one connector instance; see connector.h.
 * Started by connector_start, ended by connector_stop (or left to itself by connector_cancel). It owns the plugin
 * instance, its parsed configuration and its mailbox. */
#include "connect/connector.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conceal.h"
#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/base/mailbox.h"
#include "connect/base/thread.h"
#include "connect/connector_checks.h"
#include "connect/plugins.h"
#include "connect/store/own_offsets.h"
#include "connect/task_configs.h"

#define LOG_CONNECTOR "org.apache.kafka.connect.runtime.WorkerConnector"

enum connector_state { CONN_INIT, CONN_STARTED, CONN_PAUSED, CONN_STOPPED, CONN_FAILED };

enum { /* worker or plugin → connector */
       MSG_TRANSITION,
       MSG_COMPUTE,
       MSG_RAISED,
       MSG_STOP
};

struct connector_message {
    struct message msg;
    enum target_state target;
    uint64_t ticket;
    struct reconfiguration *reconfiguration;
    struct kc_error err;
};

struct connector {
    struct connector_setup setup; /* name and config are own copies */
    char *name;
    struct kc_config *raw, *resolved;
    struct mailbox *mailbox;
    struct kc_connector_context context;
    /* the connector's thread only */
    enum connector_state state;
    struct kc_arena *arena;
    void *conf, *self;
    int tasks_max;
    bool tasks_max_enforce;
    struct connector_message *pending; /* the transition to make next */
    bool refused;                      /* its configuration is such that it can never start: */
    struct kc_error refusal;
    /* shared */
    pthread_mutex_t lock;
    pthread_cond_t ended_cond;
    bool ended, abandoned, stopping;
    struct offset_store *own_offsets; /* while it is opened */
    atomic_bool cancelled;
    atomic_bool created; /* the framework's options are good; otherwise it is as if there were no connector */
};

/* ---- reconfigurations -------------------------------------------------------------------------------------------- */

struct reconfiguration *reconfiguration_new(const char *connector, struct config_snapshot *snap) {
    struct reconfiguration *r = calloc(1, sizeof(*r));
    char *name = strdup(connector);
    if (!r || !name)
        abort();
    r->connector = name;
    r->snap = config_snapshot_ref(snap);
    r->applied_generation = -1;
    return r;
}

struct reconfiguration *reconfiguration_free(struct reconfiguration *r) {
    if (!r)
        return NULL;
    for (int i = 0; i < r->task_count; i++)
        kc_config_free(r->tasks[i]);
    free(r->tasks);
    kc_config_free(r->applied);
    kc_config_free(r->applied_resolved);
    kc_config_free(r->raw);
    kc_config_free(r->resolved);
    config_snapshot_unref(r->snap);
    free(r->connector);
    free(r);
    return NULL;
}

/* ---- statuses ---------------------------------------------------------------------------------------------------- */

static void write_status(struct connector *c, enum state state, const char *trace, bool safe) {
    if (atomic_load(&c->cancelled))
        return;
    struct status status = {.connector = c->name,
                            .task = -1,
                            .state = state,
                            .trace = trace,
                            .worker_id = c->setup.worker_id,
                            .version = atomic_load(&c->created) ? plugins_version(c->setup.plugin) : NULL,
                            .generation = atomic_load(c->setup.generation)};
    status_store_put(c->setup.statuses, &status, safe);
}

/* One that was never created stays FAILED until it is started anew. */
static void write_unassigned(struct connector *c) {
    if (atomic_load(&c->created))
        write_status(c, STATE_UNASSIGNED, NULL, true);
}

static void fail(struct connector *c, struct kc_error *err) {
    if (c->resolved)
        conceal_error(c->raw, c->resolved, err);
    AUTO_TEXT trace = err_trace(err);
    kc_log(KC_ERROR, LOG_CONNECTOR, "Connector has failed: %s", trace);
    c->state = CONN_FAILED;
    write_status(c, STATE_FAILED, trace, true);
}

/* ---- the plugin's side ------------------------------------------------------------------------------------------- */

static void post(struct connector *c, int type, const struct connector_message *what) {
    struct connector_message *m = malloc(sizeof(*m));
    if (!m)
        abort();
    *m = *what;
    m->msg.type = type;
    mailbox_post(c->mailbox, &m->msg);
}

static void on_request_reconfiguration(struct kc_connector_context *ctx) {
    struct connector *c = ctx->worker;
    if (!atomic_load(&c->cancelled))
        c->setup.listener->request_reconfiguration(c->setup.listener_arg, c->name);
}

static void on_raise_error(struct kc_connector_context *ctx, const struct kc_error *err) {
    post(ctx->worker, MSG_RAISED, &(struct connector_message){.err = *err});
}

/* ---- set-up ------------------------------------------------------------------------------------------------------ */

/* Resolves the configuration and checks what the framework knows of it. */
static int create(struct connector *c, struct kc_error *err) {
    int64_t ttl_ms = -1;
    struct connector_conf framework;
    c->resolved = substitute_apply(c->setup.substitute, c->raw, &ttl_ms, err);
    if (!c->resolved ||
        connector_check(c->setup.plugin, c->name, c->resolved, c->setup.worker, c->arena, &framework, err) < 0)
        return -1;
    c->tasks_max = framework.tasks_max;
    c->tasks_max_enforce = framework.tasks_max_enforce;
    if (ttl_ms >= 0 && strcmp(framework.config_reload_action, "none") != 0)
        c->setup.listener->ttl(c->setup.listener_arg, c->name, ttl_ms);
    return 0;
}

/* Parses the connector's own options. */
static int prepare(struct connector *c, struct kc_error *err) {
    const struct kc_plugin *plugin = c->setup.plugin;
    if (plugin->kind == KC_KIND_SINK && connector_check_topics(c->resolved, c->arena, err) < 0)
        return -1;
    if (!plugin->options)
        return 0;
    c->conf = kc_arena_zalloc(c->arena, plugin->conf_size + 1);
    return config_parse(plugin->options, c->resolved, c->arena, c->conf, plugin->conf_size, err);
}

/* A source's own offsets topic is created or found to be usable before there are tasks that need it. What is read of it
 * is not needed here. @blocks while the brokers are away, but not beyond connector_stop */
static int open_own_offsets(struct connector *c, struct kc_error *err) {
    if (c->setup.plugin->kind != KC_KIND_SOURCE)
        return 0;
    struct offset_stores stores = own_offsets(c->setup.worker, NULL, c->name, /* task= */ -1, c->resolved);
    if (!stores.own)
        return 0;
    pthread_mutex_lock(&c->lock);
    c->own_offsets = stores.own;
    if (c->stopping)
        offset_store_cancel(stores.own);
    pthread_mutex_unlock(&c->lock);
    int rc = offset_store_start(stores.own, err);
    pthread_mutex_lock(&c->lock);
    c->own_offsets = NULL;
    bool stopped = c->stopping;
    pthread_mutex_unlock(&c->lock);
    offset_store_free(stores.own);
    return stopped ? 0 : rc;
}

/* An error makes the connector FAILED. */
static int initialise(struct connector *c, struct kc_error *err) {
    if (create(c, err) < 0)
        return -1;
    atomic_store(&c->created, true);
    return prepare(c, err) < 0 ? -1 : open_own_offsets(c, err);
}

/* ---- transitions ------------------------------------------------------------------------------------------------- */

static int plugin_start(struct connector *c, struct kc_error *err) {
    const struct kc_connector_ops *ops = c->setup.plugin->connector;
    c->self = NULL;
    return ops->start ? ops->start(&c->context, c->resolved, c->conf, &c->self, err) : 0;
}

static void plugin_stop(struct connector *c) {
    const struct kc_connector_ops *ops = c->setup.plugin->connector;
    if (ops->stop)
        ops->stop(c->self);
    c->self = NULL;
}

static int go_started(struct connector *c, struct kc_error *err) {
    if (c->state == CONN_STARTED)
        return 0;
    if (c->refused)
        *err = c->refusal;
    if (c->refused || plugin_start(c, err) < 0) {
        fail(c, err);
        return -1;
    }
    kc_log(KC_INFO, LOG_CONNECTOR, c->state == CONN_INIT ? "Started connector" : "Resumed connector");
    c->state = CONN_STARTED;
    write_status(c, STATE_RUNNING, NULL, false);
    return 0;
}

static void go_idle(struct connector *c, enum connector_state to) {
    if (c->state == to)
        return;
    if (c->self || c->state == CONN_STARTED)
        plugin_stop(c);
    c->state = to;
    write_status(c, to == CONN_PAUSED ? STATE_PAUSED : STATE_STOPPED, NULL, false);
}

static int make_transition(struct connector *c, enum target_state target, struct kc_error *err) {
    if (c->state == CONN_FAILED && (target != TARGET_STOPPED || !atomic_load(&c->created)))
        return err_set(err, ERR_INTERNAL, "%s Cannot transition connector to %s since it has failed", c->name,
                       target_state_name(target));
    if (target == TARGET_STARTED)
        return go_started(c, err);
    go_idle(c, target == TARGET_PAUSED ? CONN_PAUSED : CONN_STOPPED);
    return 0;
}

static void report(struct connector *c, const struct connector_message *m, const struct kc_error *err) {
    if (!atomic_load(&c->cancelled))
        c->setup.listener->transition(c->setup.listener_arg, c->name, m->ticket, m->target, err);
}

/* The transition that waits loses against `newer` (NULL: against the shutdown). */
static void pre_empt(struct connector *c, const struct connector_message *newer) {
    if (!c->pending)
        return;
    struct kc_error err = {0};
    const char *old = target_state_name(c->pending->target);
    if (newer)
        err_set(
            &err, ERR_INTERNAL,
            "Could not begin changing connector state to %s before another request to change state was made; the new "
            "request (which is to change the state to %s) has pre-empted this one",
            old, target_state_name(newer->target));
    else
        err_set(&err, ERR_INTERNAL,
                "Could not begin changing connector state to %s as the connector has been scheduled for shutdown", old);
    report(c, c->pending, &err);
    free(TAKE(c->pending));
}

static void run_pending(struct connector *c) {
    struct connector_message *m = TAKE(c->pending);
    if (!m)
        return;
    struct kc_error err = {0};
    int rc = make_transition(c, m->target, &err);
    report(c, m, rc < 0 ? &err : NULL);
    free(m);
}

/* ---- task configurations ----------------------------------------------------------------------------------------- */

static int too_many(struct connector *c, int count, struct kc_error *err) {
    if (count <= c->tasks_max)
        return 0;
    if (!c->tasks_max_enforce) {
        kc_log(KC_WARN, LOG_CONNECTOR,
               "The connector %s has generated %d tasks, which is greater than %d, the maximum number of tasks it is "
               "configured to create. This behaviour should be considered a bug and will be disallowed in future "
               "releases of "
               "Kafka Connect.",
               c->name, count, c->tasks_max);
        return 0;
    }
    return err_set_class(
        err, ERR_INTERNAL, "org.apache.kafka.connect.runtime.TooManyTasksException",
        "The connector %s has generated %d tasks, which is greater than %d, the maximum number of tasks it "
        "is configured to create. This behaviour should be considered a bug and is disallowed. If "
        "necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to "
        "false; however, this option will be removed in a future release of Kafka Connect.",
        c->name, count, c->tasks_max);
}

/* Whether the configuration behind the committed tasks gives other values than the present one. */
static int applied_differs(struct connector *c, struct reconfiguration *r, const struct snapshot_connector *committed,
                           bool *ret_differs, struct kc_error *err) {
    if (!committed->applied) {
        *ret_differs = true;
        return 0;
    }
    if (!r->applied_resolved || r->applied_generation != committed->generation ||
        !config_equal(r->applied, committed->applied)) {
        int64_t ttl_ms;
        struct kc_config *resolved = substitute_apply(c->setup.substitute, committed->applied, &ttl_ms, err);
        if (!resolved)
            return -1;
        kc_config_free(r->applied);
        kc_config_free(r->applied_resolved);
        r->applied = kc_config_copy(committed->applied);
        r->applied_resolved = resolved;
        r->applied_generation = committed->generation;
    }
    *ret_differs = !config_equal(r->applied_resolved, c->resolved);
    return 0;
}

static int compute(struct connector *c, struct reconfiguration *r, struct kc_error *err) {
    enum { HEADROOM = 1 }; /* a connector that does not keep to tasks.max is caught, not overrun */
    size_t room = (size_t)c->tasks_max + HEADROOM;
    r->tasks = calloc(room, sizeof(struct kc_config *));
    if (!r->tasks)
        return err_set(err, ERR_LIMIT, "tasks.max %d is too large for this worker's memory", c->tasks_max);
    const struct kc_plugin *plugin = c->setup.plugin;
    if (plugin->connector->task_configs(c->self, c->resolved, c->conf, c->tasks_max, r->tasks, &r->task_count, err) < 0)
        return -1;
    if (too_many(c, r->task_count, err) < 0) {
        r->gave_up = true;
        return -1;
    }
    task_configs_complete(r->tasks, r->task_count, plugin->task_class, c->resolved);
    task_configs_hide(r->tasks, r->task_count, c->raw);
    const struct snapshot_connector *committed = config_snapshot_find(r->snap, c->name);
    if (!committed)
        return err_set(err, ERR_NOT_FOUND, "Connector %s not found", c->name);
    bool differs = false;
    if (applied_differs(c, r, committed, &differs, err) < 0)
        return -1;
    r->changed = differs || task_configs_differ(committed, r->tasks, r->task_count);
    r->raw = kc_config_copy(c->raw);
    r->resolved = kc_config_copy(c->resolved);
    return 0;
}

static void handle_compute(struct connector *c, struct reconfiguration *r) {
    r->running = c->state == CONN_STARTED;
    if (r->running && compute(c, r, &r->err) < 0) {
        r->failed = true;
        conceal_error(c->raw, c->resolved, &r->err);
        if (r->gave_up)
            fail(c, &r->err);
    }
    if (atomic_load(&c->cancelled))
        reconfiguration_free(r);
    else
        c->setup.listener->task_configs(c->setup.listener_arg, r);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

static void handle(struct connector *c, struct connector_message *m) {
    if (m->msg.type == MSG_TRANSITION) {
        pre_empt(c, m);
        c->pending = m;
        return;
    }
    if (m->msg.type == MSG_COMPUTE)
        handle_compute(c, m->reconfiguration);
    else if (m->msg.type == MSG_RAISED && c->state != CONN_FAILED)
        fail(c, &m->err);
    free(m);
}

static struct connector_message *next_message(struct connector *c, int64_t timeout_ms) {
    struct message *msg = mailbox_get(c->mailbox, timeout_ms);
    return msg ? CONTAINER_OF(msg, struct connector_message, msg) : NULL;
}

/* Until MSG_STOP. Everything that waits is looked at before a transition begins, so that only the newest is made. */
static void serve(struct connector *c) {
    for (;;) {
        struct connector_message *m = next_message(c, c->pending ? 0 : -1);
        if (!m) {
            run_pending(c);
        } else if (m->msg.type == MSG_STOP) {
            free(m);
            return;
        } else if (m->msg.type == MSG_COMPUTE && c->pending) {
            run_pending(c);
            handle(c, m);
        } else {
            handle(c, m);
        }
    }
}

static void drain(struct connector *c) {
    struct connector_message *m;
    while ((m = next_message(c, 0))) {
        reconfiguration_free(m->msg.type == MSG_COMPUTE ? m->reconfiguration : NULL);
        free(m);
    }
}

static void destroy(struct connector *c) {
    drain(c);
    mailbox_free(c->mailbox);
    kc_config_free(c->raw);
    kc_config_free(c->resolved);
    arena_free(c->arena);
    pthread_cond_destroy(&c->ended_cond);
    pthread_mutex_destroy(&c->lock);
    free(c->name);
    free(c);
}

static void *connector_thread(void *arg) {
    struct connector *c = arg;
    char context[300];
    snprintf(context, sizeof(context), "[%.280s|worker] ", c->name);
    log_context(context);
    struct kc_error err = {0};
    if (initialise(c, &err) < 0) {
        fail(c, &err);
        c->refused = true;
        c->refusal = err;
    }
    serve(c);
    pre_empt(c, NULL);
    if (c->self || c->state == CONN_STARTED)
        plugin_stop(c);
    write_unassigned(c);
    kc_log(KC_INFO, LOG_CONNECTOR, "Completed shutdown for connector %s", c->name);
    pthread_mutex_lock(&c->lock);
    c->ended = true;
    bool abandoned = c->abandoned;
    pthread_cond_broadcast(&c->ended_cond);
    pthread_mutex_unlock(&c->lock);
    if (abandoned)
        destroy(c);
    return NULL;
}

struct connector *connector_start(const struct connector_setup *setup, enum target_state target, uint64_t ticket,
                                  struct kc_error *err) {
    struct connector *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->setup = *setup;
    c->name = strdup(setup->name);
    c->raw = kc_config_copy(setup->config);
    c->setup.name = c->name;
    c->setup.config = c->raw;
    c->mailbox = mailbox_new();
    c->arena = arena_new(0);
    c->context = (struct kc_connector_context){.worker = c,
                                               .name = c->name,
                                               .request_task_reconfiguration = on_request_reconfiguration,
                                               .raise_error = on_raise_error};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->ended_cond, NULL);
    connector_set_target(c, target, ticket);
    pthread_t thread;
    if (thread_start(&thread, "connector", connector_thread, c, err) < 0) {
        destroy(c);
        return NULL;
    }
    pthread_detach(thread);
    return c;
}

void connector_set_target(struct connector *c, enum target_state target, uint64_t ticket) {
    post(c, MSG_TRANSITION, &(struct connector_message){.target = target, .ticket = ticket});
}

void connector_compute_tasks(struct connector *c, struct reconfiguration *r) {
    post(c, MSG_COMPUTE, &(struct connector_message){.reconfiguration = r});
}

void connector_stop(struct connector *c) {
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    if (c->own_offsets)
        offset_store_cancel(c->own_offsets);
    pthread_mutex_unlock(&c->lock);
    post(c, MSG_STOP, &(struct connector_message){0});
}

bool connector_join(struct connector *c, int64_t deadline_ms) {
    pthread_mutex_lock(&c->lock);
    while (!c->ended && cond_wait_until(&c->ended_cond, &c->lock, deadline_ms))
        ;
    bool ended = c->ended;
    pthread_mutex_unlock(&c->lock);
    return ended;
}

void connector_cancel(struct connector *c) {
    write_unassigned(c);
    atomic_store(&c->cancelled, true);
    pthread_mutex_lock(&c->lock);
    bool ended = c->ended;
    c->abandoned = true;
    pthread_mutex_unlock(&c->lock);
    if (ended)
        destroy(c);
}

struct connector *connector_free(struct connector *c) {
    if (c)
        destroy(c);
    return NULL;
}
