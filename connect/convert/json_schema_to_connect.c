/* JSON Schema documents as Connect schemas. @source JsonSchemaData.toConnectSchema */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/convert/json_schema_data.h"
#include "connect/convert/json_schema_tree.h"
#include "connect/convert/open_schemas.h"
#include "connect/convert/recursive_schemas.h"
#include "connect/data/java_hash.h"
#include "connect/data/json_scan.h"
#include "connect/data/validate.h"

enum { MAX_STEPS = 100000, MAX_FIELDS = 20000 };

struct mapping {
    struct kc_arena *arena;
    const struct json_schema_options *options;
    struct open_schemas open; /* objects by struct json_schema_node */
    unsigned depth, steps, ids, unions;
    bool recursive;
    struct kc_error *err;
};

static const struct kc_schema *map_schema(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                          bool optional);

static const struct kc_schema *unsupported(struct mapping *m, const struct json_schema_node *node) {
    err_set(m->err, ERR_BAD_DATA, "Unsupported schema type org.everit.json.schema.%s",
            json_schema_kind_class(node->kind));
    return NULL;
}

/* ---- attributes ---- */

static const cJSON *get(const struct json_schema_node *node, const char *name) {
    return node->json ? cJSON_GetObjectItemCaseSensitive(node->json, name) : NULL;
}

/* A member that must be a string where there is one; *ret_text NULL: there is none. */
static int text_of(struct mapping *m, const struct json_schema_node *node, const char *name, const char **ret_text) {
    const cJSON *item = get(node, name);
    if (item && !cJSON_IsString(item))
        return err_set(m->err, ERR_BAD_DATA, "The JSON Schema's %s is no string", name);
    *ret_text = item ? item->valuestring : NULL;
    return 0;
}

/* The same for integers. */
static int number_of(struct mapping *m, const struct json_schema_node *node, const char *name, int32_t *number) {
    const cJSON *item = get(node, name);
    if (item && (!cJSON_IsNumber(item) || item->valuestring || item->valueint != item->valuedouble))
        return err_set(m->err, ERR_BAD_DATA, "The JSON Schema's %s is no integer", name);
    if (item)
        *number = item->valueint;
    return 0;
}

static int connect_type_is(struct mapping *m, const struct json_schema_node *node, const char *type, bool *ret_is) {
    const char *given;
    if (text_of(m, node, "connect.type", &given) < 0)
        return -1;
    *ret_is = given && strcmp(given, type) == 0;
    return 0;
}

static int set_default(struct mapping *m, const struct json_schema_node *node, struct kc_schema_builder *b) {
    const cJSON *given = get(node, "default");
    struct kc_value v;
    struct json_scan scan;
    AUTO_BUF text;
    buf_init(&text, INT32_MAX);
    if (!given)
        return 0;
    if (json_write(&text, given, false) < 0 ||
        json_check(m->arena, kc_arena_copy(m->arena, buf_text(&text), text.len), text.len, &scan, m->err) < 0 ||
        json_schema_read_value(m->arena, m->options, schema_builder_peek(b), scan.text, &v, m->err) < 0)
        return -1;
    if (v.tag == KC_V_NULL && schema_builder_peek(b)->optional)
        return 0;
    return kc_schema_default(b, &v, m->err);
}

/* In the order that a HashMap gives them. */
static int set_parameters(struct mapping *m, const struct json_schema_node *node, struct kc_schema_builder *b) {
    const cJSON *parameters = get(node, "connect.parameters"), *item;
    if (!parameters)
        return 0;
    if (!cJSON_IsObject(parameters))
        return err_set(m->err, ERR_BAD_DATA, "The JSON Schema's connect.parameters is no object");
    struct kc_value map = kc_map_new(m->arena, (uint32_t)cJSON_GetArraySize(parameters));
    cJSON_ArrayForEach(item, parameters) {
        if (!cJSON_IsString(item))
            return err_set(m->err, ERR_BAD_DATA, "The JSON Schema's connect.parameters has no string for %s",
                           item->string);
        map.entries[map.len++] = (struct kc_entry){kc_string(item->string), kc_string(item->valuestring)};
    }
    const struct kc_entry **order = java_hash_map_order(m->arena, &map);
    for (uint32_t i = 0; i < map.len; i++)
        kc_schema_parameter(b, order[i]->key.s, order[i]->value.s);
    return 0;
}

/* What every kind of schema may have. Ends the builder. */
static const struct kc_schema *finish(struct mapping *m, struct kc_schema_builder *builder,
                                      const struct json_schema_node *node, int32_t version, bool optional) {
    AUTO(schema_builder) b = builder;
    const char *title, *doc;
    if (text_of(m, node, "title", &title) < 0 || text_of(m, node, "description", &doc) < 0 ||
        number_of(m, node, "connect.version", &version) < 0 || set_parameters(m, node, b) < 0)
        return NULL;
    if (title && !schema_builder_peek(b)->name)
        kc_schema_name(b, title);
    if (version >= 0)
        kc_schema_version(b, version);
    if (doc)
        kc_schema_doc(b, doc);
    if (set_default(m, node, b) < 0)
        return NULL;
    if (optional)
        kc_schema_optional(b, true);
    return schema_builder_check(b, m->err) < 0 ? NULL : kc_schema_build(TAKE(b));
}

/* A reference to an object that is being made or was; each one names it anew as long as it is not whole. */
static const struct kc_schema *forward_to(struct mapping *m, struct open_schema *open, bool optional) {
    m->recursive = true;
    if (!open->target)
        snprintf(open->id, sizeof(open->id), "#id%u", ++m->ids);
    return open_schema_forward(open, optional);
}

/* ---- objects ---- */

/* A field to be. */
struct place {
    const struct json_schema_property *property;
    int index;
};

/* Properties that have an index stand there, the others at the number of those before them; of several with one place
 * the last one counts, as in the sorted map that Java puts them in. */
static int place_properties(struct mapping *m, const struct json_schema_node *node, struct place *places,
                            uint32_t *ret_count) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->property_count; i++) {
        int32_t index = (int32_t)count;
        if (number_of(m, node->properties[i].node, "connect.index", &index) < 0)
            return -1;
        uint32_t at = count;
        while (at && places[at - 1].index > index)
            at--;
        if (at && places[at - 1].index == index) {
            places[at - 1].property = &node->properties[i];
            continue;
        }
        memmove(&places[at + 1], &places[at], (count - at) * sizeof(*places));
        places[at] = (struct place){&node->properties[i], index};
        count++;
    }
    *ret_count = count;
    return 0;
}

static const struct kc_schema *map_fields(struct mapping *m, const struct json_schema_node *node,
                                          const struct place *places, uint32_t count, int32_t version, bool optional) {
    static const struct json_schema_node nothing;
    struct open_schema *open = open_schemas_begin(&m->open, m->arena, node);
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    for (uint32_t i = 0; i < count; i++) {
        const struct json_schema_property *p = places[i].property;
        AUTO(schema) field = map_schema(m, p->node, -1, m->options->optional_for_nonrequired && !p->required);
        if (!field || kc_schema_add_field(b, p->name, field, m->err) < 0)
            return NULL;
    }
    if (open->id[0])
        kc_schema_parameter(b, JSON_ID, open->id);
    /* what must all hold has no title or description of its own in Java */
    bool all_of = node->kind == JSON_KIND_ALL_OF;
    const struct kc_schema *schema = finish(m, TAKE(b), all_of ? &nothing : node, all_of ? -1 : version, optional);
    if (schema)
        (void)open_schemas_end(&m->open, open, schema);
    return schema;
}

static const struct kc_schema *map_elements(struct mapping *m, const struct json_schema_node *node, enum kc_type type,
                                            const struct kc_schema *key_, const struct kc_schema *value_,
                                            int32_t version, bool optional) {
    AUTO(schema) key = key_;
    AUTO(schema) value = value_;
    struct kc_schema_builder *b = kc_schema_builder_new(type);
    kc_schema_elements(b, key, value);
    return finish(m, b, node, version, optional);
}

static const struct kc_schema *no_elements(struct mapping *m, const char *which) {
    err_set(m->err, ERR_SCHEMA, "%s cannot be null.", which);
    return NULL;
}

static const struct kc_schema *map_object(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                          bool optional) {
    bool is_map;
    uint32_t count;
    if (connect_type_is(m, node, "map", &is_map) < 0)
        return NULL;
    if (is_map && !node->inner)
        return no_elements(m, "valueSchema");
    if (is_map) {
        const struct kc_schema *value = map_schema(m, node->inner, -1, false);
        return value ? map_elements(m, node, KC_MAP, kc_schema_of(KC_STRING, false), value, version, optional) : NULL;
    }
    if (node->property_count > MAX_FIELDS) {
        err_set(m->err, ERR_BAD_DATA, "A JSON Schema has more than %d properties", MAX_FIELDS);
        return NULL;
    }
    struct place *places = kc_arena_zalloc(m->arena, (node->property_count + 1) * sizeof(*places));
    return place_properties(m, node, places, &count) < 0 ? NULL : map_fields(m, node, places, count, version, optional);
}

/* ---- arrays, and maps that are written as such ---- */

static const struct json_schema_node *property_of(const struct json_schema_node *node, const char *name) {
    for (uint32_t i = 0; i < node->property_count; i++)
        if (strcmp(node->properties[i].name, name) == 0)
            return node->properties[i].node;
    return NULL;
}

static const struct kc_schema *map_entries(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                           bool optional) {
    const struct json_schema_node *key = property_of(node->inner, "key"), *value = property_of(node->inner, "value");
    if (!key || !value)
        return no_elements(m, key ? "valueSchema" : "keySchema");
    AUTO(schema) key_schema = map_schema(m, key, -1, false);
    const struct kc_schema *value_schema = key_schema ? map_schema(m, value, -1, false) : NULL;
    return value_schema ? map_elements(m, node, KC_MAP, TAKE(key_schema), value_schema, version, optional) : NULL;
}

static const struct kc_schema *map_array(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                         bool optional) {
    bool is_map;
    if (!node->inner) {
        err_set(m->err, ERR_BAD_DATA, "Array schema did not specify the items type");
        return NULL;
    }
    if (connect_type_is(m, node, "map", &is_map) < 0)
        return NULL;
    if (is_map && node->inner->kind == JSON_KIND_OBJECT)
        return map_entries(m, node, version, optional);
    const struct kc_schema *item = map_schema(m, node->inner, -1, false);
    return item ? map_elements(m, node, KC_ARRAY, NULL, item, version, optional) : NULL;
}

/* ---- scalars ---- */

static const struct kc_schema *map_number(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                          bool optional) {
    static const enum kc_type types[] = {KC_INT8, KC_INT16, KC_INT32, KC_INT64, KC_FLOAT32, KC_FLOAT64, KC_BYTES};
    const char *given;
    if (text_of(m, node, "connect.type", &given) < 0)
        return NULL;
    if (!given)
        return finish(m, kc_schema_builder_new(node->integer ? KC_INT64 : KC_FLOAT64), node, version, optional);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(given, schema_type_lower(types[i])) == 0)
            return finish(m, kc_schema_builder_new(types[i]), node, version, optional);
    err_set(m->err, ERR_BAD_DATA, "Unsupported type %s", given);
    return NULL;
}

static const struct kc_schema *map_string(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                          bool optional) {
    bool bytes;
    if (connect_type_is(m, node, "bytes", &bytes) < 0)
        return NULL;
    return finish(m, kc_schema_builder_new(bytes ? KC_BYTES : KC_STRING), node, version, optional);
}

/* As Java shows a symbol: objects and arrays like maps and lists. */
static void symbol_text(struct buf *out, const cJSON *symbol) {
    const cJSON *item;
    bool object = cJSON_IsObject(symbol);
    if (cJSON_IsString(symbol)) {
        (void)buf_add_text(out, symbol->valuestring);
        return;
    }
    if (!object && !cJSON_IsArray(symbol)) {
        (void)json_write(out, symbol, false);
        return;
    }
    (void)buf_add_char(out, object ? '{' : '[');
    cJSON_ArrayForEach(item, symbol) {
        (void)buf_add_text(out, item == symbol->child ? "" : ", ");
        if (object)
            (void)buf_printf(out, "%s=", item->string);
        symbol_text(out, item);
    }
    (void)buf_add_char(out, object ? '}' : ']');
}

static void add_symbol(struct mapping *m, struct kc_schema_builder *b, const cJSON *symbol, unsigned number) {
    const char *parameter = json_schema_enum_parameter(m->options);
    AUTO_BUF text;
    buf_init(&text, 1 << 20);
    if (cJSON_IsNull(symbol))
        (void)buf_add_text(&text, JSON_NULL_SYMBOL);
    else
        symbol_text(&text, symbol);
    kc_schema_parameter(b, kc_arena_printf(m->arena, "%s.%s", parameter, buf_text(&text)),
                        m->options->generalized ? kc_arena_printf(m->arena, "%u", number) : buf_text(&text));
}

/* Symbols of an enum, or the one of a const. */
static const struct kc_schema *map_symbols(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                           bool optional) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRING);
    const cJSON *item;
    unsigned number = 0;
    kc_schema_parameter(b, json_schema_enum_parameter(m->options), "");
    if (node->kind == JSON_KIND_CONST)
        add_symbol(m, b, node->values, 0);
    else
        cJSON_ArrayForEach(item, node->values) add_symbol(m, b, item, number++);
    return finish(m, b, node, version, optional);
}

/* ---- combinations ---- */

/* A struct with a field for each part but null. */
static const struct kc_schema *map_union(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                         bool optional) {
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    const char *name = JSON_ONE_OF, *prefix = JSON_ONE_OF ".field.";
    unsigned index = 0;
    if (m->options->generalized) {
        name = kc_arena_printf(m->arena, "connect_union_%u", m->unions++);
        prefix = "connect_union_field_";
        kc_schema_parameter(b, "org.apache.kafka.connect.data.Union", name);
    }
    kc_schema_name(b, name);
    for (uint32_t i = 0; i < node->part_count; i++) {
        if (node->parts[i]->kind == JSON_KIND_NULL) {
            kc_schema_optional(b, true);
            continue;
        }
        AUTO(schema) field = map_schema(m, node->parts[i], -1, true);
        if (!field || kc_schema_add_field(b, kc_arena_printf(m->arena, "%s%u", prefix, index++), field, m->err) < 0)
            return NULL;
    }
    return finish(m, TAKE(b), node, version, optional);
}

/* One of several: of null and one other, that one, which may be missing; else a union. */
static const struct kc_schema *map_one_of(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                          bool optional) {
    const struct json_schema_node *other = NULL;
    unsigned nulls = 0;
    for (uint32_t i = 0; i < node->part_count; i++) {
        bool null = node->parts[i]->kind == JSON_KIND_NULL;
        nulls += null;
        other = null ? other : node->parts[i];
    }
    if (node->part_count != 2 || !nulls)
        return map_union(m, node, version, optional);
    if (m->options->generalized)
        m->unions++; /* as Java counts */
    return other ? map_schema(m, other, version, true) : unsupported(m, node->parts[0]);
}

/* Properties of parts that must all hold, those behind references and within further allOf, too. */
struct gathering {
    struct mapping *m;
    struct json_schema_property *list;
    uint32_t count, capacity;
    unsigned depth;
};

static int gather(struct gathering *g, const struct json_schema_property *p) {
    for (uint32_t i = 0; i < g->count; i++)
        if (strcmp(g->list[i].name, p->name) == 0) {
            g->list[i] = *p;
            return 0;
        }
    if (g->count >= MAX_FIELDS)
        return err_set(g->m->err, ERR_BAD_DATA, "A JSON Schema has more than %d properties", MAX_FIELDS);
    if (g->count == g->capacity) {
        uint32_t capacity = g->capacity ? 2 * g->capacity : 16;
        struct json_schema_property *list = kc_arena_alloc(g->m->arena, capacity * sizeof(*list));
        if (g->count)
            memcpy(list, g->list, g->count * sizeof(*list));
        g->list = list;
        g->capacity = capacity;
    }
    g->list[g->count++] = *p;
    return 0;
}

static int gather_all(struct gathering *g, const struct json_schema_node *node) {
    int rc = 0;
    if (g->depth > JSON_SCHEMA_MAX_DEPTH || g->m->steps++ > MAX_STEPS)
        return err_set(g->m->err, ERR_BAD_DATA, "The JSON Schema refers to itself without end");
    g->depth++;
    if (node->kind == JSON_KIND_REFERENCE)
        rc = gather_all(g, node->inner);
    for (uint32_t i = 0; rc == 0 && node->kind == JSON_KIND_ALL_OF && i < node->part_count; i++)
        rc = gather_all(g, node->parts[i]);
    for (uint32_t i = 0; rc == 0 && node->kind == JSON_KIND_OBJECT && i < node->property_count; i++)
        rc = gather(g, &node->properties[i]);
    g->depth--;
    return rc;
}

/* The last part of a kind. */
static const struct json_schema_node *part_of(const struct json_schema_node *node, enum json_schema_kind kind) {
    for (uint32_t i = node->part_count; i > 0; i--)
        if (node->parts[i - 1]->kind == kind)
            return node->parts[i - 1];
    return NULL;
}

/* Without properties the part that says most counts; NULL: none does. */
static const struct json_schema_node *best_part(const struct json_schema_node *node) {
    const struct json_schema_node *combined = NULL;
    for (uint32_t i = 0; i < node->part_count; i++)
        if (node->parts[i]->kind == JSON_KIND_ONE_OF || node->parts[i]->kind == JSON_KIND_ALL_OF)
            combined = node->parts[i];
    const struct json_schema_node *symbols = part_of(node, JSON_KIND_ENUM), *text = part_of(node, JSON_KIND_STRING),
                                  *number = part_of(node, JSON_KIND_NUMBER);
    if (combined)
        return combined;
    if (part_of(node, JSON_KIND_CONST))
        return text ? text : number;
    if (symbols)
        return text ? symbols : number;
    if (text)
        return number ? number : text;
    return part_of(node, JSON_KIND_REFERENCE);
}

static const struct kc_schema *map_all_of(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                          bool optional) {
    struct gathering g = {.m = m};
    if (gather_all(&g, node) < 0)
        return NULL;
    if (g.count) {
        struct place *places = kc_arena_zalloc(m->arena, g.count * sizeof(*places));
        for (uint32_t i = 0; i < g.count; i++)
            places[i].property = &g.list[i];
        return map_fields(m, node, places, g.count, version, optional);
    }
    const struct json_schema_node *best = best_part(node);
    if (best)
        return map_schema(m, best, version, optional);
    char *shown = node->json ? cJSON_PrintUnformatted(node->json) : NULL;
    err_set_class(m->err, ERR_BAD_DATA, "java.lang.IllegalArgumentException", "Unsupported criterion allOf for %.200s",
                  shown ? shown : "");
    cJSON_free(shown);
    return NULL;
}

/* ---- the whole ---- */

static const struct kc_schema *map_reference(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                             bool optional) {
    struct open_schema *open = open_schemas_find(&m->open, node->inner);
    return open ? forward_to(m, open, optional) : map_schema(m, node->inner, version, optional);
}

static const struct kc_schema *map_by_kind(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                           bool optional) {
    bool combined = node->kind == JSON_KIND_ONE_OF || node->kind == JSON_KIND_ALL_OF;
    if (combined && node->part_count == 1 && m->options->flatten_singletons)
        return map_schema(m, node->parts[0], -1, false);
    switch (node->kind) {
    case JSON_KIND_BOOLEAN:
        return finish(m, kc_schema_builder_new(KC_BOOLEAN), node, version, optional);
    case JSON_KIND_NUMBER:
        return map_number(m, node, version, optional);
    case JSON_KIND_STRING:
        return map_string(m, node, version, optional);
    case JSON_KIND_CONST:
    case JSON_KIND_ENUM:
        return map_symbols(m, node, version, optional);
    case JSON_KIND_ONE_OF:
        return map_one_of(m, node, version, optional);
    case JSON_KIND_ALL_OF:
        return map_all_of(m, node, version, optional);
    case JSON_KIND_ARRAY:
        return map_array(m, node, version, optional);
    case JSON_KIND_OBJECT:
        return map_object(m, node, version, optional);
    case JSON_KIND_REFERENCE:
        return map_reference(m, node, version, optional);
    default:
        return unsupported(m, node);
    }
}

static const struct kc_schema *map_schema(struct mapping *m, const struct json_schema_node *node, int32_t version,
                                          bool optional) {
    if (m->depth >= JSON_SCHEMA_MAX_DEPTH || m->steps++ > MAX_STEPS) {
        err_set(m->err, ERR_BAD_DATA, "Schemas nested deeper than %d are not supported", JSON_SCHEMA_MAX_DEPTH);
        return NULL;
    }
    m->depth++;
    const struct kc_schema *schema = map_by_kind(m, node, version, optional);
    m->depth--;
    return schema;
}

static void make_key(struct buf *key, const struct json_schema_options *o, const struct registry_schema *text,
                     int32_t version) {
    (void)buf_printf(key, "json %d%d%d %d\n", o->optional_for_nonrequired, o->flatten_singletons, o->generalized,
                     version);
    for (uint32_t i = 0; i < text->dependency_count; i++)
        (void)buf_add(key, text->dependencies[i].text, strlen(text->dependencies[i].text) + 1);
    (void)buf_add(key, text->text, text->len);
}

static const struct kc_schema *make(struct mapping *m, const struct registry_schema *text, int32_t version) {
    struct json_schema_tree *made;
    if (json_schema_tree_new(m->arena, text, &made, m->err) < 0)
        return NULL;
    AUTO(json_schema_tree) tree = made;
    return map_schema(m, json_schema_tree_root(tree), version, false);
}

int json_schema_to_connect(struct kc_arena *arena, const struct json_schema_options *options,
                           const struct registry_schema *text, int32_t version, const struct kc_schema **ret_schema,
                           struct kc_error *err) {
    struct mapping m = {.arena = arena, .options = options, .err = err};
    AUTO_BUF key;
    buf_init(&key, INT32_MAX);
    make_key(&key, options, text, version);
    const struct kc_schema *schema = recursive_schemas_find(&key);
    if (!schema) {
        schema = make(&m, text, version);
        if (schema && m.recursive && recursive_schemas_keep(&key, schema, err) < 0)
            schema = kc_schema_unref(schema);
        open_schemas_done(&m.open, schema != NULL);
    }
    if (!schema)
        return -1;
    *ret_schema = schema;
    return 0;
}
