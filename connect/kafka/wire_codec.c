/* Primitive types of Kafka's protocol; see wire_codec.h. */
#include "connect/kafka/wire_codec.h"

#include <stdlib.h>
#include <string.h>

/* The next `n` bytes, or NULL. */
static const uint8_t *take(struct wire_reader *r, size_t n) {
    if (r->failed || wire_left(r) < n) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *at = r->at;
    r->at += n;
    return at;
}

static uint64_t read_big_endian(struct wire_reader *r, size_t n) {
    const uint8_t *at = take(r, n);
    uint64_t v = 0;
    for (size_t i = 0; at && i < n; i++)
        v = v << 8 | at[i];
    return v;
}

int8_t wire_read_i8(struct wire_reader *r) {
    return (int8_t)read_big_endian(r, 1);
}

int16_t wire_read_i16(struct wire_reader *r) {
    return (int16_t)read_big_endian(r, 2);
}

int32_t wire_read_i32(struct wire_reader *r) {
    return (int32_t)read_big_endian(r, 4);
}

int64_t wire_read_i64(struct wire_reader *r) {
    return (int64_t)read_big_endian(r, 8);
}

static struct wire_bytes read_sized(struct wire_reader *r, int32_t len, bool nullable) {
    struct wire_bytes b = {NULL, 0};
    if (r->failed)
        return b;
    if (len < 0) {
        if (!nullable || len != -1)
            r->failed = true;
        return b;
    }
    b.data = take(r, (size_t)len);
    b.len = b.data ? (size_t)len : 0;
    return b;
}

struct wire_bytes wire_read_string(struct wire_reader *r) {
    return read_sized(r, wire_read_i16(r), false);
}

struct wire_bytes wire_read_nullable_string(struct wire_reader *r) {
    return read_sized(r, wire_read_i16(r), true);
}

struct wire_bytes wire_read_bytes(struct wire_reader *r) {
    return read_sized(r, wire_read_i32(r), false);
}

struct wire_bytes wire_read_nullable_bytes(struct wire_reader *r) {
    return read_sized(r, wire_read_i32(r), true);
}

int32_t wire_read_array(struct wire_reader *r, size_t min_bytes, bool nullable) {
    int32_t count = wire_read_i32(r);
    if (r->failed)
        return 0;
    if (count == -1 && nullable)
        return -1;
    if (count < 0 || (min_bytes && (size_t)count > wire_left(r) / min_bytes)) {
        r->failed = true;
        return 0;
    }
    return count;
}

char *wire_text(struct wire_bytes b) {
    if (!b.data || memchr(b.data, 0, b.len))
        return NULL;
    return strndup((const char *)b.data, b.len);
}

bool wire_equal(struct wire_bytes b, const char *text) {
    return b.data && strlen(text) == b.len && memcmp(b.data, text, b.len) == 0;
}

int wire_add_string(struct buf *b, const char *s) {
    size_t len = strlen(s);
    if (len > INT16_MAX) {
        b->failed = true;
        return -1;
    }
    buf_add_i16(b, (int16_t)len);
    return buf_add(b, s, len);
}

int wire_add_nullable_string(struct buf *b, const char *s) {
    return s ? wire_add_string(b, s) : buf_add_i16(b, -1);
}

int wire_add_bytes(struct buf *b, const void *data, size_t len) {
    if (len > INT32_MAX) {
        b->failed = true;
        return -1;
    }
    buf_add_i32(b, (int32_t)len);
    return buf_add(b, data, len);
}
