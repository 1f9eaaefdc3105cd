/* What the operations of the S3 back end share. */
#ifndef CONNECTORS_S3_STORE_S3_H
#define CONNECTORS_S3_STORE_S3_H

#include "connectors/s3/client.h"

struct s3_store {
    struct object_store base;
    struct s3_client *client;
    char customer_md5[25]; /* of the customer key; "" when there is none */
};

enum s3_headers { S3_HEADERS_CREATE = 1, S3_HEADERS_CUSTOMER_KEY = 2, S3_HEADERS_MAX = 8 };

/* Fills `ret_headers` (S3_HEADERS_MAX) with the headers that the configuration asks for: ACL and encryption of a new
 * object (CREATE), the customer's key (CUSTOMER_KEY). Returns how many. */
size_t s3_store_headers(const struct s3_store *s3, unsigned which, struct sign_pair *ret_headers);
struct s3_store *s3_store_of(struct object_store *st);

#endif
