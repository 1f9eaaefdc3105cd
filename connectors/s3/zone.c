/* See zone.h: TZif files (RFC 8536) with the rule behind their last transition. */
#include "connectors/s3/zone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"

#define FILE_LIMIT (256 * 1024)
#define DAY_S      86400

/* When a rule's change happens within a year. */
struct moment {
    char kind; /* 'M' month.week.day, 'J' day without 29 February, 'D' day of the year from 0 */
    int month, week, day;
    int64_t second; /* of the local day */
};

struct type {
    int32_t offset_s;
    uint8_t name; /* in names */
};

struct zone {
    char *id;
    size_t count; /* transitions */
    int64_t *at_s;
    uint8_t *type_of;
    struct type types[256];
    size_t type_count;
    char names[2048];
    /* the rule behind the last transition; without rule that transition's type goes on */
    bool has_rule, has_dst;
    int32_t std_s, dst_s;
    char std_name[16], dst_name[16];
    struct moment dst_begin, dst_end;
};

/* ---- Civil dates ------------------------------------------------------------------------------------------------- */

int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

int64_t civil_days(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void civil_date(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day) {
    days += 719468;
    int64_t era = floor_div(days, 146097), of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    *ret_day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *ret_month = (int)(m < 10 ? m + 3 : m - 9);
    *ret_year = year + era * 400 + (*ret_month <= 2);
}

static bool leap(int64_t year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* ---- Rules ------------------------------------------------------------------------------------------------------- */

static int64_t moment_in(const struct moment *m, int64_t year, int32_t offset_s) {
    int64_t day;
    if (m->kind == 'J') {
        day = civil_days(year, 1, 1) + m->day - 1 + (leap(year) && m->day >= 60);
    } else if (m->kind == 'D') {
        day = civil_days(year, 1, 1) + m->day;
    } else {
        int64_t first = civil_days(year, m->month, 1);
        int64_t next = m->month == 12 ? civil_days(year + 1, 1, 1) : civil_days(year, m->month + 1, 1);
        int64_t weekday = (first + 4) - floor_div(first + 4, 7) * 7;
        day = first + (m->day - weekday + 7) % 7 + (m->week - 1) * 7;
        while (day >= next)
            day -= 7;
    }
    return day * DAY_S + m->second - offset_s;
}

static bool rule_is_dst(const struct zone *z, int64_t s) {
    int64_t year;
    int month, day;
    civil_date(floor_div(s + z->std_s, DAY_S), &year, &month, &day);
    int64_t begin = moment_in(&z->dst_begin, year, z->std_s), end = moment_in(&z->dst_end, year, z->dst_s);
    return begin < end ? s >= begin && s < end : s >= begin || s < end;
}

static int64_t rule_next(const struct zone *z, int64_t s) {
    int64_t year, next = INT64_MAX;
    int month, day;
    civil_date(floor_div(s, DAY_S), &year, &month, &day);
    for (int64_t y = year - 1; y <= year + 1; y++) {
        int64_t at[2] = {moment_in(&z->dst_begin, y, z->std_s), moment_in(&z->dst_end, y, z->dst_s)};
        for (int i = 0; i < 2; i++)
            next = at[i] > s && at[i] < next ? at[i] : next;
    }
    return next;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3" piece by piece; each moves *p on and returns false on what it cannot read. */
static bool read_name(const char **p, char *ret, size_t size) {
    bool quoted = **p == '<';
    const char *start = *p += quoted;
    while (quoted ? **p && **p != '>' : isalpha((unsigned char)**p) != 0)
        (*p)++;
    snprintf(ret, size, "%.*s", (int)(*p - start), start);
    *p += quoted && **p == '>';
    return *ret != '\0';
}

static bool read_seconds(const char **p, int64_t *ret) {
    int sign = **p == '-' ? -1 : 1;
    *p += **p == '-' || **p == '+';
    if (!isdigit((unsigned char)**p))
        return false;
    int64_t total = 0;
    for (int64_t unit = 3600; unit; unit /= 60) {
        char *end;
        total += strtol(*p, &end, 10) * unit;
        *p = end;
        if (**p != ':')
            break;
        (*p)++;
    }
    *ret = sign * total;
    return true;
}

static bool read_moment(const char **p, struct moment *m) {
    *m = (struct moment){.kind = 'D', .second = 7200};
    if (*(*p)++ != ',')
        return false;
    int used = 0;
    if (sscanf(*p, "M%d.%d.%d%n", &m->month, &m->week, &m->day, &used) == 3)
        m->kind = 'M';
    else if (sscanf(*p, "J%d%n", &m->day, &used) == 1)
        m->kind = 'J';
    else if (sscanf(*p, "%d%n", &m->day, &used) != 1)
        return false;
    *p += used;
    if (m->kind == 'M' && (m->month < 1 || m->month > 12 || m->week < 1 || m->week > 5 || m->day < 0 || m->day > 6))
        return false;
    if (**p != '/')
        return true;
    (*p)++;
    return read_seconds(p, &m->second);
}

static bool read_rule(struct zone *z, const char *p) {
    int64_t west;
    if (!read_name(&p, z->std_name, sizeof(z->std_name)) || !read_seconds(&p, &west))
        return false;
    z->std_s = z->dst_s = (int32_t)-west;
    if (!*p)
        return true;
    if (!read_name(&p, z->dst_name, sizeof(z->dst_name)))
        return false;
    west = -(int64_t)z->std_s - 3600;
    if (*p != ',' && !read_seconds(&p, &west))
        return false;
    z->dst_s = (int32_t)-west;
    z->has_dst = true;
    return read_moment(&p, &z->dst_begin) && read_moment(&p, &z->dst_end) && !*p;
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static int64_t big_endian(const unsigned char *p, int bytes) {
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return bytes == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

struct tz_header {
    size_t ttisut, ttisstd, leaps, times, types, chars;
};

static bool read_header(const unsigned char *p, const unsigned char *end, struct tz_header *h) {
    if (end - p < 44 || memcmp(p, "TZif", 4) != 0)
        return false;
    size_t *fields[] = {&h->ttisut, &h->ttisstd, &h->leaps, &h->times, &h->types, &h->chars};
    for (int i = 0; i < 6; i++) {
        int64_t n = big_endian(p + 20 + 4 * i, 4);
        if (n < 0 || n > FILE_LIMIT)
            return false;
        *fields[i] = (size_t)n;
    }
    return true;
}

static size_t block_size(const struct tz_header *h, size_t time_size) {
    return h->times * (time_size + 1) + h->types * 6 + h->chars + h->leaps * (time_size + 4) + h->ttisstd + h->ttisut;
}

static bool read_block(struct zone *z, const unsigned char *p, const struct tz_header *h) {
    if (!h->types || h->types > COUNT_OF(z->types) || h->chars > sizeof(z->names))
        return false;
    z->count = h->times;
    z->at_s = calloc(h->times + 1, sizeof(*z->at_s));
    z->type_of = calloc(h->times + 1, 1);
    for (size_t i = 0; i < h->times; i++) {
        z->at_s[i] = big_endian(p + 8 * i, 8);
        z->type_of[i] = p[8 * h->times + i];
        if (z->type_of[i] >= h->types || (i && z->at_s[i] <= z->at_s[i - 1]))
            return false;
    }
    p += 9 * h->times;
    z->type_count = h->types;
    for (size_t i = 0; i < h->types; i++) {
        z->types[i] = (struct type){(int32_t)big_endian(p + 6 * i, 4), p[6 * i + 5]};
        if (z->types[i].name >= h->chars)
            return false;
    }
    memcpy(z->names, p + 6 * h->types, h->chars);
    return h->chars && !z->names[h->chars - 1];
}

static bool read_file(struct zone *z, const unsigned char *p, size_t len) {
    const unsigned char *end = p + len;
    struct tz_header h;
    if (!read_header(p, end, &h) || p[4] < '2' || (size_t)(end - p) < 44 + block_size(&h, 4))
        return false;
    p += 44 + block_size(&h, 4);
    if (!read_header(p, end, &h) || (size_t)(end - p) < 44 + block_size(&h, 8) || !read_block(z, p + 44, &h))
        return false;
    p += 44 + block_size(&h, 8);
    char rule[128];
    if (end - p < 2 || *p != '\n' || (size_t)(end - p) > sizeof(rule))
        return false;
    snprintf(rule, sizeof(rule), "%.*s", (int)(end - p - 2), (const char *)p + 1);
    z->has_rule = *rule != '\0';
    return !*rule || read_rule(z, rule);
}

static bool load_named(struct zone *z, const char *id) {
    const char *dir = getenv("TZDIR");
    char path[512];
    if (*id == '/' || strstr(id, "..") || !isupper((unsigned char)*id))
        return false;
    snprintf(path, sizeof(path), "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", id);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    unsigned char *bytes = malloc(FILE_LIMIT);
    size_t len = fread(bytes, 1, FILE_LIMIT, f);
    fclose(f);
    bool ok = read_file(z, bytes, len);
    free(bytes);
    return ok;
}

/* +02:00, -0530, +5 */
static bool load_fixed(struct zone *z, const char *id) {
    int hours = 0, minutes = 0, used = 0;
    if ((*id != '+' && *id != '-') || !isdigit((unsigned char)id[1]))
        return false;
    if (sscanf(id + 1, "%2d%n", &hours, &used) != 1)
        return false;
    const char *rest = id + 1 + used;
    rest += *rest == ':';
    if (*rest && (sscanf(rest, "%2d%n", &minutes, &used) != 1 || used != 2 || rest[2]))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    z->has_rule = true;
    z->std_s = z->dst_s = (*id == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    snprintf(z->std_name, sizeof(z->std_name), "%s", id);
    return true;
}

struct zone *zone_load(const char *id, struct kc_error *err) {
    struct zone *z = calloc(1, sizeof(*z));
    bool utc = !strcmp(id, "UTC") || !strcmp(id, "GMT") || !strcmp(id, "Z");
    if (utc) {
        z->has_rule = true;
        snprintf(z->std_name, sizeof(z->std_name), "UTC");
    }
    if (!utc && !load_fixed(z, id) && !load_named(z, id)) {
        err_set(err, ERR_BAD_CONFIG, "The datetime zone id '%s' is not recognised", id);
        return zone_free(z);
    }
    z->id = strdup(id);
    return z;
}

struct zone *zone_free(struct zone *z) {
    if (z) {
        free(z->id);
        free(z->at_s);
        free(z->type_of);
        free(z);
    }
    return NULL;
}

/* ---- Questions --------------------------------------------------------------------------------------------------- */

const char *zone_id(const struct zone *z) {
    return z->id;
}

/* How many transitions are at or before `s`. */
static size_t passed(const struct zone *z, int64_t s) {
    size_t low = 0, high = z->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (z->at_s[mid] <= s)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static int32_t offset_at(const struct zone *z, int64_t s, const char **ret_name) {
    size_t n = passed(z, s);
    if (n == z->count && z->has_rule) {
        bool dst = z->has_dst && rule_is_dst(z, s);
        *ret_name = dst ? z->dst_name : z->std_name;
        return dst ? z->dst_s : z->std_s;
    }
    const struct type *type = &z->types[n ? z->type_of[n - 1] : 0];
    *ret_name = z->names + type->name;
    return type->offset_s;
}

int64_t zone_offset_ms(const struct zone *z, int64_t utc_ms) {
    const char *name;
    return (int64_t)offset_at(z, floor_div(utc_ms, 1000), &name) * 1000;
}

const char *zone_name(const struct zone *z, int64_t utc_ms) {
    const char *name;
    offset_at(z, floor_div(utc_ms, 1000), &name);
    return name;
}

int64_t zone_next_change(const struct zone *z, int64_t utc_ms) {
    int64_t s = floor_div(utc_ms, 1000);
    size_t n = passed(z, s);
    if (n < z->count)
        return z->at_s[n] * 1000;
    int64_t next = z->has_rule && z->has_dst ? rule_next(z, s) : INT64_MAX;
    return next == INT64_MAX ? INT64_MAX : next * 1000;
}

int64_t zone_to_utc(const struct zone *z, int64_t local_ms) {
    int64_t at_local = zone_offset_ms(z, local_ms), offset = zone_offset_ms(z, local_ms - at_local);
    if (at_local != offset && at_local < 0 &&
        zone_next_change(z, local_ms - at_local) != zone_next_change(z, local_ms - offset))
        offset = at_local;
    return local_ms - offset;
}

int64_t zone_day_start(const struct zone *z, int64_t utc_ms, int days) {
    int64_t day = floor_div(utc_ms + zone_offset_ms(z, utc_ms), DAY_S * 1000LL) + days;
    int64_t local = day * DAY_S * 1000LL, utc = zone_to_utc(z, local);
    if (utc + zone_offset_ms(z, utc) == local) {
        /* midnight twice: the day begins with the first */
        int64_t earlier = local - zone_offset_ms(z, utc - 3 * 3600 * 1000LL);
        return earlier < utc && earlier + zone_offset_ms(z, earlier) == local ? earlier : utc;
    }
    return zone_next_change(z, local - zone_offset_ms(z, utc) - DAY_S * 500LL); /* midnight is skipped */
}
