/* The connectors inside the executable: one line each in builtin.c. */
#ifndef CONNECTORS_BUILTIN_H
#define CONNECTORS_BUILTIN_H

#include "connect/plugin.h"

/* Ends with NULL. */
extern const struct kc_plugin *const builtin_connectors[];

#endif
