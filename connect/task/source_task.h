/* Inside of a source task; private to source_*.c. Everything here belongs to the task's thread; delivery reports arrive
 * there, too, whenever the task polls its producer.
 *
 *   source_task.c     start, loop, poll, end; batches
 *   source_send.c     transforms, converters, producer, delivery reports
 *   source_offsets.c  stored offsets, source partitions, commit
 *   source_errors.c   reports of records that failed: log, dead letters
 *   source_transaction.c  what is different in exactly-once tasks
 */
#ifndef CONNECT_TASK_SOURCE_TASK_H
#define CONNECT_TASK_SOURCE_TASK_H

#include <librdkafka/rdkafka.h>

#include "connect/base/map.h"
#include "connect/store/own_offsets.h"
#include "connect/task/acks.h"
#include "connect/task/dlq.h"
#include "connect/task/task_run.h"
#include "connect/task/topic_creation.h"

/* One poll's records. Memory lives until the last of them is acknowledged and out of its partition's queue. */
struct source_batch {
    struct list link; /* in flight */
    struct source_batch *next_free;
    struct kc_batch batch;
    struct ack *acks; /* entry i is of record i; in the arena, as the records are after the poll */
    uint32_t next;    /* the first record that was not sent yet */
    uint32_t held;    /* records that were sent and whose memory is still needed */
    bool sent;        /* all are */
    size_t bytes;     /* of the arena after the poll */
    /* exactly once: */
    uint32_t confirmed; /* up to this record commit_record was called */
    uint8_t *marks;     /* per record, where the connector wants transactions to end; NULL: nowhere; in the arena */
};

/* A topic that was written to. */
struct source_topic {
    rd_kafka_topic_t *rkt;
    uint64_t noted_in_round; /* when it was last noted as active (KIP-558) */
};

/* Of an exactly-once task. */
struct source_transaction {
    bool on; /* it is one */
    bool open, aborting;
    enum transaction_boundary { BOUNDARY_POLL, BOUNDARY_INTERVAL, BOUNDARY_CONNECTOR } boundary;
    int64_t interval_ms, last_commit_ms;
    int64_t timeout_ms, opened_ms; /* transaction.timeout.ms of the producer */
    struct kc_transaction_context ctx;
    struct source_batch *polling;   /* the batch that is being filled */
    bool commit_batch, abort_batch; /* asked for by the connector */
};

/* Source offsets on their way to a store. */
struct source_flush {
    struct kc_arena *arena;
    struct offset_entry *entries;
    size_t count, capacity;
    struct kc_error err;
    bool failed;
};

struct source_task {
    struct task *task;
    struct kc_source_context ctx;
    const struct kc_source_task_ops *ops;
    void *self;
    bool started;

    rd_kafka_t *rk;
    rd_kafka_t *admin;               /* for topic creation; made when first needed */
    struct map *topics;              /* name → struct source_topic */
    struct topic_creation *creation; /* NULL: topics are left to the brokers */
    uint64_t round;

    struct acks *acks;
    struct source_batch *free_batches; /* a stack */
    struct list in_flight;
    unsigned free_count;
    struct kc_record *polled;          /* what connectors fill */
    size_t held_bytes, held_max_bytes; /* of all batches in flight */
    struct source_batch *current;      /* polled and not completely sent */

    struct dlq *dlq;             /* NULL: none */
    struct kc_record *originals; /* of the current batch before the transforms; NULL when no report needs them */

    struct offset_stores stores;
    int64_t next_commit_ms;
    struct source_transaction tx;

    bool failed; /* a record was refused for good, or a source partition cannot be written; raised at the next check */
    struct kc_error failure;
};

/* ---- source_task.c ---- */
void source_fail(struct source_task *s, const struct kc_error *err); /* the first one stays */
/* Lets go of a batch that is through: sent, and nobody needs its records any more. */
void source_batch_done(struct source_task *s, struct source_batch *sb);

/* ---- source_send.c ---- */
int source_open_producer(struct source_task *s, struct kc_error *err);
void source_close_producer(struct source_task *s);
/* Transforms and converts the current batch. After a failure that is not tolerated the records before it are left in
 * the batch (see struct tolerance). */
void source_convert(struct source_task *s);
/* Sends what is left of the current batch. 1: all of it; 0: go on later (err says why); -1: the task fails. @blocks
 * while the producer's queue is full */
int source_send(struct source_task *s, struct kc_error *err);
/* Delivery reports, then offsets move forward. @blocks up to timeout_ms */
void source_serve(struct source_task *s, int timeout_ms);

/* ---- source_errors.c ---- */
/* Makes the dead letter queue when there shall be one. @blocks to look for its topic */
int source_errors_init(struct source_task *s, struct kc_error *err);
void source_errors_done(struct source_task *s);
/* Keeps what reports need of the current batch; before its first transform. */
void source_errors_keep(struct source_task *s);
/* Whether all dead letters are safe. @blocks up to timeout_ms */
bool source_errors_safe(const struct source_task *s, int64_t timeout_ms);
void source_report(void *arg, const struct kc_batch *batch, uint32_t index, const struct failure *failure);
void source_where(void *arg, const struct kc_batch *batch, uint32_t index, char *ret_text, size_t size);

/* ---- source_offsets.c ---- */
int source_offsets_init(struct source_task *s, struct kc_error *err);
void source_offsets_done(struct source_task *s);
/* Commits when it is time. @blocks up to offset.flush.timeout.ms */
void source_commit_if_due(struct source_task *s, int64_t now_ms);
/* Waits for outstanding acknowledgements, then commits; at the end of the task. */
void source_commit_last(struct source_task *s);
/* All offsets that are not stored yet, as entries in f->arena. */
int source_flush_collect(struct source_task *s, struct source_flush *f, struct kc_error *err);
/* The entries for the second store, if there is one; failures are logged. */
void source_flush_copy(struct source_task *s, const struct source_flush *f, int64_t timeout_ms);
int source_context_offset(struct kc_source_context *ctx, struct kc_arena *arena, const struct kc_value *partition,
                          struct kc_value *ret_offset, struct kc_error *err);
const struct kc_source_partition *source_context_partition(struct kc_source_context *ctx,
                                                           const struct kc_value *partition);

/* ---- source_transaction.c: of exactly-once tasks; -1: the task fails ---- */
/* Fences earlier producers, opens this task's, makes sure that it is still wanted. @blocks */
int transaction_start(struct source_task *s, struct kc_error *err);
rd_kafka_conf_t *transaction_producer_conf(struct source_task *s, const struct kc_config *props, struct kc_error *err);
void transaction_resume(struct source_task *s); /* polling begins, or goes on after a pause */
int transaction_before_record(struct source_task *s, const struct kc_record *r, struct kc_error *err);
int transaction_after_record(struct source_task *s, struct source_batch *sb, uint32_t index, struct kc_error *err);
int transaction_after_batch(struct source_task *s, struct kc_error *err); /* an empty one, too */
int transaction_pause(struct source_task *s, struct kc_error *err);
/* The last commit, unless the task has failed; what is open then is aborted. */
void transaction_end(struct source_task *s, bool well);
/* A delivery report; `ack` and `r` are NULL for offsets. */
void transaction_delivered(struct source_task *s, struct ack *ack, struct kc_record *r, const rd_kafka_message_t *m);

#endif
