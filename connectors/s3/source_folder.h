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

#include "connectors/s3/source_file.h"

struct source_folder;

/* `name` ends with the delimiter. Everything borrowed outlives the folder, except the name. */
struct source_folder *source_folder_new(const struct source_naming *n, struct object_store *store, const char *name);
struct source_folder *source_folder_free(struct source_folder *f); /* closes the open object; NULL is fine */
const char *source_folder_name(const struct source_folder *f);

/* Goes on behind `records` records (-1: not told) of `file`, as a stored offset says; `eof`: that was all of it. Before
 * the first open. */
void source_folder_resume(struct source_folder *f, const char *file, int64_t records, bool eof);

/* Opens the next object unless one is open. 1: source_folder_file is open; 0: nothing can be read before
 * source_folder_due_ms; -1: the same again at the next call, or source_folder_skip when the error (ERR_BAD_DATA) says
 * that the object cannot be used. @blocks for requests */
int source_folder_open(struct source_folder *f, struct kc_error *err) KC_CHECKED;
struct source_file *source_folder_file(const struct source_folder *f); /* NULL: none is open */
int64_t source_folder_due_ms(const struct source_folder *f);           /* on clock_ms */
/* Passes over the object that could not be opened. */
void source_folder_skip(struct source_folder *f);
/* The open object was read to its end, or as far as it can be. */
void source_folder_end(struct source_folder *f);
/* Reading stopped behind `position` records: the object is closed, and opened there again by the next
 * source_folder_open. 0: because it was not found, to be believed when seen again; -1: `err` stays. */
int source_folder_interrupt(struct source_folder *f, int64_t position, struct kc_error *err) KC_CHECKED;

#endif
