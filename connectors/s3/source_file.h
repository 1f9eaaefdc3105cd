/* One object of a backup with its keys and headers objects, as records.
 * The sink completes keys and headers before the object with the values, so whoever sees the latter finds the others.
 */
#ifndef CONNECTORS_S3_SOURCE_FILE_H
#define CONNECTORS_S3_SOURCE_FILE_H

#include "connect/base/regex.h"
#include "connectors/s3/source_config.h"
#include "connectors/s3/store.h"

enum object_kind {
    OBJECT_VALUES,  /* values, in the format of the connector */
    OBJECT_SIBLING, /* keys or headers of another object */
    OBJECT_OTHER    /* not of this format */
};

/* What the names of objects mean to one connector. Plain data, made once. */
struct source_naming {
    const struct s3_source_conf *conf;
    struct regex *filename;
    char separator[64]; /* of records, escapes decoded */
    size_t separator_len;
};
int source_naming_init(struct source_naming *n, const struct s3_source_conf *conf, struct kc_error *err) KC_CHECKED;
void source_naming_done(struct source_naming *n);
enum object_kind source_object_kind(const struct source_naming *n, const char *key);
/* Folder of a key with its delimiter at the end; length only. 0: none. */
size_t source_folder_length(const struct source_naming *n, const char *key);
/* topic+partition+offset.ext → topic (malloc'ed) and partition. @errors names the object */
int source_parse_name(const struct source_naming *n, const char *bucket, const char *key, char **ret_topic,
                      int32_t *ret_partition, struct kc_error *err) KC_CHECKED;

struct source_file;
/* Finds the siblings and skips `skip` records. @blocks for requests */
struct source_file *source_file_open(const struct source_naming *n, struct object_store *store, const char *key,
                                     int64_t skip, struct kc_error *err);
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
AUTO_FREE(source_file, struct source_file, source_file_free)

#endif
