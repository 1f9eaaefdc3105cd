/* See http.h. libcurl's easy interface; time limits are kept in the progress callback because they must count from the
 * last byte in either direction and not while the caller digests what it was given. */
#include "connectors/s3/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"

#define ERROR_BODY_LIMIT ((size_t)64 * 1024)
#define LAST_WORDS_MS    5000
#define TRANSFER_BUFFER  (256L * 1024)

struct transfer {
    const struct http_exchange *ex;
    struct s3_response *resp;
    struct kc_error *err;
    int callback_result;
    bool cancelled, idle;
    bool headers_whole; /* the blank line behind them came */
    int64_t skip;
    curl_off_t moved;
    int64_t moved_at_ms;
};

int64_t http_date_ms(const char *text) {
    time_t t = curl_getdate(text, NULL);
    return t > 0 ? (int64_t)t * 1000 : 0;
}

/* ---- Headers ----------------------------------------------------------------------------------------------------- */

static void status_line(struct transfer *t, const char *line) {
    struct s3_response *resp = t->resp;
    const char *blank = strchr(line, ' ');
    resp->status = blank ? (int)strtol(blank + 1, NULL, 10) : 0;
    resp->object.size = -1;
    resp->object.modified_ms = resp->retry_after_ms = resp->date_ms = 0;
    resp->region[0] = resp->request_id[0] = resp->location[0] = '\0';
    buf_clear(&resp->body);
}

static void content_range(struct transfer *t, const char *value) {
    const char *slash = strchr(value, '/');
    if (slash && slash[1] != '*')
        t->resp->object.size = strtoll(slash + 1, NULL, 10);
}

static void header_value(struct transfer *t, const char *name, const char *value) {
    struct s3_response *resp = t->resp;
    if (!strcasecmp(name, "etag"))
        snprintf(resp->object.etag, sizeof(resp->object.etag), "%s", value);
    else if (!strcasecmp(name, "content-length") && resp->object.size < 0)
        resp->object.size = strtoll(value, NULL, 10);
    else if (!strcasecmp(name, "content-range"))
        content_range(t, value);
    else if (!strcasecmp(name, "last-modified"))
        resp->object.modified_ms = http_date_ms(value);
    else if (!strcasecmp(name, "date"))
        resp->date_ms = http_date_ms(value);
    else if (!strcasecmp(name, "retry-after"))
        resp->retry_after_ms = strtoll(value, NULL, 10) * 1000;
    else if (!strcasecmp(name, "x-amz-bucket-region"))
        snprintf(resp->region, sizeof(resp->region), "%s", value);
    else if (!strcasecmp(name, "x-amz-request-id"))
        snprintf(resp->request_id, sizeof(resp->request_id), "%s", value);
    else if (!strcasecmp(name, "location"))
        snprintf(resp->location, sizeof(resp->location), "%s", value);
}

static size_t on_header(char *data, size_t size, size_t count, void *arg) {
    struct transfer *t = arg;
    char line[2048];
    size_t len = size * count;
    snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1), data);
    line[strcspn(line, "\r\n")] = '\0';
    t->headers_whole = !*line;
    if (!strncmp(line, "HTTP/", 5)) {
        status_line(t, line);
        return len;
    }
    char *colon = strchr(line, ':');
    if (colon) {
        *colon = '\0';
        header_value(t, line, colon + 1 + strspn(colon + 1, " \t"));
    }
    return len;
}

/* ---- Body and time ----------------------------------------------------------------------------------------------- */

static bool succeeded(const struct s3_response *resp) {
    return resp->status >= 200 && resp->status < 300;
}

static size_t to_callback(struct transfer *t, const char *data, size_t len) {
    if (t->resp->status != 206 && t->skip > 0) { /* the server ignored the range */
        size_t skip = (int64_t)len < t->skip ? len : (size_t)t->skip;
        t->skip -= (int64_t)skip;
        data += skip;
        len -= skip;
    }
    const struct s3_request *req = t->ex->req;
    if (req->cap >= 0 && t->resp->delivered + (int64_t)len > req->cap) {
        len = (size_t)(req->cap - t->resp->delivered);
        t->callback_result = 1;
    }
    if (!len)
        return 0;
    int rc = req->data(req->data_arg, data, len, t->err);
    t->resp->delivered += (int64_t)len;
    t->moved_at_ms = clock_ms(); /* time spent in the callback is not the server's */
    t->callback_result = rc ? rc : t->callback_result;
    return len;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg) {
    struct transfer *t = arg;
    size_t len = size * count;
    if (succeeded(t->resp) && t->ex->req->data) {
        to_callback(t, data, len);
        return t->callback_result ? 0 : len;
    }
    bool good = succeeded(t->resp);
    size_t room = ERROR_BODY_LIMIT - (t->resp->body.len < ERROR_BODY_LIMIT ? t->resp->body.len : ERROR_BODY_LIMIT);
    if (buf_add(&t->resp->body, data, good || len < room ? len : room) < 0) {
        t->callback_result =
            err_set(t->err, ERR_S3, "The answer of the store is larger than %zu bytes", t->resp->body.max);
        return 0;
    }
    return len;
}

static int on_progress(void *arg, curl_off_t total_down, curl_off_t down, curl_off_t total_up, curl_off_t up) {
    (void)total_down, (void)total_up;
    struct transfer *t = arg;
    const struct store_conf *conf = t->ex->conf;
    int64_t now = clock_ms();
    if (down + up != t->moved) {
        t->moved = down + up;
        t->moved_at_ms = now;
    }
    bool last_words = t->ex->req->last_words;
    t->idle = now - t->moved_at_ms >
              (last_words && conf->idle_timeout_ms > LAST_WORDS_MS ? LAST_WORDS_MS : conf->idle_timeout_ms);
    t->cancelled = !last_words && conf->cancelled && conf->cancelled(conf->cancelled_arg);
    return t->idle || t->cancelled;
}

/* ---- The exchange ------------------------------------------------------------------------------------------------ */

static void set_method(CURL *curl, const struct s3_request *req) {
    if (!strcmp(req->method, "HEAD")) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (!strcmp(req->method, "PUT") || !strcmp(req->method, "POST")) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, req->body ? req->body : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, req->method);
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, req->method);
    }
}

static void set_connection(CURL *curl, const struct http_exchange *ex) {
    const struct store_conf *conf = ex->conf;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L); /* a followed request would carry a wrong signature */
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)conf->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, TRANSFER_BUFFER);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, TRANSFER_BUFFER);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, ex->fresh_connection ? 1L : 0L);
    if (conf->proxy_url && *conf->proxy_url)
        curl_easy_setopt(curl, CURLOPT_PROXY, conf->proxy_url);
    if (conf->proxy_user && *conf->proxy_user)
        curl_easy_setopt(curl, CURLOPT_PROXYUSERNAME, conf->proxy_user);
    if (conf->proxy_password.value)
        curl_easy_setopt(curl, CURLOPT_PROXYPASSWORD, conf->proxy_password.value);
}

static enum http_end end_of(CURLcode rc, const struct transfer *t, const char *curl_text, char *ret_reason,
                            size_t size) {
    if (t->callback_result)
        return t->callback_result > 0 ? HTTP_ENOUGH : HTTP_REFUSED;
    if (rc == CURLE_OK && t->headers_whole)
        return HTTP_ANSWERED;
    if (rc == CURLE_ABORTED_BY_CALLBACK && t->cancelled)
        return HTTP_CANCELLED;
    if (rc == CURLE_ABORTED_BY_CALLBACK)
        snprintf(ret_reason, size, "the store did not answer for %lld ms", (long long)t->ex->conf->idle_timeout_ms);
    else if (rc == CURLE_PARTIAL_FILE || rc == CURLE_OK)
        snprintf(ret_reason, size, "the answer ended early%s%s", *curl_text ? ": " : "", curl_text);
    else
        snprintf(ret_reason, size, "%s", *curl_text ? curl_text : curl_easy_strerror(rc));
    return HTTP_BROKEN;
}

enum http_end http_run(CURL *curl, const struct http_exchange *ex, struct s3_response *resp, char *ret_reason,
                       size_t reason_size, struct kc_error *err) {
    char curl_text[CURL_ERROR_SIZE] = "";
    struct transfer t = {.ex = ex, .resp = resp, .err = err, .skip = ex->skip, .moved_at_ms = clock_ms()};
    resp->status = 0;
    resp->code[0] = resp->message[0] = '\0';
    curl_easy_reset(curl);
    set_connection(curl, ex);
    set_method(curl, ex->req);
    curl_easy_setopt(curl, CURLOPT_URL, ex->url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, ex->headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, curl_text);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &t);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &t);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &t);
    CURLcode rc = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    return end_of(rc, &t, curl_text, ret_reason, reason_size);
}
