/* What a store writes its records to and gets them back from: an internal topic, or in standalone mode this process,
 * with or without a file. Functions and their rules are those of connect/kafka/topic_log.h; without a topic nothing
 * waits, and records come back before the call that writes them returns. */
#ifndef CONNECT_STORE_STORE_LOG_H
#define CONNECT_STORE_STORE_LOG_H

#include "connect/base/auto.h"
#include "connect/kafka/topic_log.h"

typedef void (*log_record_fn)(void *arg, int32_t partition, int64_t offset, const void *key, size_t key_len,
                              const void *value, size_t value_len, int64_t timestamp);

struct store_log;
struct store_log *store_log_on_topic(struct topic_log *topic); /* takes it */
/* `file` (NULL: memory only) holds the last value of every key as a serialized Java map (java_map.h); it is read by
 * store_log_start and replaced as a whole by every store_log_send, before the records come back.
 * @source MemoryConfigBackingStore, MemoryStatusBackingStore, FileOffsetBackingStore */
struct store_log *store_log_here(const char *file, log_record_fn on_record, void *arg);
struct store_log *store_log_free(struct store_log *log);

int store_log_start(struct store_log *log, struct kc_error *err) KC_CHECKED;
int store_log_send(struct store_log *log, const struct topic_log_record *records, size_t count, int64_t timeout_ms,
                   struct kc_error *err) KC_CHECKED;
int store_log_send_and_read(struct store_log *log, const struct topic_log_record *records, size_t count,
                            int64_t timeout_ms, struct kc_error *err) KC_CHECKED;
void store_log_send_async(struct store_log *log, const struct topic_log_record *record,
                          void (*done)(void *arg, const struct kc_error *err_or_null), void *arg);
void store_log_after(struct store_log *log, int64_t delay_ms, void (*f)(void *arg), void *arg);
int store_log_read_to_end(struct store_log *log, int64_t timeout_ms, struct kc_error *err) KC_CHECKED;
void store_log_cancel(struct store_log *log);
bool store_log_has_topic(const struct store_log *log);
int32_t store_log_partitions(const struct store_log *log); /* of the topic; 1 without */

#endif
