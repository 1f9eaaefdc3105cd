/* One HTTP request by curl's library, for tests of servers. */
#ifndef TESTS_SUPPORT_HTTP_ASK_H
#define TESTS_SUPPORT_HTTP_ASK_H

#include <curl/curl.h>

#include "connect/base/buf.h"

struct http_answer {
    CURLcode code; /* CURLE_OK: the rest is valid */
    long status;
    struct buf body, headers;
};
/* `header`: lines separated by newlines, "" none; `body` NULL none; `prepare` (NULL none) may set more options. The
 * path of `url` goes out as it is. */
struct http_answer http_ask(const char *method, const char *url, const char *body, const char *header,
                            void (*prepare)(CURL *curl, void *arg), void *arg);
void http_answer_done(struct http_answer *answer);

#endif
