/* Encoding, parsing and canonical form of offset keys; keeps nothing. */
#include "connect/store/offset_keys.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/data/java_hash.h"

enum { MAX_KEY = 1 << 20 };

static const char *type_name(const struct kc_value *v) {
    switch (v->tag) {
    case KC_V_ARRAY:
        return "ARRAY";
    case KC_V_MAP:
        return "MAP";
    case KC_V_STRUCT:
        return "STRUCT";
    case KC_V_JSON:
        return v->len > 0 && v->s[0] == '[' ? "ARRAY" : "MAP";
    default:
        return "null"; /* of no schema type: decimals and dates */
    }
}

int offset_check(const struct kc_value *map, struct kc_error *err) {
    if (map->tag == KC_V_NULL)
        return 0;
    if (map->tag != KC_V_MAP)
        return kc_fail(err, KC_DATA_EXCEPTION, "Offsets must be specified as a Map");
    for (uint32_t i = 0; i < map->len; i++) {
        const struct kc_entry *e = &map->entries[i];
        if (e->key.tag != KC_V_STRING)
            return kc_fail(err, KC_DATA_EXCEPTION, "Offsets may only use String keys");
        if (e->value.tag > KC_V_BYTES)
            return kc_fail(err, KC_DATA_EXCEPTION,
                           "Offsets may only contain primitive types as values, but field %.*s contains %s",
                           (int)e->key.len, e->key.s, type_name(&e->value));
    }
    return 0;
}

static void add_entry(struct kc_arena *arena, struct buf *out, const struct kc_entry *e) {
    size_t len;
    const char *value = kc_value_to_json(arena, &e->value, &len);
    json_write_text(out, e->key.s, e->key.len, true);
    buf_add_char(out, ':');
    buf_add(out, value, len);
}

static void add_map(struct kc_arena *arena, struct buf *out, const struct kc_entry *const *entries, uint32_t count) {
    buf_add_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(out, ',');
        add_entry(arena, out, entries[i]);
    }
    buf_add_char(out, '}');
}

int offset_key_encode(struct kc_arena *arena, const char *connector, const struct kc_value *partition, struct buf *out,
                      struct kc_error *err) {
    struct kc_value map = kc_json_expand(arena, *partition);
    if (offset_check(&map, err) < 0)
        return -1;
    buf_add_char(out, '[');
    json_write_text(out, connector, strlen(connector), true);
    buf_add_char(out, ',');
    if (map.tag == KC_V_NULL)
        buf_add_text(out, "null");
    else
        add_map(arena, out, java_hash_map_order(arena, &map), map.len);
    buf_add_char(out, ']');
    return out->failed ? err_set(err, ERR_LIMIT, "The source partition of connector %s is too large", connector) : 0;
}

/* ---- Parsing ---- */

static int by_key(const void *a, const void *b) {
    const struct kc_entry *x = *(const struct kc_entry *const *)a, *y = *(const struct kc_entry *const *)b;
    size_t common = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order = memcmp(x->key.s, y->key.s, common);
    return order ? order : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

static void make_canonical(struct kc_arena *arena, const char *connector, const struct kc_value *map,
                           struct offset_key *key) {
    AUTO_BUF out;
    buf_init(&out, SIZE_MAX);
    json_write_text(&out, connector, strlen(connector), true);
    const struct kc_entry **entries = kc_arena_alloc(arena, (map->len + 1) * sizeof(void *));
    for (uint32_t i = 0; i < map->len; i++)
        entries[i] = &map->entries[i];
    qsort(entries, map->len, sizeof(void *), by_key);
    add_map(arena, &out, entries, map->len);
    key->canonical = kc_arena_copy(arena, out.data, out.len);
    key->canonical_len = out.len;
}

static int bad_key(struct kc_error *err, const char *why) {
    return err_set(err, ERR_BAD_DATA, "Ignoring offset partition key with an unexpected format: %s", why);
}

int offset_key_parse(struct kc_arena *arena, const void *key, size_t len, struct offset_key *ret_key,
                     struct kc_error *err) {
    struct kc_value v;
    if (!key || len > MAX_KEY)
        return bad_key(err, "no key, or a very long one");
    const char *text = kc_arena_copy(arena, key, len);
    if (kc_value_from_json(arena, text, len, &v, err) < 0)
        return -1;
    v = kc_json_open(arena, v); /* the members stay as they are written */
    if (v.tag != KC_V_ARRAY || v.len != 2 || v.items[0].tag != KC_V_STRING)
        return bad_key(err, "it is not a list of a connector name and a partition");
    if (memchr(v.items[0].s, 0, v.items[0].len))
        return bad_key(err, "the connector name holds a NUL character");
    struct offset_key result = {.connector = kc_arena_copy(arena, v.items[0].s, v.items[0].len)};
    struct kc_value map = kc_json_expand(arena, v.items[1]);
    if (map.tag != KC_V_NULL && map.tag != KC_V_MAP)
        return bad_key(err, "the partition is not an object");
    result.null_partition = map.tag == KC_V_NULL;
    size_t partition_len;
    result.partition = kc_value_to_json(arena, &v.items[1], &partition_len);
    if (result.null_partition)
        map = kc_map_new(arena, 1);
    make_canonical(arena, result.connector, &map, &result);
    if (result.null_partition) /* not the same as an empty partition */
        result.canonical = kc_arena_printf(arena, "null%s", result.canonical), result.canonical_len += 4;
    *ret_key = result;
    return 0;
}
