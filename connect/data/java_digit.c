/* Unicode's decimal digits; see java_digit.h. */
#include "connect/data/java_digit.h"

#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/utf8.h"

/* The zeros of category Nd in the basic plane (Unicode 13, JDK 17); nine digits follow each. */
static const uint16_t zeros[] = {
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
};

int java_digit(uint32_t c) {
    for (size_t i = 0; i < COUNT_OF(zeros); i++) {
        if (c >= zeros[i] && c <= zeros[i] + 9u)
            return (int)(c - zeros[i]);
    }
    return -1;
}

static bool all_ascii(const char *s, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] >= 0x80)
            return false;
    }
    return true;
}

const char *java_digits_to_ascii(struct kc_arena *arena, const char *s, size_t len, size_t *ret_len) {
    *ret_len = len;
    if (all_ascii(s, len))
        return s;
    char *ascii = kc_arena_alloc(arena, len);
    size_t out = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t size = utf8_get(s + i, len - i, &c);
        int digit = size > 1 ? java_digit(c) : -1;
        if (digit >= 0) {
            ascii[out++] = (char)('0' + digit);
            i += size;
        } else {
            ascii[out++] = s[i++];
        }
    }
    *ret_len = out;
    return ascii;
}
