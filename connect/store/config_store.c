/* The config topic and its picture. The herder makes the store, starts it (which reads the topic) and frees it after
 * its own end; the topic log's thread feeds it. `lock` guards the picture; no callback runs under it. */
#include "connect/store/config_store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/store/store_log.h"
#include "connect/store/config_picture.h"
#include "connect/store/internal_topic.h"
#include "connect/store/leader_writer.h"

#define LOGGER "org.apache.kafka.connect.storage.KafkaConfigBackingStore"
enum { TOTAL_MS = 30000 /* READ_WRITE_TOTAL_TIMEOUT */, MAX_RECORD = 64 << 20 };

struct config_store {
    struct config_listener listener;
    void *arg;
    struct store_log *log;
    atomic_bool started;
    pthread_mutex_t lock;
    struct config_picture *picture;
    pthread_mutex_t write_lock; /* one writer at a time */
    atomic_bool cancelled;
    struct leader_writer *leader; /* NULL: the leader writes as everybody does; guarded by write_lock */
};

/* ---- Reading ---- */

static void tell(struct config_store *s, enum config_event event, const struct config_record *r) {
    const struct config_listener *l = &s->listener;
    switch (event) {
    case CONFIG_EVENT_CONNECTOR_UPDATED:
        l->connector_updated(s->arg, r->name);
        break;
    case CONFIG_EVENT_CONNECTOR_REMOVED:
        l->connector_removed(s->arg, r->name);
        break;
    case CONFIG_EVENT_TASKS_UPDATED:
        l->tasks_updated(s->arg, r->name);
        break;
    case CONFIG_EVENT_TARGET_CHANGED:
        l->target_changed(s->arg, r->name);
        break;
    case CONFIG_EVENT_SESSION_KEY:
        l->session_key(s->arg, &r->session_key);
        break;
    case CONFIG_EVENT_RESTART:
        l->restart(s->arg, r->name, r->only_failed, r->include_tasks);
        break;
    case CONFIG_EVENT_LOGGER:
        l->logger_level(s->arg, r->name, r->level);
        break;
    case CONFIG_EVENT_NONE:
        break;
    }
}

static void on_record(void *arg, int32_t partition, int64_t offset, const void *key, size_t key_len, const void *value,
                      size_t value_len, int64_t timestamp) {
    struct config_store *s = arg;
    struct config_record record;
    struct kc_error err = {0};
    (void)partition;
    (void)timestamp;
    if (config_record_parse(key, key_len, value, value_len, &record, &err) < 0) {
        kc_log(KC_ERROR, LOGGER, "Failed to convert config data to Kafka Connect format: key '%.*s' at offset %lld: %s",
               (int)(key_len < 200 ? key_len : 200), key ? (const char *)key : "", (long long)offset, err.text);
        return;
    }
    if (record.malformed)
        kc_log(KC_ERROR, LOGGER, "Ignoring the record '%.*s' at offset %lld: %s", (int)(key_len < 200 ? key_len : 200),
               key ? (const char *)key : "", (long long)offset, record.why);
    else if (record.kind == CONFIG_OTHER)
        kc_log(KC_ERROR, LOGGER, "Discarding config update record with invalid key: %.*s",
               (int)(key_len < 200 ? key_len : 200), key ? (const char *)key : "");
    pthread_mutex_lock(&s->lock);
    enum config_event event = config_picture_apply(s->picture, &record, offset);
    pthread_mutex_unlock(&s->lock);
    if (atomic_load(&s->started))
        tell(s, event, &record);
    config_record_done(&record);
}

struct config_snapshot *config_store_snapshot(struct config_store *s) {
    pthread_mutex_lock(&s->lock);
    struct config_snapshot *snap = config_picture_snapshot(s->picture);
    pthread_mutex_unlock(&s->lock);
    return snap;
}

int config_store_refresh(struct config_store *s, int64_t timeout_ms, struct kc_error *err) {
    return store_log_read_to_end(s->log, timeout_ms, err);
}

/* ---- Life ---- */

struct config_store *config_store_new(const struct worker_conf *conf, const struct config_listener *listener,
                                      void *arg) {
    struct config_store *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    s->listener = *listener;
    s->arg = arg;
    s->picture = config_picture_new();
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->write_lock, NULL);
    s->log = internal_topic_log(conf, TOPIC_CONFIG, NULL, NULL, on_record, s);
    if (worker_transactional_leader(conf))
        s->leader = leader_writer_new(conf, &s->cancelled);
    return s;
}

int config_store_start(struct config_store *s, struct kc_error *err) {
    bool topic = store_log_has_topic(s->log);
    if (topic)
        kc_log(KC_INFO, LOGGER, "Starting KafkaConfigBackingStore");
    if (store_log_start(s->log, err) < 0)
        return -1;
    atomic_store(&s->started, true);
    if (topic)
        kc_log(KC_INFO, LOGGER, "Started KafkaConfigBackingStore");
    return 0;
}

void config_store_cancel(struct config_store *s) {
    atomic_store(&s->cancelled, true);
    store_log_cancel(s->log);
}

struct config_store *config_store_free(struct config_store *s) {
    if (!s)
        return NULL;
    leader_writer_free(s->leader);
    store_log_free(s->log);
    config_picture_free(s->picture);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->write_lock);
    free(s);
    return NULL;
}

/* ---- The leader's privilege ---- */

int config_store_claim(struct config_store *s, struct kc_error *err) {
    pthread_mutex_lock(&s->write_lock);
    int rc = s->leader ? leader_writer_claim(s->leader, TOTAL_MS, err) : 0;
    pthread_mutex_unlock(&s->write_lock);
    return rc;
}

void config_store_relinquish(struct config_store *s) {
    pthread_mutex_lock(&s->write_lock);
    if (s->leader)
        leader_writer_relinquish(s->leader);
    pthread_mutex_unlock(&s->write_lock);
}

/* ---- Writing ---- */

/* Records being put together: keys and values one after the other in two buffers. */
struct writing {
    int64_t deadline_ms;
    struct buf keys, values;
    struct topic_log_record *records; /* pointers are set by write_out */
    size_t *key_at, *value_at;
    size_t count, cap;
};

static void writing_init(struct writing *w, size_t records) {
    *w = (struct writing){.deadline_ms = clock_ms() + TOTAL_MS, .cap = records};
    buf_init(&w->keys, MAX_RECORD);
    buf_init(&w->values, MAX_RECORD);
    w->records = calloc(records, sizeof(*w->records));
    w->key_at = calloc(records, sizeof(*w->key_at));
    w->value_at = calloc(records, sizeof(*w->value_at));
    if (!w->records || !w->key_at || !w->value_at)
        abort();
}

static void writing_done(struct writing *w) {
    buf_done(&w->keys);
    buf_done(&w->values);
    free(w->records);
    free(w->key_at);
    free(w->value_at);
}

/* Opens a record; its value is what is appended to w->values until the next one. Without a value: a tombstone. */
static void begin_record(struct writing *w, const char *prefix, const char *name) {
    w->key_at[w->count] = w->keys.len;
    w->value_at[w->count] = w->values.len;
    buf_printf(&w->keys, "%s%s", prefix, name);
    w->count++;
}

/* What the leader writes is read back, too. */
static int write_out(struct config_store *s, struct writing *w, bool by_leader, struct kc_error *err) {
    if (w->keys.failed || w->values.failed)
        return err_set(err, ERR_LIMIT, "The configuration is larger than %d bytes", MAX_RECORD);
    for (size_t i = 0; i < w->count; i++) {
        bool last = i + 1 == w->count;
        size_t key_end = last ? w->keys.len : w->key_at[i + 1], value_end = last ? w->values.len : w->value_at[i + 1];
        struct topic_log_record *r = &w->records[i];
        r->key = w->keys.data + w->key_at[i];
        r->key_len = key_end - w->key_at[i];
        r->value_len = value_end - w->value_at[i];
        r->value = r->value_len ? w->values.data + w->value_at[i] : NULL;
    }
    int64_t left = w->deadline_ms - clock_ms();
    if (!by_leader)
        return store_log_send(s->log, w->records, w->count, left > 0 ? left : 0, err);
    if (!s->leader)
        return store_log_send_and_read(s->log, w->records, w->count, left > 0 ? left : 0, err);
    if (leader_writer_send(s->leader, w->records, w->count, left > 0 ? left : 0, err) < 0)
        return -1;
    left = w->deadline_ms - clock_ms();
    return store_log_read_to_end(s->log, left > 0 ? left : 0, err);
}

/* Writes what was put together and wraps what went wrong. */
static int finish(struct config_store *s, struct writing *w, bool by_leader, const char *failure,
                  struct kc_error *err) {
    struct kc_error local = {0};
    err = err ? err : &local;
    pthread_mutex_lock(&s->write_lock);
    int rc = write_out(s, w, by_leader, err);
    pthread_mutex_unlock(&s->write_lock);
    writing_done(w);
    if (rc < 0 && err->code != ERR_UNPRIVILEGED) {
        kc_log(KC_ERROR, LOGGER, "%s: %s", failure, err->text);
        err_wrap(err, KC_CONNECT_EXCEPTION, "%s", failure);
    }
    return rc;
}

int config_store_put_connectors(struct config_store *s, const struct config_put *puts, size_t count,
                                struct kc_error *err) {
    struct writing w;
    writing_init(&w, 2 * count);
    for (size_t i = 0; i < count; i++) {
        if (puts[i].target) { /* first, so that no reader sees the connector in the wrong state */
            begin_record(&w, "target-state-", puts[i].connector);
            (void)!config_encode_target(&w.values, *puts[i].target);
        }
        begin_record(&w, "connector-", puts[i].connector);
        (void)!config_encode_properties(&w.values, puts[i].config);
    }
    return finish(s, &w, true, "Error writing connector configuration to Kafka", err);
}

int config_store_remove_connector(struct config_store *s, const char *connector, struct kc_error *err) {
    struct writing w;
    writing_init(&w, 2);
    begin_record(&w, "connector-", connector);
    begin_record(&w, "target-state-", connector);
    return finish(s, &w, true, "Error removing connector configuration from Kafka", err);
}

/* The records of the tasks, read back before the commit is written. */
static int put_task_records(struct config_store *s, const char *connector, struct kc_config *const *tasks, int count,
                            struct kc_error *err) {
    struct writing w;
    char number[16];
    writing_init(&w, (size_t)count);
    for (int i = 0; i < count; i++) {
        snprintf(number, sizeof(number), "-%d", i);
        begin_record(&w, "task-", connector);
        buf_add_text(&w.keys, number);
        (void)!config_encode_properties(&w.values, tasks[i]);
    }
    return finish(s, &w, true, "Error writing task configurations to Kafka", err);
}

int config_store_put_tasks(struct config_store *s, const char *connector, struct kc_config *const *tasks, int count,
                           struct kc_error *err) {
    static const char failure[] = "Error writing task configurations to Kafka";
    struct writing w;
    /* Whatever another worker has left unfinished is behind us then. */
    if (config_store_refresh(s, TOTAL_MS, err) < 0)
        return err_wrap(err, KC_CONNECT_EXCEPTION, "%s", failure);
    if (count > 0 && put_task_records(s, connector, tasks, count, err) < 0)
        return -1;
    writing_init(&w, 1);
    begin_record(&w, "commit-", connector);
    (void)!config_encode_commit(&w.values, count);
    return finish(s, &w, true, failure, err);
}

int config_store_put_target(struct config_store *s, const char *connector, enum target_state target,
                            struct kc_error *err) {
    struct writing w;
    writing_init(&w, 1);
    begin_record(&w, "target-state-", connector);
    (void)!config_encode_target(&w.values, target);
    return finish(s, &w, false, "Error writing target state to Kafka", err);
}

int config_store_put_session_key(struct config_store *s, const struct session_key *key, struct kc_error *err) {
    struct writing w;
    writing_init(&w, 1);
    begin_record(&w, "session-key", "");
    (void)!config_encode_session_key(&w.values, key);
    return finish(s, &w, true, "Error writing session key to Kafka", err);
}

int config_store_put_restart(struct config_store *s, const char *connector, bool only_failed, bool include_tasks,
                             struct kc_error *err) {
    struct writing w;
    writing_init(&w, 1);
    begin_record(&w, "restart-connector-", connector);
    (void)!config_encode_restart(&w.values, only_failed, include_tasks);
    return finish(s, &w, true, "Error writing restart request to Kafka", err);
}

int config_store_put_task_count(struct config_store *s, const char *connector, int count, struct kc_error *err) {
    struct writing w;
    writing_init(&w, 1);
    begin_record(&w, "tasks-fencing-", connector);
    (void)!config_encode_task_count(&w.values, count);
    return finish(s, &w, true, "Error writing task count record to Kafka", err);
}

int config_store_put_logger_level(struct config_store *s, const char *logger, const char *level, struct kc_error *err) {
    struct writing w;
    writing_init(&w, 1);
    begin_record(&w, "logger-cluster-", logger);
    (void)!config_encode_level(&w.values, level);
    return finish(s, &w, false, "Error writing logger level to Kafka", err);
}
