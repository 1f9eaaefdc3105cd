/* See source_offset.h. */
#include "connectors/s3/source_offset.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"

static struct kc_value one_entry(struct kc_arena *arena, const char *name, const char *text) {
    struct kc_value map = kc_map_new(arena, 1);
    kc_map_put(&map, name, kc_string(text));
    return map;
}

struct kc_value source_partition_of_folder(struct kc_arena *arena, const char *folder) {
    return one_entry(arena, "folder", folder);
}

struct kc_value source_partition_of_file(struct kc_arena *arena, const char *key) {
    return one_entry(arena, "file", key);
}

static const char *text_of(struct kc_arena *arena, const struct kc_value *map, const char *key) {
    const struct kc_value *v = map->tag == KC_V_MAP ? kc_map_get(map, key) : NULL;
    return v && v->tag == KC_V_STRING ? kc_arena_copy(arena, v->s, v->len) : NULL;
}

int source_position_load(struct kc_source_context *ctx, struct kc_arena *arena, const struct kc_value *partition,
                         struct source_position *ret_position, struct kc_error *err) {
    struct kc_value offset;
    if (ctx->offset(ctx, arena, partition, &offset, err) < 0)
        return -1;
    offset = kc_json_expand(arena, offset);
    const char *records = text_of(arena, &offset, "fileOffset"), *eof = text_of(arena, &offset, "eof");
    *ret_position = (struct source_position){.file = text_of(arena, &offset, "lastFileRead"),
                                             .records = records ? strtoll(records, NULL, 10) : -1,
                                             .eof = eof && strcmp(eof, "true") == 0};
    return 0;
}

struct kc_value source_position_value(struct kc_arena *arena, const struct source_position *position) {
    struct kc_value offset = kc_map_new(arena, 3);
    kc_map_put(&offset, "lastFileRead", kc_string(position->file));
    kc_map_put(&offset, "fileOffset", kc_string(kc_arena_printf(arena, "%lld", (long long)position->records)));
    kc_map_put(&offset, "eof", kc_string(position->eof ? "true" : "false"));
    return offset;
}

static bool has_text(const struct kc_value *map, const char *key) {
    const struct kc_value *v = map->tag == KC_V_MAP ? kc_map_get(map, key) : NULL;
    return v && v->tag == KC_V_STRING;
}

int source_offsets_check(const struct kc_value *partitions, const struct kc_value *offsets, size_t count,
                         struct kc_error *err) {
    for (size_t i = 0; i < count; i++) {
        if (offsets[i].tag == KC_V_NULL)
            continue;
        if (!has_text(&partitions[i], "folder") && !has_text(&partitions[i], "file"))
            return kc_fail(err, KC_CONNECT_EXCEPTION,
                           "Partition objects should contain the key 'folder' (or 'file' with mode=GENERIC) with a "
                           "string");
        if (!has_text(&offsets[i], "lastFileRead"))
            return kc_fail(err, KC_CONNECT_EXCEPTION,
                           "Offset objects should either be null or contain the key 'lastFileRead' with a string");
    }
    return 0;
}
