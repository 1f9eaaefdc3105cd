/* JSON of a message → Connect values by the schema that was made of its JSON Schema, with Java's leniency: a text for a
 * number is 0, a number for a text null, and so on. The text was checked before (json_check).
 * @source JsonSchemaData.toConnectData */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/json_schema_data.h"
#include "connect/data/base64.h"
#include "connect/data/decimal.h"
#include "connect/data/java_hash.h"
#include "connect/data/json_bytes.h"
#include "connect/data/logical.h"
#include "connect/data/validate.h"
#include "connect/data/value.h"

struct reader {
    struct kc_arena *arena;
    const struct json_schema_options *options;
    bool inside; /* a struct: what is put into one is validated */
    struct kc_error *err;
};

static int read_value(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret);

static bool starts_with(struct json_text text, char c) {
    return text.s && *text.s == c;
}

static bool is_number(struct json_text text) {
    return text.s && (*text.s == '-' || json_is_digit(*text.s));
}

static bool is_integral(struct json_text text) {
    return is_number(text) && json_text_is_integral(text);
}

static const char *node_type(struct json_text text) {
    return starts_with(text, '{')                             ? "OBJECT"
           : starts_with(text, '[')                           ? "ARRAY"
           : starts_with(text, '"')                           ? "STRING"
           : starts_with(text, 't') || starts_with(text, 'f') ? "BOOLEAN"
           : is_number(text)                                  ? "NUMBER"
                                                              : "NULL";
}

static bool is_named(struct json_text quoted, const char *name) {
    return json_text_is(quoted, name, strlen(name));
}

/* The member of an object, the last of that name; s NULL: absent. */
static struct json_text member_of(struct json_text object, const char *name) {
    struct json_walk w = json_walk_start(object);
    struct json_text key, value, found = {NULL, 0};
    while (json_walk_member(&w, &key, &value))
        if (is_named(key, name))
            found = value;
    return found;
}

/* ---- scalars ---- */

static int read_base64(struct reader *r, struct json_text text, struct kc_value *ret) {
    struct kc_value s = json_text_string(r->arena, text);
    return base64_read(r->arena, s.s, s.len, ret, r->err);
}

static int read_number_as_decimal(struct reader *r, struct json_text text, struct kc_value *ret) {
    struct kc_decimal dec;
    if (decimal_parse(r->arena, text.s, text.len, &dec) < 0)
        return err_set(r->err, ERR_BAD_DATA, "Invalid number for Decimal field");
    *ret = decimal_value(r->arena, dec);
    return 0;
}

static int read_bytes(struct reader *r, struct json_text text, struct kc_value *ret) {
    if (starts_with(text, '"'))
        return read_base64(r, text, ret) < 0 ? err_wrap(r->err, KC_DATA_EXCEPTION, "Invalid bytes field") : 0;
    if (is_number(text))
        return read_number_as_decimal(r, text, ret);
    return err_set(r->err, ERR_BAD_DATA, "Invalid bytes field: it is of type %s", node_type(text));
}

static int read_decimal(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    struct kc_value bytes = kc_null();
    int32_t scale = 0;
    if (is_number(text))
        return read_number_as_decimal(r, text, ret);
    if (!starts_with(text, '"'))
        return err_set(r->err, ERR_BAD_DATA,
                       "Invalid type for Decimal, underlying representation should be numeric or bytes but was %s",
                       node_type(text));
    if (read_base64(r, text, &bytes) < 0 || decimal_scale(schema, &scale, r->err) < 0)
        return err_wrap(r->err, KC_DATA_EXCEPTION, "Invalid bytes for Decimal field");
    if (!bytes.len)
        return err_set(r->err, ERR_BAD_DATA, "Invalid bytes for Decimal field");
    *ret = decimal_value(r->arena, decimal_from_bytes(bytes.bytes, bytes.len, scale));
    return 0;
}

static int read_time(struct reader *r, enum logical logical, struct json_text text, struct kc_value *ret) {
    int64_t n = is_integral(text) ? json_text_int64(text) : 0, ms;
    if (!is_integral(text) || (logical != LOGICAL_TIMESTAMP && n != (int32_t)n))
        return err_set(r->err, ERR_BAD_DATA, "Invalid type for %s, underlying representation should be %s but was %s",
                       logical_name(logical), logical == LOGICAL_TIMESTAMP ? "integral" : "integer", node_type(text));
    if (logical_decode(logical, n, &ms, r->err) < 0)
        return -1;
    *ret = kc_date(ms);
    return 0;
}

static int read_scalar(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    int64_t n = is_number(text) ? json_text_int64(text) : 0;
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
        *ret = starts_with(text, '"') ? json_text_string(r->arena, text) : kc_null();
        return 0;
    case KC_BYTES:
        return read_bytes(r, text, ret);
    default:
        n = schema->type == KC_INT8    ? (int8_t)n
            : schema->type == KC_INT16 ? (int16_t)n
            : schema->type == KC_INT32 ? (int32_t)n
                                       : n;
        *ret = kc_int(schema->type, n);
        return 0;
    }
}

/* ---- arrays and maps ---- */

static int read_array(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    struct json_text item, name;
    bool object = starts_with(text, '{'); /* Java goes through its values */
    if (!object && !starts_with(text, '[')) {
        *ret = value_array_new(r->arena, 0); /* nothing to go through */
        return 0;
    }
    struct kc_value array =
        value_array_new(r->arena, object ? json_walk_count_members(text) : json_walk_count_items(text));
    struct json_walk w = json_walk_start(text);
    for (uint32_t i = 0; i < array.len && (object ? json_walk_member(&w, &name, &item) : json_walk_item(&w, &item));
         i++)
        if (read_value(r, schema->value_schema, item, &array.items[i]) < 0)
            return -1;
    *ret = array;
    return 0;
}

static int read_members(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *map) {
    struct json_walk w = json_walk_start(text);
    struct json_text name, value;
    while (json_walk_member(&w, &name, &value)) {
        struct kc_entry *e = &map->entries[map->len++];
        e->key = json_text_string(r->arena, name);
        if (read_value(r, schema->value_schema, value, &e->value) < 0)
            return -1;
    }
    return 0;
}

static int read_entries(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *map) {
    struct json_walk w = json_walk_start(text);
    struct json_text item;
    while (json_walk_item(&w, &item)) {
        struct kc_entry *e = &map->entries[map->len++];
        if (!starts_with(item, '{'))
            return err_set(r->err, ERR_BAD_DATA, "Found invalid map entry instead of object: %s", node_type(item));
        if (json_walk_count_members(item) != 2)
            return err_set(r->err, ERR_BAD_DATA, "Found invalid map entry, expected length 2 but found :%u",
                           json_walk_count_members(item));
        if (read_value(r, schema->key_schema, member_of(item, "key"), &e->key) < 0 ||
            read_value(r, schema->value_schema, member_of(item, "value"), &e->value) < 0)
            return -1;
    }
    return 0;
}

static int read_map(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    bool plain = schema->key_schema->type == KC_STRING && !schema->key_schema->optional;
    if (plain && !starts_with(text, '{'))
        return err_set(r->err, ERR_BAD_DATA, "Maps with string fields should be encoded as JSON objects, but found %s",
                       node_type(text));
    if (!plain && !starts_with(text, '['))
        return err_set(r->err, ERR_BAD_DATA,
                       "Maps with non-string fields should be encoded as JSON array of objects, but found %s",
                       node_type(text));
    struct kc_value map = kc_map_new(r->arena, plain ? json_walk_count_members(text) : json_walk_count_items(text));
    if ((plain ? read_members(r, schema, text, &map) : read_entries(r, schema, text, &map)) < 0)
        return -1;
    map.flags = KC_MAP_UNORDERED;
    java_map_last_wins(&map);
    *ret = map;
    return 0;
}

/* ---- unions ---- */

static bool fits_simply(const struct kc_schema *schema, struct json_text text) {
    switch (schema->type) {
    case KC_FLOAT32:
    case KC_FLOAT64:
        return is_number(text);
    case KC_BOOLEAN:
        return starts_with(text, 't') || starts_with(text, 'f');
    case KC_STRING:
        return starts_with(text, '"');
    case KC_BYTES:
        return false;
    case KC_ARRAY:
        return starts_with(text, '[');
    case KC_MAP:
        return starts_with(text, '[') || starts_with(text, '{');
    case KC_STRUCT:
        return false;
    default:
        return is_integral(text);
    }
}

/* How many fields of the struct the object has, those further in counted, too. */
static unsigned fitting_fields(const struct kc_schema *schema, struct json_text text, unsigned depth) {
    struct json_text name, value;
    unsigned count = 0;
    if (schema->type != KC_STRUCT || !starts_with(text, '{') || depth > JSON_SCHEMA_MAX_DEPTH)
        return 0;
    struct json_walk w = json_walk_start(text);
    while (json_walk_member(&w, &name, &value))
        for (uint32_t i = 0; i < schema->field_count; i++)
            if (is_named(name, schema->fields[i].name))
                count += 1 + fitting_fields(schema->fields[i].schema, value, depth + 1);
    return count;
}

/* A value that is put into a struct must be whole: fields of structs within it must not be missing. The outermost
 * struct itself may lack some. */
static int read_field(struct reader *r, const struct kc_field *field, struct json_text text, struct kc_value *ret) {
    bool outermost = !r->inside;
    r->inside = true;
    int rc = read_value(r, field->schema, text, ret);
    r->inside = !outermost;
    if (rc == 0 && outermost && ret->tag != KC_V_NULL)
        rc = validate_field(field, ret, r->err);
    return rc;
}

static int read_union(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    const struct kc_field *chosen = NULL;
    unsigned most = 0;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_field *field = &schema->fields[i];
        if (fits_simply(field->schema, text)) {
            chosen = field;
            break;
        }
        unsigned count = fitting_fields(field->schema, text, 0);
        if (count > most) {
            most = count;
            chosen = field;
        }
    }
    if (!chosen)
        return err_set(r->err, ERR_BAD_DATA, "Did not find matching oneof field for data");
    struct kc_value st = kc_struct_new(r->arena, schema);
    if (read_field(r, chosen, text, &st.st->fields[chosen->index]) < 0)
        return -1;
    *ret = st;
    return 0;
}

/* ---- structs ---- */

/* Each slot first holds the text of its field, the last one where names repeat. */
static int read_struct(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    struct json_text name, value;
    uint32_t guess = 0;
    if (!starts_with(text, '{'))
        return err_set(r->err, ERR_BAD_DATA, "Structs should be encoded as JSON objects, but found %s",
                       node_type(text));
    struct kc_value st = kc_struct_new(r->arena, schema);
    struct json_walk w = json_walk_start(text);
    while (json_walk_member(&w, &name, &value)) {
        if (guess >= schema->field_count || !is_named(name, schema->fields[guess].name)) {
            struct kc_value key = json_text_string(r->arena, name);
            const struct kc_field *field = schema_field_text(schema, key.s, key.len);
            if (!field)
                continue;
            guess = (uint32_t)field->index;
        }
        st.st->fields[guess++] = kc_text(value.s, value.len);
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        struct kc_value *slot = &st.st->fields[i], v = kc_null();
        struct json_text inner = {slot->tag == KC_V_NULL ? NULL : slot->s, slot->len};
        *slot = kc_null();
        if (read_field(r, &schema->fields[i], inner, &v) < 0)
            return -1;
        if (v.tag != KC_V_NULL)
            *slot = v;
    }
    *ret = st;
    return 0;
}

/* ---- by type ---- */

/* What is missing is null even where a value is required; what says null must not be. */
static int read_null(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    *ret = schema->has_default ? schema->default_value : kc_null();
    if (schema->has_default || !text.s || schema->optional)
        return 0;
    return err_set(r->err, ERR_BAD_DATA, "Invalid null value for required %s field", schema_type_name(schema->type));
}

static int read_value(struct reader *r, const struct kc_schema *schema, struct json_text text, struct kc_value *ret) {
    if (!text.s || *text.s == 'n')
        return read_null(r, schema, text, ret);
    enum logical logical = schema->name ? schema_logical(schema) : LOGICAL_NONE;
    if (logical == LOGICAL_DECIMAL)
        return read_decimal(r, schema, text, ret);
    if (logical != LOGICAL_NONE)
        return read_time(r, logical, text, ret);
    switch (schema->type) {
    case KC_ARRAY:
        return read_array(r, schema, text, ret);
    case KC_MAP:
        return read_map(r, schema, text, ret);
    case KC_STRUCT:
        return json_schema_is_union(schema) ? read_union(r, schema, text, ret) : read_struct(r, schema, text, ret);
    default:
        return read_scalar(r, schema, text, ret);
    }
}

int json_schema_read_value(struct kc_arena *arena, const struct json_schema_options *options,
                           const struct kc_schema *schema, struct json_text text, struct kc_value *ret_value,
                           struct kc_error *err) {
    struct reader r = {.arena = arena, .options = options, .err = err};
    return read_value(&r, schema, text, ret_value);
}
