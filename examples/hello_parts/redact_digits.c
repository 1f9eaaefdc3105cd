/* A transform on connect/plugin.h alone: puts a character in the place of every digit of the value's texts: of the
 * value itself, of the elements of an array, and of the fields of a map. Loaded from plugin.path. Transforms share what
 * a record points to with others (and with the dead letter queue): they make new values instead of writing into old
 * ones.
 */
#include <stdlib.h>
#include <string.h>

#include "connect/plugin.h"

struct redact_conf {
    const char *replacement;
};

static int check_replacement(const char *name, const char *text, struct kc_error *err) {
    if (text && strlen(text) == 1)
        return 0;
    return kc_fail(err, KC_CONFIG_EXCEPTION, "Invalid value %s for configuration %s: must be one character",
                   text ? text : "null", name);
}

static const struct kc_option redact_options[] = {
    {.name = "replacement",
     .type = KC_OPT_T_STRING,
     .offset = offsetof(struct redact_conf, replacement),
     .def = "#",
     .check = check_replacement,
     .range_text = "one character",
     .importance = KC_MEDIUM,
     .doc = "Character in the place of each digit."},
    KC_OPTION_END,
};

static int redact_configure(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err) {
    (void)config, (void)err;
    *ret_self = (void *)conf;
    return 0;
}

static struct kc_value redact_text(struct kc_arena *arena, struct kc_value v, char replacement) {
    if (v.tag != KC_V_STRING)
        return v;
    char *text = kc_arena_copy(arena, v.s, v.len);
    for (uint32_t i = 0; i < v.len; i++)
        if (text[i] >= '0' && text[i] <= '9')
            text[i] = replacement;
    return kc_text(text, v.len);
}

static struct kc_value redact_map(struct kc_arena *arena, const struct kc_value *map, char replacement) {
    struct kc_value copy = kc_map_new(arena, map->len);
    copy.flags = map->flags;
    for (; copy.len < map->len; copy.len++) {
        const struct kc_entry *e = &map->entries[copy.len];
        copy.entries[copy.len] = (struct kc_entry){e->key, redact_text(arena, e->value, replacement)};
    }
    return copy;
}

static struct kc_value redact_array(struct kc_arena *arena, const struct kc_value *array, char replacement) {
    struct kc_value copy = *array;
    copy.items = kc_arena_alloc(arena, (array->len + 1) * sizeof *copy.items);
    for (uint32_t i = 0; i < array->len; i++)
        copy.items[i] = redact_text(arena, array->items[i], replacement);
    return copy;
}

static uint32_t redact_apply(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err) {
    const struct redact_conf *conf = self;
    for (uint32_t i = from; i < batch->count; i++) {
        struct kc_record *r = &batch->records[i];
        if (!kc_record_live(r)) /* dropped, or left alone by the predicate */
            continue;
        struct kc_value v = kc_json_open(batch->arena, r->value); /* one level: texts further down stay as they are */
        if (v.tag == KC_V_STRUCT) {
            kc_fail(err, KC_DATA_EXCEPTION, "RedactDigits works on texts, arrays and maps, not on structs");
            return i; /* errors.tolerance decides */
        }
        if (v.tag == KC_V_MAP)
            r->value = redact_map(batch->arena, &v, conf->replacement[0]);
        else if (v.tag == KC_V_ARRAY)
            r->value = redact_array(batch->arena, &v, conf->replacement[0]);
        else
            r->value = redact_text(batch->arena, v, conf->replacement[0]);
    }
    return batch->count;
}

static const struct kc_transformation_ops redact_transformation = {
    .configure = redact_configure,
    .apply = redact_apply,
};

static const struct kc_plugin redact = {
    .abi = KC_ABI,
    .kind = KC_KIND_TRANSFORMATION,
    .class_name = "examples.RedactDigits",
    .version = "1.0",
    .options = redact_options,
    .conf_size = sizeof(struct redact_conf),
    .transformation = &redact_transformation,
};

const struct kc_plugin *const kc_plugins[] = {&redact, NULL};
