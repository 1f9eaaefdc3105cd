/* Source offsets of one task: what was stored, and the commit of what Kafka has acknowledged. With
 * offsets.storage.topic the connector's own topic is written first and the worker's as well as possible.
 * @source OffsetStorageReaderImpl, OffsetStorageWriter, ConnectorOffsetBackingStore (distributed-worker 5.4, 12.4) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"
#include "connect/store/offset_keys.h"
#include "connect/task/source_task.h"

enum { MIN_INTERVAL_MS = 10, MAX_INTERVAL_MS = 1000 * 1000 * 1000 };

/* ---- Stores ---- */

static void schedule(struct source_task *s, int64_t now_ms) {
    int64_t interval = s->task->worker->offset_flush_interval_ms;
    interval = interval < MIN_INTERVAL_MS ? MIN_INTERVAL_MS : interval;
    s->next_commit_ms = now_ms + (interval > MAX_INTERVAL_MS ? MAX_INTERVAL_MS : interval);
}

int source_offsets_init(struct source_task *s, struct kc_error *err) {
    struct task *t = s->task;
    schedule(s, clock_ms());
    s->stores = own_offsets(t->worker, t->offsets, t->connector, t->number, t->connector_config);
    return s->stores.own ? offset_store_start(s->stores.own, err) : 0;
}

void source_offsets_done(struct source_task *s) {
    s->stores.own = offset_store_free(s->stores.own);
}

static struct offset_store *primary(const struct source_task *s) {
    return offset_stores_first(&s->stores);
}

/* NULL: there is one store only */
static struct offset_store *secondary(const struct source_task *s) {
    return offset_stores_second(&s->stores);
}

/* ---- For the connector ---- */

int source_context_offset(struct kc_source_context *ctx, struct kc_arena *arena, const struct kc_value *partition,
                          struct kc_value *ret_offset, struct kc_error *err) {
    struct source_task *s = ctx->worker;
    struct task *t = s->task;
    int64_t timeout = t->worker->offset_flush_timeout_ms;
    *ret_offset = kc_null();
    if (offset_store_get(primary(s), t->connector, partition, timeout, arena, ret_offset, err) < 0)
        return -1;
    if (ret_offset->tag != KC_V_NULL || !secondary(s))
        return 0;
    return offset_store_get(secondary(s), t->connector, partition, timeout, arena, ret_offset, err);
}

const struct kc_source_partition *source_context_partition(struct kc_source_context *ctx,
                                                           const struct kc_value *partition) {
    struct source_task *s = ctx->worker;
    struct kc_error err = {0};
    size_t len;
    char *key = offset_store_key(primary(s), s->task->connector, partition, &len, &err);
    if (!key) {
        source_fail(s, &err);
        return NULL;
    }
    return acks_partition(s->acks, key, len);
}

/* ---- Commit ---- */

static bool add_entry(void *arg, struct kc_source_partition *part) {
    struct source_flush *f = arg;
    if (f->failed || offset_check(&part->committable, &f->err) < 0) {
        f->failed = true;
        return false;
    }
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? f->capacity * 2 : 64;
        f->entries =
            arena_grow(f->arena, f->entries, f->capacity * sizeof(*f->entries), capacity * sizeof(*f->entries));
        f->capacity = capacity;
    }
    struct offset_entry *e = &f->entries[f->count++];
    *e = (struct offset_entry){.key = part->key, .key_len = part->key_len};
    if (part->committable.tag != KC_V_NULL)
        e->value = kc_value_to_json(f->arena, &part->committable, &e->value_len);
    return false;
}

int source_flush_collect(struct source_task *s, struct source_flush *f, struct kc_error *err) {
    acks_each_dirty(s->acks, add_entry, f);
    if (!f->failed)
        return 0;
    *err = f->err;
    return -1;
}

void source_flush_copy(struct source_task *s, const struct source_flush *f, int64_t timeout_ms) {
    struct kc_error err = {0};
    struct offset_store *second = secondary(s);
    if (second && f->count && offset_store_set(second, f->entries, f->count, timeout_ms, &err) < 0)
        kc_log(KC_WARN, LOG_SOURCE_TASK, "Offsets are in topic %s but not in the worker's: %s",
               s->task->conf.offsets_topic, err.text);
}

static int write_entries(struct source_task *s, const struct source_flush *f, int64_t timeout_ms,
                         struct kc_error *err) {
    struct offset_store *second = secondary(s);
    for (size_t i = 0; second && i < f->count; i++) /* tombstones go to the second store first */
        if (!f->entries[i].value && offset_store_set(second, &f->entries[i], 1, timeout_ms, err) < 0)
            return -1;
    if (offset_store_set(primary(s), f->entries, f->count, timeout_ms, err) < 0)
        return -1;
    source_flush_copy(s, f, timeout_ms);
    return 0;
}

/* What fails stays dirty and is written with the next commit, newer offsets winning. */
static void commit(struct source_task *s, int64_t timeout_ms) {
    if (!source_errors_safe(s, timeout_ms)) {
        kc_log(KC_ERROR, LOG_SOURCE_TASK,
               "WorkerSourceTask{id=%s-%d} Failed to commit offsets: dead letters are not acknowledged yet, trying "
               "again with the next commit",
               s->task->connector, s->task->number);
        return;
    }
    if (!acks_any_dirty(s->acks)) {
        if (s->ops->commit)
            s->ops->commit(s->self);
        return;
    }
    struct source_flush f = {.arena = arena_new(0)};
    int64_t begin_ms = clock_ms();
    bool written = source_flush_collect(s, &f, &f.err) == 0 && write_entries(s, &f, timeout_ms, &f.err) == 0;
    task_counts_commit(&s->task->counts, written, clock_ms() - begin_ms);
    if (!written) {
        kc_log(KC_ERROR, LOG_SOURCE_TASK,
               "WorkerSourceTask{id=%s-%d} Failed to commit offsets: %s: %s, trying again with the next commit",
               s->task->connector, s->task->number, f.err.exception, f.err.text);
    } else {
        acks_stored(s->acks);
        kc_log(KC_DEBUG, LOG_SOURCE_TASK, "Offsets of %zu source partitions committed", f.count);
        if (s->ops->commit)
            s->ops->commit(s->self);
    }
    arena_free(f.arena);
}

void source_commit_if_due(struct source_task *s, int64_t now_ms) {
    if (s->tx.on || now_ms < s->next_commit_ms || s->failed)
        return;
    commit(s, s->task->worker->offset_flush_timeout_ms);
    schedule(s, clock_ms());
}

void source_commit_last(struct source_task *s) {
    int64_t deadline = clock_after_ms(s->task->worker->offset_flush_timeout_ms);
    /* Not acks_outstanding: a record that was refused never gets its acknowledgement. */
    do
        source_serve(s, rd_kafka_outq_len(s->rk) ? 50 : 0);
    while (rd_kafka_outq_len(s->rk) && !task_cancelled(s->task) && clock_ms() < deadline);
    if (task_cancelled(s->task))
        return;
    if (acks_outstanding(s->acks))
        kc_log(KC_WARN, LOG_SOURCE_TASK, "%zu records are not acknowledged; they will be read again",
               acks_outstanding(s->acks));
    int64_t left = deadline - clock_ms();
    commit(s, left > 1000 ? left : 1000);
}
