/* Runs the S3 sink's task on a store in memory: configuration, batches, and waiting for its uploads.
 * A checked fixture: sink_run_setup and sink_run_teardown; the rest works on one task at a time. */
#ifndef TESTS_SUPPORT_SINK_RUN_H
#define TESTS_SUPPORT_SINK_RUN_H

#include "connectors/s3/sink_config.h"
#include "tests/support/fake_sink_context.h"
#include "tests/support/fake_store.h"

#define FORMAT       "io.confluent.connect.s3.format."
#define PARTITIONERS "io.confluent.connect.storage.partitioner."

/* What the tests look at. */
struct sink_run {
    struct kc_config *config;
    struct kc_arena *arena; /* lives as long as the test */
    struct sink_conf conf;
    struct fake_sink ctx;
    struct object_store *st;
    struct fake_batch batch;
    void *task; /* NULL: not started */
    struct kc_error err;
};
extern struct sink_run run;

void sink_run_setup(void); /* flush.size=3, JsonFormat, retry.backoff.ms=0 */
void sink_run_teardown(void);

void set(const char *key, const char *value);
void parse(void);
void start(void); /* with partitions t-0 and t-1 */
enum kc_put put(void);
int64_t committed(int32_t partition);                      /* what pre_commit says */
int64_t wait_committed(int32_t partition, int64_t offset); /* the last thing that it said */
/* Puts empty batches until `count` calls of `op` reached the store; the uploader works beside us. */
void wait_calls(const char *op, int count);
void expect_object(const char *key, const char *text);
/* Records of t-0. */
struct kc_record *json(int64_t offset, const char *text);
void bytes(int64_t offset, const void *data, size_t len);

#endif
