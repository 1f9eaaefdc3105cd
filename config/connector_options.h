/* Options that the framework reads from connector configurations, and the rows of the validate endpoint in Java's
 * order.
 * @source ConnectorConfig, SinkConnectorConfig, SourceConnectorConfig (worker-config 5, rest-api 6.2) */
#ifndef CONFIG_CONNECTOR_OPTIONS_H
#define CONFIG_CONNECTOR_OPTIONS_H

#include "connect/plugin.h"

/* What the framework itself acts on; the rest is looked up by name where plugins are made. */
struct connector_conf {
    int32_t tasks_max;
    bool tasks_max_enforce;
    const char *config_reload_action;
    int64_t errors_retry_timeout_ms, errors_retry_delay_max_ms;
    const char *errors_tolerance; /* "none", "all" */
    bool errors_log, errors_log_messages;
    const char *dlq_topic;
    int16_t dlq_replication;
    bool dlq_context_headers;
    /* sink */
    struct kc_list topics;
    const char *topics_regex;
    /* source */
    const char *offsets_topic;
    const char *transaction_boundary; /* "poll", "interval", "connector", in any case */
};

extern const struct kc_option connector_sink_options[]; /* into struct connector_conf */
/* Ends with the rows of the dead letter queue, which Java's sources do not have. */
extern const struct kc_option connector_source_options[];
#define OPTION_DEAD_LETTERS "errors.deadletterqueue." /* what their names begin with */

#endif
