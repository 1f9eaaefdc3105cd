/* Source offsets: the offset topic and its picture in memory, keyed by bytes.
 * @source KafkaOffsetBackingStore, OffsetStorageReaderImpl, OffsetStorageWriter (distributed-worker 5) */
#ifndef CONNECT_STORE_OFFSET_STORE_H
#define CONNECT_STORE_OFFSET_STORE_H

#include <librdkafka/rdkafka.h>

#include "config/worker_options.h"
#include "connect/plugin.h"

struct offset_store;
struct offset_store *offset_store_new(const struct worker_conf *conf); /* the worker's topic */
/* A connector's own topic (offsets.storage.topic) with its own clients. */
struct offset_store *offset_store_new_topic(const struct worker_conf *conf, const char *topic,
                                            const struct kc_config *client);
int offset_store_start(struct offset_store *s, struct kc_error *err) KC_CHECKED;
void offset_store_cancel(struct offset_store *s);
struct offset_store *offset_store_free(struct offset_store *s);

/* The bytes of a key: ["connector",{partition}], members as Java's HashMap would order them, reusing raw bytes seen in
 * the topic for the same partition (5.2). malloc'ed. @errors DataException texts of 5.1 */
char *offset_store_key(struct offset_store *s, const char *connector, const struct kc_value *partition, size_t *ret_len,
                       struct kc_error *err);
/* Reads to the end, then the offset (MAP in arena) or null. @thread any but the herder  @blocks up to timeout_ms */
int offset_store_get(struct offset_store *s, const char *connector, const struct kc_value *partition,
                     int64_t timeout_ms, struct kc_arena *arena, struct kc_value *ret_offset,
                     struct kc_error *err) KC_CHECKED;

struct offset_entry {
    const char *key; /* from offset_store_key */
    size_t key_len;
    const char *value; /* JSON text; NULL: tombstone */
    size_t value_len;
};
/* Writes all and waits for the acknowledgements. @blocks up to timeout_ms */
int offset_store_set(struct offset_store *s, const struct offset_entry *entries, size_t count, int64_t timeout_ms,
                     struct kc_error *err) KC_CHECKED;
/* The same records for a producer of the caller's: they are part of its transaction, and delivered when that is
 * committed. Delivery reports come with a NULL opaque. @blocks while the producer's queue is full */
int offset_store_produce(struct offset_store *s, rd_kafka_t *rk, const struct offset_entry *entries, size_t count,
                         struct kc_error *err) KC_CHECKED;
const char *offset_store_topic(const struct offset_store *s);
/* Calls f with every partition and offset (JSON text) of a connector. @blocks no: from the picture */
void offset_store_each(struct offset_store *s, const char *connector,
                       void (*f)(void *arg, const char *partition_json, const char *offset_json), void *arg);
int offset_store_refresh(struct offset_store *s, int64_t timeout_ms, struct kc_error *err) KC_CHECKED;

#endif
