/* Runs one golden vector through a converter plugin, as the framework would: options parsed by their rows, one record.
 */
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

/* The whole of a vector of op `to`, `accept`, `from` or `configure`. `adds_type`: converter.type=value is set besides.
 */
void converter_run_vector(const struct kc_plugin *plugin, const cJSON *vector, bool adds_type);
/* The same by the header callbacks of the plugin, ops `to` and `from`, with converter.type=header. */
void converter_run_header_vector(const struct kc_plugin *plugin, const cJSON *vector);

#endif
