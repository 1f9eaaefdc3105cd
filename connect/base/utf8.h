/* UTF-8: checking, and one character to bytes and back. Surrogates, overlong forms and numbers above U+10FFFF are
 * invalid. */
#ifndef CONNECT_BASE_UTF8_H
#define CONNECT_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many of the bytes from the start are valid UTF-8: `len` when all are. */
size_t utf8_valid_prefix(const char *s, size_t len);
/* Writes 1 to 4 bytes and returns how many. `c` must be a Unicode scalar value. */
size_t utf8_put(char *to, uint32_t c);
/* The character at s and its length in bytes; 0 when there is no valid one. */
size_t utf8_get(const char *s, size_t len, uint32_t *ret_c);

#endif
