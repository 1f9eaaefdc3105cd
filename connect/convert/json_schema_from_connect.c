/* Connect schemas as JSON Schema documents. @source JsonSchemaData.rawSchemaFromConnectSchema */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/convert/json_schema_data.h"

struct writer {
    struct buf *out;
    const struct json_schema_options *options;
    struct map *ids; /* ids of schemas that were begun */
    unsigned depth;
    struct kc_error *err;
};

enum { NO_INDEX = -1 };

static int write_schema(struct writer *w, const struct kc_schema *schema, int index, bool ignore_optional);

static void text(struct writer *w, const char *s) {
    (void)buf_add_text(w->out, s);
}

static void quoted(struct writer *w, const char *s) {
    (void)json_write_text(w->out, s, strlen(s), false);
}

/* A member; every object of a document begins with one that needs no comma. */
static void member(struct writer *w, const char *name, const char *value) {
    text(w, ",");
    quoted(w, name);
    text(w, ":");
    quoted(w, value);
}

bool json_schema_is_union(const struct kc_schema *schema) {
    return schema->type == KC_STRUCT && ((schema->name && strcmp(schema->name, JSON_ONE_OF) == 0) ||
                                         schema_parameter(schema, "org.apache.kafka.connect.data.Union"));
}

const char *json_schema_enum_parameter(const struct json_schema_options *options) {
    return options->generalized ? "org.apache.kafka.connect.data.Enum" : JSON_ENUM;
}

/* ---- what follows the type ---- */

static void write_parameters(struct writer *w, const struct kc_schema *schema) {
    bool first = true;
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const struct kc_parameter *p = &schema->parameters[i];
        if (strncmp(p->name, JSON_NAMESPACE, strlen(JSON_NAMESPACE)) == 0 || !p->value)
            continue;
        text(w, first ? ",\"connect.parameters\":{" : ",");
        quoted(w, p->name);
        text(w, ":");
        quoted(w, p->value);
        first = false;
    }
    text(w, first ? "" : "}");
}

static void write_index(struct writer *w, int index) {
    if (index != NO_INDEX)
        (void)buf_printf(w->out, ",\"connect.index\":%d", index);
}

static int write_attributes(struct writer *w, const struct kc_schema *schema) {
    if (schema->name)
        member(w, "title", schema->name);
    if (schema->doc)
        member(w, "description", schema->doc);
    if (schema->has_default) {
        text(w, ",\"default\":");
        if (json_schema_write_value(w->out, w->options, schema, &schema->default_value, w->err) < 0)
            return -1;
    }
    if (schema->has_version)
        (void)buf_printf(w->out, ",\"connect.version\":%d", schema->version);
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
    quoted(w, id);
    text(w, "}");
    return 1;
}

static int write_part(struct writer *w, const struct kc_schema *schema, int index) {
    return write_reference(w, schema) ? 0 : write_schema(w, schema, index, false);
}

static int write_array(struct writer *w, const struct kc_schema *schema) {
    text(w, "{\"type\":\"array\",\"items\":");
    return write_part(w, schema->value_schema, NO_INDEX);
}

static int write_map(struct writer *w, const struct kc_schema *schema) {
    if (schema->key_schema && schema->key_schema->type == KC_STRING && !schema->key_schema->optional) {
        text(w, "{\"type\":\"object\",\"additionalProperties\":");
        if (write_schema(w, schema->value_schema, NO_INDEX, false) < 0)
            return -1;
    } else {
        text(w, "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"key\":");
        if (write_schema(w, schema->key_schema, 0, false) < 0)
            return -1;
        text(w, ",\"value\":");
        if (write_schema(w, schema->value_schema, 1, false) < 0)
            return -1;
        text(w, "}}");
    }
    member(w, "connect.type", "map");
    return 0;
}

static int write_struct(struct writer *w, const struct kc_schema *schema) {
    text(w, "{\"type\":\"object\"");
    text(w, schema->field_count ? ",\"properties\":{" : "");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        text(w, i ? "," : "");
        quoted(w, schema->fields[i].name);
        text(w, ":");
        if (write_part(w, schema->fields[i].schema, (int)i) < 0)
            return -1;
    }
    text(w, schema->field_count ? "}" : "");
    text(w, w->options->additional_properties ? "" : ",\"additionalProperties\":false");
    return 0;
}

static int write_string(struct writer *w, const struct kc_schema *schema) {
    const char *parameter = json_schema_enum_parameter(w->options);
    size_t len = strlen(parameter);
    bool first = true;
    if (!schema_parameter(schema, JSON_ENUM) && !schema_parameter(schema, "org.apache.kafka.connect.data.Enum")) {
        text(w, "{\"type\":\"string\"");
        return 0;
    }
    text(w, "{\"enum\":[");
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const char *symbol = schema->parameters[i].name;
        if (strncmp(symbol, parameter, len) != 0 || symbol[len] != '.')
            continue;
        text(w, first ? "" : ",");
        if (strcmp(symbol + len + 1, JSON_NULL_SYMBOL) == 0)
            text(w, "null");
        else
            quoted(w, symbol + len + 1);
        first = false;
    }
    text(w, "]");
    return 0;
}

static int write_type(struct writer *w, const struct kc_schema *schema) {
    switch (schema->type) {
    case KC_FLOAT32:
    case KC_FLOAT64:
        text(w, "{\"type\":\"number\"");
        break;
    case KC_BOOLEAN:
        text(w, "{\"type\":\"boolean\"");
        return 0;
    case KC_STRING:
        return write_string(w, schema);
    case KC_BYTES:
        text(w, schema_logical(schema) == LOGICAL_DECIMAL && w->options->decimal_numeric ? "{\"type\":\"number\""
                                                                                         : "{\"type\":\"string\"");
        break;
    case KC_ARRAY:
        return write_array(w, schema);
    case KC_MAP:
        return write_map(w, schema);
    case KC_STRUCT:
        return write_struct(w, schema);
    default:
        text(w, "{\"type\":\"integer\"");
        break;
    }
    member(w, "connect.type", schema_type_lower(schema->type));
    return 0;
}

static int write_base(struct writer *w, const struct kc_schema *schema, int index) {
    const char *id = schema_parameter(schema, JSON_ID);
    if (id)
        map_put(w->ids, id, NULL);
    if (write_type(w, schema) < 0 || write_attributes(w, schema) < 0)
        return -1;
    if (id)
        member(w, "$id", id);
    write_index(w, index);
    text(w, "}");
    return 0;
}

static int write_union(struct writer *w, const struct kc_schema *schema, int index) {
    text(w, schema->optional ? "{\"oneOf\":[{\"type\":\"null\"}" : "{\"oneOf\":[");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        text(w, i || schema->optional ? "," : "");
        if (write_schema(w, schema->fields[i].schema, (int)i, true) < 0)
            return -1;
    }
    text(w, "]");
    write_index(w, index);
    text(w, "}");
    return 0;
}

/* One of null and the schema itself; the index stands outside. */
static int write_optional(struct writer *w, const struct kc_schema *schema, int index) {
    text(w, "{\"oneOf\":[{\"type\":\"null\"},");
    if (write_base(w, schema, NO_INDEX) < 0)
        return -1;
    text(w, "]");
    write_index(w, index);
    text(w, "}");
    return 0;
}

static int write_schema(struct writer *w, const struct kc_schema *schema, int index, bool ignore_optional) {
    int rc;
    if (!schema)
        return err_set(w->err, ERR_BAD_DATA, "A JSON Schema needs the schemas of all elements");
    if (w->depth >= JSON_SCHEMA_MAX_DEPTH || (schema_is_forward(schema) && !schema_parameter(schema, JSON_ID)))
        return err_set(w->err, ERR_BAD_DATA, "Schemas nested deeper than %d are not supported", JSON_SCHEMA_MAX_DEPTH);
    w->depth++;
    if (json_schema_is_union(schema))
        rc = write_union(w, schema, index);
    else if (schema->optional && !ignore_optional)
        rc = write_optional(w, schema, index);
    else
        rc = write_base(w, schema, index);
    w->depth--;
    return rc;
}

int json_schema_from_connect(struct buf *out, const struct json_schema_options *options, const struct kc_schema *schema,
                             struct kc_error *err) {
    struct writer w = {.out = out, .options = options, .err = err};
    w.ids = map_new(NULL);
    int rc = write_schema(&w, schema, NO_INDEX, false);
    map_free(w.ids);
    if (rc == 0 && out->failed)
        return err_set(err, ERR_BAD_DATA, "The JSON Schema takes more than %zu bytes", out->max);
    return rc;
}
