/* SimpleHeaderConverter: headers by Values.convertToString and Values.parseString. It has no options and no state, so
 * one instance serves any thread.
 * @source org.apache.kafka.connect.storage.SimpleHeaderConverter */
#include "connect/convert/header_simple.h"

#include "connect/base/buf.h"
#include "connect/base/utf8.h"
#include "connect/data/values_parse.h"
#include "connect/data/values_text.h"

#define LOGGER "org.apache.kafka.connect.storage.SimpleHeaderConverter"

static int configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)conf, (void)err;
    *ret_self = NULL;
    return 0;
}

/* Valid UTF-8, in `arena` when something had to be replaced. */
static const char *valid_text(struct kc_arena *arena, const char *s, size_t len, size_t *ret_len) {
    *ret_len = len;
    if (utf8_valid_prefix(s, len) == len)
        return s;
    AUTO_BUF repaired;
    buf_init(&repaired, 3 * len);
    utf8_repair(&repaired, s, len);
    *ret_len = repaired.len;
    return kc_arena_copy(arena, buf_text(&repaired), repaired.len);
}

static int to_connect(void *self, struct kc_arena *arena, const char *topic, const void *data, size_t len,
                      struct kc_header *header, struct kc_error *err) {
    (void)self;
    header->schema = NULL;
    header->value = kc_null();
    if (!data)
        return 0;
    size_t text_len;
    const char *text = valid_text(arena, data, len, &text_len);
    struct kc_error reason = {0};
    if (values_parse(arena, text, text_len, &header->schema, &header->value, &reason) == 0)
        return 0;
    (void)err;
    kc_log(KC_WARN, LOGGER, "Failed to deserialize value for header '%s' on topic '%s', so using byte array: %s: %s",
           header->key, topic, reason.exception, reason.text);
    header->schema = kc_schema_of(KC_BYTES, false);
    header->value = kc_bytes(data, len);
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
    .class_name = LOGGER,
    .header_converter = &ops,
};
