/* Any bytes as the offsets file of a standalone worker; what can be read is written and read again. */
#include "connect/base/buf.h"
#include "connect/store/java_map.h"
#include "tests/support/fuzz.h"

#include <assert.h>

enum { KEPT_MAX = 1000 };

struct kept {
    struct java_map_entry entries[KEPT_MAX];
    size_t count;
    uint64_t sum; /* touches every byte */
};

static void keep(void *arg, const struct java_map_entry *e) {
    struct kept *k = arg;
    const uint8_t *key = e->key, *value = e->value;
    for (size_t i = 0; i < e->key_len; i++)
        k->sum += key[i];
    for (size_t i = 0; i < e->value_len; i++)
        k->sum += value[i];
    if (k->count < KEPT_MAX)
        k->entries[k->count++] = *e;
}

static void one(const uint8_t *data, size_t len) {
    static struct kept first, second;
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, 64 << 20);
    first.count = second.count = 0;
    first.sum = second.sum = 0;
    if (java_map_decode(data, len, keep, &first, &err) < 0 || first.count == KEPT_MAX)
        return;
    assert(java_map_encode(&out, first.entries, first.count) == 0);
    assert(java_map_decode(out.data, out.len, keep, &second, &err) == 0);
    assert(first.count == second.count && first.sum == second.sum);
}

FUZZ_TARGET(one)
