/* Whether a value fits a schema. @source ConnectSchema.validateValue */
#ifndef CONNECT_DATA_VALIDATE_H
#define CONNECT_DATA_VALIDATE_H

#include "connect/plugin.h"

/* `where` names the place in error texts: `value` or `field: "name"`.
 * @errors DataException with Java's text */
int validate_value(const struct kc_schema *schema, const struct kc_value *v, const char *where,
                   struct kc_error *err) KC_CHECKED;
/* Whether a value of this class may stand in `schema` (elements are not looked at; null never may).
 * @source ConnectSchema.expectedClassesFor */
bool validate_class(const struct kc_schema *schema, const struct kc_value *v);
/* The same for the value of a field, an explicit one: a default does not make null valid. */
int validate_field(const struct kc_field *field, const struct kc_value *v, struct kc_error *err) KC_CHECKED;
/* Every field of a struct: null is fine where optional or with a default. @source Struct.validate */
int validate_struct(const struct kc_struct *st, struct kc_error *err) KC_CHECKED;

#endif
