/* The index of names. */
#include "connect/base/name_index.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "tests/support/suite.h"

enum { NAMES = 1000 };

static void name_at(char *out, size_t size, int i) {
    snprintf(out, size, "name.%d%s", i, i % 3 ? "" : ".with.a.longer.end");
}

START_TEST(names_are_found) {
    static char names[NAMES][40];
    struct name_index ix = {0};
    ck_assert_uint_eq(name_index_find(&ix, "x", name_hash("x")), NAME_NOWHERE);
    for (int i = 0; i < NAMES; i++) {
        name_at(names[i], sizeof(names[i]), i);
        ck_assert_uint_eq(name_index_find(&ix, names[i], name_hash(names[i])), NAME_NOWHERE);
        name_index_add(&ix, names[i], name_hash(names[i]), (size_t)i);
    }
    for (int i = 0; i < NAMES; i++) {
        char other[40];
        name_at(other, sizeof(other), i);
        ck_assert_uint_eq(name_index_find(&ix, other, name_hash(other)), (size_t)i);
    }
    name_index_clear(&ix);
    ck_assert_uint_eq(name_index_find(&ix, names[0], name_hash(names[0])), NAME_NOWHERE);
    name_index_add(&ix, names[7], name_hash(names[7]), 3);
    ck_assert_uint_eq(name_index_find(&ix, names[7], name_hash(names[7])), 3);
    name_index_done(&ix);
}
END_TEST

START_TEST(equal_hashes) {
    struct name_index ix = {0};
    static const char *const names[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        name_index_add(&ix, names[i], 15, i); /* the last slot: the search goes on at the first */
    for (size_t i = 0; i < COUNT_OF(names); i++)
        ck_assert_uint_eq(name_index_find(&ix, names[i], 15), i);
    ck_assert_uint_eq(name_index_find(&ix, "e", 15), NAME_NOWHERE);
    name_index_done(&ix);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("name_index");
    TCase *tc = tcase_create("name_index");
    tcase_add_test(tc, names_are_found);
    tcase_add_test(tc, equal_hashes);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
