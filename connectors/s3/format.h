/* How records become lines of objects. Each call appends one whole line (record and separator); on an error what was
 * appended until then is the caller's to cut off. */
#ifndef CONNECTORS_S3_FORMAT_H
#define CONNECTORS_S3_FORMAT_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

struct format {
    enum format_kind { FORMAT_JSON, FORMAT_BYTES } kind;
    bool decimal_numeric;  /* JSON */
    const char *separator; /* BYTES */
    size_t separator_len;
};

/* A key or value. @errors DataException: it cannot be written in this format */
int format_write(const struct format *f, const struct kc_schema *schema, const struct kc_value *value, struct buf *out,
                 struct kc_error *err) KC_CHECKED;
/* {"headers":[{"key":"h","value":"v"}]}, values as text; JSON only. `arena` is scratch memory. */
int format_write_headers(const struct format *f, struct kc_arena *arena, const struct kc_record *r, struct buf *out,
                         struct kc_error *err) KC_CHECKED;

/* The two encodings. */
int format_json_line(bool decimal_numeric, const struct kc_schema *schema, const struct kc_value *value,
                     struct buf *out, struct kc_error *err) KC_CHECKED;
int format_json_headers(struct kc_arena *arena, const struct kc_record *r, struct buf *out,
                        struct kc_error *err) KC_CHECKED;
int format_bytes_line(const struct kc_schema *schema, const struct kc_value *value, const char *separator,
                      size_t separator_len, struct buf *out, struct kc_error *err) KC_CHECKED;

#endif
