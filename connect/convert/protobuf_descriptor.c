/* A serialized FileDescriptorProto to the tree of one file: some clients register schemas in this form, as base64.
 * Numbers are those of google/protobuf/descriptor.proto. What no converter looks at is skipped, as in protobuf_parse.c.
 */
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/utf8.h"
#include "connect/convert/protobuf_schema.h"
#include "connect/convert/protobuf_wire.h"

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)

struct walk {
    struct kc_arena *arena;
    struct protobuf_file *file;
    struct kc_error *err;
    unsigned depth;
};

/* One value of a message being walked. */
struct item {
    struct protobuf_tag tag;
    uint64_t number;             /* WIRE_VARINT */
    struct protobuf_input bytes; /* WIRE_BYTES */
};

/* 1: an item, 0: the end, -1: an error. Values of other wire types are skipped. */
static int next(struct protobuf_input *in, struct item *item) {
    while (in->at < in->end) {
        TRY(protobuf_read_tag(in, &item->tag));
        if (item->tag.wire == PROTOBUF_WIRE_VARINT) {
            TRY(protobuf_read_varint(in, &item->number));
            return 1;
        }
        if (item->tag.wire == PROTOBUF_WIRE_BYTES) {
            TRY(protobuf_read_bytes(in, &item->bytes));
            return 1;
        }
        TRY(protobuf_skip(in, item->tag));
    }
    return 0;
}

static bool is_text(const struct item *item, int32_t number) {
    return item->tag.number == number && item->tag.wire == PROTOBUF_WIRE_BYTES;
}

static bool is_number(const struct item *item, int32_t number) {
    return item->tag.number == number && item->tag.wire == PROTOBUF_WIRE_VARINT;
}

static const char *text(struct walk *w, const struct item *item) {
    return kc_arena_copy(w->arena, item->bytes.at, (size_t)(item->bytes.end - item->bytes.at));
}

static int invalid(struct walk *w, const char *what) {
    return err_set(w->err, ERR_BAD_DATA, "The FileDescriptorProto is not valid: %s", what);
}

/* Names must be identifiers, so that looking them up and printing them is safe. */
static int name(struct walk *w, const struct item *item, const char **ret_name) {
    const char *s = text(w, item);
    size_t len = (size_t)(item->bytes.end - item->bytes.at);
    if (len == 0 || strlen(s) != len || utf8_valid_prefix(s, len) != len)
        return invalid(w, "a name is empty or not text");
    *ret_name = s;
    return 0;
}

static enum protobuf_choice choice(uint64_t n) {
    return n == 1 ? PROTOBUF_YES : n == 2 ? PROTOBUF_NO : PROTOBUF_UNSAID;
}

static int features(struct protobuf_input in, struct protobuf_features *f) {
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0) {
        if (is_number(&item, 1)) {
            f->presence = choice(item.number);
            f->required = item.number == 3 ? PROTOBUF_YES : PROTOBUF_UNSAID;
        } else if (is_number(&item, 3)) {
            f->packed = choice(item.number);
        } else if (is_number(&item, 5)) {
            f->delimited = choice(item.number) == PROTOBUF_UNSAID ? PROTOBUF_UNSAID
                           : item.number == 2                     ? PROTOBUF_YES
                                                                  : PROTOBUF_NO;
        }
    }
    return more;
}

/* ---- fields ---- */

static int param(struct walk *w, struct protobuf_input in, struct protobuf_field *field) {
    struct protobuf_param p = {"", ""};
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0) {
        if (is_text(&item, 1))
            p.key = text(w, &item);
        else if (is_text(&item, 2))
            p.value = text(w, &item);
    }
    PROTOBUF_PUSH(w->arena, field->params, field->param_count, p);
    return more;
}

static int meta(struct walk *w, struct protobuf_input in, struct protobuf_field *field) {
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0)
        if (is_text(&item, 2))
            TRY(param(w, item.bytes, field));
    return more;
}

static int field_options(struct walk *w, struct protobuf_input in, struct protobuf_field *field) {
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0) {
        if (is_number(&item, 2))
            field->features.packed = item.number ? PROTOBUF_YES : PROTOBUF_NO;
        else if (is_text(&item, 21))
            TRY(features(item.bytes, &field->features));
        else if (is_text(&item, 1088)) /* confluent.field_meta */
            TRY(meta(w, item.bytes, field));
    }
    return more;
}

/* Default values of type bytes are C-escaped in descriptors, octal digits only. */
static void unescape(struct protobuf_field *field) {
    char *to = (char *)(uintptr_t)field->default_text;
    for (const char *p = field->default_text; *p; to++) {
        unsigned n = 0, digits = 0;
        if (*p != '\\' || !p[1]) {
            *to = *p++;
            continue;
        }
        for (p++; digits < 3 && *p >= '0' && *p <= '7'; digits++)
            n = n * 8 + (unsigned)(*p++ - '0');
        const char *letter = strchr("nrt", *p);
        if (digits)
            *to = (char)n;
        else
            *to = letter && *letter ? "\n\r\t"[letter - "nrt"] : *p, p++;
    }
    field->default_len = (uint32_t)(to - field->default_text);
    *to = 0;
}

static int check_field(struct walk *w, struct protobuf_field *field, uint64_t label, bool proto3_optional) {
    if (!field->name || field->number < 1 || field->number > PROTOBUF_MAX_NUMBER)
        return invalid(w, "a field without name or number");
    if (field->type == PROTOBUF_NO_TYPE && !field->type_name)
        return invalid(w, "a field without type");
    if (field->type_name)
        field->features.delimited = field->type == PROTOBUF_GROUP ? PROTOBUF_YES : field->features.delimited;
    else if (field->type == PROTOBUF_GROUP || field->type == PROTOBUF_MESSAGE || field->type == PROTOBUF_ENUM)
        return invalid(w, "a field without type name");
    if (proto3_optional)
        field->oneof = -1;
    bool plain = w->file->syntax == PROTOBUF_PROTO3 && !proto3_optional;
    field->label = label == 3                                                          ? PROTOBUF_REPEATED
                   : label == 2                                                        ? PROTOBUF_REQUIRED
                   : field->oneof >= 0 || plain || w->file->syntax == PROTOBUF_EDITION ? PROTOBUF_LABEL_NONE
                                                                                       : PROTOBUF_OPTIONAL;
    if (field->default_text && field->type == PROTOBUF_BYTES)
        unescape(field);
    return 0;
}

static int field(struct walk *w, struct protobuf_input in, struct protobuf_message *message) {
    struct protobuf_field *f = kc_arena_zalloc(w->arena, sizeof(*f));
    uint64_t label = 1;
    bool proto3_optional = false;
    struct item item;
    int more;
    f->oneof = -1;
    while ((more = next(&in, &item)) > 0) {
        if (is_text(&item, 1)) {
            TRY(name(w, &item, &f->name));
        } else if (is_number(&item, 3)) {
            f->number = (int32_t)item.number;
        } else if (is_number(&item, 4)) {
            label = item.number;
        } else if (is_number(&item, 5)) {
            f->type = item.number <= PROTOBUF_SINT64 ? (enum protobuf_type)item.number : PROTOBUF_NO_TYPE;
        } else if (is_text(&item, 6)) {
            TRY(name(w, &item, &f->type_name));
        } else if (is_text(&item, 7)) {
            f->default_text = text(w, &item);
            f->default_len = (uint32_t)(item.bytes.end - item.bytes.at);
        } else if (is_text(&item, 8)) {
            TRY(field_options(w, item.bytes, f));
        } else if (is_number(&item, 9)) {
            f->oneof = item.number < INT32_MAX ? (int32_t)item.number : INT32_MAX;
        } else if (is_number(&item, 17)) {
            proto3_optional = item.number != 0;
        }
    }
    TRY(more);
    TRY(check_field(w, f, label, proto3_optional));
    PROTOBUF_PUSH(w->arena, message->fields, message->field_count, f);
    return 0;
}

/* ---- enums and messages ---- */

static int enum_value(struct walk *w, struct protobuf_input in, struct protobuf_enum *en) {
    struct protobuf_enum_value value = {0};
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0) {
        if (is_text(&item, 1))
            TRY(name(w, &item, &value.name));
        else if (is_number(&item, 2))
            value.number = (int32_t)item.number;
    }
    if (!value.name)
        return more < 0 ? more : invalid(w, "an enum value without name");
    PROTOBUF_PUSH(w->arena, en->values, en->value_count, value);
    return more;
}

static int enumeration(struct walk *w, struct protobuf_input in, struct protobuf_enum ***enums, uint32_t *count) {
    struct protobuf_enum *en = kc_arena_zalloc(w->arena, sizeof(*en));
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0) {
        if (is_text(&item, 1))
            TRY(name(w, &item, &en->name));
        else if (is_text(&item, 2))
            TRY(enum_value(w, item.bytes, en));
    }
    if (!en->name || en->value_count == 0)
        return more < 0 ? more : invalid(w, "an enum without name or values");
    PROTOBUF_PUSH(w->arena, *enums, *count, en);
    return more;
}

static int oneof(struct walk *w, struct protobuf_input in, struct protobuf_message *message) {
    struct protobuf_oneof *o = kc_arena_zalloc(w->arena, sizeof(*o));
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0)
        if (is_text(&item, 1))
            TRY(name(w, &item, &o->name));
    if (!o->name)
        return more < 0 ? more : invalid(w, "a oneof without name");
    PROTOBUF_PUSH(w->arena, message->oneofs, message->oneof_count, o);
    return more;
}

/* Oneofs without members, which stand for proto3's `optional`, go; the others move up. */
static int drop_synthetic_oneofs(struct walk *w, struct protobuf_message *m) {
    int32_t *place = kc_arena_zalloc(w->arena, (m->oneof_count + 1) * sizeof(int32_t)); /* -1: used */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->field_count; i++) {
        if (m->fields[i]->oneof >= (int32_t)m->oneof_count)
            return invalid(w, "a oneof that is not there");
        if (m->fields[i]->oneof >= 0)
            place[m->fields[i]->oneof] = -1;
    }
    for (uint32_t i = 0; i < m->oneof_count; i++)
        if (place[i]) {
            place[i] = (int32_t)kept;
            m->oneofs[kept++] = m->oneofs[i];
        }
    for (uint32_t i = 0; i < m->field_count; i++)
        if (m->fields[i]->oneof >= 0)
            m->fields[i]->oneof = place[m->fields[i]->oneof];
    m->oneof_count = kept;
    return 0;
}

static int message_options(struct protobuf_input in, struct protobuf_message *message) {
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0)
        if (is_number(&item, 7))
            message->map_entry = item.number != 0;
    return more;
}

static int message(struct walk *w, struct protobuf_input in, const struct protobuf_message *parent,
                   struct protobuf_message ***messages, uint32_t *count) {
    struct protobuf_message *m = kc_arena_zalloc(w->arena, sizeof(*m));
    struct item item;
    int more;
    m->parent = parent;
    if (++w->depth > PROTOBUF_MAX_NESTING)
        return invalid(w, "too many levels of nesting");
    while ((more = next(&in, &item)) > 0) {
        if (is_text(&item, 1))
            TRY(name(w, &item, &m->name));
        else if (is_text(&item, 2))
            TRY(field(w, item.bytes, m));
        else if (is_text(&item, 3))
            TRY(message(w, item.bytes, m, &m->messages, &m->message_count));
        else if (is_text(&item, 4))
            TRY(enumeration(w, item.bytes, &m->enums, &m->enum_count));
        else if (is_text(&item, 7))
            TRY(message_options(item.bytes, m));
        else if (is_text(&item, 8))
            TRY(oneof(w, item.bytes, m));
    }
    w->depth--;
    if (!m->name)
        return more < 0 ? more : invalid(w, "a message without name");
    TRY(drop_synthetic_oneofs(w, m));
    PROTOBUF_PUSH(w->arena, *messages, *count, m);
    return more;
}

/* ---- the file ---- */

/* The syntax decides how fields are read and comes behind them. */
static int find_syntax(struct walk *w, struct protobuf_input in) {
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0) {
        if (!is_text(&item, 12))
            continue;
        const char *syntax = text(w, &item);
        w->file->has_syntax = true;
        w->file->syntax = strcmp(syntax, "proto3") == 0     ? PROTOBUF_PROTO3
                          : strcmp(syntax, "editions") == 0 ? PROTOBUF_EDITION
                                                            : PROTOBUF_PROTO2;
    }
    return more;
}

static int file_options(struct walk *w, struct protobuf_input in) {
    struct item item;
    int more;
    while ((more = next(&in, &item)) > 0)
        if (is_text(&item, 50))
            TRY(features(item.bytes, &w->file->features));
    return more;
}

int protobuf_parse_descriptor(struct kc_arena *arena, const char *path, const uint8_t *data, size_t len,
                              struct protobuf_file **ret_file, struct kc_error *err) {
    struct protobuf_file *file = kc_arena_zalloc(arena, sizeof(*file));
    struct walk w = {.arena = arena, .file = file, .err = err};
    struct protobuf_input in = {.at = data, .end = data + len, .err = err};
    struct item item;
    int more;
    file->path = path;
    TRY(find_syntax(&w, in));
    while ((more = next(&in, &item)) > 0) {
        const char *import;
        if (is_text(&item, 2)) {
            TRY(name(&w, &item, &file->package));
        } else if (is_text(&item, 3)) {
            TRY(name(&w, &item, &import));
            PROTOBUF_PUSH(arena, file->imports, file->import_count, import);
        } else if (is_text(&item, 4)) {
            TRY(message(&w, item.bytes, NULL, &file->messages, &file->message_count));
        } else if (is_text(&item, 5)) {
            TRY(enumeration(&w, item.bytes, &file->enums, &file->enum_count));
        } else if (is_text(&item, 8)) {
            TRY(file_options(&w, item.bytes));
        }
    }
    TRY(more);
    *ret_file = file;
    return 0;
}
