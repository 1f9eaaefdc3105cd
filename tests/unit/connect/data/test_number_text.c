/* Texts of doubles and floats against the vectors of Java, and reading them back. */
#include "connect/data/number_text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/golden_run.h"

START_TEST(doubles_as_java) {
    struct golden_tally tally = {0};
    ck_assert_int_gt(golden_each("double_format.jsonl", "double", golden_check, &tally), 1000);
}
END_TEST

START_TEST(floats_as_java) {
    struct golden_tally tally = {0};
    ck_assert_int_gt(golden_each("double_format.jsonl", "float", golden_check, &tally), 800);
}
END_TEST

START_TEST(every_text_reads_back) {
    uint64_t seed = 42;
    for (int i = 0; i < 200000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = seed ^ (seed >> 29);
        double value, back;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        char text[NUMBER_TEXT_MAX];
        ck_assert(number_parse_double(text, number_text_double(text, value), &back));
        ck_assert_msg(back == value, "%a gives %s", value, text);
    }
}
END_TEST

START_TEST(integers) {
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {
        {0, "0"}, {7, "7"}, {-1, "-1"}, {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char text[NUMBER_TEXT_MAX];
        ck_assert_uint_eq(number_text_int(text, rows[i].value), strlen(rows[i].text));
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(reading) {
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        {"0", 0},
        {"-0.0", -0.0},
        {"+5", 5},
        {"5.", 5},
        {".5", 0.5},
        {"1e3", 1000},
        {"1E-3", 0.001},
        {"9007199254740993", 9007199254740992.0},
        {"12345678901234567890123", 1.2345678901234568e22},
        {"0.1000000000000000055511151231257827021181583404541015625", 0.1},
        {"00000000000000000000000000000001.5", 1.5},
        {"1e400", INFINITY},
        {"-1e400", -INFINITY},
        {"1e-400", 0},
        {"1e99999999999999999999", INFINITY},
        {"4.9E-324", 0x1p-1074},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        double value;
        ck_assert_msg(number_parse_double(rows[i].text, strlen(rows[i].text), &value), "%s", rows[i].text);
        ck_assert_msg(memcmp(&value, &rows[i].value, sizeof(value)) == 0, "%s is %a", rows[i].text, value);
    }
    static const char *const bad[] = {"", "-", ".", "e5", "1e", "1e+", "0x10", "inf", "nan", " 1", "1 ", "1.2.3", "1f"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        double value;
        float single;
        ck_assert_msg(!number_parse_double(bad[i], strlen(bad[i]), &value), "%s", bad[i]);
        ck_assert_msg(!number_parse_float(bad[i], strlen(bad[i]), &single), "%s", bad[i]);
    }
}
END_TEST

START_TEST(casts_saturate) {
    ck_assert_int_eq(number_double_to_int64(NAN), 0);
    ck_assert(number_double_to_int64(1e300) == INT64_MAX);
    ck_assert(number_double_to_int64(-1e300) == INT64_MIN);
    ck_assert(number_double_to_int64(-1.9) == -1);
    ck_assert(number_double_to_int64(0x1p63) == INT64_MAX);
    ck_assert_int_eq(number_double_to_int32(NAN), 0);
    ck_assert_int_eq(number_double_to_int32(1e10), INT32_MAX);
    ck_assert_int_eq(number_double_to_int32(-1e10), INT32_MIN);
    ck_assert_int_eq(number_double_to_int32(1.9), 1);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("number_text");
    TCase *tc = tcase_create("number_text");
    tcase_add_test(tc, doubles_as_java);
    tcase_add_test(tc, floats_as_java);
    tcase_add_test(tc, every_text_reads_back);
    tcase_add_test(tc, integers);
    tcase_add_test(tc, reading);
    tcase_add_test(tc, casts_saturate);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
