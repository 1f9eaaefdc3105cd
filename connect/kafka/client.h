/* librdkafka handles from Java client properties. Every documented Java client property is mapped, known to be
 * meaningless here (info), or unknown (warning); none stops the worker. librdkafka's log and error events go to kc_log.
 * @source spec distributed-worker 15, worker-config 1.1, 2.1, 2.2 */
#ifndef CONNECT_KAFKA_CLIENT_H
#define CONNECT_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>

#include "connect/base/auto.h"
#include "connect/plugin.h"

enum client_kind { CLIENT_PRODUCER, CLIENT_CONSUMER, CLIENT_ADMIN };

/* An rd_kafka_conf from Java properties (translated names and values, JAAS, key stores, converters of units). `defaults` are
 * librdkafka properties set first and never overridden by an unset Java one; NULL-terminated pairs. NULL with err when a
 * value is wrong (names the key). Caller owns. */
rd_kafka_conf_t *client_conf(enum client_kind kind, const struct kc_config *java, struct kc_error *err);
/* rd_kafka_conf_set with an error that names key and value. */
int client_set(rd_kafka_conf_t *conf, const char *key, const char *value, struct kc_error *err) KC_CHECKED;
/* Takes `conf` in any case. A broker that is away is not an error. */
rd_kafka_t *client_new(enum client_kind kind, rd_kafka_conf_t *conf, struct kc_error *err);
/* Closes (consumer), flushes nothing, destroys; safe on NULL; returns NULL. @blocks briefly */
rd_kafka_t *client_free(rd_kafka_t *rk);
AUTO_FREE(rd, rd_kafka_t, client_free)

/* Properties of a connector's clients, layered as 15.2 says: worker, worker `producer.` …, connector `producer.override.` ….
 * `client_id`, `group_id` may be NULL. Checks the override policy elsewhere. Caller frees. */
struct kc_config *client_props_producer(const struct kc_config *worker, const struct kc_config *connector,
                                        const char *client_id);
struct kc_config *client_props_consumer(const struct kc_config *worker, const struct kc_config *connector,
                                        const char *client_id, const char *group_id);
struct kc_config *client_props_admin(const struct kc_config *worker, const struct kc_config *connector,
                                     const char *client_id);
/* Kafka error → struct kc_error with Java's exception class, retriable as Java says. Returns -1. */
int client_error(struct kc_error *err, rd_kafka_resp_err_t code, const char *fmt, ...) KC_PRINTF(3, 4);

#endif
