/* See registry_batch.h. */
#include "connect/convert/registry_batch.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/convert/schema_cache.h"

/* ---- batches ---- */

uint32_t registry_read_batch(struct registry *reg, registry_read_fn *read, void *self, struct kc_batch *batch,
                             uint32_t from, bool is_key, struct kc_error *err) {
    const struct kc_schema *kept = NULL;
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        if (r->dropped)
            continue;
        struct kc_value *v = is_key ? &r->key : &r->value;
        const struct kc_schema **schema = is_key ? &r->key_schema : &r->value_schema;
        *schema = NULL;
        if (v->tag == KC_V_NULL)
            continue;
        if (read(self, batch->arena, r->topic, schema, v, err) < 0) {
            registry_fail_read(reg, r->topic, err);
            return i;
        }
        if (*schema && *schema != kept)
            kept = kc_schema_keep(batch->arena, kc_schema_ref(*schema));
    }
    return batch->count;
}

uint32_t registry_write_batch(struct registry *reg, registry_write_fn *write, void *self, struct kc_batch *batch,
                              uint32_t from, bool is_key, struct kc_error *err) {
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        if (r->dropped)
            continue;
        const char *topic = r->topic ? r->topic : "null"; /* as in Java; the producer refuses such a record later */
        const struct kc_schema **schema = is_key ? &r->key_schema : &r->value_schema;
        if (write(self, batch->arena, topic, *schema, is_key ? &r->key : &r->value, err) < 0) {
            registry_fail_write(reg, topic, err);
            return i;
        }
        *schema = NULL;
    }
    return batch->count;
}

/* ---- what writing takes ---- */

void writables_init(struct writables *w, int max, void (*free_value)(void *value)) {
    *w = (struct writables){.cache = schema_cache_new(max, free_value), .max = max, .free_value = free_value};
}

static void drop_loose(struct writables *w) {
    if (w->loose)
        w->free_value(w->loose);
    w->loose = NULL;
}

void writables_done(struct writables *w) {
    schema_cache_free(w->cache);
    drop_loose(w);
    free(w->last_topic);
    *w = (struct writables){0};
}

void writables_clear(struct writables *w) {
    int max = w->max;
    void (*free_value)(void *value) = w->free_value;
    writables_done(w);
    writables_init(w, max, free_value);
}

/* The schema's address stands for it: who is in the cache holds a reference. */
static void make_key(struct buf *key, const struct kc_schema *schema, const char *topic) {
    buf_init(key, 1 << 16);
    (void)buf_add(key, &schema, sizeof(schema));
    (void)buf_add_text(key, topic);
}

static void remember(struct writables *w, const struct kc_schema *schema, const char *topic, void *value) {
    if (!w->last_topic || strcmp(w->last_topic, topic) != 0) {
        free(w->last_topic);
        w->last_topic = strdup(topic);
        if (!w->last_topic)
            abort();
    }
    w->last_schema = schema;
    w->last = value;
}

void *writables_get(struct writables *w, const struct kc_schema *schema, const char *topic) {
    if (w->last && w->last_schema == schema && strcmp(w->last_topic, topic) == 0)
        return w->last;
    AUTO_BUF key;
    make_key(&key, schema, topic);
    void *value = schema_cache_get(w->cache, key.data, key.len);
    if (value)
        remember(w, schema, topic, value);
    return value;
}

void writables_put(struct writables *w, const struct kc_schema *schema, const char *topic, void *value) {
    AUTO_BUF key;
    make_key(&key, schema, topic);
    drop_loose(w);
    if (!schema_cache_put(w->cache, key.data, key.len, value))
        w->loose = value;
    remember(w, schema, topic, value); /* the one before may have been pushed out */
}
