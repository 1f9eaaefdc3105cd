/* Names and times of the error counters; see error_counts.h. */
#include "connect/task/error_counts.h"

#include "connect/base/clock.h"

static const char *const names[ERROR_COUNTS] = {
    [COUNT_RECORD_FAILURES] = "total-record-failures",
    [COUNT_RECORD_ERRORS] = "total-record-errors",
    [COUNT_RECORDS_SKIPPED] = "total-records-skipped",
    [COUNT_RETRIES] = "total-retries",
    [COUNT_ERRORS_LOGGED] = "total-errors-logged",
    [COUNT_DLQ_REQUESTS] = "deadletterqueue-produce-requests",
    [COUNT_DLQ_FAILURES] = "deadletterqueue-produce-failures",
    [COUNT_LAST_ERROR_MS] = "last-error-timestamp",
};

const char *error_count_name(enum error_count which) {
    return names[which];
}

void error_counts_record_failed(struct error_counts *counts) {
    atomic_store_explicit(&counts->n[COUNT_LAST_ERROR_MS], clock_wall_ms(), memory_order_relaxed);
}
