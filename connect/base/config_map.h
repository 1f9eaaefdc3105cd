/* Look-ups in a struct kc_config (plugin.h) by a hash that is known already. */
#ifndef CONNECT_BASE_CONFIG_MAP_H
#define CONNECT_BASE_CONFIG_MAP_H

#include "connect/plugin.h"

/* Whether the key is there; its value (NULL: JSON's null) in *ret_value. `hash`: its name_hash (name_index.h). */
bool config_find(const struct kc_config *config, const char *key, uint32_t hash, const char **ret_value);

#endif
