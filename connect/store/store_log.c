/* See store_log.h.  A store makes one and frees it with itself. Without a topic `lock` keeps records in one order; the
 * stores are called back under it and take their own locks inside. */
#include "connect/store/store_log.h"

#include <pthread.h>
#include <stdlib.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/store/map_file.h"

#define LOG_FILE "org.apache.kafka.connect.storage.FileOffsetBackingStore"

struct store_log {
    struct topic_log *topic; /* NULL: here */
    log_record_fn on_record;
    void *arg;
    pthread_mutex_t lock;
    int64_t next_offset;
    struct map_file *file; /* NULL: memory only */
};

static struct store_log *log_new(void) {
    struct store_log *log = calloc(1, sizeof(*log));
    if (!log)
        abort();
    pthread_mutex_init(&log->lock, NULL);
    return log;
}

struct store_log *store_log_on_topic(struct topic_log *topic) {
    struct store_log *log = log_new();
    log->topic = topic;
    return log;
}

struct store_log *store_log_here(const char *file, log_record_fn on_record, void *arg) {
    struct store_log *log = log_new();
    log->file = file ? map_file_new(file) : NULL;
    log->on_record = on_record;
    log->arg = arg;
    return log;
}

struct store_log *store_log_free(struct store_log *log) {
    if (!log)
        return NULL;
    topic_log_free(log->topic);
    map_file_free(log->file);
    pthread_mutex_destroy(&log->lock);
    free(log);
    return NULL;
}

static void give(struct store_log *log, const struct topic_log_record *r) {
    log->on_record(log->arg, 0, log->next_offset++, r->key, r->key_len, r->value, r->value_len, clock_wall_ms());
}

static void give_entry(void *arg, const struct java_map_entry *e) {
    struct topic_log_record r = {.key = e->key, .key_len = e->key_len, .value = e->value, .value_len = e->value_len};
    give(arg, &r);
}

int store_log_start(struct store_log *log, struct kc_error *err) {
    if (log->topic)
        return topic_log_start(log->topic, err);
    if (log->file)
        kc_log(KC_INFO, LOG_FILE, "Starting FileOffsetBackingStore with file %s", map_file_path(log->file));
    pthread_mutex_lock(&log->lock);
    int rc = log->file ? map_file_load(log->file, give_entry, log, err) : 0;
    pthread_mutex_unlock(&log->lock);
    return rc;
}

int store_log_send(struct store_log *log, const struct topic_log_record *records, size_t count, int64_t timeout_ms,
                   struct kc_error *err) {
    if (log->topic)
        return topic_log_send(log->topic, records, count, timeout_ms, err);
    pthread_mutex_lock(&log->lock);
    int rc = log->file ? map_file_put(log->file, records, count, err) : 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        give(log, &records[i]);
    pthread_mutex_unlock(&log->lock);
    return rc;
}

int store_log_send_and_read(struct store_log *log, const struct topic_log_record *records, size_t count,
                            int64_t timeout_ms, struct kc_error *err) {
    return log->topic ? topic_log_send_and_read(log->topic, records, count, timeout_ms, err)
                      : store_log_send(log, records, count, timeout_ms, err);
}

void store_log_send_async(struct store_log *log, const struct topic_log_record *record,
                          void (*done)(void *arg, const struct kc_error *err_or_null), void *arg) {
    if (log->topic) {
        topic_log_send_async(log->topic, record, done, arg);
        return;
    }
    struct kc_error err = {0};
    int rc = store_log_send(log, record, 1, 0, &err);
    if (done)
        done(arg, rc < 0 ? &err : NULL);
}

void store_log_after(struct store_log *log, int64_t delay_ms, void (*f)(void *arg), void *arg) {
    if (log->topic)
        topic_log_after(log->topic, delay_ms, f, arg);
    else
        f(arg); /* nothing fails here that time would heal */
}

int store_log_read_to_end(struct store_log *log, int64_t timeout_ms, struct kc_error *err) {
    return log->topic ? topic_log_read_to_end(log->topic, timeout_ms, err) : 0;
}

bool store_log_has_topic(const struct store_log *log) {
    return log->topic != NULL;
}

void store_log_cancel(struct store_log *log) {
    if (log->topic)
        topic_log_cancel(log->topic);
}

int32_t store_log_partitions(const struct store_log *log) {
    return log->topic ? topic_log_partitions(log->topic) : 1;
}
