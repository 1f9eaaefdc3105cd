/* See offsets.h. */
#include "connectors/mirror/offsets.h"

#include "connect/base/arena.h"

static const char *shown(struct kc_arena *arena, const struct kc_value *v) {
    return kc_value_to_text(arena, v, NULL);
}

static const struct kc_value *get(const struct kc_value *map, const char *key) {
    const struct kc_value *v = map->tag == KC_V_MAP ? kc_map_get(map, key) : NULL;
    return v && v->tag != KC_V_NULL ? v : NULL;
}

static int missing(struct kc_arena *arena, const struct kc_value *partition, const char *key, struct kc_error *err) {
    return kc_fail(err, KC_CONNECT_EXCEPTION, "Source partition %s is missing the '%s' key, which is required",
                   shown(arena, partition), key);
}

static int check_text(struct kc_arena *arena, const struct kc_value *partition, const char *key, struct kc_error *err) {
    const struct kc_value *v = get(partition, key);
    if (!v)
        return missing(arena, partition, key, err);
    if (v->tag != KC_V_STRING)
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "Source partition %s has an invalid value %s for the '%s' key, which must be a string",
                       shown(arena, partition), shown(arena, v), key);
    return 0;
}

static bool is_integer(const struct kc_value *v) {
    return v->tag >= KC_V_INT8 && v->tag <= KC_V_INT64;
}

static int check_partition_number(struct kc_arena *arena, const struct kc_value *partition, struct kc_error *err) {
    const struct kc_value *v = get(partition, "partition");
    if (!v)
        return missing(arena, partition, "partition", err);
    if (!is_integer(v) || v->i > INT32_MAX || v->i < INT32_MIN)
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "Source partition %s has an invalid value %s for the 'partition' key, which must be an integer",
                       shown(arena, partition), shown(arena, v));
    if (v->i < 0)
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "Source partition %s has an invalid value %s for the 'partition' key, which cannot be negative",
                       shown(arena, partition), shown(arena, v));
    return 0;
}

static int check_offset(struct kc_arena *arena, const struct kc_value *partition, const struct kc_value *offset,
                        bool zero, struct kc_error *err) {
    const char *where = shown(arena, partition);
    const struct kc_value *v = get(offset, "offset");
    if (!v)
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "Source offset %s for source partition %s is missing the 'offset' key, which is required",
                       shown(arena, offset), where);
    const char *wrong = !is_integer(v)      ? ", which must be an integer"
                        : zero && v->i != 0 ? "; the only accepted value is 0"
                        : v->i < 0          ? ", which cannot be negative"
                                            : NULL;
    if (!wrong)
        return 0;
    return kc_fail(err, KC_CONNECT_EXCEPTION,
                   "Source offset %s for source partition %s has an invalid value %s for the 'offset' key%s",
                   shown(arena, offset), where, shown(arena, v), wrong);
}

static int check_one(struct kc_arena *arena, const struct offset_shape *shape, const struct kc_value *partition,
                     const struct kc_value *offset, struct kc_error *err) {
    if (offset->tag == KC_V_NULL)
        return 0; /* whatever the partition: it must be possible to clean up */
    if (partition->tag == KC_V_NULL)
        return kc_fail(err, KC_CONNECT_EXCEPTION, "Source partitions may not be null");
    for (const char *const *key = shape->texts; *key; key++)
        if (check_text(arena, partition, *key, err) < 0)
            return -1;
    if (shape->partition && check_partition_number(arena, partition, err) < 0)
        return -1;
    return check_offset(arena, partition, offset, shape->zero, err);
}

int mirror_check_offsets(const struct offset_shape *shape, const struct kc_value *partitions,
                         const struct kc_value *offsets, size_t count, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    for (size_t i = 0; i < count; i++)
        if (check_one(arena, shape, &partitions[i], &offsets[i], err) < 0)
            return -1;
    return 0;
}
