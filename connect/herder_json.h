/* The JSON that answers of the herder contain: field order and omission rules of Java's entities.
 * Every function appends to `out`; nothing else is touched. @thread any  @blocks no
 * @source org.apache.kafka.connect.runtime.rest.entities (rest-api 4) */
#ifndef CONNECT_HERDER_JSON_H
#define CONNECT_HERDER_JSON_H

#include "connect/base/buf.h"
#include "connect/plugin.h"
#include "connect/restart_plan.h"
#include "connect/store/config_store.h"
#include "connect/store/status_store.h"

/* "source", "sink" or "unknown": by connector.class of a raw configuration (may be NULL). */
const char *herder_json_type(const struct kc_config *config);

void herder_json_server(struct buf *out, const char *cluster_id); /* NULL: null */
void herder_json_health(struct buf *out, const char *status, const char *message);
void herder_json_config(struct buf *out, const struct kc_config *config); /* {"a":"b"}; NULL: null */
/* ConnectorInfo with the tasks 0 … task_count-1 */
void herder_json_info(struct buf *out, const char *name, const struct kc_config *config, int task_count);
/* [TaskInfo]; a task without a configuration has "config":null */
void herder_json_tasks(struct buf *out, const struct snapshot_connector *connector);
/* {"name-0":{…}} */
void herder_json_tasks_config(struct buf *out, const struct snapshot_connector *connector);
void herder_json_task_state(struct buf *out, const struct status *status);
/* ConnectorStateInfo; with `restarting` the selected parts show RESTARTING. */
void herder_json_state(struct buf *out, const struct restart_plan *plan, const char *type, bool restarting);
void herder_json_names(struct buf *out, const struct config_snapshot *snap);
/* {"c":{"topics":[…]}} */
void herder_json_topics(struct buf *out, const char *connector, char *const *topics, size_t count);

#endif
