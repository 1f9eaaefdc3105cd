/* Values as text the way Connect writes them into headers.
 * @source org.apache.kafka.connect.data.Values.convertToString */
#ifndef CONNECT_DATA_VALUES_TEXT_H
#define CONNECT_DATA_VALUES_TEXT_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

/* Appends the text of a value: strings raw at the top and quoted inside, bytes as base64, structs as maps with defaults
 * filled in, dates by their magnitude. A null at the top is `null`, too: callers look first. `scratch` takes what must
 * be taken apart.
 * @errors DataException: nested too deeply, or longer than the buffer's maximum */
int values_text(struct kc_arena *scratch, struct buf *out, const struct kc_value *v, struct kc_error *err) KC_CHECKED;

/* The same as a STRING in `arena`; null gives null. */
int values_to_string(struct kc_arena *arena, const struct kc_value *v, struct kc_value *ret_text,
                     struct kc_error *err) KC_CHECKED;

#endif
