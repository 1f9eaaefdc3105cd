/* Runs one conversion over a batch, or over a header, for the converters that work value by value; and the callbacks
 * that converters have in common.
 * The function is a constant at every call, so that the compiler puts it into the loop. */
#ifndef CONNECT_CONVERT_EACH_H
#define CONNECT_CONVERT_EACH_H

#include "connect/plugin.h"

/* Changes schema and value in place. Values that come from Kafka are BYTES or null, those that go there must be. */
typedef int convert_one(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                        struct kc_error *err);

static inline uint32_t convert_each(convert_one *convert, void *self, struct kc_batch *batch, uint32_t from,
                                    bool is_key, struct kc_error *err) {
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        if (r->dropped)
            continue;
        if (convert(self, batch->arena, is_key ? &r->key_schema : &r->value_schema, is_key ? &r->key : &r->value, err) <
            0)
            return i;
    }
    return batch->count;
}

static inline int convert_header_to_connect(convert_one *convert, void *self, struct kc_arena *arena, const void *data,
                                            size_t len, struct kc_header *header, struct kc_error *err) {
    header->schema = NULL;
    header->value = data ? kc_bytes(data, len) : kc_null();
    return convert(self, arena, &header->schema, &header->value, err);
}

static inline int convert_header_from_connect(convert_one *convert, void *self, struct kc_arena *arena,
                                              const struct kc_header *header, struct kc_value *ret_bytes,
                                              struct kc_error *err) {
    const struct kc_schema *schema = header->schema;
    struct kc_value v = header->value;
    if (convert(self, arena, &schema, &v, err) < 0)
        return -1;
    *ret_bytes = v;
    return 0;
}

/* The callbacks of a plugin whose conversions are `to_value` and `to_bytes`. */
#define CONVERT_CALLBACKS(to_value, to_bytes)                                                                          \
    static uint32_t to_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) { \
        return convert_each(to_value, self, batch, from, is_key, err);                                                 \
    }                                                                                                                  \
    static uint32_t from_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key,                       \
                                 struct kc_error *err) {                                                               \
        return convert_each(to_bytes, self, batch, from, is_key, err);                                                 \
    }                                                                                                                  \
    static int header_to_connect(void *self, struct kc_arena *arena, const char *topic, const void *data, size_t len,  \
                                 struct kc_header *header, struct kc_error *err) {                                     \
        (void)topic;                                                                                                   \
        return convert_header_to_connect(to_value, self, arena, data, len, header, err);                               \
    }                                                                                                                  \
    static int header_from_connect(void *self, struct kc_arena *arena, const char *topic,                              \
                                   const struct kc_header *header, struct kc_value *ret_bytes, struct kc_error *err) { \
        (void)topic;                                                                                                   \
        return convert_header_from_connect(to_bytes, self, arena, header, ret_bytes, err);                             \
    }

/* configure_converter and configure_header_converter of a plugin whose `configure(conf, ret_self, err)` needs only its
 * options. */
#define CONFIGURE_CALLBACKS(configure)                                                                             \
    static int configure_converter(const struct kc_config *config, const void *conf, bool is_key, void **ret_self, \
                                   struct kc_error *err) {                                                         \
        (void)config;                                                                                              \
        (void)is_key;                                                                                              \
        return configure(conf, ret_self, err);                                                                     \
    }                                                                                                              \
    static int configure_header_converter(const struct kc_config *config, const void *conf, void **ret_self,       \
                                          struct kc_error *err) {                                                  \
        (void)config;                                                                                              \
        return configure(conf, ret_self, err);                                                                     \
    }

/* The tables of a plugin that has the callbacks above: `converter` and `header_converter`. */
#define CONVERTER_TABLES(configure_, header_configure_, close_)                                            \
    static const struct kc_converter_ops converter = {                                                     \
        .configure = configure_, .to_connect = to_connect, .from_connect = from_connect, .close = close_}; \
    static const struct kc_header_converter_ops header_converter = {.configure = header_configure_,        \
                                                                    .to_connect = header_to_connect,       \
                                                                    .from_connect = header_from_connect,   \
                                                                    .close = close_};

#endif
