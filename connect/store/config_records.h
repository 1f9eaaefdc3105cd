/* Keys and values of the config topic: bytes ↔ parsed records. Pure, any thread.
 * @source KafkaConfigBackingStore (distributed-worker 2.1, 3.1, 3.2) */
#ifndef CONNECT_STORE_CONFIG_RECORDS_H
#define CONNECT_STORE_CONFIG_RECORDS_H

#include "connect/base/buf.h"
#include "connect/plugin.h"
#include "connect/store/config_store.h"

enum config_kind { /* in the order in which prefixes are tried */
                   CONFIG_TARGET_STATE,
                   CONFIG_CONNECTOR,
                   CONFIG_TASK,
                   CONFIG_COMMIT,
                   CONFIG_RESTART,
                   CONFIG_TASKS_FENCING,
                   CONFIG_SESSION_KEY,
                   CONFIG_LOGGER,
                   CONFIG_OTHER /* of no interest, but it counts for the offset */
};

struct config_record {
    enum config_kind kind;
    char *name;     /* connector; the logger for CONFIG_LOGGER */
    int task;       /* CONFIG_TASK */
    bool tombstone; /* no value, or JSON null */
    bool malformed; /* the value is JSON, but not what the key calls for: `why` tells; drop it */
    char why[160];
    /* the value, by kind */
    struct kc_config *properties; /* CONNECTOR, TASK */
    enum target_state target;
    int count; /* COMMIT, TASKS_FENCING */
    struct session_key session_key;
    bool only_failed, include_tasks;
    char *level;
};

/* -1: the value is not JSON, the record does not even count for the offset (err tells why). */
int config_record_parse(const void *key, size_t key_len, const void *value, size_t value_len,
                        struct config_record *ret_record, struct kc_error *err) KC_CHECKED;
void config_record_done(struct config_record *record);

/* Values; keys are plain texts. Buffers are appended to; -1: the maximum of the buffer is reached. */
int config_encode_properties(struct buf *out, const struct kc_config *properties) KC_CHECKED;
int config_encode_commit(struct buf *out, int tasks) KC_CHECKED;
int config_encode_task_count(struct buf *out, int tasks) KC_CHECKED;
int config_encode_target(struct buf *out, enum target_state target) KC_CHECKED;
int config_encode_session_key(struct buf *out, const struct session_key *key) KC_CHECKED;
int config_encode_restart(struct buf *out, bool only_failed, bool include_tasks) KC_CHECKED;
int config_encode_level(struct buf *out, const char *level) KC_CHECKED;

#endif
