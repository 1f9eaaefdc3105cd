/* See uploader.h. One mutex guards all channels; requests run without it. */
#include "connectors/s3/uploader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/list.h"
#include "connect/base/log.h"
#include "connect/base/thread.h"

#define LOGGER      "io.confluent.connect.s3.S3SinkTask"
#define MAX_THREADS 8
#define MAX_SPARE   64
#define SPARE_BYTES ((size_t)32 * 1024 * 1024) /* of all together: memory that was touched once is not touched anew */

enum order_kind { ORDER_PART, ORDER_COMMIT, ORDER_DISCARD, ORDER_RESTART };

struct order {
    struct list link;
    enum order_kind kind;
    struct remote *remote;
    struct buf data;
    struct upload_group *group;
};

/* Once ordered, only the thread that runs the channel touches it. */
struct remote {
    char *key;
    struct store_upload *upload; /* NULL: not begun */
};

struct channel {
    struct uploader *up;
    struct list runnable; /* in up->runnable while there are orders and no thread works on them */
    struct list orders;
    bool queued, busy, broken;
    atomic_bool cancelled;
    struct channel_status status;
};

struct uploader {
    struct uploader_conf conf;
    char context[128]; /* log context of the task */
    pthread_mutex_t lock;
    pthread_cond_t work, changed;
    struct list runnable;
    struct channel *graveyard; /* always broken: gets the orders of channels that are gone */
    pthread_t threads[MAX_THREADS];
    int thread_count, idle_count, max_threads;
    bool stopping;
    size_t queued_bytes, pending; /* pending: orders queued or running */
    struct buf spare[MAX_SPARE];
    size_t spare_count, spare_bytes;
    atomic_uint news;
};

static _Thread_local struct channel *current;

bool uploader_thread(void) {
    return current != NULL;
}

bool uploader_cancelled(void) {
    return current && atomic_load(&current->cancelled);
}

/* ---- Orders (with the lock held unless said otherwise) ----------------------------------------------------------- */

static void *worker(void *arg);

/* Without a further thread the present ones do the work; without any the order fails loudly. */
static void wake_thread(struct uploader *up) {
    struct kc_error err = {0};
    if (up->idle_count || up->thread_count >= up->max_threads) {
        pthread_cond_signal(&up->work);
        return;
    }
    if (thread_start(&up->threads[up->thread_count], "s3-upload", worker, up, &err) == 0)
        up->thread_count++;
    else if (!up->thread_count) {
        kc_log(KC_FATAL, LOGGER, "No thread for uploads: %s", err.text);
        abort();
    }
}

static void make_runnable(struct channel *ch) {
    if (ch->queued || ch->busy || list_empty(&ch->orders) || atomic_load(&ch->cancelled))
        return;
    ch->queued = true;
    list_append(&ch->up->runnable, &ch->runnable);
    wake_thread(ch->up);
}

static void push(struct channel *ch, struct order *order) {
    struct uploader *up = ch->up;
    pthread_mutex_lock(&up->lock);
    list_append(&ch->orders, &order->link);
    up->pending++;
    up->queued_bytes += order->data.len;
    make_runnable(ch);
    pthread_mutex_unlock(&up->lock);
}

static struct order *order_new(enum order_kind kind) {
    struct order *order = calloc(1, sizeof(*order));
    if (!order)
        abort();
    order->kind = kind;
    return order;
}

struct remote *remote_new(const char *key) {
    struct remote *remote = calloc(1, sizeof(*remote));
    if (!remote || !(remote->key = strdup(key)))
        abort();
    return remote;
}

void channel_part(struct channel *ch, struct remote *remote, struct buf *take) {
    struct order *order = order_new(ORDER_PART);
    order->remote = remote;
    order->data = *take;
    buf_init(take, take->max);
    push(ch, order);
}

void channel_commit(struct channel *ch, struct upload_group *take) {
    struct order *order = order_new(ORDER_COMMIT);
    order->group = take;
    push(ch, order);
}

void channel_discard(struct channel *ch, struct remote *take) {
    struct order *order = order_new(ORDER_DISCARD);
    order->remote = take;
    push(ch, order);
}

/* ---- Carrying out (uploader thread, no lock) --------------------------------------------------------------------- */

static void fail(struct channel *ch, const struct kc_error *err, int64_t restart_offset) {
    struct uploader *up = ch->up;
    pthread_mutex_lock(&up->lock);
    ch->broken = true;
    if (!atomic_load(&ch->cancelled)) {
        ch->status.failed = true;
        ch->status.error = *err;
        ch->status.restart_offset = restart_offset;
        atomic_fetch_add(&up->news, 1);
    }
    pthread_mutex_unlock(&up->lock);
}

static void keep_spare(struct uploader *up, struct buf *data) {
    buf_clear(data);
    pthread_mutex_lock(&up->lock);
    if (up->spare_count < MAX_SPARE && data->cap && up->spare_bytes + data->cap <= SPARE_BYTES) {
        up->spare[up->spare_count++] = *data;
        up->spare_bytes += data->cap;
        data->data = NULL;
        data->cap = 0;
    }
    pthread_mutex_unlock(&up->lock);
    buf_done(data);
}

static void run_part(struct channel *ch, struct order *order) {
    struct uploader *up = ch->up;
    struct remote *remote = order->remote;
    struct store_put how = {.if_none_match = up->conf.if_none_match};
    struct kc_error err = {0};
    if (ch->broken)
        ;
    else if (!remote->upload && store_upload_begin(up->conf.store, remote->key, &how, &remote->upload, &err) < 0)
        fail(ch, &err, -1);
    else if (store_upload_part(remote->upload, buf_text(&order->data), order->data.len, &err) < 0)
        fail(ch, &err, -1);
    pthread_mutex_lock(&up->lock);
    up->queued_bytes -= order->data.len;
    pthread_mutex_unlock(&up->lock);
    keep_spare(up, &order->data);
}

static void remote_free(struct remote *remote) {
    if (!remote)
        return;
    store_upload_free(remote->upload); /* aborts what is not complete */
    free(remote->key);
    free(remote);
}

static int tag(struct uploader *up, const char *key, const struct upload_file *file, struct kc_error *err) {
    if (!up->conf.tagging)
        return 0;
    AUTO(props) tags = kc_config_new();
    char number[32];
    const struct {
        const char *name;
        int64_t value;
    } own[] = {
        {"startOffset", file->start_offset}, {"endOffset", file->end_offset}, {"recordCount", file->record_count}};
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        snprintf(number, sizeof(number), "%lld", (long long)own[i].value);
        kc_config_set(tags, own[i].name, number);
    }
    for (size_t i = 0; up->conf.extra_tags && i < kc_config_count(up->conf.extra_tags); i++)
        kc_config_set(tags, kc_config_key(up->conf.extra_tags, i), kc_config_value(up->conf.extra_tags, i));
    if (store_tag(up->conf.store, key, tags, err) == 0)
        return 0;
    if (!up->conf.tagging_must_succeed) {
        kc_log(KC_WARN, LOGGER, "Unable to tag S3 object %s, going on without tags: %s", key, err->text);
        return 0;
    }
    err_wrap(err, KC_CONNECT_EXCEPTION, "Unable to tag S3 object %s", key);
    err->retriable = false;
    return -1;
}

static int complete(struct remote *remote, struct kc_error *err) {
    return remote ? store_upload_complete(remote->upload, err) : 0;
}

static int commit_file(struct uploader *up, const struct upload_file *file, struct kc_error *err) {
    if (complete(file->keys, err) < 0 || complete(file->headers, err) < 0 || complete(file->values, err) < 0)
        return -1;
    return file->values ? tag(up, file->values->key, file, err) : 0;
}

static void group_free(struct upload_group *group) {
    for (size_t i = 0; i < group->count; i++) {
        remote_free(group->files[i].keys);
        remote_free(group->files[i].headers);
        remote_free(group->files[i].values);
    }
    free(group);
}

/* An existing object is kept; go on behind it, but not behind what other files of the group still lack. */
static void existing(struct channel *ch, const struct upload_group *group, size_t at, struct kc_error *err) {
    struct uploader *up = ch->up;
    const struct upload_file *file = &group->files[at];
    int64_t restart = -1;
    struct kc_error problem = {0};
    if (!up->conf.on_exists ||
        up->conf.on_exists(up->conf.on_exists_arg, file->values->key, file, &restart, &problem) < 0) {
        fail(ch, up->conf.on_exists ? &problem : err, -1);
        return;
    }
    for (size_t i = at + 1; i < group->count; i++)
        restart = group->files[i].start_offset < restart ? group->files[i].start_offset : restart;
    err->retriable = true;
    fail(ch, err, restart);
}

static void run_commit(struct channel *ch, struct order *order) {
    struct uploader *up = ch->up;
    struct upload_group *group = order->group;
    struct kc_error err = {0};
    int rc = ch->broken ? -1 : 0;
    for (size_t i = 0; i < group->count && !rc; i++) {
        rc = commit_file(up, &group->files[i], &err);
        if (rc && err.code == ERR_ALREADY_EXISTS && group->files[i].values)
            existing(ch, group, i, &err);
        else if (rc)
            fail(ch, &err, -1);
    }
    if (!rc) {
        pthread_mutex_lock(&up->lock);
        ch->status.done_offset = group->next_offset;
        atomic_fetch_add(&up->news, 1);
        pthread_mutex_unlock(&up->lock);
    }
    group_free(group);
}

static void run(struct channel *ch, struct order *order) {
    switch (order->kind) {
    case ORDER_PART:
        run_part(ch, order);
        break;
    case ORDER_COMMIT:
        run_commit(ch, order);
        break;
    case ORDER_DISCARD:
        remote_free(order->remote);
        break;
    case ORDER_RESTART:
        ch->broken = ch == ch->up->graveyard; /* this thread has the channel to itself */
        break;
    }
    free(order);
}

static void *worker(void *arg) {
    struct uploader *up = arg;
    log_context(up->context);
    pthread_mutex_lock(&up->lock);
    for (;;) {
        struct list *next = list_pop(&up->runnable);
        if (!next && up->stopping)
            break;
        if (!next) {
            up->idle_count++;
            pthread_cond_wait(&up->work, &up->lock);
            up->idle_count--;
            continue;
        }
        struct channel *ch = CONTAINER_OF(next, struct channel, runnable);
        struct order *order = CONTAINER_OF(list_pop(&ch->orders), struct order, link);
        ch->queued = false;
        ch->busy = true;
        if (!list_empty(&up->runnable)) /* several came at once, and only one thread was idle */
            wake_thread(up);
        pthread_mutex_unlock(&up->lock);
        current = ch;
        run(ch, order);
        current = NULL;
        pthread_mutex_lock(&up->lock);
        ch->busy = false;
        up->pending--;
        make_runnable(ch);
        pthread_cond_broadcast(&up->changed);
    }
    pthread_mutex_unlock(&up->lock);
    return NULL;
}

/* ---- Channels ---------------------------------------------------------------------------------------------------- */

struct channel *channel_new(struct uploader *up) {
    struct channel *ch = calloc(1, sizeof(*ch));
    if (!ch)
        abort();
    ch->up = up;
    list_init(&ch->orders);
    list_init(&ch->runnable);
    ch->status.done_offset = ch->status.restart_offset = -1;
    return ch;
}

struct channel *channel_free(struct channel *ch) {
    if (!ch)
        return NULL;
    struct uploader *up = ch->up;
    atomic_store(&ch->cancelled, true);
    pthread_mutex_lock(&up->lock);
    while (ch->busy)
        pthread_cond_wait(&up->changed, &up->lock);
    if (ch->queued)
        list_remove(&ch->runnable);
    for (struct list *link; (link = list_pop(&ch->orders));)
        list_append(&up->graveyard->orders, link);
    make_runnable(up->graveyard);
    pthread_cond_broadcast(&up->changed);
    pthread_mutex_unlock(&up->lock);
    free(ch);
    return NULL;
}

void channel_status(struct channel *ch, struct channel_status *ret_status) {
    pthread_mutex_lock(&ch->up->lock);
    *ret_status = ch->status;
    pthread_mutex_unlock(&ch->up->lock);
}

bool channel_failed(struct channel *ch) {
    pthread_mutex_lock(&ch->up->lock);
    bool failed = ch->status.failed;
    pthread_mutex_unlock(&ch->up->lock);
    return failed;
}

void channel_restart(struct channel *ch) {
    pthread_mutex_lock(&ch->up->lock);
    ch->status.failed = false;
    ch->status.restart_offset = -1;
    pthread_mutex_unlock(&ch->up->lock);
    push(ch, order_new(ORDER_RESTART));
}

/* ---- The uploader ------------------------------------------------------------------------------------------------ */

struct uploader *uploader_new(const struct uploader_conf *conf) {
    struct uploader *up = calloc(1, sizeof(*up));
    if (!up)
        abort();
    up->conf = *conf;
    up->max_threads = conf->max_threads < 1 ? 1 : conf->max_threads > MAX_THREADS ? MAX_THREADS : conf->max_threads;
    snprintf(up->context, sizeof(up->context), "%s", log_context_get());
    pthread_mutex_init(&up->lock, NULL);
    pthread_cond_init(&up->work, NULL);
    pthread_cond_init(&up->changed, NULL);
    list_init(&up->runnable);
    up->graveyard = channel_new(up);
    up->graveyard->broken = true;
    return up;
}

struct uploader *uploader_free(struct uploader *up) {
    if (!up)
        return NULL;
    pthread_mutex_lock(&up->lock);
    up->stopping = true;
    pthread_cond_broadcast(&up->work);
    while (up->graveyard->busy || up->graveyard->queued)
        pthread_cond_wait(&up->changed, &up->lock);
    pthread_cond_broadcast(&up->work);
    pthread_mutex_unlock(&up->lock);
    for (int i = 0; i < up->thread_count; i++)
        pthread_join(up->threads[i], NULL);
    for (size_t i = 0; i < up->spare_count; i++)
        buf_done(&up->spare[i]);
    free(up->graveyard);
    pthread_cond_destroy(&up->work);
    pthread_cond_destroy(&up->changed);
    pthread_mutex_destroy(&up->lock);
    free(up);
    return NULL;
}

struct object_store *uploader_store(const struct uploader *up) {
    return up->conf.store;
}

size_t uploader_queued(struct uploader *up) {
    pthread_mutex_lock(&up->lock);
    size_t bytes = up->queued_bytes;
    pthread_mutex_unlock(&up->lock);
    return bytes;
}

bool uploader_wait(struct uploader *up, size_t bytes, int64_t timeout_ms) {
    int64_t deadline_ms = clock_after_ms(timeout_ms);
    pthread_mutex_lock(&up->lock);
    while (up->queued_bytes > bytes && cond_wait_until(&up->changed, &up->lock, deadline_ms))
        ;
    bool done = up->queued_bytes <= bytes;
    pthread_mutex_unlock(&up->lock);
    return done;
}

bool uploader_settle(struct uploader *up, int64_t timeout_ms) {
    int64_t deadline_ms = clock_after_ms(timeout_ms);
    pthread_mutex_lock(&up->lock);
    while (up->pending && cond_wait_until(&up->changed, &up->lock, deadline_ms))
        ;
    bool done = !up->pending;
    pthread_mutex_unlock(&up->lock);
    return done;
}

unsigned uploader_news(const struct uploader *up) {
    return atomic_load(&up->news);
}

void uploader_buffer(struct uploader *up, size_t max, struct buf *ret_buffer) {
    buf_init(ret_buffer, max);
    pthread_mutex_lock(&up->lock);
    if (up->spare_count) {
        *ret_buffer = up->spare[--up->spare_count];
        up->spare_bytes -= ret_buffer->cap;
        ret_buffer->max = max;
    }
    pthread_mutex_unlock(&up->lock);
}
