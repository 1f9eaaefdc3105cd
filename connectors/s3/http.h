/* One exchange over HTTP: a ready request goes out, the answer comes back. No retry, no signing. */
#ifndef CONNECTORS_S3_HTTP_H
#define CONNECTORS_S3_HTTP_H

#include <curl/curl.h>

#include "connectors/s3/client.h"

enum http_end {
    HTTP_ANSWERED,  /* resp->status tells */
    HTTP_ENOUGH,    /* the data callback wants no more */
    HTTP_REFUSED,   /* the data callback failed, or the answer does not fit: `err` is set */
    HTTP_CANCELLED, /* conf.cancelled said so */
    HTTP_BROKEN     /* no or half an answer: `ret_reason` says why */
};

struct http_exchange {
    const struct store_conf *conf;
    const struct s3_request *req;
    const char *url;
    struct curl_slist *headers;
    bool fresh_connection;
    int64_t skip; /* of a whole object that came although a range was asked for */
};

/* Clears and fills `resp` (but delivered, etag and body memory). @blocks up to conf's times without progress */
enum http_end http_run(CURL *curl, const struct http_exchange *ex, struct s3_response *resp, char *ret_reason,
                       size_t reason_size, struct kc_error *err);

/* "Thu, 01 Jan 1970 00:00:00 GMT" as ms; 0 when it is none. */
int64_t http_date_ms(const char *text);

#endif
