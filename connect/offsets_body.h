/* Offsets as REST carries them: {"offsets":[{"partition":{…},"offset":{…}|null}, …]}.
 * @source ConnectorOffsets, SinkUtils.parseSinkConnectorOffsets (rest-api 5.14) */
#ifndef CONNECT_OFFSETS_BODY_H
#define CONNECT_OFFSETS_BODY_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

struct offsets_body { /* maps or null values, memory of the arena */
    struct kc_value *partitions, *offsets;
    size_t count;
};

/* @errors 500 for what Jackson would not parse; ERR_BAD_REQUEST when there are no offsets in it */
int offsets_body_parse(struct kc_arena *arena, const char *text, size_t len, struct offsets_body *ret_body,
                       struct kc_error *err) KC_CHECKED;
/* The entries as offsets of a consumer group, of a partition named twice the last; offset -1: to be deleted. Topics
 * point into the body. @errors ERR_BAD_REQUEST with Java's texts */
int offsets_body_sink(struct kc_arena *arena, const struct offsets_body *body, struct kc_topic_offset **ret_offsets,
                      size_t *ret_count, struct kc_error *err) KC_CHECKED;
/* Source: only null, booleans, numbers and texts as values. @errors DataException with Java's text */
int offsets_body_check_primitive(const struct kc_value *map, struct kc_error *err) KC_CHECKED;
/* Appends one entry of the answer. */
void offsets_body_add_sink(struct buf *out, bool first, const char *topic, int32_t partition, int64_t offset);

#endif
