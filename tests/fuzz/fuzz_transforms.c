/* Every transform on any record: the input is a JSON document, read as schemaless value and, when it can be, as an
 * envelope with a schema. What comes out is written as JsonConverter would. */
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/convert/json.h"
#include "connect/data/json_write.h"
#include "connect/transform/builtin.h"
#include "tests/support/fuzz.h"

static const struct {
    const struct kc_plugin *plugin;
    const char *pairs[9];
} uses[] = {
    {&transform_cast_value, {"spec", "a:int8,b:string,c:float32,d:boolean"}},
    {&transform_cast_value, {"spec", "string"}},
    {&transform_cast_value, {"spec", "int16"}},
    {&transform_extract_field_value, {"field", "a.b", "field.syntax.version", "V2"}},
    {&transform_flatten_value, {"delimiter", "."}},
    {&transform_header_from_value, {"fields", "a,b", "headers", "x,y", "operation", "move"}},
    {&transform_hoist_field_value, {"field", "a"}},
    {&transform_insert_field_value, {"topic.field", "a", "offset.field", "o!", "timestamp.field", "t"}},
    {&transform_mask_field_value, {"fields", "a,b,c"}},
    {&transform_mask_field_value, {"fields", "a,b,c", "replacement", "1.5"}},
    {&transform_replace_field_value, {"exclude", "d", "renames", "a:b,b:c,c:a"}},
    {&transform_set_schema_metadata_value, {"schema.name", "n", "schema.version", "2"}},
    {&transform_timestamp_converter_value,
     {"field", "a", "target.type", "string", "format", "yyyy-MM-dd'T'HH:mm:ssX", "unix.precision", "seconds"}},
    {&transform_timestamp_converter_value, {"target.type", "Date", "format", "dd MMM yy z"}},
    {&transform_value_to_key, {"fields", "a,b"}},
    {&transform_timestamp_router, {"timestamp.format", "yyyy"}},
};

/* Twice, as after a failure that may pass. */
static void transform(size_t use, struct kc_arena *arena, const struct kc_schema *schema, struct kc_value v) {
    const struct kc_plugin *plugin = uses[use].plugin;
    struct kc_error err = {0};
    struct kc_record r = {.topic = "t", .original_topic = "t", .value_schema = schema, .value = v};
    struct kc_batch batch = {.arena = arena, .records = &r, .count = 1, .capacity = 1};
    AUTO(props) config = kc_config_new();
    for (const char *const *pair = uses[use].pairs; *pair; pair += 2)
        kc_config_set(config, pair[0], pair[1]);
    void *conf = kc_arena_zalloc(arena, plugin->conf_size), *self;
    if (config_parse(plugin->options, config, arena, conf, plugin->conf_size, &err) < 0 ||
        plugin->transformation->configure(config, conf, &self, &err) < 0)
        abort();
    if (plugin->transformation->apply(self, &batch, 0, &err) == 0)
        (void)plugin->transformation->apply(self, &batch, 0, &err);
    AUTO_BUF out;
    buf_init(&out, 1 << 20);
    const struct json_write_options options = {.any_value = true};
    if (json_write_value(&out, r.value_schema, &r.value, &options, &err) == 0 &&
        json_write_value(&out, r.key_schema, &r.key, &options, &err) == 0)
        buf_clear(&out);
    arena_reset(arena); /* what the record holds must not be needed when the transform ends, nor the other way round */
    if (plugin->transformation->close)
        plugin->transformation->close(self);
}

static void fuzz_transforms(const uint8_t *data, size_t len) {
    AUTO(arena) arena = arena_new(0);
    struct json_converter *envelopes = json_converter_new(true, false, true, 16);
    for (size_t use = 0; use < COUNT_OF(uses); use++) {
        struct kc_error err = {0};
        const struct kc_schema *schema = NULL;
        struct kc_value v;
        if (kc_value_from_json(arena, (const char *)data, len, &v, &err) == 0)
            transform(use, arena, NULL, v);
        if (json_envelope_read(envelopes, arena, data, len, &schema, &v, &err) == 0)
            transform(use, arena, kc_schema_keep(arena, kc_schema_ref(schema)), v);
        arena_reset(arena);
    }
    json_converter_free(envelopes);
}

FUZZ_TARGET(fuzz_transforms)
