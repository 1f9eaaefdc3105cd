/* Schemaless values, the usual way: maps with names, arrays, strings, numbers, words. They are most of what is written,
 * so where the next byte goes stays in a register, and there is one check for room per token: SLACK bytes are always
 * there for a number or word and the punctuation around it. Whatever is not usual is left to json_write.c. */
#include <math.h>
#include <string.h>

#include "connect/data/json_bytes.h"
#include "connect/data/json_scan.h"
#include "connect/data/json_write.h"
#include "connect/data/number_text.h"
#include "connect/data/value.h"

enum { SLACK = NUMBER_TEXT_MAX + 16 };

struct plain {
    struct buf *out;
    const char *limit; /* SLACK bytes before the end of the buffer */
    unsigned depth;
};

/* Functions that write get and return where the next byte goes. They return NULL for what is not usual. */

/* Near the maximum of the buffer it is not known whether the slack will be needed: json_write.c finds out. */
static __attribute__((noinline, cold)) char *more_room(struct plain *w, char *to, size_t len) {
    w->out->len = (size_t)(to - w->out->data);
    if (w->out->max - w->out->len <= len + SLACK || buf_reserve(w->out, len + SLACK) < 0)
        return NULL;
    w->limit = w->out->data + w->out->cap - SLACK;
    return w->out->data + w->out->len;
}

/* Room for `len` bytes and the slack. */
static inline char *room(struct plain *w, char *to, size_t len) {
    return __builtin_expect(w->limit - to > (ptrdiff_t)len, 1) ? to : more_room(w, to, len);
}

/* A string that needs escapes, or has characters beyond ASCII. */
static __attribute__((noinline, cold)) char *any_string(struct plain *w, char *to, const struct kc_value *v) {
    w->out->len = (size_t)(to - w->out->data);
    if (json_write_string(w->out, v->s, v->len) < 0)
        return NULL;
    return more_room(w, w->out->data + w->out->len, 0);
}

static inline __attribute__((always_inline)) char *string(struct plain *w, char *to, const struct kc_value *v) {
    size_t len = v->len;
    to = room(w, to, len);
    if (!to)
        return NULL;
    *to = '"';
    if (__builtin_expect(!json_copy_plain(to + 1, v->s, len), 0))
        return any_string(w, to, v);
    to[len + 1] = '"';
    return to + len + 2;
}

static char *container(struct plain *w, char *to, const struct kc_value *v);

static inline char *word(char *to, const char *text, size_t len) {
    memcpy(to, text, 8);
    return to + len;
}

static char *json(struct plain *w, char *to, const struct kc_value *v) {
    if (!(v->flags & VALUE_JSON_COMPACT) || !(to = room(w, to, v->len)))
        return NULL;
    memcpy(to, v->s, v->len);
    return to + v->len;
}

/* Writes no more than the slack, but for strings, containers and JSON, which make room themselves. */
static inline __attribute__((always_inline)) char *value(struct plain *w, char *to, const struct kc_value *v) {
    if (v->tag == KC_V_STRING)
        return string(w, to, v);
    to = room(w, to, 0);
    if (!to)
        return NULL;
    switch (v->tag) {
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
        return to + number_text_int(to, v->i);
    case KC_V_FLOAT32:
        return isfinite(v->f) ? to + number_text_float(to, (float)v->f) : NULL;
    case KC_V_FLOAT64:
        return isfinite(v->f) ? to + number_text_double(to, v->f) : NULL;
    case KC_V_MAP:
    case KC_V_ARRAY:
        return container(w, to, v);
    case KC_V_BOOLEAN:
        return v->b ? word(to, "true\0\0\0", 4) : word(to, "false\0\0", 5);
    case KC_V_NULL:
        return word(to, "null\0\0\0", 4);
    case KC_V_JSON:
        return json(w, to, v);
    default:
        return NULL;
    }
}

static char *array(struct plain *w, char *to, const struct kc_value *v) {
    *to++ = '[';
    for (const struct kc_value *item = v->items, *end = item + v->len; item < end; item++) {
        to = value(w, to, item);
        if (!to)
            return NULL;
        *to++ = ',';
    }
    to[-(v->len > 0)] = ']';
    return to + (v->len == 0);
}

static char *object(struct plain *w, char *to, const struct kc_value *v) {
    *to++ = '{';
    for (const struct kc_entry *e = v->entries, *end = e + v->len; e < end; e++) {
        if (e->key.tag != KC_V_STRING || !(to = string(w, to, &e->key)))
            return NULL;
        *to++ = ':';
        to = value(w, to, &e->value);
        if (!to)
            return NULL;
        *to++ = ',';
    }
    to[-(v->len > 0)] = '}';
    return to + (v->len == 0);
}

static __attribute__((noinline)) char *container(struct plain *w, char *to, const struct kc_value *v) {
    if (++w->depth > JSON_MAX_DEPTH)
        return NULL;
    to = v->tag == KC_V_MAP ? object(w, to, v) : array(w, to, v);
    w->depth--;
    return to ? room(w, to, 0) : NULL;
}

/* Of the values, only containers are worth the while. */
bool json_write_plain(struct buf *out, const struct kc_value *v, unsigned depth) {
    size_t before = out->len;
    struct plain w = {.out = out, .limit = out->data, .depth = depth};
    if (out->cap > before + SLACK)
        w.limit = out->data + out->cap - SLACK;
    if (v->tag != KC_V_MAP && v->tag != KC_V_ARRAY)
        return false;
    char *to = room(&w, out->data + before, 0);
    if (!to || !(to = container(&w, to, v))) {
        out->len = before;
        return false;
    }
    *to = '\0';
    out->len = (size_t)(to - out->data);
    return true;
}
