/* See json_schema_tree.h. */
#include "connect/convert/json_schema_tree.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/base/url_text.h"
#include "connect/convert/json_schema_data.h"
#include "connect/data/java_hash.h"

enum { MAX_NODES = 100000, SHOWN = 200 };

/* A document: the schema itself or one that it refers to by name. */
struct document {
    const char *name; /* NULL: the schema itself */
    cJSON *root;
    struct map *ids; /* what parts call themselves → const cJSON *; NULL until the first reference */
};

/* What references have led to; each part of a document is loaded once for all references to it. */
struct referred {
    const cJSON *json;
    const struct json_schema_node *node; /* NULL while it is being loaded */
    struct json_schema_node *waiting;    /* references that wait for it, linked by `inner` */
};

struct json_schema_tree {
    struct document *documents;
    uint32_t document_count;
    const struct json_schema_node *root;
};

struct loader {
    struct kc_arena *arena;
    struct json_schema_tree *tree;
    struct document *document; /* that is being read */
    struct map *referred;      /* address of a part → struct referred * */
    unsigned depth, nodes;
    bool draft4;
    struct kc_error *err;
};

static int load(struct loader *l, const cJSON *json, const struct json_schema_node **ret_node);

const char *json_schema_kind_class(enum json_schema_kind kind) {
    static const char *const classes[] = {
        [JSON_KIND_EMPTY] = "EmptySchema",
        [JSON_KIND_FALSE] = "FalseSchema",
        [JSON_KIND_NULL] = "NullSchema",
        [JSON_KIND_BOOLEAN] = "BooleanSchema",
        [JSON_KIND_NUMBER] = "NumberSchema",
        [JSON_KIND_STRING] = "StringSchema",
        [JSON_KIND_ARRAY] = "ArraySchema",
        [JSON_KIND_OBJECT] = "ObjectSchema",
        [JSON_KIND_ENUM] = "EnumSchema",
        [JSON_KIND_CONST] = "ConstSchema",
        [JSON_KIND_NOT] = "NotSchema",
        [JSON_KIND_CONDITIONAL] = "ConditionalSchema",
        [JSON_KIND_ONE_OF] = "CombinedSchema",
        [JSON_KIND_ALL_OF] = "CombinedSchema",
        [JSON_KIND_REFERENCE] = "ReferenceSchema",
    };
    return classes[kind];
}

static const cJSON *get(const cJSON *json, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

static bool has_any(const cJSON *json, const char *const *names) {
    for (; *names; names++)
        if (get(json, *names))
            return true;
    return false;
}

static int invalid(struct loader *l, const char *what, const cJSON *json) {
    char *shown = cJSON_PrintUnformatted(json);
    err_set(l->err, ERR_BAD_DATA, "Invalid JSON Schema: %s: %.*s", what, SHOWN, shown ? shown : "");
    cJSON_free(shown);
    return -1;
}

static struct json_schema_node *node_of(struct loader *l, enum json_schema_kind kind) {
    struct json_schema_node *node = kc_arena_zalloc(l->arena, sizeof(*node));
    node->kind = kind;
    return node;
}

/* ---- references ---- */

/* The part that a JSON pointer names ("" is the whole). */
static const cJSON *pointed_to(const cJSON *root, const char *pointer) {
    const cJSON *at = root;
    while (at && *pointer == '/') {
        char name[256];
        size_t len = 0;
        for (pointer++; *pointer && *pointer != '/' && len + 1 < sizeof(name); pointer++) {
            name[len++] = *pointer;
            if (*pointer == '~' && (pointer[1] == '0' || pointer[1] == '1'))
                name[len - 1] = *++pointer == '0' ? '~' : '/';
        }
        name[len] = '\0';
        char *end;
        unsigned long index = strtoul(name, &end, 10);
        at =
            cJSON_IsArray(at) && len && !*end && index < INT32_MAX ? cJSON_GetArrayItem(at, (int)index) : get(at, name);
    }
    return *pointer ? NULL : at;
}

/* The part that a fragment names; #/$defs/X is also looked for under its older name. */
static const cJSON *part_of(struct loader *l, const cJSON *root, const char *fragment) {
    static const char defs[] = "/$defs/";
    size_t len = strlen(fragment);
    char *text = kc_arena_alloc(l->arena, len + 1);
    url_decode_form(text, len + 1, fragment, fragment + len);
    const cJSON *part = pointed_to(root, text);
    if (!part && strncmp(text, defs, strlen(defs)) == 0)
        part = pointed_to(root, kc_arena_printf(l->arena, "/definitions/%s", text + strlen(defs)));
    return part;
}

/* Parts that call themselves something, the first of each name. JsonSchemaConverter itself writes "id". */
static void collect_ids(struct map *ids, const cJSON *json, unsigned depth) {
    const cJSON *item;
    const char *own = cJSON_IsObject(json) ? json_get_text(json, "$id") : NULL;
    if (!own && cJSON_IsObject(json))
        own = json_get_text(json, "id");
    if (own && !map_has(ids, own))
        map_put(ids, own, (void *)(uintptr_t)json);
    if (depth > JSON_SCHEMA_MAX_DEPTH)
        return;
    cJSON_ArrayForEach(item, json) {
        if (cJSON_IsObject(item) || cJSON_IsArray(item))
            collect_ids(ids, item, depth + 1);
    }
}

static const cJSON *part_with_id(struct document *document, const char *id) {
    if (!document->ids) {
        document->ids = map_new(NULL);
        collect_ids(document->ids, document->root, 0);
    }
    return map_get(document->ids, id);
}

static struct document *named(const struct loader *l, const char *name) {
    for (uint32_t i = 0; i < l->tree->document_count; i++)
        if (l->tree->documents[i].name && strcmp(l->tree->documents[i].name, name) == 0)
            return &l->tree->documents[i];
    return NULL;
}

/* A document by the name that a reference gives it, beside the document that refers to it or as it is. */
static struct document *document_named(const struct loader *l, const char *name) {
    struct document *document = named(l, name);
    const char *base = json_get_text(l->document->root, l->draft4 ? "id" : "$id");
    if (!base)
        base = l->document->name;
    const char *slash = base ? strrchr(base, '/') : NULL;
    if (!document && slash)
        document = named(l, kc_arena_printf(l->arena, "%.*s/%s", (int)(slash - base), base, name));
    if (!document && strncmp(name, "./", 2) == 0)
        document = named(l, name + 2);
    return document;
}

/* *ret_document: the one that the part lies in. */
static const cJSON *resolve(struct loader *l, const char *ref, struct document **ret_document) {
    const char *fragment = strchr(ref, '#');
    size_t len = fragment ? (size_t)(fragment - ref) : strlen(ref);
    *ret_document = l->document;
    const cJSON *part = part_with_id(l->document, ref);
    if (part)
        return part;
    if (len)
        *ret_document = document_named(l, kc_arena_copy(l->arena, ref, len));
    return *ret_document ? part_of(l, (*ret_document)->root, fragment ? fragment + 1 : "") : NULL;
}

static void arrived(struct referred *r, const struct json_schema_node *node) {
    struct json_schema_node *waiting = r->waiting;
    r->node = node;
    while (waiting) {
        struct json_schema_node *next = (struct json_schema_node *)(uintptr_t)waiting->inner;
        waiting->inner = node;
        waiting = next;
    }
}

static int load_referred(struct loader *l, struct referred *r, struct document *document) {
    struct document *around = l->document;
    const struct json_schema_node *node;
    l->document = document;
    int rc = load(l, r->json, &node);
    l->document = around;
    if (rc == 0)
        arrived(r, node);
    return rc;
}

static int load_reference(struct loader *l, const cJSON *json, const cJSON *ref, struct json_schema_node **ret_node) {
    struct document *document;
    if (!cJSON_IsString(ref))
        return invalid(l, "$ref is no string", json);
    const cJSON *part = resolve(l, ref->valuestring, &document);
    if (!part)
        return invalid(l, "the reference leads nowhere", json);
    struct json_schema_node *node = node_of(l, JSON_KIND_REFERENCE);
    struct referred *r = map_get_bytes(l->referred, &part, sizeof(part));
    *ret_node = node;
    if (r && r->node) {
        node->inner = r->node;
        return 0;
    }
    bool known = r != NULL;
    if (!known) {
        r = kc_arena_zalloc(l->arena, sizeof(*r));
        r->json = part;
        map_put_bytes(l->referred, &part, sizeof(part), r);
    }
    node->inner = r->waiting;
    r->waiting = node;
    return known ? 0 : load_referred(l, r, document);
}

/* ---- objects ---- */

static int require_names(struct loader *l, const cJSON *json) {
    const cJSON *required = get(json, "required"), *item;
    if (required && !cJSON_IsArray(required))
        return invalid(l, "required is no array", json);
    cJSON_ArrayForEach(item, required) {
        if (!cJSON_IsString(item))
            return invalid(l, "required has other items than strings", json);
    }
    return 0;
}

static bool is_required(const cJSON *json, const char *name) {
    const cJSON *item;
    cJSON_ArrayForEach(item, get(json, "required")) {
        if (strcmp(item->valuestring, name) == 0)
            return true;
    }
    return false;
}

/* The members in the order of a HashMap, the last one of each name. */
static struct kc_value members_of(struct loader *l, const cJSON *object) {
    const cJSON *item;
    struct kc_value map = kc_map_new(l->arena, (uint32_t)cJSON_GetArraySize(object));
    cJSON_ArrayForEach(item, object) map.entries[map.len++] =
        (struct kc_entry){kc_string(item->string), {.tag = KC_V_BYTES, .s = (const char *)item}};
    java_map_last_wins(&map);
    return map;
}

static int load_properties(struct loader *l, const cJSON *json, struct json_schema_node *node) {
    const cJSON *properties = get(json, "properties");
    if (properties && !cJSON_IsObject(properties))
        return invalid(l, "properties is no object", json);
    if (require_names(l, json) < 0)
        return -1;
    struct kc_value map = members_of(l, properties);
    const struct kc_entry **order = java_hash_map_order(l->arena, &map);
    node->properties = kc_arena_zalloc(l->arena, (map.len + 1) * sizeof(*node->properties));
    for (uint32_t i = 0; i < map.len; i++) {
        const cJSON *item = (const cJSON *)(const void *)order[i]->value.s;
        struct json_schema_property *p = &node->properties[node->property_count++];
        p->name = kc_arena_strdup(l->arena, item->string);
        p->required = is_required(json, item->string);
        if (load(l, item, &p->node) < 0)
            return -1;
    }
    return 0;
}

static int load_object(struct loader *l, const cJSON *json, struct json_schema_node *node) {
    const cJSON *more = get(json, "additionalProperties");
    if (load_properties(l, json, node) < 0)
        return -1;
    if (more && !cJSON_IsBool(more) && !cJSON_IsObject(more))
        return invalid(l, "additionalProperties is neither a boolean nor an object", json);
    return cJSON_IsObject(more) ? load(l, more, &node->inner) : 0;
}

static int load_array(struct loader *l, const cJSON *json, struct json_schema_node *node) {
    const cJSON *items = get(json, "items");
    if (items && !cJSON_IsBool(items) && !cJSON_IsObject(items) && !cJSON_IsArray(items))
        return invalid(l, "items is no schema", json);
    return items && !cJSON_IsArray(items) ? load(l, items, &node->inner) : 0;
}

/* ---- keywords beside each other ---- */

static const char *const array_words[] = {"items",       "additionalItems", "minItems", "maxItems",
                                          "uniqueItems", "contains",        NULL};
static const char *const object_words[] = {"properties",           "required",      "minProperties",
                                           "maxProperties",        "dependencies",  "patternProperties",
                                           "additionalProperties", "propertyNames", NULL};
static const char *const number_words[] = {"minimum",          "maximum",    "exclusiveMinimum",
                                           "exclusiveMaximum", "multipleOf", NULL};
static const char *const string_words[] = {"minLength", "maxLength", "pattern", "format", NULL};
static const char *const conditional_words[] = {"if", "then", "else", NULL};

/* What one object says, keyword by keyword. */
struct parts {
    const struct json_schema_node *list[16];
    uint32_t count;
    bool array, object, number, string; /* a type has taken these keywords */
};

static void add(struct parts *parts, const struct json_schema_node *node) {
    parts->list[parts->count++] = node;
}

static int add_choice(struct loader *l, struct parts *parts, const cJSON *json, const char *word,
                      enum json_schema_kind kind) {
    const cJSON *list = get(json, word), *item;
    if (!list)
        return 0;
    if (!cJSON_IsArray(list))
        return invalid(l, "a choice is no array", json);
    struct json_schema_node *node = node_of(l, kind);
    node->parts = kc_arena_zalloc(l->arena, ((uint32_t)cJSON_GetArraySize(list) + 1) * sizeof(void *));
    cJSON_ArrayForEach(item, list) {
        if (load(l, item, &node->parts[node->part_count++]) < 0)
            return -1;
    }
    add(parts, node);
    return 0;
}

static int load_type(struct loader *l, struct parts *parts, const cJSON *json, const cJSON *type,
                     const struct json_schema_node **ret_node) {
    static const struct {
        const char *word;
        enum json_schema_kind kind;
        bool integer;
    } types[] = {{"string", JSON_KIND_STRING, false}, {"integer", JSON_KIND_NUMBER, true},
                 {"number", JSON_KIND_NUMBER, false}, {"boolean", JSON_KIND_BOOLEAN, false},
                 {"null", JSON_KIND_NULL, false},     {"array", JSON_KIND_ARRAY, false},
                 {"object", JSON_KIND_OBJECT, false}};
    size_t i = 0;
    while (i < COUNT_OF(types) && !(cJSON_IsString(type) && strcmp(type->valuestring, types[i].word) == 0))
        i++;
    if (i == COUNT_OF(types))
        return invalid(l, "unknown type", json);
    struct json_schema_node *node = node_of(l, types[i].kind);
    node->integer = types[i].integer;
    parts->array |= node->kind == JSON_KIND_ARRAY;
    parts->object |= node->kind == JSON_KIND_OBJECT;
    parts->number |= node->kind == JSON_KIND_NUMBER;
    parts->string |= node->kind == JSON_KIND_STRING;
    *ret_node = node;
    return node->kind == JSON_KIND_ARRAY    ? load_array(l, json, node)
           : node->kind == JSON_KIND_OBJECT ? load_object(l, json, node)
                                            : 0;
}

static int add_types(struct loader *l, struct parts *parts, const cJSON *json) {
    const cJSON *type = get(json, "type"), *item;
    const struct json_schema_node *single;
    if (!type)
        return 0;
    if (!cJSON_IsArray(type)) {
        if (load_type(l, parts, json, type, &single) < 0)
            return -1;
        add(parts, single);
        return 0;
    }
    struct json_schema_node *node = node_of(l, JSON_KIND_ONE_OF);
    node->parts = kc_arena_zalloc(l->arena, ((uint32_t)cJSON_GetArraySize(type) + 1) * sizeof(void *));
    cJSON_ArrayForEach(item, type) {
        if (load_type(l, parts, json, item, &node->parts[node->part_count++]) < 0)
            return -1;
    }
    add(parts, node);
    return 0;
}

static void add_values(struct loader *l, struct parts *parts, enum json_schema_kind kind, const cJSON *values) {
    struct json_schema_node *node = node_of(l, kind);
    node->values = values;
    add(parts, node);
}

/* What keywords say of a type that is not named. */
static int add_unnamed(struct loader *l, struct parts *parts, const cJSON *json) {
    if (!parts->array && has_any(json, array_words)) {
        struct json_schema_node *node = node_of(l, JSON_KIND_ARRAY);
        add(parts, node);
        if (load_array(l, json, node) < 0)
            return -1;
    }
    if (!parts->object && has_any(json, object_words)) {
        struct json_schema_node *node = node_of(l, JSON_KIND_OBJECT);
        add(parts, node);
        if (load_object(l, json, node) < 0)
            return -1;
    }
    if (!parts->number && has_any(json, number_words))
        add(parts, node_of(l, JSON_KIND_NUMBER));
    if (!parts->string && has_any(json, string_words))
        add(parts, node_of(l, JSON_KIND_STRING));
    if (!l->draft4 && has_any(json, conditional_words))
        add(parts, node_of(l, JSON_KIND_CONDITIONAL));
    return 0;
}

static int collect(struct loader *l, struct parts *parts, const cJSON *json) {
    const cJSON *symbols = get(json, "enum"), *only = get(json, "const");
    if (symbols && !cJSON_IsArray(symbols))
        return invalid(l, "enum is no array", json);
    if (symbols)
        add_values(l, parts, JSON_KIND_ENUM, symbols);
    if (add_choice(l, parts, json, "allOf", JSON_KIND_ALL_OF) < 0 ||
        add_choice(l, parts, json, "anyOf", JSON_KIND_ONE_OF) < 0 ||
        add_choice(l, parts, json, "oneOf", JSON_KIND_ONE_OF) < 0)
        return -1;
    if (get(json, "not"))
        add(parts, node_of(l, JSON_KIND_NOT));
    if (only && !l->draft4)
        add_values(l, parts, JSON_KIND_CONST, only);
    return add_types(l, parts, json) < 0 ? -1 : add_unnamed(l, parts, json);
}

static int check_words(struct loader *l, const cJSON *json) {
    static const char *const words[] = {"title", "description"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (get(json, words[i]) && !cJSON_IsString(get(json, words[i])))
            return invalid(l, "title or description is no string", json);
    return 0;
}

/* One part stands for itself, several for what must all hold. */
static int load_keywords(struct loader *l, const cJSON *json, struct json_schema_node **ret_node) {
    struct parts parts = {0};
    if (collect(l, &parts, json) < 0)
        return -1;
    if (parts.count == 1) {
        *ret_node = (struct json_schema_node *)(uintptr_t)parts.list[0];
        return 0;
    }
    struct json_schema_node *node = node_of(l, parts.count ? JSON_KIND_ALL_OF : JSON_KIND_EMPTY);
    node->parts = kc_arena_zalloc(l->arena, sizeof(parts.list));
    memcpy(node->parts, parts.list, sizeof(parts.list));
    node->part_count = parts.count;
    *ret_node = node;
    return 0;
}

static int load_deeper(struct loader *l, const cJSON *json, const struct json_schema_node **ret_node) {
    const cJSON *ref = get(json, "$ref");
    struct json_schema_node *node;
    if (check_words(l, json) < 0)
        return -1;
    if ((ref ? load_reference(l, json, ref, &node) : load_keywords(l, json, &node)) < 0)
        return -1;
    node->json = json;
    *ret_node = node;
    return 0;
}

static int load(struct loader *l, const cJSON *json, const struct json_schema_node **ret_node) {
    if (cJSON_IsBool(json)) {
        *ret_node = node_of(l, cJSON_IsTrue(json) ? JSON_KIND_EMPTY : JSON_KIND_FALSE);
        return 0;
    }
    if (!cJSON_IsObject(json))
        return invalid(l, "a schema is neither an object nor a boolean", json);
    if (l->depth >= JSON_SCHEMA_MAX_DEPTH || l->nodes++ > MAX_NODES)
        return err_set(l->err, ERR_BAD_DATA, "A JSON Schema has more than %d parts or is nested deeper than %d",
                       MAX_NODES, JSON_SCHEMA_MAX_DEPTH);
    l->depth++;
    int rc = load_deeper(l, json, ret_node);
    l->depth--;
    return rc;
}

/* ---- the whole ---- */

static int parse_all(struct kc_arena *arena, const struct registry_schema *text, struct json_schema_tree *tree,
                     struct kc_error *err) {
    struct kc_error why = {0};
    tree->documents = kc_arena_zalloc(arena, (text->dependency_count + 1) * sizeof(*tree->documents));
    for (uint32_t i = 0; i <= text->dependency_count; i++) {
        bool own = i == text->dependency_count;
        const char *s = own ? text->text : text->dependencies[i].text;
        tree->documents[i].root = json_parse(s, own ? text->len : strlen(s), &why);
        tree->documents[i].name = own ? NULL : text->dependencies[i].name;
        tree->document_count = i + 1;
        if (!tree->documents[i].root)
            return err_set(err, ERR_BAD_DATA, "The JSON Schema is not JSON: %s", why.text);
    }
    return 0;
}

static bool is_draft4(const cJSON *root) {
    const char *dialect = json_get_text(root, "$schema");
    return dialect && strstr(dialect, "json-schema.org/draft-04/");
}

int json_schema_tree_new(struct kc_arena *arena, const struct registry_schema *text, struct json_schema_tree **ret_tree,
                         struct kc_error *err) {
    struct json_schema_tree *tree = kc_arena_zalloc(arena, sizeof(*tree));
    struct loader l = {.arena = arena, .tree = tree, .err = err};
    int rc = parse_all(arena, text, tree, err);
    if (rc == 0) {
        l.document = &tree->documents[tree->document_count - 1];
        l.draft4 = is_draft4(l.document->root);
        l.referred = map_new(NULL);
        rc = load(&l, l.document->root, &tree->root);
        map_free(l.referred);
    }
    if (rc < 0) {
        json_schema_tree_free(tree);
        return -1;
    }
    *ret_tree = tree;
    return 0;
}

struct json_schema_tree *json_schema_tree_free(struct json_schema_tree *tree) {
    for (uint32_t i = 0; tree && i < tree->document_count; i++) {
        map_free(tree->documents[i].ids);
        json_free(tree->documents[i].root);
    }
    return NULL;
}

const struct json_schema_node *json_schema_tree_root(const struct json_schema_tree *tree) {
    return tree->root;
}
