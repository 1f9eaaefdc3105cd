/* toString of Java's Map, List, Struct, Date and numbers. */
#include "connect/data/value_text.h"

#include "connect/base/arena.h"
#include "connect/data/base64.h"
#include "connect/data/decimal.h"
#include "connect/data/java_hash.h"
#include "connect/data/logical.h"
#include "connect/data/number_text.h"

/* ---- dates ---- */

struct day {
    int64_t year;
    int month, day; /* from 1 */
};

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* By Julian day numbers; see E. G. Richards, "Calendars", in the Explanatory Supplement to the Astronomical Almanac
 * (2013). Java changes from the Julian to the Gregorian calendar on 15 October 1582. Days before that are moved by
 * whole four-year cycles, so that nothing is negative. */
static struct day day_of(int64_t days) {
    enum { EPOCH_JDN = 2440588, FIRST_GREGORIAN = -141427, CYCLES = 80000000 };
    bool gregorian = days >= FIRST_GREGORIAN;
    int64_t j = days + EPOCH_JDN + (gregorian ? 0 : INT64_C(1461) * CYCLES), f = j + 1401;
    if (gregorian)
        f += (4 * j + 274277) / 146097 * 3 / 4 - 38;
    int64_t e = 4 * f + 3, h = 5 * (e % 1461 / 4) + 2;
    struct day d;
    d.day = (int)(h % 153 / 5) + 1;
    d.month = (int)((h / 153 + 2) % 12) + 1;
    d.year = e / 1461 - 4716 + (12 + 2 - d.month) / 12 - (gregorian ? 0 : INT64_C(4) * CYCLES);
    return d;
}

int value_date_text(struct buf *out, int64_t ms) {
    static const char weekdays[] = "ThuFriSatSunMonTueWed";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t days = floor_div(ms, MS_PER_DAY);
    int seconds = (int)((ms - days * MS_PER_DAY) / 1000);
    struct day d = day_of(days);
    int weekday = (int)((days % 7 + 7) % 7);
    int64_t year = d.year > 0 ? d.year : 1 - d.year; /* years before Christ count backwards, without a sign */
    return buf_printf(out, "%.3s %.3s %02d %02d:%02d:%02d UTC %lld", weekdays + 3 * weekday, months + 3 * (d.month - 1),
                      d.day, seconds / 3600, seconds / 60 % 60, seconds % 60, (long long)year);
}

/* ---- containers ---- */

static int array_text(struct buf *out, const struct kc_value *v) {
    buf_add_char(out, '[');
    for (uint32_t i = 0; i < v->len; i++) {
        if (i)
            buf_add_text(out, ", ");
        if (value_text(out, &v->items[i]) < 0)
            return -1;
    }
    return buf_add_char(out, ']');
}

static int entry_text(struct buf *out, const struct kc_entry *e, bool first) {
    if (!first)
        buf_add_text(out, ", ");
    value_text(out, &e->key);
    buf_add_char(out, '=');
    return value_text(out, &e->value);
}

static int hash_map_text(struct buf *out, const struct kc_value *v) {
    AUTO(arena) arena = arena_new(0);
    const struct kc_entry **order = java_hash_map_order(arena, v);
    for (uint32_t i = 0; i < v->len; i++)
        if (entry_text(out, order[i], i == 0) < 0)
            return -1;
    return 0;
}

static int map_text(struct buf *out, const struct kc_value *v) {
    buf_add_char(out, '{');
    if (v->flags & KC_MAP_UNORDERED && v->len > 1) {
        if (hash_map_text(out, v) < 0)
            return -1;
        return buf_add_char(out, '}');
    }
    for (uint32_t i = 0; i < v->len; i++)
        if (entry_text(out, &v->entries[i], i == 0) < 0)
            return -1;
    return buf_add_char(out, '}');
}

static int struct_text(struct buf *out, const struct kc_struct *st) {
    bool first = true;
    buf_add_text(out, "Struct{");
    for (uint32_t i = 0; i < st->schema->field_count; i++) {
        if (st->fields[i].tag == KC_V_NULL)
            continue;
        if (!first)
            buf_add_char(out, ',');
        first = false;
        buf_add_text(out, st->schema->fields[i].name);
        buf_add_char(out, '=');
        if (value_text(out, &st->fields[i]) < 0)
            return -1;
    }
    return buf_add_char(out, '}');
}

static int unexpanded_text(struct buf *out, const struct kc_value *v) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value whole = kc_json_expand(arena, *v);
    return value_text(out, &whole);
}

/* ---- values ---- */

static int decimal_or_error(struct buf *out, const struct kc_decimal *dec) {
    if (decimal_text(out, dec) < 0 && !out->failed)
        return buf_printf(out, "decimal of %u bytes", dec->len);
    return out->failed ? -1 : 0;
}

int value_text(struct buf *out, const struct kc_value *v) {
    char number[NUMBER_TEXT_MAX];
    switch ((enum kc_tag)v->tag) {
    case KC_V_NULL:
        return buf_add_text(out, "null");
    case KC_V_BOOLEAN:
        return buf_add_text(out, v->b ? "true" : "false");
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
        return buf_add(out, number, number_text_int(number, v->i));
    case KC_V_FLOAT32:
        return buf_add(out, number, number_text_float(number, (float)v->f));
    case KC_V_FLOAT64:
        return buf_add(out, number, number_text_double(number, v->f));
    case KC_V_STRING:
        return buf_add(out, v->s, v->len);
    case KC_V_BYTES:
        return base64_write(out, v->bytes, v->len);
    case KC_V_ARRAY:
        return array_text(out, v);
    case KC_V_MAP:
        return map_text(out, v);
    case KC_V_STRUCT:
        return struct_text(out, v->st);
    case KC_V_DECIMAL:
        return decimal_or_error(out, v->dec);
    case KC_V_DATE:
        return value_date_text(out, v->i);
    case KC_V_JSON:
        return unexpanded_text(out, v);
    }
    return 0;
}

char *kc_value_to_text(struct kc_arena *arena, const struct kc_value *v, size_t *ret_len) {
    AUTO_BUF out;
    buf_init(&out, SIZE_MAX);
    (void)value_text(&out, v);
    if (ret_len)
        *ret_len = out.len;
    return kc_arena_copy(arena, buf_text(&out), out.len);
}
