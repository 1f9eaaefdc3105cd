/* Updated schemas by their originals; see schema_memo.h. */
#include "connect/transform/schema_memo.h"

#include <stdlib.h>
#include <string.h>

#include "connect/data/schema.h"

void schema_memo_init(struct schema_memo *memo, schema_update *update, void *self) {
    memset(memo, 0, sizeof *memo);
    memo->update = update;
    memo->self = self;
}

static void drop(struct schema_memo_entry *e) {
    kc_schema_unref(e->from);
    kc_schema_unref(e->to.schema);
    free(e->to.plan);
    memset(e, 0, sizeof *e);
}

void schema_memo_done(struct schema_memo *memo) {
    for (size_t i = 0; i < SCHEMA_MEMO_SIZE; i++)
        drop(&memo->entries[i]);
    memo->last = NULL;
}

/* The entry of `from`; else the one that was not used for the longest time, an empty one first. */
static struct schema_memo_entry *find(struct schema_memo *memo, const struct kc_schema *from) {
    struct schema_memo_entry *oldest = &memo->entries[0];
    for (size_t i = 0; i < SCHEMA_MEMO_SIZE; i++) {
        struct schema_memo_entry *e = &memo->entries[i];
        if (e->from == from)
            return e;
        if (e->used < oldest->used)
            oldest = e;
    }
    return oldest;
}

const struct updated_schema *schema_memo_find(struct schema_memo *memo, struct kc_arena *arena,
                                              const struct kc_schema *from, struct kc_error *err) {
    struct schema_memo_entry *e = find(memo, from);
    if (e->from != from) {
        struct updated_schema to = {0};
        if (memo->update(memo->self, from, &to, err) < 0) {
            kc_schema_unref(to.schema);
            free(to.plan);
            return NULL;
        }
        drop(e);
        e->from = kc_schema_ref(from);
        e->to = to;
    }
    if (e->batch != memo->batch) {
        kc_schema_keep(arena, kc_schema_ref(e->to.schema));
        e->batch = memo->batch;
    }
    e->used = ++memo->uses;
    memo->last = e;
    return &e->to;
}
