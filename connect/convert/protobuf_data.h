/* Connect ↔ Protobuf, as Confluent's ProtobufData maps them: schemas (protobuf_to_schema.c, protobuf_from_schema.c) and
 * values (protobuf_to_value.c, protobuf_from_value.c, protobuf_logical.c).
 * @source io.confluent.connect.protobuf.ProtobufData */
#ifndef CONNECT_CONVERT_PROTOBUF_DATA_H
#define CONNECT_CONVERT_PROTOBUF_DATA_H

#include "connect/convert/protobuf_message.h"
#include "connect/data/schema.h"

#define PROTOBUF_NAMESPACE     "io.confluent.connect.protobuf"
#define PROTOBUF_PARAM_ENUM    PROTOBUF_NAMESPACE ".Enum"
#define PROTOBUF_PARAM_TAG     PROTOBUF_NAMESPACE ".Tag"
#define PROTOBUF_PARAM_TYPE    PROTOBUF_NAMESPACE ".Type"
#define PROTOBUF_PARAM_WRAPPER PROTOBUF_NAMESPACE ".Wrapper"
#define PROTOBUF_UNION         PROTOBUF_NAMESPACE ".Union"
#define GENERALIZED_ENUM       "org.apache.kafka.connect.data.Enum"
#define GENERALIZED_UNION      "org.apache.kafka.connect.data.Union"
#define PROTOBUF_PRECISION     "connect.decimal.precision"
#define PROTOBUF_DEFAULT_NAME  "ConnectDefault"

#define PROTOBUF_DECIMAL_NAME   "confluent.type.Decimal"
#define PROTOBUF_DATE_NAME      "google.type.Date"
#define PROTOBUF_TIME_NAME      "google.type.TimeOfDay"
#define PROTOBUF_TIMESTAMP_NAME "google.protobuf.Timestamp"

struct protobuf_data_conf {
    bool generalized_sums, ignore_defaults, enhanced, scrub_names, int_for_enums, optional_for_nullables,
        optional_for_proto2, wrapper_for_nullables, wrapper_for_raw, struct_for_nulls, index_for_unions, flatten_unions;
    int32_t cache_size;
};

/* The logical type that a message stands for, by its full name. */
enum logical protobuf_logical(const struct protobuf_message *message);
/* The Connect type that a message of google/protobuf/wrappers.proto wraps; false for other messages. */
bool protobuf_wrapped_type(const struct protobuf_message *message, enum kc_type *ret_type);

/* Whether a repeated field is a map, by its shape. @source ProtobufData.isMapDescriptor */
bool protobuf_is_map(const struct protobuf_field *field);
/* Integer.parseInt; false: NULL or no number. */
bool protobuf_parse_int(const char *text, int32_t *ret);

/* ---- Protobuf → Connect ---- */

/* The schema of a message of `schema`; `version` NULL: none. The caller owns one reference. A message that holds itself
 * gives a schema that does (schema_forward_new); such schemas are made once for the whole process.
 * @errors DataException: nested too deeply, too many schemas that hold themselves; SchemaBuilderException: two fields
 * of one name. @source ProtobufData.toConnectSchema */
int protobuf_to_schema(const struct protobuf_data_conf *conf, const struct protobuf_schema *schema,
                       const struct protobuf_message *message, const int32_t *version,
                       const struct kc_schema **ret_schema, struct kc_error *err) KC_CHECKED;
/* The value of a message; `schema` is what protobuf_to_schema gave for its type, and must outlive the value.
 * @errors a date, time, timestamp or decimal out of its range. @source ProtobufData.toConnectData */
int protobuf_to_value(const struct protobuf_data_conf *conf, struct kc_arena *arena, const struct kc_schema *schema,
                      const struct protobuf_node *node, struct kc_value *ret_value, struct kc_error *err) KC_CHECKED;

/* ---- Connect → Protobuf ---- */

/* What a Connect schema becomes. */
struct protobuf_target {
    struct protobuf_schema *schema;
    const struct protobuf_message *root;
    struct buf text; /* for the registry */
};

/* @errors IllegalArgumentException: arrays and maps at the root, arrays in arrays, names that Protobuf does not allow.
 * @source ProtobufData.fromConnectSchema */
int protobuf_from_schema(const struct protobuf_data_conf *conf, const struct kc_schema *schema,
                         struct protobuf_target **ret_target, struct kc_error *err) KC_CHECKED;
struct protobuf_target *protobuf_target_free(struct protobuf_target *target);
AUTO_FREE(protobuf_target, struct protobuf_target, protobuf_target_free)
/* A value that is not null as a message of target->root. @source ProtobufData.fromConnectData */
int protobuf_from_value(const struct protobuf_data_conf *conf, struct kc_arena *arena,
                        const struct protobuf_target *target, const struct kc_schema *schema, const struct kc_value *v,
                        struct protobuf_node **ret_node, struct kc_error *err) KC_CHECKED;

/* Whether `reader` cannot read what `writer` describes; then `why` names the first difference. */
bool protobuf_incompatible(const struct protobuf_schema *reader, const struct protobuf_schema *writer, char *why,
                           size_t size);

/* Whether a STRUCT stands for a oneof. */
bool protobuf_is_union(const struct kc_schema *schema);
/* Sets a field as DynamicMessage.Builder.setField does: a field without presence is not set to its default. */
void protobuf_set(struct protobuf_node *node, const struct protobuf_field *field, struct protobuf_item item);

/* ---- Logical types ---- */

int protobuf_logical_to_value(struct kc_arena *arena, enum logical logical, const struct protobuf_node *node,
                              struct kc_value *ret_value, struct kc_error *err) KC_CHECKED;
int protobuf_logical_from_value(enum logical logical, const struct kc_value *v, struct protobuf_node *node,
                                struct kc_error *err) KC_CHECKED;

#endif
