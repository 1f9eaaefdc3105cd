/* See partitioner.h.
 * @source io.confluent.connect.storage.partitioner.{Default,Field,TimeBased,Daily,Hourly}Partitioner */
#include "connectors/s3/partitioner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/err.h"
#include "connectors/s3/time_format.h"
#include "connectors/s3/zone.h"

#define HOUR_MS 3600000
#define DAY_MS  86400000
#define AFFIX   "schema_name="

enum kind { KIND_DEFAULT, KIND_FIELD, KIND_TIME };
enum extractor { TIME_WALLCLOCK, TIME_RECORD, TIME_FIELD };
enum affix { AFFIX_NONE, AFFIX_PREFIX, AFFIX_SUFFIX };

struct partitioner {
    enum kind kind;
    enum extractor extractor;
    enum affix affix;
    const char *delim, *timestamp_field, *tombstone; /* of the configuration, which outlives us */
    bool tombstones;
    struct kc_list fields;
    int64_t duration_ms;
    struct zone *zone;
    struct time_format *format;
};

/* ---- Start ------------------------------------------------------------------------------------------------------- */

static bool blank(const char *text) {
    return !text || !text[strspn(text, " \t")];
}

static int bad(struct kc_error *err, const char *name, const char *value, const char *text) {
    return err_set(err, ERR_BAD_CONFIG, "Invalid value %s for configuration %s: %s", value ? value : "null", name,
                   text);
}

/* The pattern of Daily and Hourly: 'year'=YYYY/'month'=MM/'day'=dd[/'hour'=HH] with the directory delimiter. */
static void fixed_pattern(char *ret, size_t size, const char *delim, bool hourly) {
    snprintf(ret, size, "'year'=YYYY'%smonth'=MM'%sday'=dd", delim, delim);
    size_t len = strlen(ret);
    if (hourly)
        snprintf(ret + len, size - len, "'%shour'=HH", delim);
}

/* One delimiter at the end does not count. */
static void own_pattern(char *ret, size_t size, const char *pattern, const char *delim) {
    snprintf(ret, size, "%s", pattern);
    size_t len = strlen(ret), delim_len = strlen(delim);
    if (delim_len && len > delim_len && !strcmp(ret + len - delim_len, delim))
        ret[len - delim_len] = '\0';
}

static int start_time(struct partitioner *p, const struct sink_conf *conf, struct kc_error *err) {
    bool hourly = sink_class_is(conf->partitioner_class, "HourlyPartitioner");
    bool daily = sink_class_is(conf->partitioner_class, "DailyPartitioner");
    char pattern[512];
    p->duration_ms = hourly ? HOUR_MS : daily ? DAY_MS : conf->partition_duration_ms;
    if (hourly || daily)
        fixed_pattern(pattern, sizeof(pattern), p->delim, hourly);
    else
        own_pattern(pattern, sizeof(pattern), conf->path_format ? conf->path_format : "", p->delim);
    char number[32];
    snprintf(number, sizeof(number), "%lld", (long long)p->duration_ms);
    if (p->duration_ms <= 0)
        return bad(err, "partition.duration.ms", number, "Partition duration needs to be a positive.");
    if (blank(pattern) || !strcmp(pattern, p->delim))
        return bad(err, "path.format", conf->path_format, "Path format cannot be empty.");
    if (blank(conf->locale))
        return bad(err, "locale", conf->locale, "Locale cannot be empty.");
    if (blank(conf->timezone))
        return bad(err, "timezone", conf->timezone, "Timezone cannot be empty.");
    if (!(p->zone = zone_load(conf->timezone, err)) || !(p->format = time_format_new(pattern, conf->locale, err)))
        return -1;
    return 0;
}

static int start_extractor(struct partitioner *p, const char *name, struct kc_error *err) {
    const char *simple = name && strrchr(name, '.') ? strrchr(name, '.') + 1 : name;
    static const struct {
        const char *name;
        enum extractor extractor;
    } known[] = {{"Wallclock", TIME_WALLCLOCK},
                 {"Record", TIME_RECORD},
                 {"RecordField", TIME_FIELD},
                 {"TimeBasedPartitioner$WallclockTimestampExtractor", TIME_WALLCLOCK},
                 {"TimeBasedPartitioner$RecordTimestampExtractor", TIME_RECORD},
                 {"TimeBasedPartitioner$RecordFieldTimestampExtractor", TIME_FIELD}};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (simple && !strcmp(known[i].name, simple)) {
            p->extractor = known[i].extractor;
            return 0;
        }
    return err_set(err, ERR_BAD_CONFIG, "Invalid timestamp extractor: %s", name ? name : "null");
}

struct partitioner *partitioner_new(const struct sink_conf *conf, struct kc_error *err) {
    struct partitioner *p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    p->delim = conf->directory_delim;
    p->timestamp_field = conf->timestamp_field;
    p->tombstones = conf->on_null && !strcasecmp(conf->on_null, "write");
    p->tombstone = conf->tombstone_partition;
    p->fields = conf->partition_fields;
    p->affix = !strcmp(conf->affix, "PREFIX")   ? AFFIX_PREFIX
               : !strcmp(conf->affix, "SUFFIX") ? AFFIX_SUFFIX
                                                : AFFIX_NONE;
    if (sink_class_is(conf->partitioner_class, "FieldPartitioner"))
        p->kind = KIND_FIELD;
    else if (!sink_class_is(conf->partitioner_class, "DefaultPartitioner"))
        p->kind = KIND_TIME;
    if (p->kind == KIND_TIME &&
        (start_time(p, conf, err) < 0 || start_extractor(p, conf->timestamp_extractor, err) < 0))
        return partitioner_free(p);
    return p;
}

struct partitioner *partitioner_free(struct partitioner *p) {
    if (p) {
        zone_free(p->zone);
        time_format_free(p->format);
        free(p);
    }
    return NULL;
}

bool partitioner_time_based(const struct partitioner *p) {
    return p->kind == KIND_TIME;
}

bool partitioner_constant(const struct partitioner *p) {
    return p->kind == KIND_DEFAULT && p->affix == AFFIX_NONE && !p->tombstones;
}

const char *partitioner_record_text(const struct kc_record *r) {
    static _Thread_local char text[512];
    snprintf(text, sizeof(text), "SinkRecord{kafkaOffset=%lld, topic='%s', kafkaPartition=%d} ", (long long)r->offset,
             r->topic, r->partition);
    return text;
}

/* ---- Fields ------------------------------------------------------------------------------------------------------ */

static int encoding_failed(struct kc_error *err) {
    return kc_fail(err, PARTITION_EXCEPTION, "Error encoding partition.");
}

/* Walks `path` (names with dots) down structs. *ret_value is null when a parent is. */
static int struct_field(const struct kc_value *value, const char *path, const struct kc_schema **ret_schema,
                        struct kc_value *ret_value, struct kc_error *err) {
    const struct kc_schema *schema = value->st->schema;
    struct kc_value v = *value;
    char name[256];
    for (const char *p = path;; p++) {
        size_t len = strcspn(p, ".");
        snprintf(name, sizeof(name), "%.*s", (int)len, p);
        const struct kc_field *field = schema->type == KC_STRUCT ? kc_schema_field(schema, name) : NULL;
        if (!field)
            return kc_fail(err, KC_DATA_EXCEPTION, "Field '%s' is not present in the schema.", name);
        v = v.tag == KC_V_STRUCT ? v.st->fields[field->index] : kc_null();
        schema = field->schema;
        p += len;
        if (!*p)
            break;
    }
    *ret_schema = schema;
    *ret_value = v;
    return 0;
}

static int encode_field(const struct kc_record *r, const char *path, struct buf *out, struct kc_error *err) {
    const struct kc_schema *schema;
    struct kc_value v;
    if (r->value.tag != KC_V_STRUCT)
        return encoding_failed(err);
    if (struct_field(&r->value, path, &schema, &v, err) < 0)
        return -1;
    int rc = buf_printf(out, "%s=", path);
    switch (v.tag) {
    case KC_V_NULL:
        rc |= buf_add_text(out, "null");
        break;
    case KC_V_INT8:
    case KC_V_INT16:
    case KC_V_INT32:
    case KC_V_INT64:
        rc |= buf_printf(out, "%lld", (long long)v.i);
        break;
    case KC_V_STRING:
        rc |= buf_add(out, v.s, v.len);
        break;
    case KC_V_BOOLEAN:
        rc |= buf_add_text(out, v.b ? "true" : "false");
        break;
    default:
        return encoding_failed(err);
    }
    return rc ? encoding_failed(err) : 0;
}

/* ---- Times ------------------------------------------------------------------------------------------------------- */

static int no_field(const char *field, struct kc_error *err) {
    return kc_fail(err, KC_DATA_EXCEPTION, "The field '%s' does not exist.", field);
}

static int no_time(const char *field, struct kc_error *err) {
    return kc_fail(err, PARTITION_EXCEPTION, "Error extracting timestamp from record field: %s", field);
}

static int time_of_text(const struct kc_value *v, const char *field, int64_t *ret_ms, struct kc_error *err) {
    size_t sign = v->len && v->s[0] == '-', n = sign;
    while (n < v->len && v->s[n] >= '0' && v->s[n] <= '9')
        n++;
    if (n == v->len && n > sign && n - sign <= 19) {
        char text[24];
        snprintf(text, sizeof(text), "%.*s", (int)v->len, v->s);
        *ret_ms = strtoll(text, NULL, 10);
        return 0;
    }
    if (time_parse_iso(v->s, v->len, ret_ms))
        return 0;
    return kc_fail(err, "java.lang.IllegalArgumentException", "Invalid format: \"%.*s\" in field %s",
                   (int)(v->len < 200 ? v->len : 200), v->s, field);
}

static int time_of_value(const struct kc_value *v, bool schemaless, const char *field, int64_t *ret_ms,
                         struct kc_error *err) {
    switch (v->tag) {
    case KC_V_NULL:
        return no_field(field, err);
    case KC_V_INT32:
    case KC_V_INT64:
    case KC_V_DATE:
        *ret_ms = v->i;
        return 0;
    case KC_V_INT8:
    case KC_V_INT16:
        *ret_ms = v->i;
        return schemaless ? 0 : no_time(field, err);
    case KC_V_FLOAT32:
    case KC_V_FLOAT64: /* Number.longValue() */
        if (!schemaless || !(v->f > -9.2e18 && v->f < 9.2e18))
            return no_time(field, err);
        *ret_ms = (int64_t)v->f;
        return 0;
    case KC_V_STRING:
        return time_of_text(v, field, ret_ms, err);
    default:
        return no_time(field, err);
    }
}

/* A whole name may contain dots in a map; then it is a path. */
static const struct kc_value *map_field(struct kc_arena *arena, const struct kc_value *map, const char *path) {
    static _Thread_local struct kc_value open;
    open = kc_json_open(arena, *map);
    if (open.tag != KC_V_MAP)
        return NULL;
    const struct kc_value *found = kc_map_get(&open, path);
    for (const char *p = path; !found; p++) {
        size_t len = strcspn(p, ".");
        char name[256];
        snprintf(name, sizeof(name), "%.*s", (int)len, p);
        const struct kc_value *step = kc_map_get(&open, name);
        p += len;
        if (!step || !*p)
            return step;
        open = kc_json_open(arena, *step);
        if (open.tag != KC_V_MAP)
            return NULL;
    }
    return found;
}

static int time_of_field(const struct partitioner *p, struct kc_arena *arena, const struct kc_record *r,
                         int64_t *ret_ms, struct kc_error *err) {
    const char *field = p->timestamp_field;
    if (r->value.tag == KC_V_STRUCT) {
        const struct kc_schema *schema;
        struct kc_value v;
        struct kc_error ignored;
        if (struct_field(&r->value, field, &schema, &v, &ignored) < 0)
            return no_field(field, err);
        return time_of_value(&v, false, field, ret_ms, err);
    }
    if (r->value.tag == KC_V_MAP || r->value.tag == KC_V_JSON) {
        const struct kc_value *v = map_field(arena, &r->value, field);
        return v ? time_of_value(v, true, field, ret_ms, err) : no_field(field, err);
    }
    return kc_fail(err, PARTITION_EXCEPTION, "Error encoding partition.");
}

int partitioner_time(const struct partitioner *p, struct kc_arena *arena, const struct kc_record *r, int64_t now_ms,
                     int64_t *ret_ms, struct kc_error *err) {
    bool tombstone = r->value.tag == KC_V_NULL;
    if (p->extractor == TIME_FIELD && !tombstone)
        return time_of_field(p, arena, r, ret_ms, err);
    if (p->extractor == TIME_WALLCLOCK && !(tombstone && p->tombstones)) {
        *ret_ms = now_ms;
        return 0;
    }
    if (r->timestamp == KC_NO_TIMESTAMP)
        return kc_fail(err, PARTITION_EXCEPTION,
                       "Unable to determine timestamp using timestamp.extractor %s for record: %s",
                       "io.confluent.connect.storage.partitioner.TimeBasedPartitioner$RecordTimestampExtractor",
                       partitioner_record_text(r));
    *ret_ms = r->timestamp;
    return 0;
}

/* ---- Directories ------------------------------------------------------------------------------------------------- */

static int encode_time(const struct partitioner *p, int64_t time_ms, struct buf *out, struct kc_error *err) {
    int64_t local = time_ms + zone_offset_ms(p->zone, time_ms);
    int64_t bucket = zone_to_utc(p->zone, local / p->duration_ms * p->duration_ms);
    return time_format_write(p->format, p->zone, bucket, out) < 0 ? encoding_failed(err) : 0;
}

static int encode_plain(const struct partitioner *p, const struct kc_record *r, int64_t time_ms, struct buf *out,
                        struct kc_error *err) {
    if (p->kind == KIND_DEFAULT)
        return buf_printf(out, "partition=%d", r->partition) < 0 ? encoding_failed(err) : 0;
    if (p->kind == KIND_TIME)
        return encode_time(p, time_ms, out, err);
    for (size_t i = 0; i < p->fields.count; i++)
        if ((i && buf_add_text(out, p->delim) < 0) || encode_field(r, p->fields.items[i], out, err) < 0)
            return -1;
    return 0;
}

int partitioner_encode(const struct partitioner *p, const struct kc_record *r, int64_t time_ms, struct buf *out,
                       struct kc_error *err) {
    if (p->tombstones && r->value.tag == KC_V_NULL)
        return buf_add_text(out, p->tombstone) < 0 ? encoding_failed(err) : 0;
    const char *name = r->value_schema && r->value_schema->name ? r->value_schema->name : "null";
    if (p->affix == AFFIX_PREFIX && buf_printf(out, AFFIX "%s%s", name, p->delim) < 0)
        return encoding_failed(err);
    if (encode_plain(p, r, time_ms, out, err) < 0)
        return -1;
    if (p->affix == AFFIX_SUFFIX && buf_printf(out, "%s" AFFIX "%s", p->delim, name) < 0)
        return encoding_failed(err);
    return 0;
}
