/* The innermost loops of the JSON reader: blanks, and runs of plain bytes inside strings.
 * 16 bytes at a time with SSE2, 8 bytes at a time elsewhere. */
#ifndef CONNECT_DATA_JSON_BYTES_H
#define CONNECT_DATA_JSON_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
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

#ifdef __SSE2__
static inline unsigned json_special_mask(const char *p) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20)); /* signed: bytes from 0x80 are below, too */
    __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, slash)));
}
#else
static inline bool json_special_in_8(const char *p) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t x;
    memcpy(&x, p, sizeof(x));
    uint64_t quote = x ^ ones * '"', slash = x ^ ones * '\\';
    return ((x | (x - ones * 0x20) | (quote - ones) | (slash - ones)) & highs) != 0;
}
#endif

/* The first byte from p on that is not plain, or end. */
static inline const char *json_plain_end(const char *p, const char *end) {
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        unsigned mask = json_special_mask(p);
        if (mask)
            return p + __builtin_ctz(mask);
    }
#else
    while (end - p >= 8 && !json_special_in_8(p))
        p += 8;
#endif
    while (p < end && json_is_plain(*p))
        p++;
    return p;
}

#endif
