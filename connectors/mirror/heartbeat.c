/* MirrorHeartbeatConnector: one task that writes a record every second into the topic `heartbeats` of the target
 * cluster, so that everybody can see which flows are alive. The connector only makes the topic; like in Java it ignores
 * `enabled`. @source MirrorHeartbeatConnector, MirrorHeartbeatTask */
#include "connectors/mirror/heartbeat.h"

#include <stdlib.h>

#include "connect/base/clock.h"
#include "connect/base/version.h"
#include "connectors/mirror/clients.h"
#include "connectors/mirror/config.h"
#include "connectors/mirror/jobs.h"
#include "connectors/mirror/offsets.h"
#include "connectors/mirror/policy.h"
#include "connectors/mirror/records.h"

#define LOGGER MIRROR_LOG("MirrorHeartbeatConnector")

enum { START_WAIT_MS = 10000, MIN_INTERVAL_MS = 100 };

/* ---- Connector ---- */

struct heartbeat_connector {
    const struct mirror_conf *conf;
    rd_kafka_t *admin;
    struct jobs *jobs;
};

static int create_topic(void *arg, struct kc_error *err) {
    struct heartbeat_connector *c = arg;
    return mirror_create_internal(c->admin, POLICY_HEARTBEATS, c->conf->heartbeats_replication_factor,
                                  c->conf->admin_timeout_ms, jobs_stopping(c->jobs), err);
}

static void connector_stop(void *self) {
    struct heartbeat_connector *c = self;
    jobs_free(c->jobs);
    client_free(c->admin);
    free(c);
}

static int connector_start(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf,
                           void **ret_self, struct kc_error *err) {
    struct heartbeat_connector *c = calloc(1, sizeof *c);
    (void)ctx;
    if (!c)
        abort();
    c->conf = conf;
    c->admin = mirror_client(config, CLIENT_ADMIN, MIRROR_TARGET, "heartbeats-target-admin", err);
    c->jobs = jobs_new(LOGGER, c, c->conf->admin_timeout_ms);
    jobs_first(c->jobs, "creating internal topics", create_topic);
    if (!c->admin || jobs_start(c->jobs, err) < 0) {
        connector_stop(c);
        return -1;
    }
    jobs_wait_first(c->jobs, START_WAIT_MS); /* so that the brokers need not make the topic in their own way */
    *ret_self = c;
    return 0;
}

static int task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                        struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    const struct mirror_conf *c = conf;
    (void)self, (void)max_tasks, (void)err;
    *ret_count = 0;
    if (c->emit_heartbeats && c->emit_heartbeats_s >= 0)
        ret_configs[(*ret_count)++] = kc_config_copy(config);
    return 0;
}

static int alter_offsets(const struct kc_config *config, const struct kc_value *partitions,
                         const struct kc_value *offsets, size_t count, struct kc_error *err) {
    static const struct offset_shape shape = {.texts = {"sourceClusterAlias", "targetClusterAlias"}, .zero = true};
    (void)config;
    return mirror_check_offsets(&shape, partitions, offsets, count, err);
}

static const struct kc_connector_ops connector_ops = {
    .start = connector_start, .task_configs = task_configs, .stop = connector_stop, .alter_offsets = alter_offsets};

/* ---- Task ---- */

struct heartbeat_task {
    struct kc_source_context *ctx;
    const struct mirror_conf *conf;
    const struct kc_source_partition *partition;
    int64_t interval_ms, next_ms;
    struct buf key, value;
};

static int task_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct heartbeat_task *t = calloc(1, sizeof *t);
    (void)err;
    if (!t)
        abort();
    t->ctx = ctx;
    t->conf = conf;
    t->interval_ms = t->conf->emit_heartbeats_s > 0 ? mirror_interval_ms(t->conf->emit_heartbeats_s) : MIN_INTERVAL_MS;
    t->next_ms = clock_after_ms(t->interval_ms);
    buf_init(&t->key, MIRROR_RECORD_MAX);
    buf_init(&t->value, MIRROR_RECORD_MAX);
    *ret_self = t;
    return 0;
}

static struct kc_value copied(struct kc_arena *arena, const struct buf *b) {
    return kc_bytes(kc_arena_copy(arena, b->data, b->len), b->len);
}

static int add_beat(struct heartbeat_task *t, struct kc_batch *batch, struct kc_error *err) {
    struct heartbeat beat = {.source = t->conf->source, .target = t->conf->target, .timestamp_ms = clock_wall_ms()};
    if (!t->partition) {
        struct kc_value map = kc_map_new(batch->arena, 2);
        kc_map_put(&map, "sourceClusterAlias", kc_string(beat.source));
        kc_map_put(&map, "targetClusterAlias", kc_string(beat.target));
        t->partition = t->ctx->partition(t->ctx, &map);
    }
    buf_clear(&t->key);
    buf_clear(&t->value);
    if (heartbeat_write(&beat, &t->key, &t->value, err) < 0)
        return -1;
    struct kc_record *r = kc_batch_add(batch);
    r->topic = POLICY_HEARTBEATS;
    r->partition = 0;
    r->timestamp = beat.timestamp_ms;
    r->key_schema = r->value_schema = kc_schema_of(KC_BYTES, false);
    r->key = copied(batch->arena, &t->key);
    r->value = copied(batch->arena, &t->value);
    r->source_partition = t->partition;
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "offset", kc_int(KC_INT64, 0));
    return 0;
}

static int poll_beat(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct heartbeat_task *t = self;
    int64_t left = t->next_ms - clock_ms();
    if (left > 0) {
        t->ctx->wait(t->ctx, left > 1000 ? 1000 : left);
        if (t->ctx->stopping(t->ctx) || clock_ms() < t->next_ms)
            return 0;
    }
    t->next_ms = clock_after_ms(t->interval_ms);
    return add_beat(t, batch, err);
}

static void task_stop(void *self) {
    struct heartbeat_task *t = self;
    buf_done(&t->key);
    buf_done(&t->value);
    free(t);
}

static const struct kc_source_task_ops task_ops = {.start = task_start, .poll = poll_beat, .stop = task_stop};

const struct kc_plugin mirror_heartbeat_connector = {
    .abi = KC_ABI,
    .kind = KC_KIND_SOURCE,
    .class_name = "org.apache.kafka.connect.mirror.MirrorHeartbeatConnector",
    .task_class = "org.apache.kafka.connect.mirror.MirrorHeartbeatTask",
    .version = KAFKA_VERSION,
    .options = mirror_heartbeat_options,
    .conf_size = sizeof(struct mirror_conf),
    .connector = &connector_ops,
    .source_task = &task_ops,
};
