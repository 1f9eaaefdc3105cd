/* One log line per bad record, with what Java says; see report.h. */
#include "connect/task/report.h"

#include <inttypes.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/data/schema.h"

#define LOG_REPORTER "org.apache.kafka.connect.runtime.errors.LogReporter"

enum { LINE_MAX_BYTES = 64 * 1024 };

static void begin(struct buf *line, const struct task *t, const struct failure *failure) {
    buf_init(line, LINE_MAX_BYTES);
    buf_printf(line, "Error encountered in task %s-%d. Executing stage '%s' with class '%s'", t->connector, t->number,
               error_stage_name(failure->stage), failure->class_name);
}

static void end(struct buf *line, struct task *t, const struct failure *failure) {
    AUTO_TEXT trace = err_trace(failure->err);
    kc_log(KC_ERROR, LOG_REPORTER, "%s.\n%s", buf_text(line), trace);
    error_counts_add(&t->tolerance.counts, COUNT_ERRORS_LOGGED);
}

void report_log_consumed(struct task *t, const struct dead_letter *letter, bool log_append_time,
                         const struct failure *failure) {
    AUTO_BUF line;
    begin(&line, t, failure);
    if (t->conf.errors_log_messages) {
        buf_printf(&line, ", where consumed record is {topic='%s', partition=%" PRId32 ", offset=%" PRId64,
                   letter->topic, letter->partition, letter->offset);
        if (letter->timestamp != KC_NO_TIMESTAMP)
            buf_printf(&line, ", timestamp=%" PRId64 ", timestampType=%s", letter->timestamp,
                       log_append_time ? "LogAppendTime" : "CreateTime");
        buf_add_char(&line, '}');
    }
    end(&line, t, failure);
}

static void add_value(struct buf *line, struct kc_arena *arena, const char *name, const struct kc_value *v) {
    size_t len;
    const char *text = kc_value_to_text(arena, v, &len);
    buf_printf(line, ", %s=", name);
    buf_add(line, text, len);
}

static void add_pair(struct buf *line, struct kc_arena *arena, const char *name, const struct kc_schema *schema,
                     const struct kc_value *v) {
    add_value(line, arena, name, v);
    buf_printf(line, ", %sSchema=", name);
    schema_text(line, schema);
}

static void add_headers(struct buf *line, struct kc_arena *arena, const struct kc_record *record) {
    buf_add_text(line, ", headers=ConnectHeaders(headers=");
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct kc_header *h = &record->headers[i];
        buf_printf(line, "%sConnectHeader(key=%s", i ? ", " : "[", h->key);
        add_value(line, arena, "value", &h->value);
        buf_add_text(line, ", schema=");
        schema_text(line, h->schema);
        buf_add_char(line, ')');
    }
    buf_add_text(line, record->header_count ? "])" : ")");
}

/* @source SourceRecord.toString */
static void add_source_record(struct buf *line, struct kc_arena *arena, const struct kc_record *record,
                              const char *partition) {
    struct kc_value map = kc_null();
    if (partition && kc_value_from_json(arena, partition, strlen(partition), &map, /* err= */ NULL) < 0)
        map = kc_string(partition);
    size_t len;
    const char *text = kc_value_to_text(arena, &map, &len);
    buf_add_text(line, "SourceRecord{sourcePartition=");
    buf_add(line, text, len);
    add_value(line, arena, "sourceOffset", &record->source_offset);
    buf_printf(line, "} ConnectRecord{topic='%s', kafkaPartition=", record->topic ? record->topic : "null");
    if (record->partition >= 0)
        buf_printf(line, "%" PRId32, record->partition);
    else
        buf_add_text(line, "null");
    add_pair(line, arena, "key", record->key_schema, &record->key);
    add_pair(line, arena, "value", record->value_schema, &record->value);
    if (record->timestamp != KC_NO_TIMESTAMP)
        buf_printf(line, ", timestamp=%" PRId64, record->timestamp);
    else
        buf_add_text(line, ", timestamp=null");
    add_headers(line, arena, record);
    buf_add_char(line, '}');
}

void report_log_source(struct task *t, struct kc_arena *arena, const struct kc_record *record, const char *partition,
                       const struct failure *failure) {
    AUTO_BUF line;
    begin(&line, t, failure);
    if (t->conf.errors_log_messages) {
        buf_add_text(&line, ", where source record is = ");
        add_source_record(&line, arena, record, partition);
    }
    end(&line, t, failure);
}
