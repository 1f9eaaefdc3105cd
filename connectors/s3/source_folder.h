/* One folder of a backup on behalf of a source task: which object is read, and which comes next.
 *
 * A listing of a real S3 is exact, that of a gateway to files is not: one that runs while the sink writes may leave out
 * objects that are there (s3proxy cuts a folder short when a temporary file goes away under it), and a back end that
 * replaces a file in two steps answers 404 in between. An object that was passed over would be lost, so what is *not*
 * there is believed only after a second look, a second later:
 *   - the next object is read at once when it directly continues the last one (same topic and partition, first offset =
 *     first offset of the last + its records);
 *   - otherwise the object that would continue it is asked for by name, and the folder is listed again, a second apart,
 *     until two listings agree; what any of them showed is read, up to the last key of the first;
 *   - an object that is not found is asked for again.
 * Meanwhile the folder has "nothing now" and the others go on. A healthy store costs one more listing for each page of
 * a thousand keys with a gap in it, and none without.
 *
 * Belongs to one task and its thread. */
#ifndef CONNECTORS_S3_SOURCE_FOLDER_H
#define CONNECTORS_S3_SOURCE_FOLDER_H

#include "connectors/s3/source_input.h"

/* `name` ends with the delimiter. Naming and store are borrowed as long as the folder lives. `partition` is the handle
 * of its records. */
struct source_input *source_folder_new(const struct source_naming *n, struct object_store *store, const char *name,
                                       const struct kc_source_partition *partition);

/* Goes on behind `records` records (-1: not told) of `file`, as a stored offset says; `eof`: that was all of it. Before
 * the first open. */
void source_folder_resume(struct source_input *in, const char *file, int64_t records, bool eof);

#endif
