/* See sink_run.h. */
#include "tests/support/sink_run.h"

#include <check.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connectors/s3/sink.h"

struct sink_run run;
static const struct kc_sink_task_ops *ops;

void sink_run_setup(void) {
    static const char *const base[] = {"s3.bucket.name",   "lake",
                                       "flush.size",       "3",
                                       "storage.class",    "io.confluent.connect.s3.storage.S3Storage",
                                       "format.class",     FORMAT "json.JsonFormat",
                                       "retry.backoff.ms", "0"};
    run.config = kc_config_new();
    for (size_t i = 0; i < COUNT_OF(base); i += 2)
        kc_config_set(run.config, base[i], base[i + 1]);
    run.arena = arena_new(0);
    run.st = fake_store_new();
    ops = s3_sink_connector.sink_task;
    memset(&run.err, 0, sizeof(run.err));
    fake_sink_init(&run.ctx, run.config);
    fake_batch_init(&run.batch);
}

void sink_run_teardown(void) {
    if (run.task)
        ops->stop(run.task); /* frees the store */
    else
        store_free(run.st);
    run.task = NULL;
    fake_sink_done(&run.ctx);
    fake_batch_done(&run.batch);
    arena_free(run.arena);
    kc_config_free(run.config);
    clock_fake_ms(-1);
}

void set(const char *key, const char *value) {
    kc_config_set(run.config, key, value);
}

void parse(void) {
    ck_assert_msg(config_parse(sink_options, run.config, run.arena, &run.conf, sizeof(run.conf), &run.err) == 0, "%s",
                  run.err.text);
}

void start(void) {
    parse();
    ck_assert_msg(s3_sink_start(&run.ctx.ctx, &run.conf, run.st, &run.task, &run.err) == 0, "%s", run.err.text);
    struct kc_topic_partition tps[] = {{"t", 0}, {"t", 1}};
    ck_assert_int_eq(ops->open(run.task, tps, 2, &run.err), 0);
}

enum kc_put put(void) {
    enum kc_put verdict = ops->put(run.task, &run.batch.batch, &run.err);
    run.batch.batch.count = 0;
    return verdict;
}

int64_t committed(int32_t partition) {
    struct kc_topic_offset offset = {"t", partition, 1000};
    ck_assert_int_eq(ops->pre_commit(run.task, &offset, 1, &run.err), 0);
    return offset.offset;
}

void wait_calls(const char *op, int count) {
    for (int i = 0; fake_store_calls(run.st, op) < count && i < 400; i++) {
        clock_sleep_ms(5);
        ck_assert_msg(put() == KC_PUT_DONE, "%s", run.err.text);
    }
    ck_assert_msg(fake_store_calls(run.st, op) >= count, "%s", fake_store_log(run.st));
}

int64_t wait_committed(int32_t partition, int64_t offset) {
    int64_t got = -1;
    for (int i = 0; i < 400 && got != offset; i++) {
        int64_t now = committed(partition);
        got = now >= 0 ? now : got;
        if (got != offset)
            clock_sleep_ms(5);
    }
    return got;
}

void expect_object(const char *key, const char *text) {
    const char *data = fake_store_object(run.st, key, NULL);
    ck_assert_msg(data != NULL, "no %s among %s", key, fake_store_keys(run.st));
    ck_assert_str_eq(data, text);
}

struct kc_record *json(int64_t offset, const char *text) {
    return fake_batch_json(&run.batch, "t", 0, offset, NULL, text);
}

void bytes(int64_t offset, const void *data, size_t len) {
    struct kc_record *r = json(offset, "1");
    r->value = kc_bytes(data, len);
}
