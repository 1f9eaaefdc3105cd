/* java.util.GregorianCalendar in UTC with the week rules of the USA (weeks start on Sunday, the first one holds 1
 * January): dates before 15 October 1582 are Julian, and setting fields is lenient.
 * @source java.util.GregorianCalendar (computeFields, computeTime), java.util.Calendar (selectFields) */
#ifndef CONNECT_DATA_JAVA_CALENDAR_H
#define CONNECT_DATA_JAVA_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum calendar_field {
    CALENDAR_ERA,   /* CALENDAR_BC, CALENDAR_AD */
    CALENDAR_YEAR,  /* of the era, from 1 */
    CALENDAR_MONTH, /* from 0 */
    CALENDAR_WEEK_OF_YEAR,
    CALENDAR_WEEK_OF_MONTH,
    CALENDAR_DAY_OF_MONTH,
    CALENDAR_DAY_OF_YEAR,
    CALENDAR_DAY_OF_WEEK, /* 1 = Sunday */
    CALENDAR_DAY_OF_WEEK_IN_MONTH,
    CALENDAR_AM_PM, /* 1 = PM */
    CALENDAR_HOUR,  /* 0 to 11 */
    CALENDAR_HOUR_OF_DAY,
    CALENDAR_MINUTE,
    CALENDAR_SECOND,
    CALENDAR_MILLISECOND,
    CALENDAR_ZONE_OFFSET, /* ms */
    CALENDAR_DST_OFFSET,  /* ms */
    CALENDAR_WEEK_YEAR,
    CALENDAR_FIELDS
};

enum { CALENDAR_BC, CALENDAR_AD };

/* Every field of an instant. */
void calendar_fields(int64_t ms, int32_t ret_fields[CALENDAR_FIELDS]);

/* Fields that were set, in which order: of fields that contradict each other the later ones count. {0} has none. */
struct calendar {
    int32_t fields[CALENDAR_FIELDS];
    int stamps[CALENDAR_FIELDS]; /* 0 = not set */
    int last_stamp;
};

void calendar_set(struct calendar *c, enum calendar_field field, int32_t value);
/* The instant that the fields mean, out of their ranges or not; what is not set is as in 1970-01-01T00:00. Beyond int64
 * it wraps round, as in Java. */
int64_t calendar_time(const struct calendar *c);

/* Days from 1970-01-01 to the first day of a month (from 0, of any size) of one of the two calendars. */
int64_t calendar_month_start(int64_t year, int64_t month, bool julian);
/* The date of a day in one of the two calendars; month from 0, day from 1. */
int64_t calendar_date(int64_t days, bool julian, int *ret_month, int *ret_day);

#define CALENDAR_CUTOVER_DAY INT64_C(-141427) /* 1582-10-15, the first Gregorian day */
enum { CALENDAR_CUTOVER_YEAR = 1582 };

static inline int64_t calendar_floor_div(int64_t a, int64_t b) {
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

#endif
