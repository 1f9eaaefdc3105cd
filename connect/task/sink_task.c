/* A sink task from start to end: poll, convert, transform, put, commit.
 * Runs on the thread of its task (task.c), owns the consumer, ends when the task is told to stop or something fails.
 * @source WorkerSinkTask (distributed-worker 11) */
#include "connect/task/sink_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"

enum { MAX_BATCH = 100000, MAX_POLL_MS = 1000 * 1000 * 1000 };

/* ---- Start ---- */

/* max.poll.records, which librdkafka does not know. */
static uint32_t batch_capacity(const struct kc_config *consumer_props) {
    int64_t count = client_number(CLIENT_CONSUMER, consumer_props, "max.poll.records");
    return count < 1 ? 1 : (count > MAX_BATCH ? MAX_BATCH : (uint32_t)count);
}

/* What waits in the consumer's queue is a part of the worker's memory: 16 MiB, or less when the worker may not have
 * much. */
static int limit_memory(const struct sink_task *s, rd_kafka_conf_t *conf, struct kc_error *err) {
    enum { MIN_KB = 1024, MAX_KB = 16 * 1024, SHARE = 16 };
    int64_t kb = s->task->worker->memory_limit_bytes / SHARE / 1024;
    if (kb <= 0 || kb >= MAX_KB)
        return 0;
    char text[24];
    snprintf(text, sizeof text, "%d", kb < MIN_KB ? MIN_KB : (int)kb);
    return client_set(conf, "queued.max.messages.kbytes", text, err);
}

static int open_consumer(struct sink_task *s, const struct kc_config *props, struct kc_error *err) {
    rd_kafka_conf_t *conf = client_conf(CLIENT_CONSUMER, props, err);
    if (!conf)
        return -1;
    s->door = calloc(1, sizeof(*s->door));
    if (!s->door)
        abort();
    s->door->task = s;
    rd_kafka_conf_set_rebalance_cb(conf, sink_on_rebalance);
    rd_kafka_conf_set_opaque(conf, s->door);
    /* The end of a partition tells where reading began when there is no record. */
    if (client_set(conf, "enable.partition.eof", "true", err) < 0 ||
        client_set(conf, "enable.auto.offset.store", "false", err) < 0 || limit_memory(s, conf, err) < 0) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    s->rk = client_new(CLIENT_CONSUMER, conf, err);
    if (!s->rk)
        return -1;
    rd_kafka_poll_set_consumer(s->rk);
    s->queue = rd_kafka_queue_get_consumer(s->rk);
    return 0;
}

static void wake(void *arg) {
    rd_kafka_queue_yield(arg);
}

static void topic_free(void *value) {
    struct sink_topic *topic = value;
    free(topic->name);
    free(topic);
}

/* A header converter that may refuse headers, and fail the task, is always asked. */
static bool headers_unused(const struct sink_task *s) {
    const char *converter = s->task->converters.header.plugin->class_name;
    return s->ctx.without_headers && chain_length(s->task->chain) == 0 &&
           strcmp(converter, "org.apache.kafka.connect.storage.SimpleHeaderConverter") == 0;
}

static int start(struct sink_task *s, struct kc_error *err) {
    struct task *t = s->task;
    if (t->conf.dlq_topic && *t->conf.dlq_topic && !(s->dlq = dlq_new(t, err)))
        return -1;
    s->errant_enabled = s->dlq || t->conf.errors_log;
    char client_id[512], group_id[512];
    snprintf(client_id, sizeof client_id, "connector-consumer-%s-%d", t->connector, t->number);
    snprintf(group_id, sizeof group_id, "connect-%s", t->connector);
    AUTO(props) props = client_props_consumer(t->worker->text, t->connector_config, client_id, group_id);
    if (sink_batch_init(s, batch_capacity(props), err) < 0 || open_consumer(s, props, err) < 0)
        return -1;
    task_set_wake(t, wake, s->queue);
    if (sink_subscribe(s, props, err) < 0)
        return -1;
    sink_context_init(s);
    if (s->ops->start && s->ops->start(&s->ctx, t->plugin_conf, &s->self, err) < 0)
        return -1;
    s->started = true;
    s->without_headers = headers_unused(s);
    sink_schedule_commit(s, clock_ms());
    kc_log(KC_INFO, LOG_SINK_TASK, "WorkerSinkTask{id=%s-%d} Sink task finished initialization and start", t->connector,
           t->number);
    return 0;
}

/* ---- One round ---- */

/* PAUSED: nothing is fetched, but the consumer is polled all the same to stay in its group. */
static void follow_target(struct sink_task *s) {
    bool paused = task_target(s->task) == TARGET_PAUSED;
    if (paused == s->target_paused)
        return;
    s->target_paused = paused;
    sink_apply_pauses(s);
    task_status(s->task, paused ? STATE_PAUSED : STATE_RUNNING, NULL);
    if (paused)
        s->commit_requested = true;
}

static int64_t poll_timeout(struct sink_task *s, int64_t now_ms) {
    int64_t timeout = (s->committing ? s->commit_deadline_ms : s->next_commit_ms) - now_ms;
    if (s->timeout_ms >= 0 && s->timeout_ms < timeout)
        timeout = s->timeout_ms;
    s->timeout_ms = -1;
    if (s->regex && s->next_topics_ms - now_ms < timeout)
        timeout = s->next_topics_ms - now_ms;
    return timeout < 0 ? 0 : timeout > MAX_POLL_MS ? MAX_POLL_MS : timeout;
}

/* While a batch waits to be put again everything is paused and no message should come. One that comes all the same (of
 * a partition that was just assigned) is read again later. */
static int poll_paused(struct sink_task *s, int64_t timeout_ms, struct kc_error *err) {
    rd_kafka_message_t *m;
    if (rd_kafka_consume_batch_queue(s->queue, (int)timeout_ms, &m, 1) < 1)
        return 0;
    struct sink_partition *p = m->err ? NULL : sink_find(s, rd_kafka_topic_name(m->rkt), m->partition);
    int64_t offset = m->offset;
    rd_kafka_message_destroy(m);
    return p ? sink_seek(s, &p, &offset, 1, err) : 0;
}

/* The batch is through. -1: it ended before a record that fails the task. */
static int put_done(struct sink_task *s, struct kc_error *err) {
    for (uint32_t i = 0; i < s->touched_count; i++)
        s->touched[i]->position = s->touched[i]->seen;
    int rc = tolerance_end(&s->task->tolerance, &s->batch, err);
    sink_batch_release(s);
    if (s->paused_for_redelivery) {
        s->paused_for_redelivery = false;
        sink_apply_pauses(s);
    }
    return rc;
}

static int put(struct sink_task *s, struct kc_error *err) {
    s->report_failed = false;
    enum kc_put verdict = s->ops->put(s->self, &s->batch, err);
    if (verdict == KC_PUT_DONE && s->report_failed) {
        *err = s->report_err;
        return -1;
    }
    switch (verdict) {
    case KC_PUT_DONE:
        task_counts_add(&s->task->counts, COUNT_SENT, s->batch.count);
        return put_done(s, err);
    case KC_PUT_RETRY:
        task_conceal(s->task, err);
        kc_log(KC_ERROR, LOG_SINK_TASK,
               "WorkerSinkTask{id=%s-%d} RetriableException from SinkTask: %s, the batch is put again",
               s->task->connector, s->task->number, err->text);
        s->batch_full = true;
        if (!s->paused_for_redelivery) {
            s->paused_for_redelivery = true;
            sink_apply_pauses(s);
        }
        return 0;
    case KC_PUT_FAIL:
        break;
    }
    return err_wrap(err, KC_CONNECT_EXCEPTION, "Exiting WorkerSinkTask due to unrecoverable exception.");
}

/* Everything between two waits. -1: the task fails. */
static int round_once(struct sink_task *s, struct kc_error *err) {
    int64_t now = clock_ms();
    follow_target(s);
    sink_commit_if_due(s, now);
    if (sink_rewind(s, err) < 0 || sink_refresh_topics(s, now, err) < 0)
        return -1;
    int64_t timeout = poll_timeout(s, now);
    bool timed_out = true;
    if (s->batch_full) {
        if (poll_paused(s, timeout, err) < 0)
            return -1;
    } else {
        uint32_t received = sink_consume(s, timeout);
        sink_convert(s);
        /* An empty batch is put when time has passed, not for events of the consumer or a change of the target state.
         */
        timed_out = received == 0 && clock_ms() - now >= timeout;
    }
    if (s->rebalance_failed || s->consume_failed) {
        *err = s->rebalance_failed ? s->rebalance_err : s->consume_err;
        return -1;
    }
    if (task_stopping(s->task) || (!s->batch_full && !timed_out))
        return 0;
    if (s->batch_full && !s->batch.count) /* its first record fails the task */
        return put_done(s, err);
    return put(s, err);
}

static int loop(struct sink_task *s, struct kc_error *err) {
    while (!task_stopping(s->task))
        if (round_once(s, err) < 0)
            return -1;
    return 0;
}

/* ---- End ---- */

/* 1. what was put is committed and partitions are closed, 2. the connector stops, 3. the consumer leaves its group. */
static void end(struct sink_task *s) {
    sink_close_all(s);
    if (s->started && s->ops->stop)
        s->ops->stop(s->self);
    s->started = false; /* the last revocation is nobody's business any more */
    task_set_wake(s->task, NULL, NULL);
    sink_batch_done(s);
    sink_leave(s);
    dlq_free(s->dlq);
    sink_topics_done(s);
    sink_partitions_done(s);
    map_free(s->by_name);
    map_free(s->topics);
}

int sink_task_run(struct task *t, struct kc_error *err) {
    struct sink_task s = {.task = t, .ops = t->plugin->sink_task, .timeout_ms = -1};
    s.by_name = map_new(NULL);
    s.topics = map_new(topic_free);
    t->kind = &s;
    t->tolerance.report = sink_report;
    t->tolerance.where = sink_where;
    int rc = start(&s, err);
    if (rc == 0) {
        task_status(t, task_target(t) == TARGET_PAUSED ? STATE_PAUSED : STATE_RUNNING, NULL);
        s.target_paused = task_target(t) == TARGET_PAUSED;
        rc = loop(&s, err);
    }
    end(&s);
    t->kind = NULL;
    return rc;
}
