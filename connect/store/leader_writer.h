/* The leader's producer of the config topic when exactly.once.source.support is preparing or enabled: every write is a
 * transaction, and a leader that has been replaced without knowing it is fenced by the new one. The config store owns
 * it and calls it one thread at a time.
 * @source KafkaConfigBackingStore.claimWritePrivileges, sendPrivileged (distributed-worker 3.5) */
#ifndef CONNECT_STORE_LEADER_WRITER_H
#define CONNECT_STORE_LEADER_WRITER_H

#include <stdatomic.h>

#include "config/worker_options.h"
#include "connect/kafka/topic_log.h"

struct leader_writer;
/* *cancelled ends whatever waits. */
struct leader_writer *leader_writer_new(const struct worker_conf *conf, const atomic_bool *cancelled);
struct leader_writer *leader_writer_free(struct leader_writer *w);

/* Fences other leaders; does nothing when it has the privilege already. @blocks up to timeout_ms */
int leader_writer_claim(struct leader_writer *w, int64_t timeout_ms, struct kc_error *err) KC_CHECKED;
void leader_writer_relinquish(struct leader_writer *w);
/* All records in one transaction. After any failure the privilege has to be claimed again.
 * @errors ERR_UNPRIVILEGED, with what happened as its cause  @blocks up to timeout_ms */
int leader_writer_send(struct leader_writer *w, const struct topic_log_record *records, size_t count,
                       int64_t timeout_ms, struct kc_error *err) KC_CHECKED;

#endif
