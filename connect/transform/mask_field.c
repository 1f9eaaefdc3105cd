/* Replaces fields by a null-like value of their type, or by a fixed one.
 * @source org.apache.kafka.connect.transforms.MaskField (transforms 4.10) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/data/decimal.h"
#include "connect/data/java_digit.h"
#include "connect/data/value.h"
#include "connect/data/values_convert.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"

#define PURPOSE "mask fields"

struct mask_field_conf {
    struct kc_list fields;
    const char *replacement;
    bool replace_null;
};

static const struct kc_option mask_field_options[] = {
    OPT_LIST("fields", struct mask_field_conf, fields, .required = true, .importance = KC_HIGH, .list_not_empty = true,
             .list_unique = true, .doc = "Names of fields to mask."),
    OPT_STRING("replacement", struct mask_field_conf, replacement, .importance = KC_LOW, .not_empty = true,
               .doc = "Custom value replacement, that will be applied to all 'fields' values (numeric or non-empty "
                      "string values only)."),
    OPT_BOOLEAN("replace.null.with.default", struct mask_field_conf, replace_null, .def = "true",
                .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

enum { TAGS = KC_V_JSON + 1 };

struct mask_field {
    bool is_key;
    const struct mask_field_conf *conf;
    struct kc_arena *arena;              /* of the masks */
    struct kc_value masks[TAGS];         /* by the tag of what is masked */
    bool masked[TAGS];                   /* whether there is a mask */
    bool *fields;                        /* whether each field of last_schema is masked */
    const struct kc_schema *last_schema; /* of this batch */
};

/* ---- Masks ------------------------------------------------------------------------------------------------------- */

static void set_mask(struct mask_field *t, enum kc_tag tag, struct kc_value v) {
    t->masks[tag] = v;
    t->masked[tag] = true;
}

static void set_null_masks(struct mask_field *t) {
    static struct kc_entry no_entries[1];
    static struct kc_value no_items[1];
    for (int type = KC_INT8; type <= KC_INT64; type++)
        set_mask(t, (enum kc_tag)(KC_V_INT8 + (type - KC_INT8)), kc_int((enum kc_type)type, 0));
    set_mask(t, KC_V_BOOLEAN, kc_bool(false));
    set_mask(t, KC_V_FLOAT32, kc_float(0));
    set_mask(t, KC_V_FLOAT64, kc_double(0));
    set_mask(t, KC_V_STRING, kc_text("", 0));
    set_mask(t, KC_V_DATE, kc_date(0));
    set_mask(t, KC_V_DECIMAL, decimal_value(t->arena, decimal_from_int64(t->arena, 0, 0)));
    set_mask(t, KC_V_ARRAY, (struct kc_value){.tag = KC_V_ARRAY, .items = no_items});
    set_mask(t, KC_V_MAP, (struct kc_value){.tag = KC_V_MAP, .entries = no_entries});
}

/* The replacement as each type of number, where it is one. */
static void set_custom_masks(struct mask_field *t) {
    struct kc_value text = kc_string(t->conf->replacement), number;
    struct kc_decimal dec;
    for (int type = KC_INT8; type <= KC_FLOAT64; type++)
        if (values_convert(t->arena, kc_schema_of((enum kc_type)type, true), NULL, &text, &number, NULL) == 0)
            set_mask(t, (enum kc_tag)number.tag, number);
    size_t len;
    const char *ascii = java_digits_to_ascii(t->arena, text.s, text.len, &len);
    if (decimal_parse(t->arena, ascii, len, &dec) == 0)
        set_mask(t, KC_V_DECIMAL, decimal_value(t->arena, dec));
    set_mask(t, KC_V_STRING, text);
}

static int no_mask(const struct mask_field *t, const struct kc_value *v, struct kc_error *err) {
    const char *replacement = t->conf->replacement;
    bool number = v->tag >= KC_V_INT8 && v->tag <= KC_V_FLOAT64;
    if (!replacement)
        return kc_fail(err, KC_DATA_EXCEPTION, "Cannot mask value of type: class %s", kc_value_java_class(v));
    if (number || v->tag == KC_V_DECIMAL) {
        kc_fail(err, "java.lang.NumberFormatException", "%s is not a decimal number", replacement);
        return err_wrap(err, KC_DATA_EXCEPTION, "Unable to convert %s (class java.lang.String) to %snumber",
                        replacement, number ? "a " : "");
    }
    return kc_fail(err, KC_DATA_EXCEPTION, "Cannot mask value of type class %s with custom replacement.",
                   kc_value_java_class(v));
}

static int mask(const struct mask_field *t, const struct kc_value *v, struct kc_value *ret_value,
                struct kc_error *err) {
    uint8_t tag = v->tag;
    if (tag == KC_V_NULL) {
        *ret_value = *v;
        return 0;
    }
    if (tag == KC_V_JSON)
        tag = value_json_is_array(v) ? KC_V_ARRAY : KC_V_MAP;
    if (!t->masked[tag])
        return no_mask(t, v, err);
    *ret_value = t->masks[tag];
    return 0;
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static int mask_map(const struct mask_field *t, struct kc_arena *arena, struct kc_value *value, struct kc_error *err) {
    const struct kc_list *fields = &t->conf->fields;
    if (operand_require_map(value, PURPOSE, err) < 0)
        return -1;
    struct kc_value map = operand_map_copy(arena, value, (uint32_t)fields->count);
    for (size_t i = 0; i < fields->count; i++) {
        struct kc_value v = operand_map_get(arena, &map, fields->items[i]);
        if (mask(t, &v, &v, err) < 0)
            return -1;
        operand_map_set(&map, fields->items[i], v);
    }
    *value = map;
    return 0;
}

/* Which fields of a schema are masked, found out once per run of records that share it. */
static const bool *masked_fields(struct mask_field *t, struct kc_arena *arena, const struct kc_schema *schema) {
    if (t->last_schema == schema)
        return t->fields;
    t->fields = kc_arena_zalloc(arena, sizeof(bool) * (schema->field_count + 1));
    for (size_t i = 0; i < t->conf->fields.count; i++) {
        const struct kc_field *field = kc_schema_field(schema, t->conf->fields.items[i]);
        if (field)
            t->fields[field->index] = true;
    }
    t->last_schema = schema;
    return t->fields;
}

static int mask_struct(struct mask_field *t, struct kc_arena *arena, struct kc_value *value, struct kc_error *err) {
    if (operand_require_struct(value, PURPOSE, err) < 0)
        return -1;
    const struct kc_struct *from = value->st;
    const bool *masked = masked_fields(t, arena, from->schema);
    struct kc_value st = kc_struct_new(arena, from->schema);
    for (int32_t i = 0; i < (int32_t)from->schema->field_count; i++) {
        struct kc_value v = *operand_field(from, i, t->conf->replace_null);
        if ((masked[i] && mask(t, &v, &v, err) < 0) || operand_struct_set(&st, i, &v, err) < 0)
            return -1;
    }
    *value = st;
    return 0;
}

static int mask_field(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct mask_field *t = self;
    struct operand op = operand_of(r, t->is_key);
    return *op.schema ? mask_struct(t, arena, op.value, err) : mask_map(t, arena, op.value, err);
}

static uint32_t mask_field_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct mask_field *t = self;
    t->last_schema = NULL;
    return transform_each(mask_field, self, batch, from, err);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static int mask_field_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                          struct kc_error *err) {
    (void)config, (void)err;
    struct mask_field *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->conf = conf;
    t->arena = arena_new(1024);
    if (t->conf->replacement)
        set_custom_masks(t);
    else
        set_null_masks(t);
    *ret_self = t;
    return 0;
}

static void mask_field_close(void *self) {
    struct mask_field *t = self;
    arena_free(t->arena);
    free(t);
}

TRANSFORM_KEY_AND_VALUE("MaskField", mask_field);
