/* Runs values through a converter plugin as the framework would: options parsed by their rows, one record. */
#ifndef TESTS_SUPPORT_CONVERTER_RUN_H
#define TESTS_SUPPORT_CONVERTER_RUN_H

#include "connect/plugin.h"
#include "tests/support/suite.h"

struct converter_run {
    const struct kc_plugin *plugin;
    struct kc_config *config;
    struct kc_arena *arena; /* of the options and of what is converted */
    void *self;
};

/* Configures an instance with `config` (owned by the run from now on). Call converter_run_done also after an error. */
int converter_run_init(struct converter_run *run, const struct kc_plugin *plugin, struct kc_config *config,
                       struct kc_error *err);
void converter_run_done(struct converter_run *run);
/* One value of a record; schema and value are changed in place. */
int converter_run_to(struct converter_run *run, const struct kc_schema **schema, struct kc_value *v,
                     struct kc_error *err);
int converter_run_from(struct converter_run *run, const struct kc_schema **schema, struct kc_value *v,
                       struct kc_error *err);

#endif
