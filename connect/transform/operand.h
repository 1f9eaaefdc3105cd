/* What most transforms work on: the key or the value of a record, a struct or a schemaless map. The loop over a batch,
 * the checks with Java's texts, and reading and writing of fields.
 * Nothing here changes a record: a transform builds the new value first, so that a record that fails can be tried
 * again. @source org.apache.kafka.connect.transforms.util.Requirements, .util.SchemaUtil (transforms 3) */
#ifndef CONNECT_TRANSFORM_OPERAND_H
#define CONNECT_TRANSFORM_OPERAND_H

#include "connect/plugin.h"

#define CLASS_CAST_EXCEPTION       "java.lang.ClassCastException"
#define ILLEGAL_ARGUMENT_EXCEPTION "java.lang.IllegalArgumentException"
#define NULL_POINTER_EXCEPTION     "java.lang.NullPointerException"

struct operand {
    const struct kc_schema **schema; /* where the record has it */
    struct kc_value *value;
};

static inline struct operand operand_of(struct kc_record *r, bool is_key) {
    return is_key ? (struct operand){&r->key_schema, &r->key} : (struct operand){&r->value_schema, &r->value};
}

/* Transforms one record in place. */
typedef int transform_record(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err);

/* The function is a constant at every call, so that the compiler puts it into the loop. */
static inline uint32_t transform_each(transform_record *transform, void *self, struct kc_batch *batch, uint32_t from,
                                      struct kc_error *err) {
    for (uint32_t i = from; i < batch->count; i++)
        if (kc_record_live(&batch->records[i]) && transform(self, batch->arena, &batch->records[i], err) < 0)
            return i;
    return batch->count;
}

#define TRANSFORMS "org.apache.kafka.connect.transforms."

/* The plugin of one Java class: `name` is the prefix of name_options, struct name_conf and name_apply. */
#define TRANSFORM_PLUGIN(plugin, java_name, name, callbacks)                  \
    const struct kc_plugin plugin = {.abi = KC_ABI,                           \
                                     .kind = KC_KIND_TRANSFORMATION,          \
                                     .class_name = TRANSFORMS java_name,      \
                                     .options = name##_options,               \
                                     .conf_size = sizeof(struct name##_conf), \
                                     .transformation = &(callbacks)}

/* The classes Name$Key and Name$Value: transform_name_key and transform_name_value, made of name_options,
 * struct name_conf, name_new(config, conf, is_key, ret_self, err), name_apply and name_close. */
#define TRANSFORM_KEY_AND_VALUE(java_name, name)                                                   \
    static int name##_new_key(const struct kc_config *config, const void *conf, void **ret_self,   \
                              struct kc_error *err) {                                              \
        return name##_new(config, conf, true, ret_self, err);                                      \
    }                                                                                              \
    static int name##_new_value(const struct kc_config *config, const void *conf, void **ret_self, \
                                struct kc_error *err) {                                            \
        return name##_new(config, conf, false, ret_self, err);                                     \
    }                                                                                              \
    static const struct kc_transformation_ops name##_key_ops = {                                   \
        .configure = name##_new_key, .apply = name##_apply, .close = name##_close};                \
    static const struct kc_transformation_ops name##_value_ops = {                                 \
        .configure = name##_new_value, .apply = name##_apply, .close = name##_close};              \
    TRANSFORM_PLUGIN(transform_##name##_key, java_name "$Key", name, name##_key_ops);              \
    TRANSFORM_PLUGIN(transform_##name##_value, java_name "$Value", name, name##_value_ops)

/* Zeroed memory of an instance; aborts when there is none. */
void *transform_alloc(size_t size);

/* ---- Schemaless maps ---- */

/* Whether the value is a map, taken apart or not. */
bool operand_is_map(const struct kc_value *v);
/* @errors DataException "Only Map objects supported in absence of schema for [purpose], found: class" */
int operand_require_map(const struct kc_value *v, const char *purpose, struct kc_error *err) KC_CHECKED;
/* One field of a map or of the text of one, which is then not taken apart; null when it is missing. */
struct kc_value operand_map_get(struct kc_arena *arena, const struct kc_value *map, const char *name);
/* A MAP with the entries of `map` (which may be text) and room for `more`; the original is left alone. */
struct kc_value operand_map_copy(struct kc_arena *arena, const struct kc_value *map, uint32_t more);
/* Replaces a field in place or adds it at the end, where there must be room. */
void operand_map_set(struct kc_value *map, const char *name, struct kc_value value);
/* @errors ClassCastException: the key of a map is no string */
int operand_require_text(const struct kc_value *key, struct kc_error *err) KC_CHECKED;

/* ---- Structs ---- */

/* @errors DataException "Only Struct objects supported for [purpose], found: class" */
int operand_require_struct(const struct kc_value *v, const char *purpose, struct kc_error *err) KC_CHECKED;
/* The same, and its schema is the one that the record has. @errors DataException "Struct schemas do not match." */
int operand_require_struct_of(const struct kc_value *v, const struct kc_schema *schema, const char *purpose,
                              struct kc_error *err) KC_CHECKED;
/* @errors DataException: the schema has no fields to go through. @source Schema.fields */
int operand_require_fields(const struct kc_schema *schema, struct kc_error *err) KC_CHECKED;

/* The value of a field, its default where it is null and `replace_null` is set. */
static inline const struct kc_value *operand_field(const struct kc_struct *st, int32_t index, bool replace_null) {
    const struct kc_value *v = &st->fields[index];
    const struct kc_schema *schema = st->schema->fields[index].schema;
    return v->tag == KC_V_NULL && replace_null && schema->has_default ? &schema->default_value : v;
}

/* Sets a field of a new struct. @errors DataException: the value does not fit. @source Struct.put */
int operand_struct_set(struct kc_value *st, int32_t index, const struct kc_value *v, struct kc_error *err) KC_CHECKED;

#endif
