/* schema.compatibility of the sink: whether a record's value schema fits the open file or ends it, and the value as the
 * file's schema sees it. @source io.confluent.connect.storage.schema.StorageSchemaCompatibility */
#ifndef CONNECTORS_S3_COMPATIBILITY_H
#define CONNECTORS_S3_COMPATIBILITY_H

#include "connect/plugin.h"

enum compatibility { COMPATIBILITY_NONE, COMPATIBILITY_BACKWARD, COMPATIBILITY_FORWARD, COMPATIBILITY_FULL };

/* Unknown words are NONE, as in Java. */
enum compatibility compatibility_parse(const char *text);
/* 1: the file must end before the record, 0: the record may go into it.
 * @errors -1 SchemaProjectorException: the mode needs versions and a schema has none */
int compatibility_ends_file(enum compatibility mode, const struct kc_schema *file, const struct kc_schema *record,
                            struct kc_error *err) KC_CHECKED;

#endif
