/* Kafka clients of the MirrorMaker connectors. Their Java properties are layered from the connector's configuration:
 *     source.cluster. or target.cluster.         (addresses and security only)
 *     consumer. producer. admin.                 (both clusters)
 *     source.consumer. … target.admin.           (one cluster)
 * @source MirrorConnectorConfig.sourceConsumerConfig and its sisters, MirrorUtils */
#ifndef CONNECTORS_MIRROR_CLIENTS_H
#define CONNECTORS_MIRROR_CLIENTS_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "connect/kafka/client.h"
#include "connect/plugin.h"

enum mirror_side { MIRROR_SOURCE, MIRROR_TARGET };

/* Java properties of one client. `role` ends its client.id: "<source>-><target>|<connector>[-<task>]|<role>". Caller
 * frees. */
struct kc_config *mirror_client_props(const struct kc_config *config, enum client_kind kind, enum mirror_side side,
                                      const char *role);
/* The client. Addresses may also be separated by semicolons, as some tutorials print them; topics are never created by
 * asking for them. @errors ConfigException: no addresses, or a property with a bad value (named) */
rd_kafka_t *mirror_client(const struct kc_config *config, enum client_kind kind, enum mirror_side side,
                          const char *role, struct kc_error *err);

/* A producer whose deliveries are reported to `delivered` with `opaque`. */
rd_kafka_t *mirror_producer(const struct kc_config *config, enum mirror_side side, const char *role,
                            void (*delivered)(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque), void *opaque,
                            struct kc_error *err);

/* A consumer that tells when it is at the end of a partition. */
rd_kafka_t *mirror_log_consumer(const struct kc_config *config, enum mirror_side side, const char *role,
                                struct kc_error *err);

/* The same properties for requests that librdkafka does not know (connect/kafka/wire.h). Caller frees. */
struct kc_config *mirror_wire_props(const struct kc_config *config, enum mirror_side side, const char *role,
                                    struct kc_error *err);

/* Makes sure that a compacted topic with one partition exists. A topic that is there is taken as it is.
 * @blocks up to timeout_ms, less when *stop becomes true  @source MirrorUtils.createCompactedTopic */
int mirror_create_internal(rd_kafka_t *admin, const char *topic, int16_t replication_factor, int64_t timeout_ms,
                           const atomic_bool *stop, struct kc_error *err) KC_CHECKED;

#define MIRROR_LOG(name) "org.apache.kafka.connect.mirror." name

#endif
