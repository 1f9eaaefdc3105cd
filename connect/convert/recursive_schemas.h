/* The table of Connect schemas that hold themselves. They live as long as the process (see schema_forward_new), so each
 * is made once: the key is all that it was made from. */
#ifndef CONNECT_CONVERT_RECURSIVE_SCHEMAS_H
#define CONNECT_CONVERT_RECURSIVE_SCHEMAS_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

/* The schema with one reference for the caller, or NULL. @thread any */
const struct kc_schema *recursive_schemas_find(const struct buf *key);
/* Keeps it from now on. @thread any  @errors DataException: there are too many */
int recursive_schemas_keep(const struct buf *key, const struct kc_schema *schema, struct kc_error *err) KC_CHECKED;

#endif
