/* Numbers as Java's Integer.parseInt, Double.parseDouble and Double.toString see them, for option values. */
#ifndef CONFIG_JAVA_NUMBER_H
#define CONFIG_JAVA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Optional sign and decimal digits of any script, nothing else; false when malformed or outside [min, max]. */
bool java_parse_long(const char *text, int64_t min, int64_t max, int64_t *ret_value);
/* Decimal and hexadecimal literals, NaN, Infinity, an f or d at the end. `text` is already trimmed. */
bool java_parse_double(const char *text, double *ret_value);
/* Float.parseFloat: rounded once. */
bool java_parse_float(const char *text, float *ret_value);
/* Shortest text that reads back, in Java's layout; at most 31 bytes. */
void java_double_text(double d, char *buf, size_t size);

#endif
