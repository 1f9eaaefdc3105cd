/* See checkpoint_store.h. */
#include "connectors/mirror/checkpoint_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = MIRROR_TEXT_MAX + 16 };

struct checkpoint_store {
    struct map *groups;
};

static void free_point(void *value) {
    struct kept_point *k = value;
    free((char *)(uintptr_t)k->point.topic);
    free((char *)(uintptr_t)k->point.metadata);
    free(k);
}

static void free_group(void *value) {
    struct kept_group *g = value;
    map_free(g->points);
    free(g->name);
    free(g);
}

struct checkpoint_store *checkpoint_store_new(void) {
    struct checkpoint_store *store = calloc(1, sizeof *store);
    if (!store)
        abort();
    store->groups = map_new(free_group);
    return store;
}

struct checkpoint_store *checkpoint_store_free(struct checkpoint_store *store) {
    if (store) {
        map_free(store->groups);
        free(store);
    }
    return NULL;
}

static char *copy(const char *s, size_t len) {
    char *ret = malloc(len + 1);
    if (!ret)
        abort();
    memcpy(ret, s, len);
    ret[len] = 0;
    return ret;
}

static struct kept_group *group_of(struct checkpoint_store *store, const char *name) {
    struct kept_group *g = map_get(store->groups, name);
    if (g)
        return g;
    g = calloc(1, sizeof *g);
    if (!g)
        abort();
    g->name = copy(name, strlen(name));
    g->points = map_new(free_point);
    map_put(store->groups, name, g);
    return g;
}

static const char *key_of(char key[KEY_BYTES], const struct checkpoint *point) {
    snprintf(key, KEY_BYTES, "%s-%d", point->topic, (int)point->partition);
    return key;
}

struct kept_point *checkpoint_store_put(struct checkpoint_store *store, const struct checkpoint *point) {
    char key[KEY_BYTES];
    struct kept_group *g = group_of(store, point->group);
    struct kept_point *k = map_get(g->points, key_of(key, point));
    if (!k) {
        k = calloc(1, sizeof *k);
        if (!k)
            abort();
        k->point.group = g->name;
        k->point.topic = copy(point->topic, strlen(point->topic));
        k->point.partition = point->partition;
        map_put(g->points, key, k);
    }
    free((char *)(uintptr_t)k->point.metadata);
    k->point.metadata = copy(point->metadata, point->metadata_len);
    k->point.metadata_len = point->metadata_len;
    k->point.upstream = point->upstream;
    k->point.downstream = point->downstream;
    return k;
}

bool checkpoint_store_is_news(const struct checkpoint_store *store, const struct checkpoint *point) {
    char key[KEY_BYTES];
    const struct kept_group *g = map_get(store->groups, point->group);
    const struct kept_point *k = g ? map_get(g->points, key_of(key, point)) : NULL;
    return !k || point->upstream < k->point.upstream || point->downstream > k->point.downstream;
}

const struct map *checkpoint_store_groups(const struct checkpoint_store *store) {
    return store->groups;
}
