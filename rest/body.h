/* Request bodies: JSON as the Java worker's parser takes it. Scalars of string maps keep their source text (1.50 stays
 * "1.50"), null stays NULL, nested values and unknown fields are refused; error texts name line and column.
 * @thread any  @source Jackson as configured by RestServer (rest-api 2.3) */
#ifndef REST_BODY_H
#define REST_BODY_H

#include "connect/plugin.h"

struct create_request {
    char *name;               /* NULL: null or absent */
    struct kc_config *config; /* NULL: null or absent */
    char *initial_state;      /* as written; NULL: null or absent */
};

/* {"a":"b",…}. The literal null gives *ret_config = NULL. Caller frees. */
int body_string_map(const char *text, size_t len, struct kc_config **ret_config, struct kc_error *err) KC_CHECKED;
/* [{…},…]; at most 100000 maps. Caller frees the maps and the array. */
int body_string_maps(const char *text, size_t len, struct kc_config ***ret_maps, int *ret_count,
                     struct kc_error *err) KC_CHECKED;
/* {"name":…,"config":{…},"initial_state":…}. Free with create_request_done. */
int body_create_request(const char *text, size_t len, struct create_request *ret_request,
                        struct kc_error *err) KC_CHECKED;
void create_request_done(struct create_request *r);

#endif
