/* See format.h. */
#include "connectors/s3/format.h"

#include "connect/base/err.h"

int format_write(const struct format *f, const struct kc_schema *schema, const struct kc_value *value, struct buf *out,
                 struct kc_error *err) {
    return f->kind == FORMAT_BYTES ? format_bytes_line(schema, value, f->separator, f->separator_len, out, err)
                                   : format_json_line(f->decimal_numeric, schema, value, out, err);
}

int format_write_headers(const struct format *f, struct kc_arena *arena, const struct kc_record *r, struct buf *out,
                         struct kc_error *err) {
    if (f->kind != FORMAT_JSON)
        return err_set(err, ERR_BAD_DATA, "Headers can be written as JSON only");
    return format_json_headers(arena, r, out, err);
}
