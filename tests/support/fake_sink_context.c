/* See fake_sink_context.h. */
#include "tests/support/fake_sink_context.h"

#include <string.h>

#include "connect/base/arena.h"

#define RECORDS 1024

static struct fake_sink *of(struct kc_sink_context *ctx) {
    return (struct fake_sink *)ctx;
}

static void note(struct fake_sink *f, const char *text) {
    buf_printf(&f->log, "%s%s", f->log.len ? ", " : "", text);
}

static void request_commit(struct kc_sink_context *ctx) {
    note(of(ctx), "commit");
}

static void tps(struct fake_sink *f, const char *what, const struct kc_topic_partition *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        note(f, what);
        buf_printf(&f->log, " %s-%d", list[i].topic, list[i].partition);
    }
}

static void pause_them(struct kc_sink_context *ctx, const struct kc_topic_partition *list, size_t count) {
    tps(of(ctx), "pause", list, count);
}

static void resume_them(struct kc_sink_context *ctx, const struct kc_topic_partition *list, size_t count) {
    tps(of(ctx), "resume", list, count);
}

static void rewind_to(struct kc_sink_context *ctx, const char *topic, int32_t partition, int64_t offset) {
    note(of(ctx), "rewind");
    buf_printf(&of(ctx)->log, " %s-%d %lld", topic, partition, (long long)offset);
}

static void timeout(struct kc_sink_context *ctx, int64_t ms) {
    of(ctx)->timeout_ms = ms;
}

static int report(struct kc_sink_context *ctx, const struct kc_record *record, const struct kc_error *cause,
                  struct kc_error *err) {
    note(of(ctx), "report");
    buf_printf(&of(ctx)->log, " %lld %s", (long long)record->offset, cause->text);
    if (of(ctx)->tolerant)
        return 0;
    *err = *cause;
    return -1;
}

static bool stopping(const struct kc_sink_context *ctx) {
    return ((const struct fake_sink *)ctx)->stop;
}

void fake_sink_init(struct fake_sink *f, const struct kc_config *config) {
    *f = (struct fake_sink){.ctx = {.connector = "sink",
                                    .config = config,
                                    .request_commit = request_commit,
                                    .pause = pause_them,
                                    .resume = resume_them,
                                    .rewind = rewind_to,
                                    .timeout = timeout,
                                    .report = report,
                                    .stopping = stopping}};
    buf_init(&f->log, 1 << 20);
}

void fake_sink_done(struct fake_sink *f) {
    buf_done(&f->log);
}

void fake_batch_init(struct fake_batch *b) {
    struct kc_arena *arena = arena_new(0);
    b->batch = (struct kc_batch){.arena = arena, .capacity = RECORDS};
    b->batch.records = calloc(RECORDS, sizeof(*b->batch.records));
}

void fake_batch_done(struct fake_batch *b) {
    free(b->batch.records);
    arena_free(b->batch.arena);
}

struct kc_record *fake_batch_json(struct fake_batch *b, const char *topic, int32_t partition, int64_t offset,
                                  const char *key, const char *json) {
    struct kc_record *r = &b->batch.records[b->batch.count++];
    struct kc_error err = {0};
    *r = (struct kc_record){.topic = topic,
                            .partition = partition,
                            .original_topic = topic,
                            .original_partition = partition,
                            .offset = offset,
                            .timestamp = KC_NO_TIMESTAMP,
                            .key = kc_string(key)};
    if (json && kc_value_from_json(b->batch.arena, json, strlen(json), &r->value, &err) < 0)
        abort();
    return r;
}
