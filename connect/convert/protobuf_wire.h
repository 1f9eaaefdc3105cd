/* Protobuf's binary format: tags, varints, lengths. Messages are read by protobuf_read.c and written by
 * protobuf_emit.c; this is what they stand on.
 * @source com.google.protobuf.CodedInputStream, InvalidProtocolBufferException */
#ifndef CONNECT_CONVERT_PROTOBUF_WIRE_H
#define CONNECT_CONVERT_PROTOBUF_WIRE_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

enum protobuf_wire { /* wire types */
                     PROTOBUF_WIRE_VARINT,
                     PROTOBUF_WIRE_64,
                     PROTOBUF_WIRE_BYTES,
                     PROTOBUF_WIRE_GROUP,
                     PROTOBUF_WIRE_END_GROUP,
                     PROTOBUF_WIRE_32
};

struct protobuf_input {
    const uint8_t *at, *end;
    struct kc_error *err;
};

struct protobuf_tag {
    int32_t number;
    enum protobuf_wire wire;
};

/* Each sets err to an InvalidProtocolBufferException with Java's text and returns -1. */
int protobuf_wire_error(struct kc_error *err, const char *text);
int protobuf_truncated(struct kc_error *err);
int protobuf_too_deep(struct kc_error *err);

int protobuf_read_long_varint(struct protobuf_input *in, uint64_t *ret) KC_CHECKED;
static inline int protobuf_read_varint(struct protobuf_input *in, uint64_t *ret) {
    if (in->at < in->end && *in->at < 0x80) {
        *ret = *in->at++;
        return 0;
    }
    return protobuf_read_long_varint(in, ret);
}
/* @errors truncated, number zero, wire type 6 or 7 */
int protobuf_read_tag(struct protobuf_input *in, struct protobuf_tag *ret_tag) KC_CHECKED;
/* Little-endian. */
int protobuf_read_fixed(struct protobuf_input *in, unsigned size, uint64_t *ret) KC_CHECKED;
/* A length and the bytes behind it, as an input of their own. */
int protobuf_read_bytes(struct protobuf_input *in, struct protobuf_input *ret_bytes) KC_CHECKED;
/* The value behind a tag, groups with all that is in them. */
int protobuf_skip(struct protobuf_input *in, struct protobuf_tag tag) KC_CHECKED;

static inline int64_t protobuf_unzigzag(uint64_t n) {
    return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}
static inline uint64_t protobuf_zigzag(int64_t n) {
    return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63);
}

size_t protobuf_varint_size(uint64_t n);
int protobuf_add_varint(struct buf *out, uint64_t n);
int protobuf_add_tag(struct buf *out, int32_t number, enum protobuf_wire wire);
int protobuf_add_fixed(struct buf *out, unsigned size, uint64_t bits);

#endif
