/* Casts of values; see cast_value.h. */
#include "connect/transform/cast_value.h"

#include <string.h>

#include "config/java_number.h"
#include "connect/base/err.h"
#include "connect/data/decimal.h"
#include "connect/data/logical.h"
#include "connect/data/number_text.h"
#include "connect/data/schema.h"
#include "connect/data/value.h"
#include "connect/data/value_text.h"
#include "connect/data/values_temporal.h"
#include "connect/transform/operand.h"

#define NUMBER_FORMAT_EXCEPTION "java.lang.NumberFormatException"

struct cast {
    struct kc_arena *arena;
    struct buf *scratch;
    enum kc_type target;
    struct kc_error *err;
};

static bool is_integer(const struct kc_value *v) {
    return v->tag >= KC_V_INT8 && v->tag <= KC_V_INT64;
}

static bool is_float(const struct kc_value *v) {
    return v->tag == KC_V_FLOAT32 || v->tag == KC_V_FLOAT64;
}

static int unexpected(const struct cast *c, const struct kc_value *v) {
    return kc_fail(c->err, KC_DATA_EXCEPTION, "Unexpected type in Cast transformation: class %s",
                   kc_value_java_class(v));
}

static int out_of_range(const struct cast *c, const struct kc_value *v) {
    kc_fail(c->err, NUMBER_FORMAT_EXCEPTION, "For input string: \"%.*s\"", (int)v->len, v->s);
    return err_wrap(c->err, KC_DATA_EXCEPTION, "Value (%.*s) was out of range for requested data type", (int)v->len,
                    v->s);
}

/* The text NUL-terminated, trimmed if wanted; NULL when it has a NUL inside, which no number has. */
static const char *as_text(const struct cast *c, const struct kc_value *v, bool trim) {
    const char *s = v->s;
    size_t len = v->len;
    while (trim && len && (unsigned char)s[len - 1] <= ' ')
        len--;
    while (trim && len && (unsigned char)*s <= ' ')
        s++, len--;
    return len && memchr(s, '\0', len) ? NULL : kc_arena_copy(c->arena, len ? s : "", len);
}

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

/* Keeps the low bits, as Java's narrowing does. */
static struct kc_value narrowed(enum kc_type type, int64_t i) {
    switch (type) {
    case KC_INT8:
        i = (int8_t)i;
        break;
    case KC_INT16:
        i = (int16_t)i;
        break;
    case KC_INT32:
        i = (int32_t)i;
        break;
    default:
        break;
    }
    return kc_int(type, i);
}

static int parse_integer(const struct cast *c, const struct kc_value *v, struct kc_value *ret_value) {
    int64_t max = c->target == KC_INT8    ? INT8_MAX
                  : c->target == KC_INT16 ? INT16_MAX
                  : c->target == KC_INT32 ? INT32_MAX
                                          : INT64_MAX;
    int64_t i;
    const char *text = as_text(c, v, false);
    if (!text || !java_parse_long(text, -max - 1, max, &i))
        return out_of_range(c, v);
    *ret_value = kc_int(c->target, i);
    return 0;
}

/* Fractions go to int first, whatever is smaller than that is cut from there. */
static int to_integer(const struct cast *c, const struct kc_value *v, struct kc_value *ret_value) {
    int64_t i;
    if (is_integer(v))
        i = v->i;
    else if (is_float(v))
        i = c->target == KC_INT64 ? number_double_to_int64(v->f) : number_double_to_int32(v->f);
    else if (v->tag == KC_V_DECIMAL)
        i = decimal_to_int64(v->dec);
    else if (v->tag == KC_V_BOOLEAN)
        i = v->b;
    else
        return v->tag == KC_V_STRING ? parse_integer(c, v, ret_value) : unexpected(c, v);
    *ret_value = narrowed(c->target, i);
    return 0;
}

static int parse_float(const struct cast *c, const struct kc_value *v, struct kc_value *ret_value) {
    float f = 0;
    double d = 0;
    const char *text = as_text(c, v, true);
    if (!text || !(c->target == KC_FLOAT32 ? java_parse_float(text, &f) : java_parse_double(text, &d)))
        return out_of_range(c, v);
    *ret_value = c->target == KC_FLOAT32 ? kc_float(f) : kc_double(d);
    return 0;
}

/* BigDecimal.floatValue rounds once. */
static float decimal_to_float(const struct cast *c, const struct kc_decimal *dec) {
    float f = (float)decimal_to_double(dec);
    buf_clear(c->scratch);
    if (decimal_text(c->scratch, dec) == 0)
        number_parse_float(buf_text(c->scratch), c->scratch->len, &f);
    return f;
}

static int to_float(const struct cast *c, const struct kc_value *v, struct kc_value *ret_value) {
    bool single = c->target == KC_FLOAT32;
    if (is_integer(v))
        *ret_value = single ? kc_float((float)v->i) : kc_double((double)v->i);
    else if (is_float(v))
        *ret_value = single ? kc_float((float)v->f) : kc_double(v->f);
    else if (v->tag == KC_V_DECIMAL)
        *ret_value = single ? kc_float(decimal_to_float(c, v->dec)) : kc_double(decimal_to_double(v->dec));
    else if (v->tag == KC_V_BOOLEAN)
        *ret_value = single ? kc_float(v->b) : kc_double(v->b);
    else
        return v->tag == KC_V_STRING ? parse_float(c, v, ret_value) : unexpected(c, v);
    return 0;
}

/* ---- Booleans and text ------------------------------------------------------------------------------------------- */

static int to_boolean(const struct cast *c, const struct kc_value *v, struct kc_value *ret_value) {
    if (is_integer(v))
        *ret_value = kc_bool(v->i != 0);
    else if (is_float(v))
        *ret_value = kc_bool(number_double_to_int64(v->f) != 0);
    else if (v->tag == KC_V_DECIMAL)
        *ret_value = kc_bool(decimal_to_int64(v->dec) != 0);
    else if (v->tag == KC_V_BOOLEAN)
        *ret_value = *v;
    else if (v->tag == KC_V_STRING)
        *ret_value = kc_bool(v->len == 4 && strncasecmp(v->s, "true", 4) == 0);
    else
        return unexpected(c, v);
    return 0;
}

/* Dates by their magnitude as Values does, everything else by toString, bytes as base64. */
static int add_text(struct buf *out, const struct kc_value *v) {
    return v->tag == KC_V_DATE ? values_temporal_text(out, v->i) : value_text(out, v);
}

static int to_string(const struct cast *c, const struct kc_value *v, struct kc_value *ret_value) {
    if (v->tag == KC_V_STRING) {
        *ret_value = *v;
        return 0;
    }
    buf_clear(c->scratch);
    if (add_text(c->scratch, v) < 0)
        return kc_fail(c->err, KC_DATA_EXCEPTION, "The value as text takes more than %d bytes", CAST_TEXT_MAX);
    *ret_value = kc_text(kc_arena_copy(c->arena, buf_text(c->scratch), c->scratch->len), c->scratch->len);
    return 0;
}

/* ---- All of them ------------------------------------------------------------------------------------------------- */

static int check_type(const struct cast *c, const struct kc_schema *schema, const struct kc_value *v) {
    int type = schema ? (int)schema->type : value_type(v);
    if (type < 0)
        return kc_fail(c->err, KC_DATA_EXCEPTION,
                       "Cast transformation was passed a value of type class %s which is not supported by Connect's "
                       "data API",
                       kc_value_java_class(v));
    if (type > KC_BYTES)
        return kc_fail(c->err, KC_DATA_EXCEPTION,
                       "Cast transformation does not support casting from %s; supported types are [" CAST_OUTPUT_TYPES
                       ", BYTES]",
                       schema_type_name((enum kc_type)type));
    return 0;
}

/* Dates and times as the number that stands for them. */
static int encode_logical(const struct cast *c, const struct kc_schema *schema, struct kc_value *v) {
    enum logical logical = schema_logical(schema);
    int64_t encoded = 0;
    if (logical == LOGICAL_NONE || logical == LOGICAL_DECIMAL)
        return 0;
    if (v->tag != KC_V_DATE)
        return kc_fail(c->err, CLASS_CAST_EXCEPTION, "class %s cannot be cast to class java.util.Date",
                       kc_value_java_class(v));
    if (logical_encode(logical, v->i, &encoded, c->err) < 0)
        return -1;
    *v = kc_int(logical == LOGICAL_TIMESTAMP ? KC_INT64 : KC_INT32, encoded);
    return 0;
}

int cast_value(struct kc_arena *arena, struct buf *scratch, const struct kc_schema *schema, const struct kc_value *v,
               enum kc_type target, struct kc_value *ret_value, struct kc_error *err) {
    const struct cast c = {.arena = arena, .scratch = scratch, .target = target, .err = err};
    struct kc_value from = *v;
    if (from.tag == KC_V_NULL) {
        *ret_value = from;
        return 0;
    }
    if (check_type(&c, schema, &from) < 0)
        return -1;
    if (target == KC_STRING)
        return to_string(&c, &from, ret_value);
    if (schema && encode_logical(&c, schema, &from) < 0)
        return -1;
    if (target == KC_BOOLEAN)
        return to_boolean(&c, &from, ret_value);
    return target == KC_FLOAT32 || target == KC_FLOAT64 ? to_float(&c, &from, ret_value)
                                                        : to_integer(&c, &from, ret_value);
}
