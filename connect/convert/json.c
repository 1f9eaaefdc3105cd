/* JsonConverter as a plugin: converter of keys and values, and header converter.
 * One instance per task and part; the framework calls it on the task's thread with whole batches. */
#include "connect/convert/json.h"

#include <string.h>
#include <strings.h>

#include "config/def.h"
#include "connect/convert/converters.h"
#include "connect/convert/each.h"

struct json_conf {
    const char *converter_type;
    bool schemas_enable, replace_null_with_default;
    int32_t schemas_cache_size;
    const char *schema_content, *decimal_format;
};

static const char *const decimal_formats[] = {"BASE64", "NUMERIC", NULL};

static const struct kc_option options[] = {
    CONVERTER_TYPE_OPTION(struct json_conf),
    OPT_BOOLEAN("schemas.enable", struct json_conf, schemas_enable, .def = "true", .importance = KC_HIGH,
                .width = KC_MEDIUM_WIDTH, .group = "Schemas", .order_in_group = 0, .display_name = "Enable Schemas",
                .doc = "Whether every document is an envelope of schema and payload."),
    OPT_INT("schemas.cache.size", struct json_conf, schemas_cache_size, .def = "1000", .importance = KC_HIGH,
            .width = KC_MEDIUM_WIDTH, .group = "Schemas", .order_in_group = 1, .display_name = "Schema Cache Size",
            .doc = "How many schemas this converter keeps in memory, in each direction."),
    OPT_STRING(
        "schema.content", struct json_conf, schema_content, .importance = KC_HIGH, .width = KC_MEDIUM_WIDTH,
        .group = "Schemas", .order_in_group = 2, .display_name = "Schema Content",
        .doc = "A schema in JSON. When it is set, and schemas are enabled, every document that is read is a payload "
               "of this schema and not an envelope."),
    OPT_STRING("decimal.format", struct json_conf, decimal_format, .def = "BASE64", .one_of = decimal_formats,
               .one_of_ignores_case = true, .importance = KC_LOW, .width = KC_MEDIUM_WIDTH, .group = "Serialization",
               .order_in_group = 0, .display_name = "Decimal Format",
               .doc = "How decimals are written: BASE64 of their bytes, or NUMERIC as JSON numbers. Both are read."),
    OPT_BOOLEAN("replace.null.with.default", struct json_conf, replace_null_with_default, .def = "true",
                .importance = KC_LOW, .width = KC_MEDIUM_WIDTH, .group = "Serialization", .order_in_group = 1,
                .display_name = "Replace null with default",
                .doc = "Whether a null whose schema has a default becomes that default."),
    KC_OPTION_END};

static int configure(const struct json_conf *conf, void **ret_self, struct kc_error *err) {
    struct json_converter *jc =
        json_converter_new(conf->schemas_enable, strcasecmp(conf->decimal_format, "NUMERIC") == 0,
                           conf->replace_null_with_default, conf->schemas_cache_size);
    if (json_converter_content(jc, conf->schema_content, err) < 0) {
        json_converter_free(jc);
        return -1;
    }
    *ret_self = jc;
    return 0;
}

CONFIGURE_CALLBACKS(configure)

static void close_converter(void *self) {
    json_converter_free(self);
}

/* Sink: bytes to values. The arena holds one reference per run of records with the same schema. */
static uint32_t to_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    const struct kc_schema *kept = NULL;
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        if (r->dropped)
            continue;
        struct kc_value *v = is_key ? &r->key : &r->value, result = kc_null();
        const struct kc_schema *schema = NULL;
        if (v->tag != KC_V_NULL && json_envelope_read(self, batch->arena, v->s, v->len, &schema, &result, err) < 0)
            return i;
        if (schema && schema != kept)
            kept = kc_schema_keep(batch->arena, kc_schema_ref(schema));
        *v = result;
        *(is_key ? &r->key_schema : &r->value_schema) = schema;
    }
    return batch->count;
}

/* Source: values to bytes. */
static uint32_t from_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        if (r->dropped)
            continue;
        struct kc_value *v = is_key ? &r->key : &r->value;
        const struct kc_schema **schema = is_key ? &r->key_schema : &r->value_schema;
        if (json_envelope_write(self, batch->arena, *schema, v, v, err) < 0)
            return i;
        *schema = NULL;
    }
    return batch->count;
}

static int header_to_connect(void *self, struct kc_arena *arena, const char *topic, const void *data, size_t len,
                             struct kc_header *header, struct kc_error *err) {
    (void)topic;
    header->schema = NULL;
    header->value = kc_null();
    if (!data)
        return 0;
    if (json_envelope_read(self, arena, data, len, &header->schema, &header->value, err) < 0)
        return -1;
    kc_schema_keep(arena, kc_schema_ref(header->schema));
    return 0;
}

static int header_from_connect(void *self, struct kc_arena *arena, const char *topic, const struct kc_header *header,
                               struct kc_value *ret_bytes, struct kc_error *err) {
    (void)topic;
    return json_envelope_write(self, arena, header->schema, &header->value, ret_bytes, err);
}

CONVERTER_TABLES(configure_converter, configure_header_converter, close_converter)

const struct kc_plugin json_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "org.apache.kafka.connect.json.JsonConverter",
    .options = options,
    .conf_size = sizeof(struct json_conf),
    .converter = &converter,
    .header_converter = &header_converter,
};
