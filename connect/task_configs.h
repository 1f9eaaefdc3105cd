/* What turns a connector's task configurations into records of the config topic, and whether they need writing.
 * Pure functions. @source DistributedHerder.reconfigureConnector, AbstractHerder.taskConfigsChanged,
 * reverseTransform (distributed-worker 7.3) */
#ifndef CONNECT_TASK_CONFIGS_H
#define CONNECT_TASK_CONFIGS_H

#include "connect/plugin.h"
#include "connect/store/config_store.h"

/* Adds task.class and copies `topics` / `topics.regex` of the connector (references resolved). */
void task_configs_complete(struct kc_config *const *tasks, int count, const char *task_class,
                           const struct kc_config *resolved);
/* Puts the raw value back wherever the connector's raw configuration has a ${…} reference under the same key, so that
 * no secret is written. */
void task_configs_hide(struct kc_config *const *tasks, int count, const struct kc_config *raw);
/* Whether the count or any configuration differs from what is committed. */
bool task_configs_differ(const struct snapshot_connector *committed, struct kc_config *const *tasks, int count);
bool config_equal(const struct kc_config *a, const struct kc_config *b); /* as maps: any order; NULL equals NULL only */

#endif
