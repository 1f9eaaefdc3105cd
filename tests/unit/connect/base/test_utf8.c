/* UTF-8: every scalar value there and back, and what is not valid. */
#include "connect/base/utf8.h"
#include "tests/support/suite.h"

#include <stdbool.h>
#include <string.h>

#include "connect/base/auto.h"

START_TEST(every_character) {
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c < 0xE000)
            continue;
        char utf8[4];
        uint32_t back = 0;
        size_t len = utf8_put(utf8, c);
        if (utf8_get(utf8, len, &back) != len || back != c || utf8_valid_prefix(utf8, len) != len ||
            utf8_get(utf8, len - 1, &back) != 0)
            ck_abort_msg("U+%04X", c);
    }
}
END_TEST

START_TEST(invalid) {
    static const struct {
        const char *text;
        size_t valid;
    } table[] = {
        {"abc\x80", 3},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"12345678\xff", 8},
        {"1234567\xc3", 7},
        {"\xc3(", 0},
        {"ok\xe2\x82", 2},
        {"\xe2\x82\xac\xe2(", 3},
        {"0123456789abcdef", 16},
        {"01234567\xc3\xa9z", 11},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        ck_assert_uint_eq(utf8_valid_prefix(table[i].text, strlen(table[i].text)), table[i].valid);
    ck_assert_uint_eq(utf8_valid_prefix(NULL, 0), 0);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("utf8");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_character);
    tcase_add_test(tcase, invalid);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
