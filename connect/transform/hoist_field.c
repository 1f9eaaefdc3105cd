/* Wraps the whole key or value into a struct or map of one field.
 * @source org.apache.kafka.connect.transforms.HoistField (transforms 4.7) */
#include <stdlib.h>

#include "config/parse.h"
#include "connect/data/schema.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

struct hoist_field_conf {
    const char *field;
};

static const struct kc_option hoist_field_options[] = {
    OPT_STRING("field", struct hoist_field_conf, field, .required = true, .importance = KC_MEDIUM,
               .doc = "Field name for the single field that will be created in the resulting Struct or Map."),
    KC_OPTION_END,
};

struct hoist_field {
    bool is_key;
    const char *field;
    struct schema_memo memo;
};

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    const struct hoist_field *t = self;
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    if (kc_schema_add_field(b, t->field, from, err) < 0)
        return -1;
    ret->schema = kc_schema_build(TAKE(b));
    return 0;
}

static int hoist_field_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                           struct kc_error *err) {
    (void)config, (void)err;
    struct hoist_field *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->field = ((const struct hoist_field_conf *)conf)->field;
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

static int hoist_field(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct hoist_field *t = self;
    struct operand op = operand_of(r, t->is_key);
    if (!*op.schema) {
        struct kc_value map = kc_map_new(arena, 1);
        kc_map_put(&map, t->field, *op.value);
        *op.value = map;
        return 0;
    }
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, *op.schema, err);
    if (!to)
        return -1;
    struct kc_value st = kc_struct_new(arena, to->schema);
    if (operand_struct_set(&st, 0, op.value, err) < 0)
        return -1;
    *op.schema = to->schema;
    *op.value = st;
    return 0;
}

static uint32_t hoist_field_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct hoist_field *t = self;
    schema_memo_start(&t->memo);
    return transform_each(hoist_field, self, batch, from, err);
}

static void hoist_field_close(void *self) {
    struct hoist_field *t = self;
    schema_memo_done(&t->memo);
    free(t);
}

TRANSFORM_KEY_AND_VALUE("HoistField", hoist_field);
