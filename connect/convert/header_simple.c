/* SimpleHeaderConverter: headers by Values.convertToString and Values.parseString. It has no options and no state, so
 * one instance serves any thread.
 * @source org.apache.kafka.connect.storage.SimpleHeaderConverter */
#include "connect/convert/header_simple.h"

#include "connect/convert/charset.h"
#include "connect/data/values_parse.h"
#include "connect/data/values_text.h"

static int configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)conf, (void)err;
    *ret_self = NULL;
    return 0;
}

static int to_connect(void *self, struct kc_arena *arena, const char *topic, const void *data, size_t len,
                      struct kc_header *header, struct kc_error *err) {
    (void)self, (void)topic, (void)err;
    header->schema = NULL;
    header->value = kc_null();
    if (!data)
        return 0;
    struct kc_value text = charset_repair_utf8(arena, data, len);
    values_parse(arena, text.s, text.len, &header->schema, &header->value);
    return 0;
}

static int from_connect(void *self, struct kc_arena *arena, const char *topic, const struct kc_header *header,
                        struct kc_value *ret_bytes, struct kc_error *err) {
    (void)self, (void)topic;
    struct kc_value text;
    if (values_to_string(arena, &header->value, &text, err) < 0)
        return -1;
    *ret_bytes = text.tag == KC_V_NULL ? kc_null() : kc_bytes(text.s, text.len);
    return 0;
}

static const struct kc_header_converter_ops ops = {
    .configure = configure,
    .to_connect = to_connect,
    .from_connect = from_connect,
};

const struct kc_plugin simple_header_converter = {
    .abi = KC_ABI,
    .kind = KC_KIND_HEADER_CONVERTER,
    .class_name = "org.apache.kafka.connect.storage.SimpleHeaderConverter",
    .header_converter = &ops,
};
