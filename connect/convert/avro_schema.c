/* Parser of Avro schemas; see avro_schema.h. Recursion ends with the nesting that json_parse allows. */
#include "connect/convert/avro_schema.h"

#include <ctype.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/map.h"

enum { MAX_FIXED = 1 << 30, MAX_FIELDS = 20000, MAX_BRANCHES = 1000, SHOWN = 200 };

struct avro_doc {
    struct kc_arena *arena;
    struct map *names; /* full name → struct avro_schema * */
    cJSON **jsons;     /* what was parsed */
    size_t json_count;
    struct avro_schema *root;
};

/* Under construction: the enclosing name space. */
struct parser {
    struct avro_doc *doc;
    const char *space;
};

static const char *const type_names[] = {"null",   "boolean", "int",  "long",  "float", "double", "bytes",
                                         "string", "record",  "enum", "array", "map",   "union",  "fixed"};

const char *avro_type_name(enum avro_type type) {
    return type_names[type];
}

bool avro_is_named(const struct avro_schema *schema) {
    return schema->type == AVRO_RECORD || schema->type == AVRO_ENUM || schema->type == AVRO_FIXED;
}

/* ---- looking things up ---- */

const struct avro_field *avro_field(const struct avro_schema *record, const char *name, size_t len) {
    for (uint32_t i = 0; i < record->count; i++)
        if (strncmp(record->fields[i].name, name, len) == 0 && !record->fields[i].name[len])
            return &record->fields[i];
    return NULL;
}

const cJSON *avro_property(const struct avro_schema *schema, const char *name) {
    return schema->json ? cJSON_GetObjectItemCaseSensitive(schema->json, name) : NULL;
}

const char *avro_text_property(const struct avro_schema *schema, const char *name) {
    const cJSON *value = avro_property(schema, name);
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

bool avro_is_map_entry(const struct avro_schema *schema) {
    const char *internal;
    if (schema->type != AVRO_RECORD)
        return false;
    if (strcmp(schema->full_name, "io.confluent.connect.avro.MapEntry") == 0)
        return true;
    internal = avro_text_property(schema, "connect.internal.type");
    return internal && strcmp(internal, "MapEntry") == 0;
}

/* ---- parsing ---- */

static int parse(struct parser *p, const cJSON *json, struct avro_schema **ret_schema, struct kc_error *err);

static int bad(struct kc_error *err, const cJSON *json, const char *what) {
    char *shown = json ? cJSON_PrintUnformatted(json) : NULL;
    err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "%s: %.*s", what, SHOWN, shown ? shown : "(nothing)");
    cJSON_free(shown);
    return -1;
}

static struct avro_schema *new_schema(struct parser *p, enum avro_type type, const cJSON *json) {
    struct avro_schema *schema = kc_arena_zalloc(p->doc->arena, sizeof(*schema));
    static const uint32_t least[] = {0, 1, 1, 1, 4, 8, 1, 1, 0, 1, 1, 1, 1, 0};
    schema->type = type;
    schema->json = json;
    schema->null_branch = -1;
    schema->min_bytes = least[type];
    return schema;
}

/* The names that a type can be called by a word; -1: it is none of them. */
static int plain_type(const char *word) {
    for (int type = AVRO_NULL; type <= AVRO_STRING; type++)
        if (strcmp(word, type_names[type]) == 0)
            return type;
    return -1;
}

static int check_name(const char *name, struct kc_error *err) {
    if (!*name)
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "Empty name");
    if (!isalpha((unsigned char)*name) && *name != '_')
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "Illegal initial character: %.*s", SHOWN, name);
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            return err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "Illegal character in: %.*s", SHOWN, name);
    return 0;
}

static const char *full_name(struct parser *p, const char *space, const char *name) {
    return *space ? kc_arena_printf(p->doc->arena, "%s.%s", space, name) : kc_arena_strdup(p->doc->arena, name);
}

/* Sets the names of a new type and makes it known. */
static int parse_name(struct parser *p, struct avro_schema *schema, struct kc_error *err) {
    const char *given = json_get_text(schema->json, "name"), *space = json_get_text(schema->json, "namespace");
    if (!given)
        return bad(err, schema->json, "No name in schema");
    const char *dot = strrchr(given, '.');
    schema->name = dot ? dot + 1 : given;
    schema->space = dot ? kc_arena_copy(p->doc->arena, given, (size_t)(dot - given)) : space ? space : p->space;
    if (check_name(schema->name, err) < 0)
        return -1;
    schema->full_name = full_name(p, schema->space, schema->name);
    schema->doc = json_get_text(schema->json, "doc");
    if (plain_type(schema->full_name) >= 0)
        return err_set_class(err, ERR_BAD_DATA, "org.apache.avro.AvroTypeException",
                             "Schemas may not be named after primitives: %s", schema->full_name);
    if (map_has(p->doc->names, schema->full_name))
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "Can't redefine: %s", schema->full_name);
    map_put(p->doc->names, schema->full_name, schema);
    return 0;
}

static int parse_field(struct parser *p, const struct avro_schema *record, uint32_t i, const cJSON *json,
                       struct kc_error *err) {
    struct avro_field *field = &record->fields[i];
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(json, "type");
    struct avro_schema *schema;
    field->json = json;
    field->name = json_get_text(json, "name");
    field->doc = json_get_text(json, "doc");
    field->default_value = cJSON_GetObjectItemCaseSensitive(json, "default");
    if (!field->name)
        return bad(err, json, "No field name");
    if (check_name(field->name, err) < 0)
        return -1;
    if (!type)
        return bad(err, json, "No field type");
    for (uint32_t other = 0; other < i; other++)
        if (strcmp(record->fields[other].name, field->name) == 0)
            return err_set_class(err, ERR_BAD_DATA, "org.apache.avro.AvroRuntimeException",
                                 "Duplicate field %s in record %s", field->name, record->full_name);
    if (parse(p, type, &schema, err) < 0)
        return -1;
    field->schema = schema;
    return 0;
}

static int parse_record(struct parser *p, struct avro_schema *record, struct kc_error *err) {
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(record->json, "fields"), *item;
    const char *around = p->space;
    uint64_t least = 0;
    uint32_t i = 0;
    if (parse_name(p, record, err) < 0)
        return -1;
    if (!cJSON_IsArray(fields))
        return bad(err, record->json, "Record has no fields");
    uint32_t count = (uint32_t)cJSON_GetArraySize(fields);
    if (count > MAX_FIELDS)
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "Record %s has more than %d fields",
                             record->full_name, MAX_FIELDS);
    record->fields = kc_arena_zalloc(p->doc->arena, (count + 1) * sizeof(*record->fields));
    record->bound_fields = kc_arena_zalloc(p->doc->arena, (count + 1) * sizeof(*record->bound_fields));
    p->space = record->space;
    cJSON_ArrayForEach(item, fields) {
        if (parse_field(p, record, i, item, err) < 0)
            return -1;
        least += record->fields[i].schema->min_bytes;
        record->empty_fields += !record->fields[i++].schema->min_bytes;
    }
    p->space = around;
    record->count = count; /* a record within itself counts as empty above */
    record->min_bytes = least < INT32_MAX ? (uint32_t)least : INT32_MAX;
    return 0;
}

static int parse_enum(struct parser *p, struct avro_schema *schema, struct kc_error *err) {
    const cJSON *symbols = cJSON_GetObjectItemCaseSensitive(schema->json, "symbols"), *item;
    if (parse_name(p, schema, err) < 0)
        return -1;
    if (!cJSON_IsArray(symbols))
        return bad(err, schema->json, "Enum has no symbols");
    uint32_t count = (uint32_t)cJSON_GetArraySize(symbols);
    schema->symbols = kc_arena_zalloc(p->doc->arena, (count + 1) * sizeof(*schema->symbols));
    cJSON_ArrayForEach(item, symbols) {
        if (!cJSON_IsString(item))
            return bad(err, schema->json, "Enum has a symbol that is no string");
        if (check_name(item->valuestring, err) < 0)
            return -1;
        schema->symbols[schema->count++] = item->valuestring;
    }
    schema->enum_default = json_get_text(schema->json, "default");
    return 0;
}

static int parse_fixed(struct parser *p, struct avro_schema *schema, struct kc_error *err) {
    int64_t size;
    if (parse_name(p, schema, err) < 0)
        return -1;
    if (json_get_int(schema->json, "size", &size) < 0 || size < 0 || size > MAX_FIXED)
        return bad(err, schema->json, "Invalid or no size");
    schema->size = schema->min_bytes = (uint32_t)size;
    return 0;
}

static int parse_items(struct parser *p, struct avro_schema *schema, const char *member, struct kc_error *err) {
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(schema->json, member);
    struct avro_schema *inner;
    if (!items)
        return bad(err, schema->json,
                   schema->type == AVRO_ARRAY ? "Array has no items type" : "Map has no values type");
    if (parse(p, items, &inner, err) < 0)
        return -1;
    schema->items = inner;
    return 0;
}

static bool same_branch(const struct avro_schema *a, const struct avro_schema *b) {
    return a->type == b->type && (!avro_is_named(a) || strcmp(a->full_name, b->full_name) == 0);
}

static int parse_union(struct parser *p, const cJSON *json, struct avro_schema **ret_schema, struct kc_error *err) {
    struct avro_schema *schema = new_schema(p, AVRO_UNION, NULL), *branch;
    const cJSON *item;
    if (cJSON_GetArraySize(json) > MAX_BRANCHES)
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "A union has more than %d branches",
                             MAX_BRANCHES);
    schema->branches =
        kc_arena_zalloc(p->doc->arena, ((size_t)cJSON_GetArraySize(json) + 1) * sizeof(*schema->branches));
    cJSON_ArrayForEach(item, json) {
        if (parse(p, item, &branch, err) < 0)
            return -1;
        if (branch->type == AVRO_UNION)
            return err_set_class(err, ERR_BAD_DATA, "org.apache.avro.AvroRuntimeException", "Nested union");
        for (uint32_t i = 0; i < schema->count; i++)
            if (same_branch(schema->branches[i], branch))
                return err_set_class(err, ERR_BAD_DATA, "org.apache.avro.AvroRuntimeException", "Duplicate in union:%s",
                                     avro_is_named(branch) ? branch->full_name : type_names[branch->type]);
        if (branch->type == AVRO_NULL)
            schema->null_branch = (int)schema->count;
        schema->branches[schema->count++] = branch;
    }
    *ret_schema = schema;
    return 0;
}

/* A name that stands for a type. */
static int parse_word(struct parser *p, const char *word, const cJSON *json, struct avro_schema **ret_schema,
                      struct kc_error *err) {
    int type = plain_type(word);
    if (type >= 0) {
        *ret_schema = new_schema(p, (enum avro_type)type, cJSON_IsObject(json) ? json : NULL);
        return 0;
    }
    struct avro_schema *known = map_get(p->doc->names, strchr(word, '.') ? word : full_name(p, p->space, word));
    if (!known && !strchr(word, '.')) /* a type without a name space */
        known = map_get(p->doc->names, word);
    if (!known)
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "Undefined name: \"%.*s\"", SHOWN, word);
    *ret_schema = known;
    return 0;
}

static int parse_object(struct parser *p, const cJSON *json, struct avro_schema **ret_schema, struct kc_error *err) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(json, "type");
    if (cJSON_IsObject(type) || cJSON_IsArray(type))
        return parse(p, type, ret_schema, err);
    if (!cJSON_IsString(type))
        return bad(err, json, "No type");
    const char *word = type->valuestring;
    enum avro_type found = strcmp(word, "error") == 0 ? AVRO_RECORD : AVRO_NULL;
    for (enum avro_type t = AVRO_RECORD; t <= AVRO_FIXED; t++)
        if (t != AVRO_UNION && strcmp(word, type_names[t]) == 0)
            found = t;
    if (found == AVRO_NULL)
        return parse_word(p, word, json, ret_schema, err);
    struct avro_schema *schema = new_schema(p, found, json);
    *ret_schema = schema;
    switch (found) {
    case AVRO_RECORD:
        return parse_record(p, schema, err);
    case AVRO_ENUM:
        return parse_enum(p, schema, err);
    case AVRO_FIXED:
        return parse_fixed(p, schema, err);
    default:
        return parse_items(p, schema, found == AVRO_ARRAY ? "items" : "values", err);
    }
}

static int parse(struct parser *p, const cJSON *json, struct avro_schema **ret_schema, struct kc_error *err) {
    if (cJSON_IsString(json))
        return parse_word(p, json->valuestring, json, ret_schema, err);
    if (cJSON_IsArray(json))
        return parse_union(p, json, ret_schema, err);
    if (cJSON_IsObject(json))
        return parse_object(p, json, ret_schema, err);
    return bad(err, json, "Schema not yet supported");
}

/* ---- documents ---- */

/* cJSON's texts end at a NUL, which defaults of bytes often hold: it is read as AVRO_NUL. A copy, or NULL when there is
 * none to replace. */
static char *without_nul(const char *text, size_t len) {
    static const char escape[] = "\\u0000", other[] = "\\uffff";
    if (!memmem(text, len, escape, strlen(escape)))
        return NULL;
    char *copy = strndup(text, len);
    if (!copy)
        abort();
    for (char *c = copy; (c = strchr(c, '\\')) && c[1]; c += 2)
        if (strncmp(c, escape, strlen(escape)) == 0)
            memcpy(c, other, strlen(other));
    return copy;
}

static int parse_text(struct avro_doc *doc, const char *text, size_t len, struct kc_error *err) {
    struct parser p = {doc, ""};
    struct kc_error why = {0};
    AUTO_TEXT copy = without_nul(text, len);
    cJSON *json = copy ? json_parse(copy, strlen(copy), &why) : json_parse(text, len, &why);
    if (!json)
        return err_set_class(err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "The schema is not JSON: %s", why.text);
    doc->jsons = reallocarray(doc->jsons, doc->json_count + 1, sizeof(cJSON *));
    if (!doc->jsons)
        abort();
    doc->jsons[doc->json_count++] = json;
    return parse(&p, json, &doc->root, err);
}

int avro_doc_parse(const char *text, size_t len, const struct registry_dependency *dependencies,
                   uint32_t dependency_count, struct avro_doc **ret_doc, struct kc_error *err) {
    AUTO(avro_doc) doc = calloc(1, sizeof(*doc));
    if (!doc)
        abort();
    doc->arena = arena_new(4096);
    doc->names = map_new(NULL);
    for (uint32_t i = 0; i < dependency_count; i++)
        if (parse_text(doc, dependencies[i].text, strlen(dependencies[i].text), err) < 0)
            return err_prefix(err, "Referenced schema %s", dependencies[i].name);
    if (parse_text(doc, text, len, err) < 0)
        return -1;
    *ret_doc = TAKE(doc);
    return 0;
}

struct avro_doc *avro_doc_free(struct avro_doc *doc) {
    void *named;
    if (!doc)
        return NULL;
    for (size_t i = 0; map_next(doc->names, &i, NULL, &named);)
        kc_schema_unref(((const struct avro_schema *)named)->bound);
    for (size_t i = 0; i < doc->json_count; i++)
        json_free(doc->jsons[i]);
    free(doc->jsons);
    map_free(doc->names);
    arena_free(doc->arena);
    free(doc);
    return NULL;
}

struct avro_schema *avro_doc_root(const struct avro_doc *doc) {
    return doc->root;
}
