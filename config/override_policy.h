/* Which client properties a connector may override. @source ConnectorClientConfigOverridePolicy and its four
 * implementations (distributed-worker 15.3) */
#ifndef CONFIG_OVERRIDE_POLICY_H
#define CONFIG_OVERRIDE_POLICY_H

#include "config/worker_options.h"
#include "connect/plugin.h"

/* `key` is what follows "producer.override.", "consumer.override." or "admin.override.". */
bool override_policy_allows(const struct worker_conf *worker, const char *key);
/* "None" …, as error texts name it. */
const char *override_policy_name(const struct worker_conf *worker);
/* Fails when the connector's configuration has a key under `prefix` ("producer.override.") that is not allowed: what a
 * task or connector fails with at its start. */
int override_policy_check(const struct worker_conf *worker, const struct kc_config *connector, const char *prefix,
                          struct kc_error *err) KC_CHECKED;

#endif
