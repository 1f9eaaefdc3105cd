/* What writing (date_format.c) and reading (date_format_parse.c) of dates share. Nobody else includes this. */
#ifndef CONNECT_DATA_DATE_FORMAT_PARTS_H
#define CONNECT_DATA_DATE_FORMAT_PARTS_H

#include "connect/data/java_calendar.h"
#include "connect/plugin.h"

struct date_item {
    char letter;      /* of the field; 0 = literal text */
    uint32_t count;   /* letters in a row */
    const char *text; /* literal */
    size_t len;
};

struct date_format {
    struct kc_arena *arena; /* of everything here */
    struct date_item *items;
    size_t count;
    int64_t century_start_ms; /* years of two digits are from here on */
    int32_t century_start_year;
};

extern const char *const date_month_names[12]; /* full; the short ones are the first three letters */
extern const char *const date_day_names[7];    /* from Sunday; the same */
extern const char *const date_era_names[2];
extern const char *const date_half_names[2]; /* of the day */

enum { DATE_SHORT_NAME = 3 };

/* The calendar field of a letter that stands for a number, CALENDAR_FIELDS for others. */
enum calendar_field date_field_of(char letter);

#endif
