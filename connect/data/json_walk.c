/* Spans, strings and numbers of checked JSON text. */
#include "connect/data/json_walk.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/utf8.h"
#include "connect/data/decimal.h"
#include "connect/data/json_bytes.h"
#include "connect/data/number_text.h"

/* ---- spans ---- */

/* Behind the closing quote; p is behind the opening one. */
static const char *skip_string(const char *p, const char *end) {
    for (;;) {
        p = json_quote_find(p, end);
        if (*p == '"')
            return p + 1;
        p += 2;
    }
}

/* p is at the opening bracket. */
static const char *skip_container(const char *p, const char *end) {
    struct json_marks marks = json_marks_start(p, end, json_nesting_block);
    unsigned depth = 0;
    for (;;) {
        const char *at = json_marks_next(&marks, json_nesting_block);
        if (*at == '"') {
            do { /* what is escaped may be a mark itself */
                if (*at == '\\')
                    at = json_marks_behind(&marks, at + 1, json_nesting_block);
                else
                    at = json_marks_next(&marks, json_nesting_block);
            } while (*at != '"');
        } else if ((*at | 0x20) == '{') {
            depth++;
        } else if (--depth == 0) {
            return at + 1;
        }
    }
}

const char *json_walk_skip(const char *p, const char *end) {
    if (*p == '"')
        return skip_string(p + 1, end);
    if (*p == '{' || *p == '[')
        return skip_container(p, end);
    while (p < end && !json_is_blank(*p) && *p != ',' && *p != '}' && *p != ']')
        p++;
    return p;
}

struct json_walk json_walk_start(struct json_text container) {
    return (struct json_walk){container.s + 1, container.s + container.len};
}

/* To the next element: over blanks and one comma. */
static bool next(struct json_walk *w) {
    const char *p = json_blanks(w->p, w->end);
    if (*p == ',')
        p = json_blanks(p + 1, w->end);
    w->p = p;
    return *p != '}' && *p != ']';
}

static struct json_text take(struct json_walk *w) {
    const char *start = w->p;
    w->p = json_walk_skip(start, w->end);
    return (struct json_text){start, (size_t)(w->p - start)};
}

bool json_walk_member(struct json_walk *w, struct json_text *ret_name, struct json_text *ret_value) {
    if (!next(w))
        return false;
    *ret_name = take(w);
    w->p = json_blanks(json_blanks(w->p, w->end) + 1, w->end);
    *ret_value = take(w);
    return true;
}

bool json_walk_item(struct json_walk *w, struct json_text *ret_value) {
    if (!next(w))
        return false;
    *ret_value = take(w);
    return true;
}

uint32_t json_walk_count_members(struct json_text object) {
    struct json_walk w = json_walk_start(object);
    struct json_text name, value;
    uint32_t count = 0;
    while (json_walk_member(&w, &name, &value))
        count++;
    return count;
}

uint32_t json_walk_count_items(struct json_text array) {
    struct json_walk w = json_walk_start(array);
    struct json_text item;
    uint32_t count = 0;
    while (json_walk_item(&w, &item))
        count++;
    return count;
}

/* ---- strings ---- */

static unsigned hex_digit(char c) {
    return (unsigned)(json_is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

static unsigned hex4(const char *p) {
    return hex_digit(p[0]) << 12 | hex_digit(p[1]) << 8 | hex_digit(p[2]) << 4 | hex_digit(p[3]);
}

/* Decodes the escape at p (a backslash); moves p behind it and a second half that belongs to it. */
static size_t decode_escape(char *to, const char **p, const char *end) {
    static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
    char c = (*p)[1];
    if (c != 'u') {
        const char *known = strchr(from, c);
        *to = known ? into[known - from] : c;
        *p += 2;
        return 1;
    }
    uint32_t unit = hex4(*p + 2);
    *p += 6;
    if (unit >= 0xd800 && unit < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        uint32_t low = hex4(*p + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            *p += 6;
            return utf8_put(to, 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00)));
        }
    }
    return utf8_put(to, unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit);
}

/* No escape is shorter than what it stands for. */
static size_t decode(char *to, const char *p, const char *end) {
    size_t n = 0;
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((slash ? slash : end) - p);
        memcpy(to + n, p, run);
        n += run;
        p += run;
        if (slash)
            n += decode_escape(to + n, &p, end);
    }
    return n;
}

struct kc_value json_text_string(struct kc_arena *arena, struct json_text quoted) {
    const char *p = quoted.s + 1;
    size_t len = quoted.len - 2;
    if (!memchr(p, '\\', len))
        return kc_text(p, len);
    char *to = kc_arena_alloc(arena, len);
    return kc_text(to, decode(to, p, p + len));
}

bool json_text_is(struct json_text quoted, const char *text, size_t len) {
    const char *p = quoted.s + 1, *end = quoted.s + quoted.len - 1;
    if (!memchr(p, '\\', (size_t)(end - p)))
        return (size_t)(end - p) == len && memcmp(p, text, len) == 0;
    size_t at = 0;
    while (p < end) {
        char c[4];
        size_t n = 1;
        if (*p == '\\')
            n = decode_escape(c, &p, end);
        else
            c[0] = *p++;
        if (len - at < n || memcmp(text + at, c, n) != 0)
            return false;
        at += n;
    }
    return at == len;
}

/* ---- numbers ---- */

bool json_text_is_integral(struct json_text number) {
    for (size_t i = 0; i < number.len; i++)
        if (number.s[i] == '.' || number.s[i] == 'e' || number.s[i] == 'E')
            return false;
    return true;
}

static int64_t decimal_int64(struct json_text number) {
    AUTO(arena) arena = arena_new(0);
    struct kc_decimal dec;
    return decimal_parse(arena, number.s, number.len, &dec) < 0 ? 0 : decimal_to_int64(&dec);
}

int64_t json_text_int64(struct json_text number) {
    bool negative = number.s[0] == '-';
    uint64_t n = 0;
    for (size_t i = negative; i < number.len; i++) {
        if (!json_is_digit(number.s[i]))
            return decimal_int64(number);
        n = n * 10 + (uint64_t)(number.s[i] - '0');
    }
    return (int64_t)(negative ? 0 - n : n);
}

static bool all_zero(struct json_text number) {
    for (size_t i = 0; i < number.len; i++) {
        if (number.s[i] >= '1' && number.s[i] <= '9')
            return false;
        if (number.s[i] == 'e' || number.s[i] == 'E')
            return true;
    }
    return true;
}

double json_text_double(struct json_text number) {
    double value = 0;
    (void)!number_parse_double(number.s, number.len, &value);
    return value == 0 && all_zero(number) ? 0.0 : value;
}

float json_text_float(struct json_text number) {
    float value = 0;
    (void)!number_parse_float(number.s, number.len, &value);
    return value == 0 && all_zero(number) ? 0.0f : value;
}
