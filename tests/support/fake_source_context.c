#include "tests/support/fake_source_context.h"

#include <string.h>

#include "connect/base/arena.h"

static bool stopping(const struct kc_source_context *ctx) {
    return ((const struct fake_source *)ctx)->stop;
}

static int offset(struct kc_source_context *ctx, struct kc_arena *arena, const struct kc_value *partition,
                  struct kc_value *ret_offset, struct kc_error *err) {
    struct fake_source *f = (struct fake_source *)ctx;
    const char *text = kc_config_get(f->offsets, kc_value_to_json(arena, partition, NULL));
    if (!text) {
        *ret_offset = kc_null();
        return 0;
    }
    if (kc_value_from_json(arena, kc_arena_strdup(arena, text), strlen(text), ret_offset, err) < 0)
        return -1;
    *ret_offset = kc_json_expand(arena, *ret_offset); /* as the worker gives it */
    return 0;
}

static const struct kc_source_partition *partition(struct kc_source_context *ctx, const struct kc_value *map) {
    struct fake_source *f = (struct fake_source *)ctx;
    AUTO(arena) arena = arena_new(0);
    const char *json = kc_value_to_json(arena, map, NULL);
    if (!kc_config_has(f->partitions, json))
        kc_config_set(f->partitions, json, json);
    return (const struct kc_source_partition *)kc_config_get(f->partitions, json);
}

static void wait_for(struct kc_source_context *ctx, int64_t ms) {
    ((struct fake_source *)ctx)->waited_ms += ms;
}

void fake_source_init(struct fake_source *f, const struct kc_config *config) {
    *f = (struct fake_source){.ctx = {.connector = "source",
                                      .config = config,
                                      .stopping = stopping,
                                      .offset = offset,
                                      .partition = partition,
                                      .wait = wait_for},
                              .offsets = kc_config_new(),
                              .partitions = kc_config_new()};
}

void fake_source_done(struct fake_source *f) {
    kc_config_free(f->offsets);
    kc_config_free(f->partitions);
}

const char *fake_source_partition(const struct kc_source_partition *p) {
    return (const char *)p;
}
