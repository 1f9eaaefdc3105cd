/* Messages in memory, between Protobuf's bytes and Connect's values: what DynamicMessage is in Java. They live in the
 * arena of a batch. */
#ifndef CONNECT_CONVERT_PROTOBUF_MESSAGE_H
#define CONNECT_CONVERT_PROTOBUF_MESSAGE_H

#include "connect/base/buf.h"
#include "connect/convert/protobuf_schema.h"

enum { PROTOBUF_MAX_DECODED = 256 << 20 }; /* bytes of memory that one payload may take */

/* One value: of a field, or one element of a repeated field. Numbers are 64 bits: signed ones sign-extended, unsigned
 * ones and bool zero-extended, float and double their IEEE bits, enums their number. */
struct protobuf_item {
    bool set;
    uint32_t len; /* bytes of a string, elements of a repeated field */
    union {
        uint64_t bits;
        const char *text; /* string and bytes */
        struct protobuf_node *node;
        struct protobuf_item *items;
    };
};

struct protobuf_node {
    const struct protobuf_message *type;
    struct protobuf_item *fields; /* type->field_count */
};

struct protobuf_node *protobuf_node_new(struct kc_arena *arena, const struct protobuf_message *type);
/* The default of a field that is not repeated; a message gives an empty one. */
struct protobuf_item protobuf_default(struct kc_arena *arena, const struct protobuf_field *field);

/* Reads a whole payload; strings and bytes point into it. Unknown fields and groups are skipped, what comes twice is
 * merged as Protobuf wants it.
 * @errors InvalidProtocolBufferException with Java's text; too large in memory */
int protobuf_decode(struct kc_arena *arena, const struct protobuf_message *type, const void *data, size_t len,
                    struct protobuf_node **ret_node, struct kc_error *err) KC_CHECKED;
/* Writes the fields in the order of their numbers, as Java does. Fails only when the buffer is full. */
int protobuf_encode(struct buf *out, const struct protobuf_node *node) KC_CHECKED;

#endif
