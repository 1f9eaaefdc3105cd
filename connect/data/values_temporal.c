/* Dates of Values; see values_temporal.h. */
#include "connect/data/values_temporal.h"

#include <string.h>

#include "connect/base/utf8.h"
#include "connect/data/java_calendar.h"
#include "connect/data/logical.h"

enum {
    DATE_LENGTH = 10, /* in UTF-16 units, as Java counts */
    TIME_LENGTH = 13,
    TIMESTAMP_LENGTH = 24,
};

struct cursor {
    const char *p, *end;
};

/* ---- Calendar ---------------------------------------------------------------------------------------------------- */

/* Day number of a lenient date in Java's calendar: Julian before the cutover, Gregorian from then on. */
static int64_t days_of(int64_t year, int64_t month, int64_t day, int64_t more_days) {
    int64_t gregorian = calendar_month_start(year, month, false) + day - 1 + more_days;
    int64_t julian = calendar_month_start(year, month, true) + day - 1 + more_days;
    if (year > CALENDAR_CUTOVER_YEAR)
        return gregorian >= CALENDAR_CUTOVER_DAY ? gregorian : julian;
    if (year < CALENDAR_CUTOVER_YEAR)
        return julian;
    return gregorian >= CALENDAR_CUTOVER_DAY ? gregorian : julian;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static bool is_digit(const struct cursor *c) {
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

/* Digits; false when there are none. Texts are too short for more than int64 holds. */
static bool take_digits(struct cursor *c, int64_t *ret_value) {
    int64_t value = 0;
    const char *from = c->p;
    for (; is_digit(c) && value < INT64_MAX / 100; c->p++)
        value = value * 10 + (*c->p - '0');
    *ret_value = value;
    return c->p > from;
}

/* The exponent that DecimalFormat reads even where none is meant; 0 when there is none. */
static int64_t take_exponent(struct cursor *c) {
    struct cursor behind = *c;
    int64_t exponent = 0;
    if (behind.p == behind.end || *behind.p++ != 'E')
        return 0;
    bool negative = behind.p < behind.end && *behind.p == '-';
    behind.p += negative;
    if (!take_digits(&behind, &exponent))
        return 0;
    *c = behind;
    return negative ? -exponent : exponent;
}

/* value · 10^exponent as Number.intValue gives it: the low 32 bits of what fits int64, else the nearest int. */
static int32_t scaled_int(int64_t value, int64_t exponent) {
    for (; exponent > 0 && value != 0; exponent--) {
        if (value > INT64_MAX / 10)
            return INT32_MAX;
        value *= 10;
    }
    bool whole = true;
    for (; exponent < 0 && value != 0; exponent++) {
        whole &= value % 10 == 0;
        value /= 10;
    }
    return !whole && value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

/* A whole number as DecimalFormat reads one in front of a literal: blanks, a sign, digits, an exponent. */
static bool take_number(struct cursor *c, int64_t *ret_value) {
    int64_t value;
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
        c->p++;
    bool negative = c->p < c->end && *c->p == '-';
    c->p += negative;
    if (!take_digits(c, &value))
        return false;
    int32_t number = scaled_int(value, take_exponent(c));
    *ret_value = negative ? (int32_t) - (uint32_t)number : number;
    return true;
}

static bool take_literal(struct cursor *c, char literal) {
    if (c->p == c->end || *c->p != literal)
        return false;
    c->p++;
    return true;
}

static bool take_date(struct cursor *c, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day) {
    return take_number(c, ret_year) && take_literal(c, '-') && take_number(c, ret_month) && take_literal(c, '-') &&
           take_number(c, ret_day);
}

static bool take_time(struct cursor *c, int64_t *ret_ms) {
    int64_t hour, minute, second, ms;
    if (!take_number(c, &hour) || !take_literal(c, ':') || !take_number(c, &minute) || !take_literal(c, ':') ||
        !take_number(c, &second) || !take_literal(c, '.') || !take_number(c, &ms) || !take_literal(c, 'Z'))
        return false;
    *ret_ms = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
    return true;
}

/* Years beyond what int64 holds in milliseconds wrap round, as Java's long does. */
static int64_t to_ms(int64_t year, int64_t month, int64_t day, int64_t time_ms) {
    int64_t more_days = calendar_floor_div(time_ms, MS_PER_DAY);
    time_ms -= more_days * MS_PER_DAY;
    uint64_t days = (uint64_t)days_of(year, month - 1, day, more_days);
    return (int64_t)(days * MS_PER_DAY + (uint64_t)time_ms);
}

static size_t utf16_length(const char *s, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)s[i];
        count += (byte & 0xC0) != 0x80; /* every character, */
        count += byte >= 0xF0;          /* and a second unit beyond U+FFFF */
    }
    return count;
}

enum logical values_parse_temporal(const char *s, size_t len, int64_t *ret_ms) {
    struct cursor c = {s, s + len};
    int64_t year = 1970, month = 1, day = 1, time_ms = 0;
    enum logical logical;
    bool ok;
    switch (utf16_length(s, len)) {
    case DATE_LENGTH:
        logical = LOGICAL_DATE;
        ok = take_date(&c, &year, &month, &day);
        break;
    case TIME_LENGTH:
        logical = LOGICAL_TIME;
        ok = take_time(&c, &time_ms);
        break;
    case TIMESTAMP_LENGTH:
        logical = LOGICAL_TIMESTAMP;
        ok = take_date(&c, &year, &month, &day) && take_literal(&c, 'T') && take_time(&c, &time_ms);
        break;
    default:
        return LOGICAL_NONE;
    }
    if (!ok)
        return LOGICAL_NONE;
    *ret_ms = to_ms(year, month, day, time_ms);
    return logical;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static int add_date(struct buf *out, int64_t days) {
    int month, day;
    int64_t year = calendar_date(days, false, &month, &day);
    return buf_printf(out, "%04lld-%02d-%02d", (long long)year, month + 1, day);
}

static int add_time(struct buf *out, int64_t ms) {
    return buf_printf(out, "%02d:%02d:%02d.%03dZ", (int)(ms / 3600000), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60),
                      (int)(ms % 1000));
}

int values_temporal_text(struct buf *out, int64_t ms) {
    int64_t days = calendar_floor_div(ms, MS_PER_DAY), time_ms = ms - days * MS_PER_DAY;
    if (ms < MS_PER_DAY)
        return add_time(out, time_ms);
    if (time_ms == 0)
        return add_date(out, days);
    if (add_date(out, days) < 0 || buf_add_char(out, 'T') < 0)
        return -1;
    return add_time(out, time_ms);
}
