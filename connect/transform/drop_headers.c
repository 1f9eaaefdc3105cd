/* Removes headers by name. @source org.apache.kafka.connect.transforms.DropHeaders (transforms 4.2) */
#include <string.h>

#include "config/parse.h"
#include "connect/transform/builtin.h"
#include "connect/transform/operand.h"

struct drop_headers_conf {
    struct kc_list headers;
};

static const struct kc_option drop_headers_options[] = {
    OPT_LIST("headers", struct drop_headers_conf, headers, .required = true, .importance = KC_HIGH,
             .list_not_empty = true, .list_unique = true, .doc = "The name of the headers to be removed."),
    KC_OPTION_END,
};

static int drop_headers_new(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)err;
    *ret_self = (void *)(uintptr_t)conf;
    return 0;
}

static bool is_listed(const struct drop_headers_conf *conf, const char *name) {
    for (size_t i = 0; i < conf->headers.count; i++)
        if (strcmp(conf->headers.items[i], name) == 0)
            return true;
    return false;
}

static int drop_headers(void *self, struct kc_arena *arena, struct kc_record *r, struct kc_error *err) {
    const struct drop_headers_conf *conf = self;
    uint32_t first = 0;
    (void)err;
    while (first < r->header_count && !is_listed(conf, r->headers[first].key))
        first++;
    if (first == r->header_count)
        return 0;
    struct kc_header *kept = kc_arena_alloc(arena, sizeof(struct kc_header) * r->header_count);
    if (first)
        memcpy(kept, r->headers, sizeof(struct kc_header) * first);
    uint32_t count = first;
    for (uint32_t i = first + 1; i < r->header_count; i++)
        if (!is_listed(conf, r->headers[i].key))
            kept[count++] = r->headers[i];
    r->headers = kept;
    r->header_count = count;
    return 0;
}

static uint32_t drop_headers_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    return transform_each(drop_headers, self, batch, from, err);
}

static const struct kc_transformation_ops drop_headers_ops = {.configure = drop_headers_new,
                                                              .apply = drop_headers_apply};

TRANSFORM_PLUGIN(transform_drop_headers, "DropHeaders", drop_headers, drop_headers_ops);
