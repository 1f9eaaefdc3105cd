/* Java's charsets to UTF-8 and back, never failing: what cannot be read becomes U+FFFD, what cannot be written becomes
 * `?`. UTF-8, ISO-8859-1, US-ASCII, UTF-16 and UTF-32 are done here, others by iconv. One thread per instance. */
#ifndef CONNECT_CONVERT_CHARSET_H
#define CONNECT_CONVERT_CHARSET_H

#include "connect/plugin.h"

struct charset;
/* NULL: no such charset. */
struct charset *charset_new(const char *name);
void charset_free(struct charset *cs);
/* Text of bytes: borrowed when it can be, else in `arena`. @source new String(bytes, charset) */
struct kc_value charset_decode(struct charset *cs, struct kc_arena *arena, const void *data, size_t len);
/* @source String.getBytes(charset) */
struct kc_value charset_encode(struct charset *cs, struct kc_arena *arena, const char *s, size_t len);
/* UTF-8 with each malformed part replaced by U+FFFD as Java counts them; borrowed when nothing is malformed. */
struct kc_value charset_repair_utf8(struct kc_arena *arena, const void *data, size_t len);

#endif
