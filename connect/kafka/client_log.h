/* From librdkafka's threads to kc_log without blocking them: events are queued (at most 2000, the rest is counted) and
 * written by one thread of the process, which runs while there are clients. Internal to client*.c. */
#ifndef CONNECT_KAFKA_CLIENT_LOG_H
#define CONNECT_KAFKA_CLIENT_LOG_H

#include "connect/kafka/client.h"

/* Counted: the first starts the thread, the last waits until everything is written. @thread any */
int client_log_start(struct kc_error *err) KC_CHECKED;
void client_log_stop(void);

void client_log_install(rd_kafka_conf_t *conf, enum client_kind kind); /* callbacks, log level, debug contexts */
/* Keeps what client_refused tells, from client_new to client_free. */
void client_log_attach(rd_kafka_t *rk);
void client_log_detach(rd_kafka_t *rk);

/* A connection of `rk` could not be authenticated; `refused`: and never will be. */
void client_log_refusal(rd_kafka_t *rk, bool refused, const char *reason);

/* Logs once in the life of the process for every distinct `key`. */
void client_log_once(enum kc_level level, const char *key, const char *fmt, ...) KC_PRINTF(3, 4);

#endif
