/* The connectors and tasks of this process; see worker.h.
 * Owns the objects while they run. One job thread starts tasks and waits for what stops. */
#include "connect/worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conceal.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/base/map.h"
#include "connect/base/thread.h"
#include "connect/job.h"
#include "connect/plugins.h"
#include "connect/task/task.h"

enum { CONNECTOR_STOP_MS = 5000, STATUS_FLUSH_MS = 5000, JOB_THREADS = 4 };

struct worker {
    struct worker_setup setup;
    struct thread_owner herder; /* who made it, and alone may call */
    char *worker_id, *cluster_id;
    atomic_int generation;
    struct map *connectors; /* name → struct connector */
    struct map *tasks;      /* "name-number" → struct running_task */
    struct job_queue *jobs;
    size_t abandoned; /* connectors and tasks that were given up: they may still use what the worker was given */
};

struct running_task {
    char *connector;
    int number;
    struct task *task; /* NULL: being started, or did not start */
};

static void running_task_free(void *value) {
    struct running_task *rt = value;
    free(rt->connector);
    free(rt);
}

static char *task_key(const char *connector, int number) {
    char *key;
    if (asprintf(&key, "%s-%d", connector, number) < 0)
        abort();
    return key;
}

struct worker *worker_new(const struct worker_setup *setup) {
    struct worker *w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->setup = *setup;
    w->worker_id = strdup(setup->worker_id);
    w->cluster_id = strdup(setup->cluster_id);
    w->connectors = map_new(NULL);
    w->tasks = map_new(running_task_free);
    w->jobs = job_queue_new("worker", JOB_THREADS, setup->reply, setup->reply_type);
    thread_own(&w->herder);
    return w;
}

bool worker_free(struct worker *w, int64_t deadline_ms) {
    if (!w)
        return true;
    if (!job_queue_join(w->jobs, deadline_ms) || !task_leavers_join(deadline_ms) || w->abandoned)
        return false;
    job_queue_free(w->jobs);
    map_free(w->connectors);
    map_free(w->tasks);
    free(w->worker_id);
    free(w->cluster_id);
    free(w);
    return true;
}

void worker_set_generation(struct worker *w, int32_t generation) {
    void *value;
    thread_check(&w->herder);
    atomic_store(&w->generation, generation);
    for (size_t i = 0; map_next(w->tasks, &i, NULL, &value);) {
        struct running_task *rt = value;
        if (rt->task)
            task_set_generation(rt->task, generation);
    }
}

bool worker_has_connector(const struct worker *w, const char *connector) {
    return map_has(w->connectors, connector);
}

bool worker_has_task(const struct worker *w, const char *connector, int task) {
    AUTO_TEXT key = task_key(connector, task);
    return map_has(w->tasks, key);
}

void worker_all(const struct worker *w, struct work *ret_work) {
    const char *name;
    void *value;
    for (size_t i = 0; map_next(w->connectors, &i, &name, NULL);)
        work_add_connector(ret_work, name);
    for (size_t i = 0; map_next(w->tasks, &i, NULL, &value);) {
        struct running_task *rt = value;
        work_add_task(ret_work, rt->connector, rt->number);
    }
}

void worker_each(const struct worker *w, void (*f)(void *arg, const char *connector, int number, const struct task *t),
                 void *arg) {
    const char *name;
    void *value;
    for (size_t i = 0; map_next(w->connectors, &i, &name, NULL);)
        f(arg, name, -1, NULL);
    for (size_t i = 0; map_next(w->tasks, &i, NULL, &value);) {
        struct running_task *rt = value;
        f(arg, rt->connector, rt->number, rt->task);
    }
}

/* Part `task` (-1: the connector) could not start. There is no instance then whose version could be told. */
static void write_failed(struct worker *w, const char *connector, int task, const struct kc_error *err) {
    AUTO_TEXT trace = err_trace(err);
    if (task < 0)
        kc_log(KC_ERROR, LOG_WORKER, "Failed to start connector %s: %s", connector, trace);
    else
        kc_log(KC_ERROR, LOG_WORKER, "Failed to start task %s-%d: %s", connector, task, trace);
    struct status status = {.connector = connector,
                            .task = task,
                            .state = STATE_FAILED,
                            .trace = trace,
                            .worker_id = w->worker_id,
                            .generation = atomic_load(&w->generation)};
    status_store_put(w->setup.statuses, &status, true);
}

static const struct kc_plugin *plugin_of(const struct kc_config *config, struct kc_error *err) {
    const char *name = kc_config_get(config, "connector.class");
    if (!name) {
        err_set(err, ERR_BAD_CONFIG, "Missing required configuration \"connector.class\" which has no default value.");
        return NULL;
    }
    return plugins_connector(name, err);
}

int worker_start_connector(struct worker *w, const struct snapshot_connector *connector, uint64_t ticket,
                           struct kc_error *err) {
    thread_check(&w->herder);
    const struct kc_plugin *plugin = plugin_of(connector->config, err);
    struct connector_setup setup = {.name = connector->name,
                                    .plugin = plugin,
                                    .config = connector->config,
                                    .substitute = w->setup.substitute,
                                    .statuses = w->setup.statuses,
                                    .worker_id = w->worker_id,
                                    .generation = &w->generation,
                                    .worker = w->setup.conf,
                                    .listener = w->setup.listener,
                                    .listener_arg = w->setup.listener_arg};
    if (plugin)
        kc_log(KC_INFO, LOG_WORKER, "Creating connector %s of type %s", connector->name, plugin->class_name);
    struct connector *c = plugin ? connector_start(&setup, connector->target, ticket, err) : NULL;
    if (!c) {
        write_failed(w, connector->name, -1, err);
        return -1;
    }
    map_put(w->connectors, connector->name, c);
    return 0;
}

/* ---- starting tasks ---------------------------------------------------------------------------------------------- */

struct start_job {
    struct job job;
    struct worker *worker;
    struct config_snapshot *snap;
    struct work tasks;
    struct task **started; /* per task; NULL: failed */
    worker_done done;
    void *arg;
};

static int check_task_count(const struct snapshot_connector *connector, const struct kc_config *resolved,
                            struct kc_error *err) {
    const char *max_text = kc_config_get(resolved, "tasks.max"),
               *enforce = kc_config_get(resolved, "tasks.max.enforce");
    long max = max_text ? strtol(max_text, NULL, 10) : 1;
    if (connector->task_count <= max || (enforce && strcasecmp(enforce, "false") == 0))
        return 0;
    return err_set_class(
        err, ERR_INTERNAL, "org.apache.kafka.connect.runtime.TooManyTasksException",
        "The connector %s has generated %d tasks, which is greater than %ld, the maximum number of tasks it "
        "is configured to create. This behaviour should be considered a bug and is disallowed. If "
        "necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to "
        "false; however, this option will be removed in a future release of Kafka Connect.",
        connector->name, connector->task_count, max);
}

static struct task *start_task(struct worker *w, const struct snapshot_connector *connector, int number,
                               struct kc_error *err) {
    const struct kc_config *raw = connector ? snapshot_task_config(connector, number) : NULL;
    if (!raw || !connector->config) {
        err_set(err, ERR_INTERNAL, "There is no configuration for this task in the config topic");
        return NULL;
    }
    const struct kc_plugin *plugin = plugin_of(connector->config, err);
    if (!plugin)
        return NULL;
    int64_t ttl_ms;
    AUTO(props) config = substitute_apply(w->setup.substitute, connector->config, &ttl_ms, err);
    AUTO(props) task_config = config ? substitute_apply(w->setup.substitute, raw, &ttl_ms, err) : NULL;
    if (!task_config || check_task_count(connector, config, err) < 0)
        return NULL;
    struct task_conf conf = {.connector = connector->name,
                             .number = number,
                             .plugin = plugin,
                             .connector_config = config,
                             .task_config = task_config,
                             .raw_connector_config = connector->config,
                             .raw_task_config = raw,
                             .worker = w->setup.conf,
                             .target = connector->target,
                             .generation = atomic_load(&w->generation),
                             .worker_id = w->worker_id,
                             .statuses = w->setup.statuses,
                             .offsets = w->setup.offsets,
                             .cluster_id = w->cluster_id,
                             .guard = w->setup.guard,
                             .guard_arg = w->setup.guard_arg,
                             .config_generation = connector->generation};
    struct task *task = task_start(&conf, err);
    if (!task) {
        conceal_error(connector->config, config, err);
        conceal_error(raw, task_config, err);
    }
    return task;
}

static void start_tasks_run(struct job *job) {
    struct start_job *sj = (struct start_job *)job;
    for (size_t i = 0; i < sj->tasks.task_count; i++) {
        const struct work_task *t = &sj->tasks.tasks[i];
        struct kc_error err = {0};
        sj->started[i] = start_task(sj->worker, config_snapshot_find(sj->snap, t->connector), t->number, &err);
        if (!sj->started[i])
            write_failed(sj->worker, t->connector, t->number, &err);
    }
}

static void start_tasks_done(struct job *job) {
    struct start_job *sj = (struct start_job *)job;
    struct worker *w = sj->worker;
    size_t failed = 0;
    for (size_t i = 0; i < sj->tasks.task_count; i++) {
        AUTO_TEXT key = task_key(sj->tasks.tasks[i].connector, sj->tasks.tasks[i].number);
        struct running_task *rt = map_get(w->tasks, key);
        assert(rt);
        if (sj->started[i]) {
            rt->task = sj->started[i];
            task_set_generation(rt->task, atomic_load(&w->generation));
        } else {
            failed++;
            map_remove(w->tasks, key);
        }
    }
    worker_done done = sj->done;
    void *arg = sj->arg;
    work_done(&sj->tasks);
    config_snapshot_unref(sj->snap);
    free(sj->started);
    free(sj);
    done(arg, failed);
}

void worker_start_tasks(struct worker *w, struct config_snapshot *snap, const struct work *tasks, worker_done done,
                        void *arg) {
    thread_check(&w->herder);
    struct start_job *sj = calloc(1, sizeof(*sj));
    if (!sj)
        abort();
    *sj = (struct start_job){.job = {.run = start_tasks_run, .done = start_tasks_done},
                             .worker = w,
                             .snap = config_snapshot_ref(snap),
                             .done = done,
                             .arg = arg};
    for (size_t i = 0; i < tasks->task_count; i++) {
        const struct work_task *t = &tasks->tasks[i];
        AUTO_TEXT key = task_key(t->connector, t->number);
        if (map_has(w->tasks, key))
            continue;
        struct running_task *rt = calloc(1, sizeof(*rt));
        if (!rt)
            abort();
        *rt = (struct running_task){.connector = strdup(t->connector), .number = t->number};
        map_put(w->tasks, key, rt);
        work_add_task(&sj->tasks, t->connector, t->number);
    }
    sj->started = calloc(sj->tasks.task_count + 1, sizeof(struct task *));
    if (!sj->started)
        abort();
    job_queue_post(w->jobs, &sj->job);
}

/* ---- stopping ---------------------------------------------------------------------------------------------------- */

struct stop_job {
    struct job job;
    struct worker *worker;
    struct connector **connectors;
    char **names; /* of the connectors */
    size_t connector_count;
    struct running_task **tasks;
    size_t task_count;
    size_t given_up;
    worker_done done;
    void *arg;
};

static void await_connector(struct stop_job *sj, size_t i, int64_t deadline_ms) {
    if (connector_join(sj->connectors[i], deadline_ms)) {
        connector_free(sj->connectors[i]);
        return;
    }
    kc_log(
        KC_ERROR, LOG_WORKER,
        "Connector '%s' failed to properly shut down, has become unresponsive, and may be consuming external "
        "resources. "
        "Correct the configuration for this connector or remove the connector. After fixing the connector, it may be "
        "necessary to restart this worker to release any consumed resources.",
        sj->names[i]);
    connector_cancel(sj->connectors[i]);
    sj->given_up++;
}

static void await_task(struct stop_job *sj, const struct running_task *rt, int64_t deadline_ms) {
    if (task_join(rt->task, deadline_ms)) {
        task_free(rt->task);
        return;
    }
    kc_log(KC_ERROR, LOG_WORKER, "Graceful stop of task %s-%d failed.", rt->connector, rt->number);
    task_cancel(rt->task);
    sj->given_up++;
}

static void stop_run(struct job *job) {
    struct stop_job *sj = (struct stop_job *)job;
    int64_t now = clock_ms();
    for (size_t i = 0; i < sj->connector_count; i++)
        await_connector(sj, i, now + CONNECTOR_STOP_MS);
    for (size_t i = 0; i < sj->task_count; i++)
        await_task(sj, sj->tasks[i], clock_add_ms(now, sj->worker->setup.conf->task_graceful_timeout_ms));
    status_store_flush(sj->worker->setup.statuses, STATUS_FLUSH_MS);
}

/* No thread could wait for them: they were asked to stop, and are left to that. */
static void give_up(struct stop_job *sj) {
    for (size_t i = 0; i < sj->connector_count; i++)
        connector_cancel(sj->connectors[i]);
    for (size_t i = 0; i < sj->task_count; i++)
        task_cancel(sj->tasks[i]->task);
    sj->given_up = sj->connector_count + sj->task_count;
}

static void stop_done(struct job *job) {
    struct stop_job *sj = (struct stop_job *)job;
    if (job->cancelled)
        give_up(sj);
    worker_done done = sj->done;
    void *arg = sj->arg;
    size_t given_up = sj->given_up;
    sj->worker->abandoned += given_up;
    for (size_t i = 0; i < sj->connector_count; i++)
        free(sj->names[i]);
    for (size_t i = 0; i < sj->task_count; i++)
        running_task_free(sj->tasks[i]);
    free(sj->connectors);
    free(sj->names);
    free(sj->tasks);
    free(sj);
    done(arg, given_up);
}

void worker_stop(struct worker *w, const struct work *what, worker_done done, void *arg) {
    thread_check(&w->herder);
    struct stop_job *sj = calloc(1, sizeof(*sj));
    if (!sj)
        abort();
    *sj = (struct stop_job){.job = {.run = stop_run, .done = stop_done},
                            .worker = w,
                            .connectors = calloc(what->connector_count + 1, sizeof(struct connector *)),
                            .names = calloc(what->connector_count + 1, sizeof(char *)),
                            .tasks = calloc(what->task_count + 1, sizeof(struct running_task *)),
                            .done = done,
                            .arg = arg};
    if (!sj->connectors || !sj->names || !sj->tasks)
        abort();
    for (size_t i = 0; i < what->connector_count; i++) {
        struct connector *c = map_take(w->connectors, what->connectors[i]);
        if (!c)
            continue;
        connector_stop(c);
        sj->names[sj->connector_count] = strdup(what->connectors[i]);
        sj->connectors[sj->connector_count++] = c;
    }
    for (size_t i = 0; i < what->task_count; i++) {
        AUTO_TEXT key = task_key(what->tasks[i].connector, what->tasks[i].number);
        struct running_task *rt = map_take(w->tasks, key);
        if (!rt)
            continue;
        assert(rt->task); /* the herder does not stop what it is just starting */
        task_stop(rt->task);
        sj->tasks[sj->task_count++] = rt;
    }
    job_queue_post(w->jobs, &sj->job);
}

/* ---- running ones ------------------------------------------------------------------------------------------------ */

void worker_set_target(struct worker *w, const char *connector, enum target_state target, uint64_t ticket) {
    thread_check(&w->herder);
    struct connector *c = map_get(w->connectors, connector);
    void *value;
    if (c)
        connector_set_target(c, target, ticket);
    for (size_t i = 0; map_next(w->tasks, &i, NULL, &value);) {
        struct running_task *rt = value;
        if (!rt->task || strcmp(rt->connector, connector) != 0)
            continue;
        if (target == TARGET_STOPPED)
            task_stop(rt->task);
        else
            task_set_target(rt->task, target);
    }
}

bool worker_compute_tasks(struct worker *w, struct reconfiguration *r) {
    struct connector *c = map_get(w->connectors, r->connector);
    if (c)
        connector_compute_tasks(c, r);
    else
        reconfiguration_free(r);
    return c != NULL;
}
