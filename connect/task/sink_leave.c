/* The end of a sink task's consumer. A broker reads nothing behind a JoinGroup that it has not answered, and with
 * others of the group still to come that takes up to their heartbeat: a consumer that is stopped meanwhile cannot
 * leave, and librdkafka waits five seconds for it. A task need not: while it joins it has no partitions, so nothing of
 * it is left to do, and its work may begin elsewhere. sink_leave, called by the task as its last step, closes the
 * consumer on a thread of its own and waits a moment for it. After that the thread ends by itself; the worker counts
 * those that are under way (task_leavers_join). What librdkafka still calls finds the door (struct sink_door) closed.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/thread.h"
#include "connect/kafka/client.h"
#include "connect/task/sink_task.h"

enum { PATIENCE_MS = 300 };

struct leaver { /* of the two that share it the last one frees it */
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    struct sink_door *door;
    char name[256];       /* of the task */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    bool done, alone; /* alone: the task does not wait any more */
};

static pthread_mutex_t under_way_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t under_way_changed = PTHREAD_COND_INITIALIZER;
static int under_way; /* threads that nobody joins */

static void close_consumer(rd_kafka_t *rk, rd_kafka_queue_t *queue, struct sink_door *door) {
    if (rk)
        rd_kafka_consumer_close(rk);
    if (queue)
        rd_kafka_queue_destroy(queue);
    client_free(rk);
    free(door);
}

static void leaver_free(struct leaver *l) {
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void *leave(void *arg) {
    struct leaver *l = arg;
    close_consumer(l->rk, l->queue, l->door);
    pthread_mutex_lock(&l->lock);
    l->done = true;
    bool alone = l->alone;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    if (!alone)
        return NULL; /* the task joins and frees */
    kc_log(KC_DEBUG, LOG_SINK_TASK, "The consumer of task %s has left its group", l->name);
    leaver_free(l);
    pthread_mutex_lock(&under_way_lock);
    under_way--;
    pthread_cond_broadcast(&under_way_changed);
    pthread_mutex_unlock(&under_way_lock);
    return NULL;
}

/* Whether it was done in time. */
static bool await(struct leaver *l) {
    int64_t until_ms = clock_after_ms(PATIENCE_MS);
    pthread_mutex_lock(&l->lock);
    while (!l->done && cond_wait_until(&l->changed, &l->lock, until_ms))
        ;
    bool done = l->done;
    if (!done) {
        pthread_mutex_lock(&under_way_lock);
        under_way++;
        pthread_mutex_unlock(&under_way_lock);
        l->alone = true;
    }
    pthread_mutex_unlock(&l->lock);
    return done;
}

void sink_leave(struct sink_task *s) {
    struct leaver *l = s->rk && s->assigned_count == 0 && task_stopping(s->task) ? calloc(1, sizeof(*l)) : NULL;
    if (!l) {
        close_consumer(s->rk, s->queue, s->door);
        return;
    }
    pthread_t thread;
    s->door->task = NULL;
    *l = (struct leaver){.rk = s->rk, .queue = s->queue, .door = s->door};
    snprintf(l->name, sizeof(l->name), "%s-%d", s->task->connector, s->task->number);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    if (thread_start(&thread, "sink-leave", leave, l, NULL) < 0) {
        close_consumer(s->rk, s->queue, s->door);
        leaver_free(l);
    } else if (await(l)) {
        pthread_join(thread, NULL);
        leaver_free(l);
    } else {
        kc_log(KC_INFO, LOG_SINK_TASK, "The consumer is just joining its group and leaves it later, on its own");
        pthread_detach(thread);
    }
}

bool task_leavers_join(int64_t deadline_ms) {
    pthread_mutex_lock(&under_way_lock);
    while (under_way > 0 && cond_wait_until(&under_way_changed, &under_way_lock, deadline_ms))
        ;
    bool none = under_way == 0;
    pthread_mutex_unlock(&under_way_lock);
    return none;
}
