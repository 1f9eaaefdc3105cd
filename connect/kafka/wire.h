/* One connection to one Kafka broker for the requests that librdkafka does not expose: TCP, TLS, SASL, framing,
 * correlation ids, version negotiation. A state machine that never blocks (but for name resolution and the SASL token
 * callback): the owner polls its descriptor and calls wire_conn_step. One thread at a time; who opened it closes it. */
#ifndef CONNECT_KAFKA_WIRE_H
#define CONNECT_KAFKA_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/plugin.h"

struct ssl_ctx_st; /* SSL_CTX */

enum wire_protocol { WIRE_PLAINTEXT, WIRE_SSL, WIRE_SASL_PLAINTEXT, WIRE_SASL_SSL };
enum wire_mechanism { WIRE_PLAIN, WIRE_SCRAM_SHA_256, WIRE_SCRAM_SHA_512, WIRE_OAUTHBEARER };

/* An OAUTHBEARER token; the members are malloc'ed by the callback and freed by the connection. */
struct wire_token {
    char *value;
    char **extensions; /* each "key=value" */
    size_t extension_count;
};

/* How to talk to the brokers. Texts are borrowed; wire_security_copy makes an owned one. */
struct wire_security {
    enum wire_protocol protocol;

    /* TLS: either a context ready for use (one reference is taken per copy) or the parts of one. Where both a path and
     * a PEM text could be given the text wins. Without trust material the system's is used. */
    struct ssl_ctx_st *ssl_ctx;
    const char *ssl_ca_path, *ssl_ca_pem;                   /* trusted certificates */
    const char *ssl_certificate_path, *ssl_certificate_pem; /* own chain, NULL: no client certificate */
    const char *ssl_key_path, *ssl_key_pem, *ssl_key_password;
    const char *ssl_enabled_protocols; /* "TLSv1.2,TLSv1.3" (Java's names), NULL: these two */
    const char *ssl_cipher_suites;     /* comma separated IANA or OpenSSL names, NULL: OpenSSL's choice */
    bool ssl_skip_hostname_check;      /* ssl.endpoint.identification.algorithm is empty */

    /* SASL */
    enum wire_mechanism mechanism;
    const char *user, *password;
    bool scram_delegation_token; /* ScramLoginModule tokenauth=true */
    /* OAUTHBEARER: called at every (re-)authentication on the thread of the connection; may block for a short time. */
    int (*token)(void *arg, struct wire_token *ret_token, struct kc_error *err);
    void *token_arg;
};

/* "SASL_SSL" … in any case, as in security.protocol. 0 or -1. */
int wire_protocol_parse(const char *text, enum wire_protocol *ret_protocol);
/* "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER". 0 or -1. */
int wire_mechanism_parse(const char *text, enum wire_mechanism *ret_mechanism);
const char *wire_mechanism_name(enum wire_mechanism mechanism);

/* A deep copy with a TLS context where the protocol needs one. @errors ERR_BAD_CONFIG: names the file or option that is
 * wrong */
struct wire_security *wire_security_copy(const struct wire_security *sec, struct kc_error *err);
struct wire_security *wire_security_free(struct wire_security *sec);

/* Keys of the requests in use. */
enum wire_api {
    WIRE_METADATA = 3,
    WIRE_FIND_COORDINATOR = 10,
    WIRE_JOIN_GROUP = 11,
    WIRE_HEARTBEAT = 12,
    WIRE_LEAVE_GROUP = 13,
    WIRE_SYNC_GROUP = 14,
    WIRE_SASL_HANDSHAKE = 17,
    WIRE_API_VERSIONS = 18,
    WIRE_INIT_PRODUCER_ID = 22,
    WIRE_SASL_AUTHENTICATE = 36,
    WIRE_INCREMENTAL_ALTER_CONFIGS = 44
};

struct wire_conn;

struct wire_conn_conf {
    const char *client_id;                /* copied */
    const struct wire_security *security; /* a wire_security_copy that outlives the connection */
    int32_t setup_timeout_ms;             /* for TCP, TLS and SASL together */
};

/* Resolves `host` and starts to connect. NULL: the name cannot be resolved (retriable).
 * @blocks for name resolution */
struct wire_conn *wire_conn_open(const struct wire_conn_conf *conf, const char *host, int port, struct kc_error *err);
struct wire_conn *wire_conn_close(struct wire_conn *conn); /* at once; NULL is fine; returns NULL */

/* Moves bytes and the set-up as far as possible without waiting. 0, or -1: the connection is dead and must be closed.
 * @errors retriable: refused, reset, time-out; ERR_AUTH or ERR_KAFKA and not retriable: TLS or SASL refused us */
int wire_conn_step(struct wire_conn *conn, struct kc_error *err);
int wire_conn_fd(const struct wire_conn *conn);
short wire_conn_events(const struct wire_conn *conn); /* POLLIN, POLLOUT to wait for before the next step */
int64_t wire_conn_deadline_ms(
    const struct wire_conn *conn); /* clock_ms at which to step even without an event; INT64_MAX: never */
bool wire_conn_ready(const struct wire_conn *conn);       /* set up: versions known, authenticated */
const char *wire_conn_name(const struct wire_conn *conn); /* "host:port" */

/* The highest version of `api` that the broker and [min, max] have in common; -1 with a clear error when there is none.
 * Only when ready. */
int wire_conn_version(const struct wire_conn *conn, enum wire_api api, int16_t min, int16_t max, struct kc_error *err);

/* Queues one request (non-flexible header); bytes leave in the next steps. Only when ready. Returns its correlation id
 * ≥ 0; -1: it is too large, or the SASL session ended and cannot be renewed: close the connection. */
int32_t wire_conn_send(struct wire_conn *conn, enum wire_api api, int16_t version, const void *body, size_t len);
size_t wire_conn_in_flight(const struct wire_conn *conn);

/* One answer; `body` (after the header) is valid until the next step or close. */
struct wire_response {
    int16_t api, version;
    int32_t correlation_id;
    const uint8_t *body;
    size_t len;
};
/* The next complete answer, in the order of the requests. 1: there is one; 0: none yet; -1: the broker does not keep to
 * the protocol and the connection must be closed. */
int wire_conn_receive(struct wire_conn *conn, struct wire_response *ret_response, struct kc_error *err);

/* Steps and waits until the connection is ready. 0 or -1. @blocks up to timeout_ms */
int wire_conn_wait_ready(struct wire_conn *conn, int64_t timeout_ms, struct kc_error *err);
/* Sends one request and waits for its answer; nothing else may be in flight. @blocks up to timeout_ms */
int wire_conn_call(struct wire_conn *conn, enum wire_api api, int16_t version, const void *body, size_t len,
                   int64_t timeout_ms, struct wire_response *ret_response, struct kc_error *err);

AUTO_FREE(wire_conn, struct wire_conn, wire_conn_close)
AUTO_FREE(wire_security, struct wire_security, wire_security_free)

#endif
