/* Validation of values against schemas, with the texts of Java's ConnectSchema. */
#include "connect/data/validate.h"

#include <stdio.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/data/schema.h"
#include "connect/data/value.h"

bool validate_class(const struct kc_schema *schema, const struct kc_value *v) {
    enum logical logical = schema_logical(schema);
    if (logical == LOGICAL_DECIMAL)
        return v->tag == KC_V_DECIMAL;
    if (logical != LOGICAL_NONE)
        return v->tag == KC_V_DATE;
    return value_type(v) == (int)schema->type;
}

/* Where inside a list or map, e.g. `element of array value`; cut when deeper than the text holds. */
struct place {
    char text[KC_ERROR_TEXT / 2];
};

static const char *inside(struct place *p, const char *what, const char *where) {
    snprintf(p->text, sizeof(p->text), "%s %s", what, where);
    return p->text;
}

static int validate_element(const struct kc_schema *schema, const struct kc_value *v, const char *what,
                            const char *where, struct kc_error *err) {
    /* The place is only written out when it will be read: nearly all elements are fine. */
    if (schema && v->tag != KC_V_NULL && schema->type < KC_ARRAY && validate_class(schema, v))
        return 0;
    struct place p;
    inside(&p, what, where);
    if (!schema)
        return err_set(err, ERR_BAD_DATA, "No schema defined for %s", p.text);
    return validate_value(schema, v, p.text, err);
}

static int validate_elements(const struct kc_schema *schema, const struct kc_value *v, const char *where,
                             struct kc_error *err) {
    for (uint32_t i = 0; i < v->len; i++) {
        if (v->tag == KC_V_ARRAY) {
            if (validate_element(schema->value_schema, &v->items[i], "element of array", where, err) < 0)
                return -1;
            continue;
        }
        if (validate_element(schema->key_schema, &v->entries[i].key, "key of map", where, err) < 0 ||
            validate_element(schema->value_schema, &v->entries[i].value, "value of map", where, err) < 0)
            return -1;
    }
    return 0;
}

int validate_struct(const struct kc_struct *st, struct kc_error *err) {
    for (uint32_t i = 0; i < st->schema->field_count; i++) {
        const struct kc_field *field = &st->schema->fields[i];
        const struct kc_value *v = &st->fields[i];
        if (v->tag == KC_V_NULL && (field->schema->optional || field->schema->has_default))
            continue;
        if (v->tag != KC_V_NULL && field->schema->type < KC_ARRAY && validate_class(field->schema, v))
            continue;
        struct place p;
        snprintf(p.text, sizeof(p.text), "field: \"%s\"", field->name);
        if (validate_value(field->schema, v, p.text, err) < 0)
            return -1;
    }
    return 0;
}

static int wrong_class(const struct kc_schema *schema, const struct kc_value *v, const char *where,
                       struct kc_error *err) {
    if (schema->name)
        return err_set(err, ERR_BAD_DATA, "Invalid Java object for schema \"%s\" with type %s: class %s for %s",
                       schema->name, schema_type_name(schema->type), kc_value_java_class(v), where);
    return err_set(err, ERR_BAD_DATA, "Invalid Java object for schema with type %s: class %s for %s",
                   schema_type_name(schema->type), kc_value_java_class(v), where);
}

int validate_value(const struct kc_schema *schema, const struct kc_value *v, const char *where, struct kc_error *err) {
    if (v->tag == KC_V_NULL) {
        if (schema->optional)
            return 0;
        return err_set(err, ERR_BAD_DATA, "Invalid value: null used for required %s, schema type: %s", where,
                       schema_type_name(schema->type));
    }
    if (!validate_class(schema, v))
        return wrong_class(schema, v, where, err);
    if (v->tag == KC_V_STRUCT) {
        if (!kc_schema_equal(v->st->schema, schema))
            return err_set(err, ERR_BAD_DATA, "Struct schemas do not match.");
        return validate_struct(v->st, err);
    }
    if (v->tag == KC_V_JSON) {
        AUTO(arena) arena = arena_new(0);
        struct kc_value whole = kc_json_expand(arena, *v);
        return validate_elements(schema, &whole, where, err);
    }
    if (v->tag == KC_V_ARRAY || v->tag == KC_V_MAP)
        return validate_elements(schema, v, where, err);
    return 0;
}
