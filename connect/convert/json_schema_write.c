/* Connect values as JSON for a JSON Schema: as JsonConverter writes them, but for maps with other keys than plain
 * strings (objects with key and value), unions (the branch that is set) and what is missing.
 * @source JsonSchemaData.fromConnectData */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/json_schema_data.h"
#include "connect/data/decimal.h"
#include "connect/data/json_scan.h"
#include "connect/data/json_write.h"

struct writer {
    struct buf *out;
    const struct json_schema_options *options;
    unsigned depth;
    struct kc_error *err;
};

static int write_value(struct writer *w, const struct kc_schema *schema, const struct kc_value *v);

static int wrong_type(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    return err_set(w->err, ERR_BAD_DATA, "Invalid type for %s: class %s", schema_type_name(schema->type),
                   kc_value_java_class(v));
}

static const struct kc_value *slot_of(const struct writer *w, const struct kc_value *st, uint32_t i) {
    const struct kc_value *v = &st->st->fields[i];
    const struct kc_schema *schema = st->st->schema->fields[i].schema;
    return v->tag == KC_V_NULL && schema->has_default && !w->options->ignore_default ? &schema->default_value : v;
}

static int write_array(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    (void)buf_add_char(w->out, '[');
    for (uint32_t i = 0; i < v->len; i++) {
        if (i)
            (void)buf_add_char(w->out, ',');
        if (write_value(w, schema->value_schema, &v->items[i]) < 0)
            return -1;
    }
    return buf_add_char(w->out, ']');
}

static int write_map(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    bool object = schema->key_schema && schema->key_schema->type == KC_STRING && !schema->key_schema->optional;
    (void)buf_add_char(w->out, object ? '{' : '[');
    for (uint32_t i = 0; i < v->len; i++) {
        const struct kc_value *key = &v->entries[i].key;
        if (object && key->tag != KC_V_STRING)
            return wrong_type(w, schema, key);
        (void)buf_add_text(w->out, i ? "," : "");
        (void)buf_add_text(w->out, object ? "" : "{\"key\":");
        if (write_value(w, schema->key_schema, key) < 0)
            return -1;
        (void)buf_add_text(w->out, object ? ":" : ",\"value\":");
        if (write_value(w, schema->value_schema, &v->entries[i].value) < 0)
            return -1;
        (void)buf_add_text(w->out, object ? "" : "}");
    }
    return buf_add_char(w->out, object ? '}' : ']');
}

/* The branch that is set; NULL: none is. */
static const struct kc_value *branch_of(const struct writer *w, const struct kc_value *v,
                                        const struct kc_schema **ret_schema) {
    const struct kc_schema *schema = v->st->schema;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_value *inner = slot_of(w, v, i);
        *ret_schema = schema->fields[i].schema;
        if (inner->tag != KC_V_NULL)
            return inner;
    }
    return NULL;
}

static int write_union(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    const struct kc_schema *branch;
    const struct kc_value *inner = branch_of(w, v, &branch), null = kc_null();
    return inner ? write_value(w, branch, inner) : write_value(w, schema, &null);
}

/* Whether there is nothing to write: a null that the schema does not allow, or a union of such without a branch. */
static bool is_nothing(const struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    const struct kc_schema *branch;
    if (schema->optional || (schema->has_default && !w->options->ignore_default))
        return false;
    return v->tag == KC_V_NULL || (v->tag == KC_V_STRUCT && json_schema_is_union(v->st->schema) &&
                                   json_schema_is_union(schema) && !branch_of(w, v, &branch));
}

/* Fields with nothing to write are left out. */
static int write_struct(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    if (v->st->schema != schema && !kc_schema_equal(v->st->schema, schema))
        return err_set(w->err, ERR_BAD_DATA, "Mismatching schema.");
    if (json_schema_is_union(schema))
        return write_union(w, schema, v);
    bool first = true;
    (void)buf_add_char(w->out, '{');
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_field *field = &schema->fields[i];
        const struct kc_value *inner = slot_of(w, v, i);
        if (is_nothing(w, field->schema, inner))
            continue;
        (void)buf_add_text(w->out, first ? "" : ",");
        (void)json_write_string(w->out, field->name, strlen(field->name));
        (void)buf_add_char(w->out, ':');
        if (write_value(w, field->schema, inner) < 0)
            return -1;
        first = false;
    }
    return buf_add_char(w->out, '}');
}

static int write_scalar(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    struct json_write_options options = {.decimal_numeric = w->options->decimal_numeric, .depth = w->depth};
    if (schema->type == KC_BYTES && v->tag == KC_V_DECIMAL && schema_logical(schema) == LOGICAL_NONE)
        return decimal_text(w->out, v->dec); /* read from a number */
    return json_write_value(w->out, schema, v, &options, w->err);
}

static int write_value(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    int rc;
    if (!schema)
        return err_set(w->err, ERR_BAD_DATA, "A value without schema cannot be written with a JSON Schema");
    if (v->tag == KC_V_NULL) {
        if (schema->has_default && !w->options->ignore_default)
            return write_value(w, schema, &schema->default_value);
        return buf_add_text(w->out, "null");
    }
    if (schema->type != KC_ARRAY && schema->type != KC_MAP && schema->type != KC_STRUCT)
        return write_scalar(w, schema, v);
    if (++w->depth > JSON_MAX_DEPTH)
        return err_set(w->err, ERR_BAD_DATA, "The value is nested deeper than %d", JSON_MAX_DEPTH);
    if (schema->type == KC_ARRAY)
        rc = v->tag == KC_V_ARRAY ? write_array(w, schema, v) : wrong_type(w, schema, v);
    else if (schema->type == KC_MAP)
        rc = v->tag == KC_V_MAP ? write_map(w, schema, v) : wrong_type(w, schema, v);
    else
        rc = v->tag == KC_V_STRUCT ? write_struct(w, schema, v) : wrong_type(w, schema, v);
    w->depth--;
    return rc;
}

bool json_schema_is_nothing(const struct json_schema_options *options, const struct kc_schema *schema,
                            const struct kc_value *v) {
    struct writer w = {.options = options};
    return is_nothing(&w, schema, v);
}

int json_schema_write_value(struct buf *out, const struct json_schema_options *options, const struct kc_schema *schema,
                            const struct kc_value *v, struct kc_error *err) {
    struct writer w = {.out = out, .options = options, .err = err};
    if (write_value(&w, schema, v) < 0)
        return -1;
    return out->failed ? err_set(err, ERR_BAD_DATA, "The message takes more than %zu bytes", out->max) : 0;
}
