/* See avro_wire.h. @source org.apache.avro.io.BinaryDecoder */
#include "connect/convert/avro_wire.h"

#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/registry.h"

struct avro_input avro_input_of(const void *data, size_t len, struct kc_error *err) {
    const uint8_t *bytes = data;
    return (struct avro_input){.start = bytes, .p = bytes, .end = bytes + len, .err = err};
}

int avro_bad(struct avro_input *in, const char *what) {
    return err_set_class(in->err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION,
                         "Error deserializing Avro message: %s (byte %zu of %zu)", what, (size_t)(in->p - in->start),
                         (size_t)(in->end - in->start));
}

static size_t left(const struct avro_input *in) {
    return (size_t)(in->end - in->p);
}

int avro_get_long(struct avro_input *in, int64_t *ret) {
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->p == in->end)
            return avro_bad(in, "the data ends within a number");
        uint8_t b = *in->p++;
        n |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            *ret = (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
            return 0;
        }
    }
    return avro_bad(in, "Invalid long encoding");
}

int avro_get_int(struct avro_input *in, int64_t *ret) {
    int64_t n;
    if (avro_get_long(in, &n) < 0)
        return -1;
    if (n < INT32_MIN || n > INT32_MAX)
        return avro_bad(in, "Invalid int encoding");
    *ret = n;
    return 0;
}

int avro_get_raw(struct avro_input *in, size_t len, const uint8_t **ret) {
    if (left(in) < len)
        return avro_bad(in, "the data ends within a value");
    *ret = in->p;
    in->p += len;
    return 0;
}

int avro_get_sized(struct avro_input *in, const uint8_t **ret, size_t *ret_len) {
    int64_t len;
    if (avro_get_long(in, &len) < 0)
        return -1;
    if (len < 0)
        return avro_bad(in, "Malformed data. Length is negative");
    if ((uint64_t)len > left(in) || len > INT32_MAX)
        return avro_bad(in, "the data ends within a value");
    *ret_len = (size_t)len;
    return avro_get_raw(in, (size_t)len, ret);
}

int avro_get_float(struct avro_input *in, bool wide, double *ret) {
    const uint8_t *bytes = NULL;
    float narrow;
    uint64_t bits = 0; /* little endian on the wire, whatever this machine is */
    unsigned size = wide ? sizeof(double) : sizeof(float);
    if (avro_get_raw(in, size, &bytes) < 0)
        return -1;
    for (unsigned i = 0; i < size; i++)
        bits |= (uint64_t)bytes[i] << (8 * i);
    uint32_t low = (uint32_t)bits;
    memcpy(&narrow, &low, sizeof(narrow));
    *ret = (double)narrow;
    if (wide)
        memcpy(ret, &bits, sizeof(*ret));
    return 0;
}

int avro_count_empty(struct avro_input *in, uint32_t count) {
    if (count > AVRO_MAX_EMPTY_ELEMENTS - in->empty_elements)
        return avro_bad(in, "too many values that take no bytes");
    in->empty_elements += count;
    return 0;
}

int avro_get_block(struct avro_input *in, uint32_t least, uint32_t so_far, uint32_t *ret_count) {
    int64_t count, ignored;
    if (avro_get_long(in, &count) < 0)
        return -1;
    if (count == INT64_MIN)
        return avro_bad(in, "Malformed data. Block count is out of range");
    if (count < 0) {
        count = -count;
        if (avro_get_long(in, &ignored) < 0) /* the size of the block, for those that skip it */
            return -1;
    }
    if (!least) {
        if (count > AVRO_MAX_EMPTY_ELEMENTS - (int64_t)in->empty_elements)
            return avro_bad(in, "too many elements that take no bytes");
        in->empty_elements += (uint32_t)count;
    } else if ((uint64_t)count > left(in) / least) {
        return avro_bad(in, "the data ends within an array or map");
    }
    if ((uint64_t)count + so_far > INT32_MAX)
        return avro_bad(in, "an array or map is too large");
    *ret_count = (uint32_t)count;
    return 0;
}
