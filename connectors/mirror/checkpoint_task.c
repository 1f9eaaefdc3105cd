/* A task of MirrorCheckpointConnector: follows the topic of offset syncs, translates what its groups have committed on
 * the source, writes checkpoints, and commits the same offsets on the target where that is wanted. Everything runs on
 * the task's thread, a step in each poll:
 *   1. earlier checkpoints are read back, 2. offset syncs are read to their end, then followed,
 *   3. checkpoints each interval, 4. group offsets each interval.
 * @source MirrorCheckpointTask */
#include "connectors/mirror/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/mirror/checkpoint_store.h"
#include "connectors/mirror/clients.h"
#include "connectors/mirror/config.h"
#include "connectors/mirror/filter.h"
#include "connectors/mirror/group_sync.h"
#include "connectors/mirror/groups.h"
#include "connectors/mirror/log_reader.h"
#include "connectors/mirror/offset_sync.h"
#include "connectors/mirror/policy.h"

#define LOGGER MIRROR_LOG("MirrorCheckpointTask")

enum {
    READ_MS = 500,
    REOPEN_MS = 2000,
    WAIT_MAX_MS = 1000,
    MIN_INTERVAL_MS = 100,
    DRAIN_MAX_MS = 200,
    READ_BACK_MS = 30000
};

struct checkpoint_task {
    struct kc_source_context *ctx;
    const struct mirror_conf *conf;
    struct mirror_policy policy;
    struct filter topics;
    char *points_topic;
    struct map *mine;            /* the assigned groups */
    rd_kafka_t *source, *target; /* admin clients */
    struct checkpoint_store *points;
    struct sync_store *syncs;
    struct log_reader *points_reader, *syncs_reader;
    struct kc_arena *scratch;
    int64_t give_up_ms; /* when to stop trying to read earlier checkpoints */
    bool read_back;     /* step 1 is over */
    bool told_missing;  /* that there is no topic of offset syncs */
    int64_t reopen_ms;  /* when to look for the topic of offset syncs again */
    int64_t next_emit_ms, next_sync_ms, emitted_ms;
    struct kept_point **fresh; /* checkpoints of this interval that are not written yet */
    size_t fresh_count, fresh_next, fresh_room;
    struct buf key, value;
};

static bool task_stopping(const void *arg) {
    const struct checkpoint_task *t = arg;
    return t->ctx->stopping(t->ctx);
}

static struct stop_check stop_of(const struct checkpoint_task *t) {
    return (struct stop_check){.stopping = task_stopping, .arg = t};
}

/* ---- Life ---- */

static void checkpoint_stop(void *self) {
    struct checkpoint_task *t = self;
    log_reader_free(t->points_reader);
    log_reader_free(t->syncs_reader);
    client_free(t->source);
    client_free(t->target);
    checkpoint_store_free(t->points);
    sync_store_free(t->syncs);
    filter_done(&t->topics);
    map_free(t->mine);
    arena_free(t->scratch);
    buf_done(&t->key);
    buf_done(&t->value);
    free(t->fresh);
    free(t->points_topic);
    free(t);
}

static int open_clients(struct checkpoint_task *t, struct kc_error *err) {
    t->source = mirror_client(t->ctx->config, CLIENT_ADMIN, MIRROR_SOURCE, "checkpoint-source-admin", err);
    if (!t->source)
        return -1;
    t->target = mirror_client(t->ctx->config, CLIENT_ADMIN, MIRROR_TARGET, "checkpoint-target-admin", err);
    return t->target ? 0 : -1;
}

static int64_t emit_interval_ms(const struct checkpoint_task *t) {
    return t->conf->emit_checkpoints_s > 0 ? mirror_interval_ms(t->conf->emit_checkpoints_s) : MIN_INTERVAL_MS;
}

static int checkpoint_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct checkpoint_task *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->ctx = ctx;
    t->conf = conf;
    t->points = checkpoint_store_new();
    t->syncs = sync_store_new();
    t->scratch = arena_new(0);
    t->mine = map_new(NULL);
    for (size_t i = 0; i < t->conf->assigned.count; i++)
        map_put(t->mine, t->conf->assigned.items[i], t);
    buf_init(&t->key, MIRROR_RECORD_MAX);
    buf_init(&t->value, MIRROR_RECORD_MAX);
    policy_init(&t->policy, ctx->config);
    t->points_topic = policy_checkpoints(&t->policy, t->conf->source);
    if (filter_topics(&t->topics, ctx->config, err) < 0 || open_clients(t, err) < 0) {
        checkpoint_stop(t);
        return -1;
    }
    int64_t now = clock_ms();
    t->give_up_ms = now + READ_BACK_MS;
    t->next_emit_ms = clock_add_ms(now, emit_interval_ms(t));
    t->next_sync_ms = t->conf->sync_groups && t->conf->sync_groups_s > 0
                          ? clock_add_ms(now, mirror_interval_ms(t->conf->sync_groups_s))
                          : INT64_MAX;
    *ret_self = t;
    return 0;
}

/* ---- 1. Earlier checkpoints ---- */

static void on_point(void *arg, const struct record_bytes *record) {
    struct checkpoint_task *t = arg;
    struct checkpoint point;
    struct kc_error err = {0};
    if (checkpoint_read(record, t->scratch, &point, &err) < 0)
        kc_log(KC_WARN, LOGGER, "A record of topic %s is passed over: %s", t->points_topic, err.text);
    else if (map_has(t->mine, point.group))
        checkpoint_store_put(t->points, &point);
    arena_reset(t->scratch);
}

/* Without them only the newest offset sync from before the start is used: translation then never goes back behind what
 * was written earlier. */
static void end_reading_back(struct checkpoint_task *t, const struct kc_error *problem) {
    if (problem)
        kc_log(KC_WARN, LOGGER,
               "Checkpoints cannot be read back from topic %s (%s): offsets of groups that are far behind will not be "
               "translated until they have caught up",
               t->points_topic, problem->text);
    t->points_reader = log_reader_free(t->points_reader);
    sync_store_begin(t->syncs, problem != NULL);
    t->read_back = true;
}

static void read_back(struct checkpoint_task *t) {
    struct kc_error err = {0};
    bool missing = false;
    if (!t->points_reader)
        t->points_reader = log_reader_open(t->ctx->config, MIRROR_TARGET, "checkpoints-target-consumer",
                                           t->points_topic, &missing, &err);
    if (missing)
        end_reading_back(t, NULL); /* there are none */
    else if (!t->points_reader && err.retriable && clock_ms() < t->give_up_ms)
        t->ctx->wait(t->ctx, READ_MS); /* the target is away */
    else if (!t->points_reader || log_reader_poll(t->points_reader, READ_MS, on_point, t, &err) < 0)
        end_reading_back(t, &err);
    else if (log_reader_was_at_end(t->points_reader))
        end_reading_back(t, NULL);
}

/* ---- 2. Offset syncs ---- */

static void on_sync(void *arg, const struct record_bytes *record) {
    struct checkpoint_task *t = arg;
    struct offset_sync sync;
    struct kc_error err = {0};
    if (offset_sync_read(record, t->scratch, &sync, &err) < 0)
        kc_log(KC_DEBUG, LOGGER, "A record of the topic of offset syncs is passed over: %s", err.text);
    else
        sync_store_add(t->syncs, sync.topic, sync.partition, sync.upstream, sync.downstream);
    arena_reset(t->scratch);
}

static void open_syncs(struct checkpoint_task *t) {
    struct kc_error err = {0};
    bool missing = false, on_target = strcmp(t->conf->syncs_location, "target") == 0;
    AUTO_TEXT topic = policy_offset_syncs(&t->policy, on_target ? t->conf->source : t->conf->target);
    t->syncs_reader = log_reader_open(t->ctx->config, on_target ? MIRROR_TARGET : MIRROR_SOURCE,
                                      on_target ? "offset-syncs-target-consumer" : "offset-syncs-source-consumer",
                                      topic, &missing, &err);
    if (t->syncs_reader)
        return;
    t->reopen_ms = clock_ms() + REOPEN_MS;
    kc_log(missing && t->told_missing ? KC_DEBUG : KC_WARN, LOGGER,
           "Offsets cannot be translated: topic %s cannot be read (%s); trying again", topic, err.text);
    t->told_missing = missing;
}

/* Reads on. `wait_ms`: for the first record. */
static void follow_syncs(struct checkpoint_task *t, int64_t wait_ms) {
    struct kc_error err = {0};
    if (!t->syncs_reader && clock_ms() >= t->reopen_ms)
        open_syncs(t);
    if (!t->syncs_reader)
        return;
    if (log_reader_poll(t->syncs_reader, wait_ms, on_sync, t, &err) < 0) {
        kc_log(KC_ERROR, LOGGER, "The topic of offset syncs cannot be read: %s; trying again", err.text);
        t->syncs_reader = log_reader_free(t->syncs_reader);
        t->reopen_ms = clock_ms() + REOPEN_MS;
    } else if (!sync_store_ready(t->syncs) && log_reader_was_at_end(t->syncs_reader)) {
        sync_store_read_to_end(t->syncs);
    }
}

/* ---- 3. Checkpoints ---- */

static void add_fresh(struct checkpoint_task *t, struct kept_point *point) {
    if (t->fresh_count == t->fresh_room) {
        t->fresh_room = t->fresh_room ? t->fresh_room * 2 : 64;
        t->fresh = realloc(t->fresh, t->fresh_room * sizeof(struct kept_point *));
        if (!t->fresh)
            abort();
    }
    t->fresh[t->fresh_count++] = point;
}

/* Topics that came from the target have their own name there. */
static char *name_on_target(const struct checkpoint_task *t, const char *topic) {
    size_t len;
    const char *source = policy_source(&t->policy, topic, &len);
    bool from_target = source && len == strlen(t->conf->target) && memcmp(source, t->conf->target, len) == 0;
    if (!from_target)
        return policy_remote(&t->policy, t->conf->source, topic);
    char *original = strdup(policy_original(&t->policy, topic));
    if (!original)
        abort();
    return original;
}

static void translate(struct checkpoint_task *t, const char *group, const rd_kafka_topic_partition_t *committed) {
    int64_t downstream;
    if (committed->offset < 0 || !filter_accepts(&t->topics, committed->topic) ||
        !sync_store_translate(t->syncs, committed->topic, committed->partition, committed->offset, &downstream) ||
        downstream < 0)
        return;
    char *topic = name_on_target(t, committed->topic);
    struct checkpoint point = {.group = group,
                               .topic = topic,
                               .partition = committed->partition,
                               .upstream = committed->offset,
                               .downstream = downstream,
                               .metadata = committed->metadata ? committed->metadata : "",
                               .metadata_len = committed->metadata ? committed->metadata_size : 0};
    if (checkpoint_store_is_news(t->points, &point))
        add_fresh(t, checkpoint_store_put(t->points, &point));
    free(topic);
}

static void on_offsets(void *arg, size_t index, const rd_kafka_topic_partition_list_t *offsets,
                       const struct kc_error *problem) {
    struct checkpoint_task *t = arg;
    const char *group = t->conf->assigned.items[index];
    if (problem)
        kc_log(KC_ERROR, LOGGER, "Error querying offsets for consumer group %s on cluster %s: %s", group,
               t->conf->source, problem->text);
    for (int i = 0; offsets && i < offsets->cnt; i++)
        translate(t, group, &offsets->elems[i]);
}

/* Finds what is new. */
static void emit(struct checkpoint_task *t) {
    struct kc_error err = {0};
    char *const *groups = (char *const *)(uintptr_t)t->conf->assigned.items;
    t->emitted_ms = clock_wall_ms();
    if (groups_offsets(t->source, groups, t->conf->assigned.count, t->conf->admin_timeout_ms, stop_of(t), on_offsets, t,
                       &err) < 0 &&
        !task_stopping(t))
        kc_log(KC_WARN, LOGGER, "Failure polling consumer state for checkpoints: %s", err.text);
}

static struct kc_value copied(struct kc_arena *arena, const struct buf *b) {
    return kc_bytes(kc_arena_copy(arena, b->data, b->len), b->len);
}

static const struct kc_source_partition *handle_of(struct checkpoint_task *t, struct kept_point *k) {
    if (k->handle)
        return k->handle;
    struct kc_value map = kc_map_new(t->scratch, 3); /* in the order of Java's HashMap, which makes up the stored key */
    kc_map_put(&map, "partition", kc_int(KC_INT32, k->point.partition));
    kc_map_put(&map, "topic", kc_string(k->point.topic));
    kc_map_put(&map, "group", kc_string(k->point.group));
    k->handle = t->ctx->partition(t->ctx, &map);
    arena_reset(t->scratch);
    return k->handle;
}

/* One record; a checkpoint that cannot be written is passed over. */
static void add_record(struct checkpoint_task *t, struct kc_batch *batch, struct kept_point *k) {
    struct kc_error err = {0};
    buf_clear(&t->key);
    buf_clear(&t->value);
    if (checkpoint_write(&k->point, &t->key, &t->value, &err) < 0) {
        kc_log(KC_WARN, LOGGER, "No checkpoint of consumer group %s: %s", k->point.group, err.text);
        return;
    }
    struct kc_record *r = kc_batch_add(batch);
    r->topic = t->points_topic;
    r->partition = 0;
    r->timestamp = t->emitted_ms;
    r->key_schema = r->value_schema = kc_schema_of(KC_BYTES, false);
    r->key = copied(batch->arena, &t->key);
    r->value = copied(batch->arena, &t->value);
    r->source_partition = handle_of(t, k);
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "offset", kc_int(KC_INT64, 0));
}

static void add_records(struct checkpoint_task *t, struct kc_batch *batch) {
    while (t->fresh_next < t->fresh_count && batch->count < batch->capacity)
        add_record(t, batch, t->fresh[t->fresh_next++]);
    if (t->fresh_next == t->fresh_count)
        t->fresh_next = t->fresh_count = 0;
}

/* ---- 4. Group offsets ---- */

static void sync_groups(struct checkpoint_task *t) {
    struct kc_error err = {0};
    if (group_sync(t->target, t->points, t->conf->admin_timeout_ms, stop_of(t), &err) < 0 && !task_stopping(t))
        kc_log(KC_ERROR, LOGGER, "Consumer group offsets cannot be committed on cluster %s: %s; trying again",
               t->conf->target, err.text);
    t->next_sync_ms = clock_after_ms(mirror_interval_ms(t->conf->sync_groups_s));
}

/* ---- Poll ---- */

static void wait_a_little(struct checkpoint_task *t) {
    int64_t now = clock_ms();
    int64_t next = t->next_emit_ms < t->next_sync_ms ? t->next_emit_ms : t->next_sync_ms;
    int64_t wait = next - now;
    if (wait > WAIT_MAX_MS)
        wait = WAIT_MAX_MS;
    if (wait > 0)
        t->ctx->wait(t->ctx, wait);
}

static int checkpoint_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct checkpoint_task *t = self;
    (void)err;
    if (t->fresh_count) {
        add_records(t, batch);
        return 0;
    }
    if (!t->read_back) {
        read_back(t);
        return 0;
    }
    follow_syncs(t, sync_store_ready(t->syncs) ? 0 : READ_MS);
    if (!sync_store_ready(t->syncs)) {
        if (!t->syncs_reader)
            t->ctx->wait(t->ctx, READ_MS);
        return 0;
    }
    if (clock_ms() >= t->next_emit_ms) {
        follow_syncs(t, DRAIN_MAX_MS);
        emit(t);
        t->next_emit_ms = clock_after_ms(emit_interval_ms(t));
        add_records(t, batch);
    } else if (clock_ms() >= t->next_sync_ms) {
        sync_groups(t);
    } else {
        wait_a_little(t);
    }
    return 0;
}

const struct kc_source_task_ops mirror_checkpoint_task_ops = {
    .start = checkpoint_start, .poll = checkpoint_poll, .stop = checkpoint_stop};
