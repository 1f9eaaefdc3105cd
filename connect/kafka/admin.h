/* Creates, describes and checks topics. Blocking calls on a given handle, which should be an admin handle (a producer's
 * would make the broker create the topics that it asks for). Credentials that the broker refuses end a call early.
 * @thread any but the herder  @source TopicAdmin */
#ifndef CONNECT_KAFKA_ADMIN_H
#define CONNECT_KAFKA_ADMIN_H

#include <librdkafka/rdkafka.h>

#include "connect/plugin.h"

struct topic_spec {
    const char *name;
    int32_t partitions;              /* -1: broker default */
    int16_t replication_factor;      /* -1: broker default */
    const struct kc_config *configs; /* may be NULL */
};

enum admin_topic {
    ADMIN_TOPIC_CREATED,
    ADMIN_TOPIC_EXISTS,
    ADMIN_TOPIC_UNKNOWN /* not allowed to create, maybe there */
};

/* client_conf and client_new in one, without automatic creation of topics. Caller: client_free. */
rd_kafka_t *admin_open(const struct kc_config *java, struct kc_error *err);

/* @errors ConnectException; retriable when another try may help (time-out, replication factor not yet available) */
int admin_create_topic(rd_kafka_t *rk, const struct topic_spec *spec, int timeout_ms, enum admin_topic *ret_outcome,
                       struct kc_error *err) KC_CHECKED;
/* Number of partitions, 0 when the topic does not exist. */
int admin_partition_count(rd_kafka_t *rk, const char *topic, int timeout_ms, int32_t *ret_count,
                          struct kc_error *err) KC_CHECKED;
/* One topic config value (malloc'ed) or NULL when it cannot be read (not allowed, old broker, no such topic or key). */
int admin_topic_config(rd_kafka_t *rk, const char *topic, const char *key, int timeout_ms, char **ret_value,
                       struct kc_error *err) KC_CHECKED;
/* The cluster id (malloc'ed); waits up to timeout_ms for a broker. */
int admin_cluster_id(rd_kafka_t *rk, int timeout_ms, char **ret_id, struct kc_error *err) KC_CHECKED;
/* Whether a broker answers: 0 or ERR_TIMEOUT; ERR_AUTH when it refuses us. */
int admin_ping(rd_kafka_t *rk, int timeout_ms, struct kc_error *err) KC_CHECKED;
/* All topic names (malloc'ed array of malloc'ed strings). */
int admin_list_topics(rd_kafka_t *rk, int timeout_ms, char ***ret_names, size_t *ret_count,
                      struct kc_error *err) KC_CHECKED;
void admin_free_names(char **names, size_t count);

#endif
