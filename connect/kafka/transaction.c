/* Thin calls around librdkafka's transactional API; keeps nothing. */
#include "connect/kafka/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"

#define LOGGER       "org.apache.kafka.connect.util.ConnectUtils"
#define FENCED       "org.apache.kafka.common.errors.ProducerFencedException"
#define UNAUTHORIZED "org.apache.kafka.common.errors.TransactionalIdAuthorizationException"
#define TIMEOUT_ROW  "transaction.timeout.ms"

enum { MIN_TIMEOUT = 1000 /* librdkafka's */, SLICE_MS = 250, COMMIT_SLICE = 1000 };

/* ---- Configuration ---- */

static int set_number(rd_kafka_conf_t *conf, const char *key, int64_t n, struct kc_error *err) {
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)n);
    return client_set(conf, key, text, err);
}

static int64_t current_number(const rd_kafka_conf_t *conf, const char *key) {
    char text[64];
    size_t size = sizeof(text);
    return rd_kafka_conf_get(conf, key, text, &size) == RD_KAFKA_CONF_OK ? strtoll(text, NULL, 10) : 0;
}

/* @source ProducerConfig.postProcessAndValidateIdempotenceConfigs */
static int check(const struct kc_config *props, struct kc_error *err) {
    static const char *const why = "org.apache.kafka.common.config.ConfigException";
    const char *acks = kc_config_get(props, "acks");
    int64_t in_flight = client_number(CLIENT_PRODUCER, props, "max.in.flight.requests.per.connection");
    if (client_number(CLIENT_PRODUCER, props, "retries") == 0)
        return err_set_class(err, ERR_BAD_CONFIG, why,
                             "Must set retries to non-zero when using the idempotent producer.");
    if (acks && (strcmp(acks, "0") == 0 || strcmp(acks, "1") == 0))
        return err_set_class(err, ERR_BAD_CONFIG, why,
                             "Must set acks to all in order to use the idempotent producer. Otherwise we cannot "
                             "guarantee idempotence.");
    if (in_flight > 5)
        return err_set_class(err, ERR_BAD_CONFIG, why,
                             "To use the idempotent producer, max.in.flight.requests.per.connection must be set to at "
                             "most 5. Current value is %lld.",
                             (long long)in_flight);
    return 0;
}

rd_kafka_conf_t *transaction_conf(const struct kc_config *java, const char *transactional_id, const char *why,
                                  struct kc_error *err) {
    AUTO(props) props = kc_config_copy(java);
    client_ensure(props, "enable.idempotence", "true", why, true);
    client_ensure(props, "transactional.id", transactional_id, why, false);
    if (check(props, err) < 0)
        return NULL;
    kc_config_remove(props, "transactional.id"); /* client_conf knows only those that it is not to use */
    kc_config_remove(props, "delivery.timeout.ms");
    int64_t timeout = client_number(CLIENT_PRODUCER, props, TIMEOUT_ROW);
    if (timeout < MIN_TIMEOUT)
        timeout = MIN_TIMEOUT;
    rd_kafka_conf_t *conf = client_conf(CLIENT_PRODUCER, props, err);
    if (!conf)
        return NULL;
    int64_t socket = current_number(conf, "socket.timeout.ms");
    if (client_set(conf, "transactional.id", transactional_id, err) < 0 ||
        set_number(conf, "transaction.timeout.ms", timeout, err) < 0 ||
        set_number(conf, "message.timeout.ms", timeout, err) < 0 ||
        set_number(conf, "socket.timeout.ms", socket < timeout ? socket : timeout, err) < 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    return conf;
}

/* ---- Errors ---- */

static int describe(rd_kafka_t *rk, rd_kafka_resp_err_t code, const char *text, struct kc_error *err) {
    char reason[512] = "";
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(rk, reason, sizeof(reason));
    if (fatal) {
        code = fatal;
        text = reason;
    }
    if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
        code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) /* librdkafka does not always tell them apart */
        return err_set_class(err, ERR_KAFKA, FENCED,
                             "There is a newer producer with the same transactionalId which fences the current one.");
    if (code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        return err_set_class(err, ERR_AUTH, UNAUTHORIZED, "Transactional Id authorization failed.");
    if (code == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT)
        return err_set_class(err, ERR_KAFKA, "org.apache.kafka.common.KafkaException",
                             "Unexpected error in InitProducerIdResponse; The transaction timeout is larger than the "
                             "maximum value allowed by the broker (as configured by transaction.max.timeout.ms).");
    client_error(err, code, "%s", text);
    if (err) {
        err->retriable = false;
        err->fatal = fatal != RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return -1;
}

int transaction_check(rd_kafka_t *rk, struct kc_error *err) {
    char reason[512];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(rk, reason, sizeof(reason));
    return code ? describe(rk, code, reason, err) : 0;
}

/* ---- Calls ---- */

/* Repeats `call`, which goes on where it was after a time-out of its own. */
static int patiently(rd_kafka_t *rk, rd_kafka_error_t *(*call)(rd_kafka_t *rk, int timeout_ms), int slice_ms,
                     const char *what, const struct transaction_limits *limits, struct kc_error *err) {
    int64_t deadline = limits->timeout_ms < 0 ? INT64_MAX : clock_ms() + limits->timeout_ms;
    for (;;) {
        rd_kafka_error_t *error = call(rk, slice_ms);
        if (!error)
            return 0;
        rd_kafka_resp_err_t code = rd_kafka_error_code(error);
        bool again = rd_kafka_error_is_retriable(error) && !rd_kafka_error_is_fatal(error);
        if (!again)
            describe(rk, code, rd_kafka_error_string(error), err);
        rd_kafka_error_destroy(error);
        if (!again || client_refused(rk, err) < 0)
            return -1;
        if (limits->stop && limits->stop(limits->arg))
            return err_set(err, ERR_STOPPING, "%s was given up because its task or worker stops", what);
        if (clock_ms() >= deadline)
            return client_error(err, RD_KAFKA_RESP_ERR__TIMED_OUT, "%s", what);
        if (code != RD_KAFKA_RESP_ERR__TIMED_OUT) /* it did not wait */
            clock_sleep_ms(100);
        rd_kafka_poll(rk, 0);
    }
}

int transaction_init(rd_kafka_t *rk, const struct transaction_limits *limits, struct kc_error *err) {
    return patiently(rk, rd_kafka_init_transactions, SLICE_MS, "Initializing transactions", limits, err);
}

int transaction_begin(rd_kafka_t *rk, struct kc_error *err) {
    rd_kafka_error_t *error = rd_kafka_begin_transaction(rk);
    if (!error)
        return 0;
    describe(rk, rd_kafka_error_code(error), rd_kafka_error_string(error), err);
    rd_kafka_error_destroy(error);
    return -1;
}

int transaction_commit(rd_kafka_t *rk, const struct transaction_limits *limits, struct kc_error *err) {
    return patiently(rk, rd_kafka_commit_transaction, COMMIT_SLICE, "Committing a transaction", limits, err);
}

int transaction_abort(rd_kafka_t *rk, const struct transaction_limits *limits, struct kc_error *err) {
    return patiently(rk, rd_kafka_abort_transaction, COMMIT_SLICE, "Aborting a transaction", limits, err);
}
