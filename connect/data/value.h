/* What the data model knows about values beyond plugin.h. */
#ifndef CONNECT_DATA_VALUE_H
#define CONNECT_DATA_VALUE_H

#include "connect/plugin.h"

/* What is known of the text of a KC_V_JSON value (flags); they hold for every value inside, too. */
enum {
    VALUE_JSON_COMPACT = 2, /* it is byte for byte what json_write_value would write */
    VALUE_JSON_UNIQUE = 4,  /* no object names a member twice */
    VALUE_JSON_SPACED = 8   /* it would be compact without the blanks between its tokens; also when there are none */
};

/* An ARRAY of `count` null values. */
struct kc_value value_array_new(struct kc_arena *arena, uint32_t count);
/* The schema type that Java derives from the class of a value, or -1 (null, BigDecimal, Date).
 * @source ConnectSchema.schemaType */
int value_type(const struct kc_value *v);
/* Whether a KC_V_JSON value is an array; else it is an object. */
bool value_json_is_array(const struct kc_value *v);

#endif
