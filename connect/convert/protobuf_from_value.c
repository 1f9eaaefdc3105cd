/* Connect values to messages in memory. Fields are found by name: two schemas of one name may share a message.
 * @source ProtobufData.fromConnectData */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/protobuf_data.h"
#include "connect/convert/protobuf_names.h"

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)

struct context {
    const struct protobuf_data_conf *conf;
    struct kc_arena *arena;
    struct kc_error *err;
};

static int struct_fields(struct context *ctx, const struct kc_schema *schema, const struct kc_value *v,
                         struct protobuf_node *node);

static bool is_default(const struct protobuf_field *field, const struct protobuf_item *item) {
    if (field->type == PROTOBUF_STRING || field->type == PROTOBUF_BYTES)
        return item->len == 0;
    return item->bits == field->default_bits;
}

void protobuf_set(struct protobuf_node *node, const struct protobuf_field *field, struct protobuf_item item) {
    item.set = field->has_presence || !is_default(field, &item);
    if (item.set)
        node->fields[field->index] = item;
}

static const struct protobuf_field *field_for(struct context *ctx, const struct protobuf_message *m, const char *name,
                                              uint32_t hint) {
    if (ctx->conf->scrub_names)
        name = protobuf_scrub_name(ctx->arena, name);
    if (hint < m->field_count && strcmp(m->fields[hint]->name, name) == 0)
        return m->fields[hint];
    return protobuf_field_named(m, name);
}

/* ---- scalars ---- */

static int invalid_type(struct context *ctx, const struct kc_schema *schema, const struct kc_value *v) {
    return err_set(ctx->err, ERR_BAD_DATA, "Invalid type for %s: class %s", schema_type_name(schema->type),
                   kc_value_java_class(v));
}

/* The field is another one than the schema's: two schemas of one name. */
static int wrong_field(struct context *ctx, const struct protobuf_field *field, const struct kc_value *v) {
    return err_set_class(ctx->err, ERR_BAD_DATA, "java.lang.IllegalArgumentException",
                         "Wrong object type used with protocol message reflection.\nField number: %d, field type: %s, "
                         "value type: %s",
                         field->number, protobuf_type_name(field->type), kc_value_java_class(v));
}

/* The number that an enum's symbol has; false: the text is no symbol. @errors NumberFormatException */
static int enum_number(struct context *ctx, const struct kc_schema *schema, const struct kc_value *v,
                       int32_t *ret_number) {
    const char *param = ctx->conf->generalized_sums ? GENERALIZED_ENUM : PROTOBUF_PARAM_ENUM;
    size_t prefix = strlen(param);
    for (uint32_t i = 0; i < schema->parameter_count; i++) {
        const struct kc_parameter *p = &schema->parameters[i];
        if (strncmp(p->name, param, prefix) != 0 || p->name[prefix] != '.' || strlen(p->name + prefix + 1) != v->len ||
            memcmp(p->name + prefix + 1, v->s, v->len) != 0)
            continue;
        if (protobuf_parse_int(p->value, ret_number))
            return 0;
        return err_set_class(ctx->err, ERR_BAD_DATA, "java.lang.NumberFormatException", "For input string: \"%s\"",
                             p->value);
    }
    return err_set_class(ctx->err, ERR_BAD_DATA, "java.lang.IllegalArgumentException",
                         "Wrong object type used with protocol message reflection: \"%.*s\" is no value of the enum %s",
                         (int)(v->len > 200 ? 200 : v->len), v->s, schema->name ? schema->name : "");
}

static int text_item(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                     const struct kc_value *v, struct protobuf_item *ret_item) {
    if (field->enumeration) {
        int32_t number;
        if (v->tag != KC_V_STRING)
            return invalid_type(ctx, schema, v);
        TRY(enum_number(ctx, schema, v, &number));
        ret_item->bits = (uint64_t)(int64_t)number;
        ret_item->set = protobuf_enum_numbered(field->enumeration, number) != NULL;
        return 0;
    }
    if (v->tag != (schema->type == KC_STRING ? KC_V_STRING : KC_V_BYTES))
        return invalid_type(ctx, schema, v);
    ret_item->text = v->s;
    ret_item->len = v->len;
    return 0;
}

/* The bits of a number as the field holds it. Java wraps a uint32 as if it were an int32. */
static int number_item(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                       bool wrapped, const struct kc_value *v, struct protobuf_item *ret_item) {
    bool fraction = v->tag == KC_V_FLOAT32 || v->tag == KC_V_FLOAT64;
    if (schema->type == KC_BOOLEAN) {
        ret_item->bits = v->b;
        return v->tag == KC_V_BOOLEAN ? 0 : invalid_type(ctx, schema, v);
    }
    if (!fraction && (v->tag < KC_V_INT8 || v->tag > KC_V_INT64))
        return invalid_type(ctx, schema, v);
    double d = fraction ? v->f : (double)v->i;
    float f = (float)d;
    uint32_t low;
    if (schema->type == KC_FLOAT64) {
        memcpy(&ret_item->bits, &d, sizeof(d));
    } else if (schema->type == KC_FLOAT32) {
        memcpy(&low, &f, sizeof(low));
        ret_item->bits = low;
    } else if (fraction) {
        return invalid_type(ctx, schema, v); /* a schema of integers never held one */
    } else if (field->type == PROTOBUF_UINT32 && !wrapped) {
        ret_item->bits = (uint32_t)v->i;
    } else {
        const char *type = schema_parameter(schema, PROTOBUF_PARAM_TYPE);
        bool narrow =
            schema->type != KC_INT64 || (type && (strcmp(type, "uint32") == 0 || strcmp(type, "fixed32") == 0));
        ret_item->bits = (uint64_t)(narrow ? (int64_t)(int32_t)v->i : v->i);
    }
    if (field->enumeration)
        ret_item->set = protobuf_enum_numbered(field->enumeration, (int32_t)v->i) != NULL;
    return 0;
}

/* Whether a field takes what Java makes of a scalar of this schema; two schemas of one name may differ. */
static bool scalar_fits(const struct kc_schema *schema, const struct protobuf_field *field) {
    enum protobuf_type type = field->type;
    bool narrow = type == PROTOBUF_UINT32 || type == PROTOBUF_FIXED32;
    switch (schema->type) {
    case KC_FLOAT32:
        return type == PROTOBUF_FLOAT;
    case KC_FLOAT64:
        return type == PROTOBUF_DOUBLE;
    case KC_BOOLEAN:
        return type == PROTOBUF_BOOL;
    case KC_STRING:
        return type == PROTOBUF_STRING || type == PROTOBUF_ENUM;
    case KC_BYTES:
        return type == PROTOBUF_BYTES;
    case KC_INT64:
        return narrow || type == PROTOBUF_INT64 || type == PROTOBUF_UINT64 || type == PROTOBUF_SINT64 ||
               type == PROTOBUF_FIXED64 || type == PROTOBUF_SFIXED64;
    default:
        return narrow || type == PROTOBUF_INT32 || type == PROTOBUF_SINT32 || type == PROTOBUF_SFIXED32 ||
               type == PROTOBUF_ENUM;
    }
}

static int scalar_item(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                       bool wrapped, const struct kc_value *v, struct protobuf_item *ret_item) {
    *ret_item = (struct protobuf_item){.set = true};
    if (!scalar_fits(schema, field))
        return wrong_field(ctx, field, v);
    if (schema->type == KC_STRING || schema->type == KC_BYTES)
        return text_item(ctx, schema, field, v, ret_item);
    return number_item(ctx, schema, field, wrapped, v, ret_item);
}

/* ---- messages ---- */

static int message_item(struct context *ctx, const struct kc_schema *schema, const struct protobuf_message *type,
                        const struct kc_value *v, struct protobuf_item *ret_item) {
    struct protobuf_node *node = protobuf_node_new(ctx->arena, type);
    *ret_item = (struct protobuf_item){.set = true, .node = node};
    enum logical logical = schema_logical(schema);
    if (logical != LOGICAL_NONE && protobuf_logical(type) == logical)
        return protobuf_logical_from_value(logical, v, node, ctx->err);
    if (schema->type == KC_STRUCT)
        return struct_fields(ctx, schema, v, node);
    /* a wrapper */
    const struct protobuf_field *field = protobuf_field_named(type, "value");
    struct protobuf_item item;
    if (!field || schema->type > KC_BYTES)
        return invalid_type(ctx, schema, v);
    TRY(scalar_item(ctx, schema, field, true, v, &item));
    protobuf_set(node, field, item);
    return 0;
}

static int single_item(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                       const struct kc_value *v, struct protobuf_item *ret_item) {
    if (field->message)
        return message_item(ctx, schema, field->message, v, ret_item);
    return scalar_item(ctx, schema, field, false, v, ret_item);
}

static int array_items(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                       const struct kc_value *v, struct protobuf_item *ret_list) {
    if (v->tag != KC_V_ARRAY)
        return invalid_type(ctx, schema, v);
    ret_list->items = kc_arena_alloc(ctx->arena, (v->len + 1) * sizeof(struct protobuf_item));
    for (uint32_t i = 0; i < v->len; i++) {
        if (v->items[i].tag == KC_V_NULL)
            return err_set_class(ctx->err, ERR_BAD_DATA, "java.lang.NullPointerException",
                                 "The array %s holds null, which Protobuf cannot", field->name);
        TRY(single_item(ctx, schema->value_schema, field, &v->items[i], &ret_list->items[i]));
    }
    ret_list->len = v->len;
    return 0;
}

static int set_field(struct context *ctx, const struct kc_schema *schema, struct protobuf_node *node,
                     const struct protobuf_field *field, const struct kc_value *v);

static int map_items(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                     const struct kc_value *v, struct protobuf_item *ret_list) {
    if (v->tag != KC_V_MAP || !field->message || field->message->field_count != 2)
        return invalid_type(ctx, schema, v);
    ret_list->items = kc_arena_alloc(ctx->arena, (v->len + 1) * sizeof(struct protobuf_item));
    for (uint32_t i = 0; i < v->len; i++) {
        struct protobuf_node *entry = protobuf_node_new(ctx->arena, field->message);
        const struct protobuf_field *const *fields = (const struct protobuf_field *const *)field->message->fields;
        TRY(set_field(ctx, schema->key_schema, entry, fields[0], &v->entries[i].key));
        TRY(set_field(ctx, schema->value_schema, entry, fields[1], &v->entries[i].value));
        ret_list->items[i] = (struct protobuf_item){.set = true, .node = entry};
    }
    ret_list->len = v->len;
    return 0;
}

/* Whether a field can take what the schema describes. */
static bool fits(const struct kc_schema *schema, const struct protobuf_field *field) {
    enum kc_type wrapped;
    bool repeated = schema->type == KC_ARRAY || schema->type == KC_MAP;
    if (repeated != (field->label == PROTOBUF_REPEATED))
        return false;
    if (schema->type == KC_ARRAY)
        schema = schema->value_schema;
    if (schema->type == KC_MAP || schema->type == KC_STRUCT)
        return field->message != NULL;
    if (!field->message)
        return schema->type != KC_ARRAY;
    return protobuf_logical(field->message) != LOGICAL_NONE || protobuf_wrapped_type(field->message, &wrapped);
}

/* null leaves the field out. */
static int set_field(struct context *ctx, const struct kc_schema *schema, struct protobuf_node *node,
                     const struct protobuf_field *field, const struct kc_value *v) {
    struct protobuf_item *list = &node->fields[field->index], item;
    if (v->tag == KC_V_NULL)
        return 0;
    if (!fits(schema, field))
        return wrong_field(ctx, field, v);
    if (schema->type == KC_ARRAY)
        return array_items(ctx, schema, field, v, list);
    if (schema->type == KC_MAP)
        return map_items(ctx, schema, field, v, list);
    TRY(single_item(ctx, schema, field, v, &item));
    if (item.set)
        protobuf_set(node, field, item);
    return 0;
}

/* ---- structs ---- */

static const struct kc_value *value_of(const struct context *ctx, const struct kc_struct *st, uint32_t i) {
    const struct kc_schema *schema = st->schema->fields[i].schema;
    if (st->fields[i].tag == KC_V_NULL && schema->has_default && !ctx->conf->ignore_defaults)
        return &schema->default_value;
    return &st->fields[i];
}

static int check_struct(struct context *ctx, const struct kc_schema *schema, const struct kc_value *v) {
    if (v->tag != KC_V_STRUCT)
        return invalid_type(ctx, schema, v);
    return kc_schema_equal(v->st->schema, schema) ? 0 : err_set(ctx->err, ERR_BAD_DATA, "Mismatching struct schema");
}

static int set_named(struct context *ctx, const struct kc_struct *st, uint32_t i, const struct kc_value *v,
                     struct protobuf_node *node) {
    const char *name = st->schema->fields[i].name;
    const struct protobuf_field *field = field_for(ctx, node->type, name, i);
    if (!field)
        return err_set(ctx->err, ERR_BAD_DATA, "Cannot find field with name %s", name);
    return set_field(ctx, st->schema->fields[i].schema, node, field, v);
}

/* The first member that is not null. */
static int union_field(struct context *ctx, const struct kc_schema *schema, const struct kc_value *v,
                       struct protobuf_node *node) {
    TRY(check_struct(ctx, schema, v));
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_value *member = value_of(ctx, v->st, i);
        if (member->tag != KC_V_NULL)
            return set_named(ctx, v->st, i, member, node);
    }
    return err_set(ctx->err, ERR_BAD_DATA, "Cannot find non-null field");
}

static int struct_fields(struct context *ctx, const struct kc_schema *schema, const struct kc_value *v,
                         struct protobuf_node *node) {
    TRY(check_struct(ctx, schema, v));
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct kc_schema *field = schema->fields[i].schema;
        const struct kc_value *x = value_of(ctx, v->st, i);
        if (x->tag == KC_V_NULL)
            continue;
        if (field->type == KC_STRUCT && protobuf_is_union(field))
            TRY(union_field(ctx, field, x, node));
        else
            TRY(set_named(ctx, v->st, i, x, node));
    }
    return 0;
}

int protobuf_from_value(const struct protobuf_data_conf *conf, struct kc_arena *arena,
                        const struct protobuf_target *target, const struct kc_schema *schema, const struct kc_value *v,
                        struct protobuf_node **ret_node, struct kc_error *err) {
    struct context ctx = {.conf = conf, .arena = arena, .err = err};
    struct protobuf_item item;
    TRY(message_item(&ctx, schema, target->root, v, &item));
    *ret_node = item.node;
    return 0;
}
