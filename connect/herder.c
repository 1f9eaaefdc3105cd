/* Requests to the herder: making, freeing, answering; see herder.h. */
#include "connect/herder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/distributed_state.h"

enum { ANSWER_MAX = 256 << 20 };

struct herder_request *herder_request_new(enum herder_op op, const char *connector) {
    struct herder_request *req = calloc(1, sizeof(*req));
    if (!req)
        abort();
    req->op = op;
    req->connector = connector ? strdup(connector) : NULL;
    buf_init(&req->json, ANSWER_MAX);
    return req;
}

struct herder_request *herder_request_free(struct herder_request *req) {
    if (!req)
        return NULL;
    for (int i = 0; i < req->task_count; i++)
        kc_config_free(req->tasks[i]);
    free(req->tasks);
    kc_config_free(req->config);
    free(req->connector);
    free(req->plugin);
    free(req->logger);
    free(req->level);
    free(req->initial_state);
    free(req->body);
    free(req->signature);
    free(req->signature_algorithm);
    free(req->forward_url);
    free(req->message);
    buf_done(&req->json);
    free(req);
    return NULL;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

void answer(struct herder_request *req, int http) {
    req->http = http;
    if (req->json.failed && !req->err.code) {
        buf_clear(&req->json);
        req->http = 500;
        err_set(&req->err, ERR_LIMIT, "The answer is larger than %d bytes", ANSWER_MAX);
    }
    req->done(req, req->arg);
}

void answer_error(struct herder_request *req, const struct kc_error *err) {
    req->err = *err;
    if (!req->err.code)
        req->err.code = ERR_INTERNAL;
    buf_clear(&req->json);
    answer(req, req->http >= 400 ? req->http : err_http((enum err_code)req->err.code));
}

static void answer_text(struct herder_request *req, int http, int code, const char *fmt, va_list ap) {
    AUTO_TEXT text = NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        abort();
    struct kc_error err = {0};
    err_set(&err, (enum err_code)code, "%s", text);
    if (strlen(text) >= sizeof(err.text)) {
        free(req->message);
        req->message = TAKE(text); /* names of connectors may be long */
    }
    req->http = http;
    answer_error(req, &err);
}

void answer_fail(struct herder_request *req, int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    answer_text(req, 0, code, fmt, ap);
    va_end(ap);
}

void answer_http(struct herder_request *req, int http, int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    answer_text(req, http, code, fmt, ap);
    va_end(ap);
}

void answer_forward(struct herder_request *req, const char *url) {
    req->forward_url = strdup(url ? url : "");
    answer(req, 0);
}

/* ---- what REST says when a deadline has passed ----------------------------------------------------------------------
 */

char *herder_stage_text(struct herder *h) {
    AUTO_TEXT summary = stage_summary(h->stage);
    char *text = NULL;
    if (asprintf(&text, "Request timed out. %s", summary) < 0)
        abort();
    return text;
}

bool herder_was_ready(struct herder *h) {
    return atomic_load(&h->ready);
}

const char *herder_cluster_id(const struct herder *h) {
    return atomic_load(&h->cluster_id);
}
