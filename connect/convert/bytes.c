/* ByteArrayConverter: bytes pass as they are. @source org.apache.kafka.connect.converters.ByteArrayConverter */
#include "connect/base/err.h"
#include "connect/convert/converters.h"
#include "connect/convert/each.h"
#include "connect/data/schema.h"

static int to_value(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                    struct kc_error *err) {
    (void)self;
    (void)arena;
    (void)v;
    (void)err;
    *schema = kc_schema_of(KC_BYTES, true);
    return 0;
}

static int to_bytes(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                    struct kc_error *err) {
    (void)self;
    (void)arena;
    if (*schema && (*schema)->type != KC_BYTES)
        return err_set(err, ERR_BAD_DATA, "Invalid schema type for ByteArrayConverter: %s",
                       schema_type_name((*schema)->type));
    if (v->tag != KC_V_NULL && v->tag != KC_V_BYTES)
        return err_set(err, ERR_BAD_DATA, "ByteArrayConverter is not compatible with objects of type class %s",
                       kc_value_java_class(v));
    *schema = NULL;
    return 0;
}

CONVERT_CALLBACKS(to_value, to_bytes)

CONVERTER_TABLES(converter_configure_plain, header_converter_configure_plain, NULL)

const struct kc_plugin byte_array_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "org.apache.kafka.connect.converters.ByteArrayConverter",
    .options = converter_plain_options,
    .conf_size = sizeof(struct converter_plain_conf),
    .converter = &converter,
    .header_converter = &header_converter,
};
