/* See time_format.h. A pattern is a list of fields; each field is written from broken-down local time. */
#include "connectors/s3/time_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "connect/base/err.h"

#define MAX_FIELDS 64

struct field {
    char letter; /* '\0': literal text */
    int width;   /* how often the letter is repeated */
    size_t text_at, text_len;
};

struct time_format {
    size_t count;
    struct field fields[MAX_FIELDS];
    size_t text_len;
    char text[512];
};

struct moment {
    const struct zone *zone;
    int64_t utc_ms, days, year, week_year;
    int month, day, day_of_year, weekday, week; /* weekday 1 = Monday */
    int hour, minute, second, millis;
};

static const char *const month_names[] = {"January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December"};
static const char *const day_names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

/* ---- Patterns ---------------------------------------------------------------------------------------------------- */

static int add_literal(struct time_format *f, const char *text, size_t len) {
    struct field *last = f->count ? &f->fields[f->count - 1] : NULL;
    if (f->text_len + len > sizeof(f->text))
        return -1;
    if (!last || last->letter) {
        if (f->count == MAX_FIELDS)
            return -1;
        last = &f->fields[f->count++];
        *last = (struct field){.text_at = f->text_len};
    }
    memcpy(f->text + f->text_len, text, len);
    f->text_len += len;
    last->text_len += len;
    return 0;
}

/* '…' with '' inside for a quote; returns what follows, NULL when too long. */
static const char *read_quoted(struct time_format *f, const char *p) {
    if (p[1] == '\'')
        return add_literal(f, p, 1) < 0 ? NULL : p + 2;
    for (p++; *p; p++) {
        if (*p == '\'' && p[1] != '\'')
            return p + 1;
        p += *p == '\'';
        if (add_literal(f, p, 1) < 0)
            return NULL;
    }
    return p;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool has_names(const struct field *field) {
    return (field->letter == 'M' && field->width >= 3) || strchr("EGa", field->letter) != NULL;
}

static int check_locale(const struct time_format *f, const char *locale, struct kc_error *err) {
    size_t len = strcspn(locale, "-_");
    bool english = len == 2 && !strncasecmp(locale, "en", 2), language = len == 2 || len == 3;
    for (size_t i = 0; i < f->count && !english; i++)
        if (f->fields[i].letter && has_names(&f->fields[i]) && language)
            return err_set(err, ERR_BAD_CONFIG,
                           "Invalid value %s for configuration locale: names of months and days in path.format are "
                           "known in English only",
                           locale);
    return 0;
}

struct time_format *time_format_new(const char *pattern, const char *locale, struct kc_error *err) {
    struct time_format *f = calloc(1, sizeof(*f));
    const char *p = pattern;
    while (p && *p) {
        if (*p == '\'') {
            p = read_quoted(f, p);
            continue;
        }
        if (!is_letter(*p)) {
            p = add_literal(f, p, 1) < 0 ? NULL : p + 1;
            continue;
        }
        size_t width = strspn(p, (char[]){*p, '\0'});
        if (!strchr("GCYxweEyDMdaKhHkmsSzZ", *p)) {
            err_set(err, ERR_BAD_CONFIG, "Illegal pattern component: %.*s", (int)width, p);
            return time_format_free(f);
        }
        if (f->count == MAX_FIELDS || width > 32) {
            p = NULL;
            break;
        }
        f->fields[f->count++] = (struct field){.letter = *p, .width = (int)width};
        p += width;
    }
    if (!p) {
        err_set(err, ERR_BAD_CONFIG, "The pattern \"%s\" is too long", pattern);
        return time_format_free(f);
    }
    return check_locale(f, locale, err) < 0 ? time_format_free(f) : f;
}

struct time_format *time_format_free(struct time_format *f) {
    free(f);
    return NULL;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* ISO week: the one with the Thursday decides the year. */
static void set_week(struct moment *m) {
    int64_t thursday = m->days - (m->weekday - 1) + 3;
    int month, day;
    civil_date(thursday, &m->week_year, &month, &day);
    m->week = (int)((thursday - civil_days(m->week_year, 1, 1)) / 7) + 1;
}

static struct moment break_down(const struct zone *z, int64_t utc_ms) {
    struct moment m = {.zone = z, .utc_ms = utc_ms};
    int64_t local = utc_ms + zone_offset_ms(z, utc_ms);
    m.days = floor_div(local, 86400000);
    int64_t ms = local - m.days * 86400000;
    civil_date(m.days, &m.year, &m.month, &m.day);
    m.day_of_year = (int)(m.days - civil_days(m.year, 1, 1)) + 1;
    m.weekday = (int)(m.days + 3 - floor_div(m.days + 3, 7) * 7) + 1;
    m.hour = (int)(ms / 3600000);
    m.minute = (int)(ms / 60000 % 60);
    m.second = (int)(ms / 1000 % 60);
    m.millis = (int)(ms % 1000);
    set_week(&m);
    return m;
}

static int write_number(struct buf *out, int64_t n, int width) {
    return buf_printf(out, "%s%0*lld", n < 0 ? "-" : "", width, (long long)(n < 0 ? -n : n));
}

static int write_year(struct buf *out, int64_t year, int width) {
    if (width == 2)
        return write_number(out, (year % 100 + 100) % 100, 2);
    return write_number(out, year, width);
}

static int write_offset(struct buf *out, const struct moment *m, int width) {
    int64_t offset = zone_offset_ms(m->zone, m->utc_ms) / 60000, size = offset < 0 ? -offset : offset;
    if (width >= 3)
        return buf_add_text(out, zone_id(m->zone));
    return buf_printf(out, "%c%02d%s%02d", offset < 0 ? '-' : '+', (int)(size / 60), width == 2 ? ":" : "",
                      (int)(size % 60));
}

/* The first digits of the fraction, zeros behind the milliseconds. */
static int write_fraction(struct buf *out, int millis, int width) {
    char digits[40];
    snprintf(digits, sizeof(digits), "%03d000000000000000000000000000000000", millis);
    return buf_add(out, digits, (size_t)width);
}

static int write_name(struct buf *out, const char *name, bool full) {
    return buf_add(out, name, full ? strlen(name) : 3);
}

static int write_field(struct buf *out, const struct moment *m, char letter, int width) {
    int64_t era_year = m->year > 0 ? m->year : 1 - m->year;
    switch (letter) {
    case 'G':
        return buf_add_text(out, m->year > 0 ? "AD" : "BC");
    case 'C':
        return write_number(out, era_year / 100, width);
    case 'Y':
        return write_year(out, era_year, width);
    case 'y':
        return write_year(out, m->year, width);
    case 'x':
        return write_year(out, m->week_year, width);
    case 'w':
        return write_number(out, m->week, width);
    case 'e':
        return write_number(out, m->weekday, width);
    case 'E':
        return write_name(out, day_names[m->weekday - 1], width >= 4);
    case 'D':
        return write_number(out, m->day_of_year, width);
    case 'M':
        return width >= 3 ? write_name(out, month_names[m->month - 1], width >= 4) : write_number(out, m->month, width);
    case 'd':
        return write_number(out, m->day, width);
    case 'a':
        return buf_add_text(out, m->hour < 12 ? "AM" : "PM");
    case 'K':
        return write_number(out, m->hour % 12, width);
    case 'h':
        return write_number(out, (m->hour + 11) % 12 + 1, width);
    case 'H':
        return write_number(out, m->hour, width);
    case 'k':
        return write_number(out, m->hour ? m->hour : 24, width);
    case 'm':
        return write_number(out, m->minute, width);
    case 's':
        return write_number(out, m->second, width);
    case 'S':
        return write_fraction(out, m->millis, width);
    case 'z':
        return buf_add_text(out, zone_name(m->zone, m->utc_ms));
    default:
        return write_offset(out, m, width);
    }
}

int time_format_write(const struct time_format *f, const struct zone *z, int64_t utc_ms, struct buf *out) {
    struct moment m = break_down(z, utc_ms);
    int rc = 0;
    for (size_t i = 0; i < f->count && !rc; i++) {
        const struct field *field = &f->fields[i];
        rc = field->letter ? write_field(out, &m, field->letter, field->width)
                           : buf_add(out, f->text + field->text_at, field->text_len);
    }
    return rc;
}
