/* Java patterns: what JDK 17 answers to each row, errors of the translation, replacement, limits, threads. */
#include "connect/base/regex.h"
#include "tests/support/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/log.h"

AUTO_FREE(regex, struct regex, regex_free)

/* The answer, as the Java program that made the table wrote it: "E" for PatternSyntaxException; else "M" and the byte
 * offsets of the groups of matches() ("-" for those unset) or "N"; then "F" and the offsets of find() or "-"; then,
 * after a find, "R" and the result of replaceFirst or "X" and its exception. */
static const struct {
    const char *pattern, *text, *replacement, *answer;
} vectors[] = {
    {"(.*)-raw", "orders-raw", "$1-clean", "M 0,10 0,6 F 0,10 R orders-clean"},
    {"raw", "orders-raw", "x", "N F 7,10 R orders-x"},
    {"a|ab", "ab", "X", "M 0,2 F 0,1 R Xb"},
    {"a*?", "aaa", "X", "M 0,3 F 0,0 R Xaaa"},
    {"(?<n>[a-z]+)_(\\d+)", "abc_12", "${n}.$2", "M 0,6 0,3 4,6 F 0,6 R abc.12"},
    {"(.*)", "t", "$10", "M 0,1 0,1 F 0,1 R t0"},
    {"(.*)", "t", "$2", "M 0,1 0,1 F 0,1 X java.lang.IndexOutOfBoundsException: No group 2"},
    {"(.*)", "t", "\\$1", "M 0,1 0,1 F 0,1 R $1"},
    {"(.*)", "t", "$",
     "M 0,1 0,1 F 0,1 X java.lang.IllegalArgumentException: Illegal group reference: group index is missing"},
    {"(.*)", "t", "\\", "M 0,1 0,1 F 0,1 X java.lang.IllegalArgumentException: character to be escaped is missing"},
    {"(.*)", "t", "$a", "M 0,1 0,1 F 0,1 X java.lang.IllegalArgumentException: Illegal group reference"},
    {"(.*)", "t", "${x}", "M 0,1 0,1 F 0,1 X java.lang.IllegalArgumentException: No group with name {x}"},
    {"(.*)", "t", "${",
     "M 0,1 0,1 F 0,1 X java.lang.IllegalArgumentException: named capturing group has 0 length name"},
    {"(.*)", "t", "${n",
     "M 0,1 0,1 F 0,1 X java.lang.IllegalArgumentException: named capturing group is missing trailing '}'"},
    {"(.*)", "t", "${1}",
     "M 0,1 0,1 F 0,1 X java.lang.IllegalArgumentException: capturing group name {1} starts with digit character"},
    {"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)", "abcdefghijk", "$11$12",
     "M 0,11 0,1 1,2 2,3 3,4 4,5 5,6 6,7 7,8 8,9 9,10 10,11 F 0,11 R ka2"},
    {"(a)|(b)", "b", "[$1$2]", "M 0,1 - 0,1 F 0,1 R [b]"},
    {"^prod-(.*)$", "prod-x", "$1", "M 0,6 5,6 F 0,6 R x"},
    {"\\Qa.b\\E+", "a.bbb", "-", "M 0,5 F 0,5 R -"},
    {"\\Qa.b", "a.b", "-", "M 0,3 F 0,3 R -"},
    {"[\\Q]-\\E]+", "]-", "x", "M 0,2 F 0,2 R x"},
    {"a{", "a", "", "E"},
    {"a{,3}", "a", "", "E"},
    {"{a}", "{a}", "", "E"},
    {"a{2,1}", "", "", "E"},
    {"a{2}{3}", "aa", "x", "M 0,2 F 0,2 R x"},
    {"{2}", "", "x", "M 0,0 F 0,0 R x"},
    {"a{1,", "a", "", "E"},
    {"a{1", "a", "", "E"},
    {"a**", "", "", "E"},
    {"*", "", "", "E"},
    {"a|*", "", "", "E"},
    {"(?z)", "", "", "E"},
    {"(?i-z)", "", "", "E"},
    {"(?x) a b # c\n d", "abd", "y", "M 0,3 F 0,3 R y"},
    {"(?x)[ a # x\n b]+", "ab", "y", "M 0,2 F 0,2 R y"},
    {"(?x)a\\ b", "a b", "y", "M 0,3 F 0,3 R y"},
    {"[\\w-.]+", "a-b.c", "", "M 0,5 F 0,5 R "},
    {"[\\d-x]+", "1-x", "", "M 0,3 F 0,3 R "},
    {"[a-z&&[^b]]+", "acd", "x", "M 0,3 F 0,3 R x"},
    {"[a-z&&[^b]]+", "abd", "x", "N F 0,1 R xbd"},
    {"[a-c[x-z]]+", "ay", "x", "M 0,2 F 0,2 R x"},
    {"[^a-c[x-z]]+", "my", "x", "N F 0,1 R xy"},
    {"[a-e&&b-d&&[^c]]+", "bd", "x", "M 0,2 F 0,2 R x"},
    {"[abc&&[b]c]+", "bc", "x", "M 0,2 F 0,2 R x"},
    {"[abc&&^b]+", "b", "x", "M 0,1 F 0,1 R x"},
    {"[&&a]", "a", "x", "M 0,1 F 0,1 R x"},
    {"[a&&]", "a", "x", "M 0,1 F 0,1 R x"},
    {"[&&]", "a", "x", "E"},
    {"[a&&&b]+", "a&b", "x", "M 0,3 F 0,3 R x"},
    {"[a-&]", "a", "", "E"},
    {"[]a]+", "]a", "x", "M 0,2 F 0,2 R x"},
    {"[^]a]+", "]bc", "x", "N F 1,3 R ]x"},
    {"[]", "", "", "E"},
    {"[a", "", "", "E"},
    {"[[:alpha:]]+", "al:ph", "x", "M 0,5 F 0,5 R x"},
    {"[a-\\d]", "", "", "E"},
    {"[b-a]", "", "", "E"},
    {"[\\b]", "", "", "E"},
    {"[+--]+", "+,-", "x", "M 0,3 F 0,3 R x"},
    {"[a-]+", "a-", "x", "M 0,2 F 0,2 R x"},
    {"[-a]+", "a-", "x", "M 0,2 F 0,2 R x"},
    {"[^^]", "^", "x", "N -"},
    {"\\u0061\\x62\\x{63}\\0144", "abcd", "x", "M 0,4 F 0,4 R x"},
    {"\\u00e9", "\303\251", "x", "M 0,2 F 0,2 R x"},
    {"\\ud83d\\ude00", "\360\237\230\200", "x", "M 0,4 F 0,4 R x"},
    {"\\u12", "", "", "E"},
    {"\\x{110000}", "", "", "E"},
    {"\\x{}", "", "", "E"},
    {"\\xg", "", "", "E"},
    {"\\0", "", "", "E"},
    {"\\08", "", "", "E"},
    {"\\cA", "\001", "x", "M 0,1 F 0,1 R x"},
    {"\\p{L}+", "a\303\251", "x", "M 0,3 F 0,3 R x"},
    {"\\p{Lower}+", "ab", "x", "M 0,2 F 0,2 R x"},
    {"\\P{Lower}+", "AB1", "x", "M 0,3 F 0,3 R x"},
    {"[\\p{Lower}\\P{Alpha}]+", "a1", "x", "M 0,2 F 0,2 R x"},
    {"\\p{IsLatin}+", "a\303\251", "x", "M 0,3 F 0,3 R x"},
    {"\\pL", "a", "x", "M 0,1 F 0,1 R x"},
    {"\\p{IsAlphabetic}", "a", "x", "M 0,1 F 0,1 R x"},
    {"\\p{Foo}", "", "", "E"},
    {"\\p{", "", "", "E"},
    {"\\p", "", "", "E"},
    {"\\p{script=Greek}", "\316\261", "x", "M 0,2 F 0,2 R x"},
    {"(.)\\1", "aa", "x", "M 0,2 0,1 F 0,2 R x"},
    {"(.)\\12", "aa2", "x", "M 0,3 0,1 F 0,3 R x"},
    {"\\1", "a", "x", "N -"},
    {"\\1(a)", "a", "x", "N -"},
    {"(?:\\1b|(a))+", "aab", "x", "M 0,3 0,1 F 0,3 R x"},
    {"(?<n>a)\\k<n>", "aa", "x", "M 0,2 0,1 F 0,2 R x"},
    {"\\k<n>", "", "", "E"},
    {"(?<n>a)(?<n>b)", "", "", "E"},
    {"(?<n_>a)", "", "", "E"},
    {"(?<1n>a)", "", "", "E"},
    {"(?<n", "", "", "E"},
    {"(?P<n>a)", "", "", "E"},
    {"(?|a)", "", "", "E"},
    {"(?R)", "", "", "E"},
    {"(?#c)", "", "", "E"},
    {"a\\K", "", "", "E"},
    {"\\N", "", "", "E"},
    {"(*ACCEPT)", "", "", "E"},
    {"\\y", "", "", "E"},
    {"\\", "", "", "E"},
    {"a\\", "", "", "E"},
    {"(a", "", "", "E"},
    {"a)", "", "", "E"},
    {"(?", "", "", "E"},
    {"(?<", "", "", "E"},
    {"(?<=a)b", "ab", "x", "N F 1,2 R ax"},
    {"(?<!a)b", "ab", "x", "N -"},
    {"(?<!a)b", "cb", "x", "N F 1,2 R cx"},
    {"a(?=b)", "ab", "x", "N F 0,1 R xb"},
    {"a(?!b)", "ac", "x", "N F 0,1 R xc"},
    {"(?>a|ab)c", "abc", "x", "N -"},
    {"a++b", "aab", "x", "M 0,3 F 0,3 R x"},
    {"a++a", "aa", "x", "N -"},
    {"a.c", "a\nc", "x", "N -"},
    {"a.c", "a\rc", "x", "N -"},
    {"a.c", "a\342\200\250c", "x", "N -"},
    {"(?s)a.c", "a\nc", "x", "M 0,3 F 0,3 R x"},
    {"(?d)a.c", "a\rc", "x", "M 0,3 F 0,3 R x"},
    {"a$", "a\n", "x", "N F 0,1 R x\n"},
    {"a$", "a\r\n", "x", "N F 0,1 R x\r\n"},
    {"a$", "a\n\n", "x", "N -"},
    {"a\\Z", "a\n", "x", "N F 0,1 R x\n"},
    {"a\\z", "a\n", "x", "N -"},
    {"(?d)a$", "a\r", "x", "N -"},
    {"(?m)^b$", "a\nb\nc", "x", "N F 2,3 R a\nx\nc"},
    {"(?m)^b", "a\rb", "x", "N F 2,3 R a\rx"},
    {"(?m)^", "", "x", "N -"},
    {"(?m)$", "a\r\n", "x", "N F 1,1 R ax\r\n"},
    {"^*a", "a", "x", "M 0,1 F 0,1 R x"},
    {"a$?", "a", "x", "M 0,1 F 0,1 R x"},
    {"\\b*a", "a", "x", "M 0,1 F 0,1 R x"},
    {"(?i)ABC", "abc", "x", "M 0,3 F 0,3 R x"},
    {"(?i:A)b", "aB", "x", "N -"},
    {"(?i)a(?-i)b", "AB", "x", "N -"},
    {"((?i)a)b", "Ab", "x", "M 0,2 0,1 F 0,2 R x"},
    {"a(?i)b|c", "aC", "x", "N F 1,2 R ax"},
    {"(?i)[a-c]+", "ABC", "x", "M 0,3 F 0,3 R x"},
    {"(?u)a", "a", "x", "M 0,1 F 0,1 R x"},
    {"(?)a", "a", "x", "M 0,1 F 0,1 R x"},
    {"(?:a|b)*", "abab", "x", "M 0,4 F 0,4 R x"},
    {"(a|b)*?c", "abc", "$1", "M 0,3 1,2 F 0,3 R b"},
    {"\\R", "\r\n", "x", "M 0,2 F 0,2 R x"},
    {"\\h+\\v", "\t \n", "x", "M 0,3 F 0,3 R x"},
    {"\\s+\\S", "\t\013 a", "x", "M 0,4 F 0,4 R x"},
    {"\\e\\a\\f", "\033\007\014", "x", "M 0,3 F 0,3 R x"},
    {"a]b}", "a]b}", "x", "M 0,4 F 0,4 R x"},
    {"a#b", "a#b", "x", "M 0,3 F 0,3 R x"},
    {"a~b", "a~b", "x", "M 0,3 F 0,3 R x"},
    {"", "", "x", "M 0,0 F 0,0 R x"},
    {"", "a", "x", "N F 0,0 R xa"},
    {"|a", "a", "x", "M 0,1 F 0,0 R xa"},
    {"(x+x+)+y", "xxxxx", "n", "N -"},
    {"topic[0-9]{1,3}", "topic12", "x", "M 0,7 F 0,7 R x"},
    {"(?!__)[a-z_]+", "__consumer", "x", "N F 1,10 R _x"},
    {"(?!__)[a-z_]+", "orders", "x", "M 0,6 F 0,6 R x"},
    {".*[\\-.]internal|.*\\.replica|__.*", "a.internal", "x", "M 0,10 F 0,10 R x"},
};

static void add_groups(struct buf *out, const struct regex *re, const char *text, size_t len) {
    size_t spans[32][2], count = 0;
    if (!regex_match_groups(re, text, len, spans, COUNT_OF(spans), &count)) {
        ck_assert(!regex_matches(re, text, len));
        buf_add_char(out, 'N');
        return;
    }
    ck_assert(regex_matches(re, text, len));
    buf_add_char(out, 'M');
    for (size_t i = 0; i < count; i++) {
        if (spans[i][0] == REGEX_UNSET)
            buf_add_text(out, " -");
        else
            buf_printf(out, " %zu,%zu", spans[i][0], spans[i][1]);
    }
}

/* Matcher.find(): where the first match is, as the replacement of it shows. */
static void add_first_match(struct buf *out, const struct regex *re, const char *text, size_t len) {
    struct kc_error err = {0};
    AUTO_BUF marked;
    buf_init(&marked, 1000);
    if (regex_replace_first(re, text, len, "\x01$0\x02", &marked, &err) <= 0) {
        buf_add_text(out, " -");
        return;
    }
    const char *start = memchr(marked.data, 1, marked.len), *end = memchr(start, 2, marked.len);
    buf_printf(out, " F %td,%td", start - marked.data, end - marked.data - 1);
}

static void answer(const char *pattern, const char *text, const char *replacement, struct buf *out) {
    struct kc_error err = {0};
    AUTO(regex) re = regex_new(pattern, &err);
    if (!re) {
        ck_assert_str_eq(err.exception, KC_CONFIG_EXCEPTION);
        ck_assert_msg(strncmp(err.text, "Invalid regex: ", 15) == 0, "%s", err.text);
        buf_add_char(out, 'E');
        return;
    }
    size_t len = strlen(text);
    add_groups(out, re, text, len);
    add_first_match(out, re, text, len);
    AUTO_BUF replaced;
    buf_init(&replaced, 1000);
    int rc = regex_replace_first(re, text, len, replacement, &replaced, &err);
    if (rc > 0)
        buf_printf(out, " R %s", buf_text(&replaced));
    else if (rc < 0)
        buf_printf(out, " X %s: %s", err.exception, err.text);
}

START_TEST(as_java) {
    AUTO_BUF out;
    buf_init(&out, 10000);
    answer(vectors[_i].pattern, vectors[_i].text, vectors[_i].replacement, &out);
    ck_assert_msg(strcmp(buf_text(&out), vectors[_i].answer) == 0, "/%s/ on \"%s\": %s instead of %s",
                  vectors[_i].pattern, vectors[_i].text, buf_text(&out), vectors[_i].answer);
}
END_TEST

START_TEST(error_texts) {
    static const struct {
        const char *pattern, *text;
    } table[] = {
        {"[a", "Invalid regex: Unclosed character class near index 1\n[a\n ^"},
        {"a{", "Invalid regex: Illegal repetition near index 2\na{"},
        {"(?<n", "Invalid regex: named capturing group is missing trailing '>' near index 4\n(?<n"},
        {"a{2,1}", "Invalid regex: Illegal repetition range near index 5\na{2,1}\n     ^"},
        {"(?z)", "Invalid regex: Unknown inline modifier near index 2\n(?z)\n  ^"},
        {"[b-a]", "Invalid regex: Illegal character range near index 3\n[b-a]\n   ^"},
        {"(.*", "Invalid regex: Unclosed group near index 3\n(.*"},
        {"*", "Invalid regex: Dangling meta character '*' near index 0\n*\n^"},
        {"(?U)a", "Invalid regex: The flag U (Unicode character classes) is not supported near index 2\n(?U)a\n  ^"},
        {"(?<=a{1,3})b", "Invalid regex: lookbehind assertion is not fixed length\n(?<=a{1,3})b"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct kc_error err = {0};
        ck_assert_ptr_null(regex_new(table[i].pattern, &err));
        ck_assert_str_eq(err.text, table[i].text);
    }
}
END_TEST

/* Too deep, too long, too large: errors, not crashes. */
START_TEST(too_much) {
    static const struct {
        const char *piece;
        size_t count;
        bool fits;
    } table[] = {
        {"(", 100000, false}, {"[", 100000, false},  {"[^", 1000, false},      {"(?i", 1000, false},
        {"()", 5000, true},   {"a", 20000, true},    {"[a-z&&[b]]", 50, true}, {"(?:", 199, false},
        {"\\", 999, false},   {"[a&&", 1000, false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO_BUF pattern;
        buf_init(&pattern, 10000000);
        for (size_t n = 0; n < table[i].count; n++)
            buf_add_text(&pattern, table[i].piece);
        struct kc_error err = {0};
        AUTO(regex) re = regex_new(buf_text(&pattern), &err);
        ck_assert_msg((re != NULL) == table[i].fits, "%zu times %s: %s", table[i].count, table[i].piece, err.text);
    }
    AUTO_BUF longest;
    buf_init(&longest, 10000000);
    while (longest.len < 2000000)
        buf_add_text(&longest, "abcdefgh");
    struct kc_error err = {0};
    ck_assert_ptr_null(regex_new(buf_text(&longest), &err));
}
END_TEST

START_TEST(no_text_beyond_the_length) {
    struct kc_error err = {0};
    AUTO(regex) re = regex_new("a*$", &err);
    char *exact = malloc(3);
    memcpy(exact, "aaa", 3);
    ck_assert(regex_matches(re, exact, 3));
    free(exact);
    ck_assert(regex_matches(re, NULL, 0));
    ck_assert(!regex_matches(re, "a\0a", 3));
    AUTO_BUF out;
    buf_init(&out, 10);
    ck_assert_int_eq(regex_replace_first(re, "\xff", 1, "b", &out, &err), 0); /* no UTF-8 */
}
END_TEST

START_TEST(replacement_has_a_limit) {
    struct kc_error err = {0};
    AUTO(regex) re = regex_new("(a+)", &err);
    AUTO_BUF out;
    buf_init(&out, 7);
    ck_assert_int_eq(regex_replace_first(re, "aaaa", 4, "$1$1", &out, &err), -1);
    ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

static void count_line(void *arg, enum kc_level level, const char *line) {
    ck_assert_int_eq(level, KC_WARN);
    ck_assert_ptr_nonnull(strstr(line, "(x+x+)+y"));
    ++*(int *)arg;
}

START_TEST(catastrophic_patterns_end) {
    struct kc_error err = {0};
    AUTO(regex) re = regex_new("(x+x+)+y", &err);
    int lines = 0;
    log_sink(count_line, &lines);
    for (int i = 0; i < 3; i++)
        ck_assert(!regex_matches(re, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxzy", 44));
    log_sink(NULL, NULL);
    ck_assert_int_eq(lines, 1);
}
END_TEST

START_TEST(groups_by_name) {
    struct kc_error err = {0};
    AUTO(regex) re = regex_new("(a)(?<averylongnameofmorethanthirtytwocharacters>b)", &err);
    AUTO_BUF out;
    buf_init(&out, 100);
    ck_assert_int_eq(regex_replace_first(re, "ab", 2, "${averylongnameofmorethanthirtytwocharacters}!", &out, &err), 1);
    ck_assert_str_eq(buf_text(&out), "b!");
    ck_assert_int_eq(regex_replace_first(re, "ab", 2, "${a}", &out, &err), -1);
    size_t spans[2][2], count;
    ck_assert(regex_match_groups(re, "ab", 2, spans, 2, &count));
    ck_assert_uint_eq(count, 2); /* no more than there is room for */
}
END_TEST

static void *match_often(void *arg) {
    for (int i = 0; i < 2000; i++) {
        char text[32];
        int len = snprintf(text, sizeof(text), "topic-%d", i);
        size_t spans[4][2], count;
        if (!regex_match_groups(arg, text, (size_t)len, spans, 4, &count) || spans[1][0] != 6)
            return "no match";
    }
    return NULL;
}

START_TEST(shared_by_threads) {
    struct kc_error err = {0};
    AUTO(regex) re = regex_new("topic-([0-9]+)", &err);
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, match_often, re), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *problem;
        pthread_join(threads[i], &problem);
        ck_assert_ptr_null(problem);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("regex");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, as_java, 0, (int)COUNT_OF(vectors));
    tcase_add_test(tcase, error_texts);
    tcase_add_test(tcase, too_much);
    tcase_add_test(tcase, no_text_beyond_the_length);
    tcase_add_test(tcase, replacement_has_a_limit);
    tcase_add_test(tcase, catastrophic_patterns_end);
    tcase_add_test(tcase, groups_by_name);
    tcase_add_test(tcase, shared_by_threads);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
