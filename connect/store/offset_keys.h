/* Keys of the offset topic, ["connector",{partition}]: checked, written as Java would, and brought into a canonical
 * form by which two spellings of one partition are recognised. Pure, any thread.
 * @source OffsetUtils, OffsetStorageWriter (distributed-worker 5.1, 5.2) */
#ifndef CONNECT_STORE_OFFSET_KEYS_H
#define CONNECT_STORE_OFFSET_KEYS_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

/* A key taken apart; texts lie in the arena. */
struct offset_key {
    const char *connector;
    const char *partition; /* JSON as in the key; "null" for a null partition */
    const char *canonical; /* connector and partition with sorted members */
    size_t canonical_len;
    bool null_partition;
};
/* -1: not a key of this form. */
int offset_key_parse(struct kc_arena *arena, const void *key, size_t len, struct offset_key *ret_key,
                     struct kc_error *err) KC_CHECKED;
/* Appends the key of a partition (a MAP, KC_V_JSON of an object, or null), members in the order of java.util.HashMap.
 * @errors DataException "Offsets may only contain primitive types as values, but field F contains T" and its like */
int offset_key_encode(struct kc_arena *arena, const char *connector, const struct kc_value *partition, struct buf *out,
                      struct kc_error *err) KC_CHECKED;
/* Checks a partition or offset. @source OffsetUtils.validateFormat */
int offset_check(const struct kc_value *map, struct kc_error *err) KC_CHECKED;

#endif
