/* Option rows of the mapping between Connect and Protobuf; the conf struct has a member of type struct
 * protobuf_data_conf and names it here.
 * @source io.confluent.connect.protobuf.ProtobufDataConfig, io.confluent.connect.schema.AbstractDataConfig */
#ifndef CONNECT_CONVERT_PROTOBUF_OPTIONS_H
#define CONNECT_CONVERT_PROTOBUF_OPTIONS_H

#include "config/def.h"
#include "connect/convert/protobuf_data.h"

/* clang-format off */
#define PROTOBUF_DATA_OPTIONS(conf, data) \
    OPT_INT("schemas.cache.config", conf, data.cache_size, .def = "1000", .importance = KC_LOW, \
            .doc = "How many converted schemas are kept."), \
    OPT_BOOLEAN("generalized.sum.type.support", conf, data.generalized_sums, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether enums and unions are marked in the way that is common to all data formats."), \
    OPT_BOOLEAN("ignore.default.for.nullables", conf, data.ignore_defaults, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether null is written where a field has a default, instead of the default."), \
    OPT_BOOLEAN("enhanced.protobuf.schema.support", conf, data.enhanced, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether schemas keep the package in their names."), \
    OPT_BOOLEAN("scrub.invalid.names", conf, data.scrub_names, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether characters that Protobuf does not allow in names are replaced."), \
    OPT_BOOLEAN("int.for.enums", conf, data.int_for_enums, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether enums are read as their numbers instead of their names."), \
    OPT_BOOLEAN("optional.for.nullables", conf, data.optional_for_nullables, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether nullable fields are marked by the label optional."), \
    OPT_BOOLEAN("optional.for.proto2", conf, data.optional_for_proto2, .def = "true", .importance = KC_MEDIUM, \
                .doc = "Whether optional fields of proto2 are null when they are not set, instead of their default."), \
    OPT_BOOLEAN("wrapper.for.nullables", conf, data.wrapper_for_nullables, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether nullable fields are wrapped into the messages of google/protobuf/wrappers.proto."), \
    OPT_BOOLEAN("wrapper.for.raw.primitives", conf, data.wrapper_for_raw, .def = "true", .importance = KC_MEDIUM, \
                .doc = "Whether a wrapper message is read as the plain value that it wraps."), \
    OPT_BOOLEAN("generate.struct.for.nulls", conf, data.struct_for_nulls, .def = "false", .importance = KC_MEDIUM, \
                .doc = "Whether a message that is not there is read as a struct of defaults instead of null."), \
    OPT_BOOLEAN("generate.index.for.unions", conf, data.index_for_unions, .def = "true", .importance = KC_LOW, \
                .doc = "Whether the name of a oneof gets its number in the message as a suffix."), \
    OPT_BOOLEAN("flatten.unions", conf, data.flatten_unions, .def = "false", .importance = KC_LOW, \
                .doc = "Whether the members of a oneof become fields of the struct around it.")
/* clang-format on */

#endif
