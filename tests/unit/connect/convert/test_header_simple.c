/* SimpleHeaderConverter and Values.parseString against what Java answers. */
#include "connect/convert/header_simple.h"
#include "tests/support/suite.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/data/values_parse.h"
#include "connect/data/values_text.h"
#include "tests/support/golden_run.h"

static const struct {
    const char *op;
    int count, left_out;
} vectors[] = {{"to", 100, 0}, {"from", 72, 1}, {"parseString", 206, 0}};

START_TEST(golden) {
    struct golden_tally tally = {0};
    golden_set_up();
    ck_assert_int_eq(golden_each("header_converter.jsonl", vectors[_i].op, golden_check, &tally), vectors[_i].count);
    ck_assert_int_eq(tally.left_out, vectors[_i].left_out);
    golden_tear_down();
}
END_TEST

/* Further answers of Java 4.3.1, found by comparing it on random texts. */
START_TEST(found_by_comparing) {
    static const struct {
        const char *text;
        enum kc_tag tag;
        const char *again; /* convertToString */
    } table[] = {
        {"[0, \"1\" , 5. ]", KC_V_ARRAY, "[0,\"1\",5]"}, /* once incompatible, always incompatible */
        {"[[],0,1e-50 ,]", KC_V_ARRAY, "[[],0,0.0]"},
        {" [[] , {} , 0] ", KC_V_ARRAY, "[[],{},0]"},
        {" [1,", KC_V_STRING, " "}, /* only the blank before the array that is none */
        {"[\"  \"]", KC_V_ARRAY, "[\"\"]"},
        {"[\"9999-12-3[\" ] ", KC_V_ARRAY, "[9999-12-03]"},
        {"{\"1e39\":\"2020-13-45{\"}", KC_V_MAP, "{\"1e39\":\"2020-13-45{\"}"},
        {"6E03- 7--3", KC_V_DATE, "6000-06-27"}, /* DecimalFormat reads exponents; day -3 */
        {"{1:2,1:3}", KC_V_MAP, "{1:3}"},
        {"{16777216.5:1,16777216:2}", KC_V_MAP, "{1.6777216E7:2}"}, /* keys that meet when converted */
        {"[1,300,2.5]", KC_V_ARRAY, "[1.0,300.0,2.5]"},
        {"[\"2020-01-02\",70000]", KC_V_STRING, "[\"2020-01-02\",70000]"},
        {"[70000,\"2020-01-02\"]", KC_V_ARRAY, "[2161-08-27,2020-01-02]"},
        {"1582-10-10", KC_V_DATE, "00:00:00.000Z"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        AUTO(arena) arena = arena_new(0);
        const struct kc_schema *schema = NULL;
        struct kc_value value, text = kc_null();
        struct kc_error err = {0};
        values_parse(arena, table[i].text, strlen(table[i].text), &schema, &value);
        ck_assert_msg(value.tag == table[i].tag, "%s: tag %d", table[i].text, value.tag);
        ck_assert_int_eq(values_to_string(arena, &value, &text, &err), 0);
        ck_assert_str_eq(kc_arena_copy(arena, text.s, text.len), table[i].again);
    }
}
END_TEST

/* Deep, long and malicious: an answer in reasonable time, and it is the text itself. */
START_TEST(malicious) {
    static const struct {
        const char *open, *inner, *close;
    } table[] = {
        {"[", "", "]"},         {"[", "x", ""},    {"{\"a\": ", "x", ""},
        {"{\"a\": ", "x", "}"}, {"[ ", "x", " ]"}, {"{1: {", "", ""},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (int depth = 10; depth <= 100000; depth *= 10) {
            AUTO_BUF text;
            buf_init(&text, 10000000);
            for (int n = 0; n < depth; n++)
                buf_add_text(&text, table[i].open);
            buf_add_text(&text, table[i].inner);
            for (int n = 0; n < depth; n++)
                buf_add_text(&text, table[i].close);
            AUTO(arena) arena = arena_new(0);
            const struct kc_schema *schema = NULL;
            struct kc_value value;
            values_parse(arena, text.data, text.len, &schema, &value);
            bool array = i == 0 && depth <= 500;
            ck_assert_int_eq(value.tag, array ? KC_V_ARRAY : KC_V_STRING);
            if (!array)
                ck_assert_uint_eq(value.len, text.len);
        }
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("header_simple");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, golden, 0, 3);
    tcase_add_test(tcase, found_by_comparing);
    tcase_add_test(tcase, malicious);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
