/* Schemas as a whole: the files that a root file needs, look-ups, message indexes. A schema owns its arena with
 * everything in it. */
#include "connect/convert/protobuf_schema.h"

#include <string.h>

#include "connect/base/err.h"
#include "connect/data/base64.h"

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)

/* ---- files ---- */

struct loading {
    struct protobuf_schema *schema;
    protobuf_import *import;
    void *arg;
    struct map *seen; /* by path */
    unsigned depth;
    struct kc_error *err;
};

static int parse_either(struct kc_arena *arena, const char *path, const char *text, size_t len,
                        struct protobuf_file **ret_file, struct kc_error *err) {
    struct kc_error text_error = {0};
    if (protobuf_parse(arena, path, text, len, ret_file, &text_error) == 0)
        return 0;
    struct kc_value bytes;
    if (base64_read(arena, text, len, &bytes, NULL) == 0 && bytes.len > 0 &&
        protobuf_parse_descriptor(arena, path, bytes.bytes, bytes.len, ret_file, NULL) == 0)
        return 0;
    if (err)
        *err = text_error;
    return -1;
}

static int load_file(struct loading *l, struct protobuf_file *file);

static int load_import(struct loading *l, const struct protobuf_file *file, const char *path) {
    if (map_has(l->seen, path))
        return 0;
    map_put(l->seen, path, l);
    const char *text = l->import ? l->import(l->arg, path) : NULL;
    if (text)
        (void)buf_add(&l->schema->source, text, strlen(text) + 1);
    else
        text = protobuf_known_file(path);
    if (!text)
        return err_set(l->err, ERR_BAD_DATA, "cannot resolve import %s in %s", path,
                       file->path ? file->path : "the schema");
    struct protobuf_file *imported;
    if (parse_either(l->schema->arena, kc_arena_strdup(l->schema->arena, path), text, strlen(text), &imported, l->err) <
        0)
        return err_prefix(l->err, "%s", path);
    return load_file(l, imported);
}

/* The imports of a file, then the file itself. An import of a file that is just being loaded is left alone. */
static int load_file(struct loading *l, struct protobuf_file *file) {
    struct protobuf_schema *schema = l->schema;
    if (++l->depth > PROTOBUF_MAX_NESTING || schema->file_count >= PROTOBUF_MAX_FILES)
        return err_set(l->err, ERR_BAD_DATA, "The schema imports too many files");
    for (uint32_t i = 0; i < file->import_count; i++)
        TRY(load_import(l, file, file->imports[i]));
    for (uint32_t i = 0; i < file->public_import_count; i++)
        TRY(load_import(l, file, file->public_imports[i]));
    l->depth--;
    PROTOBUF_PUSH(schema->arena, schema->files, schema->file_count, file);
    return 0;
}

static struct protobuf_schema *new_schema(struct kc_arena *arena) {
    struct protobuf_schema *schema = kc_arena_zalloc(arena, sizeof(*schema));
    schema->arena = arena;
    schema->messages = map_new(NULL);
    schema->enums = map_new(NULL);
    schema->packages = map_new(NULL);
    buf_init(&schema->source, SIZE_MAX);
    return schema;
}

struct protobuf_schema *protobuf_schema_free(struct protobuf_schema *schema) {
    if (!schema)
        return NULL;
    map_free(schema->messages);
    map_free(schema->enums);
    map_free(schema->packages);
    buf_done(&schema->source);
    arena_free(schema->arena); /* the schema lies in it */
    return NULL;
}

static int complete(struct protobuf_schema *schema, protobuf_import *import, void *arg, struct kc_error *err) {
    struct loading l = {.schema = schema, .import = import, .arg = arg, .seen = map_new(NULL), .err = err};
    int result = load_file(&l, schema->root);
    map_free(l.seen);
    return result < 0 ? -1 : protobuf_link(schema, err);
}

int protobuf_schema_of(struct kc_arena *arena, struct protobuf_file *file, struct protobuf_schema **ret_schema,
                       struct kc_error *err) {
    AUTO(protobuf_schema) schema = new_schema(arena);
    schema->root = file;
    TRY(complete(schema, NULL, NULL, err));
    *ret_schema = TAKE(schema);
    return 0;
}

int protobuf_schema_new(const char *text, size_t len, protobuf_import *import, void *arg,
                        struct protobuf_schema **ret_schema, struct kc_error *err) {
    AUTO(protobuf_schema) schema = new_schema(arena_new(0));
    (void)buf_add(&schema->source, text, len);
    (void)buf_add_char(&schema->source, 0);
    TRY(parse_either(schema->arena, NULL, text, len, &schema->root, err));
    TRY(complete(schema, import, arg, err));
    *ret_schema = TAKE(schema);
    return 0;
}

/* ---- look-ups ---- */

const struct protobuf_message *protobuf_message_named(const struct protobuf_schema *schema, const char *full_name) {
    return map_get(schema->messages, full_name);
}

const struct protobuf_field *protobuf_field_named(const struct protobuf_message *message, const char *name) {
    for (uint32_t i = 0; i < message->field_count; i++)
        if (strcmp(message->fields[i]->name, name) == 0)
            return message->fields[i];
    return NULL;
}

const struct protobuf_field *protobuf_field_numbered(const struct protobuf_message *message, int32_t number) {
    uint32_t from = 0, to = message->field_count;
    while (from < to) {
        uint32_t middle = (from + to) / 2;
        const struct protobuf_field *field = message->by_number[middle];
        if (field->number == number)
            return field;
        if (field->number < number)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

const struct protobuf_enum_value *protobuf_enum_numbered(const struct protobuf_enum *enumeration, int64_t number) {
    for (uint32_t i = 0; i < enumeration->value_count; i++)
        if (enumeration->values[i].number == number)
            return &enumeration->values[i];
    return NULL;
}

static const char *const type_names[] = {
    [PROTOBUF_DOUBLE] = "double",     [PROTOBUF_FLOAT] = "float",     [PROTOBUF_INT64] = "int64",
    [PROTOBUF_UINT64] = "uint64",     [PROTOBUF_INT32] = "int32",     [PROTOBUF_FIXED64] = "fixed64",
    [PROTOBUF_FIXED32] = "fixed32",   [PROTOBUF_BOOL] = "bool",       [PROTOBUF_STRING] = "string",
    [PROTOBUF_GROUP] = "group",       [PROTOBUF_MESSAGE] = "message", [PROTOBUF_BYTES] = "bytes",
    [PROTOBUF_UINT32] = "uint32",     [PROTOBUF_ENUM] = "enum",       [PROTOBUF_SFIXED32] = "sfixed32",
    [PROTOBUF_SFIXED64] = "sfixed64", [PROTOBUF_SINT32] = "sint32",   [PROTOBUF_SINT64] = "sint64",
};

const char *protobuf_type_name(enum protobuf_type type) {
    return type_names[type];
}

enum protobuf_type protobuf_scalar(const char *name) {
    for (unsigned type = PROTOBUF_DOUBLE; type <= PROTOBUF_SINT64; type++)
        if (type != PROTOBUF_GROUP && type != PROTOBUF_MESSAGE && type != PROTOBUF_ENUM &&
            strcmp(type_names[type], name) == 0)
            return (enum protobuf_type)type;
    return PROTOBUF_NO_TYPE;
}

const char *protobuf_param(const struct protobuf_field *field, const char *key) {
    for (uint32_t i = field->param_count; i-- > 0;)
        if (strcmp(field->params[i].key, key) == 0)
            return field->params[i].value;
    return NULL;
}

/* ---- message indexes ---- */

static int read_index(const uint8_t *data, size_t len, size_t *at, int32_t *ret_index, struct kc_error *err) {
    uint32_t n = 0;
    for (unsigned shift = 0; shift < 32; shift += 7) {
        if (*at >= len)
            return err_set_class(err, ERR_BAD_DATA, "java.nio.BufferUnderflowException", "%s", "");
        uint8_t byte = data[(*at)++];
        n |= (uint32_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret_index = (int32_t)(n >> 1) ^ -(int32_t)(n & 1);
            return 0;
        }
    }
    return err_set_class(err, ERR_BAD_DATA, "java.lang.IllegalArgumentException",
                         "Varint is too long, the most significant bit in the 5th byte is set");
}

static int bad_indexes(struct kc_error *err, int32_t index) {
    return err_set_class(err, ERR_BAD_DATA, "java.lang.IllegalArgumentException",
                         "Invalid message indexes: the schema has no message %d", index);
}

int protobuf_read_indexes(const struct protobuf_schema *schema, const uint8_t *data, size_t len, size_t *ret_used,
                          const struct protobuf_message **ret_message, struct kc_error *err) {
    struct protobuf_message **messages = schema->root->messages;
    uint32_t message_count = schema->root->message_count;
    size_t at = 0;
    int32_t count, index = 0;
    TRY(read_index(data, len, &at, &count, err));
    if (count < 0 || count > PROTOBUF_MAX_NESTING)
        return err_set_class(err, ERR_BAD_DATA, "java.lang.IllegalArgumentException", "Illegal Capacity: %d", count);
    for (int32_t i = 0; i < (count ? count : 1); i++) {
        if (count)
            TRY(read_index(data, len, &at, &index, err));
        if (index < 0 || (uint32_t)index >= message_count)
            return bad_indexes(err, index);
        *ret_message = messages[index];
        messages = (*ret_message)->messages;
        message_count = (*ret_message)->message_count;
    }
    *ret_used = at;
    return 0;
}

static int add_index(struct buf *out, int32_t index) {
    uint32_t n = ((uint32_t)index << 1) ^ (uint32_t)(index >> 31);
    for (; n > 0x7F; n >>= 7)
        buf_add_char(out, (char)(0x80 | (n & 0x7F)));
    return buf_add_char(out, (char)n);
}

/* Parts of the name that name no message, such as those of the package, are passed over. */
int protobuf_add_indexes(struct buf *out, const struct protobuf_schema *schema, const char *full_name, bool normalize) {
    struct protobuf_message **messages = schema->root->messages;
    uint32_t message_count = schema->root->message_count;
    int32_t indexes[PROTOBUF_MAX_NESTING], count = 0;
    for (const char *part = full_name; *part && count < PROTOBUF_MAX_NESTING;) {
        size_t len = strcspn(part, ".");
        int32_t index = 0;
        for (uint32_t i = 0; i < message_count; i++) {
            const struct protobuf_message *m = messages[i];
            if (strlen(m->name) == len && memcmp(m->name, part, len) == 0) {
                indexes[count++] = index;
                messages = m->messages;
                message_count = m->message_count;
                break;
            }
            index += !(normalize && m->map_entry);
        }
        part += len + (part[len] == '.');
    }
    if (count == 0 || (count == 1 && indexes[0] == 0))
        return buf_add_char(out, 0);
    add_index(out, count);
    for (int32_t i = 0; i < count; i++)
        add_index(out, indexes[i]);
    return out->failed ? -1 : 0;
}
