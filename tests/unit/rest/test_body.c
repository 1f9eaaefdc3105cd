/* Request bodies as the Java worker's parser takes them (rest-api 2.3). */
#include "rest/body.h"

#include <string.h>

#include "connect/base/auto.h"
#include "tests/support/suite.h"

START_TEST(scalars_keep_their_source_text) {
    static const char text[] =
        " {\"a\":1,\"b\":1.50,\"c\":1e3,\"d\":true,\"e\":null,\"f\":\"x\\u00e9\\n\\ud83d\\udc18\",\"a\":-0} \n";
    struct kc_config *config = NULL;
    struct kc_error err = {0};
    ck_assert_msg(body_string_map(text, sizeof text - 1, &config, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(kc_config_count(config), 6);
    ck_assert_str_eq(kc_config_get(config, "a"), "-0");
    ck_assert_str_eq(kc_config_get(config, "b"), "1.50");
    ck_assert_str_eq(kc_config_get(config, "c"), "1e3");
    ck_assert_str_eq(kc_config_get(config, "d"), "true");
    ck_assert(kc_config_has(config, "e") && kc_config_get(config, "e") == NULL);
    ck_assert_str_eq(kc_config_get(config, "f"), "x\xc3\xa9\n\xf0\x9f\x90\x98");
    kc_config_free(config);
}
END_TEST

START_TEST(null_and_nothing_give_no_map) {
    static const char *const texts[] = {"null", "", "  \n", " null "};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct kc_config *config = (struct kc_config *)&i;
        struct kc_error err = {0};
        ck_assert_int_eq(body_string_map(texts[i], strlen(texts[i]), &config, &err), 0);
        ck_assert_ptr_null(config);
    }
}
END_TEST

static const struct {
    const char *text, *message;
} wrong_maps[] = {
    {"{", "Unexpected end-of-input"},
    {"{\"a\":x}", "Unexpected character ('x' (code 120))"},
    {"{\"a\" 1}", "Unexpected character ('1' (code 49)): was expecting a colon"},
    {"[]", "Cannot deserialize value of type"},
    {"\"a\"", "Cannot deserialize value of type"},
    {"7", "Cannot deserialize value of type"},
    {"{\"a\":{\"b\":1}}", "java.util.LinkedHashMap[\"a\"]"},
    {"{\"a\":[]}", "Cannot deserialize value of type `java.lang.String` from Array value"},
    {"{} {}", "Trailing token (of type START_OBJECT) found after value"},
    {"{}x", "Trailing token"},
    {"{\"a\":\"\xff\"}", "Invalid UTF-8 start byte 0xff"},
    {"{\"a\":\"\xed\xa0\x80\"}", "Invalid UTF-8"},
    {"{\"a\":01}", "Leading zeroes"},
    {"{\"a\":1.}", "after decimal point"},
    {"{\"a\":-}", "minus sign"},
    {"{\"a\":\"\n\"}", "CTRL-CHAR"},
    {"{\"a\":\"\\u0000\"}", "U+0000"},
    {"{\"a\":\"\\x\"}", "escape"},
    {"{\"a\":\"", "VALUE_STRING"},
    {"{\n  \"a\":x}", "line: 2, column: 7"},
};

START_TEST(wrong_maps_say_what_and_where) {
    struct kc_config *config = NULL;
    struct kc_error err = {0};
    ck_assert_int_eq(body_string_map(wrong_maps[_i].text, strlen(wrong_maps[_i].text), &config, &err), -1);
    ck_assert_msg(strstr(err.text, wrong_maps[_i].message) != NULL, "%s: %s", wrong_maps[_i].text, err.text);
    ck_assert_ptr_nonnull(strstr(err.text, "at [Source: REDACTED"));
    ck_assert_ptr_null(config);
}
END_TEST

START_TEST(create_requests) {
    static const char text[] = "{\"config\":{\"a\":\"b\"},\"name\":5,\"initial_state\":\"paused\"}";
    struct create_request r;
    struct kc_error err = {0};
    ck_assert_msg(body_create_request(text, sizeof text - 1, &r, &err) == 0, "%s", err.text);
    ck_assert_str_eq(r.name, "5");
    ck_assert_str_eq(r.initial_state, "paused");
    ck_assert_str_eq(kc_config_get(r.config, "a"), "b");
    create_request_done(&r);
    ck_assert_int_eq(body_create_request("{\"name\":null,\"config\":null}", 27, &r, &err), 0);
    ck_assert(!r.name && !r.config && !r.initial_state);
    create_request_done(&r);
}
END_TEST

static const struct {
    const char *text, *message;
} wrong_creates[] = {
    {"{\"nmae\":\"x\"}", "Unrecognized field \"nmae\""},
    {"null", "is null"},
    {"{\"config\":[]}", "Cannot deserialize value of type"},
    {"{\"name\":{}}", "CreateConnectorRequest[\"name\"]"},
    {"{\"config\":{},\"config\":{\"a\":}}", "Unexpected character"},
};

START_TEST(wrong_create_requests) {
    struct create_request r;
    struct kc_error err = {0};
    ck_assert_int_eq(body_create_request(wrong_creates[_i].text, strlen(wrong_creates[_i].text), &r, &err), -1);
    ck_assert_msg(strstr(err.text, wrong_creates[_i].message) != NULL, "%s", err.text);
}
END_TEST

START_TEST(lists_of_maps) {
    static const char text[] = "[{\"a\":\"1\"},{},{\"b\":null}]";
    struct kc_config **maps;
    int count;
    struct kc_error err = {0};
    ck_assert_int_eq(body_string_maps(text, sizeof text - 1, &maps, &count, &err), 0);
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(kc_config_get(maps[0], "a"), "1");
    for (int i = 0; i < count; i++)
        kc_config_free(maps[i]);
    free(maps);
    ck_assert_int_eq(body_string_maps("[{}", 3, &maps, &count, &err), -1);
    ck_assert_int_eq(body_string_maps("", 0, &maps, &count, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "No content to map due to end-of-input"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("rest body");
    TCase *tc = tcase_create("body");
    tcase_add_test(tc, scalars_keep_their_source_text);
    tcase_add_test(tc, null_and_nothing_give_no_map);
    tcase_add_loop_test(tc, wrong_maps_say_what_and_where, 0, COUNT_OF(wrong_maps));
    tcase_add_test(tc, create_requests);
    tcase_add_loop_test(tc, wrong_create_requests, 0, COUNT_OF(wrong_creates));
    tcase_add_test(tc, lists_of_maps);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
