/* What becomes of one record that a converter or transform could not take: tried again, skipped or the end of the task.
 * The error path of the hot path: nothing here costs anything while records are good. One per task, on its thread.
 * @source RetryWithToleranceOperator (distributed-worker 13.1, transforms 6) */
#ifndef CONNECT_TASK_TOLERANCE_H
#define CONNECT_TASK_TOLERANCE_H

#include "connect/plugin.h"
#include "connect/task/error_counts.h"

enum error_stage {
    STAGE_TRANSFORMATION,
    STAGE_KEY_CONVERTER,
    STAGE_VALUE_CONVERTER,
    STAGE_HEADER_CONVERTER,
    STAGE_TASK_PUT,
    STAGE_KAFKA_PRODUCE
};
const char *error_stage_name(enum error_stage stage); /* "VALUE_CONVERTER" */

#define SINK_TASK_CLASS   "org.apache.kafka.connect.sink.SinkTask"
#define SOURCE_TASK_CLASS "org.apache.kafka.connect.runtime.WorkerSourceTask" /* as Java names it, not SourceTask */

/* What failed, where, and why. */
struct failure {
    enum error_stage stage;
    const char *class_name; /* of the converter, transform or task */
    const struct kc_error *err;
};

struct tolerance {
    bool all;                   /* errors.tolerance */
    int64_t retry_timeout_ms;   /* errors.retry.timeout; < 0 for ever */
    int64_t retry_delay_max_ms; /* errors.retry.delay.max.ms */
    struct error_counts counts;
    bool (*wait)(void *arg, int64_t ms); /* sleeps; false: the task is to stop */
    /* Tells the dead letter queue and the log about record `index` of the batch. */
    void (*report)(void *arg, const struct kc_batch *batch, uint32_t index, const struct failure *failure);
    /* "topic t, partition 0, offset 5" of a record, for the trace. */
    void (*where)(void *arg, const struct kc_batch *batch, uint32_t index, char *ret_text, size_t size);
    void *arg;

    /* private: the record at work, and the one at which the batch ends */
    bool retrying;
    uint32_t index;
    enum error_stage stage;
    const char *class_name;
    unsigned attempts;
    int64_t deadline_ms;
    bool cut;
    bool cut_by_stop; /* the task was told to stop while the record waited to be tried again */
    uint32_t cut_index;
    enum error_stage cut_stage;
    const char *cut_class;
    struct kc_error cut_err;
};

/* Before the first stage of a batch. */
void tolerance_begin(struct tolerance *tol);
/* What fails next is another operation than what failed last, though of the same record, stage and class: its time of
 * retries begins anew. */
static inline void tolerance_next_operation(struct tolerance *tol) {
    tol->retrying = false;
}
/* Record `index` failed; call the operation again from there afterwards. By then one of these has happened:
 * - time has passed and the record is to be tried once more (retriable, errors.retry.timeout not over);
 * - it was reported and is marked as dropped (tolerated);
 * - batch->count was cut to `index`: the records before it go on, and tolerance_end fails. When the task is to stop
 *   before a retriable error's time is over, the batch is cut, too, but nothing failed: the record is read again by the
 *   next start (Java skips it).
 * @blocks while it backs off; ends early when the task is to stop */
void tolerance_failed(struct tolerance *tol, struct kc_batch *batch, uint32_t index, enum error_stage stage,
                      const char *class_name, const struct kc_error *err);
/* Whether the batch was cut; the task fails once the records before are through. */
static inline bool tolerance_cut(const struct tolerance *tol) {
    return tol->cut;
}
/* After the last stage: reports the record at which the batch was cut. `batch` with its records as before. 0 when there
 * is none, or when the task is to stop; else -1 and err is what the task fails with. */
int tolerance_end(struct tolerance *tol, const struct kc_batch *batch, struct kc_error *err);
/* A record that failed outside of the stages (TASK_PUT, KAFKA_PRODUCE): counts it. @source executeFailed */
void tolerance_count_failed(struct tolerance *tol);
/* Milliseconds before attempt `attempt` (0 …); `left_ms` < 0: no deadline. */
int64_t tolerance_backoff_ms(unsigned attempt, int64_t delay_max_ms, int64_t left_ms);

#endif
