/* Records of a source that a transform or converter refused, or that Kafka did not take: the log and, beyond Java, the
 * dead letter queue. A dead letter is the record as the connector gave it, before any transform, made to bytes by the
 * connector's converters; a key or value (or header) that cannot be converted goes as it is when it is bytes, else as
 * JSON text. Nothing here is done while records are good but keeping a copy of the record structs, and that only when
 * a report would show them. */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/task/report.h"
#include "connect/task/source_task.h"

int source_errors_init(struct source_task *s, struct kc_error *err) {
    const char *topic = s->task->conf.dlq_topic;
    if (topic && *topic)
        s->dlq = dlq_new(s->task, err);
    return topic && *topic && !s->dlq ? -1 : 0;
}

void source_errors_done(struct source_task *s) {
    s->dlq = dlq_free(s->dlq);
}

bool source_errors_safe(const struct source_task *s, int64_t timeout_ms) {
    return !s->dlq || dlq_wait(s->dlq, timeout_ms);
}

/* Transforms replace what a record points to, converters write into its headers: those are kept apart. */
void source_errors_keep(struct source_task *s) {
    const struct kc_batch *batch = &s->current->batch;
    s->originals = NULL;
    if (!s->dlq && !(s->task->conf.errors_log && s->task->conf.errors_log_messages))
        return;
    s->originals = kc_arena_alloc(batch->arena, batch->count * sizeof *s->originals);
    memcpy(s->originals, batch->records, batch->count * sizeof *s->originals);
    for (uint32_t i = 0; i < batch->count; i++) {
        struct kc_record *r = &s->originals[i];
        if (!r->header_count)
            continue;
        struct kc_header *headers = kc_arena_alloc(batch->arena, r->header_count * sizeof *headers);
        r->headers = memcpy(headers, r->headers, r->header_count * sizeof *headers);
    }
}

/* ---- The record as bytes ---- */

static struct kc_value json_of(struct kc_arena *arena, const struct kc_value *v) {
    if (v->tag == KC_V_NULL || v->tag == KC_V_BYTES)
        return *v;
    size_t len;
    const char *text = kc_value_to_json(arena, v, &len);
    return kc_bytes(text, len);
}

/* The key or value by its converter, for the topic that receives it. */
static struct kc_value bytes_of(struct source_task *s, struct kc_arena *arena, const struct kc_record *record,
                                bool is_key) {
    const struct converter *conv = is_key ? &s->task->converters.key : &s->task->converters.value;
    struct kc_record copy = *record;
    struct kc_batch one = {.arena = arena, .records = &copy, .count = 1, .capacity = 1};
    struct kc_error ignored = {0};
    copy.dropped = copy.skipped = false;
    copy.topic = s->task->conf.dlq_topic;
    if (conv->plugin->converter->from_connect(conv->self, &one, 0, is_key, &ignored) == 1)
        return is_key ? copy.key : copy.value;
    return json_of(arena, is_key ? &record->key : &record->value);
}

static struct kc_value header_bytes(struct source_task *s, struct kc_arena *arena, const struct kc_header *header) {
    const struct converter *conv = &s->task->converters.header;
    struct kc_value bytes = kc_null();
    struct kc_error ignored = {0};
    if (conv->plugin->header_converter->from_connect(conv->self, arena, s->task->conf.dlq_topic, header, &bytes,
                                                     &ignored) == 0)
        return bytes;
    return json_of(arena, &header->value);
}

static void set_bytes(const struct kc_value *v, const void **ret_data, size_t *ret_len) {
    *ret_data = v->tag == KC_V_NULL ? NULL : v->len ? (const void *)v->bytes : "";
    *ret_len = v->tag == KC_V_NULL ? 0 : v->len;
}

/* `written`: key, value and headers are bytes already. */
static void send_letter(struct source_task *s, struct kc_arena *arena, const struct kc_record *record, bool written,
                        const char *partition, const struct failure *failure) {
    struct kc_value key = written ? record->key : bytes_of(s, arena, record, true);
    struct kc_value value = written ? record->value : bytes_of(s, arena, record, false);
    size_t len;
    struct dead_letter letter = {
        .topic = record->topic,
        .partition = record->partition,
        .timestamp = record->timestamp < 0 ? KC_NO_TIMESTAMP : record->timestamp,
        .of_source = true,
        .source_partition = partition,
        .source_offset =
            record->source_offset.tag == KC_V_NULL ? NULL : kc_value_to_json(arena, &record->source_offset, &len),
    };
    set_bytes(&key, &letter.key, &letter.key_len);
    set_bytes(&value, &letter.value, &letter.value_len);
    if (record->header_count)
        letter.headers = rd_kafka_headers_new(record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        struct kc_value bytes = written ? record->headers[i].value : header_bytes(s, arena, &record->headers[i]);
        const void *data;
        set_bytes(&bytes, &data, &len);
        rd_kafka_header_add(letter.headers, record->headers[i].key, -1, data, (ssize_t)len);
    }
    dlq_send(s->dlq, &letter, failure);
    if (letter.headers)
        rd_kafka_headers_destroy(letter.headers);
}

/* ---- Reports ---- */

/* The source partition as JSON: what follows the connector's name in its key ["name",{…}]. NULL: none */
static const char *partition_text(struct kc_arena *arena, const struct kc_record *record) {
    const struct kc_source_partition *part = record->source_partition;
    if (!part || part->key_len < 2)
        return NULL;
    const char *p = part->key + 1, *end = part->key + part->key_len - 1; /* without the brackets */
    bool quoted = false;
    for (; p < end && (quoted || *p != ','); p++) {
        if (*p == '\\' && quoted)
            p++;
        else if (*p == '"')
            quoted = !quoted;
    }
    return p < end ? kc_arena_copy(arena, p + 1, (size_t)(end - p - 1)) : NULL;
}

void source_report(void *arg, const struct kc_batch *batch, uint32_t index, const struct failure *failure) {
    struct task *t = arg;
    struct source_task *s = t->kind;
    bool written = failure->stage == STAGE_KAFKA_PRODUCE; /* perhaps of an earlier batch */
    const struct kc_record *record = !written && s->originals ? &s->originals[index] : &batch->records[index];
    struct kc_error shown = *failure->err;
    struct failure told = {failure->stage, failure->class_name, &shown};
    task_conceal(t, &shown);
    AUTO(arena) arena = arena_new(0);
    const char *partition = partition_text(arena, record);
    if (t->conf.errors_log)
        report_log_source(t, arena, record, partition, &told);
    if (s->dlq)
        send_letter(s, arena, record, written, partition, &told);
}

void source_where(void *arg, const struct kc_batch *batch, uint32_t index, char *ret_text, size_t size) {
    const struct kc_record *r = &batch->records[index];
    size_t len;
    (void)arg;
    snprintf(ret_text, size, "topic %s, source offset %.300s", r->topic ? r->topic : "null",
             kc_value_to_json(batch->arena, &r->source_offset, &len));
}
