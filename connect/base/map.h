/* Hash map from text (or bytes) to pointers; keys are copied, values are the caller's. Open addressing, insertion order
 * is kept for iteration. One thread. */
#ifndef CONNECT_BASE_MAP_H
#define CONNECT_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map;
struct map *map_new(void (*free_value)(void *value)); /* NULL: values are not freed */
struct map *map_free(struct map *m);                  /* NULL is fine; returns NULL */
void *map_get(const struct map *m, const char *key);  /* NULL when absent */
void *map_get_bytes(const struct map *m, const void *key, size_t len);
bool map_has(const struct map *m, const char *key);
/* Replaces (and frees) an older value. */
void map_put(struct map *m, const char *key, void *value);
void map_put_bytes(struct map *m, const void *key, size_t len, void *value);
bool map_remove(struct map *m, const char *key); /* frees the value */
void *map_take(struct map *m, const char *key);  /* removes, value to the caller */
void map_clear(struct map *m);
size_t map_count(const struct map *m);
/* for (size_t i = 0; map_next(m, &i, &key, &value);) — key or value may be NULL pointers to ignore them. Removing the
 * current entry while iterating is allowed. */
bool map_next(const struct map *m, size_t *pos, const char **ret_key, void **ret_value);
uint64_t hash_bytes(const void *data, size_t len); /* FNV-1a finished by a mix */

#endif
