/* Number texts. Doubles and floats are written by the Schubfach method (R. Giulietti, "The Schubfach way to render
 * doubles", 2020), which is what Double.toString does since JDK 19: scale the value and the borders of its rounding
 * interval by a power of ten that is known to 126 bits, then choose between the two nearest decimals.
 * The powers are computed once, at the first use. */
#include "connect/data/number_text.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- powers of ten ---- */

enum { K_MIN = -324, K_MAX = 292, K_COUNT = K_MAX - K_MIN + 1 };
enum { BIG_LIMBS = 40 }; /* 1280 bits: 10^324 has 1077, and 2^1276 / 10^292 still has more than 126 */

/* g(k) = floor(10^-k · 2^-r) + 1 with 2^125 ≤ g < 2^126, as hi · 2^63 + lo */
struct power {
    uint64_t hi, lo;
};
static struct power powers[K_COUNT];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;

struct big {
    uint32_t limb[BIG_LIMBS]; /* little-endian */
};

static void big_multiply_by_10(struct big *b) {
    uint64_t carry = 0;
    for (int i = 0; i < BIG_LIMBS; i++) {
        carry += (uint64_t)b->limb[i] * 10;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void big_divide_by_10(struct big *b) {
    uint64_t rest = 0;
    for (int i = BIG_LIMBS - 1; i >= 0; i--) {
        rest = rest << 32 | b->limb[i];
        b->limb[i] = (uint32_t)(rest / 10);
        rest %= 10;
    }
}

static int big_bits(const struct big *b) {
    int i = BIG_LIMBS - 1;
    while (i > 0 && !b->limb[i])
        i--;
    return i * 32 + 32 - (b->limb[i] ? __builtin_clz(b->limb[i]) : 32);
}

/* Bit `n` of the number; below zero there are only zeros. */
static uint64_t big_bit(const struct big *b, int n) {
    return n < 0 ? 0 : b->limb[n / 32] >> (n % 32) & 1;
}

/* The upper 126 bits plus one. */
static struct power big_power(const struct big *b) {
    struct power p = {0, 0};
    int top = big_bits(b);
    for (int i = 1; i <= 63; i++)
        p.hi = p.hi << 1 | big_bit(b, top - i);
    for (int i = 64; i <= 126; i++)
        p.lo = p.lo << 1 | big_bit(b, top - i);
    p.lo++;
    if (p.lo >> 63) {
        p.lo = 0;
        p.hi++;
    }
    return p;
}

static void powers_compute(void) {
    struct big b = {{1}};
    for (int k = 0; k >= K_MIN; k--) { /* 10^-k is a whole number */
        powers[k - K_MIN] = big_power(&b);
        big_multiply_by_10(&b);
    }
    /* floor(floor(x / 10) / 10) = floor(x / 100), so that repeated division stays exact. */
    memset(&b, 0, sizeof(b));
    b.limb[BIG_LIMBS - 1] = 1u << 28;
    for (int k = 1; k <= K_MAX; k++) {
        big_divide_by_10(&b);
        powers[k - K_MIN] = big_power(&b);
    }
}

/* ---- Schubfach ---- */

/* floor(e · log10(2)), floor(e · log10(2) + log10(3/4)) and floor(e · log2(10)), exact for the exponents of doubles */
static int floor_log10_pow2(int e) {
    return (int)((e * INT64_C(661971961083)) >> 41);
}
static int floor_log10_three_quarters_pow2(int e) {
    return (int)((e * INT64_C(661971961083) - INT64_C(274743187321)) >> 41);
}
static int floor_log2_pow10(int e) {
    return (int)((e * INT64_C(913124641741)) >> 38);
}

static uint64_t high64(uint64_t a, uint64_t b) {
    return (uint64_t)((unsigned __int128)a * b >> 64);
}

/* g · cp / 2^127, rounded to odd: the lowest bit also says whether anything was cut off. */
static uint64_t scale_to_odd(struct power g, uint64_t cp) {
    uint64_t x1 = high64(g.lo, cp);
    uint64_t y0 = g.hi * cp;
    uint64_t y1 = high64(g.hi, cp);
    uint64_t z = (y0 >> 1) + x1;
    uint64_t w = y1 + (z >> 63);
    const uint64_t mask = UINT64_MAX >> 1;
    return w | (((z & mask) + mask) >> 63);
}

struct decimal {
    uint64_t digits; /* value = digits · 10^exponent */
    int exponent;
};

/* The decimal of c · 2^q. `regular`: the neighbours below and above are equally far. */
static struct decimal shortest(uint64_t c, int q, bool regular, int dk) {
    uint64_t out = c & 1;
    uint64_t cb = c << 2;
    int k = regular ? floor_log10_pow2(q) : floor_log10_three_quarters_pow2(q);
    int h = q + floor_log2_pow10(-k) + 2;
    struct power g = powers[k - K_MIN];
    uint64_t vb = scale_to_odd(g, cb << h);
    uint64_t vbl = scale_to_odd(g, (cb - (regular ? 2 : 1)) << h);
    uint64_t vbr = scale_to_odd(g, (cb + 2) << h);
    uint64_t s = vb >> 2;
    if (s >= 100) { /* one digit less, when exactly one such decimal lies in the interval */
        uint64_t low = s / 10 * 10, up = low + 10;
        bool low_in = vbl + out <= low << 2;
        bool up_in = (up << 2) + out <= vbr;
        if (low_in != up_in)
            return (struct decimal){low_in ? low : up, k};
    }
    uint64_t t = s + 1;
    bool s_in = vbl + out <= s << 2;
    bool t_in = (t << 2) + out <= vbr;
    if (s_in != t_in)
        return (struct decimal){s_in ? s : t, k + dk};
    int64_t to_middle = (int64_t)(vb - ((s + t) << 1));
    return (struct decimal){to_middle < 0 || (to_middle == 0 && (s & 1) == 0) ? s : t, k + dk};
}

/* A binary floating point format: bits of the fraction, exponent of the smallest subnormal, and the subnormals so small
 * that two digits need ten times the value. */
struct format {
    int fraction_bits, q_min;
    uint64_t tiny;
};

static struct decimal to_decimal(const struct format *f, uint64_t fraction, int biased) {
    pthread_once(&powers_once, powers_compute);
    uint64_t c_min = UINT64_C(1) << f->fraction_bits;
    if (biased == 0)
        return fraction < f->tiny ? shortest(10 * fraction, f->q_min, true, -1) : shortest(fraction, f->q_min, true, 0);
    uint64_t c = c_min | fraction;
    int q = f->q_min + biased - 1;
    if (q < 0 && q > -f->fraction_bits - 1) { /* a small whole number? */
        uint64_t whole = c >> -q;
        if (whole << -q == c)
            return (struct decimal){whole, 0};
    }
    return shortest(c, q, fraction != 0 || biased == 1, 0);
}

/* ---- layout of the digits ---- */

/* The eight digits of n < 10^8, leading zeros included, as a number per byte; the first one lowest. Each step halves
 * the parts: 4 digits, 2 digits, 1 digit, all parts at once. */
static inline uint64_t eight_digits(uint32_t n) {
    uint64_t x = n / 10000 | (uint64_t)(n % 10000) << 32;
    uint64_t high = (x * 10486 >> 20) & UINT64_C(0x0000007f0000007f); /* x / 100 */
    x = high | (x - high * 100) << 16;
    high = (x * 103 >> 10) & UINT64_C(0x000f000f000f000f); /* x / 10 */
    return high | (x - high * 10) << 8;
}

static inline void put_eight(char *out, uint64_t digits) {
    digits += UINT64_C(0x3030303030303030);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    digits = __builtin_bswap64(digits);
#endif
    memcpy(out, &digits, 8);
}

/* The digits of n < 10^8 without leading zeros. May write eight bytes. */
static inline size_t short_digits(char *out, uint32_t n) {
    if (n < 10) {
        out[0] = (char)('0' + n);
        return 1;
    }
    uint64_t digits = eight_digits(n);
    unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
    put_eight(out, digits >> (8 * zeros));
    return 8 - zeros;
}

/* Needs room for eight bytes, or as many as there are digits. */
static size_t digits_of(char *out, uint64_t n) {
    if (n < 100000000)
        return short_digits(out, (uint32_t)n);
    size_t len = digits_of(out, n / 100000000);
    put_eight(out + len, eight_digits((uint32_t)(n % 100000000)));
    return len + 8;
}

/* Digits d1d2… with the value 0.d1d2… · 10^point */
static size_t layout(char *out, const char *digits, size_t len, int point) {
    size_t n = 0;
    if (point > 0 && point <= 7) {
        for (int i = 0; i < point; i++)
            out[n++] = (size_t)i < len ? digits[i] : '0';
        out[n++] = '.';
        if (len <= (size_t)point)
            out[n++] = '0';
        for (size_t i = (size_t)point; i < len; i++)
            out[n++] = digits[i];
        return n;
    }
    if (point > -3 && point <= 0) {
        out[n++] = '0';
        out[n++] = '.';
        for (int i = point; i < 0; i++)
            out[n++] = '0';
        memcpy(out + n, digits, len);
        return n + len;
    }
    out[n++] = digits[0];
    out[n++] = '.';
    if (len == 1)
        out[n++] = '0';
    memcpy(out + n, digits + 1, len - 1);
    n += len - 1;
    out[n++] = 'E';
    return n + number_text_int(out + n, point - 1);
}

static size_t text_of_decimal(char *out, struct decimal d) {
    char digits[24];
    size_t len = digits_of(digits, d.digits);
    int point = (int)len + d.exponent;
    while (len > 1 && digits[len - 1] == '0')
        len--;
    size_t n = layout(out, digits, len, point);
    out[n] = '\0';
    return n;
}

static size_t fixed_text(char *out, const char *text) {
    size_t len = strlen(text);
    memcpy(out, text, len + 1);
    return len;
}

/* Most numbers in practice: from 0.001 to below 10^7 with at most six digits behind the point, hence at most 13 in all.
 * No two decimals of up to 15 digits are the same double, so a decimal that reads back is the shortest one. 0: another.
 */
static size_t few_digits(char *out, double value) {
    if (!(value >= 0.001 && value < 1e7))
        return 0;
    int64_t millionths = (int64_t)(value * 1e6 + 0.5); /* signed, as processors convert */
    if ((double)millionths / 1e6 != value)
        return 0;
    uint32_t whole = (uint32_t)((uint64_t)millionths / 1000000), rest = (uint32_t)((uint64_t)millionths % 1000000);
    uint64_t fraction = eight_digits(rest * 100);
    size_t len = short_digits(out, whole);
    out[len] = '.';
    put_eight(out + len + 1, fraction);
    len += 1 + (fraction ? 8 - (unsigned)__builtin_clzll(fraction) / 8 : 1);
    out[len] = '\0';
    return len;
}

size_t number_text_double(char *out, double value) {
    static const struct format binary64 = {52, -1074, 3};
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint64_t fraction = bits & (UINT64_MAX >> 12);
    int biased = (int)(bits >> 52 & 0x7ff);
    if (biased == 0x7ff)
        return fixed_text(out, fraction ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    size_t sign = bits >> 63;
    out[0] = '-';
    if (biased == 0 && fraction == 0)
        return sign + fixed_text(out + sign, "0.0");
    size_t few = few_digits(out + sign, fabs(value));
    return sign + (few ? few : text_of_decimal(out + sign, to_decimal(&binary64, fraction, biased)));
}

size_t number_text_float(char *out, float value) {
    static const struct format binary32 = {23, -149, 8};
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint32_t fraction = bits & 0x7fffff;
    int biased = (int)(bits >> 23 & 0xff);
    if (biased == 0xff)
        return fixed_text(out, fraction ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    size_t sign = bits >> 31;
    out[0] = '-';
    if (biased == 0 && fraction == 0)
        return sign + fixed_text(out + sign, "0.0");
    return sign + text_of_decimal(out + sign, to_decimal(&binary32, fraction, biased));
}

size_t number_text_int(char *out, int64_t value) {
    size_t sign = value < 0 ? 1 : 0;
    out[0] = '-';
    size_t len = sign + digits_of(out + sign, sign ? 0 - (uint64_t)value : (uint64_t)value);
    out[len] = '\0';
    return len;
}

/* ---- reading ---- */

struct scanned {
    uint64_t mantissa; /* of at most 19 digits */
    int64_t exponent;  /* value = mantissa · 10^exponent when exact */
    bool negative, exact;
};

/* Adds a digit, or only counts it once 19 significant ones are there. */
static void scan_digit(struct scanned *n, int *significant, char c, bool fraction) {
    if (*significant < 19) {
        n->mantissa = n->mantissa * 10 + (uint64_t)(c - '0');
        *significant += n->mantissa != 0;
        n->exponent -= fraction;
    } else {
        n->exact = n->exact && c == '0';
        n->exponent += !fraction;
    }
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool scan_exponent(const char *p, const char *end, struct scanned *n) {
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    int64_t exponent = 0;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (exponent < 100000000)
            exponent = exponent * 10 + (*p - '0');
    }
    n->exponent += negative ? -exponent : exponent;
    return true;
}

static bool scan(const char *s, size_t len, struct scanned *n) {
    const char *p = s, *end = s + len;
    int significant = 0;
    bool any = false;
    *n = (struct scanned){.exact = true};
    if (p < end && (*p == '-' || *p == '+'))
        n->negative = *p++ == '-';
    for (; p < end && is_digit(*p); p++, any = true)
        scan_digit(n, &significant, *p, false);
    if (p < end && *p == '.')
        for (p++; p < end && is_digit(*p); p++, any = true)
            scan_digit(n, &significant, *p, true);
    if (!any)
        return false;
    if (p < end && (*p == 'e' || *p == 'E'))
        return scan_exponent(p + 1, end, n);
    return p == end;
}

/* Small numbers are one exact multiplication or division away; everything else is left to strtod. */
static bool fast_double(const struct scanned *n, double *ret_value) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (!n->exact || n->mantissa > UINT64_C(1) << 53 || n->exponent > 22 || n->exponent < -22)
        return false;
    double value = (double)n->mantissa;
    value = n->exponent < 0 ? value / tens[-n->exponent] : value * tens[n->exponent];
    *ret_value = n->negative ? -value : value;
    return true;
}

/* strto* want a NUL behind the text. */
static char *terminated(const char *s, size_t len, char *small, size_t small_size) {
    char *copy = len < small_size ? small : malloc(len + 1);
    if (!copy)
        abort();
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

bool number_parse_double(const char *s, size_t len, double *ret_value) {
    struct scanned n;
    if (!scan(s, len, &n))
        return false;
    if (fast_double(&n, ret_value))
        return true;
    char small[128];
    char *copy = terminated(s, len, small, sizeof(small));
    *ret_value = strtod(copy, NULL);
    if (copy != small)
        free(copy);
    return true;
}

bool number_parse_float(const char *s, size_t len, float *ret_value) {
    struct scanned n;
    if (!scan(s, len, &n))
        return false;
    char small[128];
    char *copy = terminated(s, len, small, sizeof(small));
    *ret_value = strtof(copy, NULL);
    if (copy != small)
        free(copy);
    return true;
}

int64_t number_double_to_int64(double value) {
    if (isnan(value))
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

int32_t number_double_to_int32(double value) {
    if (isnan(value))
        return 0;
    if (value >= 0x1p31)
        return INT32_MAX;
    return value < -0x1p31 ? INT32_MIN : (int32_t)value;
}
