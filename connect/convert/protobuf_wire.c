/* Tags, varints and lengths of Protobuf's binary format. Nothing is allocated but what goes to a buffer. */
#include "connect/convert/protobuf_wire.h"

#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/protobuf_schema.h"

int protobuf_wire_error(struct kc_error *err, const char *text) {
    return err_set_class(err, ERR_BAD_DATA, "com.google.protobuf.InvalidProtocolBufferException", "%s", text);
}

int protobuf_truncated(struct kc_error *err) {
    return protobuf_wire_error(
        err,
        "While parsing a protocol message, the input ended unexpectedly in the middle of a field.  This could mean "
        "either that the input has been truncated or that an embedded message misreported its own length.");
}

int protobuf_too_deep(struct kc_error *err) {
    return protobuf_wire_error(
        err, "Protocol message had too many levels of nesting.  May be malicious.  Use setRecursionLimit() to increase "
             "the recursion depth limit.");
}

/* ---- reading ---- */

int protobuf_read_long_varint(struct protobuf_input *in, uint64_t *ret) {
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->at >= in->end)
            return protobuf_truncated(in->err);
        uint8_t byte = *in->at++;
        n |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret = n;
            return 0;
        }
    }
    return protobuf_wire_error(in->err, "CodedInputStream encountered a malformed varint.");
}

int protobuf_read_tag(struct protobuf_input *in, struct protobuf_tag *ret_tag) {
    uint64_t tag;
    if (protobuf_read_varint(in, &tag) < 0)
        return -1;
    uint32_t low = (uint32_t)tag;
    if (low >> 3 == 0)
        return protobuf_wire_error(in->err, "Protocol message contained an invalid tag (zero).");
    if ((low & 7) > PROTOBUF_WIRE_32)
        return err_set_class(in->err, ERR_BAD_DATA,
                             "com.google.protobuf.InvalidProtocolBufferException$InvalidWireTypeException",
                             "Protocol message tag had invalid wire type.");
    *ret_tag = (struct protobuf_tag){.number = (int32_t)(low >> 3), .wire = low & 7};
    return 0;
}

int protobuf_read_fixed(struct protobuf_input *in, unsigned size, uint64_t *ret) {
    if ((size_t)(in->end - in->at) < size)
        return protobuf_truncated(in->err);
    uint64_t bits = 0;
    for (unsigned i = 0; i < size; i++)
        bits |= (uint64_t)in->at[i] << (8 * i);
    in->at += size;
    *ret = bits;
    return 0;
}

int protobuf_read_bytes(struct protobuf_input *in, struct protobuf_input *ret_bytes) {
    uint64_t len;
    if (protobuf_read_varint(in, &len) < 0)
        return -1;
    if ((int32_t)len < 0)
        return protobuf_wire_error(
            in->err, "CodedInputStream encountered an embedded string or message which claimed to have negative size.");
    if ((uint32_t)len > (size_t)(in->end - in->at))
        return protobuf_truncated(in->err);
    *ret_bytes = (struct protobuf_input){.at = in->at, .end = in->at + (uint32_t)len, .err = in->err};
    in->at = ret_bytes->end;
    return 0;
}

static int skip_value(struct protobuf_input *in, enum protobuf_wire wire) {
    struct protobuf_input bytes;
    uint64_t ignored;
    switch (wire) {
    case PROTOBUF_WIRE_VARINT:
        return protobuf_read_varint(in, &ignored);
    case PROTOBUF_WIRE_64:
        return protobuf_read_fixed(in, 8, &ignored);
    case PROTOBUF_WIRE_32:
        return protobuf_read_fixed(in, 4, &ignored);
    default:
        return protobuf_read_bytes(in, &bytes);
    }
}

int protobuf_skip(struct protobuf_input *in, struct protobuf_tag tag) {
    int32_t open[PROTOBUF_MAX_NESTING]; /* numbers of the groups around */
    int depth = 0;
    for (;;) {
        if (tag.wire == PROTOBUF_WIRE_GROUP) {
            if (depth == PROTOBUF_MAX_NESTING)
                return protobuf_too_deep(in->err);
            open[depth++] = tag.number;
        } else if (tag.wire == PROTOBUF_WIRE_END_GROUP) {
            if (depth == 0 || open[--depth] != tag.number)
                return protobuf_wire_error(in->err, "Protocol message end-group tag did not match expected tag.");
        } else if (skip_value(in, tag.wire) < 0) {
            return -1;
        }
        if (depth == 0)
            return 0;
        if (protobuf_read_tag(in, &tag) < 0)
            return -1;
    }
}

/* ---- writing ---- */

size_t protobuf_varint_size(uint64_t n) {
    size_t size = 1;
    for (; n > 0x7F; n >>= 7)
        size++;
    return size;
}

int protobuf_add_varint(struct buf *out, uint64_t n) {
    uint8_t bytes[10];
    size_t len = 0;
    for (; n > 0x7F; n >>= 7)
        bytes[len++] = (uint8_t)(0x80 | (n & 0x7F));
    bytes[len++] = (uint8_t)n;
    return buf_add(out, bytes, len);
}

int protobuf_add_tag(struct buf *out, int32_t number, enum protobuf_wire wire) {
    return protobuf_add_varint(out, (uint32_t)number << 3 | wire);
}

int protobuf_add_fixed(struct buf *out, unsigned size, uint64_t bits) {
    uint8_t bytes[8];
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    return buf_add(out, bytes, size);
}
