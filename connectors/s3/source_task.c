/* A task of the S3 source: reads the objects of its folders, folder by folder in turns, object by object in the order
 * of their names. Owns its store and its folders, one of which may have an object open; all on the task's thread. See
 * source.c. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/s3/source.h"
#include "connectors/s3/source_config.h"
#include "connectors/s3/source_folder.h"

#define LOG "io.confluent.connect.s3.source.S3SourceTask"

enum { WAIT_MIN_MS = 100, WAIT_MAX_MS = 1000 };

struct task_folder {
    struct source_folder *folder;
    const struct kc_source_partition *partition;
};

struct s3_source_task {
    struct kc_source_context *ctx;
    const struct s3_source_conf *conf;
    struct object_store *store;
    struct source_naming naming;
    struct task_folder *folders;
    size_t folder_count, current;
};

static bool cancelled(void *arg) {
    struct s3_source_task *t = arg;
    return t->ctx->stopping(t->ctx);
}

/* ---- folders and offsets ---- */

static const char *text_of(struct kc_arena *arena, const struct kc_value *map, const char *key) {
    const struct kc_value *v = map->tag == KC_V_MAP ? kc_map_get(map, key) : NULL;
    return v && v->tag == KC_V_STRING ? kc_arena_copy(arena, v->s, v->len) : NULL;
}

/* Where the folder was left, from the stored offset. */
static int restore_position(struct s3_source_task *t, struct task_folder *f, struct kc_arena *arena,
                            struct kc_error *err) {
    struct kc_value partition = kc_map_new(arena, 1), offset;
    kc_map_put(&partition, "folder", kc_string(source_folder_name(f->folder)));
    f->partition = t->ctx->partition(t->ctx, &partition);
    if (t->ctx->offset(t->ctx, arena, &partition, &offset, err) < 0)
        return -1;
    offset = kc_json_expand(arena, offset);
    const char *file = text_of(arena, &offset, "lastFileRead"), *records = text_of(arena, &offset, "fileOffset"),
               *eof = text_of(arena, &offset, "eof");
    if (file)
        source_folder_resume(f->folder, file, records ? strtoll(records, NULL, 10) : -1, eof && !strcmp(eof, "true"));
    return 0;
}

static int add_folders(struct s3_source_task *t, struct kc_error *err) {
    AUTO_TEXT text = strdup(t->conf->folders ? t->conf->folders : "");
    AUTO(arena) arena = arena_new(0);
    char *state = NULL;
    for (char *name = strtok_r(text, "\n", &state); name; name = strtok_r(NULL, "\n", &state)) {
        struct task_folder *grown = reallocarray(t->folders, t->folder_count + 1, sizeof *grown);
        if (!grown)
            return err_set(err, ERR_INTERNAL, "out of memory");
        t->folders = grown;
        struct task_folder *f = &grown[t->folder_count++];
        *f = (struct task_folder){.folder = source_folder_new(&t->naming, t->store, name)};
        if (restore_position(t, f, arena, err) < 0)
            return -1;
    }
    return 0;
}

static void task_stop(void *self) {
    struct s3_source_task *t = self;
    if (!t)
        return;
    for (size_t i = 0; i < t->folder_count; i++)
        source_folder_free(t->folders[i].folder);
    free(t->folders);
    store_free(t->store);
    source_naming_done(&t->naming);
    free(t);
}

static int task_start(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err) {
    struct s3_source_task *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(err, ERR_INTERNAL, "out of memory");
    t->ctx = ctx;
    t->conf = conf;
    if (source_naming_init(&t->naming, conf, err) < 0 ||
        !(t->store = s3_source_store(conf, ctx->config, cancelled, t, err)) || add_folders(t, err) < 0) {
        task_stop(t);
        return -1;
    }
    *ret_self = t;
    return 0;
}

/* ---- polling ---- */

/* A file that cannot be used: the task fails, or goes on with a line in the log. */
static int tolerate(struct s3_source_task *t, struct kc_error *err) {
    if (err->retriable || err->code != ERR_BAD_DATA || s3_source_fails_on_error(t->conf))
        return -1;
    kc_log(KC_ERROR, LOG, "%s; ignored because of behavior.on.error=%s", err->text, t->conf->behavior_on_error);
    *err = (struct kc_error){0};
    return 0;
}

/* Opens the next object of the folder. 1 opened, 0 nothing now, -1 error. */
static int open_next(struct s3_source_task *t, struct source_folder *f, struct kc_error *err) {
    while (!t->ctx->stopping(t->ctx)) {
        int rc = source_folder_open(f, err);
        if (rc >= 0)
            return rc;
        if (tolerate(t, err) < 0)
            return -1;
        source_folder_skip(f);
    }
    return 0;
}

/* The offset behind the record just read; `eof` when it was the object's last. */
static struct kc_value offset_behind(struct kc_arena *arena, const char *name, int64_t position, bool eof) {
    struct kc_value offset = kc_map_new(arena, 3);
    kc_map_put(&offset, "lastFileRead", kc_string(name));
    kc_map_put(&offset, "fileOffset", kc_string(kc_arena_printf(arena, "%lld", (long long)position)));
    kc_map_put(&offset, "eof", kc_string(eof ? "true" : "false"));
    return offset;
}

/* Reads records of the open object into the batch, until it ends, is interrupted (and closed in both cases) or the
 * batch is full. */
static int read_records(struct s3_source_task *t, struct task_folder *f, struct kc_batch *batch, uint32_t most,
                        struct kc_error *err) {
    struct source_file *file = source_folder_file(f->folder);
    const char *name = kc_arena_strdup(batch->arena, source_file_key(file));
    while (batch->count < most) {
        struct kc_record record = {.partition = -1, .timestamp = KC_NO_TIMESTAMP};
        int64_t before = source_file_position(file);
        bool bad_record;
        int rc = source_file_next(file, batch->arena, &record, &bad_record, err);
        if (rc < 0 && tolerate(t, err) < 0) /* seen again when the batch so far is through */
            return source_folder_interrupt(f->folder, before, err);
        if (rc < 0 && bad_record)
            continue;
        if (rc <= 0) { /* at its end, or the rest cannot be read */
            source_folder_end(f->folder);
            return 0;
        }
        int end = source_file_at_end(file, err);
        if (end < 0)
            return source_folder_interrupt(f->folder, before, err);
        record.topic = kc_arena_strdup(batch->arena, record.topic);
        record.source_partition = f->partition;
        record.source_offset = offset_behind(batch->arena, name, source_file_position(file), end == 1);
        *kc_batch_add(batch) = record;
    }
    return 0;
}

/* Until the first folder may have something, within bounds. */
static int64_t wait_ms(const struct s3_source_task *t) {
    int64_t least = t->conf->poll_interval_ms < WAIT_MIN_MS ? t->conf->poll_interval_ms : WAIT_MIN_MS,
            wait = t->conf->poll_interval_ms < WAIT_MAX_MS ? t->conf->poll_interval_ms : WAIT_MAX_MS, now = clock_ms();
    for (size_t i = 0; i < t->folder_count; i++) {
        int64_t due = source_folder_due_ms(t->folders[i].folder);
        if (due < now + wait)
            wait = due > now + least ? due - now : least;
    }
    return wait;
}

static int task_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct s3_source_task *t = self;
    uint32_t most =
        batch->capacity < (uint32_t)t->conf->record_batch_max ? batch->capacity : (uint32_t)t->conf->record_batch_max;
    size_t idle = 0;
    while (batch->count < most && idle < t->folder_count && !t->ctx->stopping(t->ctx)) {
        struct task_folder *f = &t->folders[t->current];
        int rc = open_next(t, f->folder, err);
        idle = rc == 0 ? idle + 1 : 0;
        if (rc == 1)
            rc = read_records(t, f, batch, most, err);
        if (rc < 0 && batch->count == 0)
            return -1;
        if (rc < 0) { /* what was read goes first; the failure shows again at the next poll */
            *err = (struct kc_error){0};
            return 0;
        }
        if (!source_folder_file(f->folder))
            t->current = (t->current + 1) % t->folder_count;
    }
    if (batch->count == 0)
        t->ctx->wait(t->ctx, wait_ms(t));
    return 0;
}

const struct kc_source_task_ops s3_source_task_ops = {.start = task_start, .poll = task_poll, .stop = task_stop};
