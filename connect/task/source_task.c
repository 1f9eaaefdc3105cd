/* A source task from start to end: poll, transform, convert, send, commit.
 * Runs on the thread of its task (task.c), owns the producer, ends when the task is told to stop or something fails.
 * @source AbstractWorkerSourceTask, WorkerSourceTask (distributed-worker 12) */
#include "connect/task/source_task.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"

enum {
    BATCH_RECORDS = 2000,
    FREE_BATCHES_MAX = 32, /* kept for the next polls */
    QUICK_POLL_MS = 5,     /* a poll that is shorter and gives nothing did not wait */
    IDLE_WAIT_MS = 100,    /* then the task waits for it */
    SEND_BACKOFF_MS = 100, /* after a retriable failure to send */
    POLL_ERROR_BACKOFF_MS = 500,
    HELD_SERVE_MS = 10, /* while too much memory waits for acknowledgements */
    HELD_MAX_BYTES = 64 * 1024 * 1024,
    HELD_SHARE = 8,      /* of kconnect.memory.limit, when that is less */
    PAUSED_SERVE_MS = 50 /* how often a paused task looks for acknowledgements that are still outstanding */
};

/* ---- Batches ---- */

static struct source_batch *batch_new(struct source_task *s) {
    struct source_batch *sb = s->free_batches;
    if (sb) {
        s->free_batches = sb->next_free;
        s->free_count--;
    } else {
        sb = calloc(1, sizeof *sb);
        if (!sb)
            abort();
        sb->batch.arena = arena_new(0);
        list_init(&sb->link);
    }
    /* The connector fills one array that is always the same; what it used is moved into the arena afterwards. */
    sb->batch.records = s->polled;
    sb->batch.capacity = BATCH_RECORDS;
    sb->batch.count = 0;
    sb->next = sb->held = sb->confirmed = 0;
    sb->marks = NULL;
    sb->sent = false;
    list_append(&s->in_flight, &sb->link);
    return sb;
}

static void batch_keep_records(struct source_task *s, struct source_batch *sb) {
    size_t count = sb->batch.count;
    struct kc_record *records = kc_arena_alloc(sb->batch.arena, count * sizeof(*records));
    memcpy(records, sb->batch.records, count * sizeof(*records));
    sb->batch.records = records;
    sb->batch.capacity = sb->batch.count;
    sb->acks = kc_arena_zalloc(sb->batch.arena, count * sizeof(*sb->acks));
    sb->bytes = arena_used(sb->batch.arena);
    s->held_bytes += sb->bytes;
}

static void batch_free(struct source_batch *sb) {
    arena_free(sb->batch.arena);
    free(sb);
}

/* Nobody needs its records any more. */
static void batch_recycle(struct source_task *s, struct source_batch *sb) {
    list_remove(&sb->link);
    s->held_bytes -= sb->bytes;
    sb->bytes = 0;
    if (s->free_count == FREE_BATCHES_MAX) {
        batch_free(sb);
        return;
    }
    arena_reset(sb->batch.arena);
    sb->next_free = s->free_batches;
    s->free_batches = sb;
    s->free_count++;
}

void source_batch_done(struct source_task *s, struct source_batch *sb) {
    bool unconfirmed = s->tx.on && s->ops->commit_record && sb->confirmed < sb->batch.count;
    if (sb->held == 0 && sb->sent && !unconfirmed)
        batch_recycle(s, sb);
}

static void on_release(void *arg, struct ack *ack) {
    struct source_batch *sb = ack->owner;
    sb->held--;
    source_batch_done(arg, sb);
}

/* A source with nothing to do keeps one batch, one at its end none. */
static void trim_free_batches(struct source_task *s, unsigned keep) {
    while (s->free_count > keep) {
        struct source_batch *sb = s->free_batches;
        s->free_batches = sb->next_free;
        s->free_count--;
        batch_free(sb);
    }
}

/* ---- Start ---- */

static bool context_stopping(const struct kc_source_context *ctx) {
    return task_stopping(((struct source_task *)ctx->worker)->task);
}

static void context_wait(struct kc_source_context *ctx, int64_t ms) {
    struct source_task *s = ctx->worker;
    task_wait(s->task, ms, TARGET_STARTED);
}

void source_fail(struct source_task *s, const struct kc_error *err) {
    if (!s->failed)
        s->failure = *err;
    s->failed = true;
}

static int start(struct source_task *s, struct kc_error *err) {
    struct task *t = s->task;
    s->ctx = (struct kc_source_context){
        .worker = s,
        .connector = t->connector,
        .task = t->number,
        .config = t->task_config,
        .stopping = context_stopping,
        .offset = source_context_offset,
        .partition = source_context_partition,
        .wait = context_wait,
    };
    s->tx.on = t->guard != NULL;
    if (topic_creation_new(t->connector_config, t->worker->topic_creation, &s->creation, err) < 0 ||
        source_errors_init(s, err) < 0 || (s->tx.on ? transaction_start(s, err) : source_open_producer(s, err)) < 0 ||
        source_offsets_init(s, err) < 0)
        return -1;
    if (s->ops->start && s->ops->start(&s->ctx, t->plugin_conf, &s->self, err) < 0)
        return -1;
    s->started = true;
    kc_log(KC_INFO, LOG_SOURCE_TASK, "WorkerSourceTask{id=%s-%d} Source task finished initialization and start",
           t->connector, t->number);
    return 0;
}

/* ---- One round ---- */

static void stay_paused(struct source_task *s) {
    struct task *t = s->task;
    struct kc_error err = {0};
    task_status(t, STATE_PAUSED, NULL);
    if (s->tx.on && transaction_pause(s, &err) < 0) /* an open one would be in the way, and expire */
        source_fail(s, &err);
    while (!task_stopping(t) && task_target(t) == TARGET_PAUSED && !s->failed) {
        source_serve(s, 0);
        int64_t now = clock_ms();
        source_commit_if_due(s, now);
        task_wait(t, acks_outstanding(s->acks) ? PAUSED_SERVE_MS : s->next_commit_ms - now, TARGET_PAUSED);
    }
    transaction_resume(s);
    if (!task_stopping(t) && !s->failed)
        task_status(t, STATE_RUNNING, NULL);
}

/* Nothing was polled. */
static int nothing_polled(struct source_task *s, int64_t polled_ms, struct kc_error *err) {
    if (s->tx.on && transaction_after_batch(s, err) < 0)
        return -1;
    if (polled_ms < QUICK_POLL_MS)
        task_wait(s->task, IDLE_WAIT_MS, TARGET_STARTED);
    return 0;
}

/* The next batch, or none. -1: the task fails. */
static int poll_once(struct source_task *s, struct kc_error *err) {
    struct source_batch *sb = batch_new(s);
    int64_t before = clock_ms();
    s->tx.polling = sb;
    int rc = s->ops->poll(s->self, &sb->batch, err);
    s->tx.polling = NULL;
    if (rc < 0) {
        sb->sent = true;
        batch_recycle(s, sb);
        if (!err->retriable)
            return -1;
        task_conceal(s->task, err);
        kc_log(KC_WARN, LOG_SOURCE_TASK,
               "WorkerSourceTask{id=%s-%d} failed to poll records from SourceTask. Will retry operation. %s: %s",
               s->task->connector, s->task->number, err->exception, err->text);
        task_wait(s->task, POLL_ERROR_BACKOFF_MS, TARGET_STARTED);
        return nothing_polled(s, POLL_ERROR_BACKOFF_MS, err);
    }
    if (sb->batch.count == 0) {
        batch_recycle(s, sb);
        trim_free_batches(s, 1);
        return nothing_polled(s, clock_ms() - before, err);
    }
    task_counts_add(&s->task->counts, COUNT_READ, sb->batch.count);
    task_counts_add(&s->task->counts, COUNT_POLLS, 1);
    batch_keep_records(s, sb);
    s->current = sb;
    return 0;
}

/* -1: the task fails. */
static int send_current(struct source_task *s, struct kc_error *err) {
    int rc = source_send(s, err);
    if (rc < 0)
        return -1;
    if (rc == 0) { /* the rest in the next round */
        source_serve(s, SEND_BACKOFF_MS);
        return 0;
    }
    struct source_batch *sb = s->current;
    s->current = NULL;
    rc = tolerance_end(&s->task->tolerance, &sb->batch, err);
    sb->sent = true;
    source_batch_done(s, sb);
    return rc == 0 && s->tx.on ? transaction_after_batch(s, err) : rc;
}

static int round_once(struct source_task *s, struct kc_error *err) {
    source_serve(s, 0);
    source_commit_if_due(s, clock_ms());
    if (task_target(s->task) == TARGET_PAUSED)
        stay_paused(s);
    if (s->failed) {
        *err = s->failure;
        return -1;
    }
    if (task_stopping(s->task))
        return 0;
    if (s->held_bytes > s->held_max_bytes && !s->tx.on) { /* one partition of a topic lags behind the others */
        source_serve(s, HELD_SERVE_MS);
        return s->current ? send_current(s, err) : 0;
    }
    if (!s->current) {
        if (poll_once(s, err) < 0)
            return -1;
        if (s->failed || !s->current)
            return 0;
        source_convert(s);
    }
    return send_current(s, err);
}

/* ---- End ---- */

/* 1. what was acknowledged is committed, 2. the producer goes, so that nobody reads records any more, 3. the connector
 * stops,
 * 4. all memory. */
static void end(struct source_task *s, bool well) {
    if (s->tx.on)
        transaction_end(s, well);
    else if (s->started)
        source_commit_last(s);
    source_close_producer(s);
    if (s->started && s->ops->stop)
        s->ops->stop(s->self);
    source_errors_done(s);
    source_offsets_done(s);
    topic_creation_free(s->creation);
    acks_free(s->acks);
    for (struct list *item = s->in_flight.next, *next; item != &s->in_flight; item = next) {
        next = item->next;
        batch_free(CONTAINER_OF(item, struct source_batch, link));
    }
    trim_free_batches(s, 0);
    free(s->polled);
}

int source_task_run(struct task *t, struct kc_error *err) {
    struct source_task s = {.task = t, .ops = t->plugin->source_task};
    list_init(&s.in_flight);
    s.topics = map_new(free);
    s.held_max_bytes = HELD_MAX_BYTES;
    if (t->worker->memory_limit_bytes / HELD_SHARE < HELD_MAX_BYTES)
        s.held_max_bytes = (size_t)t->worker->memory_limit_bytes / HELD_SHARE;
    s.acks = acks_new(on_release, &s);
    s.polled = calloc(BATCH_RECORDS, sizeof(*s.polled));
    if (!s.polled)
        abort();
    t->kind = &s;
    t->tolerance.report = source_report;
    t->tolerance.where = source_where;
    int rc = start(&s, err);
    if (rc == 0) {
        task_status(t, STATE_RUNNING, NULL);
        transaction_resume(&s);
        while (rc == 0 && !task_stopping(t))
            rc = round_once(&s, err);
    }
    end(&s, rc == 0);
    t->kind = NULL;
    return rc < 0 && err->code == ERR_STOPPING && task_stopping(t) ? 0 : rc;
}
