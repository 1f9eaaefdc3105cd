/* What an answer of S3 means: done, try again and how, or fail, and the error text users see. Pure functions. */
#ifndef CONNECTORS_S3_VERDICT_H
#define CONNECTORS_S3_VERDICT_H

#include "connectors/s3/client.h"

enum verdict {
    VERDICT_DONE,
    VERDICT_RETRY,       /* after a pause */
    VERDICT_RETRY_FRESH, /* after a pause, on a new connection */
    VERDICT_CLOCK,       /* at once, with the server's clock */
    VERDICT_CREDENTIALS, /* at once, with new credentials */
    VERDICT_REGION,      /* at once, for another region */
    VERDICT_ONCE,        /* one more time only (the body was damaged on its way) */
    VERDICT_FAIL
};

/* Reads the <Error> of an answer that is none of 2xx, or may hold one though it is. Fills code, message, region. */
void verdict_read_error(struct s3_response *resp);
/* `clock_off_ms`: server's date minus the time that was signed; `head`: the request had no room for an error body. */
enum verdict verdict_of(const struct s3_response *resp, int64_t clock_off_ms, bool head);
/* Sets `err` for an answer that failed. `final`: trying again later is of no use, whatever the answer says. */
int verdict_fail(const struct s3_response *resp, const char *what, const char *bucket, const char *key, bool final,
                 struct kc_error *err);
/* The same for an attempt without an answer. */
int verdict_broken(const char *reason, const char *what, const char *bucket, const char *key, int attempts,
                   struct kc_error *err);

#endif
