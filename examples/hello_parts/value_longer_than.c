/* A predicate on connect/plugin.h alone: matches records whose value has more than so many bytes. With the transform
 * Filter it keeps large records out. Loaded from plugin.path. */
#include <stdlib.h>

#include "connect/plugin.h"

struct longer_conf {
    int32_t bytes;
};

static const struct kc_option longer_options[] = {
    {.name = "bytes",
     .type = KC_OPT_T_INT,
     .offset = offsetof(struct longer_conf, bytes),
     .required = true,
     .has_min = true,
     .min = 0,
     .range_text = "[0,...]",
     .importance = KC_HIGH,
     .doc = "Length that does not match yet."},
    KC_OPTION_END,
};

static int longer_configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)err;
    *ret_self = (void *)conf;
    return 0;
}

/* Bytes of the texts inside; everything else counts as 8. Conversion and transforms limit how deep values are nested.
 */
static uint64_t size_of(const struct kc_value *v) {
    uint64_t size = 0;
    switch (v->tag) {
    case KC_V_NULL:
        return 0;
    case KC_V_STRING:
    case KC_V_BYTES:
    case KC_V_JSON: /* checked text that nobody has taken apart yet: no reason to do it here */
        return v->len;
    case KC_V_ARRAY:
        for (uint32_t i = 0; i < v->len; i++)
            size += size_of(&v->items[i]);
        return size;
    case KC_V_MAP:
        for (uint32_t i = 0; i < v->len; i++)
            size += size_of(&v->entries[i].key) + size_of(&v->entries[i].value);
        return size;
    case KC_V_STRUCT:
        for (uint32_t i = 0; i < v->st->schema->field_count; i++)
            size += size_of(&v->st->fields[i]);
        return size;
    default:
        return sizeof(int64_t);
    }
}

/* 1 matches, 0 does not, -1 and err: the record fails as in a transform. */
static int longer_test(void *self, const struct kc_record *r, struct kc_error *err) {
    const struct longer_conf *conf = self;
    (void)err;
    return size_of(&r->value) > (uint64_t)conf->bytes;
}

static const struct kc_predicate_ops longer_predicate = {
    .configure = longer_configure,
    .test = longer_test,
};

static const struct kc_plugin longer = {
    .abi = KC_ABI,
    .kind = KC_KIND_PREDICATE,
    .class_name = "examples.ValueLongerThan",
    .version = "1.0",
    .options = longer_options,
    .conf_size = sizeof(struct longer_conf),
    .predicate = &longer_predicate,
};

const struct kc_plugin *const kc_plugins[] = {&longer, NULL};
