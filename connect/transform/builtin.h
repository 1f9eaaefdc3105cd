/* The transforms and predicates inside the executable: one line each in builtin.c. */
#ifndef CONNECT_TRANSFORM_BUILTIN_H
#define CONNECT_TRANSFORM_BUILTIN_H

#include "connect/plugin.h"

/* Each ends with NULL; order is that of /connector-plugins. */
extern const struct kc_plugin *const builtin_transforms[];
extern const struct kc_plugin *const builtin_predicates[];

extern const struct kc_plugin transform_filter;
extern const struct kc_plugin transform_regex_router;
extern const struct kc_plugin predicate_has_header_key;
extern const struct kc_plugin predicate_record_is_tombstone;
extern const struct kc_plugin predicate_topic_name_matches;

#endif
