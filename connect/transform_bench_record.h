/* Records of `kconnectd transform` as JSON, both ways; only transform_bench.c uses it. */
#ifndef CONNECT_TRANSFORM_BENCH_RECORD_H
#define CONNECT_TRANSFORM_BENCH_RECORD_H

#include "connect/base/buf.h"
#include "connect/convert/json.h"
#include "connect/plugin.h"
#include "connect/task/converters.h"

struct bench_format {
    struct json_converter *envelope;     /* reads and writes key and value that have a schema */
    const struct converters *converters; /* those in use … */
    bool key_converted, value_converted; /* … where the connector or worker names one */
    bool source;                         /* records of a source: no converter reads them, they have no offset */
};

/* What the line said about the record's place, for messages. Texts in the arena of the record. */
struct bench_place {
    const char *topic;         /* NULL: none */
    int64_t partition, offset; /* -1: none */
    const char *stage;         /* what failed, as in a task: "VALUE_CONVERTER"; NULL: the line is no record */
};

/* One line of input → record; memory in `arena`.
 * `ret_place` is filled as far as the line was understood.
 * @errors ERR_BAD_REQUEST: no such record; what the converters say */
int bench_record_read(const struct bench_format *format, struct kc_arena *arena, const char *line, size_t len,
                      struct kc_record *ret_record, struct bench_place *ret_place, struct kc_error *err) KC_CHECKED;
/* Appends the record as one line without its end.
 * @errors DataException: JsonConverter could not write it; what was appended stays */
int bench_record_write(const struct bench_format *format, struct kc_arena *arena, const struct kc_record *r,
                       struct buf *out, struct kc_error *err) KC_CHECKED;

#endif
