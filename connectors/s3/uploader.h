/* Moves finished bytes to the store beside the task: a few threads per task, started when there is work. Every topic
 * partition has a channel, whose orders are carried out one after the other in the order they were given; so files of a
 * partition become complete in the order of their offsets. Buffers handed over are counted, so that the task can pause
 * its fetch.
 *
 * Calls are made by the task thread; what the threads find out is read with channel_status. When an order fails the
 * channel is broken: its orders are dropped (and uploads aborted) until channel_restart.
 */
#ifndef CONNECTORS_S3_UPLOADER_H
#define CONNECTORS_S3_UPLOADER_H

#include "connect/base/buf.h"
#include "connectors/s3/store.h"

struct uploader;
struct channel;
struct remote; /* one object on its way */

/* One file: up to three objects. Keys and headers are completed before values, because whoever finds the value object
 * may take the file for whole. */
struct upload_file {
    struct remote *keys, *headers, *values; /* NULL: none */
    int64_t start_offset, end_offset, record_count;
};

/* Files that belong together: when all are complete, offsets up to `next_offset` are stored. */
struct upload_group {
    int64_t next_offset;
    size_t count;
    struct upload_file files[];
};

struct uploader_conf {
    struct object_store *store; /* borrowed */
    int max_threads;
    bool if_none_match; /* conditional writes */
    bool tagging, tagging_must_succeed;
    const struct kc_config *extra_tags; /* may be NULL */
    /* With conditional writes: an object `key` exists; decides from which offset to go on instead. @thread uploader */
    int (*on_exists)(void *arg, const char *key, const struct upload_file *file, int64_t *ret_restart,
                     struct kc_error *err);
    void *on_exists_arg;
};

struct uploader *uploader_new(const struct uploader_conf *conf);
/* All channels are freed before. Aborts what is left, joins the threads. @blocks some seconds when the store is away */
struct uploader *uploader_free(struct uploader *up);
/* For store_conf.cancelled: whether the calling thread's work is not wanted any more. */
bool uploader_cancelled(void);
bool uploader_thread(void); /* whether the caller is one of the uploader's threads */

struct object_store *uploader_store(const struct uploader *up);
size_t uploader_queued(struct uploader *up); /* bytes */
/* Waits until at most `bytes` are queued; false after `timeout_ms`. */
bool uploader_wait(struct uploader *up, size_t bytes, int64_t timeout_ms);
/* Waits until no order is left or running. */
bool uploader_settle(struct uploader *up, int64_t timeout_ms);
/* Changes whenever a channel has news; cheap. */
unsigned uploader_news(const struct uploader *up);
/* An empty buffer, used or new. */
void uploader_buffer(struct uploader *up, size_t max, struct buf *ret_buffer);

struct channel *channel_new(struct uploader *up);
/* Ends the running order, drops the others; what was begun is aborted in the background. @blocks about a second */
struct channel *channel_free(struct channel *ch);

struct channel_status {
    int64_t done_offset; /* next_offset of the last complete group, -1: none */
    bool failed;
    int64_t restart_offset; /* failed: read again from here; -1: from done_offset or the first record */
    struct kc_error error;
};
void channel_status(struct channel *ch, struct channel_status *ret_status);
bool channel_failed(struct channel *ch);
/* Ends the failed state; orders given from now on count. */
void channel_restart(struct channel *ch);

struct remote *remote_new(const char *key);
void channel_part(struct channel *ch, struct remote *remote, struct buf *take); /* `take` is empty afterwards */
void channel_commit(struct channel *ch, struct upload_group *take);
void channel_discard(struct channel *ch, struct remote *take);

#endif
