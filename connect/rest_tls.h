/* TLS settings of REST: what the worker's properties say of https listeners and of calls to other workers, with keys
 * and certificates as PEM texts. A listener is set up from it by rest/tls.c, a client here. Settings with the prefix
 * listeners.https. (admin.listeners.https. for admin listeners) count alone as soon as there is one of them; otherwise
 * plain ssl.* do. Stores may be JKS, PKCS12 or PEM files, or PEM texts in the options themselves. Also used for
 * schema.registry.ssl.*.
 * @source org.apache.kafka.connect.runtime.rest.util.SSLUtils (rest-api 8.3) */
#ifndef CONNECT_REST_TLS_H
#define CONNECT_REST_TLS_H

#include <curl/curl.h>

#include "connect/base/auto.h"
#include "connect/plugin.h"

enum rest_tls_role { REST_TLS_LISTENER, REST_TLS_ADMIN_LISTENER, REST_TLS_CLIENT };
enum rest_client_auth { REST_CLIENT_AUTH_NONE, REST_CLIENT_AUTH_REQUESTED, REST_CLIENT_AUTH_REQUIRED };

struct rest_tls {
    char *key_pem, *chain_pem; /* own; a listener has both, a client both or neither */
    char *trust_pem;           /* NULL: the system's authorities */
    bool tls12, tls13;         /* versions that are allowed; at least one */
    char **cipher_suites;      /* Java's (IANA) names; count 0: the library's choice */
    size_t cipher_suite_count;
    enum rest_client_auth client_auth; /* listeners */
    bool check_hostname;               /* clients */
};

/* @thread any  @blocks reads files  @errors ERR_BAD_CONFIG: names the option and the file */
int rest_tls_load(const struct kc_config *worker, enum rest_tls_role role, struct rest_tls **ret_tls,
                  struct kc_error *err) KC_CHECKED;
struct rest_tls *rest_tls_free(struct rest_tls *tls); /* wipes the key */
AUTO_FREE(rest_tls, struct rest_tls, rest_tls_free)

bool rest_tls_is_https(const char *url);
/* The settings of a client for a call to an https URL; copied. */
void rest_tls_apply(const struct rest_tls *tls, CURL *curl);

#endif
