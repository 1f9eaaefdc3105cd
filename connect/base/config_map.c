/* struct kc_config: text keys to text values in the order given, looked up through an index. Not shared between threads
 * while it is being changed. */
#include "connect/base/config_map.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/name_index.h"

struct entry {
    char *key, *value; /* value: NULL is JSON's null */
    uint32_t hash;     /* of the key */
};

struct kc_config {
    struct entry *entries;
    size_t count, cap;
    struct name_index keys;
};

static void *checked(void *memory) {
    if (!memory) {
        fprintf(stderr, "kconnectd: out of memory in a configuration\n");
        abort();
    }
    return memory;
}

struct kc_config *kc_config_new(void) {
    return checked(calloc(1, sizeof(struct kc_config)));
}

struct kc_config *kc_config_free(struct kc_config *config) {
    if (!config)
        return NULL;
    for (size_t i = 0; i < config->count; i++) {
        free(config->entries[i].key);
        free(config->entries[i].value);
    }
    free(config->entries);
    name_index_done(&config->keys);
    free(config);
    return NULL;
}

static struct entry *find_hashed(const struct kc_config *config, const char *key, uint32_t hash) {
    size_t place = name_index_find(&config->keys, key, hash);
    return place == NAME_NOWHERE ? NULL : &config->entries[place];
}

static const struct entry *find(const struct kc_config *config, const char *key) {
    return find_hashed(config, key, name_hash(key));
}

bool config_find(const struct kc_config *config, const char *key, uint32_t hash, const char **ret_value) {
    const struct entry *e = find_hashed(config, key, hash);
    if (e)
        *ret_value = e->value;
    return e != NULL;
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
static void set_hashed(struct kc_config *config, const char *key, uint32_t hash, const char *value) {
    char *copy = value ? checked(strdup(value)) : NULL;
    struct entry *e = find_hashed(config, key, hash);
    if (e) {
        free(e->value);
        e->value = copy;
        return;
    }
    if (config->count == config->cap) {
        config->cap = config->cap ? config->cap * 2 : 16;
        config->entries = checked(realloc(config->entries, config->cap * sizeof(*config->entries)));
    }
    e = &config->entries[config->count];
    *e = (struct entry){.key = checked(strdup(key)), .value = copy, .hash = hash};
    name_index_add(&config->keys, e->key, hash, config->count++);
}

void kc_config_set(struct kc_config *config, const char *key, const char *value) {
    set_hashed(config, key, name_hash(key), value);
}

void kc_config_remove(struct kc_config *config, const char *key) {
    const struct entry *e = find(config, key);
    if (!e)
        return;
    size_t i = (size_t)(e - config->entries);
    name_index_clear(&config->keys);
    free(config->entries[i].key);
    free(config->entries[i].value);
    config->count--;
    memmove(&config->entries[i], &config->entries[i + 1], (config->count - i) * sizeof(*config->entries));
    for (i = 0; i < config->count; i++)
        name_index_add(&config->keys, config->entries[i].key, config->entries[i].hash, i);
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
        set_hashed(copy, config->entries[i].key, config->entries[i].hash, config->entries[i].value);
    return copy;
}
