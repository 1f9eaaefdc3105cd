/* Raw bytes, each record followed by the separator.
 * @source io.confluent.connect.s3.format.bytearray.ByteArrayRecordWriterProvider, ByteArrayConverter */
#include "connect/base/err.h"
#include "connect/data/schema.h"
#include "connectors/s3/format.h"

int format_bytes_line(const struct kc_schema *schema, const struct kc_value *value, const char *separator,
                      size_t separator_len, struct buf *out, struct kc_error *err) {
    if (schema && schema->type != KC_BYTES)
        return err_set(err, ERR_BAD_DATA, "Invalid schema type for ByteArrayConverter: %s",
                       schema_type_name(schema->type));
    if (value->tag != KC_V_BYTES)
        return err_set(err, ERR_BAD_DATA, "ByteArrayConverter is not compatible with objects of type class %s",
                       kc_value_java_class(value));
    if (buf_add(out, value->bytes, value->len) < 0 || buf_add(out, separator, separator_len) < 0)
        return err_set(err, ERR_BAD_DATA, "The record is too large for one object");
    return 0;
}
