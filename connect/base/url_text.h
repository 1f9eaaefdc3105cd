/* Texts of URLs and hexadecimal digits: percent encoding and form decoding. Pure, any thread. */
#ifndef CONNECT_BASE_URL_TEXT_H
#define CONNECT_BASE_URL_TEXT_H

#include "connect/base/buf.h"

/* 0 to 15; -1: no hexadecimal digit. */
static inline int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* What may stand plainly, besides letters and digits: nothing of a syntax; a path segment (without ';', behind which
 * servers take the rest for parameters). */
#define URL_UNRESERVED "-._~"
#define URL_SEGMENT    URL_UNRESERVED "!$&'()*+,=:@"

/* Appends `text`; all but ASCII letters, digits and the characters of `plain` as %XX. -1: the buffer is full. */
int url_encode(struct buf *out, const char *text, const char *plain);
/* Decodes [text, end) of a form or query: %XX, and '+' is a blank; a '%' without two digits stands for itself. `to` has
 * size > 0 bytes, takes what fits and a NUL, and may be `text` itself. Returns the length. */
size_t url_decode_form(char *to, size_t size, const char *text, const char *end);

#endif
