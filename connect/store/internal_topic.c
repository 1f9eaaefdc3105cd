/* The logs of the stores; keeps nothing.
 * @source ConnectUtils, TopicAdmin.NewTopicBuilder, DistributedConfig.topicSettings (distributed-worker 1, 2.3) */
#include "connect/store/internal_topic.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/kafka/client.h"

static const struct {
    const char *prefix, *purpose, *client_suffix;
} topics[] = {
    [TOPIC_CONFIG] = {"config.storage.", "connector configurations", "configs"},
    [TOPIC_STATUS] = {"status.storage.", "connector and task statuses", "statuses"},
    [TOPIC_OFFSET] = {"offset.storage.", "source connector offsets", "offsets"},
};

/* `<prefix><name>` properties become topic settings. */
static struct kc_config *topic_settings(const struct worker_conf *conf, enum internal_topic which) {
    static const char *const ours[] = {"topic", "partitions", "replication.factor"};
    struct kc_config *settings = kc_config_with_prefix(conf->text, topics[which].prefix);
    if (which == TOPIC_CONFIG && kc_config_has(settings, "partitions"))
        kc_log(KC_WARN, "org.apache.kafka.connect.runtime.distributed.DistributedConfig",
               "Ignoring '%spartitions=%s' setting: the topic has one partition", topics[which].prefix,
               kc_config_get(settings, "partitions"));
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        kc_config_remove(settings, ours[i]);
    if (kc_config_has(settings, "cleanup.policy"))
        kc_log(KC_WARN, "org.apache.kafka.connect.runtime.distributed.DistributedConfig",
               "Ignoring '%scleanup.policy=%s' setting and using 'compact' instead", topics[which].prefix,
               kc_config_get(settings, "cleanup.policy"));
    kc_config_remove(settings, "cleanup.policy");
    return settings;
}

/* Completes a warning; NULL: uncommitted records are read, too. */
static const char *why_committed(enum internal_topic which, const char *own_topic) {
    if (which == TOPIC_STATUS)
        return NULL;
    if (which == TOPIC_CONFIG)
        return "for the worker's config topic consumer when exactly-once source support is enabled";
    return own_topic ? "for source connectors' offset consumers when exactly-once source support is enabled"
                     : "for the worker offsets topic consumer when exactly-once source support is enabled";
}

struct store_log *internal_topic_log(const struct worker_conf *conf, enum internal_topic which, const char *topic,
                                     const struct kc_config *client, log_record_fn on_record, void *arg) {
    if (conf->standalone)
        return store_log_here(which == TOPIC_OFFSET ? conf->offset_file : NULL, on_record, arg);
    AUTO(props) settings = topic_settings(conf, which);
    const char *own_topic[] = {conf->config_topic, conf->status_topic, conf->offset_topic};
    const int32_t partitions[] = {1, conf->status_partitions, conf->offset_partitions};
    const int16_t replication[] = {conf->config_replication, conf->status_replication, conf->offset_replication};
    char property[64], client_id[512];
    bool named = conf->client_id && *conf->client_id;
    const char *own_id = client ? kc_config_get(client, "client.id") : NULL;
    snprintf(property, sizeof(property), "%stopic", topic ? "offsets.storage." : topics[which].prefix);
    snprintf(client_id, sizeof(client_id), "%s-%s%s%s", conf->group_id, named ? conf->client_id : "", named ? "-" : "",
             topics[which].client_suffix);
    struct topic_log_conf log = {
        .client = client ? client : conf->text,
        .topic = topic ? topic : own_topic[which],
        .topic_property = property,
        .purpose = topics[which].purpose,
        .client_id = own_id ? own_id : client_id,
        .partitions = partitions[which],
        .single_partition = which == TOPIC_CONFIG,
        .replication_factor = replication[which],
        .topic_configs = settings,
        .status_producer = which == TOPIC_STATUS,
        .read_committed = worker_exactly_once(conf) ? why_committed(which, topic) : NULL,
        .retry_backoff_ms = conf->retry_backoff_ms > 0 ? conf->retry_backoff_ms : 100,
        .api_timeout_ms = client_number(CLIENT_ADMIN, conf->text, "default.api.timeout.ms"),
        .on_record = on_record,
        .arg = arg,
    };
    return store_log_on_topic(topic_log_new(&log));
}
