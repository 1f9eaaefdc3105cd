/* A task of the S3 source: reads the objects of its folders, folder by folder in turns, object by object in the order
 * of their names; or, with mode=GENERIC, its share of all objects. Owns its store and its inputs, each of which may
 * have an object open; all on the task's thread. See source.c. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/s3/source.h"
#include "connectors/s3/source_config.h"
#include "connectors/s3/source_folder.h"
#include "connectors/s3/source_offset.h"
#include "connectors/s3/source_scan.h"

#define LOG "io.confluent.connect.s3.source.S3SourceTask"

enum { WAIT_MIN_MS = 100, WAIT_MAX_MS = 1000 };

struct s3_source_task {
    struct kc_source_context *ctx;
    const struct s3_source_conf *conf;
    struct object_store *store;
    struct source_naming naming;
    struct source_input **inputs;
    size_t input_count, current;
};

static bool cancelled(void *arg) {
    struct s3_source_task *t = arg;
    return t->ctx->stopping(t->ctx);
}

/* ---- start and stop ---- */

static int add_input(struct s3_source_task *t, struct source_input *in, struct kc_error *err) {
    struct source_input **grown = reallocarray(t->inputs, t->input_count + 1, sizeof *grown);
    if (!grown) {
        source_input_free(in);
        return err_set(err, ERR_INTERNAL, "out of memory");
    }
    t->inputs = grown;
    t->inputs[t->input_count++] = in;
    return 0;
}

/* A folder, where the stored offset left it. */
static int add_folder(struct s3_source_task *t, const char *name, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value partition = source_partition_of_folder(arena, name);
    struct source_position position;
    if (source_position_load(t->ctx, arena, &partition, &position, err) < 0)
        return -1;
    struct source_input *in = source_folder_new(&t->naming, t->store, name, t->ctx->partition(t->ctx, &partition));
    if (position.file)
        source_folder_resume(in, position.file, position.records, position.eof);
    return add_input(t, in, err);
}

static int add_inputs(struct s3_source_task *t, struct kc_error *err) {
    if (s3_source_is_generic(t->conf))
        return add_input(t, source_scan_new(&t->naming, t->store, t->ctx), err);
    AUTO_TEXT text = strdup(t->conf->folders ? t->conf->folders : "");
    char *state = NULL;
    for (char *name = strtok_r(text, "\n", &state); name; name = strtok_r(NULL, "\n", &state)) {
        if (add_folder(t, name, err) < 0)
            return -1;
    }
    return 0;
}

static void task_stop(void *self) {
    struct s3_source_task *t = self;
    if (!t)
        return;
    for (size_t i = 0; i < t->input_count; i++)
        source_input_free(t->inputs[i]);
    free(t->inputs);
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
        !(t->store = s3_source_store(conf, ctx->config, cancelled, t, err)) || add_inputs(t, err) < 0) {
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

/* Opens the next object of the input. 1 opened, 0 nothing now, -1 error. */
static int open_next(struct s3_source_task *t, struct source_input *in, struct kc_error *err) {
    while (!t->ctx->stopping(t->ctx)) {
        int rc = source_input_open(in, err);
        if (rc >= 0)
            return rc;
        if (tolerate(t, err) < 0)
            return -1;
        source_input_skip(in);
    }
    return 0;
}

/* Reads records of the open object into the batch, until it ends, is interrupted (and closed in both cases) or the
 * batch is full. */
static int read_records(struct s3_source_task *t, struct source_input *in, struct kc_batch *batch, uint32_t most,
                        struct kc_error *err) {
    struct source_position position = {.file = kc_arena_strdup(batch->arena, source_file_key(in->file))};
    while (batch->count < most) {
        struct kc_record record = {.partition = -1, .timestamp = KC_NO_TIMESTAMP};
        int64_t before = source_file_position(in->file);
        bool bad_record;
        int rc = source_file_next(in->file, batch->arena, &record, &bad_record, err);
        if (rc < 0 && tolerate(t, err) < 0) /* seen again when the batch so far is through */
            return source_input_interrupt(in, before, err);
        if (rc < 0 && bad_record)
            continue;
        if (rc <= 0) { /* at its end, or the rest cannot be read */
            source_input_end(in);
            return 0;
        }
        int end = source_file_at_end(in->file, err);
        if (end < 0)
            return source_input_interrupt(in, before, err);
        position.records = source_file_position(in->file);
        position.eof = end == 1;
        record.topic = kc_arena_strdup(batch->arena, record.topic);
        record.source_partition = in->partition;
        record.source_offset = source_position_value(batch->arena, &position);
        *kc_batch_add(batch) = record;
    }
    return 0;
}

/* Until the first input may have something, within bounds. */
static int64_t wait_ms(const struct s3_source_task *t) {
    int64_t interval = t->conf->poll_interval_ms, now = clock_ms();
    int64_t least = interval < WAIT_MIN_MS ? interval : WAIT_MIN_MS,
            wait = interval < WAIT_MAX_MS ? interval : WAIT_MAX_MS;
    for (size_t i = 0; i < t->input_count; i++) {
        int64_t due = t->inputs[i]->due_ms;
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
    while (batch->count < most && idle < t->input_count && !t->ctx->stopping(t->ctx)) {
        struct source_input *in = t->inputs[t->current];
        int rc = open_next(t, in, err);
        idle = rc == 0 ? idle + 1 : 0;
        if (rc == 1)
            rc = read_records(t, in, batch, most, err);
        if (rc < 0 && batch->count == 0)
            return -1;
        if (rc < 0) { /* what was read goes first; the failure shows again at the next poll */
            *err = (struct kc_error){0};
            return 0;
        }
        if (!in->file)
            t->current = (t->current + 1) % t->input_count;
    }
    if (batch->count == 0)
        t->ctx->wait(t->ctx, wait_ms(t));
    return 0;
}

const struct kc_source_task_ops s3_source_task_ops = {.start = task_start, .poll = task_poll, .stop = task_stop};
