/* What a connection does before it may be used: learn the broker's versions, then SASL; and SASL again later.
 * @source Java: SaslClientAuthenticator */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/wire_internal.h"

#define SASL_EXCEPTION "org.apache.kafka.common.errors.SaslAuthenticationException"

enum { TOKEN_MAX = 256 << 10 };

static int queue(struct wire_conn *conn, int16_t api, int16_t version, const struct buf *body, struct kc_error *err) {
    conn->setup_request =
        (struct wire_request){.correlation_id = conn->next_correlation_id, .api = api, .version = version};
    conn->next_correlation_id = (conn->next_correlation_id + 1) & INT32_MAX;
    if (wire_encode_frame(&conn->out, api, version, conn->setup_request.correlation_id, conn->client_id, buf_text(body),
                          body->len) < 0)
        return err_set(err, ERR_INTERNAL, "%s request does not fit", wire_api_name(api));
    return 0;
}

static int send_token(struct wire_conn *conn, struct buf *token, struct kc_error *err) {
    int16_t version = (int16_t)wire_conn_version(conn, WIRE_SASL_AUTHENTICATE, WIRE_SASL_AUTHENTICATE_MIN,
                                                 WIRE_SASL_AUTHENTICATE_MAX, err);
    if (version < 0)
        return -1;
    AUTO_BUF body;
    buf_init(&body, TOKEN_MAX + 64);
    wire_encode_sasl_authenticate(&body, buf_text(token), token->len);
    int rc = queue(conn, WIRE_SASL_AUTHENTICATE, version, &body, err);
    if (body.data)
        OPENSSL_cleanse(body.data, body.len);
    return rc;
}

/* Forgets the secret in a token, frees it. */
static void token_done(struct buf *token) {
    if (token->data)
        OPENSSL_cleanse(token->data, token->len);
    buf_done(token);
}

static int begin_authenticate(struct wire_conn *conn, struct kc_error *err) {
    wire_sasl_free(conn->sasl);
    conn->sasl = wire_sasl_new(conn->sec, /* nonce= */ NULL, err);
    if (!conn->sasl)
        return -1;
    __attribute__((cleanup(token_done))) struct buf token;
    buf_init(&token, TOKEN_MAX);
    if (wire_sasl_first(conn->sasl, &token, err) < 0)
        return -1;
    return send_token(conn, &token, err);
}

int wire_setup_begin(struct wire_conn *conn, struct kc_error *err) {
    AUTO_BUF body;
    buf_init(&body, 1024);
    switch (conn->phase) {
    case WIRE_VERSIONS:
        return queue(conn, WIRE_API_VERSIONS, 0, &body, err);
    case WIRE_HANDSHAKE:
        if (wire_conn_version(conn, WIRE_SASL_HANDSHAKE, WIRE_SASL_HANDSHAKE_MIN, WIRE_SASL_HANDSHAKE_MAX, err) < 0)
            return -1;
        wire_encode_sasl_handshake(&body, wire_mechanism_name(conn->sec->mechanism));
        return queue(conn, WIRE_SASL_HANDSHAKE, WIRE_SASL_HANDSHAKE_MAX, &body, err);
    case WIRE_AUTHENTICATE:
        return begin_authenticate(conn, err);
    case WIRE_CONNECTING:
    case WIRE_READY:
        break;
    }
    return 0;
}

static int enter(struct wire_conn *conn, enum wire_phase phase, struct kc_error *err) {
    conn->phase = phase;
    if (phase != WIRE_READY)
        return wire_setup_begin(conn, err);
    conn->was_ready = true;
    conn->sasl = wire_sasl_free(conn->sasl);
    if (buf_add(&conn->out, buf_text(&conn->held), conn->held.len) < 0)
        return err_set(err, ERR_INTERNAL, "the requests for %s do not fit", wire_conn_name(conn));
    buf_done(&conn->held);
    return 0;
}

static int versions_answer(struct wire_conn *conn, const struct wire_response *resp, struct kc_error *err) {
    if (wire_decode_api_versions(resp, &conn->versions, err) < 0)
        return -1;
    if (conn->versions.error != WIRE_ERROR_NONE)
        return err_set(err, ERR_KAFKA, "%s refused the ApiVersions request: %s", wire_conn_name(conn),
                       wire_error_text(conn->versions.error));
    bool sasl = conn->sec->protocol == WIRE_SASL_PLAINTEXT || conn->sec->protocol == WIRE_SASL_SSL;
    return enter(conn, sasl ? WIRE_HANDSHAKE : WIRE_READY, err);
}

static int handshake_answer(struct wire_conn *conn, const struct wire_response *resp, struct kc_error *err) {
    int16_t error;
    char mechanisms[512];
    if (wire_decode_sasl_handshake(resp, &error, mechanisms, sizeof mechanisms, err) < 0)
        return -1;
    if (error == WIRE_ERROR_UNSUPPORTED_SASL_MECHANISM)
        return err_set_class(err, ERR_AUTH, "org.apache.kafka.common.errors.UnsupportedSaslMechanismException",
                             "Client SASL mechanism '%s' not enabled in the server, enabled mechanisms are [%s]",
                             wire_mechanism_name(conn->sec->mechanism), mechanisms);
    if (error != WIRE_ERROR_NONE)
        return err_set_class(err, ERR_AUTH, SASL_EXCEPTION, "%s refused the SASL handshake: %s", wire_conn_name(conn),
                             wire_error_text(error));
    return enter(conn, WIRE_AUTHENTICATE, err);
}

/* At a random 85-95 % of the session's life. */
static void plan_reauthentication(struct wire_conn *conn, int64_t lifetime_ms) {
    conn->reauthenticate_at_ms = INT64_MAX;
    if (lifetime_ms <= 0 || lifetime_ms > INT64_MAX / 128)
        return;
    unsigned char random = 128;
    RAND_bytes(&random, 1);
    conn->reauthenticate_at_ms = clock_ms() + lifetime_ms * 85 / 100 + lifetime_ms / 10 * random / 256;
}

static int authenticate_answer(struct wire_conn *conn, const struct wire_response *resp, struct kc_error *err) {
    struct wire_sasl_authenticate auth;
    if (wire_decode_sasl_authenticate(resp, &auth, err) < 0)
        return -1;
    if (auth.error != WIRE_ERROR_NONE) {
        int len = auth.message.len > 500 ? 500 : (int)auth.message.len;
        const char *text = (const char *)auth.message.data;
        return err_set_class(err, ERR_AUTH, SASL_EXCEPTION, "%.*s", len ? len : 500,
                             len ? text : wire_error_text(auth.error));
    }
    __attribute__((cleanup(token_done))) struct buf token;
    buf_init(&token, TOKEN_MAX);
    int rc = wire_sasl_next(conn->sasl, auth.token.data, auth.token.len, &token, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return send_token(conn, &token, err);
    plan_reauthentication(conn, auth.session_lifetime_ms);
    return enter(conn, WIRE_READY, err);
}

int wire_setup_answer(struct wire_conn *conn, const struct wire_response *resp, struct kc_error *err) {
    switch (conn->phase) {
    case WIRE_VERSIONS:
        return versions_answer(conn, resp, err);
    case WIRE_HANDSHAKE:
        return handshake_answer(conn, resp, err);
    case WIRE_AUTHENTICATE:
        return authenticate_answer(conn, resp, err);
    case WIRE_CONNECTING:
    case WIRE_READY:
        break;
    }
    return err_set(err, ERR_KAFKA, "%s sent an answer that nobody waits for", wire_conn_name(conn));
}

int wire_setup_reauthenticate(struct wire_conn *conn, struct kc_error *err) {
    conn->setup_deadline_ms = clock_ms() + conn->setup_timeout_ms;
    conn->reauthenticate_at_ms = INT64_MAX;
    return enter(conn, WIRE_HANDSHAKE, err);
}
