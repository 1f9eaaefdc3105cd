/* VerifiableSource: numbered records, each told on the standard output when it is made and when Kafka has it.
 * Goes on behind the last committed number. The task's thread owns everything.
 * @source org.apache.kafka.connect.tools.VerifiableSourceConnector, VerifiableSourceTask */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "connectors/tools/tools.h"

#define LOG_TASK "org.apache.kafka.connect.tools.VerifiableSourceTask"

struct verifiable_source {
    struct kc_source_context *ctx;
    const char *name, *topic;
    char *name_json, *topic_json;
    int32_t id;
    bool complete; /* values are structs with everything that is printed, not just the number */
    const struct kc_schema *value_schema;
    struct throttle throttle;
    const struct kc_source_partition *partition; /* NULL: the position is not known yet */
    int64_t first, next;                         /* numbers */
};

static const struct kc_connector_ops connector_ops = {.task_configs = tools_numbered_tasks};

static const struct kc_schema *complete_schema(struct kc_error *err) {
    static const struct {
        const char *name;
        enum kc_type type;
    } fields[] = {
        {"name", KC_STRING}, {"task", KC_INT32}, {"topic", KC_STRING}, {"time_ms", KC_INT64}, {"seqno", KC_INT64}};
    struct kc_schema_builder *b = kc_schema_builder_new(KC_STRUCT);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (kc_schema_add_field(b, fields[i].name, kc_schema_of(fields[i].type, false), err) < 0) {
            kc_schema_builder_free(b);
            return NULL;
        }
    }
    return kc_schema_build(b);
}

static void source_stop(void *self) {
    struct verifiable_source *s = self;
    kc_schema_unref(s->value_schema);
    free(s->name_json);
    free(s->topic_json);
    free(s);
}

static int read_options(struct verifiable_source *s, struct kc_error *err) {
    struct kc_error cause = {0};
    if (tools_int(s->ctx->config, "id", NULL, &s->id, &cause) == 0 &&
        tools_long(s->ctx->config, "throughput", NULL, &s->throttle.per_second, &cause) == 0)
        return 0;
    return tools_invalid(err, "Invalid VerifiableSourceTask configuration", &cause);
}

static int source_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct verifiable_source *s = calloc(1, sizeof(*s));
    (void)conf;
    if (!s)
        abort();
    s->ctx = ctx;
    s->name = kc_config_get(ctx->config, "name");
    s->topic = kc_config_get(ctx->config, "topic");
    s->name_json = tools_json_text(s->name);
    s->topic_json = tools_json_text(s->topic);
    s->complete = tools_true(ctx->config, "complete.record.data");
    s->value_schema = s->complete ? complete_schema(err) : kc_schema_ref(kc_schema_of(KC_INT64, false));
    if (!s->value_schema || read_options(s, err) < 0) {
        source_stop(s);
        return -1;
    }
    *ret_self = s;
    return 0;
}

static int find_position(struct verifiable_source *s, struct kc_arena *arena, struct kc_error *err) {
    if (tools_next_seqno(s->ctx, arena, s->id, &s->first, &s->partition, err) < 0)
        return -1;
    s->next = s->first;
    s->throttle.start_ms = tools_now_ms();
    kc_log(KC_INFO, LOG_TASK, "Started VerifiableSourceTask %s-%d producing to topic %s resuming from seqno %" PRId64,
           s->name, (int)s->id, s->topic ? s->topic : "null", s->first);
    return 0;
}

static int complete_value(struct verifiable_source *s, struct kc_arena *arena, int64_t now, struct kc_value *ret_value,
                          struct kc_error *err) {
    struct kc_value st = kc_struct_new(arena, s->value_schema);
    if (kc_struct_put(&st, "name", kc_string(s->name), err) < 0 ||
        kc_struct_put(&st, "task", kc_int(KC_INT32, s->id), err) < 0 ||
        kc_struct_put(&st, "topic", kc_string(s->topic), err) < 0 ||
        kc_struct_put(&st, "time_ms", kc_int(KC_INT64, now), err) < 0 ||
        kc_struct_put(&st, "seqno", kc_int(KC_INT64, s->next), err) < 0)
        return -1;
    *ret_value = st;
    return 0;
}

static int add_record(struct verifiable_source *s, struct kc_batch *batch, int64_t now, struct kc_error *err) {
    struct kc_value value = kc_int(KC_INT64, s->next);
    if (s->complete && complete_value(s, batch->arena, now, &value, err) < 0)
        return -1;
    struct kc_record *r = kc_batch_add(batch);
    r->topic = s->topic;
    r->key_schema = kc_schema_of(KC_INT32, false);
    r->key = kc_int(KC_INT32, s->id);
    r->value_schema = kc_schema_keep(batch->arena, kc_schema_ref(s->value_schema));
    r->value = value;
    r->source_partition = s->partition;
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "seqno", kc_int(KC_INT64, s->next));
    printf("{\"task\":%d,\"seqno\":%" PRId64 ",\"time_ms\":%" PRId64 ",\"name\":%s,\"topic\":%s}\n", (int)s->id,
           s->next, now, s->name_json, s->topic_json);
    s->next++;
    return 0;
}

static int source_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct verifiable_source *s = self;
    int64_t wait_ms = 0, now = tools_now_ms();
    if (!s->partition && find_position(s, batch->arena, err) < 0)
        return -1;
    uint32_t count = throttle_allows(&s->throttle, s->next - s->first, now, batch->capacity, &wait_ms);
    if (!count)
        s->ctx->wait(s->ctx, wait_ms);
    int rc = 0;
    for (uint32_t i = 0; i < count && rc == 0; i++)
        rc = add_record(s, batch, now, err);
    fflush(stdout);
    return rc;
}

static void source_commit_record(void *self, const struct kc_record *record) {
    struct verifiable_source *s = self;
    const struct kc_value *seqno = kc_map_get(&record->source_offset, "seqno");
    printf("{\"committed\":true,\"task\":%d,\"seqno\":%" PRId64 ",\"time_ms\":%" PRId64 ",\"name\":%s,\"topic\":%s}\n",
           (int)s->id, seqno->i, tools_now_ms(), s->name_json, s->topic_json);
    fflush(stdout);
}

static const struct kc_source_task_ops task_ops = {
    .start = source_start, .poll = source_poll, .commit_record = source_commit_record, .stop = source_stop};

const struct kc_plugin verifiable_source_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SOURCE,
    .class_name = "org.apache.kafka.connect.tools.VerifiableSourceConnector",
    .task_class = "org.apache.kafka.connect.tools.VerifiableSourceTask",
    .connector = &connector_ops,
    .source_task = &task_ops,
};
