/* Connect schemas as JSON Schema documents, their members in the order that Java gives them: registries compare texts.
 * An object has its type, then title, description, default, id and connect.*, then what it is made of.
 * @source JsonSchemaData.rawSchemaFromConnectSchema; org.everit.json.schema.ToStringVisitor */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/convert/json_members.h"
#include "connect/convert/json_schema_data.h"
#include "connect/convert/org_json.h"
#include "connect/data/java_hash.h"

struct writer {
    struct buf *out;
    const struct json_schema_options *options;
    struct kc_arena *arena;
    struct map *ids; /* ids of schemas that were begun */
    unsigned depth;
    struct kc_error *err;
};

/* Where a schema stands. */
enum { NO_INDEX = -1 };

static int write_schema(struct writer *w, const struct kc_schema *schema, int index, bool ignore_optional);

static void text(struct writer *w, const char *s) {
    json_add_raw(w->out, s);
}

bool json_schema_is_union(const struct kc_schema *schema) {
    return schema->type == KC_STRUCT && ((schema->name && strcmp(schema->name, JSON_ONE_OF) == 0) ||
                                         schema_parameter(schema, "org.apache.kafka.connect.data.Union"));
}

const char *json_schema_enum_parameter(const struct json_schema_options *options) {
    return options->generalized ? "org.apache.kafka.connect.data.Enum" : JSON_ENUM;
}

/* ---- attributes ---- */

/* Those of the converter itself are not written. Two maps of Java hold them, the second made to measure. */
static void write_parameters(struct writer *w, const struct kc_schema *schema) {
    struct kc_value map = kc_map_new(w->arena, schema->parameter_count), again;
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const struct kc_parameter *p = &schema->parameters[i];
        if (strncmp(p->name, JSON_NAMESPACE, strlen(JSON_NAMESPACE)) != 0 && p->value)
            map.entries[map.len++] = (struct kc_entry){kc_string(p->name), kc_string(p->value)};
    }
    const struct kc_entry **order = java_hash_map_order(w->arena, &map);
    again = kc_map_new(w->arena, map.len);
    while (again.len < map.len) {
        again.entries[again.len] = *order[again.len];
        again.len++;
    }
    order = java_sized_map_order(w->arena, &again, again.len);
    for (uint32_t i = 0; i < map.len; i++) {
        text(w, i ? "," : ",\"connect.parameters\":{");
        json_add_quoted(w->out, order[i]->key.s);
        text(w, ":");
        json_add_quoted(w->out, order[i]->value.s);
    }
    text(w, map.len ? "}" : "");
}

static int write_default(struct writer *w, const struct kc_schema *schema) {
    AUTO_BUF value;
    buf_init(&value, w->out->max);
    if (!schema->has_default)
        return 0;
    if (json_schema_write_value(&value, w->options, schema, &schema->default_value, w->err) < 0)
        return -1;
    text(w, ",\"default\":");
    return org_json_write(w->out, w->arena, value.data, value.len, w->err);
}

static void write_index(struct writer *w, int index) {
    if (index != NO_INDEX)
        (void)buf_printf(w->out, "\"connect.index\":%d,", index);
}

static void write_id(struct writer *w, const char *id) {
    if (id)
        json_add_member(w->out, "id", id);
}

/* What follows the type; `connect_type` NULL: the type says it all. */
static int write_attributes(struct writer *w, const struct kc_schema *schema, int index, const char *connect_type,
                            const char *id) {
    if (schema->name)
        json_add_member(w->out, "title", schema->name);
    if (schema->doc)
        json_add_member(w->out, "description", schema->doc);
    if (write_default(w, schema) < 0)
        return -1;
    write_id(w, id);
    if (index != NO_INDEX)
        (void)buf_printf(w->out, ",\"connect.index\":%d", index);
    if (schema->has_version)
        (void)buf_printf(w->out, ",\"connect.version\":%d", schema->version);
    if (connect_type)
        json_add_member(w->out, "connect.type", connect_type);
    write_parameters(w, schema);
    return 0;
}

/* ---- types ---- */

/* A schema that was begun further up is mentioned by its id: 1. */
static int write_reference(struct writer *w, const struct kc_schema *schema) {
    const char *id = schema ? schema_parameter(schema, JSON_ID) : NULL;
    if (!id || !map_has(w->ids, id))
        return 0;
    text(w, "{\"$ref\":");
    json_add_quoted(w->out, id);
    text(w, "}");
    return 1;
}

static int write_part(struct writer *w, const struct kc_schema *schema, int index) {
    return write_reference(w, schema) ? 0 : write_schema(w, schema, index, false);
}

static int write_items(struct writer *w, const struct kc_schema *schema) {
    text(w, ",\"items\":");
    return write_part(w, schema->value_schema, NO_INDEX);
}

/* Maps with other keys than plain strings are arrays of keys and values. */
static bool is_object(const struct kc_schema *map) {
    return map->key_schema && map->key_schema->type == KC_STRING && !map->key_schema->optional;
}

static int write_entries(struct writer *w, const struct kc_schema *schema) {
    if (is_object(schema)) {
        text(w, ",\"additionalProperties\":");
        return write_schema(w, schema->value_schema, NO_INDEX, false);
    }
    text(w, ",\"items\":{\"type\":\"object\",\"properties\":{\"value\":");
    AUTO_BUF key;
    buf_init(&key, w->out->max);
    struct buf *out = w->out;
    w->out = &key; /* the key comes first, but stands second */
    int rc = write_schema(w, schema->key_schema, 0, false);
    w->out = out;
    if (rc < 0 || write_schema(w, schema->value_schema, 1, false) < 0)
        return -1;
    text(w, ",\"key\":");
    (void)buf_add(w->out, key.data, key.len);
    text(w, "}}");
    return 0;
}

static int write_fields(struct writer *w, const struct kc_schema *schema) {
    struct kc_value map = kc_map_new(w->arena, schema->field_count);
    struct buf *out = w->out;
    int rc = 0;
    /* written in the order of the fields, as the first one is to hold what others refer to */
    for (uint32_t i = 0; rc == 0 && i < schema->field_count; i++) {
        AUTO_BUF field;
        buf_init(&field, out->max);
        w->out = &field;
        rc = write_part(w, schema->fields[i].schema, (int)i);
        w->out = out;
        map.entries[map.len++] =
            (struct kc_entry){kc_string(schema->fields[i].name),
                              kc_text(kc_arena_copy(w->arena, buf_text(&field), field.len), field.len)};
    }
    const struct kc_entry **order = java_hash_map_order(w->arena, &map);
    for (uint32_t i = 0; rc == 0 && i < map.len; i++) {
        text(w, i ? "," : ",\"properties\":{");
        json_add_quoted(out, order[i]->key.s);
        text(w, ":");
        (void)buf_add(out, order[i]->value.s, order[i]->value.len);
    }
    text(w, schema->field_count ? "}" : "");
    return rc;
}

/* Symbols in the order of a HashSet. */
static void write_symbols(struct writer *w, const struct kc_schema *schema) {
    const char *parameter = json_schema_enum_parameter(w->options);
    size_t len = strlen(parameter);
    struct kc_value set = kc_map_new(w->arena, schema->parameter_count);
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const char *symbol = schema->parameters[i].name;
        if (strncmp(symbol, parameter, len) != 0 || symbol[len] != '.')
            continue;
        symbol += len + 1;
        set.entries[set.len++].key = strcmp(symbol, JSON_NULL_SYMBOL) == 0 ? kc_null() : kc_string(symbol);
    }
    const struct kc_entry **order = java_hash_map_order(w->arena, &set);
    text(w, "{\"enum\":[");
    for (uint32_t i = 0; i < set.len; i++) {
        text(w, i ? "," : "");
        if (order[i]->key.tag == KC_V_NULL)
            text(w, "null");
        else
            json_add_quoted(w->out, order[i]->key.s);
    }
    text(w, "]");
}

/* The beginning of an object; returns connect.type, NULL where there is none. */
static const char *write_type(struct writer *w, const struct kc_schema *schema) {
    bool symbols =
        schema_parameter(schema, JSON_ENUM) || schema_parameter(schema, "org.apache.kafka.connect.data.Enum");
    switch (schema->type) {
    case KC_FLOAT32:
    case KC_FLOAT64:
        text(w, "{\"type\":\"number\"");
        return schema_type_lower(schema->type);
    case KC_STRING:
        if (symbols)
            write_symbols(w, schema);
        else
            text(w, "{\"type\":\"string\"");
        return NULL;
    case KC_BYTES:
        text(w, schema_logical(schema) == LOGICAL_DECIMAL && w->options->decimal_numeric ? "{\"type\":\"number\""
                                                                                         : "{\"type\":\"string\"");
        return "bytes";
    case KC_ARRAY:
        text(w, "{\"type\":\"array\"");
        return NULL;
    case KC_MAP:
        text(w, is_object(schema) ? "{\"type\":\"object\"" : "{\"type\":\"array\"");
        return "map";
    case KC_STRUCT:
        text(w, "{\"type\":\"object\"");
        text(w, w->options->additional_properties ? "" : ",\"additionalProperties\":false");
        return NULL;
    default:
        text(w, "{\"type\":\"integer\"");
        return schema_type_lower(schema->type);
    }
}

/* The one whose type comes last. */
static int write_boolean(struct writer *w, const struct kc_schema *schema, int index, const char *id) {
    AUTO_BUF attributes;
    buf_init(&attributes, w->out->max);
    struct buf *out = w->out;
    w->out = &attributes;
    int rc = write_attributes(w, schema, index, NULL, id);
    w->out = out;
    text(w, "{");
    if (attributes.len) {
        (void)buf_add(out, attributes.data + 1, attributes.len - 1); /* without the comma */
        text(w, ",");
    }
    text(w, "\"type\":\"boolean\"}");
    return rc;
}

static int write_base(struct writer *w, const struct kc_schema *schema, int index, const char *id) {
    if (schema->type == KC_BOOLEAN)
        return write_boolean(w, schema, index, id);
    const char *connect_type = write_type(w, schema);
    int rc = write_attributes(w, schema, index, connect_type, id);
    if (rc == 0 && schema->type == KC_ARRAY)
        rc = write_items(w, schema);
    else if (rc == 0 && schema->type == KC_MAP)
        rc = write_entries(w, schema);
    else if (rc == 0 && schema->type == KC_STRUCT)
        rc = write_fields(w, schema);
    text(w, "}");
    return rc;
}

/* ---- choices ---- */

static void begin_choice(struct writer *w, int index, const char *id, bool null) {
    text(w, "{");
    if (id) {
        text(w, "\"id\":");
        json_add_quoted(w->out, id);
        text(w, ",");
    }
    write_index(w, index);
    text(w, null ? "\"oneOf\":[{\"type\":\"null\"}" : "\"oneOf\":[");
}

static int write_union(struct writer *w, const struct kc_schema *schema, int index, const char *id) {
    begin_choice(w, index, id, schema->optional);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        text(w, i || schema->optional ? "," : "");
        if (write_schema(w, schema->fields[i].schema, (int)i, true) < 0)
            return -1;
    }
    text(w, "]}");
    return 0;
}

/* One of null and the schema itself; index and id stand outside, the id of a struct inside as well. */
static int write_optional(struct writer *w, const struct kc_schema *schema, int index, const char *id) {
    begin_choice(w, index, id, true);
    text(w, ",");
    if (write_base(w, schema, NO_INDEX, schema->type == KC_STRUCT ? id : NULL) < 0)
        return -1;
    text(w, "]}");
    return 0;
}

static int write_schema(struct writer *w, const struct kc_schema *schema, int index, bool ignore_optional) {
    int rc;
    if (!schema)
        return err_set(w->err, ERR_BAD_DATA, "A JSON Schema needs the schemas of all elements");
    const char *id = schema_parameter(schema, JSON_ID);
    if (w->depth >= JSON_SCHEMA_MAX_DEPTH || (schema_is_forward(schema) && (!id || map_has(w->ids, id))))
        return err_set(w->err, ERR_BAD_DATA, "Schemas nested deeper than %d are not supported", JSON_SCHEMA_MAX_DEPTH);
    if (id)
        map_put(w->ids, id, NULL);
    w->depth++;
    if (json_schema_is_union(schema))
        rc = write_union(w, schema, index, id);
    else if (schema->optional && !ignore_optional)
        rc = write_optional(w, schema, index, id);
    else
        rc = write_base(w, schema, index, id);
    w->depth--;
    return rc;
}

int json_schema_from_connect(struct buf *out, const struct json_schema_options *options, const struct kc_schema *schema,
                             struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct writer w = {.out = out, .options = options, .arena = arena, .err = err};
    w.ids = map_new(NULL);
    int rc = write_schema(&w, schema, NO_INDEX, false);
    map_free(w.ids);
    if (rc == 0 && out->failed)
        return err_set(err, ERR_BAD_DATA, "The JSON Schema takes more than %zu bytes", out->max);
    return rc;
}
