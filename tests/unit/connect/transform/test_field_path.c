/* Paths of nested fields: how they are taken apart, and where they lead. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/data/schema.h"
#include "connect/transform/field_path.h"
#include "tests/support/suite.h"

/* The steps in brackets, or the error. */
static const struct {
    const char *text;
    bool nested;
    const char *expected;
} paths[] = {
    {"a.b", false, "[a.b]"},
    {"", false, "[]"},
    {"`a`", false, "[`a`]"},
    {"", true, ""},
    {"a", true, "[a]"},
    {"a.b.c", true, "[a][b][c]"},
    {"a..b", true, "[a][][b]"},
    {".a", true, "[][a]"},
    {"a.", true, "[a][]"},
    {".", true, "[][]"},
    {"`a.b`.c", true, "[a.b][c]"},
    {"`a.b`.", true, "[a.b][]"},
    {"``", true, "[]"},
    {"a`b", true, "[a`b]"},
    {"a.`b`c`.d", true, "[a][b`c][d]"},
    {"`a\\`.b`", true, "[a`.b]"},
    {"`a\\b`", true, "[a\\b]"},
    {"`a", true, "!0"},
    {"`a`b", true, "!0"},
    {"`a\\`", true, "!0"},
    {"x.`a", true, "!2"},
    {"\xC3\xA4\xF0\x9F\x98\x80.`a", true, "!4"}, /* positions count UTF-16 units */
};

START_TEST(test_parsing) {
    struct kc_error err = {0};
    struct field_path path = {0};
    AUTO(arena) arena = arena_new(0);
    AUTO_BUF steps;
    buf_init(&steps, 1024);
    if (field_path_parse(arena, paths[_i].text, paths[_i].nested, &path, &err) < 0) {
        const char *expected = kc_arena_printf(arena,
                                               "Incomplete backtick pair in path: [%s], consider adding a backslash "
                                               "before backtick at position %s to escape it",
                                               paths[_i].text, paths[_i].expected + 1);
        ck_assert_str_eq(paths[_i].expected[0] == '!' ? err.text : "no error wanted", expected);
        ck_assert_str_eq(err.exception, KC_CONFIG_EXCEPTION);
        return;
    }
    for (size_t i = 0; i < path.count; i++)
        buf_printf(&steps, "[%s]", path.steps[i]);
    ck_assert_str_eq(buf_text(&steps), paths[_i].expected);
}
END_TEST

static const struct {
    const char *path, *map, *expected; /* expected NULL: an error */
} walks[] = {
    {"a.b", "{\"a\":{\"b\":1}}", "1"},
    {"a.b", "{\"a\":{\"b\":1,\"b\":2}}", "2"},
    {"a.b", "{\"a\":null}", "null"},
    {"a.b", "{}", "null"},
    {"a.b", "{\"a\":[1]}", NULL},
    {"a", "{\"a\":{\"c\" : [1, 2]}}", "{\"c\":[1,2]}"},
    {"\xC3\xA4", "{\"\\u00e4\":true}", "true"},
};

/* The same on text and on a map that was taken apart. */
START_TEST(test_maps) {
    for (int expanded = 0; expanded < 2; expanded++) {
        struct kc_error err = {0};
        struct field_path path = {0};
        struct kc_value map, v = kc_null();
        AUTO(arena) arena = arena_new(0);
        ck_assert_int_eq(field_path_parse(arena, walks[_i].path, true, &path, &err), 0);
        ck_assert_int_eq(kc_value_from_json(arena, walks[_i].map, strlen(walks[_i].map), &map, &err), 0);
        if (expanded)
            map = kc_json_expand(arena, map);
        int rc = field_path_of_map(&path, arena, &map, &v, &err);
        ck_assert_int_eq(rc, walks[_i].expected ? 0 : -1);
        if (walks[_i].expected)
            ck_assert_str_eq(kc_value_to_json(arena, &v, NULL), walks[_i].expected);
        else
            ck_assert_str_eq(err.text, "Only Map objects supported in absence of schema for [nested field access], "
                                       "found: java.util.ArrayList");
    }
}
END_TEST

START_TEST(test_empty_path) {
    struct kc_error err = {0};
    struct field_path path = {0};
    struct kc_value map = {.tag = KC_V_MAP}, v;
    const struct kc_field *field;
    AUTO(arena) arena = arena_new(0);
    ck_assert_int_eq(field_path_parse(arena, "", true, &path, &err), 0);
    ck_assert_int_eq(field_path_of_map(&path, arena, &map, &v, &err), -1);
    ck_assert_str_eq(err.exception, "java.lang.IllegalArgumentException");
    ck_assert_int_eq(field_path_of_schema(&path, kc_schema_of(KC_INT32, false), &field, &err), -1);
    ck_assert_str_eq(err.text, "fromIndex(0) > toIndex(-1)");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("field_path");
    TCase *tc = tcase_create("field_path");
    tcase_add_loop_test(tc, test_parsing, 0, COUNT_OF(paths));
    tcase_add_loop_test(tc, test_maps, 0, COUNT_OF(walks));
    tcase_add_test(tc, test_empty_path);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
