/* See log_reader.h. */
#include "connectors/mirror/log_reader.h"

#include <stdlib.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/admin.h"

#define LOGGER MIRROR_LOG("MirrorCheckpointTask")

enum { LOOK_MS = 1500, AT_A_TIME = 1000 };

struct log_reader {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    int64_t fetch_wake_ms;
    bool was_at_end;
};

static int begin(struct log_reader *r, const char *topic, struct kc_error *err) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t code = rd_kafka_assign(r->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_poll_set_consumer(r->rk);
    r->queue = rd_kafka_queue_get_consumer(r->rk);
    return code ? client_error(err, code, "Topic %s cannot be read", topic) : 0;
}

struct log_reader *log_reader_open(const struct kc_config *config, enum mirror_side side, const char *role,
                                   const char *topic, bool *ret_missing, struct kc_error *err) {
    struct log_reader *r = calloc(1, sizeof *r);
    int32_t partitions = 0;
    if (!r)
        abort();
    *ret_missing = false;
    r->rk = mirror_log_consumer(config, side, role, err);
    if (!r->rk || admin_partition_count(r->rk, topic, LOOK_MS, &partitions, err) < 0)
        return log_reader_free(r);
    if (partitions == 0) {
        *ret_missing = true;
        err_set(err, ERR_RETRIABLE, "There is no topic %s", topic);
        return log_reader_free(r);
    }
    return begin(r, topic, err) < 0 ? log_reader_free(r) : r;
}

/* An event in the place of a message. */
static int handle_event(struct log_reader *r, const rd_kafka_message_t *m, struct kc_error *err) {
    switch (m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        r->was_at_end = true;
        return 0;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__FATAL:
        return client_error(err, m->err, "%s", rd_kafka_message_errstr(m));
    default:
        kc_log(KC_WARN, LOGGER, "Consumer: %s, it keeps trying", rd_kafka_message_errstr(m));
        return 0;
    }
}

int log_reader_poll(struct log_reader *r, int64_t timeout_ms, void (*f)(void *arg, const struct record_bytes *record),
                    void *arg, struct kc_error *err) {
    rd_kafka_message_t *messages[AT_A_TIME];
    int64_t deadline = clock_after_ms(timeout_ms);
    int rc = 0;
    bool end = false;
    do {
        int64_t left = deadline - clock_ms();
        ssize_t got = rd_kafka_consume_batch_queue(r->queue, left > 0 ? (int)left : 0, messages, 1);
        if (got == 1) {
            ssize_t more = rd_kafka_consume_batch_queue(r->queue, 0, messages + 1, AT_A_TIME - 1);
            got += more > 0 ? more : 0;
            client_fetch_wake(r->rk, got < AT_A_TIME, &r->fetch_wake_ms);
        }
        for (ssize_t i = 0; i < got; i++) {
            const rd_kafka_message_t *m = messages[i];
            end = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
            if (rc == 0 && m->err)
                rc = handle_event(r, m, err);
            else if (rc == 0)
                f(arg, &(struct record_bytes){m->key, m->payload, m->key_len, m->len});
            rd_kafka_message_destroy(messages[i]);
        }
        if (got <= 0 && left <= 0)
            break;
    } while (rc == 0 && !end && clock_ms() < deadline);
    return rc;
}

bool log_reader_was_at_end(const struct log_reader *r) {
    return r->was_at_end;
}

struct log_reader *log_reader_free(struct log_reader *r) {
    if (!r)
        return NULL;
    if (r->queue)
        rd_kafka_queue_destroy(r->queue);
    client_free(r->rk);
    free(r);
    return NULL;
}
