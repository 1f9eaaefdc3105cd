/* What went wrong in one task, counted as Java's group task-error-metrics does. Written by the task's thread, read by
 * any. @source ErrorHandlingMetrics (transforms 6.7, metrics 2.7) */
#ifndef CONNECT_TASK_ERROR_COUNTS_H
#define CONNECT_TASK_ERROR_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

enum error_count {
    COUNT_RECORD_FAILURES, /* attempts that failed */
    COUNT_RECORD_ERRORS,   /* records that ended so */
    COUNT_RECORDS_SKIPPED, /* of these, those that were tolerated */
    COUNT_RETRIES,         /* waits before another attempt */
    COUNT_ERRORS_LOGGED,   /* lines of errors.log.enable */
    COUNT_DLQ_REQUESTS,    /* records handed to the dead letter queue's producer */
    COUNT_DLQ_FAILURES,    /* of these, those that Kafka did not take */
    COUNT_LAST_ERROR_MS,   /* no count: when a record last failed for good, ms since the epoch; 0 never */
    ERROR_COUNTS
};

struct error_counts {
    atomic_llong n[ERROR_COUNTS];
};

/* Java's attribute: "total-record-failures", …, "last-error-timestamp" */
const char *error_count_name(enum error_count which);

static inline void error_counts_add(struct error_counts *counts, enum error_count which) {
    atomic_fetch_add_explicit(&counts->n[which], 1, memory_order_relaxed);
}
static inline int64_t error_counts_get(const struct error_counts *counts, enum error_count which) {
    return atomic_load_explicit(&counts->n[which], memory_order_relaxed);
}
/* A record failed for good, now. */
void error_counts_record_failed(struct error_counts *counts);

#endif
