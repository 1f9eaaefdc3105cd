/* Names and texts of schemas, and the four logical types by name. */
#include "connect/data/schema.h"

#include <stdio.h>
#include <string.h>

static const char *const upper_names[] = {
    "INT8", "INT16", "INT32", "INT64", "FLOAT32", "FLOAT64", "BOOLEAN", "STRING", "BYTES", "ARRAY", "MAP", "STRUCT",
};
static const char *const lower_names[] = {
    "int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string", "bytes", "array", "map", "struct",
};

const char *schema_type_name(enum kc_type type) {
    return upper_names[type];
}

const char *schema_type_lower(enum kc_type type) {
    return lower_names[type];
}

enum logical schema_logical(const struct kc_schema *schema) {
    static const char prefix[] = "org.apache.kafka.connect.data.";
    if (!schema || !schema->name || strncmp(schema->name, prefix, sizeof(prefix) - 1) != 0)
        return LOGICAL_NONE;
    const char *name = schema->name + sizeof(prefix) - 1;
    if (strcmp(name, "Decimal") == 0)
        return LOGICAL_DECIMAL;
    if (strcmp(name, "Date") == 0)
        return LOGICAL_DATE;
    if (strcmp(name, "Time") == 0)
        return LOGICAL_TIME;
    return strcmp(name, "Timestamp") == 0 ? LOGICAL_TIMESTAMP : LOGICAL_NONE;
}

const struct kc_schema *schema_of_logical(enum logical logical, int32_t scale, bool optional) {
    static const struct {
        enum kc_type type;
        const char *name;
    } kinds[] = {
        [LOGICAL_DECIMAL] = {KC_BYTES, SCHEMA_DECIMAL},
        [LOGICAL_DATE] = {KC_INT32, SCHEMA_DATE},
        [LOGICAL_TIME] = {KC_INT32, SCHEMA_TIME},
        [LOGICAL_TIMESTAMP] = {KC_INT64, SCHEMA_TIMESTAMP},
    };
    struct kc_schema_builder *b = kc_schema_builder_new(kinds[logical].type);
    kc_schema_name(b, kinds[logical].name);
    kc_schema_version(b, 1);
    if (logical == LOGICAL_DECIMAL) {
        char text[16];
        snprintf(text, sizeof(text), "%d", scale);
        kc_schema_parameter(b, "scale", text);
    }
    if (optional)
        kc_schema_optional(b, true);
    return kc_schema_build(b);
}

int schema_text(struct buf *out, const struct kc_schema *schema) {
    if (!schema)
        return buf_add_text(out, "null");
    if (schema->name)
        return buf_printf(out, "Schema{%s:%s}", schema->name, schema_type_name(schema->type));
    return buf_printf(out, "Schema{%s}", schema_type_name(schema->type));
}
