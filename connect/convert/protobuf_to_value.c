/* Messages in memory to Connect values. Schema and message are walked side by side: the schema was made from the
 * message's type, so that the place of a field in its struct follows from its place in the message.
 * @source ProtobufData.toConnectData */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/protobuf_data.h"
#include "connect/data/java_hash.h"
#include "connect/data/validate.h"
#include "connect/data/value.h"

#define TRY(expression)       \
    do {                      \
        if ((expression) < 0) \
            return -1;        \
    } while (0)

enum { MAX_DEFAULT_STRUCTS = 100000 }; /* made for messages that are not there, in one value */

struct context {
    const struct protobuf_data_conf *conf;
    struct kc_arena *arena;
    struct kc_error *err;
    unsigned default_structs, default_depth;
};

static int struct_value(struct context *ctx, const struct kc_schema *schema, const struct protobuf_node *node,
                        bool root, struct kc_value *ret_value);

/* ---- scalars ---- */

static struct kc_value enum_text(struct context *ctx, const struct protobuf_enum *en, int64_t number) {
    const struct protobuf_enum_value *value = protobuf_enum_numbered(en, number);
    if (value)
        return kc_string(value->name);
    return kc_string(kc_arena_printf(ctx->arena, "UNKNOWN_ENUM_VALUE_%s_%lld", en->name, (long long)number));
}

static struct kc_value scalar_value(struct context *ctx, const struct kc_schema *schema,
                                    const struct protobuf_field *field, const struct protobuf_item *item) {
    uint32_t low = (uint32_t)item->bits;
    double d;
    float f;
    switch (schema->type) {
    case KC_INT8:
        return kc_int(KC_INT8, (int8_t)item->bits);
    case KC_INT16:
        return kc_int(KC_INT16, (int16_t)item->bits);
    case KC_INT32:
        return kc_int(KC_INT32, (int32_t)item->bits);
    case KC_FLOAT32:
        memcpy(&f, &low, sizeof(f));
        return kc_float(f);
    case KC_FLOAT64:
        memcpy(&d, &item->bits, sizeof(d));
        return kc_double(d);
    case KC_BOOLEAN:
        return kc_bool(item->bits != 0);
    case KC_STRING:
        return field->enumeration ? enum_text(ctx, field->enumeration, (int64_t)item->bits)
                                  : kc_text(item->text, item->len);
    case KC_BYTES:
        return kc_bytes(item->text, item->len);
    default:
        return kc_int(KC_INT64, (int64_t)item->bits);
    }
}

/* The content of a message of google/protobuf/wrappers.proto. */
static struct kc_value wrapped_value(struct context *ctx, const struct kc_schema *schema,
                                     const struct protobuf_node *node) {
    const struct protobuf_field *field = protobuf_field_named(node->type, "value");
    struct protobuf_item item = field ? node->fields[field->index] : (struct protobuf_item){.text = ""};
    if (field && !item.set)
        item = protobuf_default(ctx->arena, field);
    struct kc_value v = field ? scalar_value(ctx, schema, field, &item) : kc_null();
    return v;
}

/* ---- one item of any type, set or the default ---- */

static int item_value(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                      const struct protobuf_item *item, struct kc_value *ret_value) {
    if (!field->message) {
        *ret_value = scalar_value(ctx, schema, field, item);
        return 0;
    }
    enum logical logical = protobuf_logical(field->message);
    if (logical != LOGICAL_NONE)
        return protobuf_logical_to_value(ctx->arena, logical, item->node, ret_value, ctx->err);
    if (schema->type == KC_STRUCT)
        return struct_value(ctx, schema, item->node, false, ret_value);
    *ret_value = wrapped_value(ctx, schema, item->node);
    return 0;
}

static int array_value(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                       const struct protobuf_item *list, struct kc_value *ret_value) {
    struct kc_value array = value_array_new(ctx->arena, list->len);
    for (uint32_t i = 0; i < list->len; i++)
        TRY(item_value(ctx, schema->value_schema, field, &list->items[i], &array.items[i]));
    *ret_value = array;
    return 0;
}

/* Key or value of a map's entry; what is not there has its default. */
static int entry_value(struct context *ctx, const struct kc_schema *schema, const struct protobuf_node *entry,
                       uint32_t index, struct kc_value *ret_value) {
    const struct protobuf_field *field = entry->type->fields[index];
    struct protobuf_item item = entry->fields[index];
    if (!item.set)
        item = protobuf_default(ctx->arena, field);
    return item_value(ctx, schema, field, &item, ret_value);
}

static int map_value(struct context *ctx, const struct kc_schema *schema, const struct protobuf_item *list,
                     struct kc_value *ret_value) {
    struct kc_value map = kc_map_new(ctx->arena, list->len);
    for (; map.len < list->len; map.len++) {
        struct kc_entry *entry = &map.entries[map.len];
        TRY(entry_value(ctx, schema->key_schema, list->items[map.len].node, 0, &entry->key));
        TRY(entry_value(ctx, schema->value_schema, list->items[map.len].node, 1, &entry->value));
    }
    java_map_last_wins(&map);
    map.flags = KC_MAP_UNORDERED; /* a java.util.HashMap */
    *ret_value = map;
    return 0;
}

/* ---- structs ---- */

/* Whether a field gets a value at all; what does not is null. */
static bool has_value(struct context *ctx, const struct protobuf_field *field, const struct protobuf_item *item) {
    if (field->label == PROTOBUF_REPEATED || item->set)
        return true;
    bool optional = field->proto3_optional || (ctx->conf->optional_for_proto2 && field->optional_keyword);
    return ctx->conf->struct_for_nulls || (!field->message && !optional);
}

static int field_value(struct context *ctx, const struct kc_schema *schema, const struct protobuf_field *field,
                       struct protobuf_item item, struct kc_value *ret_value) {
    if (!has_value(ctx, field, &item))
        return 0;
    if (field->label == PROTOBUF_REPEATED)
        return schema->type == KC_MAP ? map_value(ctx, schema, &item, ret_value)
                                      : array_value(ctx, schema, field, &item, ret_value);
    if (item.set)
        return item_value(ctx, schema, field, &item, ret_value);
    item = protobuf_default(ctx->arena, field);
    if (field->message && ++ctx->default_structs > MAX_DEFAULT_STRUCTS)
        ctx->default_depth = PROTOBUF_MAX_NESTING;
    if (ctx->default_depth == PROTOBUF_MAX_NESTING)
        return err_set(ctx->err, ERR_BAD_DATA,
                       "generate.struct.for.nulls makes too many structs for messages that are not there: %s",
                       field->name);
    ctx->default_depth++;
    TRY(item_value(ctx, schema, field, &item, ret_value));
    ctx->default_depth--;
    return 0;
}

/* The member that a oneof holds, as a struct of all members; nothing when it holds none. */
static int union_value(struct context *ctx, const struct kc_schema *schema, const struct protobuf_node *node,
                       const struct protobuf_oneof *oneof, struct kc_value *ret_value) {
    for (uint32_t i = 0; i < oneof->field_count; i++) {
        const struct protobuf_field *field = node->type->fields[oneof->first_field + i];
        if (!node->fields[field->index].set)
            continue;
        struct kc_value v = kc_struct_new(ctx->arena, schema);
        TRY(item_value(ctx, schema->fields[i].schema, field, &node->fields[field->index], &v.st->fields[i]));
        *ret_value = v;
        return 0;
    }
    return 0;
}

/* Java checks a struct when it is put into another one: nothing that is required may be null. */
static int check_nulls(struct context *ctx, const struct kc_struct *st) {
    for (uint32_t i = 0; i < st->schema->field_count; i++)
        if (st->fields[i].tag == KC_V_NULL && !st->schema->fields[i].schema->optional)
            return validate_struct(st, ctx->err);
    return 0;
}

static int struct_value(struct context *ctx, const struct kc_schema *schema, const struct protobuf_node *node,
                        bool root, struct kc_value *ret_value) {
    const struct protobuf_message *m = node->type;
    struct kc_value v = kc_struct_new(ctx->arena, schema);
    uint32_t slot = 0, first = 0; /* of the fields that are in no oneof */
    if (!ctx->conf->flatten_unions) {
        for (; slot < m->oneof_count; slot++) {
            TRY(union_value(ctx, schema->fields[slot].schema, node, m->oneofs[slot], &v.st->fields[slot]));
            first += m->oneofs[slot]->field_count;
        }
    }
    for (uint32_t i = first; i < m->field_count; i++, slot++) {
        const struct protobuf_field *field = m->fields[i];
        if (field->oneof >= 0 && !node->fields[i].set)
            continue;
        TRY(field_value(ctx, schema->fields[slot].schema, field, node->fields[i], &v.st->fields[slot]));
    }
    if (!root)
        TRY(check_nulls(ctx, v.st));
    *ret_value = v;
    return 0;
}

int protobuf_to_value(const struct protobuf_data_conf *conf, struct kc_arena *arena, const struct kc_schema *schema,
                      const struct protobuf_node *node, struct kc_value *ret_value, struct kc_error *err) {
    struct context ctx = {.conf = conf, .arena = arena, .err = err};
    if (schema->type == KC_STRUCT)
        return struct_value(&ctx, schema, node, true, ret_value);
    *ret_value = wrapped_value(&ctx, schema, node);
    return 0;
}
