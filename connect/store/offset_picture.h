/* What the offset topic says: per partition of a connector its offset, and the spellings of its key that were seen. Not
 * locked: the store owns one and guards it. */
#ifndef CONNECT_STORE_OFFSET_PICTURE_H
#define CONNECT_STORE_OFFSET_PICTURE_H

#include "connect/store/offset_keys.h"

struct offset_picture;
struct offset_picture *offset_picture_new(void);
struct offset_picture *offset_picture_free(struct offset_picture *p);

/* One record of the topic. Of several spellings the one written last counts (by timestamp, then by arrival). -1: not a
 * key of ours; err tells. */
int offset_picture_apply(struct offset_picture *p, const void *key, size_t key_len, const void *value, size_t value_len,
                         int64_t timestamp, struct kc_error *err) KC_CHECKED;

struct offset_spelling {
    char *key;
    size_t key_len;
    char *value; /* JSON text; NULL: tombstone */
    size_t value_len;
    int64_t timestamp;
    uint64_t arrival;
};
/* The spelling that counts, dead or alive; NULL: the partition was never seen. Valid until the next apply. */
const struct offset_spelling *offset_picture_find(const struct offset_picture *p, const struct offset_key *key);
/* All spellings. */
const struct offset_spelling *offset_picture_spellings(const struct offset_picture *p, const struct offset_key *key,
                                                       size_t *ret_count);
/* Calls f for every partition of the connector that has an offset; null partitions are left out. */
void offset_picture_each(const struct offset_picture *p, const char *connector,
                         void (*f)(void *arg, const char *partition_json, const char *offset_json), void *arg);

#endif
