/* One address on which REST is served: its socket, its libmicrohttpd daemon with one polling thread, its TLS. Opened
 * and closed by server.c. @source RestServer.createConnector, advertisedUrl (rest-api 8.1, 8.2) */
#ifndef REST_LISTENER_H
#define REST_LISTENER_H

#include "rest/server_state.h"

/* Adds a listener to the server: "http://host:port" or "https://host:port".
 * @blocks reads key stores  @errors ERR_IO: cannot be bound; ERR_BAD_CONFIG */
int listener_open(struct rest_server *s, const char *text, bool admin, struct kc_error *err) KC_CHECKED;
void listener_close(struct listener *l);
/* Sets the server's advertised URL and worker id, once all listeners are open. */
void listener_advertise(struct rest_server *s);
/* A request line has come on this connection. @thread polling */
void listener_note_request(struct MHD_Connection *connection);

#endif
