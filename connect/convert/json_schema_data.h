/* Between Connect schemas and JSON Schema documents: what JsonSchemaConverter is made of. The parts:
 * json_schema_from_connect.c (Connect schema → document), json_schema_tree.c and json_schema_to_connect.c (document →
 * Connect schema),
 * json_schema_read.c and json_schema_write.c (payloads), json_schema_converter.c (the plugin).
 * @source io.confluent.connect.json.JsonSchemaData */
#ifndef CONNECT_CONVERT_JSON_SCHEMA_DATA_H
#define CONNECT_CONVERT_JSON_SCHEMA_DATA_H

#include "connect/base/buf.h"
#include "connect/base/json.h"
#include "connect/convert/registry.h"
#include "connect/data/json_walk.h"
#include "connect/data/schema.h"

#define JSON_NAMESPACE   "io.confluent.connect.json"
#define JSON_ONE_OF      JSON_NAMESPACE ".OneOf"
#define JSON_ENUM        JSON_NAMESPACE ".Enum"
#define JSON_ID          JSON_NAMESPACE ".Id"
#define JSON_NULL_SYMBOL "<NULL>"

enum { JSON_SCHEMA_MAX_DEPTH = 200 };

struct json_schema_options {
    bool additional_properties, optional_for_nonrequired, decimal_numeric, flatten_singletons, generalized;
    bool ignore_default;
};

bool json_schema_is_union(const struct kc_schema *schema);
const char *json_schema_enum_parameter(const struct json_schema_options *options);

/* The document of a Connect schema (not NULL). @errors DataException */
int json_schema_from_connect(struct buf *out, const struct json_schema_options *options, const struct kc_schema *schema,
                             struct kc_error *err) KC_CHECKED;
/* The Connect schema of a document of the registry; `version` < 0: none is known. The caller owns one reference;
 * recursive ones live as long as the process. @errors DataException: it cannot be one */
int json_schema_to_connect(struct kc_arena *arena, const struct json_schema_options *options,
                           const struct registry_schema *text, int32_t version, const struct kc_schema **ret_schema,
                           struct kc_error *err) KC_CHECKED;

/* Whether the value makes no message: a null that is neither allowed nor has a default. */
bool json_schema_is_nothing(const struct json_schema_options *options, const struct kc_schema *schema,
                            const struct kc_value *v);
/* Appends a value as JSON. @errors DataException */
int json_schema_write_value(struct buf *out, const struct json_schema_options *options, const struct kc_schema *schema,
                            const struct kc_value *v, struct kc_error *err) KC_CHECKED;
/* Checked JSON text → value; text.s NULL: missing. @errors DataException */
int json_schema_read_value(struct kc_arena *arena, const struct json_schema_options *options,
                           const struct kc_schema *schema, struct json_text text, struct kc_value *ret_value,
                           struct kc_error *err) KC_CHECKED;

#endif
