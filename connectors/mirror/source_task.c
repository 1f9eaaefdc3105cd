/* A task of MirrorSourceConnector: copies the records of its partitions to their remote topics as they are, and writes
 * offset syncs as the copies are acknowledged. Runs on the task's thread, owns the consumer, which is not a member of
 * any group, and the writer of offset syncs. Keys, values and headers stay in librdkafka's messages, which are let go
 * with the batch's arena. @source MirrorSourceTask */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connectors/mirror/clients.h"
#include "connectors/mirror/config.h"
#include "connectors/mirror/policy.h"
#include "connectors/mirror/source.h"
#include "connectors/mirror/sync_writer.h"

#define LOGGER MIRROR_LOG("MirrorSourceTask")

enum { POLL_MAX_MS = 250, COMMITTED_MS = 30000, HANDLE_BYTES = sizeof(void *) };

/* A partition that the task mirrors. */
struct mirrored {
    char *topic, *remote;
    int32_t number;
    const struct kc_source_partition *handle;
    int64_t next; /* offset that is expected next; -1: not known yet */
    struct sync_partition sync;
};

/* librdkafka waits for its messages before it lets go of a consumer, and the worker may need their bytes for longer
 * than the task lives: the last of both ends the consumer. All on the task's thread. */
struct consumer {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    unsigned users; /* the task and the batches with messages */
};

struct source_task {
    struct kc_source_context *ctx;
    const struct mirror_conf *conf;
    struct mirror_policy policy;
    struct consumer *consumer;
    int64_t fetch_wake_ms, poll_records;
    struct sync_writer *syncs; /* NULL: emit.offset-syncs.enabled=false */
    struct mirrored *parts;
    size_t count;
    struct map *by_name;              /* "topic-partition" → struct mirrored */
    struct map *by_handle;            /* bytes of the pointer → struct mirrored */
    const rd_kafka_topic_t *last_rkt; /* the partition of the last message */
    int32_t last_number;
    struct mirrored *last;
    const struct kc_source_partition *acked_handle; /* that of the last acknowledgement */
    struct mirrored *acked;
};

/* ---- Partitions ---- */

static int parse_assigned(struct source_task *t, struct kc_error *err) {
    const struct kc_list *list = &t->conf->assigned;
    t->parts = calloc(list->count + 1, sizeof *t->parts);
    if (!t->parts)
        abort();
    for (size_t i = 0; i < list->count; i++) {
        const char *text = list->items[i], *dash = strrchr(text, '-');
        char *end;
        long number = dash && dash > text ? strtol(dash + 1, &end, 10) : -1;
        if (number < 0 || number > INT32_MAX || end == dash + 1 || *end)
            return err_set(err, ERR_BAD_CONFIG,
                           "Invalid value %s for configuration task.assigned.partitions: not a topic-partition", text);
        struct mirrored *p = &t->parts[t->count++];
        p->topic = strndup(text, (size_t)(dash - text));
        if (!p->topic)
            abort();
        p->number = (int32_t)number;
        p->next = -1;
        p->remote = policy_remote(&t->policy, t->conf->source, p->topic);
        sync_partition_init(&p->sync, p->topic, p->number);
        map_put(t->by_name, text, p);
    }
    return 0;
}

static struct kc_value partition_map(const struct source_task *t, struct kc_arena *arena, const struct mirrored *p) {
    struct kc_value map = kc_map_new(arena, 3); /* in the order of Java's HashMap, which makes up the stored key */
    kc_map_put(&map, "cluster", kc_string(t->conf->source));
    kc_map_put(&map, "partition", kc_int(KC_INT32, p->number));
    kc_map_put(&map, "topic", kc_string(p->topic));
    return map;
}

/* Handle and stored offset of one partition. */
static int load_offset(struct source_task *t, struct kc_arena *arena, struct mirrored *p, struct kc_error *err) {
    struct kc_value map = partition_map(t, arena, p), offset;
    p->handle = t->ctx->partition(t->ctx, &map);
    map_put_bytes(t->by_handle, &p->handle, HANDLE_BYTES, p);
    if (t->ctx->offset(t->ctx, arena, &map, &offset, err) < 0)
        return -1;
    const struct kc_value *stored = offset.tag == KC_V_MAP ? kc_map_get(&offset, "offset") : NULL;
    if (stored && stored->tag >= KC_V_INT8 && stored->tag <= KC_V_INT64 && stored->i >= 0)
        p->next = stored->i + 1;
    return 0;
}

static int load_offsets(struct source_task *t, struct kc_error *err) {
    size_t fresh = 0;
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < t->count; i++) {
        if (t->ctx->stopping(t->ctx))
            return err_set(err, ERR_STOPPING, "The task is stopping");
        if (load_offset(t, arena, &t->parts[i], err) < 0)
            return -1;
        fresh += t->parts[i].next < 0;
        arena_reset(arena);
    }
    kc_log(KC_INFO, LOGGER, "Starting with %zu previously uncommitted partitions.", fresh);
    return 0;
}

/* ---- Where to begin ---- */

static int reset_offset(const struct kc_config *props, int64_t *ret_offset, struct kc_error *err) {
    const char *policy = kc_config_get(props, "auto.offset.reset");
    if (strcmp(policy, "none") == 0)
        return err_set_class(err, ERR_BAD_CONFIG, "org.apache.kafka.clients.consumer.NoOffsetForPartitionException",
                             "Undefined offset with no reset policy (auto.offset.reset=none) for partitions that were "
                             "never mirrored");
    *ret_offset = strcmp(policy, "latest") == 0 ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
    return 0;
}

/* consumer.group.id: offsets that this group has committed count for partitions that were never mirrored. */
static int ask_group(struct source_task *t, rd_kafka_topic_partition_list_t *list, struct kc_error *err) {
    rd_kafka_topic_partition_list_t *unknown = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].offset < 0)
            rd_kafka_topic_partition_list_add(unknown, list->elems[i].topic, list->elems[i].partition);
    rd_kafka_resp_err_t code = unknown->cnt ? rd_kafka_committed(t->consumer->rk, unknown, COMMITTED_MS) : 0;
    for (int i = 0; !code && i < unknown->cnt; i++) {
        rd_kafka_topic_partition_t *p =
            rd_kafka_topic_partition_list_find(list, unknown->elems[i].topic, unknown->elems[i].partition);
        if (p && unknown->elems[i].offset >= 0)
            p->offset = unknown->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(unknown);
    return code ? client_error(err, code, "Offsets of the consumer group cannot be read") : 0;
}

static int assign(struct source_task *t, const struct kc_config *props, struct kc_error *err) {
    int rc = 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)t->count);
    for (size_t i = 0; i < t->count; i++)
        rd_kafka_topic_partition_list_add(list, t->parts[i].topic, t->parts[i].number)->offset = t->parts[i].next;
    if (kc_config_has(props, "group.id"))
        rc = ask_group(t, list, err);
    for (int i = 0; rc == 0 && i < list->cnt; i++)
        if (list->elems[i].offset < 0)
            rc = reset_offset(props, &list->elems[i].offset, err);
    rd_kafka_resp_err_t code = rc == 0 ? rd_kafka_assign(t->consumer->rk, list) : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_destroy(list);
    return code ? client_error(err, code, "Partitions cannot be assigned to the consumer") : rc;
}

/* ---- Life ---- */

static void consumer_unref(struct consumer *c) {
    if (!c || --c->users)
        return;
    if (c->queue)
        rd_kafka_queue_destroy(c->queue);
    client_free(c->rk);
    free(c);
}

static void task_stop(void *self) {
    struct source_task *t = self;
    t->syncs = sync_writer_free(t->syncs);
    consumer_unref(t->consumer);
    map_free(t->by_name);
    map_free(t->by_handle);
    for (size_t i = 0; i < t->count; i++) {
        free(t->parts[i].topic);
        free(t->parts[i].remote);
    }
    free(t->parts);
    free(t);
}

static int open_syncs(struct source_task *t, struct kc_error *err) {
    bool on_target = strcmp(t->conf->syncs_location, "target") == 0;
    if (!t->conf->emit_syncs)
        return 0;
    AUTO_TEXT topic = policy_offset_syncs(&t->policy, on_target ? t->conf->source : t->conf->target);
    t->syncs = sync_writer_new(t->ctx->config, on_target, topic, t->conf->lag_max, err);
    return t->syncs ? 0 : -1;
}

static int open_consumer(struct source_task *t, struct kc_error *err) {
    AUTO(props) props = mirror_client_props(t->ctx->config, CLIENT_CONSUMER, MIRROR_SOURCE, "replication-consumer");
    t->poll_records = client_number(CLIENT_CONSUMER, props, "max.poll.records");
    struct consumer *c = t->consumer = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->users = 1;
    c->rk = mirror_client(t->ctx->config, CLIENT_CONSUMER, MIRROR_SOURCE, "replication-consumer", err);
    if (!c->rk)
        return -1;
    rd_kafka_poll_set_consumer(c->rk);
    c->queue = rd_kafka_queue_get_consumer(c->rk);
    return assign(t, props, err);
}

static int task_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct source_task *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->ctx = ctx;
    t->conf = conf;
    t->by_name = map_new(NULL);
    t->by_handle = map_new(NULL);
    policy_init(&t->policy, ctx->config);
    if (parse_assigned(t, err) < 0 || open_syncs(t, err) < 0 || load_offsets(t, err) < 0 || open_consumer(t, err) < 0) {
        task_stop(t);
        return -1;
    }
    kc_log(KC_INFO, LOGGER, "%s replicating %zu topic-partitions %s->%s", ctx->connector, t->count, t->conf->source,
           t->conf->target);
    *ret_self = t;
    return 0;
}

/* ---- Records ---- */

struct messages {
    struct consumer *consumer;
    uint32_t count;
    rd_kafka_message_t *items[];
};

static void let_go(void *arg) {
    struct messages *m = arg;
    for (uint32_t i = 0; i < m->count; i++)
        rd_kafka_message_destroy(m->items[i]);
    consumer_unref(m->consumer);
}

/* The first message is waited for, what else is there already comes with it. Messages live as long as the arena. */
static const struct messages *consume(struct source_task *t, struct kc_batch *batch) {
    size_t limit = batch->capacity;
    if (t->poll_records > 0 && (uint64_t)t->poll_records < limit)
        limit = (size_t)t->poll_records;
    /* Acknowledgements of earlier records are taken between two polls, so these are short. */
    int wait_ms = t->conf->poll_timeout_ms < 0             ? 0
                  : t->conf->poll_timeout_ms > POLL_MAX_MS ? POLL_MAX_MS
                                                           : (int)t->conf->poll_timeout_ms;
    struct messages *m = kc_arena_alloc(batch->arena, sizeof *m + limit * sizeof(rd_kafka_message_t *));
    ssize_t got = rd_kafka_consume_batch_queue(t->consumer->queue, wait_ms, m->items, 1);
    if (got == 1 && limit > 1) {
        ssize_t more = rd_kafka_consume_batch_queue(t->consumer->queue, 0, m->items + 1, limit - 1);
        got += more > 0 ? more : 0;
    }
    m->count = got > 0 ? (uint32_t)got : 0;
    if (m->count) {
        client_fetch_wake(t->consumer->rk, m->count < limit, &t->fetch_wake_ms);
        m->consumer = t->consumer;
        m->consumer->users++;
        arena_at_reset(batch->arena, let_go, m);
    }
    return m;
}

/* Messages come in runs of one partition. */
static struct mirrored *partition_of(struct source_task *t, const rd_kafka_message_t *m) {
    if (m->rkt == t->last_rkt && m->partition == t->last_number)
        return t->last;
    char key[512];
    snprintf(key, sizeof key, "%s-%d", rd_kafka_topic_name(m->rkt), (int)m->partition);
    t->last_rkt = m->rkt;
    t->last_number = m->partition;
    t->last = map_get(t->by_name, key);
    return t->last;
}

/* Says when records are gone that should have been copied. Gaps are normal: compaction, markers of transactions. */
static void check_offset(struct mirrored *p, int64_t offset) {
    if (offset < p->next)
        kc_log(KC_WARN, LOGGER,
               "%s-%d goes on at offset %" PRId64 " after %" PRId64
               ": it was truncated or made anew on the source; what it has now is copied",
               p->topic, (int)p->number, offset, p->next - 1);
    p->next = offset + 1;
}

static struct kc_value bytes_of(const void *data, size_t len) {
    struct kc_value v = {.tag = data ? KC_V_BYTES : KC_V_NULL, .len = (uint32_t)len, .bytes = data};
    return v;
}

static void copy_headers(struct kc_arena *arena, struct kc_record *r, const rd_kafka_message_t *m) {
    rd_kafka_headers_t *raw;
    if (rd_kafka_message_headers(m, &raw) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    size_t count = rd_kafka_header_cnt(raw);
    r->headers = kc_arena_zalloc(arena, (count + 1) * sizeof *r->headers);
    for (size_t i = 0; i < count; i++) {
        struct kc_header *h = &r->headers[r->header_count];
        const void *data;
        size_t len;
        if (rd_kafka_header_get_all(raw, i, &h->key, &data, &len) != RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        h->schema = kc_schema_of(KC_BYTES, !data);
        h->value = bytes_of(data, len);
        r->header_count++;
    }
}

static void add_record(struct kc_batch *batch, const rd_kafka_message_t *m, struct mirrored *p) {
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(m, &type);
    struct kc_record *r = kc_batch_add(batch);
    r->topic = p->remote;
    r->partition = m->partition;
    r->timestamp = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || timestamp == -1 ? KC_NO_TIMESTAMP : timestamp;
    r->key_schema = kc_schema_of(KC_BYTES, true);
    r->value_schema = kc_schema_of(KC_BYTES, false);
    r->key = bytes_of(m->key, m->key_len);
    r->value = bytes_of(m->payload, m->len);
    copy_headers(batch->arena, r, m);
    r->source_partition = p->handle;
    r->source_offset = kc_map_new(batch->arena, 1);
    kc_map_put(&r->source_offset, "offset", kc_int(KC_INT64, m->offset));
}

/* An event of the consumer in the place of a message. -1: the task cannot go on. */
static int handle_event(const rd_kafka_message_t *m, struct kc_error *err) {
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return 0;
    if (m->err == RD_KAFKA_RESP_ERR__FATAL)
        return client_error(err, m->err, "%s", rd_kafka_message_errstr(m));
    kc_log(KC_WARN, LOGGER, "Failure during poll: %s%s%s, it keeps trying", rd_kafka_message_errstr(m),
           m->rkt ? ", topic " : "", m->rkt ? rd_kafka_topic_name(m->rkt) : "");
    return 0;
}

static int task_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct source_task *t = self;
    if (t->syncs)
        sync_writer_serve(t->syncs);
    const struct messages *messages = consume(t, batch);
    for (uint32_t i = 0; i < messages->count; i++) {
        const rd_kafka_message_t *m = messages->items[i];
        if (m->err) {
            if (handle_event(m, err) < 0)
                return -1;
            continue;
        }
        struct mirrored *p = partition_of(t, m);
        if (!p)
            continue;
        check_offset(p, m->offset);
        add_record(batch, m, p);
    }
    t->last_rkt = NULL; /* the handle may be another topic's when the messages are gone */
    return 0;
}

/* ---- Offset syncs ---- */

static void task_commit_record(void *self, const struct kc_record *record) {
    struct source_task *t = self;
    if (!t->syncs || record->offset < 0)
        return; /* dropped on the way, or acks=0 */
    if (record->source_partition != t->acked_handle) {
        t->acked_handle = record->source_partition;
        t->acked = map_get_bytes(t->by_handle, &record->source_partition, HANDLE_BYTES);
    }
    const struct kc_value *upstream =
        record->source_offset.tag == KC_V_MAP ? kc_map_get(&record->source_offset, "offset") : NULL;
    if (t->acked && upstream)
        sync_writer_acknowledged(t->syncs, &t->acked->sync, upstream->i, record->offset);
}

static void task_commit(void *self) {
    struct source_task *t = self;
    if (t->syncs)
        sync_writer_commit(t->syncs);
}

const struct kc_source_task_ops mirror_source_task_ops = {
    .start = task_start,
    .poll = task_poll,
    .commit = task_commit,
    .commit_record = task_commit_record,
    .stop = task_stop,
};
