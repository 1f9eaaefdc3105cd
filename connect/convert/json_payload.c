/* Payloads to values as their schema says, with the leniency of Java's converter: a number for a string is null, a
 * string for a number is 0, and so on. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/convert/json.h"
#include "connect/data/base64.h"
#include "connect/data/decimal.h"
#include "connect/data/java_hash.h"
#include "connect/data/json_bytes.h"
#include "connect/data/json_tree.h"
#include "connect/data/logical.h"
#include "connect/data/schema.h"
#include "connect/data/validate.h"
#include "connect/data/value.h"

struct payload {
    struct kc_arena *arena;
    bool replace_null;
    bool doubtful; /* a value came out null where the schema may not allow it: structs must be validated */
    struct kc_error *err;
};

static int read_value(struct payload *p, const struct kc_schema *schema, struct json_text text, struct kc_value *ret);

/* ---- what the text is ---- */

static const char *node_type(struct json_text text) {
    if (!text.s)
        return "MISSING";
    switch (text.s[0]) {
    case '{':
        return "OBJECT";
    case '[':
        return "ARRAY";
    case '"':
        return "STRING";
    case 't':
    case 'f':
        return "BOOLEAN";
    case 'n':
        return "NULL";
    default:
        return "NUMBER";
    }
}

static bool starts_with(struct json_text text, char c) {
    return text.s && text.s[0] == c;
}

static bool is_number(struct json_text text) {
    return text.s && (text.s[0] == '-' || json_is_digit(text.s[0]));
}

/* ---- scalars ---- */

static struct kc_value integer(enum kc_type type, struct json_text text) {
    uint64_t low = is_number(text) ? (uint64_t)json_text_int64(text) : 0;
    switch (type) {
    case KC_INT8:
        return kc_int(type, (int8_t)low);
    case KC_INT16:
        return kc_int(type, (int16_t)low);
    case KC_INT32:
        return kc_int(type, (int32_t)low);
    default:
        return kc_int(type, (int64_t)low);
    }
}

static int read_bytes(struct payload *p, struct json_text text, struct kc_value *ret) {
    struct kc_value s = json_text_string(p->arena, text);
    return base64_read(p->arena, s.s, s.len, ret, p->err);
}

static int read_scalar(struct payload *p, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    switch (schema->type) {
    case KC_BOOLEAN:
        *ret = kc_bool(starts_with(text, 't'));
        return 0;
    case KC_FLOAT32:
        *ret = kc_float(is_number(text) ? json_text_float(text) : 0);
        return 0;
    case KC_FLOAT64:
        *ret = kc_double(is_number(text) ? json_text_double(text) : 0);
        return 0;
    case KC_STRING:
    case KC_BYTES:
        if (!starts_with(text, '"')) {
            p->doubtful = true;
            *ret = kc_null();
            return 0;
        }
        if (schema->type == KC_BYTES)
            return read_bytes(p, text, ret) < 0 ? err_wrap(p->err, KC_DATA_EXCEPTION, "Invalid bytes field") : 0;
        *ret = json_text_string(p->arena, text);
        return 0;
    default:
        *ret = integer(schema->type, text);
        return 0;
    }
}

/* ---- logical types ---- */

static int bad_decimal(struct payload *p) {
    return err_wrap(p->err, KC_DATA_EXCEPTION, "Invalid bytes for Decimal field");
}

static int read_decimal(struct payload *p, const struct kc_schema *schema, struct json_text text,
                        struct kc_value *ret) {
    struct kc_decimal dec;
    if (is_number(text)) {
        if (decimal_parse(p->arena, text.s, text.len, &dec) < 0) /* cannot be: the scanner has the same limits */
            return err_set(p->err, ERR_BAD_DATA, "Invalid number for Decimal field");
        *ret = decimal_value(p->arena, dec);
        return 0;
    }
    if (!starts_with(text, '"'))
        return err_set(p->err, ERR_BAD_DATA,
                       "Invalid type for Decimal, underlying representation should be numeric or bytes but was %s",
                       node_type(text));
    struct kc_value bytes;
    if (read_bytes(p, text, &bytes) < 0)
        return bad_decimal(p);
    if (bytes.len == 0) {
        err_set_class(p->err, ERR_BAD_DATA, "java.lang.NumberFormatException", "Zero length BigInteger");
        return bad_decimal(p);
    }
    int32_t scale;
    if (decimal_scale(schema, &scale, p->err) < 0)
        return bad_decimal(p);
    *ret = decimal_value(p->arena, decimal_from_bytes(bytes.bytes, bytes.len, scale));
    return 0;
}

static bool is_int32(struct json_text text) {
    size_t digits = text.len - (text.s[0] == '-');
    const char *first = text.s + (text.s[0] == '-');
    for (; digits > 1 && *first == '0'; digits--)
        first++;
    if (digits > 10)
        return false;
    int64_t n = json_text_int64(text);
    return n == (int32_t)n;
}

static int read_time(struct payload *p, enum logical logical, struct json_text text, struct kc_value *ret) {
    bool integral = is_number(text) && json_text_is_integral(text);
    if (logical == LOGICAL_TIMESTAMP ? !integral : !integral || !is_int32(text))
        return err_set(p->err, ERR_BAD_DATA, "Invalid type for %s, underlying representation should be %s but was %s",
                       logical_name(logical), logical == LOGICAL_TIMESTAMP ? "integral" : "integer", node_type(text));
    int64_t ms;
    if (logical_decode(logical, json_text_int64(text), &ms, p->err) < 0)
        return -1;
    *ret = kc_date(ms);
    return 0;
}

/* ---- arrays and maps ---- */

static int read_entries(struct payload *p, const struct kc_schema *value_schema, struct json_text text,
                        struct kc_value *ret) {
    struct kc_value map = kc_map_new(p->arena, json_walk_count_members(text));
    struct json_walk w = json_walk_start(text);
    struct json_text name, value;
    while (json_walk_member(&w, &name, &value)) {
        struct kc_entry *e = &map.entries[map.len++];
        e->key = json_text_string(p->arena, name);
        if (read_value(p, value_schema, value, &e->value) < 0)
            return -1;
    }
    map.flags = KC_MAP_UNORDERED;
    java_map_last_wins(&map);
    *ret = map;
    return 0;
}

/* Java iterates over any node: the values of an object; a scalar has none. */
static int read_array(struct payload *p, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    if (starts_with(text, '{')) {
        struct kc_value map;
        if (read_entries(p, schema->value_schema, text, &map) < 0)
            return -1;
        *ret = value_array_new(p->arena, map.len);
        for (uint32_t i = 0; i < map.len; i++)
            ret->items[i] = map.entries[i].value;
        return 0;
    }
    bool array = starts_with(text, '[');
    struct kc_value v = value_array_new(p->arena, array ? json_walk_count_items(text) : 0);
    struct json_walk w = array ? json_walk_start(text) : (struct json_walk){0};
    struct json_text item;
    for (uint32_t i = 0; i < v.len && json_walk_item(&w, &item); i++)
        if (read_value(p, schema->value_schema, item, &v.items[i]) < 0)
            return -1;
    *ret = v;
    return 0;
}

static int read_pair(struct payload *p, const struct kc_schema *schema, struct json_text text, struct kc_entry *ret) {
    if (!starts_with(text, '['))
        return err_set(p->err, ERR_BAD_DATA, "Found invalid map entry instead of array tuple: %s", node_type(text));
    uint32_t count = json_walk_count_items(text);
    if (count != 2)
        return err_set(p->err, ERR_BAD_DATA, "Found invalid map entry, expected length 2 but found :%u", count);
    struct json_walk w = json_walk_start(text);
    struct json_text key = {NULL, 0}, value = {NULL, 0};
    (void)!json_walk_item(&w, &key);
    (void)!json_walk_item(&w, &value);
    if (read_value(p, schema->key_schema, key, &ret->key) < 0)
        return -1;
    return read_value(p, schema->value_schema, value, &ret->value);
}

static int read_pairs(struct payload *p, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    struct kc_value map = kc_map_new(p->arena, json_walk_count_items(text));
    struct json_walk w = json_walk_start(text);
    struct json_text item;
    while (json_walk_item(&w, &item))
        if (read_pair(p, schema, item, &map.entries[map.len++]) < 0)
            return -1;
    map.flags = KC_MAP_UNORDERED;
    java_map_last_wins(&map);
    *ret = map;
    return 0;
}

static int read_map(struct payload *p, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    if (schema->key_schema->type == KC_STRING) {
        if (!starts_with(text, '{'))
            return err_set(p->err, ERR_BAD_DATA,
                           "Maps with string fields should be encoded as JSON objects, but found %s", node_type(text));
        return read_entries(p, schema->value_schema, text, ret);
    }
    if (!starts_with(text, '['))
        return err_set(p->err, ERR_BAD_DATA,
                       "Maps with non-string fields should be encoded as JSON array of tuples, but found %s",
                       node_type(text));
    return read_pairs(p, schema, text, ret);
}

/* ---- structs ---- */

static int read_null(struct payload *p, const struct kc_schema *schema, struct kc_value *ret) {
    if (schema->has_default && p->replace_null) {
        *ret = schema->default_value;
        return 0;
    }
    if (schema->optional) {
        *ret = kc_null();
        return 0;
    }
    return err_set(p->err, ERR_BAD_DATA, "Invalid null value for required %s field", schema_type_name(schema->type));
}

/* The field that a quoted name means; `guess` is the one after the last, which is nearly always right. */
static const struct kc_field *field_of(struct payload *p, const struct kc_schema *schema, struct json_text name,
                                       uint32_t guess) {
    if (guess < schema->field_count) {
        const struct kc_field *field = &schema->fields[guess];
        if (json_text_is(name, field->name, strlen(field->name)))
            return field;
    }
    struct kc_value text = json_text_string(p->arena, name);
    return schema_field_text(schema, text.s, text.len);
}

/* Each slot first holds the text of its field, the last one where names repeat; then slots are read in the order of the
 * schema, so that the first error is Java's. */
static int read_struct(struct payload *p, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    if (!starts_with(text, '{'))
        return err_set(p->err, ERR_BAD_DATA, "Structs should be encoded as JSON objects, but found %s",
                       node_type(text));
    struct kc_value st = kc_struct_new(p->arena, schema);
    struct kc_value *slots = st.st->fields;
    struct json_walk w = json_walk_start(text);
    struct json_text name, value;
    uint32_t guess = 0;
    while (json_walk_member(&w, &name, &value)) {
        const struct kc_field *field = field_of(p, schema, name, guess);
        if (!field)
            continue;
        slots[field->index] = kc_text(value.s, value.len);
        guess = (uint32_t)field->index + 1;
    }
    bool doubtful_before = p->doubtful;
    p->doubtful = false;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_schema *type = schema->fields[i].schema;
        struct kc_value slot = slots[i];
        slots[i] = kc_null();
        int rc = slot.tag == KC_V_NULL ? read_null(p, type, &slots[i])
                                       : read_value(p, type, (struct json_text){slot.s, slot.len}, &slots[i]);
        if (rc < 0)
            return -1;
        if (p->doubtful && kc_struct_put(&st, schema->fields[i].name, slots[i], p->err) < 0)
            return -1;
    }
    p->doubtful = p->doubtful || doubtful_before;
    *ret = st;
    return 0;
}

/* ---- values ---- */

static int read_value(struct payload *p, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    if (starts_with(text, 'n'))
        return read_null(p, schema, ret);
    enum logical logical = schema->name ? schema_logical(schema) : LOGICAL_NONE;
    if (logical == LOGICAL_DECIMAL)
        return read_decimal(p, schema, text, ret);
    if (logical != LOGICAL_NONE)
        return read_time(p, logical, text, ret);
    switch (schema->type) {
    case KC_ARRAY:
        return read_array(p, schema, text, ret);
    case KC_MAP:
        return read_map(p, schema, text, ret);
    case KC_STRUCT:
        return read_struct(p, schema, text, ret);
    default:
        return read_scalar(p, schema, text, ret);
    }
}

int json_payload_read(struct kc_arena *arena, const struct kc_schema *schema, struct json_text text, bool replace_null,
                      struct kc_value *ret_value, struct kc_error *err) {
    struct payload p = {.arena = arena, .replace_null = replace_null, .err = err};
    return read_value(&p, schema, text, ret_value);
}
