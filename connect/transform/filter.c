/* Drops every record; of use behind a predicate. @source org.apache.kafka.connect.transforms.Filter (transforms 4.4) */
#include "connect/transform/builtin.h"

static int filter_configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)conf, (void)err;
    *ret_self = NULL;
    return 0;
}

static uint32_t filter_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    (void)self, (void)err;
    for (uint32_t i = from; i < batch->count; i++)
        if (kc_record_live(&batch->records[i]))
            batch->records[i].dropped = true;
    return batch->count;
}

static const struct kc_transformation_ops filter_ops = {.configure = filter_configure, .apply = filter_apply};

const struct kc_plugin transform_filter = {
    .abi = KC_ABI,
    .kind = KC_KIND_TRANSFORMATION,
    .class_name = "org.apache.kafka.connect.transforms.Filter",
    .transformation = &filter_ops,
};
