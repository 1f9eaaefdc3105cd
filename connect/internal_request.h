/* Requests from worker to worker: signatures, and the client that sends them.
 * @source InternalRequestSignature, Crypto, RestClient (distributed-worker 8, rest-api 10) */
#ifndef CONNECT_INTERNAL_REQUEST_H
#define CONNECT_INTERNAL_REQUEST_H

#include "connect/base/buf.h"
#include "connect/plugin.h"
#include "connect/store/config_store.h"

#define INTERNAL_SIGNATURE_HEADER "X-Connect-Authorization"
#define INTERNAL_ALGORITHM_HEADER "X-Connect-Request-Signature-Algorithm"

/* base64(MAC(key, body)), malloc'ed; a missing body counts as an empty one.
 * @errors ERR_BAD_REQUEST: "Algorithm X not available" */
int internal_request_sign(const struct session_key *key, const char *algorithm, const void *body, size_t len,
                          char **ret_signature, struct kc_error *err) KC_CHECKED;
/* Checks the two headers (NULL: missing) of a received request, in Java's order. `key` NULL: none is known.
 * @errors ERR_BAD_REQUEST (400), ERR_NOT_READY (503), ERR_FORBIDDEN (403) with Java's texts */
int internal_request_verify(const struct session_key *key, const struct kc_list *algorithms, const char *signature,
                            const char *algorithm, const void *body, size_t len, struct kc_error *err) KC_CHECKED;

/* "<base>connectors/<name, percent-encoded>/<rest>", malloc'ed. */
char *internal_request_url(const char *base, const char *connector, const char *rest);

struct internal_request {
    const char *method, *url;
    const char *body; /* NULL: none */
    size_t body_len;
    const char *signature, *algorithm; /* NULL: unsigned */
    int64_t timeout_ms;
    const struct kc_config *worker; /* the worker's properties: TLS settings of https URLs */
};
/* Sends and waits for the answer, at most 2 MiB of it; redirects are not followed. The answer's status may be any.
 * @thread any but the herder  @blocks up to timeout_ms
 * @errors ERR_IO: "IO Error trying to forward REST request: …" */
int internal_request_send(const struct internal_request *req, int *ret_status, struct buf *ret_body,
                          struct kc_error *err) KC_CHECKED;

#endif
