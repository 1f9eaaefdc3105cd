/* Schema projection: check that the schemas agree, then convert, field by field and element by element. */
#include "connect/data/project.h"

#include <string.h>

#include "connect/base/err.h"
#include "connect/data/decimal.h"
#include "connect/data/number_text.h"
#include "connect/data/schema.h"
#include "connect/data/validate.h"
#include "connect/data/value.h"

static int fail(struct kc_error *err, const char *text) {
    return err_set_class(err, ERR_BAD_DATA, SCHEMA_PROJECTOR_EXCEPTION, "%s", text);
}

/* ---- compatibility ---- */

static bool is_number(enum kc_type type) {
    return type <= KC_FLOAT64;
}

/* Types promote along int8 … int64, float32, float64, which is the order of the enum. */
static bool is_promotable(enum kc_type from, enum kc_type to) {
    return is_number(from) && is_number(to) && from <= to;
}

static bool same_name(const struct kc_schema *a, const struct kc_schema *b) {
    return a->name && b->name ? strcmp(a->name, b->name) == 0 : a->name == b->name;
}

/* A map of parameters as Java prints it; null when there are none. */
static void parameters_text(struct buf *out, const struct kc_schema *schema) {
    if (schema->parameter_count == 0) {
        buf_add_text(out, "null");
        return;
    }
    for (uint32_t i = 0; i < schema->parameter_count; i++)
        buf_printf(out, "%s%s=%s", i ? ", " : "{", schema->parameters[i].name, schema->parameters[i].value);
    buf_add_char(out, '}');
}

static int parameters_differ(const struct kc_schema *source, const struct kc_schema *target, struct kc_error *err) {
    AUTO_BUF text;
    buf_init(&text, KC_ERROR_TEXT);
    buf_add_text(&text, "Schema parameters not equal. source parameters: ");
    parameters_text(&text, source);
    buf_add_text(&text, " and target parameters: ");
    parameters_text(&text, target);
    return fail(err, buf_text(&text));
}

static int check(const struct kc_schema *source, const struct kc_schema *target, struct kc_error *err) {
    if (source->type != target->type && !is_promotable(source->type, target->type))
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PROJECTOR_EXCEPTION,
                             "Schema type mismatch. source type: %s and target type: %s",
                             schema_type_name(source->type), schema_type_name(target->type));
    if (!same_name(source, target))
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PROJECTOR_EXCEPTION,
                             "Schema name mismatch. source name: %s and target name: %s",
                             source->name ? source->name : "null", target->name ? target->name : "null");
    if (!schema_parameters_equal(source, target))
        return parameters_differ(source, target, err);
    return 0;
}

/* ---- conversion ---- */

static bool is_numeric(const struct kc_value *v) {
    return (v->tag >= KC_V_INT8 && v->tag <= KC_V_FLOAT64) || v->tag == KC_V_DECIMAL;
}

static double as_double(const struct kc_value *v) {
    if (v->tag == KC_V_DECIMAL)
        return decimal_to_double(v->dec);
    return v->tag == KC_V_FLOAT32 || v->tag == KC_V_FLOAT64 ? v->f : (double)v->i;
}

/* longValue, or intValue for what is smaller; kc_int keeps the low bits. */
static int64_t as_int64(const struct kc_value *v, enum kc_type target) {
    if (v->tag == KC_V_DECIMAL)
        return decimal_to_int64(v->dec);
    if (v->tag != KC_V_FLOAT32 && v->tag != KC_V_FLOAT64)
        return v->i;
    return target == KC_INT64 ? number_double_to_int64(v->f) : number_double_to_int32(v->f);
}

/* Number.byteValue and its like: the number in the value counts, also where it is not of the source's type. */
static struct kc_value promote(const struct kc_value *v, enum kc_type target) {
    switch (target) {
    case KC_FLOAT32:
        return kc_float((float)as_double(v));
    case KC_FLOAT64:
        return kc_double(as_double(v));
    case KC_INT8:
        return kc_int(target, (int8_t)as_int64(v, target));
    case KC_INT16:
        return kc_int(target, (int16_t)as_int64(v, target));
    case KC_INT32:
        return kc_int(target, (int32_t)as_int64(v, target));
    default:
        return kc_int(target, as_int64(v, target));
    }
}

static int wrong_class(const struct kc_value *v, const char *wanted, struct kc_error *err) {
    return err_set_class(err, ERR_BAD_DATA, "java.lang.ClassCastException", "class %s cannot be cast to class %s",
                         kc_value_java_class(v), wanted);
}

static int project_array(struct kc_arena *arena, const struct kc_schema *source, const struct kc_value *v,
                         const struct kc_schema *target, struct kc_value *ret_value, struct kc_error *err) {
    struct kc_value array = value_array_new(arena, v->len);
    for (uint32_t i = 0; i < v->len; i++)
        if (project_value(arena, source->value_schema, &v->items[i], target->value_schema, &array.items[i], err) < 0)
            return -1;
    *ret_value = array;
    return 0;
}

static int project_map(struct kc_arena *arena, const struct kc_schema *source, const struct kc_value *v,
                       const struct kc_schema *target, struct kc_value *ret_value, struct kc_error *err) {
    struct kc_value map = kc_map_new(arena, v->len);
    for (uint32_t i = 0; i < v->len; i++) {
        const struct kc_entry *from = &v->entries[i];
        struct kc_entry *to = &map.entries[map.len++];
        if (project_value(arena, source->key_schema, &from->key, target->key_schema, &to->key, err) < 0 ||
            project_value(arena, source->value_schema, &from->value, target->value_schema, &to->value, err) < 0)
            return -1;
    }
    map.flags = v->flags;
    *ret_value = map;
    return 0;
}

static int project_field(struct kc_arena *arena, const struct kc_schema *source, const struct kc_struct *st,
                         const struct kc_field *target, struct kc_value *ret_value, struct kc_error *err) {
    const struct kc_field *field = kc_schema_field(source, target->name);
    if (!field) {
        if (target->schema->optional)
            return 0;
        if (target->schema->has_default) {
            *ret_value = target->schema->default_value;
            return 0;
        }
        AUTO_BUF name;
        buf_init(&name, KC_ERROR_TEXT);
        schema_text(&name, source);
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PROJECTOR_EXCEPTION,
                             "Required field `%s` is missing from source schema: %s", target->name, buf_text(&name));
    }
    const struct kc_value *v = &st->fields[field->index];
    if (v->tag == KC_V_NULL && field->schema->has_default)
        v = &field->schema->default_value;
    if (project_value(arena, field->schema, v, target->schema, ret_value, err) == 0)
        return validate_field(target, ret_value, err);
    if (strcmp(err->exception, SCHEMA_PROJECTOR_EXCEPTION) == 0)
        return err_wrap(err, SCHEMA_PROJECTOR_EXCEPTION, "Error projecting %s", target->name);
    return -1;
}

static int project_struct(struct kc_arena *arena, const struct kc_schema *source, const struct kc_struct *st,
                          const struct kc_schema *target, struct kc_value *ret_value, struct kc_error *err) {
    struct kc_value result = kc_struct_new(arena, target);
    for (uint32_t i = 0; i < target->field_count; i++)
        if (project_field(arena, source, st, &target->fields[i], &result.st->fields[i], err) < 0)
            return -1;
    *ret_value = result;
    return 0;
}

static int project_required(struct kc_arena *arena, const struct kc_schema *source, const struct kc_value *v,
                            const struct kc_schema *target, struct kc_value *ret_value, struct kc_error *err) {
    switch (target->type) {
    case KC_ARRAY:
        return v->tag == KC_V_ARRAY ? project_array(arena, source, v, target, ret_value, err)
                                    : wrong_class(v, "java.util.List", err);
    case KC_MAP:
        return v->tag == KC_V_MAP ? project_map(arena, source, v, target, ret_value, err)
                                  : wrong_class(v, "java.util.Map", err);
    case KC_STRUCT:
        return v->tag == KC_V_STRUCT ? project_struct(arena, source, v->st, target, ret_value, err)
                                     : wrong_class(v, "org.apache.kafka.connect.data.Struct", err);
    default:
        *ret_value = is_number(target->type) && is_numeric(v) ? promote(v, target->type) : *v;
        return 0;
    }
}

int project_value(struct kc_arena *arena, const struct kc_schema *source, const struct kc_value *v,
                  const struct kc_schema *target, struct kc_value *ret_value, struct kc_error *err) {
    if (!source || !target)
        return err_set_class(err, ERR_BAD_DATA, "java.lang.NullPointerException",
                             "Cannot invoke \"org.apache.kafka.connect.data.Schema.type()\" because \"%s\" is null",
                             source ? "target" : "source");
    if (source != target && check(source, target, err) < 0)
        return -1;
    if (source->optional && !target->optional) {
        if (!target->has_default)
            return fail(err, "Writer schema is optional, however, target schema does not provide a default value.");
        if (v->tag == KC_V_NULL) {
            *ret_value = target->default_value;
            return 0;
        }
    }
    if (v->tag == KC_V_NULL) {
        *ret_value = kc_null();
        return 0;
    }
    return project_required(arena, source, v, target, ret_value, err);
}
