/* YAML files as trees, read by libyaml. Anchors and aliases are refused, so a tree is never larger than its text.
 * @thread any */
#ifndef CONFIG_YAML_TREE_H
#define CONFIG_YAML_TREE_H

#include <stddef.h>

#include "connect/base/auto.h"
#include "connect/plugin.h"

enum yaml_tree_kind { TREE_SCALAR, TREE_MAP, TREE_LIST };

struct yaml_tree {
    enum yaml_tree_kind kind;
    char *text;               /* a scalar's; "" when there is nothing behind the key */
    size_t count;             /* children of a map or list */
    char **keys;              /* a map's */
    struct yaml_tree **items; /* of both */
};

/* The first document; an empty one is an empty map. At most 1 MiB, 32 levels, and no key twice in a map. NULL with
 * `err`: "FILE:LINE: what". @errors ERR_BAD_CONFIG */
struct yaml_tree *yaml_tree_parse(const char *text, size_t len, const char *file, struct kc_error *err);
struct yaml_tree *yaml_tree_free(struct yaml_tree *node);
AUTO_FREE(yaml_tree, struct yaml_tree, yaml_tree_free)

/* The child of a map under `key` in any case; NULL when there is none or `node` is NULL or not a map. */
const struct yaml_tree *yaml_tree_get(const struct yaml_tree *node, const char *key);
/* The text of a scalar child, else NULL. */
const char *yaml_tree_text(const struct yaml_tree *node, const char *key);
/* Item `i` of a list; whatever else is not NULL is a list of itself. NULL behind the last one. */
const struct yaml_tree *yaml_tree_item(const struct yaml_tree *node, size_t i);

#endif
