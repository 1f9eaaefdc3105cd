/* Any value as the type that is wanted, and schemas guessed from values.
 * @source org.apache.kafka.connect.data.Values */
#ifndef CONNECT_DATA_VALUES_CONVERT_H
#define CONNECT_DATA_VALUES_CONVERT_H

#include "connect/plugin.h"

/* `v` (with its schema `from`, NULL when it has none) as `to` wants it: convertToBoolean and its like, where `to` is
 * the plain optional schema; null stays null if `to` is optional. The result lies in `arena` or where `v` lies.
 * @errors DataException, e.g. "Unable to convert abc (class java.lang.String) to a number";
 *         NumberFormatException for text that shall be a Decimal */
int values_convert(struct kc_arena *arena, const struct kc_schema *to, const struct kc_schema *from,
                   const struct kc_value *v, struct kc_value *ret_value, struct kc_error *err) KC_CHECKED;

/* The schema that fits a value without one, kept by `arena`; NULL when none does (null, empty or mixed containers,
 * dates, decimals). @errors SchemaBuilderException: a container of nulls only */
int values_infer_schema(struct kc_arena *arena, const struct kc_value *v, const struct kc_schema **ret_schema,
                        struct kc_error *err) KC_CHECKED;

#endif
