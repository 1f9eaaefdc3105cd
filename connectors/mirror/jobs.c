/* See jobs.h. */
#include "connectors/mirror/jobs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "connect/base/clock.h"
#include "connect/base/log.h"
#include "connect/base/thread.h"

enum { JOBS_MAX = 8, REPEAT_FIRST_MS = 5000 };

struct job {
    const char *what;
    job_function run;
    int64_t interval_ms;
    int64_t next_ms; /* INT64_MAX: not again */
};

struct jobs {
    const char *logger;
    void *arg;
    int64_t slow_ms;
    char context[300];
    struct job first[JOBS_MAX], every[JOBS_MAX];
    int first_count, every_count;
    pthread_t thread;
    bool started;
    atomic_bool stopping;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool first_done;
};

struct jobs *jobs_new(const char *logger, void *arg, int64_t slow_ms) {
    struct jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs)
        abort();
    jobs->logger = logger;
    jobs->arg = arg;
    jobs->slow_ms = slow_ms;
    snprintf(jobs->context, sizeof jobs->context, "%s", log_context_get());
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_cond_init(&jobs->changed, NULL);
    return jobs;
}

static void add(struct job *jobs, int *count, struct job job) {
    if (*count == JOBS_MAX)
        abort(); /* the owner's code decides how many there are */
    jobs[(*count)++] = job;
}

void jobs_first(struct jobs *jobs, const char *what, job_function run) {
    add(jobs->first, &jobs->first_count, (struct job){.what = what, .run = run});
}

void jobs_every(struct jobs *jobs, const char *what, int64_t interval_ms, bool at_once, job_function run) {
    if (interval_ms > 0)
        add(jobs->every, &jobs->every_count,
            (struct job){.what = what, .run = run, .interval_ms = interval_ms, .next_ms = at_once ? 0 : interval_ms});
}

/* ---- The thread ---- */

static int run_job(struct jobs *jobs, const struct job *job) {
    struct kc_error err = {0};
    int64_t before = clock_ms();
    int rc = job->run(jobs->arg, &err);
    int64_t took = clock_ms() - before;
    if (atomic_load(&jobs->stopping))
        return rc;
    if (rc < 0)
        kc_log(KC_ERROR, jobs->logger, "%s failed: %s: %s%s%s, trying again later", job->what, err.exception, err.text,
               *err.cause ? ": " : "", err.cause);
    else if (took > jobs->slow_ms)
        kc_log(KC_WARN, jobs->logger, "%s took too long (%lld ms)", job->what, (long long)took);
    else
        kc_log(KC_DEBUG, jobs->logger, "%s took %lld ms", job->what, (long long)took);
    return rc;
}

/* Until `until_ms` or the end. */
static void rest(struct jobs *jobs, int64_t until_ms) {
    pthread_mutex_lock(&jobs->lock);
    while (!atomic_load(&jobs->stopping) && clock_ms() < until_ms)
        cond_wait_until(&jobs->changed, &jobs->lock, until_ms);
    pthread_mutex_unlock(&jobs->lock);
}

/* One of the first jobs, which becomes a repeated one while it fails. */
static void run_first(struct jobs *jobs, struct job *job) {
    bool done = run_job(jobs, job) == 0;
    job->interval_ms = done ? 0 : REPEAT_FIRST_MS;
    job->next_ms = done ? INT64_MAX : clock_ms() + REPEAT_FIRST_MS;
}

static void pick(struct job *list, int count, struct job **found) {
    for (int i = 0; i < count; i++)
        if (list[i].next_ms != INT64_MAX && (!*found || list[i].next_ms < (*found)->next_ms))
            *found = &list[i];
}

/* Runs the job that is due next. False: there is none, now or later. */
static bool run_next(struct jobs *jobs) {
    struct job *job = NULL;
    pick(jobs->first, jobs->first_count, &job);
    pick(jobs->every, jobs->every_count, &job);
    if (!job)
        return false;
    rest(jobs, job->next_ms);
    if (atomic_load(&jobs->stopping))
        return false;
    if (job >= jobs->first && job < jobs->first + JOBS_MAX) {
        run_first(jobs, job);
        return true;
    }
    run_job(jobs, job);
    job->next_ms = clock_add_ms(job->next_ms, job->interval_ms);
    int64_t now = clock_ms();
    if (job->next_ms < now) /* runs that were missed are not made up for */
        job->next_ms = now;
    return true;
}

static void *jobs_thread(void *arg) {
    struct jobs *jobs = arg;
    log_context(jobs->context);
    for (int i = 0; i < jobs->first_count && !atomic_load(&jobs->stopping); i++)
        run_first(jobs, &jobs->first[i]);
    pthread_mutex_lock(&jobs->lock);
    jobs->first_done = true;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
    int64_t now = clock_ms();
    for (int i = 0; i < jobs->every_count; i++)
        jobs->every[i].next_ms = clock_add_ms(jobs->every[i].next_ms, now);
    while (!atomic_load(&jobs->stopping) && run_next(jobs))
        ;
    return NULL;
}

/* ---- The owner ---- */

int jobs_start(struct jobs *jobs, struct kc_error *err) {
    jobs->started = thread_start(&jobs->thread, "mirror-jobs", jobs_thread, jobs, err) == 0;
    return jobs->started ? 0 : -1;
}

bool jobs_wait_first(struct jobs *jobs, int64_t timeout_ms) {
    int64_t until_ms = clock_after_ms(timeout_ms);
    pthread_mutex_lock(&jobs->lock);
    while (!jobs->first_done && cond_wait_until(&jobs->changed, &jobs->lock, until_ms))
        ;
    bool done = jobs->first_done;
    pthread_mutex_unlock(&jobs->lock);
    return done;
}

const atomic_bool *jobs_stopping(const struct jobs *jobs) {
    return &jobs->stopping;
}

struct jobs *jobs_free(struct jobs *jobs) {
    if (!jobs)
        return NULL;
    pthread_mutex_lock(&jobs->lock);
    atomic_store(&jobs->stopping, true);
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
    if (jobs->started)
        pthread_join(jobs->thread, NULL);
    pthread_cond_destroy(&jobs->changed);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
    return NULL;
}
