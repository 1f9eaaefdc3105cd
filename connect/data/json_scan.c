/* One pass over JSON text: grammar, UTF-8, limits, and on the way whether the text is already what a writer would write
 * (compact, perhaps but for blanks) and whether all names of each object differ (unique).
 *
 * What most texts consist of is done in the loop of scan_value, without a call: strings without anything special (their
 * ends are found by json_marks, see json_bytes.h), numbers of at most 15 characters in plain form, words, and
 * separators without blanks. Whatever else stands there goes to the function of the same name that takes everything and
 * knows the errors (scan_string_rest, scan_number, scan_word, …); both ways accept the same texts and say the same of
 * them.
 *
 * Names: an object's filter of 256 bits tells most names from those before them by one hash. When a name's bit is set,
 * its fingerprint is compared with theirs, then its text. The fingerprints of all objects that are open lie on one
 * stack; an object with more names than fit counts as "perhaps not unique", which costs the reader a slower path but no
 * error. */
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

enum { MAX_NAMES = 1024, MAX_NAMES_OF_ONE = 256, FILTER_BITS = 256 };

/* An open object or array. */
struct level {
    uint16_t first_name, name_limit; /* where its names begin in scanner.names, and where there is room for no more */
    bool object;
    uint64_t filter[FILTER_BITS / 64];
};

struct name {
    const char *text; /* behind the opening quote */
    uint32_t fingerprint;
};

struct scanner {
    const char *begin, *end;
    const char *near_end; /* before here the 17 bytes from each on are text */
    struct kc_error *err;
    unsigned depth;
    bool compact;  /* every token is as it would be written */
    bool unspaced; /* and there are no blanks between them */
    bool unique, overlong;
    uint16_t name_count;
    struct name names[MAX_NAMES];
    struct level levels[JSON_MAX_DEPTH + 1]; /* [0] is no container */
};

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

/* p is at the opening quote; the result is behind the closing one. Most strings are one run of plain bytes. */
static inline const char *scan_string(struct scanner *s, struct json_marks *marks, const char *p) {
    p = json_marks_behind(marks, p, json_special_block);
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

static inline const char *scan_text(struct scanner *s, struct json_marks *marks, const char *p) {
    const char *behind = scan_string(s, marks, p);
    if (behind && behind - p > JSON_MAX_STRING)
        return check_units(s, p + 1, behind - 1, "String value length", JSON_MAX_STRING) ? behind : NULL;
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

/* A number for a name: of names of less than 8 bytes no two have the same. Short names fill it from the highest byte
 * down, whether or not 8 bytes may be read at once. */
static inline uint64_t hash_name(const struct scanner *s, const char *name, size_t len) {
    uint64_t head = 0;
    if (len >= 8) {
        uint64_t tail = json_word(name + len - 8);
        head = json_word(name) ^ (tail << 29 | tail >> 35);
    } else if (len && name < s->near_end) {
        head = json_word(name) << (64 - 8 * len);
    } else {
        for (size_t i = 0; i < len; i++)
            head = head >> 8 | (uint64_t)(unsigned char)name[i] << 56;
    }
    return head * UINT64_C(0x9e3779b97f4a7c15);
}

/* Two canonical names are equal when their bytes are, closing quote included. */
static bool name_is_known(const struct scanner *s, const char *name, size_t len, uint32_t fingerprint) {
    for (uint16_t i = s->levels[s->depth].first_name; i < s->name_count; i++)
        if (s->names[i].fingerprint == fingerprint && memcmp(s->names[i].text, name, len + 1) == 0)
            return true;
    return false;
}

static inline void note_name(struct scanner *s, const char *name, const char *quote) {
    struct level *level = &s->levels[s->depth];
    uint16_t at = s->name_count;
    size_t len = (size_t)(quote - name);
    uint64_t hash = hash_name(s, name, len), bit = UINT64_C(1) << (hash >> 58);
    uint64_t *filter = &level->filter[hash >> 56 & 3];
    if (at == level->name_limit || (*filter & bit && name_is_known(s, name, len, (uint32_t)(hash >> 24)))) {
        s->unique = false;
        return;
    }
    *filter |= bit;
    s->names[at] = (struct name){name, (uint32_t)(hash >> 24)};
    s->name_count = (uint16_t)(at + 1);
}

static inline const char *blanks(struct scanner *s, const char *p) {
    if (p < s->end && json_is_blank(*p)) {
        s->unspaced = false;
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

/* The parts of a name that are seldom needed. p is behind its closing quote. */
static const char *check_name(struct scanner *s, const char *name, const char *p, bool respelled) {
    if (p - name > JSON_MAX_NAME && !check_units(s, name, p - 1, "Name length", JSON_MAX_NAME))
        return NULL;
    if (memchr(name, '\\', (size_t)(p - name))) {
        if (!check_surrogates(s, name, p - 1))
            return NULL;
        if (respelled) /* may be another spelling of the same name */
            s->unique = false;
    }
    return p;
}

/* From what ends the plain beginning of a name to the value. */
static const char *scan_name_rest(struct scanner *s, const char *name, const char *p) {
    bool compact_before = s->compact;
    s->compact = true;
    p = scan_string_rest(s, p);
    p = p ? check_name(s, name, p, !s->compact) : NULL;
    s->compact = s->compact && compact_before;
    if (!p)
        return NULL;
    if (s->unique)
        note_name(s, name, p - 1);
    p = blanks(s, p);
    if (p == s->end)
        return fail_eof(s, " within/between Object entries");
    if (*p != ':')
        return fail_char(s, p, "was expecting a colon to separate field name and value");
    p = blanks(s, p + 1);
    return p < s->end ? p : fail_eof(s, ": expected a value");
}

/* To the first quote of a name; p is at something else, or at the end. */
static const char *find_name(struct scanner *s, const char *p) {
    p = blanks(s, p);
    if (p == s->end)
        return fail_eof(s, " within/between Object entries");
    return *p == '"' ? p : fail_char(s, p, "was expecting double-quote to start field name");
}

/* From behind { or , to the value, or the blanks before it. */
static inline const char *scan_name(struct scanner *s, struct json_marks *marks, const char *p) {
    if ((p >= s->end || *p != '"') && !(p = find_name(s, p)))
        return NULL;
    const char *name = p + 1;
    p = json_marks_behind(marks, p, json_special_block);
    if (p >= s->near_end || *p != '"' || p[1] != ':' || p > name + JSON_MAX_NAME)
        return scan_name_rest(s, name, p);
    if (s->unique)
        note_name(s, name, p);
    return p + 2;
}

/* ---- values ---- */

static inline bool open_container(struct scanner *s, bool object) {
    unsigned limit = s->name_count + MAX_NAMES_OF_ONE;
    if (s->depth == JSON_MAX_DEPTH) {
        fail_limit(s, "Document nesting depth", JSON_MAX_DEPTH + 1, JSON_MAX_DEPTH);
        return false;
    }
    s->levels[++s->depth] = (struct level){
        .first_name = s->name_count, .name_limit = (uint16_t)(limit < MAX_NAMES ? limit : MAX_NAMES), .object = object};
    return true;
}

static const char *scan_scalar(struct scanner *s, const char *p) {
    switch (*p) {
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

/* A number or a word; else the error. */
static inline const char *scan_bare(struct scanner *s, const char *p) {
    const char *behind = NULL;
    unsigned whole;
    if (p < s->near_end) {
        if (*p == '-' || json_is_digit(*p))
            behind = json_plain_number(p, &whole);
        else if (*p == 'f' ? memcmp(p, "false", 5) == 0 : memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0)
            behind = p + (*p == 'f' ? 5 : 4);
    }
    return behind && (*behind == ',' || *behind == '}' || *behind == ']') ? behind : scan_scalar(s, p);
}

/* Behind a value: closes containers and goes over the comma; *ret_done: the outermost container is closed. */
static const char *scan_separators(struct scanner *s, const char *p, unsigned outer, bool *ret_done) {
    while (s->depth > outer) {
        p = blanks(s, p);
        bool object = s->levels[s->depth].object;
        if (p == s->end)
            return fail_eof(s, object ? ": expected close marker for Object" : ": expected close marker for Array");
        if (*p == ',') {
            p = object ? p + 1 : blanks(s, p + 1);
            return p < s->end || object ? p : fail_eof(s, " within/between Array entries");
        }
        if (*p != (object ? '}' : ']'))
            return fail_char(s, p,
                             object ? "was expecting comma to separate Object entries"
                                    : "was expecting comma to separate Array entries");
        s->name_count = s->levels[s->depth--].first_name;
        p++;
    }
    *ret_done = true;
    return p;
}

/* p is at the first byte of a value or before blanks; the result is behind it. */
static const char *scan_value(struct scanner *s, const char *p) {
    struct json_marks marks = json_marks_start(s->begin, s->end, json_special_block);
    unsigned outer = s->depth;
    bool done = false, named = false; /* a name stands before the value */
    while (!done) {
        if (named && !(p = scan_name(s, &marks, p)))
            return NULL;
        if (json_is_blank(*p) && (p = blanks(s, p)) == s->end)
            return fail_eof(s, ": expected a value");
        if (*p == '{' || *p == '[') {
            char close = *p == '{' ? '}' : ']';
            named = *p == '{';
            if (!open_container(s, named))
                return NULL;
            p = blanks(s, p + 1);
            if (p < s->end && *p != close)
                continue;
        } else {
            p = *p == '"' ? scan_text(s, &marks, p) : scan_bare(s, p);
            if (!p)
                return NULL;
            if (p < s->near_end && *p == ',' && s->depth > outer) {
                p++;
                continue;
            }
        }
        if (!(p = scan_separators(s, p, outer, &done)))
            return NULL;
        named = s->levels[s->depth].object;
    }
    return p;
}

int json_scan(const char *text, size_t len, unsigned depth, struct json_scan *ret, struct kc_error *err) {
    struct scanner s;
    s.begin = text;
    s.end = text + len;
    s.near_end = len > 17 ? s.end - 17 : text;
    s.err = err;
    s.depth = depth;
    s.compact = s.unspaced = s.unique = true;
    s.overlong = false;
    s.name_count = 0;
    s.levels[depth].object = false;
    const char *p = json_blanks(text, s.end);
    if (p == s.end) {
        *ret = (struct json_scan){.text = {NULL, 0}};
        return 0;
    }
    bool bare = *p != '{' && *p != '[' && *p != '"';
    const char *behind = bare && depth == 0 ? scan_scalar(&s, p) : scan_value(&s, p);
    if (!behind)
        return -1;
    ret->text = (struct json_text){p, (size_t)(behind - p)};
    ret->overlong = s.overlong;
    bool unique = s.unique && !s.overlong, spaced = unique && s.compact;
    ret->flags = (uint8_t)((unique ? VALUE_JSON_UNIQUE : 0) | (spaced ? VALUE_JSON_SPACED : 0) |
                           (spaced && s.unspaced ? VALUE_JSON_COMPACT : 0));
    return 0;
}
