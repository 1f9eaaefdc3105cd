/* The key, value and header converter of one task. They are configured before the task's thread starts and used on it.
 * @source Worker.startTask: connector configuration first, else the worker's (data-model 7) */
#ifndef CONNECT_TASK_CONVERTERS_H
#define CONNECT_TASK_CONVERTERS_H

#include "config/worker_options.h"
#include "connect/plugin.h"

struct converter {
    const struct kc_plugin *plugin;
    void *self;
    bool configured;
};

struct converters {
    struct kc_arena *arena; /* conf structs */
    struct converter key, value, header;
};

/* `c` must be zeroed. On failure call converters_done all the same. @errors ConfigException: unknown class, bad option
 */
int converters_init(struct converters *c, const struct kc_config *connector, const struct worker_conf *worker,
                    struct kc_error *err) KC_CHECKED;
void converters_done(struct converters *c);

#endif
