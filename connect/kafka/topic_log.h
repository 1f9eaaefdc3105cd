/* An internal topic: created and verified, read to its end, then followed by its own thread; written with a synchronous
 * producer. @source org.apache.kafka.connect.util.KafkaBasedLog (distributed-worker 2) */
#ifndef CONNECT_KAFKA_TOPIC_LOG_H
#define CONNECT_KAFKA_TOPIC_LOG_H

#include "connect/plugin.h"

struct topic_log;

struct topic_log_conf {
    const struct kc_config
        *client; /* Java client properties for all three clients; borrowed until topic_log_start returns */
    const char *topic, *topic_property, *purpose; /* "status.storage.topic", "connector and task statuses" */
    const char *client_id;
    int32_t partitions; /* config topic: 1 */
    bool single_partition;
    int16_t replication_factor;
    const struct kc_config *topic_configs; /* further topic settings, without cleanup.policy */
    bool status_producer;                  /* retries=0 (status store) instead of endless delivery */
    const char *read_committed;            /* why only committed records are read; a literal; NULL: `client` says it */
    int64_t retry_backoff_ms, api_timeout_ms;
    /* Every record in order of its partition; key NULL = none, value NULL = tombstone. @thread topic log */
    void (*on_record)(void *arg, int32_t partition, int64_t offset, const void *key, size_t key_len, const void *value,
                      size_t value_len, int64_t timestamp);
    void *arg;
};

struct topic_log_record {
    const void *key, *value; /* value NULL: tombstone */
    size_t key_len, value_len;
};

struct topic_log *topic_log_new(const struct topic_log_conf *conf); /* copies */
/* Creates or verifies the topic and reads it to its end. While the broker is away it keeps trying (says so every 30 s)
 * until topic_log_cancel. @blocks */
int topic_log_start(struct topic_log *log, struct kc_error *err) KC_CHECKED;
/* Sends records in order and waits for their acknowledgement. @thread any, one sender at a time  @blocks up to
 * timeout_ms */
int topic_log_send(struct topic_log *log, const struct topic_log_record *records, size_t count, int64_t timeout_ms,
                   struct kc_error *err) KC_CHECKED;
/* The same, and returns only after they, and so all records that stand before them, were given to on_record. */
int topic_log_send_and_read(struct topic_log *log, const struct topic_log_record *records, size_t count,
                            int64_t timeout_ms, struct kc_error *err) KC_CHECKED;
/* Sends without waiting; done (may be NULL) runs on the log's thread with 0 or the error. @blocks no */
void topic_log_send_async(struct topic_log *log, const struct topic_log_record *record,
                          void (*done)(void *arg, const struct kc_error *err_or_null), void *arg);
/* Calls f(arg) on the log's thread after a while; at the latest, and then at once, in topic_log_free. @thread any */
void topic_log_after(struct topic_log *log, int64_t delay_ms, void (*f)(void *arg), void *arg);
/* Returns once everything that was in the topic at the call has been given to on_record. @blocks up to timeout_ms */
int topic_log_read_to_end(struct topic_log *log, int64_t timeout_ms, struct kc_error *err) KC_CHECKED;
/* Makes blocked and later calls fail with ERR_STOPPING. @thread any */
void topic_log_cancel(struct topic_log *log);
struct topic_log *topic_log_free(struct topic_log *log); /* stops the thread, closes the clients */
int32_t topic_log_partitions(const struct topic_log *log);

#endif
