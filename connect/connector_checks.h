/* What must hold before a connector starts. Creation through REST has validated most of it already; but a configuration
 * may also be older than a rule, come from another worker, or refer to secrets that have changed. */
#ifndef CONNECT_CONNECTOR_CHECKS_H
#define CONNECT_CONNECTOR_CHECKS_H

#include "config/connector_options.h"
#include "config/worker_options.h"
#include "connect/plugin.h"

/* The framework's part of `config` (resolved): version of the plugin, options, transforms and predicates, topic
 * creation, client overrides of a source. Without it there is no connector. @errors with Java's classes and texts
 * @source Worker.startConnector, ConnectorConfig.enrich, SourceConnectorConfig */
int connector_check(const struct kc_plugin *plugin, const char *connector, const struct kc_config *config,
                    const struct worker_conf *worker, struct kc_arena *arena, struct connector_conf *ret_conf,
                    struct kc_error *err) KC_CHECKED;

/* Where a sink reads from, and that its dead letters do not come back to it. @source SinkConnectorConfig.validate */
int connector_check_topics(const struct kc_config *config, struct kc_arena *arena, struct kc_error *err) KC_CHECKED;

#endif
