/* AWS Signature Version 4 for S3: the encoding of names, the canonical request and the Authorization header.
 * Pure functions over text; no clock, no network. */
#ifndef CONNECTORS_S3_SIGN_H
#define CONNECTORS_S3_SIGN_H

#include "connect/base/buf.h"

#define SIGN_EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SIGN_UNSIGNED   "UNSIGNED-PAYLOAD"

struct sign_pair {
    const char *name, *value;
};

/* Whose signature, when and where. */
struct sign_scope {
    const char *id, *secret;
    const char *region, *service; /* "s3" */
    char time[17];                /* yyyyMMddTHHmmssZ, see sign_time */
};

struct sign_request {
    const char *method;
    const char *path;                /* encoded, as it goes over the wire; "" means "/" */
    const char *query;               /* canonical: sign_query */
    const struct sign_pair *headers; /* all that are to be signed: lower-case names, any order */
    size_t header_count;
    const char *payload_hash; /* hex, or SIGN_UNSIGNED */
};

/* Appends `text` percent-encoded: all but A-Z a-z 0-9 - . _ ~ and, when `keep_slash`, '/'. */
int sign_encode(struct buf *out, const char *text, bool keep_slash);
/* Appends name=value&… encoded and sorted; a NULL value counts as "". At most 32 pairs. */
int sign_query(struct buf *out, const struct sign_pair *pairs, size_t count);
/* yyyyMMddTHHmmssZ of `ms` since the epoch. */
void sign_time(char ret_time[17], int64_t ms);
void sign_hash(char ret_hex[65], const void *data, size_t len);
/* base64 of the MD5 of the bytes, for Content-MD5 and customer keys. */
void sign_md5(char ret_base64[25], const void *data, size_t len);

/* The canonical request; `signed_headers` receives the names as in SignedHeaders. -1: too long. */
int sign_canonical(const struct sign_request *req, struct buf *canonical, struct buf *signed_headers);
/* Appends the value of the Authorization header. */
int sign_authorization(const struct sign_request *req, const struct sign_scope *scope, struct buf *out);

#endif
