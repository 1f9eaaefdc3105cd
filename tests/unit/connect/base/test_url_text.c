/* Percent encoding, form decoding, hexadecimal digits. */
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/url_text.h"
#include "tests/support/suite.h"

static const struct {
    const char *text, *plain, *want;
} encoded[] = {
    {"", URL_UNRESERVED, ""},
    {"aZ09-._~", URL_UNRESERVED, "aZ09-._~"},
    {"a b/c+d", URL_UNRESERVED, "a%20b%2Fc%2Bd"},
    {"a b/c+d", URL_UNRESERVED "/", "a%20b/c%2Bd"},
    {"ü%\x7f\x01", URL_UNRESERVED, "%C3%BC%25%7F%01"},
    {"!$&'()*+,=:@;?#", URL_SEGMENT, "!$&'()*+,=:@%3B%3F%23"},
};

START_TEST(encode) {
    AUTO_BUF out;
    buf_init(&out, 1024);
    ck_assert_int_eq(url_encode(&out, encoded[_i].text, encoded[_i].plain), 0);
    ck_assert_str_eq(buf_text(&out), encoded[_i].want);
}
END_TEST

START_TEST(encode_into_a_full_buffer) {
    AUTO_BUF out;
    buf_init(&out, 4);
    ck_assert_int_eq(url_encode(&out, "a b c", URL_UNRESERVED), -1);
}
END_TEST

static const struct {
    const char *text;
    size_t size;
    const char *want;
} decoded[] = {
    {"", 8, ""},           {"a+b%20c", 16, "a b c"}, {"%c3%BC", 16, "ü"},      {"100%", 16, "100%"},
    {"%4", 16, "%4"},      {"%zz%4z", 16, "%zz%4z"}, {"a%2Bb%25", 16, "a+b%"}, {"abcdef", 4, "abc"},
    {"ab%20cd", 4, "ab "}, {"abc", 1, ""},
};

START_TEST(decode) {
    char out[16], same[16];
    const char *text = decoded[_i].text, *want = decoded[_i].want;
    ck_assert_uint_eq(url_decode_form(out, decoded[_i].size, text, text + strlen(text)), strlen(want));
    ck_assert_str_eq(out, want);
    memcpy(same, text, strlen(text) + 1);
    url_decode_form(same, decoded[_i].size, same, same + strlen(text));
    ck_assert_str_eq(same, want);
}
END_TEST

START_TEST(digits) {
    const char *all = "0123456789abcdef";
    for (int c = -128; c < 128; c++) {
        const char *lower = c >= 'A' && c <= 'F' ? strchr(all, c - 'A' + 'a') : c ? strchr(all, c) : NULL;
        ck_assert_int_eq(hex_digit((char)c), lower ? (int)(lower - all) : -1);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("url text");
    TCase *tc = tcase_create("all");
    tcase_add_loop_test(tc, encode, 0, COUNT_OF(encoded));
    tcase_add_test(tc, encode_into_a_full_buffer);
    tcase_add_loop_test(tc, decode, 0, COUNT_OF(decoded));
    tcase_add_test(tc, digits);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
