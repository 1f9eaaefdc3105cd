/* Which host and path an object has: path style, bucket as host name, acceleration, or a store's own URL. */
#ifndef CONNECTORS_S3_ENDPOINT_H
#define CONNECTORS_S3_ENDPOINT_H

#include "connectors/s3/store.h"

struct buf;

struct endpoint {
    bool https, custom, path_style, accelerate;
    char host[300];      /* custom: as in the Host header, no default port */
    char base_path[512]; /* custom: "" or "/x/y" */
};

/* @errors ERR_BAD_CONFIG for a URL that is none */
int endpoint_parse(const struct store_conf *conf, struct endpoint *ret_endpoint, struct kc_error *err) KC_CHECKED;
/* Appends the value of the Host header, and the encoded path of `key` (NULL: the bucket). */
int endpoint_host(const struct endpoint *ep, const char *bucket, const char *region, struct buf *out);
int endpoint_path(const struct endpoint *ep, const char *bucket, const char *key, struct buf *out);

#endif
