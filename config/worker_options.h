/* Options of the worker as rows: Java's names, defaults, texts.
 * @source WorkerConfig, DistributedConfig, StandaloneConfig, RestServerConfig (spec worker-config 1-3) */
#ifndef CONFIG_WORKER_OPTIONS_H
#define CONFIG_WORKER_OPTIONS_H

#include <string.h>

#include "connect/base/auto.h"
#include "connect/plugin.h"

struct worker_conf {
    struct kc_config *text; /* the whole properties, references resolved */
    struct kc_arena *arena; /* owns the strings below */
    struct kc_list bootstrap_servers;
    const char *client_id;
    const char *key_converter, *value_converter, *header_converter;
    bool standalone;         /* no group, no internal topics: group_id and the topics are NULL */
    const char *offset_file; /* standalone: offset.storage.file.filename */
    const char *group_id;
    const char *config_topic, *offset_topic, *status_topic;
    int16_t config_replication, offset_replication, status_replication;
    int32_t offset_partitions, status_partitions;
    int64_t task_graceful_timeout_ms; /* task.shutdown.graceful.timeout.ms */
    int64_t offset_flush_interval_ms, offset_flush_timeout_ms;
    int32_t session_timeout_ms, heartbeat_interval_ms, rebalance_timeout_ms, request_timeout_ms;
    int64_t retry_backoff_ms, retry_backoff_max_ms, reconnect_backoff_ms, reconnect_backoff_max_ms, metadata_max_age_ms;
    int32_t worker_sync_timeout_ms, worker_unsync_backoff_ms, scheduled_rebalance_max_delay_ms;
    const char *connect_protocol; /* eager, compatible, sessioned */
    const char *exactly_once;     /* disabled, preparing, enabled */
    struct kc_list listeners, admin_listeners;
    const char *advertised_host, *advertised_listener;
    int32_t advertised_port; /* -1: not set */
    const char *cors_origin, *cors_methods, *response_headers;
    struct kc_list rest_extensions;
    const char *override_policy; /* All, None, Principal or Allowlist, however it was named */
    struct kc_list override_allowlist;
    bool topic_creation, topic_tracking, topic_tracking_reset;
    int32_t inter_worker_key_ttl_ms, inter_worker_key_size;
    const char *inter_worker_key_algorithm, *inter_worker_signature_algorithm;
    struct kc_list inter_worker_verification_algorithms;
    int64_t memory_limit_bytes;  /* kconnect.memory.limit */
    int64_t rest_body_max_bytes; /* kconnect.rest.body.max.bytes: cap of a request body */
};

extern const struct kc_option worker_options[]; /* of distributed mode, into struct worker_conf */
/* Of standalone mode: the same without what belongs to the group and its topics, and with the offsets file.
 * @thread any, the first time main */
const struct kc_option *worker_options_standalone(void);

/* Parses and checks a worker's properties (taken over, also on failure). The registry of plugins must be filled:
 * converters are looked up. NULL with err: ConfigException, Java's text. See connect/worker_config.h for the whole way
 * from a file. */
struct worker_conf *worker_conf_new(struct kc_config *text, struct kc_error *err);
struct worker_conf *worker_conf_new_standalone(struct kc_config *text, struct kc_error *err);
struct worker_conf *worker_conf_free(struct worker_conf *conf);
/* exactly.once.source.support: source tasks write in transactions; the leader does. Standalone mode has neither. */
static inline bool worker_exactly_once(const struct worker_conf *conf) {
    return !conf->standalone && conf->exactly_once && strcmp(conf->exactly_once, "enabled") == 0;
}
static inline bool worker_transactional_leader(const struct worker_conf *conf) {
    return !conf->standalone && conf->exactly_once && strcmp(conf->exactly_once, "disabled") != 0;
}

/* Logs the values as they stand in the file (references unresolved, secrets masked) and warns about unknown keys. */
void worker_conf_log(const struct kc_config *raw);
AUTO_FREE(worker_conf, struct worker_conf, worker_conf_free)

#endif
