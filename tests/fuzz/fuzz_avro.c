/* A schema of a registry and a message written by it: whatever the parser takes becomes a Connect schema or an error,
 * and whatever is decoded by it is encoded and decoded again to the same value. The first line is the schema, the rest
 * the message. */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/log.h"
#include "connect/convert/avro_data.h"
#include "tests/support/fuzz.h"

/* Recursive schemas stay for the life of the process, so not too many of them are made. */
enum { MAX_MESSAGE = 1 << 16 };

static void check_value(struct kc_arena *arena, struct avro_options *options, const struct avro_schema *avro,
                        const struct kc_schema *schema, const char *data, size_t len) {
    struct kc_value v, again;
    AUTO_BUF bytes;
    buf_init(&bytes, MAX_MESSAGE * 64);
    if (avro_decode(arena, options, avro, schema, data, len, &v, NULL) < 0 || v.tag == KC_V_NULL)
        return;
    if (avro_encode(&bytes, options, avro, schema, &v, arena, NULL) < 0)
        return;
    if (avro_decode(arena, options, avro, schema, bytes.data, bytes.len, &again, NULL) < 0)
        abort();
}

static void check_text(const struct avro_options *options, const struct kc_schema *schema) {
    AUTO_BUF text;
    buf_init(&text, 1 << 22);
    if (avro_from_connect(&text, options, schema, NULL) < 0)
        return;
    AUTO(avro_doc) doc = NULL;
    (void)!avro_doc_parse(buf_text(&text), text.len, NULL, 0, &doc, NULL);
}

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

static void check(const uint8_t *bytes, size_t len) {
    const char *data = (const char *)bytes;
    const char *line = len ? memchr(data, '\n', len) : NULL;
    size_t schema_len = line ? (size_t)(line - data) : len;
    if (len > MAX_MESSAGE)
        return;
    log_sink(quiet, NULL);
    AUTO(arena) arena = arena_new(0);
    AUTO(avro_doc) doc = NULL;
    const char *text = kc_arena_copy(arena, data, schema_len);
    struct registry_schema known = {.text = text, .len = schema_len};
    struct avro_options options = {.meta_data = true, .flatten_singletons = true, .enhanced = len % 2};
    const struct kc_schema *schema;
    if (avro_doc_parse(text, schema_len, NULL, 0, &doc, NULL) < 0 ||
        avro_to_connect(arena, &options, avro_doc_root(doc), &known, 1, &schema, NULL) < 0)
        return;
    kc_schema_keep(arena, schema);
    if (line)
        check_value(arena, &options, avro_doc_root(doc), schema, line + 1, len - schema_len - 1);
    if (schema)
        check_text(&options, schema);
}

FUZZ_TARGET(check)
