/* The files of one topic partition: which record goes into which open file, and when all open files end ("rotation").
 * Owned and called by the sink's task thread; bytes leave through a channel of the uploader.
 *
 * Rotation rules are Java's, in their order: change between schema and no schema, time (record time or schedule),
 * schema change, number of open files — before the record is written; number of records — after it. Where they depend
 * on records alone, the same records give the same files, whatever happened in between.
 */
#ifndef CONNECTORS_S3_WRITER_H
#define CONNECTORS_S3_WRITER_H

#include "connectors/s3/compatibility.h"
#include "connectors/s3/format.h"
#include "connectors/s3/key.h"
#include "connectors/s3/output.h"
#include "connectors/s3/partitioner.h"
#include "connectors/s3/uploader.h"
#include "connectors/s3/zone.h"

/* What the writers of a task share; set up once. */
struct writer_env {
    const struct sink_conf *conf;
    struct kc_sink_context *ctx;
    const struct partitioner *partitioner;
    struct uploader *uploader;
    struct key_layout layout;
    struct output_conf output;
    struct format values, keys, headers;
    char value_ext[64], key_ext[80], header_ext[80];
    const struct zone *zone; /* of scheduled rotation; NULL without */
    bool write_tombstones;
    enum compatibility compatibility;
};

struct writer;
struct writer *writer_new(const struct writer_env *env, const char *topic, int32_t partition);
/* Discards open files and what is not uploaded. @blocks about a second */
struct writer *writer_free(struct writer *w);

/* Writes one record, or reports it where errors are tolerated. -1: the task must fail. */
int writer_write(struct writer *w, struct kc_arena *arena, const struct kc_record *r, int64_t now_ms,
                 struct kc_error *err) KC_CHECKED;
/* Time passed without records: scheduled rotation. */
void writer_idle(struct writer *w, int64_t now_ms);
/* When writer_idle has something to do next, wall time; INT64_MAX: never. */
int64_t writer_next_ms(const struct writer *w);

/* Offset up to which everything is stored, once after each change; -1: nothing new. */
int64_t writer_take_offset(struct writer *w);
/* Whether an upload failed; `ret_status` says how. */
bool writer_failed(struct writer *w, struct channel_status *ret_status);
/* After a failure: drops open files and says from which offset the records are needed again. */
int64_t writer_restart(struct writer *w, const struct channel_status *status);
size_t writer_buffered(const struct writer *w); /* bytes of open files in memory */
void writer_relieve(struct writer *w);          /* sends what makes a part, because memory is short */

const char *writer_topic(const struct writer *w);
int32_t writer_partition(const struct writer *w);

/* For conditional writes: the first offset behind `file`'s start whose object would not exist.
 * @thread uploader  @blocks some requests */
int writer_find_free(void *env, const char *key, const struct upload_file *file, int64_t *ret_restart,
                     struct kc_error *err);

#endif
