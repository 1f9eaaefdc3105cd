/* .proto text and serialized descriptors from a registry: nothing may crash the readers, and what was read must survive
 * being written and read again. */
#include <string.h>

#include "connect/convert/protobuf_schema.h"
#include "tests/support/fuzz.h"

static void write_and_read(const struct protobuf_schema *schema) {
    AUTO_BUF text;
    buf_init(&text, SIZE_MAX);
    if (protobuf_write(&text, schema->root) < 0)
        abort();
    struct protobuf_schema *again = NULL;
    if (protobuf_schema_new(text.data ? text.data : "", text.len, NULL, NULL, &again, NULL) == 0)
        protobuf_schema_free(again);
}

static void target(const uint8_t *data, size_t len) {
    struct protobuf_schema *parsed = NULL;
    struct kc_error err = {0};
    if (protobuf_schema_new((const char *)data, len, NULL, NULL, &parsed, &err) == 0) {
        AUTO(protobuf_schema) schema = parsed;
        write_and_read(schema);
    }
    struct kc_arena *arena = arena_new(0);
    struct protobuf_file *file = NULL;
    if (protobuf_parse_descriptor(arena, NULL, data, len, &file, &err) == 0 &&
        protobuf_schema_of(arena, file, &parsed, &err) == 0)
        protobuf_schema_free(parsed);
    else if (!file)
        arena_free(arena);
}

FUZZ_TARGET(target)
