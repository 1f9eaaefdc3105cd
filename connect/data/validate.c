/* Validation of values against schemas, with the texts of Java's ConnectSchema. */
#include "connect/data/validate.h"

#include "connect/base/arena.h"
#include "connect/base/buf.h"
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

/* Where a value stands. Only written out when it will be read: nearly all values are fine. */
struct place {
    const char *what; /* "element of array" …: something inside `outer` */
    const struct place *outer;
    const char *field; /* else a field of this name */
    const char *where; /* else what the caller says */
};

static void place_text(const struct place *p, struct buf *out) {
    for (; p->what; p = p->outer) {
        buf_add_text(out, p->what);
        buf_add_char(out, ' ');
    }
    if (p->field)
        buf_printf(out, "field: \"%s\"", p->field);
    else
        buf_add_text(out, p->where);
}

static int validate(const struct kc_schema *schema, const struct kc_value *v, const struct place *at,
                    struct kc_error *err);

/* ---- errors ---- */

static int no_schema(const struct place *at, struct kc_error *err) {
    AUTO_BUF where;
    buf_init(&where, KC_ERROR_TEXT);
    place_text(at, &where);
    return err_set(err, ERR_BAD_DATA, "No schema defined for %s", buf_text(&where));
}

static int null_value(const struct kc_schema *schema, const struct place *at, struct kc_error *err) {
    AUTO_BUF where;
    buf_init(&where, KC_ERROR_TEXT);
    place_text(at, &where);
    return err_set(err, ERR_BAD_DATA, "Invalid value: null used for required %s, schema type: %s", buf_text(&where),
                   schema_type_name(schema->type));
}

static int wrong_class(const struct kc_schema *schema, const struct kc_value *v, const struct place *at,
                       struct kc_error *err) {
    AUTO_BUF where;
    buf_init(&where, KC_ERROR_TEXT);
    place_text(at, &where);
    const char *class_name = kc_value_java_class(v), *type = schema_type_name(schema->type);
    if (schema->name)
        return err_set(err, ERR_BAD_DATA, "Invalid Java object for schema \"%s\" with type %s: class %s for %s",
                       schema->name, type, class_name, buf_text(&where));
    return err_set(err, ERR_BAD_DATA, "Invalid Java object for schema with type %s: class %s for %s", type, class_name,
                   buf_text(&where));
}

/* ---- values ---- */

static int validate_element(const struct kc_schema *schema, const struct kc_value *v, const char *what,
                            const struct place *outer, struct kc_error *err) {
    struct place at = {.what = what, .outer = outer};
    return schema ? validate(schema, v, &at, err) : no_schema(&at, err);
}

static int validate_elements(const struct kc_schema *schema, const struct kc_value *v, const struct place *at,
                             struct kc_error *err) {
    for (uint32_t i = 0; i < v->len; i++) {
        if (v->tag == KC_V_ARRAY) {
            if (validate_element(schema->value_schema, &v->items[i], "element of array", at, err) < 0)
                return -1;
            continue;
        }
        if (validate_element(schema->key_schema, &v->entries[i].key, "key of map", at, err) < 0 ||
            validate_element(schema->value_schema, &v->entries[i].value, "value of map", at, err) < 0)
            return -1;
    }
    return 0;
}

static int validate_json(const struct kc_schema *schema, const struct kc_value *v, const struct place *at,
                         struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value whole = kc_json_expand(arena, *v);
    return validate_elements(schema, &whole, at, err);
}

static int validate(const struct kc_schema *schema, const struct kc_value *v, const struct place *at,
                    struct kc_error *err) {
    if (v->tag == KC_V_NULL)
        return schema->optional ? 0 : null_value(schema, at, err);
    if (!validate_class(schema, v))
        return wrong_class(schema, v, at, err);
    if (v->tag == KC_V_STRUCT) {
        if (!kc_schema_equal(v->st->schema, schema))
            return err_set(err, ERR_BAD_DATA, "Struct schemas do not match.");
        return validate_struct(v->st, err);
    }
    if (v->tag == KC_V_JSON)
        return validate_json(schema, v, at, err);
    if (v->tag == KC_V_ARRAY || v->tag == KC_V_MAP)
        return validate_elements(schema, v, at, err);
    return 0;
}

int validate_struct(const struct kc_struct *st, struct kc_error *err) {
    for (uint32_t i = 0; i < st->schema->field_count; i++) {
        const struct kc_field *field = &st->schema->fields[i];
        const struct kc_value *v = &st->fields[i];
        if (v->tag == KC_V_NULL && field->schema->has_default)
            continue;
        if (validate_field(field, v, err) < 0)
            return -1;
    }
    return 0;
}

int validate_field(const struct kc_field *field, const struct kc_value *v, struct kc_error *err) {
    struct place at = {.field = field->name};
    return validate(field->schema, v, &at, err);
}

int validate_value(const struct kc_schema *schema, const struct kc_value *v, const char *where, struct kc_error *err) {
    struct place at = {.where = where};
    if (!schema)
        return err_set_class(err, ERR_BAD_DATA, "java.lang.NullPointerException",
                             "Cannot invoke \"org.apache.kafka.connect.data.Schema.%s()\" because \"schema\" is null",
                             v->tag == KC_V_NULL ? "isOptional" : "name");
    return validate(schema, v, &at, err);
}
