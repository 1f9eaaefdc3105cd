/* The checking pass: what is taken, what is known about the text afterwards, and what the errors say. */
#include "connect/data/json_scan.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/data/value.h"
#include "tests/support/suite.h"

enum { NO = 0, UNIQUE = VALUE_JSON_UNIQUE, BOTH = VALUE_JSON_UNIQUE | VALUE_JSON_COMPACT };

static const struct {
    const char *text;
    int flags;
} known[] = {
    {"{}", BOTH},
    {"[]", BOTH},
    {"{ }", UNIQUE},
    {"[1, 2]", UNIQUE},
    {"{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":1},{\"a\":1}]}", BOTH},
    {"{\"a\":1,\"b\":2,\"a\":3}", NO},
    {"[{\"a\":{\"x\":1,\"x\":2}}]", NO},
    {"{\"abcd\":1,\"abce\":2}", BOTH},
    {"{\"a\":1,\"\\u0061\":2}", NO},         /* another spelling of the same name */
    {"{\"\\u0001\":1,\"\\u0002\":2}", BOTH}, /* the only spelling */
    {"{\"\\n\":1,\"\\t\":2}", BOTH},
    {"[\"\\u000A\"]", UNIQUE},
    {"[\"\\u001F\"]", BOTH},
    {"[\"\\u001f\"]", UNIQUE},
    {"[\"\\/\"]", UNIQUE},
    {"[\"\\u00e9\"]", UNIQUE},
    {"[\"\xc3\xa9\xe2\x82\xac\"]", BOTH},
    {"[\"\xf0\x9f\x98\x80\"]", UNIQUE},
    {"[\"\\uD83D\\uDE00\"]", BOTH},
    {"[\"\\ud83d\\uDE00\"]", UNIQUE},
    {"{\"\\uD83D\\uDE00\":1}", BOTH},
    {"[\"\\uD83D\"]", BOTH}, /* unpaired: stays as it is */
    {"[0,7,-7,1234567890123456789,9223372036854775807,-9223372036854775808]", BOTH},
    {"[9223372036854775808]", UNIQUE},
    {"[-9223372036854775809]", UNIQUE},
    {"[-0]", UNIQUE},
    {"[007]", UNIQUE},
    {"[1.5,-0.25,0.001,1234567.5,100.0,0.0,1.0E7,1.0E-4,0.30000000000000004,4.9E-324]", BOTH},
    {"[1.50]", UNIQUE},
    {"[10000000.0]", UNIQUE},
    {"[0.0001]", UNIQUE},
    {"[-0.0]", UNIQUE},
    {"[1e3]", UNIQUE},
    {"[1E3]", UNIQUE},
    {"[1e400]", UNIQUE},
    {"[00.5]", UNIQUE},
};

START_TEST(flags) {
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct json_scan scan;
        struct kc_error err = {0};
        const char *text = known[i].text;
        ck_assert_msg(json_scan(text, strlen(text), 0, &scan, &err) == 0, "%s: %s", text, err.text);
        ck_assert_msg((scan.flags & BOTH) == known[i].flags, "%s: flags %d", text, scan.flags);
        ck_assert_uint_eq(scan.text.len, strlen(text));
    }
}
END_TEST

/* Blanks between tokens, and nothing else that is written otherwise. */
START_TEST(spaced) {
    static const struct {
        const char *text;
        int flags;
    } rows[] = {
        {"{\"a\":1}", VALUE_JSON_SPACED | BOTH},
        {"{\"a\": 1} ", VALUE_JSON_SPACED | UNIQUE},
        {"[ 1 ,\n\t\"x y\"\r]", VALUE_JSON_SPACED | UNIQUE},
        {"[1, 1.50]", UNIQUE},
        {"[1.50]", UNIQUE},
        {"[1, \"\\/\"]", UNIQUE},
        {"{\"a\": 1, \"a\": 2}", NO},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_scan scan;
        struct kc_error err = {0};
        ck_assert_int_eq(json_scan(rows[i].text, strlen(rows[i].text), 0, &scan, &err), 0);
        ck_assert_msg(scan.flags == rows[i].flags, "%s: flags %d", rows[i].text, scan.flags);
    }
}
END_TEST

START_TEST(errors) {
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"[1,]", "Unexpected character (']' (code 93)) at byte 3"},
        {"{\"a\":1,}", "was expecting double-quote to start field name"},
        {"{\"a\" 1}", "was expecting a colon"},
        {"[1 2]", "was expecting comma to separate Array entries"},
        {"{\"a\":1 \"b\":2}", "was expecting comma to separate Object entries"},
        {"[1}", "was expecting comma to separate Array entries"},
        {"nul", "Unrecognized token 'nul'"},
        {"truefalse", "Unrecognized token 'truefalse'"},
        {"NaN", "Unrecognized token 'NaN'"},
        {"+1", "Unexpected character ('+' (code 43)) at byte 0"},
        {"-", "Unexpected end-of-input"},
        {"1.", "Unexpected end-of-input"},
        {"1.x", "Decimal point not followed by a digit"},
        {"1ex", "Exponent indicator not followed by a digit"},
        {"1x", "Expected space separating root-level values"},
        {"1e2147483648", "exponent overflow"},
        {"0e999999999999", "exponent overflow"},
        {"1.5e-2147483648", "exponent overflow"},
        {"\"a", "Unexpected end-of-input in a string"},
        {"\"\\", "Unexpected end-of-input in character escape sequence"},
        {"\"\\x\"", "unrecognized character escape"},
        {"\"\\u12G4\"", "expected a hex-digit"},
        {"\"a\nb\"", "(CTRL-CHAR, code 10)) at byte 2"},
        {"\"\xff\"", "Invalid UTF-8 start byte 0xff at byte 1"},
        {"\"\xc3\"", "Invalid UTF-8 middle byte 0x22 at byte 2"},
        {"\"\xed\xa0\xbd\"", "Invalid UTF-8 surrogate"},
        {"\"\xf4\x90\x80\x80\"", "Invalid UTF-8 character"},
        {"\xc2\xa0", "Unexpected byte 0xc2 at byte 0"},
        {"[", "expected close marker for Array"},
        {"{\"a\":", "expected a value"},
        {"{\"\\ud83d\":1}", "expected low surrogate in field name"},
        {"{\"\\ud83dx\":1}", "Broken surrogate in field name"},
        {"{\"\\ud83d\\n\":1}", "Broken surrogate in field name"},
        {"{\"x\\ude00\":1}", "Unexpected low surrogate in field name"},
        {"{\"\\ud83d\\ud83d\\ude00\":1}", "Broken surrogate in field name"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_scan scan;
        struct kc_error err = {0};
        ck_assert_msg(json_scan(rows[i].text, strlen(rows[i].text), 0, &scan, &err) == -1, "%s", rows[i].text);
        ck_assert_msg(strstr(err.text, rows[i].says) != NULL, "%s: %s", rows[i].text, err.text);
        ck_assert_ptr_nonnull(strstr(err.exception, "com.fasterxml.jackson.core."));
    }
}
END_TEST

/* `count` times `piece` between `before` and `after` */
static char *repeated(struct kc_arena *arena, const char *before, const char *piece, size_t count, const char *after) {
    size_t len = strlen(piece), n = strlen(before);
    char *text = kc_arena_alloc(arena, n + len * count + strlen(after) + 1);
    memcpy(text, before, n);
    for (size_t i = 0; i < count; i++, n += len)
        memcpy(text + n, piece, len);
    memcpy(text + n, after, strlen(after) + 1);
    return text;
}

START_TEST(limits) {
    AUTO(arena) arena = arena_new(0);
    const struct {
        const char *before, *piece, *after;
        size_t allowed;
    } rows[] = {
        {"", "1", "", JSON_MAX_NUMBER},       {"-", "1", "", JSON_MAX_NUMBER},
        {"0.", "1", "", JSON_MAX_NUMBER - 1}, {"000000", "1", "", JSON_MAX_NUMBER},
        {"\"", "a", "\"", JSON_MAX_STRING},   {"\"", "\xf0\x9f\x98\x80", "\"", JSON_MAX_STRING / 2},
        {"{\"", "a", "\":1}", JSON_MAX_NAME}, {"{\"", "\xc3\xa9", "\":1}", JSON_MAX_NAME},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_scan scan;
        struct kc_error err = {0};
        char *text = repeated(arena, rows[i].before, rows[i].piece, rows[i].allowed, rows[i].after);
        ck_assert_msg(json_scan(text, strlen(text), 0, &scan, &err) == 0, "%zu: %s", i, err.text);
        text = repeated(arena, rows[i].before, rows[i].piece, rows[i].allowed + 1, rows[i].after);
        ck_assert_msg(json_scan(text, strlen(text), 0, &scan, &err) == -1, "%zu", i);
        ck_assert_str_eq(err.exception, "com.fasterxml.jackson.core.exc.StreamConstraintsException");
    }
}
END_TEST

START_TEST(nesting) {
    AUTO(arena) arena = arena_new(0);
    struct json_scan scan;
    struct kc_error err = {0};
    for (unsigned around = 0; around < 2; around++) {
        char *deep =
            repeated(arena, repeated(arena, "", "[", JSON_MAX_DEPTH - around, ""), "]", JSON_MAX_DEPTH - around, "");
        ck_assert_int_eq(json_scan(deep, strlen(deep), around, &scan, &err), 0);
        ck_assert_int_eq(json_scan(deep, strlen(deep), around + 1, &scan, &err), -1);
    }
    struct kc_value v;
    char *open = repeated(arena, "", "[", JSON_MAX_DEPTH, ""), *text = repeated(arena, open, "]", JSON_MAX_DEPTH, "");
    ck_assert_int_eq(kc_value_from_json(arena, text, strlen(text), &v, &err), 0);
    v = kc_json_expand(arena, v);
    for (int i = 1; i < JSON_MAX_DEPTH; i++) {
        ck_assert_int_eq(v.tag, KC_V_ARRAY);
        ck_assert_uint_eq(v.len, 1);
        v = v.items[0];
    }
    ck_assert_uint_eq(v.len, 0);
}
END_TEST

/* More names than are kept track of: not an error, and the last value still wins. */
START_TEST(many_names) {
    AUTO(arena) arena = arena_new(0);
    AUTO_BUF text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 5000; i++)
        buf_printf(&text, "%s\"n%d\":%d", i ? "," : "{", i, i);
    buf_add_text(&text, ",\"n0\":-1}");
    struct kc_value v;
    struct kc_error err = {0};
    ck_assert_int_eq(kc_value_from_json(arena, text.data, text.len, &v, &err), 0);
    ck_assert_int_eq(v.flags, 0);
    v = kc_json_expand(arena, v);
    ck_assert_uint_eq(v.len, 5000);
    ck_assert_int_eq(v.entries[0].value.i, -1);
    ck_assert_int_eq(kc_map_get(&v, "n4999")->i, 4999);
}
END_TEST

START_TEST(encodings) {
    static const struct {
        const char *bytes;
        size_t len;
        const char *text; /* of the checked value */
    } rows[] = {
        {"\xef\xbb\xbf[1]", 6, "[1]"},
        {"\xfe\xff\0[\0]", 6, "[]"},
        {"\xff\xfe[\0]\0", 6, "[]"},
        {"\0[\0]", 4, "[]"},
        {"[\0]\0", 4, "[]"},
        {"\0\0\xfe\xff\0\0\0[\0\0\0]", 12, "[]"},
        {"\xff\xfe\0\0[\0\0\0]\0\0\0", 12, "[]"},
        {"\0\0\0[\0\0\0]", 8, "[]"},
        {"[\0\0\0]\0\0\0", 8, "[]"},
        {"\0\"\xd8\x3d\xde\x00\0\"", 8, "\"\xf0\x9f\x98\x80\""},
        {"\0\"\xd8\x3d\0\"", 6, "\"\xef\xbf\xbd\""},
        {"[\"\xc0\x80\xc1\x81\xc0\xa2\xe0\x82\xa9\"]", 13, "[\"\\u0000A\\\"\xc2\xa9\"]"},
    };
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_scan scan;
        struct kc_error err = {0};
        ck_assert_msg(json_check(arena, rows[i].bytes, rows[i].len, &scan, &err) == 0, "%zu: %s", i, err.text);
        ck_assert_msg(scan.text.len == strlen(rows[i].text) && memcmp(scan.text.s, rows[i].text, scan.text.len) == 0,
                      "%zu: %.*s", i, (int)scan.text.len, scan.text.s);
    }
    struct json_scan scan;
    struct kc_error err = {0};
    ck_assert_int_eq(json_check(arena, "\0\0\xff\xfe", 4, &scan, &err), -1);
    ck_assert_str_eq(err.exception, "java.io.CharConversionException");
    ck_assert_int_eq(json_check(arena, " \t\r\n", 4, &scan, &err), 0);
    ck_assert_ptr_null(scan.text.s);
}
END_TEST

/* Bytes behind the first value are not looked at, whatever they are. */
START_TEST(first_value_counts) {
    static const char *const rows[] = {"[1]x", "{}{", "\"a\":1", "true ,", "1 \xff", "  []  ]"};
    static const char *const values[] = {"[1]", "{}", "\"a\"", "true", "1", "[]"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_scan scan;
        struct kc_error err = {0};
        ck_assert_msg(json_scan(rows[i], strlen(rows[i]), 0, &scan, &err) == 0, "%s: %s", rows[i], err.text);
        ck_assert_uint_eq(scan.text.len, strlen(values[i]));
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("json_scan");
    TCase *tc = tcase_create("json_scan");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, flags);
    tcase_add_test(tc, spaced);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, nesting);
    tcase_add_test(tc, many_names);
    tcase_add_test(tc, encodings);
    tcase_add_test(tc, first_value_counts);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
