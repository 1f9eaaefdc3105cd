/* From JSON text to values: numbers without fraction become INT64, others FLOAT64, objects MAPs in the order of the
 * text. One loop goes through the text and all containers in it; their elements are collected on one scratch stack and
 * moved into the arena when their container closes, so that the arena holds exactly what is needed. */
#include "connect/data/json_tree.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/java_hash.h"
#include "connect/data/json_bytes.h"
#include "connect/data/json_scan.h"
#include "connect/data/value.h"

enum { SCRATCH_VALUES = 128 };

struct open {      /* a container that is not complete */
    uint32_t base; /* where its elements begin on the stack */
    bool object;
};

struct tree {
    struct kc_arena *arena;
    const char *end;      /* of the text */
    const char *near_end; /* before here the 17 bytes from each on are text */
    uint8_t flags;        /* of the text: VALUE_JSON_… */
    bool whole;           /* containers inside are taken apart, too */
    unsigned depth;
    struct kc_value *stack;
    size_t count, capacity;
    struct kc_value first[SCRATCH_VALUES]; /* the stack until it must grow */
    struct open open[JSON_MAX_DEPTH + 1];
};

static void grow(struct tree *t) {
    size_t bytes = t->capacity * sizeof(*t->stack);
    struct kc_value *more = realloc(t->stack == t->first ? NULL : t->stack, 2 * bytes);
    if (!more)
        abort();
    if (t->stack == t->first)
        memcpy(more, t->first, bytes);
    t->stack = more;
    t->capacity *= 2;
}

static inline void push(struct tree *t, struct kc_value v) {
    if (t->count == t->capacity)
        grow(t);
    t->stack[t->count++] = v;
}

static inline struct kc_value borrowed(enum kc_tag tag, const char *s, const char *end) {
    return (struct kc_value){.tag = (uint8_t)tag, .len = (uint32_t)(end - s), .s = s};
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

/* ---- Elements ---- */

static inline const char *take_string(struct tree *t, struct json_marks *marks, const char *p) {
    const char *quote = json_marks_behind(marks, p, json_quote_block);
    if (*quote == '"') {
        push(t, borrowed(KC_V_STRING, p + 1, quote));
        return quote + 1;
    }
    const char *behind = json_walk_skip(p, t->end);
    push(t, json_text_string(t->arena, (struct json_text){p, (size_t)(behind - p)}));
    return behind;
}

/* A number that json_plain_number knows: at most 15 digits are a double exactly, and one division rounds correctly. */
static inline struct kc_value plain_number(const char *p, const char *behind, unsigned whole) {
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    static const uint64_t factors[] = {1,           10,           100,           1000,           10000,
                                       100000,      1000000,      10000000,      100000000,      1000000000,
                                       10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000};
    bool negative = *p == '-';
    const char *digits = p + negative;
    int64_t n = (int64_t)json_digits(digits, whole);
    unsigned fraction = (unsigned)(behind - digits) - whole;
    if (fraction == 0)
        return (struct kc_value){.tag = KC_V_INT64, .i = negative ? -n : n};
    fraction--;
    n = n * (int64_t)factors[fraction] + (int64_t)json_digits(digits + whole + 1, fraction);
    double value = (double)n / tens[fraction];
    return (struct kc_value){.tag = KC_V_FLOAT64, .f = negative ? -value : value};
}

/* A number, a word, or a container that stays text. */
static inline const char *take_other(struct tree *t, const char *p) {
    unsigned whole;
    if (p < t->near_end && (*p == '-' || json_is_digit(*p))) {
        const char *behind = json_plain_number(p, &whole);
        if (behind) {
            push(t, plain_number(p, behind, whole));
            return behind;
        }
    }
    const char *behind = json_walk_skip(p, t->end);
    push(t, json_tree_shallow(t->arena, (struct json_text){p, (size_t)(behind - p)}, t->flags));
    return behind;
}

/* ---- Containers ---- */

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

/* Inside a container there is always something behind blanks: its bracket, if nothing else. */
static inline const char *over_blanks(const char *p) {
    while (json_is_blank(*p))
        p++;
    return p;
}

/* Behind an element: closes containers; at the next element, or behind the outermost container (depth 0). */
static inline const char *next_element(struct tree *t, const char *p) {
    for (;;) {
        p = over_blanks(p);
        if (*p == ',')
            return over_blanks(p + 1);
        struct open *o = &t->open[t->depth--];
        push(t, collect(t, o->base, o->object));
        p++;
        if (t->depth == 0)
            return p;
    }
}

/* From the bracket at p to behind the one that closes it. Its value is the only one on the stack then. */
static void take_container(struct tree *t, const char *p) {
    struct json_marks marks = json_marks_start(p, t->end, json_quote_block);
    bool name_next = false;
    do {
        if (*p == '"') {
            p = take_string(t, &marks, p);
            if (name_next) {
                p = over_blanks(over_blanks(p) + 1); /* the colon */
                name_next = false;
                continue;
            }
        } else if ((*p == '{' || *p == '[') && (t->whole || t->depth == 0)) {
            name_next = *p == '{';
            t->open[++t->depth] = (struct open){(uint32_t)t->count, name_next};
            p = over_blanks(p + 1);
            if (*p != '}' && *p != ']')
                continue;
        } else {
            p = take_other(t, p);
        }
        p = next_element(t, p);
        name_next = t->open[t->depth].object;
    } while (t->depth > 0);
}

static struct kc_value expand(struct kc_arena *arena, struct kc_value v, bool whole) {
    if (v.tag != KC_V_JSON)
        return v;
    struct tree t;
    t.arena = arena;
    t.end = v.s + v.len;
    t.near_end = v.len > 17 ? t.end - 17 : v.s;
    t.flags = v.flags;
    t.whole = whole;
    t.depth = 0;
    t.open[0].object = false;
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
