/* Relays a request to the worker that can answer it (leader or owner). One thread drives all relays at once by curl's
 * multi interface; started by rest_server_start, stopped by rest_server_stop. @source HerderRequestHandler, RestClient
 * (rest-api 3.6) */
#ifndef REST_FORWARD_H
#define REST_FORWARD_H

#include "connect/herder.h"

struct forwarder;

struct forward_request {
    struct message msg;
    char *url;           /* whole URL; taken */
    char *method;        /* taken */
    char *authorization; /* the client's header, NULL none; taken */
    char *body;          /* NULL none; taken */
    size_t body_len;
    /* answer, valid in done */
    long status; /* 0: see err */
    struct buf reply;
    struct kc_error err;
    /* Runs exactly once on the forwarder's thread; the request is freed afterwards. */
    void (*done)(struct forward_request *f, void *arg);
    void *arg;
};

/* `worker`: the worker's properties, borrowed; TLS settings of calls to https URLs. */
struct forwarder *forwarder_new(const struct kc_config *worker, struct kc_error *err);
/* @thread any  @blocks no. Takes `f` (malloc'ed, zeroed). */
void forwarder_submit(struct forwarder *fw, struct forward_request *f);
/* Ends the thread; what is under way is answered with an error. */
struct forwarder *forwarder_free(struct forwarder *fw);

#endif
