/* A sink connector that does what each test wants and remembers what it saw, and the tasks that run it (task_lab.h). */
#ifndef TESTS_SUPPORT_FAKE_SINK_H
#define TESTS_SUPPORT_FAKE_SINK_H

#include <pthread.h>
#include <stdatomic.h>

#include "connect/base/buf.h"
#include "tests/support/task_lab.h"

enum { FAKE_TASKS = 2 };

/* What it saw, and what it is to do. `lock` guards what is not atomic. */
struct fake_sink {
    pthread_mutex_t lock;
    struct buf seen[FAKE_TASKS]; /* "partition:offset=value;" of every record put */
    struct buf calls;            /* "open(2) close(1) …" */
    atomic_int records, puts, empties, opened[FAKE_TASKS], closed, stopped;
    enum kc_put (*on_put)(struct kc_sink_context *ctx, const struct kc_batch *batch, struct kc_error *err);
    int (*on_pre_commit)(struct kc_topic_offset *offsets, size_t count, struct kc_error *err);
    int (*on_open)(struct kc_sink_context *ctx, const struct kc_topic_partition *tps, size_t count,
                   struct kc_error *err);
    bool fail_start, counting_only, without_headers;
};
extern struct fake_sink fake;

extern const struct kc_plugin fake_sink_plugin;
extern struct task_lab lab;

/* Checked fixture. */
void fake_sink_set_up(void);
void fake_sink_tear_down(void);

extern const char *const fake_sink_plain[]; /* the least configuration: topics=t */
struct task *fake_sink_start_number(int number, const char *const *pairs, enum target_state target);
struct task *fake_sink_start(const char *const *pairs);
/* Fails the test after LAB_WAIT_MS. */
void fake_sink_wait(atomic_int *counter, int value);
/* "part:offset=value;…" of a task so far; valid until the next call. */
const char *fake_sink_seen(int number);
/* {"n":from} … {"n":to - 1} to topic t. */
void fake_sink_produce(int from, int to, int partition);

#endif
