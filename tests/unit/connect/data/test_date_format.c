/* SimpleDateFormat's patterns against what Java answers (tests/golden/date_format.jsonl), and what the vectors do not
 * ask. */
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/json.h"
#include "connect/data/date_format.h"
#include "tests/support/golden_run.h"

START_TEST(test_golden_format) {
    struct golden_tally tally = {0};
    ck_assert_int_eq(golden_each("date_format.jsonl", "format", golden_check, &tally), 297);
}
END_TEST

START_TEST(test_golden_parse) {
    struct golden_tally tally = {0};
    ck_assert_int_eq(golden_each("date_format.jsonl", "parse", golden_check, &tally), 96);
}
END_TEST

static const struct {
    const char *pattern, *text;
    bool parsed;
    int64_t ms;
} readings[] = {
    {"yyyy-MM-dd", "1582-10-04", true, INT64_C(-12219379200000)}, /* the last Julian day */
    {"yyyy-MM-dd", "1582-10-15", true, INT64_C(-12219292800000)}, /* the day after it */
    {"yyyy-MM-dd", "1582-10-05", true, INT64_C(-12219292800000)}, /* never was */
    {"yyyy-DDD", "1582-278", true, INT64_C(-12219292800000)},
    {"yyyy MM W E", "2020 01 2 Mon", true, INT64_C(1578268800000)},
    {"yyyy MM F E", "2020 01 2 Mon", true, INT64_C(1578873600000)},
    {"yyyy MM F E", "2020 01 -1 Mon", true, INT64_C(1580083200000)},
    {"yyyy w E", "2020 2 Mon", true, INT64_C(1578268800000)},
    {"yyyy MM E", "2020 01 Wed", true, INT64_C(1577836800000)},
    {"YYYY ww u", "2020 01 8", true, INT64_C(1578268800000)},
    {"YYYY ww u", "2020 01 0", true, INT64_C(1576972800000)},
    {"YYYY", "2020", true, INT64_C(1577577600000)},
    {"K a", "3 PM", true, 54000000},
    {"HH:mm", "1E1:05", true, 36300000},
    {"HH:mm", "15E-1:05", true, 3900000},
    {"HH:mm", "1E99999999999999999999:05", false, 0},
    {"HH", "NaN", true, 0},
    {"S", "\xE2\x88\x9E", true, INT32_MAX},
    {"S", "-\xE2\x88\x9E", true, INT32_MIN},
    {"S", "99999999999999999999", true, INT32_MAX},
    {"S", "-99999999999999999999", true, INT32_MIN},
    {"S", "123456789012345678", true, (int32_t)(uint32_t)UINT64_C(123456789012345678)},
    {"S", "9223372036854775807", true, -1},
    {"S", "9223372036854775808", true, INT32_MAX},
    {"S", "\xD9\xA1\xD9\xA2", true, 12},
    {"HHmm", "0305", true, 11100000},
    {"HHmm", "35", false, 0},
    {"HHMMM", "3May", true, INT64_C(10378800000)}, /* a name does not limit the digits */
    {"MMM", " May", false, 0},
    {"z", "gmt-1:30", true, 5400000},
    {"z", "GMT+1", false, 0},
    {"z", "PDT", true, 25200000},
    {"z", "India Standard Time", true, -19800000},
    {"z", "IST", true, -7200000}, /* Israel's: Java's first one */
    {"Z", "UTC", true, 0},
    {"X", "+05", true, -18000000},
    {"XX", "-0130", true, 5400000},
    {"XXX", "+1:30", false, 0},
    {"X", "UTC", false, 0},
    {"'\xC3\xA4'yyyy",
     "\xC3\xA4"
     "2020",
     true, INT64_C(1577836800000)},
    {"'a'", "a", true, 0},
    {"'a'", "b", false, 0},
    {"''", "", false, 0},
};

START_TEST(test_reading) {
    struct kc_error err = {0};
    AUTO(date_format) f = date_format_new(readings[_i].pattern, &err);
    int64_t ms = 0;
    ck_assert_msg(f != NULL, "%s", err.text);
    bool parsed = date_format_parse(f, readings[_i].text, strlen(readings[_i].text), &ms);
    ck_assert_msg(parsed == readings[_i].parsed, "%s as %s: %d", readings[_i].text, readings[_i].pattern, parsed);
    ck_assert_msg(!parsed || ms == readings[_i].ms, "%s as %s: %lld", readings[_i].text, readings[_i].pattern,
                  (long long)ms);
}
END_TEST

static const struct {
    const char *pattern;
    int64_t ms;
    const char *text;
} writings[] = {
    {"yyyy-MM-dd D F W", INT64_C(-12219292800000), "1582-10-15 278 1 1"},
    {"yyyy-MM-dd D", INT64_C(-12219292800001), "1582-10-04 277"},
    {"yyyy-MM-dd G", INT64_C(-62135769600001), "0001-12-31 BC"},
    {"yyyy-MM-dd HH:mm:ss.SSS", INT64_MAX, "292278994-08-17 07:12:55.807"},
    {"yyyy-MM-dd G HH:mm:ss.SSS", INT64_MIN, "292269055-12-02 BC 16:47:04.192"},
    {"YYYY-'W'ww", INT64_C(1609372800000), "2021-W01"}, /* 2020-12-31 */
    {"\xC3\xA4yy''yy", 0,
     "\xC3\xA4"
     "70'70"},
};

START_TEST(test_writing) {
    struct kc_error err = {0};
    AUTO(date_format) f = date_format_new(writings[_i].pattern, &err);
    AUTO_BUF out;
    buf_init(&out, 1024);
    ck_assert_int_eq(date_format_text(f, writings[_i].ms, &out), 0);
    ck_assert_str_eq(buf_text(&out), writings[_i].text);
}
END_TEST

START_TEST(test_full_buffer) {
    struct kc_error err = {0};
    AUTO(date_format) f = date_format_new("yyyy-MM-dd", &err);
    AUTO_BUF out;
    buf_init(&out, 8);
    ck_assert_int_lt(date_format_text(f, 0, &out), 0);
}
END_TEST

/* The century starts 80 years ago to the millisecond. */
START_TEST(test_two_digits) {
    struct kc_error err = {0};
    int64_t ms = 0;
    clock_fake_ms(INT64_C(1709208000000)); /* 2024-02-29T12:00:00Z */
    AUTO(date_format) f = date_format_new("dd.MM.yy HH", &err);
    ck_assert(date_format_parse(f, "29.02.44 12", 11, &ms));
    ck_assert_int_eq(ms, INT64_C(-815400000000)); /* 1944 */
    ck_assert(date_format_parse(f, "29.02.44 11", 11, &ms));
    ck_assert_int_eq(ms, INT64_C(2340356400000)); /* 2044 */
    ck_assert(date_format_parse(f, "01.01.43 00", 11, &ms));
    ck_assert_int_eq(ms, INT64_C(2303683200000)); /* 2043 */
    clock_fake_ms(-1);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("date_format");
    TCase *tc = tcase_create("date_format");
    tcase_add_test(tc, test_golden_format);
    tcase_add_test(tc, test_golden_parse);
    tcase_add_loop_test(tc, test_reading, 0, COUNT_OF(readings));
    tcase_add_loop_test(tc, test_writing, 0, COUNT_OF(writings));
    tcase_add_test(tc, test_full_buffer);
    tcase_add_test(tc, test_two_digits);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
