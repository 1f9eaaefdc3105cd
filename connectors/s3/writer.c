/* See writer.h. @source io.confluent.connect.s3.TopicPartitionWriter */
#include "connectors/s3/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/data/project.h"

#define LOGGER      "io.confluent.connect.s3.TopicPartitionWriter"
#define NAME_LIMIT  8192
#define NO_TIME     INT64_MIN
#define NO_SCHEDULE INT64_MAX

/* One open file. */
struct file {
    char *topic, *enc;              /* the record's topic and directory */
    const struct kc_schema *schema; /* of its first value; NULL: schemaless */
    bool tombstones;
    int64_t start_offset, end_offset, record_count;
    struct output *values, *keys, *headers; /* NULL: not wanted */
};

struct writer {
    const struct writer_env *env;
    char *topic; /* where records were read */
    int32_t partition;
    struct channel *channel;
    struct file **files; /* in order of opening */
    size_t file_count, file_capacity;
    struct map *by_name; /* "topic\nenc" → file */
    struct file *last;   /* last written to, while open */
    struct buf name;     /* scratch: "topic\nenc" of the record */
    int32_t last_partition;
    char *last_enc; /* directory of the last written record; "" before */
    int64_t record_count;
    int64_t base_time, last_time; /* NO_TIME: none */
    int64_t last_offset, first_offset;
    int64_t next_scheduled;
    int64_t taken_offset;
};

/* ---- Life -------------------------------------------------------------------------------------------------------- */

struct writer *writer_new(const struct writer_env *env, const char *topic, int32_t partition) {
    struct writer *w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->env = env;
    w->topic = strdup(topic);
    w->partition = partition;
    w->channel = channel_new(env->uploader);
    w->by_name = map_new(NULL);
    buf_init(&w->name, NAME_LIMIT);
    w->last_enc = strdup("");
    w->base_time = w->last_time = NO_TIME;
    w->first_offset = w->last_offset = w->taken_offset = -1;
    w->next_scheduled = NO_SCHEDULE;
    return w;
}

static void file_free(struct file *f) {
    output_discard(f->keys);
    output_discard(f->headers);
    output_discard(f->values);
    kc_schema_unref(f->schema);
    free(f->topic);
    free(f->enc);
    free(f);
}

static void forget_files(struct writer *w) {
    for (size_t i = 0; i < w->file_count; i++)
        file_free(w->files[i]);
    w->file_count = 0;
    map_clear(w->by_name);
    w->last = NULL;
    w->record_count = 0;
    w->base_time = NO_TIME;
}

struct writer *writer_free(struct writer *w) {
    if (!w)
        return NULL;
    forget_files(w);
    channel_free(w->channel);
    map_free(w->by_name);
    buf_done(&w->name);
    free(w->files);
    free(w->last_enc);
    free(w->topic);
    free(w);
    return NULL;
}

const char *writer_topic(const struct writer *w) {
    return w->topic;
}

int32_t writer_partition(const struct writer *w) {
    return w->partition;
}

/* ---- Rotation ---------------------------------------------------------------------------------------------------- */

/* Counted from local midnight, which always ends a period. */
static int64_t next_schedule(const struct writer_env *env, int64_t now_ms) {
    int64_t period = env->conf->rotate_schedule_ms;
    if (period <= 0 || !env->zone)
        return NO_SCHEDULE;
    int64_t day = zone_day_start(env->zone, now_ms, 0), day_length = zone_day_start(env->zone, now_ms, 1) - day;
    int64_t periods = (now_ms - day) / period + 1;
    return day + (periods > day_length / period ? day_length : periods * period);
}

static struct remote *finish(struct output *o) {
    return o ? output_finish(o) : NULL;
}

/* All open files end; the uploader completes them. */
static void rotate(struct writer *w) {
    if (!w->file_count)
        return;
    struct upload_group *group = calloc(1, sizeof(*group) + w->file_count * sizeof(group->files[0]));
    if (!group)
        abort();
    group->next_offset = w->last_offset + 1;
    group->count = w->file_count;
    for (size_t i = 0; i < w->file_count; i++) {
        struct file *f = w->files[i];
        group->files[i] = (struct upload_file){.keys = finish(f->keys),
                                               .headers = finish(f->headers),
                                               .values = finish(f->values),
                                               .start_offset = f->start_offset,
                                               .end_offset = f->end_offset,
                                               .record_count = f->record_count};
        f->keys = f->headers = f->values = NULL;
    }
    channel_commit(w->channel, group);
    forget_files(w);
}

static bool has_tombstone_word(const struct writer *w, const char *enc) {
    return w->env->write_tombstones && strstr(enc, w->env->conf->tombstone_partition) != NULL;
}

static bool directory_changed(const struct writer *w, const char *enc) {
    return w->env->conf->rotate_on_partition_change && enc && *w->last_enc && strcmp(enc, w->last_enc) != 0 &&
           !has_tombstone_word(w, enc) && !has_tombstone_word(w, w->last_enc);
}

/* `enc` NULL: no new record. */
static bool time_to_rotate(const struct writer *w, int64_t time_ms, const char *enc, int64_t now_ms) {
    const struct sink_conf *conf = w->env->conf;
    if (!w->record_count)
        return false;
    if (conf->rotate_interval_ms > 0 && partitioner_time_based(w->env->partitioner) &&
        ((w->base_time != NO_TIME && time_ms != NO_TIME && time_ms - w->base_time >= conf->rotate_interval_ms) ||
         directory_changed(w, enc)))
        return true;
    return now_ms >= w->next_scheduled;
}

static void rotate_by_time(struct writer *w, int64_t now_ms) {
    w->next_scheduled = next_schedule(w->env, now_ms);
    rotate(w);
}

/* A schedule that ran out while nothing was open must not end the first file that comes. */
static void renew_schedule(struct writer *w, int64_t now_ms) {
    if (w->env->conf->rotate_schedule_ms > 0 && !w->record_count &&
        (w->next_scheduled == NO_SCHEDULE || now_ms >= w->next_scheduled))
        w->next_scheduled = next_schedule(w->env, now_ms);
}

void writer_idle(struct writer *w, int64_t now_ms) {
    if (time_to_rotate(w, w->last_time, NULL, now_ms))
        rotate_by_time(w, now_ms);
}

int64_t writer_next_ms(const struct writer *w) {
    return w->record_count ? w->next_scheduled : NO_SCHEDULE;
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static struct output *open_output(struct writer *w, const char *base, const char *ext) {
    AUTO_BUF key;
    buf_init(&key, NAME_LIMIT + 1024);
    buf_printf(&key, "%s%s", base, ext);
    return output_new(w->env->uploader, w->channel, buf_text(&key), &w->env->output);
}

static struct file *open_file(struct writer *w, const struct kc_record *r, const char *enc) {
    const struct writer_env *env = w->env;
    AUTO_BUF base;
    buf_init(&base, NAME_LIMIT);
    if (key_base(&env->layout, r->topic, enc, w->topic, w->partition, r->offset, &base) < 0)
        return NULL;
    struct file *f = calloc(1, sizeof(*f));
    if (!f)
        abort();
    f->topic = strdup(r->topic);
    f->enc = strdup(enc);
    f->schema = kc_schema_ref(r->value_schema);
    f->tombstones = r->value.tag == KC_V_NULL;
    f->start_offset = f->end_offset = r->offset;
    if (!f->tombstones)
        f->values = open_output(w, base.data, env->value_ext);
    if (env->conf->store_keys)
        f->keys = open_output(w, base.data, env->key_ext);
    if (env->conf->store_headers)
        f->headers = open_output(w, base.data, env->header_ext);
    return f;
}

static void add_file(struct writer *w, struct file *f) {
    if (w->file_count == w->file_capacity) {
        w->file_capacity = w->file_capacity ? w->file_capacity * 2 : 8;
        w->files = reallocarray(w->files, w->file_capacity, sizeof(struct file *));
        if (!w->files)
            abort();
    }
    w->files[w->file_count++] = f;
    map_put(w->by_name, buf_text(&w->name), f);
}

/* Names the record's place in w->name; the directory begins behind the line feed. */
static const char *place_of(struct writer *w, const struct kc_record *r, int64_t time_ms, struct kc_error *err) {
    buf_clear(&w->name);
    if (buf_printf(&w->name, "%s\n", r->topic) < 0) {
        kc_fail(err, KC_DATA_EXCEPTION, "The topic name is too long");
        return NULL;
    }
    size_t at = w->name.len;
    return partitioner_encode(w->env->partitioner, r, time_ms, &w->name, err) < 0 ? NULL : w->name.data + at;
}

/* The usual case, without forming a name: the same topic and partition as the last record's. */
static struct file *same_place(const struct writer *w, const struct kc_record *r) {
    bool same = w->last && partitioner_constant(w->env->partitioner) && r->partition == w->last_partition;
    return same && !strcmp(w->last->topic, r->topic) ? w->last : NULL;
}

/* ---- Writing one record ------------------------------------------------------------------------------------------ */

static int cannot_be_null(const char *what, const struct kc_record *r, struct kc_error *err) {
    return kc_fail(err, KC_DATA_EXCEPTION, "%s cannot be null for SinkRecord: %s", what, partitioner_record_text(r));
}

/* The value as the schema of the file sees it. */
static int encode_value(struct writer *w, struct kc_arena *arena, struct file *f, const struct kc_record *r,
                        struct kc_error *err) {
    const struct format *format = &w->env->values;
    struct kc_value projected;
    if (w->env->compatibility == COMPATIBILITY_NONE || r->value_schema == f->schema)
        return format_write(format, r->value_schema, &r->value, output_line(f->values), err);
    if (project_value(arena, r->value_schema, &r->value, f->schema, &projected, err) < 0)
        return -1;
    return format_write(format, f->schema, &projected, output_line(f->values), err);
}

static int encode(struct writer *w, struct kc_arena *arena, struct file *f, const struct kc_record *r,
                  struct kc_error *err) {
    const struct writer_env *env = w->env;
    if (f->keys && r->key.tag == KC_V_NULL)
        return cannot_be_null("Key", r, err);
    if (f->headers && !r->header_count)
        return cannot_be_null("Headers", r, err);
    if (f->values && encode_value(w, arena, f, r, err) < 0)
        return -1;
    if (f->keys && format_write(&env->keys, r->key_schema, &r->key, output_line(f->keys), err) < 0)
        return -1;
    if (f->headers && format_write_headers(&env->headers, arena, r, output_line(f->headers), err) < 0)
        return -1;
    return 0;
}

static void each_output(const struct file *f, void (*call)(struct output *o)) {
    if (f->values)
        call(f->values);
    if (f->keys)
        call(f->keys);
    if (f->headers)
        call(f->headers);
}

size_t writer_buffered(const struct writer *w) {
    size_t bytes = 0;
    for (size_t i = 0; i < w->file_count; i++) {
        const struct file *f = w->files[i];
        bytes += f->values ? output_buffered(f->values) : 0;
        bytes += f->keys ? output_buffered(f->keys) : 0;
        bytes += f->headers ? output_buffered(f->headers) : 0;
    }
    return bytes;
}

void writer_relieve(struct writer *w) {
    for (size_t i = 0; i < w->file_count; i++)
        each_output(w->files[i], output_relieve);
}

static void mark(struct output *o) {
    output_line(o);
}

/* All lines of the record or none: the objects of a file stay in step. */
static int append(struct writer *w, struct kc_arena *arena, struct file *f, const struct kc_record *r,
                  struct kc_error *err) {
    each_output(f, mark);
    if (encode(w, arena, f, r, err) < 0) {
        each_output(f, output_undo);
        return -1;
    }
    each_output(f, output_accept);
    f->end_offset = r->offset;
    f->record_count++;
    w->record_count++;
    w->last_offset = r->offset;
    w->last_partition = r->partition;
    w->last = f;
    if (strcmp(w->last_enc, f->enc) != 0) {
        free(w->last_enc);
        w->last_enc = strdup(f->enc);
    }
    return 0;
}

/* Whether the open files must end before this record: 1, 0, or -1 when its schema may not be there at all. */
static int must_rotate(struct writer *w, const struct kc_record *r, const struct file *f, struct kc_error *err) {
    if (!w->record_count)
        return 0;
    if (!f)
        return w->env->conf->max_open_files != -1 && w->file_count >= (size_t)w->env->conf->max_open_files;
    bool tombstone = r->value.tag == KC_V_NULL;
    if (f->tombstones || tombstone)
        return f->tombstones != tombstone;
    return compatibility_ends_file(w->env->compatibility, f->schema, r->value_schema, err);
}

/* What a partitioner says of a record that it cannot place is for the dead letter queue; a field that the schema does
 * not have is a mistake of the configuration and concerns every record. */
static int not_placed(const struct kc_error *err) {
    return strcmp(err->exception, PARTITION_EXCEPTION) == 0 ? 1 : -1;
}

/* 0 written; 1 the record cannot be written, or -1 no record can: `err` says why. */
static int try_write(struct writer *w, struct kc_arena *arena, const struct kc_record *r, int64_t now_ms,
                     struct kc_error *err) {
    int64_t time_ms = NO_TIME;
    if (partitioner_time_based(w->env->partitioner) &&
        partitioner_time(w->env->partitioner, arena, r, now_ms, &time_ms, err) < 0)
        return 1;
    w->last_time = time_ms;
    if (w->base_time == NO_TIME)
        w->base_time = time_ms;
    struct file *f = same_place(w, r);
    const char *enc = f ? f->enc : place_of(w, r, time_ms, err);
    if (!enc)
        return not_placed(err);
    f = f ? f : map_get(w->by_name, w->name.data);
    bool by_time = time_to_rotate(w, time_ms, enc, now_ms);
    int ends = by_time ? 1 : must_rotate(w, r, f, err);
    if (ends < 0)
        return 1;
    if (ends) {
        if (by_time)
            rotate_by_time(w, now_ms);
        else
            rotate(w);
        w->base_time = time_ms;
        f = NULL;
        if (!(enc = place_of(w, r, time_ms, err))) /* it may have been the old file's */
            return 1;
    }
    struct file *opened = f ? NULL : open_file(w, r, enc);
    f = f ? f : opened;
    if (!f) {
        kc_fail(err, KC_DATA_EXCEPTION, "The object name for %sis too long", partitioner_record_text(r));
        return 1;
    }
    if (append(w, arena, f, r, err) < 0) {
        if (opened)
            file_free(opened);
        return 1;
    }
    if (opened)
        add_file(w, opened);
    return 0;
}

int writer_write(struct writer *w, struct kc_arena *arena, const struct kc_record *r, int64_t now_ms,
                 struct kc_error *err) {
    if (w->first_offset < 0)
        w->first_offset = r->offset;
    renew_schedule(w, now_ms);
    int rc = try_write(w, arena, r, now_ms, err);
    if (rc < 0)
        return -1;
    if (rc) {
        struct kc_error refused = {0};
        if (w->env->ctx->report(w->env->ctx, r, err, &refused) < 0)
            return -1; /* with the cause, which names the record */
        *err = (struct kc_error){0};
        return 0;
    }
    int64_t limit = w->env->conf->flush_size > 1 ? w->env->conf->flush_size : 1;
    if (w->record_count >= limit)
        rotate(w);
    return 0;
}

/* ---- What became of it ------------------------------------------------------------------------------------------- */

int64_t writer_take_offset(struct writer *w) {
    struct channel_status status;
    channel_status(w->channel, &status);
    if (status.done_offset == w->taken_offset)
        return -1;
    w->taken_offset = status.done_offset;
    return status.done_offset;
}

bool writer_failed(struct writer *w, struct channel_status *ret_status) {
    if (!channel_failed(w->channel))
        return false;
    channel_status(w->channel, ret_status);
    return ret_status->failed;
}

int64_t writer_restart(struct writer *w, const struct channel_status *status) {
    int64_t offset = status->restart_offset >= 0 ? status->restart_offset
                     : status->done_offset >= 0  ? status->done_offset
                                                 : w->first_offset;
    forget_files(w);
    channel_restart(w->channel);
    if (status->done_offset < 0)
        w->first_offset = offset;
    return offset;
}

/* The name with another offset in place of the file's first. */
static int renamed(const struct writer_env *env, const char *key, int64_t start, int64_t offset, struct buf *out) {
    AUTO_BUF old;
    buf_init(&old, NAME_LIMIT);
    const char *delim = env->layout.file_delim;
    int width = env->layout.pad_width;
    if (buf_printf(&old, "%s%0*lld%s", delim, width, (long long)start, env->value_ext) < 0)
        return -1;
    size_t len = strlen(key);
    if (len < old.len || strcmp(key + len - old.len, old.data) != 0)
        return -1;
    int rc = buf_add(out, key, len - old.len);
    rc |= buf_printf(out, "%s%0*lld%s", delim, width, (long long)offset, env->value_ext);
    return rc ? -1 : 0;
}

int writer_find_free(void *arg, const char *key, const struct upload_file *file, int64_t *ret_restart,
                     struct kc_error *err) {
    const struct writer_env *env = arg;
    struct object_store *store = uploader_store(env->uploader);
    int limit = env->conf->scan_limit;
    int64_t offset = file->start_offset + 1;
    int there = store_head(store, key, NULL, err);
    if (there < 0 && err->code != ERR_FORBIDDEN)
        return -1;
    if (!there) /* going on behind it would lose a record */
        return err_set(
            err, ERR_S3,
            "Unexpected state - Contradicting response: the store refuses to write %s because it exists, and "
            "says that it does not exist",
            key);
    for (int i = 0; i < limit; i++, offset++) {
        AUTO_BUF name;
        buf_init(&name, NAME_LIMIT);
        struct store_object object;
        if (renamed(env, key, file->start_offset, offset, &name) < 0)
            break;
        int rc = store_head(store, name.data, &object, err);
        if (rc < 0 && err->code != ERR_FORBIDDEN)
            return -1;
        if (rc <= 0)
            break;
    }
    kc_log(KC_WARN, LOGGER, "Object %s exists and is kept; going on with offset %lld", key, (long long)offset);
    *ret_restart = offset;
    return 0;
}
