/* Work that may block, done beside the herder's loop: a queue with its own thread or threads. A job runs there and
 * comes back through the owner's mailbox, where the owner calls job->done. With one thread the jobs run in the order
 * they were posted. The creator stops and frees the queue; a thread is only started when a job has to wait for one. */
#ifndef CONNECT_JOB_H
#define CONNECT_JOB_H

#include "connect/base/mailbox.h"
#include "connect/plugin.h"

struct job {                       /* first member of a struct with the data of the job */
    struct message msg;            /* private until it comes back; then of the queue's reply type */
    void (*run)(struct job *job);  /* @thread the queue's  @blocks yes */
    void (*done)(struct job *job); /* @thread the owner's; frees the job. Called by job_done */
    bool cancelled;                /* the queue was stopped first: `run` was not called */
};

struct job_queue;

/* At most `threads` threads named `name`. Finished jobs are posted to `reply` with the message type `reply_type`. */
struct job_queue *job_queue_new(const char *name, int threads, struct mailbox *reply, int reply_type);
void job_queue_post(struct job_queue *q, struct job *job); /* @thread any  @blocks no */
/* Jobs that wait or are posted later come back cancelled. Waits until no job runs. @blocks until the deadline at most
 * false: one still runs at the deadline (clock_ms), the queue must not be freed. */
bool job_queue_join(struct job_queue *q, int64_t deadline_ms);
struct job_queue *job_queue_free(struct job_queue *q); /* after a successful join; NULL is fine */

/* Ends the round trip of a message of the reply type. @thread the owner's */
static inline void job_done(struct message *msg) {
    struct job *job = (struct job *)((char *)msg - offsetof(struct job, msg));
    job->done(job);
}

#endif
