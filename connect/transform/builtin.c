/* The tables of built-in transforms and predicates. */
#include "connect/transform/builtin.h"

const struct kc_plugin *const builtin_transforms[] = {
    &transform_cast_key,
    &transform_cast_value,
    &transform_drop_headers,
    &transform_extract_field_key,
    &transform_extract_field_value,
    &transform_filter,
    &transform_flatten_key,
    &transform_flatten_value,
    &transform_header_from_key,
    &transform_header_from_value,
    &transform_hoist_field_key,
    &transform_hoist_field_value,
    &transform_insert_field_key,
    &transform_insert_field_value,
    &transform_insert_header,
    &transform_mask_field_key,
    &transform_mask_field_value,
    &transform_regex_router,
    &transform_replace_field_key,
    &transform_replace_field_value,
    &transform_set_schema_metadata_key,
    &transform_set_schema_metadata_value,
    &transform_timestamp_converter_key,
    &transform_timestamp_converter_value,
    &transform_timestamp_router,
    &transform_value_to_key,
    NULL,
};

const struct kc_plugin *const builtin_predicates[] = {
    &predicate_has_header_key,
    &predicate_record_is_tombstone,
    &predicate_topic_name_matches,
    NULL,
};
