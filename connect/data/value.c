/* The 16-byte values of plugin.h: constructors, maps, deep copy, Java's equals and class names.
 * Nothing here owns memory: whatever a value points to lives in an arena or outlives the batch. */
#include "connect/data/value.h"

#include <math.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/decimal.h"

/* Kafka cannot carry a record of 2 GiB, so that lengths always fit. */
static uint32_t length32(size_t len) {
    return len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
}

struct kc_value kc_bool(bool b) {
    return (struct kc_value){.tag = KC_V_BOOLEAN, .b = b};
}

struct kc_value kc_int(enum kc_type type, int64_t i) {
    return (struct kc_value){.tag = (uint8_t)(KC_V_INT8 + (type - KC_INT8)), .i = i};
}

struct kc_value kc_double(double f) {
    return (struct kc_value){.tag = KC_V_FLOAT64, .f = f};
}

struct kc_value kc_float(float f) {
    return (struct kc_value){.tag = KC_V_FLOAT32, .f = (double)f};
}

struct kc_value kc_string(const char *s) {
    return s ? kc_text(s, strlen(s)) : kc_null();
}

struct kc_value kc_text(const char *s, size_t len) {
    return (struct kc_value){.tag = KC_V_STRING, .len = length32(len), .s = s};
}

struct kc_value kc_bytes(const void *data, size_t len) {
    return (struct kc_value){.tag = KC_V_BYTES, .len = length32(len), .bytes = data};
}

struct kc_value kc_date(int64_t ms) {
    return (struct kc_value){.tag = KC_V_DATE, .i = ms};
}

/* ---- maps and structs ---- */

const struct kc_value *kc_map_get(const struct kc_value *map, const char *key) {
    if (map->tag != KC_V_MAP)
        return NULL;
    size_t len = strlen(key);
    for (uint32_t i = 0; i < map->len; i++) {
        const struct kc_value *k = &map->entries[i].key;
        if (k->tag == KC_V_STRING && k->len == len && memcmp(k->s, key, len) == 0)
            return &map->entries[i].value;
    }
    return NULL;
}

struct kc_value kc_map_new(struct kc_arena *arena, uint32_t capacity) {
    struct kc_value map = {.tag = KC_V_MAP};
    map.entries = kc_arena_alloc(arena, sizeof(struct kc_entry) * (capacity ? capacity : 1));
    return map;
}

void kc_map_put(struct kc_value *map, const char *key, struct kc_value value) {
    map->entries[map->len++] = (struct kc_entry){kc_string(key), value};
}

struct kc_value value_array_new(struct kc_arena *arena, uint32_t count) {
    struct kc_value array = {.tag = KC_V_ARRAY, .len = count};
    array.items = kc_arena_zalloc(arena, sizeof(struct kc_value) * (count ? count : 1));
    return array;
}

/* ---- copy ---- */

static struct kc_value copy_struct(struct kc_arena *arena, const struct kc_struct *st) {
    uint32_t count = st->schema->field_count;
    struct kc_struct *copy = kc_arena_alloc(arena, sizeof(*copy));
    copy->schema = kc_schema_keep(arena, kc_schema_ref(st->schema));
    copy->fields = kc_arena_alloc(arena, sizeof(struct kc_value) * (count ? count : 1));
    for (uint32_t i = 0; i < count; i++)
        copy->fields[i] = kc_value_copy(arena, &st->fields[i]);
    return (struct kc_value){.tag = KC_V_STRUCT, .st = copy};
}

static struct kc_value copy_decimal(struct kc_arena *arena, const struct kc_decimal *dec) {
    struct kc_decimal *copy = kc_arena_alloc(arena, sizeof(*copy));
    *copy = *dec;
    copy->unscaled = (const uint8_t *)kc_arena_copy(arena, dec->unscaled, dec->len);
    return (struct kc_value){.tag = KC_V_DECIMAL, .dec = copy};
}

struct kc_value kc_value_copy(struct kc_arena *arena, const struct kc_value *v) {
    struct kc_value copy = *v;
    switch ((enum kc_tag)v->tag) {
    case KC_V_STRING:
    case KC_V_JSON:
    case KC_V_BYTES:
        copy.s = kc_arena_copy(arena, v->len ? v->s : "", v->len);
        return copy;
    case KC_V_ARRAY:
        copy.items = value_array_new(arena, v->len).items;
        for (uint32_t i = 0; i < v->len; i++)
            copy.items[i] = kc_value_copy(arena, &v->items[i]);
        return copy;
    case KC_V_MAP:
        copy.entries = kc_map_new(arena, v->len).entries;
        for (uint32_t i = 0; i < v->len; i++) {
            copy.entries[i].key = kc_value_copy(arena, &v->entries[i].key);
            copy.entries[i].value = kc_value_copy(arena, &v->entries[i].value);
        }
        return copy;
    case KC_V_STRUCT:
        return copy_struct(arena, v->st);
    case KC_V_DECIMAL:
        return copy_decimal(arena, v->dec);
    case KC_V_NULL:
    case KC_V_BOOLEAN:
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
    case KC_V_FLOAT32:
    case KC_V_FLOAT64:
    case KC_V_DATE:
        return copy;
    }
    return copy;
}

/* ---- equality, as Objects.deepEquals ---- */

static bool same_double(double a, double b) {
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return memcmp(&a, &b, sizeof(a)) == 0; /* 0.0 and -0.0 differ, as in Double.equals */
}

/* Maps are equal when they hold the same pairs. Keys are unique, and order is nearly always the same, so the search of
 * a key starts where the last one was found. */
static bool same_map(const struct kc_value *a, const struct kc_value *b) {
    if (a->len != b->len)
        return false;
    uint32_t at = 0;
    for (uint32_t i = 0; i < a->len; i++) {
        uint32_t tried = 0;
        while (tried < b->len && !kc_value_equal(&a->entries[i].key, &b->entries[at].key)) {
            at = at + 1 == b->len ? 0 : at + 1;
            tried++;
        }
        if (tried == b->len || !kc_value_equal(&a->entries[i].value, &b->entries[at].value))
            return false;
        at = at + 1 == b->len ? 0 : at + 1;
    }
    return true;
}

static bool same_struct(const struct kc_struct *a, const struct kc_struct *b) {
    if (a == b)
        return true;
    if (!kc_schema_equal(a->schema, b->schema))
        return false;
    for (uint32_t i = 0; i < a->schema->field_count; i++)
        if (!kc_value_equal(&a->fields[i], &b->fields[i]))
            return false;
    return true;
}

static bool same_unexpanded(const struct kc_value *a, const struct kc_value *b) {
    if (a->tag == b->tag && a->len == b->len && memcmp(a->s, b->s, a->len) == 0)
        return true;
    AUTO(arena) arena = arena_new(0);
    struct kc_value x = kc_json_expand(arena, *a), y = kc_json_expand(arena, *b);
    return kc_value_equal(&x, &y);
}

static bool same_items(const struct kc_value *a, const struct kc_value *b) {
    if (a->len != b->len)
        return false;
    for (uint32_t i = 0; i < a->len; i++)
        if (!kc_value_equal(&a->items[i], &b->items[i]))
            return false;
    return true;
}

bool kc_value_equal(const struct kc_value *a, const struct kc_value *b) {
    if (a->tag == KC_V_JSON || b->tag == KC_V_JSON)
        return same_unexpanded(a, b);
    if (a->tag != b->tag)
        return false;
    switch ((enum kc_tag)a->tag) {
    case KC_V_NULL:
        return true;
    case KC_V_BOOLEAN:
        return a->b == b->b;
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
    case KC_V_DATE:
        return a->i == b->i;
    case KC_V_FLOAT32:
    case KC_V_FLOAT64:
        return same_double(a->f, b->f);
    case KC_V_STRING:
    case KC_V_BYTES:
    case KC_V_JSON:
        return a->len == b->len && (a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
    case KC_V_ARRAY:
        return same_items(a, b);
    case KC_V_MAP:
        return same_map(a, b);
    case KC_V_STRUCT:
        return same_struct(a->st, b->st);
    case KC_V_DECIMAL:
        return decimal_equal(a->dec, b->dec);
    }
    return false;
}

/* ---- names ---- */

const char *kc_value_java_class(const struct kc_value *v) {
    switch ((enum kc_tag)v->tag) {
    case KC_V_NULL:
        return "null";
    case KC_V_BOOLEAN:
        return "java.lang.Boolean";
    case KC_V_INT8:
        return "java.lang.Byte";
    case KC_V_INT16:
        return "java.lang.Short";
    case KC_V_INT32:
        return "java.lang.Integer";
    case KC_V_INT64:
        return "java.lang.Long";
    case KC_V_FLOAT32:
        return "java.lang.Float";
    case KC_V_FLOAT64:
        return "java.lang.Double";
    case KC_V_STRING:
        return "java.lang.String";
    case KC_V_BYTES:
        return "[B";
    case KC_V_ARRAY:
        return "java.util.ArrayList";
    case KC_V_MAP:
        return v->flags & KC_MAP_UNORDERED ? "java.util.HashMap" : "java.util.LinkedHashMap";
    case KC_V_STRUCT:
        return "org.apache.kafka.connect.data.Struct";
    case KC_V_DECIMAL:
        return "java.math.BigDecimal";
    case KC_V_DATE:
        return "java.util.Date";
    case KC_V_JSON:
        return value_json_is_array(v) ? "java.util.ArrayList" : "java.util.HashMap";
    }
    return "?";
}

bool value_json_is_array(const struct kc_value *v) {
    uint32_t i = 0;
    while (i < v->len && v->s[i] != '[' && v->s[i] != '{')
        i++;
    return i < v->len && v->s[i] == '[';
}

int value_type(const struct kc_value *v) {
    switch ((enum kc_tag)v->tag) {
    case KC_V_BOOLEAN:
        return KC_BOOLEAN;
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
        return KC_INT8 + (v->tag - KC_V_INT8);
    case KC_V_FLOAT32:
        return KC_FLOAT32;
    case KC_V_FLOAT64:
        return KC_FLOAT64;
    case KC_V_STRING:
        return KC_STRING;
    case KC_V_BYTES:
        return KC_BYTES;
    case KC_V_ARRAY:
        return KC_ARRAY;
    case KC_V_MAP:
        return KC_MAP;
    case KC_V_STRUCT:
        return KC_STRUCT;
    case KC_V_JSON:
        return value_json_is_array(v) ? KC_ARRAY : KC_MAP;
    case KC_V_NULL:
    case KC_V_DECIMAL:
    case KC_V_DATE:
        return -1;
    }
    return -1;
}
