/* See reply.h. */
#include "rest/reply.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/url_text.h"
#include "rest/cors.h"
#include "rest/server_state.h"

#define JSON_TYPE     "application/json"
#define RETRY_AFTER_S "1" /* a rebalance, and a start with brokers at hand, are over by then */

static void begin(struct rest_exchange *ex, unsigned status) {
    ex->answered = true;
    ex->status = status;
    buf_clear(&ex->reply);
}

static const char *json_type(const struct rest_exchange *ex) {
    return ex->accepted_type ? ex->accepted_type : JSON_TYPE;
}

void reply_json(struct rest_exchange *ex, unsigned status, const char *json, size_t len) {
    begin(ex, status);
    ex->content_type = json_type(ex);
    (void)buf_add(&ex->reply, json, len);
}

void reply_take(struct rest_exchange *ex, unsigned status, struct buf *json) {
    begin(ex, status);
    ex->content_type = json_type(ex);
    buf_done(&ex->reply);
    ex->reply = *json;
    buf_init(json, json->max);
}

void reply_empty(struct rest_exchange *ex, unsigned status) {
    begin(ex, status);
    ex->content_type = NULL;
}

static void reply_entity(struct rest_exchange *ex, unsigned status, const char *text_or_null) {
    begin(ex, status);
    ex->content_type = json_type(ex);
    (void)buf_printf(&ex->reply, "{\"error_code\":%u,\"message\":", status);
    if (text_or_null)
        (void)json_write_text(&ex->reply, text_or_null, strlen(text_or_null), true);
    else
        (void)buf_add_text(&ex->reply, "null");
    (void)buf_add_char(&ex->reply, '}');
}

void reply_message(struct rest_exchange *ex, unsigned status, const char *fmt, ...) {
    AUTO_BUF text;
    va_list ap;
    buf_init(&text, 1 << 16);
    va_start(ap, fmt);
    (void)buf_vprintf(&text, fmt, ap);
    va_end(ap);
    reply_entity(ex, status, buf_text(&text));
}

void reply_http_error(struct rest_exchange *ex, unsigned status) {
    reply_message(ex, status, "HTTP %u %s", status, MHD_get_reason_phrase_for(status));
}

void reply_malformed(struct rest_exchange *ex, const char *why) {
    reply_refused(ex, 400, why);
}

void reply_refused(struct rest_exchange *ex, unsigned status, const char *why) {
    reply_message(ex, status, "%s: %s", MHD_get_reason_phrase_for(status), why);
    ex->refused = true;
}

void reply_error(struct rest_exchange *ex, const struct kc_error *err) {
    int http = err_http((enum err_code)err->code);
    reply_entity(ex, http >= 400 ? (unsigned)http : 500, err->text[0] ? err->text : NULL);
}

/* Location is absolute and uses the client's Host header, without the scheme's default port. */
static void add_location(struct rest_exchange *ex, struct MHD_Response *response) {
    const char *host = rest_header(ex, "Host");
    AUTO_BUF url;
    if (!host)
        return;
    const char *default_port = ex->tls ? ":443" : ":80";
    size_t len = strlen(host), cut = strlen(default_port);
    if (len > cut && strcmp(host + len - cut, default_port) == 0)
        len -= cut;
    buf_init(&url, 1 << 16);
    (void)buf_printf(&url, "%s://%.*s/connectors/", ex->tls ? "https" : "http", (int)len, host);
    (void)url_encode(&url, ex->location, URL_SEGMENT ";");
    MHD_add_response_header(response, "Location", buf_text(&url));
}

enum MHD_Result reply_send(struct rest_exchange *ex) {
    size_t len = ex->reply.failed ? 0 : ex->reply.len;
    (void)exchange_hold(ex, len);
    /* The exchange, and its buffer with it, lives until the answer is sent. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)buf_text(&ex->reply), MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    if (ex->content_type)
        MHD_add_response_header(response, "Content-Type", ex->content_type);
    if (ex->allow)
        MHD_add_response_header(response, "Allow", ex->allow);
    if (ex->location)
        add_location(ex, response);
    if (ex->status == MHD_HTTP_CONFLICT || ex->status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, "Retry-After", RETRY_AFTER_S);
    if (ex->refused)
        MHD_add_response_header(response, "Connection", "close");
    else
        cors_headers(ex, response);
    enum MHD_Result rc = MHD_queue_response(ex->connection, ex->status, response);
    MHD_destroy_response(response);
    return rc;
}
