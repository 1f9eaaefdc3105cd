/* One value as another primitive type, by Java's casts and parsers; cast.c does records and schemas.
 * @source org.apache.kafka.connect.transforms.Cast.castValueToType (transforms 4.1) */
#ifndef CONNECT_TRANSFORM_CAST_VALUE_H
#define CONNECT_TRANSFORM_CAST_VALUE_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

#define CAST_OUTPUT_TYPES "INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING"

/* Where texts are made: kept between values, so that none is allocated per record. */
enum { CAST_TEXT_MAX = 256 * 1024 * 1024 };

/* The value of type `schema` (NULL: of its class) as `target`, INT8 to STRING; null stays null. The result is in
 * `arena` or where `v` is. `scratch` may hold up to CAST_TEXT_MAX bytes.
 * @errors DataException with Java's texts */
int cast_value(struct kc_arena *arena, struct buf *scratch, const struct kc_schema *schema, const struct kc_value *v,
               enum kc_type target, struct kc_value *ret_value, struct kc_error *err) KC_CHECKED;

#endif
