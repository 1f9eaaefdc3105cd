/* SchemaSource: records with structs of one schema, or of two versions of it by turns; task n writes to partition n of
 * the topic. The task's thread owns everything.
 * @source org.apache.kafka.connect.tools.SchemaSourceConnector, SchemaSourceTask */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/tools/tools.h"

#define LOG_TASK "org.apache.kafka.connect.tools.SchemaSourceTask"

enum { IDLE_MS = 1000 };

struct schema_source {
    struct kc_source_context *ctx;
    const char *topic;
    int32_t id, partition_count;
    int64_t messages; /* of this run */
    bool multiple;
    const struct kc_schema *schemas[2];
    struct throttle throttle;
    const struct kc_source_partition *partition; /* NULL: the position is not known yet */
    int64_t first, next;                         /* numbers */
};

static const struct kc_connector_ops connector_ops = {.task_configs = tools_numbered_tasks};

/* "abc" is its default. */
static const struct kc_schema *string_with_default(struct kc_error *err) {
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRING);
    struct kc_value def = kc_string("abc");
    if (kc_schema_default(b, &def, err) < 0) {
        kc_schema_builder_free(b);
        return NULL;
    }
    return kc_schema_build(b);
}

static const struct kc_schema *make_schema(int version, const struct kc_schema *string, struct kc_error *err) {
    static const struct {
        const char *name;
        enum kc_type type;
    } fields[] = {{"boolean", KC_BOOLEAN}, {"int", KC_INT32},      {"long", KC_INT64},
                  {"float", KC_FLOAT32},   {"double", KC_FLOAT64}, {"partitioning", KC_INT32},
                  {"string", KC_STRING},   {"id", KC_INT32},       {"seqno", KC_INT64}};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    kc_schema_version(b, version);
    kc_schema_name(b, "record");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        bool is_string = fields[i].type == KC_STRING;
        if (is_string && !string)
            continue;
        if (kc_schema_add_field(b, fields[i].name, is_string ? string : kc_schema_of(fields[i].type, false), err) < 0) {
            kc_schema_builder_free(b);
            return NULL;
        }
    }
    return kc_schema_build(b);
}

static int make_schemas(struct schema_source *s, struct kc_error *err) {
    const struct kc_schema *string = string_with_default(err);
    if (!string)
        return -1;
    s->schemas[0] = make_schema(1, NULL, err);
    s->schemas[1] = make_schema(2, string, err);
    kc_schema_unref(string);
    return s->schemas[0] && s->schemas[1] ? 0 : -1;
}

static int read_options(struct schema_source *s, struct kc_error *err) {
    const struct kc_config *config = s->ctx->config;
    struct kc_error cause = {0};
    s->topic = kc_config_get(config, "topic");
    s->multiple = tools_true(config, "multiple.schema");
    if (tools_int(config, "id", NULL, &s->id, &cause) == 0 &&
        tools_long(config, "num.messages", NULL, &s->messages, &cause) == 0 &&
        tools_int(config, "partition.count", "1", &s->partition_count, &cause) == 0 &&
        tools_long(config, "throughput", NULL, &s->throttle.per_second, &cause) == 0) {
        if (s->partition_count != 0)
            return 0;
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Invalid SchemaSourceTask configuration: partition.count is 0");
    }
    return tools_invalid(err, "Invalid SchemaSourceTask configuration", &cause);
}

static void source_stop(void *self) {
    struct schema_source *s = self;
    kc_schema_unref(s->schemas[0]);
    kc_schema_unref(s->schemas[1]);
    free(s);
}

static int source_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct schema_source *s = calloc(1, sizeof(*s));
    (void)conf;
    if (!s)
        abort();
    s->ctx = ctx;
    if (read_options(s, err) < 0 || make_schemas(s, err) < 0) {
        source_stop(s);
        return -1;
    }
    *ret_self = s;
    return 0;
}

static int find_position(struct schema_source *s, struct kc_arena *arena, struct kc_error *err) {
    if (tools_next_seqno(s->ctx, arena, s->id, &s->first, &s->partition, err) < 0)
        return -1;
    s->next = s->first;
    s->throttle.start_ms = tools_now_ms();
    kc_log(KC_INFO, LOG_TASK, "Started SchemaSourceTask %s-%d producing to topic %s resuming from seqno %" PRId64,
           s->ctx->connector, (int)s->id, s->topic ? s->topic : "null", s->first);
    return 0;
}

static int fill(struct schema_source *s, struct kc_value *st, bool second, struct kc_error *err) {
    const struct {
        const char *name;
        struct kc_value value;
    } fields[] = {{"boolean", kc_bool(true)},      {"int", kc_int(KC_INT32, 12)},
                  {"long", kc_int(KC_INT64, 12)},  {"float", kc_float(12.2F)},
                  {"double", kc_double(12.2)},     {"partitioning", kc_int(KC_INT32, s->next % s->partition_count)},
                  {"id", kc_int(KC_INT32, s->id)}, {"seqno", kc_int(KC_INT64, s->next)},
                  {"string", kc_string("def")}};
    size_t count = sizeof(fields) / sizeof(fields[0]) - (second ? 0 : 1);
    for (size_t i = 0; i < count; i++)
        if (kc_struct_put(st, fields[i].name, fields[i].value, err) < 0)
            return -1;
    return 0;
}

static int add_record(struct schema_source *s, struct kc_batch *batch, struct kc_error *err) {
    bool second = s->multiple && (s->next - s->first) % 2 != 0;
    const struct kc_schema *schema = kc_schema_keep(batch->arena, kc_schema_ref(s->schemas[second]));
    struct kc_value st = kc_struct_new(batch->arena, schema);
    if (fill(s, &st, second, err) < 0)
        return -1;
    struct kc_record *r = kc_batch_add(batch);
    r->topic = s->topic;
    r->partition = s->id;
    r->key_schema = kc_schema_of(KC_STRING, false);
    r->key = kc_string("key");
    r->value_schema = schema;
    r->value = st;
    r->source_partition = s->partition;
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "seqno", kc_int(KC_INT64, s->next));
    printf("{\"task\": %d, \"seqno\": %" PRId64 "}\n", (int)s->id, s->next);
    s->next++;
    return 0;
}

static int source_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct schema_source *s = self;
    int64_t wait_ms = IDLE_MS, sent;
    if (!s->partition && find_position(s, batch->arena, err) < 0)
        return -1;
    sent = s->next - s->first;
    int64_t left = s->messages > sent ? s->messages - sent : 0;
    uint32_t wanted = left < batch->capacity ? (uint32_t)left : batch->capacity;
    uint32_t count = wanted ? throttle_allows(&s->throttle, sent, tools_now_ms(), wanted, &wait_ms) : 0;
    if (!count)
        s->ctx->wait(s->ctx, wait_ms);
    int rc = 0;
    for (uint32_t i = 0; i < count && rc == 0; i++)
        rc = add_record(s, batch, err);
    fflush(stdout);
    return rc;
}

static const struct kc_source_task_ops task_ops = {.start = source_start, .poll = source_poll, .stop = source_stop};

const struct kc_plugin schema_source_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SOURCE,
    .class_name = "org.apache.kafka.connect.tools.SchemaSourceConnector",
    .task_class = "org.apache.kafka.connect.tools.SchemaSourceTask",
    .connector = &connector_ops,
    .source_task = &task_ops,
};
