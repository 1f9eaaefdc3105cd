/* From a worker's properties to everything that start-up needs of them: registry of plugins, config providers,
 * worker_conf. */
#ifndef CONNECT_WORKER_CONFIG_H
#define CONNECT_WORKER_CONFIG_H

#include "config/substitute.h"
#include "config/worker_options.h"

/* Fills the registry of plugins (connect/plugins.h, the caller empties it by plugins_done at the very end), resolves
 * references and checks the result. `raw` is taken over, also on failure. *ret_substitute: the providers for connector
 * configurations, the caller frees it.
 * @thread main, once  @blocks reads files, loads shared objects
 * @errors ConfigException with Java's text, provider failures
 * @source ConnectDistributed.startConnect, WorkerConfig */
int worker_config_new(struct kc_config *raw, struct worker_conf **ret_conf, struct substitute **ret_substitute,
                      struct kc_error *err) KC_CHECKED;
/* The same from a properties file. */
int worker_config_load(const char *file, struct worker_conf **ret_conf, struct substitute **ret_substitute,
                       struct kc_error *err) KC_CHECKED;

/* The same from a properties file of a standalone worker. @source ConnectStandalone, StandaloneConfig */
int worker_config_load_standalone(const char *file, struct worker_conf **ret_conf, struct substitute **ret_substitute,
                                  struct kc_error *err) KC_CHECKED;

#endif
