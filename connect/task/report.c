/* One log line per bad record, with what Java says; see report.h. */
#include "connect/task/report.h"

#include <inttypes.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"

#define LOG_REPORTER "org.apache.kafka.connect.runtime.errors.LogReporter"

enum { LINE_MAX_BYTES = 64 * 1024 };

static void begin(struct buf *line, const struct task *t, const struct failure *failure) {
    buf_init(line, LINE_MAX_BYTES);
    buf_printf(line, "Error encountered in task %s-%d. Executing stage '%s' with class '%s'", t->connector, t->number,
               error_stage_name(failure->stage), failure->class_name);
}

static void end(struct buf *line, const struct failure *failure) {
    AUTO_TEXT trace = err_trace(failure->err);
    kc_log(KC_ERROR, LOG_REPORTER, "%s.\n%s", buf_text(line), trace);
}

void report_log_consumed(const struct task *t, const struct dead_letter *letter, bool log_append_time,
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
    end(&line, failure);
}

static void add_value(struct buf *line, struct kc_arena *arena, const char *name, const struct kc_value *v) {
    size_t len;
    const char *text = kc_value_to_json(arena, v, &len);
    buf_printf(line, ", %s=", name);
    buf_add(line, text, len);
}

void report_log_source(const struct task *t, struct kc_arena *arena, const struct kc_record *record,
                       const struct failure *failure) {
    AUTO_BUF line;
    begin(&line, t, failure);
    if (t->conf.errors_log_messages) {
        buf_add_text(&line, ", where source record is = SourceRecord{sourceOffset=");
        size_t len;
        const char *offset = kc_value_to_json(arena, &record->source_offset, &len);
        buf_add(&line, offset, len);
        buf_printf(&line, "} ConnectRecord{topic='%s'", record->topic ? record->topic : "null");
        if (record->partition >= 0)
            buf_printf(&line, ", kafkaPartition=%" PRId32, record->partition);
        add_value(&line, arena, "key", &record->key);
        add_value(&line, arena, "value", &record->value);
        if (record->timestamp != KC_NO_TIMESTAMP)
            buf_printf(&line, ", timestamp=%" PRId64, record->timestamp);
        buf_add_char(&line, '}');
    }
    end(&line, failure);
}
