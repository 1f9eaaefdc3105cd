/* Instants to fields and back; see java_calendar.h. Days count from 1970-01-01. */
#include "connect/data/java_calendar.h"

#include "connect/data/logical.h"

#define SUNDAY 1

/* ---- Days of the two calendars ----------------------------------------------------------------------------------- */

/* Years count from March here, so that the leap day comes last. */
int64_t calendar_month_start(int64_t year, int64_t month, bool julian) {
    year += calendar_floor_div(month, 12);
    month -= calendar_floor_div(month, 12) * 12;
    int64_t y = month < 2 ? year - 1 : year;
    int64_t m = (month + 10) % 12;
    int64_t days = 365 * y + calendar_floor_div(y, 4) + (153 * m + 2) / 5;
    if (julian)
        return days - 719470;
    return days - calendar_floor_div(y, 100) + calendar_floor_div(y, 400) - 719468;
}

/* `of_year`: days since 1 March */
static void month_and_day(int64_t of_year, int *ret_month, int *ret_day) {
    int64_t m = (5 * of_year + 2) / 153;
    *ret_day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *ret_month = (int)(m < 10 ? m + 2 : m - 10);
}

int64_t calendar_date(int64_t days, bool julian, int *ret_month, int *ret_day) {
    int64_t year, of_year;
    if (julian) {
        days += 719470;
        year = calendar_floor_div(4 * days + 3, 1461);
        of_year = days - (365 * year + calendar_floor_div(year, 4));
    } else {
        days += 719468;
        int64_t era = calendar_floor_div(days, 146097);
        int64_t of_era = days - era * 146097;
        int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        of_year = of_era - (365 * y + y / 4 - y / 100);
        year = y + era * 400;
    }
    month_and_day(of_year, ret_month, ret_day);
    return year + (*ret_month < 2);
}

/* The last day not after `day` that is this day of the week. 1970-01-01 was a Thursday. */
static int64_t on_or_before(int64_t day, int day_of_week) {
    int64_t past = day + 4 - (day_of_week - 1);
    return day - (past - calendar_floor_div(past, 7) * 7);
}

/* The Sunday with which the week of the first day of a month or year starts. */
static int64_t first_week(int64_t first_day) {
    return on_or_before(first_day, SUNDAY);
}

/* ---- Instant to fields ------------------------------------------------------------------------------------------- */

static void time_fields(int64_t ms, int32_t *f) {
    f[CALENDAR_HOUR_OF_DAY] = (int32_t)(ms / 3600000);
    f[CALENDAR_AM_PM] = f[CALENDAR_HOUR_OF_DAY] / 12;
    f[CALENDAR_HOUR] = f[CALENDAR_HOUR_OF_DAY] % 12;
    f[CALENDAR_MINUTE] = (int32_t)(ms / 60000 % 60);
    f[CALENDAR_SECOND] = (int32_t)(ms / 1000 % 60);
    f[CALENDAR_MILLISECOND] = (int32_t)(ms % 1000);
    f[CALENDAR_ZONE_OFFSET] = f[CALENDAR_DST_OFFSET] = 0;
}

/* Days in the week that 1 January of the next year falls into belong to that year. */
static void week_fields(int64_t day, int64_t year, int64_t year_start, int64_t month_start, int32_t *f) {
    int64_t next_week = first_week(calendar_month_start(year + 1, 0, year + 1 <= CALENDAR_CUTOVER_YEAR));
    bool next = day >= next_week;
    f[CALENDAR_WEEK_OF_YEAR] = next ? 1 : (int32_t)((day - first_week(year_start)) / 7 + 1);
    f[CALENDAR_WEEK_YEAR] = (int32_t)(year + next);
    f[CALENDAR_WEEK_OF_MONTH] = (int32_t)((day - first_week(month_start)) / 7 + 1);
}

void calendar_fields(int64_t ms, int32_t f[CALENDAR_FIELDS]) {
    int month, day_of_month;
    int64_t day = calendar_floor_div(ms, MS_PER_DAY);
    bool julian = day < CALENDAR_CUTOVER_DAY;
    int64_t year = calendar_date(day, julian, &month, &day_of_month);
    /* The year and the month in which ten days were left out started as Julian ones. */
    bool cut_year = year == CALENDAR_CUTOVER_YEAR, cut_month = cut_year && month == 9;
    int64_t year_start = calendar_month_start(year, 0, julian || cut_year);
    int64_t month_start = calendar_month_start(year, month, julian || cut_month);
    f[CALENDAR_ERA] = year > 0 ? CALENDAR_AD : CALENDAR_BC;
    f[CALENDAR_YEAR] = (int32_t)(year > 0 ? year : 1 - year);
    f[CALENDAR_MONTH] = month;
    f[CALENDAR_DAY_OF_MONTH] = day_of_month;
    f[CALENDAR_DAY_OF_YEAR] = (int32_t)(day - year_start + 1);
    f[CALENDAR_DAY_OF_WEEK] = (int32_t)(day - on_or_before(day, SUNDAY) + 1);
    f[CALENDAR_DAY_OF_WEEK_IN_MONTH] = (int32_t)((day - month_start) / 7 + 1);
    week_fields(day, year, year_start, month_start, f);
    int64_t time = ms % MS_PER_DAY; /* day * MS_PER_DAY could be beyond int64 */
    time_fields(time < 0 ? time + MS_PER_DAY : time, f);
}

/* ---- Which fields count ------------------------------------------------------------------------------------------ */

void calendar_set(struct calendar *c, enum calendar_field field, int32_t value) {
    c->fields[field] = value;
    c->stamps[field] = ++c->last_stamp;
}

/* What a day within a year is found by. */
enum day_by { BY_DAY_OF_MONTH, BY_WEEK_OF_MONTH, BY_DAY_OF_WEEK_IN_MONTH, BY_DAY_OF_YEAR, BY_WEEK_OF_YEAR };

static int max_of(int a, int b) {
    return a > b ? a : b;
}

static int both(int a, int b) {
    return a && b ? max_of(a, b) : 0;
}

/* The group of fields of which one was set last; groups with weeks need the day of the week as well, unless there is
 * nothing else. */
static enum day_by select_day(const struct calendar *c) {
    const int *s = c->stamps;
    int of_week = s[CALENDAR_DAY_OF_WEEK], of_month = s[CALENDAR_DAY_OF_MONTH], of_year = s[CALENDAR_DAY_OF_YEAR];
    int week_of_month = both(s[CALENDAR_WEEK_OF_MONTH], of_week);
    int in_month = both(s[CALENDAR_DAY_OF_WEEK_IN_MONTH], of_week);
    int week_of_year = both(s[CALENDAR_WEEK_OF_YEAR], of_week);
    int best = max_of(max_of(max_of(of_month, week_of_month), max_of(in_month, of_year)), week_of_year);
    if (!best) {
        week_of_month = s[CALENDAR_WEEK_OF_MONTH];
        in_month = max_of(s[CALENDAR_DAY_OF_WEEK_IN_MONTH], of_week);
        week_of_year = s[CALENDAR_WEEK_OF_YEAR];
        best = max_of(max_of(week_of_month, in_month), week_of_year);
        if (!best)
            return BY_DAY_OF_MONTH;
    }
    if (best == of_month)
        return BY_DAY_OF_MONTH;
    bool by_week_of_month = best == week_of_month && s[CALENDAR_WEEK_OF_MONTH] >= s[CALENDAR_WEEK_OF_YEAR];
    bool by_in_month = best == in_month && s[CALENDAR_DAY_OF_WEEK_IN_MONTH] >= s[CALENDAR_WEEK_OF_YEAR];
    if (by_week_of_month || by_in_month) {
        if (week_of_month == in_month)
            return s[CALENDAR_WEEK_OF_MONTH] >= s[CALENDAR_DAY_OF_WEEK_IN_MONTH] ? BY_WEEK_OF_MONTH
                                                                                 : BY_DAY_OF_WEEK_IN_MONTH;
        return best == week_of_month ? BY_WEEK_OF_MONTH : BY_DAY_OF_WEEK_IN_MONTH;
    }
    return best == of_year ? BY_DAY_OF_YEAR : BY_WEEK_OF_YEAR;
}

/* ---- Fields to instant ------------------------------------------------------------------------------------------- */

static int64_t day_in_month(const struct calendar *c, enum day_by by, int64_t first, int64_t month_days) {
    const int32_t *f = c->fields;
    bool has_day = c->stamps[CALENDAR_DAY_OF_WEEK] != 0;
    int day_of_week = has_day ? f[CALENDAR_DAY_OF_WEEK] : SUNDAY;
    if (by == BY_DAY_OF_MONTH)
        return c->stamps[CALENDAR_DAY_OF_MONTH] ? first + f[CALENDAR_DAY_OF_MONTH] - 1 : first;
    if (by == BY_WEEK_OF_MONTH) {
        int64_t week = first_week(first);
        if (has_day)
            week = on_or_before(week + 6, day_of_week);
        return week + 7 * ((int64_t)f[CALENDAR_WEEK_OF_MONTH] - 1);
    }
    int64_t in_month = c->stamps[CALENDAR_DAY_OF_WEEK_IN_MONTH] ? f[CALENDAR_DAY_OF_WEEK_IN_MONTH] : 1;
    if (in_month >= 0)
        return on_or_before(first + 7 * in_month - 1, day_of_week);
    return on_or_before(first + month_days + 7 * (in_month + 1) - 1, day_of_week);
}

static int64_t day_in_year(const struct calendar *c, enum day_by by, int64_t first) {
    const int32_t *f = c->fields;
    if (by == BY_DAY_OF_YEAR)
        return first + f[CALENDAR_DAY_OF_YEAR] - 1;
    int64_t week = first_week(first);
    if (c->stamps[CALENDAR_DAY_OF_WEEK] && f[CALENDAR_DAY_OF_WEEK] != SUNDAY)
        week = on_or_before(week + 6, f[CALENDAR_DAY_OF_WEEK]);
    return week + 7 * ((int64_t)f[CALENDAR_WEEK_OF_YEAR] - 1);
}

/* The day in one of the two calendars, `more` days later. */
static int64_t day_of(const struct calendar *c, enum day_by by, int64_t year, bool julian, int64_t more) {
    if (by == BY_DAY_OF_YEAR || by == BY_WEEK_OF_YEAR)
        return day_in_year(c, by, calendar_month_start(year, 0, julian)) + more;
    int32_t month = c->stamps[CALENDAR_MONTH] ? c->fields[CALENDAR_MONTH] : 0;
    int64_t first = calendar_month_start(year, month, julian);
    return day_in_month(c, by, first, calendar_month_start(year, (int64_t)month + 1, julian) - first) + more;
}

/* Gregorian from the day of the reform on. Days that the reform left out are taken as Julian. */
static int64_t day_of_either(const struct calendar *c, enum day_by by, int64_t year, int64_t more) {
    int64_t gregorian = day_of(c, by, year, false, more), julian = day_of(c, by, year, true, more);
    if (year > CALENDAR_CUTOVER_YEAR && gregorian >= CALENDAR_CUTOVER_DAY)
        return gregorian;
    if (year < CALENDAR_CUTOVER_YEAR)
        return julian;
    if (by == BY_DAY_OF_YEAR || by == BY_WEEK_OF_YEAR)
        return julian;
    return gregorian >= CALENDAR_CUTOVER_DAY ? gregorian : julian;
}

static int64_t year_of(const struct calendar *c) {
    int32_t year = c->stamps[CALENDAR_YEAR] ? c->fields[CALENDAR_YEAR] : 1970;
    bool bc = c->stamps[CALENDAR_ERA] && c->fields[CALENDAR_ERA] == CALENDAR_BC;
    return bc ? (int32_t)(1u - (uint32_t)year) : year;
}

/* Time of day in ms, of any size. The hour of the day wins over hour and half of the day unless those came later. */
static int64_t time_of(const struct calendar *c) {
    const int32_t *f = c->fields;
    const int *s = c->stamps;
    int half = both(s[CALENDAR_HOUR], s[CALENDAR_AM_PM]), best = max_of(half, s[CALENDAR_HOUR_OF_DAY]);
    int64_t hour = 0;
    if (!best)
        best = max_of(s[CALENDAR_HOUR], s[CALENDAR_AM_PM]);
    if (best && best == s[CALENDAR_HOUR_OF_DAY])
        hour = f[CALENDAR_HOUR_OF_DAY];
    else
        hour = (int64_t)f[CALENDAR_HOUR] + 12 * (int64_t)f[CALENDAR_AM_PM];
    return ((hour * 60 + f[CALENDAR_MINUTE]) * 60 + f[CALENDAR_SECOND]) * 1000 + f[CALENDAR_MILLISECOND];
}

/* A week date: year, week and day of the week; every one of them may be out of range. @source setWeekDate */
static int64_t week_date(const struct calendar *c) {
    struct calendar first = {0};
    int64_t week = c->stamps[CALENDAR_WEEK_OF_YEAR] ? c->fields[CALENDAR_WEEK_OF_YEAR] : 1;
    int64_t day = c->stamps[CALENDAR_DAY_OF_WEEK] ? c->fields[CALENDAR_DAY_OF_WEEK] : SUNDAY;
    if (day < SUNDAY || day > 7) { /* a day counted from Monday that was not in 1 … 7 */
        if (day >= 8) {
            day--;
            week += day / 7;
            day = day % 7 + 1;
        } else {
            int64_t weeks = (7 - day) / 7;
            day += 7 * weeks;
            week -= weeks;
        }
        day = day == 7 ? SUNDAY : day + 1;
    }
    calendar_set(&first, CALENDAR_YEAR, c->fields[CALENDAR_WEEK_YEAR]);
    calendar_set(&first, CALENDAR_WEEK_OF_YEAR, 1);
    calendar_set(&first, CALENDAR_DAY_OF_WEEK, SUNDAY);
    return day_of_either(&first, BY_WEEK_OF_YEAR, year_of(&first), 0) + (day - SUNDAY) + 7 * (week - 1);
}

int64_t calendar_time(const struct calendar *c) {
    int64_t time = time_of(c), more = calendar_floor_div(time, MS_PER_DAY), day;
    if (c->stamps[CALENDAR_WEEK_YEAR] > c->stamps[CALENDAR_YEAR])
        day = week_date(c) + more;
    else
        day = day_of_either(c, select_day(c), year_of(c), more);
    uint64_t ms = (uint64_t)day * MS_PER_DAY + (uint64_t)(time - more * MS_PER_DAY);
    return (int64_t)(ms - (uint64_t)(int64_t)c->fields[CALENDAR_ZONE_OFFSET] -
                     (uint64_t)(int64_t)c->fields[CALENDAR_DST_OFFSET]);
}
