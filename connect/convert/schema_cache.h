/* Least recently used cache of at most `max` entries, bytes → pointer: what converters made of schemas.
 * Keys above 64 KiB are not kept, and all of them together hold at most 4 MiB. One thread. */
#ifndef CONNECT_CONVERT_SCHEMA_CACHE_H
#define CONNECT_CONVERT_SCHEMA_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "connect/base/auto.h"

struct schema_cache;
/* `free_value` is called for values that are pushed out. max <= 0: nothing is kept. */
struct schema_cache *schema_cache_new(int max, void (*free_value)(void *value));
struct schema_cache *schema_cache_free(struct schema_cache *cache);
void *schema_cache_get(struct schema_cache *cache, const void *key, size_t len); /* NULL when absent */
/* Takes the value over; false when it is not kept (and still the caller's). The key must be new. */
bool schema_cache_put(struct schema_cache *cache, const void *key, size_t len, void *value);

#endif
