/* One object of a backup with its keys and headers objects, as records.
 * The sink completes keys and headers before the object with the values, so whoever sees the latter finds the others.
 */
#ifndef CONNECTORS_S3_SOURCE_FILE_H
#define CONNECTORS_S3_SOURCE_FILE_H

#include "connectors/s3/source_naming.h"
#include "connectors/s3/store.h"

struct source_file;
enum { SIBLING_KEYS = 1, SIBLING_HEADERS = 2 };

/* `topic` NULL: topic and partition are those of the name, with siblings. Otherwise all records go to `topic`, without
 * partition, key and headers. Finds the siblings, skips `skip` records and fetches the beginning of what is left.
 * `expected`: SIBLING_… that must be there although the option says auto. @blocks for requests
 * @errors ERR_NOT_FOUND: the object, or a sibling that must be there, is not (now); a store that replaces an object in
 * two steps, or that lists while another writes, says so of an object that is there a moment later. ERR_BAD_DATA: it
 * cannot be used. */
struct source_file *source_file_open(const struct source_naming *n, struct object_store *store, const char *key,
                                     const char *topic, int64_t skip, unsigned expected, struct kc_error *err);
struct source_file *source_file_free(struct source_file *f);
/* Fills topic, partition, key, value and headers of `r`, memory in `arena`. 1 record, 0 end, -1 error: names object and
 * record; *ret_bad_record tells a record that cannot be parsed (the next call goes on behind it) from a failed request.
 */
int source_file_next(struct source_file *f, struct kc_arena *arena, struct kc_record *r, bool *ret_bad_record,
                     struct kc_error *err);
/* 1: no record is left; 0; -1 error */
int source_file_at_end(struct source_file *f, struct kc_error *err);
int64_t source_file_position(const struct source_file *f); /* records read, the skipped ones too */
const char *source_file_key(const struct source_file *f);
unsigned source_file_siblings(const struct source_file *f); /* SIBLING_… that were found beside it */
AUTO_FREE(source_file, struct source_file, source_file_free)

#endif
