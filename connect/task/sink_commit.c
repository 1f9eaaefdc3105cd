/* Offsets of a sink task: pre_commit, commit, rewinds. An offset is committed only after the connector said that
 * everything before it is safe. @source WorkerSinkTask.commitOffsets (distributed-worker 11.4) */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/calm.h"
#include "connect/kafka/client.h"
#include "connect/task/sink_task.h"

enum { MIN_INTERVAL_MS = 10, MAX_INTERVAL_MS = 1000 * 1000 * 1000 };
enum { SEEK_TIMEOUT_MS = 30 * 1000, SEEK_STEP_MS = 100, CLOSE_COMMIT_ATTEMPTS = 3 };

static void failed(const char *what, const char *why) {
    kc_log(KC_ERROR, LOG_SINK_TASK, "Commit of offsets failed: %s: %s, it is tried again with the next commit", what,
           why);
}

static void count_commit(struct sink_task *s, bool done) {
    task_counts_commit(&s->task->counts, done, clock_ms() - s->commit_begin_ms);
}

static void note_committed(struct sink_task *s, const rd_kafka_topic_partition_list_t *list) {
    for (int i = 0; list && i < list->cnt; i++) {
        struct sink_partition *p = sink_find(s, list->elems[i].topic, list->elems[i].partition);
        if (p)
            p->committed = list->elems[i].offset;
    }
}

/* Of the asynchronous commit with this sequence number; runs within sink_consume. */
static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque) {
    struct sink_task *s = ((struct sink_door *)rd_kafka_opaque(rk))->task;
    if (!s || !s->committing || (uintptr_t)opaque != s->commit_sequence) {
        kc_log(KC_DEBUG, LOG_SINK_TASK, "Late result of an earlier commit ignored");
        return;
    }
    s->committing = false;
    count_commit(s, !code);
    if (code)
        failed("the broker refused", rd_kafka_err2str(code));
    else
        note_committed(s, list);
}

static void commit_async(struct sink_task *s, rd_kafka_topic_partition_list_t *list) {
    rd_kafka_resp_err_t code = rd_kafka_commit_queue(s->rk, list, s->queue, on_commit, (void *)s->commit_sequence);
    if (code) {
        failed("it could not be sent", rd_kafka_err2str(code));
        s->committing = false;
        count_commit(s, false);
    }
}

/* Before partitions are given back or the task ends. */
static void commit_sync(struct sink_task *s, rd_kafka_topic_partition_list_t *list) {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int attempt = 0; attempt < CLOSE_COMMIT_ATTEMPTS; attempt++) {
        code = rd_kafka_commit(s->rk, list, /* async= */ 0);
        if (code != RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS && code != RD_KAFKA_RESP_ERR_NOT_COORDINATOR)
            break;
    }
    s->committing = false;
    count_commit(s, !code);
    if (code)
        kc_log(KC_ERROR, LOG_SINK_TASK, "Commit of offsets failed: %s; records may be delivered again",
               rd_kafka_err2str(code));
    else
        note_committed(s, list);
}

/* Positions as the connector sees them in pre_commit; *ret_count 0: nothing was read yet. */
static struct kc_topic_offset *positions(struct sink_partition *const *parts, size_t count, size_t *ret_count) {
    struct kc_topic_offset *offsets = calloc(count + 1, sizeof *offsets);
    if (!offsets)
        abort();
    *ret_count = 0;
    for (size_t i = 0; i < count; i++)
        if (parts[i]->position >= 0)
            offsets[(*ret_count)++] =
                (struct kc_topic_offset){parts[i]->topic->name, parts[i]->partition, parts[i]->position};
    return offsets;
}

/* What is to be committed: what the connector allows, or again what was committed last. NULL: nothing has changed. */
static rd_kafka_topic_partition_list_t *committable(struct sink_task *s, const struct kc_topic_offset *offsets,
                                                    size_t count) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        struct sink_partition *p = sink_find(s, offsets[i].topic, offsets[i].partition);
        if (!p)
            continue;
        int64_t offset = p->committed;
        if (offsets[i].offset > p->position)
            kc_log(KC_WARN, LOG_SINK_TASK,
                   "Ignoring invalid task provided offset %s-%" PRId32 "/%" PRId64
                   " -- not yet consumed, taskOffset=%" PRId64 " currentOffset=%" PRId64,
                   p->topic->name, p->partition, offsets[i].offset, offsets[i].offset, p->position);
        else if (offsets[i].offset >= 0)
            offset = offsets[i].offset;
        if (offset != p->committed)
            changed = true;
        if (offset >= 0)
            rd_kafka_topic_partition_list_add(list, p->topic->name, p->partition)->offset = offset;
    }
    if (changed)
        return list;
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

/* pre_commit failed: everything since the last commit is read again. */
static void read_again(struct sink_task *s) {
    for (size_t i = 0; i < s->assigned_count; i++) {
        struct sink_partition *p = s->assigned[i];
        if (p->committed >= 0 && p->committed != p->position) {
            p->rewind = p->committed;
            s->rewind_requested = true;
        }
    }
}

/* -1: nothing may be committed. */
static int pre_commit(struct sink_task *s, bool closing, struct kc_topic_offset *offsets, size_t count) {
    struct kc_error err = {0};
    if (!s->ops->pre_commit || s->ops->pre_commit(s->self, offsets, count, &err) == 0)
        return 0;
    if (closing) {
        kc_log(KC_WARN, LOG_SINK_TASK, "Offset commit failed during close: %s: %s", err.exception, err.text);
        return -1;
    }
    kc_log(KC_ERROR, LOG_SINK_TASK,
           "Offset commit failed, rewinding to last committed offsets: %s: %s, everything since then is read again",
           err.exception, err.text);
    read_again(s);
    return -1;
}

void sink_commit(struct sink_task *s, bool closing, struct sink_partition *const *parts, size_t count) {
    if (task_cancelled(s->task)) {
        if (closing)
            sink_close_partitions(s, parts, count);
        return;
    }
    s->commit_begin_ms = clock_ms();
    bool letters_safe = !s->dlq || dlq_wait(s->dlq, s->task->worker->offset_flush_timeout_ms);
    size_t known;
    struct kc_topic_offset *offsets = positions(parts, count, &known);
    rd_kafka_topic_partition_list_t *list = NULL;
    if (!letters_safe)
        failed("dead letters are not acknowledged yet", "timed out");
    if (known && pre_commit(s, closing, offsets, known) == 0 && letters_safe)
        list = committable(s, offsets, known);
    if (closing)
        sink_close_partitions(s, parts, count);
    if (list) {
        s->commit_sequence++;
        s->committing = true;
        s->commit_deadline_ms = clock_after_ms(s->task->worker->offset_flush_timeout_ms);
        if (closing)
            commit_sync(s, list);
        else
            commit_async(s, list);
        rd_kafka_topic_partition_list_destroy(list);
    }
    free(offsets);
}

void sink_schedule_commit(struct sink_task *s, int64_t now_ms) {
    int64_t interval = s->task->worker->offset_flush_interval_ms;
    interval = interval < MIN_INTERVAL_MS ? MIN_INTERVAL_MS : interval;
    s->next_commit_ms = now_ms + (interval > MAX_INTERVAL_MS ? MAX_INTERVAL_MS : interval);
}

void sink_commit_if_due(struct sink_task *s, int64_t now_ms) {
    if (s->committing && now_ms >= s->commit_deadline_ms) {
        kc_log(KC_WARN, LOG_SINK_TASK, "Commit of offsets timed out");
        count_commit(s, false);
        s->committing = false; /* a late result is known by its sequence number */
    }
    if (s->committing || (now_ms < s->next_commit_ms && !s->commit_requested))
        return;
    s->commit_requested = false;
    sink_schedule_commit(s, now_ms);
    sink_commit(s, false, s->assigned, s->assigned_count);
}

/* ---- Seeking ---- */

/* Partitions that cannot be sought yet (the consumer has not begun to fetch them). */
static int seek_once(struct sink_task *s, rd_kafka_topic_partition_list_t *list, struct kc_error *err) {
    rd_kafka_error_t *error = rd_kafka_seek_partitions(s->rk, list, SEEK_TIMEOUT_MS);
    if (error) {
        client_error(err, rd_kafka_error_code(error), "Could not seek");
        rd_kafka_error_destroy(error);
        return -1;
    }
    for (int i = list->cnt - 1; i >= 0; i--) {
        rd_kafka_resp_err_t code = list->elems[i].err;
        if (!code) {
            rd_kafka_topic_partition_list_del_by_idx(list, i);
        } else if (code != RD_KAFKA_RESP_ERR__STATE) {
            return client_error(err, code, "Could not seek %s-%" PRId32 " to %" PRId64, list->elems[i].topic,
                                list->elems[i].partition, list->elems[i].offset);
        }
    }
    return 0;
}

int sink_seek(struct sink_task *s, struct sink_partition *const *parts, const int64_t *offsets, size_t count,
              struct kc_error *err) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, parts[i]->topic->name, parts[i]->partition)->offset = offsets[i];
    int64_t deadline = clock_ms() + SEEK_TIMEOUT_MS;
    int rc = 0;
    calm_end(s->rk);
    while (list->cnt && (rc = seek_once(s, list, err)) == 0 && list->cnt) {
        if (task_stopping(s->task))
            break; /* what was not sought is not committed either */
        if (clock_ms() >= deadline) {
            rc = kc_fail(err, KC_CONNECT_EXCEPTION, "Could not seek %s-%" PRId32 " to %" PRId64 " within %d s",
                         list->elems[0].topic, list->elems[0].partition, list->elems[0].offset, SEEK_TIMEOUT_MS / 1000);
            break;
        }
        task_wait(s->task, SEEK_STEP_MS, task_target(s->task));
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

int sink_rewind(struct sink_task *s, struct kc_error *err) {
    if (!s->rewind_requested)
        return 0;
    s->rewind_requested = false;
    struct sink_partition **parts = calloc(s->assigned_count + 1, sizeof(struct sink_partition *));
    int64_t *offsets = calloc(s->assigned_count + 1, sizeof *offsets);
    if (!parts || !offsets)
        abort();
    size_t count = 0;
    for (size_t i = 0; i < s->assigned_count; i++) {
        struct sink_partition *p = s->assigned[i];
        if (p->rewind < 0)
            continue;
        parts[count] = p;
        offsets[count++] = p->position = p->committed = p->rewind;
        p->rewind = -1;
    }
    int rc = count ? sink_seek(s, parts, offsets, count, err) : 0;
    free(parts);
    free(offsets);
    return rc;
}
