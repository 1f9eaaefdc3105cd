/* JSON text as org.json writes it after reading it: the members of objects in the order of a java.util.HashMap, numbers
 * without zeros at their end. Java's JSON Schemas pass through it. Pure, any thread. */
#ifndef CONNECT_CONVERT_ORG_JSON_H
#define CONNECT_CONVERT_ORG_JSON_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

/* Appends `text` (JSON that json_scan accepts). @errors DataException: no JSON, or nested too deeply */
int org_json_write(struct buf *out, struct kc_arena *arena, const char *text, size_t len,
                   struct kc_error *err) KC_CHECKED;

#endif
