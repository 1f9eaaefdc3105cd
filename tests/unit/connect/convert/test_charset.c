/* Charsets: what Java makes of malformed and unmappable text. The vectors of StringConverter hold the rest. */
#include "connect/convert/charset.h"

#include <string.h>

#include "connect/base/arena.h"
#include "tests/support/suite.h"

struct row {
    const char *bytes;
    size_t len;
    const char *text;
};

static void expect_decoded(const char *name, const struct row *rows, size_t count) {
    AUTO(arena) arena = arena_new(0);
    struct charset *cs = charset_new(name);
    ck_assert_msg(cs != NULL, "%s", name);
    for (size_t i = 0; i < count; i++) {
        struct kc_value v = charset_decode(cs, arena, rows[i].bytes, rows[i].len);
        ck_assert_msg(v.len == strlen(rows[i].text) && memcmp(v.s, rows[i].text, v.len) == 0, "%s, row %zu: '%.*s'",
                      name, i, (int)v.len, v.s);
    }
    charset_free(cs);
}

#define BAD "\xef\xbf\xbd"

START_TEST(malformed_utf8) {
    static const struct row rows[] = {
        {"plain", 5, "plain"},
        {"a\xff"
         "b",
         3, "a" BAD "b"},
        {"\xe2\x28\xa1", 3, BAD "(" BAD},
        {"\xf0\x9f\x98", 3, BAD},
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
        {"\xed\xa0\xbd", 3, BAD},
        {"\xed\xa0\xbd\xed\xb8\x80", 6, BAD BAD},
        {"\xe0\x80\x80", 3, BAD BAD BAD},
        {"\xc0\x80", 2, BAD BAD},
        {"\xf4\x90\x80\x80", 4, BAD BAD BAD BAD},
        {"\xf1\x80\x80x", 4, BAD "x"},
        {"\xc3", 1, BAD},
    };
    expect_decoded("UTF-8", rows, sizeof(rows) / sizeof(*rows));
}
END_TEST

START_TEST(by_iconv) {
    static const struct row cp1252[] = {{"\x80\xe9", 2, "€é"}, {"a\x81z", 3, "a" BAD "z"}};
    static const struct row sjis[] = {{"\x93\xfa\x96{", 4, "日本"}, {"\x93", 1, BAD}};
    expect_decoded("windows-1252", cp1252, 2);
    expect_decoded("Shift_JIS", sjis, 2);
}
END_TEST

/* Where the C library reads a byte otherwise than Java. */
START_TEST(as_java) {
    static const struct row backslash[] = {{"{\"a\\~\"}", 7, "{\"a\\~\"}"}};
    static const struct row line[] = {{"\x81\x15\x81\x25", 4, "a\na\n"}};
    static const struct row little[] = {{"a\0", 2, "a"},
                                        {"\xff\xfe"
                                         "a\0",
                                         4, "a"},
                                        {"\xfe\xff\0a", 4, "a"}};
    static const char *const ibm037[] = {"IBM037", "ibm-037", "037", "cp037", "IBM01140", "ccsid01140", "1140"};
    static const char *const sjis[] = {"Shift_JIS", "sjis", "x-sjis"};
    for (size_t i = 0; i < COUNT_OF(sjis); i++)
        expect_decoded(sjis[i], backslash, COUNT_OF(backslash));
    for (size_t i = 0; i < COUNT_OF(ibm037); i++)
        expect_decoded(ibm037[i], line, COUNT_OF(line));
    expect_decoded("UnicodeLittle", little, COUNT_OF(little));
}
END_TEST

START_TEST(javas_names) {
    static const char *const names[] = {"iso8859_2", "8859_15",           "ISO8859_15", "x-iso-8859-11", "koi8_r",
                                        "euc_jp",    "x-IBM874",          "ibm-850",    "852",           "646",
                                        "819",       "unicode-1-1-utf-8", "x-MacRoman"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct charset *cs = charset_new(names[i]);
        ck_assert_msg(cs != NULL, "%s", names[i]);
        charset_free(cs);
    }
}
END_TEST

START_TEST(encoding) {
    static const struct {
        const char *charset, *text, *bytes;
        size_t len;
    } rows[] = {
        {"latin1", "é€😀", "\xe9??", 3},
        {"ASCII", "aé", "a?", 2},
        {"windows-1252", "é€😀z", "\xe9\x80?z", 4},
        {"Shift_JIS", "日本😀", "\x93\xfa\x96{?", 5},
        {"UTF-16", "a", "\xfe\xff\0a", 4},
        {"UTF-16", "", "", 0},
        {"UTF-16LE", "😀", "\x3d\xd8\x00\xde", 4},
        {"UTF-32", "a", "\0\0\0a", 4},
        {"UTF32", "a", "\0\0\0a", 4},
        {"UnicodeBig", "a", "\xfe\xff\0a", 4},
        {"UnicodeLittle", "a",
         "\xff\xfe"
         "a\0",
         4},
        {"UnicodeBigUnmarked", "a", "\0a", 2},
        {"IBM037", "a\na", "\x81\x15\x81", 3},
        {"IBM933", "a\n", "\x81\x25", 2},
        {"koi8", "\xd1\x8f", "\xd1", 1},
        {"utf8", "é", "\xc3\xa9", 2},
    };
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct charset *cs = charset_new(rows[i].charset);
        ck_assert_msg(cs != NULL, "%s", rows[i].charset);
        struct kc_value v = charset_encode(cs, arena, rows[i].text, strlen(rows[i].text));
        ck_assert_msg(v.len == rows[i].len && (v.len == 0 || memcmp(v.s, rows[i].bytes, v.len) == 0), "row %zu", i);
        charset_free(cs);
    }
}
END_TEST

START_TEST(unknown_names) {
    static const char *const names[] = {"", "nope", "UTF-8//TRANSLIT", "UTF-8,", "latin1 "};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        ck_assert_ptr_null(charset_new(names[i]));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("charset");
    TCase *tc = tcase_create("charset");
    tcase_add_test(tc, malformed_utf8);
    tcase_add_test(tc, by_iconv);
    tcase_add_test(tc, as_java);
    tcase_add_test(tc, javas_names);
    tcase_add_test(tc, encoding);
    tcase_add_test(tc, unknown_names);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
