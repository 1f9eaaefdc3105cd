/* Adds fields with the record's topic, partition, offset or timestamp, or with a fixed text.
 * @source org.apache.kafka.connect.transforms.InsertField (transforms 4.8) */
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/data/schema.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

#define PURPOSE "field insertion"

struct insert_field_conf {
    const char *topic, *partition, *offset, *timestamp, *static_field, *static_value;
    bool replace_null;
};

#define FIELD_NAME(what) \
    "Field name for " what ". Suffix with ! to make this a required field, or ? to keep it optional (the default)."

static const struct kc_option insert_field_options[] = {
    OPT_STRING("topic.field", struct insert_field_conf, topic, .importance = KC_MEDIUM,
               .doc = FIELD_NAME("Kafka topic")),
    OPT_STRING("partition.field", struct insert_field_conf, partition, .importance = KC_MEDIUM,
               .doc = FIELD_NAME("Kafka partition")),
    OPT_STRING("offset.field", struct insert_field_conf, offset, .importance = KC_MEDIUM,
               .doc = FIELD_NAME("Kafka offset - only applicable to sink connectors")),
    OPT_STRING("timestamp.field", struct insert_field_conf, timestamp, .importance = KC_MEDIUM,
               .doc = FIELD_NAME("record timestamp")),
    OPT_STRING("static.field", struct insert_field_conf, static_field, .importance = KC_MEDIUM,
               .doc = FIELD_NAME("static data field")),
    OPT_STRING("static.value", struct insert_field_conf, static_value, .importance = KC_MEDIUM,
               .doc = "Static field value, if field name configured."),
    OPT_BOOLEAN("replace.null.with.default", struct insert_field_conf, replace_null, .def = "true",
                .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

/* In the order in which the fields are added. */
enum inserted { TOPIC, PARTITION, OFFSET, TIMESTAMP, STATIC, INSERTED_COUNT };

struct insertion {
    const char *name; /* NULL: not wanted */
    bool optional;
};

struct insert_field {
    bool is_key, replace_null;
    struct kc_arena *arena; /* of the names */
    struct insertion insertions[INSERTED_COUNT];
    uint32_t count;
    const char *static_value;
    struct schema_memo memo;
};

static const struct kc_schema *new_schema_of(enum inserted what, bool optional) {
    switch (what) {
    case PARTITION:
        return kc_schema_of(KC_INT32, optional);
    case OFFSET:
        return kc_schema_of(KC_INT64, optional);
    case TIMESTAMP:
        return schema_of_logical(LOGICAL_TIMESTAMP, 0, optional);
    default:
        return kc_schema_of(KC_STRING, optional);
    }
}

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    const struct insert_field *t = self;
    AUTO(schema_builder) b = schema_builder_like(from);
    for (uint32_t i = 0; i < from->field_count; i++)
        if (kc_schema_add_field(b, from->fields[i].name, from->fields[i].schema, err) < 0)
            return -1;
    for (int i = 0; i < INSERTED_COUNT; i++) {
        const struct insertion *insertion = &t->insertions[i];
        if (!insertion->name)
            continue;
        AUTO(schema) schema = new_schema_of((enum inserted)i, insertion->optional);
        if (kc_schema_add_field(b, insertion->name, schema, err) < 0)
            return -1;
    }
    ret->schema = kc_schema_build(TAKE(b));
    return 0;
}

/* ---- Configuration ----------------------------------------------------------------------------------------------- */

static void parse_insertion(struct insert_field *t, enum inserted what, const char *spec) {
    if (!spec)
        return;
    size_t len = strlen(spec);
    bool required = len && spec[len - 1] == '!', optional = len && spec[len - 1] == '?';
    t->insertions[what].name = kc_arena_copy(t->arena, spec, len - (required || optional));
    t->insertions[what].optional = !required;
    t->count++;
}

static void insert_field_close(void *self) {
    struct insert_field *t = self;
    schema_memo_done(&t->memo);
    arena_free(t->arena);
    free(t);
}

static int insert_field_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                            struct kc_error *err) {
    const struct insert_field_conf *c = conf;
    (void)config;
    if (!c->topic && !c->partition && !c->offset && !c->timestamp && !c->static_field)
        return kc_fail(err, KC_CONFIG_EXCEPTION, "No field insertion configured");
    struct insert_field *t = transform_alloc(sizeof *t);
    if (c->static_field && !c->static_value) { /* Java shows the object by its address */
        kc_fail(err, KC_CONFIG_EXCEPTION,
                "Invalid value null for configuration static.value: No value specified for static field: "
                "org.apache.kafka.connect.transforms.InsertField$InsertionSpec@%x",
                (unsigned)(uintptr_t)t);
        free(t);
        return -1;
    }
    t->is_key = is_key;
    t->replace_null = c->replace_null;
    t->static_value = c->static_value;
    t->arena = arena_new(512);
    parse_insertion(t, TOPIC, c->topic);
    parse_insertion(t, PARTITION, c->partition);
    parse_insertion(t, OFFSET, c->offset);
    parse_insertion(t, TIMESTAMP, c->timestamp);
    parse_insertion(t, STATIC, c->static_field);
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

/* What is inserted; null where the record has none. Only records of sinks have been somewhere before. */
static int inserted_value(const struct insert_field *t, const struct kc_record *r, enum inserted what, bool has_schema,
                          struct kc_value *ret_value, struct kc_error *err) {
    switch (what) {
    case TOPIC:
        *ret_value = kc_string(r->topic);
        break;
    case PARTITION:
        *ret_value = r->partition < 0 ? kc_null() : kc_int(KC_INT32, r->partition);
        break;
    case OFFSET:
        if (!r->original_topic)
            return kc_fail(err, KC_DATA_EXCEPTION,
                           "Only SinkRecord supported for [" PURPOSE
                           "], found: org.apache.kafka.connect.source.SourceRecord");
        *ret_value = kc_int(KC_INT64, r->offset);
        break;
    case TIMESTAMP:
        if (r->timestamp == KC_NO_TIMESTAMP)
            *ret_value = kc_null();
        else
            *ret_value = has_schema ? kc_date(r->timestamp) : kc_int(KC_INT64, r->timestamp);
        break;
    default:
        *ret_value = kc_string(t->static_value);
        break;
    }
    return 0;
}

static int into_map(const struct insert_field *t, struct kc_arena *arena, struct kc_record *r, struct kc_value *value,
                    struct kc_error *err) {
    if (operand_require_map(value, PURPOSE, err) < 0)
        return -1;
    struct kc_value map = operand_map_copy(arena, value, t->count);
    for (int i = 0; i < INSERTED_COUNT; i++) {
        struct kc_value v = kc_null();
        if (!t->insertions[i].name)
            continue;
        if (inserted_value(t, r, (enum inserted)i, false, &v, err) < 0)
            return -1;
        if (v.tag != KC_V_NULL || i == TOPIC)
            operand_map_set(&map, t->insertions[i].name, v);
    }
    *value = map;
    return 0;
}

static int into_struct(struct insert_field *t, struct kc_arena *arena, struct kc_record *r, struct operand op,
                       struct kc_error *err) {
    if (operand_require_struct(op.value, PURPOSE, err) < 0)
        return -1;
    const struct kc_struct *from = op.value->st;
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, from->schema, err);
    if (!to)
        return -1;
    struct kc_value st = kc_struct_new(arena, to->schema);
    int32_t at = 0;
    for (; at < (int32_t)from->schema->field_count; at++)
        if (operand_struct_set(&st, at, operand_field(from, at, t->replace_null), err) < 0)
            return -1;
    for (int i = 0; i < INSERTED_COUNT; i++) {
        struct kc_value v = kc_null();
        if (!t->insertions[i].name)
            continue;
        if (inserted_value(t, r, (enum inserted)i, true, &v, err) < 0)
            return -1;
        /* A partition or timestamp that there is not leaves the field unset, also a required one. */
        if ((v.tag != KC_V_NULL || i == TOPIC) && operand_struct_set(&st, at, &v, err) < 0)
            return -1;
        at++;
    }
    *op.schema = to->schema;
    *op.value = st;
    return 0;
}

static int insert_field(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct insert_field *t = self;
    struct operand op = operand_of(r, t->is_key);
    if (op.value->tag == KC_V_NULL)
        return 0;
    return *op.schema ? into_struct(t, arena, r, op, err) : into_map(t, arena, r, op.value, err);
}

static uint32_t insert_field_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct insert_field *t = self;
    schema_memo_start(&t->memo);
    return transform_each(insert_field, self, batch, from, err);
}

TRANSFORM_KEY_AND_VALUE("InsertField", insert_field);
