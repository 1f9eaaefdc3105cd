/* A converter on connect/plugin.h alone: one line of separated texts in Kafka ("a;b;c"), an array of strings in
 * Connect. Loaded from plugin.path; each connector, or worker, that names it gets instances of its own for keys and for
 * values. A converter works on a whole batch: it changes what it can and returns the index of the first record that it
 * cannot. */
#include <stdlib.h>
#include <string.h>

#include "connect/plugin.h"

struct csv_conf {
    const char *separator;
};

static int check_separator(const char *name, const char *text, struct kc_error *err) {
    if (text && strlen(text) == 1)
        return 0;
    return kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value %s for configuration %s: must be one character",
                   text ? text : "null", name);
}

static const struct kc_option csv_options[] = {
    {.name = "csv.separator",
     .type = KC_OPT_T_STRING,
     .offset = offsetof(struct csv_conf, separator),
     .def = ";",
     .check = check_separator,
     .range_text = "one character",
     .importance = KC_MEDIUM,
     .doc = "What stands between two texts."},
    KC_OPTION_END,
};

static int csv_configure(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                         struct kc_error *err) {
    (void)config, (void)is_key, (void)err;
    *ret_self = (void *)conf; /* lives as long as the instance: nothing of our own to make, nothing to close */
    return 0;
}

/* ---- Kafka → Connect ---- */

static struct kc_value split(struct kc_arena *arena, const struct kc_value *bytes, char separator) {
    const char *p = bytes->len ? bytes->s : "", *end = p + bytes->len;
    uint32_t count = 1;
    for (const char *q = p; q < end; q++)
        count += *q == separator;
    struct kc_value array = {.tag = KC_V_ARRAY, .items = kc_arena_alloc(arena, count * sizeof *array.items)};
    for (; array.len < count; array.len++) { /* the texts stay where they are, in the record's bytes */
        const char *next = memchr(p, separator, (size_t)(end - p));
        array.items[array.len] = kc_text(p, (size_t)((next ? next : end) - p));
        p = next ? next + 1 : end;
    }
    return array;
}

static uint32_t csv_to_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    const struct csv_conf *conf = self;
    (void)err;
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        struct kc_value *v = is_key ? &r->key : &r->value;
        if (kc_record_live(r) && v->tag == KC_V_BYTES)
            *v = split(batch->arena, v, conf->separator[0]);
    }
    return batch->count;
}

/* ---- Connect → Kafka ---- */

static int join(struct kc_arena *arena, struct kc_value *v, char separator, struct kc_error *err) {
    struct kc_value array = kc_json_expand(arena, *v); /* schemaless JSON may not be taken apart yet */
    if (array.tag != KC_V_ARRAY)
        return kc_fail(err, KC_DATA_EXCEPTION, "CsvConverter writes arrays, not %s", kc_value_java_class(&array));
    size_t total = array.len;
    for (uint32_t i = 0; i < array.len; i++) {
        const struct kc_value *item = &array.items[i];
        if (item->tag != KC_V_STRING || memchr(item->s, separator, item->len))
            return kc_fail(err, KC_DATA_EXCEPTION,
                           "CsvConverter writes texts without '%c'; element %u is something else", separator,
                           (unsigned)i);
        total += item->len;
    }
    char *text = kc_arena_alloc(arena, total + 1), *p = text;
    for (uint32_t i = 0; i < array.len; i++) {
        if (i)
            *p++ = separator;
        memcpy(p, array.items[i].s, array.items[i].len);
        p += array.items[i].len;
    }
    *v = kc_bytes(text, (size_t)(p - text));
    return 0;
}

static uint32_t csv_from_connect(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err) {
    const struct csv_conf *conf = self;
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        struct kc_value *v = is_key ? &r->key : &r->value;
        if (kc_record_live(r) && v->tag != KC_V_NULL && join(batch->arena, v, conf->separator[0], err) < 0)
            return i; /* errors.tolerance decides about this record; then we are called again, from the next one */
    }
    return batch->count;
}

static const struct kc_converter_ops csv_converter = {
    .configure = csv_configure,
    .to_connect = csv_to_connect,
    .from_connect = csv_from_connect,
};

static const struct kc_plugin csv = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONVERTER,
    .class_name = "examples.CsvConverter",
    .version = "1.0",
    .options = csv_options,
    .conf_size = sizeof(struct csv_conf),
    .converter = &csv_converter,
};

const struct kc_plugin *const kc_plugins[] = {&csv, NULL};
