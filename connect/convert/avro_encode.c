/* Connect values as Avro bytes. The tree may be the one made of the value's schema, or another schema of the subject
 * (use.latest.version and the like): fields are found by name, and fields that the value does not have get their Avro
 * default.
 * @source AvroData.fromConnectData, org.apache.avro.generic.GenericDatumWriter */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/avro_data.h"
#include "connect/data/decimal.h"
#include "connect/data/logical.h"
#include "connect/data/value.h"

struct encoder {
    struct buf *out;
    const struct avro_options *options;
    struct kc_arena *arena;
    unsigned depth;
    struct kc_error *err;
};

static int encode(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                  const struct kc_value *v);
static int encode_anything(struct encoder *e, const struct kc_value *v);

static int put_long(struct encoder *e, int64_t value) {
    return avro_put_long(e->out, value);
}

static int put_bytes(struct encoder *e, const void *data, size_t len) {
    return put_long(e, (int64_t)len) < 0 ? -1 : buf_add(e->out, data, len);
}

static int misfit(struct encoder *e, const struct avro_schema *avro, const struct kc_value *v) {
    return err_set(e->err, ERR_BAD_DATA, "Invalid type for Avro %s%s%s: class %s", avro_type_name(avro->type),
                   avro_is_named(avro) ? " " : "", avro_is_named(avro) ? avro->full_name : "", kc_value_java_class(v));
}

/* ---- scalars ---- */

static bool is_integer(const struct kc_value *v) {
    return v->tag >= KC_V_INT8 && v->tag <= KC_V_INT64;
}

/* The whole number that a value stands for. */
static int integer_of(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                      const struct kc_value *v, int64_t *ret) {
    if (v->tag == KC_V_DATE)
        return logical_encode(schema_logical(schema), v->i, ret, e->err);
    if (!is_integer(v) || (avro->type == AVRO_INT && v->tag == KC_V_INT64))
        return misfit(e, avro, v);
    *ret = v->i;
    return 0;
}

static int encode_integer(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                          const struct kc_value *v) {
    int64_t n = 0;
    return integer_of(e, avro, schema, v, &n) < 0 ? -1 : put_long(e, n);
}

static int encode_float(struct encoder *e, const struct avro_schema *avro, const struct kc_value *v) {
    bool wide = avro->type == AVRO_DOUBLE;
    if (!is_integer(v) && v->tag != KC_V_FLOAT32 && (v->tag != KC_V_FLOAT64 || !wide))
        return misfit(e, avro, v);
    return avro_put_float(e->out, is_integer(v) ? (double)v->i : v->f, wide);
}

/* The bytes of BYTES, of a decimal, or of a text. */
static int bytes_of(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                    const struct kc_value *v, const void **ret_data, size_t *ret_len) {
    int32_t scale = 0;
    if (v->tag == KC_V_BYTES || v->tag == KC_V_STRING) {
        *ret_data = v->bytes;
        *ret_len = v->len;
        return 0;
    }
    if (v->tag != KC_V_DECIMAL || !schema)
        return misfit(e, avro, v);
    if (decimal_scale(schema, &scale, e->err) < 0)
        return -1;
    if (scale != v->dec->scale)
        return err_set(e->err, ERR_BAD_DATA,
                       "Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has "
                       "scale %d.",
                       scale, v->dec->scale);
    *ret_data = decimal_bytes(v->dec, ret_len);
    return 0;
}

static int encode_bytes(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                        const struct kc_value *v) {
    const void *data = NULL;
    size_t len = 0;
    return bytes_of(e, avro, schema, v, &data, &len) < 0 ? -1 : put_bytes(e, data, len);
}

/* Decimals are widened to the size by their sign. */
static int encode_fixed(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                        const struct kc_value *v) {
    const void *data = NULL;
    size_t len = 0;
    if (bytes_of(e, avro, schema, v, &data, &len) < 0)
        return -1;
    if (v->tag == KC_V_DECIMAL && len > avro->size)
        return err_set(e->err, ERR_BAD_DATA, "Unscaled value byte array length %zu is greater than fixed size %u", len,
                       avro->size);
    if (v->tag != KC_V_DECIMAL && len != avro->size)
        return err_set(e->err, ERR_BAD_DATA, "A value of %zu bytes does not fit the fixed type %s of %u bytes", len,
                       avro->full_name, avro->size);
    bool negative = len && *(const uint8_t *)data & 0x80;
    for (size_t i = len; i < avro->size; i++)
        (void)buf_add_char(e->out, negative ? '\xff' : '\0');
    return buf_add(e->out, data, len);
}

static int encode_enum(struct encoder *e, const struct avro_schema *avro, const struct kc_value *v) {
    if (v->tag != KC_V_STRING)
        return misfit(e, avro, v);
    for (uint32_t i = 0; i < avro->count; i++)
        if (strlen(avro->symbols[i]) == v->len && memcmp(avro->symbols[i], v->s, v->len) == 0)
            return put_long(e, i);
    return err_set(e->err, ERR_BAD_DATA, "enum value '%.*s' is not in the enum symbol set of %s",
                   (int)(v->len < 100 ? v->len : 100), v->s, avro->full_name);
}

/* ---- elements ---- */

static int encode_array(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                        const struct kc_value *v) {
    if (v->tag != KC_V_ARRAY)
        return misfit(e, avro, v);
    if (v->len && put_long(e, v->len) < 0)
        return -1;
    for (uint32_t i = 0; i < v->len; i++)
        if (encode(e, avro->items, schema ? schema->value_schema : NULL, &v->items[i]) < 0)
            return -1;
    return put_long(e, 0);
}

static int encode_entry(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                        const struct kc_entry *entry) {
    if (avro->type == AVRO_MAP) {
        if (entry->key.tag != KC_V_STRING)
            return err_set(e->err, ERR_BAD_DATA, "A key of a map is no string but of class %s",
                           kc_value_java_class(&entry->key));
        return put_bytes(e, entry->key.s, entry->key.len) < 0
                   ? -1
                   : encode(e, avro->items, schema ? schema->value_schema : NULL, &entry->value);
    }
    for (uint32_t i = 0; i < avro->items->count; i++) {
        const struct avro_field *field = &avro->items->fields[i];
        bool is_key = strcmp(field->name, "key") == 0;
        const struct kc_schema *inner = !schema ? NULL : is_key ? schema->key_schema : schema->value_schema;
        if (encode(e, field->schema, inner, is_key ? &entry->key : &entry->value) < 0)
            return -1;
    }
    return 0;
}

static int encode_map(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                      const struct kc_value *v) {
    if (v->tag != KC_V_MAP || (avro->type == AVRO_ARRAY && !avro_is_map_entry(avro->items)))
        return misfit(e, avro, v);
    if (v->len && put_long(e, v->len) < 0)
        return -1;
    for (uint32_t i = 0; i < v->len; i++)
        if (encode_entry(e, avro, schema, &v->entries[i]) < 0)
            return -1;
    return put_long(e, 0);
}

/* ---- structs ---- */

/* Remembers where in `schema` the fields of the record are. */
static void bind_record(struct encoder *e, struct avro_schema *avro, const struct kc_schema *schema) {
    for (uint32_t i = 0; i < avro->count; i++) {
        avro->bound_fields[i] = -1;
        if (i < schema->field_count &&
            strcmp(avro_scrub(e->arena, e->options, schema->fields[i].name), avro->fields[i].name) == 0) {
            avro->bound_fields[i] = (int32_t)i;
            continue;
        }
        for (uint32_t j = 0; j < schema->field_count && avro->bound_fields[i] < 0; j++)
            if (strcmp(avro_scrub(e->arena, e->options, schema->fields[j].name), avro->fields[i].name) == 0)
                avro->bound_fields[i] = (int32_t)j;
    }
    kc_schema_unref(avro->bound);
    avro->bound = kc_schema_ref(schema);
}

/* A field that the value does not have. */
static int encode_absent(struct encoder *e, const struct avro_schema *record, const struct avro_field *field) {
    if (!field->default_value)
        return err_set(e->err, ERR_BAD_DATA, "Field %s of Avro record %s is not in the value and has no default",
                       field->name, record->full_name);
    return avro_encode_default(e->out, field->schema, field->default_value, e->err);
}

static int encode_record(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                         const struct kc_value *v) {
    if (v->tag != KC_V_STRUCT)
        return misfit(e, avro, v);
    if (v->st->schema != schema && !kc_schema_equal(v->st->schema, schema))
        return err_set(e->err, ERR_BAD_DATA, "Mismatching struct schema");
    if (avro->bound != schema)
        bind_record(e, (struct avro_schema *)(uintptr_t)avro, schema);
    for (uint32_t i = 0; i < avro->count; i++) {
        int32_t at = avro->bound_fields[i];
        if (at < 0) {
            if (encode_absent(e, avro, &avro->fields[i]) < 0)
                return -1;
            continue;
        }
        const struct kc_schema *inner = schema->fields[at].schema;
        const struct kc_value *value = &v->st->fields[at];
        if (value->tag == KC_V_NULL && inner->has_default && !e->options->ignore_default)
            value = &inner->default_value;
        if (value->tag == KC_V_NULL && !inner->optional)
            return err_set(e->err, ERR_BAD_DATA, "Found null value for non-optional schema (field %s)",
                           schema->fields[at].name);
        if (encode(e, avro->fields[i].schema, inner, value) < 0)
            return -1;
    }
    return 0;
}

/* ---- unions ---- */

/* The types that a value of this schema may be written as, the best one first; ends with UNION. */
static const enum avro_type *types_of(const struct encoder *e, const struct kc_schema *schema) {
    static const enum avro_type integers[] = {AVRO_INT, AVRO_LONG, AVRO_DOUBLE, AVRO_FLOAT, AVRO_UNION};
    static const enum avro_type longs[] = {AVRO_LONG, AVRO_DOUBLE, AVRO_FLOAT, AVRO_UNION};
    static const enum avro_type floats[] = {AVRO_FLOAT, AVRO_DOUBLE, AVRO_UNION};
    static const enum avro_type doubles[] = {AVRO_DOUBLE, AVRO_UNION};
    static const enum avro_type booleans[] = {AVRO_BOOLEAN, AVRO_UNION};
    static const enum avro_type strings[] = {AVRO_STRING, AVRO_ENUM, AVRO_BYTES, AVRO_UNION};
    static const enum avro_type enums[] = {AVRO_ENUM, AVRO_STRING, AVRO_UNION};
    static const enum avro_type bytes[] = {AVRO_BYTES, AVRO_FIXED, AVRO_STRING, AVRO_UNION};
    static const enum avro_type fixed[] = {AVRO_FIXED, AVRO_BYTES, AVRO_UNION};
    static const enum avro_type arrays[] = {AVRO_ARRAY, AVRO_UNION};
    static const enum avro_type maps[] = {AVRO_MAP, AVRO_ARRAY, AVRO_UNION};
    static const enum avro_type records[] = {AVRO_RECORD, AVRO_UNION};
    static const enum avro_type *const by_type[] = {integers, integers, integers, longs,  floats, doubles,
                                                    booleans, strings,  bytes,    arrays, maps,   records};
    if (!schema)
        return records;
    if (avro_is_enum(e->options, schema))
        return enums;
    return avro_is_fixed(schema, NULL) ? fixed : by_type[schema->type];
}

/* The name that a named branch for this schema has, NULL when any does. */
static const char *name_for(struct encoder *e, const struct kc_schema *schema) {
    if (!schema)
        return AVRO_NAMESPACE ".Anything";
    if (avro_is_enum(e->options, schema)) {
        const char *name = schema_parameter(schema, avro_enum_parameter(e->options));
        return name ? name : schema->name;
    }
    return schema->type == KC_STRUCT || schema->type == KC_BYTES ? avro_scrub_full(e->arena, e->options, schema->name)
                                                                 : NULL;
}

static int find_branch(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema) {
    for (const enum avro_type *type = types_of(e, schema); *type != AVRO_UNION; type++) {
        int candidate = -1;
        unsigned candidates = 0;
        for (uint32_t i = 0; i < avro->count; i++) {
            if (avro->branches[i]->type != *type)
                continue;
            candidate = (int)i;
            candidates++;
        }
        if (candidates <= 1 && candidate < 0)
            continue;
        if (candidates == 1)
            return candidate;
        const char *name = name_for(e, schema);
        for (uint32_t i = 0; i < avro->count; i++)
            if (avro->branches[i]->type == *type && name && strcmp(avro->branches[i]->full_name, name) == 0)
                return (int)i;
        return candidate;
    }
    return -1;
}

static int encode_union(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                        const struct kc_value *v) {
    if (v->tag == KC_V_NULL && schema) {
        if (avro->null_branch < 0)
            return err_set(e->err, ERR_BAD_DATA, "Found null value for non-optional schema");
        return put_long(e, avro->null_branch);
    }
    int branch = find_branch(e, avro, schema);
    if (branch < 0)
        return err_set(e->err, ERR_BAD_DATA, "Not in union: no branch of the Avro schema takes a value of %s",
                       schema ? schema_type_name(schema->type) : "no schema");
    return put_long(e, branch) < 0 ? -1 : encode(e, avro->branches[branch], schema, v);
}

/* The struct that holds one of the branches in a field each: the first that is set. */
static int encode_union_struct(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                               const struct kc_value *v) {
    if (v->tag != KC_V_STRUCT)
        return misfit(e, avro, v);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_schema *inner = schema->fields[i].schema;
        const struct kc_value *value = &v->st->fields[i];
        if (value->tag == KC_V_NULL && inner->has_default && !e->options->ignore_default)
            value = &inner->default_value;
        if (value->tag != KC_V_NULL)
            return encode(e, avro, inner, value);
    }
    struct kc_value null = kc_null();
    return avro->type == AVRO_UNION ? encode_union(e, avro, schema, &null)
                                    : err_set(e->err, ERR_BAD_DATA, "Found null value for non-optional schema");
}

/* ---- values without schema ---- */

/* Fields of `Anything`, in its order. */
enum { ANY_BOOLEAN, ANY_BYTES, ANY_DOUBLE, ANY_FLOAT, ANY_INT, ANY_LONG, ANY_STRING, ANY_ARRAY, ANY_MAP, ANY_COUNT };

static int any_field(const struct kc_value *v) {
    switch (v->tag) {
    case KC_V_BOOLEAN:
        return ANY_BOOLEAN;
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
        return ANY_INT;
    case KC_V_INT64:
        return ANY_LONG;
    case KC_V_FLOAT32:
        return ANY_FLOAT;
    case KC_V_FLOAT64:
        return ANY_DOUBLE;
    case KC_V_STRING:
        return ANY_STRING;
    case KC_V_ARRAY:
        return ANY_ARRAY;
    case KC_V_MAP:
        return ANY_MAP;
    default:
        return -1;
    }
}

static int encode_any_value(struct encoder *e, int field, const struct kc_value *v) {
    static const struct avro_schema narrow = {.type = AVRO_FLOAT}, wide = {.type = AVRO_DOUBLE};
    switch (field) {
    case ANY_BOOLEAN:
        return buf_add_char(e->out, v->b);
    case ANY_INT:
    case ANY_LONG:
        return put_long(e, v->i);
    case ANY_FLOAT:
        return encode_float(e, &narrow, v);
    case ANY_DOUBLE:
        return encode_float(e, &wide, v);
    case ANY_STRING:
        return put_bytes(e, v->s, v->len);
    default:
        break;
    }
    if (v->len && put_long(e, v->len) < 0)
        return -1;
    for (uint32_t i = 0; i < v->len; i++) {
        bool array = field == ANY_ARRAY;
        if (encode_anything(e, array ? &v->items[i] : &v->entries[i].key) < 0 ||
            (!array && encode_anything(e, &v->entries[i].value) < 0))
            return -1;
    }
    return put_long(e, 0);
}

static int encode_anything(struct encoder *e, const struct kc_value *v) {
    struct kc_value plain = v->tag == KC_V_JSON ? kc_json_expand(e->arena, *v) : *v;
    int field = any_field(&plain);
    if (field < 0 && plain.tag != KC_V_NULL)
        return err_set(e->err, ERR_BAD_DATA, "Unknown Java type for schemaless data: class %s",
                       kc_value_java_class(&plain));
    if (e->depth >= AVRO_MAX_DEPTH)
        return err_set(e->err, ERR_BAD_DATA, "The value is nested deeper than %d", AVRO_MAX_DEPTH);
    e->depth++;
    for (int i = 0; i < ANY_COUNT; i++)
        if (put_long(e, i == field) < 0 || (i == field && encode_any_value(e, field, &plain) < 0))
            return -1;
    e->depth--;
    return 0;
}

/* ---- by type ---- */

static int encode_by_type(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                          const struct kc_value *v) {
    switch (avro->type) {
    case AVRO_BOOLEAN:
        return v->tag == KC_V_BOOLEAN ? buf_add_char(e->out, v->b) : misfit(e, avro, v);
    case AVRO_INT:
    case AVRO_LONG:
        return encode_integer(e, avro, schema, v);
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        return encode_float(e, avro, v);
    case AVRO_BYTES:
    case AVRO_STRING:
        return encode_bytes(e, avro, schema, v);
    case AVRO_FIXED:
        return encode_fixed(e, avro, schema, v);
    case AVRO_ENUM:
        return encode_enum(e, avro, v);
    case AVRO_ARRAY:
        return v->tag == KC_V_MAP ? encode_map(e, avro, schema, v) : encode_array(e, avro, schema, v);
    case AVRO_MAP:
        return encode_map(e, avro, schema, v);
    case AVRO_RECORD:
        return encode_record(e, avro, schema, v);
    default:
        return misfit(e, avro, v);
    }
}

static bool is_anything(const struct avro_schema *avro) {
    return avro->type == AVRO_RECORD && strcmp(avro->full_name, AVRO_NAMESPACE ".Anything") == 0;
}

static int encode(struct encoder *e, const struct avro_schema *avro, const struct kc_schema *schema,
                  const struct kc_value *v) {
    if (!schema && is_anything(avro))
        return encode_anything(e, v);
    if (!schema && avro->type != AVRO_UNION)
        return err_set(e->err, ERR_BAD_DATA, "A value without schema cannot be written as Avro %s",
                       avro_is_named(avro) ? avro->full_name : avro_type_name(avro->type));
    if (v->tag == KC_V_NULL && avro->type != AVRO_UNION)
        return err_set(e->err, ERR_BAD_DATA, "Found null value for non-optional schema");
    if (e->depth >= AVRO_MAX_DEPTH)
        return err_set(e->err, ERR_BAD_DATA, "The value is nested deeper than %d", AVRO_MAX_DEPTH);
    e->depth++;
    int rc = schema && v->tag != KC_V_NULL && avro_is_union(schema) ? encode_union_struct(e, avro, schema, v)
             : avro->type == AVRO_UNION                             ? encode_union(e, avro, schema, v)
                                                                    : encode_by_type(e, avro, schema, v);
    e->depth--;
    return rc;
}

int avro_encode(struct buf *out, const struct avro_options *options, const struct avro_schema *avro,
                const struct kc_schema *schema, const struct kc_value *v, struct kc_arena *arena,
                struct kc_error *err) {
    struct encoder e = {.out = out, .options = options, .arena = arena, .err = err};
    if (encode(&e, avro, schema, v) < 0)
        return -1;
    return out->failed ? err_set(err, ERR_BAD_DATA, "The Avro message takes more than %zu bytes", out->max) : 0;
}
