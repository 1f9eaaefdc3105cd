/* The config providers inside the executable: one line each in builtin.c. */
#ifndef CONFIG_BUILTIN_H
#define CONFIG_BUILTIN_H

#include "connect/plugin.h"

/* Ends with NULL. */
extern const struct kc_plugin *const builtin_providers[];

extern const struct kc_plugin provider_file;
extern const struct kc_plugin provider_env;
extern const struct kc_plugin provider_dir;

#endif
