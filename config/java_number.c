/* See java_number.h.  @source Integer.parseInt, Long.parseLong, Double.parseDouble, Double.toString (JDK 19 and later)
 */
#include "config/java_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Zero of every block of ten decimal digits in the basic plane (general category Nd). */
static const uint16_t digit_zeros[] = {
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
};

/* One UTF-8 character of at most three bytes; 0 when it is none (a longer one is no digit either). */
static size_t decode(const unsigned char *s, uint32_t *ret_char) {
    if (s[0] < 0x80) {
        *ret_char = s[0];
        return s[0] ? 1 : 0;
    }
    if ((s[0] & 0xE0) == 0xC0 && (s[1] & 0xC0) == 0x80) {
        *ret_char = (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3F);
        return 2;
    }
    if ((s[0] & 0xF0) == 0xE0 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80) {
        *ret_char = (uint32_t)(s[0] & 0x0F) << 12 | (uint32_t)(s[1] & 0x3F) << 6 | (s[2] & 0x3F);
        return 3;
    }
    return 0;
}

static int digit_of(uint32_t c) {
    for (size_t i = 0; i < sizeof(digit_zeros) / sizeof(digit_zeros[0]); i++)
        if (c >= digit_zeros[i] && c <= digit_zeros[i] + 9u)
            return (int)(c - digit_zeros[i]);
    return -1;
}

bool java_parse_long(const char *text, int64_t min, int64_t max, int64_t *ret_value) {
    const unsigned char *s = (const unsigned char *)text;
    bool negative = *s == '-';
    int64_t value = 0; /* kept negative: the negative range is the larger one */
    if (*s == '-' || *s == '+')
        s++;
    if (!*s)
        return false;
    while (*s) {
        uint32_t c;
        size_t len = decode(s, &c);
        int digit = len ? digit_of(c) : -1;
        if (digit < 0 || __builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, digit, &value))
            return false;
        s += len;
    }
    if (!negative && value == INT64_MIN)
        return false;
    value = negative ? value : -value;
    if (value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

static const char *skip_digits(const char *s, bool hex, bool *any) {
    for (; (*s >= '0' && *s <= '9') || (hex && strchr("abcdefABCDEF", *s) && *s); s++)
        *any = true;
    return s;
}

/* Whether `s` is a literal after its sign; *ret_len: the bytes before a type suffix. */
static bool scan_double(const char *s, size_t *ret_len) {
    const char *start = s;
    bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X'), any = false, exponent = false;
    s = skip_digits(hex ? s + 2 : s, hex, &any);
    if (*s == '.')
        s = skip_digits(s + 1, hex, &any);
    if (!any)
        return false;
    if (hex ? *s == 'p' || *s == 'P' : *s == 'e' || *s == 'E') {
        s++;
        s = skip_digits(*s == '+' || *s == '-' ? s + 1 : s, false, &exponent);
        if (!exponent)
            return false;
    } else if (hex) {
        return false;
    }
    *ret_len = (size_t)(s - start);
    return *s == '\0' || (strchr("fFdD", *s) && s[1] == '\0');
}

/* NaN and Infinity go to *ret_special; of everything else the digits are handed out (malloc'ed), without sign and type
 * suffix. */
static bool split_double(const char *text, double *ret_special, char **ret_literal, bool *ret_negative) {
    const char *s = text + (*text == '-' || *text == '+');
    size_t len;
    *ret_negative = *text == '-';
    *ret_literal = NULL;
    if (strcmp(s, "NaN") == 0 || strcmp(s, "Infinity") == 0) {
        *ret_special = *s == 'N' ? (double)NAN : HUGE_VAL;
        return true;
    }
    if (!scan_double(s, &len))
        return false;
    *ret_literal = strndup(s, len);
    if (!*ret_literal)
        abort();
    return true;
}

bool java_parse_double(const char *text, double *ret_value) {
    char *literal;
    double d = 0;
    bool negative;
    if (!split_double(text, &d, &literal, &negative))
        return false;
    if (literal)
        d = strtod(literal, NULL);
    free(literal);
    *ret_value = negative ? -d : d;
    return true;
}

bool java_parse_float(const char *text, float *ret_value) {
    char *literal;
    double special = 0;
    bool negative;
    if (!split_double(text, &special, &literal, &negative))
        return false;
    float f = literal ? strtof(literal, NULL) : (float)special;
    free(literal);
    *ret_value = negative ? -f : f;
    return true;
}

void java_double_text(double d, char *buf, size_t size) {
    char digits[40];
    if (isnan(d) || isinf(d) || d == 0) {
        snprintf(buf, size, "%s",
                 isnan(d)     ? "NaN"
                 : isinf(d)   ? (d < 0 ? "-Infinity" : "Infinity")
                 : signbit(d) ? "-0.0"
                              : "0.0");
        return;
    }
    int precision = 1; /* digits after the first one; Java writes at least two digits */
    do
        snprintf(digits, sizeof(digits), "%.*e", precision, fabs(d));
    while (strtod(digits, NULL) != fabs(d) && precision++ < 17);
    int exponent = (int)strtol(strchr(digits, 'e') + 1, NULL, 10);
    char mantissa[40]; /* the digits without dot and without needless zeros */
    size_t count = 0;
    for (const char *s = digits; *s != 'e'; s++)
        if (*s != '.')
            mantissa[count++] = *s;
    while (count > 1 && mantissa[count - 1] == '0')
        count--;
    mantissa[count] = '\0';
    const char *sign = d < 0 ? "-" : "";
    if (exponent >= 7 || exponent < -3)
        snprintf(buf, size, "%s%c.%sE%d", sign, mantissa[0], count > 1 ? mantissa + 1 : "0", exponent);
    else if (exponent < 0)
        snprintf(buf, size, "%s0.%.*s%s", sign, -exponent - 1, "00", mantissa);
    else if (count <= (size_t)exponent + 1)
        snprintf(buf, size, "%s%s%.*s.0", sign, mantissa, (int)((size_t)exponent + 1 - count), "000000");
    else
        snprintf(buf, size, "%s%.*s.%s", sign, exponent + 1, mantissa, mantissa + exponent + 1);
}
