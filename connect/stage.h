/* What the herder is doing, for people whose request timed out: one current stage with its start, or the last one with
 * its end. Written by the herder, read by any thread.
 * @source org.apache.kafka.connect.util.Stage, TickThreadStage (rest-api 3.2) */
#ifndef CONNECT_STAGE_H
#define CONNECT_STAGE_H

#include "connect/base/auto.h"
#include "connect/plugin.h"

struct stage;

struct stage *stage_new(void); /* begins with "awaiting startup" */
struct stage *stage_free(struct stage *s);
/* A new current stage; a description without "The worker is currently". @thread any  @blocks no */
void stage_begin(struct stage *s, const char *fmt, ...) KC_PRINTF(2, 3);
void stage_end(struct stage *s); /* the current stage is completed; again: no change */
/* "The worker is currently X, which began at T." or "The last operation the worker completed was X, which began at T1
 * and completed at T2."; malloc'ed. @thread any */
char *stage_summary(struct stage *s);
/* Instant.toString: 2025-01-31T08:15:30Z, with three digits of milliseconds when there are any. `out` has 32 bytes. */
void stage_instant(int64_t wall_ms, char *out, size_t size);

AUTO_FREE(stage, struct stage, stage_free)

#endif
