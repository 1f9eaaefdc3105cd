/* The parts of JsonConverter: json.c (plugin, options, batches), json_envelope.c (bytes ↔ schema and value),
 * json_schema.c (schemas ↔ JSON), json_payload.c (JSON → values by schema). Writing values is
 * connect/data/json_write.h.
 * @source org.apache.kafka.connect.json.JsonConverter */
#ifndef CONNECT_CONVERT_JSON_H
#define CONNECT_CONVERT_JSON_H

#include "connect/base/buf.h"
#include "connect/convert/schema_cache.h"
#include "connect/data/json_scan.h"
#include "connect/data/json_shape.h"
#include "connect/data/json_write.h"
#include "connect/plugin.h"

/* One instance: one per task and record part, used by one thread. */
struct json_converter {
    bool schemas_enable;
    struct json_write_options write;
    const struct kc_schema *content;       /* schema.content; NULL: documents are envelopes */
    struct schema_cache *parsed;           /* text of a schema → const struct kc_schema * */
    struct schema_cache *written;          /* schema pointer → struct json_schema_text * */
    struct buf prefix;                     /* `{"schema":{…},"payload":` of the last envelope that was read … */
    const struct kc_schema *prefix_schema; /* … and its schema; the prefix is empty when there is none */
    struct json_shapes *shapes;            /* of the documents, or of the payloads of envelopes */
    struct buf out;                        /* scratch */
};

struct json_converter *json_converter_new(bool schemas_enable, bool decimal_numeric, bool replace_null_with_default,
                                          int cache_size);
void json_converter_free(struct json_converter *jc);
/* Sets schema.content; NULL, "" and "null" set nothing. @errors DataException */
int json_converter_content(struct json_converter *jc, const char *text, struct kc_error *err) KC_CHECKED;

/* Bytes to schema and value. *ret_schema is borrowed from the converter: keep a reference at once.
 * @errors DataException with Java's texts */
int json_envelope_read(struct json_converter *jc, struct kc_arena *arena, const void *data, size_t len,
                       const struct kc_schema **ret_schema, struct kc_value *ret_value,
                       struct kc_error *err) KC_CHECKED;
/* Schema and value to BYTES in `arena` (or borrowed from the value), or null when both are null. */
int json_envelope_write(struct json_converter *jc, struct kc_arena *arena, const struct kc_schema *schema,
                        const struct kc_value *v, struct kc_value *ret_bytes, struct kc_error *err) KC_CHECKED;

/* JSON schema → schema; null gives NULL. The caller owns one reference. */
int json_schema_read(struct kc_arena *arena, struct json_text text, bool replace_null,
                     const struct kc_schema **ret_schema, struct kc_error *err) KC_CHECKED;
/* Appends the schema as JSON; NULL gives null. */
int json_schema_write(struct buf *out, const struct kc_schema *schema, const struct json_write_options *options,
                      struct kc_error *err) KC_CHECKED;

/* JSON → value by `schema` (not NULL); text.s NULL is Jackson's MISSING node. The text is checked. */
int json_payload_read(struct kc_arena *arena, const struct kc_schema *schema, struct json_text text, bool replace_null,
                      struct kc_value *ret_value, struct kc_error *err) KC_CHECKED;

#endif
