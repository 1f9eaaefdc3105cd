/* One document: JSON text ↔ schema and value.
 *
 * Producers repeat the same schema text in front of every payload. The text up to the payload of the last envelope is
 * therefore kept and compared first; when it fits, only the payload is read. Other schemas are looked up by their text.
 */
#include <stdio.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/convert/json.h"
#include "connect/data/json_bytes.h"
#include "connect/data/json_tree.h"
#include "connect/data/schema.h"
#include "connect/data/value.h"

#define READ_FAILED  "Converting byte[] to Kafka Connect data failed due to serialization error: "
#define WRITE_FAILED "Converting Kafka Connect data to byte[] failed due to serialization error: "

enum { MAX_PREFIX = 64 * 1024 };

/* ---- reading ---- */

/* What the parser said becomes the cause of Java's two layers above it. */
static int parse_failed(struct kc_error *err) {
    if (err) {
        char text[KC_ERROR_TEXT];
        snprintf(text, sizeof(text), "%.*s: %.1500s", KC_ERROR_CLASS, err->exception, err->text);
        err_wrap(err, "org.apache.kafka.common.errors.SerializationException", "%s", text);
    }
    return err_wrap(err, KC_DATA_EXCEPTION, READ_FAILED);
}

static int not_an_envelope(struct kc_error *err) {
    return err_set(err, ERR_BAD_DATA,
                   "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not contain "
                   "additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false in "
                   "your converter configuration.");
}

static int read_payload(struct json_converter *jc, struct kc_arena *arena, const struct kc_schema *schema,
                        struct json_text payload, uint8_t flags, struct kc_value *ret_value, struct kc_error *err) {
    if (schema)
        return json_payload_read(arena, schema, payload, jc->write.replace_null_with_default, ret_value, err);
    *ret_value = json_tree_shallow(arena, payload, flags);
    return 0;
}

/* Keeps the text before the payload and its schema for the next record. */
static void remember_prefix(struct json_converter *jc, const char *text, size_t len, const struct kc_schema *schema) {
    kc_schema_unref(jc->prefix_schema);
    jc->prefix_schema = NULL;
    buf_clear(&jc->prefix);
    if (len <= MAX_PREFIX && buf_add(&jc->prefix, text, len) == 0)
        jc->prefix_schema = kc_schema_ref(schema);
    else
        buf_clear(&jc->prefix);
}

/* 1 when the text starts like the last envelope and was read, 0 when it must be read in full. */
static int read_behind_prefix(struct json_converter *jc, struct kc_arena *arena, const char *text, size_t len,
                              const struct kc_schema **ret_schema, struct kc_value *ret_value, struct kc_error *err) {
    size_t prefix = jc->prefix.len;
    struct json_scan scan;
    if (prefix == 0 || len <= prefix || memcmp(text, jc->prefix.data, prefix) != 0)
        return 0;
    if (!json_shapes_check(jc->shapes, text + prefix, len - prefix, 1, &scan)) {
        if (json_scan(text + prefix, len - prefix, 1, &scan, NULL) < 0 || !scan.text.s || scan.overlong)
            return 0;
        json_shapes_learn(jc->shapes, 1, &scan);
    }
    const char *behind = json_blanks(scan.text.s + scan.text.len, text + len);
    if (behind == text + len || *behind != '}')
        return 0;
    *ret_schema = jc->prefix_schema;
    return read_payload(jc, arena, jc->prefix_schema, scan.text, scan.flags, ret_value, err) < 0 ? -1 : 1;
}

/* The schema of a schema text, from the cache or new. Borrowed from the cache, or else kept by `arena`. */
static int schema_of_text(struct json_converter *jc, struct kc_arena *arena, struct json_text text,
                          const struct kc_schema **ret_schema, struct kc_error *err) {
    const struct kc_schema *schema = schema_cache_get(jc->parsed, text.s, text.len);
    if (!schema) {
        if (json_schema_read(arena, text, jc->write.replace_null_with_default, &schema, err) < 0)
            return -1;
        if (schema && !schema_cache_put(jc->parsed, text.s, text.len, (void *)(uintptr_t)schema))
            kc_schema_keep(arena, schema);
    }
    *ret_schema = schema;
    return 0;
}

static int read_envelope(struct json_converter *jc, struct kc_arena *arena, const char *data,
                         const struct json_scan *scan, const struct kc_schema **ret_schema, struct kc_value *ret_value,
                         struct kc_error *err) {
    struct json_text schema_text = {NULL, 0}, payload = {NULL, 0}, name, value;
    if (!scan->text.s || scan->text.s[0] != '{')
        return not_an_envelope(err);
    struct json_walk w = json_walk_start(scan->text);
    while (json_walk_member(&w, &name, &value)) {
        if (json_text_is(name, "schema", 6))
            schema_text = value;
        else if (json_text_is(name, "payload", 7))
            payload = value;
        else
            return not_an_envelope(err);
    }
    if (!schema_text.s || !payload.s)
        return not_an_envelope(err);
    const struct kc_schema *schema;
    if (schema_of_text(jc, arena, schema_text, &schema, err) < 0)
        return -1;
    bool payload_last = scan->flags & VALUE_JSON_UNIQUE && payload.s > schema_text.s;
    if (payload_last && scan->text.s == data) /* nothing was re-encoded, no byte order mark, no blanks in front */
        remember_prefix(jc, data, (size_t)(payload.s - data), schema);
    *ret_schema = schema;
    return read_payload(jc, arena, schema, payload, scan->flags, ret_value, err);
}

int json_envelope_read(struct json_converter *jc, struct kc_arena *arena, const void *data, size_t len,
                       const struct kc_schema **ret_schema, struct kc_value *ret_value, struct kc_error *err) {
    struct json_scan scan;
    bool envelope = jc->schemas_enable && !jc->content;
    *ret_schema = NULL;
    if (envelope) {
        int rc = read_behind_prefix(jc, arena, data, len, ret_schema, ret_value, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    if (!json_shapes_check(jc->shapes, data, len, 0, &scan)) {
        if (json_check(arena, data, len, &scan, err) < 0)
            return parse_failed(err);
        if (!envelope)
            json_shapes_learn(jc->shapes, 0, &scan);
    }
    if (envelope)
        return read_envelope(jc, arena, data, &scan, ret_schema, ret_value, err);
    if (jc->schemas_enable) {
        *ret_schema = jc->content;
        return json_payload_read(arena, jc->content, scan.text, jc->write.replace_null_with_default, ret_value, err);
    }
    *ret_value = scan.text.s ? json_tree_shallow(arena, scan.text, scan.flags) : kc_null();
    return 0;
}

/* ---- writing ---- */

/* An envelope up to the payload; holds the schema so that the pointer, which is the key, stays its own. */
struct json_schema_text {
    const struct kc_schema *schema;
    size_t len;
    char text[];
};

static void schema_text_free(void *arg) {
    struct json_schema_text *st = arg;
    kc_schema_unref(st->schema);
    free(st);
}

static int write_schema(struct json_converter *jc, const struct kc_schema *schema, struct kc_error *err) {
    uintptr_t key = (uintptr_t)schema;
    struct json_schema_text *known = schema ? schema_cache_get(jc->written, &key, sizeof(key)) : NULL;
    if (known)
        return buf_add(&jc->out, known->text, known->len);
    if (json_schema_write(&jc->out, schema, &jc->write, err) < 0 && !jc->out.failed)
        return -1;
    if (!schema || jc->out.failed)
        return 0;
    size_t start = sizeof("{\"schema\":") - 1, len = jc->out.len - start;
    known = malloc(sizeof(*known) + len);
    if (!known)
        abort();
    known->schema = kc_schema_ref(schema);
    known->len = len;
    memcpy(known->text, jc->out.data + start, len);
    if (!schema_cache_put(jc->written, &key, sizeof(key), known))
        schema_text_free(known);
    return 0;
}

static int write_document(struct json_converter *jc, const struct kc_schema *schema, const struct kc_value *v,
                          struct kc_error *err) {
    struct json_write_options options = jc->write;
    if (!jc->schemas_enable)
        return json_write_value(&jc->out, schema, v, &options, err);
    options.depth = 1;
    buf_add_text(&jc->out, "{\"schema\":");
    if (write_schema(jc, schema, err) < 0)
        return -1;
    buf_add_text(&jc->out, ",\"payload\":");
    if (json_write_value(&jc->out, schema, v, &options, err) < 0)
        return -1;
    buf_add_char(&jc->out, '}');
    if (jc->out.failed)
        return err_set(err, ERR_LIMIT, WRITE_FAILED "the text exceeds %zu bytes", jc->out.max);
    return 0;
}

int json_envelope_write(struct json_converter *jc, struct kc_arena *arena, const struct kc_schema *schema,
                        const struct kc_value *v, struct kc_value *ret_bytes, struct kc_error *err) {
    if (!schema && v->tag == KC_V_NULL) {
        *ret_bytes = kc_null();
        return 0;
    }
    if (!schema && !jc->schemas_enable && v->tag == KC_V_JSON && v->flags & VALUE_JSON_COMPACT) {
        *ret_bytes = kc_bytes(v->s, v->len);
        return 0;
    }
    buf_clear(&jc->out);
    if (write_document(jc, schema, v, err) < 0)
        return -1;
    *ret_bytes = kc_bytes(kc_arena_copy(arena, buf_text(&jc->out), jc->out.len), jc->out.len);
    return 0;
}

/* ---- instances ---- */

static void unref_schema(void *schema) {
    kc_schema_unref(schema);
}

struct json_converter *json_converter_new(bool schemas_enable, bool decimal_numeric, bool replace_null_with_default,
                                          int cache_size) {
    struct json_converter *jc = calloc(1, sizeof(*jc));
    if (!jc)
        abort();
    jc->schemas_enable = schemas_enable;
    jc->write.decimal_numeric = decimal_numeric;
    jc->write.replace_null_with_default = replace_null_with_default;
    jc->parsed = schema_cache_new(cache_size, unref_schema);
    jc->written = schema_cache_new(cache_size, schema_text_free);
    jc->shapes = json_shapes_new();
    buf_init(&jc->prefix, MAX_PREFIX);
    buf_init(&jc->out, INT32_MAX);
    return jc;
}

void json_converter_free(struct json_converter *jc) {
    if (!jc)
        return;
    kc_schema_unref(jc->content);
    kc_schema_unref(jc->prefix_schema);
    schema_cache_free(jc->parsed);
    schema_cache_free(jc->written);
    json_shapes_free(jc->shapes);
    buf_done(&jc->prefix);
    buf_done(&jc->out);
    free(jc);
}

int json_converter_content(struct json_converter *jc, const char *text, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct json_scan scan;
    if (!text || !*text)
        return 0;
    if (json_check(arena, text, strlen(text), &scan, err) < 0)
        return err_wrap(err, KC_DATA_EXCEPTION,
                        "Failed to parse schema in converter config due to serialization error: ");
    if (!scan.text.s)
        return err_set(err, ERR_BAD_DATA, "Schema must contain 'type' field");
    return json_schema_read(arena, scan.text, jc->write.replace_null_with_default, &jc->content, err);
}
