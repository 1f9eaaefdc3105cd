/* A Java-serialized java.util.HashMap of byte[] to byte[]: the file in which a standalone worker keeps source offsets.
 * Read as written by any Java version; written so that Java reads it. Pure, any thread.
 * @source FileOffsetBackingStore, Java Object Serialization Specification 6.4 (distributed-worker 17) */
#ifndef CONNECT_STORE_JAVA_MAP_H
#define CONNECT_STORE_JAVA_MAP_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

struct java_map_entry { /* data NULL: null */
    const void *key, *value;
    size_t key_len, value_len;
};

/* Calls f for every entry in the order of the bytes; the entry points into `data`. What is behind the map is an error,
 * so is a map that is cut short. On an error some entries may have been reported.
 * @errors ERR_BAD_DATA: says what is wrong and at which byte */
int java_map_decode(const void *data, size_t len, void (*f)(void *arg, const struct java_map_entry *entry), void *arg,
                    struct kc_error *err) KC_CHECKED;
/* Appends. The same entries in the same order give the same bytes. -1: `out` is full. */
int java_map_encode(struct buf *out, const struct java_map_entry *entries, size_t count) KC_CHECKED;

#endif
