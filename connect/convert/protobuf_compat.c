/* Whether what was written by one schema can be read by another one: the differences that Confluent's SchemaDiff does
 * not call compatible. Used when an option chooses the schema that is written with.
 * @source io.confluent.kafka.schemaregistry.protobuf.diff.SchemaDiff, MessageSchemaDiff, FieldSchemaDiff */
#include <stdio.h>
#include <string.h>

#include "connect/base/map.h"
#include "connect/convert/protobuf_data.h"

struct diff {
    struct map *seen; /* pairs of messages that were or are being compared */
    char *why;
    size_t size;
};

static bool differs(struct diff *d, const char *what, const char *where, const char *name) {
    snprintf(d->why, d->size, "%s: %s%s%s", what, where, *name ? "." : "", name);
    return true;
}

/* ---- fields ---- */

enum kind { KIND_NUMBER, KIND_SIGNED, KIND_TEXT, KIND_FIXED32, KIND_FIXED64, KIND_FLOAT, KIND_DOUBLE };

static enum kind kind_of(enum protobuf_type type) {
    switch (type) {
    case PROTOBUF_SINT32:
    case PROTOBUF_SINT64:
        return KIND_SIGNED;
    case PROTOBUF_STRING:
    case PROTOBUF_BYTES:
        return KIND_TEXT;
    case PROTOBUF_FIXED32:
    case PROTOBUF_SFIXED32:
        return KIND_FIXED32;
    case PROTOBUF_FIXED64:
    case PROTOBUF_SFIXED64:
        return KIND_FIXED64;
    case PROTOBUF_FLOAT:
        return KIND_FLOAT;
    case PROTOBUF_DOUBLE:
        return KIND_DOUBLE;
    default:
        return KIND_NUMBER;
    }
}

static bool message_differs(struct diff *d, const struct protobuf_message *a, const struct protobuf_message *b);

static bool field_differs(struct diff *d, const struct protobuf_message *m, const struct protobuf_field *a,
                          const struct protobuf_field *b) {
    if (!a->message != !b->message || protobuf_is_map(a) != protobuf_is_map(b))
        return differs(d, "FIELD_KIND_CHANGED", m->full_name, a->name);
    if (a->message && !protobuf_is_map(a) && strcmp(a->message->name, b->message->name) != 0)
        return differs(d, "FIELD_NAMED_TYPE_CHANGED", m->full_name, a->name);
    if (a->message)
        return message_differs(d, a->message, b->message);
    if (kind_of(a->type) != kind_of(b->type))
        return differs(d, "FIELD_SCALAR_KIND_CHANGED", m->full_name, a->name);
    if (a->label != PROTOBUF_LABEL_NONE && b->label != PROTOBUF_LABEL_NONE && a->label != b->label &&
        kind_of(a->type) != KIND_TEXT)
        return differs(d, "FIELD_NUMERIC_LABEL_CHANGED", m->full_name, a->name);
    return false;
}

/* ---- oneofs ---- */

static const struct protobuf_oneof *oneof_of(const struct protobuf_message *m, const struct protobuf_field *field) {
    return field->oneof < 0 ? NULL : m->oneofs[field->oneof];
}

/* A whole oneof may go, with all its members. */
static bool oneof_is_gone(const struct protobuf_message *a, const struct protobuf_message *b,
                          const struct protobuf_oneof *oneof) {
    for (uint32_t i = 0; i < b->oneof_count; i++)
        if (strcmp(b->oneofs[i]->name, oneof->name) == 0)
            return false;
    for (uint32_t i = 0; i < oneof->field_count; i++)
        if (protobuf_field_numbered(b, a->fields[oneof->first_field + i]->number))
            return false;
    return true;
}

/* Fields that could be set together before cannot any more. */
static bool oneof_differs(struct diff *d, const struct protobuf_message *a, const struct protobuf_message *b,
                          const struct protobuf_oneof *oneof) {
    const struct protobuf_oneof *from = NULL;
    unsigned groups = 0, moved = 0;
    for (uint32_t i = 0; i < oneof->field_count; i++) {
        const struct protobuf_field *old = protobuf_field_numbered(a, b->fields[oneof->first_field + i]->number);
        if (!old)
            continue;
        if (old->oneof < 0) {
            groups++;
            moved++;
        } else if (oneof_of(a, old) != from) {
            groups++;
            from = oneof_of(a, old);
        }
    }
    if (groups < 2)
        return false;
    return differs(d, moved > 1 ? "MULTIPLE_FIELDS_MOVED_TO_ONEOF" : "FIELD_MOVED_TO_EXISTING_ONEOF", b->full_name,
                   oneof->name);
}

/* ---- messages ---- */

static bool removed_differs(struct diff *d, const struct protobuf_message *a, const struct protobuf_message *b,
                            const struct protobuf_field *old) {
    if (old->label == PROTOBUF_REQUIRED)
        return differs(d, "REQUIRED_FIELD_REMOVED", a->full_name, old->name);
    if (old->oneof >= 0 && !oneof_is_gone(a, b, oneof_of(a, old)))
        return differs(d, "ONEOF_FIELD_REMOVED", a->full_name, old->name);
    return false;
}

static const struct protobuf_message *nested(const struct protobuf_message *const *messages, uint32_t count,
                                             const char *name) {
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(messages[i]->name, name) == 0)
            return messages[i];
    return NULL;
}

static bool messages_differ(struct diff *d, struct protobuf_message *const *a, uint32_t a_count,
                            struct protobuf_message *const *b, uint32_t b_count) {
    for (uint32_t i = 0; i < a_count; i++) {
        const struct protobuf_message *other = nested((const struct protobuf_message *const *)b, b_count, a[i]->name);
        if (!other && !a[i]->map_entry)
            return differs(d, "MESSAGE_REMOVED", a[i]->full_name, "");
        if (other && message_differs(d, a[i], other))
            return true;
    }
    return false;
}

static bool message_differs(struct diff *d, const struct protobuf_message *a, const struct protobuf_message *b) {
    const void *pair[2] = {a, b};
    if (map_get_bytes(d->seen, pair, sizeof(pair)))
        return false;
    map_put_bytes(d->seen, pair, sizeof(pair), d);
    for (uint32_t i = 0; i < b->oneof_count; i++)
        if (oneof_differs(d, a, b, b->oneofs[i]))
            return true;
    for (uint32_t i = 0; i < a->field_count; i++) {
        const struct protobuf_field *other = protobuf_field_numbered(b, a->fields[i]->number);
        if (other ? field_differs(d, a, a->fields[i], other) : removed_differs(d, a, b, a->fields[i]))
            return true;
    }
    for (uint32_t i = 0; i < b->field_count; i++)
        if (b->fields[i]->label == PROTOBUF_REQUIRED && !protobuf_field_numbered(a, b->fields[i]->number))
            return differs(d, "REQUIRED_FIELD_ADDED", b->full_name, b->fields[i]->name);
    return messages_differ(d, a->messages, a->message_count, b->messages, b->message_count);
}

bool protobuf_incompatible(const struct protobuf_schema *reader, const struct protobuf_schema *writer, char *why,
                           size_t size) {
    const struct protobuf_file *a = writer->root, *b = reader->root;
    struct diff d = {.seen = map_new(NULL), .why = why, .size = size};
    bool result;
    if (strcmp(a->package ? a->package : "", b->package ? b->package : "") != 0)
        result = differs(&d, "PACKAGE_CHANGED", b->package ? b->package : "", "");
    else
        result = messages_differ(&d, a->messages, a->message_count, b->messages, b->message_count);
    map_free(d.seen);
    return result;
}
