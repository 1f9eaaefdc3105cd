/* BooleanConverter: one byte, 0 or 1. @source org.apache.kafka.connect.converters.BooleanConverter */
#include "connect/base/err.h"
#include "connect/convert/converters.h"
#include "connect/convert/each.h"
#include "connect/data/schema.h"

#define SERIALIZATION_EXCEPTION "org.apache.kafka.common.errors.SerializationException"

static int to_value(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                    struct kc_error *err) {
    (void)self;
    (void)arena;
    *schema = kc_schema_of(KC_BOOLEAN, true);
    if (v->tag == KC_V_NULL)
        return 0;
    if (v->len != 1) {
        err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION,
                      "Size of data received by BooleanDeserializer is not 1");
        return err_wrap(err, KC_DATA_EXCEPTION, "Failed to deserialize boolean: ");
    }
    if (v->bytes[0] > 1) {
        err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION, "Unexpected byte received by BooleanDeserializer: %d",
                      (int8_t)v->bytes[0]);
        return err_wrap(err, KC_DATA_EXCEPTION, "Failed to deserialize boolean: ");
    }
    *v = kc_bool(v->bytes[0] == 1);
    return 0;
}

static int to_bytes(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                    struct kc_error *err) {
    static const uint8_t bytes[2] = {0, 1};
    (void)self;
    (void)arena;
    if (*schema && (*schema)->type != KC_BOOLEAN)
        return err_set(err, ERR_BAD_DATA, "Invalid schema type for BooleanConverter: %s",
                       schema_type_name((*schema)->type));
    if (v->tag != KC_V_NULL && v->tag != KC_V_BOOLEAN)
        return err_set(err, ERR_BAD_DATA, "BooleanConverter is not compatible with objects of type class %s",
                       kc_value_java_class(v));
    *schema = NULL;
    if (v->tag == KC_V_BOOLEAN)
        *v = kc_bytes(&bytes[v->b], 1);
    return 0;
}

CONVERT_CALLBACKS(to_value, to_bytes)

CONVERTER_TABLES(converter_configure_plain, header_converter_configure_plain, NULL)

const struct kc_plugin boolean_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "org.apache.kafka.connect.converters.BooleanConverter",
    .options = converter_plain_options,
    .conf_size = sizeof(struct converter_plain_conf),
    .converter = &converter,
    .header_converter = &header_converter,
};
