/* Reads and writes the primitive types of Kafka's non-flexible protocol. A reader never leaves its bytes: after the
 * first thing that does not fit it is `failed` and gives zeros, so a decoder checks once at its end. No allocation. */
#ifndef CONNECT_KAFKA_WIRE_CODEC_H
#define CONNECT_KAFKA_WIRE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connect/base/buf.h"

struct wire_reader {
    const uint8_t *at, *end;
    bool failed;
};

/* Bytes inside the message that is being read; `data` NULL = null. Not NUL-terminated. */
struct wire_bytes {
    const uint8_t *data;
    size_t len;
};

static inline struct wire_reader wire_reader(const void *data, size_t len) {
    const uint8_t *at = len ? data : (const uint8_t *)"";
    return (struct wire_reader){.at = at, .end = at + len};
}
static inline size_t wire_left(const struct wire_reader *r) {
    return (size_t)(r->end - r->at);
}

int8_t wire_read_i8(struct wire_reader *r);
int16_t wire_read_i16(struct wire_reader *r);
int32_t wire_read_i32(struct wire_reader *r);
int64_t wire_read_i64(struct wire_reader *r);
struct wire_bytes wire_read_string(struct wire_reader *r);          /* null is a failure */
struct wire_bytes wire_read_nullable_string(struct wire_reader *r); /* length -1: null */
struct wire_bytes wire_read_bytes(struct wire_reader *r);           /* null is a failure */
struct wire_bytes wire_read_nullable_bytes(struct wire_reader *r);
/* Number of elements, each at least `min_bytes` long, so that a count can never announce more than the message has.
 * null is -1 when `nullable`, else a failure. */
int32_t wire_read_array(struct wire_reader *r, size_t min_bytes, bool nullable);

/* malloc'ed text; NULL when it is null or has a NUL inside. */
char *wire_text(struct wire_bytes b);
bool wire_equal(struct wire_bytes b, const char *text);

/* NULL is written as null by the nullable forms. -1: does not fit. */
int wire_add_string(struct buf *b, const char *s);
int wire_add_nullable_string(struct buf *b, const char *s);
int wire_add_bytes(struct buf *b, const void *data, size_t len);

#endif
