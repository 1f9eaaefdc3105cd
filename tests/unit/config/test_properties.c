/* Properties.load: all golden vectors, the UTF-8 form of readers, errors that name file and line. */
#include <stdio.h>
#include <string.h>

#include "config/properties.h"
#include "connect/base/auto.h"
#include "tests/support/golden_run.h"

START_TEST(test_golden) {
    struct golden_tally tally = {0};
    ck_assert_int_ge(golden_each("properties.jsonl", "load", golden_check, &tally), 80);
    ck_assert_int_le(tally.left_out, 1);
}
END_TEST

START_TEST(test_utf8) {
    const char *text = "a=\xC3\xA9\nb=\xFFx\nc=\\uD83D\\uDE00\nd=\\uD83Dx\ne=\\\xC3\xA9\n";
    const char *want[][2] = {{"a", "\xC3\xA9"},
                             {"b", "\xEF\xBF\xBDx"},
                             {"c", "\xF0\x9F\x98\x80"},
                             {"d", "\xEF\xBF\xBDx"},
                             {"e", "\xC3\xA9"}};
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    ck_assert_int_eq(properties_parse_as(PROPERTIES_UTF8, text, strlen(text), "f", config, &err), 0);
    for (size_t i = 0; i < COUNT_OF(want); i++)
        ck_assert_str_eq(kc_config_get(config, want[i][0]), want[i][1]);
}
END_TEST

/* A backslash alone at the end of the file is an empty key, but not before CR LF. */
START_TEST(test_only_a_backslash) {
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {{"\\", 1}, {"\\\n", 1}, {"\\\r", 1}, {"\\\r\n", 0}, {"\\\n\\\r\n", 0}, {"a\\\r\n", 1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(props) config = kc_config_new();
        ck_assert_int_eq(properties_parse(cases[i].text, strlen(cases[i].text), "f", config, NULL), 0);
        ck_assert_msg(kc_config_count(config) == cases[i].count, "%zu", i);
    }
}
END_TEST

START_TEST(test_errors_name_file_and_line) {
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } cases[] = {
        {"a=1\n#c\\\n\nb=\\u12\n", 16, "w.properties:4: Malformed \\uxxxx encoding."},
        {"a=1\r\nb=x\\\r\n \\uzzzz\n", 20, "w.properties:2: Malformed \\uxxxx encoding."},
        {"a=\0", 3, "w.properties:1: a NUL character is not supported"},
        {"\na=\\u0000", 9, "w.properties:2: the character \\u0000 is not supported"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) config = kc_config_new();
        ck_assert_int_eq(properties_parse(cases[i].text, cases[i].len, "w.properties", config, &err), -1);
        ck_assert_str_eq(err.text, cases[i].want);
    }
}
END_TEST

START_TEST(test_load) {
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    char path[] = "/tmp/kconnectd-properties-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    for (int i = 0; i < 20000; i++)
        fprintf(f, "key.%d = value %d\n", i, i);
    fclose(f);
    ck_assert_int_eq(properties_load(path, config, &err), 0);
    ck_assert_uint_eq(kc_config_count(config), 20000);
    ck_assert_str_eq(kc_config_get(config, "key.19999"), "value 19999");
    size_t len;
    ck_assert_ptr_null(file_read(path, 100, &len, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "File too large"));
    remove(path);
    ck_assert_int_eq(properties_load(path, config, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, path));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("properties");
    TCase *tc = tcase_create("properties");
    tcase_add_test(tc, test_golden);
    tcase_add_test(tc, test_utf8);
    tcase_add_test(tc, test_only_a_backslash);
    tcase_add_test(tc, test_errors_name_file_and_line);
    tcase_add_test(tc, test_load);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
