/* Moves or copies fields into headers. @source org.apache.kafka.connect.transforms.HeaderFrom (transforms 4.6) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/data/schema.h"
#include "connect/data/validate.h"
#include "connect/data/value.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

struct header_from_conf {
    struct kc_list fields, headers;
    const char *operation;
    bool replace_null;
};

static const char *const operations[] = {"move", "copy", NULL};

static const struct kc_option header_from_options[] = {
    OPT_LIST("fields", struct header_from_conf, fields, .required = true, .importance = KC_HIGH, .list_not_empty = true,
             .doc = "Comma-separated list of field names in the record whose values are to be copied or moved to "
                    "headers."),
    OPT_LIST("headers", struct header_from_conf, headers, .required = true, .importance = KC_HIGH,
             .list_not_empty = true,
             .doc = "Comma-separated list of header names, in the same order as the field names listed in the fields "
                    "configuration property."),
    OPT_STRING("operation", struct header_from_conf, operation, .required = true, .importance = KC_HIGH,
               .one_of = operations,
               .doc = "Either move if the fields are to be moved to the headers (removed from the key or value), or "
                      "copy if they are to be copied to the headers (retained in the key or value)."),
    OPT_BOOLEAN("replace.null.with.default", struct header_from_conf, replace_null, .def = "true",
                .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

struct header_from {
    bool is_key, move;
    const char *purpose;
    const struct header_from_conf *conf;
    struct schema_memo memo; /* the plan: int32_t per field that stays, its index in the old struct */
};

static bool is_moved(const struct header_from *t, const struct kc_value *name) {
    for (size_t i = 0; i < t->conf->fields.count; i++) {
        const char *field = t->conf->fields.items[i];
        if (name->tag == KC_V_STRING && strlen(field) == name->len && memcmp(field, name->s, name->len) == 0)
            return true;
    }
    return false;
}

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    const struct header_from *t = self;
    AUTO(schema_builder) b = schema_builder_like(from);
    int32_t *plan = ret->plan = transform_alloc(sizeof(*plan) * (from->field_count + 1));
    for (uint32_t i = 0; i < from->field_count; i++) {
        const struct kc_field *field = &from->fields[i];
        struct kc_value name = kc_string(field->name);
        if (is_moved(t, &name))
            continue;
        *plan++ = field->index;
        if (kc_schema_add_field(b, field->name, field->schema, err) < 0)
            return -1;
    }
    ret->schema = kc_schema_build(TAKE(b));
    return 0;
}

static int header_from_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                           struct kc_error *err) {
    const struct header_from_conf *c = conf;
    (void)config;
    if (c->fields.count != c->headers.count)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "'fields' config must have the same number of elements as 'headers' config.");
    struct header_from *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->conf = c;
    t->move = strcmp(c->operation, "move") == 0;
    t->purpose = t->move ? "header move" : "header copy";
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

/* ---- Schemaless -------------------------------------------------------------------------------------------------- */

static struct kc_value without_moved(const struct header_from *t, struct kc_arena *arena, const struct kc_value *map) {
    struct kc_value kept = kc_map_new(arena, map->len);
    kept.flags = KC_MAP_UNORDERED;
    for (uint32_t i = 0; i < map->len; i++)
        if (!is_moved(t, &map->entries[i].key))
            kept.entries[kept.len++] = map->entries[i];
    return kept;
}

static int from_map(const struct header_from *t, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct kc_value *value = operand_of(r, t->is_key).value;
    if (operand_require_map(value, t->purpose, err) < 0)
        return -1;
    struct kc_value map = kc_json_open(arena, *value);
    for (size_t i = 0; i < t->conf->fields.count; i++)
        kc_record_add_header(arena, r, t->conf->headers.items[i], NULL,
                             operand_map_get(arena, &map, t->conf->fields.items[i]));
    if (t->move)
        *value = without_moved(t, arena, &map);
    return 0;
}

/* ---- Structs ----------------------------------------------------------------------------------------------------- */

/* The struct without the moved fields; `ret` stays as it is when they are copied. */
static int shrink(struct header_from *t, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *ret,
                  struct kc_error *err) {
    if (!t->move)
        return 0;
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, *schema, err);
    if (!to)
        return -1;
    struct kc_value st = kc_struct_new(arena, to->schema);
    const int32_t *plan = to->plan;
    for (uint32_t i = 0; i < to->schema->field_count; i++)
        if (operand_struct_set(&st, (int32_t)i, operand_field(ret->st, plan[i], t->conf->replace_null), err) < 0)
            return -1;
    *schema = to->schema;
    *ret = st;
    return 0;
}

/* @source ConnectHeaders.checkSchemaMatches */
static int check_header(struct kc_arena *arena, const struct kc_schema *schema, const struct kc_value *v,
                        struct kc_error *err) {
    bool fits =
        v->tag == KC_V_NULL ? schema->optional : validate_class(schema, v) || value_type(v) == (int)schema->type;
    if (fits)
        return 0;
    AUTO_BUF text;
    buf_init(&text, KC_ERROR_TEXT);
    schema_text(&text, schema);
    if (v->tag == KC_V_NULL)
        return kc_fail(err, KC_DATA_EXCEPTION, "A null value requires an optional schema but was %s", buf_text(&text));
    size_t len;
    return kc_fail(err, KC_DATA_EXCEPTION, "The value %s is not compatible with the schema %s",
                   kc_value_to_text(arena, v, &len), buf_text(&text));
}

/* Checks every field first, so that no record gets half of its headers. */
static int check_fields(const struct header_from *t, struct kc_arena *arena, const struct kc_struct *st,
                        struct kc_error *err) {
    for (size_t i = 0; i < t->conf->fields.count; i++) {
        const struct kc_field *field = kc_schema_field(st->schema, t->conf->fields.items[i]);
        if (!field)
            return kc_fail(err, NULL_POINTER_EXCEPTION,
                           "Cannot invoke \"org.apache.kafka.connect.data.Field.schema()\" because the return value of "
                           "\"org.apache.kafka.connect.data.Schema.field(String)\" is null");
        if (check_header(arena, field->schema, operand_field(st, field->index, t->conf->replace_null), err) < 0)
            return -1;
    }
    return 0;
}

static int header_from(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct header_from *t = self;
    struct operand op = operand_of(r, t->is_key);
    if (!*op.schema)
        return from_map(t, arena, r, err);
    if (operand_require_struct_of(op.value, *op.schema, t->purpose, err) < 0)
        return -1;
    const struct kc_struct *st = op.value->st;
    struct kc_value shrunk = *op.value;
    const struct kc_schema *schema = *op.schema;
    if (shrink(t, arena, &schema, &shrunk, err) < 0 || check_fields(t, arena, st, err) < 0)
        return -1;
    for (size_t i = 0; i < t->conf->fields.count; i++) {
        const struct kc_field *field = kc_schema_field(st->schema, t->conf->fields.items[i]);
        kc_record_add_header(arena, r, t->conf->headers.items[i], field->schema,
                             *operand_field(st, field->index, t->conf->replace_null));
    }
    *op.schema = schema;
    *op.value = shrunk;
    return 0;
}

static uint32_t header_from_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct header_from *t = self;
    schema_memo_start(&t->memo);
    return transform_each(header_from, self, batch, from, err);
}

static void header_from_close(void *self) {
    struct header_from *t = self;
    schema_memo_done(&t->memo);
    free(t);
}

TRANSFORM_KEY_AND_VALUE("HeaderFrom", header_from);
