/* One S3 endpoint and bucket over HTTP: builds, signs and sends requests, repeats what may be repeated, follows
 * regions, corrects its clock, and turns answers into errors. libcurl easy handles are kept and reused, so connections
 * stay open; each request takes one, hence any number of threads may call. What the operations mean is in store_s3.c
 * and multipart.c.
 */
#ifndef CONNECTORS_S3_CLIENT_H
#define CONNECTORS_S3_CLIENT_H

#include "connect/base/buf.h"
#include "connectors/s3/sign.h"
#include "connectors/s3/store.h"

struct s3_client;

struct s3_request {
    const char *what;   /* "write", "list", …: for error texts */
    const char *method; /* GET, HEAD, PUT, POST, DELETE */
    const char *key;    /* NULL: the bucket */
    const struct sign_pair *query;
    size_t query_count;
    const struct sign_pair *headers; /* lower-case names; all are signed */
    size_t header_count;
    const void *body;
    size_t body_len;
    bool expect_continue; /* where conf.expect_continue asks for it */
    /* GET of an object: bytes from `from`, at most `cap` (-1: all), to `data`; NULL: the body goes to response.body */
    int64_t from, cap;
    store_data_fn *data;
    void *data_arg;
    size_t max_body;    /* of response.body; 0: 1 MiB */
    bool last_words;    /* cleaning up: also when cancelled, but one short attempt */
    bool error_in_body; /* a 200 answer may carry an <Error> */
};

struct s3_response {
    int status; /* 0: no answer */
    struct store_object object;
    struct buf body;
    char code[96], message[512]; /* of the <Error> */
    char region[64], request_id[128], location[512];
    int64_t retry_after_ms, date_ms; /* 0: none */
    int64_t delivered;               /* bytes given to request.data */
    int attempts;                    /* that were made */
};

struct s3_client *s3_client_new(const struct store_conf *conf, struct kc_error *err);
struct s3_client *s3_client_free(struct s3_client *cl);

/* Sends until it succeeds (2xx, 0) or is given up (-1 with `err`; the response says why). Callers that expect a status
 * look at resp->status after -1. `resp` is initialised here; the caller ends it with s3_response_done.
 * @thread any  @blocks up to attempts × (connect + idle time) and the waits between them */
int s3_client_do(struct s3_client *cl, const struct s3_request *req, struct s3_response *resp,
                 struct kc_error *err) KC_CHECKED;
void s3_response_done(struct s3_response *resp);
#define AUTO_RESPONSE __attribute__((cleanup(s3_response_done))) struct s3_response

/* Waits as after failed attempt `attempt`, for callers that repeat whole requests. -1: cancelled, `err` is set. */
int s3_client_pause(struct s3_client *cl, int attempt, struct kc_error *err) KC_CHECKED;
const struct store_conf *s3_client_conf(const struct s3_client *cl);

#endif
