/* Runs one transform over records, as a chain would: options parsed by their rows. */
#ifndef TESTS_SUPPORT_TRANSFORM_RUN_H
#define TESTS_SUPPORT_TRANSFORM_RUN_H

#include "connect/plugin.h"
#include "tests/support/suite.h"

struct transform_run {
    const struct kc_plugin *plugin;
    struct kc_config *config;
    struct kc_arena *options; /* of the conf struct */
    struct kc_arena *arena;   /* of the batch */
    void *self;
};

/* `pairs`: names and values, ends with NULL. Fails the test when the configuration is refused. */
void transform_run_init(struct transform_run *run, const struct kc_plugin *plugin, const char *const *pairs);
void transform_run_done(struct transform_run *run);
/* Applies it to one record. */
int transform_run_one(struct transform_run *run, struct kc_record *r, struct kc_error *err);
/* Applies it to a record whose value is JSON text without schema (NULL: null) and compares the new value's text. */
void transform_run_json(struct transform_run *run, const char *value, const char *expected);

#endif
