/* The background thread of a connector or checkpoint task: work that talks to Kafka for long, in its order, once or
 * again and again. One job runs at a time. A job that fails is logged; one of the first ones is then repeated until it
 * succeeds. Made by the start of its owner, which also ends it: jobs_free waits for the job that runs, and jobs look at
 * jobs_stopping. @source org.apache.kafka.connect.mirror.Scheduler */
#ifndef CONNECTORS_MIRROR_JOBS_H
#define CONNECTORS_MIRROR_JOBS_H

#include <stdatomic.h>

#include "connect/plugin.h"

struct jobs;

/* `arg` is the owner's. 0, or -1 with the reason. @thread jobs */
typedef int (*job_function)(void *arg, struct kc_error *err);

/* `logger` for what is said about jobs, which get the log context of the calling thread. */
struct jobs *jobs_new(const char *logger, void *arg, int64_t slow_ms);
/* Before jobs_start: runs first, in the order given. The next ones run whether or not it succeeds. `what` is a static
 * text. */
void jobs_first(struct jobs *jobs, const char *what, job_function run);
/* Every interval, the first time at once or after one interval; a negative interval: never. */
void jobs_every(struct jobs *jobs, const char *what, int64_t interval_ms, bool at_once, job_function run);
int jobs_start(struct jobs *jobs, struct kc_error *err) KC_CHECKED;
/* Waits until each of the first jobs has run once. False: not within that time. @thread any */
bool jobs_wait_first(struct jobs *jobs, int64_t timeout_ms);
const atomic_bool *jobs_stopping(const struct jobs *jobs);
struct jobs *jobs_free(struct jobs *jobs); /* NULL is fine */

#endif
