/* Documentation from rows, in both styles. */
#include <string.h>

#include "config/render.h"
#include "tests/support/suite.h"

struct conf {
    int32_t n;
    double d;
    const char *s;
    struct kc_list l;
    struct kc_secret p;
};

static const char *const words[] = {"a", "b", NULL};
static const struct kc_option rows[] = {
    OPT_INT("n", struct conf, n, .required = true, .importance = KC_HIGH, .has_min = true, .min = 1,
            .doc = "A number."),
    OPT_DOUBLE("d", struct conf, d, .def = "0.5", .has_min = true, .min = 0.5, .has_max = true, .max = 1,
               .importance = KC_LOW, .doc = "A part."),
    OPT_STRING("s", struct conf, s, .one_of = words, .one_of_ignores_case = true, .importance = KC_MEDIUM,
               .doc = "A word."),
    OPT_LIST("l", struct conf, l, .def = "", .list_not_empty = true, .importance = KC_LOW, .doc = "Some."),
    OPT_PASSWORD("p", struct conf, p, .def = "s3cret", .importance = KC_LOW, .doc = "Secret."),
    OPT_STRING("r", struct conf, s, .def = "x", .range_text = "valid regex", .importance = KC_LOW,
               .doc =
                   "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
                   "seventeen eighteen nineteen twenty."),
    KC_OPTION_END,
};

START_TEST(test_text) {
    AUTO_BUF out;
    buf_init(&out, 1 << 16);
    ck_assert_int_eq(render_title(&out, RENDER_TEXT, "Title"), 0);
    ck_assert_int_eq(render_options(&out, RENDER_TEXT, rows), 0);
    ck_assert_str_eq(buf_text(&out),
                     "Title\n=====\n\n"
                     "n\n    INT, required, [1,...], importance high\n    A number.\n\n"
                     "d\n    DOUBLE, default 0.5, [0.5,...,1], importance low\n    A part.\n\n"
                     "s\n    STRING, not set, (case insensitive) [a, b], importance medium\n    A word.\n\n"
                     "l\n    LIST, default empty, non-empty list, importance low\n    Some.\n\n"
                     "p\n    PASSWORD, default [hidden], importance low\n    Secret.\n\n"
                     "r\n    STRING, default x, valid regex, importance low\n"
                     "    One two three four five six seven eight nine ten eleven twelve thirteen fourteen "
                     "fifteen sixteen\n    seventeen eighteen nineteen twenty.\n\n");
}
END_TEST

START_TEST(test_markdown) {
    AUTO_BUF out;
    buf_init(&out, 1 << 16);
    ck_assert_int_eq(render_title(&out, RENDER_MARKDOWN, "Title"), 0);
    ck_assert_int_eq(render_options(&out, RENDER_MARKDOWN, rows + 4), 0);
    const char *want = "## Title\n\n- `p` (PASSWORD, default `[hidden]`, importance low)  \n  Secret.\n"
                       "- `r` (STRING, default `x`, `valid regex`, importance low)  \n  One two three";
    ck_assert_msg(strncmp(buf_text(&out), want, strlen(want)) == 0, "%s", buf_text(&out));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("render");
    TCase *tc = tcase_create("render");
    tcase_add_test(tc, test_text);
    tcase_add_test(tc, test_markdown);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
