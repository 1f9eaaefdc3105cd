/* Topics that a source task creates before it first writes to them, by the rules in topic.creation.*.
 * One per task, on its thread. @source TopicCreation, TopicCreationGroup, TopicAdmin (distributed-worker 14.1,
 * transforms 8) */
#ifndef CONNECT_TASK_TOPIC_CREATION_H
#define CONNECT_TASK_TOPIC_CREATION_H

#include <librdkafka/rdkafka.h>

#include "connect/base/auto.h"
#include "connect/plugin.h"

struct topic_creation;

/* From a connector's configuration. *ret_creation is NULL when it has no topic.creation.* key or the worker does not
 * allow it: then topics are left to the brokers. @errors ConfigException: missing or bad values, as Java says */
int topic_creation_new(const struct kc_config *connector, bool enabled, struct topic_creation **ret_creation,
                       struct kc_error *err) KC_CHECKED;
struct topic_creation *topic_creation_free(struct topic_creation *tc);
AUTO_FREE(topic_creation, struct topic_creation, topic_creation_free)

/* The group whose settings a topic would get: "default" or one of topic.creation.groups. */
const char *topic_creation_group(const struct topic_creation *tc, const char *topic);
/* Makes sure that the topic is there: asks the cluster, creates it. `admin` is made by the caller on demand.
 * @blocks @errors retriable: try again later; else ConnectException */
int topic_creation_ensure(const struct topic_creation *tc, rd_kafka_t *admin, const char *topic,
                          struct kc_error *err) KC_CHECKED;

#endif
