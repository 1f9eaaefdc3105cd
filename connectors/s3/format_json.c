/* JSON lines: structs as JsonConverter without schemas writes them, everything else as Jackson writes the object.
 * @source io.confluent.connect.s3.format.json.JsonRecordWriterProvider, RecordViews */
#include <string.h>

#include "connect/base/err.h"
#include "connect/data/json_write.h"
#include "connect/data/values_text.h"
#include "connectors/s3/format.h"

static int too_long(struct kc_error *err) {
    return err_set(err, ERR_BAD_DATA, "The record is too large for one object");
}

int format_json_line(bool decimal_numeric, const struct kc_schema *schema, const struct kc_value *value,
                     struct buf *out, struct kc_error *err) {
    if (value->tag == KC_V_JSON || value->tag == KC_V_STRING) { /* the usual cases */
        static const struct json_write_options plain = {.any_value = true, .decimal_numeric = true};
        if (json_write_value(out, NULL, value, &plain, err) < 0)
            return -1;
    } else {
        bool is_struct = value->tag == KC_V_STRUCT;
        struct json_write_options options = {.decimal_numeric = !is_struct || decimal_numeric,
                                             .replace_null_with_default = true,
                                             .any_value = !is_struct};
        if (json_write_value(out, is_struct ? schema : NULL, value, &options, err) < 0)
            return -1;
    }
    return buf_add_char(out, '\n') < 0 || out->failed ? too_long(err) : 0;
}

/* A null stays one: Java's connector cannot write it. */
static int header_value(struct kc_arena *arena, const struct kc_value *v, struct buf *out, struct kc_error *err) {
    struct kc_value text = *v;
    if (v->tag != KC_V_STRING && values_to_string(arena, v, &text, err) < 0)
        return -1;
    if (text.tag == KC_V_NULL)
        return buf_add_text(out, "null");
    return json_write_string(out, text.s, text.len);
}

int format_json_headers(struct kc_arena *arena, const struct kc_record *r, struct buf *out, struct kc_error *err) {
    int rc = buf_add_text(out, "{\"headers\":[");
    for (uint32_t i = 0; i < r->header_count; i++) {
        const struct kc_header *h = &r->headers[i];
        rc |= buf_add_text(out, i ? ",{\"key\":" : "{\"key\":");
        rc |= json_write_string(out, h->key, strlen(h->key));
        rc |= buf_add_text(out, ",\"value\":");
        if (header_value(arena, &h->value, out, err) < 0)
            return out->failed ? too_long(err) : -1;
        rc |= buf_add_char(out, '}');
    }
    rc |= buf_add_text(out, "]}\n");
    return rc ? too_long(err) : 0;
}
