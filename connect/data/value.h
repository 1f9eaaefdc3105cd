/* What the data model knows about values beyond plugin.h. */
#ifndef CONNECT_DATA_VALUE_H
#define CONNECT_DATA_VALUE_H

#include "connect/plugin.h"

/* An ARRAY of `count` null values. */
struct kc_value value_array_new(struct kc_arena *arena, uint32_t count);
/* The schema type that Java derives from the class of a value, or -1 (null, BigDecimal, Date).
 * @source ConnectSchema.schemaType */
int value_type(const struct kc_value *v);
/* Whether a KC_V_JSON value is an array; else it is an object. */
bool value_json_is_array(const struct kc_value *v);

#endif
