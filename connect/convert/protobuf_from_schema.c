/* Connect schemas to a proto3 file of one message, with the names, the nesting and the order that Confluent's
 * ProtobufData gives them, so that the text is the one that the registry already has from Java.
 * @source ProtobufData.fromConnectSchema */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/convert/protobuf_data.h"
#include "connect/convert/protobuf_names.h"

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)
#define ILLEGAL_ARGUMENT "java.lang.IllegalArgumentException"
#define WRAPPERS_PATH    "google/protobuf/wrappers.proto"

enum { MAX_MESSAGES = 10000 };

struct context {
    const struct protobuf_data_conf *conf;
    struct kc_arena *arena;
    struct protobuf_file *file;
    struct kc_error *err;
    uint32_t unnamed; /* how many names were made up */
    unsigned depth, messages;
};

bool protobuf_is_union(const struct kc_schema *schema) {
    return (schema->name && strncmp(schema->name, PROTOBUF_UNION, strlen(PROTOBUF_UNION)) == 0) ||
           schema_parameter(schema, GENERALIZED_UNION) != NULL;
}

/* ---- names ---- */

static const char *scrub(const struct context *ctx, const char *name) {
    return ctx->conf->scrub_names ? protobuf_scrub_name(ctx->arena, name) : name;
}

static const char *name_or_default(struct context *ctx, const char *name) {
    if (name && *name)
        return name;
    return kc_arena_printf(ctx->arena, PROTOBUF_DEFAULT_NAME "%u", ++ctx->unnamed);
}

static const char *unqualified(struct context *ctx, const char *name) {
    const char *full = name_or_default(ctx, name), *dot = strrchr(full, '.');
    return scrub(ctx, dot ? dot + 1 : full);
}

/* Names that would not survive being written and read again. */
static int check_name(const struct context *ctx, const char *name) {
    const char *p = name;
    for (; *p; p++)
        if (!(*p == '_' || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
              (p > name && *p >= '0' && *p <= '9')))
            break;
    if (*name && !*p)
        return 0;
    return err_set_class(ctx->err, ERR_BAD_DATA, ILLEGAL_ARGUMENT,
                         "Invalid protobuf schema definition: \"%s\" is not a valid identifier.", name);
}

/* ---- types of fields ---- */

static const struct {
    enum logical logical;
    const char *type, *path;
} logical_types[] = {{LOGICAL_DECIMAL, PROTOBUF_DECIMAL_NAME, "confluent/type/decimal.proto"},
                     {LOGICAL_DATE, PROTOBUF_DATE_NAME, "google/type/date.proto"},
                     {LOGICAL_TIME, PROTOBUF_TIME_NAME, "google/type/timeofday.proto"},
                     {LOGICAL_TIMESTAMP, PROTOBUF_TIMESTAMP_NAME, "google/protobuf/timestamp.proto"}};

static void add_import(struct context *ctx, const char *path) {
    for (uint32_t i = 0; i < ctx->file->import_count; i++)
        if (strcmp(ctx->file->imports[i], path) == 0)
            return;
    PROTOBUF_PUSH(ctx->arena, ctx->file->imports, ctx->file->import_count, path);
}

static void add_param(struct context *ctx, struct protobuf_field *field, const char *key, const char *value) {
    struct protobuf_param param = {key, kc_arena_strdup(ctx->arena, value)};
    PROTOBUF_PUSH(ctx->arena, field->params, field->param_count, param);
}

/* Whether nullable values of a type are wrapped; members of oneofs are nullable as they are. */
static bool is_wrapped(const struct context *ctx, const struct kc_schema *schema, bool member) {
    const char *marker = schema_parameter(schema, PROTOBUF_PARAM_WRAPPER);
    return ctx->conf->wrapper_for_nullables && schema->optional &&
           (!member || (marker && strcasecmp(marker, "true") == 0));
}

static const char *wrapper_of(enum kc_type type, const char *scalar) {
    switch (type) {
    case KC_FLOAT32:
        return "google.protobuf.FloatValue";
    case KC_FLOAT64:
        return "google.protobuf.DoubleValue";
    case KC_BOOLEAN:
        return "google.protobuf.BoolValue";
    case KC_STRING:
        return "google.protobuf.StringValue";
    case KC_BYTES:
        return "google.protobuf.BytesValue";
    case KC_INT64:
        return strcmp(scalar, "uint32") == 0 || strcmp(scalar, "fixed32") == 0   ? "google.protobuf.UInt32Value"
               : strcmp(scalar, "uint64") == 0 || strcmp(scalar, "fixed64") == 0 ? "google.protobuf.UInt64Value"
                                                                                 : "google.protobuf.Int64Value";
    default:
        return "google.protobuf.Int32Value";
    }
}

/* "int32" and so on, or what the schema's parameter says. */
static const char *scalar_of(const struct kc_schema *schema) {
    static const char *const names[] = {[KC_INT8] = "int32",   [KC_INT16] = "int32",   [KC_INT32] = "int32",
                                        [KC_INT64] = "int64",  [KC_FLOAT32] = "float", [KC_FLOAT64] = "double",
                                        [KC_BOOLEAN] = "bool", [KC_STRING] = "string", [KC_BYTES] = "bytes"};
    const char *type = NULL;
    if (schema->type == KC_INT32 || schema->type == KC_INT64)
        type = schema_parameter(schema, PROTOBUF_PARAM_TYPE);
    return type ? type : names[schema->type];
}

static const char *enum_of(const struct kc_schema *schema) {
    const char *type = schema->type == KC_STRING ? schema_parameter(schema, GENERALIZED_ENUM) : NULL;
    if (!type && (schema->type == KC_STRING || schema->type == KC_INT32))
        type = schema_parameter(schema, PROTOBUF_PARAM_ENUM);
    return type;
}

static void set_type(struct context *ctx, struct protobuf_field *field, const char *type) {
    field->type = protobuf_scalar(type);
    field->type_name = field->type == PROTOBUF_NO_TYPE ? kc_arena_strdup(ctx->arena, type) : NULL;
}

static void set_scalar_type(struct context *ctx, const struct kc_schema *schema, bool member,
                            struct protobuf_field *field) {
    const char *enum_name = enum_of(schema);
    if (schema->type == KC_INT8)
        add_param(ctx, field, "connect.type", "int8");
    else if (schema->type == KC_INT16)
        add_param(ctx, field, "connect.type", "int16");
    if (enum_name) {
        set_type(ctx, field, enum_name);
    } else if (is_wrapped(ctx, schema, member)) {
        set_type(ctx, field, wrapper_of(schema->type, scalar_of(schema)));
        add_import(ctx, WRAPPERS_PATH);
    } else {
        set_type(ctx, field, scalar_of(schema));
    }
}

/* Whether the schema is a logical type; then its message is the field's type. */
static bool set_logical_type(struct context *ctx, const struct kc_schema *schema, struct protobuf_field *field) {
    enum logical logical = schema_logical(schema);
    for (size_t i = 0; i < COUNT_OF(logical_types); i++) {
        if (logical != logical_types[i].logical)
            continue;
        const char *precision = schema_parameter(schema, PROTOBUF_PRECISION),
                   *scale = schema_parameter(schema, "scale");
        if (logical == LOGICAL_DECIMAL && precision)
            add_param(ctx, field, "precision", precision);
        if (logical == LOGICAL_DECIMAL && scale)
            add_param(ctx, field, "scale", scale);
        set_type(ctx, field, logical_types[i].type);
        add_import(ctx, logical_types[i].path);
        return true;
    }
    return false;
}

/* ---- messages ---- */

static int add_field(struct context *ctx, struct protobuf_message *message, const struct kc_schema *schema,
                     const char *name, int32_t number, int32_t oneof);

static struct protobuf_message *new_message(struct context *ctx, struct protobuf_message *parent, const char *name,
                                            const struct kc_schema *schema) {
    struct protobuf_message *m = kc_arena_zalloc(ctx->arena, sizeof(*m));
    m->name = name;
    m->parent = parent;
    m->made_from = schema;
    return m;
}

/* The number that a field's schema asks for. @errors NumberFormatException */
static int tag_of(const struct context *ctx, const struct kc_schema *schema, int32_t *ret_tag) {
    const char *tag = schema_parameter(schema, PROTOBUF_PARAM_TAG);
    if (!tag || protobuf_parse_int(tag, ret_tag))
        return tag != NULL;
    return err_set_class(ctx->err, ERR_BAD_DATA, "java.lang.NumberFormatException", "For input string: \"%s\"", tag);
}

static int message_fields(struct context *ctx, struct protobuf_message *message, const struct kc_schema *schema) {
    int32_t index = 1;
    if (++ctx->messages > MAX_MESSAGES)
        return err_set(ctx->err, ERR_BAD_DATA, "The schema makes more than %d Protobuf messages", MAX_MESSAGES);
    if (++ctx->depth > PROTOBUF_MAX_NESTING)
        return err_set(ctx->err, ERR_BAD_DATA, "The schema has more than %d levels of nesting", PROTOBUF_MAX_NESTING);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        int32_t number = 0;
        int tagged = tag_of(ctx, schema->fields[i].schema, &number);
        TRY(tagged);
        if (!tagged)
            number = index++;
        TRY(add_field(ctx, message, schema->fields[i].schema, scrub(ctx, schema->fields[i].name), number, -1));
    }
    ctx->depth--;
    return 0;
}

/* A struct that stands for a oneof: its fields are the message's. */
static int union_fields(struct context *ctx, struct protobuf_message *message, const struct kc_schema *schema) {
    struct protobuf_oneof *oneof = kc_arena_zalloc(ctx->arena, sizeof(*oneof));
    int32_t index = (int32_t)message->oneof_count;
    size_t prefix = strlen(PROTOBUF_UNION ".");
    if (ctx->conf->generalized_sums)
        oneof->name = schema_parameter(schema, GENERALIZED_UNION);
    else if (schema->name && strlen(schema->name) >= prefix)
        oneof->name = unqualified(ctx, schema->name + prefix);
    if (!oneof->name)
        return err_set_class(ctx->err, ERR_BAD_DATA, "java.lang.StringIndexOutOfBoundsException",
                             "The schema of a union does not name it");
    TRY(check_name(ctx, oneof->name));
    oneof->name = kc_arena_strdup(ctx->arena, oneof->name);
    PROTOBUF_PUSH(ctx->arena, message->oneofs, message->oneof_count, oneof);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        int32_t number = 0;
        TRY(tag_of(ctx, schema->fields[i].schema, &number));
        TRY(add_field(ctx, message, schema->fields[i].schema, scrub(ctx, schema->fields[i].name), number, index));
    }
    return 0;
}

/* Whether the name means a message that is there: the one around it, one beside it, or, for a schema within itself, any
 * that it lies in. */
static bool has_message(const struct protobuf_message *message, const char *name, const struct kc_schema *schema) {
    if (strcmp(message->name, name) == 0)
        return true;
    for (const struct protobuf_message *m = message->parent; m && schema_is_forward(schema); m = m->parent)
        if (strcmp(m->name, name) == 0)
            return true;
    for (uint32_t i = 0; i < message->message_count; i++)
        if (strcmp(message->messages[i]->name, name) == 0 && message->messages[i]->made_from->type == KC_STRUCT)
            return true;
    return false;
}

static int struct_type(struct context *ctx, struct protobuf_message *message, const struct kc_schema *schema,
                       struct protobuf_field *field) {
    const char *type = unqualified(ctx, schema->name);
    if (strcmp(type, field->name) == 0) /* a type and a field cannot have the same name */
        type = kc_arena_printf(ctx->arena, "%sMessage", type);
    TRY(check_name(ctx, type));
    field->type_name = kc_arena_strdup(ctx->arena, type);
    if (has_message(message, type, schema))
        return 0;
    struct protobuf_message *nested = new_message(ctx, message, field->type_name, schema);
    TRY(message_fields(ctx, nested, schema));
    PROTOBUF_PUSH(ctx->arena, message->messages, message->message_count, nested);
    return 0;
}

static int map_type(struct context *ctx, struct protobuf_message *message, const struct kc_schema *schema,
                    struct protobuf_field *field) {
    field->type_name = protobuf_map_entry_name(ctx->arena, unqualified(ctx, schema->name));
    TRY(check_name(ctx, field->type_name));
    if (!schema->key_schema || !schema->value_schema)
        return err_set_class(ctx->err, ERR_BAD_DATA, ILLEGAL_ARGUMENT, "A map needs the types of its keys and values");
    struct protobuf_message *entry = new_message(ctx, message, field->type_name, schema);
    if (++ctx->depth > PROTOBUF_MAX_NESTING)
        return err_set(ctx->err, ERR_BAD_DATA, "The schema has more than %d levels of nesting", PROTOBUF_MAX_NESTING);
    TRY(add_field(ctx, entry, schema->key_schema, "key", 1, -1));
    TRY(add_field(ctx, entry, schema->value_schema, "value", 2, -1));
    ctx->depth--;
    PROTOBUF_PUSH(ctx->arena, message->messages, message->message_count, entry);
    return 0;
}

static int enum_type(struct context *ctx, struct protobuf_message *message, const struct kc_schema *schema) {
    const char *name = unqualified(ctx, schema->name);
    const char *param = ctx->conf->generalized_sums ? GENERALIZED_ENUM : PROTOBUF_PARAM_ENUM;
    size_t prefix = strlen(param);
    for (uint32_t i = 0; i < message->enum_count; i++)
        if (strcmp(message->enums[i]->name, name) == 0)
            return 0;
    TRY(check_name(ctx, name));
    struct protobuf_enum *en = kc_arena_zalloc(ctx->arena, sizeof(*en));
    en->name = kc_arena_strdup(ctx->arena, name);
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const char *key = schema->parameters[i].name;
        struct protobuf_enum_value value;
        if (strncmp(key, param, prefix) != 0 || key[prefix] != '.')
            continue;
        value.name = kc_arena_strdup(ctx->arena, key + prefix + 1);
        TRY(check_name(ctx, value.name));
        if (!protobuf_parse_int(schema->parameters[i].value, &value.number))
            return err_set_class(ctx->err, ERR_BAD_DATA, "java.lang.NumberFormatException", "For input string: \"%s\"",
                                 schema->parameters[i].value);
        PROTOBUF_PUSH(ctx->arena, en->values, en->value_count, value);
    }
    if (en->value_count == 0)
        return err_set_class(ctx->err, ERR_BAD_DATA, ILLEGAL_ARGUMENT,
                             "Invalid protobuf schema definition: %s: Enums must contain at least one value.", name);
    PROTOBUF_PUSH(ctx->arena, message->enums, message->enum_count, en);
    return 0;
}

/* ---- fields ---- */

static int set_field_type(struct context *ctx, struct protobuf_message *message, const struct kc_schema *schema,
                          struct protobuf_field *field) {
    bool member = field->oneof >= 0;
    if (set_logical_type(ctx, schema, field))
        return 0;
    switch (schema->type) {
    case KC_ARRAY:
        return err_set_class(ctx->err, ERR_BAD_DATA, ILLEGAL_ARGUMENT, "Array cannot be nested");
    case KC_STRUCT:
        return struct_type(ctx, message, schema, field);
    case KC_MAP:
        return map_type(ctx, message, schema, field);
    default:
        set_scalar_type(ctx, schema, member, field);
        return enum_of(schema) ? enum_type(ctx, message, schema) : 0;
    }
}

static int add_field(struct context *ctx, struct protobuf_message *message, const struct kc_schema *schema,
                     const char *name, int32_t number, int32_t oneof) {
    struct protobuf_field *field = kc_arena_zalloc(ctx->arena, sizeof(*field));
    field->name = kc_arena_strdup(ctx->arena, name);
    field->number = number;
    field->oneof = oneof;
    if (schema->type == KC_ARRAY || schema->type == KC_MAP)
        field->label = PROTOBUF_REPEATED;
    else if (ctx->conf->optional_for_nullables && schema->optional && oneof < 0 && message->made_from->type != KC_MAP)
        field->label = PROTOBUF_OPTIONAL;
    if (schema->type == KC_ARRAY)
        schema = schema->value_schema;
    if (!schema)
        return err_set_class(ctx->err, ERR_BAD_DATA, ILLEGAL_ARGUMENT, "The array %s needs the type of its elements",
                             name);
    if (schema->type == KC_STRUCT && protobuf_is_union(schema))
        return union_fields(ctx, message, schema);
    TRY(check_name(ctx, name));
    TRY(set_field_type(ctx, message, schema, field));
    if (number < 1 || number > PROTOBUF_MAX_NUMBER)
        return err_set_class(ctx->err, ERR_BAD_DATA, ILLEGAL_ARGUMENT,
                             "Invalid protobuf schema definition: %s: Field numbers must be positive integers.", name);
    PROTOBUF_PUSH(ctx->arena, message->fields, message->field_count, field);
    return 0;
}

/* ---- the root ---- */

/* Splits a.b.Name into package and name, each part scrubbed. */
static int root_name(struct context *ctx, const char *full, const char **ret_name) {
    AUTO_BUF package;
    buf_init(&package, SIZE_MAX);
    size_t len = strlen(full);
    while (len > 1 && full[len - 1] == '.') /* as String.split leaves out the empty parts at the end */
        len--;
    const char *part = kc_arena_copy(ctx->arena, full, len), *dot;
    for (; (dot = strchr(part, '.')); part = dot + 1) {
        const char *scrubbed = scrub(ctx, kc_arena_copy(ctx->arena, part, (size_t)(dot - part)));
        TRY(check_name(ctx, scrubbed));
        buf_printf(&package, "%s%s", package.len ? "." : "", scrubbed);
    }
    *ret_name = kc_arena_strdup(ctx->arena, scrub(ctx, part));
    ctx->file->package = package.len ? kc_arena_strdup(ctx->arena, buf_text(&package)) : NULL;
    return check_name(ctx, *ret_name);
}

static int struct_root(struct context *ctx, const struct kc_schema *schema, const char **ret_name) {
    TRY(root_name(ctx, name_or_default(ctx, schema->name), ret_name));
    ctx->file->syntax = PROTOBUF_PROTO3;
    ctx->file->has_syntax = true;
    struct protobuf_message *message = new_message(ctx, NULL, *ret_name, schema);
    TRY(message_fields(ctx, message, schema));
    PROTOBUF_PUSH(ctx->arena, ctx->file->messages, ctx->file->message_count, message);
    if (ctx->file->package)
        *ret_name = kc_arena_printf(ctx->arena, "%s.%s", ctx->file->package, *ret_name);
    return 0;
}

static int build_root(struct context *ctx, const struct kc_schema *schema, const char **ret_name) {
    if (schema->type == KC_ARRAY || schema->type == KC_MAP)
        return err_set_class(ctx->err, ERR_BAD_DATA, ILLEGAL_ARGUMENT, "Unsupported root schema of type %s",
                             schema_type_name(schema->type));
    if (schema->type == KC_STRUCT)
        return struct_root(ctx, schema, ret_name);
    if (schema_logical(schema) != LOGICAL_NONE)
        return err_set(
            ctx->err, ERR_BAD_DATA,
            "A Protobuf message cannot be a %s alone: it has no schema to be read with; put it into a struct",
            schema->name);
    const char *text = protobuf_known_file(WRAPPERS_PATH);
    *ret_name = wrapper_of(schema->type, schema->type == KC_INT64 ? "int64" : "");
    return protobuf_parse(ctx->arena, NULL, text, strlen(text), &ctx->file, ctx->err);
}

struct protobuf_target *protobuf_target_free(struct protobuf_target *target) {
    if (target) {
        protobuf_schema_free(target->schema);
        buf_done(&target->text);
        free(target);
    }
    return NULL;
}

int protobuf_from_schema(const struct protobuf_data_conf *conf, const struct kc_schema *schema,
                         struct protobuf_target **ret_target, struct kc_error *err) {
    if (!schema)
        return err_set_class(
            err, ERR_BAD_DATA, "java.lang.NullPointerException",
            "Cannot invoke \"org.apache.kafka.connect.data.Schema.name()\" because \"schema\" is null: "
            "the value has no schema, which Protobuf needs");
    AUTO(protobuf_target) target = calloc(1, sizeof(*target));
    if (!target)
        abort();
    buf_init(&target->text, PROTOBUF_MAX_TEXT);
    AUTO(arena) arena = arena_new(0);
    struct context ctx = {.conf = conf, .arena = arena, .file = kc_arena_zalloc(arena, sizeof(*ctx.file)), .err = err};
    const char *name = NULL;
    TRY(build_root(&ctx, schema, &name));
    struct kc_arena *owned = TAKE(arena);
    if (protobuf_schema_of(owned, ctx.file, &target->schema, err) < 0)
        return err_wrap(err, ILLEGAL_ARGUMENT, "Invalid protobuf schema definition: %s", err ? err->text : "");
    target->root = protobuf_message_named(target->schema, name);
    if (schema->type != KC_STRUCT)
        buf_add_text(&target->text, protobuf_wrappers_text());
    else
        protobuf_write(&target->text, target->schema->root);
    if (target->text.failed)
        return err_set(err, ERR_BAD_DATA, "The Protobuf schema has more than %d bytes", PROTOBUF_MAX_TEXT);
    *ret_target = TAKE(target);
    return 0;
}
