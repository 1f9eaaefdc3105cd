/* A JSON Schema of a registry and a payload: whatever the document is, it becomes a Connect schema or an error; what is
 * read by it and can be written is JSON that can be read again. The first line is the document, the rest the payload.
 */
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/log.h"
#include "connect/convert/json_schema_data.h"
#include "connect/data/json_scan.h"
#include "tests/support/fuzz.h"

/* Recursive schemas stay for the life of the process, so not too many of them are made. */
enum { MAX_INPUT = 1 << 16 };

static int read_value(struct kc_arena *arena, const struct json_schema_options *options, const struct kc_schema *schema,
                      const char *data, size_t len, struct kc_value *ret_value, struct kc_error *err) {
    struct json_scan scan;
    if (json_check(arena, kc_arena_copy(arena, data, len), len, &scan, err) < 0)
        return -1;
    return json_schema_read_value(arena, options, schema, scan.text, ret_value, err);
}

/* Nulls are the exception: what is missing is one even where a value is required, and written as one, as in Java. */
static void check_value(struct kc_arena *arena, const struct json_schema_options *options,
                        const struct kc_schema *schema, const char *data, size_t len) {
    struct kc_value v, again;
    struct kc_error err = {0};
    AUTO_BUF text;
    buf_init(&text, MAX_INPUT * 64);
    if (read_value(arena, options, schema, data, len, &v, &err) < 0 ||
        json_schema_write_value(&text, options, schema, &v, &err) < 0)
        return;
    if (read_value(arena, options, schema, buf_text(&text), text.len, &again, &err) < 0 &&
        strncmp(err.text, "Invalid null value", 18) != 0)
        abort();
}

static void check_document(struct kc_arena *arena, const struct json_schema_options *options,
                           const struct kc_schema *schema) {
    AUTO_BUF text;
    buf_init(&text, 1 << 22);
    if (json_schema_from_connect(&text, options, schema, NULL) < 0)
        return;
    struct registry_schema document = {.text = buf_text(&text), .len = text.len};
    const struct kc_schema *again;
    if (json_schema_to_connect(arena, options, &document, -1, &again, NULL) == 0)
        kc_schema_unref(again);
}

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

static void check(const uint8_t *bytes, size_t len) {
    const char *data = (const char *)bytes;
    const char *line = len ? memchr(data, '\n', len) : NULL;
    size_t document_len = line ? (size_t)(line - data) : len;
    if (len > MAX_INPUT)
        return;
    log_sink(quiet, NULL);
    AUTO(arena) arena = arena_new(0);
    struct registry_schema document = {.text = kc_arena_copy(arena, data, document_len), .len = document_len};
    struct json_schema_options options = {.additional_properties = true,
                                          .flatten_singletons = true,
                                          .optional_for_nonrequired = len % 2,
                                          .decimal_numeric = len % 3 == 0};
    AUTO(schema) schema = NULL;
    if (json_schema_to_connect(arena, &options, &document, 1, &schema, NULL) < 0)
        return;
    if (line)
        check_value(arena, &options, schema, line + 1, len - document_len - 1);
    check_document(arena, &options, schema);
}

FUZZ_TARGET(check)
