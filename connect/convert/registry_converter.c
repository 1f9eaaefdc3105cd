/* See registry_converter.h. */
#include "connect/convert/registry_converter.h"

#include <stdlib.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"

/* ---- life ---- */

static void free_writable(void *arg) {
    struct registry_writable *w = arg;
    kc_schema_unref(w->schema);
    if (w->format->done_writable)
        w->format->done_writable(w);
    free(w);
}

int registry_converter_new(const struct registry_format *format, const struct registry_conf *conf,
                           const struct kc_config *config, int cache_size, bool is_key, void **ret_self,
                           struct kc_error *err) {
    struct registry *registry;
    if (registry_new(conf, config, format->type, is_key, &registry, err) < 0)
        return -1;
    struct registry_converter *c = calloc(1, format->instance_size);
    if (!c)
        abort();
    c->format = format;
    c->registry = registry;
    writables_init(&c->written, cache_size, free_writable);
    buf_init(&c->out, INT32_MAX);
    *ret_self = c;
    return 0;
}

void registry_converter_close(void *self) {
    struct registry_converter *c = self;
    writables_done(&c->written);
    subject_run_done(&c->run);
    registry_free(c->registry);
    buf_done(&c->out);
    free(c);
}

/* ---- batches ---- */

/* Whether a latest schema has to be looked for again. */
static bool is_stale(struct registry_converter *c) {
    int64_t ttl_ms = registry_latest_ttl_ms(c->registry), now_ms;
    if (ttl_ms < 0 || (now_ms = clock_ms()) < c->good_until_ms)
        return false;
    c->good_until_ms = now_ms + ttl_ms;
    return true;
}

/* Lets go of what the client lets go of, and of what is too old. */
static void trim(struct registry_converter *c) {
    bool stale = is_stale(c);
    if (!registry_trim(c->registry) && !stale)
        return;
    subject_run_clear(&c->run);
    writables_clear(&c->written);
}

uint32_t registry_converter_to_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key,
                                       struct kc_error *err) {
    struct registry_converter *c = self;
    trim(c);
    return registry_read_batch(c->registry, c->format->read, c, batch, from, is_key, err);
}

uint32_t registry_converter_from_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key,
                                         struct kc_error *err) {
    struct registry_converter *c = self;
    trim(c);
    return registry_write_batch(c->registry, c->format->write, c, batch, from, is_key, err);
}

/* ---- writing ---- */

void *registry_converter_writable(struct registry_converter *c, struct kc_arena *arena, const char *topic,
                                  const struct kc_schema *schema, struct kc_error *err) {
    struct registry_writable *w = writables_get(&c->written, schema, topic);
    if (w)
        return w;
    w = calloc(1, c->format->writable_size);
    if (!w)
        abort();
    w->format = c->format;
    w->schema = kc_schema_ref(schema);
    if (c->format->make_writable(c, arena, topic, w, err) < 0) {
        free_writable(w);
        return NULL;
    }
    writables_put(&c->written, schema, topic, w);
    return w;
}

struct kc_value registry_converter_message(const struct registry_converter *c, struct kc_arena *arena) {
    return kc_bytes(kc_arena_copy(arena, c->out.data, c->out.len), c->out.len);
}

/* ---- reading ---- */

int registry_converter_find(struct registry_converter *c, const char *topic, int32_t id,
                            struct registry_schema **ret_schema, const char **ret_subject, struct kc_error *err) {
    const char *subject = NULL;
    subject_run_clear(&c->run);
    if (!registry_subject_uses_record(c->registry) && registry_subject(c->registry, topic, NULL, &subject, err) < 0)
        return -1;
    *ret_subject = subject;
    return registry_by_id(c->registry, subject, id, ret_schema, err);
}

const struct readable *readable_find(const struct readable *list, const void *part, int32_t version) {
    while (list && (list->part != part || list->version != version))
        list = list->next;
    return list;
}

const struct readable *readable_add(struct readable **list, const void *part, int32_t version,
                                    const struct kc_schema *schema) {
    struct readable *r = malloc(sizeof(*r));
    if (!r)
        abort();
    *r = (struct readable){part, version, schema, *list};
    return *list = r;
}

void readable_free(void *list) {
    for (struct readable *r = list, *next; r; r = next) {
        next = r->next;
        kc_schema_unref(r->schema);
        free(r);
    }
}
