/* Requests of this worker to another one of its group, made by errands. Keeps nothing. */
#include <stdlib.h>

#include "connect/distributed_state.h"
#include "connect/internal_request.h"

int peer_request(struct herder *h, struct errand *e, const char *method, const char *url, int64_t timeout_ms,
                 struct buf *ret_reply) {
    AUTO_TEXT signature = NULL;
    const char *algorithm = h->conf->inter_worker_signature_algorithm;
    if (e->key.len && internal_request_sign(&e->key, algorithm, e->json.data, e->json.len, &signature, &e->err) < 0)
        return -1;
    struct internal_request req = {.method = method,
                                   .url = url,
                                   .body = e->json.len ? buf_text(&e->json) : NULL,
                                   .body_len = e->json.len,
                                   .signature = signature,
                                   .algorithm = signature ? algorithm : NULL,
                                   .timeout_ms = timeout_ms,
                                   .worker = h->conf->text};
    return internal_request_send(&req, &e->http, ret_reply, &e->err);
}
