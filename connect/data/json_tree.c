/* From JSON text to values: numbers without fraction become INT64, others FLOAT64, objects MAPs in the order of the
 * text. Elements are collected on one scratch stack and moved into the arena when their container closes, so that the
 * arena holds exactly what is needed. */
#include "connect/data/json_tree.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/java_hash.h"
#include "connect/data/json_bytes.h"
#include "connect/data/json_scan.h"
#include "connect/data/value.h"

enum { SCRATCH_VALUES = 128 };

struct tree {
    struct kc_arena *arena;
    const char *end; /* of the text */
    uint8_t flags;   /* of the text: VALUE_JSON_… */
    bool whole;      /* containers inside are taken apart, too */
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

static const char *take_container(struct tree *t, const char *p);

/* Pushes the value at p and returns what is behind it. Containers that stay text are skipped, others are gone through
 * once, whatever their depth. */
static const char *take_value(struct tree *t, const char *p) {
    if (t->whole && (*p == '{' || *p == '['))
        return take_container(t, p);
    const char *behind = json_walk_skip(p, t->end);
    push(t, json_tree_shallow(t->arena, (struct json_text){p, (size_t)(behind - p)}, t->flags));
    return behind;
}

_Static_assert(sizeof(struct kc_entry) == 2 * sizeof(struct kc_value), "an entry is two values in a row");

/* What was pushed since `base` as one ARRAY or MAP. */
static struct kc_value collect(struct tree *t, size_t base, bool object) {
    uint32_t count = (uint32_t)(t->count - base);
    size_t bytes = count * sizeof(struct kc_value);
    struct kc_value v = {.tag = object ? KC_V_MAP : KC_V_ARRAY, .len = object ? count / 2 : count};
    v.items = kc_arena_alloc(t->arena, bytes);
    memcpy(v.items, t->stack + base, bytes);
    if (object) {
        v.flags = KC_MAP_UNORDERED;
        if (!(t->flags & VALUE_JSON_UNIQUE))
            java_map_last_wins(&v);
    }
    t->count = base;
    return v;
}

static const char *take_name(struct tree *t, const char *p) {
    const char *behind = json_walk_skip(p, t->end);
    push(t, json_text_string(t->arena, (struct json_text){p, (size_t)(behind - p)}));
    return json_blanks(json_blanks(behind, t->end) + 1, t->end); /* over the colon */
}

static const char *take_container(struct tree *t, const char *p) {
    bool object = *p == '{';
    size_t base = t->count;
    for (;;) {
        p = json_blanks(p + 1, t->end); /* over the bracket or a comma */
        if (*p == '}' || *p == ']')
            break; /* only when empty */
        if (object)
            p = take_name(t, p);
        p = json_blanks(take_value(t, p), t->end);
        if (*p != ',')
            break;
    }
    push(t, collect(t, base, object));
    return p + 1;
}

static struct kc_value expand(struct kc_arena *arena, struct kc_value v, bool whole) {
    if (v.tag != KC_V_JSON)
        return v;
    struct tree t;
    t.arena = arena;
    t.end = v.s + v.len;
    t.flags = v.flags;
    t.whole = whole;
    t.stack = t.first;
    t.count = 0;
    t.capacity = SCRATCH_VALUES;
    take_container(&t, v.s);
    struct kc_value tree = t.stack[0];
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
