/* The converters of this folder, and what those without options of their own share. */
#ifndef CONNECT_CONVERT_CONVERTERS_H
#define CONNECT_CONVERT_CONVERTERS_H

#include "config/def.h"
#include "connect/plugin.h"

extern const struct kc_plugin json_converter_plugin;
extern const struct kc_plugin string_converter_plugin;
extern const struct kc_plugin byte_array_converter_plugin;
extern const struct kc_plugin boolean_converter_plugin, short_converter_plugin, integer_converter_plugin,
    long_converter_plugin, float_converter_plugin, double_converter_plugin;

extern const struct kc_plugin avro_converter_plugin, json_schema_converter_plugin,
    protobuf_converter_plugin; /* of a Schema Registry */

/* The option that every Apache converter has; the framework sets it. `conf` has a member const char *converter_type.
 * @source ConverterConfig */
extern const char *const converter_types[]; /* key, value, header */
#define CONVERTER_TYPE_OPTION(conf)                                                                 \
    OPT_STRING("converter.type", conf, converter_type, .required = true, .one_of = converter_types, \
               .importance = KC_LOW, .doc = "Which part of a record the converter works on: key, value or header.")

struct converter_plain_conf {
    const char *converter_type;
};
extern const struct kc_option converter_plain_options[];
/* Instances without state: *ret_self is NULL. */
int converter_configure_plain(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                              struct kc_error *err);
int header_converter_configure_plain(const struct kc_config *config, const void *conf, void **ret_self,
                                     struct kc_error *err);

#endif
