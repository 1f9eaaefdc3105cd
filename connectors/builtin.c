/* The table of built-in connectors; order is the order of /connector-plugins. */
#include "connectors/builtin.h"

const struct kc_plugin *const builtin_connectors[] = {
    NULL,
};
