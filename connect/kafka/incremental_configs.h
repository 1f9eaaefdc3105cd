/* Changes of topic configurations one by one (KIP-339), which librdkafka cannot ask for.
 * @source Admin.incrementalAlterConfigs */
#ifndef CONNECT_KAFKA_INCREMENTAL_CONFIGS_H
#define CONNECT_KAFKA_INCREMENTAL_CONFIGS_H

#include <stdatomic.h>

#include "connect/kafka/wire.h"
#include "connect/plugin.h"

enum config_op { CONFIG_SET = 0, CONFIG_DELETE = 1 };

struct config_change {
    const char *name, *value; /* value NULL when deleted */
    enum config_op op;
};
struct topic_changes { /* the broker makes all changes of a topic or none */
    const char *topic;
    const struct config_change *changes;
    size_t count;
};

/* Sends all changes in one request to the first broker of bootstrap.servers that answers and calls `result` for every
 * topic: err NULL when its changes were made. `java` are the properties of an admin client. *stop (may be NULL) ends
 * the wait early.
 * @blocks up to timeout_ms  @errors UnsupportedVersionException: a broker before 2.3; ERR_AUTH, ERR_TIMEOUT … */
int incremental_configs(const struct kc_config *java, const struct topic_changes *topics, size_t count,
                        int64_t timeout_ms, const atomic_bool *stop,
                        void (*result)(void *arg, const char *topic, const struct kc_error *err), void *arg,
                        struct kc_error *err) KC_CHECKED;

/* The parts of it, for tests: IncrementalAlterConfigs v0. */
int incremental_configs_encode(struct buf *out, const struct topic_changes *topics, size_t count);
int incremental_configs_decode(const struct wire_response *resp,
                               void (*result)(void *arg, const char *topic, const struct kc_error *err), void *arg,
                               struct kc_error *err) KC_CHECKED;

#endif
