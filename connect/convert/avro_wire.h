/* Reading Avro's binary form, piece by piece. Nothing that the bytes claim is believed before it is there: lengths end
 * with the data, counts of elements that take bytes do too, and the others have a limit of their own. */
#ifndef CONNECT_CONVERT_AVRO_WIRE_H
#define CONNECT_CONVERT_AVRO_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "connect/plugin.h"

/* Elements and fields that take no bytes (nulls, empty records) in one message. */
enum { AVRO_MAX_EMPTY_ELEMENTS = 1 << 20 };

struct avro_input {
    const uint8_t *start, *p, *end;
    unsigned depth; /* of the value that is being read; kept by whoever reads it */
    uint32_t empty_elements;
    struct kc_error *err;
};

struct avro_input avro_input_of(const void *data, size_t len, struct kc_error *err);
/* SerializationException with the place; returns -1. */
int avro_bad(struct avro_input *in, const char *what);

/* Each one moves on. @errors SerializationException */
int avro_get_long(struct avro_input *in, int64_t *ret) KC_CHECKED;
int avro_get_int(struct avro_input *in, int64_t *ret) KC_CHECKED; /* fits 32 bits */
int avro_get_raw(struct avro_input *in, size_t len, const uint8_t **ret) KC_CHECKED;
int avro_get_sized(struct avro_input *in, const uint8_t **ret, size_t *ret_len) KC_CHECKED; /* bytes or a string */
int avro_get_float(struct avro_input *in, bool wide, double *ret) KC_CHECKED;               /* 4 or 8 bytes */
/* The count of an array's or map's next block, 0 at the end. `least` bytes are needed by each element. */
int avro_get_block(struct avro_input *in, uint32_t least, uint32_t so_far, uint32_t *ret_count) KC_CHECKED;
/* Counts fields that may take no bytes. */
int avro_count_empty(struct avro_input *in, uint32_t count) KC_CHECKED;

#endif
