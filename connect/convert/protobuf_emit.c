/* Messages in memory to Protobuf bytes, fields in the order of their numbers, as Java writes them: that is what makes
 * equal records equal bytes.
 * @source com.google.protobuf.FieldSet.writeTo, CodedOutputStream */
#include <string.h>

#include "connect/convert/protobuf_message.h"
#include "connect/convert/protobuf_wire.h"

static void put_number(struct buf *out, enum protobuf_type type, uint64_t bits) {
    switch (type) {
    case PROTOBUF_DOUBLE:
    case PROTOBUF_FIXED64:
    case PROTOBUF_SFIXED64:
        protobuf_add_fixed(out, 8, bits);
        break;
    case PROTOBUF_FLOAT:
    case PROTOBUF_FIXED32:
    case PROTOBUF_SFIXED32:
        protobuf_add_fixed(out, 4, bits);
        break;
    case PROTOBUF_SINT32:
        protobuf_add_varint(out, (uint32_t)protobuf_zigzag((int64_t)bits));
        break;
    case PROTOBUF_SINT64:
        protobuf_add_varint(out, protobuf_zigzag((int64_t)bits));
        break;
    default:
        protobuf_add_varint(out, bits);
        break;
    }
}

/* Puts the length in front of what was added from `start` on. */
static void put_length(struct buf *out, size_t start) {
    uint64_t len = out->len - start;
    size_t size = protobuf_varint_size(len);
    if (buf_reserve(out, size) < 0)
        return;
    memmove(out->data + start + size, out->data + start, len);
    for (size_t i = 0; i < size; i++, len >>= 7)
        out->data[start + i] = (char)((len & 0x7F) | (i + 1 < size ? 0x80 : 0));
    out->len += size;
    out->data[out->len] = 0;
}

static void put_item(struct buf *out, const struct protobuf_field *field, const struct protobuf_item *item) {
    size_t start;
    switch (field->type) {
    case PROTOBUF_STRING:
    case PROTOBUF_BYTES:
        protobuf_add_tag(out, field->number, PROTOBUF_WIRE_BYTES);
        protobuf_add_varint(out, item->len);
        buf_add(out, item->text, item->len);
        break;
    case PROTOBUF_MESSAGE:
        protobuf_add_tag(out, field->number, PROTOBUF_WIRE_BYTES);
        start = out->len;
        if (protobuf_encode(out, item->node) == 0)
            put_length(out, start);
        break;
    case PROTOBUF_GROUP:
        protobuf_add_tag(out, field->number, PROTOBUF_WIRE_GROUP);
        if (protobuf_encode(out, item->node) == 0)
            protobuf_add_tag(out, field->number, PROTOBUF_WIRE_END_GROUP);
        break;
    case PROTOBUF_DOUBLE:
    case PROTOBUF_FIXED64:
    case PROTOBUF_SFIXED64:
        protobuf_add_tag(out, field->number, PROTOBUF_WIRE_64);
        put_number(out, field->type, item->bits);
        break;
    case PROTOBUF_FLOAT:
    case PROTOBUF_FIXED32:
    case PROTOBUF_SFIXED32:
        protobuf_add_tag(out, field->number, PROTOBUF_WIRE_32);
        put_number(out, field->type, item->bits);
        break;
    default:
        protobuf_add_tag(out, field->number, PROTOBUF_WIRE_VARINT);
        put_number(out, field->type, item->bits);
        break;
    }
}

static void put_packed(struct buf *out, const struct protobuf_field *field, const struct protobuf_item *list) {
    protobuf_add_tag(out, field->number, PROTOBUF_WIRE_BYTES);
    size_t start = out->len;
    for (uint32_t i = 0; i < list->len; i++)
        put_number(out, field->type, list->items[i].bits);
    put_length(out, start);
}

int protobuf_encode(struct buf *out, const struct protobuf_node *node) {
    for (uint32_t n = 0; n < node->type->field_count; n++) {
        const struct protobuf_field *field = node->type->by_number[n];
        const struct protobuf_item *item = &node->fields[field->index];
        if (field->label != PROTOBUF_REPEATED) {
            if (item->set)
                put_item(out, field, item);
        } else if (field->packed && item->len) {
            put_packed(out, field, item);
        } else {
            for (uint32_t i = 0; i < item->len; i++)
                put_item(out, field, &item->items[i]);
        }
    }
    return out->failed ? -1 : 0;
}
