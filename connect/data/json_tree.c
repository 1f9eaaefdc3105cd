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
    struct kc_value *stack, *limit;        /* limit: where there is no room for two more */
    struct kc_value first[SCRATCH_VALUES]; /* the stack until it must grow */
    struct open open[JSON_MAX_DEPTH + 1];
};

/* A larger stack; returns where `top` is in it. */
static struct kc_value *grow(struct tree *t, struct kc_value *top) {
    size_t count = (size_t)(top - t->stack), capacity = 2 * (count + 2);
    struct kc_value *more = realloc(t->stack == t->first ? NULL : t->stack, capacity * sizeof(*t->stack));
    if (!more)
        abort();
    if (t->stack == t->first)
        memcpy(more, t->first, count * sizeof(*more));
    t->stack = more;
    t->limit = more + capacity - 2;
    return more + count;
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

/* Each of these is at the first byte of a value, puts it at `to`, and returns what is behind it. */

static const char *take_any(struct tree *t, const char *p, struct kc_value *to) {
    const char *behind = json_walk_skip(p, t->end);
    *to = json_tree_shallow(t->arena, (struct json_text){p, (size_t)(behind - p)}, t->flags);
    return behind;
}

/* The next of the marks is the opening quote. */
static inline const char *take_string(struct tree *t, struct json_marks *marks, struct kc_value *to) {
    const char *p = json_marks_next(marks, json_quote_block), *quote = json_marks_next(marks, json_quote_block);
    if (__builtin_expect(*quote != '"', 0)) {
        const char *behind = take_any(t, p, to);
        json_marks_from(marks, behind, json_quote_block);
        return behind;
    }
    to->tag = KC_V_STRING;
    to->flags = 0;
    to->reserved = 0;
    to->len = (uint32_t)(quote - p - 1);
    to->s = p + 1;
    return quote + 1;
}

/* At most 15 digits are a double exactly, and one division rounds correctly. */
static inline struct kc_value fraction(bool negative, const char *digits, unsigned whole, unsigned len) {
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    static const uint64_t factors[] = {1,           10,           100,           1000,           10000,
                                       100000,      1000000,      10000000,      100000000,      1000000000,
                                       10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000};
    unsigned behind = len - whole - 1;
    uint64_t n = len <= 8 ? json_digits_around_point(digits, whole, len)
                          : json_digits(digits, whole) * factors[behind] + json_digits(digits + whole + 1, behind);
    double value = (double)(int64_t)n / tens[behind];
    return (struct kc_value){.tag = KC_V_FLOAT64, .f = negative && n ? -value : value};
}

/* Numbers of at most 15 digits without exponent are read here. */
static inline const char *take_number(struct tree *t, const char *p, struct kc_value *to) {
    bool negative = *p == '-';
    const char *digits = p + negative;
    if (__builtin_expect(p >= t->near_end, 0))
        return take_any(t, p, to);
    unsigned other = ~json_digit_16(digits) | 1u << 16; /* what is not a digit */
    unsigned whole = (unsigned)__builtin_ctz(other), len = whole;
    if (digits[whole] == '.')
        len = (unsigned)__builtin_ctz(other & (other - 1));
    if (__builtin_expect(len >= 16 || (digits[len] | 0x20) == 'e', 0))
        return take_any(t, p, to);
    if (len > whole) {
        *to = fraction(negative, digits, whole, len);
    } else {
        int64_t n = (int64_t)json_digits(digits, whole);
        *to = (struct kc_value){.tag = KC_V_INT64, .i = negative ? -n : n};
    }
    return digits + len;
}

static inline const char *take_scalar(struct tree *t, const char *p, struct kc_value *to) {
    switch (*p) {
    case 't':
        *to = (struct kc_value){.tag = KC_V_BOOLEAN, .b = true};
        return p + 4;
    case 'f':
        *to = (struct kc_value){.tag = KC_V_BOOLEAN, .b = false};
        return p + 5;
    case 'n':
        *to = kc_null();
        return p + 4;
    default:
        return take_number(t, p, to);
    }
}

/* ---- Containers ---- */

_Static_assert(sizeof(struct kc_entry) == 2 * sizeof(struct kc_value), "an entry is two values in a row");

/* The values from `first` up to `top` become one ARRAY or MAP in their place. */
static void collect(struct tree *t, struct kc_value *first, const struct kc_value *top, bool object) {
    size_t bytes = (size_t)((const char *)top - (const char *)first);
    uint32_t count = (uint32_t)(top - first);
    struct kc_value v = {.tag = object ? KC_V_MAP : KC_V_ARRAY, .len = object ? count / 2 : count};
    v.items = kc_arena_alloc(t->arena, bytes);
    memcpy(v.items, first, bytes);
    if (object) {
        v.flags = KC_MAP_UNORDERED;
        if (!(t->flags & VALUE_JSON_UNIQUE))
            java_map_last_wins(&v);
    }
    *first = v;
}

/* Between tokens everything up to a space is blank. Inside a container there is always something behind blanks: its
 * bracket, if nothing else. */
static inline const char *over_blanks(const char *p) {
    while ((unsigned char)*p <= ' ')
        p++;
    return p;
}

/* Behind an element: closes containers; at the next element, or behind the outermost container (depth 0). */
static inline const char *next_element(struct tree *t, const char *p, struct kc_value **top) {
    for (;;) {
        p = over_blanks(p);
        if (*p == ',')
            return over_blanks(p + 1);
        struct open *o = &t->open[t->depth--];
        collect(t, t->stack + o->base, *top, o->object);
        *top = t->stack + o->base + 1;
        p++;
        if (t->depth == 0)
            return p;
    }
}

/* From the bracket at p to behind the one that closes it. Its value is the only one on the stack then. */
static void take_container(struct tree *t, const char *p) {
    struct json_marks marks = json_marks_start(p, t->end, json_quote_block);
    struct kc_value *top = t->stack;
    bool object = false;
    do {
        if (top >= t->limit)
            top = grow(t, top);
        if (object) {
            p = over_blanks(take_string(t, &marks, top++));
            p = over_blanks(p + 1); /* the colon */
        }
        if (*p == '"') {
            p = take_string(t, &marks, top++);
        } else if ((*p | 0x20) != '{') {
            p = take_scalar(t, p, top++);
        } else if (t->depth > 0 && !t->whole) {
            p = take_any(t, p, top++);
            json_marks_from(&marks, p, json_quote_block);
        } else {
            object = *p == '{';
            t->open[++t->depth] = (struct open){(uint32_t)(top - t->stack), object};
            p = over_blanks(p + 1);
            if ((*p | 0x20) != '}')
                continue;
        }
        p = next_element(t, p, &top);
        object = t->open[t->depth].object;
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
    t.limit = t.first + SCRATCH_VALUES - 2;
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
