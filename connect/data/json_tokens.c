/* See json_tokens.h. */
#include "connect/data/json_tokens.h"

#include <string.h>

#include "connect/base/err.h"
#include "connect/base/url_text.h"
#include "connect/data/json_bytes.h"
#include "connect/data/json_scan.h"
#include "connect/data/number_text.h"

#define CONSTRAINTS_EXCEPTION "com.fasterxml.jackson.core.exc.StreamConstraintsException"
#define EOF_EXCEPTION         "com.fasterxml.jackson.core.io.JsonEOFException"

struct json_tokens json_tokens_start(const char *text, size_t len, struct kc_error *err) {
    return (struct json_tokens){
        .begin = text, .end = text + len, .near_end = len > 17 ? text + len - 17 : text, .err = err, .compact = true};
}

/* ---- errors; all return NULL ---- */

const char *json_token_no_end(struct json_tokens *t, const char *where) {
    err_set_class(t->err, ERR_BAD_DATA, EOF_EXCEPTION, "Unexpected end-of-input%s", where);
    return NULL;
}

const char *json_token_unexpected(struct json_tokens *t, const char *p, const char *expected) {
    if (p >= t->end)
        return json_token_no_end(t, "");
    unsigned char c = (unsigned char)*p;
    if (c < 0x20)
        err_set_class(t->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION,
                      "Illegal character ((CTRL-CHAR, code %u)) at byte %zu: %s", c, (size_t)(p - t->begin), expected);
    else if (c < 0x7f)
        err_set_class(t->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION,
                      "Unexpected character ('%c' (code %u)) at byte %zu: %s", c, c, (size_t)(p - t->begin), expected);
    else
        err_set_class(t->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION, "Unexpected byte 0x%02x at byte %zu: %s", c,
                      (size_t)(p - t->begin), expected);
    return NULL;
}

static const char *fail_utf8(struct json_tokens *t, const char *p, const char *what) {
    err_set_class(t->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION, "Invalid UTF-8 %s 0x%02x at byte %zu", what,
                  (unsigned char)*p, (size_t)(p - t->begin));
    return NULL;
}

const char *json_token_over_limit(struct json_tokens *t, const char *what, size_t is, size_t allowed) {
    err_set_class(t->err, ERR_BAD_DATA, CONSTRAINTS_EXCEPTION, "%s (%zu) exceeds the maximum allowed (%zu)", what, is,
                  allowed);
    return NULL;
}

/* ---- strings ---- */

static bool is_upper_hex(const char *p) {
    for (int i = 0; i < 4; i++)
        if (p[i] >= 'a')
            return false;
    return true;
}

/* Four hex digits at p into *ret_unit; the first bad byte, or NULL when all are fine. */
static const char *bad_hex(const char *p, const char *end, unsigned *ret_unit) {
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = p + i < end ? hex_digit(p[i]) : -1;
        if (digit < 0)
            return p + i;
        unit = unit << 4 | (unsigned)digit;
    }
    *ret_unit = unit;
    return NULL;
}

/* p is at the first hex digit. Written again, only control characters without a short form and surrogates stay such
 * escapes, in upper case. */
static const char *scan_unicode_escape(struct json_tokens *t, const char *p) {
    unsigned unit = 0;
    const char *bad = bad_hex(p, t->end, &unit);
    if (bad)
        return json_token_unexpected(t, bad, "expected a hex-digit for character escape sequence");
    bool has_short = unit == '\b' || unit == '\t' || unit == '\n' || unit == '\f' || unit == '\r';
    bool stays = unit < 0x20 ? !has_short : unit >= 0xd800 && unit < 0xe000;
    if (!stays || !is_upper_hex(p))
        t->compact = false;
    return p + 4;
}

/* p is behind the backslash. */
const char *json_token_escape(struct json_tokens *t, const char *p) {
    if (p == t->end)
        return json_token_no_end(t, " in character escape sequence");
    switch (*p) {
    case '"':
    case '\\':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 1;
    case '/':
        t->compact = false;
        return p + 1;
    case 'u':
        return scan_unicode_escape(t, p + 1);
    default:
        return json_token_unexpected(t, p, "unrecognized character escape");
    }
}

/* p is at a byte from 0x80 on. Overlong forms of two and three bytes are taken, as Jackson does. */
static const char *scan_utf8(struct json_tokens *t, const char *p) {
    unsigned lead = (unsigned char)*p;
    int more = (lead & 0xe0) == 0xc0 ? 1 : (lead & 0xf0) == 0xe0 ? 2 : (lead & 0xf8) == 0xf0 ? 3 : 0;
    if (!more)
        return fail_utf8(t, p, "start byte");
    uint32_t c = lead & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if (p + i >= t->end)
            return json_token_no_end(t, " in a UTF-8 sequence");
        if ((p[i] & 0xc0) != 0x80)
            return fail_utf8(t, p + i, "middle byte");
        c = c << 6 | ((unsigned char)p[i] & 0x3f);
    }
    if (c >= 0xd800 && c < 0xe000)
        return fail_utf8(t, p, "surrogate character starting with");
    if (more == 3) {
        if (c < 0x10000 || c > 0x10ffff)
            return fail_utf8(t, p, "character starting with");
        t->compact = false; /* written as two escapes */
    } else if (c < (more == 1 ? 0x80u : 0x800u)) {
        t->overlong = true;
    }
    return p + 1 + more;
}

/* From the first byte that is not plain on. */
static const char *scan_string_rest(struct json_tokens *t, const char *p) {
    for (;;) {
        if (p == t->end)
            return json_token_no_end(t, " in a string");
        if (*p == '"')
            return p + 1;
        if (*p == '\\')
            p = json_token_escape(t, p + 1);
        else if ((unsigned char)*p < 0x20)
            p = json_token_unexpected(t, p, "has to be escaped using backslash to be included in string value");
        else
            p = scan_utf8(t, p);
        if (!p)
            return NULL;
        if (p == t->end || (signed char)*p >= 0) /* characters beyond ASCII come in runs */
            p = json_plain_end(p, t->end);
    }
}

/* UTF-16 units of a checked string, only counted when the bytes alone could be too many. */
static size_t utf16_units(const char *p, const char *end) {
    size_t units = 0;
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        size_t bytes = c != '\\' ? (c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4) : p[1] == 'u' ? 6 : 2;
        units += bytes == 4 ? 2 : 1;
        p += bytes;
    }
    return units;
}

static const char *check_units(struct json_tokens *t, const char *p, const char *end, const char *what, size_t max) {
    size_t units = utf16_units(p, end);
    return units > max ? json_token_over_limit(t, what, units, max) : end;
}

const char *json_token_string(struct json_tokens *t, const char *p, const char *special) {
    const char *behind = scan_string_rest(t, special);
    if (behind && behind - p > JSON_MAX_STRING)
        return check_units(t, p + 1, behind - 1, "String value length", JSON_MAX_STRING) ? behind : NULL;
    return behind;
}

/* Names, unlike other strings, must not have unpaired surrogates. `name` is checked text up to its closing quote. */
static const char *check_surrogates(struct json_tokens *t, const char *name, const char *end) {
    bool high = false; /* the escape before was the first half of a pair */
    for (const char *p = name; p < end;) {
        unsigned unit = 0;
        bool escaped = *p == '\\' && p[1] == 'u' && !bad_hex(p + 2, end, &unit);
        bool low = escaped && unit >= 0xdc00 && unit < 0xe000;
        if (low != high) {
            err_set_class(t->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION, "%s surrogate in field name at byte %zu",
                          low ? "Unexpected low" : "Broken", (size_t)(p - t->begin));
            return NULL;
        }
        high = escaped && unit >= 0xd800 && unit < 0xdc00;
        p += escaped ? 6 : *p == '\\' ? 2 : 1;
    }
    return high ? json_token_unexpected(t, end, "expected low surrogate in field name") : end;
}

const char *json_token_name(struct json_tokens *t, const char *p, bool *ret_respelled) {
    bool compact_before = t->compact;
    const char *name = p + 1;
    t->compact = true;
    p = scan_string_rest(t, json_plain_end(name, t->end));
    if (!p || (p - name > JSON_MAX_NAME && !check_units(t, name, p - 1, "Name length", JSON_MAX_NAME)))
        return NULL;
    bool escaped = memchr(name, '\\', (size_t)(p - name));
    if (escaped && !check_surrogates(t, name, p - 1))
        return NULL;
    *ret_respelled = escaped && !t->compact;
    for (const char *c = name; c < p; c++) /* a character of four bytes may be spelled as two escapes */
        *ret_respelled |= (unsigned char)*c >= 0xf0;
    t->compact = t->compact && compact_before;
    return p;
}

/* ---- numbers ---- */

/* Text of an integer that is written again as it is: no leading zeros, no -0, within int64. */
static bool integer_is_compact(const char *p, size_t len) {
    bool negative = *p == '-';
    p += negative;
    len -= negative;
    if (*p == '0')
        return len == 1 && !negative;
    if (len != 19)
        return len < 19;
    return memcmp(p, negative ? "9223372036854775808" : "9223372036854775807", 19) <= 0;
}

/* At most 15 digits in plain form without needless zeros, from 0.001 to below 10^7, are their own shortest form.
 * Anything else is formatted and compared. */
static bool fraction_is_compact(struct json_text n) {
    const char *p = n.s + (n.s[0] == '-'), *end = n.s + n.len;
    const char *point = memchr(p, '.', (size_t)(end - p));
    if (point && json_is_digit(end[-1]) && end - p <= 16 && point - p <= 7 && !memchr(p, 'e', (size_t)(end - p)) &&
        !memchr(p, 'E', (size_t)(end - p))) {
        bool clean = (end[-1] != '0' || end - point == 2) && (*p != '0' || (point - p == 1 && end[-1] != '0'));
        if (clean && (*p != '0' || point[1] != '0' || point[2] != '0' || point[3] != '0'))
            return true;
    }
    if (n.len >= NUMBER_TEXT_MAX)
        return false;
    char text[NUMBER_TEXT_MAX];
    return number_text_double(text, json_text_double(n)) == n.len && memcmp(text, n.s, n.len) == 0;
}

bool json_number_is_compact(struct json_text number) {
    return json_text_is_integral(number) ? integer_is_compact(number.s, number.len) : fraction_is_compact(number);
}

static const char *digits_end(const char *p, const char *end) {
    while (p < end && json_is_digit(*p))
        p++;
    return p;
}

/* BigDecimal keeps exponent and scale in 32 bits. p is behind the e. */
static const char *scan_exponent(struct json_tokens *t, const char *p, size_t fraction, size_t *ret_digits) {
    bool negative = p < t->end && *p == '-';
    if (p < t->end && (*p == '-' || *p == '+'))
        p++;
    const char *digits = p;
    p = digits_end(p, t->end);
    if (p == digits)
        return json_token_unexpected(t, p, "Exponent indicator not followed by a digit");
    *ret_digits = (size_t)(p - digits);
    int64_t exponent = 0;
    for (; digits < p && exponent <= INT32_MAX; digits++)
        exponent = exponent * 10 + (*digits - '0');
    int64_t scale = (int64_t)fraction + (negative ? exponent : -exponent);
    if (exponent > INT32_MAX + (int64_t)negative || scale > INT32_MAX || scale < INT32_MIN) {
        err_set_class(t->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION,
                      "Malformed numeric value: exponent overflow at byte %zu", (size_t)(p - t->begin));
        return NULL;
    }
    return p;
}

static const char *scan_fraction(struct json_tokens *t, const char *p, size_t whole) {
    size_t fraction = 0, exponent = 0;
    if (*p == '.') {
        const char *behind = digits_end(p + 1, t->end);
        fraction = (size_t)(behind - p - 1);
        if (!fraction)
            return json_token_unexpected(t, behind, "Decimal point not followed by a digit");
        p = behind;
    }
    if (p < t->end && (*p == 'e' || *p == 'E')) {
        p = scan_exponent(t, p + 1, fraction, &exponent);
        if (!p)
            return NULL;
    }
    if (whole + fraction + exponent > JSON_MAX_NUMBER)
        return json_token_over_limit(t, "Number value length", whole + fraction + exponent, JSON_MAX_NUMBER);
    return p;
}

static const char *scan_number(struct json_tokens *t, const char *p) {
    const char *start = p;
    p += *p == '-';
    const char *digits = p;
    p = digits_end(p, t->end);
    if (p == digits)
        return json_token_unexpected(t, p, "expected digit (0-9) to follow minus sign, for valid numeric value");
    while (p - digits > 1 && *digits == '0')
        digits++;
    size_t whole = (size_t)(p - digits);
    if (p < t->end && (*p == '.' || *p == 'e' || *p == 'E')) {
        p = scan_fraction(t, p, whole);
        if (p && t->compact)
            t->compact = fraction_is_compact((struct json_text){start, (size_t)(p - start)});
    } else if (whole > JSON_MAX_NUMBER) {
        return json_token_over_limit(t, "Number value length", whole, JSON_MAX_NUMBER);
    } else if (t->compact) {
        t->compact = integer_is_compact(start, (size_t)(p - start));
    }
    return p;
}

/* ---- words ---- */

static bool is_word_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (unsigned char)c >= 0x7f;
}

static const char *scan_word(struct json_tokens *t, const char *p, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(t->end - p) >= len && memcmp(p, word, len) == 0 && (p + len == t->end || !is_word_char(p[len])))
        return p + len;
    const char *end = p;
    while (end < t->end && end - p < 32 && is_word_char(*end) && (unsigned char)*end < 0x7f)
        end++;
    err_set_class(t->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION,
                  "Unrecognized token '%.*s' at byte %zu: was expecting (JSON String, Number, Array, Object or token "
                  "'null', 'true' or 'false')",
                  (int)(end - p), p, (size_t)(p - t->begin));
    return NULL;
}

const char *json_token_scalar(struct json_tokens *t, const char *p) {
    switch (*p) {
    case 't':
        return scan_word(t, p, "true");
    case 'f':
        return scan_word(t, p, "false");
    case 'n':
        return scan_word(t, p, "null");
    default:
        if (*p == '-' || json_is_digit(*p))
            return scan_number(t, p);
        if (is_word_char(*p) && (unsigned char)*p < 0x7f)
            return scan_word(t, p, "null");
        return json_token_unexpected(
            t, p,
            "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or "
            "'false')");
    }
}
