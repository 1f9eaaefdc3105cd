/* The byte stream under a connection: TCP to the first address of a name that answers, TLS on top if wanted.
 * Non-blocking but for name resolution. Owned by one wire_conn. */
#ifndef CONNECT_KAFKA_WIRE_SOCKET_H
#define CONNECT_KAFKA_WIRE_SOCKET_H

#include "connect/base/buf.h"
#include "connect/kafka/wire.h"

struct wire_socket;

/* Resolves `host` and starts to connect; its addresses share `timeout_ms`, so that one that swallows packets does not
 * hide the others. NULL: the name is unknown (retriable). `sec` outlives it. @blocks for the resolver */
struct wire_socket *wire_socket_open(const struct wire_security *sec, const char *host, int port, int32_t timeout_ms,
                                     struct kc_error *err);
struct wire_socket *wire_socket_close(struct wire_socket *s);

/* Goes on with connecting and the TLS handshake. 1: the stream is usable; 0: wait for the events; -1: refused.
 * @errors retriable, but for TLS that failed: ERR_AUTH */
int wire_socket_connect(struct wire_socket *s, struct kc_error *err);
/* Appends what has arrived to `in`, until nothing is left or `in` holds `enough` bytes. 1: fine; 0: the peer has
 * closed; -1 */
int wire_socket_read(struct wire_socket *s, struct buf *in, size_t enough, struct kc_error *err);
/* Writes from data; *ret_written may be less than len. 0 or -1. */
int wire_socket_write(struct wire_socket *s, const void *data, size_t len, size_t *ret_written, struct kc_error *err);

/* clock_ms at which wire_socket_connect must be called again even without an event; INT64_MAX: no need. */
int64_t wire_socket_due_ms(const struct wire_socket *s);
int wire_socket_fd(const struct wire_socket *s);
/* What to poll for; `writing`: there are bytes to write. */
short wire_socket_events(const struct wire_socket *s, bool writing);
const char *wire_socket_name(const struct wire_socket *s); /* "host:port" */

#endif
