/* Values of one schema as another, compatible one sees them; connectors use it for schema.compatibility.
 * @source org.apache.kafka.connect.data.SchemaProjector */
#ifndef CONNECT_DATA_PROJECT_H
#define CONNECT_DATA_PROJECT_H

#include "connect/plugin.h"

#define SCHEMA_PROJECTOR_EXCEPTION "org.apache.kafka.connect.errors.SchemaProjectorException"

/* The value as `target` has it: numbers promoted, missing fields with their defaults, other fields left out. The result
 * lies in `arena` or is borrowed from the value or from the target's defaults.
 * @errors SchemaProjectorException with Java's texts */
int project_value(struct kc_arena *arena, const struct kc_schema *source, const struct kc_value *v,
                  const struct kc_schema *target, struct kc_value *ret_value, struct kc_error *err) KC_CHECKED;

#endif
