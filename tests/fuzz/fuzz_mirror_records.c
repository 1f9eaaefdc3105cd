/* Records of MirrorMaker's own topics: whatever is accepted is written again as a record that says the same. The first
 * byte chooses the kind, the second how many bytes are the key. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connectors/mirror/records.h"
#include "tests/support/fuzz.h"

static struct kc_arena *arena;

/* Texts may hold NUL bytes only as metadata: elsewhere they are cut there, as names are C strings. */
static int copy_record(int kind, const struct record_bytes *in, struct buf *key, struct buf *value) {
    struct kc_error err = {0};
    struct offset_sync sync;
    struct checkpoint point;
    struct heartbeat beat;
    int rc = kind == 0   ? offset_sync_read(in, arena, &sync, &err)
             : kind == 1 ? checkpoint_read(in, arena, &point, &err)
                         : heartbeat_read(in, arena, &beat, &err);
    if (rc < 0) {
        if (!err.text[0])
            abort();
        return -1;
    }
    rc = kind == 0   ? offset_sync_write(&sync, key, value, &err)
         : kind == 1 ? checkpoint_write(&point, key, value, &err)
                     : heartbeat_write(&beat, key, value, &err);
    if (rc < 0)
        abort();
    return 0;
}

static void target(const uint8_t *data, size_t len) {
    if (len < 2)
        return;
    size_t key_len = data[1] < len - 2 ? data[1] : len - 2;
    struct record_bytes in = {data + 2, data + 2 + key_len, key_len, len - 2 - key_len};
    AUTO_BUF key, value, key_again, value_again;
    buf_init(&key, MIRROR_RECORD_MAX);
    buf_init(&value, MIRROR_RECORD_MAX);
    buf_init(&key_again, MIRROR_RECORD_MAX);
    buf_init(&value_again, MIRROR_RECORD_MAX);
    arena = arena_new(0);
    if (copy_record(data[0] % 3, &in, &key, &value) == 0) {
        struct record_bytes once = {key.data, value.data, key.len, value.len};
        if (copy_record(data[0] % 3, &once, &key_again, &value_again) < 0 || key.len != key_again.len ||
            value.len != value_again.len || memcmp(key.data, key_again.data, key.len) != 0 ||
            memcmp(value.data, value_again.data, value.len) != 0)
            abort();
    }
    arena_free(arena);
}
FUZZ_TARGET(target)
