/* Byte buffer with a maximum; see buf.h. Memory doubles up to the maximum. */
#include "connect/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max) {
    *b = (struct buf){.max = max < SIZE_MAX / 4 ? max : SIZE_MAX / 4};
}

void buf_done(struct buf *b) {
    free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b) {
    b->len = 0;
    b->failed = false;
    if (b->data)
        b->data[0] = 0;
}

static int grow(struct buf *b, size_t more) {
    if (b->failed || more > b->max - b->len) {
        b->failed = true;
        return -1;
    }
    size_t want = b->len + more + 1; /* the NUL */
    size_t cap = b->cap ? b->cap * 2 : 64;
    if (cap < want)
        cap = want;
    if (cap > b->max + 1)
        cap = b->max + 1;
    char *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return -1;
    }
    b->data = data;
    b->cap = cap;
    b->data[b->len] = 0;
    return 0;
}

int buf_reserve(struct buf *b, size_t more) {
    return !b->failed && b->cap > b->len && more < b->cap - b->len ? 0 : grow(b, more);
}

int buf_add(struct buf *b, const void *data, size_t len) {
    if (buf_reserve(b, len) < 0)
        return -1;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = 0;
    return 0;
}

int buf_add_text(struct buf *b, const char *s) {
    return buf_add(b, s, strlen(s));
}

int buf_add_char(struct buf *b, char c) {
    if (buf_reserve(b, 1) < 0)
        return -1;
    b->data[b->len++] = c;
    b->data[b->len] = 0;
    return 0;
}

int buf_vprintf(struct buf *b, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    size_t room = b->cap > b->len ? b->cap - b->len : 0;
    int len = vsnprintf(room ? b->data + b->len : NULL, room, fmt, ap);
    if (len < 0 || buf_reserve(b, (size_t)len) < 0) {
        if (room)
            b->data[b->len] = 0;
        b->failed = true;
        va_end(again);
        return -1;
    }
    if ((size_t)len >= room)
        vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
    va_end(again);
    b->len += (size_t)len;
    return 0;
}

int buf_printf(struct buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int rc = buf_vprintf(b, fmt, ap);
    va_end(ap);
    return rc;
}

static int add_big_endian(struct buf *b, uint64_t v, size_t bytes) {
    uint8_t out[8];
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    return buf_add(b, out, bytes);
}

int buf_add_i8(struct buf *b, int8_t v) {
    return add_big_endian(b, (uint64_t)v, 1);
}

int buf_add_i16(struct buf *b, int16_t v) {
    return add_big_endian(b, (uint64_t)v, 2);
}

int buf_add_i32(struct buf *b, int32_t v) {
    return add_big_endian(b, (uint64_t)v, 4);
}

int buf_add_i64(struct buf *b, int64_t v) {
    return add_big_endian(b, (uint64_t)v, 8);
}

/* What stands behind the backslash for the characters that have a short escape, else 0. */
static char short_escape(unsigned char c) {
    switch (c) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\b':
        return 'b';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    default:
        return 0;
    }
}

/* Whether one of eight bytes is below 0x20, a quote or a backslash; bytes above 0x7f are none of them. */
static bool some_escape(const char *s) {
    const uint64_t ones = 0x0101010101010101, tops = 0x80 * ones;
    uint64_t v;
    memcpy(&v, s, sizeof v);
    uint64_t quote = v ^ ('"' * ones), backslash = v ^ ('\\' * ones);
    return (((v - 0x20 * ones) | (quote - ones) | (backslash - ones)) & ~v & tops) != 0;
}

/* Bytes up to the first that is escaped. */
static size_t plain_length(const char *s, size_t len) {
    size_t i = 0;
    while (len - i >= sizeof(uint64_t) && !some_escape(s + i))
        i += sizeof(uint64_t);
    while (i < len && (unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

int buf_add_json(struct buf *b, const char *s, size_t len) {
    size_t plain = 0; /* start of what needs no escape */
    if (buf_reserve(b, len + 2) < 0)
        return -1;
    buf_add_char(b, '"');
    for (size_t i = 0; i += plain_length(s + i, len - i), i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        buf_add(b, s + plain, i - plain);
        plain = i + 1;
        char escape = short_escape(c);
        if (escape) {
            buf_add_char(b, '\\');
            buf_add_char(b, escape);
        } else {
            buf_printf(b, "\\u%04X", c);
        }
    }
    buf_add(b, s + plain, len - plain);
    return buf_add_char(b, '"');
}

const char *buf_text(const struct buf *b) {
    return b->data ? b->data : "";
}

char *buf_take(struct buf *b) {
    char *data = NULL;
    if (!b->failed && buf_reserve(b, 0) == 0) {
        data = b->data;
        b->data = NULL;
    }
    buf_done(b);
    return data;
}
