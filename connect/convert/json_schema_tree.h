/* JSON Schema documents as trees of what their keywords say of a value: its type, the properties of an object, a choice
 * of several. Keywords that only restrict values are passed over. How keywords beside each other combine, and in which
 * order properties come, is as in the library that Java's converter uses, on which the Connect schema depends.
 * @source org.everit.json.schema.loader.SchemaLoader, SchemaExtractor, ReferenceLookup */
#ifndef CONNECT_CONVERT_JSON_SCHEMA_TREE_H
#define CONNECT_CONVERT_JSON_SCHEMA_TREE_H

#include "connect/base/json.h"
#include "connect/convert/registry.h"

enum json_schema_kind {
    JSON_KIND_EMPTY, /* anything */
    JSON_KIND_FALSE,
    JSON_KIND_NULL,
    JSON_KIND_BOOLEAN,
    JSON_KIND_NUMBER,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
    JSON_KIND_ENUM,
    JSON_KIND_CONST,
    JSON_KIND_NOT,
    JSON_KIND_CONDITIONAL,
    JSON_KIND_ONE_OF, /* anyOf, too */
    JSON_KIND_ALL_OF,
    JSON_KIND_REFERENCE,
};

struct json_schema_property {
    const char *name;
    const struct json_schema_node *node;
    bool required;
};

struct json_schema_node {
    enum json_schema_kind kind;
    /* The object whose title, description, default and connect.* belong to the node; NULL: it has none of them. */
    const cJSON *json;
    bool integer;        /* NUMBER */
    const cJSON *values; /* ENUM: the array; CONST: the value */
    /* ONE_OF, ALL_OF: the parts in the document's order */
    const struct json_schema_node **parts;
    uint32_t part_count;
    /* OBJECT: properties in the order of a java.util.HashMap */
    struct json_schema_property *properties;
    uint32_t property_count;
    const struct json_schema_node
        *inner; /* ARRAY: all items; OBJECT: further properties; REFERENCE: what it is; or NULL */
};

/* The name of the library's class, for error texts. */
const char *json_schema_kind_class(enum json_schema_kind kind);

struct json_schema_tree;
/* Parses the schema and those that it refers to. The tree lives in `arena` (its documents do not).
 * @errors DataException: no JSON, a keyword has a value of a wrong type, a reference leads nowhere, too large */
int json_schema_tree_new(struct kc_arena *arena, const struct registry_schema *text, struct json_schema_tree **ret_tree,
                         struct kc_error *err) KC_CHECKED;
struct json_schema_tree *json_schema_tree_free(struct json_schema_tree *tree);
AUTO_FREE(json_schema_tree, struct json_schema_tree, json_schema_tree_free)
const struct json_schema_node *json_schema_tree_root(const struct json_schema_tree *tree);

#endif
