/* Names to types: after this every message, enum and oneof has its full name, every field its type, presence and
 * default. Looks in all files of the schema, whether the asking file imports them or not.
 * @source com.google.protobuf.Descriptors (DescriptorPool.lookupSymbol, FieldDescriptor.crossLink) */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/protobuf_schema.h"

struct link {
    struct protobuf_schema *schema;
    const struct protobuf_file *file;
    struct kc_error *err;
};

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)

/* ---- names ---- */

static const char *joined(struct link *l, const char *scope, const char *name) {
    return scope && *scope ? kc_arena_printf(l->schema->arena, "%s.%s", scope, name) : name;
}

static int add_name(struct link *l, struct map *map, const char *full_name, void *thing) {
    if (map_has(l->schema->messages, full_name) || map_has(l->schema->enums, full_name))
        return err_set(l->err, ERR_BAD_DATA, "\"%s\" is already defined.", full_name);
    map_put(map, full_name, thing);
    return 0;
}

static int name_enum(struct link *l, const char *scope, struct protobuf_enum *en) {
    en->full_name = joined(l, scope, en->name);
    en->closed = l->file->syntax == PROTOBUF_PROTO2;
    return add_name(l, l->schema->enums, en->full_name, en);
}

static int name_message(struct link *l, const char *scope, struct protobuf_message *m) {
    m->full_name = joined(l, scope, m->name);
    TRY(add_name(l, l->schema->messages, m->full_name, m));
    for (uint32_t i = 0; i < m->oneof_count; i++)
        m->oneofs[i]->full_name = joined(l, m->full_name, m->oneofs[i]->name);
    for (uint32_t i = 0; i < m->enum_count; i++)
        TRY(name_enum(l, m->full_name, m->enums[i]));
    for (uint32_t i = 0; i < m->message_count; i++)
        TRY(name_message(l, m->full_name, m->messages[i]));
    return 0;
}

/* A package and all that enclose it, so that `a` is found as the start of `a.b.C`. */
static void add_package(struct link *l, const char *package) {
    const char *end = package;
    while (end && *end) {
        end = strchr(end + 1, '.');
        size_t len = end ? (size_t)(end - package) : strlen(package);
        map_put_bytes(l->schema->packages, package, len, l->schema);
    }
}

static int name_file(struct link *l) {
    const struct protobuf_file *file = l->file;
    if (file->package)
        add_package(l, file->package);
    for (uint32_t i = 0; i < file->enum_count; i++)
        TRY(name_enum(l, file->package, file->enums[i]));
    for (uint32_t i = 0; i < file->message_count; i++)
        TRY(name_message(l, file->package, file->messages[i]));
    return 0;
}

/* ---- types of fields ---- */

static bool is_scope(const struct link *l, const char *name, size_t len) {
    return map_get_bytes(l->schema->messages, name, len) || map_get_bytes(l->schema->packages, name, len);
}

/* Sets the field's type when `full_name` is a message or an enum. */
static bool take_type(struct link *l, struct protobuf_field *field, const char *full_name) {
    struct protobuf_message *message = map_get(l->schema->messages, full_name);
    struct protobuf_enum *enumeration = map_get(l->schema->enums, full_name);
    if (!message && !enumeration)
        return false;
    field->message = message;
    field->enumeration = enumeration;
    field->type = enumeration                                 ? PROTOBUF_ENUM
                  : field->features.delimited == PROTOBUF_YES ? PROTOBUF_GROUP
                                                              : PROTOBUF_MESSAGE;
    return true;
}

/* From the innermost scope outwards: the first scope that knows the first part of the name decides. */
static int resolve(struct link *l, const struct protobuf_message *message, struct protobuf_field *field) {
    const char *name = field->type_name;
    AUTO_BUF candidate;
    buf_init(&candidate, SIZE_MAX);
    if (name[0] == '.') {
        if (take_type(l, field, name + 1))
            return 0;
        return err_set(l->err, ERR_BAD_DATA, "\"%s\" is not defined.", name);
    }
    size_t first = strcspn(name, ".");
    for (size_t scope = strlen(message->full_name) + 1; scope-- > 0;) {
        /* every prefix of the full name that ends before a dot, at last the empty one */
        if (scope && message->full_name[scope] && message->full_name[scope] != '.')
            continue;
        buf_clear(&candidate);
        buf_add(&candidate, message->full_name, scope);
        buf_add_text(&candidate, scope ? "." : "");
        size_t start = candidate.len;
        buf_add_text(&candidate, name);
        bool scoped = name[first] == 0 || is_scope(l, buf_text(&candidate), start + first);
        if (scoped && take_type(l, field, buf_text(&candidate)))
            return 0;
    }
    return err_set(l->err, ERR_BAD_DATA, "\"%s\" is not defined (type of %s.%s).", name, message->full_name,
                   field->name);
}

bool protobuf_is_scalar_packable(enum protobuf_type type) {
    return type != PROTOBUF_STRING && type != PROTOBUF_BYTES && type != PROTOBUF_MESSAGE && type != PROTOBUF_GROUP;
}

/* ---- presence, packing, defaults ---- */

static void set_presence(const struct link *l, const struct protobuf_message *message, struct protobuf_field *field) {
    const struct protobuf_file *file = l->file;
    bool repeated = field->label == PROTOBUF_REPEATED, proto3 = file->syntax == PROTOBUF_PROTO3;
    if (field->features.required == PROTOBUF_YES)
        field->label = PROTOBUF_REQUIRED;
    enum protobuf_choice presence = field->features.presence, packed = field->features.packed;
    if (presence == PROTOBUF_UNSAID && file->syntax == PROTOBUF_EDITION)
        presence = file->features.presence;
    if (packed == PROTOBUF_UNSAID && file->syntax == PROTOBUF_EDITION)
        packed = file->features.packed;
    field->proto3_optional = proto3 && field->label == PROTOBUF_OPTIONAL && field->oneof < 0 && !message->map_entry;
    field->optional_keyword = field->proto3_optional || (file->syntax == PROTOBUF_PROTO2 && field->oneof < 0 &&
                                                         !repeated && field->label != PROTOBUF_REQUIRED);
    field->has_presence = !repeated && (field->oneof >= 0 || field->message || field->proto3_optional ||
                                        field->label == PROTOBUF_REQUIRED || (!proto3 && presence != PROTOBUF_NO));
    field->packed = repeated && protobuf_is_scalar_packable(field->type) &&
                    (packed == PROTOBUF_YES || (packed == PROTOBUF_UNSAID && file->syntax != PROTOBUF_PROTO2));
    field->checks_utf8 = field->type == PROTOBUF_STRING && file->syntax != PROTOBUF_PROTO2;
}

static int bad_default(const struct link *l, const struct protobuf_field *field) {
    return err_set(l->err, ERR_BAD_DATA, "Could not parse default value: \"%s\" (field %s)", field->default_text,
                   field->name);
}

/* The default as the 64 bits that a decoded value would have. */
static int set_default(const struct link *l, struct protobuf_field *field) {
    const char *text = field->default_text;
    if (field->enumeration) {
        const struct protobuf_enum *en = field->enumeration;
        uint32_t i = 0;
        while (text && i < en->value_count && strcmp(en->values[i].name, text) != 0)
            i++;
        if (i == en->value_count)
            return bad_default(l, field);
        field->default_bits = (uint64_t)(int64_t)en->values[i].number;
        return 0;
    }
    if (!text || !protobuf_is_scalar_packable(field->type))
        return 0;
    char *end = NULL;
    errno = 0;
    if (field->type == PROTOBUF_BOOL) {
        field->default_bits = strcmp(text, "true") == 0;
        return field->default_bits || strcmp(text, "false") == 0 ? 0 : bad_default(l, field);
    }
    if (field->type == PROTOBUF_DOUBLE || field->type == PROTOBUF_FLOAT) {
        double d = strtod(text, &end);
        float f = (float)d;
        uint32_t bits;
        memcpy(&bits, &f, sizeof(bits));
        memcpy(&field->default_bits, &d, sizeof(d));
        if (field->type == PROTOBUF_FLOAT)
            field->default_bits = bits;
        return *end ? bad_default(l, field) : 0;
    }
    field->default_bits = text[0] == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
    return *end || errno ? bad_default(l, field) : 0;
}

/* ---- messages ---- */

static int by_number(const void *a, const void *b) {
    const struct protobuf_field *const *x = a, *const *y = b;
    return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static int check_numbers(const struct link *l, const struct protobuf_message *m) {
    for (uint32_t i = 1; i < m->field_count; i++)
        if (m->by_number[i]->number == m->by_number[i - 1]->number)
            return err_set(l->err, ERR_BAD_DATA, "Field number %d has already been used in \"%s\" by field \"%s\".",
                           m->by_number[i]->number, m->full_name, m->by_number[i - 1]->name);
    return 0;
}

static int check_names(const struct link *l, const struct protobuf_message *m) {
    struct map *names = map_new(NULL);
    int result = 0;
    for (uint32_t i = 0; i < m->field_count && result == 0; i++) {
        if (map_has(names, m->fields[i]->name))
            result = err_set(l->err, ERR_BAD_DATA, "\"%s.%s\" is already defined.", m->full_name, m->fields[i]->name);
        map_put(names, m->fields[i]->name, m->fields[i]);
    }
    map_free(names);
    return result;
}

/* Java's descriptors have the members of oneofs, oneof by oneof, in front of the other fields. */
static void oneofs_first(struct kc_arena *arena, struct protobuf_message *m) {
    if (m->oneof_count == 0)
        return;
    for (uint32_t i = 0; i < m->field_count; i++)
        if (m->fields[i]->oneof >= 0)
            m->oneofs[m->fields[i]->oneof]->field_count++;
    uint32_t first = 0;
    for (uint32_t i = 0; i < m->oneof_count; i++) {
        m->oneofs[i]->first_field = first;
        first += m->oneofs[i]->field_count;
        m->oneofs[i]->field_count = 0; /* counted again below */
    }
    struct protobuf_field **fields = kc_arena_alloc(arena, (m->field_count + 1) * sizeof(struct protobuf_field *));
    for (uint32_t i = 0; i < m->field_count; i++) {
        struct protobuf_oneof *oneof = m->fields[i]->oneof >= 0 ? m->oneofs[m->fields[i]->oneof] : NULL;
        fields[oneof ? oneof->first_field + oneof->field_count++ : first++] = m->fields[i];
    }
    m->fields = fields;
}

static int link_message(struct link *l, struct protobuf_message *m) {
    oneofs_first(l->schema->arena, m);
    m->by_number = kc_arena_alloc(l->schema->arena, (m->field_count + 1) * sizeof(struct protobuf_field *));
    for (uint32_t i = 0; i < m->field_count; i++) {
        struct protobuf_field *field = m->fields[i];
        field->index = i;
        if (field->type_name)
            TRY(resolve(l, m, field));
        set_presence(l, m, field);
        TRY(set_default(l, field));
        m->needs_check |= field->label == PROTOBUF_REQUIRED;
        m->by_number[i] = field;
    }
    qsort(m->by_number, m->field_count, sizeof(struct protobuf_field *), by_number);
    TRY(check_numbers(l, m));
    TRY(check_names(l, m));
    for (uint32_t i = 0; i < m->message_count; i++)
        TRY(link_message(l, m->messages[i]));
    return 0;
}

/* Whether a required field of a message in it makes a message need the check; says whether anything changed. */
static bool spread_check(struct protobuf_message *m) {
    bool before = m->needs_check, changed = false;
    for (uint32_t i = 0; i < m->field_count && !m->needs_check; i++)
        m->needs_check = m->fields[i]->message && m->fields[i]->message->needs_check;
    for (uint32_t i = 0; i < m->message_count; i++)
        changed |= spread_check(m->messages[i]);
    return changed || before != m->needs_check;
}

static void check_all(struct protobuf_message *m) {
    m->needs_check = true;
    for (uint32_t i = 0; i < m->message_count; i++)
        check_all(m->messages[i]);
}

/* A schema in which this takes long is checked as a whole. */
static void spread_checks(const struct protobuf_schema *schema) {
    bool changed = true;
    for (int pass = 0; changed; pass++) {
        changed = false;
        for (uint32_t i = 0; i < schema->file_count; i++)
            for (uint32_t k = 0; k < schema->files[i]->message_count; k++)
                if (pass < 50)
                    changed |= spread_check(schema->files[i]->messages[k]);
                else
                    check_all(schema->files[i]->messages[k]);
    }
}

int protobuf_link(struct protobuf_schema *schema, struct kc_error *err) {
    struct link l = {.schema = schema, .err = err};
    for (uint32_t i = 0; i < schema->file_count; i++) {
        l.file = schema->files[i];
        TRY(name_file(&l));
    }
    for (uint32_t i = 0; i < schema->file_count; i++) {
        l.file = schema->files[i];
        for (uint32_t k = 0; k < l.file->message_count; k++)
            TRY(link_message(&l, l.file->messages[k]));
    }
    spread_checks(schema);
    return 0;
}
