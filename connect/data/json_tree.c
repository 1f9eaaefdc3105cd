/* From JSON text to values: numbers without fraction become INT64, others FLOAT64, objects MAPs in the order of the
 * text. Elements are collected on one scratch stack and moved into the arena when their container closes, so that the
 * arena holds exactly what is needed. */
#include "connect/data/json_tree.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/java_hash.h"
#include "connect/data/json_scan.h"
#include "connect/data/value.h"

enum { SCRATCH_VALUES = 128 };

struct tree {
    struct kc_arena *arena;
    uint8_t flags; /* of the text: VALUE_JSON_… */
    bool whole;    /* containers inside are taken apart, too */
    struct kc_value *stack;
    size_t count, capacity;
    struct kc_value first[SCRATCH_VALUES]; /* the stack until it must grow */
};

static void push(struct tree *t, struct kc_value v) {
    if (t->count == t->capacity) {
        size_t bytes = t->capacity * sizeof(*t->stack);
        struct kc_value *more = realloc(t->stack == t->first ? NULL : t->stack, 2 * bytes);
        if (!more)
            abort();
        if (t->stack == t->first)
            memcpy(more, t->first, bytes);
        t->stack = more;
        t->capacity *= 2;
    }
    t->stack[t->count++] = v;
}

struct kc_value json_tree_shallow(struct kc_arena *arena, struct json_text text, uint8_t flags) {
    switch (text.s[0]) {
    case '"':
        return json_text_string(arena, text);
    case 't':
    case 'f':
        return kc_bool(text.s[0] == 't');
    case 'n':
        return kc_null();
    case '{':
    case '[': {
        struct kc_value v = kc_text(text.s, text.len);
        v.tag = KC_V_JSON;
        v.flags = flags;
        return v;
    }
    default:
        if (json_text_is_integral(text))
            return kc_int(KC_INT64, json_text_int64(text));
        return kc_double(json_text_double(text));
    }
}

static struct kc_value take_apart(struct tree *t, struct json_text text);

static struct kc_value element(struct tree *t, struct json_text text) {
    if (t->whole && (text.s[0] == '{' || text.s[0] == '['))
        return take_apart(t, text);
    return json_tree_shallow(t->arena, text, t->flags);
}

/* ---- containers ---- */

static struct kc_value take_array(struct tree *t, struct json_text text) {
    size_t base = t->count;
    struct json_walk w = json_walk_start(text);
    struct json_text item;
    while (json_walk_item(&w, &item))
        push(t, element(t, item));
    struct kc_value array = value_array_new(t->arena, (uint32_t)(t->count - base));
    memcpy(array.items, t->stack + base, array.len * sizeof(*array.items));
    t->count = base;
    return array;
}

_Static_assert(sizeof(struct kc_entry) == 2 * sizeof(struct kc_value), "an entry is two values in a row");

static struct kc_value take_object(struct tree *t, struct json_text text) {
    size_t base = t->count;
    struct json_walk w = json_walk_start(text);
    struct json_text name, value;
    while (json_walk_member(&w, &name, &value)) {
        push(t, json_text_string(t->arena, name));
        push(t, element(t, value));
    }
    uint32_t count = (uint32_t)(t->count - base) / 2;
    struct kc_value map = kc_map_new(t->arena, count);
    memcpy(map.entries, t->stack + base, count * sizeof(*map.entries));
    map.len = count;
    if (!(t->flags & VALUE_JSON_UNIQUE))
        java_map_last_wins(&map);
    map.flags = KC_MAP_UNORDERED;
    t->count = base;
    return map;
}

static struct kc_value take_apart(struct tree *t, struct json_text text) {
    return text.s[0] == '{' ? take_object(t, text) : take_array(t, text);
}

static struct kc_value expand(struct kc_arena *arena, struct kc_value v, bool whole) {
    if (v.tag != KC_V_JSON)
        return v;
    struct tree t;
    t.arena = arena;
    t.flags = v.flags;
    t.whole = whole;
    t.stack = t.first;
    t.count = 0;
    t.capacity = SCRATCH_VALUES;
    struct kc_value tree = take_apart(&t, (struct json_text){v.s, v.len});
    if (t.stack != t.first)
        free(t.stack);
    return tree;
}

struct kc_value kc_json_expand(struct kc_arena *arena, struct kc_value v) {
    return expand(arena, v, true);
}

struct kc_value kc_json_open(struct kc_arena *arena, struct kc_value v) {
    return expand(arena, v, false);
}

int kc_value_from_json(struct kc_arena *arena, const char *text, size_t len, struct kc_value *ret_value,
                       struct kc_error *err) {
    struct json_scan scan;
    if (json_check(arena, text, len, &scan, err) < 0)
        return -1;
    *ret_value = scan.text.s ? json_tree_shallow(arena, scan.text, scan.flags) : kc_null();
    return 0;
}
