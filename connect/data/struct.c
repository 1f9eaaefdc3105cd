/* Values of type STRUCT: one slot per field of the schema. @source org.apache.kafka.connect.data.Struct */
#include "connect/base/err.h"
#include "connect/data/validate.h"
#include "connect/data/value.h"

struct kc_value kc_struct_new(struct kc_arena *arena, const struct kc_schema *schema) {
    struct kc_struct *st = kc_arena_alloc(arena, sizeof(*st));
    st->schema = schema;
    st->fields = value_array_new(arena, schema->field_count).items;
    return (struct kc_value){.tag = KC_V_STRUCT, .st = st};
}

int kc_struct_put(struct kc_value *st, const char *name, struct kc_value value, struct kc_error *err) {
    const struct kc_field *field = kc_schema_field(st->st->schema, name);
    if (!field)
        return err_set(err, ERR_BAD_DATA, "%s is not a valid field name", name);
    if (validate_field(field, &value, err) < 0)
        return -1;
    st->st->fields[field->index] = value;
    return 0;
}

const struct kc_value *kc_struct_get(const struct kc_value *st, const char *name) {
    const struct kc_field *field = kc_schema_field(st->st->schema, name);
    if (!field)
        return NULL;
    const struct kc_value *v = &st->st->fields[field->index];
    return v->tag == KC_V_NULL && field->schema->has_default ? &field->schema->default_value : v;
}
