/* Decimal digits of all scripts, which Java's number parsers accept.
 * @source java.lang.Character.isDigit(char), Character.digit(char, 10) */
#ifndef CONNECT_DATA_JAVA_DIGIT_H
#define CONNECT_DATA_JAVA_DIGIT_H

#include <stddef.h>
#include <stdint.h>

#include "connect/plugin.h"

/* 0 to 9, or -1 when `c` is no digit. Digits beyond U+FFFF are none to Java. */
int java_digit(uint32_t c);
/* The text with every digit written in ASCII: itself when it is all ASCII, else a copy in `arena`. */
const char *java_digits_to_ascii(struct kc_arena *arena, const char *s, size_t len, size_t *ret_len);

#endif
