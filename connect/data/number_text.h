/* Java's texts of numbers (Long.toString, Double.toString, Float.toString of JDK 19 and later) and reading of doubles.
 * All functions are thread-safe. */
#ifndef CONNECT_DATA_NUMBER_TEXT_H
#define CONNECT_DATA_NUMBER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT_MAX = 32 }; /* bytes of any text below, with NUL */

/* Each writes a NUL-terminated text into `out` (NUMBER_TEXT_MAX bytes) and returns its length. */
size_t number_text_int(char *out, int64_t value);
/* The shortest decimal that reads back, at least two digits, the closest of several: `1.0`, `1.0E10`, `4.9E-324`,
 * `NaN`. */
size_t number_text_double(char *out, double value);
size_t number_text_float(char *out, float value);

/* Reads decimal floating point text: sign, digits, fraction, exponent; nothing else (no blanks, hex, "inf"); correctly
 * rounded. Beyond the range it gives infinity or zero. False when the text is something else or empty. */
bool number_parse_double(const char *s, size_t len, double *ret_value);
bool number_parse_float(const char *s, size_t len, float *ret_value);

/* Java's casts: (long) and (int) of a double saturate, NaN gives 0. */
int64_t number_double_to_int64(double value);
int32_t number_double_to_int32(double value);

#endif
