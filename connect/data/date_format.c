/* Date patterns and the writing of dates; see date_format.h. */
#include "connect/data/date_format.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/data/date_format_parts.h"

#define ILLEGAL_ARGUMENT_EXCEPTION "java.lang.IllegalArgumentException"

enum {
    DIGITS_MAX = 309, /* DecimalFormat pads to no more */
    LETTERS_MAX = 100 * 1000,
};

const char *const date_month_names[12] = {"January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December"};
const char *const date_day_names[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
const char *const date_era_names[2] = {"BC", "AD"};
const char *const date_half_names[2] = {"AM", "PM"};

static const struct {
    char letter;
    enum calendar_field field;
} letters[] = {
    {'G', CALENDAR_ERA},          {'y', CALENDAR_YEAR},          {'M', CALENDAR_MONTH},
    {'d', CALENDAR_DAY_OF_MONTH}, {'k', CALENDAR_HOUR_OF_DAY},   {'H', CALENDAR_HOUR_OF_DAY},
    {'m', CALENDAR_MINUTE},       {'s', CALENDAR_SECOND},        {'S', CALENDAR_MILLISECOND},
    {'E', CALENDAR_DAY_OF_WEEK},  {'D', CALENDAR_DAY_OF_YEAR},   {'F', CALENDAR_DAY_OF_WEEK_IN_MONTH},
    {'w', CALENDAR_WEEK_OF_YEAR}, {'W', CALENDAR_WEEK_OF_MONTH}, {'a', CALENDAR_AM_PM},
    {'h', CALENDAR_HOUR},         {'K', CALENDAR_HOUR},          {'z', CALENDAR_ZONE_OFFSET},
    {'Z', CALENDAR_ZONE_OFFSET},  {'Y', CALENDAR_WEEK_YEAR},     {'u', CALENDAR_DAY_OF_WEEK},
    {'X', CALENDAR_ZONE_OFFSET},  {'L', CALENDAR_MONTH},
};

enum calendar_field date_field_of(char letter) {
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (letters[i].letter == letter)
            return letters[i].field;
    return CALENDAR_FIELDS;
}

/* ---- Patterns ---------------------------------------------------------------------------------------------------- */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_item(struct date_format *f, struct date_item item) {
    f->items[f->count++] = item;
}

/* Literal text may come in pieces; `c` is one byte of it. */
static void add_literal(struct date_format *f, char *texts, size_t *texts_len, char c) {
    struct date_item *last = f->count ? &f->items[f->count - 1] : NULL;
    texts[(*texts_len)++] = c;
    if (last && !last->letter)
        last->len++;
    else
        add_item(f, (struct date_item){.text = &texts[*texts_len - 1], .len = 1});
}

static int add_field(struct date_format *f, char letter, size_t count, struct kc_error *err) {
    if (date_field_of(letter) == CALENDAR_FIELDS)
        return kc_fail(err, ILLEGAL_ARGUMENT_EXCEPTION, "Illegal pattern character '%c'", letter);
    if (letter == 'X' && count >= 4)
        return kc_fail(err, ILLEGAL_ARGUMENT_EXCEPTION, "invalid ISO 8601 format: length=%zu", count);
    if (count > LETTERS_MAX)
        return kc_fail(err, ILLEGAL_ARGUMENT_EXCEPTION, "more than %d letters '%c' in a row", LETTERS_MAX, letter);
    add_item(f, (struct date_item){.letter = letter, .count = (uint32_t)count});
    return 0;
}

static int compile(struct date_format *f, const char *pattern, struct kc_error *err) {
    size_t len = strlen(pattern), texts_len = 0;
    char *texts = kc_arena_alloc(f->arena, len + 1);
    bool quoted = false;
    f->items = kc_arena_alloc(f->arena, sizeof(*f->items) * (len + 1));
    for (const char *s = pattern; *s;) {
        if (*s == '\'') {
            if (s[1] == '\'')
                add_literal(f, texts, &texts_len, *s++);
            else
                quoted = !quoted;
            s++;
        } else if (quoted || !is_letter(*s)) {
            add_literal(f, texts, &texts_len, *s++);
        } else {
            size_t count = strspn(s, (char[]){*s, '\0'});
            if (add_field(f, *s, count, err) < 0)
                return -1;
            s += count;
        }
    }
    return quoted ? kc_fail(err, ILLEGAL_ARGUMENT_EXCEPTION, "Unterminated quote") : 0;
}

/* The instant 80 calendar years ago. */
static void set_century(struct date_format *f) {
    int32_t now[CALENDAR_FIELDS];
    struct calendar c = {0};
    int64_t ms = clock_wall_ms();
    calendar_fields(ms, now);
    f->century_start_year = now[CALENDAR_YEAR] - 80;
    bool leap =
        calendar_month_start(f->century_start_year, 2, false) - calendar_month_start(f->century_start_year, 1, false) ==
        29;
    bool leap_day = now[CALENDAR_MONTH] == 1 && now[CALENDAR_DAY_OF_MONTH] == 29;
    calendar_set(&c, CALENDAR_YEAR, f->century_start_year);
    calendar_set(&c, CALENDAR_MONTH, now[CALENDAR_MONTH]);
    calendar_set(&c, CALENDAR_DAY_OF_MONTH, leap_day && !leap ? 28 : now[CALENDAR_DAY_OF_MONTH]);
    calendar_set(&c, CALENDAR_HOUR_OF_DAY, now[CALENDAR_HOUR_OF_DAY]);
    calendar_set(&c, CALENDAR_MINUTE, now[CALENDAR_MINUTE]);
    calendar_set(&c, CALENDAR_SECOND, now[CALENDAR_SECOND]);
    calendar_set(&c, CALENDAR_MILLISECOND, now[CALENDAR_MILLISECOND]);
    f->century_start_ms = calendar_time(&c);
}

struct date_format *date_format_new(const char *pattern, struct kc_error *err) {
    struct kc_arena *arena = arena_new(1024);
    struct date_format *f = kc_arena_zalloc(arena, sizeof(*f));
    f->arena = arena;
    if (compile(f, pattern, err) < 0)
        return date_format_free(f);
    set_century(f);
    return f;
}

struct date_format *date_format_free(struct date_format *f) {
    if (f)
        arena_free(f->arena); /* f lies in it */
    return NULL;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static int add_number(struct buf *out, int64_t value, uint32_t digits) {
    char text[DIGITS_MAX + 24];
    size_t at = sizeof(text);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint32_t least = digits < DIGITS_MAX ? digits : DIGITS_MAX;
    for (uint32_t n = 0; n < least || rest || n == 0; n++, rest /= 10)
        text[--at] = (char)('0' + rest % 10);
    if (value < 0)
        text[--at] = '-';
    return buf_add(out, text + at, sizeof(text) - at);
}

/* Only years of two letters are cut. */
static int add_year(struct buf *out, int32_t year, uint32_t count) {
    if (count != 2)
        return add_number(out, year, count);
    if (year < 0 && buf_add_char(out, '-') < 0)
        return -1;
    return add_number(out, year < 0 ? -(int64_t)year % 100 : year % 100, 2);
}

static int add_name(struct buf *out, const char *name, uint32_t count) {
    return buf_add(out, name, count >= 4 ? strlen(name) : DATE_SHORT_NAME);
}

static int add_field_text(struct buf *out, const struct date_item *item, const int32_t *fields) {
    int32_t value = fields[date_field_of(item->letter)];
    switch (item->letter) {
    case 'G':
        return buf_add_text(out, date_era_names[value]);
    case 'y':
    case 'Y':
        return add_year(out, value, item->count);
    case 'M':
    case 'L':
        return item->count >= 3 ? add_name(out, date_month_names[value], item->count)
                                : add_number(out, value + 1, item->count);
    case 'k':
        return add_number(out, value ? value : 24, item->count);
    case 'h':
        return add_number(out, value ? value : 12, item->count);
    case 'E':
        return add_name(out, date_day_names[value - 1], item->count);
    case 'u':
        return add_number(out, value == 1 ? 7 : value - 1, item->count);
    case 'a':
        return buf_add_text(out, date_half_names[value]);
    case 'z':
        return buf_add_text(out, item->count >= 4 ? "Coordinated Universal Time" : "UTC");
    case 'Z':
        return buf_add_text(out, "+0000");
    case 'X':
        return buf_add_char(out, 'Z');
    default:
        return add_number(out, value, item->count);
    }
}

int date_format_text(const struct date_format *f, int64_t ms, struct buf *out) {
    int32_t fields[CALENDAR_FIELDS];
    calendar_fields(ms, fields);
    for (size_t i = 0; i < f->count; i++) {
        const struct date_item *item = &f->items[i];
        if ((item->letter ? add_field_text(out, item, fields) : buf_add(out, item->text, item->len)) < 0)
            return -1;
    }
    return 0;
}
