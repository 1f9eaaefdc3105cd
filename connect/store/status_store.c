/* The status topic and its picture. The herder makes the store and frees it last; tasks and the herder write without
 * waiting, the topic log's thread reads, hears of deliveries and tries again what failed for a passing reason. `lock`
 * guards the picture, the last generation and the count of writes on their way; no callback runs under it.
 * @source KafkaStatusBackingStore */
#include "connect/store/status_store.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/thread.h"
#include "connect/store/store_log.h"
#include "connect/store/internal_topic.h"
#include "connect/store/status_picture.h"

#define LOGGER "org.apache.kafka.connect.storage.KafkaStatusBackingStore"
enum { RETRY_MS = 300, MAX_RECORD = 8 << 20, TOPIC_AGAIN_MS = 30000 };

struct status_store {
    struct store_log *log;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct status_picture *picture;
    size_t pending;     /* writes not yet acknowledged or given up */
    int32_t generation; /* of the last status put */
};

/* One write on its way, retried until it is delivered or out of date. */
struct write {
    struct status_store *store;
    struct buf key, value; /* no value: a tombstone */
    bool is_topic, safe;
    struct status status; /* connector, task, generation and worker_id count; owned */
    uint64_t number;
};

static struct write *write_status(struct status_store *s, const struct status *status, bool safe);
static void send_first(struct write *w);

/* ---- Reading ---- */

static void on_record(void *arg, int32_t partition, int64_t offset, const void *key, size_t key_len, const void *value,
                      size_t value_len, int64_t timestamp) {
    struct status_store *s = arg;
    struct status_record record;
    struct kc_error err = {0};
    if (status_record_parse(key, key_len, value, value_len, &record, &err) < 0) {
        kc_log(KC_WARN, LOGGER, "Discarding the record '%.*s' of partition %d at offset %lld: %s",
               (int)(key_len < 200 ? key_len : 200), key ? (const char *)key : "", (int)partition, (long long)offset,
               err.text);
        return;
    }
    record.timestamp_ms = timestamp;
    pthread_mutex_lock(&s->lock);
    const struct status *own = status_picture_contradicted(s->picture, &record);
    /* Nobody else would say so again. */
    struct write *again = own ? write_status(s, own, /* safe= */ true) : NULL;
    status_picture_apply(s->picture, &record);
    pthread_mutex_unlock(&s->lock);
    status_record_done(&record);
    if (again)
        send_first(again);
}

bool status_store_get(struct status_store *s, const char *connector, int task, struct status *ret_status) {
    pthread_mutex_lock(&s->lock);
    const struct status *status = status_picture_get(s->picture, connector, task);
    bool known = status != NULL;
    if (known)
        *ret_status = status_copy(status);
    pthread_mutex_unlock(&s->lock);
    return known;
}

struct status *status_store_tasks(struct status_store *s, const char *connector, size_t *ret_count) {
    pthread_mutex_lock(&s->lock);
    struct status *all = status_picture_tasks(s->picture, connector, ret_count);
    pthread_mutex_unlock(&s->lock);
    return all;
}

char **status_store_connectors(struct status_store *s, size_t *ret_count) {
    pthread_mutex_lock(&s->lock);
    char **names = status_picture_connectors(s->picture, ret_count);
    pthread_mutex_unlock(&s->lock);
    return names;
}

char **status_store_topics(struct status_store *s, const char *connector, size_t *ret_count) {
    pthread_mutex_lock(&s->lock);
    char **names = status_picture_topics(s->picture, connector, ret_count);
    pthread_mutex_unlock(&s->lock);
    return names;
}

/* ---- Life ---- */

struct status_store *status_store_new(const struct worker_conf *conf) {
    struct status_store *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->idle, NULL);
    s->picture = status_picture_new();
    s->log = internal_topic_log(conf, TOPIC_STATUS, NULL, NULL, on_record, s);
    return s;
}

int status_store_start(struct status_store *s, struct kc_error *err) {
    if (store_log_has_topic(s->log))
        kc_log(KC_INFO, LOGGER, "Starting KafkaStatusBackingStore");
    return store_log_start(s->log, err);
}

void status_store_cancel(struct status_store *s) {
    store_log_cancel(s->log);
}

struct status_store *status_store_free(struct status_store *s) {
    if (!s)
        return NULL;
    store_log_free(s->log); /* ends every write */
    status_picture_free(s->picture);
    pthread_cond_destroy(&s->idle);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

/* ---- Writing ---- */

static struct write *write_new(struct status_store *s) {
    struct write *w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->store = s;
    buf_init(&w->key, 64 << 10);
    buf_init(&w->value, MAX_RECORD);
    return w;
}

static void write_end(struct write *w) {
    struct status_store *s = w->store;
    buf_done(&w->key);
    buf_done(&w->value);
    status_done(&w->status);
    free(w);
    pthread_mutex_lock(&s->lock);
    if (--s->pending == 0)
        pthread_cond_broadcast(&s->idle);
    pthread_mutex_unlock(&s->lock);
}

static void on_delivery(void *arg, const struct kc_error *err);

static void send_again(void *arg) {
    struct write *w = arg;
    struct topic_log_record r = {.key = w->key.data,
                                 .key_len = w->key.len,
                                 .value = w->value.len ? w->value.data : NULL,
                                 .value_len = w->value.len};
    store_log_send_async(w->store->log, &r, on_delivery, w);
}

/* Whether a write that failed is still worth writing. */
static bool is_current(const struct write *w) {
    struct status_store *s = w->store;
    if (w->is_topic)
        return true;
    pthread_mutex_lock(&s->lock);
    uint64_t number = status_picture_number(s->picture, w->status.connector, w->status.task);
    bool current = number != 0 && w->status.generation == s->generation &&
                   (!w->safe || (number == w->number && status_picture_safe(s->picture, &w->status)));
    pthread_mutex_unlock(&s->lock);
    return current;
}

/* @thread topic log */
static void on_delivery(void *arg, const struct kc_error *err) {
    struct write *w = arg;
    if (err && err->retriable && is_current(w)) {
        store_log_after(w->store->log, RETRY_MS, send_again, w);
        return;
    }
    if (err && err->code != ERR_STOPPING)
        kc_log(err->retriable ? KC_DEBUG : KC_ERROR, LOGGER, "Failed to write status update '%s': %s",
               buf_text(&w->key), err->text);
    write_end(w);
}

/* Counted before anybody can hear of its end. */
static void send_first(struct write *w) {
    struct status_store *s = w->store;
    pthread_mutex_lock(&s->lock);
    s->pending++;
    pthread_mutex_unlock(&s->lock);
    if (w->key.failed || w->value.failed) {
        kc_log(KC_ERROR, LOGGER, "The status update '%.200s' is too large and is not written", buf_text(&w->key));
        write_end(w);
        return;
    }
    send_again(w);
}

/* Lock held. */
static struct write *write_status(struct status_store *s, const struct status *status, bool safe) {
    struct write *w = write_new(s);
    w->safe = safe;
    w->status = status_copy(status);
    (void)!status_encode_key(&w->key, status->connector, status->task);
    if (status->state != STATE_DESTROYED)
        (void)!status_encode(&w->value, status);
    w->number = status_picture_put(s->picture, status->connector, status->task);
    return w;
}

void status_store_put(struct status_store *s, const struct status *status, bool safe) {
    struct write *w = NULL;
    pthread_mutex_lock(&s->lock);
    s->generation = status->generation;
    bool wanted = !safe || status_picture_safe(s->picture, status);
    if (wanted)
        w = write_status(s, status, safe);
    status_picture_own(s->picture, status, wanted);
    if (wanted && status->state == STATE_DESTROYED)
        status_picture_forget(s->picture, status->connector, status->task);
    pthread_mutex_unlock(&s->lock);
    if (w)
        send_first(w);
}

void status_store_flush(struct status_store *s, int64_t timeout_ms) {
    int64_t deadline = clock_after_ms(timeout_ms);
    pthread_mutex_lock(&s->lock);
    while (s->pending > 0 && cond_wait_until(&s->idle, &s->lock, deadline))
        ;
    pthread_mutex_unlock(&s->lock);
}

/* ---- Topics ---- */

/* A topic that was written but not read back is not written again for a while: records are many. */
static bool must_write(struct status_store *s, const char *topic, const char *connector) {
    int64_t now = clock_ms();
    pthread_mutex_lock(&s->lock);
    struct topic_mark *mark = status_picture_topic(s->picture, connector, topic, true);
    bool must = !mark->read && (mark->sent_ms == 0 || now - mark->sent_ms > TOPIC_AGAIN_MS);
    if (must)
        mark->sent_ms = now;
    pthread_mutex_unlock(&s->lock);
    return must;
}

void status_store_note_topic(struct status_store *s, const char *topic, const char *connector, int task) {
    if (!must_write(s, topic, connector))
        return;
    struct write *w = write_new(s);
    w->is_topic = true;
    (void)!status_encode_topic_key(&w->key, topic, connector);
    (void)!status_encode_topic(&w->value, topic, connector, task, clock_wall_ms());
    send_first(w);
}

void status_store_reset_topics(struct status_store *s, const char *connector) {
    size_t count = 0;
    char **topics = status_store_topics(s, connector, &count);
    for (size_t i = 0; i < count; i++) {
        struct write *w = write_new(s);
        w->is_topic = true;
        (void)!status_encode_topic_key(&w->key, topics[i], connector);
        send_first(w);
        free(topics[i]);
    }
    free(topics);
}
