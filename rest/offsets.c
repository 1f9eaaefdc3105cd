/* /connectors/{c}/offsets. */
#include <stdlib.h>
#include <string.h>

#include "rest/reply.h"
#include "rest/routes.h"

void handle_offsets(struct rest_exchange *ex) {
    rest_submit(ex, herder_request_new(HERDER_OFFSETS, ex->segments[1]), REST_TIMEOUT_MS);
}

void handle_alter_offsets(struct rest_exchange *ex) {
    struct herder_request *req = herder_request_new(HERDER_ALTER_OFFSETS, ex->segments[1]);
    req->body_len = ex->body.len;
    req->body = malloc(ex->body.len + 1);
    if (!req->body) {
        herder_request_free(req);
        reply_message(ex, 500, "out of memory");
        return;
    }
    memcpy(req->body, buf_text(&ex->body), ex->body.len + 1);
    rest_submit(ex, req, REST_TIMEOUT_MS);
}

void handle_reset_offsets(struct rest_exchange *ex) {
    rest_submit(ex, herder_request_new(HERDER_RESET_OFFSETS, ex->segments[1]), REST_TIMEOUT_MS);
}
