/* Hash chains for the look-up, a linked list for the order of use. */
#include "connect/convert/schema_cache.h"

#include <stdint.h>
#include <string.h>

#include "connect/base/list.h"
#include "connect/base/map.h"

enum { MAX_KEY_BYTES = 64 * 1024, MAX_BYTES = 4 * 1024 * 1024, MAX_BUCKETS = 4096 };

struct entry {
    struct list link; /* least recently used first */
    struct entry *next;
    void *value;
    uint64_t hash;
    size_t len;
    char key[];
};

struct schema_cache {
    struct list order;
    size_t count, max, bucket_count;
    size_t bytes; /* of all keys */
    void (*free_value)(void *value);
    struct entry **buckets;
};

struct schema_cache *schema_cache_new(int max, void (*free_value)(void *value)) {
    struct schema_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        abort();
    cache->max = max > 0 ? (size_t)max : 0;
    cache->free_value = free_value;
    cache->bucket_count = 16;
    while (cache->bucket_count < cache->max && cache->bucket_count < MAX_BUCKETS)
        cache->bucket_count *= 2;
    cache->buckets = calloc(cache->bucket_count, sizeof(*cache->buckets));
    if (!cache->buckets)
        abort();
    list_init(&cache->order);
    return cache;
}

static struct entry **bucket(struct schema_cache *cache, uint64_t hash) {
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static void drop(struct schema_cache *cache, struct entry *e) {
    struct entry **at = bucket(cache, e->hash);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    list_remove(&e->link);
    cache->free_value(e->value);
    cache->count--;
    cache->bytes -= e->len;
    free(e);
}

static struct entry *oldest(struct schema_cache *cache) {
    return CONTAINER_OF(cache->order.next, struct entry, link);
}

struct schema_cache *schema_cache_free(struct schema_cache *cache) {
    if (!cache)
        return NULL;
    while (cache->count)
        drop(cache, oldest(cache));
    free(cache->buckets);
    free(cache);
    return NULL;
}

void *schema_cache_get(struct schema_cache *cache, const void *key, size_t len) {
    uint64_t hash = hash_bytes(key, len);
    for (struct entry *e = *bucket(cache, hash); e; e = e->next)
        if (e->hash == hash && e->len == len && memcmp(e->key, key, len) == 0) {
            list_remove(&e->link);
            list_append(&cache->order, &e->link);
            return e->value;
        }
    return NULL;
}

bool schema_cache_put(struct schema_cache *cache, const void *key, size_t len, void *value) {
    if (cache->max == 0 || len > MAX_KEY_BYTES)
        return false;
    while (cache->count == cache->max || cache->bytes + len > MAX_BYTES)
        drop(cache, oldest(cache));
    struct entry *e = malloc(sizeof(*e) + len);
    if (!e)
        abort();
    e->value = value;
    e->hash = hash_bytes(key, len);
    e->len = len;
    memcpy(e->key, key, len);
    list_append(&cache->order, &e->link);
    e->next = *bucket(cache, e->hash);
    *bucket(cache, e->hash) = e;
    cache->count++;
    cache->bytes += len;
    return true;
}
