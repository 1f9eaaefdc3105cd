/* See leader_writer.h. */
#include "connect/store/leader_writer.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"
#include "connect/kafka/transaction.h"

#define LOGGER "org.apache.kafka.connect.storage.KafkaConfigBackingStore"
#define WHY                                                                                                       \
    "for the worker's config topic producer when exactly-once source support is enabled or in preparation to be " \
    "enabled"

struct leader_writer {
    const struct worker_conf *conf;
    const atomic_bool *cancelled;
    rd_kafka_t *producer; /* NULL: not privileged */
};

struct leader_writer *leader_writer_new(const struct worker_conf *conf, const atomic_bool *cancelled) {
    struct leader_writer *w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->conf = conf;
    w->cancelled = cancelled;
    return w;
}

struct leader_writer *leader_writer_free(struct leader_writer *w) {
    if (w)
        leader_writer_relinquish(w);
    free(w);
    return NULL;
}

static bool is_cancelled(void *arg) {
    const struct leader_writer *w = arg;
    return atomic_load(w->cancelled);
}

static rd_kafka_t *open_producer(struct leader_writer *w, struct kc_error *err) {
    const struct worker_conf *c = w->conf;
    char id[512];
    bool named = c->client_id && *c->client_id;
    AUTO(props) java = kc_config_copy(c->text);
    snprintf(id, sizeof(id), "%s-%s%sconfigs-leader", c->group_id, named ? c->client_id : "", named ? "-" : "");
    kc_config_set(java, "client.id", id);
    kc_config_set(java, "acks", "all");
    kc_config_set(java, "max.in.flight.requests.per.connection", "5");
    kc_config_set(java, "enable.idempotence", "true"); /* whatever it is, it is the other clients' */
    if (!kc_config_has(java, "linger.ms"))
        kc_config_set(java, "linger.ms", "0");
    snprintf(id, sizeof(id), "connect-cluster-%s", c->group_id);
    rd_kafka_conf_t *conf = transaction_conf(java, id, WHY, err);
    return conf ? client_new(CLIENT_PRODUCER, conf, err) : NULL;
}

int leader_writer_claim(struct leader_writer *w, int64_t timeout_ms, struct kc_error *err) {
    struct transaction_limits limits = {.timeout_ms = timeout_ms, .stop = is_cancelled, .arg = w};
    if (w->producer)
        return 0;
    w->producer = open_producer(w, err);
    if (w->producer && transaction_init(w->producer, &limits, err) == 0)
        return 0;
    leader_writer_relinquish(w);
    return err_wrap(err, KC_CONNECT_EXCEPTION, "Failed to create and initialize fencable producer for config topic");
}

void leader_writer_relinquish(struct leader_writer *w) {
    w->producer = client_free(w->producer);
}

static int produce(struct leader_writer *w, const struct topic_log_record *r, int64_t deadline_ms,
                   struct kc_error *err) {
    rd_kafka_resp_err_t code;
    while ((code = rd_kafka_producev(
                w->producer, RD_KAFKA_V_TOPIC(w->conf->config_topic), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(r->key, r->key_len),
                RD_KAFKA_V_VALUE((void *)r->value, r->value_len), RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
           clock_ms() < deadline_ms && !is_cancelled(w))
        rd_kafka_poll(w->producer, 10);
    return code ? client_error(err, code, "Writing to topic '%s'", w->conf->config_topic) : 0;
}

static int send_all(struct leader_writer *w, const struct topic_log_record *records, size_t count, int64_t deadline_ms,
                    struct kc_error *err) {
    if (transaction_begin(w->producer, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (produce(w, &records[i], deadline_ms, err) < 0)
            return -1;
    }
    int64_t left = deadline_ms - clock_ms();
    struct transaction_limits limits = {.timeout_ms = left > 0 ? left : 0, .stop = is_cancelled, .arg = w};
    return transaction_commit(w->producer, &limits, err);
}

int leader_writer_send(struct leader_writer *w, const struct topic_log_record *records, size_t count,
                       int64_t timeout_ms, struct kc_error *err) {
    if (!w->producer)
        return err_set_class(err, ERR_UNPRIVILEGED, "java.lang.IllegalStateException",
                             "Cannot produce to config topic without claiming write privileges first");
    if (send_all(w, records, count, clock_ms() + timeout_ms, err) == 0)
        return 0;
    kc_log(KC_WARN, LOGGER, "Failed to perform fencable send to config topic: %s", err->text);
    leader_writer_relinquish(w);
    if (is_cancelled(w))
        return err_set(err, ERR_STOPPING, "Worker is shutting down");
    err_wrap(err, KC_CONNECT_EXCEPTION,
             "Failed to write to config topic; this may be due to a transient error and the request can be safely "
             "retried");
    err->code = ERR_UNPRIVILEGED;
    return -1;
}
