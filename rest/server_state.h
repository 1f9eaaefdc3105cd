/* What the files of rest/ know of the server; nobody else includes this. */
#ifndef REST_SERVER_STATE_H
#define REST_SERVER_STATE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "connect/base/list.h"
#include "rest/forward.h"
#include "rest/server.h"

struct rest_exchange;

enum { REST_MAX_LISTENERS = 8 };

struct listener {
    struct rest_server *server;
    struct MHD_Daemon *daemon;
    char host[256]; /* "" = every address */
    int port;
    bool admin;
    struct listener_tls *tls; /* NULL: http */
};

struct rest_server {
    const struct worker_conf *conf;
    struct cors *cors;
    struct auth *auth; /* NULL: everybody may */
    struct listener listeners[REST_MAX_LISTENERS];
    size_t listener_count;
    bool separate_admin; /* admin.listeners was given: no /admin on the main listeners */
    char url[512], worker_id[512];
    struct forwarder *forwarder;
    pthread_t deadline_thread;
    bool deadline_started;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list waiting;     /* struct pending with an exchange */
    struct list connections; /* struct connection of listener.c */
    size_t connection_count;
    int64_t next_deadline_ms; /* of those, when the deadline thread has looked last; INT64_MAX none */
    size_t outstanding;       /* pendings that the herder or forwarder still has */
    struct herder *herder;    /* NULL before rest_server_start */
    char reason[512];         /* why not yet */
    bool stopping;
    size_t max_body_bytes;
    /* bytes of bodies and answers of all connections; from max_held on there is 503 */
    atomic_size_t held;
    size_t max_held;
};

/* libmicrohttpd's callbacks; `listener` is a struct listener. @thread polling */
void *request_begin(void *listener, const char *uri, struct MHD_Connection *connection);
enum MHD_Result request_part(void *listener, struct MHD_Connection *connection, const char *url, const char *method,
                             const char *version, const char *data, size_t *data_size, void **state);
void request_end(void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);

/* Deadline thread: answers suspended requests whose time is over, notices clients that are gone. */
void *exchange_deadlines(void *server);
/* Answers everything that waits: "Worker is shutting down"; then waits up to timeout_ms for the herder's late answers.
 */
void exchange_stop_all(struct rest_server *s, int64_t timeout_ms);
/* Whether another thread has answered it, or this one; then the exchange is this thread's alone. @thread polling */
bool exchange_answered(struct rest_exchange *ex);
/* The connection is done with it: an answer that is still to come will be thrown away. @thread polling */
void exchange_end(struct rest_exchange *ex);
void exchange_free(struct rest_exchange *ex);
/* Counts so many bytes more of a body or an answer; false: no more body now. @thread polling */
bool exchange_hold(struct rest_exchange *ex, size_t bytes);
void exchange_release(struct rest_exchange *ex); /* all of it */

#endif
