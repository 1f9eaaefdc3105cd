/* Time zones, Joda patterns and ISO times. Expected values are those of Joda-Time and of the IANA database. */
#include <string.h>

#include "connect/base/buf.h"
#include "connectors/s3/time_format.h"
#include "connectors/s3/zone.h"
#include "tests/support/suite.h"

#define HOUR 3600000LL
#define WHEN 1735787045678LL /* 2025-01-02T03:04:05.678Z */

static struct kc_error err;

START_TEST(offsets_at_instants) {
    static const struct {
        const char *id;
        int64_t utc_ms, offset_ms;
    } rows[] = {
        {"UTC", WHEN, 0},
        {"+02:00", WHEN, 2 * HOUR},
        {"-05:30", WHEN, -11 * HOUR / 2},
        {"+0100", WHEN, HOUR},
        {"Europe/Berlin", WHEN, HOUR},
        {"Europe/Berlin", 1743296399000, HOUR},     /* 2025-03-30T00:59:59Z */
        {"Europe/Berlin", 1743296400000, 2 * HOUR}, /* the change */
        {"Europe/Berlin", 1761440399000, 2 * HOUR}, /* 2025-10-26T00:59:59Z */
        {"Europe/Berlin", 1761440400000, HOUR},
        {"Asia/Kolkata", WHEN, 11 * HOUR / 2},
        {"America/Los_Angeles", WHEN, -8 * HOUR},
        {"US/Pacific", WHEN, -8 * HOUR},
        {"Europe/Berlin", 4102444800000, HOUR},         /* 2100-01-01: by rule */
        {"Europe/Berlin", 4118083200000, 2 * HOUR},     /* 2100-07-01 */
        {"Australia/Sydney", 4102444800000, 11 * HOUR}, /* summer over the turn of the year */
        {"America/New_York", 4102444800000, -5 * HOUR},
        {"Africa/Johannesburg", -2208988800000, 5400 * 1000}, /* 1900 */
    };
    struct zone *z = zone_load(rows[_i].id, &err);
    ck_assert_msg(z != NULL, "%s", err.text);
    ck_assert_int_eq(zone_offset_ms(z, rows[_i].utc_ms), rows[_i].offset_ms);
    zone_free(z);
}
END_TEST

START_TEST(ids_that_are_none) {
    static const char *const ids[] = {"Mars/Base", "",       "/etc/passwd", "../zoneinfo/UTC", "CET-1CEST",
                                      "+25:00",    "+1:2:3", "utc",         "Europe"};
    ck_assert_ptr_null(zone_load(ids[_i], &err));
    ck_assert_msg(strstr(err.text, "is not recognised") != NULL, "%s", err.text);
}
END_TEST

START_TEST(local_times_become_instants) {
    struct zone *z = zone_load("Europe/Berlin", &err);
    int64_t gap = 1743292800000 + 150 * 60000; /* 2025-03-30T02:30 local does not exist */
    ck_assert_int_eq(zone_to_utc(z, gap), gap - HOUR);
    int64_t twice = 1761436800000 + 150 * 60000; /* 2025-10-26T02:30 local is there twice: the second */
    ck_assert_int_eq(zone_to_utc(z, twice), twice - HOUR);
    ck_assert_int_eq(zone_next_change(z, 1743296399999), 1743296400000);
    ck_assert_int_eq(zone_day_start(z, 1743296400000, 0), 1743289200000); /* 2025-03-29T23:00Z */
    ck_assert_int_eq(zone_day_start(z, 1743296400000, 1) - zone_day_start(z, 1743296400000, 0), 23 * HOUR);
    ck_assert_int_eq(zone_day_start(z, 1761440400000, 1) - zone_day_start(z, 1761440400000, 0), 25 * HOUR);
    zone_free(z);
    z = zone_load("America/Sao_Paulo", &err); /* midnight of 2018-11-04 was skipped: the day began at 01:00 */
    ck_assert_int_eq(zone_day_start(z, 1541340000000, 0), 1541300400000);
    zone_free(z);
}
END_TEST

START_TEST(patterns_as_joda_writes_them) {
    static const struct {
        const char *pattern, *zone, *text;
        int64_t ms;
    } rows[] = {
        {"'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH", "UTC", "year=2025/month=01/day=02/hour=03", WHEN},
        {"'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH", "America/Los_Angeles", "year=2025/month=01/day=01/hour=19", WHEN},
        {"'y'=yy/EEE/MMM/D/'h'=hh-a/mm/ss.SSS/ZZ", "UTC", "y=25/Thu/Jan/2/h=03-AM/04/05.678/+00:00", WHEN},
        {"xxxx-'W'ww-e", "UTC", "2025-W01-4", WHEN},
        {"xxxx-'W'ww-e", "UTC", "2026-W01-1", 1766966400000}, /* 2025-12-29 */
        {"EEEE d MMMM yyyy G C", "UTC", "Thursday 2 January 2025 AD 20", WHEN},
        {"K k h H", "UTC", "0 24 12 0", 1735776000000},
        {"Z ZZ ZZZ z", "Asia/Kolkata", "+0530 +05:30 Asia/Kolkata IST", WHEN},
        {"'it''s' ''yy", "UTC", "it's '25", WHEN},
        {"S SS SSSSSS", "UTC", "6 67 678000", WHEN},
        {"DDD YYYYY M", "UTC", "002 02025 1", WHEN},
        {"H:m:s", "UTC", "23:59:59", -1000},
    };
    struct zone *z = zone_load(rows[_i].zone, &err);
    struct time_format *f = time_format_new(rows[_i].pattern, "en", &err);
    ck_assert_msg(f != NULL, "%s", err.text);
    AUTO_BUF out;
    buf_init(&out, 256);
    ck_assert_int_eq(time_format_write(f, z, rows[_i].ms, &out), 0);
    ck_assert_str_eq(buf_text(&out), rows[_i].text);
    time_format_free(f);
    zone_free(z);
}
END_TEST

START_TEST(patterns_that_are_refused) {
    ck_assert_ptr_null(time_format_new("YYYY-bb", "en", &err));
    ck_assert_str_eq(err.text, "Illegal pattern component: bb");
    ck_assert_ptr_null(time_format_new("MMM", "de", &err));
    ck_assert_msg(strstr(err.text, "locale") != NULL, "%s", err.text);
    struct time_format *f = time_format_new("MM", "de", &err); /* no names */
    ck_assert_ptr_nonnull(f);
    time_format_free(f);
    f = time_format_new("EEE", "en-US", &err);
    ck_assert_ptr_nonnull(f);
    time_format_free(f);
}
END_TEST

START_TEST(iso_times) {
    static const struct {
        const char *text;
        int64_t ms; /* -1: none */
    } rows[] = {
        {"2025-01-02T03:04:05Z", 1735787045000},
        {"2025-01-02T04:04:05.000+01:00", 1735787045000},
        {"2025-01-02T03:04:05.6789Z", 1735787045678},
        {"2025-01-02T03Z", 1735786800000},
        {"2025-01-02TZ", 1735776000000},
        {"2025-W01-4T00:00Z", 1735776000000},
        {"2025T00Z", 1735689600000},
        {"T03:04Z", 11040000},
        {"2025-13-02T00Z", -1},
        {"2025-02-30T00Z", -1},
        {"yesterday", -1},
        {"", -1},
        {"2025-01-02T25:00Z", -1},
        {"2025-01-02T03:04:05Zx", -1},
        {"2025-002TZ", 1735776000000},
        {"2025-1-2T3:4:5z", 1735787045000},
        {"t10.5z", 37800000},
        {"T10:11.5Z", 36690000},
        {"T10:11:12,5+00:00", 36672500},
        {"T10.123456789Z", 36444443},
        {"+2025T+0130", 1735684200000},
        {"2025T-01:00:00.5", 1735693200500},
        {"2025T+24", -1},
        {"2025T+1", -1},
        {"T", -1},
        {"TZ", -1},
        {"T24Z", -1},
        {"T10:60Z", -1},
        {"2025-01-02Z", -1}, /* an offset needs the T */
        {"2025-01-02+01:00", -1},
        {"2025-366TZ", -1},
        {"2025-W53TZ", -1},
        {"2026-W53-7TZ", 1798934400000},
    };
    int64_t ms = -1;
    ck_assert_int_eq(time_parse_iso(rows[_i].text, strlen(rows[_i].text), &ms), rows[_i].ms >= 0);
    if (rows[_i].ms >= 0)
        ck_assert_int_eq(ms, rows[_i].ms);
}
END_TEST

START_TEST(civil_dates_go_both_ways) {
    for (int64_t days = -800000; days < 800000; days += 97) {
        int64_t year;
        int month, day;
        civil_date(days, &year, &month, &day);
        ck_assert_int_eq(civil_days(year, month, day), days);
    }
    ck_assert_int_eq(civil_days(1970, 1, 1), 0);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/time");
    TCase *t = tcase_create("all");
    tcase_add_loop_test(t, offsets_at_instants, 0, 17);
    tcase_add_loop_test(t, ids_that_are_none, 0, 9);
    tcase_add_test(t, local_times_become_instants);
    tcase_add_loop_test(t, patterns_as_joda_writes_them, 0, 12);
    tcase_add_test(t, patterns_that_are_refused);
    tcase_add_loop_test(t, iso_times, 0, 33);
    tcase_add_test(t, civil_dates_go_both_ways);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
