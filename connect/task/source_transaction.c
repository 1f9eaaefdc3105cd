/* Exactly-once source tasks: the records of a transaction and the source offsets behind them are committed together, by
 * the task's own transactional producer. The start waits until the producers of earlier tasks are fenced; where
 * transactions end is decided here. All on the thread of the task.
 * @source ExactlyOnceWorkerSourceTask, WorkerTransactionContext (distributed-worker 9.2, 9.3) */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"
#include "connect/kafka/transaction.h"
#include "connect/task/source_task.h"

enum {
    DELIVER_MS = 100,       /* how long one look at outstanding records waits */
    CLOSE_ABORT_MS = 5000,  /* for a transaction that nobody commits any more */
    SECOND_STORE_MS = 30000 /* for the copy of offsets in the worker's topic */
};
#define MARK_COMMIT 1
#define MARK_ABORT  2
#define UNDELIVERED INT64_MIN /* as a record's offset: it was aborted before it was written */
#define LOGGER      "org.apache.kafka.connect.runtime.ExactlyOnceWorkerSourceTask"

static bool is_cancelled(void *arg) {
    return task_cancelled(arg);
}

static struct transaction_limits until_cancelled(const struct source_task *s) {
    return (struct transaction_limits){.timeout_ms = -1, .stop = is_cancelled, .arg = s->task};
}

/* Java's explanations of what has happened to a transaction. */
static int failed(const struct source_task *s, struct kc_error *err) {
    const struct task *t = s->task;
    if (s->tx.open && clock_ms() - s->tx.opened_ms >= s->tx.timeout_ms) { /* then the brokers end it */
        if (strcmp(err->exception, "org.apache.kafka.common.errors.ProducerFencedException") == 0)
            err_set_class(err, ERR_KAFKA, "org.apache.kafka.common.errors.InvalidProducerEpochException",
                          "Producer attempted to produce with an old epoch.");
        return err_wrap(
            err, KC_CONNECT_EXCEPTION,
            "The task %s-%d was unable to finish writing records to Kafka before its producer transaction expired. It "
            "may be necessary to reconfigure this connector in order for it to run healthily with exactly-once "
            "support. Options for this include: tune the connector's producer configuration for higher throughput, "
            "increase the transaction timeout for the connector's producers, decrease the offset commit interval (if "
            "using interval-based transaction boundaries), or use the 'poll' transaction boundary (if the connector is "
            "not already configured to use it).",
            t->connector, t->number);
    }
    return err_wrap(err, KC_CONNECT_EXCEPTION, "Failed to flush offsets and/or records for task %s-%d", t->connector,
                    t->number);
}

/* ---- What connectors ask for ---- */

static void ask_commit(struct kc_transaction_context *ctx) {
    ((struct source_task *)ctx->worker)->tx.commit_batch = true;
}

static void ask_abort(struct kc_transaction_context *ctx) {
    ((struct source_task *)ctx->worker)->tx.abort_batch = true;
}

static void mark(struct kc_transaction_context *ctx, const struct kc_record *record, uint8_t what) {
    struct source_task *s = ctx->worker;
    struct source_batch *sb = s->tx.polling;
    if (!sb || record < sb->batch.records || record >= sb->batch.records + sb->batch.count) {
        struct kc_error err = {0};
        kc_fail(&err, "java.lang.IllegalArgumentException",
                "Source record used to define transaction boundaries must be one of the batch that is being polled");
        source_fail(s, &err);
        return;
    }
    if (!sb->marks)
        sb->marks = kc_arena_zalloc(sb->batch.arena, sb->batch.capacity);
    sb->marks[record - sb->batch.records] |= what;
}

static void ask_commit_record(struct kc_transaction_context *ctx, const struct kc_record *record) {
    mark(ctx, record, MARK_COMMIT);
}

static void ask_abort_record(struct kc_transaction_context *ctx, const struct kc_record *record) {
    mark(ctx, record, MARK_ABORT);
}

/* ---- Start ---- */

static void set_boundary(struct source_task *s) {
    struct task *t = s->task;
    const char *boundary = t->conf.transaction_boundary;
    const char *interval = kc_config_get(t->connector_config, "transaction.boundary.interval.ms");
    s->tx.boundary = strcasecmp(boundary, "interval") == 0    ? BOUNDARY_INTERVAL
                     : strcasecmp(boundary, "connector") == 0 ? BOUNDARY_CONNECTOR
                                                              : BOUNDARY_POLL;
    s->tx.interval_ms = interval ? strtoll(interval, NULL, 10) : t->worker->offset_flush_interval_ms;
    if (s->tx.boundary != BOUNDARY_CONNECTOR)
        return;
    s->tx.ctx = (struct kc_transaction_context){.worker = s,
                                                .commit = ask_commit,
                                                .abort = ask_abort,
                                                .commit_record = ask_commit_record,
                                                .abort_record = ask_abort_record};
    s->ctx.transaction = &s->tx.ctx;
}

int transaction_start(struct source_task *s, struct kc_error *err) {
    struct task *t = s->task;
    struct transaction_limits limits = {.timeout_ms = -1, .stop = is_cancelled, .arg = t};
    set_boundary(s);
    if (t->guard->fence(t->guard_arg, t->connector, t->number, &t->stop, err) < 0 || source_open_producer(s, err) < 0 ||
        transaction_init(s->rk, &limits, err) < 0)
        return -1;
    if (task_stopping(t))
        return err_set(err, ERR_STOPPING, "The task is being stopped");
    return t->guard->verify(t->guard_arg, t->connector, t->number, t->config_generation, &t->stop, err);
}

rd_kafka_conf_t *transaction_producer_conf(struct source_task *s, const struct kc_config *props, struct kc_error *err) {
    struct task *t = s->task;
    AUTO_TEXT id = task_transactional_id(t->worker, t->connector, t->number);
    s->tx.timeout_ms = client_number(CLIENT_PRODUCER, props, "transaction.timeout.ms");
    return transaction_conf(props, id, "for connectors when exactly-once source support is enabled", err);
}

void transaction_resume(struct source_task *s) {
    s->tx.last_commit_ms = clock_ms();
}

/* ---- Records ---- */

static int open_transaction(struct source_task *s, struct kc_error *err) {
    if (s->tx.open)
        return 0;
    if (transaction_begin(s->rk, err) < 0)
        return -1;
    s->tx.open = true;
    s->tx.opened_ms = clock_ms();
    return 0;
}

int transaction_before_record(struct source_task *s, const struct kc_record *r, struct kc_error *err) {
    if (strcmp(r->topic, offset_store_topic(offset_stores_first(&s->stores))) == 0)
        return err_set_class(err, ERR_INTERNAL, KC_CONNECT_EXCEPTION,
                             "Source tasks may not produce to their own offsets topics when exactly-once support is "
                             "enabled");
    return open_transaction(s, err) < 0 ? failed(s, err) : 0;
}

void transaction_delivered(struct source_task *s, struct ack *ack, struct kc_record *r, const rd_kafka_message_t *m) {
    struct kc_error err = {0};
    bool purged = m->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || m->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
    if (m->err && !(purged && s->tx.aborting)) {
        if (purged) /* the task is at its end */
            return;
        if (transaction_check(s->rk, &err) == 0)
            client_undelivered(&err, m);
        failed(s, &err);
        err.retriable = false;
        source_fail(s, &err);
        return;
    }
    if (!ack) /* of the offsets */
        return;
    r->offset = m->err ? UNDELIVERED : m->offset >= 0 ? m->offset : -1;
    acks_ack(s->acks, ack);
}

/* ---- Commit and abort ---- */

/* Waits until everything that was sent has its delivery report. */
static int deliver(struct source_task *s, struct kc_error *err) {
    s->round++;
    while (!s->failed && rd_kafka_flush(s->rk, DELIVER_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
        if (task_cancelled(s->task))
            return err_set(err, ERR_STOPPING, "The task is being stopped");
        if (transaction_check(s->rk, err) < 0)
            return failed(s, err);
    }
    acks_advance(s->acks);
    if (!s->failed)
        return 0;
    *err = s->failure;
    return -1;
}

/* Waits until the dead letters of records that the next offsets go past are acknowledged. */
static int deliver_letters(struct source_task *s, struct kc_error *err) {
    while (!source_errors_safe(s, DELIVER_MS)) {
        if (task_cancelled(s->task))
            return err_set(err, ERR_STOPPING, "The task is being stopped");
        if (s->tx.open && clock_ms() - s->tx.opened_ms >= s->tx.timeout_ms)
            return err_set(err, ERR_TIMEOUT, "Dead letters for topic %s were not acknowledged in time",
                           s->task->conf.dlq_topic);
    }
    return 0;
}

/* The records that were sent are committed: the connector hears of them, in their order. */
static void confirm(struct source_task *s) {
    for (struct list *item = s->in_flight.next, *next; item != &s->in_flight; item = next) {
        struct source_batch *sb = CONTAINER_OF(item, struct source_batch, link);
        next = item->next;
        for (; s->ops->commit_record && sb->confirmed < sb->next; sb->confirmed++) {
            struct kc_record *r = &sb->batch.records[sb->confirmed];
            if (r->offset != UNDELIVERED)
                s->ops->commit_record(s->self, r);
        }
        sb->confirmed = sb->next;
        source_batch_done(s, sb);
    }
}

static int commit_with_offsets(struct source_task *s, const struct source_flush *f, struct kc_error *err) {
    struct transaction_limits limits = until_cancelled(s);
    struct offset_store *second = offset_stores_second(&s->stores);
    if (open_transaction(s, err) < 0)
        return -1;
    for (size_t i = 0; second && i < f->count; i++) { /* tombstones go to the second store first */
        if (!f->entries[i].value && offset_store_set(second, &f->entries[i], 1, SECOND_STORE_MS, err) < 0)
            return -1;
    }
    if (f->count && offset_store_produce(offset_stores_first(&s->stores), s->rk, f->entries, f->count, err) < 0)
        return -1;
    if (transaction_commit(s->rk, &limits, err) < 0)
        return -1;
    s->tx.open = false;
    return 0;
}

static int commit(struct source_task *s, struct kc_error *err) {
    if (deliver(s, err) < 0)
        return -1;
    bool anything = s->tx.open || acks_any_dirty(s->acks);
    if (anything) {
        struct source_flush f = {.arena = arena_new(0)};
        int64_t begin_ms = clock_ms();
        int rc = deliver_letters(s, err);
        if (rc == 0)
            rc = source_flush_collect(s, &f, err);
        if (rc == 0)
            rc = commit_with_offsets(s, &f, err);
        if (rc == 0) {
            acks_stored(s->acks);
            source_flush_copy(s, &f, SECOND_STORE_MS);
            kc_log(KC_DEBUG, LOGGER, "Transaction with the offsets of %zu source partitions committed", f.count);
        }
        arena_free(f.arena);
        task_counts_commit(&s->task->counts, rc == 0, clock_ms() - begin_ms);
        if (rc < 0)
            return failed(s, err);
    }
    confirm(s);
    if (s->ops->commit)
        s->ops->commit(s->self);
    return 0;
}

static int abort_transaction(struct source_task *s, struct kc_error *err) {
    struct transaction_limits limits = until_cancelled(s);
    if (!s->tx.open) {
        kc_log(KC_WARN, LOGGER, "Ignoring request by task to abort transaction as the current transaction is empty");
        return 0;
    }
    s->tx.aborting = true;
    int rc = transaction_abort(s->rk, &limits, err);
    s->tx.aborting = false;
    s->tx.open = false;
    return rc < 0 ? failed(s, err) : 0;
}

/* ---- Boundaries ---- */

/* What the connector wants, once: -1 both at once, 0 nothing, 1 the transaction is to be committed (after an abort: one
 * with the offsets only). */
static int wanted(struct source_task *s, bool commit_it, bool abort_it, const char *where, struct kc_error *err) {
    if (commit_it && abort_it)
        return err_set_class(err, ERR_INTERNAL, "java.lang.IllegalStateException",
                             "Connector requested both commit and abort of same %s", where);
    if (!abort_it)
        return commit_it;
    kc_log(KC_INFO, LOGGER, "Aborting the transaction as requested by the connector (%s)", where);
    return abort_transaction(s, err) < 0 ? -1 : 1;
}

static int batch_wanted(struct source_task *s, struct kc_error *err) {
    bool commit_it = s->tx.commit_batch, abort_it = s->tx.abort_batch;
    s->tx.commit_batch = s->tx.abort_batch = false;
    return wanted(s, commit_it, abort_it, "transaction", err);
}

int transaction_after_record(struct source_task *s, struct source_batch *sb, uint32_t index, struct kc_error *err) {
    const struct kc_record *r = &sb->batch.records[index];
    uint8_t marks = sb->marks ? sb->marks[index] : 0;
    char where[400];
    if (!marks)
        return 0;
    snprintf(where, sizeof(where), "record against topic/partition %.249s/%d", r->topic ? r->topic : "null",
             (int)r->partition);
    int rc = wanted(s, marks & MARK_COMMIT, marks & MARK_ABORT, where, err);
    return rc > 0 ? commit(s, err) : rc;
}

int transaction_after_batch(struct source_task *s, struct kc_error *err) {
    int64_t now = clock_ms();
    int rc;
    switch (s->tx.boundary) {
    case BOUNDARY_POLL:
        return commit(s, err);
    case BOUNDARY_INTERVAL:
        /* Early when the memory of records that the connector must still hear of becomes too much. */
        if (now < clock_add_ms(s->tx.last_commit_ms, s->tx.interval_ms) && s->held_bytes <= s->held_max_bytes)
            return 0;
        s->tx.last_commit_ms = now;
        return commit(s, err);
    default:
        rc = batch_wanted(s, err);
        return rc > 0 ? commit(s, err) : rc;
    }
}

int transaction_pause(struct source_task *s, struct kc_error *err) {
    if (s->tx.boundary != BOUNDARY_CONNECTOR)
        return commit(s, err);
    int rc = batch_wanted(s, err);
    return rc > 0 ? commit(s, err) : rc;
}

void transaction_end(struct source_task *s, bool well) {
    struct kc_error err = {0};
    struct transaction_limits limits = {.timeout_ms = CLOSE_ABORT_MS, .stop = is_cancelled, .arg = s->task};
    if (well && s->started && !task_cancelled(s->task) && transaction_pause(s, &err) < 0)
        kc_log(KC_ERROR, LOGGER,
               "The last transaction of task %s-%d was not committed: %s: %s; its records will come again",
               s->task->connector, s->task->number, err.exception, err.text);
    if (s->rk && s->tx.open && transaction_check(s->rk, &err) == 0 && !task_cancelled(s->task) &&
        transaction_abort(s->rk, &limits, &err) < 0)
        kc_log(KC_WARN, LOGGER,
               "The open transaction of task %s-%d was not aborted: %s; readers of committed records "
               "wait for its time-out",
               s->task->connector, s->task->number, err.text);
    s->tx.open = false;
}
