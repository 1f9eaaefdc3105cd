/* struct kc_config: text keys to text values in the order given, looked up through a map. Not shared between threads
 * while it is being changed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/map.h"
#include "connect/plugin.h"

struct entry {
    char *key, *value; /* value: NULL is JSON's null */
};

struct kc_config {
    struct entry *entries;
    size_t count, cap;
    struct map *positions; /* key → position + 1 */
};

static void *checked(void *memory) {
    if (!memory) {
        fprintf(stderr, "kconnectd: out of memory in a configuration\n");
        abort();
    }
    return memory;
}

struct kc_config *kc_config_new(void) {
    struct kc_config *config = checked(calloc(1, sizeof(*config)));
    config->positions = map_new(NULL);
    return config;
}

struct kc_config *kc_config_free(struct kc_config *config) {
    if (!config)
        return NULL;
    for (size_t i = 0; i < config->count; i++) {
        free(config->entries[i].key);
        free(config->entries[i].value);
    }
    free(config->entries);
    map_free(config->positions);
    free(config);
    return NULL;
}

static const struct entry *find(const struct kc_config *config, const char *key) {
    uintptr_t position = (uintptr_t)map_get(config->positions, key);
    return position ? &config->entries[position - 1] : NULL;
}

static void set_position(struct kc_config *config, size_t i) {
    map_put(config->positions, config->entries[i].key, (void *)(uintptr_t)(i + 1));
}

const char *kc_config_get(const struct kc_config *config, const char *key) {
    const struct entry *e = find(config, key);
    return e ? e->value : NULL;
}

bool kc_config_has(const struct kc_config *config, const char *key) {
    return find(config, key) != NULL;
}

size_t kc_config_count(const struct kc_config *config) {
    return config->count;
}

const char *kc_config_key(const struct kc_config *config, size_t i) {
    return i < config->count ? config->entries[i].key : NULL;
}

const char *kc_config_value(const struct kc_config *config, size_t i) {
    return i < config->count ? config->entries[i].value : NULL;
}

/* `value` may be the present value of some key. */
void kc_config_set(struct kc_config *config, const char *key, const char *value) {
    char *copy = value ? checked(strdup(value)) : NULL;
    uintptr_t position = (uintptr_t)map_get(config->positions, key);
    if (position) {
        struct entry *e = &config->entries[position - 1];
        free(e->value);
        e->value = copy;
        return;
    }
    if (config->count == config->cap) {
        config->cap = config->cap ? config->cap * 2 : 16;
        config->entries = checked(realloc(config->entries, config->cap * sizeof(*config->entries)));
    }
    config->entries[config->count] = (struct entry){.key = checked(strdup(key)), .value = copy};
    set_position(config, config->count++);
}

void kc_config_remove(struct kc_config *config, const char *key) {
    uintptr_t position = (uintptr_t)map_take(config->positions, key);
    if (!position)
        return;
    size_t i = position - 1;
    free(config->entries[i].key);
    free(config->entries[i].value);
    config->count--;
    for (; i < config->count; i++) {
        config->entries[i] = config->entries[i + 1];
        set_position(config, i);
    }
}

struct kc_config *kc_config_with_prefix(const struct kc_config *config, const char *prefix) {
    struct kc_config *part = kc_config_new();
    size_t len = strlen(prefix);
    for (size_t i = 0; i < config->count; i++) {
        const struct entry *e = &config->entries[i];
        if (strncmp(e->key, prefix, len) == 0 && e->key[len])
            kc_config_set(part, e->key + len, e->value);
    }
    return part;
}

struct kc_config *kc_config_copy(const struct kc_config *config) {
    struct kc_config *copy = kc_config_new();
    for (size_t i = 0; i < config->count; i++)
        kc_config_set(copy, config->entries[i].key, config->entries[i].value);
    return copy;
}
