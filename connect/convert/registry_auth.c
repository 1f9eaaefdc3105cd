/* Credentials of the registry client: user and password, a fixed token, or tokens of an OAuth server that are fetched
 * anew before they end. Owned by the client's registry_http; tokens live in memory only.
 * @source io.confluent.kafka.schemaregistry.client.security.basicauth, .bearerauth */
#include <openssl/evp.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/convert/registry_parts.h"
#include "connect/kafka/jaas.h"
#include "connect/kafka/oauth.h"

static bool given(const char *text) {
    return text && *text;
}

static char *copy(const char *text) {
    return given(text) ? strdup(text) : NULL;
}

static void wipe(char *text) {
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static char *bearer_header(const char *token) {
    char *header = NULL;
    return asprintf(&header, "Authorization: Bearer %s", token) < 0 ? NULL : header;
}

char *registry_auth_basic(const char *user_info) {
    size_t len = strlen(user_info);
    static const char start[] = "Authorization: Basic ";
    char *header = malloc(sizeof(start) + 4 * (len / 3 + 1));
    if (!header)
        return NULL;
    memcpy(header, start, sizeof(start));
    EVP_EncodeBlock((unsigned char *)header + sizeof(start) - 1, (const unsigned char *)user_info, (int)len);
    return header;
}

/* ---- user and password ---- */

static int inherit_user(struct registry_auth *auth, const struct kc_config *config, struct kc_error *err) {
    const char *text = kc_config_get(config, "sasl.jaas.config");
    if (!given(text))
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "sasl.jaas.config must be set when basic.auth.credentials.source is set to SASL_INHERIT");
    struct jaas jaas = {0};
    if (jaas_parse(text, &jaas, err) < 0)
        return -1;
    const char *user = kc_config_get(jaas.options, "username"), *password = kc_config_get(jaas.options, "password");
    AUTO_TEXT both = NULL;
    if (user && asprintf(&both, "%s:%s", user, password ? password : "") >= 0)
        auth->header = registry_auth_basic(both);
    if (both)
        explicit_bzero(both, strlen(both));
    jaas_done(&jaas);
    return auth->header ? 0
                        : kc_fail(err, KC_CONFIG_EXCEPTION,
                                  "Provided SASL Login module doesn't provide username and password options and can't "
                                  "be inherited");
}

static int init_basic(struct registry_auth *auth, const struct registry_conf *conf, const struct kc_config *config,
                      struct kc_error *err) {
    const char *source = conf->basic_source;
    auth->kind = AUTH_BASIC;
    if (!given(source) || strcmp(source, "URL") == 0) {
        auth->kind = AUTH_URL;
        return 0;
    }
    if (strcmp(source, "SASL_INHERIT") == 0)
        return inherit_user(auth, config, err);
    if (strcmp(source, "USER_INFO") != 0)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Invalid value %s for configuration basic.auth.credentials.source: it must be one of URL, "
                       "USER_INFO, SASL_INHERIT",
                       source);
    const char *user_info = given(conf->basic_user_info_deprecated.value) ? conf->basic_user_info_deprecated.value
                                                                          : conf->basic_user_info.value;
    if (!given(user_info))
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "UserInfo must be provided when basic.auth.credentials.source is set to USER_INFO");
    auth->header = registry_auth_basic(user_info);
    return 0;
}

/* ---- tokens ---- */

static void set(struct kc_config *oauth, const char *key, const char *value) {
    if (given(value))
        kc_config_set(oauth, key, value);
}

static int check_oauth(const struct registry_auth *auth, struct kc_error *err) {
    static const char *const needed[][2] = {{"url", "bearer.auth.issuer.endpoint.url"},
                                            {"client.id", "bearer.auth.client.id"},
                                            {"client.secret", "bearer.auth.client.secret"}};
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (!kc_config_get(auth->oauth, needed[i][0]))
            return kc_fail(err, KC_CONFIG_EXCEPTION, "The OAuth configuration option %s value must be non-null",
                           needed[i][1]);
    return 0;
}

/* Options of the login module first, those of bearer.auth.* win. */
static int init_oauth(struct registry_auth *auth, const struct registry_conf *conf, const struct kc_config *config,
                      bool inherit, struct kc_error *err) {
    auth->kind = AUTH_OAUTH;
    auth->oauth = kc_config_new();
    auth->expiry_buffer_s = conf->bearer_expiry_buffer_s;
    if (inherit) {
        const char *text = kc_config_get(config, "sasl.jaas.config");
        struct jaas jaas = {0};
        if (!given(text))
            return kc_fail(err, KC_CONFIG_EXCEPTION,
                           "sasl.jaas.config must be set when bearer.auth.credentials.source is set to %s",
                           conf->bearer_source);
        if (jaas_parse(text, &jaas, err) < 0)
            return -1;
        set(auth->oauth, "url", kc_config_get(config, "sasl.oauthbearer.token.endpoint.url"));
        set(auth->oauth, "client.id", kc_config_get(jaas.options, "clientId"));
        set(auth->oauth, "client.secret", kc_config_get(jaas.options, "clientSecret"));
        set(auth->oauth, "scope", kc_config_get(jaas.options, "scope"));
        if (!auth->identity_pool)
            auth->identity_pool = copy(kc_config_get(jaas.options, "extension_identityPoolId"));
        jaas_done(&jaas);
    }
    set(auth->oauth, "url", conf->bearer_issuer_url);
    set(auth->oauth, "client.id", conf->bearer_client_id);
    set(auth->oauth, "client.secret", conf->bearer_client_secret.value);
    set(auth->oauth, "scope", conf->bearer_scope);
    set(auth->oauth, "subject", kc_config_get(config, "bearer.auth.sub.claim.name"));
    return check_oauth(auth, err);
}

static int init_bearer(struct registry_auth *auth, const struct registry_conf *conf, const struct kc_config *config,
                       struct kc_error *err) {
    const char *source = conf->bearer_source;
    auth->cluster = copy(conf->bearer_logical_cluster);
    auth->identity_pool = copy(conf->bearer_identity_pool);
    if (strcmp(source, "OAUTHBEARER") == 0 || strcmp(source, "SASL_OAUTHBEARER_INHERIT") == 0)
        return init_oauth(auth, conf, config, *source == 'S', err);
    if (strcmp(source, "STATIC_TOKEN") != 0)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Invalid value %s for configuration bearer.auth.credentials.source: it must be one of "
                       "STATIC_TOKEN, OAUTHBEARER, SASL_OAUTHBEARER_INHERIT",
                       source);
    if (!given(conf->bearer_token.value))
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Token must be provided via bearer.auth.token config when bearer.auth.credentials.source is set "
                       "to STATIC_TOKEN");
    auth->kind = AUTH_TOKEN;
    auth->header = bearer_header(conf->bearer_token.value);
    return 0;
}

static int renew_token(struct registry_auth *auth, struct kc_error *err) {
    int64_t now = clock_wall_ms();
    if (auth->header && now < auth->token_good_until_ms)
        return 0;
    struct oauth_token token = {0};
    if (oauth_token_get(auth->oauth, &token, err) < 0)
        return err_prefix(err, "No token for the schema registry");
    wipe(auth->header);
    auth->header = bearer_header(token.value);
    auth->token_good_until_ms = token.expires_ms - (int64_t)auth->expiry_buffer_s * 1000;
    oauth_token_done(&token);
    return 0;
}

/* ---- both ---- */

int registry_auth_init(struct registry_auth *auth, const struct registry_conf *conf, const struct kc_config *config,
                       struct kc_error *err) {
    bool basic = given(kc_config_get(config, "basic.auth.credentials.source"));
    bool bearer = given(kc_config_get(config, "bearer.auth.credentials.source"));
    if (basic && bearer)
        return kc_fail(err, KC_CONFIG_EXCEPTION,
                       "Only one of 'basic.auth.credentials.source' and 'bearer.auth.credentials.source' may be "
                       "specified");
    return bearer ? init_bearer(auth, conf, config, err) : init_basic(auth, conf, config, err);
}

void registry_auth_done(struct registry_auth *auth) {
    wipe(auth->header);
    kc_config_free(auth->oauth);
    free(auth->cluster);
    free(auth->identity_pool);
    *auth = (struct registry_auth){0};
}

static void add_header(struct curl_slist **headers, const char *name, const char *value) {
    AUTO_TEXT line = NULL;
    if (value && asprintf(&line, "%s: %s", name, value) >= 0)
        *headers = curl_slist_append(*headers, line);
}

int registry_auth_headers(struct registry_auth *auth, const char *url_auth, struct curl_slist **headers,
                          struct kc_error *err) {
    if (auth->kind == AUTH_OAUTH && renew_token(auth, err) < 0)
        return -1;
    const char *header = auth->kind == AUTH_URL ? url_auth : auth->header;
    if (header)
        *headers = curl_slist_append(*headers, header);
    add_header(headers, "target-sr-cluster", auth->cluster);
    add_header(headers, "Confluent-Identity-Pool-Id", auth->identity_pool);
    return 0;
}
