/* The parts of the JSON writer that copy text: quoted strings, and checked JSON made compact. */
#include <string.h>

#include "connect/base/utf8.h"
#include "connect/data/json_bytes.h"
#include "connect/data/json_scan.h"
#include "connect/data/json_write.h"
#include "connect/data/number_text.h"

static const char hex[] = "0123456789ABCDEF";

/* Appends \uXXXX. */
static char *put_unit(char *to, unsigned unit) {
    *to++ = '\\';
    *to++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *to++ = hex[unit >> shift & 15];
    return to;
}

static char *put_control(char *to, unsigned char c) {
    static const char shorts[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (!shorts[c])
        return put_unit(to, c);
    *to++ = '\\';
    *to++ = shorts[c];
    return to;
}

/* A character that is not plain, at p: 12 bytes at most. Returns its length in the source. */
static size_t put_special(char **to, const char *p, size_t left) {
    unsigned char c = (unsigned char)*p;
    if (c == '"' || c == '\\') {
        *(*to)++ = '\\';
        *(*to)++ = *p;
        return 1;
    }
    if (c < 0x20) {
        *to = put_control(*to, c);
        return 1;
    }
    uint32_t code;
    if (utf8_get(p, left, &code) != 4) { /* shorter characters are not special: this is none */
        *to += utf8_put(*to, 0xfffd);
        return 1;
    }
    *to = put_unit(*to, 0xd800 + ((code - 0x10000) >> 10));
    *to = put_unit(*to, 0xdc00 + (code & 0x3ff));
    return 4;
}

/* The end of what is written as it is from p on: plain bytes and valid characters of two and three bytes. */
static const char *raw_end(const char *p, const char *end) {
    for (;;) {
        uint32_t code;
        p = json_plain_end(p, end);
        if (p == end || (unsigned char)*p < 0x80 || (unsigned char)*p >= 0xf0)
            return p;
        size_t len = utf8_get(p, (size_t)(end - p), &code);
        if (len == 0)
            return p;
        p += len;
    }
}

/* From p to the end, with the closing quote. */
static int write_rest(struct buf *out, const char *p, const char *end) {
    for (;;) {
        const char *raw = raw_end(p, end);
        if (buf_add(out, p, (size_t)(raw - p)) < 0)
            return -1;
        if (raw == end)
            return buf_add_char(out, '"');
        char text[16], *to = text;
        p = raw + put_special(&to, raw, (size_t)(end - raw));
        if (buf_add(out, text, (size_t)(to - text)) < 0)
            return -1;
    }
}

int json_write_string(struct buf *out, const char *s, size_t len) {
    char *to = buf_room(out, len + 2);
    if (!to)
        return -1;
    if (out->cap - out->len < len + 20) /* no room for what is copied too many */
        return buf_add_char(out, '"') < 0 ? -1 : write_rest(out, s, s + len);
    *to++ = '"';
    if (json_copy_plain(to, s, len)) {
        memcpy(to + len, "\"", 2);
        out->len += len + 2;
        return 0;
    }
    const char *end = s + len, *special = json_plain_end(s, end);
    to[special - s] = '\0';
    out->len += 1 + (size_t)(special - s);
    return write_rest(out, special, end);
}

/* ---- checked text made compact ---- */

/* Behind the string that starts at p, and whether it keeps its form when it is written again: it does unless it has an
 * escape that has a shorter one, or a character of four bytes. */
static const char *string_end(const char *p, const char *end, bool *ret_compact) {
    *ret_compact = true;
    for (p++;; p++) {
        p = json_plain_end(p, end);
        if (*p == '"')
            return p + 1;
        if (*p == '\\') {
            p++;
            if (*p == 'u' || *p == '/')
                *ret_compact = false;
        } else if ((unsigned char)*p >= 0xf0) {
            *ret_compact = false;
        }
    }
}

static unsigned hex_unit(const char *p) {
    unsigned unit = 0;
    for (int i = 0; i < 4; i++)
        unit = unit << 4 | (unsigned)(json_is_digit(p[i]) ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
    return unit;
}

/* A \uXXXX at p as it is written: in UTF-8, or as an escape again. Returns its length in the source. */
static size_t put_escaped_unit(char **to, const char *p, const char *end) {
    unsigned unit = hex_unit(p + 2);
    if (unit >= 0xd800 && unit < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        unsigned low = hex_unit(p + 8);
        if (low >= 0xdc00 && low < 0xe000) {
            *to = put_unit(put_unit(*to, unit), low);
            return 12;
        }
    }
    if (unit >= 0xd800 && unit < 0xe000) { /* unpaired: stays an escape */
        *to = put_unit(*to, unit);
        return 6;
    }
    char utf8[4];
    size_t len = utf8_put(utf8, unit);
    if (len == 1 && !json_is_plain(utf8[0]))
        put_special(to, utf8, 1);
    else {
        memcpy(*to, utf8, len);
        *to += len;
    }
    return 6;
}

static int write_string_again(struct buf *out, struct json_text quoted) {
    const char *p = quoted.s, *end = p + quoted.len - 1;
    buf_add_char(out, *p++);
    while (p < end) {
        char text[16], *to = text;
        if (*p != '\\' && (unsigned char)*p < 0xf0) {
            *to++ = *p++;
        } else if (*p != '\\') {
            p += put_special(&to, p, (size_t)(end - p));
        } else if (p[1] == 'u') {
            p += put_escaped_unit(&to, p, end);
        } else {
            if (p[1] != '/')
                *to++ = '\\';
            *to++ = p[1];
            p += 2;
        }
        if (buf_add(out, text, (size_t)(to - text)) < 0)
            return -1;
    }
    return buf_add_char(out, '"');
}

static int write_number_again(struct buf *out, struct json_text number) {
    char text[NUMBER_TEXT_MAX];
    if (json_text_is_integral(number))
        return buf_add(out, text, number_text_int(text, json_text_int64(number)));
    double value = json_text_double(number);
    size_t len = number_text_double(text, value);
    if (value - value == 0)
        return buf_add(out, text, len);
    buf_add_char(out, '"'); /* infinite */
    buf_add(out, text, len);
    return buf_add_char(out, '"');
}

/* The token at p, a string or a number, and returns what is behind it; NULL: the buffer is full. */
static const char *write_token(struct buf *out, const char *p, const char *end) {
    bool compact = true;
    const char *behind = *p == '"' ? string_end(p, end, &compact) : json_walk_skip(p, end);
    struct json_text token = {p, (size_t)(behind - p)};
    if (*p != '"' && !json_number_is_compact(token))
        return write_number_again(out, token) < 0 ? NULL : behind;
    if (!compact)
        return write_string_again(out, token) < 0 ? NULL : behind;
    return buf_add(out, p, token.len) < 0 ? NULL : behind;
}

/* Copies the string at p when nothing but its end is special, 16 bytes at a time; returns what is behind it. NULL: it
 * is not so simple, or too near to `end`. */
static inline const char *copy_plain_string(char *to, const char *p, const char *end) {
    for (*to++ = *p++; end - p > 16; p += 16, to += 16) {
        unsigned special = json_special_16(p);
        memcpy(to, p, 16);
        if (special) {
            p += __builtin_ctz(special);
            return *p == '"' ? p + 1 : NULL;
        }
    }
    return NULL;
}

/* Copies from p on what needs no second look, without the blanks: punctuation, words, usual numbers, plain strings.
 * `to` has room for as many bytes as there are up to `end`. Stops at a token that is none of these, or some bytes
 * before the end. */
static const char *copy_simple(char **to_at, const char *p, const char *end) {
    char *to = *to_at;
    unsigned whole;
    while (end - p > 17) {
        const char *behind;
        if (*p == '"') {
            behind = copy_plain_string(to, p, end);
            if (!behind)
                break;
        } else if (*p == '-' || json_is_digit(*p)) {
            behind = json_plain_number(p, &whole);
            if (!behind)
                break;
            memcpy(to, p, 16);
        } else {
            *to = *p;
            to += !json_is_blank(*p++);
            continue;
        }
        to += behind - p;
        p = behind;
    }
    *to_at = to;
    return p;
}

int json_write_compact(struct buf *out, struct json_text text) {
    const char *p = text.s, *end = text.s + text.len;
    while (p < end) {
        char *start = buf_room(out, (size_t)(end - p)), *to = start;
        if (!start)
            return -1;
        p = copy_simple(&to, p, end);
        for (; p < end && *p != '"' && *p != '-' && !json_is_digit(*p); p++)
            if (!json_is_blank(*p))
                *to++ = *p;
        *to = '\0';
        out->len += (size_t)(to - start);
        if (p < end && !(p = write_token(out, p, end)))
            return -1;
    }
    return 0;
}

/* The string from p to its closing quote at `quote`, in steps of 16 bytes where there is room for as many. */
static inline char *copy_span(char *to, const char *p, const char *quote, const char *end) {
    size_t len = (size_t)(quote + 1 - p);
    if ((size_t)(end - p) < len + 16)
        memcpy(to, p, len);
    else
        for (size_t i = 0; i < len; i += 16)
            memcpy(to + i, p + i, 16);
    return to + len;
}

int json_write_unspaced(struct buf *out, struct json_text text) {
    const char *p = text.s, *end = p + text.len;
    struct json_marks marks = json_marks_start(p, end, json_quote_block);
    char *start = buf_room(out, text.len), *to = start;
    if (!start)
        return -1;
    for (;;) { /* what lies between two strings, then a string */
        const char *quote = json_marks_next(&marks, json_quote_block);
        for (; p < quote; p++) {
            *to = *p;
            to += !json_is_blank(*p);
        }
        if (quote == end)
            break;
        do
            quote = *quote == '\\' ? json_marks_behind(&marks, quote + 1, json_quote_block)
                                   : json_marks_next(&marks, json_quote_block);
        while (*quote != '"');
        to = copy_span(to, p, quote, end);
        p = quote + 1;
    }
    *to = '\0';
    out->len += (size_t)(to - start);
    return 0;
}
