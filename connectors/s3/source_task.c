/* A task of the S3 source: reads the objects of its folders, folder by folder in turns, object by object in the order
 * of their names. Owns its store and the open object; all on the task's thread. See source.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/s3/source.h"
#include "connectors/s3/source_config.h"
#include "connectors/s3/source_file.h"

#define LOG "io.confluent.connect.s3.source.S3SourceTask"

enum { KEYS_AHEAD = 1000, WAIT_MS = 1000 };

/* One folder: what was read, and the next objects as the last listing showed them. */
struct folder {
    char *name;
    const struct kc_source_partition *partition;
    char *last_file; /* last object begun, NULL none */
    int64_t skip;    /* records of last_file that are done, while it is not at its end */
    bool resume;     /* last_file must be opened again from `skip` */
    char *keys[KEYS_AHEAD];
    size_t next, count;
    int64_t list_again_ms; /* clock_ms: not before, when nothing was found */
};

struct s3_source_task {
    struct kc_source_context *ctx;
    const struct s3_source_conf *conf;
    struct object_store *store;
    struct source_naming naming;
    struct folder *folders;
    size_t folder_count, current;
    struct source_file *file; /* of folders[current] */
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
static int restore_position(struct s3_source_task *t, struct folder *f, struct kc_arena *arena, struct kc_error *err) {
    struct kc_value partition = kc_map_new(arena, 1), offset;
    kc_map_put(&partition, "folder", kc_string(f->name));
    f->partition = t->ctx->partition(t->ctx, &partition);
    if (t->ctx->offset(t->ctx, arena, &partition, &offset, err) < 0)
        return -1;
    offset = kc_json_expand(arena, offset);
    const char *file = text_of(arena, &offset, "lastFileRead"), *records = text_of(arena, &offset, "fileOffset"),
               *eof = text_of(arena, &offset, "eof");
    if (!file)
        return 0;
    f->last_file = strdup(file);
    f->resume = !eof || strcmp(eof, "true") != 0;
    f->skip = records ? strtoll(records, NULL, 10) : 0;
    return 0;
}

static int add_folders(struct s3_source_task *t, struct kc_error *err) {
    AUTO_TEXT text = strdup(t->conf->folders ? t->conf->folders : "");
    AUTO(arena) arena = arena_new(0);
    char *state = NULL;
    for (char *name = strtok_r(text, "\n", &state); name; name = strtok_r(NULL, "\n", &state)) {
        struct folder *grown = reallocarray(t->folders, t->folder_count + 1, sizeof *grown);
        if (!grown)
            return err_set(err, ERR_INTERNAL, "out of memory");
        t->folders = grown;
        struct folder *f = &grown[t->folder_count++];
        memset(f, 0, sizeof *f);
        f->name = strdup(name);
        if (restore_position(t, f, arena, err) < 0)
            return -1;
    }
    return 0;
}

static void forget_keys(struct folder *f) {
    for (size_t i = f->next; i < f->count; i++)
        free(f->keys[i]);
    f->next = f->count = 0;
}

static void task_stop(void *self) {
    struct s3_source_task *t = self;
    if (!t)
        return;
    source_file_free(t->file);
    for (size_t i = 0; i < t->folder_count; i++) {
        forget_keys(&t->folders[i]);
        free(t->folders[i].name);
        free(t->folders[i].last_file);
    }
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

/* ---- finding the next object ---- */

struct key_listing {
    struct s3_source_task *t;
    struct folder *f;
};

static int on_key(void *arg, const struct store_object *object, struct kc_error *err) {
    struct key_listing *l = arg;
    struct folder *f = l->f;
    (void)err;
    /* objects of folders below belong to those folders */
    if (source_folder_length(&l->t->naming, object->key) != strlen(f->name) ||
        source_object_kind(&l->t->naming, object->key) != OBJECT_VALUES)
        return 0;
    f->keys[f->count++] = strdup(object->key);
    return f->count == KEYS_AHEAD;
}

/* A listing that is not taken at one instant may show an object but not an earlier one that became complete while it
 * ran. So what a first listing shows is only where a second one may be believed to. */
static int list_folder(struct s3_source_task *t, struct folder *f, struct kc_error *err) {
    struct key_listing l = {t, f};
    AUTO_TEXT last = NULL;
    for (int round = 0; round < 2; round++) {
        forget_keys(f);
        if (store_list(t->store, f->name, f->last_file, on_key, &l, err) < 0) {
            forget_keys(f);
            return -1;
        }
        if (f->count == 0)
            break;
        if (!last)
            last = strdup(f->keys[f->count - 1]);
    }
    while (f->count > 0 && strcmp(f->keys[f->count - 1], last) > 0)
        free(f->keys[--f->count]);
    if (f->count == 0)
        f->list_again_ms = clock_ms() + t->conf->poll_interval_ms;
    return 0;
}

/* A file that cannot be used: the task fails, or goes on with a line in the log. */
static int tolerate(struct s3_source_task *t, struct kc_error *err) {
    if (err->retriable || err->code != ERR_BAD_DATA || s3_source_fails_on_error(t->conf))
        return -1;
    kc_log(KC_ERROR, LOG, "%s; ignored because of behavior.on.error=%s", err->text, t->conf->behavior_on_error);
    *err = (struct kc_error){0};
    return 0;
}

/* Opens the next object of folder `f`. 1 opened, 0 nothing there, -1 error. */
static int open_next(struct s3_source_task *t, struct folder *f, struct kc_error *err) {
    while (!t->ctx->stopping(t->ctx)) {
        int64_t skip = 0;
        if (f->resume) {
            skip = f->skip;
        } else {
            if (f->next == f->count) {
                if (clock_ms() < f->list_again_ms)
                    return 0;
                if (list_folder(t, f, err) < 0)
                    return -1;
                if (f->count == 0)
                    return 0;
            }
        }
        const char *key = f->resume ? f->last_file : f->keys[f->next];
        t->file = source_file_open(&t->naming, t->store, key, skip, err);
        if (!t->file && !(f->resume && err->code == ERR_NOT_FOUND) && tolerate(t, err) < 0)
            return -1;
        if (!f->resume) {
            free(f->last_file);
            f->last_file = f->keys[f->next++];
        }
        f->resume = false;
        if (t->file)
            return 1;
        *err = (struct kc_error){0};
    }
    return 0;
}

/* ---- polling ---- */

/* The offset behind the record just read; `eof` when it was the object's last. */
static struct kc_value offset_behind(struct s3_source_task *t, struct kc_arena *arena, const char *file, bool eof) {
    struct kc_value offset = kc_map_new(arena, 3);
    kc_map_put(&offset, "lastFileRead", kc_string(file));
    kc_map_put(&offset, "fileOffset",
               kc_string(kc_arena_printf(arena, "%lld", (long long)source_file_position(t->file))));
    kc_map_put(&offset, "eof", kc_string(eof ? "true" : "false"));
    return offset;
}

/* The object is to be opened again at its present place, after a failed request. */
static void reopen_later(struct s3_source_task *t, struct folder *f, int64_t position) {
    f->resume = true;
    f->skip = position;
    t->file = source_file_free(t->file);
}

/* Reads records of the open object into the batch. 1 when the object ended, 0 when the batch is full, -1 error. */
static int read_records(struct s3_source_task *t, struct folder *f, struct kc_batch *batch, uint32_t most,
                        struct kc_error *err) {
    const char *file = kc_arena_strdup(batch->arena, source_file_key(t->file));
    while (batch->count < most) {
        struct kc_record record = {.partition = -1, .timestamp = KC_NO_TIMESTAMP};
        int64_t before = source_file_position(t->file);
        bool bad_record;
        int rc = source_file_next(t->file, batch->arena, &record, &bad_record, err);
        if (rc < 0 && tolerate(t, err) < 0) { /* seen again when the batch so far is through */
            reopen_later(t, f, before);
            return -1;
        }
        if (rc < 0 && bad_record)
            continue;
        if (rc < 0)
            return 1; /* the rest of the object cannot be read */
        if (rc == 0)
            return 1;
        int end = source_file_at_end(t->file, err);
        if (end < 0) {
            reopen_later(t, f, before);
            return -1;
        }
        record.topic = kc_arena_strdup(batch->arena, record.topic);
        record.source_partition = f->partition;
        record.source_offset = offset_behind(t, batch->arena, file, end == 1);
        *kc_batch_add(batch) = record;
    }
    return 0;
}

static int task_poll(void *self, struct kc_batch *batch, struct kc_error *err) {
    struct s3_source_task *t = self;
    uint32_t most =
        batch->capacity < (uint32_t)t->conf->record_batch_max ? batch->capacity : (uint32_t)t->conf->record_batch_max;
    size_t idle = 0;
    while (batch->count < most && idle < t->folder_count && !t->ctx->stopping(t->ctx)) {
        struct folder *f = &t->folders[t->current];
        int rc = t->file ? 1 : open_next(t, f, err);
        if (rc == 1) {
            idle = 0;
            rc = read_records(t, f, batch, most, err);
            if (rc == 1)
                t->file = source_file_free(t->file);
        } else if (rc == 0) {
            idle++;
        }
        if (rc < 0 && batch->count == 0)
            return -1;
        if (rc < 0) { /* what was read goes first; the failure shows again at the next poll */
            *err = (struct kc_error){0};
            return 0;
        }
        if (!t->file)
            t->current = (t->current + 1) % t->folder_count;
    }
    if (batch->count == 0)
        t->ctx->wait(t->ctx, t->conf->poll_interval_ms < WAIT_MS ? t->conf->poll_interval_ms : WAIT_MS);
    return 0;
}

const struct kc_source_task_ops s3_source_task_ops = {.start = task_start, .poll = task_poll, .stop = task_stop};
