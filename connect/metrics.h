/* What GET /kconnect/metrics tells, in Prometheus' text format. A name is Java's JMX group without "-metrics" and the
 * attribute: sink-record-read-total of sink-task-metrics is kafka_connect_sink_task_sink_record_read_total.
 * @source ConnectMetricsRegistry, WorkerMetricsGroup, WorkerRebalanceMetricsGroup (metrics 2) */
#ifndef CONNECT_METRICS_H
#define CONNECT_METRICS_H

#include "connect/base/buf.h"
#include "connect/store/config_store.h"
#include "connect/store/status_store.h"
#include "connect/worker.h"

/* One sample of its own: help, type ("gauge", "counter") and value. `name` without "kafka_connect_". */
void metrics_add(struct buf *out, const char *name, const char *type, const char *help, double value);
/* The program: versions, start, CPU, memory, open files. @thread any */
void metrics_add_process(struct buf *out);
/* Connectors and tasks of the whole cluster by state, as the internal topics tell. @thread any */
void metrics_add_states(struct buf *out, const struct config_snapshot *snap, struct status_store *statuses);
/* Connectors and tasks of this worker: how many, their states, records, commits, errors. `worker` NULL: there are none
 * yet. @thread the worker's owner */
void metrics_add_worker(struct buf *out, const struct worker *worker, struct status_store *statuses);

#endif
