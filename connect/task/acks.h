/* Contiguous acknowledged source offsets: per source partition a first-in first-out of records that were sent; the
 * committable offset is that of the last record of the longest fully acknowledged prefix.
 * One per source task, used on its thread only; nothing is allocated per record: the entries are the caller's (one
 * array in the arena of their batch). @source SubmittedRecords (distributed-worker 12.3) */
#ifndef CONNECT_TASK_ACKS_H
#define CONNECT_TASK_ACKS_H

#include "connect/base/auto.h"
#include "connect/base/list.h"
#include "connect/plugin.h"

/* What struct kc_record points to: one source partition of a task. */
struct kc_source_partition {
    char *key; /* bytes of the offset topic's key */
    size_t key_len;
    struct ack *head, *tail;     /* sent, oldest first */
    struct list ready;           /* in acks.ready while its head is acknowledged */
    struct list dirty;           /* in acks.dirty while its committable offset is not stored */
    struct kc_arena *arena;      /* holds `committable` */
    struct kc_value committable; /* MAP or null */
};

/* One record on its way to Kafka. */
struct ack {
    struct kc_source_partition *part; /* NULL: the record carries no offset */
    struct ack *next;
    const struct kc_record *record;
    void *owner; /* of the caller: the batch that holds entry and record */
    bool acked;
};

struct acks;
/* `release(arg, entry)` runs once per entry, when it has left its partition's queue (at once after the acknowledgement
 * when it has no partition): the memory of entry and record is not needed any more. */
struct acks *acks_new(void (*release)(void *arg, struct ack *ack), void *arg);
struct acks *acks_free(struct acks *acks); /* entries that are still queued are forgotten, not released */
/* The partition with this key; takes over `key` (malloc'ed). Same key, same handle, valid until acks_free. */
struct kc_source_partition *acks_partition(struct acks *acks, char *key, size_t key_len);

/* A record was handed to the producer. ack->record and ack->owner are set by the caller. */
void acks_submit(struct acks *acks, struct ack *ack, const struct kc_source_partition *part);
/* Kafka has it, or it was given up as errors.tolerance says. */
void acks_ack(struct acks *acks, struct ack *ack);
/* Moves the committable offsets forward over everything that was acknowledged. Copies one offset per partition that
 * moved, so call it once per round, not per record. */
void acks_advance(struct acks *acks);
/* Calls f for every partition whose committable offset is not stored yet. A partition is stored when f returns true. */
void acks_each_dirty(struct acks *acks, bool (*f)(void *arg, struct kc_source_partition *part), void *arg);
void acks_stored(struct acks *acks); /* all dirty partitions were stored */
bool acks_any_dirty(const struct acks *acks);
/* Records that were submitted and not acknowledged. */
size_t acks_outstanding(const struct acks *acks);

AUTO_FREE(acks, struct acks, acks_free)

#endif
