/* A source context without a worker: stored offsets are given by the test, waiting returns at once. */
#ifndef TESTS_SUPPORT_FAKE_SOURCE_CONTEXT_H
#define TESTS_SUPPORT_FAKE_SOURCE_CONTEXT_H

#include "connect/plugin.h"

struct fake_source {
    struct kc_source_context ctx; /* first: callbacks get a pointer to it */
    bool stop;
    int64_t waited_ms;
    struct kc_config *offsets;    /* partition JSON → offset JSON */
    struct kc_config *partitions; /* JSON of every partition asked for; a handle points to the key's text */
};
void fake_source_init(struct fake_source *f, const struct kc_config *config);
void fake_source_done(struct fake_source *f);
/* The JSON text behind a handle. */
const char *fake_source_partition(const struct kc_source_partition *p);

#endif
