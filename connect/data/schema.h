/* Schemas beyond plugin.h: names of types, logical types, text forms.
 * Schemas are interned: as long as one lives, building an equal one gives the same pointer. */
#ifndef CONNECT_DATA_SCHEMA_H
#define CONNECT_DATA_SCHEMA_H

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/plugin.h"

#define SCHEMA_DECIMAL           "org.apache.kafka.connect.data.Decimal"
#define SCHEMA_DATE              "org.apache.kafka.connect.data.Date"
#define SCHEMA_TIME              "org.apache.kafka.connect.data.Time"
#define SCHEMA_TIMESTAMP         "org.apache.kafka.connect.data.Timestamp"
#define SCHEMA_BUILDER_EXCEPTION "org.apache.kafka.connect.errors.SchemaBuilderException"

enum logical { LOGICAL_NONE, LOGICAL_DECIMAL, LOGICAL_DATE, LOGICAL_TIME, LOGICAL_TIMESTAMP };

/* Which of the four logical types the name of `schema` says (the base type is not looked at); NULL: none. */
enum logical schema_logical(const struct kc_schema *schema);
/* A schema of a logical type, version 1; `scale` is for DECIMAL. The caller owns one reference. */
const struct kc_schema *schema_of_logical(enum logical logical, int32_t scale, bool optional);

const char *schema_type_name(enum kc_type type);  /* "INT32", as in error texts */
const char *schema_type_lower(enum kc_type type); /* "int32", Schema.Type.getName() */

/* "Schema{name:TYPE}" or "Schema{TYPE}" */
int schema_text(struct buf *out, const struct kc_schema *schema);
/* The value of a parameter, NULL when absent. */
const char *schema_parameter(const struct kc_schema *schema, const char *name);
/* Whether parameters are the same (name, value, as a map). */
bool schema_parameters_equal(const struct kc_schema *a, const struct kc_schema *b);

/* A builder that starts as a copy of `schema`: everything but fields, default and elements; see
 * SchemaUtil.copySchemaBasics. */
struct kc_schema_builder *schema_builder_like(const struct kc_schema *schema);
/* SchemaBuilderException when something was set twice to different values; the same builder would then build NULL. */
int schema_builder_check(const struct kc_schema_builder *b, struct kc_error *err) KC_CHECKED;
AUTO_FREE(schema_builder, struct kc_schema_builder, kc_schema_builder_free)
AUTO_FREE(schema, const struct kc_schema, kc_schema_unref)

/* A schema within itself: a place holder stands for the struct schema around it, which is still being built, and looks
 * like it from schema_forward_bind on (but for being optional, and without a default). Schemas that go round like this
 * live as long as the process: whoever makes them keeps count. Walking through the fields of a schema without end is
 * stopped where schema_is_forward. The caller owns one reference of a new place holder. */
const struct kc_schema *schema_forward_new(bool optional);
void schema_forward_bind(const struct kc_schema *forward, const struct kc_schema *target);
bool schema_is_forward(const struct kc_schema *schema);

/* The schema as built so far, for converting its default value. */
const struct kc_schema *schema_builder_peek(const struct kc_schema_builder *b);
/* kc_schema_field for a name that ends after `len` bytes. */
const struct kc_field *schema_field_text(const struct kc_schema *schema, const char *name, size_t len);

/* How many interned schemas are alive (tests). */
size_t schema_alive(void);

#endif
