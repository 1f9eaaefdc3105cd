/* Lines to records and back; see transform_bench_record.h. */
#include "connect/transform_bench_record.h"

#include <inttypes.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/converters.h"
#include "connect/data/schema.h"
#include "connect/data/value.h"
#include "connect/data/values_text.h"
#include "connect/task/tolerance.h"

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static int bad(struct kc_error *err, const char *what) {
    return err_set(err, ERR_BAD_REQUEST, "%s", what);
}

/* {"schema":…,"payload":…} and nothing else */
static bool is_envelope(struct kc_arena *arena, const struct kc_value *v) {
    if (v->tag != KC_V_JSON || value_json_is_array(v))
        return false;
    struct kc_value opened = kc_json_open(arena, *v);
    return opened.len == 2 && kc_map_get(&opened, "schema") && kc_map_get(&opened, "payload");
}

/* The bytes that a converter would find in Kafka. */
static struct kc_value as_bytes(struct kc_arena *arena, const struct kc_plugin *plugin, const struct kc_value *v) {
    size_t len;
    if (v->tag == KC_V_NULL)
        return *v;
    if (v->tag == KC_V_STRING && plugin != &json_converter_plugin)
        return kc_bytes(v->s, v->len);
    const char *text = kc_value_to_json(arena, v, &len);
    return kc_bytes(text, len);
}

static int convert(const struct bench_format *format, struct kc_arena *arena, struct kc_record *r, bool is_key,
                   struct kc_error *err) {
    const struct converter *c = is_key ? &format->converters->key : &format->converters->value;
    struct kc_value *v = is_key ? &r->key : &r->value;
    struct kc_batch batch = {.arena = arena, .records = r, .count = 1, .capacity = 1};
    *v = as_bytes(arena, c->plugin, v);
    return c->plugin->converter->to_connect(c->self, &batch, 0, is_key, err) == 1 ? 0 : -1;
}

static int read_side(const struct bench_format *format, struct kc_arena *arena, const struct kc_value *json,
                     struct kc_record *r, bool is_key, struct kc_error *err) {
    struct kc_value *v = is_key ? &r->key : &r->value;
    const struct kc_schema **schema = is_key ? &r->key_schema : &r->value_schema, *read = NULL;
    *v = json ? *json : kc_null();
    if (!format->source && (is_key ? format->key_converted : format->value_converted))
        return convert(format, arena, r, is_key, err);
    if (!is_envelope(arena, v))
        return 0;
    if (json_envelope_read(format->envelope, arena, v->s, v->len, &read, v, err) < 0)
        return -1;
    *schema = kc_schema_keep(arena, kc_schema_ref(read));
    return 0;
}

/* Values of headers are guessed from their text, as they are when they come from Kafka. */
static int read_header(const struct bench_format *format, struct kc_arena *arena, const struct kc_value *json,
                       struct kc_record *r, struct kc_error *err) {
    const struct converter *c = &format->converters->header;
    struct kc_value map = kc_json_open(arena, *json);
    const struct kc_value *key = kc_map_get(&map, "key"), *value = kc_map_get(&map, "value");
    struct kc_header header = {0};
    if (!key || key->tag != KC_V_STRING)
        return bad(err, "a header must be {\"key\":TEXT,\"value\":…}");
    struct kc_value bytes = value ? as_bytes(arena, c->plugin, value) : kc_null();
    header.key = kc_arena_copy(arena, key->s, key->len);
    if (c->plugin->header_converter->to_connect(c->self, arena, r->topic ? r->topic : "",
                                                bytes.tag == KC_V_NULL ? NULL : bytes.bytes, bytes.len, &header,
                                                err) < 0)
        return -1;
    kc_record_add_header(arena, r, header.key, header.schema, header.value);
    return 0;
}

static int read_headers(const struct bench_format *format, struct kc_arena *arena, const struct kc_value *json,
                        struct kc_record *r, struct kc_error *err) {
    if (!json || json->tag == KC_V_NULL)
        return 0;
    struct kc_value array = kc_json_open(arena, *json);
    if (array.tag != KC_V_ARRAY)
        return bad(err, "headers must be an array");
    for (uint32_t i = 0; i < array.len; i++)
        if (read_header(format, arena, &array.items[i], r, err) < 0)
            return -1;
    return 0;
}

/* A whole number of at most `max`; `missing` where the member is null or not there. */
static int read_number(const struct kc_value *map, const char *name, int64_t max, int64_t missing, int64_t *ret_value,
                       struct kc_error *err) {
    const struct kc_value *v = kc_map_get(map, name);
    *ret_value = missing;
    if (!v || v->tag == KC_V_NULL)
        return 0;
    if (v->tag != KC_V_INT64 || v->i < 0 || v->i > max)
        return err_set(err, ERR_BAD_REQUEST, "%s must be a whole number", name);
    *ret_value = v->i;
    return 0;
}

static int read_place(const struct bench_format *format, struct kc_arena *arena, const struct kc_value *map,
                      struct kc_record *r, struct bench_place *ret_place, struct kc_error *err) {
    const struct kc_value *topic = kc_map_get(map, "topic");
    int64_t partition, offset, timestamp;
    if (topic && topic->tag != KC_V_STRING && topic->tag != KC_V_NULL)
        return bad(err, "topic must be a text");
    if (read_number(map, "partition", INT32_MAX, format->source ? -1 : 0, &partition, err) < 0 ||
        read_number(map, "offset", INT64_MAX, 0, &offset, err) < 0 ||
        read_number(map, "timestamp", INT64_MAX, KC_NO_TIMESTAMP, &timestamp, err) < 0)
        return -1;
    r->topic = topic && topic->tag == KC_V_STRING ? kc_arena_copy(arena, topic->s, topic->len) : NULL;
    *ret_place = (struct bench_place){.topic = r->topic,
                                      .partition = kc_map_get(map, "partition") ? partition : -1,
                                      .offset = kc_map_get(map, "offset") ? offset : -1};
    r->partition = (int32_t)partition;
    r->timestamp = timestamp;
    if (format->source)
        return 0;
    if (!r->topic)
        r->topic = "topic";
    r->original_topic = r->topic;
    r->original_partition = r->partition;
    r->offset = offset;
    return 0;
}

int bench_record_read(const struct bench_format *format, struct kc_arena *arena, const char *line, size_t len,
                      struct kc_record *ret_record, struct bench_place *ret_place, struct kc_error *err) {
    struct kc_record r = {0};
    struct kc_value v;
    *ret_place = (struct bench_place){.partition = -1, .offset = -1};
    if (kc_value_from_json(arena, line, len, &v, err) < 0)
        return -1;
    struct kc_value map = kc_json_open(arena, v);
    if (map.tag != KC_V_MAP)
        return bad(err, "a record must be a JSON object");
    if (read_place(format, arena, &map, &r, ret_place, err) < 0)
        return -1;
    ret_place->stage = error_stage_name(STAGE_KEY_CONVERTER);
    if (read_side(format, arena, kc_map_get(&map, "key"), &r, true, err) < 0)
        return -1;
    ret_place->stage = error_stage_name(STAGE_VALUE_CONVERTER);
    if (read_side(format, arena, kc_map_get(&map, "value"), &r, false, err) < 0)
        return -1;
    ret_place->stage = error_stage_name(STAGE_HEADER_CONVERTER);
    if (read_headers(format, arena, kc_map_get(&map, "headers"), &r, err) < 0)
        return -1;
    ret_place->stage = NULL;
    *ret_record = r;
    return 0;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static void add_value(struct kc_arena *arena, struct buf *out, const struct kc_value *v) {
    size_t len;
    const char *text = kc_value_to_json(arena, v, &len);
    (void)buf_add(out, text, len);
}

static int add_side(const struct bench_format *format, struct kc_arena *arena, const char *name,
                    const struct kc_schema *schema, const struct kc_value *v, struct buf *out, struct kc_error *err) {
    struct kc_value bytes;
    (void)buf_printf(out, ",\"%s\":", name);
    if (!schema) {
        add_value(arena, out, v);
        return 0;
    }
    if (json_envelope_write(format->envelope, arena, schema, v, &bytes, err) < 0)
        return err_prefix(err, "the %s cannot be written", name);
    return bytes.tag == KC_V_NULL ? buf_add_text(out, "null") : buf_add(out, bytes.bytes, bytes.len);
}

static void add_number(struct buf *out, const char *name, int64_t value, bool present) {
    if (present)
        (void)buf_printf(out, ",\"%s\":%" PRId64, name, value);
    else
        (void)buf_printf(out, ",\"%s\":null", name);
}

static void add_headers(struct kc_arena *arena, const struct kc_record *r, struct buf *out) {
    (void)buf_add_text(out, ",\"headers\":[");
    for (uint32_t i = 0; i < r->header_count; i++) {
        const struct kc_header *h = &r->headers[i];
        (void)buf_add_text(out, i ? ",{\"key\":" : "{\"key\":");
        (void)buf_add_json(out, h->key, strlen(h->key));
        (void)buf_add_text(out, ",\"value\":");
        struct kc_value text; /* as SimpleHeaderConverter writes it */
        add_value(arena, out, values_to_string(arena, &h->value, &text, NULL) == 0 ? &text : &h->value);
        if (h->schema) {
            const char *type = h->schema->name ? h->schema->name : schema_type_lower(h->schema->type);
            (void)buf_add_text(out, ",\"type\":");
            (void)buf_add_json(out, type, strlen(type));
        }
        (void)buf_add_char(out, '}');
    }
    (void)buf_add_char(out, ']');
}

int bench_record_write(const struct bench_format *format, struct kc_arena *arena, const struct kc_record *r,
                       struct buf *out, struct kc_error *err) {
    (void)buf_add_text(out, "{\"topic\":");
    if (r->topic)
        (void)buf_add_json(out, r->topic, strlen(r->topic));
    else
        (void)buf_add_text(out, "null");
    add_number(out, "partition", r->partition, r->partition >= 0);
    add_number(out, "timestamp", r->timestamp, r->timestamp != KC_NO_TIMESTAMP);
    if (add_side(format, arena, "key", r->key_schema, &r->key, out, err) < 0 ||
        add_side(format, arena, "value", r->value_schema, &r->value, out, err) < 0)
        return -1;
    add_headers(arena, r, out);
    (void)buf_add_char(out, '}');
    return out->failed ? err_set(err, ERR_LIMIT, "the record is too large to be shown") : 0;
}
