/* java.math.BigDecimal as far as Connect needs it: text both ways, casts, bytes.
 * `unscaled` is big-endian two's complement; the empty string of bytes counts as zero. */
#ifndef CONNECT_DATA_DECIMAL_H
#define CONNECT_DATA_DECIMAL_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

/* More digits than this are refused: conversion between bases takes quadratic time. */
enum { DECIMAL_MAX_DIGITS = 100000 };

/* BigDecimal.equals: same scale and same number. */
bool decimal_equal(const struct kc_decimal *a, const struct kc_decimal *b);
/* BigDecimal.toString: `1.50`, `1E+3`, `1.23E-10`. -1: too many digits, or the buffer is full. */
int decimal_text(struct buf *out, const struct kc_decimal *dec) KC_CHECKED;
/* new BigDecimal(text): sign, digits with at most one point, exponent; no blanks. -1: not a number, too many digits, or
 * a scale beyond int32. The result lies in `arena`. */
int decimal_parse(struct kc_arena *arena, const char *s, size_t len, struct kc_decimal *ret_dec) KC_CHECKED;
struct kc_decimal decimal_from_int64(struct kc_arena *arena, int64_t unscaled, int32_t scale);
/* BigDecimal.valueOf(double): the digits of Double.toString. -1: NaN or infinite. */
int decimal_from_double(struct kc_arena *arena, double value, struct kc_decimal *ret_dec) KC_CHECKED;
/* BigInteger(bytes) with a scale; keeps pointing at `unscaled`. */
struct kc_decimal decimal_from_bytes(const uint8_t *unscaled, size_t len, int32_t scale);
/* BigInteger.toByteArray: the shortest two's complement, at least one byte; borrowed from the decimal. */
const uint8_t *decimal_bytes(const struct kc_decimal *dec, size_t *ret_len);
/* longValue: the low 64 bits of the integer part. */
int64_t decimal_to_int64(const struct kc_decimal *dec);
double decimal_to_double(const struct kc_decimal *dec);
/* As a value in `arena`. */
struct kc_value decimal_value(struct kc_arena *arena, struct kc_decimal dec);
/* The parameter `scale` of a Decimal schema. @errors DataException: missing or not a number. @source Decimal.scale */
int decimal_scale(const struct kc_schema *schema, int32_t *ret_scale, struct kc_error *err) KC_CHECKED;

#endif
