/* The grammar of JSON as Jackson reads it, one byte after the other; see json_scan_plain.h. Recursive and slow. */
#include <string.h>

#include "tests/support/json_scan_plain.h"

struct reader {
    const unsigned char *p, *end;
    unsigned depth;
};

static bool value(struct reader *r);

static int peek(const struct reader *r) {
    return r->p < r->end ? *r->p : -1;
}

static bool take(struct reader *r, int c) {
    if (peek(r) != c)
        return false;
    r->p++;
    return true;
}

static void blanks(struct reader *r) {
    while (take(r, ' ') || take(r, '\t') || take(r, '\n') || take(r, '\r'))
        continue;
}

/* ---- Strings ---- */

static bool hex4(struct reader *r, unsigned *ret) {
    *ret = 0;
    for (int i = 0; i < 4; i++, r->p++) {
        int c = peek(r);
        if (c >= '0' && c <= '9')
            *ret = *ret * 16 + (unsigned)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f' && c > 0)
            *ret = *ret * 16 + (unsigned)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    return true;
}

/* One character beyond ASCII; forms of two and three bytes may be longer than needed. */
static bool multibyte(struct reader *r) {
    unsigned lead = *r->p++;
    int more = lead >= 0xf8 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    unsigned c = lead & (0x7fu >> (more + 1));
    if (!more)
        return false;
    for (int i = 0; i < more; i++) {
        int next = peek(r);
        if (next < 0x80 || next >= 0xc0)
            return false;
        c = c << 6 | (unsigned)(next - 0x80);
        r->p++;
    }
    return more == 3 ? c >= 0x10000 && c <= 0x10ffff : c < 0xd800 || c >= 0xe000;
}

/* Surrogates must be paired in names and may be alone in values. */
static bool string(struct reader *r, bool name) {
    bool high = false;
    if (!take(r, '"'))
        return false;
    while (!take(r, '"')) {
        int c = peek(r);
        unsigned unit = 0;
        if (c < 0x20)
            return false;
        if (c >= 0x80) {
            if (!multibyte(r))
                return false;
        } else {
            r->p++;
            if (c == '\\') {
                int escape = peek(r);
                if (escape <= 0 || !strchr("\"\\/bfnrtu", escape))
                    return false;
                r->p++;
                if (escape == 'u' && !hex4(r, &unit))
                    return false;
            }
        }
        bool low = unit >= 0xdc00 && unit < 0xe000;
        if (name && low != high)
            return false;
        high = unit >= 0xd800 && unit < 0xdc00;
    }
    return !(name && high);
}

/* ---- Numbers and words ---- */

static size_t digits(struct reader *r) {
    size_t count = 0;
    for (; peek(r) >= '0' && peek(r) <= '9'; count++)
        r->p++;
    return count;
}

static bool exponent(struct reader *r, size_t fraction, size_t *ret_digits) {
    bool negative = false;
    if (!take(r, '+'))
        negative = take(r, '-');
    const unsigned char *first = r->p;
    *ret_digits = digits(r);
    long long n = 0;
    for (; first < r->p && n < 10000000000; first++)
        n = n * 10 + (*first - '0');
    n = negative ? -n : n;
    long long scale = (long long)fraction - n;
    return *ret_digits && n >= INT32_MIN && n <= INT32_MAX && scale >= INT32_MIN && scale <= INT32_MAX;
}

static bool number(struct reader *r) {
    size_t fraction = 0, power = 0;
    take(r, '-');
    const unsigned char *first = r->p;
    size_t whole = digits(r);
    if (!whole)
        return false;
    for (; whole > 1 && *first == '0'; first++)
        whole--;
    if (take(r, '.') && !(fraction = digits(r)))
        return false;
    if ((take(r, 'e') || take(r, 'E')) && !exponent(r, fraction, &power))
        return false;
    if (whole + fraction + power > JSON_MAX_NUMBER)
        return false;
    return r->depth > 0 || r->p == r->end || (*r->p && strchr(" \t\n\r", *r->p));
}

static bool word(struct reader *r, const char *text) {
    while (*text)
        if (!take(r, *text++))
            return false;
    int c = peek(r);
    return !(c >= 0x7f || c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c > 0));
}

/* ---- Containers ---- */

static bool member(struct reader *r, bool object) {
    if (object) {
        if (!string(r, true))
            return false;
        blanks(r);
        if (!take(r, ':'))
            return false;
        blanks(r);
    }
    return value(r);
}

static bool container(struct reader *r) {
    bool object = *r->p++ == '{';
    if (++r->depth > JSON_MAX_DEPTH)
        return false;
    blanks(r);
    if (peek(r) != (object ? '}' : ']'))
        for (;;) {
            if (!member(r, object))
                return false;
            blanks(r);
            if (!take(r, ','))
                break;
            blanks(r);
        }
    r->depth--;
    return take(r, object ? '}' : ']');
}

static bool value(struct reader *r) {
    switch (peek(r)) {
    case '{':
    case '[':
        return container(r);
    case '"':
        return string(r, false);
    case 't':
        return word(r, "true");
    case 'f':
        return word(r, "false");
    case 'n':
        return word(r, "null");
    default:
        return number(r);
    }
}

bool json_reference_accepts(const char *text, size_t len, struct json_text *ret_value) {
    struct reader r = {(const unsigned char *)text, (const unsigned char *)text + len, 0};
    blanks(&r);
    const char *start = (const char *)r.p;
    *ret_value = (struct json_text){NULL, 0};
    if (r.p == r.end)
        return true;
    if (!value(&r))
        return false;
    *ret_value = (struct json_text){start, (size_t)((const char *)r.p - start)};
    return true;
}
