/* Reads and checks the offsets of a REST body; see offsets_body.h. */
#include "connect/offsets_body.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/json.h"

#define CONNECTOR_OFFSETS "org.apache.kafka.connect.runtime.rest.entities.ConnectorOffsets"
#define CONNECTOR_OFFSET  "org.apache.kafka.connect.runtime.rest.entities.ConnectorOffset"

static int bad_shape(struct kc_error *err, const cJSON *json, const char *type, const char *wanted) {
    if (cJSON_IsArray(json) || cJSON_IsObject(json))
        return err_set(err, ERR_INTERNAL, "Cannot deserialize value of type `%s` from %s value", wanted,
                       cJSON_IsArray(json) ? "Array" : "Object");
    return err_set(err, ERR_INTERNAL, "Cannot construct instance of `%s`: no creator to deserialize from this value",
                   type);
}

static int only_fields(const cJSON *object, const char *class_name, const char *a, const char *b,
                       struct kc_error *err) {
    for (const cJSON *c = object->child; c; c = c->next) {
        if (strcmp(c->string, a) != 0 && (!b || strcmp(c->string, b) != 0))
            return err_set(err, ERR_INTERNAL, "Unrecognized field \"%.200s\" (class %s), not marked as ignorable",
                           c->string, class_name);
    }
    return 0;
}

/* {…} as a MAP, absent or null as the null value. */
static int read_map(struct kc_arena *arena, const cJSON *json, struct kc_value *ret_value, struct kc_error *err) {
    *ret_value = kc_null();
    if (!json || cJSON_IsNull(json))
        return 0;
    if (!cJSON_IsObject(json))
        return bad_shape(err, json, "java.util.LinkedHashMap",
                         "java.util.LinkedHashMap<java.lang.String,java.lang.Object>");
    AUTO_BUF text;
    buf_init(&text, 16 << 20);
    json_write(&text, json, false);
    char *kept = kc_arena_copy(arena, buf_text(&text), text.len);
    struct kc_value value;
    if (kc_value_from_json(arena, kept, text.len, &value, err) < 0)
        return -1;
    *ret_value = kc_json_expand(arena, value);
    return 0;
}

static int read_entry(struct kc_arena *arena, const cJSON *json, struct offsets_body *body, struct kc_error *err) {
    if (cJSON_IsNull(json))
        return err_set(err, ERR_INTERNAL, "Cannot invoke \"ConnectorOffset.partition()\" because an offset is null");
    if (!cJSON_IsObject(json))
        return bad_shape(err, json, CONNECTOR_OFFSET, CONNECTOR_OFFSET);
    if (only_fields(json, CONNECTOR_OFFSET, "partition", "offset", err) < 0)
        return -1;
    size_t i = body->count++;
    if (read_map(arena, cJSON_GetObjectItemCaseSensitive(json, "partition"), &body->partitions[i], err) < 0)
        return -1;
    return read_map(arena, cJSON_GetObjectItemCaseSensitive(json, "offset"), &body->offsets[i], err);
}

int offsets_body_parse(struct kc_arena *arena, const char *text, size_t len, struct offsets_body *ret_body,
                       struct kc_error *err) {
    if (text && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* byte order mark, which Jackson skips */
        text += 3;
        len -= 3;
    }
    size_t blanks = text ? strspn(text, " \t\r\n") : 0;
    bool nothing = !text || blanks >= len;
    AUTO(json) root = nothing ? cJSON_CreateNull() : json_parse(text, len, err);
    if (!root) {
        err->code = ERR_INTERNAL; /* Java has 500 for what it cannot parse */
        return -1;
    }
    if (cJSON_IsNull(root))
        return err_set(err, ERR_INTERNAL,
                       "Cannot invoke \"" CONNECTOR_OFFSETS ".offsets()\" because \"offsets\" is null");
    if (!cJSON_IsObject(root))
        return bad_shape(err, root, CONNECTOR_OFFSETS, CONNECTOR_OFFSETS);
    if (only_fields(root, CONNECTOR_OFFSETS, "offsets", NULL, err) < 0)
        return -1;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "offsets");
    if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list))
        return bad_shape(err, list, "java.util.ArrayList", "java.util.ArrayList<" CONNECTOR_OFFSET ">");
    size_t count = list ? (size_t)cJSON_GetArraySize(list) : 0;
    if (count == 0)
        return err_set(err, ERR_BAD_REQUEST, "Partitions / offsets need to be provided for an alter offsets request");
    struct offsets_body body = {.partitions = kc_arena_zalloc(arena, count * sizeof(struct kc_value)),
                                .offsets = kc_arena_zalloc(arena, count * sizeof(struct kc_value))};
    for (const cJSON *c = list->child; c; c = c->next) {
        if (read_entry(arena, c, &body, err) < 0)
            return -1;
    }
    *ret_body = body;
    return 0;
}

/* A number of a MAP value: an integer, or a text that is one. `ret_text`: as Java prints the value. */
static bool read_number(struct kc_arena *arena, const struct kc_value *v, int64_t *ret_number, const char **ret_text) {
    size_t len;
    if (v->tag == KC_V_NULL) {
        *ret_text = "null";
        return false;
    }
    *ret_text = v->tag == KC_V_STRING ? kc_arena_copy(arena, v->s, v->len) : kc_value_to_json(arena, v, &len);
    if (v->tag >= KC_V_INT8 && v->tag <= KC_V_INT64) {
        *ret_number = v->i;
        return true;
    }
    char *end;
    errno = 0;
    bool digit = v->tag == KC_V_STRING &&
                 (isdigit((unsigned char)(*ret_text)[0]) || (*ret_text)[0] == '-' || (*ret_text)[0] == '+');
    *ret_number = digit ? strtoll(*ret_text, &end, 10) : 0;
    return digit && errno == 0 && end != *ret_text && *end == 0;
}

static int read_sink_partition(struct kc_arena *arena, const struct kc_value *map, struct kc_topic_offset *ret,
                               struct kc_error *err) {
    if (map->tag == KC_V_NULL)
        return err_set(err, ERR_BAD_REQUEST, "The partition for a sink connector offset cannot be null or missing");
    const struct kc_value *topic = kc_map_get(map, "kafka_topic"), *partition = kc_map_get(map, "kafka_partition");
    if (!topic || !partition)
        return err_set(
            err, ERR_BAD_REQUEST,
            "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'");
    if (topic->tag == KC_V_NULL)
        return err_set(err, ERR_BAD_REQUEST, "Kafka topic names must be valid strings and may not be null");
    if (partition->tag == KC_V_NULL)
        return err_set(err, ERR_BAD_REQUEST, "Kafka partitions must be valid numbers and may not be null");
    const char *text;
    int64_t number;
    if (!read_number(arena, partition, &number, &text) || number < INT32_MIN || number > INT32_MAX)
        return err_set(
            err, ERR_BAD_REQUEST,
            "Failed to parse the following Kafka partition value in the provided offsets: '%.500s'. Partition "
            "values for sink connectors need to be integers.",
            text);
    size_t len;
    ret->topic =
        topic->tag == KC_V_STRING ? kc_arena_copy(arena, topic->s, topic->len) : kc_value_to_json(arena, topic, &len);
    ret->partition = (int32_t)number;
    return 0;
}

/* Negative offsets are refused when they are written, as in Java; -1 here means "delete". */
static int read_sink_offset(struct kc_arena *arena, const struct kc_value *map, struct kc_topic_offset *ret,
                            struct kc_error *err) {
    ret->offset = -1;
    if (map->tag == KC_V_NULL)
        return 0;
    const struct kc_value *offset = kc_map_get(map, "kafka_offset");
    if (!offset)
        return err_set(err, ERR_BAD_REQUEST,
                       "The offset for a sink connector should either be null or contain the key 'kafka_offset'");
    const char *text;
    if (!read_number(arena, offset, &ret->offset, &text))
        return err_set(
            err, ERR_BAD_REQUEST,
            "Failed to parse the following Kafka offset value in the provided offsets: '%.500s'. Offset values for "
            "sink connectors need to be integers.",
            text);
    if (ret->offset < 0)
        return err_set(err, ERR_INTERNAL, "Invalid negative offset");
    return 0;
}

static bool same_partition(const struct kc_topic_offset *a, const struct kc_topic_offset *b) {
    assert(a->topic && b->topic);
    return a->partition == b->partition && strcmp(a->topic, b->topic) == 0;
}

int offsets_body_sink(struct kc_arena *arena, const struct offsets_body *body, struct kc_topic_offset **ret_offsets,
                      size_t *ret_count, struct kc_error *err) {
    struct kc_topic_offset *all = kc_arena_zalloc(arena, (body->count + 1) * sizeof(*all));
    size_t count = 0;
    for (size_t i = 0; i < body->count; i++) {
        struct kc_topic_offset one = {0};
        size_t at = 0;
        if (read_sink_partition(arena, &body->partitions[i], &one, err) < 0 ||
            read_sink_offset(arena, &body->offsets[i], &one, err) < 0)
            return -1;
        while (at < count && !same_partition(&all[at], &one))
            at++;
        all[at] = one;
        count += at == count;
    }
    *ret_offsets = all;
    *ret_count = count;
    return 0;
}

int offsets_body_check_primitive(const struct kc_value *map, struct kc_error *err) {
    for (uint32_t i = 0; map->tag == KC_V_MAP && i < map->len; i++) {
        const struct kc_value *key = &map->entries[i].key, *v = &map->entries[i].value;
        bool json = v->tag == KC_V_JSON;
        if (json || v->tag == KC_V_MAP || v->tag == KC_V_ARRAY || v->tag == KC_V_STRUCT)
            return err_set(err, ERR_BAD_DATA,
                           "Offsets may only contain primitive types as values, but field %.*s contains %s",
                           (int)key->len, key->s, v->tag == KC_V_ARRAY || (json && v->s[0] == '[') ? "ARRAY" : "MAP");
    }
    return 0;
}

void offsets_body_add_sink(struct buf *out, bool first, const char *topic, int32_t partition, int64_t offset) {
    buf_printf(out, "%s{\"partition\":{\"kafka_partition\":%d,\"kafka_topic\":", first ? "" : ",", partition);
    json_write_text(out, topic, strlen(topic), true);
    buf_printf(out, "},\"offset\":{\"kafka_offset\":%lld}}", (long long)offset);
}
