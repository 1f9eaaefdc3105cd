/* Options of the three MirrorMaker connectors: one struct, one table of rows per connector and per kind of task.
 * What is a pattern list (topics, groups, …) is read as text by filter.c, what belongs to a Kafka client by clients.c.
 */
#ifndef CONNECTORS_MIRROR_CONFIG_H
#define CONNECTORS_MIRROR_CONFIG_H

#include "connect/plugin.h"

struct mirror_conf {
    bool enabled;
    const char *source, *target; /* aliases */
    int64_t admin_timeout_ms;
    int64_t poll_timeout_ms;
    const char *syncs_location; /* source or target */
    /* source */
    bool refresh_topics, sync_configs, sync_acls, emit_syncs, replicate_heartbeats;
    int64_t refresh_topics_s, sync_configs_s, sync_acls_s, lag_max;
    int32_t replication_factor;
    int16_t syncs_replication_factor;
    /* checkpoint */
    bool refresh_groups, emit_checkpoints, sync_groups;
    int64_t refresh_groups_s, emit_checkpoints_s, sync_groups_s;
    int16_t checkpoints_replication_factor;
    /* heartbeat */
    bool emit_heartbeats;
    int64_t emit_heartbeats_s;
    int16_t heartbeats_replication_factor;
    /* tasks */
    struct kc_list assigned; /* "topic-partition" or group ids */
};

/* An interval of the options in milliseconds, INT64_MAX when that is too long. */
static inline int64_t mirror_interval_ms(int64_t seconds) {
    return seconds > INT64_MAX / 1000 ? INT64_MAX : seconds < 0 ? -1 : seconds * 1000;
}

extern const struct kc_option mirror_source_options[], mirror_source_task_options[];
extern const struct kc_option mirror_checkpoint_options[], mirror_checkpoint_task_options[];
extern const struct kc_option mirror_heartbeat_options[];

/* Defaults of the pattern lists. */
#define MIRROR_TOPICS_EXCLUDE "mm2.*\\.internal,.*\\.replica,__.*"
#define MIRROR_GROUPS_EXCLUDE "console-consumer-.*,connect-.*,__.*"
#define MIRROR_CONFIG_EXCLUDE                                                                                     \
    "follower.replication.throttled.replicas,leader.replication.throttled.replicas,"                              \
    "message.timestamp.difference.max.ms,log.message.timestamp.before.max.ms,log.message.timestamp.after.max.ms," \
    "message.timestamp.type,unclean.leader.election.enable,min.insync.replicas"

#endif
