/* The converters of Kafka's number serializers: Short, Integer, Long, Float, Double in big-endian, and Boolean as one
 * byte. No widening: a Long given to IntegerConverter is an error. @source
 * org.apache.kafka.connect.converters.NumberConverter */
#include <string.h>

#include "connect/base/err.h"
#include "connect/convert/converters.h"
#include "connect/convert/each.h"
#include "connect/data/schema.h"

#define SERIALIZATION_EXCEPTION "org.apache.kafka.common.errors.SerializationException"

struct number {
    const char *name;         /* in "Failed to deserialize short: " */
    const char *deserializer; /* in the cause */
    enum kc_type type;
    enum kc_tag tag;
    unsigned size;
};

static const struct number numbers[] = {
    [KC_INT16] = {"short", "ShortDeserializer", KC_INT16, KC_V_INT16, 2},
    [KC_INT32] = {"integer", "IntegerDeserializer", KC_INT32, KC_V_INT32, 4},
    [KC_INT64] = {"long", "LongDeserializer", KC_INT64, KC_V_INT64, 8},
    [KC_FLOAT32] = {"float", "Deserializer", KC_FLOAT32, KC_V_FLOAT32, 4},
    [KC_FLOAT64] = {"double", "Deserializer", KC_FLOAT64, KC_V_FLOAT64, 8},
};

/* ---- one value ---- */

static struct kc_value from_bits(const struct number *n, uint64_t bits) {
    if (n->type == KC_FLOAT64) {
        double d;
        memcpy(&d, &bits, sizeof(d));
        return kc_double(d);
    }
    if (n->type == KC_FLOAT32) {
        uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof(f));
        return kc_float(f);
    }
    return kc_int(n->type, n->size == 2 ? (int16_t)bits : n->size == 4 ? (int32_t)bits : (int64_t)bits);
}

static uint64_t to_bits(const struct number *n, const struct kc_value *v) {
    uint64_t bits = (uint64_t)v->i;
    if (n->type == KC_FLOAT64) {
        memcpy(&bits, &v->f, sizeof(bits));
    } else if (n->type == KC_FLOAT32) {
        float f = (float)v->f;
        uint32_t low;
        memcpy(&low, &f, sizeof(low));
        bits = low;
    }
    return bits;
}

static int number_to_value(const struct number *n, const struct kc_schema **schema, struct kc_value *v,
                           struct kc_error *err) {
    *schema = kc_schema_of(n->type, true);
    if (v->tag == KC_V_NULL)
        return 0;
    if (v->len != n->size) {
        err_set_class(err, ERR_BAD_DATA, SERIALIZATION_EXCEPTION, "Size of data received by %s is not %u",
                      n->deserializer, n->size);
        return err_wrap(err, KC_DATA_EXCEPTION, "Failed to deserialize %s: ", n->name);
    }
    uint64_t bits = 0;
    for (unsigned i = 0; i < n->size; i++)
        bits = bits << 8 | v->bytes[i];
    *v = from_bits(n, bits);
    return 0;
}

static int number_to_bytes(const struct number *n, struct kc_arena *arena, const struct kc_schema **schema,
                           struct kc_value *v, struct kc_error *err) {
    if (v->tag != KC_V_NULL && v->tag != n->tag) {
        err_set_class(err, ERR_BAD_DATA, "java.lang.ClassCastException", "class %s cannot be cast to class %s",
                      kc_value_java_class(v), kc_value_java_class(&(struct kc_value){.tag = (uint8_t)n->tag}));
        return err_wrap(err, KC_DATA_EXCEPTION, "Failed to serialize to %s (was class %s): ", n->name,
                        kc_value_java_class(v));
    }
    *schema = NULL;
    if (v->tag == KC_V_NULL)
        return 0;
    uint64_t bits = to_bits(n, v);
    uint8_t *bytes = kc_arena_alloc(arena, n->size);
    for (unsigned i = 0; i < n->size; i++)
        bytes[i] = (uint8_t)(bits >> (8 * (n->size - 1 - i)));
    *v = kc_bytes(bytes, n->size);
    return 0;
}

/* ---- the instance of a number converter is its row ---- */

static int to_value(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                    struct kc_error *err) {
    (void)arena;
    return number_to_value(self, schema, v, err);
}

static int to_bytes(void *self, struct kc_arena *arena, const struct kc_schema **schema, struct kc_value *v,
                    struct kc_error *err) {
    return number_to_bytes(self, arena, schema, v, err);
}

CONVERT_CALLBACKS(to_value, to_bytes)

#define NUMBER_CONVERTER(variable, class, type)                                                                      \
    static int configure_##variable(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,  \
                                    struct kc_error *err) {                                                          \
        (void)config, (void)conf, (void)is_key, (void)err;                                                           \
        *ret_self = (void *)(uintptr_t)&numbers[type];                                                               \
        return 0;                                                                                                    \
    }                                                                                                                \
    static int configure_header_##variable(const struct kc_config *config, const void *conf, void **ret_self,        \
                                           struct kc_error *err) {                                                   \
        return configure_##variable(config, conf, false, ret_self, err);                                             \
    }                                                                                                                \
    static const struct kc_converter_ops variable##_converter = {                                                    \
        .configure = configure_##variable, .to_connect = to_connect, .from_connect = from_connect};                  \
    static const struct kc_header_converter_ops variable##_header_converter = {.configure =                          \
                                                                                   configure_header_##variable,      \
                                                                               .to_connect = header_to_connect,      \
                                                                               .from_connect = header_from_connect}; \
    const struct kc_plugin variable##_converter_plugin = {                                                           \
        .abi = KC_ABI,                                                                                               \
        .kind = KC_KIND_CONVERTER,                                                                                   \
        .class_name = "org.apache.kafka.connect.converters." class,                                                  \
        .options = converter_plain_options,                                                                          \
        .conf_size = sizeof(struct converter_plain_conf),                                                            \
        .converter = &variable##_converter,                                                                          \
        .header_converter = &variable##_header_converter,                                                            \
    };

NUMBER_CONVERTER(short, "ShortConverter", KC_INT16)
NUMBER_CONVERTER(integer, "IntegerConverter", KC_INT32)
NUMBER_CONVERTER(long, "LongConverter", KC_INT64)
NUMBER_CONVERTER(float, "FloatConverter", KC_FLOAT32)
NUMBER_CONVERTER(double, "DoubleConverter", KC_FLOAT64)
