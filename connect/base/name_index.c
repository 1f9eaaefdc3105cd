/* See name_index.h. Linear probing; at most half of the slots are used, so that a look-up ends soon. */
#include "connect/base/name_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/map.h"

enum { FIRST_SLOTS = 16 };

uint32_t name_hash(const char *name) {
    return (uint32_t)hash_bytes(name, strlen(name));
}

size_t name_index_find(const struct name_index *ix, const char *name, uint32_t hash) {
    if (!ix->count)
        return NAME_NOWHERE;
    size_t mask = ix->slot_count - 1;
    for (size_t i = hash & mask; ix->slots[i].name; i = (i + 1) & mask) {
        const struct name_slot *slot = &ix->slots[i];
        if (slot->hash == hash && (slot->name == name || strcmp(slot->name, name) == 0))
            return slot->place;
    }
    return NAME_NOWHERE;
}

static void put(struct name_index *ix, const struct name_slot *slot) {
    size_t i = slot->hash & (ix->slot_count - 1);
    while (ix->slots[i].name)
        i = (i + 1) & (ix->slot_count - 1);
    ix->slots[i] = *slot;
}

static void grow(struct name_index *ix) {
    struct name_index old = *ix;
    ix->slot_count = old.slot_count ? 2 * old.slot_count : FIRST_SLOTS;
    ix->slots = calloc(ix->slot_count, sizeof(*ix->slots));
    if (!ix->slots) {
        fprintf(stderr, "kconnectd: out of memory in an index of names\n");
        abort();
    }
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slots[i].name)
            put(ix, &old.slots[i]);
    free(old.slots);
}

void name_index_add(struct name_index *ix, const char *name, uint32_t hash, size_t place) {
    if (2 * (ix->count + 1) > ix->slot_count)
        grow(ix);
    put(ix, &(struct name_slot){.name = name, .hash = hash, .place = (uint32_t)place});
    ix->count++;
}

void name_index_clear(struct name_index *ix) {
    if (ix->count)
        memset(ix->slots, 0, ix->slot_count * sizeof(*ix->slots));
    ix->count = 0;
}

void name_index_done(struct name_index *ix) {
    free(ix->slots);
    *ix = (struct name_index){0};
}
