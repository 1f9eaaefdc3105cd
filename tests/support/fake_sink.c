#include "tests/support/fake_sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/fake_stores.h"

struct fake_sink fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void note(const char *text) {
    pthread_mutex_lock(&fake.lock);
    buf_printf(&fake.calls, "%s%s", fake.calls.len ? " " : "", text);
    pthread_mutex_unlock(&fake.lock);
}

static int fake_start(struct kc_sink_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    (void)conf;
    note("start");
    ctx->without_headers = fake.without_headers;
    if (fake.fail_start)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "cannot start today with %s", kc_config_get(ctx->config, "place"));
    *ret_self = ctx;
    return 0;
}

static int fake_open(void *self, const struct kc_topic_partition *tps, size_t count, struct kc_error *err) {
    struct kc_sink_context *ctx = self;
    char text[32];
    snprintf(text, sizeof text, "open(%zu)", count);
    note(text);
    atomic_fetch_add(&fake.opened[ctx->task], (int)count);
    return fake.on_open ? fake.on_open(ctx, tps, count, err) : 0;
}

static void remember(struct kc_sink_context *ctx, const struct kc_batch *batch) {
    pthread_mutex_lock(&fake.lock);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct kc_record *r = &batch->records[i];
        if (!kc_record_live(r))
            continue;
        struct kc_value v = kc_json_expand(batch->arena, r->value);
        size_t len = 0;
        const char *text = kc_value_to_json(batch->arena, &v, &len);
        buf_printf(&fake.seen[ctx->task], "%d:%lld=%.*s;", (int)r->original_partition, (long long)r->offset, (int)len,
                   text);
    }
    pthread_mutex_unlock(&fake.lock);
}

static enum kc_put fake_put(void *self, const struct kc_batch *batch, struct kc_error *err) {
    struct kc_sink_context *ctx = self;
    atomic_fetch_add(batch->count ? &fake.puts : &fake.empties, 1);
    if (fake.on_put) {
        enum kc_put verdict = fake.on_put(ctx, batch, err);
        if (verdict != KC_PUT_DONE)
            return verdict;
    }
    if (!fake.counting_only)
        remember(ctx, batch);
    for (uint32_t i = 0; i < batch->count; i++)
        if (kc_record_live(&batch->records[i]))
            atomic_fetch_add(&fake.records, 1);
    return KC_PUT_DONE;
}

static int fake_pre_commit(void *self, struct kc_topic_offset *offsets, size_t count, struct kc_error *err) {
    (void)self;
    return fake.on_pre_commit ? fake.on_pre_commit(offsets, count, err) : 0;
}

static void fake_close(void *self, const struct kc_topic_partition *tps, size_t count) {
    char text[32];
    (void)self, (void)tps;
    snprintf(text, sizeof text, "close(%zu)", count);
    note(text);
    atomic_fetch_add(&fake.closed, (int)count);
}

static void fake_stop(void *self) {
    (void)self;
    note("stop");
    atomic_fetch_add(&fake.stopped, 1);
}

static const struct kc_sink_task_ops fake_task = {.start = fake_start,
                                                  .open = fake_open,
                                                  .put = fake_put,
                                                  .pre_commit = fake_pre_commit,
                                                  .close = fake_close,
                                                  .stop = fake_stop};
const struct kc_plugin fake_sink_plugin = {.abi = KC_ABI,
                                           .kind = KC_KIND_SINK,
                                           .class_name = "test.FakeSink",
                                           .version = "7",
                                           .connector = &task_lab_connector,
                                           .sink_task = &fake_task};

/* ---- Fixture ---- */

struct task_lab lab;

void fake_sink_set_up(void) {
    task_lab_init(&lab, NULL);
    for (int i = 0; i < FAKE_TASKS; i++)
        buf_init(&fake.seen[i], 64 * 1024 * 1024);
    buf_init(&fake.calls, 1024 * 1024);
}

void fake_sink_tear_down(void) {
    for (int i = 0; i < FAKE_TASKS; i++)
        buf_done(&fake.seen[i]);
    buf_done(&fake.calls);
    task_lab_done(&lab);
}

struct task *fake_sink_start_number(int number, const char *const *pairs, enum target_state target) {
    struct kc_error err = {0};
    struct task *t = task_lab_start(&lab, &fake_sink_plugin, number, pairs, target, &err);
    ck_assert_msg(t != NULL, "%s: %s", err.exception, err.text);
    return t;
}

struct task *fake_sink_start(const char *const *pairs) {
    return fake_sink_start_number(0, pairs, TARGET_STARTED);
}

const char *const fake_sink_plain[] = {"topics", "t", NULL};

void fake_sink_wait(atomic_int *counter, int value) {
    for (int64_t deadline = clock_ms() + LAB_WAIT_MS; atomic_load(counter) < value; clock_sleep_ms(5))
        ck_assert_msg(clock_ms() < deadline, "%d instead of %d; %s; %s", atomic_load(counter), value, fake_statuses(),
                      fake_trace());
}

const char *fake_sink_seen(int number) {
    static char text[64 * 1024];
    pthread_mutex_lock(&fake.lock);
    snprintf(text, sizeof text, "%s", buf_text(&fake.seen[number]));
    pthread_mutex_unlock(&fake.lock);
    return text;
}

void fake_sink_produce(int from, int to, int partition) {
    for (int i = from; i < to; i++) {
        char text[32];
        snprintf(text, sizeof text, "{\"n\":%d}", i);
        task_lab_produce(&lab, "t", partition, "\"k\"", text);
    }
    task_lab_flush(&lab);
}
