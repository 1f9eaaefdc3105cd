/* Positions by name, for lists that keep their items in an order of their own: the names are the items', who owns both
 * and outlives the index. Open addressing, one thread. */
#ifndef CONNECT_BASE_NAME_INDEX_H
#define CONNECT_BASE_NAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define NAME_NOWHERE SIZE_MAX

struct name_slot {
    const char *name; /* NULL: empty */
    uint32_t hash, place;
};

struct name_index { /* all zero: empty */
    struct name_slot *slots;
    size_t slot_count; /* power of two */
    size_t count;
};

uint32_t name_hash(const char *name);
/* The place of `name`, whose hash is `hash`; NAME_NOWHERE when there is none. */
size_t name_index_find(const struct name_index *ix, const char *name, uint32_t hash);
/* A name that is not yet there. */
void name_index_add(struct name_index *ix, const char *name, uint32_t hash, size_t place);
void name_index_clear(struct name_index *ix); /* keeps its memory */
void name_index_done(struct name_index *ix);

#endif
