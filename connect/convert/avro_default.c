/* Default values in Avro schemas, to and from JSON.
 * @source AvroData.defaultValueFromConnect, defaultValueFromAvro; org.apache.avro.util.internal.JacksonUtils */
#include <math.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/utf8.h"
#include "connect/convert/avro_data.h"
#include "connect/data/decimal.h"
#include "connect/data/logical.h"
#include "connect/data/number_text.h"
#include "connect/data/value.h"

/* ---- writing ---- */

struct writing {
    struct buf *out;
    const struct avro_options *options;
    bool fits;
    struct kc_error *err;
};

static int write_default(struct writing *w, const struct kc_schema *schema, const struct kc_value *v);

static int bad_class(struct writing *w, const struct kc_schema *schema, const struct kc_value *v) {
    return err_set(w->err, ERR_BAD_DATA, "Invalid type used for default value of %s field: class %s",
                   schema_type_name(schema->type), kc_value_java_class(v));
}

/* Each byte becomes the character of its number. */
static int write_latin1(struct buf *out, const uint8_t *bytes, size_t len) {
    AUTO_BUF text;
    buf_init(&text, out->max);
    for (size_t i = 0; i < len; i++) {
        char utf8[4];
        (void)buf_add(&text, utf8, utf8_put(utf8, bytes[i]));
    }
    return json_write_text(out, buf_text(&text), text.len, false);
}

static int write_float(struct writing *w, const struct kc_schema *schema, double f) {
    char text[NUMBER_TEXT_MAX];
    if (schema->type == KC_FLOAT32)
        number_text_float(text, (float)f);
    else
        number_text_double(text, f);
    return isfinite(f) ? buf_add_text(w->out, text) : buf_printf(w->out, "\"%s\"", text);
}

static int write_decimal(struct writing *w, const struct kc_schema *schema, const struct kc_decimal *dec) {
    int32_t scale;
    size_t len;
    if (decimal_scale(schema, &scale, w->err) < 0)
        return -1;
    if (scale != dec->scale)
        return err_set(w->err, ERR_BAD_DATA,
                       "Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has "
                       "scale %d.",
                       scale, dec->scale);
    const uint8_t *bytes = decimal_bytes(dec, &len);
    return write_latin1(w->out, bytes, len);
}

static int write_array(struct writing *w, const struct kc_schema *schema, const struct kc_value *v) {
    (void)buf_add_char(w->out, '[');
    for (uint32_t i = 0; i < v->len; i++) {
        if (i)
            (void)buf_add_char(w->out, ',');
        if (write_default(w, schema->value_schema, &v->items[i]) < 0)
            return -1;
    }
    return buf_add_char(w->out, ']');
}

static int write_map(struct writing *w, const struct kc_schema *schema, const struct kc_value *v) {
    bool plain = avro_has_plain_keys(w->options, schema);
    if (!plain && v->len)
        w->fits = false; /* pairs are no records */
    (void)buf_add_char(w->out, plain ? '{' : '[');
    for (uint32_t i = 0; i < v->len; i++) {
        if (i)
            (void)buf_add_char(w->out, ',');
        if (!plain)
            (void)buf_add_char(w->out, '[');
        if (write_default(w, schema->key_schema, &v->entries[i].key) < 0)
            return -1;
        (void)buf_add_char(w->out, plain ? ':' : ',');
        if (write_default(w, schema->value_schema, &v->entries[i].value) < 0)
            return -1;
        if (!plain)
            (void)buf_add_char(w->out, ']');
    }
    return buf_add_char(w->out, plain ? '}' : ']');
}

static int write_struct(struct writing *w, const struct kc_schema *schema, const struct kc_value *v) {
    bool is_union = avro_is_union(schema);
    if (!is_union)
        (void)buf_add_char(w->out, '{');
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_field *field = &schema->fields[i];
        const struct kc_value *inner = kc_struct_get(v, field->name);
        if (!is_union) {
            (void)buf_add_text(w->out, i ? "," : "");
            (void)json_write_text(w->out, field->name, strlen(field->name), false);
            (void)buf_add_char(w->out, ':');
        }
        if (write_default(w, field->schema, inner) < 0)
            return -1;
        if (is_union)
            return 0;
    }
    return is_union ? 0 : buf_add_char(w->out, '}');
}

static int write_scalar(struct writing *w, const struct kc_schema *schema, const struct kc_value *v) {
    int64_t encoded;
    switch (v->tag) {
    case KC_V_BOOLEAN:
        return buf_add_text(w->out, v->b ? "true" : "false");
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
        return buf_printf(w->out, "%lld", (long long)v->i);
    case KC_V_FLOAT32:
    case KC_V_FLOAT64:
        return write_float(w, schema, v->f);
    case KC_V_STRING:
        return json_write_text(w->out, v->s, v->len, false);
    case KC_V_BYTES:
        return write_latin1(w->out, v->bytes, v->len);
    case KC_V_DECIMAL:
        return write_decimal(w, schema, v->dec);
    case KC_V_DATE:
        if (logical_encode(schema_logical(schema), v->i, &encoded, w->err) < 0)
            return -1;
        return buf_printf(w->out, "%lld", (long long)encoded);
    default:
        return bad_class(w, schema, v);
    }
}

static int write_default(struct writing *w, const struct kc_schema *schema, const struct kc_value *v) {
    if (v->tag == KC_V_NULL)
        return buf_add_text(w->out, "null");
    if (!schema)
        return err_set(w->err, ERR_BAD_DATA, "A default value has elements without a schema");
    if (schema->type == KC_ARRAY && v->tag == KC_V_ARRAY)
        return write_array(w, schema, v);
    if (schema->type == KC_MAP && v->tag == KC_V_MAP)
        return write_map(w, schema, v);
    if (schema->type == KC_STRUCT && v->tag == KC_V_STRUCT)
        return write_struct(w, schema, v);
    return write_scalar(w, schema, v);
}

int avro_default_write(struct buf *out, const struct avro_options *options, const struct kc_schema *schema,
                       const struct kc_value *v, bool *ret_fits, struct kc_error *err) {
    struct writing w = {.out = out, .options = options, .fits = true, .err = err};
    if (write_default(&w, schema, v) < 0)
        return -1;
    *ret_fits = w.fits;
    return 0;
}

/* ---- reading ---- */

struct reading {
    struct kc_arena *arena;
    const struct avro_options *options;
    struct kc_error *err;
};

static int read_default(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                        const cJSON *json, struct kc_value *ret);

static int misfit(struct reading *r, const struct avro_schema *avro) {
    return err_set(r->err, ERR_BAD_DATA, "Invalid JSON for %s default value", avro_type_name(avro->type));
}

static int read_integer(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                        const cJSON *json, struct kc_value *ret) {
    int64_t n, ms;
    char *end = NULL;
    if (!cJSON_IsNumber(json))
        return misfit(r, avro);
    n = json->valuestring ? strtoll(json->valuestring, &end, 10) : (int64_t)json->valuedouble;
    if ((end && *end) || (avro->type == AVRO_INT && (n < INT32_MIN || n > INT32_MAX)))
        return misfit(r, avro);
    enum logical logical = schema_logical(schema);
    if (logical == LOGICAL_NONE) {
        n = schema->type == KC_INT8 ? (int8_t)n : schema->type == KC_INT16 ? (int16_t)n : n;
        *ret = kc_int(schema->type, n);
        return 0;
    }
    if (logical_decode(logical, n, &ms, r->err) < 0)
        return -1;
    *ret = kc_date(ms);
    return 0;
}

static int read_float(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                      const cJSON *json, struct kc_value *ret) {
    double f = json->valuedouble;
    if (!cJSON_IsNumber(json))
        return misfit(r, avro);
    if (json->valuestring)
        (void)number_parse_double(json->valuestring, strlen(json->valuestring), &f);
    *ret = schema->type == KC_FLOAT32 ? kc_float((float)f) : kc_double(f);
    return 0;
}

/* Characters up to U+00FF stand for bytes. */
static int read_bytes(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                      const cJSON *json, struct kc_value *ret) {
    if (!cJSON_IsString(json))
        return misfit(r, avro);
    const char *s = json->valuestring;
    size_t left = strlen(s), len = 0;
    uint8_t *bytes = kc_arena_alloc(r->arena, left + 1);
    while (left) {
        uint32_t c;
        size_t used = utf8_get(s, left, &c);
        if (!used)
            return misfit(r, avro);
        bytes[len++] = c == AVRO_NUL ? 0 : c <= 0xff ? (uint8_t)c : '?';
        s += used;
        left -= used;
    }
    if (schema_logical(schema) != LOGICAL_DECIMAL) {
        *ret = kc_bytes(bytes, len);
        return 0;
    }
    int32_t scale;
    if (decimal_scale(schema, &scale, r->err) < 0)
        return -1;
    *ret = decimal_value(r->arena, decimal_from_bytes(bytes, len, scale));
    return 0;
}

static struct kc_value read_text(struct reading *r, const char *s) {
    size_t left = strlen(s), len = 0;
    char *text = kc_arena_alloc(r->arena, left + 1);
    for (size_t used; left; s += used, left -= used) {
        uint32_t c;
        used = utf8_get(s, left, &c);
        if (!used)
            break;
        len += utf8_put(text + len, c == AVRO_NUL ? 0 : c);
    }
    return kc_text(text, len);
}

static int read_array(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                      const cJSON *json, struct kc_value *ret) {
    const cJSON *item;
    uint32_t i = 0;
    if (!cJSON_IsArray(json) || schema->type != KC_ARRAY)
        return misfit(r, avro);
    struct kc_value array = value_array_new(r->arena, (uint32_t)cJSON_GetArraySize(json));
    cJSON_ArrayForEach(item, json) {
        if (read_default(r, schema->value_schema, avro->items, item, &array.items[i++]) < 0)
            return -1;
    }
    *ret = array;
    return 0;
}

static int read_map(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                    const cJSON *json, struct kc_value *ret) {
    const cJSON *item;
    if (!cJSON_IsObject(json))
        return misfit(r, avro);
    struct kc_value map = kc_map_new(r->arena, (uint32_t)cJSON_GetArraySize(json));
    cJSON_ArrayForEach(item, json) {
        struct kc_value v;
        if (read_default(r, schema->value_schema, avro->items, item, &v) < 0)
            return -1;
        kc_map_put(&map, kc_arena_strdup(r->arena, item->string), v);
    }
    map.flags |= KC_MAP_UNORDERED;
    *ret = map;
    return 0;
}

static int read_record(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                       const cJSON *json, struct kc_value *ret) {
    if (!cJSON_IsObject(json) || schema->type != KC_STRUCT || schema->field_count != avro->count)
        return misfit(r, avro);
    struct kc_value st = kc_struct_new(r->arena, schema);
    for (uint32_t i = 0; i < avro->count; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, avro->fields[i].name);
        struct kc_value v = kc_null();
        if (item && read_default(r, schema->fields[i].schema, avro->fields[i].schema, item, &v) < 0)
            return -1;
        if (kc_struct_put(&st, schema->fields[i].name, v, r->err) < 0)
            return -1;
    }
    *ret = st;
    return 0;
}

/* The default of a union belongs to its first branch. */
static int read_union(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                      const cJSON *json, struct kc_value *ret) {
    if (!avro->count)
        return misfit(r, avro);
    const struct avro_schema *first = avro->branches[0];
    if (first->type == AVRO_NULL)
        return misfit(r, avro);
    if (!avro_is_union(schema))
        return read_default(r, schema, first, json, ret);
    struct kc_value st = kc_struct_new(r->arena, schema), v;
    if (!schema->field_count || read_default(r, schema->fields[0].schema, first, json, &v) < 0 ||
        kc_struct_put(&st, schema->fields[0].name, v, r->err) < 0)
        return -1;
    *ret = st;
    return 0;
}

static int read_default(struct reading *r, const struct kc_schema *schema, const struct avro_schema *avro,
                        const cJSON *json, struct kc_value *ret) {
    if (cJSON_IsNull(json)) {
        *ret = kc_null();
        return 0;
    }
    switch (avro->type) {
    case AVRO_BOOLEAN:
        *ret = kc_bool(cJSON_IsTrue(json));
        return cJSON_IsBool(json) ? 0 : misfit(r, avro);
    case AVRO_INT:
    case AVRO_LONG:
        return read_integer(r, schema, avro, json, ret);
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        return read_float(r, schema, avro, json, ret);
    case AVRO_STRING:
    case AVRO_ENUM:
        if (!cJSON_IsString(json))
            return misfit(r, avro);
        *ret = read_text(r, json->valuestring);
        return 0;
    case AVRO_BYTES:
    case AVRO_FIXED:
        return read_bytes(r, schema, avro, json, ret);
    case AVRO_ARRAY:
        return read_array(r, schema, avro, json, ret);
    case AVRO_MAP:
        return read_map(r, schema, avro, json, ret);
    case AVRO_RECORD:
        return read_record(r, schema, avro, json, ret);
    case AVRO_UNION:
        return read_union(r, schema, avro, json, ret);
    default:
        return misfit(r, avro);
    }
}

int avro_default_read(struct kc_arena *arena, const struct avro_options *options, const struct kc_schema *schema,
                      const struct avro_schema *avro, const cJSON *json, struct kc_value *ret_value,
                      struct kc_error *err) {
    struct reading r = {arena, options, err};
    return read_default(&r, schema, avro, json, ret_value);
}
