/* The `allowed.paths` parameter of config providers.
 * @source org.apache.kafka.common.config.internals.AllowedPaths */
#ifndef CONFIG_ALLOWED_PATHS_H
#define CONFIG_ALLOWED_PATHS_H

#include "connect/base/auto.h"
#include "connect/plugin.h"

struct allowed_paths; /* NULL: every path is allowed */
/* configure and close of a provider that has no other parameter: its self is the struct allowed_paths.
 * @errors ConfigException "Path P is not absolute", "Path P does not exist" */
int allowed_paths_configure(const struct kc_config *config, void **ret_self, struct kc_error *err) KC_CHECKED;
void allowed_paths_close(void *self);
/* The path to open ("." and ".." resolved by text when there is a list), malloc'ed; NULL when it is not allowed. */
char *allowed_paths_check(const struct allowed_paths *paths, const char *path);

#endif
