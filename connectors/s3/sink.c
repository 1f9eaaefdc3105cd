/* Confluent's S3 sink: connector and task callbacks. A task has one writer per topic partition (writer.c) and a few
 * threads for requests (uploader.c); put never waits for the store except briefly, it pauses the fetch when too much is
 * waiting for it. Offsets are committed once the files that hold their records are complete.
 * @source io.confluent.connect.s3.S3SinkConnector, S3SinkTask
 */
#include "connectors/s3/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connectors/s3/sink_config.h"
#include "connectors/s3/writer.h"

#define LOGGER         "io.confluent.connect.s3.S3SinkTask"
#define UPLOAD_THREADS 4
/* Waiting for the store: above it, or one part, put waits. A pause of the fetch makes librdkafka drop what is queued
 * and fetch it again, so it is for a store that is slower than QUEUE_WAIT_MS. */
#define QUEUE_BYTES   ((size_t)12 * 1024 * 1024)
#define QUEUE_WAIT_MS 1000
/* Of open files together: parts leave before they are full, see share_memory. */
#define OPEN_BYTES     ((size_t)32 * 1024 * 1024)
#define STOP_WAIT_MS   3000
#define BUDGET_RECORDS 64 /* max.write.duration.ms is looked at so often */

/* A topic partition of the task. */
struct partition {
    struct writer *writer;
    int64_t resume_at_ms; /* monotonic, while it waits after a failure; 0: it does not */
    bool ignore_rest;     /* of the present batch: it is read again */
};

struct sink {
    struct kc_sink_context *ctx;
    const struct sink_conf *conf;
    struct kc_config *tags;
    struct object_store *store;
    struct partitioner *partitioner;
    struct zone *zone;
    struct uploader *uploader;
    struct writer_env env;
    struct map *partitions; /* "topic-partition" → struct partition */
    bool ignore_nulls, report_nulls;
    bool full;            /* everything is paused until the queue is shorter */
    unsigned news;        /* of the uploader, as last seen */
    uint32_t resume_from; /* record of a batch that comes again because its time was up */
    size_t early_bytes;   /* a part of this size leaves; read by every open output */
};

/* ---- Connector --------------------------------------------------------------------------------------------------- */

static int connector_start(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf,
                           void **ret_self, struct kc_error *err) {
    (void)ctx, (void)config;
    const struct sink_conf *c = conf;
    if (c->rotate_schedule_ms > 0 && (!c->timezone || !*c->timezone))
        return err_set(err, ERR_BAD_CONFIG,
                       "timezone configuration must be set when using rotate.schedule.interval.ms");
    *ret_self = NULL;
    return 0;
}

static int connector_task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                                  struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    (void)self, (void)conf, (void)err;
    for (int i = 0; i < max_tasks; i++)
        ret_configs[i] = kc_config_copy(config);
    *ret_count = max_tasks;
    return 0;
}

static void connector_stop(void *self) {
    (void)self;
}

/* ---- Start of a task --------------------------------------------------------------------------------------------- */

/* Uploader threads: their channel is not wanted any more. The task's own requests at start: the task is stopping. */
static bool cancelled(void *arg) {
    struct kc_sink_context *ctx = arg;
    return uploader_cancelled() || (!uploader_thread() && ctx->stopping && ctx->stopping(ctx));
}

static struct object_store *open_store(struct kc_sink_context *ctx, const struct sink_conf *conf,
                                       struct kc_error *err) {
    struct store_conf store;
    AUTO(props) provider_config = kc_config_new();
    sink_conf_store(conf, ctx->config, provider_config, &store);
    store.cancelled = cancelled;
    store.cancelled_arg = ctx;
    return store_open(&store, err);
}

static int check_bucket(struct sink *s, struct kc_error *err) {
    enum store_bucket state;
    if (store_bucket(s->store, &state, err) < 0) { /* a start is not tried again, whatever the reason */
        snprintf(err->exception, sizeof(err->exception), "%s", KC_CONNECT_EXCEPTION);
        return -1;
    }
    if (state == STORE_BUCKET_ABSENT)
        return err_set_class(err, ERR_S3, KC_CONNECT_EXCEPTION, "Non-existent S3 bucket: %s", s->conf->bucket);
    if (state == STORE_BUCKET_FORBIDDEN)
        kc_log(KC_WARN, LOGGER,
               "Bucket %s may not be looked at with these credentials (403); if they are wrong, the first upload fails",
               s->conf->bucket);
    return 0;
}

static int set_format(struct format *f, const char *class_name, const struct sink *s, struct kc_error *err) {
    if (sink_class_is(class_name, "ByteArrayFormat"))
        f->kind = FORMAT_BYTES;
    else if (sink_class_is(class_name, "JsonFormat"))
        f->kind = FORMAT_JSON;
    else
        return err_set(err, ERR_BAD_CONFIG, "Format %s is not available in this worker", class_name);
    f->decimal_numeric = !strcasecmp(s->conf->decimal_format, "NUMERIC");
    f->separator = sink_bytes_separator(s->ctx->config);
    f->separator_len = strlen(f->separator);
    return 0;
}

static void set_ext(char *ret, size_t size, const char *prefix, const struct format *f, const struct sink_conf *conf) {
    snprintf(ret, size, "%s%s%s", prefix, f->kind == FORMAT_JSON ? ".json" : conf->bytes_extension,
             !strcmp(conf->compression, "gzip") ? ".gz" : "");
}

static int set_formats(struct sink *s, struct kc_error *err) {
    const struct sink_conf *c = s->conf;
    struct writer_env *env = &s->env;
    if (set_format(&env->values, c->format_class, s, err) < 0)
        return -1;
    if (c->store_keys && set_format(&env->keys, c->keys_format_class, s, err) < 0)
        return -1;
    if (c->store_headers && set_format(&env->headers, c->headers_format_class, s, err) < 0)
        return -1;
    set_ext(env->value_ext, sizeof(env->value_ext), "", &env->values, c);
    set_ext(env->key_ext, sizeof(env->key_ext), ".keys", &env->keys, c);
    set_ext(env->header_ext, sizeof(env->header_ext), ".headers", &env->headers, c);
    return 0;
}

static int set_zone(struct sink *s, struct kc_error *err) {
    if (s->conf->rotate_schedule_ms <= 0)
        return 0;
    if (!s->conf->timezone || !*s->conf->timezone)
        return err_set(err, ERR_BAD_CONFIG,
                       "timezone configuration must be set when using rotate.schedule.interval.ms");
    s->zone = zone_load(s->conf->timezone, err);
    s->env.zone = s->zone;
    return s->zone ? 0 : -1;
}

/* "key:value"; what follows a second colon is dropped, as Java's split does. */
static void set_tags(struct sink *s) {
    s->tags = kc_config_new();
    for (size_t i = 0; i < s->conf->tag_pairs.count; i++) {
        char key[256], value[512];
        const char *item = s->conf->tag_pairs.items[i], *colon = strchr(item, ':');
        if (!colon)
            continue; /* refused by validation */
        snprintf(key, sizeof(key), "%.*s", (int)(colon - item), item);
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(colon + 1, ":"), colon + 1);
        kc_config_set(s->tags, key, value);
    }
}

static void start_uploader(struct sink *s) {
    const struct sink_conf *c = s->conf;
    struct uploader_conf conf = {.store = s->store,
                                 .max_threads = UPLOAD_THREADS,
                                 .tagging = c->tagging,
                                 .tagging_must_succeed = !strcasecmp(c->on_tagging_error, "fail"),
                                 .extra_tags = s->tags,
                                 .on_exists = writer_find_free,
                                 .on_exists_arg = &s->env};
    conf.if_none_match = c->conditional_writes && c->rotate_schedule_ms != -1 && !c->store_keys && !c->store_headers;
    s->uploader = uploader_new(&conf);
    s->env.uploader = s->uploader;
}

static void free_partition(void *value) {
    struct partition *p = value;
    writer_free(p->writer);
    free(p);
}

static void task_stop(void *self) {
    struct sink *s = self;
    if (!s)
        return;
    map_free(s->partitions);
    uploader_free(s->uploader);
    store_free(s->store);
    partitioner_free(s->partitioner);
    zone_free(s->zone);
    kc_config_free(s->tags);
    free(s);
}

static bool errors_tolerated(const struct kc_config *config) {
    const char *tolerance = kc_config_get(config, "errors.tolerance");
    return tolerance && !strcasecmp(tolerance, "all");
}

static int set_up(struct sink *s, struct kc_error *err) {
    const struct sink_conf *c = s->conf;
    if (!(s->partitioner = partitioner_new(c, err)) || set_zone(s, err) < 0 || set_formats(s, err) < 0)
        return -1;
    if (c->rotate_interval_ms > 0 && !partitioner_time_based(s->partitioner))
        kc_log(KC_WARN, LOGGER, "rotate.interval.ms needs a time based partitioner and has no effect with %s",
               c->partitioner_class);
    s->env.conf = c;
    s->env.ctx = s->ctx;
    s->env.partitioner = s->partitioner;
    s->env.layout = (struct key_layout){c->topics_dir, c->directory_delim, c->file_delim, c->pad_width};
    s->env.output.part_bytes = (size_t)c->part_bytes;
    s->env.output.first_bytes = c->elastic ? (size_t)c->elastic_capacity : 0;
    s->env.output.early_bytes = &s->early_bytes;
    s->env.output.gzip_level = !strcmp(c->compression, "gzip") ? c->compression_level : OUTPUT_NO_GZIP;
    s->env.compatibility = compatibility_parse(c->schema_compatibility);
    s->env.write_tombstones = !strcasecmp(c->on_null, "write");
    s->ignore_nulls = !strcasecmp(c->on_null, "ignore");
    s->report_nulls = c->report_null && errors_tolerated(s->ctx->config);
    set_tags(s);
    return check_bucket(s, err);
}

int s3_sink_start(struct kc_sink_context *ctx, const void *conf, struct object_store *take_store, void **ret_self,
                  struct kc_error *err) {
    struct sink *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    s->ctx = ctx;
    s->conf = conf;
    s->store = take_store;
    s->partitions = map_new(free_partition);
    if (set_up(s, err) < 0) {
        task_stop(s);
        return -1;
    }
    start_uploader(s);
    /* errors of the other partitioners and of missing keys show the whole record */
    ctx->without_headers = !s->conf->store_headers && !s->conf->store_keys && partitioner_constant(s->partitioner);
    *ret_self = s;
    return 0;
}

static int task_start(struct kc_sink_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct object_store *store = open_store(ctx, conf, err);
    return store ? s3_sink_start(ctx, conf, store, ret_self, err) : -1;
}

/* ---- Partitions -------------------------------------------------------------------------------------------------- */

static const char *partition_name(char name[300], const char *topic, int32_t partition) {
    snprintf(name, 300, "%s-%d", topic, partition);
    return name;
}

/* With many partitions their parts leave before they are full, so that the open files together stay within OPEN_BYTES.
 */
static void share_memory(struct sink *s) {
    size_t count = map_count(s->partitions), share = count ? OPEN_BYTES / count : OPEN_BYTES;
    size_t part = (size_t)s->conf->part_bytes;
    s->early_bytes = share < OUTPUT_MIN_PART ? OUTPUT_MIN_PART : share > part ? part : share;
}

static int task_open(void *self, const struct kc_topic_partition *tps, size_t count, struct kc_error *err) {
    (void)err;
    struct sink *s = self;
    char name[300];
    for (size_t i = 0; i < count; i++) {
        struct partition *p = calloc(1, sizeof(*p));
        if (!p)
            abort();
        p->writer = writer_new(&s->env, tps[i].topic, tps[i].partition);
        map_put(s->partitions, partition_name(name, tps[i].topic, tps[i].partition), p);
    }
    share_memory(s);
    return 0;
}

/* Only the given ones: with cooperative rebalancing the others stay. */
static void task_close(void *self, const struct kc_topic_partition *tps, size_t count) {
    struct sink *s = self;
    char name[300];
    for (size_t i = 0; i < count; i++)
        map_remove(s->partitions, partition_name(name, tps[i].topic, tps[i].partition));
    share_memory(s);
}

static int unassigned(const struct sink *s, const struct kc_record *r, struct kc_error *err) {
    AUTO_BUF assigned;
    buf_init(&assigned, 1024);
    const char *name;
    for (size_t i = 0; map_next(s->partitions, &i, &name, NULL);)
        if (buf_printf(&assigned, "%s%s", assigned.len ? ", " : "", name) < 0)
            break;
    return err_set(err, ERR_INTERNAL,
                   "No writer found for topic partition %s-%d. It is not among the assigned partitions: [%s]",
                   r->original_topic, r->original_partition, buf_text(&assigned));
}

/* ---- Failures and pressure --------------------------------------------------------------------------------------- */

/* Each partition waits for its own reasons; the fetch of a partition goes on when it has none. */
static void set_paused(struct sink *s, const struct partition *p, bool paused) {
    struct kc_topic_partition tp = {writer_topic(p->writer), writer_partition(p->writer)};
    if (paused)
        s->ctx->pause(s->ctx, &tp, 1);
    else if (!s->full && !p->resume_at_ms)
        s->ctx->resume(s->ctx, &tp, 1);
}

/* The store failed for this partition: read its records again in a while. */
static void recover(struct sink *s, struct partition *p, const struct channel_status *status) {
    int64_t backoff = s->conf->retry_backoff_ms > 0 ? s->conf->retry_backoff_ms : 0;
    int64_t offset = writer_restart(p->writer, status);
    const char *topic = writer_topic(p->writer);
    int32_t partition = writer_partition(p->writer);
    kc_log(KC_WARN, LOGGER, "%s; reading %s-%d again from offset %lld in %lld ms", status->error.text, topic, partition,
           (long long)offset, (long long)backoff);
    if (offset >= 0)
        s->ctx->rewind(s->ctx, topic, partition, offset);
    p->resume_at_ms = clock_ms() + backoff;
    p->ignore_rest = true;
    set_paused(s, p, true);
    s->ctx->timeout(s->ctx, backoff > 0 ? backoff : 1);
}

/* Looks at what the uploader found out. */
static int check_failures(struct sink *s, struct kc_error *err) {
    unsigned news = uploader_news(s->uploader);
    if (news == s->news)
        return 0;
    s->news = news;
    void *value;
    for (size_t i = 0; map_next(s->partitions, &i, NULL, &value);) {
        struct partition *p = value;
        struct channel_status status;
        if (!writer_failed(p->writer, &status))
            continue;
        if (!status.error.retriable) {
            *err = status.error;
            return -1;
        }
        recover(s, p, &status);
    }
    return 0;
}

static void end_waits(struct sink *s) {
    void *value;
    int64_t now = clock_ms();
    for (size_t i = 0; map_next(s->partitions, &i, NULL, &value);) {
        struct partition *p = value;
        if (!s->resume_from) /* else the same batch comes again */
            p->ignore_rest = false;
        if (!p->resume_at_ms)
            continue;
        if (now >= p->resume_at_ms) {
            p->resume_at_ms = 0;
            set_paused(s, p, false);
        } else {
            s->ctx->timeout(s->ctx, p->resume_at_ms - now);
        }
    }
}

/* Pauses the fetch while more waits for the store than it should. */
static void check_queue(struct sink *s) {
    size_t limit = s->early_bytes > QUEUE_BYTES ? s->early_bytes : QUEUE_BYTES;
    if (!s->full && uploader_queued(s->uploader) <= limit)
        return;
    bool full = !uploader_wait(s->uploader, s->full ? limit / 2 : limit, QUEUE_WAIT_MS);
    if (full)
        s->ctx->timeout(s->ctx, QUEUE_WAIT_MS);
    if (full == s->full)
        return;
    s->full = full;
    void *value;
    for (size_t i = 0; map_next(s->partitions, &i, NULL, &value);)
        set_paused(s, value, full);
}

static struct writer *largest_writer(struct sink *s, size_t *ret_total) {
    struct writer *largest = NULL;
    size_t most = 0;
    void *value;
    *ret_total = 0;
    for (size_t i = 0; map_next(s->partitions, &i, NULL, &value);) {
        struct writer *w = ((struct partition *)value)->writer;
        size_t bytes = writer_buffered(w);
        *ret_total += bytes;
        if (bytes > most) {
            most = bytes;
            largest = w;
        }
    }
    return largest;
}

/* Many open files together may need more memory than there should be: parts leave early, the largest first, until a
 * quarter is free again or no part is large enough for the store. */
static void check_memory(struct sink *s) {
    size_t total, before = SIZE_MAX;
    struct writer *w = largest_writer(s, &total);
    for (size_t limit = OPEN_BYTES; w && total > limit && total < before; limit = OPEN_BYTES / 4 * 3) {
        before = total;
        writer_relieve(w);
        w = largest_writer(s, &total);
    }
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

/* 1: write it, 0: leave it out, -1: fail */
static int null_policy(struct sink *s, const struct kc_record *r, struct kc_error *err) {
    if (r->value.tag != KC_V_NULL || s->env.write_tombstones)
        return 1;
    if (!s->ignore_nulls)
        return err_set(err, ERR_INTERNAL,
                       "Null valued records are not writeable with current behavior.on.null.values 'settings.");
    if (!s->report_nulls)
        return 0;
    struct kc_error cause = {0};
    kc_fail(&cause, KC_DATA_EXCEPTION, "Skipping null value record.");
    return s->ctx->report(s->ctx, r, &cause, err) < 0 ? -1 : 0;
}

static int write_record(struct sink *s, const struct kc_batch *batch, const struct kc_record *r, struct partition *p,
                        int64_t now_ms, struct kc_error *err) {
    if (p->ignore_rest || p->resume_at_ms)
        return 0; /* it comes again */
    int rc = null_policy(s, r, err);
    return rc <= 0 ? rc : writer_write(p->writer, batch->arena, r, now_ms, err);
}

static struct partition *partition_of(struct sink *s, const struct kc_record *r, struct kc_error *err) {
    char name[300];
    struct partition *p = map_get(s->partitions, partition_name(name, r->original_topic, r->original_partition));
    if (!p)
        unassigned(s, r, err);
    return p;
}

/* Whether max.write.duration.ms has passed; looked at now and then only. */
static bool out_of_time(const struct sink *s, uint32_t i, int64_t began_ms) {
    return s->conf->max_write_ms != INT64_MAX && i % BUDGET_RECORDS == BUDGET_RECORDS - 1 &&
           clock_ms() - began_ms > s->conf->max_write_ms;
}

static enum kc_put write_batch(struct sink *s, const struct kc_batch *batch, int64_t now_ms, struct kc_error *err) {
    int64_t began_ms = clock_ms();
    struct partition *p = NULL;
    const struct kc_record *before = NULL;
    for (uint32_t i = s->resume_from; i < batch->count; i++) {
        const struct kc_record *r = &batch->records[i];
        if (!kc_record_live(r))
            continue;
        if (!before || before->original_partition != r->original_partition ||
            (before->original_topic != r->original_topic && strcmp(before->original_topic, r->original_topic) != 0))
            p = partition_of(s, r, err);
        before = r;
        if (!p || write_record(s, batch, r, p, now_ms, err) < 0)
            return KC_PUT_FAIL;
        if (i + 1 < batch->count && out_of_time(s, i, began_ms)) {
            s->resume_from = i + 1;
            err_set(err, ERR_RETRIABLE,
                    "max.write.duration.ms is over; %u of %u records were written, the others follow", i + 1,
                    batch->count);
            return KC_PUT_RETRY;
        }
    }
    s->resume_from = 0;
    return KC_PUT_DONE;
}

/* Scheduled rotations, and when the next one is due. */
static void rotate_idle(struct sink *s, int64_t now_ms) {
    int64_t next = INT64_MAX;
    void *value;
    for (size_t i = 0; map_next(s->partitions, &i, NULL, &value);) {
        struct partition *p = value;
        writer_idle(p->writer, now_ms);
        int64_t at = writer_next_ms(p->writer);
        next = at < next ? at : next;
    }
    if (next != INT64_MAX)
        s->ctx->timeout(s->ctx, next > now_ms ? next - now_ms : 1);
}

static enum kc_put task_put(void *self, const struct kc_batch *batch, struct kc_error *err) {
    struct sink *s = self;
    int64_t now_ms = clock_wall_ms();
    end_waits(s);
    if (check_failures(s, err) < 0)
        return KC_PUT_FAIL;
    enum kc_put verdict = write_batch(s, batch, now_ms, err);
    if (verdict != KC_PUT_DONE)
        return verdict;
    if (s->zone)
        rotate_idle(s, now_ms);
    check_memory(s);
    check_queue(s);
    return check_failures(s, err) < 0 ? KC_PUT_FAIL : KC_PUT_DONE;
}

/* Only what was completed since the last time; the rest is read again after a restart. A stopping task waits a little
 * for files that are on their way. */
static int task_pre_commit(void *self, struct kc_topic_offset *offsets, size_t count, struct kc_error *err) {
    (void)err;
    struct sink *s = self;
    char name[300];
    if (s->ctx->stopping && s->ctx->stopping(s->ctx))
        uploader_settle(s->uploader, STOP_WAIT_MS);
    for (size_t i = 0; i < count; i++) {
        struct partition *p = map_get(s->partitions, partition_name(name, offsets[i].topic, offsets[i].partition));
        offsets[i].offset = p ? writer_take_offset(p->writer) : -1;
    }
    return 0;
}

/* ---- The plugin -------------------------------------------------------------------------------------------------- */

static const struct kc_connector_ops connector_ops = {.validate = sink_conf_validate,
                                                      .start = connector_start,
                                                      .task_configs = connector_task_configs,
                                                      .stop = connector_stop};

static const struct kc_sink_task_ops task_ops = {.start = task_start,
                                                 .open = task_open,
                                                 .put = task_put,
                                                 .pre_commit = task_pre_commit,
                                                 .close = task_close,
                                                 .stop = task_stop};

const struct kc_plugin s3_sink_connector = {.abi = KC_ABI,
                                            .kind = KC_KIND_SINK,
                                            .class_name = "io.confluent.connect.s3.S3SinkConnector",
                                            .task_class = "io.confluent.connect.s3.S3SinkTask",
                                            .version = SINK_VERSION,
                                            .options = sink_options,
                                            .conf_size = sizeof(struct sink_conf),
                                            .connector = &connector_ops,
                                            .sink_task = &task_ops};
