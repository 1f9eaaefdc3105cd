/* The log as a reporter of bad records (errors.log.enable). @source LogReporter (distributed-worker 13.2) */
#ifndef CONNECT_TASK_REPORT_H
#define CONNECT_TASK_REPORT_H

#include "connect/task/dlq.h"
#include "connect/task/task_run.h"

/* A record as it was consumed. */
void report_log_consumed(struct task *t, const struct dead_letter *letter, bool log_append_time,
                         const struct failure *failure);
/* A record as a source polled it; `arena` for its text, `partition` is the JSON text of its source partition. */
void report_log_source(struct task *t, struct kc_arena *arena, const struct kc_record *record, const char *partition,
                       const struct failure *failure);

#endif
