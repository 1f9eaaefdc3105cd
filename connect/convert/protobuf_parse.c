/* .proto text, proto2, proto3 and editions, to the tree of one file. What no converter looks at is skipped: services,
 * extensions, reserved names, options other than those that change how data is read, and groups, which Confluent's
 * classes leave out of their descriptors as well.
 * @source com.squareup.wire.schema.internal.parser.ProtoParser, ProtobufSchema.toDynamicMessage */
#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/protobuf_lexer.h"
#include "connect/convert/protobuf_names.h"
#include "connect/convert/protobuf_schema.h"

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)

struct parser {
    struct protobuf_lexer lex; /* first */
    struct kc_arena *arena;
    struct protobuf_file *file;
    unsigned depth;
};

static int enter(struct parser *p) {
    if (++p->depth > PROTOBUF_MAX_NESTING)
        return protobuf_syntax_error(&p->lex, "more than %d levels of nesting", PROTOBUF_MAX_NESTING);
    return 0;
}

/* ---- options ---- */

enum meta_level { META_NONE, META_TOP, META_PARAM }; /* where in (confluent.field_meta) a value stands */

/* What a scalar of an option means as text: `true`, `-1.5`, `FOO`, or the content of a string. */
static int scalar(struct parser *p, const char **ret_text, uint32_t *ret_len) {
    bool negative = protobuf_take_sign(&p->lex, '-');
    if (!negative)
        protobuf_take_sign(&p->lex, '+');
    if (p->lex.token == PROTOBUF_TOKEN_END || p->lex.token == PROTOBUF_TOKEN_SIGN)
        return protobuf_expected(&p->lex, "a value");
    *ret_text = negative ? kc_arena_printf(p->arena, "-%s", p->lex.text) : p->lex.text;
    *ret_len = p->lex.len + negative;
    protobuf_next(&p->lex);
    return p->lex.failed ? -1 : 0;
}

static int aggregate(struct parser *p, struct protobuf_field *field, enum meta_level level, char close);

static int member_value(struct parser *p, struct protobuf_field *field, enum meta_level level, const char **ret_text) {
    if (protobuf_take_sign(&p->lex, '{'))
        return aggregate(p, field, level, '}');
    if (protobuf_take_sign(&p->lex, '<'))
        return aggregate(p, field, level, '>');
    if (!protobuf_take_sign(&p->lex, '[')) {
        uint32_t len;
        return scalar(p, ret_text, &len);
    }
    TRY(enter(p));
    while (!protobuf_take_sign(&p->lex, ']')) {
        TRY(member_value(p, field, level, ret_text));
        if (!protobuf_take_sign(&p->lex, ',') && p->lex.sign != ']')
            return protobuf_expected(&p->lex, "',' or ']'");
    }
    p->depth--;
    return 0;
}

static int member_name(struct parser *p, const char **ret_name) {
    if (!protobuf_take_sign(&p->lex, '[')) {
        if (p->lex.token == PROTOBUF_TOKEN_TEXT)
            return protobuf_want_text(&p->lex, ret_name);
        return protobuf_want_name(&p->lex, ret_name);
    }
    TRY(protobuf_want_path(&p->lex, ret_name));
    while (protobuf_take_sign(&p->lex, '/'))
        TRY(protobuf_want_path(&p->lex, ret_name));
    *ret_name = "";
    return protobuf_want_sign(&p->lex, ']');
}

/* `{ name: value, name { … } }`, the bracket already taken. */
static int aggregate(struct parser *p, struct protobuf_field *field, enum meta_level level, char close) {
    struct protobuf_param param = {"", ""};
    TRY(enter(p));
    while (!protobuf_take_sign(&p->lex, close)) {
        const char *name, *text = "";
        TRY(member_name(p, &name));
        protobuf_take_sign(&p->lex, ':');
        TRY(member_value(p, field, level == META_TOP && strcmp(name, "params") == 0 ? META_PARAM : META_NONE, &text));
        if (strcmp(name, "key") == 0)
            param.key = text;
        else if (strcmp(name, "value") == 0)
            param.value = text;
        if (!protobuf_take_sign(&p->lex, ','))
            protobuf_take_sign(&p->lex, ';');
    }
    p->depth--;
    if (level == META_PARAM && field)
        PROTOBUF_PUSH(p->arena, field->params, field->param_count, param);
    return p->lex.failed ? -1 : 0;
}

/* `name`, `(a.b)`, `(a.b).c.d` */
static int option_name(struct parser *p, const char **ret_name) {
    char name[PROTOBUF_MAX_NAME];
    size_t len = 0;
    do {
        bool extension = protobuf_take_sign(&p->lex, '(');
        const char *part;
        if (extension)
            TRY(protobuf_want_path(&p->lex, &part));
        else
            TRY(protobuf_want_name(&p->lex, &part));
        if (extension)
            TRY(protobuf_want_sign(&p->lex, ')'));
        part += extension && part[0] == '.';
        int more = snprintf(name + len, sizeof(name) - len, "%s%s%s%s", len ? "." : "", extension ? "(" : "", part,
                            extension ? ")" : "");
        if ((size_t)more >= sizeof(name) - len)
            return protobuf_syntax_error(&p->lex, "the name is too long");
        len += (size_t)more;
    } while (protobuf_take_sign(&p->lex, '.'));
    *ret_name = kc_arena_copy(p->arena, name, len);
    return 0;
}

static enum protobuf_choice choice(const char *text, const char *yes, const char *no) {
    return strcmp(text, yes) == 0 ? PROTOBUF_YES : strcmp(text, no) == 0 ? PROTOBUF_NO : PROTOBUF_UNSAID;
}

/* What `features.x = TEXT` says. */
static void set_feature(struct protobuf_features *features, const char *name, const char *text) {
    if (strcmp(name, "features.field_presence") == 0) {
        features->presence = choice(text, "EXPLICIT", "IMPLICIT");
        features->required = strcmp(text, "LEGACY_REQUIRED") == 0 ? PROTOBUF_YES : PROTOBUF_UNSAID;
    } else if (strcmp(name, "features.repeated_field_encoding") == 0) {
        features->packed = choice(text, "PACKED", "EXPANDED");
    } else if (strcmp(name, "features.message_encoding") == 0) {
        features->delimited = choice(text, "DELIMITED", "LENGTH_PREFIXED");
    }
}

/* One `name = value`; `field` and `features` may be NULL: nobody looks at it. */
static int option(struct parser *p, struct protobuf_field *field, struct protobuf_features *features) {
    const char *name, *text = "";
    TRY(option_name(p, &name));
    TRY(protobuf_want_sign(&p->lex, '='));
    enum meta_level level = strcmp(name, "(confluent.field_meta)") == 0          ? META_TOP
                            : strcmp(name, "(confluent.field_meta).params") == 0 ? META_PARAM
                                                                                 : META_NONE;
    uint32_t len = p->lex.len + (p->lex.sign == '-');
    TRY(member_value(p, field, level, &text));
    if (features)
        set_feature(features, name, text);
    if (field && strcmp(name, "packed") == 0)
        field->features.packed = choice(text, "true", "false");
    if (field && strcmp(name, "default") == 0) {
        field->default_text = text;
        field->default_len = text[0] == '-' ? (uint32_t)strlen(text) : len;
    }
    return 0;
}

static int option_statement(struct parser *p, struct protobuf_features *features) {
    TRY(option(p, NULL, features));
    return protobuf_want_sign(&p->lex, ';');
}

/* `[name = value, …]` if there is one. */
static int option_list(struct parser *p, struct protobuf_field *field) {
    if (!protobuf_take_sign(&p->lex, '['))
        return 0;
    while (!protobuf_take_sign(&p->lex, ']')) {
        TRY(option(p, field, field ? &field->features : NULL));
        if (!protobuf_take_sign(&p->lex, ',') && p->lex.sign != ']')
            return protobuf_expected(&p->lex, "',' or ']'");
    }
    return 0;
}

/* ---- enums ---- */

static int enum_body(struct parser *p, struct protobuf_enum *en) {
    TRY(protobuf_want_name(&p->lex, &en->name));
    TRY(protobuf_want_sign(&p->lex, '{'));
    while (!protobuf_take_sign(&p->lex, '}')) {
        struct protobuf_enum_value value;
        int64_t number;
        if (protobuf_take_sign(&p->lex, ';'))
            continue;
        TRY(protobuf_want_name(&p->lex, &value.name));
        if (p->lex.sign != '=' && strcmp(value.name, "option") == 0) {
            TRY(option_statement(p, NULL));
            continue;
        }
        if (p->lex.sign != '=' && strcmp(value.name, "reserved") == 0) {
            TRY(protobuf_skip_statement(&p->lex));
            continue;
        }
        TRY(protobuf_want_sign(&p->lex, '='));
        TRY(protobuf_want_integer(&p->lex, INT32_MIN, INT32_MAX, &number));
        TRY(option_list(p, NULL));
        TRY(protobuf_want_sign(&p->lex, ';'));
        value.number = (int32_t)number;
        PROTOBUF_PUSH(p->arena, en->values, en->value_count, value);
    }
    if (en->value_count == 0)
        return protobuf_syntax_error(&p->lex, "the enum %.64s has no values", en->name);
    return 0;
}

static int new_enum(struct parser *p, struct protobuf_enum ***enums, uint32_t *count) {
    struct protobuf_enum *en = kc_arena_zalloc(p->arena, sizeof(*en));
    PROTOBUF_PUSH(p->arena, *enums, *count, en);
    return enum_body(p, en);
}

/* ---- fields ---- */

static struct protobuf_field *new_field(struct parser *p) {
    struct protobuf_field *field = kc_arena_zalloc(p->arena, sizeof(*field));
    field->oneof = -1;
    return field;
}

static void set_type(struct protobuf_field *field, const char *type) {
    field->type = protobuf_scalar(type);
    if (field->type == PROTOBUF_NO_TYPE)
        field->type_name = type;
}

/* `name = number [options];` */
static int field_rest(struct parser *p, struct protobuf_field *field) {
    int64_t number;
    TRY(protobuf_want_name(&p->lex, &field->name));
    TRY(protobuf_want_sign(&p->lex, '='));
    TRY(protobuf_want_integer(&p->lex, 1, PROTOBUF_MAX_NUMBER, &number));
    field->number = (int32_t)number;
    TRY(option_list(p, field));
    return protobuf_want_sign(&p->lex, ';');
}

/* The message that stands for the entries of a map field. */
static struct protobuf_message *new_entry(struct parser *p, const char *field_name, const char *key,
                                          const char *value) {
    struct protobuf_message *entry = kc_arena_zalloc(p->arena, sizeof(*entry));
    entry->name = protobuf_map_entry_name(p->arena, field_name);
    entry->map_entry = true;
    for (int32_t i = 0; i < 2; i++) {
        struct protobuf_field *field = new_field(p);
        field->name = i ? "value" : "key";
        field->number = i + 1;
        set_type(field, i ? value : key);
        PROTOBUF_PUSH(p->arena, entry->fields, entry->field_count, field);
    }
    return entry;
}

/* `map<key, value> name = number;`, the word map already taken. */
static int map_field(struct parser *p, struct protobuf_message *message, struct protobuf_message ***ret_entries,
                     uint32_t *ret_count) {
    struct protobuf_field *field = new_field(p);
    const char *key, *value;
    TRY(protobuf_want_sign(&p->lex, '<'));
    TRY(protobuf_want_path(&p->lex, &key));
    TRY(protobuf_want_sign(&p->lex, ','));
    TRY(protobuf_want_path(&p->lex, &value));
    TRY(protobuf_want_sign(&p->lex, '>'));
    TRY(field_rest(p, field));
    enum protobuf_type type = protobuf_scalar(key);
    if (type == PROTOBUF_NO_TYPE || type == PROTOBUF_FLOAT || type == PROTOBUF_DOUBLE || type == PROTOBUF_BYTES)
        return protobuf_syntax_error(&p->lex, "%.64s cannot be the type of map keys", key);
    struct protobuf_message *entry = new_entry(p, field->name, key, value);
    entry->parent = message;
    field->label = PROTOBUF_REPEATED;
    field->type_name = entry->name;
    PROTOBUF_PUSH(p->arena, *ret_entries, *ret_count, entry);
    PROTOBUF_PUSH(p->arena, message->fields, message->field_count, field);
    return 0;
}

/* A field of a message, or of its oneof with that index. Label and type are already taken. */
static int typed_field(struct parser *p, struct protobuf_message *message, enum protobuf_label label, int32_t oneof,
                       const char *type) {
    struct protobuf_field *field = new_field(p);
    set_type(field, type);
    field->label = label;
    field->oneof = oneof;
    TRY(field_rest(p, field));
    PROTOBUF_PUSH(p->arena, message->fields, message->field_count, field);
    return 0;
}

static int plain_field(struct parser *p, struct protobuf_message *message, enum protobuf_label label, int32_t oneof) {
    const char *type;
    TRY(protobuf_want_path(&p->lex, &type));
    return strcmp(type, "group") == 0 ? protobuf_skip_block(&p->lex) : typed_field(p, message, label, oneof, type);
}

static int oneof_body(struct parser *p, struct protobuf_message *message) {
    struct protobuf_oneof *oneof = kc_arena_zalloc(p->arena, sizeof(*oneof));
    int32_t index = (int32_t)message->oneof_count;
    TRY(protobuf_want_name(&p->lex, &oneof->name));
    PROTOBUF_PUSH(p->arena, message->oneofs, message->oneof_count, oneof);
    TRY(protobuf_want_sign(&p->lex, '{'));
    while (!protobuf_take_sign(&p->lex, '}')) {
        if (protobuf_take_sign(&p->lex, ';'))
            continue;
        if (protobuf_take_name(&p->lex, "option"))
            TRY(option_statement(p, NULL));
        else
            TRY(plain_field(p, message, PROTOBUF_LABEL_NONE, index));
    }
    return 0;
}

/* ---- messages ---- */

static int message_body(struct parser *p, struct protobuf_message *message);

static int new_message(struct parser *p, const struct protobuf_message *parent, struct protobuf_message ***messages,
                       uint32_t *count) {
    struct protobuf_message *message = kc_arena_zalloc(p->arena, sizeof(*message));
    message->parent = parent;
    PROTOBUF_PUSH(p->arena, *messages, *count, message);
    return message_body(p, message);
}

/* `option map_entry = true;` makes a message the entry of a map; nothing else counts. */
static int message_option(struct parser *p, struct protobuf_message *message) {
    if (protobuf_take_name(&p->lex, "map_entry")) {
        TRY(protobuf_want_sign(&p->lex, '='));
        message->map_entry = protobuf_is_name(&p->lex, "true");
        return protobuf_skip_statement(&p->lex);
    }
    return option_statement(p, NULL);
}

static enum protobuf_label take_label(struct parser *p) {
    return protobuf_take_name(&p->lex, "optional")   ? PROTOBUF_OPTIONAL
           : protobuf_take_name(&p->lex, "required") ? PROTOBUF_REQUIRED
           : protobuf_take_name(&p->lex, "repeated") ? PROTOBUF_REPEATED
                                                     : PROTOBUF_LABEL_NONE;
}

/* One statement of a message; `entries` gathers the entry messages of maps, which come behind the others. */
static int message_statement(struct parser *p, struct protobuf_message *m, struct protobuf_message ***entries,
                             uint32_t *entry_count) {
    if (protobuf_take_sign(&p->lex, ';'))
        return 0;
    if (protobuf_take_name(&p->lex, "message"))
        return new_message(p, m, &m->messages, &m->message_count);
    if (protobuf_take_name(&p->lex, "enum"))
        return new_enum(p, &m->enums, &m->enum_count);
    if (protobuf_take_name(&p->lex, "oneof"))
        return oneof_body(p, m);
    if (protobuf_take_name(&p->lex, "option"))
        return message_option(p, m);
    if (protobuf_take_name(&p->lex, "extend"))
        return protobuf_skip_block(&p->lex);
    if (protobuf_take_name(&p->lex, "reserved") || protobuf_take_name(&p->lex, "extensions"))
        return protobuf_skip_statement(&p->lex);
    enum protobuf_label label = take_label(p);
    if (label == PROTOBUF_LABEL_NONE && protobuf_take_name(&p->lex, "map"))
        return p->lex.sign == '<' ? map_field(p, m, entries, entry_count) : typed_field(p, m, label, -1, "map");
    return plain_field(p, m, label, -1);
}

static int message_body(struct parser *p, struct protobuf_message *message) {
    struct protobuf_message **entries = NULL;
    uint32_t entry_count = 0;
    TRY(enter(p));
    TRY(protobuf_want_name(&p->lex, &message->name));
    TRY(protobuf_want_sign(&p->lex, '{'));
    while (!protobuf_take_sign(&p->lex, '}'))
        TRY(message_statement(p, message, &entries, &entry_count));
    for (uint32_t i = 0; i < entry_count; i++)
        PROTOBUF_PUSH(p->arena, message->messages, message->message_count, entries[i]);
    p->depth--;
    return p->lex.failed ? -1 : 0;
}

/* ---- files ---- */

static int syntax_statement(struct parser *p, bool edition) {
    const char *text;
    TRY(protobuf_want_sign(&p->lex, '='));
    TRY(protobuf_want_text(&p->lex, &text));
    if (edition)
        p->file->syntax = PROTOBUF_EDITION;
    else if (strcmp(text, "proto3") == 0)
        p->file->syntax = PROTOBUF_PROTO3;
    else if (strcmp(text, "proto2") != 0)
        return protobuf_syntax_error(&p->lex, "unexpected syntax: %.64s", text);
    p->file->has_syntax = true;
    return protobuf_want_sign(&p->lex, ';');
}

static int import_statement(struct parser *p) {
    struct protobuf_file *file = p->file;
    const char *path;
    bool public_import = protobuf_take_name(&p->lex, "public");
    if (!public_import)
        protobuf_take_name(&p->lex, "weak");
    TRY(protobuf_want_text(&p->lex, &path));
    if (public_import)
        PROTOBUF_PUSH(p->arena, file->public_imports, file->public_import_count, path);
    else
        PROTOBUF_PUSH(p->arena, file->imports, file->import_count, path);
    return protobuf_want_sign(&p->lex, ';');
}

static int file_statement(struct parser *p) {
    if (protobuf_take_sign(&p->lex, ';'))
        return 0;
    if (protobuf_take_name(&p->lex, "syntax"))
        return syntax_statement(p, false);
    if (protobuf_take_name(&p->lex, "edition"))
        return syntax_statement(p, true);
    if (protobuf_take_name(&p->lex, "import"))
        return import_statement(p);
    if (protobuf_take_name(&p->lex, "package")) {
        TRY(protobuf_want_path(&p->lex, &p->file->package));
        return protobuf_want_sign(&p->lex, ';');
    }
    if (protobuf_take_name(&p->lex, "option"))
        return option_statement(p, &p->file->features);
    if (protobuf_take_name(&p->lex, "message"))
        return new_message(p, NULL, &p->file->messages, &p->file->message_count);
    if (protobuf_take_name(&p->lex, "enum"))
        return new_enum(p, &p->file->enums, &p->file->enum_count);
    if (protobuf_take_name(&p->lex, "extend") || protobuf_take_name(&p->lex, "service"))
        return protobuf_skip_block(&p->lex);
    return protobuf_expected(&p->lex, "a message, enum, import, option, package, service or extend");
}

int protobuf_parse(struct kc_arena *arena, const char *path, const char *text, size_t len,
                   struct protobuf_file **ret_file, struct kc_error *err) {
    if (len > PROTOBUF_MAX_TEXT)
        return err_set(err, ERR_BAD_DATA, "Could not parse Protobuf - the schema has %zu bytes, more than %d", len,
                       PROTOBUF_MAX_TEXT);
    struct parser p = {.arena = arena, .file = kc_arena_zalloc(arena, sizeof(*p.file))};
    p.file->path = path;
    protobuf_lexer_init(&p.lex, arena, text, len, err);
    while (p.lex.token != PROTOBUF_TOKEN_END)
        TRY(file_statement(&p));
    if (p.lex.failed)
        return -1;
    *ret_file = p.file;
    return 0;
}
