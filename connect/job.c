/* A queue of blocking jobs with lazily started threads; see job.h. */
#include "connect/job.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "connect/base/clock.h"
#include "connect/base/log.h"
#include "connect/base/thread.h"

struct job_queue {
    char name[16];
    int max_threads;
    struct mailbox *reply;
    int reply_type;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a job came, a thread ended, or the queue is stopping */
    struct list waiting;    /* struct job.msg.link */
    int waiting_count, threads, idle;
    bool stopping;
};

struct job_queue *job_queue_new(const char *name, int threads, struct mailbox *reply, int reply_type) {
    struct job_queue *q = calloc(1, sizeof(*q));
    if (!q)
        abort();
    snprintf(q->name, sizeof(q->name), "%s", name);
    q->max_threads = threads;
    q->reply = reply;
    q->reply_type = reply_type;
    list_init(&q->waiting);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    return q;
}

static void give_back(struct job_queue *q, struct job *job, bool cancelled) {
    job->cancelled = cancelled;
    job->msg.type = q->reply_type;
    mailbox_post(q->reply, &job->msg);
}

static void *job_thread(void *arg) {
    struct job_queue *q = arg;
    pthread_mutex_lock(&q->lock);
    for (;;) {
        struct list *link = q->stopping ? NULL : list_pop(&q->waiting);
        if (link) {
            struct job *job = CONTAINER_OF(CONTAINER_OF(link, struct message, link), struct job, msg);
            q->waiting_count--;
            pthread_mutex_unlock(&q->lock);
            job->run(job);
            log_context("");
            give_back(q, job, false);
            pthread_mutex_lock(&q->lock);
        } else if (q->stopping) {
            break;
        } else {
            q->idle++;
            pthread_cond_wait(&q->changed, &q->lock);
            q->idle--;
        }
    }
    q->threads--;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

/* One more thread when nobody is free for the job. Called with the lock held; false: no thread can run it. */
static bool have_thread(struct job_queue *q) {
    if (q->idle > q->waiting_count || q->threads >= q->max_threads)
        return true;
    pthread_t thread;
    struct kc_error err = {0};
    if (thread_start(&thread, q->name, job_thread, q, &err) < 0) {
        kc_log(KC_ERROR, LOG_HERDER, "Cannot start a thread for '%s': %s", q->name, err.text);
        return q->threads > 0;
    }
    pthread_detach(thread);
    q->threads++;
    return true;
}

void job_queue_post(struct job_queue *q, struct job *job) {
    pthread_mutex_lock(&q->lock);
    bool taken = !q->stopping && have_thread(q);
    if (taken) {
        list_append(&q->waiting, &job->msg.link);
        q->waiting_count++;
        pthread_cond_signal(&q->changed); /* only job threads wait while the queue is not stopping */
    }
    pthread_mutex_unlock(&q->lock);
    if (!taken)
        give_back(q, job, true);
}

static void job_queue_stop(struct job_queue *q) {
    struct list *link;
    pthread_mutex_lock(&q->lock);
    q->stopping = true;
    pthread_cond_broadcast(&q->changed);
    while ((link = list_pop(&q->waiting))) {
        q->waiting_count--;
        give_back(q, CONTAINER_OF(CONTAINER_OF(link, struct message, link), struct job, msg), true);
    }
    pthread_mutex_unlock(&q->lock);
}

bool job_queue_join(struct job_queue *q, int64_t deadline_ms) {
    job_queue_stop(q);
    pthread_mutex_lock(&q->lock);
    while (q->threads > 0 && cond_wait_until(&q->changed, &q->lock, deadline_ms))
        ;
    bool ended = q->threads == 0;
    pthread_mutex_unlock(&q->lock);
    return ended;
}

struct job_queue *job_queue_free(struct job_queue *q) {
    if (q) {
        pthread_cond_destroy(&q->changed);
        pthread_mutex_destroy(&q->lock);
        free(q);
    }
    return NULL;
}
