/* The schemas that a transform has made: an updated schema per schema of its input, at most 16, the least recently used
 * goes. One thread. Schemas are interned, so that the look-up is a comparison of pointers, nearly always one per
 * record.
 * @source org.apache.kafka.common.cache.SynchronizedCache around an LRUCache(16) */
#ifndef CONNECT_TRANSFORM_SCHEMA_MEMO_H
#define CONNECT_TRANSFORM_SCHEMA_MEMO_H

#include "connect/plugin.h"

enum { SCHEMA_MEMO_SIZE = 16 };

/* What was made from one schema. */
struct updated_schema {
    const struct kc_schema *schema; /* one reference */
    void *plan;                     /* malloc'ed, how to fill the new struct; may be NULL */
};

struct schema_memo_entry {
    const struct kc_schema *from; /* one reference: the pointer cannot come to mean another schema */
    struct updated_schema to;
    uint64_t used; /* when last, counted in changes of schema */
    uint64_t batch;
};

/* Fills `ret` (zeroed); a plan that it leaves there after an error is freed. */
typedef int schema_update(void *self, const struct kc_schema *from, struct updated_schema *ret, struct kc_error *err);

struct schema_memo {
    schema_update *update;
    void *self;
    struct schema_memo_entry entries[SCHEMA_MEMO_SIZE];
    struct schema_memo_entry *last; /* the one that the previous record had */
    uint64_t uses, batch;
};

void schema_memo_init(struct schema_memo *memo, schema_update *update, void *self);
void schema_memo_done(struct schema_memo *memo);
/* Call at the start of every batch: schemas handed out since then are kept by the batch's arena as well. */
static inline void schema_memo_start(struct schema_memo *memo) {
    memo->batch++;
    memo->last = NULL;
}
/* NULL with err: the update failed, which is not remembered. Valid until the next call. */
const struct updated_schema *schema_memo_find(struct schema_memo *memo, struct kc_arena *arena,
                                              const struct kc_schema *from, struct kc_error *err);
static inline const struct updated_schema *schema_memo_get(struct schema_memo *memo, struct kc_arena *arena,
                                                           const struct kc_schema *from, struct kc_error *err) {
    if (memo->last && memo->last->from == from)
        return &memo->last->to;
    return schema_memo_find(memo, arena, from, err);
}

#endif
