/* Records of the three internal topics: the first byte chooses the topic, the key ends at the first NUL. Whatever
 * parses is applied to a picture and, where it can be, written again and read once more. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/store/config_picture.h"
#include "connect/store/offset_picture.h"
#include "connect/store/status_picture.h"
#include "tests/support/fuzz.h"

static void check(bool ok) {
    if (!ok)
        abort();
}

static void fuzz_config(const char *key, size_t key_len, const void *value, size_t value_len) {
    struct config_record r, again;
    struct kc_error err = {0};
    if (config_record_parse(key, key_len, value, value_len, &r, &err) < 0)
        return;
    if (r.properties) {
        AUTO_BUF out;
        buf_init(&out, 8 << 20);
        check(config_encode_properties(&out, r.properties) == 0);
        check(config_record_parse(key, key_len, out.data, out.len, &again, &err) == 0 && !again.malformed);
        check(kc_config_count(again.properties) == kc_config_count(r.properties));
        config_record_done(&again);
    }
    struct config_picture *p = config_picture_new();
    config_picture_apply(p, &r, 7);
    struct config_snapshot *snap = config_picture_snapshot(p);
    check(snap->offset == 8);
    config_snapshot_unref(snap);
    config_picture_free(p);
    config_record_done(&r);
}

static void fuzz_status(const char *key, size_t key_len, const void *value, size_t value_len) {
    struct status_record r;
    struct kc_error err = {0};
    if (status_record_parse(key, key_len, value, value_len, &r, &err) < 0)
        return;
    AUTO_BUF out;
    buf_init(&out, 8 << 20);
    if (!r.tombstone && r.kind != STATUS_TOPIC) {
        struct status_record again;
        check(status_encode(&out, &r.status) == 0);
        check(status_record_parse(key, key_len, out.data, out.len, &again, &err) == 0);
        check(again.status.state == r.status.state && again.status.generation == r.status.generation);
        status_record_done(&again);
    }
    struct status_picture *p = status_picture_new();
    status_picture_apply(p, &r);
    status_record_done(&r);
    status_picture_free(p);
}

static void fuzz_offset(const char *key, size_t key_len, const void *value, size_t value_len) {
    struct offset_picture *p = offset_picture_new();
    struct kc_error err = {0};
    struct offset_key parsed;
    AUTO(arena) arena = arena_new(0);
    if (offset_picture_apply(p, key, key_len, value, value_len, 1, &err) == 0) {
        check(offset_key_parse(arena, key, key_len, &parsed, &err) == 0);
        const struct offset_spelling *s = offset_picture_find(p, &parsed);
        check(s && s->key_len == key_len && memcmp(s->key, key, key_len) == 0);
    }
    offset_picture_free(p);
}

static void fuzz_records(const uint8_t *data, size_t len) {
    if (len < 2)
        return;
    const char *key = (const char *)data + 1;
    const char *nul = memchr(key, 0, len - 1);
    size_t key_len = nul ? (size_t)(nul - key) : len - 1;
    const void *value = nul ? nul + 1 : NULL;
    size_t value_len = nul ? len - 2 - key_len : 0;
    switch (data[0] % 3) {
    case 0:
        fuzz_config(key, key_len, value, value_len);
        break;
    case 1:
        fuzz_status(key, key_len, value, value_len);
        break;
    default:
        fuzz_offset(key, key_len, value, value_len);
        break;
    }
}

FUZZ_TARGET(fuzz_records)
