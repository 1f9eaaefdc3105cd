/* See source_scan.h. */
#include "connectors/s3/source_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connectors/s3/source_offset.h"

#define LOG "io.confluent.connect.s3.source.S3SourceTask"

/* One object to be read. */
struct waiting {
    char *key;
    const char *topic; /* in the naming */
    int64_t records;   /* that were read before */
};

struct source_scan {
    struct source_input base;
    const struct source_naming *naming;
    struct object_store *store;
    struct kc_source_context *ctx;
    struct map *done;        /* keys that were read or passed over; values mean nothing */
    struct waiting *waiting; /* task.batch.size of them at most; those before `next` are used up */
    size_t next, count, cap;
    char *cursor; /* the listing goes on behind this key; NULL: from the beginning */
    char *prefix;
    bool missed; /* the next object was not found once */
};

static struct source_scan *of(struct source_input *in) {
    return CONTAINER_OF(in, struct source_scan, base);
}

static _Noreturn void out_of_memory(void) {
    fprintf(stderr, "kconnectd: out of memory for a listing\n");
    abort();
}

/* ---- listing ---- */

static bool is_mine(const struct source_scan *s, const struct store_object *object) {
    const struct s3_source_conf *conf = s->naming->conf;
    return hash_bytes(object->key, strlen(object->key)) % (uint64_t)conf->task_count == (uint64_t)conf->task_index &&
           (object->modified_ms == 0 || object->modified_ms >= conf->starting_timestamp);
}

static int on_object(void *arg, const struct store_object *object, struct kc_error *err) {
    struct source_scan *s = arg;
    const char *topic;
    (void)err;
    if (!is_mine(s, object) || map_has(s->done, object->key) || !source_stem_length(s->naming, object->key) ||
        !(topic = source_naming_topic(s->naming, object->key)))
        return 0;
    if (s->count == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        s->waiting = reallocarray(s->waiting, s->cap, sizeof *s->waiting);
        if (!s->waiting)
            out_of_memory();
    }
    s->waiting[s->count++] = (struct waiting){.key = strdup(object->key), .topic = topic};
    return s->count == (size_t)s->naming->conf->task_batch_size;
}

/* What the stored offset says about an object. 1: it is to be read. */
static int load_position(struct source_scan *s, struct waiting *w, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct kc_value partition = source_partition_of_file(arena, w->key);
    struct source_position position;
    if (source_position_load(s->ctx, arena, &partition, &position, err) < 0)
        return -1;
    w->records = position.file && position.records > 0 ? position.records : 0;
    return !position.file || !position.eof;
}

/* The next objects behind the cursor. 0: the listing has come to its end, 1: there may be more. */
static int list_more(struct source_scan *s, struct kc_error *err) {
    s->next = s->count = 0;
    if (store_list(s->store, s->prefix, s->cursor, on_object, s, err) < 0) {
        while (s->count > 0)
            free(s->waiting[--s->count].key);
        return -1;
    }
    bool more = s->count == (size_t)s->naming->conf->task_batch_size;
    free(s->cursor);
    s->cursor = more ? strdup(s->waiting[s->count - 1].key) : NULL;
    return more;
}

static void drop_next(struct source_scan *s) {
    free(s->waiting[s->next++].key);
    s->missed = false;
}

/* It is not read again while the task lives. */
static void finish_next(struct source_scan *s) {
    map_put(s->done, s->waiting[s->next].key, s);
    drop_next(s);
}

/* Makes waiting[next] an object to be read. 1; 0 nothing now; -1 error */
static int find_next(struct source_scan *s, struct kc_error *err) {
    while (s->next == s->count && !s->ctx->stopping(s->ctx)) {
        if (clock_ms() < s->base.due_ms)
            return 0;
        int more = list_more(s, err);
        if (more < 0)
            return -1;
        if (!more) /* the next round comes after what this one has brought */
            s->base.due_ms = clock_after_ms(s->naming->conf->poll_interval_ms);
        if (s->count == 0)
            return 0;
    }
    return s->next < s->count;
}

/* ---- callbacks ---- */

/* An object that is not found is looked for twice, and then was deleted since it was listed. 1: the next one comes. */
static int not_found(struct source_scan *s, struct kc_error *err) {
    if (!s->missed) {
        s->missed = true;
        s->base.due_ms = clock_ms() + SOURCE_SETTLE_MS;
        return 0;
    }
    kc_log(KC_WARN, LOG, "%s; it was there before; reading on with the next one", err->text);
    drop_next(s);
    return 1;
}

static int scan_open(struct source_input *in, struct kc_error *err) {
    struct source_scan *s = of(in);
    int rc;
    while ((rc = find_next(s, err)) == 1) {
        struct waiting *w = &s->waiting[s->next];
        if (s->missed && clock_ms() < in->due_ms)
            return 0;
        rc = w->records > 0 ? 1 : load_position(s, w, err);
        if (rc < 0)
            return -1;
        if (rc == 0) {
            finish_next(s);
            continue;
        }
        in->file = source_file_open(s->naming, s->store, w->key, w->topic, w->records, 0, err);
        if (in->file)
            break;
        if (err->code != ERR_NOT_FOUND)
            return -1;
        rc = not_found(s, err);
        *err = (struct kc_error){0};
        if (rc == 0)
            return 0;
    }
    if (rc <= 0)
        return rc;
    AUTO(arena) arena = arena_new(0);
    struct kc_value partition = source_partition_of_file(arena, s->waiting[s->next].key);
    in->partition = s->ctx->partition(s->ctx, &partition);
    return 1;
}

static void scan_finish(struct source_input *in) {
    finish_next(of(in));
}

static int scan_interrupt(struct source_input *in, int64_t position, struct kc_error *err) {
    struct source_scan *s = of(in);
    s->waiting[s->next].records = position;
    if (err->code != ERR_NOT_FOUND)
        return -1;
    (void)not_found(s, err);
    *err = (struct kc_error){0};
    return 0;
}

static void scan_free(struct source_input *in) {
    struct source_scan *s = of(in);
    while (s->next < s->count)
        drop_next(s);
    map_free(s->done);
    free(s->waiting);
    free(s->cursor);
    free(s->prefix);
    free(s);
}

static const struct source_input_ops scan_ops = {
    .open = scan_open, .skip = scan_finish, .end = scan_finish, .interrupt = scan_interrupt, .free = scan_free};

struct source_input *source_scan_new(const struct source_naming *n, struct object_store *store,
                                     struct kc_source_context *ctx) {
    const struct s3_source_conf *conf = n->conf;
    const char *dir = conf->topics_dir ? conf->topics_dir : "";
    struct source_scan *s = calloc(1, sizeof *s);
    if (!s || asprintf(&s->prefix, "%s%s", dir, *dir ? conf->delim : "") < 0) {
        out_of_memory();
    }
    s->base = (struct source_input){.ops = &scan_ops, .due_ms = INT64_MIN};
    s->naming = n;
    s->store = store;
    s->ctx = ctx;
    s->done = map_new(NULL);
    return &s->base;
}
