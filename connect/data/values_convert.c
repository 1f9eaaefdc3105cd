/* Values.convertTo, asLong, asDouble and inferSchema; see values_convert.h. */
#include "connect/data/values_convert.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/data/decimal.h"
#include "connect/data/java_digit.h"
#include "connect/data/logical.h"
#include "connect/data/number_text.h"
#include "connect/data/schema.h"
#include "connect/data/value.h"
#include "connect/data/values_parse.h"
#include "connect/data/values_text.h"

#define NUMBER_FORMAT_EXCEPTION "java.lang.NumberFormatException"

/* One conversion: where from, and what for. */
struct conversion {
    struct kc_arena *arena;
    const struct kc_schema *to, *from;
    struct kc_error *err;
};

static bool is_integer(const struct kc_value *v) {
    return v->tag >= KC_V_INT8 && v->tag <= KC_V_INT64;
}

static bool is_float(const struct kc_value *v) {
    return v->tag == KC_V_FLOAT32 || v->tag == KC_V_FLOAT64;
}

/* The value in an error text; bytes as `[B@` and a hash where Java has an address. */
static const char *shown(struct conversion *c, const struct kc_value *v) {
    size_t len;
    if (v->tag == KC_V_BYTES)
        return kc_arena_printf(c->arena, "[B@%x", (unsigned)hash_bytes(v->bytes, v->len));
    return kc_value_to_text(c->arena, v, &len);
}

/* "Unable to convert <v> (class <class>) to <what>" */
static int unable(struct conversion *c, const struct kc_value *v, const char *what) {
    return kc_fail(c->err, KC_DATA_EXCEPTION, "Unable to convert %s (class %s) to %s", shown(c, v),
                   kc_value_java_class(v), what);
}

static int unable_schema(struct conversion *c, const struct kc_value *v, const struct kc_schema *schema) {
    AUTO_BUF text;
    buf_init(&text, KC_ERROR_TEXT);
    return unable(c, v, schema_text(&text, schema) < 0 ? "another schema" : buf_text(&text));
}

static int not_a_number(struct conversion *c, const struct kc_value *v) {
    return c->from ? unable_schema(c, v, c->from) : unable(c, v, "a number");
}

/* new BigDecimal(text) */
static int decimal_of_text(struct conversion *c, const struct kc_value *v, struct kc_decimal *ret_dec) {
    size_t len;
    const char *ascii = java_digits_to_ascii(c->arena, v->s, v->len, &len);
    return decimal_parse(c->arena, ascii, len, ret_dec);
}

/* The text is no number: the exception that asLong and asDouble report has another one behind it. */
static int text_not_a_number(struct conversion *c, const struct kc_value *v) {
    not_a_number(c, v);
    if (c->err)
        snprintf(c->err->cause, sizeof(c->err->cause), "%s", NUMBER_FORMAT_EXCEPTION);
    return -1;
}

static int as_int64(struct conversion *c, const struct kc_value *v, int64_t *ret_value) {
    if (is_integer(v)) {
        *ret_value = v->i;
        return 0;
    }
    if (is_float(v)) {
        *ret_value = number_double_to_int64(v->f);
        return 0;
    }
    if (v->tag == KC_V_DECIMAL) {
        *ret_value = decimal_to_int64(v->dec);
        return 0;
    }
    if (v->tag == KC_V_STRING) {
        struct kc_decimal dec;
        if (decimal_of_text(c, v, &dec) < 0)
            return text_not_a_number(c, v);
        *ret_value = decimal_to_int64(&dec);
        return 0;
    }
    enum logical logical = schema_logical(c->from);
    if (v->tag == KC_V_DATE && logical != LOGICAL_NONE && logical != LOGICAL_DECIMAL)
        return logical_encode(logical, v->i, ret_value, c->err);
    return not_a_number(c, v);
}

static int as_double(struct conversion *c, const struct kc_value *v, double *ret_value) {
    int64_t whole = 0;
    struct kc_decimal dec = {0};
    if (is_float(v)) {
        *ret_value = v->f;
        return 0;
    }
    if (v->tag == KC_V_DECIMAL) {
        *ret_value = decimal_to_double(v->dec);
        return 0;
    }
    if (v->tag == KC_V_STRING && decimal_of_text(c, v, &dec) == 0) {
        *ret_value = decimal_to_double(&dec);
        return 0;
    }
    if (as_int64(c, v, &whole) < 0)
        return -1;
    *ret_value = (double)whole;
    return 0;
}

static int to_decimal(struct conversion *c, const struct kc_value *v, struct kc_value *ret_value) {
    struct kc_decimal dec = {0};
    if (v->tag == KC_V_DECIMAL) {
        *ret_value = *v;
        return 0;
    }
    if (v->tag == KC_V_BYTES) {
        int32_t scale = 0;
        if (decimal_scale(c->to, &scale, c->err) < 0)
            return -1;
        dec = decimal_from_bytes(v->bytes, v->len, scale);
    } else if (is_integer(v) || is_float(v)) { /* integers, too, go through a double */
        if (decimal_from_double(c->arena, is_float(v) ? v->f : (double)v->i, &dec) < 0)
            return kc_fail(c->err, NUMBER_FORMAT_EXCEPTION, "Infinite or NaN");
    } else if (v->tag == KC_V_STRING) {
        if (decimal_of_text(c, v, &dec) < 0)
            return kc_fail(c->err, NUMBER_FORMAT_EXCEPTION, "%s is not a decimal number", shown(c, v));
    } else {
        return unable_schema(c, v, c->to);
    }
    *ret_value = decimal_value(c->arena, dec);
    return 0;
}

static int to_bytes(struct conversion *c, const struct kc_value *v, struct kc_value *ret_value) {
    if (schema_logical(c->to) == LOGICAL_DECIMAL)
        return to_decimal(c, v, ret_value);
    if (v->tag == KC_V_BYTES) {
        *ret_value = *v;
        return 0;
    }
    if (v->tag == KC_V_DECIMAL) { /* Decimal.fromLogical wants the scale of its schema */
        int32_t scale;
        return decimal_scale(c->to, &scale, c->err) < 0 ? -1 : unable_schema(c, v, c->to);
    }
    return unable_schema(c, v, c->to);
}

/* Text stands for what it parses to; `v` becomes that. The text `null` is one that Java stumbles over. */
static int parse_text(struct conversion *c, struct kc_value *v) {
    const struct kc_schema *schema;
    struct kc_value parsed;
    if (v->tag != KC_V_STRING)
        return 0;
    values_parse(c->arena, v->s, v->len, &schema, &parsed);
    if (parsed.tag == KC_V_NULL)
        return kc_fail(
            c->err, "java.lang.NullPointerException",
            "Cannot invoke \"org.apache.kafka.connect.data.SchemaAndValue.value()\" because \"parsed\" is null");
    *v = parsed;
    return 0;
}

static int to_boolean(struct conversion *c, const struct kc_value *v, struct kc_value *ret_value) {
    struct kc_value parsed = *v;
    if (parse_text(c, &parsed) < 0)
        return -1;
    if (parsed.tag == KC_V_BOOLEAN) {
        *ret_value = parsed;
        return 0;
    }
    int64_t number = 0;
    if (as_int64(c, v, &number) < 0)
        return -1;
    *ret_value = kc_bool(number != 0);
    return 0;
}

static int64_t floor_mod(int64_t a, int64_t b) {
    return (a % b + b) % b;
}

/* A date of one kind as another; `ret_done` is false when it has to go through a number. */
static int date_to_date(struct conversion *c, enum logical to, const struct kc_value *v, struct kc_value *ret_value,
                        bool *ret_done) {
    enum logical from = c->from ? schema_logical(c->from) : to;
    int64_t encoded = 0, ms = v->i;
    *ret_done = true;
    if (from == to) {
        /* as it is */
    } else if (to == LOGICAL_TIMESTAMP && (from == LOGICAL_DATE || from == LOGICAL_TIME)) {
        if (logical_encode(from, v->i, &encoded, c->err) < 0)
            return -1;
        ms = from == LOGICAL_DATE ? encoded * MS_PER_DAY : encoded;
    } else if (to == LOGICAL_DATE && from == LOGICAL_TIMESTAMP) {
        ms = (int64_t)(int32_t)(v->i / MS_PER_DAY) * MS_PER_DAY;
    } else if (to == LOGICAL_TIME && from == LOGICAL_TIMESTAMP) {
        ms = floor_mod(v->i, MS_PER_DAY);
    } else {
        *ret_done = false;
    }
    *ret_value = kc_date(ms);
    return 0;
}

static int to_date(struct conversion *c, enum logical logical, struct kc_value v, struct kc_value *ret_value) {
    if (parse_text(c, &v) < 0)
        return -1;
    if (v.tag == KC_V_DATE) {
        bool done = false;
        if (date_to_date(c, logical, &v, ret_value, &done) < 0)
            return -1;
        if (done)
            return 0;
    }
    int64_t number = 0, ms = 0;
    if (as_int64(c, &v, &number) < 0)
        return -1;
    if (logical != LOGICAL_TIMESTAMP)
        number = (int32_t)number;
    if (logical_decode(logical, number, &ms, c->err) < 0)
        return -1;
    *ret_value = kc_date(ms);
    return 0;
}

static int to_integer(struct conversion *c, const struct kc_value *v, struct kc_value *ret_value) {
    enum logical logical = schema_logical(c->to);
    if ((c->to->type == KC_INT32 && (logical == LOGICAL_DATE || logical == LOGICAL_TIME)) ||
        (c->to->type == KC_INT64 && logical == LOGICAL_TIMESTAMP))
        return to_date(c, logical, *v, ret_value);
    int64_t number = 0;
    if (as_int64(c, v, &number) < 0)
        return -1;
    switch (c->to->type) {
    case KC_INT8:
        number = (int8_t)number;
        break;
    case KC_INT16:
        number = (int16_t)number;
        break;
    case KC_INT32:
        number = (int32_t)number;
        break;
    default:
        break;
    }
    *ret_value = kc_int(c->to->type, number);
    return 0;
}

static int to_float(struct conversion *c, const struct kc_value *v, struct kc_value *ret_value) {
    double number = 0;
    if (as_double(c, v, &number) < 0)
        return -1;
    *ret_value = c->to->type == KC_FLOAT32 ? kc_float((float)number) : kc_double(number);
    return 0;
}

static int to_container(struct conversion *c, enum kc_tag tag, struct kc_value v, struct kc_value *ret_value) {
    if (tag != KC_V_STRUCT && parse_text(c, &v) < 0)
        return -1;
    if (v.tag != tag)
        return unable_schema(c, &v, c->to);
    *ret_value = v;
    return 0;
}

int values_convert(struct kc_arena *arena, const struct kc_schema *to, const struct kc_schema *from,
                   const struct kc_value *v, struct kc_value *ret_value, struct kc_error *err) {
    struct conversion c = {.arena = arena, .to = to, .from = from, .err = err};
    struct kc_value opened = kc_json_open(arena, *v);
    v = &opened;
    if (v->tag == KC_V_NULL) {
        if (!to->optional)
            return kc_fail(err, KC_DATA_EXCEPTION, "Unable to convert a null value to a schema that requires a value");
        *ret_value = kc_null();
        return 0;
    }
    if (value_type(v) == (int)to->type && to->type <= KC_BOOLEAN && schema_logical(to) == LOGICAL_NONE) {
        *ret_value = *v;
        return 0;
    }
    switch (to->type) {
    case KC_INT8:
    case KC_INT16:
    case KC_INT32:
    case KC_INT64:
        return to_integer(&c, v, ret_value);
    case KC_FLOAT32:
    case KC_FLOAT64:
        return to_float(&c, v, ret_value);
    case KC_BOOLEAN:
        return to_boolean(&c, v, ret_value);
    case KC_STRING:
        return values_to_string(arena, v, ret_value, err);
    case KC_BYTES:
        return to_bytes(&c, v, ret_value);
    case KC_ARRAY:
        return to_container(&c, KC_V_ARRAY, *v, ret_value);
    case KC_MAP:
        return to_container(&c, KC_V_MAP, *v, ret_value);
    case KC_STRUCT:
        return to_container(&c, KC_V_STRUCT, *v, ret_value);
    }
    return unable_schema(&c, v, to);
}

/* ---- Schemas from values ----------------------------------------------------------------------------------------- */

/* What the elements of a container have in common. @source Values.SchemaDetector */
struct detector {
    const struct kc_schema *known; /* of the first element that is not null */
    bool optional;
};

/* 1: fine, 0: no common schema, -1: error */
static int detect(struct kc_arena *arena, struct detector *d, const struct kc_value *v, struct kc_error *err) {
    if (v->tag == KC_V_NULL) {
        d->optional = true;
        return 1;
    }
    const struct kc_schema *schema;
    if (values_infer_schema(arena, v, &schema, err) < 0)
        return -1;
    if (!schema || (d->known && d->known->type != schema->type))
        return 0;
    if (!d->known)
        d->known = schema;
    return 1;
}

/* A schema of the type alone: what a container inside holds is not kept, as in Java. NULL: only nulls were seen. */
static const struct kc_schema *detected(struct kc_arena *arena, const struct detector *d, struct kc_error *err) {
    if (!d->known) {
        kc_fail(err, SCHEMA_BUILDER_EXCEPTION, "type cannot be null");
        return NULL;
    }
    if (d->known->type < KC_ARRAY)
        return kc_schema_of(d->known->type, d->optional);
    struct kc_schema_builder *b = kc_schema_builder_new(d->known->type);
    kc_schema_optional(b, d->optional);
    return kc_schema_keep(arena, kc_schema_build(b));
}

static int infer_container(struct kc_arena *arena, const struct kc_value *v, const struct kc_schema **ret_schema,
                           struct kc_error *err) {
    struct detector keys = {NULL, false}, values = {NULL, false};
    bool map = v->tag == KC_V_MAP;
    for (uint32_t i = 0; i < v->len; i++) {
        int rc = map ? detect(arena, &keys, &v->entries[i].key, err) : 1;
        if (rc > 0)
            rc = detect(arena, &values, map ? &v->entries[i].value : &v->items[i], err);
        if (rc <= 0)
            return rc;
    }
    if (v->len == 0)
        return 0;
    const struct kc_schema *key = map ? detected(arena, &keys, err) : NULL;
    const struct kc_schema *value = map && !key ? NULL : detected(arena, &values, err);
    if (!value)
        return -1;
    struct kc_schema_builder *b = kc_schema_builder_new(map ? KC_MAP : KC_ARRAY);
    kc_schema_elements(b, key, value);
    *ret_schema = kc_schema_keep(arena, kc_schema_build(b));
    return 0;
}

int values_infer_schema(struct kc_arena *arena, const struct kc_value *v, const struct kc_schema **ret_schema,
                        struct kc_error *err) {
    struct kc_value opened = kc_json_open(arena, *v);
    *ret_schema = NULL;
    switch ((enum kc_tag)opened.tag) {
    case KC_V_ARRAY:
    case KC_V_MAP:
        return infer_container(arena, &opened, ret_schema, err);
    case KC_V_STRUCT:
        *ret_schema = opened.st->schema;
        return 0;
    case KC_V_NULL:
    case KC_V_DECIMAL:
    case KC_V_DATE:
    case KC_V_JSON:
        return 0;
    default:
        *ret_schema = kc_schema_of((enum kc_type)value_type(&opened), false);
        return 0;
    }
}
