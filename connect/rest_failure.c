/* See rest_failure.h. What has no counterpart in Java is told in libcurl's words. */
#include "connect/rest_failure.h"

#include <errno.h>
#include <string.h>

#include "connect/base/err.h"

#define PREFIX "IO Error trying to forward REST request: "

static int connect_failed(CURL *curl, const char *detail, struct kc_error *err) {
    long number = 0;
    char reason[128] = "";
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
    const char *text = number ? strerror_r((int)number, reason, sizeof reason) : detail;
    bool no_route = number == EHOSTUNREACH || number == ENETUNREACH;
    return err_set(err, ERR_IO, PREFIX "java.net.%s: %s", no_route ? "NoRouteToHostException" : "ConnectException",
                   text);
}

static int unknown_host(CURL *curl, struct kc_error *err) {
    char *url = NULL, *host = NULL;
    CURLU *parts = curl_url();
    curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &url);
    if (parts && url && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
        curl_url_get(parts, CURLUPART_HOST, &host, 0);
    int rc = err_set(err, ERR_IO, PREFIX "java.net.UnknownHostException: %s: Name or service not known",
                     host  ? host
                     : url ? url
                           : "");
    curl_free(host);
    curl_url_cleanup(parts);
    return rc;
}

int rest_failure(CURL *curl, CURLcode code, const char *detail, struct kc_error *err) {
    double connected = 0;
    if (!detail || !*detail)
        detail = curl_easy_strerror(code);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return connect_failed(curl, detail, err);
    case CURLE_COULDNT_RESOLVE_HOST:
        return unknown_host(curl, err);
    case CURLE_OPERATION_TIMEDOUT:
        curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME, &connected);
        if (connected <= 0)
            return err_set(err, ERR_IO, PREFIX "java.net.SocketTimeoutException: Connect Timeout");
        if (strstr(detail, "too slow"))
            return err_set(err, ERR_IO, PREFIX "Idle timeout expired: %d/%d ms", REST_IDLE_S * 1000,
                           REST_IDLE_S * 1000);
        return err_set(err, ERR_IO, PREFIX "%s", detail);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return err_set(err, ERR_IO, PREFIX "java.io.EOFException: %s", detail);
    default:
        return err_set(err, ERR_IO, PREFIX "%s", detail);
    }
}
