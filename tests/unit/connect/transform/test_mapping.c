/* Pairs in lists, split as Java's String.split does. */
#include <string.h>

#include "connect/base/buf.h"
#include "connect/transform/mapping.h"
#include "tests/support/suite.h"

static const struct {
    const char *text;
    size_t count;
    const char *first, *second;
} splits[] = {
    {"a:b", 2, "a", "b"},   {"a", 1, "a", NULL},  {"a:", 1, "a", NULL},  {"a::", 1, "a", NULL},
    {":b", 2, "", "b"},     {"", 1, "", NULL},    {":", 0, NULL, NULL},  {"::", 0, NULL, NULL},
    {"a:b:c", 3, "a", "b"}, {"a::c", 3, "a", ""}, {"a:b:", 2, "a", "b"},
};

static void expect_part(const char *expected, struct mapping_part part) {
    if (expected)
        ck_assert(strlen(expected) == part.len && memcmp(expected, part.s, part.len) == 0);
}

START_TEST(test_split) {
    struct mapping_part parts[2];
    ck_assert_uint_eq(mapping_split(splits[_i].text, strlen(splits[_i].text), parts), splits[_i].count);
    expect_part(splits[_i].first, parts[0]);
    expect_part(splits[_i].second, parts[1]);
}
END_TEST

START_TEST(test_list) {
    const char *rest = "a:b,,c";
    struct mapping_part item;
    ck_assert(mapping_next(&rest, &item));
    expect_part("a:b", item);
    ck_assert(mapping_next(&rest, &item));
    ck_assert_uint_eq(item.len, 0);
    ck_assert(mapping_next(&rest, &item));
    expect_part("c", item);
    ck_assert(!mapping_next(&rest, &item));
    rest = NULL;
    ck_assert(!mapping_next(&rest, &item));
}
END_TEST

START_TEST(test_invalid) {
    struct kc_error err = {0};
    ck_assert_int_eq(mapping_invalid("a:b,c", (struct mapping_part){"c", 1}, &err), -1);
    ck_assert_str_eq(err.text, "Invalid value [a:b, c] for configuration renames: Invalid rename mapping: c");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("mapping");
    TCase *tc = tcase_create("mapping");
    tcase_add_loop_test(tc, test_split, 0, sizeof(splits) / sizeof(splits[0]));
    tcase_add_test(tc, test_list);
    tcase_add_test(tc, test_invalid);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
