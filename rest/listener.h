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

/* The server's lock held. A client's end that comes together with its last bytes escapes libmicrohttpd (it watches
 * edges, and stops reading when there was less than it had room for): such connections would stay for their 90 seconds.
 * They are looked for now and then; closing the side that has ended anyway makes another edge. @blocks no */
void listener_nudge(struct rest_server *s);

#endif
