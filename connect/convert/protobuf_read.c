/* Protobuf bytes to messages in memory. Bytes come from anywhere: depth, lengths and memory are bounded.
 * @source com.google.protobuf.DynamicMessage, CodedInputStream, MessageReflection.mergeFieldFrom */
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/utf8.h"
#include "connect/convert/charset.h"
#include "connect/convert/protobuf_message.h"
#include "connect/convert/protobuf_wire.h"

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)

struct reader {
    struct kc_arena *arena;
    struct kc_error *err;
    size_t budget; /* bytes that may still be taken for fields and elements */
    unsigned depth;
};

struct protobuf_node *protobuf_node_new(struct kc_arena *arena, const struct protobuf_message *type) {
    struct protobuf_node *node = kc_arena_alloc(arena, sizeof(*node));
    node->type = type;
    node->fields = kc_arena_zalloc(arena, (type->field_count + 1) * sizeof(struct protobuf_item));
    return node;
}

struct protobuf_item protobuf_default(struct kc_arena *arena, const struct protobuf_field *field) {
    if (field->message)
        return (struct protobuf_item){.node = protobuf_node_new(arena, field->message)};
    if (field->type == PROTOBUF_STRING || field->type == PROTOBUF_BYTES)
        return (struct protobuf_item){.text = field->default_text ? field->default_text : "",
                                      .len = field->default_len};
    return (struct protobuf_item){.bits = field->default_bits};
}

static int spend(struct reader *r, size_t bytes) {
    if (bytes > r->budget)
        return err_set(r->err, ERR_BAD_DATA, "The Protobuf message takes more than %d MB of memory",
                       PROTOBUF_MAX_DECODED >> 20);
    r->budget -= bytes;
    return 0;
}

static int new_node(struct reader *r, const struct protobuf_message *type, struct protobuf_node **ret_node) {
    TRY(spend(r, sizeof(struct protobuf_node) + type->field_count * sizeof(struct protobuf_item)));
    *ret_node = protobuf_node_new(r->arena, type);
    return 0;
}

/* A further element of a repeated field. */
static int add_item(struct reader *r, struct protobuf_item *list, struct protobuf_item item) {
    if ((list->len & (list->len - 1)) == 0)
        TRY(spend(r, (list->len ? (size_t)list->len * 2 : 1) * sizeof(item)));
    PROTOBUF_PUSH(r->arena, list->items, list->len, item);
    return 0;
}

/* ---- scalars ---- */

static enum protobuf_wire wire_of(enum protobuf_type type) {
    switch (type) {
    case PROTOBUF_DOUBLE:
    case PROTOBUF_FIXED64:
    case PROTOBUF_SFIXED64:
        return PROTOBUF_WIRE_64;
    case PROTOBUF_FLOAT:
    case PROTOBUF_FIXED32:
    case PROTOBUF_SFIXED32:
        return PROTOBUF_WIRE_32;
    case PROTOBUF_STRING:
    case PROTOBUF_BYTES:
    case PROTOBUF_MESSAGE:
        return PROTOBUF_WIRE_BYTES;
    case PROTOBUF_GROUP:
        return PROTOBUF_WIRE_GROUP;
    default:
        return PROTOBUF_WIRE_VARINT;
    }
}

/* What the bits of the wire mean for the type. */
static uint64_t normal(enum protobuf_type type, uint64_t bits) {
    switch (type) {
    case PROTOBUF_INT32:
    case PROTOBUF_ENUM:
    case PROTOBUF_SFIXED32:
        return (uint64_t)(int64_t)(int32_t)bits;
    case PROTOBUF_UINT32:
        return (uint32_t)bits;
    case PROTOBUF_SINT32:
        return (uint64_t)(int64_t)(int32_t)protobuf_unzigzag((uint32_t)bits);
    case PROTOBUF_SINT64:
        return (uint64_t)protobuf_unzigzag(bits);
    case PROTOBUF_BOOL:
        return bits != 0;
    default:
        return bits;
    }
}

static int read_number(struct protobuf_input *in, enum protobuf_type type, uint64_t *ret_bits) {
    enum protobuf_wire wire = wire_of(type);
    uint64_t bits = 0;
    if (wire == PROTOBUF_WIRE_VARINT)
        TRY(protobuf_read_varint(in, &bits));
    else
        TRY(protobuf_read_fixed(in, wire == PROTOBUF_WIRE_64 ? 8 : 4, &bits));
    *ret_bits = normal(type, bits);
    return 0;
}

static int read_text(struct reader *r, struct protobuf_input *in, const struct protobuf_field *field,
                     struct protobuf_item *ret_item) {
    struct protobuf_input bytes;
    TRY(protobuf_read_bytes(in, &bytes));
    const char *s = (const char *)bytes.at;
    size_t len = (size_t)(bytes.end - bytes.at);
    if (field->type == PROTOBUF_STRING && utf8_valid_prefix(s, len) != len) {
        if (field->checks_utf8)
            return protobuf_wire_error(r->err, "Protocol message had invalid UTF-8.");
        TRY(spend(r, 3 * len));
        struct kc_value repaired = charset_repair_utf8(r->arena, s, len);
        s = repaired.s;
        len = repaired.len;
    }
    *ret_item = (struct protobuf_item){.set = true, .text = s, .len = (uint32_t)len};
    return 0;
}

static int merge(struct reader *r, struct protobuf_input *in, struct protobuf_node *node, int32_t group);

/* A message behind a length, or a group; into `node`, which may hold fields already. */
static int read_message(struct reader *r, struct protobuf_input *in, const struct protobuf_field *field,
                        struct protobuf_node *node) {
    if (r->depth >= PROTOBUF_MAX_NESTING)
        return protobuf_too_deep(r->err);
    struct protobuf_input bytes;
    if (field->type == PROTOBUF_MESSAGE)
        TRY(protobuf_read_bytes(in, &bytes));
    r->depth++;
    TRY(field->type == PROTOBUF_MESSAGE ? merge(r, &bytes, node, 0) : merge(r, in, node, field->number));
    r->depth--;
    return 0;
}

/* ---- fields ---- */

static bool is_unknown_enum(const struct protobuf_field *field, uint64_t bits) {
    return field->enumeration && field->enumeration->closed &&
           !protobuf_enum_numbered(field->enumeration, (int64_t)bits);
}

static int read_packed(struct reader *r, struct protobuf_input *in, const struct protobuf_field *field,
                       struct protobuf_item *list) {
    struct protobuf_input bytes;
    TRY(protobuf_read_bytes(in, &bytes));
    while (bytes.at < bytes.end) {
        struct protobuf_item item = {.set = true};
        TRY(read_number(&bytes, field->type, &item.bits));
        if (!is_unknown_enum(field, item.bits))
            TRY(add_item(r, list, item));
    }
    return 0;
}

/* One value, into `item`; a message goes on in the node that is there. *ret_known: not an unknown number of an enum. */
static int read_item(struct reader *r, struct protobuf_input *in, const struct protobuf_field *field,
                     struct protobuf_item *item, bool *ret_known) {
    *ret_known = true;
    if (field->message) {
        if (!item->set)
            TRY(new_node(r, field->message, &item->node));
        return read_message(r, in, field, item->node);
    }
    if (wire_of(field->type) == PROTOBUF_WIRE_BYTES)
        return read_text(r, in, field, item);
    TRY(read_number(in, field->type, &item->bits));
    *ret_known = !is_unknown_enum(field, item->bits);
    return 0;
}

static int read_element(struct reader *r, struct protobuf_input *in, const struct protobuf_field *field,
                        struct protobuf_item *list) {
    struct protobuf_item item = {.set = false};
    bool known;
    TRY(read_item(r, in, field, &item, &known));
    item.set = true;
    return known ? add_item(r, list, item) : 0;
}

/* Setting one member of a oneof unsets the others. */
static void clear_others(struct protobuf_node *node, const struct protobuf_field *field) {
    if (field->oneof < 0)
        return;
    const struct protobuf_oneof *oneof = node->type->oneofs[field->oneof];
    for (uint32_t i = oneof->first_field; i < oneof->first_field + oneof->field_count; i++)
        if (i != field->index)
            node->fields[i].set = false;
}

static int read_single(struct reader *r, struct protobuf_input *in, const struct protobuf_field *field,
                       struct protobuf_node *node) {
    struct protobuf_item item = node->fields[field->index];
    bool known;
    TRY(read_item(r, in, field, &item, &known));
    if (!known)
        return 0;
    item.set = true;
    node->fields[field->index] = item;
    clear_others(node, field);
    return 0;
}

/* The field with this number: mostly the one behind the last one. */
static const struct protobuf_field *find_field(const struct protobuf_message *type, int32_t number, uint32_t *hint) {
    for (uint32_t i = 0; i < 2; i++)
        if (*hint + i < type->field_count && type->by_number[*hint + i]->number == number) {
            *hint += i;
            return type->by_number[*hint];
        }
    return protobuf_field_numbered(type, number);
}

/* Reads fields to the end of the input, or of the group with that number (0: none). */
static int merge(struct reader *r, struct protobuf_input *in, struct protobuf_node *node, int32_t group) {
    uint32_t hint = 0;
    while (in->at < in->end) {
        struct protobuf_tag tag;
        TRY(protobuf_read_tag(in, &tag));
        if (tag.wire == PROTOBUF_WIRE_END_GROUP && group && tag.number == group)
            return 0;
        const struct protobuf_field *field = find_field(node->type, tag.number, &hint);
        bool repeated = field && field->label == PROTOBUF_REPEATED;
        if (field && tag.wire == wire_of(field->type))
            TRY(repeated ? read_element(r, in, field, &node->fields[field->index]) : read_single(r, in, field, node));
        else if (repeated && tag.wire == PROTOBUF_WIRE_BYTES && protobuf_is_scalar_packable(field->type))
            TRY(read_packed(r, in, field, &node->fields[field->index]));
        else
            TRY(protobuf_skip(in, tag));
    }
    return group ? protobuf_truncated(r->err) : 0;
}

/* ---- required fields ---- */

/* Adds the paths of required fields that are not set. */
static void find_missing(const struct protobuf_node *node, const char *prefix, struct buf *missing) {
    AUTO_BUF path;
    buf_init(&path, KC_ERROR_TEXT);
    for (uint32_t i = 0; i < node->type->field_count && missing->len < KC_ERROR_TEXT; i++) {
        const struct protobuf_field *field = node->type->fields[i];
        const struct protobuf_item *item = &node->fields[i];
        bool repeated = field->label == PROTOBUF_REPEATED;
        if (field->label == PROTOBUF_REQUIRED && !item->set)
            buf_printf(missing, "%s%s%s", missing->len ? ", " : "", prefix, field->name);
        if (!field->message || !field->message->needs_check)
            continue;
        for (uint32_t k = 0; k < (repeated ? item->len : item->set); k++) {
            buf_clear(&path);
            buf_printf(&path, repeated ? "%s%s[%u]." : "%s%s.", prefix, field->name, k);
            find_missing(repeated ? item->items[k].node : item->node, buf_text(&path), missing);
        }
    }
}

static int check_required(const struct protobuf_node *node, struct kc_error *err) {
    if (!node->type->needs_check)
        return 0;
    AUTO_BUF missing;
    buf_init(&missing, 2 * KC_ERROR_TEXT);
    find_missing(node, "", &missing);
    if (missing.len == 0)
        return 0;
    return err_set_class(err, ERR_BAD_DATA, "com.google.protobuf.InvalidProtocolBufferException",
                         "Message missing required fields: %s", buf_text(&missing));
}

int protobuf_decode(struct kc_arena *arena, const struct protobuf_message *type, const void *data, size_t len,
                    struct protobuf_node **ret_node, struct kc_error *err) {
    struct reader r = {.arena = arena, .err = err, .budget = PROTOBUF_MAX_DECODED};
    struct protobuf_input in = {.at = data, .end = (const uint8_t *)data + len, .err = err};
    struct protobuf_node *node = NULL;
    TRY(new_node(&r, type, &node));
    TRY(merge(&r, &in, node, 0));
    TRY(check_required(node, err));
    *ret_node = node;
    return 0;
}
