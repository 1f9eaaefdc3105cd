/* See url_text.h. */
#include "connect/base/url_text.h"

#include <string.h>

static bool is_alphanumeric(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int url_encode(struct buf *out, const char *text, const char *plain) {
    static const char digits[] = "0123456789ABCDEF";
    int rc = 0;
    for (const char *p = text; *p && rc == 0; p++) {
        unsigned char c = (unsigned char)*p;
        char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
        rc = is_alphanumeric(*p) || strchr(plain, *p) ? buf_add_char(out, *p) : buf_add(out, escaped, sizeof(escaped));
    }
    return rc;
}

size_t url_decode_form(char *to, size_t size, const char *text, const char *end) {
    size_t n = 0;
    for (const char *p = text; p < end && n + 1 < size; p++) {
        int high = *p == '%' && end - p > 2 ? hex_digit(p[1]) : -1, low = high >= 0 ? hex_digit(p[2]) : -1;
        if (low >= 0) {
            to[n++] = (char)(high << 4 | low);
            p += 2;
        } else {
            to[n++] = *p == '+' ? ' ' : *p;
        }
    }
    to[n] = '\0';
    return n;
}
