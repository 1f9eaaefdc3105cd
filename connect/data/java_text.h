/* Values as Java prints them into texts: String.valueOf(value). For error texts and StringConverter.
 * @source toString of java.util.AbstractCollection, AbstractMap, Date, org.apache.kafka.connect.data.Struct */
#ifndef CONNECT_DATA_JAVA_TEXT_H
#define CONNECT_DATA_JAVA_TEXT_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

/* Appends `null`, `1.5`, `[1, null]`, `{a=1, b=x}`, `Struct{a=1}` (unset fields are left out),
 * `Thu Jan 02 03:04:05 UTC 2020`. Bytes are `[B@` and a hash of their content, where Java has an address.
 * `scratch` takes what must be taken apart. -1: the buffer is full, or nested more than 1000 levels deep. */
int java_text(struct kc_arena *scratch, struct buf *out, const struct kc_value *v) KC_CHECKED;
/* The same for an error text: in `arena`, cut where it does not fit there anyway. */
const char *java_text_shown(struct kc_arena *arena, const struct kc_value *v);

#endif
