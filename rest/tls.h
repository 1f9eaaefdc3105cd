/* https listeners: libmicrohttpd does TLS by GnuTLS, and leaves client certificates and cipher suites to us. Made when
 * a listener is opened, lives as long as its daemon. @source SSLUtils.createServerSideSslContextFactory (rest-api 8.3)
 */
#ifndef REST_TLS_H
#define REST_TLS_H

#include <microhttpd.h>

#include "connect/rest_tls.h"

struct listener_tls;

enum { LISTENER_TLS_OPTIONS = 5 };

/* @blocks reads key stores  @errors ERR_BAD_CONFIG: names the option */
struct listener_tls *listener_tls_new(const struct kc_config *worker, bool admin, struct kc_error *err);
struct listener_tls *listener_tls_free(struct listener_tls *tls);
/* What libmicrohttpd needs, ended by MHD_OPTION_END; points into `tls`. */
void listener_tls_options(const struct listener_tls *tls, struct MHD_OptionItem options[LISTENER_TLS_OPTIONS]);
/* The private key is not needed any more once the daemon runs. */
void listener_tls_started(struct listener_tls *tls);
/* A new connection, before its handshake. @thread polling */
void listener_tls_begin(struct listener_tls *tls, struct MHD_Connection *connection);

#endif
