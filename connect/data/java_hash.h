/* hashCode of values as Java's classes compute it, and what follows from it: java.util.HashMap's order of entries. */
#ifndef CONNECT_DATA_JAVA_HASH_H
#define CONNECT_DATA_JAVA_HASH_H

#include "connect/plugin.h"

/* Object.hashCode() of the value: equal values have equal hashes. */
uint32_t java_hash(const struct kc_value *v);
/* Removes earlier entries of equal keys as Map.put does: the first place stays, the last value counts. */
void java_map_last_wins(struct kc_value *map);
/* The entries as a java.util.HashMap filled in this order iterates over them: pointers in `arena`, map->len of them. */
const struct kc_entry **java_hash_map_order(struct kc_arena *arena, const struct kc_value *map);
/* The same of a HashMap that was made for `capacity` entries. */
const struct kc_entry **java_sized_map_order(struct kc_arena *arena, const struct kc_value *map, uint32_t capacity);

#endif
