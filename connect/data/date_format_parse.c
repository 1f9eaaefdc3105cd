/* Reading of dates; see date_format.h.
 * @source java.text.SimpleDateFormat.parse and subParse, java.text.DecimalFormat.subparse */
#include <string.h>
#include <strings.h>

#include "connect/base/utf8.h"
#include "connect/data/date_format.h"
#include "connect/data/date_format_parts.h"
#include "connect/data/java_digit.h"
#include "connect/data/number_text.h"
#include "connect/data/zone_names.h"

struct reader {
    const struct date_format *f;
    const char *p, *end;
    struct calendar calendar;
    bool ambiguous_year; /* of two digits, and the one in which the century starts */
};

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

/* Digits without leading zeros: the first 19 of them, how many more there were, and the exponent behind them. */
struct number {
    uint64_t mantissa;
    int64_t exponent; /* counts the digits that were left out */
};

/* The digit at p, in any script; 0 bytes when there is none. */
static size_t digit_at(const char *p, const char *end, int *ret_digit) {
    uint32_t c;
    if (p < end && *p >= '0' && *p <= '9') {
        *ret_digit = *p - '0';
        return 1;
    }
    size_t len = p < end ? utf8_get(p, (size_t)(end - p), &c) : 0;
    *ret_digit = len ? java_digit(c) : -1;
    return *ret_digit >= 0 ? len : 0;
}

static bool take_digits(const char **p, const char *end, struct number *ret) {
    const char *from = *p;
    size_t len;
    int digit;
    *ret = (struct number){0};
    while ((len = digit_at(*p, end, &digit)) > 0) {
        *p += len;
        if (ret->mantissa < UINT64_C(1000000000000000000))
            ret->mantissa = ret->mantissa * 10 + (unsigned)digit;
        else
            ret->exponent++; /* what is so long does not fit a long in any case */
    }
    return *p > from;
}

/* DecimalFormat reads an exponent even where none is meant, and leaves it if it is no number that it can hold. */
static void take_exponent(const char **p, const char *end, struct number *n) {
    struct number exponent;
    const char *behind = *p + 1;
    bool negative;
    if (*p == end || **p != 'E')
        return;
    negative = behind < end && *behind == '-';
    behind += negative;
    if (!take_digits(&behind, end, &exponent) || exponent.exponent)
        return;
    int32_t e = (int32_t)exponent.mantissa;
    n->exponent += negative ? -(int64_t)e : e;
    *p = behind;
}

/* Number.intValue: the low bits of what fits a long, else the nearest int. */
static int32_t int_value(struct number n, bool negative) {
    for (; n.mantissa && n.mantissa % 10 == 0; n.exponent++)
        n.mantissa /= 10;
    if (!n.mantissa)
        return 0;
    if (n.exponent < -40)
        return 0;
    for (; n.exponent > 0; n.exponent--)
        if (__builtin_mul_overflow(n.mantissa, UINT64_C(10), &n.mantissa))
            return negative ? INT32_MIN : INT32_MAX;
    if (n.exponent < 0) {
        double value = (double)n.mantissa;
        for (; n.exponent < 0; n.exponent++)
            value /= 10;
        return number_double_to_int32(negative ? -value : value);
    }
    if (n.mantissa > (uint64_t)INT64_MAX + negative)
        return negative ? INT32_MIN : INT32_MAX;
    return (int32_t)(uint32_t)(negative ? 0 - n.mantissa : n.mantissa);
}

/* A whole number as DecimalFormat reads it: sign, digits, exponent, or NaN or infinity. */
static bool take_number(const char **p, const char *end, int32_t *ret_value) {
    static const char infinity[] = "\xE2\x88\x9E";
    const char *s = *p;
    struct number n;
    if (s >= end)
        return false;
    if (end - s >= 3 && memcmp(s, "NaN", 3) == 0) {
        *p = s + 3;
        *ret_value = 0;
        return true;
    }
    bool negative = *s == '-';
    s += negative;
    if (end - s >= 3 && memcmp(s, infinity, 3) == 0) {
        *p = s + 3;
        *ret_value = negative ? INT32_MIN : INT32_MAX;
        return true;
    }
    if (!take_digits(&s, end, &n))
        return false;
    take_exponent(&s, end, &n);
    *ret_value = int_value(n, negative);
    *p = s;
    return true;
}

/* ---- Fields ------------------------------------------------------------------------------------------------------ */

/* Whether a field reads no more digits than it has letters because this one follows it. */
static bool is_numeric(const struct date_item *item) {
    if (item->letter == 'M' || item->letter == 'L')
        return item->count <= 2;
    return item->letter && !strchr("GEazZX", item->letter);
}

/* Where `count` UTF-16 units from p end; NULL when the text is shorter. */
static const char *units_on(const char *p, const char *end, uint32_t count) {
    while (count) {
        uint32_t c;
        if (p >= end)
            return NULL;
        size_t len = utf8_get(p, (size_t)(end - p), &c);
        uint32_t units = len == 4 ? 2 : 1;
        if (units > count)
            return p;
        count -= units;
        p += len ? len : 1;
    }
    return p;
}

/* The longest of the names (full, then short ones) that the text begins with. */
static bool take_name(struct reader *r, const char *const *names, int count, size_t short_len, int32_t *ret_index) {
    size_t best = 0, left = (size_t)(r->end - r->p);
    for (int i = 0; i < count; i++) {
        size_t full = strlen(names[i]);
        size_t len = full <= left && strncasecmp(r->p, names[i], full) == 0 ? full : 0;
        if (!len && short_len <= left && strncasecmp(r->p, names[i], short_len) == 0)
            len = short_len;
        if (len > best) {
            best = len;
            *ret_index = i;
        }
    }
    r->p += best;
    return best > 0;
}

/* hh, hhmm or hh:mm behind a sign. `iso` is the number of letters X, 0 for the others. */
static bool take_offset(struct reader *r, int sign, uint32_t iso, bool colon) {
    const char *s = r->p;
    int32_t hours, minutes = 0;
    if (s == r->end || *s < '0' || *s > '9')
        return false;
    hours = *s++ - '0';
    if (s == r->end)
        return false;
    if (*s >= '0' && *s <= '9')
        hours = hours * 10 + (*s++ - '0');
    else if (iso || !colon)
        return false;
    if (hours > 23)
        return false;
    if (iso != 1) {
        if (colon && (s == r->end || *s++ != ':'))
            return false;
        if (r->end - s < 2 || s[0] < '0' || s[0] > '5' || s[1] < '0' || s[1] > '9')
            return false;
        minutes = (s[0] - '0') * 10 + (s[1] - '0');
        s += 2;
    }
    calendar_set(&r->calendar, CALENDAR_ZONE_OFFSET, sign * (hours * 60 + minutes) * 60000);
    calendar_set(&r->calendar, CALENDAR_DST_OFFSET, 0);
    r->p = s;
    return true;
}

static void set_zone(struct reader *r, int32_t minutes) {
    calendar_set(&r->calendar, CALENDAR_ZONE_OFFSET, minutes * 60000);
    calendar_set(&r->calendar, CALENDAR_DST_OFFSET, 0);
}

static int sign_at(const struct reader *r) {
    return r->p == r->end ? 0 : *r->p == '+' ? 1 : *r->p == '-' ? -1 : 0;
}

/* z and Z: +hhmm, GMT, GMT+h:mm, or a name. */
static bool take_zone(struct reader *r) {
    int sign = sign_at(r);
    int32_t minutes;
    if (sign) {
        r->p++;
        return take_offset(r, sign, 0, false);
    }
    if (r->end - r->p >= 3 && strncasecmp(r->p, "GMT", 3) == 0) {
        r->p += 3;
        sign = sign_at(r);
        if (sign) {
            r->p++;
            return take_offset(r, sign, 0, true);
        }
        set_zone(r, 0);
        return true;
    }
    size_t len = zone_name_match(r->p, (size_t)(r->end - r->p), &minutes);
    if (!len)
        return false;
    r->p += len;
    set_zone(r, minutes);
    return true;
}

static bool take_iso_zone(struct reader *r, uint32_t count) {
    int sign = sign_at(r);
    if (*r->p == 'Z') {
        r->p++;
        set_zone(r, 0);
        return true;
    }
    if (!sign)
        return false;
    r->p++;
    return take_offset(r, sign, count, count == 3);
}

/* Two digits mean a year of the present century. */
static int32_t full_year(struct reader *r, const struct date_item *item, const char *from, int32_t year) {
    int digit;
    size_t first = digit_at(from, r->end, &digit), second = first ? digit_at(from + first, r->end, &digit) : 0;
    if (item->count > 2 || !second || from + first + second != r->p)
        return year;
    int32_t of_century = r->f->century_start_year % 100;
    r->ambiguous_year = year == of_century;
    return year + r->f->century_start_year / 100 * 100 + (year < of_century ? 100 : 0);
}

static void set_number(struct reader *r, const struct date_item *item, const char *from, int32_t value) {
    switch (item->letter) {
    case 'y':
    case 'Y':
        value = full_year(r, item, from, value);
        break;
    case 'M':
    case 'L':
        value = (int32_t)((uint32_t)value - 1);
        break;
    case 'k':
        value = value == 24 ? 0 : value;
        break;
    case 'h':
        value = value == 12 ? 0 : value;
        break;
    case 'u': /* numbers beyond 1 … 7 are put right later */
        if (value >= 1 && value <= 7)
            value = value == 7 ? 1 : value + 1;
        break;
    default:
        break;
    }
    calendar_set(&r->calendar, date_field_of(item->letter), value);
}

static bool take_named(struct reader *r, const struct date_item *item) {
    int32_t index = 0;
    bool found = item->letter == 'G'   ? take_name(r, date_era_names, 2, 2, &index)
                 : item->letter == 'a' ? take_name(r, date_half_names, 2, 2, &index)
                 : item->letter == 'E' ? take_name(r, date_day_names, 7, DATE_SHORT_NAME, &index)
                                       : take_name(r, date_month_names, 12, DATE_SHORT_NAME, &index);
    if (found)
        calendar_set(&r->calendar, date_field_of(item->letter), item->letter == 'E' ? index + 1 : index);
    return found;
}

static bool take_field(struct reader *r, const struct date_item *item, const struct date_item *next) {
    const char *start = r->p, *limit = r->end, *s = start;
    int32_t value;
    while (s < r->end && (*s == ' ' || *s == '\t'))
        s++;
    if (s == r->end)
        return false;
    if (!is_numeric(item)) {
        if (item->letter != 'z' && item->letter != 'Z' && item->letter != 'X')
            return take_named(r, item); /* names must stand right here */
        r->p = s;
        return item->letter == 'X' ? take_iso_zone(r, item->count) : take_zone(r);
    }
    if (next && is_numeric(next))
        limit = units_on(start, r->end, item->count);
    if (!limit || !take_number(&s, limit, &value))
        return false;
    const char *from = start;
    while (*from == ' ' || *from == '\t')
        from++;
    r->p = s;
    set_number(r, item, from, value);
    return true;
}

static bool take_literal(struct reader *r, const struct date_item *item) {
    if ((size_t)(r->end - r->p) < item->len || memcmp(r->p, item->text, item->len) != 0)
        return false;
    r->p += item->len;
    return true;
}

bool date_format_parse(const struct date_format *f, const char *s, size_t len, int64_t *ret_ms) {
    struct reader r = {.f = f, .p = s, .end = s + len};
    for (size_t i = 0; i < f->count; i++) {
        const struct date_item *item = &f->items[i], *next = i + 1 < f->count ? item + 1 : NULL;
        if (!(item->letter ? take_field(&r, item, next) : take_literal(&r, item)))
            return false;
    }
    if (r.p == s)
        return false; /* Java takes "nothing was read" for a failure */
    int64_t ms = calendar_time(&r.calendar);
    if (r.ambiguous_year && ms < f->century_start_ms) {
        int32_t *fields = r.calendar.fields;
        fields[CALENDAR_YEAR] = (int32_t)((uint32_t)fields[CALENDAR_YEAR] + 100);
        fields[CALENDAR_WEEK_YEAR] = (int32_t)((uint32_t)fields[CALENDAR_WEEK_YEAR] + 100);
        ms = calendar_time(&r.calendar);
    }
    *ret_ms = ms;
    return true;
}
