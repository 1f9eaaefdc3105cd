/* Items of comma separated lists. */
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/comma_list.h"
#include "tests/support/suite.h"

static const struct {
    const char *list, *want; /* each item in brackets */
} cases[] = {
    {"", ""}, {" , ,\t,", ""}, {"a", "[a]"}, {"a,b", "[a][b]"}, {" a b ,\tc\n,", "[a b][c]"}, {",,a,,b ", "[a][b]"},
};

START_TEST(items) {
    char got[64] = "";
    const char *item;
    size_t len, used = 0;
    for (const char *pos = cases[_i].list; comma_list_next(&pos, &item, &len);)
        used += (size_t)snprintf(got + used, sizeof(got) - used, "[%.*s]", (int)len, item);
    ck_assert_str_eq(got, cases[_i].want);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("comma list");
    TCase *tc = tcase_create("all");
    tcase_add_loop_test(tc, items, 0, COUNT_OF(cases));
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
