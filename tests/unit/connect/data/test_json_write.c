/* Writing JSON: strings, text made compact, values that Java's converter refuses, limits. */
#include "connect/data/json_write.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/base64.h"
#include "connect/data/decimal.h"
#include "connect/data/json_scan.h"
#include "connect/data/json_tree.h"
#include "connect/data/value.h"
#include "tests/support/suite.h"

START_TEST(strings) {
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } rows[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"0123456789abcdef0123456789abcdef", 32, "\"0123456789abcdef0123456789abcdef\""},
        {"a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\""},
        {"\b\t\n\f\r\v\0\x1f\x7f", 9, "\"\\b\\t\\n\\f\\r\\u000B\\u0000\\u001F\x7f\""},
        {"\xc3\xa9\xe2\x80\xa8", 5, "\"\xc3\xa9\xe2\x80\xa8\""},
        {"\xf0\x9f\x98\x80!", 5, "\"\\uD83D\\uDE00!\""},
        {"a\xff\xc3", 3, "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_BUF out;
        buf_init(&out, 1000);
        ck_assert_int_eq(json_write_string(&out, rows[i].text, rows[i].len), 0);
        ck_assert_str_eq(buf_text(&out), rows[i].json);
    }
}
END_TEST

START_TEST(made_compact) {
    static const struct {
        const char *text, *json;
    } rows[] = {
        {" { \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2]}"},
        {"[\"\\/\\u0041\\u00e9\\u000a\\u001f\\u0022\\u005c\"]", "[\"/A\xc3\xa9\\n\\u001F\\\"\\\\\"]"},
        {"[\"\\ud83d\\ude00\xf0\x9f\x98\x80\\ud83d\\ude0\\ud83dx\"]", NULL},
        {"[\"\\ud83d\\ude00\xf0\x9f\x98\x80\\ud83d\\ud83dx\\ude00\"]",
         "[\"\\uD83D\\uDE00\\uD83D\\uDE00\\uD83D\\uD83Dx\\uDE00\"]"},
        {"[1e3,1.50,-0.0,-0,007,1e400,-1e400,12345678901234567890]",
         "[1000.0,1.5,0.0,0,7,\"Infinity\",\"-Infinity\",-6101065172474983726]"},
        {"[true , false , null]", "[true,false,null]"},
        {"[ \"a b\" , \"\\\" ,\" ]", "[\"a b\",\"\\\" ,\"]"},
    };
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_scan scan;
        struct kc_error err = {0};
        int rc = json_check(arena, rows[i].text, strlen(rows[i].text), &scan, &err);
        if (!rows[i].json) {
            ck_assert_int_eq(rc, -1);
            continue;
        }
        ck_assert_msg(rc == 0, "%s: %s", rows[i].text, err.text);
        AUTO_BUF out;
        buf_init(&out, 1000);
        ck_assert_int_eq(json_write_compact(&out, scan.text), 0);
        ck_assert_str_eq(buf_text(&out), rows[i].json);
        if (!(scan.flags & VALUE_JSON_SPACED))
            continue;
        buf_clear(&out);
        ck_assert_int_eq(json_write_unspaced(&out, scan.text), 0);
        ck_assert_str_eq(buf_text(&out), rows[i].json);
    }
}
END_TEST

/* Tokens of every length, at every distance from the end: nothing is lost between steps of 16 and blocks of 64. */
START_TEST(lengths) {
    static const char *const tokens[] = {"\"%.*s\"", "\"%.*s\\\"\"", "\"%.*s\\u00e9\"", "\"%.*s\xc3\xa9\"", "1%.*s"};
    AUTO(arena) arena = arena_new(0);
    for (size_t t = 0; t < COUNT_OF(tokens); t++)
        for (int len = 0; len < 100; len++) {
            char filler[128], token[256], text[800], compact[800];
            struct json_scan scan;
            struct kc_error err = {0};
            memset(filler, tokens[t][0] == '1' ? '0' : 'x', sizeof filler);
            snprintf(token, sizeof token, tokens[t], len % (tokens[t][0] == '1' ? 18 : 100), filler);
            snprintf(text, sizeof text, "{ \"n\" :\t%s , \"list\": [ %s,2.5 ] }", token, token);
            snprintf(compact, sizeof compact, "{\"n\":%s,\"list\":[%s,2.5]}", token, token);
            ck_assert_msg(json_check(arena, text, strlen(text), &scan, &err) == 0, "%s: %s", text, err.text);
            struct kc_value v = json_tree_shallow(arena, scan.text, scan.flags);
            struct kc_value whole = kc_json_expand(arena, v);
            char *written = kc_value_to_json(arena, &v, NULL);
            ck_assert_str_eq(written, kc_value_to_json(arena, &whole, NULL));
            if (scan.flags & VALUE_JSON_SPACED)
                ck_assert_str_eq(written, compact);
            AUTO_BUF out;
            buf_init(&out, 1000);
            ck_assert_int_eq(json_write_compact(&out, scan.text), 0);
            ck_assert_str_eq(buf_text(&out), written);
        }
}
END_TEST

static int write_text(const struct kc_value *v, const struct json_write_options *options, size_t max, struct buf *out,
                      struct kc_error *err) {
    buf_init(out, max);
    return json_write_value(out, NULL, v, options, err);
}

START_TEST(any_value) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value list = value_array_new(arena, 2);
    list.items[0] = kc_date(-5);
    list.items[1] = decimal_value(arena, decimal_from_int64(arena, 150, 2));
    ck_assert_str_eq(kc_value_to_json(arena, &list, NULL), "[-5,1.50]");
    struct kc_error err = {0};
    AUTO_BUF out;
    ck_assert_int_eq(write_text(&list, &(struct json_write_options){0}, 1000, &out, &err), -1);
    ck_assert_str_eq(err.text, "Java class class java.util.Date does not have corresponding schema type.");
}
END_TEST

/* Written in a buffer that may be as long as the text, and not a byte longer, whatever stands at its end. */
START_TEST(exact_maximum) {
    static const char *const texts[] = {
        "{}",
        "[]",
        "[[],{}]",
        "[17]",
        "[-9223372036854775808,1.5]",
        "{\"a\":\"b\"}",
        "{\"name\":\"a string of more than sixteen bytes\",\"list\":[1,2.25,true,false,null,\"\"]}",
        "{\"a\":{\"b\":{\"c\":[{\"d\":\"Londön, \\\"quoted\\\"\"}]}}}",
    };
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (int opened = 0; opened < 2; opened++) {
            struct kc_value v;
            struct kc_error err = {0};
            size_t len = strlen(texts[i]);
            ck_assert_int_eq(kc_value_from_json(arena, texts[i], len, &v, &err), 0);
            v = opened ? kc_json_open(arena, v) : kc_json_expand(arena, v);
            for (size_t max = 0; max < len + 100; max++) {
                AUTO_BUF out;
                int rc = write_text(&v, &(struct json_write_options){0}, max, &out, &err);
                ck_assert_msg((rc == 0) == (max >= len), "%s, %zu", texts[i], max);
                if (rc == 0)
                    ck_assert_str_eq(buf_text(&out), texts[i]);
            }
        }
}
END_TEST

START_TEST(limits) {
    AUTO(arena) arena = arena_new(0);
    struct json_write_options options = {0};
    struct kc_error err = {0};
    struct kc_value v = value_array_new(arena, 0);
    for (int i = 1; i < JSON_MAX_DEPTH; i++) {
        struct kc_value around = value_array_new(arena, 1);
        around.items[0] = v;
        v = around;
    }
    AUTO_BUF deep;
    ck_assert_int_eq(write_text(&v, &options, 10000, &deep, &err), 0);
    ck_assert_uint_eq(deep.len, 2 * JSON_MAX_DEPTH);
    options.depth = 1;
    AUTO_BUF deeper;
    ck_assert_int_eq(write_text(&v, &options, 10000, &deeper, &err), -1);
    ck_assert_str_eq(err.text, "Converting Kafka Connect data to byte[] failed due to serialization error: ");
    ck_assert_ptr_nonnull(strstr(err.cause, "Document nesting depth (1001)"));
    static const size_t sizes[] = {0, 1, 5, 11, 12};
    struct kc_value text = kc_string("0123456789");
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        AUTO_BUF small;
        ck_assert_int_eq(write_text(&text, &options, sizes[i], &small, &err), sizes[i] < 12 ? -1 : 0);
    }
}
END_TEST

START_TEST(base64) {
    static const struct {
        const char *text, *bytes; /* NULL: refused */
    } rows[] = {
        {"", ""},           {"YQ==", "a"},        {"YWI=", "ab"},
        {"YWJj", "abc"},    {"YWJjZA==", "abcd"}, {" YWJj\nYQ== ", "abca"},
        {"YQ==YQ==", "aa"}, {"YQ", NULL},         {"YQ=", NULL},
        {"Y", NULL},        {"YQ=a", NULL},       {"YW Jj", NULL},
        {"====", NULL},     {"Y===", NULL},       {"YWJ!", NULL},
        {"YW-_", NULL},
    };
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct kc_value bytes;
        struct kc_error err = {0};
        int rc = base64_read(arena, rows[i].text, strlen(rows[i].text), &bytes, &err);
        ck_assert_msg(rc == (rows[i].bytes ? 0 : -1), "'%s'", rows[i].text);
        if (rc < 0)
            continue;
        ck_assert_uint_eq(bytes.len, strlen(rows[i].bytes));
        ck_assert_mem_eq(bytes.s, rows[i].bytes, bytes.len);
        AUTO_BUF out;
        buf_init(&out, 100);
        ck_assert_int_eq(base64_write(&out, bytes.bytes, bytes.len), 0);
        ck_assert_int_eq(base64_read(arena, buf_text(&out), out.len, &bytes, &err), 0);
        ck_assert_mem_eq(bytes.s, rows[i].bytes, bytes.len);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("json_write");
    TCase *tc = tcase_create("json_write");
    tcase_add_test(tc, strings);
    tcase_add_test(tc, made_compact);
    tcase_add_test(tc, lengths);
    tcase_add_test(tc, any_value);
    tcase_add_test(tc, exact_maximum);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, base64);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
