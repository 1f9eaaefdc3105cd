/* Uploads in parts of the S3 back end: create, upload part, complete, abort. */
#ifndef CONNECTORS_S3_MULTIPART_H
#define CONNECTORS_S3_MULTIPART_H

#include "connectors/s3/store.h"

#define MULTIPART_MAX_PARTS 10000

int multipart_begin(struct object_store *st, const char *key, const struct store_put *how,
                    struct store_upload **ret_upload, struct kc_error *err);
int multipart_part(struct store_upload *up, const void *data, size_t len, struct kc_error *err);
/* A lost answer is not a failure: when the upload is gone, the object is looked at. */
int multipart_complete(struct store_upload *up, struct kc_error *err);
void multipart_free(struct store_upload *up); /* aborts what was not completed */

#endif
