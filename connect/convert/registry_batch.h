/* What the converters of the Schema Registry do alike: going over a batch, and keeping what it takes to write one
 * Connect schema to one topic. Part of a converter, used by its thread. */
#ifndef CONNECT_CONVERT_REGISTRY_BATCH_H
#define CONNECT_CONVERT_REGISTRY_BATCH_H

#include "connect/convert/registry.h"

/* ---- batches ---- */

/* One key or value, in place. *ret_schema is NULL before. -1: `v` is as it was */
typedef int registry_read_fn(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema **ret_schema,
                             struct kc_value *v, struct kc_error *err);
typedef int registry_write_fn(void *self, struct kc_arena *arena, const char *topic, const struct kc_schema *schema,
                              struct kc_value *v, struct kc_error *err);

/* As kc_converter_ops.to_connect and .from_connect; errors are those of Java's converters, see registry_fail_read. */
uint32_t registry_read_batch(struct registry *reg, registry_read_fn *read, void *self, struct kc_batch *batch,
                             uint32_t from, bool is_key, struct kc_error *err);
uint32_t registry_write_batch(struct registry *reg, registry_write_fn *write, void *self, struct kc_batch *batch,
                              uint32_t from, bool is_key, struct kc_error *err);

/* ---- what writing takes ---- */

/* A converter's own structs by schema and topic, each with a reference of its schema; the least recently used go. */
struct writables {
    struct schema_cache *cache;
    int max;
    void (*free_value)(void *value);
    void *last; /* the one of the last record … */
    const struct kc_schema *last_schema;
    char *last_topic; /* … what it is for */
    void *loose;      /* the last one put, when the cache does not keep it */
};

void writables_init(struct writables *w, int max, void (*free_value)(void *value));
void writables_done(struct writables *w);
void writables_clear(struct writables *w);
void *writables_get(struct writables *w, const struct kc_schema *schema, const char *topic); /* NULL when absent */
/* Takes the value over; it must be new, and may be used until the next put. */
void writables_put(struct writables *w, const struct kc_schema *schema, const char *topic, void *value);

#endif
