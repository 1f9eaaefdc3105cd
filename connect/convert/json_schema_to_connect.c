/* JSON Schema documents as Connect schemas. Keywords that only restrict values are passed over; those that say what a
 * value is made of decide: $ref, oneOf, anyOf, allOf, enum, const and type, in this order.
 * @source JsonSchemaData.toConnectSchema; how keywords combine: org.everit.json.schema.loader.SchemaLoader */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/convert/json_schema_data.h"
#include "connect/convert/recursive_schemas.h"
#include "connect/data/json_scan.h"

enum { MAX_STEPS = 100000, MAX_FIELDS = 20000, SHOWN = 200 };

/* An object that is being converted, or that holds itself and was converted. */
struct open_object {
    const cJSON *json;
    const struct kc_schema *forward[2]; /* required, optional */
    const struct kc_schema *target;
    char id[32]; /* parameter of the target, "" until somebody refers to it */
    struct open_object *next;
};

/* A document: the schema itself or one that it refers to by name. */
struct document {
    const char *name;
    cJSON *root;
};

struct mapping {
    struct kc_arena *arena;
    const struct json_schema_options *options;
    struct document *documents;
    uint32_t document_count;
    const cJSON *root; /* of the document that is being read */
    struct open_object *open;
    unsigned depth, steps, ids, unions;
    bool recursive;
    struct kc_error *err;
};

static const struct kc_schema *map_schema(struct mapping *m, const cJSON *json, int32_t version, bool optional);

static const struct kc_schema *fail(struct mapping *m, const char *what, const cJSON *json) {
    char *shown = json ? cJSON_PrintUnformatted(json) : NULL;
    err_set(m->err, ERR_BAD_DATA, "%s: %.*s", what, SHOWN, shown ? shown : "(nothing)");
    cJSON_free(shown);
    return NULL;
}

static const cJSON *get(const cJSON *json, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

static bool is_type(const cJSON *json, const char *type) {
    const char *given = json_get_text(json, "type");
    return given && strcmp(given, type) == 0;
}

static bool connect_type_is(const cJSON *json, const char *type) {
    const char *given = json_get_text(json, "connect.type");
    return given && strcmp(given, type) == 0;
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

/* The part that calls itself `id`. */
static const cJSON *part_with_id(const cJSON *json, const char *id, unsigned depth) {
    const cJSON *item, *found = NULL;
    const char *own = cJSON_IsObject(json) ? json_get_text(json, "$id") : NULL;
    if (own && strcmp(own, id) == 0)
        return json;
    if (depth > JSON_SCHEMA_MAX_DEPTH)
        return NULL;
    cJSON_ArrayForEach(item, json) {
        if (!found && (cJSON_IsObject(item) || cJSON_IsArray(item)))
            found = part_with_id(item, id, depth + 1);
    }
    return found;
}

static const struct document *document_named(const struct mapping *m, const char *name, size_t len) {
    for (uint32_t i = 0; i < m->document_count; i++)
        if (m->documents[i].name && strncmp(m->documents[i].name, name, len) == 0 && !m->documents[i].name[len])
            return &m->documents[i];
    return NULL;
}

/* *ret_root: the document that the part lies in. */
static const cJSON *resolve(const struct mapping *m, const char *ref, const cJSON **ret_root) {
    const char *fragment = strchr(ref, '#');
    size_t len = fragment ? (size_t)(fragment - ref) : strlen(ref);
    const struct document *document = len ? document_named(m, ref, len) : NULL;
    *ret_root = document ? document->root : m->root;
    if (document || !len) {
        const cJSON *part = pointed_to(*ret_root, fragment ? fragment + 1 : "");
        if (part)
            return part;
    }
    return part_with_id(m->root, ref, 0);
}

/* ---- objects within themselves ---- */

static struct open_object *find_open(const struct mapping *m, const cJSON *json) {
    struct open_object *open = m->open;
    while (open && open->json != json)
        open = open->next;
    return open;
}

static const struct kc_schema *forward_to(struct mapping *m, struct open_object *open, bool optional) {
    m->recursive = true;
    if (!open->id[0])
        snprintf(open->id, sizeof(open->id), "#id%u", ++m->ids);
    if (!open->forward[optional])
        open->forward[optional] = schema_forward_new(optional);
    return kc_schema_ref(open->forward[optional]);
}

static void close_object(struct mapping *m, struct open_object *open, const struct kc_schema *target) {
    if (open->id[0]) {
        open->target = kc_schema_ref(target);
        return;
    }
    struct open_object **at = &m->open;
    while (*at != open)
        at = &(*at)->next;
    *at = open->next;
}

static void close_all(struct mapping *m, bool made) {
    for (struct open_object *open = m->open; open; open = open->next) {
        for (int i = 0; i < 2; i++) {
            if (made && open->forward[i] && open->target)
                schema_forward_bind(open->forward[i], open->target);
            kc_schema_unref(open->forward[i]);
        }
        kc_schema_unref(open->target);
    }
}

/* ---- attributes ---- */

static int set_default(struct mapping *m, const cJSON *json, struct kc_schema_builder *b) {
    const cJSON *given = get(json, "default");
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
    return v.tag == KC_V_NULL ? 0 : kc_schema_default(b, &v, m->err);
}

/* What every kind of schema may have. Ends the builder. */
static const struct kc_schema *finish(struct mapping *m, struct kc_schema_builder *builder, const cJSON *json,
                                      int32_t version, bool optional) {
    AUTO(schema_builder) b = builder;
    const char *title = json_get_text(json, "title"), *doc = json_get_text(json, "description");
    const cJSON *own_version = get(json, "connect.version"), *parameters = get(json, "connect.parameters"), *item;
    if (title && !schema_builder_peek(b)->name)
        kc_schema_name(b, title);
    if (cJSON_IsNumber(own_version))
        version = own_version->valueint;
    if (version >= 0)
        kc_schema_version(b, version);
    if (doc)
        kc_schema_doc(b, doc);
    cJSON_ArrayForEach(item, parameters) {
        if (cJSON_IsString(item) && item->string)
            kc_schema_parameter(b, item->string, item->valuestring);
    }
    if (optional)
        kc_schema_optional(b, true);
    if (set_default(m, json, b) < 0 || schema_builder_check(b, m->err) < 0)
        return NULL;
    return kc_schema_build(TAKE(b));
}

/* ---- objects ---- */

struct property {
    const cJSON *json;
    bool required;
    int index;
};

struct properties {
    struct property *list;
    uint32_t count, capacity;
};

static bool is_required(const cJSON *object, const char *name) {
    const cJSON *item;
    cJSON_ArrayForEach(item, get(object, "required")) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0)
            return true;
    }
    return false;
}

/* The property that a schema refers to may say the index. */
static int index_of(const struct mapping *m, const cJSON *property, int otherwise) {
    const cJSON *index = get(property, "connect.index"), *root;
    const char *ref = json_get_text(property, "$ref");
    if (!index && ref)
        index = get(resolve(m, ref, &root), "connect.index");
    return cJSON_IsNumber(index) ? index->valueint : otherwise;
}

static int add_property(struct mapping *m, struct properties *p, const cJSON *object, const cJSON *json) {
    for (uint32_t i = 0; i < p->count; i++)
        if (strcmp(p->list[i].json->string, json->string) == 0) {
            p->list[i].json = json;
            return 0;
        }
    if (p->count >= MAX_FIELDS)
        return err_set(m->err, ERR_BAD_DATA, "A JSON Schema has more than %d properties", MAX_FIELDS);
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity ? 2 * p->capacity : 16;
        struct property *list = kc_arena_alloc(m->arena, capacity * sizeof(*list));
        if (p->count)
            memcpy(list, p->list, p->count * sizeof(*list));
        p->list = list;
        p->capacity = capacity;
    }
    p->list[p->count] = (struct property){json, is_required(object, json->string), index_of(m, json, (int)p->count)};
    p->count++;
    return 0;
}

static int collect(struct mapping *m, struct properties *p, const cJSON *object) {
    const cJSON *item;
    cJSON_ArrayForEach(item, get(object, "properties")) {
        if (add_property(m, p, object, item) < 0)
            return -1;
    }
    return 0;
}

/* In the order of connect.index; a stable insertion, as most are in order already. */
static void sort(struct properties *p) {
    for (uint32_t i = 1; i < p->count; i++) {
        struct property moved = p->list[i];
        uint32_t at = i;
        for (; at && p->list[at - 1].index > moved.index; at--)
            p->list[at] = p->list[at - 1];
        p->list[at] = moved;
    }
}

static const struct kc_schema *map_properties(struct mapping *m, const cJSON *json, struct properties *p,
                                              int32_t version, bool optional) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    struct open_object *open = kc_arena_zalloc(m->arena, sizeof(*open));
    open->json = json;
    open->next = m->open;
    m->open = open;
    sort(p);
    for (uint32_t i = 0; i < p->count; i++) {
        bool may_miss = m->options->optional_for_nonrequired && !p->list[i].required;
        AUTO(schema) field = map_schema(m, p->list[i].json, -1, may_miss);
        if (!field || kc_schema_add_field(b, p->list[i].json->string, field, m->err) < 0) {
            kc_schema_builder_free(b);
            return NULL;
        }
    }
    if (open->id[0])
        kc_schema_parameter(b, JSON_ID, open->id);
    const struct kc_schema *schema = finish(m, b, json, version, optional);
    if (schema)
        close_object(m, open, schema);
    return schema;
}

static const struct kc_schema *map_elements(struct mapping *m, const cJSON *json, const cJSON *key_json,
                                            const cJSON *value_json, enum kc_type type, int32_t version,
                                            bool optional) {
    AUTO(schema) key = NULL;
    if (type == KC_MAP)
        key = key_json ? map_schema(m, key_json, -1, false) : kc_schema_of(KC_STRING, false);
    if (type == KC_MAP && !key)
        return NULL;
    AUTO(schema) value = map_schema(m, value_json, -1, false);
    if (!value)
        return NULL;
    struct kc_schema_builder *b = kc_schema_builder_new(type);
    kc_schema_elements(b, key, value);
    return finish(m, b, json, version, optional);
}

static const struct kc_schema *map_array(struct mapping *m, const cJSON *json, int32_t version, bool optional) {
    const cJSON *items = get(json, "items");
    if (!cJSON_IsObject(items))
        return fail(m, "Array schema did not specify the items type", json);
    if (!connect_type_is(json, "map") || !is_type(items, "object"))
        return map_elements(m, json, NULL, items, KC_ARRAY, version, optional);
    const cJSON *properties = get(items, "properties");
    return map_elements(m, json, get(properties, "key"), get(properties, "value"), KC_MAP, version, optional);
}

static const struct kc_schema *map_object(struct mapping *m, const cJSON *json, int32_t version, bool optional) {
    struct properties p = {0};
    if (connect_type_is(json, "map"))
        return map_elements(m, json, NULL, get(json, "additionalProperties"), KC_MAP, version, optional);
    return collect(m, &p, json) < 0 ? NULL : map_properties(m, json, &p, version, optional);
}

/* ---- scalars ---- */

static const struct kc_schema *map_number(struct mapping *m, const cJSON *json, bool integer, int32_t version,
                                          bool optional) {
    static const enum kc_type types[] = {KC_INT8, KC_INT16, KC_INT32, KC_INT64, KC_FLOAT32, KC_FLOAT64, KC_BYTES};
    const char *given = json_get_text(json, "connect.type");
    if (!given)
        return finish(m, kc_schema_builder_new(integer ? KC_INT64 : KC_FLOAT64), json, version, optional);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(given, schema_type_lower(types[i])) == 0)
            return finish(m, kc_schema_builder_new(types[i]), json, version, optional);
    return fail(m, "Unsupported type", get(json, "connect.type"));
}

/* Symbols of an enum, or the one of a const. */
static const struct kc_schema *map_symbols(struct mapping *m, const cJSON *json, int32_t version, bool optional) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRING);
    const char *parameter = json_schema_enum_parameter(m->options);
    const cJSON *symbols = get(json, "enum"), *only = get(json, "const");
    kc_schema_parameter(b, parameter, "");
    unsigned count = symbols ? (unsigned)cJSON_GetArraySize(symbols) : 1;
    const cJSON *item = symbols ? symbols->child : only;
    for (unsigned i = 0; i < count && item; i++, item = item->next) {
        AUTO_BUF text;
        buf_init(&text, 1 << 20);
        if (cJSON_IsString(item))
            (void)buf_add_text(&text, item->valuestring);
        else if (cJSON_IsNull(item))
            (void)buf_add_text(&text, JSON_NULL_SYMBOL);
        else
            (void)json_write(&text, item, false);
        char number[16];
        snprintf(number, sizeof(number), "%u", i);
        kc_schema_parameter(b, kc_arena_printf(m->arena, "%s.%s", parameter, buf_text(&text)),
                            m->options->generalized ? number : buf_text(&text));
    }
    return finish(m, b, json, version, optional);
}

static const struct kc_schema *map_type(struct mapping *m, const cJSON *json, const char *type, int32_t version,
                                        bool optional) {
    if (strcmp(type, "object") == 0)
        return map_object(m, json, version, optional);
    if (strcmp(type, "array") == 0)
        return map_array(m, json, version, optional);
    if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
        return map_number(m, json, *type == 'i', version, optional);
    if (strcmp(type, "boolean") == 0)
        return finish(m, kc_schema_builder_new(KC_BOOLEAN), json, version, optional);
    if (strcmp(type, "string") == 0)
        return finish(m, kc_schema_builder_new(connect_type_is(json, "bytes") ? KC_BYTES : KC_STRING), json, version,
                      optional);
    return fail(m, "Unsupported schema type", json);
}

/* ---- combinations ---- */

static bool is_null_schema(const cJSON *json) {
    return is_type(json, "null");
}

/* One of several: of null and one other, that one, which may be missing; else a struct with a field for each. */
static const struct kc_schema *map_one_of(struct mapping *m, const cJSON *json, const cJSON *list, int32_t version,
                                          bool optional) {
    const cJSON *item, *other = NULL;
    unsigned count = (unsigned)cJSON_GetArraySize(list), nulls = 0, index = 0;
    cJSON_ArrayForEach(item, list) {
        nulls += is_null_schema(item);
        other = is_null_schema(item) ? other : item;
    }
    if (count == 1 && m->options->flatten_singletons && other)
        return map_schema(m, other, -1, false);
    if (count == 2 && nulls == 1)
        return map_schema(m, other, version, true);
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    const char *name = JSON_ONE_OF, *prefix = JSON_ONE_OF ".field.";
    if (m->options->generalized) {
        name = kc_arena_printf(m->arena, "connect_union_%u", m->unions++);
        prefix = "connect_union_field_";
        kc_schema_parameter(b, "org.apache.kafka.connect.data.Union", name);
    }
    kc_schema_name(b, name);
    cJSON_ArrayForEach(item, list) {
        if (is_null_schema(item))
            continue;
        AUTO(schema) field = map_schema(m, item, -1, true);
        if (!field || kc_schema_add_field(b, kc_arena_printf(m->arena, "%s%u", prefix, index++), field, m->err) < 0)
            return NULL;
    }
    return finish(m, TAKE(b), json, version, optional || nulls);
}

/* "type": ["null", "string"] */
static const struct kc_schema *map_types(struct mapping *m, const cJSON *json, const cJSON *types, int32_t version,
                                         bool optional) {
    const cJSON *item, *only = NULL;
    unsigned others = 0;
    bool null = false;
    cJSON_ArrayForEach(item, types) {
        bool is_null = cJSON_IsString(item) && strcmp(item->valuestring, "null") == 0;
        null |= is_null;
        others += !is_null;
        only = is_null ? only : item;
    }
    if (others == 1 && cJSON_IsString(only))
        return map_type(m, json, only->valuestring, version, optional || null);
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    unsigned index = 0;
    kc_schema_name(b, JSON_ONE_OF);
    cJSON_ArrayForEach(item, types) {
        if (!cJSON_IsString(item) || strcmp(item->valuestring, "null") == 0)
            continue;
        AUTO(schema) field = map_type(m, json, item->valuestring, -1, true);
        if (!field ||
            kc_schema_add_field(b, kc_arena_printf(m->arena, JSON_ONE_OF ".field.%u", index++), field, m->err) < 0)
            return NULL;
    }
    return finish(m, TAKE(b), json, version, optional || null);
}

static const cJSON *one_of(const cJSON *json) {
    const cJSON *list = get(json, "oneOf");
    return list ? list : get(json, "anyOf");
}

/* All properties of the parts, those behind references and within further allOf, too. */
static int collect_all(struct mapping *m, struct properties *p, const cJSON *json, unsigned depth) {
    const cJSON *item, *root;
    const char *ref = json_get_text(json, "$ref");
    if (depth > JSON_SCHEMA_MAX_DEPTH || m->steps++ > MAX_STEPS)
        return err_set(m->err, ERR_BAD_DATA, "The JSON Schema refers to itself without end");
    if (ref && resolve(m, ref, &root) && collect_all(m, p, resolve(m, ref, &root), depth + 1) < 0)
        return -1;
    if (collect(m, p, json) < 0)
        return -1;
    cJSON_ArrayForEach(item, get(json, "allOf")) {
        if (collect_all(m, p, item, depth + 1) < 0)
            return -1;
    }
    return 0;
}

/* Properties come together; else the part that says most counts. */
static const struct kc_schema *map_all_of(struct mapping *m, const cJSON *json, int32_t version, bool optional) {
    struct properties p = {0};
    const cJSON *item, *best = NULL;
    int best_rank = 0;
    if (collect_all(m, &p, json, 0) < 0)
        return NULL;
    if (p.count)
        return map_properties(m, json, &p, version, optional);
    cJSON_ArrayForEach(item, get(json, "allOf")) {
        int rank = one_of(item) || get(item, "allOf")        ? 5
                   : get(item, "enum") || get(item, "const") ? 4
                   : get(item, "type")                       ? 3
                   : get(item, "$ref")                       ? 2
                                                             : 0;
        if (rank > best_rank) {
            best_rank = rank;
            best = item;
        }
    }
    return best ? map_schema(m, best, version, optional) : fail(m, "Unsupported criterion allOf for", json);
}

/* ---- the whole ---- */

static const struct kc_schema *map_reference(struct mapping *m, const cJSON *json, const char *ref, int32_t version,
                                             bool optional) {
    const cJSON *root, *around = m->root;
    const cJSON *target = resolve(m, ref, &root);
    if (!target)
        return fail(m, "The reference leads nowhere", json);
    struct open_object *open = find_open(m, target);
    if (open)
        return forward_to(m, open, optional);
    m->root = root;
    const struct kc_schema *schema = map_schema(m, target, version, optional);
    m->root = around;
    return schema;
}

static const struct kc_schema *map_by_keyword(struct mapping *m, const cJSON *json, int32_t version, bool optional) {
    const char *ref = json_get_text(json, "$ref");
    const cJSON *type = get(json, "type"), *list = one_of(json), *symbols = get(json, "enum");
    bool numeric = is_type(json, "integer") || is_type(json, "number") || is_type(json, "boolean");
    if (ref)
        return map_reference(m, json, ref, version, optional);
    if (cJSON_IsArray(list) && !get(json, "properties"))
        return map_one_of(m, json, list, version, optional);
    if (cJSON_IsArray(get(json, "allOf")))
        return map_all_of(m, json, version, optional);
    if (!numeric && (cJSON_IsArray(symbols) || (get(json, "const") && !type)))
        return map_symbols(m, json, version, optional);
    if (cJSON_IsArray(type))
        return map_types(m, json, type, version, optional);
    if (cJSON_IsString(type))
        return map_type(m, json, type->valuestring, version, optional);
    if (get(json, "properties") || get(json, "additionalProperties"))
        return map_object(m, json, version, optional);
    if (get(json, "items"))
        return map_array(m, json, version, optional);
    return fail(m, "A JSON Schema that allows anything has no Connect schema", json);
}

static const struct kc_schema *map_schema(struct mapping *m, const cJSON *json, int32_t version, bool optional) {
    if (!cJSON_IsObject(json))
        return fail(m, "Unsupported schema type", json);
    if (m->depth >= JSON_SCHEMA_MAX_DEPTH || m->steps++ > MAX_STEPS) {
        err_set(m->err, ERR_BAD_DATA, "Schemas nested deeper than %d are not supported", JSON_SCHEMA_MAX_DEPTH);
        return NULL;
    }
    m->depth++;
    const struct kc_schema *schema = map_by_keyword(m, json, version, optional);
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

static int parse_all(struct mapping *m, const struct registry_schema *text) {
    struct kc_error why = {0};
    m->documents = kc_arena_zalloc(m->arena, (text->dependency_count + 1) * sizeof(*m->documents));
    for (uint32_t i = 0; i <= text->dependency_count; i++) {
        bool own = i == text->dependency_count;
        const char *s = own ? text->text : text->dependencies[i].text;
        m->documents[i].root = json_parse(s, own ? text->len : strlen(s), &why);
        m->documents[i].name = own ? NULL : text->dependencies[i].name;
        m->document_count = i + 1;
        if (!m->documents[i].root)
            return err_set(m->err, ERR_BAD_DATA, "The JSON Schema is not JSON: %s", why.text);
        m->root = m->documents[i].root;
    }
    return 0;
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
        schema = parse_all(&m, text) < 0 ? NULL : map_schema(&m, m.root, version, false);
        if (schema && m.recursive && recursive_schemas_keep(&key, schema, err) < 0)
            schema = kc_schema_unref(schema);
        close_all(&m, schema != NULL);
        for (uint32_t i = 0; i < m.document_count; i++)
            json_free(m.documents[i].root);
    }
    if (!schema)
        return -1;
    *ret_schema = schema;
    return 0;
}
