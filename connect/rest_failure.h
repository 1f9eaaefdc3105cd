/* Why a request to another worker failed, in the words of the Java worker's HTTP client. */
#ifndef CONNECT_REST_FAILURE_H
#define CONNECT_REST_FAILURE_H

#include <curl/curl.h>

#include "connect/plugin.h"

/* How long a worker may keep silent before a request that was passed on to it is given up. */
enum { REST_IDLE_S = 30 };

/* "IO Error trying to forward REST request: <class>: <what>"; `detail` is what libcurl wrote into the request's error
 * buffer, "" or NULL if nothing. `curl` is the handle that failed with `code`. Returns -1.
 * @thread any  @source RestClient.httpRequest (rest-api 4) */
int rest_failure(CURL *curl, CURLcode code, const char *detail, struct kc_error *err);

#endif
