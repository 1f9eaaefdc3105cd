/* A small HTTP server on 127.0.0.1 that gives prepared answers, one per request, and keeps what it was asked.
 * One thread; started and stopped by the test. */
#ifndef TESTS_SUPPORT_HTTP_SCRIPT_H
#define TESTS_SUPPORT_HTTP_SCRIPT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

struct http_step {
    const char *answer; /* raw; Content-Length is added where a whole head has none; NULL: say nothing and leave the
                           connection open */
    bool hang_up;       /* close the connection afterwards */
};

struct http_script;
/* After the last step its answer is given again. */
struct http_script *http_script_start(const struct http_step *steps, size_t count);
/* The same by TLS, as `context` of OpenSSL says, which is the caller's. A client that does not agree is hung up on. */
struct http_script *http_script_start_tls(const struct http_step *steps, size_t count, SSL_CTX *context);
struct http_script *http_script_stop(struct http_script *s);
const char *http_script_url(const struct http_script *s); /* http(s)://127.0.0.1:port */
int http_script_count(struct http_script *s);             /* requests so far */
/* Head and body of request `i`, from 0. */
const char *http_script_request(struct http_script *s, int i);

#endif
