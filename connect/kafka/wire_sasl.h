/* The client side of a SASL exchange, as tokens: PLAIN, SCRAM-SHA-256/512 (RFC 5802, 7677), OAUTHBEARER (RFC 7628). No
 * I/O.
 * @source Java: SaslClientAuthenticator, ScramSaslClient, OAuthBearerSaslClient */
#ifndef CONNECT_KAFKA_WIRE_SASL_H
#define CONNECT_KAFKA_WIRE_SASL_H

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/kafka/wire.h"

struct wire_sasl;

/* `sec` outlives it. `nonce` is the client nonce of SCRAM (printable, no comma); NULL: random.
 * @errors ERR_AUTH: no randomness */
struct wire_sasl *wire_sasl_new(const struct wire_security *sec, const char *nonce, struct kc_error *err);
struct wire_sasl *wire_sasl_free(struct wire_sasl *sasl); /* wipes what it knew */

/* The first token. @errors those of the token callback */
int wire_sasl_first(struct wire_sasl *sasl, struct buf *out, struct kc_error *err) KC_CHECKED;
/* Takes the server's answer to the last token. 1: the exchange is complete and the server proved itself; 0: `out` is
 * the next token; -1: refused. @errors ERR_AUTH, never with a secret in its text */
int wire_sasl_next(struct wire_sasl *sasl, const void *challenge, size_t len, struct buf *out,
                   struct kc_error *err) KC_CHECKED;

AUTO_FREE(wire_sasl, struct wire_sasl, wire_sasl_free)

#endif
