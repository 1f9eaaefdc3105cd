/* Puts the record's timestamp into the topic name.
 * @source org.apache.kafka.connect.transforms.TimestampRouter (transforms 4.15) */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/buf.h"
#include "connect/data/date_format.h"
#include "connect/data/schema.h"
#include "connect/data/value_text.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"

enum { TOPIC_TEXT_MAX = 64 * 1024 };

struct timestamp_router_conf {
    const char *topic_format, *timestamp_format;
};

static const struct kc_option timestamp_router_options[] = {
    OPT_STRING("topic.format", struct timestamp_router_conf, topic_format, .def = "${topic}-${timestamp}",
               .importance = KC_HIGH,
               .doc = "Format string which can contain ${topic} and ${timestamp} as placeholders for the topic and "
                      "timestamp, respectively."),
    OPT_STRING("timestamp.format", struct timestamp_router_conf, timestamp_format, .def = "yyyyMMdd",
               .importance = KC_HIGH,
               .doc = "Format string for the timestamp that is compatible with java.text.SimpleDateFormat."),
    KC_OPTION_END,
};

struct timestamp_router {
    const struct timestamp_router_conf *conf;
    struct date_format *format; /* NULL: the pattern is wrong, which Java notices at the first record */
    struct buf date, last_date, half, whole;
    /* The last topic and what came out, within one batch: records come in runs of one topic and one hour or day. */
    const char *last_topic, *last_routed;
};

static int timestamp_router_new(const struct kc_config *config, const void *conf, void **ret_self,
                                struct kc_error *err) {
    (void)config, (void)err;
    struct timestamp_router *t = transform_alloc(sizeof *t);
    t->conf = conf;
    t->format = date_format_new(t->conf->timestamp_format, NULL);
    buf_init(&t->date, TOPIC_TEXT_MAX);
    buf_init(&t->last_date, TOPIC_TEXT_MAX);
    buf_init(&t->half, TOPIC_TEXT_MAX);
    buf_init(&t->whole, TOPIC_TEXT_MAX);
    *ret_self = t;
    return 0;
}

static void timestamp_router_close(void *self) {
    struct timestamp_router *t = self;
    date_format_free(t->format);
    buf_done(&t->date);
    buf_done(&t->last_date);
    buf_done(&t->half);
    buf_done(&t->whole);
    free(t);
}

/* ---- The error about a record without timestamp ------------------------------------------------------------------ */

static void add_side(struct buf *out, const char *name, const struct kc_value *v, const struct kc_schema *schema) {
    buf_printf(out, ", %s=", name);
    value_text(out, v);
    buf_printf(out, ", %sSchema=", name);
    if (schema)
        schema_text(out, schema);
    else
        buf_add_text(out, "null");
}

static void add_headers(struct buf *out, const struct kc_record *r) {
    for (uint32_t i = 0; i < r->header_count; i++) {
        const struct kc_header *h = &r->headers[i];
        buf_printf(out, "%sConnectHeader(key=%s, value=", i ? ", " : "[", h->key);
        value_text(out, &h->value);
        buf_add_text(out, ", schema=");
        if (h->schema)
            schema_text(out, h->schema);
        else
            buf_add_text(out, "null");
        buf_add_char(out, ')');
    }
    buf_add_text(out, r->header_count ? "]" : "");
}

/* The record as Java's toString shows it, as far as an error text has room. */
static int no_timestamp(const struct kc_record *r, struct kc_error *err) {
    AUTO_BUF out;
    buf_init(&out, KC_ERROR_TEXT);
    if (r->original_topic)
        buf_printf(&out,
                   "SinkRecord{kafkaOffset=%" PRId64 ", timestampType=%s, originalTopic=%s, originalKafkaPartition=%d, "
                   "originalKafkaOffset=%" PRId64 "} ",
                   r->offset, r->log_append_time ? "LogAppendTime" : "CreateTime", r->original_topic,
                   (int)r->original_partition, r->offset);
    else {
        buf_add_text(&out, "SourceRecord{sourceOffset=");
        value_text(&out, &r->source_offset);
        buf_add_text(&out, "} ");
    }
    buf_printf(&out, "ConnectRecord{topic='%s', kafkaPartition=", r->topic ? r->topic : "null");
    if (r->partition < 0)
        buf_add_text(&out, "null");
    else
        buf_printf(&out, "%d", (int)r->partition);
    add_side(&out, "key", &r->key, r->key_schema);
    add_side(&out, "value", &r->value, r->value_schema);
    buf_add_text(&out, ", timestamp=null, headers=ConnectHeaders(headers=");
    add_headers(&out, r);
    buf_add_text(&out, ")}");
    return kc_fail(err, KC_DATA_EXCEPTION, "Timestamp missing on record: %s", buf_text(&out));
}

/* ---- Names ------------------------------------------------------------------------------------------------------- */

static void replace_all(struct buf *out, const char *text, const char *what, const char *by) {
    buf_clear(out);
    for (const char *found; (found = strstr(text, what)); text = found + strlen(what)) {
        buf_add(out, text, (size_t)(found - text));
        buf_add_text(out, by);
    }
    buf_add_text(out, text);
}

static int route(struct timestamp_router *t, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    replace_all(&t->half, t->conf->topic_format, "${topic}", r->topic);
    replace_all(&t->whole, buf_text(&t->half), "${timestamp}", buf_text(&t->date));
    if (t->half.failed || t->whole.failed)
        return kc_fail(err, KC_DATA_EXCEPTION, "The new name of topic %s is longer than %d bytes", r->topic,
                       TOPIC_TEXT_MAX);
    t->last_topic = r->topic;
    t->last_routed = kc_arena_copy(arena, buf_text(&t->whole), t->whole.len);
    buf_clear(&t->last_date);
    return buf_add(&t->last_date, buf_text(&t->date), t->date.len);
}

static int timestamp_router(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct timestamp_router *t = self;
    if (r->timestamp == KC_NO_TIMESTAMP)
        return no_timestamp(r, err);
    if (!t->format) {
        date_format_free(date_format_new(t->conf->timestamp_format, err));
        return -1;
    }
    if (!r->topic)
        return kc_fail(err, NULL_POINTER_EXCEPTION, "The record has no topic");
    buf_clear(&t->date);
    if (date_format_text(t->format, r->timestamp, &t->date) < 0)
        return kc_fail(err, KC_DATA_EXCEPTION, "The timestamp as text is longer than %d bytes", TOPIC_TEXT_MAX);
    bool same = r->topic == t->last_topic && t->date.len == t->last_date.len &&
                memcmp(buf_text(&t->date), buf_text(&t->last_date), t->date.len) == 0;
    if (!same && route(t, arena, r, err) < 0)
        return -1;
    r->topic = t->last_routed;
    return 0;
}

static uint32_t timestamp_router_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct timestamp_router *t = self;
    t->last_topic = NULL;
    return transform_each(timestamp_router, self, batch, from, err);
}

static const struct kc_transformation_ops timestamp_router_ops = {
    .configure = timestamp_router_new, .apply = timestamp_router_apply, .close = timestamp_router_close};

TRANSFORM_PLUGIN(transform_timestamp_router, "TimestampRouter", timestamp_router, timestamp_router_ops);
