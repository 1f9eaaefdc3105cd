/* The life of one task: made by the worker, run on a thread of its own, ended by task_stop and task_join or, when it
 * does not come to its end in time, left alone by task_cancel. Whoever is last frees the memory. The two kinds of work
 * are in sink_task.c and source_task.c. */
#include "connect/task/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conceal.h"
#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/base/thread.h"
#include "connect/kafka/client.h"
#include "connect/plugins.h"
#include "connect/task/task_run.h"

/* ---- Making ---- */

static bool has_prefix(const struct kc_config *config, const char *prefix) {
    size_t len = strlen(prefix);
    for (size_t i = 0; i < kc_config_count(config); i++)
        if (strncmp(kc_config_key(config, i), prefix, len) == 0)
            return true;
    return false;
}

static int check_prefix(const struct task *t, const char *prefix, struct kc_error *err) {
    return client_policy_enforce(t->worker->override_policy, &t->worker->override_allowlist, prefix,
                                 t->connector_config, err);
}

/* Only the overrides of clients that this task will have are looked at. */
static int check_overrides(const struct task *t, struct kc_error *err) {
    bool sink = t->plugin->kind == KC_KIND_SINK;
    bool dlq = t->conf.dlq_topic && *t->conf.dlq_topic;
    bool own = !sink && (t->guard || (t->conf.offsets_topic && *t->conf.offsets_topic)); /* clients of offsets */
    bool admin = dlq || own || (!sink && has_prefix(t->connector_config, "topic.creation."));
    if (((sink || own) && check_prefix(t, "consumer.override.", err) < 0) ||
        ((!sink || dlq) && check_prefix(t, "producer.override.", err) < 0) ||
        (admin && check_prefix(t, "admin.override.", err) < 0))
        return -1;
    return 0;
}

static int parse_configs(struct task *t, struct kc_error *err) {
    bool sink = t->plugin->kind == KC_KIND_SINK;
    if (config_parse(sink ? connector_sink_options : connector_source_options, t->connector_config, t->arena, &t->conf,
                     sizeof(t->conf), err) < 0)
        return -1;
    t->tolerance.all = strcmp(t->conf.errors_tolerance, "all") == 0;
    t->tolerance.retry_timeout_ms = t->conf.errors_retry_timeout_ms;
    t->tolerance.retry_delay_max_ms = t->conf.errors_retry_delay_max_ms;
    const struct kc_option *rows = t->plugin->task_options ? t->plugin->task_options : t->plugin->options;
    if (t->plugin->conf_size)
        t->plugin_conf = kc_arena_zalloc(t->arena, t->plugin->conf_size);
    if (rows && config_parse(rows, t->task_config, t->arena, t->plugin_conf, t->plugin->conf_size, err) < 0)
        return -1;
    return check_overrides(t, err);
}

char *task_transactional_id(const struct worker_conf *worker, const char *connector, int task) {
    char *id;
    if (asprintf(&id, "%s-%s-%d", worker->group_id, connector, task) < 0)
        abort();
    return id;
}

static struct task *task_new(const struct task_conf *conf) {
    struct task *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->connector = strdup(conf->connector);
    t->worker_id = strdup(conf->worker_id ? conf->worker_id : "");
    if (!t->connector || !t->worker_id)
        abort();
    t->number = conf->number;
    t->plugin = conf->plugin;
    t->connector_config = kc_config_copy(conf->connector_config);
    t->task_config = kc_config_copy(conf->task_config);
    t->raw_connector_config = conf->raw_connector_config ? kc_config_copy(conf->raw_connector_config) : NULL;
    t->raw_task_config = conf->raw_task_config ? kc_config_copy(conf->raw_task_config) : NULL;
    t->worker = conf->worker;
    t->statuses = conf->statuses;
    t->offsets = conf->offsets;
    bool exactly_once = conf->plugin->kind == KC_KIND_SOURCE && worker_exactly_once(conf->worker);
    t->guard = exactly_once ? conf->guard : NULL;
    t->guard_arg = conf->guard_arg;
    t->config_generation = conf->config_generation;
    t->arena = arena_new(0);
    atomic_store(&t->target, conf->target);
    atomic_store(&t->generation, conf->generation);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    return t;
}

static void destroy(struct task *t) {
    chain_free(t->chain);
    converters_done(&t->converters);
    kc_config_free(t->connector_config);
    kc_config_free(t->task_config);
    kc_config_free(t->raw_connector_config);
    kc_config_free(t->raw_task_config);
    arena_free(t->arena);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    free(t->connector);
    free(t->worker_id);
    free(t);
}

/* ---- The thread ---- */

void task_status(struct task *t, enum state state, const char *trace) {
    if (task_cancelled(t))
        return;
    struct status status = {
        .connector = t->connector,
        .task = t->number,
        .state = state,
        .trace = trace,
        .worker_id = t->worker_id,
        .version = plugins_version(t->plugin),
        .generation = atomic_load(&t->generation),
    };
    status_store_put(t->statuses, &status, state == STATE_UNASSIGNED || state == STATE_FAILED);
}

static bool tolerance_wait(void *arg, int64_t ms) {
    struct task *t = arg;
    int64_t deadline = clock_after_ms(ms);
    for (int64_t left = ms; left > 0 && !task_stopping(t); left = deadline - clock_ms())
        task_wait(t, left, task_target(t));
    return !task_stopping(t);
}

/* A task whose connector is paused does not even begin. */
static void wait_until_started(struct task *t) {
    if (task_stopping(t) || task_target(t) == TARGET_STARTED)
        return;
    task_status(t, STATE_PAUSED, NULL);
    while (!task_stopping(t) && task_target(t) != TARGET_STARTED)
        task_wait(t, 60 * 1000, task_target(t));
}

void task_conceal(const struct task *t, struct kc_error *err) {
    if (t->raw_connector_config)
        conceal_error(t->raw_connector_config, t->connector_config, err);
    if (t->raw_task_config)
        conceal_error(t->raw_task_config, t->task_config, err);
}

static void report_end(struct task *t, int rc, struct kc_error *err) {
    if (rc == 0) {
        task_status(t, STATE_UNASSIGNED, NULL);
        return;
    }
    task_conceal(t, err);
    AUTO_TEXT trace = err_trace(err);
    kc_log(KC_ERROR, LOG_TASK, "%s{id=%s-%d} %s\n%s",
           t->plugin->kind == KC_KIND_SINK ? "WorkerSinkTask" : "WorkerSourceTask", t->connector, t->number,
           task_stopping(t) ? "After being scheduled for shutdown, task threw an uncaught exception."
                            : "Task threw an uncaught and unrecoverable exception. Task is being killed and will not "
                              "recover until manually restarted",
           trace);
    /* An error while stopping is worth a log line, but the task ends as it was asked to. */
    task_status(t, task_stopping(t) ? STATE_UNASSIGNED : STATE_FAILED, task_stopping(t) ? NULL : trace);
}

static void *run(void *arg) {
    struct task *t = arg;
    char context[512];
    snprintf(context, sizeof context, "[%s|task-%d] ", t->connector, t->number);
    log_context(context);
    struct kc_error err = {0};
    int rc = 0;
    wait_until_started(t);
    if (!task_stopping(t))
        rc = t->plugin->kind == KC_KIND_SINK ? sink_task_run(t, &err) : source_task_run(t, &err);
    report_end(t, rc, &err);
    log_context("");

    pthread_mutex_lock(&t->lock);
    t->done = true;
    t->failed = rc < 0 && !task_stopping(t);
    bool left_alone = task_cancelled(t);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    if (left_alone)
        destroy(t);
    return NULL;
}

struct task *task_start(const struct task_conf *conf, struct kc_error *err) {
    struct task *t = task_new(conf);
    t->tolerance.wait = tolerance_wait;
    t->tolerance.arg = t;
    char name[32];
    snprintf(name, sizeof name, "task-%d", t->number);
    if (parse_configs(t, err) < 0 || converters_init(&t->converters, t->connector_config, t->worker, err) < 0 ||
        !(t->chain = chain_new(t->connector_config, err)) || thread_start(&t->thread, name, run, t, err) < 0) {
        destroy(t);
        return NULL;
    }
    return t;
}

/* ---- From other threads ---- */

/* Everything that may wait is told. */
static void notify(struct task *t) {
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->changed);
    if (t->wake)
        t->wake(t->wake_arg);
    pthread_mutex_unlock(&t->lock);
}

void task_set_target(struct task *t, enum target_state target) {
    atomic_store(&t->target, target);
    if (target == TARGET_STOPPED)
        atomic_store(&t->stop, true);
    notify(t);
}

void task_set_generation(struct task *t, int32_t generation) {
    atomic_store(&t->generation, generation);
}

void task_stop(struct task *t) {
    atomic_store(&t->stop, true);
    notify(t);
}

bool task_join(struct task *t, int64_t deadline_ms) {
    pthread_mutex_lock(&t->lock);
    while (!t->done && cond_wait_until(&t->changed, &t->lock, deadline_ms))
        ;
    bool done = t->done;
    pthread_mutex_unlock(&t->lock);
    if (done && !t->joined) {
        pthread_join(t->thread, NULL);
        t->joined = true;
    }
    return done;
}

void task_cancel(struct task *t) {
    pthread_mutex_lock(&t->lock);
    bool done = t->done;
    if (!done) {
        atomic_store(&t->cancelled, true);
        atomic_store(&t->stop, true);
        pthread_cond_broadcast(&t->changed);
        if (t->wake)
            t->wake(t->wake_arg);
        pthread_detach(t->thread);
    }
    pthread_mutex_unlock(&t->lock);
    if (done) { /* it ended just now */
        task_join(t, 0);
        destroy(t);
    }
}

struct task *task_free(struct task *t) {
    if (t)
        destroy(t);
    return NULL;
}

bool task_failed(const struct task *t) {
    return t->failed;
}

const struct error_counts *task_error_counts(const struct task *t) {
    return &t->tolerance.counts;
}

const struct task_counts *task_counts(const struct task *t) {
    return &t->counts;
}

bool task_is_sink(const struct task *t) {
    return t->plugin->kind == KC_KIND_SINK;
}

/* ---- For the task's own thread ---- */

void task_wait(struct task *t, int64_t ms, enum target_state target) {
    int64_t deadline_ms = clock_after_ms(ms);
    pthread_mutex_lock(&t->lock);
    while (!task_stopping(t) && task_target(t) == target && cond_wait_until(&t->changed, &t->lock, deadline_ms))
        ;
    pthread_mutex_unlock(&t->lock);
}

void task_set_wake(struct task *t, void (*wake)(void *arg), void *arg) {
    pthread_mutex_lock(&t->lock);
    t->wake = wake;
    t->wake_arg = arg;
    pthread_mutex_unlock(&t->lock);
}
