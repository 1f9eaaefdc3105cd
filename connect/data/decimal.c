/* Big decimal numbers: conversions between two's complement bytes and decimal digits, Java's text form and casts. */
#include "connect/data/decimal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/data/number_text.h"
#include "connect/data/schema.h"

static const uint8_t zero_byte[1] = {0};

const uint8_t *decimal_bytes(const struct kc_decimal *dec, size_t *ret_len) {
    const uint8_t *p = dec->unscaled;
    size_t len = dec->len;
    if (len == 0) {
        *ret_len = 1;
        return zero_byte;
    }
    while (len > 1 && ((p[0] == 0 && p[1] < 0x80) || (p[0] == 0xff && p[1] >= 0x80))) {
        p++;
        len--;
    }
    *ret_len = len;
    return p;
}

bool decimal_equal(const struct kc_decimal *a, const struct kc_decimal *b) {
    size_t alen, blen;
    const uint8_t *x = decimal_bytes(a, &alen), *y = decimal_bytes(b, &blen);
    return a->scale == b->scale && alen == blen && memcmp(x, y, alen) == 0;
}

struct kc_decimal decimal_from_bytes(const uint8_t *unscaled, size_t len, int32_t scale) {
    return (struct kc_decimal){.scale = scale, .len = (uint32_t)len, .unscaled = unscaled};
}

struct kc_value decimal_value(struct kc_arena *arena, struct kc_decimal dec) {
    struct kc_decimal *copy = kc_arena_alloc(arena, sizeof(*copy));
    *copy = dec;
    return (struct kc_value){.tag = KC_V_DECIMAL, .dec = copy};
}

struct kc_decimal decimal_from_int64(struct kc_arena *arena, int64_t unscaled, int32_t scale) {
    uint8_t *bytes = kc_arena_alloc(arena, 8);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)unscaled >> (56 - 8 * i));
    struct kc_decimal wide = decimal_from_bytes(bytes, 8, scale);
    size_t len;
    const uint8_t *shortest = decimal_bytes(&wide, &len);
    return decimal_from_bytes(shortest, len, scale);
}

/* ---- bytes to digits ---- */

/* The magnitude as little-endian base 2^32 limbs; malloc'ed, never NULL. */
static uint32_t *magnitude(const struct kc_decimal *dec, size_t *ret_limbs, bool *ret_negative) {
    size_t len;
    const uint8_t *p = decimal_bytes(dec, &len);
    size_t limbs = len / 4 + 1;
    uint32_t *m = calloc(limbs, sizeof(*m));
    if (!m)
        abort();
    bool negative = p[0] >= 0x80;
    unsigned carry = negative ? 1 : 0;
    for (size_t i = 0; i < len; i++) {
        unsigned byte = negative ? (uint8_t)~p[len - 1 - i] : p[len - 1 - i];
        byte += carry;
        carry = byte >> 8;
        m[i / 4] |= (uint32_t)(byte & 0xff) << (i % 4 * 8);
    }
    if (carry) /* only -256^n: ~0…0 + 1 needs one more byte */
        m[len / 4] |= UINT32_C(1) << (len % 4 * 8);
    *ret_limbs = limbs;
    *ret_negative = negative;
    return m;
}

/* Divides by 10^9 in place, gives the rest. */
static uint32_t divide_by_billion(uint32_t *m, size_t limbs) {
    uint64_t rest = 0;
    for (size_t i = limbs; i-- > 0;) {
        rest = rest << 32 | m[i];
        m[i] = (uint32_t)(rest / 1000000000);
        rest %= 1000000000;
    }
    return (uint32_t)rest;
}

/* Decimal digits of the magnitude, NUL-terminated, without leading zeros; malloc'ed. NULL: too many. */
static char *digits_of(const struct kc_decimal *dec, bool *ret_negative) {
    if (dec->len > DECIMAL_MAX_DIGITS / 2)
        return NULL;
    size_t limbs;
    uint32_t *m = magnitude(dec, &limbs, ret_negative);
    size_t size = limbs * 10 + 10, at = size - 1;
    char *text = malloc(size);
    if (!text)
        abort();
    text[at] = '\0';
    while (limbs > 0) {
        uint32_t rest = divide_by_billion(m, limbs);
        for (int i = 0; i < 9; i++, rest /= 10)
            text[--at] = (char)('0' + rest % 10);
        while (limbs > 0 && !m[limbs - 1])
            limbs--;
    }
    free(m);
    while (text[at] == '0' && text[at + 1])
        at++;
    memmove(text, text + at, size - at);
    return text;
}

/* ---- text ---- */

static int plain_text(struct buf *out, const char *digits, size_t count, int64_t scale) {
    if (scale == 0)
        return buf_add(out, digits, count);
    int64_t whole = (int64_t)count - scale;
    if (whole > 0) {
        buf_add(out, digits, (size_t)whole);
        buf_add_char(out, '.');
        return buf_add(out, digits + whole, count - (size_t)whole);
    }
    buf_add_text(out, "0.");
    for (; whole < 0; whole++)
        buf_add_char(out, '0');
    return buf_add(out, digits, count);
}

int decimal_text(struct buf *out, const struct kc_decimal *dec) {
    bool negative = false;
    AUTO_TEXT digits = digits_of(dec, &negative);
    if (!digits)
        return -1;
    size_t count = strlen(digits);
    int64_t adjusted = (int64_t)count - 1 - dec->scale;
    if (negative)
        buf_add_char(out, '-');
    if (dec->scale >= 0 && adjusted >= -6)
        return plain_text(out, digits, count, dec->scale);
    buf_add_char(out, digits[0]);
    if (count > 1) {
        buf_add_char(out, '.');
        buf_add(out, digits + 1, count - 1);
    }
    return buf_printf(out, "E%+lld", (long long)adjusted);
}

/* ---- digits to bytes ---- */

struct parsed {
    char *digits; /* malloc'ed */
    size_t count;
    int64_t scale;
    bool negative;
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* BigDecimal wants an exponent of at most ten digits; that the scale fits int32 is checked later (JDK 21). */
static bool scan_exponent(const char *p, const char *end, int64_t *ret_exponent) {
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    while (end - p > 1 && *p == '0')
        p++;
    if (p == end || end - p > 10)
        return false;
    int64_t e = 0;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        e = e * 10 + (*p - '0');
    }
    *ret_exponent = negative ? -e : e;
    return true;
}

static bool scan(const char *s, size_t len, struct parsed *n) {
    const char *p = s, *end = s + len;
    bool point = false, any = false;
    if (p < end && (*p == '-' || *p == '+'))
        n->negative = *p++ == '-';
    for (; p < end && (is_digit(*p) || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        any = true;
        n->scale += point;
        if (n->count == 0 && *p == '0')
            continue; /* leading zeros */
        if (n->count == DECIMAL_MAX_DIGITS)
            return false;
        n->digits[n->count++] = *p;
    }
    if (!any)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int64_t exponent = 0;
        if (!scan_exponent(p + 1, end, &exponent))
            return false;
        n->scale -= exponent;
        p = end;
    }
    return p == end && n->scale >= INT32_MIN && n->scale <= INT32_MAX;
}

/* Two's complement of a decimal number, in `arena`. */
static struct kc_decimal to_bytes(struct kc_arena *arena, const struct parsed *n) {
    size_t limbs = n->count / 9 + 2; /* 10^9 < 2^32; one more so that the sign has room */
    uint32_t *m = calloc(limbs, sizeof(*m));
    if (!m)
        abort();
    size_t used = 0;
    for (size_t i = 0; i < n->count;) {
        uint64_t add = 0, factor = 1;
        for (int j = 0; j < 9 && i < n->count; j++, i++) {
            add = add * 10 + (uint64_t)(n->digits[i] - '0');
            factor *= 10;
        }
        for (size_t k = 0; k < used; k++) {
            add += m[k] * factor;
            m[k] = (uint32_t)add;
            add >>= 32;
        }
        if (add)
            m[used++] = (uint32_t)add;
    }
    size_t len = limbs * 4;
    uint8_t *bytes = kc_arena_alloc(arena, len);
    unsigned carry = n->negative ? 1 : 0;
    for (size_t i = 0; i < len; i++) {
        unsigned byte = m[i / 4] >> (i % 4 * 8) & 0xff;
        byte = (n->negative ? ~byte & 0xff : byte) + carry;
        carry = byte >> 8;
        bytes[len - 1 - i] = (uint8_t)byte;
    }
    free(m);
    struct kc_decimal wide = decimal_from_bytes(bytes, len, (int32_t)n->scale);
    const uint8_t *shortest = decimal_bytes(&wide, &len);
    return decimal_from_bytes(shortest, len, (int32_t)n->scale);
}

int decimal_parse(struct kc_arena *arena, const char *s, size_t len, struct kc_decimal *ret_dec) {
    struct parsed n = {.digits = malloc(len < DECIMAL_MAX_DIGITS ? len + 1 : DECIMAL_MAX_DIGITS)};
    if (!n.digits)
        abort();
    bool ok = scan(s, len, &n);
    if (ok)
        *ret_dec = to_bytes(arena, &n);
    free(n.digits);
    return ok ? 0 : -1;
}

int decimal_from_double(struct kc_arena *arena, double value, struct kc_decimal *ret_dec) {
    char text[NUMBER_TEXT_MAX];
    return decimal_parse(arena, text, number_text_double(text, value), ret_dec);
}

/* ---- casts ---- */

static int64_t low_bits(const struct kc_decimal *dec) {
    size_t len;
    const uint8_t *p = decimal_bytes(dec, &len);
    uint64_t low = p[0] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = len > 8 ? len - 8 : 0; i < len; i++)
        low = low << 8 | p[i];
    return (int64_t)low;
}

/* |digits| · 10^zeros modulo 2^64 */
static uint64_t modulo(const char *digits, size_t count, uint64_t zeros) {
    uint64_t low = 0;
    for (size_t i = 0; i < count; i++)
        low = low * 10 + (uint64_t)(digits[i] - '0');
    for (uint64_t i = 0; i < zeros && low; i++)
        low *= 10;
    return low;
}

int64_t decimal_to_int64(const struct kc_decimal *dec) {
    if (dec->scale == 0)
        return low_bits(dec);
    bool negative = false;
    AUTO_TEXT digits = digits_of(dec, &negative);
    if (!digits)
        return 0;
    int64_t whole = (int64_t)strlen(digits) - dec->scale;
    if (whole <= 0 || digits[0] == '0')
        return 0;
    size_t count = dec->scale > 0 ? (size_t)whole : strlen(digits);
    uint64_t low = modulo(digits, count, dec->scale < 0 ? (uint64_t) - (int64_t)dec->scale : 0);
    return (int64_t)(negative ? 0 - low : low);
}

double decimal_to_double(const struct kc_decimal *dec) {
    AUTO_BUF text;
    buf_init(&text, DECIMAL_MAX_DIGITS * 2);
    double value = 0;
    bool negative = false;
    AUTO_TEXT digits = digits_of(dec, &negative);
    if (digits && buf_printf(&text, "%s%sE%lld", negative ? "-" : "", digits, -(long long)dec->scale) == 0)
        (void)!number_parse_double(buf_text(&text), text.len, &value);
    return value;
}

/* ---- schema ---- */

int decimal_scale(const struct kc_schema *schema, int32_t *ret_scale, struct kc_error *err) {
    if (schema->parameter_count == 0)
        return err_set_class(err, ERR_INTERNAL, "java.lang.NullPointerException",
                             "Cannot invoke \"java.util.Map.get(Object)\" because the return value of "
                             "\"org.apache.kafka.connect.data.Schema.parameters()\" is null");
    const char *text = schema_parameter(schema, "scale");
    if (!text)
        return err_set(err, ERR_BAD_DATA, "Invalid Decimal schema: scale parameter not found.");
    char *end;
    long scale = strtol(text, &end, 10);
    bool signed_or_digit = is_digit(*text) || ((*text == '-' || *text == '+') && is_digit(text[1]));
    if (!signed_or_digit || *end || scale < INT32_MIN || scale > INT32_MAX)
        return err_set(err, ERR_BAD_DATA, "Invalid scale parameter found in Decimal schema: ");
    *ret_scale = (int32_t)scale;
    return 0;
}
