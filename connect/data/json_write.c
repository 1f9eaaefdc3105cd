/* Walks a value with or without its schema and appends JSON text. */
#include "connect/data/json_write.h"

#include <math.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/data/base64.h"
#include "connect/data/decimal.h"
#include "connect/data/json_bytes.h"
#include "connect/data/json_scan.h"
#include "connect/data/logical.h"
#include "connect/data/number_text.h"
#include "connect/data/schema.h"
#include "connect/data/value.h"

#define SERIALIZATION_FAILED "Converting Kafka Connect data to byte[] failed due to serialization error: "

struct writer {
    struct buf *out;
    const struct json_write_options *options;
    struct kc_error *err;
    unsigned depth;
};

static int write_value(struct writer *w, const struct kc_schema *schema, const struct kc_value *v);

/* buf_add_char without a call when there is room. */
static inline int put(struct buf *out, char c) {
    char *to = buf_room(out, 1);
    if (!to)
        return -1;
    to[0] = c;
    to[1] = '\0';
    out->len++;
    return 0;
}

/* Where to write a number before it is added: at the end of what is there when that is large enough. */
static inline char *number_room(struct buf *out, char *text) {
    return out->cap - out->len > NUMBER_TEXT_MAX ? out->data + out->len : text;
}

static inline int add_number(struct buf *out, const char *text, size_t len) {
    if (text != out->data + out->len)
        return buf_add(out, text, len);
    out->len += len;
    return 0;
}

/* ---- errors ---- */

static int wrong_type(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    return err_set(w->err, ERR_BAD_DATA, "Invalid type for %s: class %s",
                   schema ? schema_type_name(schema->type) : "unknown schema", kc_value_java_class(v));
}

static int too_long(struct writer *w) {
    return err_set(w->err, ERR_LIMIT, SERIALIZATION_FAILED "the text exceeds %zu bytes", w->out->max);
}

static int open_container(struct writer *w, char c) {
    if (++w->depth > JSON_MAX_DEPTH) {
        err_set_class(w->err, ERR_BAD_DATA, "com.fasterxml.jackson.core.exc.StreamConstraintsException",
                      "Document nesting depth (%u) exceeds the maximum allowed (%d)", w->depth, JSON_MAX_DEPTH);
        return err_wrap(w->err, KC_DATA_EXCEPTION, SERIALIZATION_FAILED);
    }
    return put(w->out, c);
}

static int close_container(struct writer *w, char c) {
    w->depth--;
    return put(w->out, c);
}

/* ---- scalars ---- */

static int write_fraction(struct writer *w, const struct kc_value *v) {
    char text[NUMBER_TEXT_MAX], *to = number_room(w->out, text);
    size_t len = v->tag == KC_V_FLOAT32 ? number_text_float(to, (float)v->f) : number_text_double(to, v->f);
    if (isfinite(v->f))
        return add_number(w->out, to, len);
    if (to != text)
        memcpy(text, to, len);
    put(w->out, '"');
    buf_add(w->out, text, len);
    return put(w->out, '"');
}

static int write_base64(struct writer *w, const void *data, size_t len) {
    put(w->out, '"');
    base64_write(w->out, data, len);
    return put(w->out, '"');
}

static int write_decimal(struct writer *w, const struct kc_schema *schema, const struct kc_decimal *dec) {
    if (w->options->decimal_numeric || !schema) {
        if (decimal_text(w->out, dec) < 0 && !w->out->failed)
            return err_set(w->err, ERR_LIMIT, SERIALIZATION_FAILED "a number has more than %d digits",
                           DECIMAL_MAX_DIGITS);
        return 0;
    }
    int32_t scale;
    if (decimal_scale(schema, &scale, w->err) < 0)
        return -1;
    if (dec->scale != scale)
        return err_set(w->err, ERR_BAD_DATA,
                       "Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has "
                       "scale %d.",
                       scale, dec->scale);
    size_t len;
    const uint8_t *bytes = decimal_bytes(dec, &len);
    return write_base64(w, bytes, len);
}

static int write_int(struct writer *w, int64_t i) {
    char text[NUMBER_TEXT_MAX], *to = number_room(w->out, text);
    return add_number(w->out, to, number_text_int(to, i));
}

static int write_logical(struct writer *w, enum logical logical, const struct kc_schema *schema,
                         const struct kc_value *v) {
    bool decimal = logical == LOGICAL_DECIMAL;
    if (v->tag != (decimal ? KC_V_DECIMAL : KC_V_DATE))
        return err_set(w->err, ERR_BAD_DATA, "Invalid type for %s, expected %s but was class %s", logical_name(logical),
                       decimal ? "BigDecimal" : "Date", kc_value_java_class(v));
    if (decimal)
        return write_decimal(w, schema, v->dec);
    int64_t encoded;
    if (logical_encode(logical, v->i, &encoded, w->err) < 0)
        return -1;
    return write_int(w, encoded);
}

/* ---- containers ---- */

static int write_array(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    if (open_container(w, '[') < 0)
        return -1;
    for (uint32_t i = 0; i < v->len; i++) {
        if (i)
            put(w->out, ',');
        if (write_value(w, schema ? schema->value_schema : NULL, &v->items[i]) < 0)
            return -1;
    }
    return close_container(w, ']');
}

/* A name of an object. A null key reads "null", as NullNode.asText() does. */
static int write_name(struct writer *w, const struct kc_schema *schema, const struct kc_value *key) {
    if (key->tag == KC_V_STRING)
        return json_write_string(w->out, key->s, key->len);
    if (key->tag != KC_V_NULL)
        return wrong_type(w, schema, key);
    if (schema && schema->has_default && w->options->replace_null_with_default)
        return json_write_string(w->out, schema->default_value.s, schema->default_value.len);
    if (schema && !schema->optional)
        return write_value(w, schema, key); /* the error */
    return buf_add_text(w->out, "\"null\"");
}

static int write_object(struct writer *w, const struct kc_schema *key, const struct kc_schema *value,
                        const struct kc_value *v) {
    if (open_container(w, '{') < 0)
        return -1;
    for (uint32_t i = 0; i < v->len; i++) {
        if (i)
            put(w->out, ',');
        if (write_name(w, key, &v->entries[i].key) < 0)
            return -1;
        put(w->out, ':');
        if (write_value(w, value, &v->entries[i].value) < 0)
            return -1;
    }
    return close_container(w, '}');
}

static int write_pairs(struct writer *w, const struct kc_schema *key, const struct kc_schema *value,
                       const struct kc_value *v) {
    if (open_container(w, '[') < 0)
        return -1;
    for (uint32_t i = 0; i < v->len; i++) {
        if (i)
            put(w->out, ',');
        if (open_container(w, '[') < 0 || write_value(w, key, &v->entries[i].key) < 0)
            return -1;
        put(w->out, ',');
        if (write_value(w, value, &v->entries[i].value) < 0)
            return -1;
        close_container(w, ']');
    }
    return close_container(w, ']');
}

static int write_map(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    const struct kc_schema *key = schema ? schema->key_schema : NULL, *value = schema ? schema->value_schema : NULL;
    bool object = true;
    if (key)
        object = key->type == KC_STRING;
    else
        for (uint32_t i = 0; i < v->len && object; i++)
            object = v->entries[i].key.tag == KC_V_STRING;
    return object ? write_object(w, key, value, v) : write_pairs(w, key, value, v);
}

static int write_struct(struct writer *w, const struct kc_schema *schema, const struct kc_struct *st) {
    if (!schema && w->options->any_value)
        schema = st->schema;
    if (!schema || !kc_schema_equal(st->schema, schema))
        return err_set(w->err, ERR_BAD_DATA, "Mismatching schema.");
    if (open_container(w, '{') < 0)
        return -1;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (i)
            put(w->out, ',');
        const struct kc_field *field = &schema->fields[i];
        json_write_string(w->out, field->name, strlen(field->name));
        put(w->out, ':');
        if (write_value(w, field->schema, &st->fields[i]) < 0)
            return -1;
    }
    return close_container(w, '}');
}

/* Text that was never taken apart. */
static int write_json(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    if (!schema && v->flags & VALUE_JSON_COMPACT)
        return buf_add(w->out, v->s, v->len);
    if (!schema && v->flags & VALUE_JSON_SPACED)
        return json_write_unspaced(w->out, (struct json_text){v->s, v->len});
    if (!schema && v->flags & VALUE_JSON_UNIQUE)
        return json_write_compact(w->out, (struct json_text){v->s, v->len});
    AUTO(arena) arena = arena_new(0);
    struct kc_value tree = kc_json_expand(arena, *v);
    return write_value(w, schema, &tree);
}

/* ---- values ---- */

static int write_null(struct writer *w, const struct kc_schema *schema) {
    if (schema && schema->has_default && w->options->replace_null_with_default)
        return write_value(w, schema, &schema->default_value);
    if (!schema || schema->optional)
        return buf_add_text(w->out, "null");
    return err_set(w->err, ERR_BAD_DATA,
                   "Conversion error: null value for field that is required and has no default value");
}

static int write_unmapped(struct writer *w, const struct kc_value *v) {
    if (!w->options->any_value)
        return err_set(w->err, ERR_BAD_DATA, "Java class class %s does not have corresponding schema type.",
                       kc_value_java_class(v));
    return v->tag == KC_V_DECIMAL ? write_decimal(w, NULL, v->dec) : write_int(w, v->i);
}

/* The value's own class decides; that it is the one of the schema was checked. */
static int write_by_tag(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    switch ((enum kc_tag)v->tag) {
    case KC_V_BOOLEAN:
        return buf_add_text(w->out, v->b ? "true" : "false");
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
        return write_int(w, v->i);
    case KC_V_FLOAT32:
    case KC_V_FLOAT64:
        return write_fraction(w, v);
    case KC_V_STRING:
        return json_write_string(w->out, v->s, v->len);
    case KC_V_BYTES:
        return write_base64(w, v->bytes, v->len);
    case KC_V_ARRAY:
        return write_array(w, schema, v);
    case KC_V_MAP:
        return write_map(w, schema, v);
    case KC_V_STRUCT:
        return write_struct(w, schema, v->st);
    case KC_V_JSON:
        return write_json(w, schema, v);
    case KC_V_NULL:
    case KC_V_DECIMAL:
    case KC_V_DATE:
        break;
    }
    return write_unmapped(w, v);
}

static int write_value(struct writer *w, const struct kc_schema *schema, const struct kc_value *v) {
    if (!schema && v->tag == KC_V_STRING)
        return json_write_string(w->out, v->s, v->len);
    if (v->tag == KC_V_NULL)
        return write_null(w, schema);
    if (!schema)
        return write_by_tag(w, NULL, v);
    enum logical logical = schema->name ? schema_logical(schema) : LOGICAL_NONE;
    if (logical != LOGICAL_NONE)
        return write_logical(w, logical, schema, v);
    if (value_type(v) == (int)schema->type)
        return write_by_tag(w, schema, v);
    if (schema->type == KC_BYTES)
        return err_set(w->err, ERR_BAD_DATA, "Invalid type for bytes type: class %s", kc_value_java_class(v));
    return wrong_type(w, schema, v);
}

int json_write_value(struct buf *out, const struct kc_schema *schema, const struct kc_value *v,
                     const struct json_write_options *options, struct kc_error *err) {
    struct writer w = {out, options, err, options->depth};
    if (!schema && json_write_plain(out, v, options->depth))
        return 0;
    if (write_value(&w, schema, v) < 0)
        return out->failed ? too_long(&w) : -1;
    return out->failed ? too_long(&w) : 0;
}

char *kc_value_to_json(struct kc_arena *arena, const struct kc_value *v, size_t *ret_len) {
    static const struct json_write_options options = {.decimal_numeric = true, .any_value = true};
    AUTO_BUF out;
    buf_init(&out, SIZE_MAX);
    if (json_write_value(&out, NULL, v, &options, NULL) < 0) { /* nested deeper than JSON may be */
        buf_clear(&out);
        buf_add_text(&out, "null");
    }
    if (ret_len)
        *ret_len = out.len;
    return kc_arena_copy(arena, buf_text(&out), out.len);
}
