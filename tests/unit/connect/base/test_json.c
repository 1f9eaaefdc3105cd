/* The strict JSON reader, its writer, and configurations to and from JSON. */
#include "connect/base/json.h"
#include "tests/support/suite.h"

#include <string.h>

#include "connect/base/err.h"

static cJSON *parse(const char *text) {
    struct kc_error err = {0};
    cJSON *json = json_parse(text, strlen(text), &err);
    ck_assert_msg(json != NULL, "%s: %s", text, err.text);
    return json;
}

START_TEST(round_trips) {
    static const struct {
        const char *in, *out; /* out NULL: the same */
    } table[] = {
        {"null", NULL},
        {" [ 1 , 2 ] ", "[1,2]"},
        {"{\"b\":1,\"a\":{\"x\":[]},\"c\":{}}", NULL},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
        {"9007199254740991", NULL},
        {"9007199254740993", NULL},
        {"-9223372036854775808", NULL},
        {"123456789012345678901234567890", NULL},
        {"0", NULL},
        {"-0", "0"},
        {"1.5", NULL},
        {"1.0", NULL},
        {"100.25", NULL},
        {"0.001", NULL},
        {"1e5", "100000.0"},
        {"12345678.9", "1.23456789E7"},
        {"1e-5", "1.0E-5"},
        {"0.1", NULL},
        {"3.0e10", "3.0E10"},
        {"\"a\\u0041\\n\\u0001\\/\\\"\"", "\"aA\\n\\u0001/\\\"\""},
        {"\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
        {"\"\\ud83d\"", "\"?\""},
        {"\"\\ud83dx\"", "\"?x\""},
        {"\"\\ud83d\\u0041\"", "\"?A\""},
        {"[true,false]", NULL},
        {"\"\x7f\"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(json) json = parse(table[i].in);
        AUTO_BUF out;
        buf_init(&out, 10000);
        ck_assert_int_eq(json_write(&out, json, false), 0);
        ck_assert_str_eq(buf_text(&out), table[i].out ? table[i].out : table[i].in);
    }
}
END_TEST

START_TEST(refuses) {
    static const char *const table[] = {
        "",
        "  ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{a:1}",
        "{'a':1}",
        "01",
        "-",
        "1.",
        ".5",
        "+1",
        "1e",
        "1e+",
        "NaN",
        "nul",
        "tru",
        "truex",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12",
        "\"\n\"",
        "\"\t\"",
        "1 2",
        "{} x",
        "\"\\u0000\"",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "[\"\xf4\x90\x80\x80\"]",
        "\"\xe2\x82\"",
        "{\"a\":1 \"b\":2}",
        "[1 2]",
        "/* c */ 1",
        "\xEF\xBB\xBF{}",
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct kc_error err = {0};
        ck_assert_msg(json_parse(table[i], strlen(table[i]), &err) == NULL, "%s", table[i]);
        ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
        ck_assert_msg(strncmp(err.text, "invalid JSON at line ", 21) == 0, "%s", err.text);
    }
}
END_TEST

/* Every prefix of a valid text is an error and nothing is read behind it. */
START_TEST(truncated) {
    static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\n\",true,null],\"b\":{}}";
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *exact = malloc(len + 1);
        memcpy(exact, text, len);
        struct kc_error err = {0};
        ck_assert_ptr_null(json_parse(exact, len, &err));
        free(exact);
    }
}
END_TEST

START_TEST(nesting) {
    char text[1003];
    for (int depth = 499; depth <= 501; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        struct kc_error err = {0};
        AUTO(json) json = json_parse(text, (size_t)depth * 2, &err);
        ck_assert_int_eq(json != NULL, depth <= 500);
    }
}
END_TEST

START_TEST(many_members) {
    AUTO_BUF text;
    buf_init(&text, 1000000);
    buf_add_char(&text, '{');
    for (int i = 0; i < 5000; i++)
        buf_printf(&text, "%s\"k%d\":%d", i ? "," : "", i % 2500, i);
    buf_add_char(&text, '}');
    AUTO(json) json = parse(buf_text(&text));
    ck_assert_int_eq(cJSON_GetArraySize(json), 2500);
    ck_assert_str_eq(json->child->string, "k0");
    ck_assert_int_eq(json->child->valueint, 2500);
    int64_t last = 0;
    ck_assert_int_eq(json_get_int(json, "k2499", &last), 0);
    ck_assert_int_eq(last, 4999);
}
END_TEST

START_TEST(getters) {
    AUTO(json)
    json = parse("{\"t\":\"x\",\"n\":9223372036854775807,\"big\":9223372036854775808,\"f\":1.5,\"b\":true,\"i\":-3}");
    int64_t n = 7;
    ck_assert_str_eq(json_get_text(json, "t"), "x");
    ck_assert_ptr_null(json_get_text(json, "n"));
    ck_assert_ptr_null(json_get_text(json, "absent"));
    ck_assert_int_eq(json_get_int(json, "n", &n), 0);
    ck_assert(n == INT64_MAX);
    ck_assert_int_eq(json_get_int(json, "big", &n), -1);
    ck_assert_int_eq(json_get_int(json, "f", &n), -1);
    ck_assert_int_eq(json_get_int(json, "t", &n), -1);
    ck_assert(n == INT64_MAX);
    ck_assert_int_eq(json_get_int(json, "i", &n), 0);
    ck_assert_int_eq(n, -3);
    ck_assert(json_get_bool(json, "b"));
    ck_assert(!json_get_bool(json, "t"));
    ck_assert(!json_get_bool(json, "absent"));
}
END_TEST

START_TEST(supplementary_characters) {
    AUTO(json) json = parse("{\"\xF0\x9F\x98\x80\":\"a\xF0\x9F\x98\x80\xC3\xA9\\n\xF4\x8F\xBF\xBF\"}");
    AUTO_BUF out;
    buf_init(&out, 1000);
    ck_assert_int_eq(json_write(&out, json, true), 0);
    ck_assert_str_eq(buf_text(&out), "{\"\\uD83D\\uDE00\":\"a\\uD83D\\uDE00\xC3\xA9\\n\\uDBFF\\uDFFF\"}");
}
END_TEST

START_TEST(configurations) {
    struct kc_error err = {0};
    AUTO(json) json = parse("{\"s\":\"x\",\"n\":null,\"i\":5,\"f\":1.50,\"b\":true,\"big\":12345678901234567890}");
    struct kc_config *config = json_to_config(json, &err);
    ck_assert_ptr_nonnull(config);
    ck_assert_uint_eq(kc_config_count(config), 6);
    ck_assert_str_eq(kc_config_get(config, "s"), "x");
    ck_assert(kc_config_has(config, "n"));
    ck_assert_ptr_null(kc_config_get(config, "n"));
    ck_assert_str_eq(kc_config_get(config, "i"), "5");
    ck_assert_str_eq(kc_config_get(config, "f"), "1.50");
    ck_assert_str_eq(kc_config_get(config, "b"), "true");
    ck_assert_str_eq(kc_config_get(config, "big"), "12345678901234567890");
    AUTO(json) back = json_from_config(config);
    AUTO_BUF out;
    buf_init(&out, 1000);
    json_write(&out, back, false);
    ck_assert_str_eq(buf_text(&out), "{\"s\":\"x\",\"n\":null,\"i\":\"5\",\"f\":\"1.50\",\"b\":\"true\","
                                     "\"big\":\"12345678901234567890\"}");
    kc_config_free(config);

    static const char *const wrong[] = {"[]", "1", "{\"key\":{}}", "{\"key\":[1]}"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        AUTO(json) bad = parse(wrong[i]);
        ck_assert_ptr_null(json_to_config(bad, &err));
        ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
        if (wrong[i][0] == '{')
            ck_assert_ptr_nonnull(strstr(err.text, "key key "));
    }
}
END_TEST

static void count_nul(const cJSON *vector, void *arg) {
    const char *in = json_get_text(vector, "in");
    *(int *)arg += in && strcmp(in, GOLDEN_NUL) == 0;
}

START_TEST(golden_files_are_read) {
    int found = 0;
    ck_assert_int_gt(golden_each("header_converter.jsonl", "parseString", count_nul, &found), 100);
    ck_assert_int_eq(found, 1);
    static const char *const files[] = {
        "config_def.jsonl", "json_converter.jsonl", "properties.jsonl",    "simple_converters.jsonl",
        "values.jsonl",     "transforms.jsonl",     "double_format.jsonl", "date_format.jsonl",
        "mirror.jsonl",     "cluster.jsonl"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        ck_assert_int_gt(golden_each(files[i], NULL, count_nul, &found), 10);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, round_trips);
    tcase_add_test(tcase, refuses);
    tcase_add_test(tcase, truncated);
    tcase_add_test(tcase, nesting);
    tcase_add_test(tcase, many_members);
    tcase_add_test(tcase, getters);
    tcase_add_test(tcase, supplementary_characters);
    tcase_add_test(tcase, configurations);
    tcase_add_test(tcase, golden_files_are_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
