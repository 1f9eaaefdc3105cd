/* ${provider:path:key} references. Providers are plugins named by `config.providers` of the worker.
 * @source org.apache.kafka.common.config.ConfigTransformer, WorkerConfigTransformer (worker-config 4) */
#ifndef CONFIG_SUBSTITUTE_H
#define CONFIG_SUBSTITUTE_H

#include "connect/plugin.h"

struct substitute; /* the configured providers; @thread any (locks inside, providers are called one at a time) */
/* From config.providers and config.providers.<name>.class/.param.*; plugins by the registry (connect/plugins.h) through
 * `find`, so that this folder does not see the registry. */
struct substitute *substitute_new(const struct kc_config *worker,
                                  const struct kc_plugin *(*find)(const char *class_name, enum kc_plugin_kind kind),
                                  struct kc_error *err);
struct substitute *substitute_free(struct substitute *s);
/* A copy of `config` with every reference replaced; unknown providers and keys stay as written (Java). ret_ttl_ms: the
 * smallest ttl, -1 none. NULL on error. @blocks providers read files */
struct kc_config *substitute_apply(struct substitute *s, const struct kc_config *config, int64_t *ret_ttl_ms,
                                   struct kc_error *err);
bool substitute_has_reference(const char *text);

#endif
