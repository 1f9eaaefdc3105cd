/* See json_shape.h. One instance per converter, used by its thread. */
#include "connect/data/json_shape.h"

#include <stdlib.h>
#include <string.h>

#include "connect/data/json_bytes.h"
#include "connect/data/json_tokens.h"
#include "connect/data/value.h"

enum { SHAPES = 4, MAX_PIECES = 1024, MAX_PIECE_BYTES = 16 * 1024, STEP = 16 };
/* Learning a shape takes as long as checking some texts: each text of a known shape pays a part of it, the first shapes
 * are free, and when nothing has been learned for long it is tried again. */
enum { LEARNING_COSTS = 16, MOST_CREDIT = 8 * LEARNING_COSTS };
enum { STRANGE_MANY = 64, STRANGE_TRY = 16 }; /* after so many strange texts only each so many is looked at */

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
    unsigned credit;  /* for learning */
    struct shape *shapes[SHAPES];
    unsigned common[SHAPES][SHAPES]; /* how many pieces two shapes begin with alike */
};

struct json_shapes *json_shapes_new(void) {
    struct json_shapes *shapes = calloc(1, sizeof(*shapes));
    if (!shapes)
        abort();
    shapes->credit = MOST_CREDIT;
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

/* How far a text was found to have a shape. */
struct progress {
    struct json_tokens t;
    const char *p; /* where the piece should be */
    unsigned piece;
};

/* Goes on to the end of the text, or to the piece that is not there, or is followed by no leaf. */
static bool advance(const struct shape *shape, struct progress *at) {
    struct json_tokens t = at->t;
    const char *p = at->p, *text = shape->text + (at->piece ? shape->ends[at->piece - 1] : 0);
    for (unsigned i = at->piece;; i++) {
        const char *text_end = shape->text + shape->ends[i];
        bool compact = t.compact, overlong = t.overlong;
        const char *behind = over_piece(&t, p, text, (size_t)(text_end - text));
        bool last = i + 1 == shape->count, found = behind && (last || (behind = over_leaf(&t, behind)));
        if (last && found) {
            *at = (struct progress){t, behind, i};
            return true;
        }
        if (!found) {
            t.compact = compact;
            t.overlong = overlong;
            *at = (struct progress){t, p, i};
            return false;
        }
        p = behind;
        text = text_end;
    }
}

/* A shape that goes on otherwise than `shape`, from the piece on that is not there. */
static unsigned other_way(const struct json_shapes *shapes, unsigned shape, unsigned piece, unsigned tried) {
    for (unsigned i = 0; i < SHAPES; i++)
        if (!(tried & 1u << i) && shapes->common[shape][i] == piece && shapes->shapes[i] &&
            shapes->shapes[i]->count > piece)
            return i;
    return SHAPES;
}

/* Shapes that begin alike are a tree: where one ends, another one goes on from there, and nothing is read twice. */
bool json_shapes_check(struct json_shapes *shapes, const char *text, size_t len, unsigned depth,
                       struct json_scan *ret) {
    struct progress at = {.t = json_tokens_start(text, len, NULL), .p = text};
    unsigned i = shapes->last, tried = 0;
    if (!shapes->shapes[i] || (shapes->strange >= STRANGE_MANY && shapes->strange % STRANGE_TRY))
        return false;
    for (;;) {
        const struct shape *shape = shapes->shapes[i];
        if (shape->count && shape->depth == depth && advance(shape, &at))
            break;
        tried |= 1u << i;
        i = other_way(shapes, i, at.piece, tried);
        if (i == SHAPES)
            return false;
    }
    if (at.t.overlong)
        return false;
    shapes->last = i;
    shapes->strange = 0;
    shapes->credit += shapes->credit < MOST_CREDIT;
    ret->text = (struct json_text){text, (size_t)(at.p - text)};
    ret->overlong = false;
    ret->flags = VALUE_JSON_UNIQUE;
    if (at.t.compact)
        ret->flags |= shapes->shapes[i]->unspaced ? VALUE_JSON_SPACED | VALUE_JSON_COMPACT : VALUE_JSON_SPACED;
    return true;
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

/* How many pieces both begin with. */
static unsigned common_pieces(const struct shape *a, const struct shape *b) {
    unsigned n = 0, start = 0;
    while (n < a->count && n < b->count && a->depth == b->depth && a->ends[n] == b->ends[n] &&
           memcmp(a->text + start, b->text + start, a->ends[n] - start) == 0)
        start = a->ends[n++];
    return n;
}

static bool may_learn(struct json_shapes *shapes) {
    bool affordable = shapes->credit >= LEARNING_COSTS;
    if (affordable)
        shapes->credit -= LEARNING_COSTS;
    return affordable || (shapes->strange >= LEARNING_COSTS && !(shapes->strange & (shapes->strange - 1)));
}

void json_shapes_learn(struct json_shapes *shapes, unsigned depth, const struct json_scan *scan) {
    shapes->strange++;
    if (!scan->text.s || !(scan->flags & VALUE_JSON_UNIQUE) || (*scan->text.s | 0x20) != '{' || !may_learn(shapes))
        return;
    shapes->oldest = (shapes->oldest + 1) % SHAPES;
    struct shape *shape = shapes->shapes[shapes->oldest];
    if (!shape && !(shape = shapes->shapes[shapes->oldest] = malloc(sizeof(*shape))))
        abort();
    shape->depth = depth;
    if (!take_shape(shape, scan->text))
        shape->count = 0;
    shapes->last = shapes->oldest;
    for (unsigned i = 0; i < SHAPES; i++)
        if (shapes->shapes[i])
            shapes->common[i][shapes->oldest] = shapes->common[shapes->oldest][i] =
                common_pieces(shapes->shapes[i], shape);
}
