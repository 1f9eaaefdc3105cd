/* Checks of connector offsets that are changed by REST. Their texts are Java's.
 * @source MirrorUtils.validateSourcePartitionString and its sisters */
#ifndef CONNECTORS_MIRROR_OFFSETS_H
#define CONNECTORS_MIRROR_OFFSETS_H

#include "connect/plugin.h"

/* What a partition of a kind of connector must have. */
struct offset_shape {
    const char *texts[3]; /* keys with strings, ends with NULL */
    bool partition;       /* a key "partition" with an integer */
    bool zero;            /* the offset is always 0 */
};
int mirror_check_offsets(const struct offset_shape *shape, const struct kc_value *partitions,
                         const struct kc_value *offsets, size_t count, struct kc_error *err) KC_CHECKED;

#endif
