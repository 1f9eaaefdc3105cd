/* See offset_sync.h. */
#include "connectors/mirror/offset_sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/map.h"

/* ---- Due? ---- */

/* Java's long wraps around. */
static int64_t minus(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

bool sync_due(struct sync_state *state, int64_t lag_max, int64_t upstream, int64_t downstream) {
    bool first = state->last_sync_downstream == -1;
    bool stale = minus(downstream, plus(state->last_sync_downstream, 1)) >= lag_max;
    bool gap = minus(upstream, state->previous_upstream) != 1;
    bool truncated = downstream < state->previous_downstream;
    bool due = first || stale || gap || truncated;
    if (due)
        state->last_sync_downstream = downstream;
    state->previous_upstream = upstream;
    state->previous_downstream = downstream;
    return due;
}

/* ---- Slots ---- */

static bool same(const struct sync_point *a, const struct sync_point *b) {
    return a->number == b->number;
}

/* Syncs in the slots i < j are at most 2^j - 2^i apart, */
static bool near_enough(const struct sync_point *a, const struct sync_point *b, int i, int j) {
    if (same(a, b))
        return true;
    uint64_t limit = (1ULL << j) - (1ULL << i);
    int64_t bound;
    return __builtin_add_overflow(b->upstream, (int64_t)limit, &bound) || a->upstream <= bound;
}

/* and at least 2^(i-2). */
static bool far_enough(const struct sync_point *a, const struct sync_point *b, int i) {
    if (same(a, b))
        return true;
    int64_t bound, limit = (int64_t)(1ULL << (i > 2 ? i - 2 : 0));
    return !__builtin_add_overflow(b->upstream, limit, &bound) && a->upstream >= bound;
}

static void fill(struct sync_slots *s, const struct sync_point *with) {
    for (int i = 0; i < SYNC_SLOTS; i++)
        s->slots[i] = *with;
}

/* Every slot keeps its sync as long as it is near enough to the one before; else it takes the oldest of the old ones
 * that fits between its neighbours. */
static void shift(struct sync_slots *s, const struct sync_point *newest) {
    struct sync_point old[SYNC_SLOTS], *slots = s->slots, candidate = *newest;
    memcpy(old, slots, sizeof old);
    slots[0] = *newest;
    for (int current = 1, replacement = 0; current < SYNC_SLOTS; current++) {
        int previous = current - 1;
        bool skip;
        do {
            const struct sync_point *o = &old[replacement];
            bool separate = far_enough(&slots[previous], o, previous);
            bool take = near_enough(&slots[previous], o, previous, current) && separate &&
                        (current == SYNC_SLOTS - 1 || far_enough(o, &slots[current + 1], current));
            bool repeated = replacement + 1 < SYNC_SLOTS && same(o, &old[replacement + 1]);
            if (take)
                candidate = *o;
            skip = repeated || !separate;
            if (take || skip)
                replacement++;
        } while (replacement < current && skip);
        if (near_enough(&slots[previous], &slots[current], previous, current))
            break;
        slots[current] = candidate;
    }
}

/* ---- The store ---- */

struct sync_store {
    struct map *partitions; /* "topic-partition" → struct sync_slots */
    bool must_read_to_end, ready;
};

struct sync_store *sync_store_new(void) {
    struct sync_store *store = calloc(1, sizeof *store);
    if (!store)
        abort();
    store->partitions = map_new(free);
    return store;
}

struct sync_store *sync_store_free(struct sync_store *store) {
    if (store) {
        map_free(store->partitions);
        free(store);
    }
    return NULL;
}

void sync_store_begin(struct sync_store *store, bool must_read_to_end) {
    store->must_read_to_end = must_read_to_end;
}

void sync_store_read_to_end(struct sync_store *store) {
    store->ready = true;
}

bool sync_store_ready(const struct sync_store *store) {
    return store->ready;
}

enum { KEY_BYTES = 32768 + 16 };

static const char *key_of(char key[KEY_BYTES], const char *topic, int32_t partition) {
    snprintf(key, KEY_BYTES, "%s-%d", topic, (int)partition);
    return key;
}

const struct sync_slots *sync_store_slots(const struct sync_store *store, const char *topic, int32_t partition) {
    char key[KEY_BYTES];
    return map_get(store->partitions, key_of(key, topic, partition));
}

void sync_store_add(struct sync_store *store, const char *topic, int32_t partition, int64_t upstream,
                    int64_t downstream) {
    char key[KEY_BYTES];
    struct sync_slots *s = map_get(store->partitions, key_of(key, topic, partition));
    bool fresh = !s;
    if (fresh) {
        s = calloc(1, sizeof *s);
        if (!s)
            abort();
        map_put(store->partitions, key, s);
    }
    struct sync_point newest = {.upstream = upstream, .downstream = downstream, .number = s->count++};
    bool only_last = !store->ready && store->must_read_to_end;
    if (fresh || only_last || upstream < s->slots[0].upstream)
        fill(s, &newest);
    else
        shift(s, &newest);
}

bool sync_store_translate(const struct sync_store *store, const char *topic, int32_t partition, int64_t upstream,
                          int64_t *ret_downstream) {
    const struct sync_slots *s = store->ready ? sync_store_slots(store, topic, partition) : NULL;
    if (!s)
        return false;
    int i = 0;
    while (i < SYNC_SLOTS - 1 && s->slots[i].upstream > upstream)
        i++;
    const struct sync_point *point = &s->slots[i];
    *ret_downstream = point->upstream > upstream    ? -1
                      : point->upstream == upstream ? point->downstream
                                                    : plus(point->downstream, 1);
    return true;
}
