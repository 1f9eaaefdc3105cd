/* A header converter on connect/plugin.h alone: bytes in Kafka, their hexadecimal digits in Connect, so that binary
 * headers (trace ids, say) can be read, compared and written to text formats. Loaded from plugin.path. */
#include <stdlib.h>
#include <string.h>

#include "connect/plugin.h"

/* Fills the header's schema and value from the bytes in Kafka. */
static int hex_to_connect(void *self, struct kc_arena *arena, const char *topic, const void *data, size_t len,
                          struct kc_header *header, struct kc_error *err) {
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    (void)self, (void)topic, (void)err;
    header->schema = kc_schema_of(KC_STRING, true);
    header->value = kc_null();
    if (!data)
        return 0;
    char *text = kc_arena_alloc(arena, 2 * len + 1);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    header->value = kc_text(text, 2 * len);
    return 0;
}

static int digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_from_connect(void *self, struct kc_arena *arena, const char *topic, const struct kc_header *header,
                            struct kc_value *ret_bytes, struct kc_error *err) {
    const struct kc_value *v = &header->value;
    (void)self, (void)topic;
    *ret_bytes = *v;
    if (v->tag == KC_V_NULL || v->tag == KC_V_BYTES)
        return 0;
    if (v->tag != KC_V_STRING || v->len % 2)
        return kc_fail(err, KC_DATA_EXCEPTION, "Header %s is no text of hexadecimal digits", header->key);
    unsigned char *bytes = kc_arena_alloc(arena, v->len / 2 + 1);
    for (uint32_t i = 0; i < v->len; i += 2) {
        int high = digit(v->s[i]), low = digit(v->s[i + 1]);
        if (high < 0 || low < 0)
            return kc_fail(err, KC_DATA_EXCEPTION, "Header %s is no text of hexadecimal digits", header->key);
        bytes[i / 2] = (unsigned char)(high << 4 | low);
    }
    *ret_bytes = kc_bytes(bytes, v->len / 2);
    return 0;
}

static int hex_configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)conf, (void)err;
    *ret_self = NULL; /* nothing to remember */
    return 0;
}

static const struct kc_header_converter_ops hex_converter = {
    .configure = hex_configure,
    .to_connect = hex_to_connect,
    .from_connect = hex_from_connect,
};

static const struct kc_plugin hex = {
    .abi = KC_ABI,
    .kind = KC_KIND_HEADER_CONVERTER,
    .class_name = "examples.HexHeaderConverter",
    .version = "1.0",
    .header_converter = &hex_converter,
};

const struct kc_plugin *const kc_plugins[] = {&hex, NULL};
