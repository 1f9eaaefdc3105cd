/* librdkafka handles from Java client properties. Every documented Java client property is mapped, known to be
 * meaningless here (info), or unknown (warning); none stops the worker. librdkafka's log and error events go to kc_log
 * from a thread of their own, so that no librdkafka thread ever waits for a slow stderr.
 * @source spec distributed-worker 15, worker-config 1.1, 2.1, 2.2 */
#ifndef CONNECT_KAFKA_CLIENT_H
#define CONNECT_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>

#include "connect/base/auto.h"
#include "connect/plugin.h"

enum client_kind { CLIENT_PRODUCER, CLIENT_CONSUMER, CLIENT_ADMIN };

/* ---- Handles ---- */

/* An rd_kafka_conf from Java properties (translated names and values, JAAS, key stores, units), with Java's defaults
 * where librdkafka's differ. Unset: the callbacks of records (delivery report, rebalance), which the caller adds. The
 * properties of a whole worker may be given: what is the worker's own is passed over. NULL with err when a value is
 * wrong (names the key). Caller owns.
 *
 * Fetch queue of consumers: queued.min.messages 50000 and queued.max.messages.kbytes 16384, so that a task holds about
 * 16 MiB of records (plus one fetch response) however many partitions it has and however slow it is. librdkafka before
 * 2.2 sleeps up to a second once that limit is reached; call client_fetch_wake after each batch, and it does not. */
rd_kafka_conf_t *client_conf(enum client_kind kind, const struct kc_config *java, struct kc_error *err);
/* rd_kafka_conf_set with an error that names key and value. */
int client_set(rd_kafka_conf_t *conf, const char *key, const char *value, struct kc_error *err) KC_CHECKED;
/* Takes `conf` in any case. A broker that is away is not an error. Admin handles are producers that never produce. */
rd_kafka_t *client_new(enum client_kind kind, rd_kafka_conf_t *conf, struct kc_error *err);
/* Closes (consumer), flushes nothing, destroys; safe on NULL; returns NULL. @blocks briefly */
rd_kafka_t *client_free(rd_kafka_t *rk);
AUTO_FREE(rd, rd_kafka_t, client_free)

/* 0, or -1 with ERR_AUTH once a broker has refused the handle's credentials or certificate (learnt while polling it).
 * What waits for a broker asks this, so as not to wait in vain. @thread any */
int client_refused(rd_kafka_t *rk, struct kc_error *err) KC_CHECKED;

/* Keeps a consumer's prefetching going: makes librdkafka look at once whether its queue has room again. Call it after
 * every batch taken from the queue, `drained` when the batch was smaller than asked for. Does nothing more than read
 * the clock if it was called within the last 2 ms and the queue is not drained. `last_ms` is the caller's, 0 at first.
 * @thread the consumer's  @blocks no */
void client_fetch_wake(rd_kafka_t *rk, bool drained, int64_t *last_ms);

/* Kafka error → struct kc_error with Java's exception class, retriable as Java says; the text is that of `fmt` (NULL:
 * none) and the error's own. Returns -1. */
int client_error(struct kc_error *err, rd_kafka_resp_err_t code, const char *fmt, ...) KC_PRINTF(3, 4);

/* Why the record of a failed delivery report was not written. Returns -1. @thread the one that serves the producer */
int client_undelivered(struct kc_error *err, const rd_kafka_message_t *m);

/* ---- Java properties ---- */

/* The number of a property that the worker uses itself (max.poll.records, max.block.ms, default.api.timeout.ms, …), or
 * Java's default when it is not set or unusable. */
int64_t client_number(enum client_kind kind, const struct kc_config *java, const char *name);

/* Properties of a connector's clients, layered as 15.2 says: worker, worker `producer.` …, connector
 * `producer.override.` …. `worker` is worker_conf->text; `connector`, `client_id`, `group_id` may be NULL. Checks the
 * override policy elsewhere. Caller frees. */
struct kc_config *client_props_producer(const struct kc_config *worker, const struct kc_config *connector,
                                        const char *client_id);
/* The same for transaction_conf: idempotence is off only if the worker or the connector says so. */
struct kc_config *client_props_transactional(const struct kc_config *worker, const struct kc_config *connector,
                                             const char *client_id);
struct kc_config *client_props_consumer(const struct kc_config *worker, const struct kc_config *connector,
                                        const char *client_id, const char *group_id);
struct kc_config *client_props_admin(const struct kc_config *worker, const struct kc_config *connector,
                                     const char *client_id);

/* Sets what cannot be otherwise; a warning tells of a value that is passed over ("… cannot be overridden <why>. …"). */
void client_ensure(struct kc_config *props, const char *key, const char *value, const char *why, bool any_case);

/* `policy` is All, None, Principal or Allowlist, or the class name of one of these.
 * Calls f for every `<prefix>…` entry of a connector's configuration that the policy forbids: the whole key and Java's
 * text ("The 'None' policy does not allow 'K' to be overridden in the connector configuration."). Returns how many. */
size_t client_policy_check(const char *policy, const struct kc_list *allowlist, const char *prefix,
                           const struct kc_config *connector, void (*f)(void *arg, const char *key, const char *text),
                           void *arg);
/* The same for the start of a connector or task: -1 with "Client Config Overrides not allowed […]". */
int client_policy_enforce(const char *policy, const struct kc_list *allowlist, const char *prefix,
                          const struct kc_config *connector, struct kc_error *err) KC_CHECKED;

/* ---- Security ---- */

struct wire_security;
/* security.protocol, ssl.* and sasl.* for connections that do not use librdkafka (connect/kafka/wire.h): JAAS taken
 * apart, key stores as PEM texts, a token callback for OAUTHBEARER. Must outlive what is made from it. @blocks reads
 * files */
struct wire_security *client_security(const struct kc_config *java, struct kc_error *err);
struct wire_security *client_security_free(struct wire_security *sec);

#endif
