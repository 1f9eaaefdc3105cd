/* Base64 both ways. */
#include "connect/data/base64.h"

#include "connect/base/err.h"

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_write(struct buf *out, const void *data, size_t len) {
    const uint8_t *p = data;
    if (buf_reserve(out, (len + 2) / 3 * 4) < 0)
        return -1;
    char *to = out->data + out->len;
    for (; len >= 3; len -= 3, p += 3) {
        *to++ = alphabet[p[0] >> 2];
        *to++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
        *to++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
        *to++ = alphabet[p[2] & 63];
    }
    if (len) {
        unsigned second = len == 2 ? p[1] : 0;
        *to++ = alphabet[p[0] >> 2];
        *to++ = alphabet[(p[0] & 3u) << 4 | second >> 4];
        *to++ = len == 2 ? alphabet[(second & 15) << 2] : '=';
        *to++ = '=';
    }
    *to = '\0';
    out->len = (size_t)(to - out->data);
    return 0;
}

enum { PADDING = -2, INVALID = -1 };

static int digit_value(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    if (c == '/')
        return 63;
    return c == '=' ? PADDING : INVALID;
}

#define BROKEN         "Cannot access contents of TextNode as binary due to broken Base64 encoding: "
#define INVALID_FORMAT "com.fasterxml.jackson.databind.exc.InvalidFormatException"

static int fail_end(struct kc_error *err) {
    return err_set_class(err, ERR_BAD_DATA, INVALID_FORMAT,
                         BROKEN
                         "Unexpected end of base64-encoded String: padding (one or more '=' characters) expected "
                         "at the end");
}

static int fail_char(struct kc_error *err, char c) {
    if (c >= 0x20 && c < 0x7f)
        return err_set_class(err, ERR_BAD_DATA, INVALID_FORMAT,
                             BROKEN "Illegal character '%c' (code 0x%x) in base64 content", c, (unsigned)c);
    return err_set_class(err, ERR_BAD_DATA, INVALID_FORMAT, BROKEN "Illegal character (code 0x%x) in base64 content",
                         (unsigned)(unsigned char)c);
}

/* One group of four at p. Returns how many bytes it holds, or -1. */
static int read_group(const char *p, const char *end, uint8_t *to, struct kc_error *err) {
    unsigned bits = 0;
    for (int i = 0; i < 4; i++, p++) {
        if (p == end)
            return fail_end(err);
        int digit = digit_value(*p);
        if (digit == PADDING && i == 2 && p + 1 == end)
            return fail_end(err);
        if (digit == PADDING && (i == 3 || (i == 2 && p[1] == '='))) {
            bits <<= 6 * (4 - i);
            to[0] = (uint8_t)(bits >> 16);
            to[1] = (uint8_t)(bits >> 8);
            return i - 1;
        }
        if (digit < 0)
            return fail_char(err, digit == PADDING && i == 2 ? p[1] : *p);
        bits = bits << 6 | (unsigned)digit;
    }
    to[0] = (uint8_t)(bits >> 16);
    to[1] = (uint8_t)(bits >> 8);
    to[2] = (uint8_t)bits;
    return 3;
}

int base64_read(struct kc_arena *arena, const char *s, size_t len, struct kc_value *ret_bytes, struct kc_error *err) {
    const char *p = s, *end = s + len;
    uint8_t *bytes = kc_arena_alloc(arena, len / 4 * 3 + 3);
    size_t count = 0;
    for (;;) {
        while (p < end && (unsigned char)*p <= ' ')
            p++;
        if (p == end)
            break;
        int got = read_group(p, end, bytes + count, err);
        if (got < 0)
            return -1;
        count += (size_t)got;
        p += 4;
    }
    *ret_bytes = kc_bytes(bytes, count);
    return 0;
}
