/* What one task has done, counted as Java's groups sink-task-metrics, source-task-metrics and connector-task-metrics
 * do. Written by the task's thread alone, once per batch or acknowledgement; read by any.
 * @source SinkTaskMetricsGroup, SourceTaskMetricsGroup, WorkerTask.TaskMetricsGroup (metrics 2.4-2.6) */
#ifndef CONNECT_TASK_TASK_COUNTS_H
#define CONNECT_TASK_TASK_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum task_count {
    COUNT_READ,  /* records that a sink got from Kafka, or a source from its connector */
    COUNT_SENT,  /* records that the sink's connector took, or Kafka from a source */
    COUNT_POLLS, /* batches of COUNT_READ */
    COUNT_COMMITS,
    COUNT_COMMIT_FAILURES,
    COUNT_COMMIT_MS,     /* that all commits took together */
    COUNT_COMMIT_MAX_MS, /* no count: the longest commit */
    TASK_COUNTS
};

struct task_counts {
    atomic_llong n[TASK_COUNTS];
};

static inline int64_t task_counts_get(const struct task_counts *counts, enum task_count which) {
    return atomic_load_explicit(&counts->n[which], memory_order_relaxed);
}
/* There is one writer: no locked instruction is needed. @thread task */
static inline void task_counts_add(struct task_counts *counts, enum task_count which, int64_t more) {
    atomic_store_explicit(&counts->n[which], task_counts_get(counts, which) + more, memory_order_relaxed);
}
/* A commit has ended. @thread task */
static inline void task_counts_commit(struct task_counts *counts, bool done, int64_t ms) {
    task_counts_add(counts, done ? COUNT_COMMITS : COUNT_COMMIT_FAILURES, 1);
    task_counts_add(counts, COUNT_COMMIT_MS, ms);
    if (ms > task_counts_get(counts, COUNT_COMMIT_MAX_MS))
        atomic_store_explicit(&counts->n[COUNT_COMMIT_MAX_MS], ms, memory_order_relaxed);
}

#endif
