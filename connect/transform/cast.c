/* Casts fields, or the whole key or value, to another type.
 * @source org.apache.kafka.connect.transforms.Cast (transforms 4.1) */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/map.h"
#include "connect/data/schema.h"
#include "connect/transform/builtin.h"
#include "connect/transform/cast_value.h"
#include "connect/transform/mapping.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

#define PURPOSE "cast types"

struct cast_conf {
    struct kc_list spec;
    bool replace_null;
};

/* ---- The list of casts ------------------------------------------------------------------------------------------- */

static struct mapping_part trimmed(struct mapping_part part) {
    while (part.len && (unsigned char)part.s[part.len - 1] <= ' ')
        part.len--;
    while (part.len && (unsigned char)*part.s <= ' ')
        part.s++, part.len--;
    return part;
}

/* @errors ConfigException: no such type, or one that nothing can be cast to */
static int parse_type(struct mapping_part name, enum kc_type *ret_type, struct kc_error *err) {
    int type = KC_INT8;
    while (type <= KC_STRUCT && (strlen(schema_type_name((enum kc_type)type)) != name.len ||
                                 strncasecmp(schema_type_name((enum kc_type)type), name.s, name.len) != 0))
        type++;
    if (type > KC_STRUCT) {
        char upper[KC_ERROR_TEXT / 4];
        size_t len = name.len < sizeof(upper) ? name.len : sizeof(upper);
        for (size_t i = 0; i < len; i++)
            upper[i] = (char)toupper((unsigned char)name.s[i]);
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Invalid value java.lang.IllegalArgumentException: No enum constant "
                       "org.apache.kafka.connect.data.Schema.Type.%.*s for configuration Invalid type found in casting "
                       "spec: %.*s",
                       (int)len, upper, (int)name.len, name.s);
    }
    if (type > KC_STRING)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Cast transformation does not support casting to %s; supported types are [" CAST_OUTPUT_TYPES
                       "]",
                       schema_type_name((enum kc_type)type));
    *ret_type = (enum kc_type)type;
    return 0;
}

struct one_cast {
    struct mapping_part field;
    bool whole; /* a type alone */
    enum kc_type type;
};

static int parse_cast(const char *list, struct mapping_part item, struct one_cast *ret, struct kc_error *err) {
    struct mapping_part parts[2];
    size_t count = mapping_split(item.s, item.len, parts);
    if (count > 2)
        return mapping_invalid(list, item, err);
    if (count == 0)
        return kc_fail(err, "java.lang.ArrayIndexOutOfBoundsException", "Index 1 out of bounds for length 0");
    ret->whole = count == 1;
    ret->field = trimmed(parts[0]);
    return parse_type(trimmed(parts[count - 1]), &ret->type, err);
}

static int check_spec(const char *name, const char *text, struct kc_error *err) {
    struct mapping_part item;
    struct one_cast cast;
    size_t count = 0;
    bool whole = false;
    (void)name;
    if (!text || !*text)
        return kc_fail(err, KC_CONFIG_EXCEPTION, "Must specify at least one field to cast.");
    for (const char *rest = text; mapping_next(&rest, &item); count++) {
        if (parse_cast(text, item, &cast, err) < 0)
            return -1;
        whole |= cast.whole;
    }
    if (whole && count > 1)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Cast transformations that specify a type to cast the entire value to may only specify a single "
                       "cast in their spec");
    return 0;
}

static const struct kc_option cast_options[] = {
    OPT_LIST("spec", struct cast_conf, spec, .required = true, .importance = KC_HIGH, .check = check_spec,
             .range_text = "list of colon-delimited pairs, e.g. foo:bar,abc:xyz",
             .doc =
                 "List of fields and the type to cast them to of the form field1:type,field2:type to cast fields of "
                 "Maps or Structs. A single type to cast the entire value. Valid types are int8, int16, int32, "
                 "int64, float32, float64, boolean, and string. Note that binary fields can only be cast to string."),
    OPT_BOOLEAN("replace.null.with.default", struct cast_conf, replace_null, .def = "true", .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

/* ---- Life -------------------------------------------------------------------------------------------------------- */

struct cast {
    bool is_key, replace_null, whole;
    enum kc_type type; /* of the whole */
    struct buf scratch;
    struct map *types;       /* field → enum kc_type + 1 as pointer */
    struct schema_memo memo; /* the plan: per field its type + 1, 0 where it is not cast */
};

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err);

static int cast_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                    struct kc_error *err) {
    const struct cast_conf *c = conf;
    (void)config, (void)err;
    struct cast *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->replace_null = c->replace_null;
    buf_init(&t->scratch, CAST_TEXT_MAX);
    t->types = map_new(/* free_value= */ NULL);
    for (size_t i = 0; i < c->spec.count; i++) {
        const char *item = c->spec.items[i];
        struct one_cast cast;
        if (parse_cast(item, (struct mapping_part){item, strlen(item)}, &cast, NULL) < 0)
            continue; /* check_spec has refused it */
        if (cast.whole)
            t->type = cast.type;
        else
            map_put_bytes(t->types, cast.field.s, cast.field.len, (void *)((uintptr_t)cast.type + 1));
        t->whole |= cast.whole;
    }
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

static void cast_close(void *self) {
    struct cast *t = self;
    schema_memo_done(&t->memo);
    map_free(t->types);
    buf_done(&t->scratch);
    free(t);
}

/* ---- Schemas ----------------------------------------------------------------------------------------------------- */

static int cast_default(struct cast *t, struct kc_schema_builder *b, const struct kc_schema *from, enum kc_type type,
                        struct kc_error *err) {
    struct kc_value def = kc_null();
    AUTO(arena) arena = arena_new(512);
    if (!from->has_default)
        return 0;
    if (cast_value(arena, &t->scratch, from, &from->default_value, type, &def, err) < 0)
        return -1;
    return kc_schema_default(b, &def, err);
}

static int add_field(struct cast *t, struct kc_schema_builder *b, const struct kc_field *field, uint8_t *ret_type,
                     struct kc_error *err) {
    uintptr_t type = (uintptr_t)map_get(t->types, field->name);
    if (!type)
        return kc_schema_add_field(b, field->name, field->schema, err);
    *ret_type = (uint8_t)type;
    AUTO(schema_builder) new_field = kc_schema_builder_new((enum kc_type)(type - 1));
    if (field->schema->optional)
        kc_schema_optional(new_field, true);
    if (cast_default(t, new_field, field->schema, (enum kc_type)(type - 1), err) < 0)
        return -1;
    AUTO(schema) schema = kc_schema_build(TAKE(new_field));
    return kc_schema_add_field(b, field->name, schema, err);
}

/* Name, version, doc and parameters of one schema for another. */
static void copy_basics(struct kc_schema_builder *b, const struct kc_schema *from) {
    kc_schema_name(b, from->name);
    kc_schema_doc(b, from->doc);
    if (from->has_version)
        kc_schema_version(b, from->version);
    for (uint32_t i = 0; i < from->parameter_count; i++)
        kc_schema_parameter(b, from->parameters[i].name, from->parameters[i].value);
}

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    struct cast *t = self;
    AUTO(schema_builder) b = kc_schema_builder_new(t->whole ? t->type : KC_STRUCT);
    copy_basics(b, from);
    if (!t->whole) {
        if (operand_require_fields(from, err) < 0)
            return -1;
        uint8_t *plan = ret->plan = transform_alloc(from->field_count + 1);
        for (uint32_t i = 0; i < from->field_count; i++)
            if (add_field(t, b, &from->fields[i], &plan[i], err) < 0)
                return -1;
    }
    if (from->optional)
        kc_schema_optional(b, true);
    if (cast_default(t, b, from, t->whole ? t->type : KC_STRUCT, err) < 0)
        return -1;
    ret->schema = kc_schema_build(TAKE(b));
    return 0;
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static int cast_map(struct cast *t, struct kc_arena *arena, struct kc_value *value, struct kc_error *err) {
    if (operand_require_map(value, PURPOSE, err) < 0)
        return -1;
    struct kc_value map = operand_map_copy(arena, value, (uint32_t)map_count(t->types));
    const char *name;
    void *type;
    for (size_t i = 0; map_next(t->types, &i, &name, &type);) {
        struct kc_value v = operand_map_get(arena, &map, name);
        if (cast_value(arena, &t->scratch, NULL, &v, (enum kc_type)((uintptr_t)type - 1), &v, err) < 0)
            return -1;
        operand_map_set(&map, name, v);
    }
    *value = map;
    return 0;
}

static int cast_struct(struct cast *t, struct kc_arena *arena, struct operand op, const struct updated_schema *to,
                       struct kc_error *err) {
    if (operand_require_struct_of(op.value, *op.schema, PURPOSE, err) < 0)
        return -1;
    const struct kc_struct *from = op.value->st;
    struct kc_value st = kc_struct_new(arena, to->schema);
    const uint8_t *plan = to->plan;
    for (int32_t i = 0; i < (int32_t)from->schema->field_count; i++) {
        struct kc_value v = *operand_field(from, i, t->replace_null);
        const struct kc_schema *schema = from->schema->fields[i].schema;
        if (plan[i] && cast_value(arena, &t->scratch, schema, &v, (enum kc_type)(plan[i] - 1), &v, err) < 0)
            return -1;
        if (operand_struct_set(&st, i, &v, err) < 0)
            return -1;
    }
    *op.value = st;
    return 0;
}

static int cast(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct cast *t = self;
    struct operand op = operand_of(r, t->is_key);
    if (op.value->tag == KC_V_NULL)
        return 0;
    if (!*op.schema)
        return t->whole ? cast_value(arena, &t->scratch, NULL, op.value, t->type, op.value, err)
                        : cast_map(t, arena, op.value, err);
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, *op.schema, err);
    if (!to)
        return -1;
    int rc = t->whole ? cast_value(arena, &t->scratch, *op.schema, op.value, t->type, op.value, err)
                      : cast_struct(t, arena, op, to, err);
    if (rc == 0)
        *op.schema = to->schema;
    return rc;
}

static uint32_t cast_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct cast *t = self;
    schema_memo_start(&t->memo);
    return transform_each(cast, self, batch, from, err);
}

TRANSFORM_KEY_AND_VALUE("Cast", cast);
