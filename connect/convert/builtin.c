/* The table of converters, and the parts that converters without options share. */
#include "connect/convert/builtin.h"

#include "connect/convert/converters.h"
#include "connect/convert/header_simple.h"

const struct kc_plugin *const builtin_converters[] = {
    &avro_converter_plugin,       &boolean_converter_plugin,
    &byte_array_converter_plugin, &double_converter_plugin,
    &float_converter_plugin,      &integer_converter_plugin,
    &json_converter_plugin,       &json_schema_converter_plugin,
    &long_converter_plugin,       &protobuf_converter_plugin,
    &short_converter_plugin,      &string_converter_plugin,
    &simple_header_converter,     NULL,
};

const char *const converter_types[] = {"key", "value", "header", NULL};

const struct kc_option converter_plain_options[] = {CONVERTER_TYPE_OPTION(struct converter_plain_conf), KC_OPTION_END};

int converter_configure_plain(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                              struct kc_error *err) {
    (void)config;
    (void)conf;
    (void)is_key;
    (void)err;
    *ret_self = NULL;
    return 0;
}

int header_converter_configure_plain(const struct kc_config *config, const void *conf, void **ret_self,
                                     struct kc_error *err) {
    return converter_configure_plain(config, conf, false, ret_self, err);
}
