/* Dead letters with context headers; see dlq.h. */
#include "connect/task/dlq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/admin.h"
#include "connect/kafka/client.h"

#define LOG_DLQ "org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter"

enum { ADMIN_TIMEOUT_MS = 60 * 1000, CLOSE_TIMEOUT_MS = 10 * 1000 };

struct dlq {
    struct task *task;
    const char *topic;
    bool context_headers;
    rd_kafka_t *rk;
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
    struct dlq *dlq = opaque;
    (void)rk;
    if (!m->err)
        return;
    error_counts_add(&dlq->task->tolerance.counts, COUNT_DLQ_FAILURES);
    kc_log(KC_ERROR, LOG_DLQ, "Could not produce message to dead letter queue. topic=%s: %s", dlq->topic,
           rd_kafka_err2str(m->err));
}

static bool has_topic(char **names, size_t count, const char *topic) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], topic) == 0)
            return true;
    return false;
}

static int ensure_topic(struct task *t, const char *topic, struct kc_error *err) {
    AUTO(props)
    props = client_props_admin(t->worker->text, t->connector_config, "connector-dlq-adminclient-");
    AUTO(rd) admin = admin_open(props, err);
    if (!admin)
        return -1;
    char **names;
    size_t count;
    if (admin_list_topics(admin, ADMIN_TIMEOUT_MS, &names, &count, err) < 0)
        return -1;
    bool found = has_topic(names, count, topic);
    admin_free_names(names, count);
    if (found)
        return 0;
    kc_log(KC_ERROR, LOG_DLQ, "Topic %s doesn't exist. Will attempt to create topic.", topic);
    struct topic_spec spec = {.name = topic, .partitions = 1, .replication_factor = t->conf.dlq_replication};
    enum admin_topic outcome;
    if (admin_create_topic(admin, &spec, ADMIN_TIMEOUT_MS, &outcome, err) < 0)
        return -1;
    if (outcome == ADMIN_TOPIC_UNKNOWN)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "not allowed to create topic %s", topic);
    return 0;
}

static int open_producer(struct dlq *dlq, struct kc_error *err) {
    struct task *t = dlq->task;
    char client_id[512];
    snprintf(client_id, sizeof client_id, "connector-dlq-producer-%s-%d", t->connector, t->number);
    AUTO(props) props = client_props_producer(t->worker->text, t->connector_config, client_id);
    rd_kafka_conf_t *conf = client_conf(CLIENT_PRODUCER, props, err);
    if (!conf)
        return -1;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, dlq);
    dlq->rk = client_new(CLIENT_PRODUCER, conf, err);
    return dlq->rk ? 0 : -1;
}

struct dlq *dlq_new(struct task *t, struct kc_error *err) {
    struct dlq *dlq = calloc(1, sizeof *dlq);
    if (!dlq)
        abort();
    dlq->task = t;
    dlq->topic = t->conf.dlq_topic;
    dlq->context_headers = t->conf.dlq_context_headers;
    if (ensure_topic(t, dlq->topic, err) < 0 || open_producer(dlq, err) < 0) {
        err_wrap(err, KC_CONNECT_EXCEPTION, "Could not initialize dead letter queue with topic=%s", dlq->topic);
        free(dlq);
        return NULL;
    }
    return dlq;
}

struct dlq *dlq_free(struct dlq *dlq) {
    if (!dlq)
        return NULL;
    if (!dlq_wait(dlq, task_cancelled(dlq->task) ? 0 : CLOSE_TIMEOUT_MS))
        kc_log(KC_ERROR, LOG_DLQ, "%d messages for dead letter queue %s were not acknowledged in time",
               rd_kafka_outq_len(dlq->rk), dlq->topic);
    client_free(dlq->rk);
    free(dlq);
    return NULL;
}

bool dlq_wait(struct dlq *dlq, int64_t timeout_ms) {
    if (rd_kafka_outq_len(dlq->rk) == 0)
        return true;
    return rd_kafka_flush(dlq->rk, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void add_text(rd_kafka_headers_t *headers, const char *name, const char *text) {
    char full[64];
    snprintf(full, sizeof full, "__connect.errors.%s", name);
    rd_kafka_header_add(headers, full, -1, text, text ? (ssize_t)strlen(text) : 0);
}

static void add_number(rd_kafka_headers_t *headers, const char *name, int64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    add_text(headers, name, text);
}

static void add_context(const struct dlq *dlq, rd_kafka_headers_t *headers, const struct dead_letter *letter,
                        const struct failure *failure) {
    AUTO_TEXT trace = err_trace(failure->err);
    add_text(headers, "topic", letter->topic);
    if (letter->of_source) {
        if (letter->partition >= 0)
            add_number(headers, "partition", letter->partition);
        add_text(headers, "source.partition", letter->source_partition);
        add_text(headers, "source.offset", letter->source_offset);
    } else {
        add_number(headers, "partition", letter->partition);
        add_number(headers, "offset", letter->offset);
    }
    add_text(headers, "connector.name", dlq->task->connector);
    add_number(headers, "task.id", dlq->task->number);
    add_text(headers, "stage", error_stage_name(failure->stage));
    add_text(headers, "class.name", failure->class_name);
    add_text(headers, "exception.class.name", failure->err->exception);
    add_text(headers, "exception.message", failure->err->text[0] ? failure->err->text : NULL);
    add_text(headers, "exception.stacktrace", trace);
}

void dlq_send(struct dlq *dlq, const struct dead_letter *letter, const struct failure *failure) {
    rd_kafka_headers_t *headers = letter->headers ? rd_kafka_headers_copy(letter->headers) : rd_kafka_headers_new(10);
    if (dlq->context_headers)
        add_context(dlq, headers, letter, failure);
    rd_kafka_resp_err_t rc;
    error_counts_add(&dlq->task->tolerance.counts, COUNT_DLQ_REQUESTS);
    for (;;) {
        rc = rd_kafka_producev(
            dlq->rk, RD_KAFKA_V_TOPIC(dlq->topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(letter->key, letter->key_len),
            RD_KAFKA_V_VALUE((void *)(uintptr_t)letter->value, letter->value_len),
            RD_KAFKA_V_TIMESTAMP(letter->timestamp == KC_NO_TIMESTAMP ? 0 : letter->timestamp), /* 0: now */
            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        /* A task that is only stopping commits the record's offset: the letter must be on its way. */
        if (rc != RD_KAFKA_RESP_ERR__QUEUE_FULL || task_cancelled(dlq->task))
            break;
        rd_kafka_poll(dlq->rk, 100);
    }
    if (rc) {
        rd_kafka_headers_destroy(headers); /* else they are the producer's */
        error_counts_add(&dlq->task->tolerance.counts, COUNT_DLQ_FAILURES);
        kc_log(KC_ERROR, LOG_DLQ, "Could not produce message to dead letter queue. topic=%s: %s", dlq->topic,
               rd_kafka_err2str(rc));
    }
    rd_kafka_poll(dlq->rk, 0);
}
