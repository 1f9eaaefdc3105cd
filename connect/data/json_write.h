/* Connect values as JSON text, byte for byte as Jackson writes what JsonConverter builds.
 * Used by JsonConverter, by connectors that store JSON, and by kc_value_to_json. */
#ifndef CONNECT_DATA_JSON_WRITE_H
#define CONNECT_DATA_JSON_WRITE_H

#include "connect/base/buf.h"
#include "connect/data/json_walk.h"
#include "connect/plugin.h"

struct json_write_options {
    bool decimal_numeric;           /* decimal.format=NUMERIC; else base64 */
    bool replace_null_with_default; /* a null with a default in its schema is written as the default */
    bool any_value;                 /* schemaless structs, decimals and dates are written, too (Java refuses them) */
    unsigned depth;                 /* containers that are already open around the value */
};

/* Appends the value; `schema` NULL = schemaless. A KC_V_JSON that is compact is one memcpy.
 * @errors DataException with JsonConverter's texts; what was appended until then stays.
 * @source JsonConverter.convertToJson */
int json_write_value(struct buf *out, const struct kc_schema *schema, const struct kc_value *v,
                     const struct json_write_options *options, struct kc_error *err) KC_CHECKED;
/* The same for a schemaless value, quickly. False: it must go through json_write_value, and nothing was appended. */
bool json_write_plain(struct buf *out, const struct kc_value *v, unsigned depth);
/* A quoted string; characters above U+FFFF become two \uXXXX escapes, bytes that are not UTF-8 become U+FFFD. */
int json_write_string(struct buf *out, const char *s, size_t len);
/* Checked JSON text again in the compact form; no object in it may name a member twice. */
int json_write_compact(struct buf *out, struct json_text text);
/* The same for text that only has blanks too many (VALUE_JSON_SPACED). */
int json_write_unspaced(struct buf *out, struct json_text text);

#endif
