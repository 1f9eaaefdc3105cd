/* Bytes from hexadecimal text in tests. */
#include "tests/support/hex.h"

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c) {
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    if (!at)
        abort();
    return (int)(at - digits);
}

void hex_add(struct buf *out, const char *hex) {
    for (const char *p = hex; *p;) {
        if (*p == ' ' || *p == '\n') {
            p++;
            continue;
        }
        if (buf_add_char(out, (char)(digit(p[0]) << 4 | digit(p[1]))) < 0)
            abort();
        p += 2;
    }
}

char *hex_text(const void *data, size_t len) {
    struct buf out;
    buf_init(&out, len * 2 + 1);
    for (size_t i = 0; i < len; i++)
        buf_printf(&out, "%02x", ((const unsigned char *)data)[i]);
    return out.data ? buf_take(&out) : strdup("");
}

void hex_assert_eq(const void *data, size_t len, const char *hex) {
    AUTO_BUF wanted;
    buf_init(&wanted, 1 << 20);
    hex_add(&wanted, hex);
    char *is = hex_text(data, len), *should = hex_text(wanted.data, wanted.len);
    ck_assert_str_eq(is, should);
    free(is);
    free(should);
}
