/* One HTTP request and its answer: body cap, hand-over to the herder, deadline, resumption of the connection.
 *
 * An exchange belongs to its connection's polling thread. While its request is with the herder (or being relayed), the
 * connection is suspended and a `struct pending` stands between the two, under the server's lock: whoever comes first
 * of the answer, the deadline and the shutdown fills the exchange and resumes the connection; the answer of a request
 * that came too late is thrown away. */
#ifndef REST_EXCHANGE_H
#define REST_EXCHANGE_H

#include <microhttpd.h>
#include <pthread.h>

#include "connect/base/buf.h"
#include "connect/base/list.h"
#include "connect/herder.h"
#include "rest/server.h"

enum { REST_MAX_SEGMENTS = 6, REST_TIMEOUT_MS = 90000, REST_HEALTH_TIMEOUT_MS = 10000 };

struct route;
struct pending;

struct rest_exchange {
    struct rest_server *server;
    struct MHD_Connection *connection;
    bool admin;   /* came in by a separate admin listener */
    bool tls;     /* came in by https */
    char *target; /* request target as received: path and query */
    char *method;
    bool head;
    int64_t begin_ms;
    char *segments[REST_MAX_SEGMENTS]; /* decoded path */
    size_t segment_count;
    const char *query; /* into target, NULL when none */
    const struct route *route;
    struct buf body;
    bool dispatched;
    bool submitted; /* went to the herder: answered by another thread, under the server's lock */
    bool too_large;
    bool too_many; /* bodies and answers of all connections together take too much memory */
    size_t held;   /* bytes of this one's body and answer, as counted in the server's `held` */
    bool refused;  /* by Java's container before REST sees it: neither CORS nor configured headers, and the end */
    /* the answer */
    bool answered;
    unsigned status;
    struct buf reply;
    const char *content_type; /* NULL: none */
    char *accepted_type;      /* what it is for JSON when the client has said more than that; NULL: plain */
    char *allow;
    char *location; /* connector name to be told in a Location header */
    struct pending *pending;
};

/* Queues `req` (taken) for the herder and suspends the connection; the herder's answer, or after timeout_ms a
 * "Request timed out", becomes the exchange's. @thread polling */
void rest_submit(struct rest_exchange *ex, struct herder_request *req, int64_t timeout_ms);

/* Query parameters: first value counts; decoded into `out`. false when absent. */
bool rest_query(const struct rest_exchange *ex, const char *name, char *out, size_t out_size);
/* true iff "true" in any case; absent or empty gives `absent`. */
bool rest_query_bool(const struct rest_exchange *ex, const char *name, bool absent);
/* Whether `name`=`value` occurs at all (repeatable parameters). */
bool rest_query_has(const struct rest_exchange *ex, const char *name, const char *value);
const char *rest_header(const struct rest_exchange *ex, const char *name); /* NULL when absent */

#endif
