/* Avro bytes as Connect values: one walk along the tree of the schema and the Connect schema that was made of it.
 * Nothing that the bytes claim is believed before it is there: lengths end with the data, counts of elements that take
 * bytes do too, and the others have a limit of their own.
 * @source org.apache.avro.generic.GenericDatumReader, AvroData.toConnectData */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/avro_data.h"
#include "connect/convert/charset.h"
#include "connect/data/decimal.h"
#include "connect/data/logical.h"
#include "connect/data/value.h"

/* Elements and fields that take no bytes (nulls, empty records) in one message. */
enum { MAX_EMPTY_ELEMENTS = 1 << 20 };

struct decoder {
    struct kc_arena *arena;
    const struct avro_options *options;
    const uint8_t *start, *p, *end;
    unsigned depth;
    uint32_t empty_elements;
    struct kc_error *err;
};

static int decode(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                  struct kc_value *ret);

static int bad(struct decoder *d, const char *what) {
    return err_set_class(d->err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION,
                         "Error deserializing Avro message: %s (byte %zu of %zu)", what, (size_t)(d->p - d->start),
                         (size_t)(d->end - d->start));
}

static size_t left(const struct decoder *d) {
    return (size_t)(d->end - d->p);
}

/* ---- numbers ---- */

static int read_long(struct decoder *d, int64_t *ret) {
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (d->p == d->end)
            return bad(d, "the data ends within a number");
        uint8_t b = *d->p++;
        n |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            *ret = (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
            return 0;
        }
    }
    return bad(d, "Invalid long encoding");
}

static int read_int(struct decoder *d, int64_t *ret) {
    int64_t n;
    if (read_long(d, &n) < 0)
        return -1;
    if (n < INT32_MIN || n > INT32_MAX)
        return bad(d, "Invalid int encoding");
    *ret = n;
    return 0;
}

static int read_raw(struct decoder *d, size_t len, const uint8_t **ret) {
    if (left(d) < len)
        return bad(d, "the data ends within a value");
    *ret = d->p;
    d->p += len;
    return 0;
}

static int read_sized(struct decoder *d, const uint8_t **ret, size_t *ret_len) {
    int64_t len;
    if (read_long(d, &len) < 0)
        return -1;
    if (len < 0)
        return bad(d, "Malformed data. Length is negative");
    if ((uint64_t)len > left(d) || len > INT32_MAX)
        return bad(d, "the data ends within a value");
    *ret_len = (size_t)len;
    return read_raw(d, (size_t)len, ret);
}

static int decode_integer(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                          struct kc_value *ret) {
    int64_t n, ms;
    if ((avro->type == AVRO_INT ? read_int(d, &n) : read_long(d, &n)) < 0)
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
    const uint8_t *bytes = NULL;
    float f;
    double g;
    if (read_raw(d, avro->type == AVRO_FLOAT ? sizeof(f) : sizeof(g), &bytes) < 0)
        return -1;
    uint64_t bits = 0; /* little endian on the wire, whatever this machine is */
    for (unsigned i = 0; i < (avro->type == AVRO_FLOAT ? sizeof(f) : sizeof(g)); i++)
        bits |= (uint64_t)bytes[i] << (8 * i);
    uint32_t low = (uint32_t)bits;
    memcpy(&f, &low, sizeof(f));
    memcpy(&g, &bits, sizeof(g));
    *ret = avro->type == AVRO_FLOAT ? kc_float(f) : kc_double(g);
    return 0;
}

/* ---- bytes and text ---- */

static int decode_bytes(struct decoder *d, const struct avro_schema *avro, const struct kc_schema *schema,
                        struct kc_value *ret) {
    const uint8_t *bytes;
    size_t len = avro->size;
    int32_t scale;
    if ((avro->type == AVRO_FIXED ? read_raw(d, len, &bytes) : read_sized(d, &bytes, &len)) < 0)
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
    if (read_sized(d, &bytes, &len) < 0)
        return -1;
    *ret = charset_repair_utf8(d->arena, bytes, len);
    return 0;
}

static int decode_enum(struct decoder *d, const struct avro_schema *avro, struct kc_value *ret) {
    int64_t n = -1;
    if (read_int(d, &n) < 0)
        return -1;
    if (n < 0 || n >= avro->count)
        return bad(d, "an enum has no such symbol");
    *ret = kc_string(avro->symbols[n]);
    return 0;
}

/* ---- elements ---- */

/* The count of the next block, 0 at the end. `least` bytes are needed by each element. */
static int read_block(struct decoder *d, uint32_t least, uint32_t so_far, uint32_t *ret_count) {
    int64_t count, ignored;
    if (read_long(d, &count) < 0)
        return -1;
    if (count == INT64_MIN)
        return bad(d, "Malformed data. Block count is out of range");
    if (count < 0) {
        count = -count;
        if (read_long(d, &ignored) < 0) /* the size of the block, for those that skip it */
            return -1;
    }
    if (!least) {
        if (count > MAX_EMPTY_ELEMENTS - (int64_t)d->empty_elements)
            return bad(d, "too many elements that take no bytes");
        d->empty_elements += (uint32_t)count;
    } else if ((uint64_t)count > left(d) / least) {
        return bad(d, "the data ends within an array or map");
    }
    if ((uint64_t)count + so_far > INT32_MAX)
        return bad(d, "an array or map is too large");
    *ret_count = (uint32_t)count;
    return 0;
}

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
        if (read_block(d, avro->items->min_bytes, count, &block) < 0)
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
        if (read_block(d, least, count, &block) < 0)
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
    d->empty_elements += avro->empty_fields;
    if (d->empty_elements > MAX_EMPTY_ELEMENTS)
        return bad(d, "too many values that take no bytes");
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
    if (read_int(d, &branch) < 0)
        return -1;
    if (branch < 0 || branch >= avro->count)
        return bad(d, "a union has no such branch");
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
    if (read_raw(d, 1, &byte) < 0)
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
    if (d->depth >= AVRO_MAX_DEPTH)
        return bad(d, "the value is nested too deeply");
    d->depth++;
    int rc = schema ? decode_by_type(d, avro, schema, ret) : decode_schemaless(d, avro, ret);
    d->depth--;
    return rc;
}

int avro_decode(struct kc_arena *arena, const struct avro_options *options, const struct avro_schema *avro,
                const struct kc_schema *schema, const void *data, size_t len, struct kc_value *ret_value,
                struct kc_error *err) {
    const uint8_t *bytes = data;
    struct decoder d = {.arena = arena, .options = options, .start = bytes, .p = bytes, .end = bytes + len, .err = err};
    return decode(&d, avro, schema, ret_value);
}
