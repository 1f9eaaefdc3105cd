/* Nested structs and maps become fields of the outermost one, their names joined.
 * @source org.apache.kafka.connect.transforms.Flatten (transforms 4.5) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/data/java_hash.h"
#include "connect/data/schema.h"
#include "connect/data/value.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

#define PURPOSE "flattening"

/* The joined names of one record or schema: names repeat those around them, so that a small record that is nested
 * deeply could ask for very much. */
enum { NAMES_MAX_BYTES = 64 * 1024 * 1024 };

/* So deep text is opened level by level, which leaves arrays as they are; below it is taken apart in one pass, so that
 * text that is nested without end is not gone through over and over. */
enum { OPENED_LEVELS = 16 };

struct flatten_conf {
    const char *delimiter;
};

static const struct kc_option flatten_options[] = {
    OPT_STRING("delimiter", struct flatten_conf, delimiter, .def = ".", .importance = KC_MEDIUM,
               .doc = "Delimiter to insert between field names from the input record when generating field names for "
                      "the output record."),
    KC_OPTION_END,
};

struct flatten {
    bool is_key;
    struct kc_value delimiter;
    struct schema_memo memo;
};

static int names_too_long(struct kc_error *err) {
    return kc_fail(err, KC_DATA_EXCEPTION, "The names of the flattened fields take more than %d bytes",
                   NAMES_MAX_BYTES);
}

/* ---- Schemas ----------------------------------------------------------------------------------------------------- */

struct flat_schema {
    const struct flatten *t;
    struct kc_schema_builder *b;
    struct buf prefix; /* names so far; cut back after each struct */
    size_t bytes;      /* of all names */
    struct kc_error *err;
};

/* The schema of a field that ends up at the top: optional when something around it is, with its own default or the one
 * that the struct around it has for it. */
static const struct kc_schema *leaf_schema(const struct kc_schema *from, bool optional, const struct kc_value *outer,
                                           struct kc_error *err) {
    const struct kc_value *def = from->has_default ? &from->default_value : outer;
    if (optional == from->optional && (!def || from->has_default))
        return kc_schema_ref(from);
    AUTO(schema_builder) b = schema_builder_like(from);
    kc_schema_elements(b, from->key_schema, from->value_schema);
    kc_schema_optional(b, optional);
    if (def && def->tag != KC_V_NULL && kc_schema_default(b, def, err) < 0)
        return NULL;
    return kc_schema_build(TAKE(b));
}

static int add_fields(struct flat_schema *f, const struct kc_schema *from, bool optional,
                      const struct kc_struct *defaults);

static int add_field(struct flat_schema *f, const struct kc_field *field, bool optional,
                     const struct kc_struct *defaults) {
    const struct kc_schema *schema = field->schema;
    const struct kc_value *outer = defaults ? operand_field(defaults, field->index, true) : NULL;
    optional |= schema->optional;
    if (schema->type == KC_STRUCT) {
        if (schema->has_default)
            outer = &schema->default_value;
        return add_fields(f, schema, optional, outer && outer->tag == KC_V_STRUCT ? outer->st : NULL);
    }
    if (schema->type == KC_MAP)
        return kc_fail(f->err, KC_DATA_EXCEPTION,
                       "Flatten transformation does not support MAP for record with schemas (for field %s).",
                       buf_text(&f->prefix));
    AUTO(schema) leaf = leaf_schema(schema, optional, outer, f->err);
    return leaf ? kc_schema_add_field(f->b, buf_text(&f->prefix), leaf, f->err) : -1;
}

static int add_fields(struct flat_schema *f, const struct kc_schema *from, bool optional,
                      const struct kc_struct *defaults) {
    size_t len = f->prefix.len;
    if (schema_is_forward(from))
        return kc_fail(f->err, KC_DATA_EXCEPTION, "Schema %s holds itself and cannot be flattened (field %s)",
                       from->name ? from->name : "(without name)", buf_text(&f->prefix));
    for (uint32_t i = 0; i < from->field_count; i++) {
        if (len)
            buf_add(&f->prefix, f->t->delimiter.s, f->t->delimiter.len);
        buf_add_text(&f->prefix, from->fields[i].name);
        f->bytes += f->prefix.len;
        if (f->prefix.failed || f->bytes > NAMES_MAX_BYTES)
            return names_too_long(f->err);
        if (add_field(f, &from->fields[i], optional, defaults) < 0)
            return -1;
        f->prefix.len = len;
        f->prefix.data[len] = '\0';
    }
    return 0;
}

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    struct flat_schema f = {.t = self, .b = schema_builder_like(from), .err = err};
    buf_init(&f.prefix, NAMES_MAX_BYTES);
    const struct kc_value *def = from->has_default ? &from->default_value : NULL;
    int rc = add_fields(&f, from, from->optional, def && def->tag == KC_V_STRUCT ? def->st : NULL);
    buf_done(&f.prefix);
    if (rc < 0)
        kc_schema_builder_free(f.b);
    else
        ret->schema = kc_schema_build(f.b);
    return rc;
}

/* ---- Structs ----------------------------------------------------------------------------------------------------- */

/* How many fields at the top a struct turns into. */
static int32_t leaf_count(const struct kc_schema *schema) {
    int32_t count = 0;
    for (uint32_t i = 0; i < schema->field_count; i++)
        count += schema->fields[i].schema->type == KC_STRUCT ? leaf_count(schema->fields[i].schema) : 1;
    return count;
}

/* Fills the fields from *at on; the ones of a struct that is null stay unset, whatever their defaults. */
static int fill(struct kc_value *to, int32_t *at, const struct kc_struct *from, struct kc_error *err) {
    for (int32_t i = 0; i < (int32_t)from->schema->field_count; i++) {
        const struct kc_schema *schema = from->schema->fields[i].schema;
        if (schema->type != KC_STRUCT) {
            if (operand_struct_set(to, (*at)++, operand_field(from, i, true), err) < 0)
                return -1;
        } else if (from->fields[i].tag == KC_V_NULL) {
            *at += leaf_count(schema);
        } else if (from->fields[i].tag != KC_V_STRUCT) {
            return kc_fail(err, CLASS_CAST_EXCEPTION,
                           "class %s cannot be cast to class org.apache.kafka.connect.data.Struct",
                           kc_value_java_class(&from->fields[i]));
        } else if (operand_require_struct_of(&from->fields[i], schema, PURPOSE, err) < 0 ||
                   fill(to, at, from->fields[i].st, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int flatten_struct(struct flatten *t, struct kc_arena *arena, struct operand op, struct kc_error *err) {
    if (operand_require_struct_of(op.value, *op.schema, PURPOSE, err) < 0)
        return -1;
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, *op.schema, err);
    if (!to)
        return -1;
    struct kc_value st = kc_struct_new(arena, to->schema);
    int32_t at = 0;
    if (fill(&st, &at, op.value->st, err) < 0)
        return -1;
    *op.schema = to->schema;
    *op.value = st;
    return 0;
}

/* ---- Maps -------------------------------------------------------------------------------------------------------- */

struct flat_map {
    const struct flatten *t;
    struct kc_arena *arena;
    struct kc_value map;
    uint32_t capacity;
    unsigned depth; /* maps around the one at work */
    size_t bytes;   /* of all names */
    struct kc_error *err;
};

static void put(struct flat_map *f, struct kc_value name, const struct kc_value *v) {
    if (f->map.len == f->capacity) {
        size_t bytes = sizeof(struct kc_entry) * f->capacity;
        f->capacity = f->capacity ? f->capacity * 2 : 16;
        f->map.entries = arena_grow(f->arena, f->map.entries, bytes, sizeof(struct kc_entry) * f->capacity);
    }
    f->map.entries[f->map.len++] = (struct kc_entry){name, *v};
}

/* prefix, delimiter and key in one text; at the top the key itself. */
static int joined(struct flat_map *f, const struct kc_value *prefix, const struct kc_value *key,
                  struct kc_value *ret_name) {
    const struct kc_value *delimiter = &f->t->delimiter;
    if (operand_require_text(key, f->err) < 0)
        return -1;
    if (!prefix->len) {
        *ret_name = *key;
        return 0;
    }
    struct kc_value name = key->tag == KC_V_STRING ? *key : kc_string("null");
    size_t len = (size_t)prefix->len + delimiter->len + name.len;
    f->bytes += len;
    if (f->bytes > NAMES_MAX_BYTES)
        return names_too_long(f->err);
    char *text = kc_arena_alloc(f->arena, len + 1);
    memcpy(text, prefix->s, prefix->len);
    memcpy(text + prefix->len, delimiter->s, delimiter->len);
    if (name.len)
        memcpy(text + prefix->len + delimiter->len, name.s, name.len);
    *ret_name = kc_text(text, len);
    return 0;
}

static int put_all(struct flat_map *f, const struct kc_value *prefix, const struct kc_value *from) {
    struct kc_value map = f->depth < OPENED_LEVELS ? kc_json_open(f->arena, *from) : kc_json_expand(f->arena, *from);
    f->depth++;
    for (uint32_t i = 0; i < map.len; i++) {
        const struct kc_value *v = &map.entries[i].value;
        struct kc_value name;
        int rc = joined(f, prefix, &map.entries[i].key, &name);
        if (rc < 0)
            return -1;
        if (operand_is_map(v))
            rc = put_all(f, &name, v);
        else if (v->tag == KC_V_STRUCT)
            rc = kc_fail(f->err, KC_DATA_EXCEPTION,
                         "Flatten transformation does not support class %s for record without schemas (for field "
                         "%.*s).",
                         kc_value_java_class(v), (int)name.len, name.len ? name.s : "");
        else if (v->tag != KC_V_NULL && value_type(v) < 0)
            rc = kc_fail(f->err, KC_DATA_EXCEPTION,
                         "Flatten transformation was passed a value of type class %s which is not supported by "
                         "Connect's data API",
                         kc_value_java_class(v));
        else
            put(f, name, v);
        if (rc < 0)
            return -1;
    }
    f->depth--;
    return 0;
}

static int flatten_map(const struct flatten *t, struct kc_arena *arena, struct kc_value *value, struct kc_error *err) {
    struct flat_map f = {.t = t, .arena = arena, .map = {.tag = KC_V_MAP}, .err = err};
    struct kc_value top = kc_text("", 0);
    if (operand_require_map(value, PURPOSE, err) < 0 || put_all(&f, &top, value) < 0)
        return -1;
    java_map_last_wins(&f.map);
    *value = f.map;
    return 0;
}

/* ---- Plugin ------------------------------------------------------------------------------------------------------ */

static int flatten_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                       struct kc_error *err) {
    (void)config, (void)err;
    struct flatten *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->delimiter = kc_string(((const struct flatten_conf *)conf)->delimiter);
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

static int flatten(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct flatten *t = self;
    struct operand op = operand_of(r, t->is_key);
    if (op.value->tag == KC_V_NULL)
        return 0;
    return *op.schema ? flatten_struct(t, arena, op, err) : flatten_map(t, arena, op.value, err);
}

static uint32_t flatten_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct flatten *t = self;
    schema_memo_start(&t->memo);
    return transform_each(flatten, self, batch, from, err);
}

static void flatten_close(void *self) {
    struct flatten *t = self;
    schema_memo_done(&t->memo);
    free(t);
}

TRANSFORM_KEY_AND_VALUE("Flatten", flatten);
