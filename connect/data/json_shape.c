/* See json_shape.h. One instance per converter, used by its thread. */
#include "connect/data/json_shape.h"

#include <stdlib.h>
#include <string.h>

#include "connect/data/json_bytes.h"
#include "connect/data/json_tokens.h"
#include "connect/data/value.h"

enum { SHAPES = 4, MAX_PIECES = 1024, MAX_PIECE_BYTES = 16 * 1024, STEP = 16 };

struct shape {
    unsigned depth; /* containers around it */
    unsigned count; /* pieces, one more than leaves; 0: there is no shape */
    bool unspaced;  /* there are no blanks between tokens */
    uint16_t ends[MAX_PIECES];
    char text[MAX_PIECE_BYTES + STEP]; /* the pieces, one behind the other */
};

struct json_shapes {
    unsigned last;    /* the shape of the last text */
    unsigned oldest;  /* the one to forget next */
    unsigned strange; /* texts since the last one that had a shape */
    struct shape *shapes[SHAPES];
};

struct json_shapes *json_shapes_new(void) {
    struct json_shapes *shapes = calloc(1, sizeof(*shapes));
    if (!shapes)
        abort();
    return shapes;
}

struct json_shapes *json_shapes_free(struct json_shapes *shapes) {
    for (unsigned i = 0; shapes && i < SHAPES; i++)
        free(shapes->shapes[i]);
    free(shapes);
    return NULL;
}

/* ---- checking ---- */

/* Behind the piece at p; NULL: something else is there. */
static inline const char *over_piece(const struct json_tokens *t, const char *p, const char *piece, size_t len) {
    for (; p < t->near_end && len > STEP; p += STEP, piece += STEP, len -= STEP)
        if (!json_same_16(p, piece, 0xffff))
            return NULL;
    if (p < t->near_end)
        return json_same_16(p, piece, (1u << len) - 1) ? p + len : NULL;
    return (size_t)(t->end - p) >= len && memcmp(p, piece, len) == 0 ? p + len : NULL;
}

static inline const char *over_string(struct json_tokens *t, const char *p) {
    const char *special = json_plain_end(p + 1, t->end);
    if (special < t->end && *special == '"' && special - p <= JSON_MAX_STRING)
        return special + 1;
    return json_token_string(t, p, special);
}

/* Behind the string, number or word at p; NULL: there is none. Whether it ends there, the next piece says. */
static inline const char *over_leaf(struct json_tokens *t, const char *p) {
    unsigned whole;
    if (p < t->near_end) {
        if (*p == '"')
            return over_string(t, p);
        if (*p == 't' ? memcmp(p, "true", 4) == 0 : memcmp(p, "null", 4) == 0)
            return p + 4;
        const char *behind = json_plain_number(p, &whole);
        if (behind)
            return behind;
    }
    if (p == t->end || *p == '{' || *p == '[')
        return NULL;
    return *p == '"' ? over_string(t, p) : json_token_scalar(t, p);
}

/* Whether the text has this shape; ret->flags, and its end. */
static bool check(const struct shape *shape, const char *text, size_t len, struct json_scan *ret) {
    struct json_tokens t = json_tokens_start(text, len, NULL);
    const char *p = text, *piece = shape->text;
    for (unsigned i = 0;; i++) {
        const char *end = shape->text + shape->ends[i];
        p = over_piece(&t, p, piece, (size_t)(end - piece));
        if (!p)
            return false;
        if (i + 1 == shape->count)
            break;
        p = over_leaf(&t, p);
        if (!p)
            return false;
        piece = end;
    }
    if (t.overlong)
        return false;
    ret->text = (struct json_text){text, (size_t)(p - text)};
    ret->overlong = false;
    ret->flags = VALUE_JSON_UNIQUE;
    if (t.compact)
        ret->flags |= shape->unspaced ? VALUE_JSON_SPACED | VALUE_JSON_COMPACT : VALUE_JSON_SPACED;
    return true;
}

bool json_shapes_check(struct json_shapes *shapes, const char *text, size_t len, unsigned depth,
                       struct json_scan *ret) {
    for (unsigned i = 0; i < SHAPES; i++) {
        unsigned at = (shapes->last + i) % SHAPES;
        const struct shape *shape = shapes->shapes[at];
        if (shape && shape->count && shape->depth == depth && check(shape, text, len, ret)) {
            shapes->last = at;
            shapes->strange = 0;
            return true;
        }
    }
    return false;
}

/* ---- learning ---- */

/* Ends a piece with the bytes from `from` to `to`; false: it does not fit. */
static bool add_piece(struct shape *shape, const char *from, const char *to) {
    size_t start = shape->count ? shape->ends[shape->count - 1] : 0, len = (size_t)(to - from);
    if (shape->count == MAX_PIECES || len > MAX_PIECE_BYTES - start)
        return false;
    memcpy(shape->text + start, from, len);
    shape->ends[shape->count++] = (uint16_t)(start + len);
    return true;
}

static bool is_between(char c) {
    return c == ',' || c == ':' || (c | 0x20) == '{' || (c | 0x20) == '}' || json_is_blank(c);
}

static bool take_shape(struct shape *shape, struct json_text text) {
    const char *p = text.s, *end = p + text.len, *piece = p;
    shape->count = 0;
    shape->unspaced = true;
    while (p < end) {
        if (is_between(*p)) {
            shape->unspaced = shape->unspaced && !json_is_blank(*p);
            p++;
            continue;
        }
        const char *behind = json_walk_skip(p, end);
        if (*p != '"' || *json_blanks(behind, end) != ':') { /* not a name, hence a leaf */
            if (!add_piece(shape, piece, p))
                return false;
            piece = behind;
        }
        p = behind;
    }
    return add_piece(shape, piece, end);
}

/* Texts without a common shape cost no more than a few comparisons each: the longer none had one, the fewer are learned
 * from. */
void json_shapes_learn(struct json_shapes *shapes, unsigned depth, const struct json_scan *scan) {
    shapes->strange++;
    if (shapes->strange & (shapes->strange - 1) || !scan->text.s || !(scan->flags & VALUE_JSON_UNIQUE) ||
        (*scan->text.s | 0x20) != '{')
        return;
    shapes->oldest = (shapes->oldest + 1) % SHAPES;
    struct shape *shape = shapes->shapes[shapes->oldest];
    if (!shape && !(shape = shapes->shapes[shapes->oldest] = malloc(sizeof(*shape))))
        abort();
    shape->depth = depth;
    if (take_shape(shape, scan->text))
        shapes->last = shapes->oldest;
    else
        shape->count = 0;
}
