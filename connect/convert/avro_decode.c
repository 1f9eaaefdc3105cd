/* Avro bytes as Connect values: one walk along the tree of the schema and the Connect schema that was made of it.
 * @source org.apache.avro.generic.GenericDatumReader, AvroData.toConnectData */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/avro_data.h"
#include "connect/convert/avro_wire.h"
#include "connect/convert/charset.h"
#include "connect/data/decimal.h"
#include "connect/data/logical.h"
#include "connect/data/value.h"

struct decoder {
    struct kc_arena *arena;
    const struct avro_options *options;
    struct avro_input in;
    struct kc_error *err;
};

static int decode(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                  struct kc_value *ret);

/* ---- numbers ---- */

static int decode_integer(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                          struct kc_value *ret) {
    int64_t n, ms;
    if ((avro->type == AVRO_INT ? avro_get_int(&d->in, &n) : avro_get_long(&d->in, &n)) < 0)
        return -1;
    enum logical logical = schema->name ? schema_logical(schema) : LOGICAL_NONE;
    if (logical == LOGICAL_NONE || logical == LOGICAL_DECIMAL) {
        n = schema->type == KC_INT8 ? (int8_t)n : schema->type == KC_INT16 ? (int16_t)n : n;
        *ret = kc_int(schema->type, n);
        return 0;
    }
    if (logical_decode(logical, n, &ms, d->err) < 0)
        return -1;
    *ret = kc_date(ms);
    return 0;
}

static int decode_float(struct decoder *d, const struct avro_schema *avro, struct kc_value *ret) {
    double value;
    if (avro_get_float(&d->in, avro->type == AVRO_DOUBLE, &value) < 0)
        return -1;
    *ret = avro->type == AVRO_FLOAT ? kc_float((float)value) : kc_double(value);
    return 0;
}

/* ---- bytes and text ---- */

static int decode_bytes(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                        struct kc_value *ret) {
    const uint8_t *bytes;
    size_t len = avro->size;
    int32_t scale;
    if ((avro->type == AVRO_FIXED ? avro_get_raw(&d->in, len, &bytes) : avro_get_sized(&d->in, &bytes, &len)) < 0)
        return -1;
    if (!schema->name || schema_logical(schema) != LOGICAL_DECIMAL) {
        *ret = kc_bytes(bytes, len);
        return 0;
    }
    if (decimal_scale(schema, &scale, d->err) < 0)
        return -1;
    if (!len)
        return err_set_class(d->err, ERR_BAD_DATA, "java.lang.NumberFormatException", "Zero length BigInteger");
    *ret = decimal_value(d->arena, decimal_from_bytes(bytes, len, scale));
    return 0;
}

static int decode_text(struct decoder *d, struct kc_value *ret) {
    const uint8_t *bytes;
    size_t len;
    if (avro_get_sized(&d->in, &bytes, &len) < 0)
        return -1;
    *ret = charset_repair_utf8(d->arena, bytes, len);
    return 0;
}

static int decode_enum(struct decoder *d, const struct avro_schema *avro, struct kc_value *ret) {
    int64_t n = -1;
    if (avro_get_int(&d->in, &n) < 0)
        return -1;
    if (n < 0 || n >= avro->count)
        return avro_bad(&d->in, "an enum has no such symbol");
    *ret = kc_string(avro->symbols[n]);
    return 0;
}

/* ---- elements ---- */

/* Room for `more` elements behind `count`; *capacity grows at least twofold. */
static void *grow(struct decoder *d, void *old, uint32_t count, uint32_t more, uint32_t *capacity, size_t size) {
    if (count + more <= *capacity)
        return old;
    uint32_t wanted = count + more > 2 * *capacity ? count + more : 2 * *capacity;
    void *memory = kc_arena_alloc(d->arena, wanted * size);
    if (count)
        memcpy(memory, old, count * size);
    *capacity = wanted;
    return memory;
}

static int decode_array(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                        struct kc_value *ret) {
    struct kc_value *items = NULL;
    uint32_t count = 0, capacity = 0, block;
    for (;;) {
        if (avro_get_block(&d->in, avro->items->min_bytes, count, &block) < 0)
            return -1;
        if (!block)
            break;
        items = grow(d, items, count, block, &capacity, sizeof(*items));
        for (uint32_t i = 0; i < block; i++)
            if (decode(d, avro->items, schema ? schema->value_schema : NULL, &items[count++]) < 0)
                return -1;
    }
    *ret = (struct kc_value){.tag = KC_V_ARRAY, .len = count, .items = items};
    return 0;
}

/* A map: text and value; or a record of key and value, in whatever order. */
static int decode_entry(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                        struct kc_entry *ret) {
    const struct kc_schema *key = schema ? schema->key_schema : NULL, *value = schema ? schema->value_schema : NULL;
    if (avro->type == AVRO_MAP)
        return decode_text(d, &ret->key) < 0 ? -1 : decode(d, avro->items, value, &ret->value);
    for (uint32_t i = 0; i < avro->items->count; i++) {
        const struct avro_field *field = &avro->items->fields[i];
        bool is_key = strcmp(field->name, "key") == 0;
        if (decode(d, field->schema, is_key ? key : value, is_key ? &ret->key : &ret->value) < 0)
            return -1;
    }
    return 0;
}

static int decode_map(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                      struct kc_value *ret) {
    struct kc_entry *entries = NULL;
    uint32_t count = 0, capacity = 0, block;
    uint32_t least = avro->type == AVRO_MAP ? 1 + avro->items->min_bytes : avro->items->min_bytes;
    for (;;) {
        if (avro_get_block(&d->in, least, count, &block) < 0)
            return -1;
        if (!block)
            break;
        entries = grow(d, entries, count, block, &capacity, sizeof(*entries));
        for (uint32_t i = 0; i < block; i++)
            if (decode_entry(d, avro, schema, &entries[count++]) < 0)
                return -1;
    }
    *ret = (struct kc_value){.tag = KC_V_MAP, .flags = KC_MAP_UNORDERED, .len = count, .entries = entries};
    return 0;
}

/* ---- structs ---- */

static int decode_record(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                         struct kc_value *ret) {
    if (avro_count_empty(&d->in, avro->empty_fields) < 0)
        return -1;
    struct kc_value st = kc_struct_new(d->arena, schema);
    for (uint32_t i = 0; i < avro->count; i++)
        if (decode(d, avro->fields[i].schema, schema->fields[i].schema, &st.st->fields[i]) < 0)
            return -1;
    *ret = st;
    return 0;
}

static int decode_union(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                        struct kc_value *ret) {
    int64_t branch = -1;
    if (avro_get_int(&d->in, &branch) < 0)
        return -1;
    if (branch < 0 || branch >= avro->count)
        return avro_bad(&d->in, "a union has no such branch");
    const struct avro_schema *chosen = avro->branches[branch];
    if (chosen->type == AVRO_NULL) {
        *ret = kc_null();
        return 0;
    }
    bool plain = (avro->count == 1 && d->options->flatten_singletons) || (avro->count == 2 && avro->null_branch >= 0);
    if (plain || !schema)
        return decode(d, chosen, schema, ret);
    uint32_t field = (uint32_t)branch - (avro->null_branch >= 0 && avro->null_branch < branch);
    struct kc_value st = kc_struct_new(d->arena, schema);
    if (decode(d, chosen, schema->fields[field].schema, &st.st->fields[field]) < 0)
        return -1;
    *ret = st;
    return 0;
}

/* A record `Anything`: the one field that is set is the value, which has no schema. */
static int decode_anything(struct decoder *d, const struct avro_schema *avro, struct kc_value *ret) {
    struct kc_value found = kc_null();
    for (uint32_t i = 0; i < avro->count; i++) {
        struct kc_value v = kc_null();
        if (decode(d, avro->fields[i].schema, NULL, &v) < 0)
            return -1;
        if (found.tag == KC_V_NULL)
            found = v;
    }
    *ret = found;
    return 0;
}

/* ---- by type ---- */

static int decode_schemaless(struct decoder *d, const struct avro_schema *avro, struct kc_value *ret) {
    static const enum kc_type types[] = {
        [AVRO_BOOLEAN] = KC_BOOLEAN, [AVRO_INT] = KC_INT32,   [AVRO_LONG] = KC_INT64,   [AVRO_FLOAT] = KC_FLOAT32,
        [AVRO_DOUBLE] = KC_FLOAT64,  [AVRO_BYTES] = KC_BYTES, [AVRO_STRING] = KC_STRING};
    switch (avro->type) {
    case AVRO_RECORD:
        return decode_anything(d, avro, ret);
    case AVRO_UNION:
        return decode_union(d, avro, NULL, ret);
    case AVRO_ARRAY:
        return avro_is_map_entry(avro->items) ? decode_map(d, avro, NULL, ret) : decode_array(d, avro, NULL, ret);
    case AVRO_BOOLEAN:
    case AVRO_INT:
    case AVRO_LONG:
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
    case AVRO_BYTES:
    case AVRO_STRING:
        return decode(d, avro, kc_schema_of(types[avro->type], false), ret);
    default:
        return err_set(d->err, ERR_BAD_DATA, "Invalid Avro data for schemaless Connect data");
    }
}

static int decode_boolean(struct decoder *d, struct kc_value *ret) {
    const uint8_t *byte = NULL;
    if (avro_get_raw(&d->in, 1, &byte) < 0)
        return -1;
    *ret = kc_bool(*byte == 1);
    return 0;
}

static int decode_by_type(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                          struct kc_value *ret) {
    switch (avro->type) {
    case AVRO_BOOLEAN:
        return decode_boolean(d, ret);
    case AVRO_INT:
    case AVRO_LONG:
        return decode_integer(d, avro, schema, ret);
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        return decode_float(d, avro, ret);
    case AVRO_BYTES:
    case AVRO_FIXED:
        return decode_bytes(d, avro, schema, ret);
    case AVRO_STRING:
        return decode_text(d, ret);
    case AVRO_ENUM:
        return decode_enum(d, avro, ret);
    case AVRO_ARRAY:
        return schema->type == KC_MAP ? decode_map(d, avro, schema, ret) : decode_array(d, avro, schema, ret);
    case AVRO_MAP:
        return decode_map(d, avro, schema, ret);
    case AVRO_RECORD:
        return decode_record(d, avro, schema, ret);
    case AVRO_UNION:
        return decode_union(d, avro, schema, ret);
    default:
        *ret = kc_null();
        return 0;
    }
}

static int decode(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                  struct kc_value *ret) {
    if (d->in.depth >= AVRO_MAX_DEPTH)
        return avro_bad(&d->in, "the value is nested too deeply");
    d->in.depth++;
    int rc = schema ? decode_by_type(d, avro, schema, ret) : decode_schemaless(d, avro, ret);
    d->in.depth--;
    return rc;
}

int avro_decode(struct kc_arena *arena, const struct avro_options *options, const struct avro_schema *avro,
                const struct kc_schema *schema, const void *data, size_t len, struct kc_value *ret_value,
                struct kc_error *err) {
    struct decoder d = {.arena = arena, .options = options, .in = avro_input_of(data, len, err), .err = err};
    return decode(&d, avro, schema, ret_value);
}
