/* What a sink connector may ask of the worker (struct kc_sink_context). Called on the task's thread inside a callback.
 */
#include <string.h>

#include "connect/base/err.h"
#include "connect/task/sink_task.h"

static struct sink_task *sink_of(const struct kc_sink_context *ctx) {
    return ctx->worker;
}

static void request_commit(struct kc_sink_context *ctx) {
    sink_of(ctx)->commit_requested = true;
}

static void set_paused(struct sink_task *s, const struct kc_topic_partition *tps, size_t count, bool paused) {
    for (size_t i = 0; i < count; i++) {
        struct sink_partition *p = sink_find(s, tps[i].topic, tps[i].partition);
        if (p)
            p->paused = paused;
        else
            kc_log(KC_WARN, LOG_SINK_TASK, "%s-%d is not assigned: it cannot be %s", tps[i].topic,
                   (int)tps[i].partition, paused ? "paused" : "resumed");
    }
    sink_apply_pauses(s);
}

static void pause_partitions(struct kc_sink_context *ctx, const struct kc_topic_partition *tps, size_t count) {
    set_paused(sink_of(ctx), tps, count, true);
}

static void resume_partitions(struct kc_sink_context *ctx, const struct kc_topic_partition *tps, size_t count) {
    set_paused(sink_of(ctx), tps, count, false);
}

static void rewind_partition(struct kc_sink_context *ctx, const char *topic, int32_t partition, int64_t offset) {
    struct sink_task *s = sink_of(ctx);
    struct sink_partition *p = sink_find(s, topic, partition);
    if (!p || offset < 0) {
        kc_log(KC_WARN, LOG_SINK_TASK, "Rewind of %s-%d to %lld ignored: %s", topic, (int)partition, (long long)offset,
               p ? "an offset is not negative" : "it is not assigned");
        return;
    }
    p->rewind = offset;
    s->rewind_requested = true;
}

static void timeout(struct kc_sink_context *ctx, int64_t ms) {
    sink_of(ctx)->timeout_ms = ms;
}

/* @source WorkerErrantRecordReporter.report: without a queue and without the log there is nobody to report to. */
static int report(struct kc_sink_context *ctx, const struct kc_record *record, const struct kc_error *cause,
                  struct kc_error *err) {
    struct sink_task *s = sink_of(ctx);
    if (!s->errant_enabled) {
        *err = *cause;
        return -1;
    }
    struct failure failure = {STAGE_TASK_PUT, SINK_TASK_CLASS, cause};
    tolerance_count_failed(&s->task->tolerance);
    if (record >= s->batch.records && record < s->batch.records + s->batch.count)
        sink_report(s->task, &s->batch, (uint32_t)(record - s->batch.records), &failure);
    else
        sink_report_foreign(s, record, &failure);
    if (s->task->tolerance.all)
        return 0;
    struct kc_error refused = *cause;
    err_wrap(&refused, KC_CONNECT_EXCEPTION, "Tolerance exceeded in error handler");
    if (!s->report_failed)
        s->report_err = refused;
    s->report_failed = true;
    *err = refused;
    return -1;
}

static bool stopping(const struct kc_sink_context *ctx) {
    return task_stopping(sink_of(ctx)->task);
}

void sink_context_init(struct sink_task *s) {
    s->ctx = (struct kc_sink_context){
        .worker = s,
        .connector = s->task->connector,
        .task = s->task->number,
        .config = s->task->task_config,
        .request_commit = request_commit,
        .pause = pause_partitions,
        .resume = resume_partitions,
        .rewind = rewind_partition,
        .timeout = timeout,
        .report = report,
        .stopping = stopping,
    };
}
