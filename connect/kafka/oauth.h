/* Tokens for SASL/OAUTHBEARER: unsecured ones made here, and those of an OAuth server (client credentials grant).
 * @source org.apache.kafka.common.security.oauthbearer (OAuthBearerUnsecuredLoginCallbackHandler, DefaultJwtRetriever)
 */
#ifndef CONNECT_KAFKA_OAUTH_H
#define CONNECT_KAFKA_OAUTH_H

#include "connect/kafka/jaas.h"
#include "connect/plugin.h"

struct oauth_token {
    char *value;     /* compact JWS */
    char *principal; /* its subject claim */
    int64_t expires_ms;
    char **extensions; /* names and values alternating */
    size_t extension_count;
};
void oauth_token_done(struct oauth_token *token);

/* What tokens need, from sasl.oauthbearer.* and the options of OAuthBearerLoginModule. Plain texts only, so that it can
 * be handed through librdkafka's sasl.oauthbearer.config as JSON. Caller frees. @errors ERR_BAD_CONFIG */
struct kc_config *oauth_config(const struct kc_config *java, const struct jaas *jaas, struct kc_error *err);
/* Makes or fetches a token. @thread any  @blocks up to the time-outs (10 s each unless set) with a server */
int oauth_token_get(const struct kc_config *oauth, struct oauth_token *ret_token, struct kc_error *err) KC_CHECKED;
/* Expiry and subject of a compact JWS; the signature is for the broker to check. */
int oauth_token_parse(const char *jws, const char *subject_claim, struct oauth_token *ret_token,
                      struct kc_error *err) KC_CHECKED;

#endif
