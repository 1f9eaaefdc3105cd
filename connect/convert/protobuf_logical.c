/* Date, time, timestamp and decimal between their messages and Connect's values. Fields are found by name, as in Java.
 * @source ProtobufData (logical converters), DecimalUtils, com.google.protobuf.util.Timestamps */
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/protobuf_data.h"
#include "connect/data/decimal.h"
#include "connect/data/java_calendar.h"
#include "connect/data/logical.h"

#define ILLEGAL_ARGUMENT "java.lang.IllegalArgumentException"

static int64_t number(const struct protobuf_node *node, const char *name) {
    const struct protobuf_field *field = protobuf_field_named(node->type, name);
    if (!field || field->message || field->label == PROTOBUF_REPEATED || !node->fields[field->index].set)
        return 0;
    return (int64_t)node->fields[field->index].bits;
}

static void set_number(struct protobuf_node *node, const char *name, int64_t n) {
    const struct protobuf_field *field = protobuf_field_named(node->type, name);
    if (field)
        protobuf_set(node, field, (struct protobuf_item){.set = true, .bits = (uint64_t)n});
}

/* ---- google.type.Date ---- */

static bool is_julian(int64_t year, int64_t month, int64_t day) {
    return year < 1582 || (year == 1582 && (month < 10 || (month == 10 && day < 15)));
}

/* The calendar is not lenient: each field must be what the instant has. */
static int date_to_value(const struct protobuf_node *node, struct kc_value *ret_value, struct kc_error *err) {
    int32_t year = (int32_t)number(node, "year"), month = (int32_t)number(node, "month");
    int32_t day = (int32_t)number(node, "day");
    const char *wrong = year < 1 || year > 292278994 ? "YEAR"
                        : month < 1 || month > 12    ? "MONTH"
                        : day < 1 || day > 31        ? "DAY_OF_MONTH"
                                                     : NULL;
    if (wrong)
        return err_set_class(err, ERR_BAD_DATA, ILLEGAL_ARGUMENT, "%s", wrong);
    bool julian = is_julian(year, month, day);
    int64_t days = calendar_month_start(year, month - 1, julian) + day - 1;
    int there_month, there_day;
    calendar_date(days, days < CALENDAR_CUTOVER_DAY, &there_month, &there_day);
    if (there_month != month - 1)
        return err_set_class(err, ERR_BAD_DATA, ILLEGAL_ARGUMENT, "MONTH: %d -> %d", month - 1, there_month);
    if (there_day != day)
        return err_set_class(err, ERR_BAD_DATA, ILLEGAL_ARGUMENT, "DAY_OF_MONTH: %d -> %d", day, there_day);
    *ret_value = kc_date(days * MS_PER_DAY);
    return 0;
}

static int date_from_value(int64_t ms, struct protobuf_node *node, struct kc_error *err) {
    int64_t days;
    if (logical_encode(LOGICAL_DATE, ms, &days, err) < 0)
        return -1;
    days = calendar_floor_div(ms, MS_PER_DAY);
    int month, day;
    int64_t year = calendar_date(days, days < CALENDAR_CUTOVER_DAY, &month, &day);
    set_number(node, "year", year > 0 ? year : 1 - year); /* without its era */
    set_number(node, "month", month + 1);
    set_number(node, "day", day);
    return 0;
}

/* ---- google.type.TimeOfDay ---- */

static int time_to_value(const struct protobuf_node *node, struct kc_value *ret_value, struct kc_error *err) {
    static const struct {
        const char *field, *name;
        int32_t max;
    } parts[] = {{"hours", "HourOfDay", 23},
                 {"minutes", "MinuteOfHour", 59},
                 {"seconds", "SecondOfMinute", 59},
                 {"nanos", "NanoOfSecond", 999999999}};
    int64_t values[COUNT_OF(parts)];
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        values[i] = (int32_t)number(node, parts[i].field);
        if (values[i] < 0 || values[i] > parts[i].max)
            return err_set_class(err, ERR_BAD_DATA, "java.time.DateTimeException",
                                 "Invalid value for %s (valid values 0 - %d): %lld", parts[i].name, parts[i].max,
                                 (long long)values[i]);
    }
    *ret_value = kc_date(((values[0] * 60 + values[1]) * 60 + values[2]) * 1000 + values[3] / 1000000);
    return 0;
}

static int time_from_value(int64_t ms, struct protobuf_node *node, struct kc_error *err) {
    if (ms < 0 || ms > MS_PER_DAY)
        return err_set(err, ERR_BAD_DATA,
                       "Time values must use number of millis greater than 0 and less than 86400000");
    set_number(node, "hours", ms / 3600000 % 24);
    set_number(node, "minutes", ms / 60000 % 60);
    set_number(node, "seconds", ms / 1000 % 60);
    set_number(node, "nanos", ms % 1000 * 1000000);
    return 0;
}

/* ---- google.protobuf.Timestamp ---- */

#define MIN_SECONDS INT64_C(-62135596800)
#define MAX_SECONDS INT64_C(253402300799)

static int check_timestamp(int64_t seconds, int64_t nanos, struct kc_error *err) {
    if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos <= 999999999)
        return 0;
    return err_set_class(err, ERR_BAD_DATA, ILLEGAL_ARGUMENT,
                         "Timestamp is not valid. See proto definition for valid values. Seconds (%lld) must be in "
                         "range [-62,135,596,800, +253,402,300,799]. Nanos (%lld) must be in range [0, +999,999,999].",
                         (long long)seconds, (long long)nanos);
}

static int timestamp_to_value(const struct protobuf_node *node, struct kc_value *ret_value, struct kc_error *err) {
    int64_t seconds = number(node, "seconds"), nanos = (int32_t)number(node, "nanos");
    if (check_timestamp(seconds, nanos, err) < 0)
        return -1;
    *ret_value = kc_date(seconds * 1000 + nanos / 1000000);
    return 0;
}

static int timestamp_from_value(int64_t ms, struct protobuf_node *node, struct kc_error *err) {
    int64_t seconds = calendar_floor_div(ms, 1000), nanos = (ms - seconds * 1000) * 1000000;
    if (check_timestamp(seconds, nanos, err) < 0)
        return -1;
    set_number(node, "seconds", seconds);
    set_number(node, "nanos", nanos);
    return 0;
}

/* ---- confluent.type.Decimal ---- */

/* The digits of the unscaled number, without sign. */
static int decimal_digits(const struct kc_decimal *dec, struct buf *digits) {
    struct kc_decimal whole = *dec;
    whole.scale = 0;
    if (decimal_text(digits, &whole) < 0)
        return -1;
    if (digits->data[0] == '-') {
        memmove(digits->data, digits->data + 1, digits->len);
        digits->len--;
    }
    return 0;
}

static int too_many_digits(struct kc_error *err) {
    return err_set(err, ERR_BAD_DATA, "The decimal has more than %d digits", DECIMAL_MAX_DIGITS);
}

/* Adds one to a number in digits: 199 → 200, 99 → 100. */
static void add_one(struct buf *digits) {
    size_t i = digits->len;
    while (i > 0 && digits->data[i - 1] == '9')
        digits->data[--i] = '0';
    if (i > 0) {
        digits->data[i - 1]++;
        return;
    }
    buf_add_char(digits, '0');
    digits->data[0] = '1';
}

/* BigDecimal(unscaled, scale, MathContext(precision)): rounds half up to so many digits. */
static int round_decimal(struct kc_arena *arena, struct kc_decimal *dec, int32_t precision, struct kc_error *err) {
    AUTO_BUF digits;
    buf_init(&digits, DECIMAL_MAX_DIGITS + 16);
    if (decimal_digits(dec, &digits) < 0)
        return too_many_digits(err);
    if (digits.len <= (size_t)precision)
        return 0;
    size_t dropped = digits.len - (size_t)precision;
    bool up = digits.data[precision] >= '5';
    int64_t scale = (int64_t)dec->scale - (int64_t)dropped;
    digits.len = (size_t)precision;
    if (up)
        add_one(&digits);
    if (digits.len > (size_t)precision) { /* 99.5 became 100: 10 with one digit less behind the point */
        digits.len--;
        scale--;
    }
    if (scale < INT32_MIN)
        return err_set_class(err, ERR_BAD_DATA, "java.lang.ArithmeticException", "Overflow");
    bool negative = dec->len && dec->unscaled[0] & 0x80;
    const char *text = kc_arena_printf(arena, "%s%.*s", negative ? "-" : "", (int)digits.len, digits.data);
    if (decimal_parse(arena, text, strlen(text), dec) < 0)
        return too_many_digits(err);
    dec->scale = (int32_t)scale;
    return 0;
}

static int decimal_to_value(struct kc_arena *arena, const struct protobuf_node *node, struct kc_value *ret_value,
                            struct kc_error *err) {
    const struct protobuf_field *field = protobuf_field_named(node->type, "value");
    const struct protobuf_item *item = field && field->type == PROTOBUF_BYTES && field->label != PROTOBUF_REPEATED
                                           ? &node->fields[field->index]
                                           : NULL;
    if (!item || !item->set || item->len == 0)
        return err_set_class(err, ERR_BAD_DATA, "java.lang.NumberFormatException", "Zero length BigInteger");
    int32_t precision = (int32_t)number(node, "precision");
    struct kc_decimal dec = decimal_from_bytes((const uint8_t *)item->text, item->len, (int32_t)number(node, "scale"));
    if (precision < 0)
        return err_set_class(err, ERR_BAD_DATA, ILLEGAL_ARGUMENT, "Digits < 0");
    if (precision > 0 && round_decimal(arena, &dec, precision, err) < 0)
        return -1;
    *ret_value = decimal_value(arena, dec);
    return 0;
}

static int decimal_from_value(const struct kc_decimal *dec, struct protobuf_node *node, struct kc_error *err) {
    AUTO_BUF digits;
    buf_init(&digits, DECIMAL_MAX_DIGITS + 16);
    if (decimal_digits(dec, &digits) < 0)
        return too_many_digits(err);
    size_t len;
    const uint8_t *bytes = decimal_bytes(dec, &len);
    const struct protobuf_field *field = protobuf_field_named(node->type, "value");
    protobuf_set(node, field, (struct protobuf_item){.set = true, .text = (const char *)bytes, .len = (uint32_t)len});
    set_number(node, "precision", (int64_t)digits.len);
    set_number(node, "scale", dec->scale);
    return 0;
}

/* ---- all of them ---- */

int protobuf_logical_to_value(struct kc_arena *arena, enum logical logical, const struct protobuf_node *node,
                              struct kc_value *ret_value, struct kc_error *err) {
    switch (logical) {
    case LOGICAL_DATE:
        return date_to_value(node, ret_value, err);
    case LOGICAL_TIME:
        return time_to_value(node, ret_value, err);
    case LOGICAL_TIMESTAMP:
        return timestamp_to_value(node, ret_value, err);
    default:
        return decimal_to_value(arena, node, ret_value, err);
    }
}

int protobuf_logical_from_value(enum logical logical, const struct kc_value *v, struct protobuf_node *node,
                                struct kc_error *err) {
    bool decimal = logical == LOGICAL_DECIMAL;
    if (v->tag != (decimal ? KC_V_DECIMAL : KC_V_DATE))
        return err_set(err, ERR_BAD_DATA, "Invalid type for %s, expected %s but was class %s", logical_name(logical),
                       decimal ? "BigDecimal" : "Date", kc_value_java_class(v));
    switch (logical) {
    case LOGICAL_DATE:
        return date_from_value(v->i, node, err);
    case LOGICAL_TIME:
        return time_from_value(v->i, node, err);
    case LOGICAL_TIMESTAMP:
        return timestamp_from_value(v->i, node, err);
    default:
        return decimal_from_value(v->dec, node, err);
    }
}
