/* The transforms and predicates inside the executable: one line each in builtin.c. */
#ifndef CONNECT_TRANSFORM_BUILTIN_H
#define CONNECT_TRANSFORM_BUILTIN_H

#include "connect/plugin.h"

/* Each ends with NULL; order is that of /connector-plugins. */
extern const struct kc_plugin *const builtin_transforms[];
extern const struct kc_plugin *const builtin_predicates[];

extern const struct kc_plugin transform_cast_key;
extern const struct kc_plugin transform_cast_value;
extern const struct kc_plugin transform_drop_headers;
extern const struct kc_plugin transform_extract_field_key;
extern const struct kc_plugin transform_extract_field_value;
extern const struct kc_plugin transform_filter;
extern const struct kc_plugin transform_flatten_key;
extern const struct kc_plugin transform_flatten_value;
extern const struct kc_plugin transform_header_from_key;
extern const struct kc_plugin transform_header_from_value;
extern const struct kc_plugin transform_hoist_field_key;
extern const struct kc_plugin transform_hoist_field_value;
extern const struct kc_plugin transform_insert_field_key;
extern const struct kc_plugin transform_insert_field_value;
extern const struct kc_plugin transform_insert_header;
extern const struct kc_plugin transform_mask_field_key;
extern const struct kc_plugin transform_mask_field_value;
extern const struct kc_plugin transform_regex_router;
extern const struct kc_plugin transform_replace_field_key;
extern const struct kc_plugin transform_replace_field_value;
extern const struct kc_plugin transform_set_schema_metadata_key;
extern const struct kc_plugin transform_set_schema_metadata_value;
extern const struct kc_plugin transform_timestamp_converter_key;
extern const struct kc_plugin transform_timestamp_converter_value;
extern const struct kc_plugin transform_timestamp_router;
extern const struct kc_plugin transform_value_to_key;
extern const struct kc_plugin predicate_has_header_key;
extern const struct kc_plugin predicate_record_is_tombstone;
extern const struct kc_plugin predicate_topic_name_matches;

#endif
