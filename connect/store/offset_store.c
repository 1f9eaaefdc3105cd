/* The offset topic and its picture. The worker's store is the herder's; a task or a request makes one for a topic of a
 * connector's own. The topic log's thread feeds the picture, which `lock` guards; no callback runs under it.
 * @source KafkaOffsetBackingStore */
#include "connect/store/offset_store.h"

#include <pthread.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/murmur2.h"
#include "connect/kafka/client.h"
#include "connect/store/internal_topic.h"
#include "connect/store/offset_picture.h"
#include "connect/store/store_log.h"

#define LOGGER "org.apache.kafka.connect.storage.KafkaOffsetBackingStore"
enum { MAX_KEY = 1 << 20 };

struct offset_store {
    char *topic;
    struct store_log *log;
    pthread_mutex_t lock;
    struct offset_picture *picture;
};

static void on_record(void *arg, int32_t partition, int64_t offset, const void *key, size_t key_len, const void *value,
                      size_t value_len, int64_t timestamp) {
    struct offset_store *s = arg;
    struct kc_error err = {0};
    bool null_text = value && value_len == 4 && memcmp(value, "null", 4) == 0; /* JSON null is no offset, too */
    pthread_mutex_lock(&s->lock);
    int rc = offset_picture_apply(s->picture, key, key_len, null_text || value_len == 0 ? NULL : value,
                                  null_text ? 0 : value_len, timestamp, &err);
    pthread_mutex_unlock(&s->lock);
    if (rc < 0)
        kc_log(KC_WARN, LOGGER, "%s (partition %d, offset %lld)", err.text, (int)partition, (long long)offset);
}

/* ---- Life ---- */

struct offset_store *offset_store_new_topic(const struct worker_conf *conf, const char *topic,
                                            const struct kc_config *client) {
    struct offset_store *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    const char *name = topic ? topic : conf->offset_topic; /* NULL: standalone */
    if (name && !(s->topic = strdup(name)))
        abort();
    pthread_mutex_init(&s->lock, NULL);
    s->picture = offset_picture_new();
    s->log = internal_topic_log(conf, TOPIC_OFFSET, topic, client, on_record, s);
    return s;
}

struct offset_store *offset_store_new(const struct worker_conf *conf) {
    return offset_store_new_topic(conf, NULL, NULL);
}

int offset_store_start(struct offset_store *s, struct kc_error *err) {
    if (store_log_has_topic(s->log))
        kc_log(KC_INFO, LOGGER, "Starting KafkaOffsetBackingStore");
    return store_log_start(s->log, err);
}

void offset_store_cancel(struct offset_store *s) {
    store_log_cancel(s->log);
}

struct offset_store *offset_store_free(struct offset_store *s) {
    if (!s)
        return NULL;
    store_log_free(s->log);
    offset_picture_free(s->picture);
    pthread_mutex_destroy(&s->lock);
    free(s->topic);
    free(s);
    return NULL;
}

/* ---- Keys ---- */

static char *copy(const char *data, size_t len) {
    char *c = malloc(len + 1);
    if (!c)
        abort();
    memcpy(c, data, len);
    c[len] = 0;
    return c;
}

/* Java's bytes of the key in `raw`, and the key taken apart. */
static int make_key(struct kc_arena *arena, const char *connector, const struct kc_value *partition, struct buf *raw,
                    struct offset_key *ret_key, struct kc_error *err) {
    buf_init(raw, MAX_KEY);
    if (offset_key_encode(arena, connector, partition, raw, err) < 0)
        return -1;
    return offset_key_parse(arena, raw->data, raw->len, ret_key, err);
}

char *offset_store_key(struct offset_store *s, const char *connector, const struct kc_value *partition, size_t *ret_len,
                       struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    AUTO_BUF raw;
    struct offset_key key;
    if (make_key(arena, connector, partition, &raw, &key, err) < 0)
        return NULL;
    pthread_mutex_lock(&s->lock);
    const struct offset_spelling *known = offset_picture_find(s->picture, &key);
    char *bytes = known ? copy(known->key, known->key_len) : NULL;
    size_t len = known ? known->key_len : 0;
    pthread_mutex_unlock(&s->lock);
    if (!bytes) {
        len = raw.len;
        bytes = buf_take(&raw);
    }
    *ret_len = len;
    return bytes;
}

/* ---- Reading ---- */

int offset_store_refresh(struct offset_store *s, int64_t timeout_ms, struct kc_error *err) {
    return store_log_read_to_end(s->log, timeout_ms, err);
}

int offset_store_get(struct offset_store *s, const char *connector, const struct kc_value *partition,
                     int64_t timeout_ms, struct kc_arena *arena, struct kc_value *ret_offset, struct kc_error *err) {
    AUTO(arena) scratch = arena_new(0);
    AUTO_BUF raw;
    struct offset_key key;
    struct kc_value offset = kc_null();
    if (make_key(scratch, connector, partition, &raw, &key, err) < 0)
        return -1;
    if (store_log_read_to_end(s->log, timeout_ms, err) < 0)
        return err_wrap(err, KC_CONNECT_EXCEPTION, "Failed to fetch offsets.");
    pthread_mutex_lock(&s->lock);
    const struct offset_spelling *known = offset_picture_find(s->picture, &key);
    size_t len = known && known->value ? known->value_len : 0;
    char *text = len ? kc_arena_copy(arena, known->value, len) : NULL;
    pthread_mutex_unlock(&s->lock);
    if (text && kc_value_from_json(arena, text, len, &offset, err) < 0)
        return err_wrap(err, KC_CONNECT_EXCEPTION, "The offset of %s in the offset topic is not JSON", buf_text(&raw));
    offset = kc_json_expand(arena, offset);
    if (offset_check(&offset, err) < 0)
        return -1;
    *ret_offset = offset;
    return 0;
}

/* Copies of what offset_picture_each reports: f may take its time, or call us. */
struct listing {
    char **texts; /* partition, offset, … */
    size_t count, cap;
};

static void list_one(void *arg, const char *partition_json, const char *offset_json) {
    struct listing *l = arg;
    if (l->count + 2 > l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->texts = realloc(l->texts, l->cap * sizeof(*l->texts));
        if (!l->texts)
            abort();
    }
    l->texts[l->count++] = strdup(partition_json);
    l->texts[l->count++] = strdup(offset_json);
}

void offset_store_each(struct offset_store *s, const char *connector,
                       void (*f)(void *arg, const char *partition_json, const char *offset_json), void *arg) {
    struct listing l = {0};
    pthread_mutex_lock(&s->lock);
    offset_picture_each(s->picture, connector, list_one, &l);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < l.count; i += 2) {
        f(arg, l.texts[i], l.texts[i + 1]);
        free(l.texts[i]);
        free(l.texts[i + 1]);
    }
    free(l.texts);
}

/* ---- Writing ---- */

struct outgoing {
    struct kc_arena *arena;
    struct topic_log_record *records;
    size_t count, cap;
};

static void add(struct outgoing *o, const void *key, size_t key_len, const void *value, size_t value_len) {
    if (o->count == o->cap) {
        size_t cap = o->cap ? 2 * o->cap : 64;
        o->records = arena_grow(o->arena, o->records, o->cap * sizeof(*o->records), cap * sizeof(*o->records));
        o->cap = cap;
    }
    o->records[o->count++] =
        (struct topic_log_record){.key = key, .key_len = key_len, .value = value, .value_len = value ? value_len : 0};
}

/* A reset must reach every spelling of the partition, or an older one would show again. */
static void add_other_tombstones(struct offset_store *s, struct outgoing *o, const struct offset_entry *e) {
    struct offset_key key;
    size_t count;
    if (offset_key_parse(o->arena, e->key, e->key_len, &key, NULL) < 0)
        return;
    pthread_mutex_lock(&s->lock);
    const struct offset_spelling *all = offset_picture_spellings(s->picture, &key, &count);
    for (size_t i = 0; i < count; i++) {
        bool same = all[i].key_len == e->key_len && memcmp(all[i].key, e->key, e->key_len) == 0;
        if (!same && all[i].value)
            add(o, kc_arena_copy(o->arena, all[i].key, all[i].key_len), all[i].key_len, NULL, 0);
    }
    pthread_mutex_unlock(&s->lock);
}

static void add_all(struct offset_store *s, struct outgoing *o, const struct offset_entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++) {
        add(o, entries[i].key, entries[i].key_len, entries[i].value, entries[i].value_len);
        if (!entries[i].value)
            add_other_tombstones(s, o, &entries[i]);
    }
}

int offset_store_set(struct offset_store *s, const struct offset_entry *entries, size_t count, int64_t timeout_ms,
                     struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct outgoing o = {.arena = arena};
    add_all(s, &o, entries, count);
    return o.count ? store_log_send(s->log, o.records, o.count, timeout_ms, err) : 0;
}

const char *offset_store_topic(const struct offset_store *s) {
    return s->topic;
}

int offset_store_produce(struct offset_store *s, rd_kafka_t *rk, const struct offset_entry *entries, size_t count,
                         struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct outgoing o = {.arena = arena};
    int32_t partitions = store_log_partitions(s->log);
    add_all(s, &o, entries, count);
    for (size_t i = 0; i < o.count; i++) {
        const struct topic_log_record *r = &o.records[i];
        rd_kafka_resp_err_t code;
        /* Never the partitioner of that producer, which may be another: compaction is per partition. */
        while ((code = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(s->topic),
                                         RD_KAFKA_V_PARTITION(murmur2_partition(r->key, r->key_len, partitions)),
                                         RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(r->key, r->key_len),
                                         RD_KAFKA_V_VALUE((void *)r->value, r->value_len), RD_KAFKA_V_END)) ==
               RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(rk, 10);
        if (code)
            return client_error(err, code, "Writing offsets to topic '%s'", s->topic);
    }
    return 0;
}
