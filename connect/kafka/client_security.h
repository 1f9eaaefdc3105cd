/* TLS and SASL settings of Java clients, taken apart once for librdkafka and for wire.c. Internal to client*.c. */
#ifndef CONNECT_KAFKA_CLIENT_SECURITY_H
#define CONNECT_KAFKA_CLIENT_SECURITY_H

#include "connect/base/buf.h"
#include "connect/kafka/client.h"
#include "connect/kafka/keystore.h"
#include "connect/kafka/wire.h"

struct client_tls {
    char *ca_pem; /* NULL: the system's */
    struct keystore_key key;
    bool skip_hostname_check;
    char *cipher_list;       /* OpenSSL names, colons between; NULL: OpenSSL's choice */
    char *enabled_protocols; /* Java's names */
};
int client_tls_read(const struct kc_config *java, struct client_tls *ret_tls, struct kc_error *err) KC_CHECKED;
int client_tls_apply(rd_kafka_conf_t *conf, const struct client_tls *tls, struct kc_error *err) KC_CHECKED;
void client_tls_done(struct client_tls *tls);

struct client_sasl {
    char *mechanism; /* "PLAIN", "SCRAM-SHA-256", "GSSAPI", "OAUTHBEARER" … */
    char *user, *password;
    bool delegation_token;
    char *principal, *keytab, *service; /* GSSAPI */
    struct kc_config *oauth;            /* see oauth.h */
};
int client_sasl_read(const struct kc_config *java, struct client_sasl *ret_sasl, struct kc_error *err) KC_CHECKED;
int client_sasl_apply(rd_kafka_conf_t *conf, const struct client_sasl *sasl, struct kc_error *err) KC_CHECKED;
void client_sasl_done(struct client_sasl *sasl);
int client_sasl_token(void *oauth, struct wire_token *ret_token,
                      struct kc_error *err) KC_CHECKED; /* wire.h's callback */

/* security.protocol and what it needs. */
int client_security_apply(rd_kafka_conf_t *conf, const struct kc_config *java, struct kc_error *err) KC_CHECKED;
/* Wakes the broker threads of a handle. */
void client_security_wake(rd_kafka_t *rk);

#endif
