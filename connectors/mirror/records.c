/* See records.h. Nothing is kept. What follows a record's last field is ignored, as in Java. */
#include "connectors/mirror/records.h"

#include <string.h>

#include "connect/base/err.h"

enum { VERSION = 0 };

/* ---- Writing ---- */

static int add_bytes(struct buf *b, const char *s, size_t len, struct kc_error *err) {
    if (len > MIRROR_TEXT_MAX)
        return err_set(err, ERR_BAD_DATA, "'%.100s…' is longer than %d bytes and cannot be written", s,
                       MIRROR_TEXT_MAX);
    buf_add_i16(b, (int16_t)len);
    return buf_add(b, s, len);
}

static int add_text(struct buf *b, const char *s, struct kc_error *err) {
    return add_bytes(b, s, strlen(s), err);
}

static int finish(const struct buf *key, const struct buf *value, struct kc_error *err) {
    return key->failed || value->failed ? err_set(err, ERR_LIMIT, "The record is too large") : 0;
}

int offset_sync_write(const struct offset_sync *sync, struct buf *key, struct buf *value, struct kc_error *err) {
    if (add_text(key, sync->topic, err) < 0)
        return -1;
    buf_add_i32(key, sync->partition);
    buf_add_i64(value, sync->upstream);
    buf_add_i64(value, sync->downstream);
    return finish(key, value, err);
}

int checkpoint_write(const struct checkpoint *point, struct buf *key, struct buf *value, struct kc_error *err) {
    if (add_text(key, point->group, err) < 0 || add_text(key, point->topic, err) < 0)
        return -1;
    buf_add_i32(key, point->partition);
    buf_add_i16(value, VERSION);
    buf_add_i64(value, point->upstream);
    buf_add_i64(value, point->downstream);
    if (add_bytes(value, point->metadata, point->metadata_len, err) < 0)
        return -1;
    return finish(key, value, err);
}

int heartbeat_write(const struct heartbeat *beat, struct buf *key, struct buf *value, struct kc_error *err) {
    if (add_text(key, beat->source, err) < 0 || add_text(key, beat->target, err) < 0)
        return -1;
    buf_add_i16(value, VERSION);
    buf_add_i64(value, beat->timestamp_ms);
    return finish(key, value, err);
}

/* ---- Reading ---- */

struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static int64_t read_int(struct reader *r, size_t bytes) {
    uint64_t v = 0;
    if (r->failed || r->left < bytes) {
        r->failed = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | r->at[i];
    r->at += bytes;
    r->left -= bytes;
    unsigned shift = 64 - 8 * (unsigned)bytes;
    return (int64_t)(v << shift) >> shift;
}

static const char *read_text(struct reader *r, struct kc_arena *arena, size_t *ret_len) {
    int64_t len = read_int(r, 2);
    if (r->failed || len < 0 || (size_t)len > r->left) {
        r->failed = true;
        return "";
    }
    const char *text = kc_arena_copy(arena, r->at, (size_t)len);
    r->at += len;
    r->left -= (size_t)len;
    if (ret_len)
        *ret_len = (size_t)len;
    return text;
}

static int begin(const struct record_bytes *bytes, const char *what, struct reader *key, struct reader *value,
                 struct kc_error *err) {
    if (!bytes->key || !bytes->value)
        return err_set(err, ERR_BAD_DATA, "The record is no %s: it has no %s", what, bytes->key ? "value" : "key");
    *key = (struct reader){.at = bytes->key, .left = bytes->key_len};
    *value = (struct reader){.at = bytes->value, .left = bytes->value_len};
    return 0;
}

static int end(const struct reader *key, const struct reader *value, const char *what, int64_t version,
               struct kc_error *err) {
    if (key->failed || value->failed)
        return err_set(err, ERR_BAD_DATA, "The record is no %s: its %s is cut short", what,
                       key->failed ? "key" : "value");
    if (version != VERSION)
        return err_set(err, ERR_BAD_DATA, "The %s has the unknown version %d", what, (int)version);
    return 0;
}

int offset_sync_read(const struct record_bytes *bytes, struct kc_arena *arena, struct offset_sync *ret_sync,
                     struct kc_error *err) {
    struct reader key = {0}, value = {0};
    if (begin(bytes, "offset sync", &key, &value, err) < 0)
        return -1;
    struct offset_sync sync = {.topic = read_text(&key, arena, NULL)};
    sync.partition = (int32_t)read_int(&key, 4);
    sync.upstream = read_int(&value, 8);
    sync.downstream = read_int(&value, 8);
    if (end(&key, &value, "offset sync", VERSION, err) < 0)
        return -1;
    *ret_sync = sync;
    return 0;
}

int checkpoint_read(const struct record_bytes *bytes, struct kc_arena *arena, struct checkpoint *ret_point,
                    struct kc_error *err) {
    struct reader key = {0}, value = {0};
    if (begin(bytes, "checkpoint", &key, &value, err) < 0)
        return -1;
    struct checkpoint point = {.group = read_text(&key, arena, NULL)};
    point.topic = read_text(&key, arena, NULL);
    point.partition = (int32_t)read_int(&key, 4);
    int64_t version = read_int(&value, 2);
    point.upstream = read_int(&value, 8);
    point.downstream = read_int(&value, 8);
    point.metadata = read_text(&value, arena, &point.metadata_len);
    if (end(&key, &value, "checkpoint", version, err) < 0)
        return -1;
    *ret_point = point;
    return 0;
}

int heartbeat_read(const struct record_bytes *bytes, struct kc_arena *arena, struct heartbeat *ret_beat,
                   struct kc_error *err) {
    struct reader key = {0}, value = {0};
    if (begin(bytes, "heartbeat", &key, &value, err) < 0)
        return -1;
    struct heartbeat beat = {.source = read_text(&key, arena, NULL)};
    beat.target = read_text(&key, arena, NULL);
    int64_t version = read_int(&value, 2);
    beat.timestamp_ms = read_int(&value, 8);
    if (end(&key, &value, "heartbeat", version, err) < 0)
        return -1;
    *ret_beat = beat;
    return 0;
}
