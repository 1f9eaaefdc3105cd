/* One pass over JSON text: grammar, UTF-8, limits, and on the way whether the text is already what a writer would write
 * (compact) and whether all names of each object differ (unique).
 *
 * Names are compared by a 32-bit fingerprint first. The fingerprints of all objects that are open lie on one stack; an
 * object with more names than fit counts as "perhaps not unique", which costs the reader a slower path but no error. */
#include "connect/data/json_scan.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/url_text.h"
#include "connect/base/utf8.h"
#include "connect/data/json_bytes.h"
#include "connect/data/number_text.h"
#include "connect/data/value.h"

#define CONSTRAINTS_EXCEPTION "com.fasterxml.jackson.core.exc.StreamConstraintsException"
#define EOF_EXCEPTION         "com.fasterxml.jackson.core.io.JsonEOFException"

enum { MAX_NAMES = 1024, MAX_NAMES_OF_ONE = 256 };

struct scanner {
    const char *begin, *end;
    struct kc_error *err;
    unsigned depth;
    bool compact, unique, overlong;
    uint16_t name_count;
    uint16_t first_name[JSON_MAX_DEPTH + 1]; /* of the object at each depth; IN_ARRAY */
    uint32_t fingerprint[MAX_NAMES];
    const char *name_at[MAX_NAMES];
};
enum { IN_ARRAY = 0xffff };

/* ---- errors; all return NULL ---- */

static const char *fail_eof(struct scanner *s, const char *where) {
    err_set_class(s->err, ERR_BAD_DATA, EOF_EXCEPTION, "Unexpected end-of-input%s", where);
    return NULL;
}

static const char *fail_char(struct scanner *s, const char *p, const char *expected) {
    if (p >= s->end)
        return fail_eof(s, "");
    unsigned char c = (unsigned char)*p;
    if (c < 0x20)
        err_set_class(s->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION,
                      "Illegal character ((CTRL-CHAR, code %u)) at byte %zu: %s", c, (size_t)(p - s->begin), expected);
    else if (c < 0x7f)
        err_set_class(s->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION,
                      "Unexpected character ('%c' (code %u)) at byte %zu: %s", c, c, (size_t)(p - s->begin), expected);
    else
        err_set_class(s->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION, "Unexpected byte 0x%02x at byte %zu: %s", c,
                      (size_t)(p - s->begin), expected);
    return NULL;
}

static const char *fail_utf8(struct scanner *s, const char *p, const char *what) {
    err_set_class(s->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION, "Invalid UTF-8 %s 0x%02x at byte %zu", what,
                  (unsigned char)*p, (size_t)(p - s->begin));
    return NULL;
}

static const char *fail_limit(struct scanner *s, const char *what, size_t is, size_t allowed) {
    err_set_class(s->err, ERR_BAD_DATA, CONSTRAINTS_EXCEPTION, "%s (%zu) exceeds the maximum allowed (%zu)", what, is,
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
static const char *scan_unicode_escape(struct scanner *s, const char *p) {
    unsigned unit = 0;
    const char *bad = bad_hex(p, s->end, &unit);
    if (bad)
        return fail_char(s, bad, "expected a hex-digit for character escape sequence");
    bool has_short = unit == '\b' || unit == '\t' || unit == '\n' || unit == '\f' || unit == '\r';
    bool stays = unit < 0x20 ? !has_short : unit >= 0xd800 && unit < 0xe000;
    if (!stays || !is_upper_hex(p))
        s->compact = false;
    return p + 4;
}

/* p is behind the backslash. */
static const char *scan_escape(struct scanner *s, const char *p) {
    if (p == s->end)
        return fail_eof(s, " in character escape sequence");
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
        s->compact = false;
        return p + 1;
    case 'u':
        return scan_unicode_escape(s, p + 1);
    default:
        return fail_char(s, p, "unrecognized character escape");
    }
}

/* p is at a byte from 0x80 on. Overlong forms of two and three bytes are taken, as Jackson does. */
static const char *scan_utf8(struct scanner *s, const char *p) {
    unsigned lead = (unsigned char)*p;
    int more = (lead & 0xe0) == 0xc0 ? 1 : (lead & 0xf0) == 0xe0 ? 2 : (lead & 0xf8) == 0xf0 ? 3 : 0;
    if (!more)
        return fail_utf8(s, p, "start byte");
    uint32_t c = lead & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if (p + i >= s->end)
            return fail_eof(s, " in a UTF-8 sequence");
        if ((p[i] & 0xc0) != 0x80)
            return fail_utf8(s, p + i, "middle byte");
        c = c << 6 | ((unsigned char)p[i] & 0x3f);
    }
    if (c >= 0xd800 && c < 0xe000)
        return fail_utf8(s, p, "surrogate character starting with");
    if (more == 3) {
        if (c < 0x10000 || c > 0x10ffff)
            return fail_utf8(s, p, "character starting with");
        s->compact = false; /* written as two escapes */
    } else if (c < (more == 1 ? 0x80u : 0x800u)) {
        s->overlong = true;
    }
    return p + 1 + more;
}

/* From the first byte that is not plain on. */
static const char *scan_string_rest(struct scanner *s, const char *p) {
    for (;;) {
        if (p == s->end)
            return fail_eof(s, " in a string");
        if (*p == '"')
            return p + 1;
        if (*p == '\\')
            p = scan_escape(s, p + 1);
        else if ((unsigned char)*p < 0x20)
            p = fail_char(s, p, "has to be escaped using backslash to be included in string value");
        else
            p = scan_utf8(s, p);
        if (!p)
            return NULL;
        if (p == s->end || (signed char)*p >= 0) /* characters beyond ASCII come in runs */
            p = json_plain_end(p, s->end);
    }
}

/* p is behind the opening quote; the result is behind the closing one. Most strings are one run of plain bytes. */
static inline const char *scan_string(struct scanner *s, const char *p) {
    p = json_plain_end(p, s->end);
    return p < s->end && *p == '"' ? p + 1 : scan_string_rest(s, p);
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

static const char *check_units(struct scanner *s, const char *p, const char *end, const char *what, size_t max) {
    size_t units = utf16_units(p, end);
    return units > max ? fail_limit(s, what, units, max) : end;
}

static const char *scan_text(struct scanner *s, const char *p) {
    const char *behind = scan_string(s, p);
    if (behind && behind - p > JSON_MAX_STRING &&
        !check_units(s, p, behind - 1, "String value length", JSON_MAX_STRING))
        return NULL;
    return behind;
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
static const char *scan_exponent(struct scanner *s, const char *p, size_t fraction, size_t *ret_digits) {
    bool negative = p < s->end && *p == '-';
    if (p < s->end && (*p == '-' || *p == '+'))
        p++;
    const char *digits = p;
    p = digits_end(p, s->end);
    if (p == digits)
        return fail_char(s, p, "Exponent indicator not followed by a digit");
    *ret_digits = (size_t)(p - digits);
    int64_t exponent = 0;
    for (; digits < p && exponent <= INT32_MAX; digits++)
        exponent = exponent * 10 + (*digits - '0');
    int64_t scale = (int64_t)fraction + (negative ? exponent : -exponent);
    if (exponent > INT32_MAX + (int64_t)negative || scale > INT32_MAX || scale < INT32_MIN) {
        err_set_class(s->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION,
                      "Malformed numeric value: exponent overflow at byte %zu", (size_t)(p - s->begin));
        return NULL;
    }
    return p;
}

static const char *scan_fraction(struct scanner *s, const char *p, size_t whole) {
    size_t fraction = 0, exponent = 0;
    if (*p == '.') {
        const char *behind = digits_end(p + 1, s->end);
        fraction = (size_t)(behind - p - 1);
        if (!fraction)
            return fail_char(s, behind, "Decimal point not followed by a digit");
        p = behind;
    }
    if (p < s->end && (*p == 'e' || *p == 'E')) {
        p = scan_exponent(s, p + 1, fraction, &exponent);
        if (!p)
            return NULL;
    }
    if (whole + fraction + exponent > JSON_MAX_NUMBER)
        return fail_limit(s, "Number value length", whole + fraction + exponent, JSON_MAX_NUMBER);
    return p;
}

static const char *scan_number(struct scanner *s, const char *p) {
    const char *start = p;
    p += *p == '-';
    const char *digits = p;
    p = digits_end(p, s->end);
    if (p == digits)
        return fail_char(s, p, "expected digit (0-9) to follow minus sign, for valid numeric value");
    while (p - digits > 1 && *digits == '0')
        digits++;
    size_t whole = (size_t)(p - digits);
    if (p < s->end && (*p == '.' || *p == 'e' || *p == 'E')) {
        p = scan_fraction(s, p, whole);
        if (p && s->compact)
            s->compact = fraction_is_compact((struct json_text){start, (size_t)(p - start)});
    } else if (whole > JSON_MAX_NUMBER) {
        return fail_limit(s, "Number value length", whole, JSON_MAX_NUMBER);
    } else if (s->compact) {
        s->compact = integer_is_compact(start, (size_t)(p - start));
    }
    if (p && s->depth == 0 && p < s->end && !json_is_blank(*p))
        return fail_char(s, p, "Expected space separating root-level values");
    return p;
}

/* ---- words ---- */

static bool is_word_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (unsigned char)c >= 0x7f;
}

static const char *scan_word(struct scanner *s, const char *p, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(s->end - p) >= len && memcmp(p, word, len) == 0 && (p + len == s->end || !is_word_char(p[len])))
        return p + len;
    const char *end = p;
    while (end < s->end && end - p < 32 && is_word_char(*end) && (unsigned char)*end < 0x7f)
        end++;
    err_set_class(s->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION,
                  "Unrecognized token '%.*s' at byte %zu: was expecting (JSON String, Number, Array, Object or token "
                  "'null', 'true' or 'false')",
                  (int)(end - p), p, (size_t)(p - s->begin));
    return NULL;
}

/* ---- names ---- */

static uint32_t fingerprint(const char *name, size_t len) {
    uint32_t head = 0, tail = 0;
    if (len >= 4) {
        memcpy(&head, name, 4);
        memcpy(&tail, name + len - 4, 4);
    } else {
        for (size_t i = 0; i < len; i++)
            head = head << 8 | (unsigned char)name[i];
    }
    return head * 2654435761u ^ tail * 2246822519u ^ (uint32_t)len;
}

/* Two canonical names are equal when their bytes are, closing quote included. */
static void note_name(struct scanner *s, const char *name, const char *behind) {
    uint16_t base = s->first_name[s->depth], count = s->name_count;
    if (count == MAX_NAMES || count - base >= MAX_NAMES_OF_ONE) {
        s->unique = false;
        return;
    }
    size_t len = (size_t)(behind - name);
    uint32_t print = fingerprint(name, len - 1);
    for (uint16_t i = base; i < count; i++)
        if (s->fingerprint[i] == print && memcmp(s->name_at[i], name, len) == 0) {
            s->unique = false;
            return;
        }
    s->fingerprint[count] = print;
    s->name_at[count] = name;
    s->name_count++;
}

static inline const char *blanks(struct scanner *s, const char *p) {
    if (p < s->end && json_is_blank(*p)) {
        s->compact = false;
        p = json_blanks(p + 1, s->end);
    }
    return p;
}

/* Names, unlike other strings, must not have unpaired surrogates. `name` is checked text up to its closing quote. */
static const char *check_surrogates(struct scanner *s, const char *name, const char *end) {
    bool high = false; /* the escape before was the first half of a pair */
    for (const char *p = name; p < end;) {
        unsigned unit = 0;
        bool escaped = *p == '\\' && p[1] == 'u' && !bad_hex(p + 2, end, &unit);
        bool low = escaped && unit >= 0xdc00 && unit < 0xe000;
        if (low != high) {
            err_set_class(s->err, ERR_BAD_DATA, JSON_PARSE_EXCEPTION, "%s surrogate in field name at byte %zu",
                          low ? "Unexpected low" : "Broken", (size_t)(p - s->begin));
            return NULL;
        }
        high = escaped && unit >= 0xd800 && unit < 0xdc00;
        p += escaped ? 6 : *p == '\\' ? 2 : 1;
    }
    return high ? fail_char(s, end, "expected low surrogate in field name") : end;
}

/* From behind { or , to the value; p is at the name's first quote, or should be. */
static const char *scan_name(struct scanner *s, const char *p) {
    if (p == s->end)
        return fail_eof(s, " within/between Object entries");
    if (*p != '"')
        return fail_char(s, p, "was expecting double-quote to start field name");
    bool compact_before = s->compact;
    s->compact = true;
    const char *name = p + 1;
    p = scan_string(s, name);
    if (!p || (p - name > JSON_MAX_NAME && !check_units(s, name, p - 1, "Name length", JSON_MAX_NAME)))
        return NULL;
    if (memchr(name, '\\', (size_t)(p - name))) {
        if (!check_surrogates(s, name, p - 1))
            return NULL;
        if (!s->compact) /* may be another spelling of the same name */
            s->unique = false;
    }
    s->compact = s->compact && compact_before;
    if (s->unique)
        note_name(s, name, p);
    p = blanks(s, p);
    if (p == s->end)
        return fail_eof(s, " within/between Object entries");
    if (*p != ':')
        return fail_char(s, p, "was expecting a colon to separate field name and value");
    return blanks(s, p + 1);
}

/* ---- values ---- */

static const char *open_container(struct scanner *s, const char *p, bool object) {
    if (s->depth == JSON_MAX_DEPTH)
        return fail_limit(s, "Document nesting depth", JSON_MAX_DEPTH + 1, JSON_MAX_DEPTH);
    s->first_name[++s->depth] = object ? s->name_count : (uint16_t)IN_ARRAY;
    return blanks(s, p + 1);
}

static void close_container(struct scanner *s) {
    if (s->first_name[s->depth] != IN_ARRAY)
        s->name_count = s->first_name[s->depth];
    s->depth--;
}

static const char *scan_scalar(struct scanner *s, const char *p) {
    switch (*p) {
    case '"':
        return scan_text(s, p + 1);
    case 't':
        return scan_word(s, p, "true");
    case 'f':
        return scan_word(s, p, "false");
    case 'n':
        return scan_word(s, p, "null");
    default:
        if (*p == '-' || json_is_digit(*p))
            return scan_number(s, p);
        if (is_word_char(*p) && (unsigned char)*p < 0x7f)
            return scan_word(s, p, "null");
        return fail_char(s, p,
                         "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or "
                         "'false')");
    }
}

/* Behind a value: closes containers and goes over the comma to the next value. *ret_done: the outermost one is closed.
 */
static const char *scan_separators(struct scanner *s, const char *p, unsigned outer, bool *ret_done) {
    while (s->depth > outer) {
        p = blanks(s, p);
        bool object = s->first_name[s->depth] != IN_ARRAY;
        if (p == s->end)
            return fail_eof(s, object ? ": expected close marker for Object" : ": expected close marker for Array");
        if (*p == (object ? '}' : ']')) {
            close_container(s);
            p++;
            continue;
        }
        if (*p != ',')
            return fail_char(s, p,
                             object ? "was expecting comma to separate Object entries"
                                    : "was expecting comma to separate Array entries");
        p = blanks(s, p + 1);
        if (object)
            return scan_name(s, p);
        return p < s->end ? p : fail_eof(s, " within/between Array entries");
    }
    *ret_done = true;
    return p;
}

/* p is at the first byte of a value; the result is behind it. */
static const char *scan_value(struct scanner *s, const char *p) {
    unsigned outer = s->depth;
    bool done = false;
    while (!done) {
        if (p == s->end)
            return fail_eof(s, ": expected a value");
        if (*p == '{' || *p == '[') {
            bool object = *p == '{';
            p = open_container(s, p, object);
            if (!p)
                return NULL;
            if (p < s->end && *p != (object ? '}' : ']')) {
                p = object ? scan_name(s, p) : p;
                if (!p)
                    return NULL;
                continue;
            }
        } else {
            p = scan_scalar(s, p);
        }
        if (p)
            p = scan_separators(s, p, outer, &done);
        if (!p)
            return NULL;
    }
    return p;
}

int json_scan(const char *text, size_t len, unsigned depth, struct json_scan *ret, struct kc_error *err) {
    struct scanner s;
    s.begin = text;
    s.end = text + len;
    s.err = err;
    s.depth = depth;
    s.compact = s.unique = true;
    s.overlong = false;
    s.name_count = 0;
    const char *p = json_blanks(text, s.end);
    if (p == s.end) {
        *ret = (struct json_scan){.text = {NULL, 0}};
        return 0;
    }
    const char *behind = scan_value(&s, p);
    if (!behind)
        return -1;
    ret->text = (struct json_text){p, (size_t)(behind - p)};
    ret->overlong = s.overlong;
    ret->flags = (uint8_t)((s.compact && s.unique && !s.overlong ? VALUE_JSON_COMPACT : 0) |
                           (s.unique && !s.overlong ? VALUE_JSON_UNIQUE : 0));
    return 0;
}
