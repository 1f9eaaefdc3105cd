/* The innermost loops of the JSON reader and writer: which of the next bytes are special.
 *
 * Everything rests on four questions asked of 16 bytes at once; the answer is a bit per byte, the first byte lowest:
 * json_special_16 (ends a run of plain bytes), json_quote_16 (quote or backslash), json_nesting_16 (those and
 * brackets), json_digit_16. SSE2, which every x86-64 has, answers them with vectors; elsewhere, and with
 * -DJSON_BYTES_PLAIN, they are computed in 64-bit words. The plain forms exist everywhere (json_…_16_plain), so that
 * tests compare the two.
 *
 * A json_marks goes through the special bytes of a text from one to the next.  It looks at 64 bytes at a time, wherever
 * the tokens lie, so that finding the end of a string does not have to wait until its beginning is known. */
#ifndef CONNECT_DATA_JSON_BYTES_H
#define CONNECT_DATA_JSON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(JSON_BYTES_PLAIN)
#define JSON_BYTES_SSE2 1
#include <emmintrin.h>
#endif

static inline bool json_is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *json_blanks(const char *p, const char *end) {
    while (p < end && json_is_blank(*p))
        p++;
    return p;
}

static inline bool json_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Plain bytes stand for themselves in a JSON string: printable ASCII but quote and backslash. */
static inline bool json_is_plain(char c) {
    return (signed char)c >= 0x20 && c != '"' && c != '\\';
}

/* ---- 16 bytes, in words ------------------------------------------------------------------------------------------ */

#define JSON_BYTES_ONES  UINT64_C(0x0101010101010101)
#define JSON_BYTES_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t json_word(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The highest bit of each byte that is zero; exact for every byte. */
static inline uint64_t json_zero_bytes(uint64_t x) {
    return ~(((x & ~JSON_BYTES_HIGHS) + ~JSON_BYTES_HIGHS) | x) & JSON_BYTES_HIGHS;
}

/* The highest bits of eight bytes side by side. */
static inline unsigned json_gather(uint64_t highs) {
    return (unsigned)((highs >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

static inline uint64_t json_quote_highs(uint64_t x) {
    return json_zero_bytes(x ^ JSON_BYTES_ONES * '"') | json_zero_bytes(x ^ JSON_BYTES_ONES * '\\');
}

static inline uint64_t json_special_highs(uint64_t x) {
    return json_quote_highs(x) | json_zero_bytes(x & JSON_BYTES_ONES * 0xe0) | (x & JSON_BYTES_HIGHS);
}

/* 0x30 to 0x3f, and still so with 6 added. */
static inline uint64_t json_digit_highs(uint64_t x) {
    uint64_t more = (x & ~JSON_BYTES_HIGHS) + JSON_BYTES_ONES * 6;
    return json_zero_bytes(((x ^ JSON_BYTES_ONES * 0x30) | (more ^ JSON_BYTES_ONES * 0x30)) & JSON_BYTES_ONES * 0xf0);
}

/* [ and { differ in one bit, ] and } in the same one. */
static inline uint64_t json_nesting_highs(uint64_t x) {
    uint64_t curly = x | JSON_BYTES_ONES * 0x20;
    return json_quote_highs(x) | json_zero_bytes(curly ^ JSON_BYTES_ONES * '{') |
           json_zero_bytes(curly ^ JSON_BYTES_ONES * '}');
}

static inline unsigned json_special_16_plain(const char *p) {
    return json_gather(json_special_highs(json_word(p))) | json_gather(json_special_highs(json_word(p + 8))) << 8;
}

static inline unsigned json_quote_16_plain(const char *p) {
    return json_gather(json_quote_highs(json_word(p))) | json_gather(json_quote_highs(json_word(p + 8))) << 8;
}

static inline unsigned json_nesting_16_plain(const char *p) {
    return json_gather(json_nesting_highs(json_word(p))) | json_gather(json_nesting_highs(json_word(p + 8))) << 8;
}

static inline unsigned json_digit_16_plain(const char *p) {
    return json_gather(json_digit_highs(json_word(p))) | json_gather(json_digit_highs(json_word(p + 8))) << 8;
}

/* ---- 16 bytes, in vectors ---------------------------------------------------------------------------------------- */

#ifdef JSON_BYTES_SSE2
static inline __m128i json_vector(const char *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline __m128i json_quote_lanes(__m128i x) {
    return _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
}

/* With one bit turned over, a quote is just below what is plain, as control characters are; and signed, bytes from 0x80
 * on are below, too. */
static inline unsigned json_special_16(const char *p) {
    __m128i x = json_vector(p), turned = _mm_xor_si128(x, _mm_set1_epi8(2));
    __m128i low = _mm_cmpgt_epi8(_mm_set1_epi8(('"' ^ 2) + 1), turned);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'))));
}

static inline unsigned json_quote_16(const char *p) {
    return (unsigned)_mm_movemask_epi8(json_quote_lanes(json_vector(p)));
}

static inline unsigned json_nesting_16(const char *p) {
    __m128i x = json_vector(p), curly = _mm_or_si128(x, _mm_set1_epi8(0x20));
    __m128i brackets =
        _mm_or_si128(_mm_cmpeq_epi8(curly, _mm_set1_epi8('{')), _mm_cmpeq_epi8(curly, _mm_set1_epi8('}')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(brackets, json_quote_lanes(x)));
}

/* The ten digits moved to the lowest ten signed numbers. */
static inline unsigned json_digit_16(const char *p) {
    __m128i moved = _mm_add_epi8(json_vector(p), _mm_set1_epi8(0x80 - '0'));
    return (unsigned)_mm_movemask_epi8(_mm_cmplt_epi8(moved, _mm_set1_epi8(-128 + 10)));
}
#else
static inline unsigned json_special_16(const char *p) {
    return json_special_16_plain(p);
}

static inline unsigned json_quote_16(const char *p) {
    return json_quote_16_plain(p);
}

static inline unsigned json_nesting_16(const char *p) {
    return json_nesting_16_plain(p);
}

static inline unsigned json_digit_16(const char *p) {
    return json_digit_16_plain(p);
}
#endif

/* ---- Runs -------------------------------------------------------------------------------------------------------- */

/* The first byte from p on that is not plain, or end. */
static inline const char *json_plain_end(const char *p, const char *end) {
    for (; end - p >= 16; p += 16) {
        unsigned special = json_special_16(p);
        if (special)
            return p + __builtin_ctz(special);
    }
    while (p < end && json_is_plain(*p))
        p++;
    return p;
}

/* The first quote or backslash from p on, or end. */
static inline const char *json_quote_find(const char *p, const char *end) {
    for (; end - p >= 16; p += 16) {
        unsigned quote = json_quote_16(p);
        if (quote)
            return p + __builtin_ctz(quote);
    }
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JSON_BYTES_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define JSON_BYTES_SANITIZED 1
#endif
#endif

/* Whether the 16 bytes at s may be read for the sake of the first of them: no page ends among them. What else is read
 * is never looked at. Sanitizers do not know that. */
static inline bool json_may_read_16(const char *s) {
#ifdef JSON_BYTES_SANITIZED
    (void)s;
    return false;
#else
    return ((uintptr_t)s & 4095) <= 4096 - 16;
#endif
}

/* Whether the 16 bytes at a and b are the same where `mask` has bits. */
static inline bool json_same_16(const char *a, const char *b, unsigned mask) {
#ifdef JSON_BYTES_SSE2
    return (~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(json_vector(a), json_vector(b))) & mask) == 0;
#else
    unsigned low = json_gather(json_zero_bytes(json_word(a) ^ json_word(b)));
    return (~(low | json_gather(json_zero_bytes(json_word(a + 8) ^ json_word(b + 8))) << 8) & mask) == 0;
#endif
}

/* Copies `len` bytes, and up to 15 behind them, and says whether the `len` bytes are plain. */
static inline bool json_copy_plain(char *to, const char *s, size_t len) {
    if (len == 0)
        return true;
    if (__builtin_expect(len < 16 && !json_may_read_16(s), 0)) {
        bool plain = true;
        for (size_t i = 0; i < len; i++)
            plain = json_is_plain(to[i] = s[i]) && plain;
        return plain;
    }
    if (len < 16) {
        memcpy(to, s, 16);
        return (json_special_16(s) & ((1u << len) - 1)) == 0;
    }
    unsigned special = json_special_16(s + len - 16);
    for (size_t i = 0; i + 16 < len; i += 16) {
        special |= json_special_16(s + i);
        memcpy(to + i, s + i, 16);
    }
    memcpy(to + len - 16, s + len - 16, 16);
    return special == 0;
}

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

/* The usual numbers, at p with 17 bytes of text from there on: plain form, at most 15 characters behind the sign, and
 * written again as they are (see json_number_is_compact). Returns what is behind it; NULL: another one, or none.
 * *ret_whole: its digits before the point. */
static inline const char *json_plain_number(const char *p, unsigned *ret_whole) {
    const char *digits = p + (*p == '-');
    unsigned other = ~json_digit_16(digits) & 0xffff;
    unsigned whole = other ? (unsigned)__builtin_ctz(other) : 16;
    if (whole == 0 || whole == 16)
        return NULL;
    *ret_whole = whole;
    char behind = digits[whole];
    if (behind != '.') {
        if ((behind | 0x20) == 'e' || (*digits == '0' && (whole > 1 || digits != p)))
            return NULL;
        return digits + whole;
    }
    unsigned after_point = other & (other - 1);
    unsigned len = after_point ? (unsigned)__builtin_ctz(after_point) : 16;
    if (len >= 16 || len == whole + 1 || (digits[len] | 0x20) == 'e')
        return NULL;
    bool zero = *digits == '0';
    if (whole > 7 || (digits[len - 1] == '0' && (zero || len > whole + 2)))
        return NULL;
    if (zero && (whole > 1 || memcmp(digits + 1, ".000", 4) == 0))
        return NULL;
    return digits + len;
}

/* The value of 1 to 16 digits at p, with 16 bytes of text from there on: eight digits by three multiplications. */
static inline uint64_t json_digits_8(uint64_t digits) {
    digits = (digits & JSON_BYTES_ONES * 0x0f) * 2561 >> 8;
    digits = (digits & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
    return (digits & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
}

static inline uint64_t json_digits(const char *p, unsigned count) {
    if (count <= 8)
        return json_digits_8(json_word(p) << (64 - 8 * count));
    uint64_t high = json_digits_8(json_word(p) << (128 - 8 * count));
    return high * 100000000 + json_digits_8(json_word(p + count - 8));
}

/* The same for a number with a point behind its first `whole` digits, `len` bytes in all, at most 8: all its digits. */
static inline uint64_t json_digits_around_point(const char *p, unsigned whole, unsigned len) {
    uint64_t word = json_word(p), before = (UINT64_C(1) << (8 * whole)) - 1;
    return json_digits_8(((word & before) | (word >> 8 & ~before)) << (72 - 8 * len));
}

/* ---- From one special byte to the next --------------------------------------------------------------------------- */

/* The answers for the 64 bytes at `block` within a text. The last block of a text may be short: the 64 bytes up to the
 * end are taken instead, or all there are with zeros behind. */
typedef uint64_t json_block(const char *begin, const char *end, const char *block);

#define JSON_BLOCK(name, of_16)                                                                                 \
    static inline uint64_t name##_64(const char *p) {                                                           \
        return (uint64_t)of_16(p) | (uint64_t)of_16(p + 16) << 16 | (uint64_t)of_16(p + 32) << 32 |             \
               (uint64_t)of_16(p + 48) << 48;                                                                   \
    }                                                                                                           \
    static __attribute__((noinline, unused)) uint64_t name(const char *begin, const char *end, const char *p) { \
        size_t left = (size_t)(end - p);                                                                        \
        char padded[64] = {0};                                                                                  \
        if (left >= 64)                                                                                         \
            return name##_64(p);                                                                                \
        if (end - begin >= 64)                                                                                  \
            return name##_64(end - 64) >> (64 - left);                                                          \
        memcpy(padded, p, left);                                                                                \
        return name##_64(padded) & ((UINT64_C(1) << left) - 1);                                                 \
    }

JSON_BLOCK(json_special_block, json_special_16)
JSON_BLOCK(json_quote_block, json_quote_16)
JSON_BLOCK(json_nesting_block, json_nesting_16)

/* Of the text from `begin` to `end`: those bits of the 64 bytes at `block` that lie ahead. */
struct json_marks {
    const char *begin, *end, *block;
    uint64_t bits;
};

static inline struct json_marks json_marks_start(const char *begin, const char *end, json_block *of_block) {
    return (struct json_marks){begin, end, begin, begin < end ? of_block(begin, end, begin) : 0};
}

/* The next one, or end. */
static inline const char *json_marks_next(struct json_marks *m, json_block *of_block) {
    while (!m->bits) {
        if (m->end - m->block <= 64)
            return m->end;
        m->block += 64;
        m->bits = of_block(m->begin, m->end, m->block);
    }
    const char *at = m->block + __builtin_ctzll(m->bits);
    m->bits &= m->bits - 1;
    return at;
}

/* Goes on from p, wherever that is. */
static inline void json_marks_from(struct json_marks *m, const char *p, json_block *of_block) {
    size_t at = (size_t)(p - m->begin);
    m->block = m->begin + (at & ~(size_t)63);
    m->bits = m->block < m->end ? of_block(m->begin, m->end, m->block) & UINT64_MAX << (at & 63) : 0;
}

/* The next one behind p, which is a special byte itself. In most texts p is the next one; when it is not, because bytes
 * were read without the marks, they are set anew. */
static inline const char *json_marks_behind(struct json_marks *m, const char *p, json_block *of_block) {
    if (__builtin_expect(json_marks_next(m, of_block) != p, 0))
        json_marks_from(m, p + 1, of_block);
    return json_marks_next(m, of_block);
}

#endif
