/* Sets name and version of the schema of structs.
 * @source org.apache.kafka.connect.transforms.SetSchemaMetadata (transforms 4.13) */
#include <stdlib.h>

#include "config/parse.h"
#include "connect/data/schema.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"
#include "connect/transform/schema_memo.h"

struct set_schema_metadata_conf {
    const char *name;
    int32_t version;
    bool replace_null;
};

static const struct kc_option set_schema_metadata_options[] = {
    OPT_STRING("schema.name", struct set_schema_metadata_conf, name, .importance = KC_HIGH,
               .doc = "Schema name to set."),
    OPT_INT("schema.version", struct set_schema_metadata_conf, version, .importance = KC_HIGH,
            .doc = "Schema version to set."),
    OPT_BOOLEAN("replace.null.with.default", struct set_schema_metadata_conf, replace_null, .def = "true",
                .importance = KC_MEDIUM,
                .doc = "Whether a field that is null is read as its default value, if its schema has one."),
    KC_OPTION_END,
};

struct set_schema_metadata {
    bool is_key, has_version;
    const struct set_schema_metadata_conf *conf;
    struct schema_memo memo;
};

static int update_schema(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err) {
    const struct set_schema_metadata *t = self;
    if (operand_require_fields(from, err) < 0)
        return -1;
    AUTO(schema_builder) b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_name(b, t->conf->name ? t->conf->name : from->name);
    if (t->has_version || from->has_version)
        kc_schema_version(b, t->has_version ? t->conf->version : from->version);
    kc_schema_optional(b, from->optional);
    kc_schema_doc(b, from->doc);
    for (uint32_t i = 0; i < from->parameter_count; i++)
        kc_schema_parameter(b, from->parameters[i].name, from->parameters[i].value);
    for (uint32_t i = 0; i < from->field_count; i++)
        if (kc_schema_add_field(b, from->fields[i].name, from->fields[i].schema, err) < 0)
            return -1;
    ret->schema = kc_schema_build(TAKE(b));
    return 0;
}

static int set_schema_metadata_new(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                                   struct kc_error *err) {
    const struct set_schema_metadata_conf *c = conf;
    bool has_version = kc_config_get(config, "schema.version") != NULL;
    if (!c->name && !has_version)
        return kc_fail(err, KC_CONFIG_EXCEPTION, "Neither schema name nor version configured");
    struct set_schema_metadata *t = transform_alloc(sizeof *t);
    t->is_key = is_key;
    t->has_version = has_version;
    t->conf = c;
    schema_memo_init(&t->memo, update_schema, t);
    *ret_self = t;
    return 0;
}

/* The same fields under the new schema; the old one has them in the same order. */
static int rebuild(const struct set_schema_metadata *t, struct kc_arena *arena, const struct kc_schema *schema,
                   struct kc_value *value, struct kc_error *err) {
    const struct kc_struct *from = value->st;
    struct kc_value st = kc_struct_new(arena, schema);
    for (int32_t i = 0; i < (int32_t)schema->field_count; i++) {
        const struct kc_field *field =
            from->schema->field_count == schema->field_count ? &from->schema->fields[i] : NULL;
        if (!field || field->schema != schema->fields[i].schema)
            field = kc_schema_field(from->schema, schema->fields[i].name);
        if (!field)
            return kc_fail(err, KC_DATA_EXCEPTION, "%s is not a valid field name", schema->fields[i].name);
        if (operand_struct_set(&st, i, operand_field(from, field->index, t->conf->replace_null), err) < 0)
            return -1;
    }
    *value = st;
    return 0;
}

static int set_schema_metadata(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    struct set_schema_metadata *t = self;
    struct operand op = operand_of(r, t->is_key);
    if (!*op.schema)
        return op.value->tag == KC_V_NULL
                   ? 0
                   : kc_fail(err, KC_DATA_EXCEPTION, "Schema required for [updating schema metadata]");
    const struct updated_schema *to = schema_memo_get(&t->memo, arena, *op.schema, err);
    if (!to || (op.value->tag == KC_V_STRUCT && rebuild(t, arena, to->schema, op.value, err) < 0))
        return -1;
    *op.schema = to->schema;
    return 0;
}

static uint32_t set_schema_metadata_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    struct set_schema_metadata *t = self;
    schema_memo_start(&t->memo);
    return transform_each(set_schema_metadata, self, batch, from, err);
}

static void set_schema_metadata_close(void *self) {
    struct set_schema_metadata *t = self;
    schema_memo_done(&t->memo);
    free(t);
}

TRANSFORM_KEY_AND_VALUE("SetSchemaMetadata", set_schema_metadata);
