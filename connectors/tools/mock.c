/* MockSource and MockSink: connectors that do nothing, until the connector or its task fails as `mock_mode` says, after
 * `delay_ms`. The connector's thread owns a second one that waits for the delay; stop ends it.
 * @source org.apache.kafka.connect.tools.MockConnector, MockSourceTask, MockSinkTask */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connectors/tools/tools.h"

#define LOG_CONNECTOR "org.apache.kafka.connect.tools.MockConnector"

enum { PERIOD_MS = 250 };
#define DEFAULT_DELAY_MS "15000"

static bool has_mode(const struct kc_config *config, const char *mode) {
    const char *text = kc_config_get(config, "mock_mode");
    return text && strcmp(text, mode) == 0;
}

/* ---- connector --------------------------------------------------------------------------------------------------- */

struct mock_connector {
    struct kc_connector_context *ctx;
    struct timespec due; /* of the failure */
    pthread_t thread;
    bool waiting; /* the thread was started */
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool stop;
};

static void *fail_later(void *arg) {
    struct mock_connector *c = arg;
    int rc = 0;
    pthread_mutex_lock(&c->lock);
    while (!c->stop && rc == 0)
        rc = pthread_cond_timedwait(&c->stopped, &c->lock, &c->due);
    bool stop = c->stop;
    pthread_mutex_unlock(&c->lock);
    if (stop)
        return NULL;
    struct kc_error err = {0};
    kc_log(KC_DEBUG, LOG_CONNECTOR, "Triggering connector failure");
    kc_fail(&err, "java.lang.RuntimeException", "%s", "");
    c->ctx->raise_error(c->ctx, &err);
    return NULL;
}

static struct mock_connector *connector_new(struct kc_connector_context *ctx, int64_t delay_ms) {
    struct mock_connector *c = calloc(1, sizeof(*c));
    pthread_condattr_t attr;
    if (!c)
        abort();
    c->ctx = ctx;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->stopped, &attr);
    pthread_condattr_destroy(&attr);
    clock_gettime(CLOCK_MONOTONIC, &c->due);
    if (delay_ms < 0)
        delay_ms = 0;
    int64_t ns = c->due.tv_nsec + delay_ms % 1000 * 1000000;
    c->due.tv_sec += (time_t)(delay_ms / 1000 + ns / 1000000000);
    c->due.tv_nsec = (long)(ns % 1000000000);
    return c;
}

static void connector_stop(void *self) {
    struct mock_connector *c = self;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->stopped);
    pthread_mutex_unlock(&c->lock);
    if (c->waiting)
        pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->stopped);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static int connector_start(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf,
                           void **ret_self, struct kc_error *err) {
    bool fails = has_mode(config, "connector-failure");
    int64_t delay_ms = 0;
    (void)conf;
    if (fails && tools_long(config, "delay_ms", DEFAULT_DELAY_MS, &delay_ms, err) < 0)
        return -1;
    struct mock_connector *c = connector_new(ctx, delay_ms);
    if (fails) {
        kc_log(KC_DEBUG, LOG_CONNECTOR, "Started MockConnector with failure delay of %lld ms", (long long)delay_ms);
        c->waiting = pthread_create(&c->thread, NULL, fail_later, c) == 0;
        if (!c->waiting) {
            connector_stop(c);
            return kc_fail(err, KC_CONNECT_EXCEPTION, "no thread could be started");
        }
    }
    *ret_self = c;
    return 0;
}

static int one_task(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                    struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    (void)self, (void)conf, (void)max_tasks, (void)err;
    kc_log(KC_DEBUG, LOG_CONNECTOR, "Creating single task for MockConnector");
    ret_configs[0] = kc_config_copy(config);
    *ret_count = 1;
    return 0;
}

static const struct kc_connector_ops connector_ops = {
    .start = connector_start, .task_configs = one_task, .stop = connector_stop};

/* ---- tasks ------------------------------------------------------------------------------------------------------- */

struct mock_task {
    struct kc_source_context *source; /* one of these two */
    struct kc_sink_context *sink;
    bool fails;
    int64_t start_ms, delay_ms;
};

static int task_new(const struct kc_config *config, struct mock_task **ret_task, struct kc_error *err) {
    struct mock_task task = {.fails = has_mode(config, "task-failure"), .start_ms = tools_now_ms()};
    if (task.fails && tools_long(config, "delay_ms", DEFAULT_DELAY_MS, &task.delay_ms, err) < 0)
        return -1;
    struct mock_task *t = malloc(sizeof(*t));
    if (!t)
        abort();
    *t = task;
    *ret_task = t;
    return 0;
}

static int check_failure(const struct mock_task *t, struct kc_error *err) {
    if (!t->fails || tools_now_ms() - t->start_ms <= t->delay_ms)
        return 0;
    kc_log(KC_DEBUG, LOG_CONNECTOR, "Triggering task failure");
    return kc_fail(err, "java.lang.RuntimeException", "%s", "");
}

static int64_t period_ms(const struct mock_task *t) {
    return t->fails && t->delay_ms < PERIOD_MS ? (t->delay_ms > 0 ? t->delay_ms : 1) : PERIOD_MS;
}

static int source_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct mock_task *t;
    (void)conf;
    if (task_new(ctx->config, &t, err) < 0)
        return -1;
    t->source = ctx;
    *ret_self = t;
    return 0;
}

static int source_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct mock_task *t = self;
    (void)batch;
    if (check_failure(t, err) < 0)
        return -1;
    t->source->wait(t->source, period_ms(t));
    return 0;
}

static int sink_start(struct kc_sink_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct mock_task *t;
    (void)conf;
    if (task_new(ctx->config, &t, err) < 0)
        return -1;
    t->sink = ctx;
    if (t->fails)
        ctx->timeout(ctx, period_ms(t)); /* a put comes then, records or not */
    *ret_self = t;
    return 0;
}

static enum kc_put sink_put(void *self, const struct kc_batch *batch, struct kc_error *err) {
    struct mock_task *t = self;
    (void)batch;
    if (check_failure(t, err) < 0)
        return KC_PUT_FAIL;
    if (t->fails)
        t->sink->timeout(t->sink, period_ms(t));
    return KC_PUT_DONE;
}

static const struct kc_source_task_ops source_ops = {.start = source_start, .poll = source_poll, .stop = free};
static const struct kc_sink_task_ops sink_ops = {.start = sink_start, .put = sink_put, .stop = free};

const struct kc_plugin mock_source_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SOURCE,
    .class_name = "org.apache.kafka.connect.tools.MockSourceConnector",
    .task_class = "org.apache.kafka.connect.tools.MockSourceTask",
    .connector = &connector_ops,
    .source_task = &source_ops,
};

const struct kc_plugin mock_sink_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SINK,
    .class_name = "org.apache.kafka.connect.tools.MockSinkConnector",
    .task_class = "org.apache.kafka.connect.tools.MockSinkTask",
    .connector = &connector_ops,
    .sink_task = &sink_ops,
};
