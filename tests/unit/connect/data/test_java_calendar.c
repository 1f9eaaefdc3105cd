/* GregorianCalendar: every day there and back by each way of naming it, and around the change of calendars. */
#include "connect/data/java_calendar.h"
#include "tests/support/suite.h"

#define DAY INT64_C(86400000)

/* Ways to name a day of a year. */
static const enum calendar_field ways[][4] = {
    {CALENDAR_YEAR, CALENDAR_MONTH, CALENDAR_DAY_OF_MONTH, CALENDAR_ERA},
    {CALENDAR_YEAR, CALENDAR_DAY_OF_YEAR, CALENDAR_ERA, CALENDAR_ERA},
    {CALENDAR_WEEK_YEAR, CALENDAR_WEEK_OF_YEAR, CALENDAR_DAY_OF_WEEK, CALENDAR_DAY_OF_WEEK},
    {CALENDAR_YEAR, CALENDAR_MONTH, CALENDAR_WEEK_OF_MONTH, CALENDAR_DAY_OF_WEEK},
    {CALENDAR_YEAR, CALENDAR_MONTH, CALENDAR_DAY_OF_WEEK_IN_MONTH, CALENDAR_DAY_OF_WEEK},
};

static const struct {
    int64_t first_day, days;
    size_t ways;
} spans[] = {
    {-800000, 3000, 3},  /* BC, where a year of weeks has no era */
    {-142000, 360, 2},   /* 1581 and 1582; weeks of the year of the reform have gaps */
    {-141427, 1500, 1},  /* from the first Gregorian day */
    {-140700, 150000, 5} /* 1584 to 1995 */
};

START_TEST(test_there_and_back) {
    for (int64_t day = spans[_i].first_day; day < spans[_i].first_day + spans[_i].days; day++) {
        int32_t fields[CALENDAR_FIELDS];
        calendar_fields(day * DAY + 12345, fields);
        for (size_t way = 0; way < spans[_i].ways; way++) {
            if (way == 2 && fields[CALENDAR_ERA] == CALENDAR_BC)
                continue;
            struct calendar c = {0};
            for (int i = 0; i < 4; i++)
                calendar_set(&c, ways[way][i], fields[ways[way][i]]);
            ck_assert_msg(calendar_time(&c) == day * DAY, "day %lld by way %zu: %lld", (long long)day, way,
                          (long long)calendar_time(&c));
        }
    }
}
END_TEST

START_TEST(test_dates_of_both_calendars) {
    for (int64_t day = -1000000; day < 1000000; day += 13)
        for (int julian = 0; julian < 2; julian++) {
            int month, of_month;
            int64_t year = calendar_date(day, julian, &month, &of_month);
            ck_assert(month >= 0 && month < 12 && of_month >= 1 && of_month <= 31);
            ck_assert_int_eq(calendar_month_start(year, month, julian) + of_month - 1, day);
        }
}
END_TEST

/* 4 October 1582 was followed by the 15th. */
START_TEST(test_reform) {
    int32_t fields[CALENDAR_FIELDS];
    calendar_fields(CALENDAR_CUTOVER_DAY * DAY - 1, fields);
    ck_assert_int_eq(fields[CALENDAR_DAY_OF_MONTH], 4);
    ck_assert_int_eq(fields[CALENDAR_DAY_OF_YEAR], 277);
    ck_assert_int_eq(fields[CALENDAR_HOUR_OF_DAY], 23);
    calendar_fields(CALENDAR_CUTOVER_DAY * DAY, fields);
    ck_assert_int_eq(fields[CALENDAR_DAY_OF_MONTH], 15);
    ck_assert_int_eq(fields[CALENDAR_DAY_OF_YEAR], 278);
    ck_assert_int_eq(fields[CALENDAR_DAY_OF_WEEK], 6);
}
END_TEST

/* Of hours that contradict each other the later ones count, if they are complete. */
START_TEST(test_hours) {
    struct calendar c = {0};
    calendar_set(&c, CALENDAR_HOUR_OF_DAY, 3);
    calendar_set(&c, CALENDAR_AM_PM, 1);
    ck_assert_int_eq(calendar_time(&c), 3 * 3600000);
    calendar_set(&c, CALENDAR_HOUR, 5);
    ck_assert_int_eq(calendar_time(&c), 17 * 3600000);
    calendar_set(&c, CALENDAR_HOUR_OF_DAY, 30);
    ck_assert_int_eq(calendar_time(&c), 30 * 3600000);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("java_calendar");
    TCase *tc = tcase_create("java_calendar");
    tcase_add_loop_test(tc, test_there_and_back, 0, sizeof(spans) / sizeof(spans[0]));
    tcase_add_test(tc, test_dates_of_both_calendars);
    tcase_add_test(tc, test_reform);
    tcase_add_test(tc, test_hours);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
