/* Whole tasks against librdkafka's mock cluster: topics, records in and out, committed offsets, and tasks of any
 * plugin. Stores are fakes (fake_stores.h). Make it inside a test or a checked fixture: it has threads. */
#ifndef TESTS_SUPPORT_TASK_LAB_H
#define TESTS_SUPPORT_TASK_LAB_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "connect/plugin.h"
#include "connect/task/task.h"
#include "tests/support/suite.h"

struct task_lab {
    rd_kafka_t *rk; /* owns the cluster, produces */
    rd_kafka_mock_cluster_t *cluster;
    const char *bootstrap;
    struct worker_conf *worker;
    const struct task_guard *guard; /* of the next task; NULL: none */
    void *guard_arg;
    const char *const *raw; /* pairs that the next task was given with references in their place; NULL: none */
};

enum { LAB_WAIT_MS = 40000 };

/* `worker` pairs (NULL-terminated, may be NULL) are added to the worker's properties; converters are JsonConverter
 * without schemas, offset.flush.interval.ms is 200. */
void task_lab_init(struct task_lab *lab, const char *const *worker);
void task_lab_done(struct task_lab *lab);
void task_lab_topic(struct task_lab *lab, const char *topic, int partitions);
/* value NULL: tombstone. Waits for nothing; see task_lab_flush. */
void task_lab_produce(struct task_lab *lab, const char *topic, int partition, const char *key, const char *value);
void task_lab_produce_header(struct task_lab *lab, const char *topic, const char *value, const char *name,
                             const char *header);
void task_lab_flush(struct task_lab *lab);
/* The committed offset of a group, -1 none. */
int64_t task_lab_committed(struct task_lab *lab, const char *group, const char *topic, int partition);
bool task_lab_wait_committed(struct task_lab *lab, const char *group, const char *topic, int partition, int64_t offset);

/* A record as read from the cluster; texts are malloc'ed, NULL = null. */
struct lab_record {
    int32_t partition;
    int64_t timestamp;
    char *key, *value;
    char *headers; /* "name=value;name=value;" */
};
/* Waits for `count` records of all partitions of `topic`, sorted by partition and offset; fewer after the time limit.
 */
struct lab_record *task_lab_read(struct task_lab *lab, const char *topic, size_t count, size_t *ret_count);
void task_lab_free(struct lab_record *records, size_t count);

/* Starts task `number` of connector "c"; `pairs` (NULL-terminated) are the configuration of connector and task. */
struct task *task_lab_start(struct task_lab *lab, const struct kc_plugin *plugin, int number, const char *const *pairs,
                            enum target_state target, struct kc_error *err);
/* Stops, joins (must come to its end within LAB_WAIT_MS) and frees. */
void task_lab_stop(struct task *t);

struct lab_case {
    const char *name; /* NULL ends a table */
    const TTest *tests[5];
};
/* Runs the test cases of a suite at the same time, a process each: the mock cluster's groups begin with three idle
 * seconds. Returns the program's exit status. */
int task_lab_run(const char *suite, const struct lab_case *cases, SFun set_up, SFun tear_down);

/* A connector that makes no task configurations, for plugins of which only the task is tested. */
extern const struct kc_connector_ops task_lab_connector;

#endif
