/* The built-in converters and header converters. */
#ifndef CONNECT_CONVERT_BUILTIN_H
#define CONNECT_CONVERT_BUILTIN_H

#include "connect/plugin.h"

extern const struct kc_plugin *const builtin_converters[]; /* NULL at the end */

#endif
