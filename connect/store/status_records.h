/* Keys and values of the status topic: bytes ↔ statuses. Pure, any thread.
 * @source KafkaStatusBackingStore (distributed-worker 4.1) */
#ifndef CONNECT_STORE_STATUS_RECORDS_H
#define CONNECT_STORE_STATUS_RECORDS_H

#include "connect/base/buf.h"
#include "connect/plugin.h"
#include "connect/store/status_store.h"

enum status_kind { STATUS_CONNECTOR, STATUS_TASK, STATUS_TOPIC };

struct status_record {
    enum status_kind kind;
    char *connector, *topic;
    bool tombstone;
    struct status status;  /* CONNECTOR, TASK; its strings are owned by it, `connector` is a copy */
    int64_t discovered_ms; /* TOPIC */
    int64_t timestamp_ms;  /* of the record; set by who read it */
};

/* -1: an unknown key or an unusable value; err tells. */
int status_record_parse(const void *key, size_t key_len, const void *value, size_t value_len,
                        struct status_record *ret_record, struct kc_error *err) KC_CHECKED;
void status_record_done(struct status_record *record);

int status_encode_key(struct buf *out, const char *connector, int task) KC_CHECKED; /* task -1: the connector's */
int status_encode_topic_key(struct buf *out, const char *topic, const char *connector) KC_CHECKED;
int status_encode(struct buf *out, const struct status *status) KC_CHECKED;
int status_encode_topic(struct buf *out, const char *topic, const char *connector, int task,
                        int64_t discovered_ms) KC_CHECKED;

#endif
