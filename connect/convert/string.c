/* StringConverter: text in a charset; anything else is written as its Java toString.
 * @source org.apache.kafka.connect.storage.StringConverter */
#include "connect/base/err.h"
#include "connect/convert/charset.h"
#include "connect/convert/converters.h"
#include "connect/convert/each.h"

struct string_conf {
    const char *converter_type, *encoding;
};

static const struct kc_option options[] = {
    CONVERTER_TYPE_OPTION(struct string_conf),
    OPT_STRING("converter.encoding", struct string_conf, encoding, .def = "UTF-8", .importance = KC_HIGH,
               .width = KC_MEDIUM_WIDTH, .display_name = "Encoding",
               .doc = "The name of the character set of the bytes, as Java knows it."),
    KC_OPTION_END};

static int to_value(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                    struct kc_error *err) {
    (void)err;
    *schema = kc_schema_of(KC_STRING, true);
    if (v->tag == KC_V_NULL)
        return 0;
    struct kc_value text = charset_decode(self, arena, v->bytes, v->len);
    *v = text;
    return 0;
}

static int to_bytes(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                    struct kc_error *err) {
    (void)err;
    *schema = NULL;
    if (v->tag == KC_V_NULL)
        return 0;
    size_t len = v->len;
    const char *text = v->tag == KC_V_STRING ? v->s : kc_value_to_text(arena, v, &len);
    struct kc_value bytes = charset_encode(self, arena, text, len);
    *v = bytes;
    return 0;
}

CONVERT_CALLBACKS(to_value, to_bytes)

static int configure(const struct string_conf *conf, void **ret_self, struct kc_error *err) {
    struct charset *cs = charset_new(conf->encoding);
    if (!cs)
        return err_set_class(err, ERR_BAD_CONFIG, "org.apache.kafka.common.errors.SerializationException",
                             "Unsupported encoding %s", conf->encoding);
    *ret_self = cs;
    return 0;
}

CONFIGURE_CALLBACKS(configure)

static void close_converter(void *self) {
    charset_free(self);
}

CONVERTER_TABLES(configure_converter, configure_header_converter, close_converter)

const struct kc_plugin string_converter_plugin = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "org.apache.kafka.connect.storage.StringConverter",
    .options = options,
    .conf_size = sizeof(struct string_conf),
    .converter = &converter,
    .header_converter = &header_converter,
};
