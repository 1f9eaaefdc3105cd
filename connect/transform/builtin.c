/* The tables of built-in transforms and predicates. */
#include "connect/transform/builtin.h"

const struct kc_plugin *const builtin_transforms[] = {
    &transform_filter,
    &transform_regex_router,
    NULL,
};

const struct kc_plugin *const builtin_predicates[] = {
    &predicate_has_header_key,
    &predicate_record_is_tombstone,
    &predicate_topic_name_matches,
    NULL,
};
