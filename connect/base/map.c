/* Hash map in two arrays: entries in the order of insertion, and a table of positions by hash (linear probing). A
 * removed entry stays as a gap until the next growth, so that iteration survives removals. */
#include "connect/base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *key; /* NUL-terminated copy; NULL: removed */
    size_t len;
    uint64_t hash;
    void *value;
};

#define EMPTY UINT32_MAX
enum { FIRST_SLOTS = 16 };

struct map {
    void (*free_value)(void *value);
    struct entry *entries;
    uint32_t *slots;   /* positions in entries, gaps included; EMPTY */
    size_t slot_count; /* power of two; entries has room for 3/4 of it */
    size_t filled;     /* entries with gaps */
    size_t count;      /* without */
};

uint64_t hash_bytes(const void *data, size_t len) {
    const uint8_t *p = data;
    uint64_t h = 0xcbf29ce484222325u ^ len, word;
    for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
        memcpy(&word, p, sizeof word);
        h = (h ^ word) * 0x9fb21c651e98df25u;
        h ^= h >> 32;
    }
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    return h;
}

static void *checked(void *memory) {
    if (!memory) {
        fprintf(stderr, "kconnectd: out of memory in a map\n");
        abort();
    }
    return memory;
}

struct map *map_new(void (*free_value)(void *value)) {
    struct map *m = checked(calloc(1, sizeof(*m)));
    m->free_value = free_value;
    return m;
}

static void drop_value(const struct map *m, void *value) {
    if (m->free_value && value)
        m->free_value(value);
}

void map_clear(struct map *m) {
    for (size_t i = 0; i < m->filled; i++) {
        if (!m->entries[i].key)
            continue;
        free(m->entries[i].key);
        drop_value(m, m->entries[i].value);
    }
    free(m->entries);
    free(m->slots);
    *m = (struct map){.free_value = m->free_value};
}

struct map *map_free(struct map *m) {
    if (m) {
        map_clear(m);
        free(m);
    }
    return NULL;
}

static struct entry *find(const struct map *m, const void *key, size_t len) {
    if (!m->count)
        return NULL;
    uint64_t hash = hash_bytes(key, len);
    for (size_t i = hash & (m->slot_count - 1); m->slots[i] != EMPTY; i = (i + 1) & (m->slot_count - 1)) {
        struct entry *e = &m->entries[m->slots[i]];
        if (e->key && e->hash == hash && e->len == len && memcmp(e->key, key, len) == 0)
            return e;
    }
    return NULL;
}

void *map_get_bytes(const struct map *m, const void *key, size_t len) {
    struct entry *e = find(m, key, len);
    return e ? e->value : NULL;
}

void *map_get(const struct map *m, const char *key) {
    return map_get_bytes(m, key, strlen(key));
}

bool map_has(const struct map *m, const char *key) {
    return find(m, key, strlen(key)) != NULL;
}

static void set_slot(struct map *m, size_t position) {
    size_t i = m->entries[position].hash & (m->slot_count - 1);
    while (m->slots[i] != EMPTY)
        i = (i + 1) & (m->slot_count - 1);
    m->slots[i] = (uint32_t)position;
}

/* Closes the gaps; grows when at least half of the room is really in use. */
static void make_room(struct map *m) {
    size_t slot_count = m->slot_count ? m->slot_count : FIRST_SLOTS;
    if (m->count >= slot_count * 3 / 8)
        slot_count *= 2;
    struct entry *entries = checked(malloc(slot_count * 3 / 4 * sizeof(*entries)));
    size_t filled = 0;
    for (size_t i = 0; i < m->filled; i++) {
        if (m->entries[i].key)
            entries[filled++] = m->entries[i];
    }
    free(m->entries);
    free(m->slots);
    m->entries = entries;
    m->filled = filled;
    m->slot_count = slot_count;
    m->slots = checked(malloc(slot_count * sizeof(*m->slots)));
    memset(m->slots, 0xff, slot_count * sizeof(*m->slots));
    for (size_t i = 0; i < filled; i++)
        set_slot(m, i);
}

void map_put_bytes(struct map *m, const void *key, size_t len, void *value) {
    struct entry *e = find(m, key, len);
    if (e) {
        void *old = e->value;
        e->value = value;
        if (old != value)
            drop_value(m, old);
        return;
    }
    if (m->filled == m->slot_count * 3 / 4)
        make_room(m);
    char *copy = checked(malloc(len + 1));
    if (len)
        memcpy(copy, key, len);
    copy[len] = 0;
    m->entries[m->filled] = (struct entry){.key = copy, .len = len, .hash = hash_bytes(key, len), .value = value};
    set_slot(m, m->filled++);
    m->count++;
}

void map_put(struct map *m, const char *key, void *value) {
    map_put_bytes(m, key, strlen(key), value);
}

static bool remove_entry(struct map *m, struct entry *e) {
    if (!e)
        return false;
    free(e->key);
    *e = (struct entry){.key = NULL};
    m->count--;
    return true;
}

bool map_remove(struct map *m, const char *key) {
    struct entry *e = find(m, key, strlen(key));
    void *value = e ? e->value : NULL;
    bool found = remove_entry(m, e);
    drop_value(m, value);
    return found;
}

void *map_take(struct map *m, const char *key) {
    struct entry *e = find(m, key, strlen(key));
    void *value = e ? e->value : NULL;
    remove_entry(m, e);
    return value;
}

size_t map_count(const struct map *m) {
    return m->count;
}

bool map_next(const struct map *m, size_t *pos, const char **ret_key, void **ret_value) {
    while (*pos < m->filled) {
        const struct entry *e = &m->entries[(*pos)++];
        if (!e->key)
            continue;
        if (ret_key)
            *ret_key = e->key;
        if (ret_value)
            *ret_value = e->value;
        return true;
    }
    return false;
}
