/* Inside of a sink task; private to sink_*.c. Everything here belongs to the task's thread.
 *
 *   sink_task.c       start, loop, put, end
 *   sink_consume.c    messages → records in one arena → converters → transforms
 *   sink_commit.c     pre_commit, commit, rewinds
 *   sink_rebalance.c  partitions come and go
 *   sink_context.c    what the connector may ask for
 *   sink_topics.c     subscription: names, or those that match topics.regex
 */
#ifndef CONNECT_TASK_SINK_TASK_H
#define CONNECT_TASK_SINK_TASK_H

#include <librdkafka/rdkafka.h>

#include "connect/base/map.h"
#include "connect/task/dlq.h"
#include "connect/task/task_run.h"

/* A topic name that outlives every record; records point to it. */
struct sink_topic {
    char *name;
    uint64_t noted_in_batch; /* the last batch in which it was noted as active (KIP-558) */
};

/* An assigned partition. */
struct sink_partition {
    struct sink_topic *topic;
    int32_t partition;
    int64_t position;  /* after the last record that was put ("current offset"); -1 not known yet */
    int64_t committed; /* last committed, or where reading began; -1 not known yet */
    int64_t seen;      /* after the last record of the present batch */
    int64_t rewind;    /* asked for by the connector; -1 none */
    bool paused;       /* by the connector */
    bool stopped;      /* the consumer does not fetch it, for any reason */
    bool in_batch;     /* the present batch has records of it */
};

/* What librdkafka's callbacks are given. */
struct sink_door {
    struct sink_task *task; /* NULL: it has ended, only the consumer is still there */
};

struct sink_task {
    struct task *task;
    struct kc_sink_context ctx;
    const struct kc_sink_task_ops *ops;
    void *self; /* of the plugin; NULL before start and after stop */
    bool started;

    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* of the consumer: messages, rebalances, commit results */
    struct sink_door *door;  /* lives as long as the consumer */
    int64_t fetch_wake_ms;   /* of client_fetch_wake */
    struct map *topics;      /* name → struct sink_topic */
    struct map *by_name;     /* "topic\0partition" → struct sink_partition, assigned ones */
    struct sink_partition **assigned;
    size_t assigned_count;
    struct dlq *dlq; /* NULL: none */

    /* The subscription by topics.regex. */
    struct regex *regex;
    char **subscribed;
    size_t subscribed_count;
    int64_t next_topics_ms, topics_interval_ms;

    /* The present batch: message i is record i. Kept while the connector wants it again. */
    rd_kafka_message_t **messages;
    struct kc_batch batch;
    uint32_t message_count;
    uint64_t batch_number;
    bool batch_full;                 /* a batch is waiting to be put (again) */
    struct sink_partition **touched; /* partitions of the batch */
    uint32_t touched_count;
    rd_kafka_topic_t *last_rkt; /* memory of the last lookup */
    int32_t last_number;
    struct sink_partition *last_partition;
    bool without_headers; /* nobody looks at them */

    bool target_paused;         /* what was last done about the target state */
    bool paused_for_redelivery; /* everything is paused until put takes the batch */
    int64_t timeout_ms;         /* asked for by the connector, one-shot; -1 none */
    bool rewind_requested;
    bool errant_enabled; /* there is someone to report to */
    bool report_failed;  /* a report of this put was not tolerated */
    struct kc_error report_err;

    int64_t next_commit_ms;
    bool commit_requested;
    bool committing;
    uintptr_t commit_sequence;
    int64_t commit_begin_ms, commit_deadline_ms;

    bool rebalance_failed; /* open or close failed; raised after the poll */
    struct kc_error rebalance_err;
    struct kc_error consume_err; /* the consumer cannot go on */
    bool consume_failed;
};

/* ---- sink_consume.c ---- */
int sink_batch_init(struct sink_task *s, uint32_t capacity, struct kc_error *err);
void sink_batch_done(struct sink_task *s);
/* Waits up to timeout_ms for messages; returns how many were received (0: time-out or woken). @blocks */
uint32_t sink_consume(struct sink_task *s, int64_t timeout_ms);
/* Makes records of the messages and takes them through converters and transforms; afterwards the batch is full. */
void sink_convert(struct sink_task *s);
/* Lets the batch go: its records were put. */
void sink_batch_release(struct sink_task *s);
/* For struct tolerance and the connector's reports. */
void sink_report(void *arg, const struct kc_batch *batch, uint32_t index, const struct failure *failure);
void sink_where(void *arg, const struct kc_batch *batch, uint32_t index, char *ret_text, size_t size);
/* A record that is not of the present batch is put into bytes again first. */
void sink_report_foreign(struct sink_task *s, const struct kc_record *record, const struct failure *failure);

/* ---- sink_commit.c ---- */
/* pre_commit, then commit of `parts`; `closing` also closes them and commits synchronously. */
void sink_commit(struct sink_task *s, bool closing, struct sink_partition *const *parts, size_t count);
/* Commits when it is time or asked for; gives up on a commit that takes too long. */
void sink_commit_if_due(struct sink_task *s, int64_t now_ms);
void sink_schedule_commit(struct sink_task *s, int64_t now_ms);
/* Carries out what ctx->rewind asked for. -1: the consumer could not seek. @blocks */
int sink_rewind(struct sink_task *s, struct kc_error *err);
int sink_seek(struct sink_task *s, struct sink_partition *const *parts, const int64_t *offsets, size_t count,
              struct kc_error *err);

/* ---- sink_leave.c ---- */
/* Closes and frees the consumer, or leaves that to a thread of its own. @blocks */
void sink_leave(struct sink_task *s);

/* ---- sink_rebalance.c ---- */
void sink_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque);
struct sink_partition *sink_find(struct sink_task *s, const char *topic, int32_t partition);
void sink_partitions_done(struct sink_task *s);
/* Pauses or resumes what should be, given target state, redelivery and the connector's own wishes. */
void sink_apply_pauses(struct sink_task *s);
void sink_close_partitions(struct sink_task *s, struct sink_partition *const *parts, size_t count);
/* pre_commit, close, commit of everything that is assigned: the end of the task. */
void sink_close_all(struct sink_task *s);

/* ---- sink_context.c ---- */
void sink_context_init(struct sink_task *s);

/* ---- sink_topics.c ---- */
int sink_subscribe(struct sink_task *s, const struct kc_config *consumer_props, struct kc_error *err);
/* Looks for topics that match topics.regex from time to time; cheap when it is not yet time. @blocks when it is */
int sink_refresh_topics(struct sink_task *s, int64_t now_ms, struct kc_error *err);
void sink_topics_done(struct sink_task *s);

#endif
