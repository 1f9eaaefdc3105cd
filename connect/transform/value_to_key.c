/* Makes a new key of fields of the value. @source org.apache.kafka.connect.transforms.ValueToKey (transforms 4.16) */
#include <stdlib.h>

#include "config/parse.h"
#include "connect/data/schema.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

#define PURPOSE "copying fields from value to key"

enum { FEW_FIELDS = 2 }; /* so many are looked for in JSON text; for more it is taken apart first */

struct value_to_key_conf {
    struct kc_list fields;
    bool replace_null;
};

static const struct kc_option value_to_key_options[] = {
    OPT_LIST("fields", struct value_to_key_conf, fields, .required = true, .importance = KC_HIGH,
             .list_not_empty = true, .list_unique = true,
             .doc = "Field names on the record value to extract as the record key."),
    OPT_BOOLEAN("replace.null.with.default", struct value_to_key_conf, replace_null, .def = "true",
                .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

struct value_to_key {
    const struct value_to_key_conf *conf;
    struct schema_memo memo; /* the plan: int32_t per key field, its index in the value */
};

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    const struct kc_list *fields = &((const struct value_to_key *)self)->conf->fields;
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    int32_t *plan = ret->plan = transform_alloc(sizeof(*plan) * fields->count);
    for (size_t i = 0; i < fields->count; i++) {
        const struct kc_field *field = kc_schema_field(from, fields->items[i]);
        if (!field)
            return kc_fail(err, KC_DATA_EXCEPTION, "Field does not exist: %s", fields->items[i]);
        plan[i] = field->index;
        if (kc_schema_add_field(b, field->name, field->schema, err) < 0)
            return -1;
    }
    ret->schema = kc_schema_build(TAKE(b));
    return 0;
}

static int value_to_key_new(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)err;
    struct value_to_key *t = transform_alloc(sizeof *t);
    t->conf = conf;
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

static int from_map(const struct value_to_key *t, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    const struct kc_list *fields = &t->conf->fields;
    if (operand_require_map(&r->value, PURPOSE, err) < 0)
        return -1;
    struct kc_value value = fields->count > FEW_FIELDS ? kc_json_open(arena, r->value) : r->value;
    struct kc_value key = kc_map_new(arena, (uint32_t)fields->count);
    key.flags = KC_MAP_UNORDERED;
    for (size_t i = 0; i < fields->count; i++)
        kc_map_put(&key, fields->items[i], operand_map_get(arena, &value, fields->items[i]));
    r->key_schema = NULL;
    r->key = key;
    return 0;
}

static int value_to_key(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct value_to_key *t = self;
    if (!r->value_schema)
        return from_map(t, arena, r, err);
    if (operand_require_struct(&r->value, PURPOSE, err) < 0)
        return -1;
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, r->value.st->schema, err);
    if (!to)
        return -1;
    struct kc_value key = kc_struct_new(arena, to->schema);
    const int32_t *plan = to->plan;
    for (uint32_t i = 0; i < to->schema->field_count; i++) {
        const struct kc_value *v = operand_field(r->value.st, plan[i], t->conf->replace_null);
        if (operand_struct_set(&key, (int32_t)i, v, err) < 0)
            return -1;
    }
    r->key_schema = to->schema;
    r->key = key;
    return 0;
}

static uint32_t value_to_key_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct value_to_key *t = self;
    schema_memo_start(&t->memo);
    return transform_each(value_to_key, self, batch, from, err);
}

static void value_to_key_close(void *self) {
    struct value_to_key *t = self;
    schema_memo_done(&t->memo);
    free(t);
}

static const struct kc_transformation_ops value_to_key_ops = {
    .configure = value_to_key_new, .apply = value_to_key_apply, .close = value_to_key_close};

TRANSFORM_PLUGIN(transform_value_to_key, "ValueToKey", value_to_key, value_to_key_ops);
