/* Connect schemas as Avro text. What Java does by building Avro's schema objects and printing them is done in one pass:
 * a named type is written out where it comes first and by its name afterwards.
 * @source AvroData.fromConnectSchema, org.apache.avro.Schema.toString */
#include <math.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/convert/avro_data.h"
#include "connect/convert/json_members.h"

enum { DEFAULT_PRECISION = 64 };

#define CONNECT_DEFAULT "ConnectDefault"
#define FIELD_DEFAULT   AVRO_NAMESPACE ".field.default"

/* A named type that was written. */
struct defined {
    const struct kc_schema *schema; /* NULL: Anything */
};

struct writer {
    struct buf *out;
    const struct avro_options *options;
    struct kc_arena *arena;
    struct map *defined; /* full name → struct defined * */
    struct map *seen;    /* full names of fields' schemas so far */
    struct map *unnamed; /* address of a schema without name → its full name */
    const char *space;   /* around what is being written, "" when none */
    unsigned default_names, depth;
    struct kc_error *err;
};

static int write_schema(struct writer *w, const struct kc_schema *schema, bool ignore_optional);

/* ---- names ---- */

/* Splits at the last dot; *ret_space is "" when there is none. */
static const char *split(struct writer *w, const char *full, const char **ret_space) {
    const char *dot = strrchr(full, '.');
    *ret_space = dot ? kc_arena_copy(w->arena, full, (size_t)(dot - full)) : "";
    return dot ? dot + 1 : full;
}

/* Whether both describe the same type, be it optional or not, and whatever else they say about it. */
static bool same_type(const struct kc_schema *a, const struct kc_schema *b) {
    uint32_t size = 0, other_size = 0;
    if (a == b)
        return true;
    if (!a || !b || a->type != b->type || a->field_count != b->field_count)
        return false;
    if (a->type == KC_STRUCT && a->fields == b->fields)
        return true;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            a->fields[i].schema->type != b->fields[i].schema->type ||
            a->fields[i].schema->optional != b->fields[i].schema->optional)
            return false;
    if (a->type == KC_MAP)
        return kc_schema_equal(a->key_schema, b->key_schema) && kc_schema_equal(a->value_schema, b->value_schema);
    return avro_is_fixed(a, &size) == avro_is_fixed(b, &other_size) && size == other_size;
}

/* A type of this name was written before: 1, its name is written; 0, there was none; -1, it was another one. */
static int write_known(struct writer *w, const char *full, const struct kc_schema *schema) {
    const struct defined *known = map_get(w->defined, full);
    const char *space, *name = split(w, full, &space);
    if (!known)
        return 0;
    if (!same_type(known->schema, schema))
        return err_set_class(w->err, ERR_BAD_DATA, SCHEMA_PARSE_EXCEPTION, "Can't redefine: %s", full);
    json_add_quoted(w->out, strcmp(space, w->space) == 0 ? name : full);
    return 1;
}

/* {"type":"KIND","name":…,"namespace":… of a new type. */
static void begin_named(struct writer *w, const char *kind, const char *full, const struct kc_schema *schema) {
    const char *space, *name = split(w, full, &space);
    struct defined *defined = kc_arena_alloc(w->arena, sizeof(*defined));
    defined->schema = schema;
    map_put(w->defined, full, defined);
    json_add_raw(w->out, "{\"type\":");
    json_add_quoted(w->out, kind);
    json_add_member(w->out, "name", name);
    if (strcmp(space, w->space) != 0)
        json_add_member(w->out, "namespace", space);
}

static const char *default_name(struct writer *w) {
    return ++w->default_names > 1 ? kc_arena_printf(w->arena, AVRO_NAMESPACE "." CONNECT_DEFAULT "%u", w->default_names)
                                  : AVRO_NAMESPACE "." CONNECT_DEFAULT;
}

/* Whether two schemas differ in nothing but being optional. */
static bool same_definition(const struct kc_schema *a, const struct kc_schema *b) {
    if (a == b || a->fields == b->fields)
        return true;
    if (a->optional == b->optional || a->field_count != b->field_count)
        return kc_schema_equal(a, b);
    AUTO(schema_builder) builder = schema_builder_like(a);
    kc_schema_optional(builder, b->optional);
    for (uint32_t i = 0; i < a->field_count; i++)
        if (kc_schema_add_field(builder, a->fields[i].name, a->fields[i].schema, NULL) < 0)
            return false;
    AUTO(schema) other = kc_schema_build(TAKE(builder));
    return other && kc_schema_equal(other, b);
}

/* The full name of a struct, fixed or entry: its own, or one that is made up and kept for the same schema. */
static const char *name_of(struct writer *w, const struct kc_schema *schema) {
    if (schema->name)
        return avro_scrub_full(w->arena, w->options, schema->name);
    const char *known = NULL;
    void *value;
    const char *key;
    for (size_t i = 0; !known && map_next(w->unnamed, &i, &key, &value);) {
        const struct kc_schema *other;
        memcpy(&other, key, sizeof(other));
        if (same_definition(other, schema))
            known = value;
    }
    if (!known) {
        known = default_name(w);
        map_put_bytes(w->unnamed, &schema, sizeof(schema), (void *)(uintptr_t)known);
    }
    return known;
}

/* ---- properties ---- */

static void write_parameters(struct writer *w, const struct kc_schema *schema) {
    bool first = true;
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const struct kc_parameter *p = &schema->parameters[i];
        if (!w->options->discard_type_doc_default && strcmp(p->name, FIELD_DEFAULT) == 0)
            continue;
        json_add_raw(w->out, first ? ",\"connect.parameters\":{" : ",");
        json_add_quoted(w->out, p->name);
        json_add_raw(w->out, ":");
        if (p->value)
            json_add_quoted(w->out, p->value);
        else
            json_add_raw(w->out, "null");
        first = false;
    }
    if (!first)
        json_add_raw(w->out, "}");
}

static int write_default_property(struct writer *w, const struct kc_schema *schema) {
    bool fits;
    if (!schema->has_default || (!w->options->discard_type_doc_default && schema_parameter(schema, FIELD_DEFAULT)))
        return 0;
    json_add_raw(w->out, ",\"connect.default\":");
    return avro_default_write(w->out, w->options, schema, &schema->default_value, &fits, w->err);
}

static int32_t number_parameter(const struct kc_schema *schema, const char *name, int32_t otherwise) {
    const char *value = schema_parameter(schema, name);
    return value ? (int32_t)strtol(value, NULL, 10) : otherwise;
}

static void write_logical(struct writer *w, const struct kc_schema *schema) {
    static const char *const words[] = {NULL, "decimal", "date", "time-millis", "timestamp-millis"};
    enum logical logical = schema_logical(schema);
    if (words[logical])
        json_add_member(w->out, "logicalType", words[logical]);
}

/* Whether the type is written with any property: else a plain word does. */
static bool has_properties(const struct writer *w, const struct kc_schema *schema) {
    if (schema_logical(schema) != LOGICAL_NONE)
        return true;
    if (w->options->meta_data &&
        (schema->doc || schema->has_version || schema->name || schema->type == KC_INT8 || schema->type == KC_INT16))
        return true;
    for (uint32_t i = 0; i < schema->parameter_count; i++)
        if (strncmp(schema->parameters[i].name, "avro", 4) == 0 ||
            (w->options->meta_data &&
             (w->options->discard_type_doc_default || strcmp(schema->parameters[i].name, FIELD_DEFAULT) != 0)))
            return true;
    return w->options->meta_data && schema->has_default &&
           (w->options->discard_type_doc_default || !schema_parameter(schema, FIELD_DEFAULT));
}

/* The properties of a type, each with a comma in front. */
static int write_properties(struct writer *w, const struct kc_schema *schema) {
    if (schema_logical(schema) == LOGICAL_DECIMAL)
        (void)buf_printf(w->out, ",\"scale\":%d,\"precision\":%d", number_parameter(schema, "scale", 0),
                         number_parameter(schema, "connect.decimal.precision", DEFAULT_PRECISION));
    if (w->options->meta_data) {
        if (schema->doc)
            json_add_member(w->out, "connect.doc", schema->doc);
        if (schema->has_version)
            (void)buf_printf(w->out, ",\"connect.version\":%d", schema->version);
        write_parameters(w, schema);
        if (write_default_property(w, schema) < 0)
            return -1;
        if (schema->name)
            json_add_member(w->out, "connect.name", schema->name);
        if (schema->type == KC_INT8 || schema->type == KC_INT16)
            json_add_member(w->out, "connect.type", schema_type_lower(schema->type));
    }
    write_logical(w, schema);
    for (uint32_t i = 0; i < schema->parameter_count; i++)
        if (strncmp(schema->parameters[i].name, "avro", 4) == 0 && schema->parameters[i].value)
            json_add_member(w->out, schema->parameters[i].name, schema->parameters[i].value);
    return 0;
}

/* ---- types ---- */

/* Whether the schema becomes a type that is written once and then mentioned, or a union with one. */
static bool becomes_named(const struct writer *w, const struct kc_schema *schema) {
    if (!avro_is_union(schema))
        return schema->type == KC_STRUCT || avro_is_fixed(schema, NULL) || avro_is_enum(w->options, schema);
    for (uint32_t i = 0; i < schema->field_count; i++)
        if (becomes_named(w, schema->fields[i].schema))
            return true;
    return false;
}

/* Whether a field's schema of this name was there before; it counts from now on. */
static bool seen_before(struct writer *w, const struct kc_schema *schema) {
    const char *name = schema ? avro_scrub_full(w->arena, w->options, schema->name) : NULL;
    if (!name)
        return false;
    bool seen = map_has(w->seen, name);
    map_put(w->seen, name, NULL);
    return seen;
}

static int write_field(struct writer *w, const char *name, const struct kc_schema *schema, const char *doc) {
    bool seen = seen_before(w, schema);
    json_add_raw(w->out, "{\"name\":");
    json_add_quoted(w->out, name);
    json_add_raw(w->out, ",\"type\":");
    if (write_schema(w, schema, false) < 0)
        return -1;
    if (schema && w->options->discard_type_doc_default)
        doc = schema->doc;
    if (doc)
        json_add_member(w->out, "doc", doc);
    if (schema && schema->has_default) {
        size_t len = w->out->len;
        bool fits;
        json_add_raw(w->out, ",\"default\":");
        if (avro_default_write(w->out, w->options, schema, &schema->default_value, &fits, w->err) < 0)
            return -1;
        if (!fits) {
            kc_log(KC_WARN, LOG_AVRO, "Ignoring invalid default for field %s", name);
            w->out->len = len;
        }
    } else if (schema && schema->optional) {
        json_add_raw(w->out, ",\"default\":null");
    }
    if (seen && w->options->meta_data && becomes_named(w, schema))
        write_parameters(w, schema);
    json_add_raw(w->out, "}");
    return 0;
}

static int write_struct(struct writer *w, const struct kc_schema *schema) {
    const char *full = name_of(w, schema), *around = w->space;
    bool old = w->options->discard_type_doc_default;
    int known = write_known(w, full, schema);
    if (known)
        return known < 0 ? -1 : 0;
    begin_named(w, "record", full, schema);
    split(w, full, &w->space);
    const char *doc = schema_parameter(schema, old ? "connect.record.doc" : AVRO_NAMESPACE ".record.doc");
    if (doc)
        json_add_member(w->out, "doc", doc);
    json_add_raw(w->out, ",\"fields\":[");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_field *field = &schema->fields[i];
        const char *of_field = kc_arena_printf(w->arena, AVRO_NAMESPACE ".field.doc.%s", field->name);
        json_add_raw(w->out, i ? "," : "");
        if (write_field(w, avro_scrub(w->arena, w->options, field->name), field->schema,
                        schema_parameter(schema, of_field)) < 0)
            return -1;
    }
    json_add_raw(w->out, "]");
    if (write_properties(w, schema) < 0)
        return -1;
    json_add_raw(w->out, "}");
    w->space = around;
    return 0;
}

/* A union has no properties. */
static int write_union(struct writer *w, const struct kc_schema *schema) {
    json_add_raw(w->out, schema->optional ? "[\"null\"" : "[");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        json_add_raw(w->out, i || schema->optional ? "," : "");
        if (write_schema(w, schema->fields[i].schema, true) < 0)
            return -1;
    }
    json_add_raw(w->out, "]");
    return 0;
}

static int write_map(struct writer *w, const struct kc_schema *schema) {
    if (!schema->key_schema || !schema->value_schema)
        return err_set(w->err, ERR_BAD_DATA, "A map without schemas of its keys and values cannot be written as Avro");
    if (avro_has_plain_keys(w->options, schema)) {
        json_add_raw(w->out, "{\"type\":\"map\",\"values\":");
        return write_schema(w, schema->value_schema, false);
    }
    const char *full = schema->name ? name_of(w, schema) : AVRO_NAMESPACE ".MapEntry", *around = w->space;
    json_add_raw(w->out, "{\"type\":\"array\",\"items\":");
    int known = write_known(w, full, schema);
    if (known)
        return known < 0 ? -1 : 0;
    begin_named(w, "record", full, schema);
    split(w, full, &w->space);
    json_add_raw(w->out, ",\"fields\":[");
    if (write_field(w, "key", schema->key_schema, NULL) < 0)
        return -1;
    json_add_raw(w->out, ",");
    if (write_field(w, "value", schema->value_schema, NULL) < 0)
        return -1;
    json_add_raw(w->out, schema->name ? "],\"connect.internal.type\":\"MapEntry\"}" : "]}");
    w->space = around;
    return 0;
}

static int write_enum(struct writer *w, const struct kc_schema *schema) {
    const char *parameter = avro_enum_parameter(w->options), *full = schema_parameter(schema, parameter), *ignored;
    size_t len = strlen(parameter);
    bool first = true;
    const char *name = schema->name ? split(w, schema->name, &ignored) : split(w, default_name(w), &ignored);
    if (!full)
        return err_set(w->err, ERR_BAD_DATA, "The schema of an enum has no parameter %s", parameter);
    int known = write_known(w, full, schema);
    if (known)
        return known < 0 ? -1 : 0;
    begin_named(w, "enum", full, schema);
    bool old = w->options->discard_type_doc_default;
    const char *doc = schema_parameter(schema, old ? "connect.enum.doc"
                                                   : kc_arena_printf(w->arena, AVRO_NAMESPACE ".enum.doc.%s", name));
    const char *otherwise =
        old ? NULL : schema_parameter(schema, kc_arena_printf(w->arena, AVRO_NAMESPACE ".enum.default.%s", name));
    if (doc)
        json_add_member(w->out, "doc", doc);
    json_add_raw(w->out, ",\"symbols\":[");
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const char *symbol = schema->parameters[i].name;
        if (strncmp(symbol, parameter, len) != 0 || symbol[len] != '.')
            continue;
        json_add_raw(w->out, first ? "" : ",");
        json_add_quoted(w->out, symbol + len + 1);
        first = false;
    }
    json_add_raw(w->out, "]");
    if (otherwise)
        json_add_member(w->out, "default", otherwise);
    return write_properties(w, schema) < 0 ? -1 : buf_add_char(w->out, '}');
}

/* How many decimal digits surely fit a number of `size` bytes. */
static int32_t digits_in(uint32_t size) {
    return size ? (int32_t)floor(log10(2) * (8.0 * size - 1)) : 0;
}

static int write_fixed(struct writer *w, const struct kc_schema *schema, uint32_t size) {
    const char *full = name_of(w, schema);
    int32_t precision = number_parameter(schema, "connect.decimal.precision", DEFAULT_PRECISION);
    if (schema_logical(schema) == LOGICAL_DECIMAL && precision > digits_in(size))
        return err_set_class(w->err, ERR_BAD_DATA, "java.lang.IllegalArgumentException",
                             "fixed(%u) cannot store %d digits (max %d)", size, precision, digits_in(size));
    int known = write_known(w, full, schema);
    if (known)
        return known < 0 ? -1 : 0;
    begin_named(w, "fixed", full, schema);
    (void)buf_printf(w->out, ",\"size\":%u", size);
    return write_properties(w, schema) < 0 ? -1 : buf_add_char(w->out, '}');
}

static int write_plain(struct writer *w, const struct kc_schema *schema) {
    static const char *const words[] = {"int",    "int",     "int",    "long",  "float",
                                        "double", "boolean", "string", "bytes", NULL};
    if (!has_properties(w, schema)) {
        json_add_quoted(w->out, words[schema->type]);
        return 0;
    }
    json_add_raw(w->out, "{\"type\":");
    json_add_quoted(w->out, words[schema->type]);
    return write_properties(w, schema) < 0 ? -1 : buf_add_char(w->out, '}');
}

static int write_base(struct writer *w, const struct kc_schema *schema) {
    uint32_t size;
    switch (schema->type) {
    case KC_STRUCT:
        return write_struct(w, schema);
    case KC_ARRAY:
        json_add_raw(w->out, "{\"type\":\"array\",\"items\":");
        if (!schema->value_schema)
            return err_set(w->err, ERR_BAD_DATA, "An array without a schema of its elements cannot be written as Avro");
        if (write_schema(w, schema->value_schema, false) < 0 || write_properties(w, schema) < 0)
            return -1;
        return buf_add_char(w->out, '}');
    case KC_MAP:
        if (write_map(w, schema) < 0 || write_properties(w, schema) < 0)
            return -1;
        return buf_add_char(w->out, '}');
    case KC_STRING:
        return avro_is_enum(w->options, schema) ? write_enum(w, schema) : write_plain(w, schema);
    case KC_BYTES:
        return avro_is_fixed(schema, &size) ? write_fixed(w, schema, size) : write_plain(w, schema);
    default:
        return write_plain(w, schema);
    }
}

/* ---- anything ---- */

static int write_anything(struct writer *w) {
    static const char *const plain[] = {"boolean", "bytes", "double", "float", "int", "long", "string"};
    const char *around = w->space;
    int known = write_known(w, AVRO_NAMESPACE ".Anything", NULL);
    if (known)
        return known < 0 ? -1 : 0;
    begin_named(w, "record", AVRO_NAMESPACE ".Anything", NULL);
    w->space = AVRO_NAMESPACE;
    json_add_raw(w->out, ",\"fields\":[");
    for (size_t i = 0; i < COUNT_OF(plain); i++)
        (void)buf_printf(w->out, "{\"name\":\"%s\",\"type\":[\"null\",\"%s\"],\"default\":null},", plain[i], plain[i]);
    json_add_raw(
        w->out, "{\"name\":\"array\",\"type\":[\"null\",{\"type\":\"array\",\"items\":\"Anything\"}],\"default\":null},"
                "{\"name\":\"map\",\"type\":[\"null\",{\"type\":\"array\",\"items\":");
    begin_named(w, "record", AVRO_NAMESPACE ".MapEntry", NULL);
    json_add_raw(w->out,
                 ",\"fields\":[{\"name\":\"key\",\"type\":\"Anything\"},{\"name\":\"value\",\"type\":\"Anything\"}]}}],"
                 "\"default\":null}]}");
    w->space = around;
    return 0;
}

static int write_optional(struct writer *w, const struct kc_schema *schema) {
    bool null_first = !schema->has_default || schema->type == KC_STRUCT;
    json_add_raw(w->out, null_first ? "[\"null\"," : "[");
    if (write_base(w, schema) < 0)
        return -1;
    json_add_raw(w->out, null_first ? "]" : ",\"null\"]");
    return 0;
}

static int write_schema(struct writer *w, const struct kc_schema *schema, bool ignore_optional) {
    int rc;
    if (!schema)
        return write_anything(w);
    if (w->depth >= AVRO_MAX_SCHEMA_DEPTH)
        return err_set(w->err, ERR_BAD_DATA, "Schemas nested deeper than %d are not supported", AVRO_MAX_SCHEMA_DEPTH);
    w->depth++;
    if (avro_is_union(schema))
        rc = write_union(w, schema);
    else if (schema->optional && !ignore_optional)
        rc = write_optional(w, schema);
    else
        rc = write_base(w, schema);
    w->depth--;
    return rc;
}

int avro_from_connect(struct buf *out, const struct avro_options *options, const struct kc_schema *schema,
                      struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct writer w = {.out = out, .options = options, .arena = arena, .space = "", .err = err};
    w.defined = map_new(NULL);
    w.unnamed = map_new(NULL);
    w.seen = map_new(NULL);
    int rc = write_schema(&w, schema, false);
    map_free(w.defined);
    map_free(w.unnamed);
    map_free(w.seen);
    if (rc == 0 && out->failed)
        return err_set(err, ERR_BAD_DATA, "The Avro schema takes more than %zu bytes", out->max);
    return rc;
}
