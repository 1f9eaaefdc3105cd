/* Schemas in JSON, both ways. @source JsonConverter.asConnectSchema, asJsonSchema */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/convert/json.h"
#include "connect/data/number_text.h"
#include "connect/data/schema.h"

static const char *const type_names[] = {
    [KC_INT8] = "int8",     [KC_INT16] = "int16",    [KC_INT32] = "int32",     [KC_INT64] = "int64",
    [KC_FLOAT32] = "float", [KC_FLOAT64] = "double", [KC_BOOLEAN] = "boolean", [KC_STRING] = "string",
    [KC_BYTES] = "bytes",   [KC_ARRAY] = "array",    [KC_MAP] = "map",         [KC_STRUCT] = "struct",
};

/* ---- reading ---- */

enum member { TYPE, ITEMS, KEYS, VALUES, FIELDS, OPTIONAL, NAME, VERSION, DOC, PARAMETERS, DEFAULT, FIELD, MEMBERS };
static const char *const member_names[MEMBERS] = {"type", "items",   "keys", "values",     "fields",  "optional",
                                                  "name", "version", "doc",  "parameters", "default", "field"};

/* Schemas nested deeper are refused: whatever follows a schema recurses as deep as it does. */
enum { MAX_SCHEMA_DEPTH = 200 };

struct reading {
    struct kc_arena *arena; /* for decoded texts and default values */
    bool replace_null;
    int depth;
    struct kc_error *err;
};

static int read_schema(struct reading *r, struct json_text text, const struct kc_schema **ret_schema);

static bool starts_with(struct json_text text, char c) {
    return text.s && text.s[0] == c;
}

/* The members we know of an object, the last of each name; anything but an object has none. */
static void collect(struct json_text text, struct json_text members[MEMBERS]) {
    memset(members, 0, MEMBERS * sizeof(*members));
    if (!starts_with(text, '{'))
        return;
    struct json_walk w = json_walk_start(text);
    struct json_text name, value;
    while (json_walk_member(&w, &name, &value))
        for (int m = 0; m < MEMBERS; m++)
            if (json_text_is(name, member_names[m], strlen(member_names[m]))) {
                members[m] = value;
                break;
            }
}

/* NUL-terminated text of a string. */
static int read_text(struct reading *r, struct json_text text, const char **ret_text) {
    struct kc_value s = json_text_string(r->arena, text);
    if (s.len && memchr(s.s, '\0', s.len))
        return err_set(r->err, ERR_BAD_DATA, "Texts of a schema must not contain the character U+0000");
    *ret_text = kc_arena_copy(r->arena, s.s, s.len);
    return 0;
}

static int read_type(struct reading *r, struct json_text text, enum kc_type *ret_type) {
    if (!starts_with(text, '"'))
        return err_set(r->err, ERR_BAD_DATA, "Schema must contain 'type' field");
    for (int t = KC_INT8; t <= KC_STRUCT; t++)
        if (json_text_is(text, type_names[t], strlen(type_names[t]))) {
            *ret_type = (enum kc_type)t;
            return 0;
        }
    struct kc_value name = json_text_string(r->arena, text);
    return err_set(r->err, ERR_BAD_DATA, "Unknown schema type: %.*s", (int)name.len, name.s);
}

static int read_field(struct reading *r, struct kc_schema_builder *b, struct json_text text) {
    struct json_text members[MEMBERS];
    collect(text, members);
    if (!starts_with(members[FIELD], '"'))
        return err_set(r->err, ERR_BAD_DATA, "Struct schema's field name not specified properly");
    const char *name;
    AUTO(schema) schema = NULL;
    if (read_text(r, members[FIELD], &name) < 0 || read_schema(r, text, &schema) < 0)
        return -1;
    return kc_schema_add_field(b, name, schema, r->err);
}

static int read_fields(struct reading *r, struct kc_schema_builder *b, struct json_text fields) {
    if (!starts_with(fields, '['))
        return err_set(r->err, ERR_BAD_DATA, "Struct schema's \"fields\" argument is not an array.");
    struct json_walk w = json_walk_start(fields);
    struct json_text field;
    while (json_walk_item(&w, &field))
        if (read_field(r, b, field) < 0)
            return -1;
    return 0;
}

/* NULL for a schema that is null. */
static int read_nullable(struct reading *r, struct json_text text, const struct kc_schema **ret_schema) {
    return starts_with(text, 'n') ? 0 : read_schema(r, text, ret_schema);
}

static int read_items(struct reading *r, struct kc_schema_builder *b, struct json_text items) {
    AUTO(schema) item = NULL;
    if (!items.s || starts_with(items, 'n'))
        return err_set(r->err, ERR_BAD_DATA, "Array schema did not specify the element type");
    if (read_schema(r, items, &item) < 0)
        return -1;
    kc_schema_elements(b, NULL, item);
    return 0;
}

static int read_keys_and_values(struct reading *r, struct kc_schema_builder *b, struct json_text keys,
                                struct json_text values) {
    AUTO(schema) key = NULL;
    AUTO(schema) value = NULL;
    if (!keys.s)
        return err_set(r->err, ERR_BAD_DATA, "Map schema did not specify the key type");
    if (!values.s)
        return err_set(r->err, ERR_BAD_DATA, "Map schema did not specify the value type");
    if (read_nullable(r, keys, &key) < 0 || read_nullable(r, values, &value) < 0)
        return -1;
    if (!key || !value)
        return err_set(r->err, ERR_SCHEMA, "%s cannot be null.", key ? "valueSchema" : "keySchema");
    kc_schema_elements(b, key, value);
    return 0;
}

static int read_parameters(struct reading *r, struct kc_schema_builder *b, struct json_text text) {
    if (!starts_with(text, '{'))
        return 0;
    struct json_walk w = json_walk_start(text);
    struct json_text name, value;
    while (json_walk_member(&w, &name, &value)) {
        const char *name_text = NULL, *value_text = NULL;
        if (!starts_with(value, '"'))
            return err_set(r->err, ERR_BAD_DATA, "Schema parameters must have string values.");
        if (read_text(r, name, &name_text) < 0 || read_text(r, value, &value_text) < 0)
            return -1;
        kc_schema_parameter(b, name_text, value_text);
    }
    return 0;
}

static int read_attributes(struct reading *r, struct kc_schema_builder *b, struct json_text members[MEMBERS]) {
    const char *text = NULL;
    kc_schema_optional(b, starts_with(members[OPTIONAL], 't'));
    if (starts_with(members[NAME], '"')) {
        if (read_text(r, members[NAME], &text) < 0)
            return -1;
        kc_schema_name(b, text);
    }
    struct json_text version = members[VERSION];
    if (version.s && (version.s[0] == '-' || (version.s[0] >= '0' && version.s[0] <= '9')) &&
        json_text_is_integral(version))
        kc_schema_version(b, (int32_t)json_text_int64(version));
    if (starts_with(members[DOC], '"')) {
        if (read_text(r, members[DOC], &text) < 0)
            return -1;
        kc_schema_doc(b, text);
    }
    if (read_parameters(r, b, members[PARAMETERS]) < 0)
        return -1;
    if (!members[DEFAULT].s)
        return 0;
    struct kc_value v;
    if (json_payload_read(r->arena, schema_builder_peek(b), members[DEFAULT], r->replace_null, &v, r->err) < 0)
        return -1;
    return kc_schema_default(b, &v, r->err);
}

static int read_typed(struct reading *r, struct json_text text, const struct kc_schema **ret_schema) {
    struct json_text members[MEMBERS];
    enum kc_type type = KC_STRUCT;
    collect(text, members);
    if (read_type(r, members[TYPE], &type) < 0)
        return -1;
    AUTO(schema_builder) b = kc_schema_builder_new(type);
    int rc = 0;
    if (type == KC_STRUCT)
        rc = read_fields(r, b, members[FIELDS]);
    else if (type == KC_ARRAY)
        rc = read_items(r, b, members[ITEMS]);
    else if (type == KC_MAP)
        rc = read_keys_and_values(r, b, members[KEYS], members[VALUES]);
    if (rc < 0 || read_attributes(r, b, members) < 0)
        return -1;
    *ret_schema = kc_schema_build(TAKE(b));
    return 0;
}

static int read_schema(struct reading *r, struct json_text text, const struct kc_schema **ret_schema) {
    if (r->depth == MAX_SCHEMA_DEPTH)
        return err_set(r->err, ERR_BAD_DATA, "Schemas nested deeper than %d are not supported", MAX_SCHEMA_DEPTH);
    r->depth++;
    int rc = read_typed(r, text, ret_schema);
    r->depth--;
    return rc;
}

int json_schema_read(struct kc_arena *arena, struct json_text text, bool replace_null,
                     const struct kc_schema **ret_schema, struct kc_error *err) {
    struct reading r = {.arena = arena, .replace_null = replace_null, .err = err};
    if (starts_with(text, 'n')) {
        *ret_schema = NULL;
        return 0;
    }
    return read_schema(&r, text, ret_schema);
}

/* ---- writing ---- */

struct writing {
    struct buf *out;
    const struct json_write_options *options;
    struct kc_error *err;
};

static int write_schema(struct writing *w, const struct kc_schema *schema, const char *field);

static void write_text(struct writing *w, const char *name, const char *text) {
    buf_printf(w->out, ",\"%s\":", name);
    json_write_string(w->out, text, strlen(text));
}

static int write_fields(struct writing *w, const struct kc_schema *schema) {
    buf_add_text(w->out, ",\"fields\":[");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (i)
            buf_add_char(w->out, ',');
        if (write_schema(w, schema->fields[i].schema, schema->fields[i].name) < 0)
            return -1;
    }
    return buf_add_char(w->out, ']');
}

/* Keys, items or values; null when their type is not known. */
static int write_elements(struct writing *w, const char *name, const struct kc_schema *schema) {
    buf_printf(w->out, ",\"%s\":", name);
    return schema ? write_schema(w, schema, NULL) : buf_add_text(w->out, "null");
}

static void write_parameters(struct writing *w, const struct kc_schema *schema) {
    buf_add_text(w->out, ",\"parameters\":{");
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const struct kc_parameter *p = &schema->parameters[i];
        if (i)
            buf_add_char(w->out, ',');
        json_write_string(w->out, p->name, strlen(p->name));
        buf_add_char(w->out, ':');
        if (p->value)
            json_write_string(w->out, p->value, strlen(p->value));
        else
            buf_add_text(w->out, "null");
    }
    buf_add_char(w->out, '}');
}

static int write_attributes(struct writing *w, const struct kc_schema *schema) {
    buf_add_text(w->out, schema->optional ? ",\"optional\":true" : ",\"optional\":false");
    if (schema->name)
        write_text(w, "name", schema->name);
    if (schema->has_version)
        buf_printf(w->out, ",\"version\":%d", schema->version);
    if (schema->doc)
        write_text(w, "doc", schema->doc);
    if (schema->parameter_count)
        write_parameters(w, schema);
    if (!schema->has_default)
        return 0;
    buf_add_text(w->out, ",\"default\":");
    return json_write_value(w->out, schema, &schema->default_value, w->options, w->err);
}

static int write_schema(struct writing *w, const struct kc_schema *schema, const char *field) {
    if (schema_is_forward(schema))
        return err_set(w->err, ERR_BAD_DATA, "Schema %s holds itself, which the schema of an envelope cannot say",
                       schema->name ? schema->name : "(without name)");
    buf_printf(w->out, "{\"type\":\"%s\"", type_names[schema->type]);
    int rc = 0;
    if (schema->type == KC_STRUCT)
        rc = write_fields(w, schema);
    else if (schema->type == KC_ARRAY)
        rc = write_elements(w, "items", schema->value_schema);
    else if (schema->type == KC_MAP)
        rc = write_elements(w, "keys", schema->key_schema) < 0 ? -1 : write_elements(w, "values", schema->value_schema);
    if (rc < 0 || write_attributes(w, schema) < 0)
        return -1;
    if (field)
        write_text(w, "field", field);
    return buf_add_char(w->out, '}');
}

int json_schema_write(struct buf *out, const struct kc_schema *schema, const struct json_write_options *options,
                      struct kc_error *err) {
    struct writing w = {out, options, err};
    if (!schema)
        return buf_add_text(out, "null");
    return write_schema(&w, schema, NULL);
}
