/* The part of YAML in which log4j2 configurations are written, read into a tree: block mappings and sequences, plain
 * and quoted scalars on one line, flow sequences of scalars, comments. Anchors, tags, block scalars and flow mappings
 * are errors that name file and line, as are tabs in front of a line. Pure, any thread. */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stddef.h>

#include "connect/base/auto.h"
#include "connect/plugin.h"

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml {
    enum yaml_kind kind;
    char *text;          /* a scalar's; "" when there is nothing behind the key */
    size_t count;        /* children of a map or list */
    char **keys;         /* a map's */
    struct yaml **items; /* of both */
};

/* NULL with `err`: "FILE:LINE: what". An empty document is an empty map. */
struct yaml *yaml_parse(const char *text, size_t len, const char *file, struct kc_error *err);
struct yaml *yaml_free(struct yaml *node);
AUTO_FREE(yaml, struct yaml, yaml_free)

/* The child of a map under `key` in any case; NULL when there is none or `node` is NULL or not a map. */
const struct yaml *yaml_get(const struct yaml *node, const char *key);
/* The text of a scalar child, else NULL. */
const char *yaml_text(const struct yaml *node, const char *key);
/* Item `i` of a list; whatever else is not NULL is a list of itself. NULL behind the last one. */
const struct yaml *yaml_item(const struct yaml *node, size_t i);

#endif
