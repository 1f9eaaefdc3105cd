/* Partitions by canonical key, each with its spellings. */
#include "connect/store/offset_picture.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/map.h"

struct partition {
    char *connector, *json; /* json: of the spelling that counts */
    bool null_partition;
    struct offset_spelling *spellings;
    size_t count, latest;
};

struct offset_picture {
    struct map *partitions;
    struct kc_arena *arena; /* of one apply */
    uint64_t arrivals;
};

static void partition_free(void *partition) {
    struct partition *p = partition;
    for (size_t i = 0; i < p->count; i++) {
        free(p->spellings[i].key);
        free(p->spellings[i].value);
    }
    free(p->spellings);
    free(p->connector);
    free(p->json);
    free(p);
}

struct offset_picture *offset_picture_new(void) {
    struct offset_picture *p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    p->partitions = map_new(partition_free);
    p->arena = arena_new(0);
    return p;
}

struct offset_picture *offset_picture_free(struct offset_picture *p) {
    if (!p)
        return NULL;
    map_free(p->partitions);
    arena_free(p->arena);
    free(p);
    return NULL;
}

static char *copy(const void *data, size_t len) {
    char *c = malloc(len + 1);
    if (!c)
        abort();
    if (len)
        memcpy(c, data, len);
    c[len] = 0;
    return c;
}

static struct partition *partition_get(struct offset_picture *p, const struct offset_key *key) {
    struct partition *part = map_get_bytes(p->partitions, key->canonical, key->canonical_len);
    if (part)
        return part;
    part = calloc(1, sizeof(*part));
    if (!part)
        abort();
    part->connector = copy(key->connector, strlen(key->connector));
    part->null_partition = key->null_partition;
    map_put_bytes(p->partitions, key->canonical, key->canonical_len, part);
    return part;
}

static struct offset_spelling *spelling_get(struct partition *part, const void *key, size_t len) {
    for (size_t i = 0; i < part->count; i++) {
        if (part->spellings[i].key_len == len && memcmp(part->spellings[i].key, key, len) == 0)
            return &part->spellings[i];
    }
    part->spellings = realloc(part->spellings, (part->count + 1) * sizeof(*part->spellings));
    if (!part->spellings)
        abort();
    struct offset_spelling *s = &part->spellings[part->count++];
    *s = (struct offset_spelling){.key = copy(key, len), .key_len = len};
    return s;
}

static bool is_later(const struct offset_spelling *a, const struct offset_spelling *b) {
    return a->timestamp != b->timestamp ? a->timestamp > b->timestamp : a->arrival > b->arrival;
}

int offset_picture_apply(struct offset_picture *p, const void *key, size_t key_len, const void *value, size_t value_len,
                         int64_t timestamp, struct kc_error *err) {
    struct offset_key parsed;
    arena_reset(p->arena);
    if (offset_key_parse(p->arena, key, key_len, &parsed, err) < 0)
        return -1;
    struct partition *part = partition_get(p, &parsed);
    struct offset_spelling *s = spelling_get(part, key, key_len);
    free(s->value);
    s->value = value ? copy(value, value_len) : NULL;
    s->value_len = value_len;
    s->timestamp = timestamp;
    s->arrival = ++p->arrivals;
    size_t index = (size_t)(s - part->spellings);
    if (!part->json || index == part->latest || is_later(s, &part->spellings[part->latest])) {
        free(part->json);
        part->json = copy(parsed.partition, strlen(parsed.partition));
        part->latest = index;
    }
    return 0;
}

const struct offset_spelling *offset_picture_spellings(const struct offset_picture *p, const struct offset_key *key,
                                                       size_t *ret_count) {
    const struct partition *part = map_get_bytes(p->partitions, key->canonical, key->canonical_len);
    *ret_count = part ? part->count : 0;
    return part ? part->spellings : NULL;
}

const struct offset_spelling *offset_picture_find(const struct offset_picture *p, const struct offset_key *key) {
    const struct partition *part = map_get_bytes(p->partitions, key->canonical, key->canonical_len);
    return part ? &part->spellings[part->latest] : NULL;
}

void offset_picture_each(const struct offset_picture *p, const char *connector,
                         void (*f)(void *arg, const char *partition_json, const char *offset_json), void *arg) {
    void *value;
    for (size_t i = 0; map_next(p->partitions, &i, NULL, &value);) {
        const struct partition *part = value;
        const struct offset_spelling *s = &part->spellings[part->latest];
        if (!part->null_partition && s->value && strcmp(part->connector, connector) == 0)
            f(arg, part->json, s->value);
    }
}
