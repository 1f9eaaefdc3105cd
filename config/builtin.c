/* The table of built-in config providers. */
#include "config/builtin.h"

const struct kc_plugin *const builtin_providers[] = {
    &provider_dir,
    &provider_env,
    &provider_file,
    NULL,
};
