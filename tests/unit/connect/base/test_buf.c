/* Buffers: the maximum, what sticks, printf, big-endian numbers, JSON escapes. */
#include "connect/base/buf.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"

START_TEST(grows_to_its_maximum_and_not_beyond) {
    AUTO_BUF b;
    buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(buf_add_char(&b, 'x'), 0);
    ck_assert_uint_eq(strlen(buf_text(&b)), 1000);
    ck_assert(!b.failed);
    ck_assert_int_eq(buf_add_char(&b, 'x'), -1);
    ck_assert(b.failed);
    ck_assert_uint_eq(b.len, 1000);
    buf_clear(&b);
    ck_assert_int_eq(buf_add_text(&b, "again"), 0);
    ck_assert_str_eq(buf_text(&b), "again");
}
END_TEST

START_TEST(a_failure_sticks) {
    AUTO_BUF b;
    buf_init(&b, 5);
    ck_assert_int_eq(buf_add_text(&b, "123456"), -1);
    ck_assert_int_eq(buf_add_text(&b, "1"), -1);
    ck_assert_int_eq(buf_printf(&b, "%d", 1), -1);
    ck_assert_str_eq(buf_text(&b), "");
    ck_assert_ptr_null(buf_take(&b));
    ck_assert_int_eq(buf_add_text(&b, "12345"), 0); /* taking ended it */
    ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -1);
}
END_TEST

START_TEST(nothing_at_all) {
    AUTO_BUF b;
    buf_init(&b, 0);
    ck_assert_str_eq(buf_text(&b), "");
    ck_assert_int_eq(buf_add(&b, NULL, 0), 0);
    ck_assert_int_eq(buf_add_char(&b, 'x'), -1);
    buf_done(&b);
    buf_init(&b, 10);
    char *text = buf_take(&b);
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(prints) {
    AUTO_BUF b;
    buf_init(&b, 500);
    ck_assert_int_eq(buf_printf(&b, "%d %s", 5, "five"), 0);
    ck_assert_int_eq(buf_printf(&b, "%0200d", 7), 0);
    ck_assert_uint_eq(b.len, 206);
    ck_assert_int_eq(buf_printf(&b, "%0294d", 7), 0); /* to the last byte */
    ck_assert_uint_eq(b.len, 500);
    ck_assert_int_eq(buf_printf(&b, "x"), -1);
    ck_assert_uint_eq(strlen(buf_text(&b)), 500); /* nothing half written */
}
END_TEST

START_TEST(big_endian) {
    AUTO_BUF b;
    buf_init(&b, 100);
    buf_add_i8(&b, -2);
    buf_add_i16(&b, 0x0102);
    buf_add_i32(&b, -2);
    buf_add_i64(&b, 0x0102030405060708);
    static const char expected[] = "\xfe\x01\x02\xff\xff\xff\xfe\x01\x02\x03\x04\x05\x06\x07\x08";
    ck_assert_uint_eq(b.len, sizeof(expected) - 1);
    ck_assert_mem_eq(b.data, expected, sizeof(expected) - 1);
}
END_TEST

START_TEST(json_escapes) {
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } table[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"\"\\/\b\t\n\f\r", 8, "\"\\\"\\\\/\\b\\t\\n\\f\\r\""},
        {"a\0b\x1f", 4, "\"a\\u0000b\\u001F\""},
        {"\x7f\xc3\xa9\xf0\x9f\x98\x80", 7, "\"\x7f\xc3\xa9\xf0\x9f\x98\x80\""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO_BUF b;
        buf_init(&b, 1000);
        ck_assert_int_eq(buf_add_json(&b, table[i].in, table[i].len), 0);
        ck_assert_str_eq(buf_text(&b), table[i].out);
    }
    AUTO_BUF small;
    buf_init(&small, 6);
    ck_assert_int_eq(buf_add_json(&small, "12345", 5), -1);
}
END_TEST

/* Texts are looked at in words: every byte at every place of one, between plain ones. */
START_TEST(json_escapes_anywhere) {
    static const char shorts[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\t', 't'},
                                     {'\n', 'n'}, {'\f', 'f'},  {'\r', 'r'}};
    for (unsigned c = 0; c < 256; c++) {
        char escape[8];
        snprintf(escape, sizeof escape, c < 0x20 ? "\\u%04X" : "%c", c);
        for (size_t i = 0; i < COUNT_OF(shorts); i++)
            if (shorts[i][0] == (char)c)
                snprintf(escape, sizeof escape, "\\%c", shorts[i][1]);
        for (size_t at = 0; at < 20; at++) {
            char text[20], wanted[64];
            memset(text, 'x', sizeof text);
            text[at] = (char)c;
            snprintf(wanted, sizeof wanted, "\"%.*s%s%.*s\"", (int)at, text, escape, (int)(sizeof text - at - 1),
                     text + at + 1);
            AUTO_BUF b;
            buf_init(&b, 1000);
            ck_assert_int_eq(buf_add_json(&b, text, sizeof text), 0);
            ck_assert_msg(strcmp(buf_text(&b), wanted) == 0, "%02x at %zu: %s", c, at, buf_text(&b));
        }
    }
}
END_TEST

START_TEST(taken) {
    AUTO_BUF b;
    buf_init(&b, 100);
    buf_add_text(&b, "mine");
    char *text = buf_take(&b);
    ck_assert_str_eq(text, "mine");
    ck_assert_str_eq(buf_text(&b), "");
    ck_assert_int_eq(buf_add_text(&b, "other"), 0);
    free(text);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("buf");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, grows_to_its_maximum_and_not_beyond);
    tcase_add_test(tcase, a_failure_sticks);
    tcase_add_test(tcase, nothing_at_all);
    tcase_add_test(tcase, prints);
    tcase_add_test(tcase, big_endian);
    tcase_add_test(tcase, json_escapes);
    tcase_add_test(tcase, json_escapes_anywhere);
    tcase_add_test(tcase, taken);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
