/* Schemaless values from checked JSON text; see kc_json_expand and kc_json_open in plugin.h. */
#ifndef CONNECT_DATA_JSON_TREE_H
#define CONNECT_DATA_JSON_TREE_H

#include "connect/data/json_walk.h"
#include "connect/plugin.h"

/* A scalar, or an object or array left as KC_V_JSON with `flags` (VALUE_JSON_…, see value.h). */
struct kc_value json_tree_shallow(struct kc_arena *arena, struct json_text text, uint8_t flags);

#endif
