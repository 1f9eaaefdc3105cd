/* The path of one field, perhaps inside others: literal names (V1), or steps between dots, quoted by backticks where a
 * name has dots itself (V2). @source org.apache.kafka.connect.transforms.field.SingleFieldPath (transforms 4.3) */
#ifndef CONNECT_TRANSFORM_FIELD_PATH_H
#define CONNECT_TRANSFORM_FIELD_PATH_H

#include "connect/plugin.h"

struct field_path {
    const char *text;   /* as configured, borrowed */
    const char **steps; /* in the arena that it was parsed into */
    size_t count;       /* 0: the empty path of V2, which leads nowhere */
};

/* @errors ConfigException "Incomplete backtick pair in path: […], …" */
int field_path_parse(struct kc_arena *arena, const char *text, bool nested, struct field_path *ret_path,
                     struct kc_error *err) KC_CHECKED;
/* The field in a map (or its text), null when it or a map on the way to it is missing or null.
 * @errors DataException: a step leads through something else than a map; IllegalArgumentException: the empty path */
int field_path_of_map(const struct field_path *path, struct kc_arena *arena, const struct kc_value *map,
                      struct kc_value *ret_value, struct kc_error *err) KC_CHECKED;
/* The field's schema in that of a struct; NULL in ret_field when there is none.
 * @errors DataException: a step leads through something else than a struct; IllegalArgumentException: the empty path */
int field_path_of_schema(const struct field_path *path, const struct kc_schema *schema,
                         const struct kc_field **ret_field, struct kc_error *err) KC_CHECKED;
/* The field's value in a struct whose schema has it. Defaults stand for nulls on the way, at its end if `replace_null`.
 * @errors DataException as above */
int field_path_of_struct(const struct field_path *path, const struct kc_value *st, bool replace_null,
                         struct kc_value *ret_value, struct kc_error *err) KC_CHECKED;

#endif
