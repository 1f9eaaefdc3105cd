/* Avro schemas: their JSON text as a tree. A document owns everything in it; nodes refer to each other, in circles
 * where a record holds itself. Properties that are not Avro's own stay in the JSON and are read from there.
 * @source org.apache.avro.Schema.Parser (1.12, names checked, defaults not) */
#ifndef CONNECT_CONVERT_AVRO_SCHEMA_H
#define CONNECT_CONVERT_AVRO_SCHEMA_H

#include "connect/base/auto.h"
#include "connect/base/json.h"
#include "connect/convert/registry.h"
#include "connect/plugin.h"

#define SCHEMA_PARSE_EXCEPTION "org.apache.avro.SchemaParseException"

/* What stands for U+0000 in the strings of a document's JSON; U+FFFF is no character. */
enum { AVRO_NUL = 0xffff };

/* Values and schemas nested deeper are refused, in both directions. */
enum { AVRO_MAX_DEPTH = 400, AVRO_MAX_SCHEMA_DEPTH = 200 };

enum avro_type { /* RECORD, ENUM and FIXED have names */
                 AVRO_NULL,
                 AVRO_BOOLEAN,
                 AVRO_INT,
                 AVRO_LONG,
                 AVRO_FLOAT,
                 AVRO_DOUBLE,
                 AVRO_BYTES,
                 AVRO_STRING,
                 AVRO_RECORD,
                 AVRO_ENUM,
                 AVRO_ARRAY,
                 AVRO_MAP,
                 AVRO_UNION,
                 AVRO_FIXED
};

struct avro_schema;
struct avro_field {
    const char *name, *doc; /* doc: NULL when none */
    const struct avro_schema *schema;
    const cJSON *json;          /* its definition: aliases, properties */
    const cJSON *default_value; /* NULL: none */
};

struct avro_schema {
    enum avro_type type;
    const cJSON *json;                          /* its definition, NULL when it is a bare word or a union */
    const char *name, *space, *full_name, *doc; /* named types; `space` "" when none */
    uint32_t count;                             /* fields, symbols or branches */
    struct avro_field *fields;                  /* RECORD */
    const char **symbols;                       /* ENUM */
    const char *enum_default;                   /* ENUM, NULL when none */
    const struct avro_schema **branches;        /* UNION */
    const struct avro_schema *items;            /* ARRAY and values of MAP */
    int null_branch;                            /* UNION: -1 when null is none of them */
    uint32_t size;                              /* FIXED */
    uint32_t min_bytes;                         /* of any value; 0 for what may take no bytes at all */
    uint32_t empty_fields;                      /* RECORD: fields that may take no bytes */
    /* RECORD: the Connect schema that was written last, with a reference, and the place of each of its fields there (a
     * memo of avro_encode.c; -1: not there). */
    const struct kc_schema *bound;
    int32_t *bound_fields;
};

struct avro_doc; /* one thread */
/* Parses `text`; types may be used that the `dependencies` define, each of which may use those before it.
 * @errors SchemaParseException */
int avro_doc_parse(const char *text, size_t len, const struct registry_dependency *dependencies,
                   uint32_t dependency_count, struct avro_doc **ret_doc, struct kc_error *err) KC_CHECKED;
struct avro_doc *avro_doc_free(struct avro_doc *doc);
AUTO_FREE(avro_doc, struct avro_doc, avro_doc_free)
struct avro_schema *avro_doc_root(const struct avro_doc *doc);

const char *avro_type_name(enum avro_type type); /* "int", "record", … */
bool avro_is_named(const struct avro_schema *schema);
const struct avro_field *avro_field(const struct avro_schema *record, const char *name, size_t len);
/* A property whose value is a string, else NULL. */
const char *avro_text_property(const struct avro_schema *schema, const char *name);
const cJSON *avro_property(const struct avro_schema *schema, const char *name);
/* Whether a record stands for the entry of a map whose keys are not plain strings. */
bool avro_is_map_entry(const struct avro_schema *schema);

/* Whether values of one type can be read as those of another one: numbers widened, bytes as text and back. */
bool avro_promotable(enum avro_type from, enum avro_type to);
/* The field of the record `writer` that a reader's field stands for, by name or alias; NULL: none. */
const struct avro_field *avro_written_field(const struct avro_schema *writer, const struct avro_field *field);
/* Why `reader` cannot read what `writer` wrote, as a text in `why`; false: it can.
 * @source org.apache.avro.SchemaCompatibility */
bool avro_incompatible(const struct avro_schema *reader, const struct avro_schema *writer, char *why, size_t size);

#endif
