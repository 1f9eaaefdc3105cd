/* Java's hash codes. Unpaired surrogates do not occur in our strings; everything else gives exactly Java's numbers. */
#include "connect/data/java_hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/map.h"
#include "connect/base/utf8.h"
#include "connect/data/decimal.h"
#include "connect/data/value.h"

/* String.hashCode: over UTF-16 units. */
static uint32_t text_hash(const char *s, size_t len) {
    uint32_t hash = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c = (unsigned char)s[i];
        size_t n = c < 0x80 ? 1 : utf8_get(s + i, len - i, &c);
        if (n == 0) {
            c = 0xfffd;
            n = 1;
        }
        if (c >= 0x10000) {
            hash = hash * 31 + (0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + (c & 0x3ff);
        }
        hash = hash * 31 + c;
        i += n;
    }
    return hash;
}

static uint32_t int64_hash(uint64_t i) {
    return (uint32_t)(i ^ i >> 32);
}

static uint32_t double_hash(double f) {
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    if (!isnan(f))
        memcpy(&bits, &f, sizeof(bits));
    return int64_hash(bits);
}

static uint32_t float_hash(double f) {
    uint32_t bits = 0x7fc00000;
    float single = (float)f;
    if (!isnan(single))
        memcpy(&bits, &single, sizeof(bits));
    return bits;
}

/* BigInteger.hashCode over big-endian 32-bit words of the magnitude, times the sign; then BigDecimal's. */
static uint32_t decimal_hash(const struct kc_decimal *dec) {
    size_t len;
    const uint8_t *p = decimal_bytes(dec, &len);
    bool negative = p[0] >= 0x80;
    bool low_zero = true; /* all bytes below the current word are zero: the +1 of the negation carries on */
    uint32_t hash = 0, power = 1;
    /* From the least significant word up: hash = Σ word(i) · 31^i. */
    for (size_t end = len; end > 0;) {
        uint32_t word = 0;
        size_t start = end >= 4 ? end - 4 : 0;
        for (size_t i = start; i < end; i++)
            word = word << 8 | p[i];
        if (negative) {
            if (end - start < 4)
                word |= UINT32_MAX << (8 * (end - start));
            bool zero = word == 0;
            word = ~word + low_zero;
            low_zero = low_zero && zero;
        }
        hash += word * power;
        power *= 31;
        end = start;
    }
    if (negative && low_zero) /* -2^(32n): one more word, 1 */
        hash += power;
    if (negative)
        hash = 0 - hash;
    return 31 * hash + (uint32_t)dec->scale;
}

static uint32_t array_hash(const struct kc_value *v) {
    uint32_t hash = 1;
    for (uint32_t i = 0; i < v->len; i++)
        hash = 31 * hash + java_hash(&v->items[i]);
    return hash;
}

static uint32_t map_hash(const struct kc_value *v) {
    uint32_t hash = 0;
    for (uint32_t i = 0; i < v->len; i++)
        hash += java_hash(&v->entries[i].key) ^ java_hash(&v->entries[i].value);
    return hash;
}

/* The schema's part of Struct.hashCode is left out: maps keyed by structs have no order that anybody could rely on. */
static uint32_t struct_hash(const struct kc_struct *st) {
    uint32_t hash = 1;
    for (uint32_t i = 0; i < st->schema->field_count; i++)
        hash = 31 * hash + java_hash(&st->fields[i]);
    return hash;
}

static uint32_t unexpanded_hash(const struct kc_value *v) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value whole = kc_json_expand(arena, *v);
    return java_hash(&whole);
}

uint32_t java_hash(const struct kc_value *v) {
    switch ((enum kc_tag)v->tag) {
    case KC_V_NULL:
        return 0;
    case KC_V_BOOLEAN:
        return v->b ? 1231 : 1237;
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
        return (uint32_t)v->i;
    case KC_V_INT64:
    case KC_V_DATE:
        return int64_hash((uint64_t)v->i);
    case KC_V_FLOAT32:
        return float_hash(v->f);
    case KC_V_FLOAT64:
        return double_hash(v->f);
    case KC_V_STRING:
        return text_hash(v->s, v->len);
    case KC_V_BYTES: /* identity in Java; by content here, so that equal values have equal hashes */
        return text_hash(v->s, v->len);
    case KC_V_ARRAY:
        return array_hash(v);
    case KC_V_MAP:
        return map_hash(v);
    case KC_V_STRUCT:
        return struct_hash(v->st);
    case KC_V_DECIMAL:
        return decimal_hash(v->dec);
    case KC_V_JSON:
        return unexpanded_hash(v);
    }
    return 0;
}

/* ---- maps ---- */

static uint32_t power_of_two(uint32_t at_least) {
    uint32_t size = 16;
    while (size < at_least)
        size *= 2;
    return size;
}

/* Texts that collide in Java's hash are easy to make, so it is not used where their number could hurt. */
static uint32_t spread(const struct kc_value *key) {
    return key->tag == KC_V_STRING ? (uint32_t)hash_bytes(key->s, key->len) : java_hash(key) * 2654435761u >> 4;
}

/* The slot of an equal key, or the free one where it belongs. */
static uint32_t *key_slot(uint32_t *slots, uint32_t size, const struct kc_entry *entries, const struct kc_entry *e) {
    uint32_t at = spread(&e->key) & (size - 1);
    while (slots[at] && !kc_value_equal(&entries[slots[at] - 1].key, &e->key))
        at = (at + 1) & (size - 1);
    return &slots[at];
}

void java_map_last_wins(struct kc_value *map) {
    if (map->len < 2)
        return;
    uint32_t size = power_of_two(map->len * 2), kept = 0;
    uint32_t few[64] = {0};
    uint32_t *slots = size <= COUNT_OF(few) ? few : calloc(size, sizeof(*slots));
    if (!slots)
        abort();
    for (uint32_t i = 0; i < map->len; i++) {
        uint32_t *slot = key_slot(slots, size, map->entries, &map->entries[i]);
        if (*slot) {
            map->entries[*slot - 1].value = map->entries[i].value;
            continue;
        }
        map->entries[kept++] = map->entries[i];
        *slot = kept;
    }
    map->len = kept;
    if (slots != few)
        free(slots);
}

struct placed {
    uint32_t bucket, index;
};

static int by_bucket(const void *a, const void *b) {
    const struct placed *x = a, *y = b;
    if (x->bucket != y->bucket)
        return x->bucket < y->bucket ? -1 : 1;
    return x->index < y->index ? -1 : 1; /* within a bucket in the order of insertion, also after resizing */
}

const struct kc_entry **java_hash_map_order(struct kc_arena *arena, const struct kc_value *map) {
    return java_sized_map_order(arena, map, 16);
}

const struct kc_entry **java_sized_map_order(struct kc_arena *arena, const struct kc_value *map, uint32_t capacity) {
    uint32_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    while (map->len > (uint32_t)(0.75 * buckets))
        buckets *= 2;
    struct placed *placed = kc_arena_alloc(arena, sizeof(*placed) * (map->len + 1));
    const struct kc_entry **order = kc_arena_alloc(arena, sizeof(struct kc_entry *) * (map->len + 1));
    for (uint32_t i = 0; i < map->len; i++) {
        uint32_t hash = java_hash(&map->entries[i].key);
        placed[i] = (struct placed){(hash ^ hash >> 16) & (buckets - 1), i};
    }
    qsort(placed, map->len, sizeof(*placed), by_bucket);
    for (uint32_t i = 0; i < map->len; i++)
        order[i] = &map->entries[placed[i].index];
    return order;
}
