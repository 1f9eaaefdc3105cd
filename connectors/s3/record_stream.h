/* Records of one object, one after the other: fetched in ranges, inflated when the name ends in .gz, cut at a
 * separator. Memory is bounded by one range and the longest record. One thread. */
#ifndef CONNECTORS_S3_RECORD_STREAM_H
#define CONNECTORS_S3_RECORD_STREAM_H

#include "connectors/s3/store.h"

struct record_stream;

/* Nothing is fetched yet. `separator` of length 0: the whole object is one record. */
struct record_stream *record_stream_new(struct object_store *store, const char *key, const char *separator,
                                        size_t separator_len);
struct record_stream *record_stream_free(struct record_stream *rs);
/* 1: a record, valid until the next call; 0: the end; -1: error, which names the object. A last record without a
 * separator counts. @blocks for requests */
int record_stream_next(struct record_stream *rs, const char **ret_data, size_t *ret_len, struct kc_error *err);
/* Whether record_stream_next would give 0: 1 yes, 0 no, -1 error. */
int record_stream_at_end(struct record_stream *rs, struct kc_error *err);
int64_t record_stream_count(const struct record_stream *rs); /* records given so far */

#endif
