/* Avro schemas as Connect schemas. A record that holds itself becomes a Connect schema that does (schema_forward_new);
 * such a schema lives as long as the process, so they are kept in a table and made once for each text.
 * @source AvroData.toConnectSchema */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/convert/avro_data.h"
#include "connect/convert/open_schemas.h"
#include "connect/convert/recursive_schemas.h"

enum { DEFAULT_PRECISION = 64 };

#define CONNECT_DEFAULT AVRO_NAMESPACE ".ConnectDefault"

struct mapping {
    struct kc_arena *arena;
    struct avro_options *options;
    struct open_schemas open; /* records by struct avro_schema */
    struct map *made; /* record and being optional → its schema, so that types that many others use are made once */
    bool recursive;
    unsigned depth;
    struct kc_error *err;
};

/* What the place of a schema says about it. */
struct place {
    bool optional;
    const cJSON *field_default; /* of the record's field; NULL: none */
    const char *field_doc;
    int32_t version; /* < 0: none */
};

static const struct place inner = {.version = -1};
static const struct place inner_optional = {.optional = true, .version = -1};

static const struct kc_schema *map_schema(struct mapping *m, const struct avro_schema *avro, const struct place *place);
static const struct kc_schema *map_cyclic(struct mapping *m, const struct avro_schema *avro, const struct place *place);

static const struct kc_schema *fail(struct mapping *m, const char *what) {
    err_set(m->err, ERR_BAD_DATA, "%s", what);
    return NULL;
}

/* "what: value", the value as JSON, a string without its quotes. Returns -1. */
static int fail_value(struct mapping *m, const char *what, const cJSON *value) {
    AUTO_BUF text;
    buf_init(&text, KC_ERROR_TEXT);
    if (cJSON_IsString(value))
        (void)buf_add_text(&text, value->valuestring);
    else
        (void)json_write(&text, value, false);
    return err_set(m->err, ERR_BAD_DATA, "%s: %s", what, buf_text(&text));
}

/* ---- types ---- */

static bool is_word(const char *word, const char *expected) {
    return word && strcasecmp(word, expected) == 0;
}

static struct kc_schema_builder *logical_builder(enum kc_type type, const char *name) {
    struct kc_schema_builder *b = kc_schema_builder_new(type);
    kc_schema_name(b, name);
    kc_schema_version(b, 1);
    return b;
}

static struct kc_schema_builder *int_builder(struct mapping *m, const struct avro_schema *avro) {
    const char *logical = avro_text_property(avro, "logicalType"), *type = avro_text_property(avro, "connect.type");
    if (is_word(logical, "date"))
        return logical_builder(KC_INT32, SCHEMA_DATE);
    if (is_word(logical, "time-millis"))
        return logical_builder(KC_INT32, SCHEMA_TIME);
    if (logical || !type)
        return kc_schema_builder_new(KC_INT32);
    if (strcmp(type, "int8") == 0)
        return kc_schema_builder_new(KC_INT8);
    if (strcmp(type, "int16") == 0)
        return kc_schema_builder_new(KC_INT16);
    fail(m, "Connect type annotation for Avro int field is null");
    return NULL;
}

static void number_text(struct kc_schema_builder *b, const char *name, int64_t number) {
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)number);
    kc_schema_parameter(b, name, text);
}

static struct kc_schema_builder *bytes_builder(struct mapping *m, const struct avro_schema *avro) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_BYTES);
    if (is_word(avro_text_property(avro, "logicalType"), "decimal")) {
        const cJSON *scale = avro_property(avro, "scale"), *precision = avro_property(avro, "precision");
        kc_schema_name(b, SCHEMA_DECIMAL);
        number_text(b, "scale", cJSON_IsNumber(scale) ? scale->valueint : 0);
        kc_schema_version(b, 1);
        if (precision && !cJSON_IsNumber(precision)) {
            kc_schema_builder_free(b);
            fail(m, "precision property must be a JSON Integer. https://avro.apache.org/docs/1.9.1/spec.html#Decimal");
            return NULL;
        }
        if (precision && precision->valueint != DEFAULT_PRECISION)
            number_text(b, "connect.decimal.precision", precision->valueint);
    }
    if (avro->type == AVRO_FIXED)
        number_text(b, "connect.fixed.size", avro->size);
    return b;
}

static struct kc_schema_builder *enum_builder(struct mapping *m, const struct avro_schema *avro) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRING);
    const char *parameter = avro_enum_parameter(m->options);
    bool old = m->options->discard_type_doc_default;
    if (m->options->meta_data && avro->doc)
        kc_schema_parameter(
            b, old ? "connect.enum.doc" : kc_arena_printf(m->arena, AVRO_NAMESPACE ".enum.doc.%s", avro->name),
            avro->doc);
    if (m->options->meta_data && !old && avro->enum_default)
        kc_schema_parameter(b, kc_arena_printf(m->arena, AVRO_NAMESPACE ".enum.default.%s", avro->name),
                            avro->enum_default);
    kc_schema_parameter(b, parameter, avro->full_name);
    for (uint32_t i = 0; i < avro->count; i++) {
        const char *name = kc_arena_printf(m->arena, "%s.%s", parameter, avro->symbols[i]);
        if (m->options->generalized)
            number_text(b, name, i);
        else
            kc_schema_parameter(b, name, avro->symbols[i]);
    }
    return b;
}

/* A map, or an array of entries that stands for one. */
static struct kc_schema_builder *elements_builder(struct mapping *m, const struct avro_schema *avro) {
    AUTO(schema) key = NULL;
    AUTO(schema) value = NULL;
    enum kc_type type = KC_MAP;
    if (avro->type == AVRO_MAP) {
        key = kc_schema_of(KC_STRING, false);
        value = map_cyclic(m, avro->items, &inner);
    } else if (avro_is_map_entry(avro->items)) {
        const struct avro_field *of_key = avro_field(avro->items, "key", 3),
                                *of_value = avro_field(avro->items, "value", 5);
        if (avro->items->count != 2 || !of_key || !of_value) {
            fail(m,
                 "Found map encoded as array of key-value pairs, but array elements do not match the expected format.");
            return NULL;
        }
        key = map_cyclic(m, of_key->schema, &inner);
        if (!key)
            return NULL;
        value = map_cyclic(m, of_value->schema, &inner);
    } else {
        type = KC_ARRAY;
        value = map_cyclic(m, avro->items, &inner);
    }
    if (!value)
        return NULL;
    struct kc_schema_builder *b = kc_schema_builder_new(type);
    kc_schema_elements(b, key, value);
    return b;
}

/* ---- records ---- */

/* Parameters that a field of a type that was mentioned before has of its own. NULL: failed; else takes `schema`. */
static const struct kc_schema *with_field_parameters(struct mapping *m, const struct avro_field *field,
                                                     const struct kc_schema *schema) {
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(field->json, "connect.parameters"), *item;
    bool same = true;
    if (!schema || !m->options->meta_data || !cJSON_IsObject(given) || schema_is_forward(schema))
        return schema;
    cJSON_ArrayForEach(item, given) {
        const char *value = schema_parameter(schema, item->string);
        same &= value && cJSON_IsString(item) && strcmp(value, item->valuestring) == 0;
    }
    if (same)
        return schema;
    AUTO(schema) original = schema;
    AUTO(schema_builder) b = schema_builder_like(original);
    kc_schema_optional(b, original->optional);
    kc_schema_elements(b, original->key_schema, original->value_schema);
    for (uint32_t i = 0; i < original->field_count; i++)
        if (kc_schema_add_field(b, original->fields[i].name, original->fields[i].schema, m->err) < 0)
            return NULL;
    cJSON_ArrayForEach(item, given) {
        if (cJSON_IsString(item))
            kc_schema_parameter(b, item->string, item->valuestring);
    }
    if (original->has_default && kc_schema_default(b, &original->default_value, m->err) < 0)
        return NULL;
    return kc_schema_build(TAKE(b));
}

static int add_record_fields(struct mapping *m, const struct avro_schema *avro, struct kc_schema_builder *b) {
    bool docs = !m->options->discard_type_doc_default && m->options->meta_data;
    if (docs && avro->doc)
        kc_schema_parameter(b, AVRO_NAMESPACE ".record.doc", avro->doc);
    for (uint32_t i = 0; i < avro->count; i++) {
        const struct avro_field *field = &avro->fields[i];
        struct place place = {.field_default = field->default_value, .field_doc = field->doc, .version = -1};
        if (docs && field->doc)
            kc_schema_parameter(b, kc_arena_printf(m->arena, AVRO_NAMESPACE ".field.doc.%s", field->name), field->doc);
        AUTO(schema) schema = with_field_parameters(m, field, map_cyclic(m, field->schema, &place));
        if (!schema || kc_schema_add_field(b, field->name, schema, m->err) < 0)
            return -1;
    }
    return 0;
}

static struct kc_schema_builder *record_builder(struct mapping *m, const struct avro_schema *avro) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    open_schemas_begin(&m->open, m->arena, avro);
    if (add_record_fields(m, avro, b) == 0)
        return b;
    kc_schema_builder_free(b);
    return NULL;
}

static struct kc_schema_builder *union_builder(struct mapping *m, const struct avro_schema *avro) {
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    const char *name = AVRO_NAMESPACE ".Union";
    if (m->options->generalized)
        name = kc_arena_printf(m->arena, "connect_union_%u", m->options->union_index++);
    kc_schema_name(b, name);
    if (m->options->generalized)
        kc_schema_parameter(b, "org.apache.kafka.connect.data.Union", name);
    for (uint32_t i = 0; i < avro->count; i++) {
        if (avro->branches[i]->type == AVRO_NULL) {
            kc_schema_optional(b, true);
            continue;
        }
        const char *field = avro_branch_field(m->arena, m->options, avro->branches[i], i);
        if (kc_schema_field(schema_builder_peek(b), field)) {
            fail(m, "Multiple union schemas map to the Connect union field name");
            return NULL;
        }
        AUTO(schema) schema = map_cyclic(m, avro->branches[i], &inner_optional);
        if (!schema || kc_schema_add_field(b, field, schema, m->err) < 0)
            return NULL;
    }
    return TAKE(b);
}

static struct kc_schema_builder *builder_of(struct mapping *m, const struct avro_schema *avro) {
    switch (avro->type) {
    case AVRO_BOOLEAN:
        return kc_schema_builder_new(KC_BOOLEAN);
    case AVRO_INT:
        return int_builder(m, avro);
    case AVRO_LONG:
        return is_word(avro_text_property(avro, "logicalType"), "timestamp-millis")
                   ? logical_builder(KC_INT64, SCHEMA_TIMESTAMP)
                   : kc_schema_builder_new(KC_INT64);
    case AVRO_FLOAT:
        return kc_schema_builder_new(KC_FLOAT32);
    case AVRO_DOUBLE:
        return kc_schema_builder_new(KC_FLOAT64);
    case AVRO_STRING:
        return kc_schema_builder_new(KC_STRING);
    case AVRO_BYTES:
    case AVRO_FIXED:
        return bytes_builder(m, avro);
    case AVRO_ENUM:
        return enum_builder(m, avro);
    case AVRO_ARRAY:
    case AVRO_MAP:
        return elements_builder(m, avro);
    case AVRO_RECORD:
        return record_builder(m, avro);
    case AVRO_UNION:
        return union_builder(m, avro);
    default:
        fail(m, "Standalone null schemas are not supported by this converter");
        return NULL;
    }
}

/* ---- attributes ---- */

static void set_doc(struct mapping *m, const struct avro_schema *avro, struct kc_schema_builder *b,
                    const char *field_doc) {
    const char *doc = avro_text_property(avro, "connect.doc");
    if (m->options->discard_type_doc_default) {
        doc = field_doc ? field_doc : avro->doc ? avro->doc : doc;
        if (m->options->meta_data && avro->doc)
            kc_schema_parameter(b, "connect.record.doc", avro->doc);
    } else if (!m->options->meta_data) {
        doc = NULL;
    }
    if (doc)
        kc_schema_doc(b, doc);
}

/* connect.version wins over the registry's, which does not matter to types that have one of their own. */
static int set_version(struct mapping *m, const struct avro_schema *avro, struct kc_schema_builder *b,
                       int32_t version) {
    const cJSON *given = avro_property(avro, "connect.version");
    const struct kc_schema *so_far = schema_builder_peek(b);
    if (given && !cJSON_IsNumber(given))
        return fail_value(m, "Invalid Connect version found", given);
    if (given)
        version = given->valueint;
    if (version < 0)
        return 0;
    if (so_far->has_version && given && so_far->version != version)
        return err_set(
            m->err, ERR_BAD_DATA,
            "Mismatched versions: version already added to SchemaBuilder (%d) differs from version in source "
            "schema (%d)",
            so_far->version, version);
    if (!so_far->has_version)
        kc_schema_version(b, version);
    return 0;
}

static int set_parameters(struct mapping *m, const struct avro_schema *avro, struct kc_schema_builder *b) {
    const cJSON *given = m->options->meta_data ? avro_property(avro, "connect.parameters") : NULL, *item;
    if (given && !cJSON_IsObject(given))
        return fail_value(m, "Expected JSON object for schema parameters but found", given);
    cJSON_ArrayForEach(item, given) {
        if (!cJSON_IsString(item))
            return fail_value(m, "Expected schema parameter values to be strings but found", item);
        kc_schema_parameter(b, item->string, item->valuestring);
    }
    cJSON_ArrayForEach(item, avro->json) {
        if (!item->string || strncmp(item->string, "avro", 4) != 0)
            continue;
        AUTO_BUF text;
        buf_init(&text, 1 << 20);
        if (cJSON_IsString(item))
            (void)buf_add_text(&text, item->valuestring);
        else
            (void)json_write(&text, item, false);
        kc_schema_parameter(b, item->string, buf_text(&text));
    }
    return 0;
}

/* A default that does not fit is left out, as in Java. */
static void set_default(struct mapping *m, const struct avro_schema *avro, struct kc_schema_builder *b,
                        const cJSON *field_default) {
    const cJSON *given = avro_property(avro, "connect.default");
    struct kc_error why = {0};
    struct kc_value v = kc_null();
    int rc = -1;
    if (field_default)
        rc = avro_default_read(m->arena, m->options, schema_builder_peek(b), avro, field_default, &v, &why);
    if (rc == 0 && !m->options->discard_type_doc_default && m->options->meta_data && !given)
        kc_schema_parameter(b, AVRO_NAMESPACE ".field.default", "true");
    if (rc < 0 && given)
        rc = avro_default_read(m->arena, m->options, schema_builder_peek(b), avro, given, &v, &why);
    if (rc == 0 && v.tag != KC_V_NULL)
        rc = kc_schema_default(b, &v, &why);
    if (rc < 0 && (given || field_default))
        kc_log(KC_WARN, LOG_AVRO, "Ignoring invalid default for schema %s: %s",
               avro->name ? avro->name : avro_type_name(avro->type), why.text);
}

static int set_name(struct mapping *m, const struct avro_schema *avro, struct kc_schema_builder *b) {
    const cJSON *given = avro_property(avro, "connect.name");
    const char *so_far = schema_builder_peek(b)->name, *name = NULL;
    if (given && !cJSON_IsString(given))
        return fail_value(m, "Invalid schema name", given);
    if (given)
        name = given->valuestring;
    else if (avro->type == AVRO_RECORD || avro->type == AVRO_ENUM || (avro->type == AVRO_FIXED && !so_far))
        name = avro->full_name;
    if (!name || strncmp(name, CONNECT_DEFAULT, strlen(CONNECT_DEFAULT)) == 0)
        return 0;
    if (so_far && strcmp(so_far, name) != 0)
        return err_set(m->err, ERR_BAD_DATA,
                       "Mismatched names: name already added to SchemaBuilder (%s) differs from name in source schema "
                       "(%s)",
                       so_far, name);
    if (!so_far)
        kc_schema_name(b, name);
    return 0;
}

/* ---- records within themselves ---- */

static const struct kc_schema *map_cyclic(struct mapping *m, const struct avro_schema *avro,
                                          const struct place *place) {
    struct open_schema *open = avro->type == AVRO_RECORD ? open_schemas_find(&m->open, avro) : NULL;
    return open ? open_schema_forward(open, place->optional) : map_schema(m, avro, place);
}

/* ---- the whole ---- */

/* A union that says no more than that something may be missing: the branch in question. */
static const struct avro_schema *plain_branch(const struct mapping *m, const struct avro_schema *avro, bool *ret_null) {
    *ret_null = false;
    if (avro->count == 1 && m->options->flatten_singletons)
        return avro->branches[0];
    if (avro->count != 2 || avro->null_branch < 0)
        return NULL;
    *ret_null = true;
    return avro->branches[1 - avro->null_branch];
}

/* Bytes that stand for a record in a place that adds nothing of its own; false: it adds something. */
static bool made_key(const struct mapping *m, const struct avro_schema *avro, const struct place *place,
                     uintptr_t key[2]) {
    key[0] = (uintptr_t)avro;
    key[1] = place->optional;
    return avro->type == AVRO_RECORD && !place->field_default && place->version < 0 &&
           !(place->field_doc && m->options->discard_type_doc_default);
}

static void unref_made(void *schema) {
    kc_schema_unref(schema);
}

static const struct kc_schema *map_new_schema(struct mapping *m, const struct avro_schema *avro,
                                              const struct place *place) {
    uintptr_t key[2];
    bool keeps = made_key(m, avro, place, key);
    const struct kc_schema *made = keeps ? map_get_bytes(m->made, key, sizeof(key)) : NULL;
    if (made)
        return kc_schema_ref(made);
    AUTO(schema_builder) b = builder_of(m, avro);
    if (!b)
        return NULL;
    set_doc(m, avro, b, place->field_doc);
    if (set_version(m, avro, b, place->version) < 0 || set_parameters(m, avro, b) < 0)
        return NULL;
    if (place->optional)
        kc_schema_optional(b, true);
    set_default(m, avro, b, place->field_default);
    if (set_name(m, avro, b) < 0 || schema_builder_check(b, m->err) < 0)
        return NULL;
    const struct kc_schema *schema = kc_schema_build(TAKE(b));
    if (schema && avro->type == AVRO_RECORD)
        m->recursive |= open_schemas_end(&m->open, open_schemas_find(&m->open, avro), schema);
    if (schema && keeps)
        map_put_bytes(m->made, key, sizeof(key), (void *)(uintptr_t)kc_schema_ref(schema));
    return schema;
}

static const struct kc_schema *map_schema(struct mapping *m, const struct avro_schema *avro,
                                          const struct place *place) {
    bool nullable;
    const struct kc_schema *schema;
    if (m->depth >= AVRO_MAX_SCHEMA_DEPTH) {
        err_set(m->err, ERR_BAD_DATA, "Schemas nested deeper than %d are not supported", AVRO_MAX_SCHEMA_DEPTH);
        return NULL;
    }
    m->depth++;
    const struct avro_schema *branch = avro->type == AVRO_UNION ? plain_branch(m, avro, &nullable) : NULL;
    if (branch) {
        struct place of_branch = {.optional = nullable, .field_doc = place->field_doc, .version = -1};
        schema = map_cyclic(m, branch, &of_branch);
    } else {
        schema = map_new_schema(m, avro, place);
    }
    m->depth--;
    return schema;
}

/* ---- recursive schemas, which stay ---- */

static void recursive_key(struct buf *key, const struct avro_options *o, const struct registry_schema *text,
                          int32_t version) {
    (void)buf_printf(key, "avro %d%d%d%d%d%d %d\n", o->enhanced, o->meta_data, o->flatten_singletons,
                     o->discard_type_doc_default, o->generalized, o->scrub_names, version);
    for (uint32_t i = 0; i < text->dependency_count; i++)
        (void)buf_add(key, text->dependencies[i].text, strlen(text->dependencies[i].text) + 1);
    (void)buf_add(key, text->text, text->len);
}

int avro_to_connect(struct kc_arena *arena, struct avro_options *options, const struct avro_schema *avro,
                    const struct registry_schema *text, int32_t version, const struct kc_schema **ret_schema,
                    struct kc_error *err) {
    struct mapping m = {.arena = arena, .options = options, .err = err};
    struct place place = {.version = version};
    AUTO_BUF key;
    buf_init(&key, INT32_MAX);
    if (avro->type == AVRO_RECORD && strcmp(avro->full_name, AVRO_NAMESPACE ".Anything") == 0) {
        *ret_schema = NULL;
        return 0;
    }
    recursive_key(&key, options, text, version);
    const struct kc_schema *schema = recursive_schemas_find(&key);
    if (!schema) {
        m.made = map_new(unref_made);
        schema = map_schema(&m, avro, &place);
        map_free(m.made);
        if (schema && m.recursive && recursive_schemas_keep(&key, schema, err) < 0)
            schema = kc_schema_unref(schema);
        open_schemas_done(&m.open, schema != NULL);
        if (!schema)
            return -1;
    }
    *ret_schema = schema;
    return 0;
}
