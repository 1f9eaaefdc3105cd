/* Special bytes: vectors and words answer alike, and at every place of a block. */
#include "connect/data/json_bytes.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/data/json_scan.h"
#include "tests/support/json_scan_plain.h"
#include "tests/support/suite.h"

enum { TEXT = 200 };

static bool is_special(unsigned char c) {
    return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}
static bool is_quote(unsigned char c) {
    return c == '"' || c == '\\';
}
static bool is_nesting(unsigned char c) {
    return is_quote(c) || c == '[' || c == ']' || c == '{' || c == '}';
}
static bool is_digit(unsigned char c) {
    return c >= '0' && c <= '9';
}

static const struct {
    const char *name;
    unsigned (*vector)(const char *), (*plain)(const char *);
    bool (*is)(unsigned char);
} questions[] = {
    {"special", json_special_16, json_special_16_plain, is_special},
    {"quote", json_quote_16, json_quote_16_plain, is_quote},
    {"nesting", json_nesting_16, json_nesting_16_plain, is_nesting},
    {"digit", json_digit_16, json_digit_16_plain, is_digit},
};

START_TEST(every_byte_at_every_place) {
    static const unsigned char around[] = {'a', '0', '"', 0x00, 0x7f, 0x80, 0xff};
    for (size_t q = 0; q < COUNT_OF(questions); q++)
        for (size_t a = 0; a < COUNT_OF(around); a++)
            for (int c = 0; c < 256; c++)
                for (int at = 0; at < 16; at++) {
                    char text[16];
                    memset(text, around[a], 16);
                    text[at] = (char)c;
                    unsigned expected = questions[q].is(around[a]) ? 0xffffu : 0;
                    expected = (expected & ~(1u << at)) | (unsigned)questions[q].is((unsigned char)c) << at;
                    ck_assert_msg(questions[q].vector(text) == expected && questions[q].plain(text) == expected,
                                  "%s: byte %02x at %d among %02x", questions[q].name, (unsigned)c, at, around[a]);
                }
}
END_TEST

/* Marks at `a` and `b` in texts of every length: each is found, whatever block it is in. */
START_TEST(marks_of_every_length) {
    char text[TEXT];
    for (int len = 0; len < TEXT; len++)
        for (int a = 0; a < len; a++) {
            int b = (a + 7) % len;
            memset(text, 'x', sizeof text);
            text[a] = '"';
            text[b] = '\\';
            const char *first = text + (a < b ? a : b), *second = text + (a < b ? b : a), *end = text + len;
            struct json_marks m = json_marks_start(text, end, json_special_block);
            ck_assert_ptr_eq(json_marks_next(&m, json_special_block), first);
            ck_assert_ptr_eq(json_marks_next(&m, json_special_block), a == b ? end : second);
            ck_assert_ptr_eq(json_marks_next(&m, json_special_block), end);
            /* from anywhere, also backwards */
            ck_assert_ptr_eq(json_marks_behind(&m, first, json_special_block), a == b ? end : second);
            ck_assert_ptr_eq(json_marks_behind(&m, text, json_special_block), first > text ? first
                                                                              : a == b     ? end
                                                                                           : second);
            ck_assert_ptr_eq(json_marks_behind(&m, second, json_special_block), end);
        }
}
END_TEST

START_TEST(runs_of_every_length) {
    char text[TEXT];
    for (int len = 0; len < TEXT; len++)
        for (int at = 0; at <= len; at++) {
            memset(text, 'x', sizeof text);
            text[at] = at < len ? '"' : '\n'; /* what is behind the end does not count */
            ck_assert_ptr_eq(json_plain_end(text, text + len), text + at);
            ck_assert_ptr_eq(json_quote_find(text, text + len), text + at);
        }
}
END_TEST

START_TEST(copies_of_every_length) {
    static const unsigned char specials[] = {'"', '\\', 0x00, 0x1f, 0x80, 0xff};
    char text[TEXT], to[TEXT + 16];
    for (int len = 0; len < TEXT - 1; len++)
        for (int at = 0; at <= len; at++) {
            for (int i = 0; i < TEXT; i++)
                text[i] = (char)(' ' + i % 90 == '"' || ' ' + i % 90 == '\\' ? 'q' : ' ' + i % 90);
            text[at] = (char)specials[(len + at) % (int)COUNT_OF(specials)];
            memset(to, '#', sizeof to);
            ck_assert_msg(json_copy_plain(to, text, (size_t)len) == (at == len), "length %d, special at %d", len, at);
            ck_assert_mem_eq(to, text, (size_t)len);
            ck_assert_msg(to[len + 15] == '#', "length %d: writes too far", len);
        }
}
END_TEST

/* Up to the last byte that may be read. */
START_TEST(copies_at_the_end_of_a_page) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char to[64], *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    memset(pages, 'x', page);
    ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
    for (size_t len = 0; len < 40; len++)
        for (size_t behind = 0; behind < 40; behind++) {
            const char *s = pages + page - len - behind;
            ck_assert(json_copy_plain(to, s, len));
            ck_assert_mem_eq(to, s, len);
        }
    munmap(pages, 2 * page);
}
END_TEST

/* What is taken for a usual number is compact, and its digits are read right. */
START_TEST(usual_numbers) {
    static const struct {
        const char *text;
        bool usual;
    } rows[] = {
        {"0", true},
        {"7", true},
        {"-7", true},
        {"-0", false},
        {"00", false},
        {"007", false},
        {"12345678", true},
        {"123456789", true},
        {"-123456789012345", true},
        {"1234567890123456", false},
        {"0.5", true},
        {"-0.25", true},
        {"0.001", true},
        {"0.0001", false},
        {"0.0", false},
        {"1.0", true},
        {"1.50", false},
        {"1234567.25", true},
        {"12345678.25", false},
        {"1234567.1234567", true},
        {"1234567.12345678", false},
        {"00.5", false},
        {"1e5", false},
        {"1.5E3", false},
        {"1.", false},
        {".5", false},
        {"-", false},
        {"x", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[64];
        unsigned whole;
        size_t len = strlen(rows[i].text);
        snprintf(text, sizeof text, "%s,99999999999999999999", rows[i].text);
        const char *behind = json_plain_number(text, &whole);
        ck_assert_msg((behind != NULL) == rows[i].usual, "%s", rows[i].text);
        if (behind) {
            ck_assert_ptr_eq(behind, text + len);
            ck_assert_msg(json_number_is_compact((struct json_text){text, len}), "%s", rows[i].text);
        }
    }
    for (unsigned len = 3; len <= 8; len++)
        for (unsigned whole = 1; whole < len - 1; whole++) {
            char text[] = "98765432,1234567890";
            text[whole] = '.';
            uint64_t n = 0;
            for (unsigned i = 0; i < len; i++)
                n = i == whole ? n : n * 10 + (uint64_t)(text[i] - '0');
            ck_assert_uint_eq(json_digits_around_point(text, whole, len), n);
        }
    static const char digits[] = "98765432109876543210";
    uint64_t expected = 0;
    for (unsigned count = 1; count <= 16; count++) {
        expected = expected * 10 + (uint64_t)(digits[count - 1] - '0');
        ck_assert_uint_eq(json_digits(digits, count), expected);
    }
}
END_TEST

/* ---- The scanner, at the borders of blocks ---- */

static void same_as_plain(const char *text, size_t len) {
    struct json_scan scan = {0}, plain = {0};
    struct kc_error err = {0}, plain_err = {0};
    struct json_text value;
    int rc = json_scan(text, len, 0, &scan, &err);
    ck_assert_msg(rc == json_scan_plain(text, len, 0, &plain, &plain_err), "%.*s", (int)len, text);
    ck_assert_msg((rc == 0) == json_reference_accepts(text, len, &value), "%.*s: %s", (int)len, text, err.text);
    ck_assert_str_eq(err.text, plain_err.text);
    ck_assert_int_eq(scan.flags, plain.flags);
    ck_assert_ptr_eq(scan.text.s, plain.text.s);
    ck_assert_uint_eq(scan.text.len, plain.text.len);
    if (rc == 0) {
        ck_assert_ptr_eq(scan.text.s, value.s);
        ck_assert_uint_eq(scan.text.len, value.len);
    }
}

/* Pieces that are more than a run of plain bytes, moved through two blocks; and the same text cut everywhere. */
START_TEST(scanner_at_every_place) {
    static const char *const pieces[] = {
        "",        "\\n",  "\\\"",     "\\\\",         "\\u0041",          "\\uD83D\\uDE00",
        "\\u00g1", "\\x",  "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff",
        "\xc3",    "\x01", "\"",       "\",\"b\":\"",
    };
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        for (int before = 0; before < 140; before++) {
            char text[TEXT + 64], filler[TEXT];
            memset(filler, 'x', sizeof filler);
            int len = snprintf(text, sizeof text, "{\"%.*s%s\":[\"%.*s%s\", 12.5]}", before / 2, filler, pieces[i],
                               before - before / 2, filler, pieces[i]);
            same_as_plain(text, (size_t)len);
            same_as_plain(text, (size_t)(before < len ? before : len));
        }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("json_bytes");
    TCase *tc = tcase_create("json_bytes");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, every_byte_at_every_place);
    tcase_add_test(tc, marks_of_every_length);
    tcase_add_test(tc, runs_of_every_length);
    tcase_add_test(tc, copies_of_every_length);
    tcase_add_test(tc, copies_at_the_end_of_a_page);
    tcase_add_test(tc, usual_numbers);
    tcase_add_test(tc, scanner_at_every_place);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
