/* Records of the topics of offset syncs, checkpoints and heartbeats, byte for byte as Java's mirror-client reads them:
 * big-endian, strings with a 16 bit length. @source OffsetSync, Checkpoint, Heartbeat */
#ifndef CONNECTORS_MIRROR_RECORDS_H
#define CONNECTORS_MIRROR_RECORDS_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

struct offset_sync { /* upstream names and offsets of one record, and where its copy is */
    const char *topic;
    int32_t partition;
    int64_t upstream, downstream;
};

struct checkpoint {            /* a group's committed offset, and the same on the target */
    const char *group, *topic; /* name of the topic on the target */
    int32_t partition;
    int64_t upstream, downstream;
    const char *metadata;
    size_t metadata_len; /* may hold any bytes */
};

struct heartbeat {
    const char *source, *target;
    int64_t timestamp_ms;
};

enum { MIRROR_TEXT_MAX = 32767, MIRROR_RECORD_MAX = 4 * 32768 };

/* Appends key and value to initialised buffers. @errors a text is longer than 32767 bytes */
int offset_sync_write(const struct offset_sync *sync, struct buf *key, struct buf *value,
                      struct kc_error *err) KC_CHECKED;
int checkpoint_write(const struct checkpoint *point, struct buf *key, struct buf *value,
                     struct kc_error *err) KC_CHECKED;
int heartbeat_write(const struct heartbeat *beat, struct buf *key, struct buf *value, struct kc_error *err) KC_CHECKED;

struct record_bytes {
    const void *key, *value; /* NULL: none */
    size_t key_len, value_len;
};
/* Texts of the result are in `arena`. @errors DataException: not such a record, a tombstone, an unknown version */
int offset_sync_read(const struct record_bytes *bytes, struct kc_arena *arena, struct offset_sync *ret_sync,
                     struct kc_error *err) KC_CHECKED;
int checkpoint_read(const struct record_bytes *bytes, struct kc_arena *arena, struct checkpoint *ret_point,
                    struct kc_error *err) KC_CHECKED;
int heartbeat_read(const struct record_bytes *bytes, struct kc_arena *arena, struct heartbeat *ret_beat,
                   struct kc_error *err) KC_CHECKED;

#endif
