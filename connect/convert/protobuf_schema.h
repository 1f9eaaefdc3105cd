/* Protobuf schemas as a tree: files, messages, enums, fields. They come from .proto text (protobuf_parse.c), from a
 * serialized FileDescriptorProto (protobuf_descriptor.c) or from a Connect schema (protobuf_from_schema.c); names are
 * resolved by protobuf_link.c, and protobuf_write.c gives the text that goes to the Schema Registry.
 *
 * Everything lies in one arena and does not change after linking. */
#ifndef CONNECT_CONVERT_PROTOBUF_SCHEMA_H
#define CONNECT_CONVERT_PROTOBUF_SCHEMA_H

#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/map.h"
#include "connect/plugin.h"

enum { /* what a schema from outside may have */
       PROTOBUF_MAX_TEXT = 4 << 20,
       PROTOBUF_MAX_NESTING = 100, /* of messages and of option values */
       PROTOBUF_MAX_FILES = 1000,
       PROTOBUF_MAX_NUMBER = (1 << 29) - 1
};

enum protobuf_type { /* FieldDescriptorProto.Type */
                     PROTOBUF_NO_TYPE,
                     PROTOBUF_DOUBLE,
                     PROTOBUF_FLOAT,
                     PROTOBUF_INT64,
                     PROTOBUF_UINT64,
                     PROTOBUF_INT32,
                     PROTOBUF_FIXED64,
                     PROTOBUF_FIXED32,
                     PROTOBUF_BOOL,
                     PROTOBUF_STRING,
                     PROTOBUF_GROUP,
                     PROTOBUF_MESSAGE,
                     PROTOBUF_BYTES,
                     PROTOBUF_UINT32,
                     PROTOBUF_ENUM,
                     PROTOBUF_SFIXED32,
                     PROTOBUF_SFIXED64,
                     PROTOBUF_SINT32,
                     PROTOBUF_SINT64
};

/* FieldDescriptorProto.Label; NONE: the text says nothing (proto3, members of a oneof). */
enum protobuf_label { PROTOBUF_LABEL_NONE, PROTOBUF_OPTIONAL, PROTOBUF_REQUIRED, PROTOBUF_REPEATED };

enum protobuf_syntax { PROTOBUF_PROTO2, PROTOBUF_PROTO3, PROTOBUF_EDITION };

/* What a file or field says of `features` (editions), or a field of `packed`. */
enum protobuf_choice { PROTOBUF_UNSAID, PROTOBUF_YES, PROTOBUF_NO };
struct protobuf_features {
    enum protobuf_choice presence, packed, delimited, required;
};

/* One entry of (confluent.field_meta).params */
struct protobuf_param {
    const char *key, *value;
};

struct protobuf_enum_value {
    const char *name;
    int32_t number;
};

struct protobuf_enum {
    const char *name, *full_name;
    struct protobuf_enum_value *values;
    uint32_t value_count;
    bool closed; /* proto2: numbers that it does not name are unknown fields */
};

struct protobuf_message;
struct protobuf_field {
    const char *name;
    const char *type_name;    /* as written, NULL for scalars */
    const char *default_text; /* as written, strings without quotes and escapes; NULL */
    uint32_t default_len;
    int32_t number;
    enum protobuf_type type;
    enum protobuf_label label;
    struct protobuf_features features;
    int32_t oneof; /* index of the oneof it belongs to, -1 */
    struct protobuf_param *params;
    uint32_t param_count;
    /* set by linking */
    bool proto3_optional, has_presence, packed;
    bool optional_keyword; /* proto3 `optional`, or proto2 without `required` */
    bool checks_utf8;
    uint32_t index; /* among the fields of its message */
    uint64_t default_bits;
    const struct protobuf_message *message;
    const struct protobuf_enum *enumeration;
};

struct protobuf_oneof {
    const char *name, *full_name;
    uint32_t first_field, field_count; /* its members, in fields of the message */
};

struct protobuf_message {
    const char *name, *full_name;
    const struct protobuf_message *parent; /* NULL at the top of a file */
    struct protobuf_field **fields;        /* in the order of Java's descriptors: members of oneofs first */
    struct protobuf_oneof **oneofs;
    struct protobuf_message **messages; /* nested */
    struct protobuf_enum **enums;
    uint32_t field_count, oneof_count, message_count, enum_count;
    bool map_entry;
    /* set by linking */
    bool needs_check;                  /* it or a message in it has required fields */
    struct protobuf_field **by_number; /* sorted */
    const struct kc_schema *made_from; /* the STRUCT or MAP that it was made from, NULL */
};

struct protobuf_file {
    const char *path, *package; /* package NULL: none */
    enum protobuf_syntax syntax;
    bool has_syntax; /* it was stated */
    struct protobuf_features features;
    const char **imports, **public_imports;
    uint32_t import_count, public_import_count;
    struct protobuf_message **messages;
    struct protobuf_enum **enums;
    uint32_t message_count, enum_count;
};

/* A root file with all that it imports. */
struct protobuf_schema {
    struct kc_arena *arena;
    struct protobuf_file *root;
    struct protobuf_file **files; /* each one behind those that it imports; the root last */
    uint32_t file_count;
    struct map *messages, *enums; /* by full name */
    struct map *packages;         /* every package and what encloses it */
    struct buf source;            /* the texts that it was parsed from, each with a NUL behind it */
};

/* Gives the text of an import, NULL when there is none. */
typedef const char *protobuf_import(void *arg, const char *path);

/* Parses the text of a schema and of everything it imports (well-known files need no `import`), and links them.
 * `import` may be NULL. Like Java, it takes .proto text and, where that fails, base64 of a FileDescriptorProto.
 * @errors DataException: "Could not parse Protobuf - …", unknown types and imports, limits */
int protobuf_schema_new(const char *text, size_t len, protobuf_import *import, void *arg,
                        struct protobuf_schema **ret_schema, struct kc_error *err) KC_CHECKED;
/* A schema of one file and well-known imports; takes the arena over that `file` lies in, also on failure. */
int protobuf_schema_of(struct kc_arena *arena, struct protobuf_file *file, struct protobuf_schema **ret_schema,
                       struct kc_error *err) KC_CHECKED;
struct protobuf_schema *protobuf_schema_free(struct protobuf_schema *schema);
AUTO_FREE(protobuf_schema, struct protobuf_schema, protobuf_schema_free)

const struct protobuf_message *protobuf_message_named(const struct protobuf_schema *schema, const char *full_name);
const struct protobuf_field *protobuf_field_named(const struct protobuf_message *message, const char *name);
/* By binary search; NULL when the message has no such number. */
const struct protobuf_field *protobuf_field_numbered(const struct protobuf_message *message, int32_t number);
/* "UNKNOWN_ENUM_VALUE_…" never comes from here: NULL when the enum does not name the number. */
const struct protobuf_enum_value *protobuf_enum_numbered(const struct protobuf_enum *enumeration, int64_t number);
/* The value that the name of a FieldDescriptorProto.Type stands for ("sint32"), PROTOBUF_NO_TYPE for other words. */
enum protobuf_type protobuf_scalar(const char *name);
const char *protobuf_type_name(enum protobuf_type type); /* "sint32"; "message", "enum", "group" */
/* (confluent.field_meta).params[key], NULL. */
const char *protobuf_param(const struct protobuf_field *field, const char *key);
bool protobuf_is_scalar_packable(enum protobuf_type type);

/* ---- Message indexes of the wire format ---- */

/* Which message the indexes at the front of a payload name. The list [0] is one zero byte.
 * @errors DataException: truncated, or there is no such message. @source MessageIndexes, ProtobufSchema.toMessageName
 */
int protobuf_read_indexes(const struct protobuf_schema *schema, const uint8_t *data, size_t len, size_t *ret_used,
                          const struct protobuf_message **ret_message, struct kc_error *err) KC_CHECKED;
/* The indexes of the message with this full name in the root file; nothing is added when there is none.
 * @source ProtobufSchema.toMessageIndexes */
int protobuf_add_indexes(struct buf *out, const struct protobuf_schema *schema, const char *full_name, bool normalize);

/* ---- The parts that make a schema ---- */

/* `path` NULL: the root. @errors DataException with the line */
int protobuf_parse(struct kc_arena *arena, const char *path, const char *text, size_t len,
                   struct protobuf_file **ret_file, struct kc_error *err) KC_CHECKED;
/* @errors DataException */
int protobuf_parse_descriptor(struct kc_arena *arena, const char *path, const uint8_t *data, size_t len,
                              struct protobuf_file **ret_file, struct kc_error *err) KC_CHECKED;
/* Gives every message, enum and oneof its full name and every field its type. */
int protobuf_link(struct protobuf_schema *schema, struct kc_error *err) KC_CHECKED;
/* Text of a well-known file ("google/protobuf/timestamp.proto"), NULL for other paths. */
const char *protobuf_known_file(const char *path);
/* google/protobuf/wrappers.proto as Confluent's classes register it. */
const char *protobuf_wrappers_text(void);
/* The text of a file as Confluent's ProtobufSchema.canonicalString() gives it, for files that were made from a Connect
 * schema (options other than field_meta and map_entry, services and extensions are not kept by the tree). */
int protobuf_write(struct buf *out, const struct protobuf_file *file);

/* Arrays in the arena that double; `count` says how many there are. */
#define PROTOBUF_PUSH(arena, items, count, item)                                        \
    do {                                                                                \
        if (((count) & ((count)-1)) == 0)                                               \
            (items) = arena_grow((arena), (items), sizeof(*(items)) * (count),          \
                                 sizeof(*(items)) * ((count) ? (size_t)(count)*2 : 1)); \
        (items)[(count)++] = (item);                                                    \
    } while (0)

#endif
