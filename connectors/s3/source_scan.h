/* The objects of a bucket on behalf of one task in mode=GENERIC: all that match topic.regex.list, whatever their names
 * say, each read once. Tasks share them by a hash of the key. Every listing goes through the whole of topics.dir, so
 * that an object is found whenever it appears; what was read is remembered by its key (while the task lives here, for
 * ever in the offsets topic), so that a rewritten object is not read again. */
#ifndef CONNECTORS_S3_SOURCE_SCAN_H
#define CONNECTORS_S3_SOURCE_SCAN_H

#include "connectors/s3/source_input.h"

/* Everything is borrowed and outlives the scan. */
struct source_input *source_scan_new(const struct source_naming *n, struct object_store *store,
                                     struct kc_source_context *ctx);

#endif
