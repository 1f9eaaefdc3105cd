/* Lists of pairs in options, "old:new,field:type", taken apart as Java's String.split does.
 * @source org.apache.kafka.connect.transforms.ReplaceField.parseRenameMappings, Cast.parseFieldTypes */
#ifndef CONNECT_TRANSFORM_MAPPING_H
#define CONNECT_TRANSFORM_MAPPING_H

#include "connect/plugin.h"

struct mapping_part {
    const char *s;
    size_t len;
};

/* Splits at colons, drops empty parts at the end, and returns how many are left; the first two are filled in. */
size_t mapping_split(const char *mapping, size_t len, struct mapping_part ret_parts[2]);
/* The next item of a list joined by commas: moves *list behind it; false at the end. */
bool mapping_next(const char **list, struct mapping_part *ret_item);
/* "Invalid value [a, b] for configuration renames: Invalid rename mapping: b". Returns -1. `list` is joined by commas.
 */
int mapping_invalid(const char *list, struct mapping_part item, struct kc_error *err);

#endif
