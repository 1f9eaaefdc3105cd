/* Transactions of librdkafka's producers: configuration, and calls that wait in slices so that their caller can be
 * stopped meanwhile. One thread per handle.
 * @source Worker.exactlyOnceSourceTaskProducerConfigs, ConnectUtils.ensureProperty (distributed-worker 15.2) */
#ifndef CONNECT_KAFKA_TRANSACTION_H
#define CONNECT_KAFKA_TRANSACTION_H

#include <librdkafka/rdkafka.h>

#include "connect/plugin.h"

/* Where the patience of a call ends. */
struct transaction_limits {
    int64_t timeout_ms;      /* negative: none */
    bool (*stop)(void *arg); /* looked at a few times a second; NULL: never */
    void *arg;
};

/* A producer's configuration from Java properties, with this transactional id and idempotence, whatever the properties
 * say of them: a warning tells what is passed over ("... cannot be overridden <why>. ..."). A record that cannot be
 * delivered within transaction.timeout.ms fails, as its transaction has by then. Caller owns.
 * @errors ConfigException, of what idempotence does not allow: acks, retries, max.in.flight.requests.per.connection */
rd_kafka_conf_t *transaction_conf(const struct kc_config *java, const char *transactional_id, const char *why,
                                  struct kc_error *err);

/* Fences older producers of the id and finishes what they left behind. @blocks
 * @errors TransactionalIdAuthorizationException, KafkaException (the brokers do not allow the timeout), … */
int transaction_init(rd_kafka_t *rk, const struct transaction_limits *limits, struct kc_error *err) KC_CHECKED;
int transaction_begin(rd_kafka_t *rk, struct kc_error *err) KC_CHECKED;
/* Delivers what is outstanding (delivery reports are called) and commits. @blocks
 * @errors ProducerFencedException (the broker has ended the transaction because it took too long, too) … */
int transaction_commit(rd_kafka_t *rk, const struct transaction_limits *limits, struct kc_error *err) KC_CHECKED;
/* Drops what is outstanding (delivery reports are called) and aborts. @blocks */
int transaction_abort(rd_kafka_t *rk, const struct transaction_limits *limits, struct kc_error *err) KC_CHECKED;
/* What has made the producer unusable, if something has: -1 and err. */
int transaction_check(rd_kafka_t *rk, struct kc_error *err) KC_CHECKED;

#endif
