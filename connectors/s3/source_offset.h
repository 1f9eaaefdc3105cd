/* What the S3 source keeps in the offsets topic, all of it text, in the shape of Confluent's connector:
 * {"folder"} (restoring) or {"file"} (GENERIC) → {"lastFileRead","fileOffset","eof"}. @source s3-connectors 3.1.3 */
#ifndef CONNECTORS_S3_SOURCE_OFFSET_H
#define CONNECTORS_S3_SOURCE_OFFSET_H

#include "connect/plugin.h"

struct source_position {
    const char *file; /* in the arena; NULL: nothing is stored */
    int64_t records;  /* of it that were read; -1: not told */
    bool eof;         /* that was all */
};

struct kc_value source_partition_of_folder(struct kc_arena *arena, const char *folder);
struct kc_value source_partition_of_file(struct kc_arena *arena, const char *key);

/* @thread task  @blocks as kc_source_context.offset */
int source_position_load(struct kc_source_context *ctx, struct kc_arena *arena, const struct kc_value *partition,
                         struct source_position *ret_position, struct kc_error *err) KC_CHECKED;
struct kc_value source_position_value(struct kc_arena *arena, const struct source_position *position);

/* Whether offsets given from outside have this shape (kc_connector_ops.alter_offsets). */
int source_offsets_check(const struct kc_value *partitions, const struct kc_value *offsets, size_t count,
                         struct kc_error *err) KC_CHECKED;

#endif
