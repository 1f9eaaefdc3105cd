/* ISO texts as Joda reads them; see time_format.h. Pure functions over one text.
 *   [date] [T [time] [offset]], but not the offset alone
 *   date    yyyy[-MM[-dd]] | xxxx-Www[-e] | yyyy-DDD, whichever takes most of the text
 *   time    HH[:mm[:ss]], the last part with a fraction behind "." or ","
 *   offset  Z | +HH[[:]mm[[:]ss[[.]SSS]]]
 * Numbers may have fewer digits, a year up to nine and a sign; letters may be small.
 * @source org.joda.time.format.ISODateTimeFormat.dateTimeParser */
#include <string.h>
#include <time.h>

#include "connectors/s3/time_format.h"

enum { HOUR_MS = 3600000, MINUTE_MS = 60000, SECOND_MS = 1000, DAY_MS = 24 * HOUR_MS, MAX_YEAR = 292278993 };

struct cursor {
    const char *p, *end;
};

enum date_kind { BY_MONTH, BY_WEEK, BY_DAY_OF_YEAR };

struct date {
    enum date_kind kind;
    int64_t year, first, second; /* month and day, week and weekday, or the day of the year */
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Takes one character; `c` is a capital letter or none. */
static bool take(struct cursor *c, char wanted) {
    if (c->p == c->end || (*c->p != wanted && !(wanted >= 'A' && wanted <= 'Z' && *c->p == wanted + ('a' - 'A'))))
        return false;
    c->p++;
    return true;
}

/* Takes 1 to `max` digits. */
static bool number(struct cursor *c, int max, int64_t *ret_number) {
    const char *start = c->p;
    for (*ret_number = 0; c->p < c->end && c->p - start < max && is_digit(*c->p); c->p++)
        *ret_number = *ret_number * 10 + (*c->p - '0');
    return c->p > start;
}

static bool exact(struct cursor *c, int digits, int64_t *ret_number) {
    const char *start = c->p;
    return number(c, digits, ret_number) && c->p - start == digits;
}

/* ---- Dates ------------------------------------------------------------------------------------------------------- */

static bool year(struct cursor *c, int64_t *ret_year) {
    bool negative = take(c, '-');
    if (!negative)
        (void)take(c, '+');
    if (!number(c, 9, ret_year))
        return false;
    *ret_year = negative ? -*ret_year : *ret_year;
    return true;
}

/* Separator and number; where they are not there, nothing is taken. */
static bool part(struct cursor *c, char separator, int max, int64_t *ret_number) {
    struct cursor ahead = *c;
    if (!take(&ahead, separator) || !number(&ahead, max, ret_number))
        return false;
    *c = ahead;
    return true;
}

static bool date_of(struct cursor *c, enum date_kind kind, struct date *ret) {
    *ret = (struct date){.kind = kind};
    if (!year(c, &ret->year))
        return false;
    ret->first = ret->second = 1;
    switch (ret->kind) {
    case BY_MONTH:
        if (part(c, '-', 2, &ret->first))
            (void)part(c, '-', 2, &ret->second);
        return true;
    case BY_WEEK:
        if (!take(c, '-') || !take(c, 'W') || !number(c, 2, &ret->first))
            return false;
        (void)part(c, '-', 1, &ret->second);
        return true;
    case BY_DAY_OF_YEAR:
        return part(c, '-', 3, &ret->first);
    }
    return false;
}

/* Monday of the first week of a year: that of 4 January. */
static int64_t first_monday(int64_t y) {
    int64_t fourth = civil_days(y, 1, 4);
    return fourth - (fourth + 3 - floor_div(fourth + 3, 7) * 7);
}

static bool days_of(const struct date *d, int64_t *ret_days) {
    int64_t y = d->year, start, next;
    if (y < -MAX_YEAR || y > MAX_YEAR)
        return false;
    switch (d->kind) {
    case BY_WEEK:
        *ret_days = first_monday(y) + (d->first - 1) * 7 + d->second - 1;
        return d->first >= 1 && d->first <= (first_monday(y + 1) - first_monday(y)) / 7 && d->second >= 1 &&
               d->second <= 7;
    case BY_DAY_OF_YEAR:
        *ret_days = civil_days(y, 1, 1) + d->first - 1;
        return d->first >= 1 && *ret_days < civil_days(y + 1, 1, 1);
    default:
        if (d->first < 1 || d->first > 12)
            return false;
        start = civil_days(y, (int)d->first, 1);
        next = d->first == 12 ? civil_days(y + 1, 1, 1) : civil_days(y, (int)d->first + 1, 1);
        *ret_days = start + d->second - 1;
        return d->second >= 1 && *ret_days < next;
    }
}

static bool parse_date(struct cursor *c, int64_t *ret_days) {
    struct cursor best = *c;
    struct date date = {.kind = BY_MONTH};
    for (enum date_kind kind = BY_MONTH; kind <= BY_DAY_OF_YEAR; kind++) {
        struct cursor end = *c;
        struct date d;
        if (!date_of(&end, kind, &d) || end.p <= best.p)
            continue;
        best = end;
        date = d;
    }
    if (best.p == c->p)
        return false;
    *c = best;
    return days_of(&date, ret_days);
}

/* ---- Times ------------------------------------------------------------------------------------------------------- */

/* At most nine digits behind "." or ",": parts of `unit_ms`, of which each digit loses what is less than a tenth. */
static void fraction(struct cursor *c, int64_t unit_ms, int64_t *ms) {
    struct cursor ahead = *c;
    int64_t digits, sum = 0, weight = unit_ms * 10;
    if (!take(&ahead, '.') && !take(&ahead, ','))
        return;
    const char *start = ahead.p;
    if (!number(&ahead, 9, &digits))
        return;
    for (; start < ahead.p; start++) {
        weight /= 10;
        sum += (*start - '0') * weight;
    }
    *ms += sum / 10;
    *c = ahead;
}

static bool parse_time(struct cursor *c, int64_t *ret_ms) {
    int64_t hour, minute = 0, second = 0, ms = 0;
    if (!number(c, 2, &hour))
        return false;
    if (!part(c, ':', 2, &minute))
        fraction(c, HOUR_MS, &ms);
    else if (!part(c, ':', 2, &second))
        fraction(c, MINUTE_MS, &ms);
    else
        fraction(c, SECOND_MS, &ms);
    *ret_ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + ms;
    return hour < 24 && minute < 60 && second < 60;
}

/* What follows the hours of an offset. `colons`: "+01:30", else "+0130". 0 nothing more, 1 taken, -1 wrong */
static int offset_part(struct cursor *c, bool colons, int64_t *ret_number) {
    if (colons && !take(c, ':'))
        return 0;
    if (!colons && (c->p == c->end || !is_digit(*c->p)))
        return 0;
    return exact(c, 2, ret_number) && *ret_number < 60 ? 1 : -1;
}

static bool parse_offset(struct cursor *c, int64_t *ret_ms) {
    int64_t hours, minutes = 0, seconds = 0, millis = 0;
    *ret_ms = 0;
    if (take(c, 'Z'))
        return true;
    bool negative = take(c, '-');
    if ((!negative && !take(c, '+')) || !exact(c, 2, &hours) || hours > 23)
        return false;
    bool colons = c->p < c->end && *c->p == ':';
    int more = offset_part(c, colons, &minutes);
    if (more > 0)
        more = offset_part(c, colons, &seconds);
    if (more < 0)
        return false;
    if (more > 0 && c->p < c->end) {
        const char *start = c->p;
        if (colons ? take(c, '.') || take(c, ',') : is_digit(*start)) {
            start = c->p;
            if (!number(c, 3, &millis))
                return false;
            for (ptrdiff_t n = c->p - start; n < 3; n++)
                millis *= 10;
        }
    }
    int64_t ms = hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS + millis;
    *ret_ms = negative ? -ms : ms;
    return true;
}

/* ---- Both -------------------------------------------------------------------------------------------------------- */

/* In the zone of the process; false for an hour that a change of the clocks leaves out. */
static bool local_to_utc(int64_t local_ms, int64_t *ret_ms) {
    time_t seconds = (time_t)floor_div(local_ms, 1000);
    struct tm tm, again;
    if (!gmtime_r(&seconds, &tm))
        return false;
    int hour = tm.tm_hour, minute = tm.tm_min;
    tm.tm_isdst = -1;
    time_t utc = mktime(&tm);
    if (!localtime_r(&utc, &again) || again.tm_hour != hour || again.tm_min != minute)
        return false;
    *ret_ms = (int64_t)utc * 1000 + (local_ms - floor_div(local_ms, 1000) * 1000);
    return true;
}

bool time_parse_iso(const char *text, size_t len, int64_t *ret_ms) {
    struct cursor c = {text, text + len};
    int64_t days = 0, ms = 0, offset = 0;
    bool has_offset = false, has_date = len && (is_digit(*text) || *text == '-' || *text == '+');
    if (has_date && !parse_date(&c, &days))
        return false;
    if (take(&c, 'T')) {
        bool has_time = c.p < c.end && is_digit(*c.p);
        if (has_time ? !parse_time(&c, &ms) : !has_date)
            return false;
        has_offset = c.p < c.end;
        if (has_offset && !parse_offset(&c, &offset))
            return false;
    } else if (!has_date) {
        return false;
    }
    if (c.p < c.end)
        return false;
    int64_t local = days * DAY_MS + ms;
    if (!has_offset)
        return local_to_utc(local, ret_ms);
    *ret_ms = local - offset;
    return true;
}
