/* Base64 as Jackson writes and reads it: standard alphabet, padding, no line breaks. */
#ifndef CONNECT_DATA_BASE64_H
#define CONNECT_DATA_BASE64_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

int base64_write(struct buf *out, const void *data, size_t len);
/* Bytes of base64 text into `arena`. Blanks before a group of four are skipped; padding must be there; more groups may
 * follow padding. @errors InvalidFormatException. @source com.fasterxml.jackson.core.Base64Variant.decode */
int base64_read(struct kc_arena *arena, const char *s, size_t len, struct kc_value *ret_bytes,
                struct kc_error *err) KC_CHECKED;

#endif
