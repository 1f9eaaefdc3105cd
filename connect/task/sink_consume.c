/* From messages to records: one arena per batch, key and value still in librdkafka's memory, then the converters and
 * the transforms. Nothing here allocates, locks, calls the system or reads a clock per record while records are good.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"
#include "connect/task/report.h"
#include "connect/task/sink_task.h"

int sink_batch_init(struct sink_task *s, uint32_t capacity, struct kc_error *err) {
    s->messages = calloc(capacity, sizeof(rd_kafka_message_t *));
    s->batch.records = calloc(capacity, sizeof(*s->batch.records));
    s->touched = calloc(capacity, sizeof(struct sink_partition *));
    if (!s->messages || !s->batch.records || !s->touched)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "out of memory for batches of %u records", (unsigned)capacity);
    s->batch.arena = arena_new(0);
    s->batch.capacity = capacity;
    return 0;
}

void sink_batch_done(struct sink_task *s) {
    if (s->batch.arena)
        sink_batch_release(s);
    arena_free(s->batch.arena);
    free(s->messages);
    free(s->batch.records);
    free(s->touched);
}

void sink_batch_release(struct sink_task *s) {
    for (uint32_t i = 0; i < s->message_count; i++)
        rd_kafka_message_destroy(s->messages[i]);
    for (uint32_t i = 0; i < s->touched_count; i++)
        s->touched[i]->in_batch = false;
    s->message_count = s->touched_count = 0;
    s->batch.count = 0;
    s->batch_full = false;
    arena_reset(s->batch.arena);
}

enum { LINGER_MS = 4 };

/* The first message is waited for, what comes within LINGER_MS comes with it: with nothing to wait for, a task would
 * take the messages by the handful as they arrive, and wake librdkafka's threads for each. */
uint32_t sink_consume(struct sink_task *s, int64_t timeout_ms) {
    int wait_ms = timeout_ms > 60 * 1000 ? 60 * 1000 : (int)timeout_ms;
    ssize_t got = rd_kafka_consume_batch_queue(s->queue, wait_ms, s->messages, 1);
    if (got == 1 && s->batch.capacity > 1) {
        ssize_t more = rd_kafka_consume_batch_queue(s->queue, LINGER_MS, s->messages + 1, s->batch.capacity - 1);
        got += more > 0 ? more : 0;
    }
    s->message_count = got > 0 ? (uint32_t)got : 0;
    if (got > 0)
        client_fetch_wake(s->rk, s->message_count < s->batch.capacity, &s->fetch_wake_ms);
    return s->message_count;
}

/* An event of the consumer in the place of a message. */
static void handle_event(struct sink_task *s, const rd_kafka_message_t *m) {
    const char *topic = m->rkt ? rd_kafka_topic_name(m->rkt) : "";
    switch (m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: {
        /* Where reading began in a partition that has given no record yet. */
        struct sink_partition *p = sink_find(s, topic, m->partition);
        if (p && p->position < 0)
            p->position = p->committed = m->offset;
        break;
    }
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
        if (!s->consume_failed)
            client_error(&s->consume_err, m->err, "The consumer cannot go on (%s)", rd_kafka_message_errstr(m));
        s->consume_failed = true;
        break;
    default:
        kc_log(KC_WARN, LOG_SINK_TASK, "Consumer: %s%s%s, it keeps trying", rd_kafka_message_errstr(m),
               *topic ? " for topic " : "", topic);
    }
}

/* The partition of a message; NULL when it was taken away in the meantime. Messages come in runs of one partition. */
static struct sink_partition *partition_of(struct sink_task *s, const rd_kafka_message_t *m) {
    if (m->rkt == s->last_rkt && m->partition == s->last_number)
        return s->last_partition;
    struct sink_partition *p = sink_find(s, rd_kafka_topic_name(m->rkt), m->partition);
    s->last_rkt = m->rkt;
    s->last_number = m->partition;
    s->last_partition = p;
    if (p && s->task->worker->topic_tracking && p->topic->noted_in_batch != s->batch_number) {
        p->topic->noted_in_batch = s->batch_number;
        status_store_note_topic(s->task->statuses, p->topic->name, s->task->connector, s->task->number);
    }
    return p;
}

static struct kc_value bytes_of(const void *data, size_t len) {
    struct kc_value v = {.tag = data ? KC_V_BYTES : KC_V_NULL, .len = (uint32_t)len, .bytes = data};
    return v;
}

static void make_record(struct kc_record *r, const rd_kafka_message_t *m, const struct sink_partition *p) {
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(m, &type);
    *r = (struct kc_record){
        .topic = p->topic->name,
        .partition = m->partition,
        .log_append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME,
        .timestamp = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || timestamp < 0 ? KC_NO_TIMESTAMP : timestamp,
        .key = bytes_of(m->key, m->key_len),
        .value = bytes_of(m->payload, m->len),
        .original_partition = m->partition,
        .original_topic = p->topic->name,
        .offset = m->offset,
    };
}

/* Records of the messages that still concern us; the others are let go. */
static void make_records(struct sink_task *s) {
    uint32_t kept = 0;
    s->batch_number++;
    s->last_rkt = NULL;
    for (uint32_t i = 0; i < s->message_count; i++) {
        rd_kafka_message_t *m = s->messages[i];
        struct sink_partition *p = NULL;
        if (m->err)
            handle_event(s, m);
        else
            p = partition_of(s, m);
        if (!p) {
            rd_kafka_message_destroy(m);
            continue;
        }
        if (!p->in_batch) {
            p->in_batch = true;
            s->touched[s->touched_count++] = p;
            if (p->position < 0)
                p->position = p->committed = m->offset;
        }
        p->seen = m->offset + 1;
        make_record(&s->batch.records[kept], m, p);
        s->messages[kept++] = m;
    }
    s->message_count = s->batch.count = kept;
    task_counts_add(&s->task->counts, COUNT_READ, kept);
    task_counts_add(&s->task->counts, COUNT_POLLS, kept > 0);
}

/* ---- Converters and transforms ---- */

static void convert(struct sink_task *s, struct converter *conv, bool is_key) {
    struct tolerance *tol = &s->task->tolerance;
    struct kc_error err;
    for (uint32_t i = 0;;) {
        i = conv->plugin->converter->to_connect(conv->self, &s->batch, i, is_key, &err);
        if (i >= s->batch.count)
            return;
        tolerance_failed(tol, &s->batch, i, is_key ? STAGE_KEY_CONVERTER : STAGE_VALUE_CONVERTER,
                         conv->plugin->class_name, &err);
    }
}

static int convert_headers_of(struct sink_task *s, struct kc_record *r, const rd_kafka_headers_t *raw,
                              struct kc_error *err) {
    const struct converter *conv = &s->task->converters.header;
    size_t count = rd_kafka_header_cnt(raw);
    struct kc_header *headers = kc_arena_zalloc(s->batch.arena, count * sizeof(*headers));
    for (size_t i = 0; i < count; i++) {
        const void *data;
        size_t len;
        if (rd_kafka_header_get_all(raw, i, &headers[i].key, &data, &len) != RD_KAFKA_RESP_ERR_NO_ERROR)
            return kc_fail(err, KC_DATA_EXCEPTION, "header %zu of the record cannot be read", i);
        if (conv->plugin->header_converter->to_connect(conv->self, s->batch.arena, r->topic, data, len, &headers[i],
                                                       err) < 0)
            return -1;
    }
    r->headers = headers;
    r->header_count = (uint32_t)count;
    return 0;
}

/* librdkafka parses headers when they are asked for, with an allocation even for a record that has none. */
static void convert_headers(struct sink_task *s) {
    struct kc_error err;
    if (s->without_headers)
        return;
    for (uint32_t i = 0; i < s->batch.count;) {
        struct kc_record *r = &s->batch.records[i];
        rd_kafka_headers_t *raw;
        if (!r->dropped && rd_kafka_message_headers(s->messages[i], &raw) == RD_KAFKA_RESP_ERR_NO_ERROR &&
            convert_headers_of(s, r, raw, &err) < 0)
            tolerance_failed(&s->task->tolerance, &s->batch, i, STAGE_HEADER_CONVERTER,
                             s->task->converters.header.plugin->class_name, &err);
        else
            i++;
    }
}

static void apply_chain(struct sink_task *s) {
    struct chain_pos pos = {0};
    struct kc_error err;
    size_t failing = 0;
    while (!chain_apply(s->task->chain, &s->batch, &pos, &err)) {
        if (pos.stage != failing)
            tolerance_next_operation(&s->task->tolerance);
        failing = pos.stage;
        tolerance_failed(&s->task->tolerance, &s->batch, pos.index, STAGE_TRANSFORMATION,
                         chain_class(s->task->chain, pos.stage), &err);
    }
}

/* After a cut: positions only count the records that are left. Their order within a partition is that of the offsets.
 */
static void recount(struct sink_task *s) {
    for (uint32_t i = 0; i < s->touched_count; i++)
        s->touched[i]->seen = s->touched[i]->position;
    for (uint32_t i = 0; i < s->batch.count; i++) {
        const struct kc_record *r = &s->batch.records[i];
        sink_find(s, r->original_topic, r->original_partition)->seen = r->offset + 1;
    }
}

void sink_convert(struct sink_task *s) {
    make_records(s);
    if (!s->batch.count)
        return;
    tolerance_begin(&s->task->tolerance);
    convert(s, &s->task->converters.key, true);
    convert(s, &s->task->converters.value, false);
    convert_headers(s);
    apply_chain(s);
    if (tolerance_cut(&s->task->tolerance))
        recount(s);
    s->batch_full = true;
}

/* ---- Reports ---- */

static void send_report(struct sink_task *s, const struct dead_letter *letter, bool log_append_time,
                        const struct failure *failure) {
    struct kc_error shown = *failure->err;
    struct failure told = {failure->stage, failure->class_name, &shown};
    task_conceal(s->task, &shown);
    if (s->task->conf.errors_log)
        report_log_consumed(s->task, letter, log_append_time, &told);
    if (s->dlq)
        dlq_send(s->dlq, letter, &told);
}

void sink_report(void *arg, const struct kc_batch *batch, uint32_t index, const struct failure *failure) {
    struct sink_task *s = ((struct task *)arg)->kind;
    const struct kc_record *r = &batch->records[index];
    const rd_kafka_message_t *m = s->messages[index];
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(m, &type);
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        headers = NULL;
    struct dead_letter letter = {
        .topic = r->original_topic,
        .partition = r->original_partition,
        .offset = r->offset,
        .timestamp = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || timestamp < 0 ? KC_NO_TIMESTAMP : timestamp,
        .key = m->key,
        .key_len = m->key_len,
        .value = m->payload,
        .value_len = m->len,
        .headers = headers,
    };
    send_report(s, &letter, r->log_append_time, failure);
}

void sink_where(void *arg, const struct kc_batch *batch, uint32_t index, char *ret_text, size_t size) {
    (void)arg;
    const struct kc_record *r = &batch->records[index];
    snprintf(ret_text, size, "topic %s, partition %" PRId32 ", offset %" PRId64, r->original_topic,
             r->original_partition, r->offset);
}

/* Key, value and headers of a record that the connector made or kept, as bytes again. */
static int to_bytes(struct sink_task *s, struct kc_batch *one, rd_kafka_headers_t *headers, struct kc_error *err) {
    struct converters *c = &s->task->converters;
    struct kc_record *r = one->records;
    if (c->key.plugin->converter->from_connect(c->key.self, one, 0, true, err) < 1 ||
        c->value.plugin->converter->from_connect(c->value.self, one, 0, false, err) < 1)
        return -1;
    for (uint32_t i = 0; i < r->header_count; i++) {
        struct kc_value bytes;
        if (c->header.plugin->header_converter->from_connect(c->header.self, one->arena, r->topic, &r->headers[i],
                                                             &bytes, err) < 0)
            return -1;
        rd_kafka_header_add(headers, r->headers[i].key, -1, bytes.tag == KC_V_NULL ? NULL : bytes.bytes,
                            (ssize_t)bytes.len);
    }
    return 0;
}

void sink_report_foreign(struct sink_task *s, const struct kc_record *record, const struct failure *failure) {
    struct kc_record copy = *record;
    struct kc_batch one = {.arena = arena_new(0), .records = &copy, .count = 1, .capacity = 1};
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    struct kc_error err;
    copy.dropped = copy.skipped = false;
    struct dead_letter letter = {
        .topic = record->original_topic ? record->original_topic : record->topic,
        .partition = record->original_topic ? record->original_partition : record->partition,
        .offset = record->offset,
        .timestamp = record->timestamp,
        .headers = headers,
    };
    if (to_bytes(s, &one, headers, &err) < 0) {
        kc_log(KC_ERROR, LOG_SINK_TASK, "A record that was reported as bad cannot be written as bytes: %s: %s",
               err.exception, err.text);
    } else {
        letter.key = copy.key.tag == KC_V_NULL ? NULL : copy.key.bytes;
        letter.key_len = copy.key.tag == KC_V_NULL ? 0 : copy.key.len;
        letter.value = copy.value.tag == KC_V_NULL ? NULL : copy.value.bytes;
        letter.value_len = copy.value.tag == KC_V_NULL ? 0 : copy.value.len;
    }
    send_report(s, &letter, record->log_append_time, failure);
    rd_kafka_headers_destroy(headers);
    arena_free(one.arena);
}
