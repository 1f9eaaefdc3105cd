/* From polled records to Kafka: transforms, converters, producer, delivery reports. The producer borrows the record's
 * memory in the batch's arena; a record costs one call of librdkafka and no allocation of ours.
 * @source AbstractWorkerSourceTask.sendRecords (distributed-worker 12.2) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/admin.h"
#include "connect/kafka/client.h"
#include "connect/task/source_task.h"

/* ---- Transforms and converters ---- */

/* Into headers of their own: the record keeps its values until all are converted, a failed attempt may be repeated. */
static int headers_to_bytes(struct source_task *s, struct kc_batch *batch, struct kc_record *r, struct kc_error *err) {
    const struct converter *conv = &s->task->converters.header;
    struct kc_header *written = kc_arena_alloc(batch->arena, r->header_count * sizeof *written);
    for (uint32_t i = 0; i < r->header_count; i++) {
        written[i] = (struct kc_header){.key = r->headers[i].key};
        if (conv->plugin->header_converter->from_connect(conv->self, batch->arena, r->topic, &r->headers[i],
                                                         &written[i].value, err) < 0)
            return -1;
    }
    r->headers = written;
    return 0;
}

static void convert_headers(struct source_task *s, struct kc_batch *batch) {
    struct kc_error err;
    for (uint32_t i = 0; i < batch->count;) {
        struct kc_record *r = &batch->records[i];
        if (r->header_count && !r->dropped && headers_to_bytes(s, batch, r, &err) < 0)
            tolerance_failed(&s->task->tolerance, batch, i, STAGE_HEADER_CONVERTER,
                             s->task->converters.header.plugin->class_name, &err);
        else
            i++;
    }
}

static void convert(struct source_task *s, struct kc_batch *batch, const struct converter *conv, bool is_key) {
    struct kc_error err;
    for (uint32_t i = 0;;) {
        i = conv->plugin->converter->from_connect(conv->self, batch, i, is_key, &err);
        if (i >= batch->count)
            return;
        tolerance_failed(&s->task->tolerance, batch, i, is_key ? STAGE_KEY_CONVERTER : STAGE_VALUE_CONVERTER,
                         conv->plugin->class_name, &err);
    }
}

void source_convert(struct source_task *s) {
    struct kc_batch *batch = &s->current->batch;
    struct chain_pos pos = {0};
    struct kc_error err;
    source_errors_keep(s);
    tolerance_begin(&s->task->tolerance);
    size_t failing = 0;
    while (!chain_apply(s->task->chain, batch, &pos, &err)) {
        if (pos.stage != failing)
            tolerance_next_operation(&s->task->tolerance);
        failing = pos.stage;
        tolerance_failed(&s->task->tolerance, batch, pos.index, STAGE_TRANSFORMATION,
                         chain_class(s->task->chain, pos.stage), &err);
    }
    convert_headers(s, batch);
    convert(s, batch, &s->task->converters.key, true);
    convert(s, batch, &s->task->converters.value, false);
}

/* ---- Delivery ---- */

static void note_topic(struct source_task *s, rd_kafka_topic_t *rkt) {
    struct source_topic *topic = rd_kafka_topic_opaque(rkt);
    if (!topic || topic->noted_in_round == s->round || !s->task->worker->topic_tracking)
        return;
    topic->noted_in_round = s->round;
    status_store_note_topic(s->task->statuses, rd_kafka_topic_name(rkt), s->task->connector, s->task->number);
}

/* `offset` in the topic; -1: the record was not written. Those of a transaction wait for its end. */
static void commit_record(struct source_task *s, struct kc_record *record, int64_t offset) {
    record->offset = offset;
    if (s->ops->commit_record && !s->tx.on)
        s->ops->commit_record(s->self, record);
}

static struct kc_record *record_of(const struct ack *ack) {
    struct source_batch *sb = ack->owner;
    return &sb->batch.records[ack->record - sb->batch.records];
}

/* Kafka did not take a record. Tolerated: reported, and its offset counts; else the task fails at its next check, and
 * neither this offset nor later ones of its source partition are ever committed. */
static void refused(struct source_task *s, struct ack *ack, struct kc_error *err) {
    if (!s->task->tolerance.all) { /* as in Java none of the record errors */
        err_wrap(err, KC_CONNECT_EXCEPTION, "Unrecoverable exception from producer send callback");
        source_fail(s, err);
        return;
    }
    tolerance_count_failed(&s->task->tolerance);
    struct source_batch *sb = ack->owner;
    struct failure failure = {STAGE_KAFKA_PRODUCE, SOURCE_TASK_CLASS, err};
    source_report(s->task, &sb->batch, (uint32_t)(ack->record - sb->batch.records), &failure);
    commit_record(s, record_of(ack), -1);
    acks_ack(s->acks, ack);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
    struct source_task *s = opaque;
    struct ack *ack = m->_private;
    (void)rk;
    if (s->tx.on) {
        if (ack && !m->err) {
            note_topic(s, m->rkt);
            task_counts_add(&s->task->counts, COUNT_SENT, 1);
        }
        transaction_delivered(s, ack, ack ? record_of(ack) : NULL, m);
        return;
    }
    if (m->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || m->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return; /* the task is at its end */
    if (m->err) {
        struct kc_error err = {0};
        client_undelivered(&err, m);
        refused(s, ack, &err);
        return;
    }
    task_counts_add(&s->task->counts, COUNT_SENT, 1);
    commit_record(s, record_of(ack), m->offset >= 0 ? m->offset : -1);
    note_topic(s, m->rkt);
    acks_ack(s->acks, ack);
}

void source_serve(struct source_task *s, int timeout_ms) {
    s->round++;
    rd_kafka_poll(s->rk, timeout_ms);
    acks_advance(s->acks);
}

/* ---- Producer ---- */

int source_open_producer(struct source_task *s, struct kc_error *err) {
    struct task *t = s->task;
    char client_id[512];
    snprintf(client_id, sizeof client_id, "connector-producer-%s-%d", t->connector, t->number);
    AUTO(props)
    props = (s->tx.on ? client_props_transactional : client_props_producer)(t->worker->text, t->connector_config,
                                                                            client_id);
    rd_kafka_conf_t *conf =
        s->tx.on ? transaction_producer_conf(s, props, err) : client_conf(CLIENT_PRODUCER, props, err);
    if (!conf)
        return -1;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, s);
    s->rk = client_new(CLIENT_PRODUCER, conf, err);
    return s->rk ? 0 : -1;
}

void source_close_producer(struct source_task *s) {
    void *topic;
    for (size_t i = 0; s->topics && map_next(s->topics, &i, NULL, &topic);)
        rd_kafka_topic_destroy(((struct source_topic *)topic)->rkt);
    client_free(s->rk);
    client_free(s->admin);
    map_free(s->topics);
    s->rk = s->admin = NULL;
    s->topics = NULL;
}

static int ensure_topic(struct source_task *s, const char *name, struct kc_error *err) {
    if (!s->creation)
        return 0;
    struct task *t = s->task;
    if (!s->admin) {
        char client_id[512];
        snprintf(client_id, sizeof client_id, "connector-adminclient-%s-%d", t->connector, t->number);
        AUTO(props) props = client_props_admin(t->worker->text, t->connector_config, client_id);
        s->admin = admin_open(props, err); /* not the producer, whose questions would create the topic */
        if (!s->admin)
            return -1;
    }
    return topic_creation_ensure(s->creation, s->admin, name, err);
}

/* The handle of a topic; the first time it is made sure that the topic is there. */
static struct source_topic *topic_of(struct source_task *s, const char *name, struct kc_error *err) {
    struct source_topic *topic = map_get(s->topics, name);
    if (topic)
        return topic;
    if (ensure_topic(s, name, err) < 0)
        return NULL;
    topic = calloc(1, sizeof *topic);
    if (!topic)
        abort();
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(s->rk);
    rd_kafka_topic_conf_set_opaque(conf, topic);
    topic->rkt = rd_kafka_topic_new(s->rk, name, conf);
    if (!topic->rkt) {
        client_error(err, rd_kafka_last_error(), "Topic %s cannot be written to", name);
        rd_kafka_topic_conf_destroy(conf);
        free(topic);
        return NULL;
    }
    map_put(s->topics, name, topic);
    return topic;
}

static const void *data_of(const struct kc_value *v) {
    return v->tag == KC_V_NULL ? NULL : v->bytes;
}

static size_t len_of(const struct kc_value *v) {
    return v->tag == KC_V_NULL ? 0 : v->len;
}

static rd_kafka_headers_t *kafka_headers(const struct kc_record *r) {
    if (!r->header_count)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(r->header_count);
    for (uint32_t i = 0; i < r->header_count; i++)
        rd_kafka_header_add(headers, r->headers[i].key, -1, data_of(&r->headers[i].value),
                            (ssize_t)len_of(&r->headers[i].value));
    return headers;
}

static rd_kafka_resp_err_t produce(struct source_task *s, rd_kafka_topic_t *rkt, const struct kc_record *r,
                                   struct ack *ack) {
    rd_kafka_headers_t *headers = kafka_headers(r);
    const void *key = data_of(&r->key), *value = data_of(&r->value);
    rd_kafka_vu_t vus[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = rkt},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = r->partition < 0 ? RD_KAFKA_PARTITION_UA : r->partition},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key, len_of(&r->key)}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)value, len_of(&r->value)}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = r->timestamp < 0 ? 0 : r->timestamp}, /* 0: now */
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = ack},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = 0}, /* neither copied nor freed: the memory is the batch's */
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(s->rk, vus, COUNT_OF(vus) - (headers ? 0 : 1));
    if (!error)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (headers)
        rd_kafka_headers_destroy(headers);
    return code;
}

/* @source ConnectUtils.checkAndConvertTimestamp, ProducerRecord; what they throw fails the task as it is */
static int check_record(const struct kc_record *r, struct kc_error *err) {
    if (r->timestamp < -1 && r->timestamp != KC_NO_TIMESTAMP)
        return kc_fail(err, "org.apache.kafka.common.InvalidRecordException", "Invalid record timestamp %" PRId64,
                       r->timestamp);
    return r->topic ? 0 : kc_fail(err, "java.lang.IllegalArgumentException", "Topic cannot be null.");
}

/* 1 sent (or refused for good), 0 not now, -1 the task fails */
static int send_one(struct source_task *s, struct source_topic *topic, const struct kc_record *r, struct ack *ack,
                    struct kc_error *err) {
    rd_kafka_resp_err_t code;
    struct kc_error why = {0};
    while ((code = produce(s, topic->rkt, r, ack)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        if (task_stopping(s->task) || s->failed)
            return 0;
        source_serve(s, 100);
    }
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        acks_submit(s->acks, ack, r->source_partition);
        return 1;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: /* Java reports these through the callback */
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        if (s->tx.on)
            return client_error(err, code, "Record for topic %s was not sent", r->topic);
        acks_submit(s->acks, ack, r->source_partition);
        client_error(&why, code, "Record for topic %s was not written", r->topic);
        refused(s, ack, &why);
        return 1;
    default:
        client_error(err, code, "Record for topic %s was not sent", r->topic);
        return -1;
    }
}

/* One record of the current batch that is not dropped; as send_one. */
static int send_record(struct source_task *s, struct kc_record *r, struct source_topic *topic, struct kc_error *err) {
    struct source_batch *sb = s->current;
    struct ack *ack = &sb->acks[sb->next];
    if (s->tx.on && transaction_before_record(s, r, err) < 0)
        return -1;
    *ack = (struct ack){.record = r, .owner = sb};
    sb->held++;
    int rc = send_one(s, topic, r, ack, err);
    if (rc < 1)
        sb->held--;
    return rc < 0 ? err_wrap(err, KC_CONNECT_EXCEPTION, "Unrecoverable exception trying to send") : rc;
}

int source_send(struct source_task *s, struct kc_error *err) {
    struct source_batch *sb = s->current;
    const char *last_name = NULL;
    struct source_topic *topic = NULL;
    while (sb->next < sb->batch.count) {
        struct kc_record *r = &sb->batch.records[sb->next];
        if (r->dropped) {
            commit_record(s, r, -1);
        } else {
            if (check_record(r, err) < 0)
                return -1;
            if ((!topic || r->topic != last_name) && !(topic = topic_of(s, r->topic, err)))
                return err->retriable ? 0 : -1;
            last_name = r->topic;
            int rc = send_record(s, r, topic, err);
            if (rc < 1)
                return rc;
        }
        sb->next++;
        if (s->tx.on && transaction_after_record(s, sb, sb->next - 1, err) < 0)
            return -1;
    }
    return 1;
}
