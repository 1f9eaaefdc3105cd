/* The dead letter queue of one task: its topic is created when missing, its producer lives as long as the task. Java
 * has one for sinks only. Used on the task's thread.
 * @source DeadLetterQueueReporter (distributed-worker 13.2, transforms 6.6) */
#ifndef CONNECT_TASK_DLQ_H
#define CONNECT_TASK_DLQ_H

#include <librdkafka/rdkafka.h>

#include "connect/task/task_run.h"

struct dlq;

/* A record as it was consumed, or as a source would have written it. */
struct dead_letter {
    const char *topic;         /* NULL: the source gave none */
    int32_t partition;         /* -1: none */
    int64_t offset, timestamp; /* KC_NO_TIMESTAMP: none */
    const void *key, *value;   /* NULL: null */
    size_t key_len, value_len;
    rd_kafka_headers_t *headers; /* borrowed; NULL: none */
    /* Of a source instead of `offset`: where the record came from, as JSON. NULL: none */
    bool of_source;
    const char *source_partition, *source_offset;
};

/* @blocks to look for and create the topic  @errors ConnectException "Could not initialize dead letter queue with
 * topic=T" */
struct dlq *dlq_new(struct task *t, struct kc_error *err);
struct dlq *dlq_free(struct dlq *dlq); /* waits a little for what is on its way */
/* Sends a copy. A failure to send is logged and does not stop the task. @blocks while the producer's queue is full */
void dlq_send(struct dlq *dlq, const struct dead_letter *letter, const struct failure *failure);
/* Waits until everything that was sent is acknowledged or given up; false after timeout_ms. */
bool dlq_wait(struct dlq *dlq, int64_t timeout_ms);

#endif
