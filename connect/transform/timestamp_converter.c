/* Timestamps between text, Unix time and Connect's Date, Time and Timestamp.
 * @source org.apache.kafka.connect.transforms.TimestampConverter (transforms 4.14) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/err.h"
#include "connect/data/date_format.h"
#include "connect/data/java_calendar.h"
#include "connect/data/logical.h"
#include "connect/data/schema.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

#define PURPOSE "converting timestamp formats"

enum { TEXT_MAX = 1024 * 1024 };

/* What stands for an instant; in the order of the names in `targets`. */
enum kind { KIND_STRING, KIND_UNIX, KIND_DATE, KIND_TIME, KIND_TIMESTAMP };

static const char *const targets[] = {"string", "unix", "Date", "Time", "Timestamp", NULL};
static const char *const precisions[] = {"nanoseconds", "microseconds", "milliseconds", "seconds", NULL};
enum precision { NANOSECONDS, MICROSECONDS, MILLISECONDS, SECONDS };

struct timestamp_converter_conf {
    const char *field, *target, *format, *precision;
    bool replace_null;
};

static const struct kc_option timestamp_converter_options[] = {
    OPT_STRING("field", struct timestamp_converter_conf, field, .def = "", .importance = KC_HIGH,
               .doc = "The field containing the timestamp, or empty if the entire value is a timestamp"),
    OPT_STRING("target.type", struct timestamp_converter_conf, target, .required = true, .importance = KC_HIGH,
               .one_of = targets,
               .doc = "The desired timestamp representation: string, unix, Date, Time, or Timestamp"),
    OPT_STRING("format", struct timestamp_converter_conf, format, .def = "", .importance = KC_MEDIUM,
               .doc = "A SimpleDateFormat-compatible format for the timestamp. Used to generate the output when "
                      "target.type=string or used to parse the input if the input is a string."),
    OPT_STRING("unix.precision", struct timestamp_converter_conf, precision, .def = "milliseconds",
               .importance = KC_LOW, .one_of = precisions,
               .doc = "The desired Unix precision for the timestamp: seconds, milliseconds, microseconds, or "
                      "nanoseconds. Used to generate the output when target.type=unix or used to parse the input if "
                      "the input is a Long."),
    OPT_BOOLEAN("replace.null.with.default", struct timestamp_converter_conf, replace_null, .def = "true",
                .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

struct timestamp_converter {
    bool is_key;
    const struct timestamp_converter_conf *conf;
    enum kind target;
    enum precision precision;
    struct date_format *format;         /* NULL: none */
    struct buf text;                    /* of the date at work */
    const struct kc_schema *schemas[2]; /* of the target, required and optional */
    struct schema_memo memo;
};

/* ---- Instants ---------------------------------------------------------------------------------------------------- */

/* TimeUnit's conversions: saturating when they multiply, towards zero when they divide. */
static int64_t times(int64_t value, int64_t factor) {
    int64_t product;
    if (__builtin_mul_overflow(value, factor, &product))
        return value < 0 ? INT64_MIN : INT64_MAX;
    return product;
}

static int64_t unix_to_ms(enum precision precision, int64_t value) {
    switch (precision) {
    case SECONDS:
        return times(value, 1000);
    case MICROSECONDS:
        return value / 1000;
    case NANOSECONDS:
        return value / 1000000;
    default:
        return value;
    }
}

static int64_t ms_to_unix(enum precision precision, int64_t ms) {
    switch (precision) {
    case SECONDS:
        return ms / 1000;
    case MICROSECONDS:
        return times(ms, 1000);
    case NANOSECONDS:
        return times(ms, 1000000);
    default:
        return ms;
    }
}

static int parse_text(const struct timestamp_converter *t, const struct kc_value *v, int64_t *ret_ms,
                      struct kc_error *err) {
    if (!t->format)
        return kc_fail(err, NULL_POINTER_EXCEPTION,
                       "Cannot invoke \"java.text.SimpleDateFormat.parse(String)\" because \"config.format\" is null");
    if (date_format_parse(t->format, v->s, v->len, ret_ms))
        return 0;
    kc_fail(err, "java.text.ParseException", "Unparseable date: \"%.*s\"", (int)v->len, v->s);
    return err_wrap(err, KC_DATA_EXCEPTION, "Could not parse timestamp: value (%.*s) does not match pattern (%s)",
                    (int)v->len, v->s, t->conf->format);
}

/* @errors DataException: the value is not of the class that its schema promises */
static int to_ms(const struct timestamp_converter *t, enum kind kind, const struct kc_value *v, int64_t *ret_ms,
                 struct kc_error *err) {
    static const struct {
        enum kc_tag tag;
        const char *what;
    } expected[] = {
        [KIND_STRING] = {KC_V_STRING, "string timestamp to be a String"},
        [KIND_UNIX] = {KC_V_INT64, "Unix timestamp to be a Long"},
        [KIND_DATE] = {KC_V_DATE, "Date to be a java.util.Date"},
        [KIND_TIME] = {KC_V_DATE, "Time to be a java.util.Date"},
        [KIND_TIMESTAMP] = {KC_V_DATE, "Timestamp to be a java.util.Date"},
    };
    if (v->tag != expected[kind].tag)
        return kc_fail(err, KC_DATA_EXCEPTION, "Expected %s, but found class %s", expected[kind].what,
                       kc_value_java_class(v));
    if (kind == KIND_STRING)
        return parse_text(t, v, ret_ms, err);
    *ret_ms = kind == KIND_UNIX ? unix_to_ms(t->precision, v->i) : v->i;
    return 0;
}

static int from_ms(struct timestamp_converter *t, struct kc_arena *arena, int64_t ms, struct kc_value *ret_value,
                   struct kc_error *err) {
    int64_t time = ms % MS_PER_DAY;
    if (time < 0)
        time += MS_PER_DAY;
    switch (t->target) {
    case KIND_STRING:
        buf_clear(&t->text);
        if (date_format_text(t->format, ms, &t->text) < 0)
            return kc_fail(err, KC_DATA_EXCEPTION, "The timestamp as text is longer than %d bytes", TEXT_MAX);
        *ret_value = kc_text(kc_arena_copy(arena, buf_text(&t->text), t->text.len), t->text.len);
        break;
    case KIND_UNIX:
        *ret_value = kc_int(KC_INT64, ms_to_unix(t->precision, ms));
        break;
    case KIND_DATE:
        *ret_value = kc_date((int64_t)((uint64_t)ms - (uint64_t)time));
        break;
    case KIND_TIME:
        *ret_value = kc_date(time);
        break;
    case KIND_TIMESTAMP:
        *ret_value = kc_date(ms);
        break;
    }
    return 0;
}

/* ---- Kinds ------------------------------------------------------------------------------------------------------- */

static int kind_of_schema(const struct kc_schema *schema, enum kind *ret_kind, struct kc_error *err) {
    enum logical logical = schema_logical(schema);
    if (logical == LOGICAL_TIMESTAMP)
        *ret_kind = KIND_TIMESTAMP;
    else if (logical == LOGICAL_DATE)
        *ret_kind = KIND_DATE;
    else if (logical == LOGICAL_TIME)
        *ret_kind = KIND_TIME;
    else if (schema->type == KC_STRING)
        *ret_kind = KIND_STRING;
    else if (schema->type == KC_INT64)
        *ret_kind = KIND_UNIX;
    else {
        AUTO_BUF text;
        buf_init(&text, KC_ERROR_TEXT);
        schema_text(&text, schema);
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Schema %s does not correspond to a known timestamp type format",
                       buf_text(&text));
    }
    return 0;
}

static int kind_of_value(const struct kc_value *v, enum kind *ret_kind, struct kc_error *err) {
    if (v->tag == KC_V_DATE)
        *ret_kind = KIND_TIMESTAMP;
    else if (v->tag == KC_V_INT64)
        *ret_kind = KIND_UNIX;
    else if (v->tag == KC_V_STRING)
        *ret_kind = KIND_STRING;
    else
        return kc_fail(err, KC_DATA_EXCEPTION, "TimestampConverter does not support class %s objects as timestamps",
                       kc_value_java_class(v));
    return 0;
}

/* `schema` NULL: the class of the value decides. A schema must be of a kind even when the value is null. */
static int convert(struct timestamp_converter *t, struct kc_arena *arena, const struct kc_schema *schema,
                   struct kc_value *v, struct kc_error *err) {
    enum kind kind = KIND_STRING;
    int64_t ms = 0;
    if (schema && kind_of_schema(schema, &kind, err) < 0)
        return -1;
    if (v->tag == KC_V_NULL)
        return 0;
    if (!schema && kind_of_value(v, &kind, err) < 0)
        return -1;
    if (to_ms(t, kind, v, &ms, err) < 0)
        return -1;
    return from_ms(t, arena, ms, v, err);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    const struct timestamp_converter *t = self;
    if (operand_require_fields(from, err) < 0)
        return -1;
    AUTO(schema_builder) b = schema_builder_like(from);
    for (uint32_t i = 0; i < from->field_count; i++) {
        const struct kc_field *field = &from->fields[i];
        bool converted = strcmp(field->name, t->conf->field) == 0;
        if (kc_schema_add_field(b, field->name, converted ? t->schemas[field->schema->optional] : field->schema, err) <
            0)
            return -1;
    }
    if (from->optional)
        kc_schema_optional(b, true);
    ret->schema = kc_schema_build(TAKE(b));
    return 0;
}

static const struct kc_schema *target_schema(enum kind target, bool optional) {
    switch (target) {
    case KIND_UNIX:
        return kc_schema_of(KC_INT64, optional);
    case KIND_DATE:
        return schema_of_logical(LOGICAL_DATE, 0, optional);
    case KIND_TIME:
        return schema_of_logical(LOGICAL_TIME, 0, optional);
    case KIND_TIMESTAMP:
        return schema_of_logical(LOGICAL_TIMESTAMP, 0, optional);
    default:
        return kc_schema_of(KC_STRING, optional);
    }
}

static int index_of(const char *const *words, const char *word) {
    int i = 0;
    while (words[i] && strcmp(words[i], word) != 0)
        i++;
    return i;
}

/* @errors ConfigException: no format, or a wrong one */
static int new_format(const struct timestamp_converter_conf *c, struct date_format **ret_format, struct kc_error *err) {
    struct kc_error cause = {0};
    bool blank = c->format[strspn(c->format, " \t\n\v\f\r")] == '\0';
    if (blank && strcmp(c->target, "string") == 0)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "TimestampConverter requires format option to be specified when using string timestamps");
    if (!blank && !(*ret_format = date_format_new(c->format, &cause)))
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Invalid value %s: %s for configuration TimestampConverter requires a "
                       "SimpleDateFormat-compatible pattern for string timestamps: %s",
                       cause.exception, cause.text, c->format);
    return 0;
}

static int timestamp_converter_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                                   struct kc_error *err) {
    const struct timestamp_converter_conf *c = conf;
    struct date_format *format = NULL;
    (void)config;
    if (new_format(c, &format, err) < 0)
        return -1;
    struct timestamp_converter *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->conf = c;
    t->format = format;
    buf_init(&t->text, TEXT_MAX);
    t->target = (enum kind)index_of(targets, c->target);
    t->precision = (enum precision)index_of(precisions, c->precision);
    t->schemas[false] = target_schema(t->target, false);
    t->schemas[true] = target_schema(t->target, true);
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

static void timestamp_converter_close(void *self) {
    struct timestamp_converter *t = self;
    schema_memo_done(&t->memo);
    kc_schema_unref(t->schemas[false]);
    kc_schema_unref(t->schemas[true]);
    date_format_free(t->format);
    buf_done(&t->text);
    free(t);
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static int convert_in_struct(struct timestamp_converter *t, struct kc_arena *arena, struct operand op,
                             struct kc_error *err) {
    bool present = op.value->tag != KC_V_NULL;
    if (present && operand_require_struct_of(op.value, *op.schema, PURPOSE, err) < 0)
        return -1;
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, *op.schema, err);
    if (!to)
        return -1;
    const struct kc_schema *from = *op.schema;
    struct kc_value st = present ? kc_struct_new(arena, to->schema) : kc_null();
    for (int32_t i = 0; present && i < (int32_t)from->field_count; i++) {
        struct kc_value v = *operand_field(op.value->st, i, t->conf->replace_null);
        if ((strcmp(from->fields[i].name, t->conf->field) == 0 &&
             convert(t, arena, from->fields[i].schema, &v, err) < 0) ||
            operand_struct_set(&st, i, &v, err) < 0)
            return -1;
    }
    *op.schema = to->schema;
    *op.value = st;
    return 0;
}

static int convert_in_map(struct timestamp_converter *t, struct kc_arena *arena, struct kc_value *value,
                          struct kc_error *err) {
    if (operand_require_map(value, PURPOSE, err) < 0)
        return -1;
    struct kc_value map = operand_map_copy(arena, value, 1);
    struct kc_value v = operand_map_get(arena, &map, t->conf->field);
    if (convert(t, arena, NULL, &v, err) < 0)
        return -1;
    operand_map_set(&map, t->conf->field, v);
    *value = map;
    return 0;
}

static int timestamp_converter(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct timestamp_converter *t = self;
    struct operand op = operand_of(r, t->is_key);
    if (*t->conf->field)
        return *op.schema                   ? convert_in_struct(t, arena, op, err)
               : op.value->tag == KC_V_NULL ? 0
                                            : convert_in_map(t, arena, op.value, err);
    if (convert(t, arena, *op.schema, op.value, err) < 0)
        return -1;
    if (*op.schema)
        *op.schema = t->schemas[(*op.schema)->optional];
    return 0;
}

static uint32_t timestamp_converter_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct timestamp_converter *t = self;
    schema_memo_start(&t->memo);
    kc_schema_keep(batch->arena, kc_schema_ref(t->schemas[false]));
    kc_schema_keep(batch->arena, kc_schema_ref(t->schemas[true]));
    return transform_each(timestamp_converter, self, batch, from, err);
}

TRANSFORM_KEY_AND_VALUE("TimestampConverter", timestamp_converter);
