/* Hash chains for the look-up and a counter of uses for the order. Whoever is pushed out is searched for, which costs
 * less than the schema that pushes it out. */
#include "connect/convert/schema_cache.h"

#include <stdint.h>
#include <string.h>

#include "connect/base/map.h"

enum { MAX_KEY_BYTES = 64 * 1024, MAX_BYTES = 4 * 1024 * 1024, MAX_BUCKETS = 4096 };

struct entry {
    struct entry *next;
    void *value;
    uint64_t hash;
    uint64_t used; /* when last, counted in uses of the cache */
    size_t len;
    char key[];
};

struct schema_cache {
    size_t count, max, bucket_count;
    size_t bytes; /* of all keys */
    uint64_t uses;
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
    cache->buckets = calloc(cache->bucket_count, sizeof(struct entry *));
    if (!cache->buckets)
        abort();
    return cache;
}

static struct entry **bucket(struct schema_cache *cache, uint64_t hash) {
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

/* Takes the entry that *at points to out of its chain. */
static void drop(struct schema_cache *cache, struct entry **at) {
    struct entry *e = *at;
    *at = e->next;
    cache->free_value(e->value);
    cache->count--;
    cache->bytes -= e->len;
    free(e);
}

static void drop_oldest(struct schema_cache *cache) {
    struct entry **oldest = NULL;
    for (size_t i = 0; i < cache->bucket_count; i++)
        for (struct entry **at = &cache->buckets[i]; *at; at = &(*at)->next)
            if (!oldest || (*at)->used < (*oldest)->used)
                oldest = at;
    if (oldest)
        drop(cache, oldest);
}

struct schema_cache *schema_cache_free(struct schema_cache *cache) {
    if (!cache)
        return NULL;
    for (size_t i = 0; i < cache->bucket_count; i++)
        while (cache->buckets[i])
            drop(cache, &cache->buckets[i]);
    free(cache->buckets);
    free(cache);
    return NULL;
}

void *schema_cache_get(struct schema_cache *cache, const void *key, size_t len) {
    uint64_t hash = hash_bytes(key, len);
    for (struct entry *e = *bucket(cache, hash); e; e = e->next)
        if (e->hash == hash && e->len == len && memcmp(e->key, key, len) == 0) {
            e->used = ++cache->uses;
            return e->value;
        }
    return NULL;
}

bool schema_cache_put(struct schema_cache *cache, const void *key, size_t len, void *value) {
    if (cache->max == 0 || len > MAX_KEY_BYTES)
        return false;
    while (cache->count && (cache->count == cache->max || cache->bytes + len > MAX_BYTES))
        drop_oldest(cache);
    struct entry *e = malloc(sizeof(*e) + len);
    if (!e)
        abort();
    struct entry **at = bucket(cache, hash_bytes(key, len));
    *e = (struct entry){.next = *at, .value = value, .hash = hash_bytes(key, len), .used = ++cache->uses, .len = len};
    memcpy(e->key, key, len);
    *at = e;
    cache->count++;
    cache->bytes += len;
    return true;
}
