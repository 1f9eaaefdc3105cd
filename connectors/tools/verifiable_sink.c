/* VerifiableSink: every record is told on the standard output when it arrives, and again when its offset is about to be
 * committed. The task's thread owns everything.
 * @source org.apache.kafka.connect.tools.VerifiableSinkConnector, VerifiableSinkTask */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/tools/tools.h"

/* What was told of a record: the parts of its line before and behind the time. */
struct told {
    char *head, *tail;
};

/* The records of one partition that are not flushed. */
struct unflushed {
    char *topic;
    int32_t partition;
    struct told *told;
    size_t count, room;
};

struct verifiable_sink {
    char *name_json;
    int32_t id;
    struct unflushed *partitions;
    size_t count;
};

static const struct kc_connector_ops connector_ops = {.task_configs = tools_numbered_tasks};

static int sink_start(struct kc_sink_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct kc_error cause = {0};
    int32_t id;
    (void)conf;
    if (tools_int(ctx->config, "id", NULL, &id, &cause) < 0) /* Java says Source, too */
        return tools_invalid(err, "Invalid VerifiableSourceTask configuration", &cause);
    struct verifiable_sink *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    s->id = id;
    s->name_json = tools_json_text(kc_config_get(ctx->config, "name"));
    *ret_self = s;
    return 0;
}

static struct unflushed *find(struct verifiable_sink *s, const char *topic, int32_t partition) {
    for (size_t i = 0; i < s->count; i++)
        if (s->partitions[i].partition == partition && strcmp(s->partitions[i].topic, topic) == 0)
            return &s->partitions[i];
    return NULL;
}

static struct unflushed *find_or_add(struct verifiable_sink *s, const char *topic, int32_t partition) {
    struct unflushed *u = find(s, topic, partition);
    if (u)
        return u;
    s->partitions = realloc(s->partitions, (s->count + 1) * sizeof(*s->partitions));
    if (!s->partitions)
        abort();
    u = &s->partitions[s->count++];
    *u = (struct unflushed){.topic = strdup(topic), .partition = partition};
    return u;
}

static void keep(struct unflushed *u, struct told told) {
    if (u->count == u->room) {
        u->room = u->room ? 2 * u->room : 64;
        u->told = realloc(u->told, u->room * sizeof(*u->told));
        if (!u->told)
            abort();
    }
    u->told[u->count++] = told;
}

static struct told describe(struct verifiable_sink *s, struct kc_arena *arena, const struct kc_record *r) {
    struct told told;
    char *topic = tools_json_text(r->topic);
    if (asprintf(&told.head, "{\"task\":%s,\"seqno\":%s,\"offset\":%" PRId64 ",\"time_ms\":",
                 kc_value_to_json(arena, &r->key, NULL), kc_value_to_json(arena, &r->value, NULL), r->offset) < 0 ||
        asprintf(&told.tail, ",\"name\":%s,\"topic\":%s,\"sinkTask\":%d", s->name_json, topic, (int)s->id) < 0)
        abort();
    free(topic);
    return told;
}

static enum kc_put sink_put(void *self, const struct kc_batch *batch, struct kc_error *err) {
    struct verifiable_sink *s = self;
    int64_t now = tools_now_ms();
    (void)err;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct kc_record *r = &batch->records[i];
        if (!kc_record_live(r))
            continue;
        struct told told = describe(s, batch->arena, r);
        printf("%s%" PRId64 "%s}\n", told.head, now, told.tail);
        keep(find_or_add(s, r->topic, r->partition), told);
    }
    fflush(stdout);
    return KC_PUT_DONE;
}

static void forget(struct unflushed *u) {
    for (size_t i = 0; i < u->count; i++) {
        free(u->told[i].head);
        free(u->told[i].tail);
    }
    u->count = 0;
}

static int sink_pre_commit(void *self, struct kc_topic_offset *offsets, size_t count, struct kc_error *err) {
    struct verifiable_sink *s = self;
    int64_t now = tools_now_ms();
    (void)err;
    for (size_t i = 0; i < count; i++) {
        struct unflushed *u = find(s, offsets[i].topic, offsets[i].partition);
        for (size_t k = 0; u && k < u->count; k++)
            printf("%s%" PRId64 "%s,\"flushed\":true}\n", u->told[k].head, now, u->told[k].tail);
        if (u)
            forget(u);
    }
    fflush(stdout);
    return 0;
}

static void sink_stop(void *self) {
    struct verifiable_sink *s = self;
    for (size_t i = 0; i < s->count; i++) {
        forget(&s->partitions[i]);
        free(s->partitions[i].told);
        free(s->partitions[i].topic);
    }
    free(s->partitions);
    free(s->name_json);
    free(s);
}

static const struct kc_sink_task_ops task_ops = {
    .start = sink_start, .put = sink_put, .pre_commit = sink_pre_commit, .stop = sink_stop};

const struct kc_plugin verifiable_sink_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SINK,
    .class_name = "org.apache.kafka.connect.tools.VerifiableSinkConnector",
    .task_class = "org.apache.kafka.connect.tools.VerifiableSinkTask",
    .connector = &connector_ops,
    .sink_task = &task_ops,
};
