/* Which directory a record goes to, and which time it has: partitioners and timestamp extractors of the sink.
 * One per task, immutable after its start. */
#ifndef CONNECTORS_S3_PARTITIONER_H
#define CONNECTORS_S3_PARTITIONER_H

#include "connect/base/buf.h"
#include "connectors/s3/sink_config.h"

#define PARTITION_EXCEPTION "io.confluent.connect.storage.errors.PartitionException"

struct partitioner;

/* @errors ConfigException for options that its class needs and misses, or cannot be understood */
struct partitioner *partitioner_new(const struct sink_conf *conf, struct kc_error *err);
struct partitioner *partitioner_free(struct partitioner *p);

bool partitioner_time_based(const struct partitioner *p);
/* The same directory for every record of a partition: no need to ask per record. */
bool partitioner_constant(const struct partitioner *p);
/* The record's time for rotation and time based directories. `arena` is scratch memory.
 * @errors DataException, PartitionException: the record has none */
int partitioner_time(const struct partitioner *p, struct kc_arena *arena, const struct kc_record *r, int64_t now_ms,
                     int64_t *ret_ms, struct kc_error *err) KC_CHECKED;
/* Appends the encoded partition, e.g. "partition=3". `time_ms` as partitioner_time gave it.
 * @errors PartitionException, DataException: the record has no place */
int partitioner_encode(const struct partitioner *p, const struct kc_record *r, int64_t time_ms, struct buf *out,
                       struct kc_error *err) KC_CHECKED;

/* "SinkRecord{kafkaOffset=7, topic='t', kafkaPartition=0} " with its trailing blank, as Java writes it; static per
 * thread. */
const char *partitioner_record_text(const struct kc_record *r);

#endif
