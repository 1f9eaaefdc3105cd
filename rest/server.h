/* The REST server: libmicrohttpd daemons, one per listener, each with one polling thread.
 * Started by main.c before the herder exists (the advertised URL and worker id come from the bound listeners) and told
 * the herder later; stopped first at shutdown: every suspended request is answered before the daemons stop.
 * @source RestServer (rest-api 2, 3, 8.2) */
#ifndef REST_SERVER_H
#define REST_SERVER_H

#include "config/worker_options.h"
#include "connect/base/auto.h"
#include "connect/herder.h"

struct rest_server;

/* Binds all listeners. Until rest_server_start, /health answers 503 "starting" with the given reason and everything
 * else 404, as Java's. `conf` is borrowed for the server's life. @errors ERR_IO: a listener cannot be bound (names it);
 * exit status 2 */
struct rest_server *rest_server_new(const struct worker_conf *conf, struct kc_error *err);
/* What /health says while the herder does not exist yet, e.g. "Waiting for Kafka brokers at …". Copied. @thread main */
void rest_server_waiting(struct rest_server *s, const char *reason);
/* From now on requests reach the herder. @thread main */
int rest_server_start(struct rest_server *s, struct herder *herder, struct kc_error *err) KC_CHECKED;
const char *rest_server_url(const struct rest_server *s);       /* "http://host:port/" */
const char *rest_server_worker_id(const struct rest_server *s); /* "host:port" */
/* Answers what waits with 500 "Worker is shutting down" and refuses new requests. @blocks briefly */
void rest_server_stop(struct rest_server *s);
struct rest_server *rest_server_free(struct rest_server *s);
AUTO_FREE(rest_server, struct rest_server, rest_server_free)

#endif
