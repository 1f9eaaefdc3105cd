/* Topic configurations: read from the source, given to new remote topics, and brought over again and again.
 * @thread jobs of the source connector  @source MirrorSourceConnector.targetConfig, incrementalAlterConfigs */
#ifndef CONNECTORS_MIRROR_CONFIG_SYNC_H
#define CONNECTORS_MIRROR_CONFIG_SYNC_H

#include "connect/base/map.h"
#include "connectors/mirror/admin_call.h"
#include "connectors/mirror/filter.h"

/* Which configurations are copied. */
struct config_rules {
    const struct filter *properties;
    bool source_defaults; /* use.defaults.from=source */
};

struct topic_config_entry {
    char *name, *value;
    bool copied;       /* set on the target; else the rules say that its default counts there */
    bool set_on_topic; /* in the topic's own configuration */
};
struct topic_config {
    struct topic_config_entry *entries;
    size_t count;
};

/* The configurations of topics as the rules see them, topic name → struct topic_config; what the rules leave alone is
 * not in it. NULL with err. Topics that the broker says nothing about are missing. `rules` NULL: every entry.
 * @blocks up to timeout_ms */
struct map *topic_configs_read(rd_kafka_t *admin, const char *const *topics, size_t count,
                               const struct config_rules *rules, int64_t timeout_ms, struct stop_check stop,
                               struct kc_error *err);
/* What a new remote topic gets. Caller frees. */
struct kc_config *topic_config_for_new(const struct topic_config *config);

struct config_pair { /* a topic of the source and its remote one */
    const char *topic, *remote;
};
/* Makes the remote topics alike: sets what the source's have set, removes what they leave to the defaults. `java` are
 * the properties of the target's admin client. *ret_unsupported: the brokers are too old for it.
 * @blocks up to 3 × timeout_ms */
int config_sync(rd_kafka_t *source, rd_kafka_t *target, const struct kc_config *java, const struct config_pair *pairs,
                size_t count, const struct config_rules *rules, int64_t timeout_ms, const atomic_bool *stop,
                bool *ret_unsupported, struct kc_error *err) KC_CHECKED;

#endif
