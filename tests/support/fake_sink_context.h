/* A sink context without a worker: notes what the task asks for, and makes batches. */
#ifndef TESTS_SUPPORT_FAKE_SINK_CONTEXT_H
#define TESTS_SUPPORT_FAKE_SINK_CONTEXT_H

#include "connect/base/buf.h"
#include "connect/plugin.h"

struct fake_sink {
    struct kc_sink_context ctx; /* first: callbacks get a pointer to it */
    bool tolerant, stop;
    int64_t timeout_ms; /* of the last request */
    struct buf log;     /* "pause t-0, rewind t-0 5, report 7 Key cannot be null…" */
};
void fake_sink_init(struct fake_sink *f, const struct kc_config *config);
void fake_sink_done(struct fake_sink *f);

/* A batch to fill: memory lives until fake_batch_done. */
struct fake_batch {
    struct kc_batch batch;
};
void fake_batch_init(struct fake_batch *b);
void fake_batch_done(struct fake_batch *b);
/* A record with a schemaless JSON value (NULL: null value) and the string key (NULL: null). */
struct kc_record *fake_batch_json(struct fake_batch *b, const char *topic, int32_t partition, int64_t offset,
                                  const char *key, const char *json);

#endif
