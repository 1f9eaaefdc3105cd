/* Makes unsecured tokens and fetches others over HTTP by libcurl or from a file. Called on librdkafka's background
 * thread and on the group's thread; keeps nothing. */
#include "connect/kafka/oauth.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/kafka/keystore.h"

enum { MAX_ANSWER = 1 << 20, DEFAULT_TIMEOUT_MS = 10000 };

void oauth_token_done(struct oauth_token *token) {
    if (token->value)
        explicit_bzero(token->value, strlen(token->value));
    free(token->value);
    free(token->principal);
    for (size_t i = 0; i < 2 * token->extension_count; i++)
        free(token->extensions[i]);
    free(token->extensions);
    *token = (struct oauth_token){0};
}

/* ---- Configuration ---- */

static const char *either(const struct kc_config *java, const char *name, const struct jaas *jaas, const char *option) {
    const char *value = kc_config_get(java, name);
    return value && *value ? value : kc_config_get(jaas->options, option);
}

static void keep(struct kc_config *oauth, const char *name, const char *value) {
    if (value && *value)
        kc_config_set(oauth, name, value);
}

struct kc_config *oauth_config(const struct kc_config *java, const struct jaas *jaas, struct kc_error *err) {
    AUTO(props) oauth = kc_config_copy(jaas->options);
    const char *url = kc_config_get(java, "sasl.oauthbearer.token.endpoint.url");
    keep(oauth, "url", url);
    keep(oauth, "client.id", either(java, "sasl.oauthbearer.client.credentials.client.id", jaas, "clientId"));
    keep(oauth, "client.secret",
         either(java, "sasl.oauthbearer.client.credentials.client.secret", jaas, "clientSecret"));
    keep(oauth, "scope", either(java, "sasl.oauthbearer.scope", jaas, "scope"));
    keep(oauth, "subject", kc_config_get(java, "sasl.oauthbearer.sub.claim.name"));
    keep(oauth, "urlencode", kc_config_get(java, "sasl.oauthbearer.header.urlencode"));
    keep(oauth, "connect.ms", kc_config_get(java, "sasl.login.connect.timeout.ms"));
    keep(oauth, "read.ms", kc_config_get(java, "sasl.login.read.timeout.ms"));
    if (!url || !*url) {
        for (size_t i = 0; i < kc_config_count(jaas->options); i++) {
            if (strncmp(kc_config_key(jaas->options, i), "unsecuredLogin", 14) == 0)
                return TAKE(oauth);
        }
        err_set(err, ERR_BAD_CONFIG,
                "The OAuth configuration option sasl.oauthbearer.token.endpoint.url value is required (or "
                "unsecuredLogin… options in sasl.jaas.config)");
        return NULL;
    }
    if (strncmp(url, "file:", 5) != 0 &&
        (!kc_config_get(oauth, "client.id") || !kc_config_get(oauth, "client.secret"))) {
        err_set(err, ERR_BAD_CONFIG,
                "The OAuth client credentials are incomplete: clientId and clientSecret are required");
        return NULL;
    }
    return TAKE(oauth);
}

/* ---- Base64url ---- */

static char *base64url(const char *data, size_t len) {
    unsigned char *out = malloc(4 * (len / 3 + 1) + 1);
    if (!out)
        return NULL;
    size_t n = (size_t)EVP_EncodeBlock(out, (const unsigned char *)data, (int)len);
    while (n > 0 && out[n - 1] == '=')
        n--;
    out[n] = 0;
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    return (char *)out;
}

/* NULL: not base64. */
static char *base64url_decode(const char *text, size_t len, size_t *ret_len) {
    size_t padded = (len + 3) / 4 * 4;
    AUTO_TEXT in = malloc(padded + 1);
    AUTO_TEXT out = malloc(padded / 4 * 3 + 1);
    if (!in || !out)
        return NULL;
    for (size_t i = 0; i < padded; i++)
        in[i] = i >= len ? '=' : text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    int n = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)in, (int)padded);
    if (n < (int)(padded - len))
        return NULL;
    *ret_len = (size_t)n - (padded - len);
    out[*ret_len] = 0;
    return TAKE(out);
}

int oauth_token_parse(const char *jws, const char *subject_claim, struct oauth_token *ret_token, struct kc_error *err) {
    const char *first = strchr(jws, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    size_t len = 0;
    AUTO_TEXT payload = second ? base64url_decode(first + 1, (size_t)(second - first - 1), &len) : NULL;
    AUTO(json) claims = payload ? json_parse(payload, len, NULL) : NULL;
    const cJSON *exp = claims ? cJSON_GetObjectItemCaseSensitive(claims, "exp") : NULL;
    const char *subject = claims ? json_get_text(claims, subject_claim ? subject_claim : "sub") : NULL;
    if (!claims)
        return err_set(err, ERR_AUTH, "The OAuth token is not a JWT");
    if (!cJSON_IsNumber(exp) || exp->valuedouble < 0 || exp->valuedouble > 1e12)
        return err_set(err, ERR_AUTH, "The OAuth token has no usable expiration (claim exp)");
    if (!subject)
        return err_set(err, ERR_AUTH, "The OAuth token has no subject (claim %s)",
                       subject_claim ? subject_claim : "sub");
    *ret_token = (struct oauth_token){
        .value = strdup(jws), .principal = strdup(subject), .expires_ms = (int64_t)(exp->valuedouble * 1000)};
    return 0;
}

static void add_extensions(const struct kc_config *oauth, const char *prefix, struct oauth_token *token) {
    size_t count = kc_config_count(oauth);
    token->extensions = calloc(2 * count + 1, sizeof(char *));
    for (size_t i = 0; token->extensions && i < count; i++) {
        const char *name = kc_config_key(oauth, i), *value = kc_config_value(oauth, i);
        if (strncmp(name, prefix, strlen(prefix)) != 0 || !value)
            continue;
        token->extensions[2 * token->extension_count] = strdup(name + strlen(prefix));
        token->extensions[2 * token->extension_count++ + 1] = strdup(value);
    }
}

/* ---- Unsecured tokens ---- */

static void add_claims(const struct kc_config *oauth, cJSON *claims) {
    for (size_t i = 0; i < kc_config_count(oauth); i++) {
        const char *name = kc_config_key(oauth, i), *value = kc_config_value(oauth, i);
        if (strncmp(name, "unsecuredLoginStringClaim_", 26) == 0)
            cJSON_AddStringToObject(claims, name + 26, value);
        else if (strncmp(name, "unsecuredLoginNumberClaim_", 26) == 0)
            cJSON_AddNumberToObject(claims, name + 26, strtod(value, NULL));
        else if (strncmp(name, "unsecuredLoginListClaim_", 24) == 0 && *value) {
            cJSON *list = cJSON_AddArrayToObject(claims, name + 24); /* its first character separates the items */
            for (const char *p = value; *p;) {
                size_t len = strcspn(p + 1, (char[]){*value, 0});
                AUTO_TEXT item = strndup(p + 1, len);
                cJSON_AddItemToArray(list, cJSON_CreateString(item));
                p += 1 + len;
            }
        }
    }
}

static int make_unsecured(const struct kc_config *oauth, struct oauth_token *ret_token, struct kc_error *err) {
    const char *lifetime = kc_config_get(oauth, "unsecuredLoginLifetimeSeconds");
    const char *principal_claim = kc_config_get(oauth, "unsecuredLoginPrincipalClaimName");
    double seconds = lifetime ? strtod(lifetime, NULL) : 3600, now = (double)clock_wall_ms() / 1000;
    if (!(seconds > 0 && seconds < 1e9))
        return err_set(err, ERR_BAD_CONFIG, "Invalid value %s for unsecuredLoginLifetimeSeconds", lifetime);
    AUTO(json) claims = cJSON_CreateObject();
    cJSON_AddNumberToObject(claims, "iat", (double)(int64_t)now);
    cJSON_AddNumberToObject(claims, "exp", (double)(int64_t)(now + seconds));
    add_claims(oauth, claims);
    AUTO_BUF text, jws;
    buf_init(&text, MAX_ANSWER);
    buf_init(&jws, 2 * MAX_ANSWER);
    json_write(&text, claims, false);
    AUTO_TEXT header = base64url("{\"alg\":\"none\"}", 14);
    AUTO_TEXT body = base64url(buf_text(&text), text.len);
    if (!header || !body || buf_printf(&jws, "%s.%s.", header, body) < 0)
        return err_set(err, ERR_BAD_CONFIG, "The claims in sasl.jaas.config are too long");
    if (oauth_token_parse(jws.data, principal_claim, ret_token, err) < 0)
        return -1;
    add_extensions(oauth, "unsecuredLoginExtension_", ret_token);
    return 0;
}

/* ---- Fetched tokens ---- */

static size_t collect(char *data, size_t size, size_t count, void *arg) {
    return buf_add(arg, data, size * count) == 0 ? count : 0;
}

static long milliseconds(const struct kc_config *oauth, const char *name) {
    const char *text = kc_config_get(oauth, name);
    long ms = text ? strtol(text, NULL, 10) : 0;
    return ms > 0 ? ms : DEFAULT_TIMEOUT_MS;
}

static int set_credentials(CURL *curl, const struct kc_config *oauth, struct kc_error *err) {
    const char *id = kc_config_get(oauth, "client.id"), *secret = kc_config_get(oauth, "client.secret");
    const char *encode = kc_config_get(oauth, "urlencode"), *scope = kc_config_get(oauth, "scope");
    AUTO_BUF form;
    buf_init(&form, 65536);
    buf_add_text(&form, "grant_type=client_credentials");
    if (scope) {
        char *escaped = curl_easy_escape(curl, scope, 0);
        buf_printf(&form, "&scope=%s", escaped);
        curl_free(escaped);
    }
    if (form.failed)
        return err_set(err, ERR_BAD_CONFIG, "The OAuth scope is too long");
    bool escape = encode && strcasecmp(encode, "true") == 0;
    char *user = escape ? curl_easy_escape(curl, id, 0) : NULL,
         *pass = escape ? curl_easy_escape(curl, secret, 0) : NULL;
    curl_easy_setopt(curl, CURLOPT_USERNAME, user ? user : id);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, pass ? pass : secret);
    curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, form.data);
    curl_free(user);
    curl_free(pass);
    return 0;
}

static int post_form(const struct kc_config *oauth, struct buf *answer, struct kc_error *err) {
    const char *url = kc_config_get(oauth, "url");
    char why[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    if (!curl)
        return err_set(err, ERR_AUTH, "libcurl cannot be used");
    if (set_credentials(curl, oauth, err) < 0) {
        curl_easy_cleanup(curl);
        return -1;
    }
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(oauth, "connect.ms"));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds(oauth, "connect.ms") + milliseconds(oauth, "read.ms"));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    CURLcode rc = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (rc != CURLE_OK)
        return err_set(err, ERR_RETRIABLE, "The OAuth token endpoint %s cannot be reached: %s", url,
                       why[0] ? why : curl_easy_strerror(rc));
    if (status != 200 && status != 201)
        return err_set(err, status >= 500 || status == 429 ? ERR_RETRIABLE : ERR_AUTH,
                       "The OAuth token endpoint %s answered %ld", url, status);
    return 0;
}

static int fetch(const struct kc_config *oauth, struct oauth_token *ret_token, struct kc_error *err) {
    const char *url = kc_config_get(oauth, "url");
    AUTO_BUF answer;
    buf_init(&answer, MAX_ANSWER);
    AUTO_TEXT token = NULL;
    if (strncmp(url, "file:", 5) == 0) {
        const char *path = strncmp(url, "file://", 7) == 0 ? url + 7 : url + 5;
        size_t len = 0;
        if (keystore_read_file(path, "sasl.oauthbearer.token.endpoint.url", &token, &len, err) < 0)
            return -1;
        token[strcspn(token, " \t\r\n")] = 0;
    } else {
        if (post_form(oauth, &answer, err) < 0)
            return -1;
        AUTO(json) body = json_parse(buf_text(&answer), answer.len, NULL);
        const char *text = body ? json_get_text(body, "access_token") : NULL;
        if (!text)
            return err_set(err, ERR_AUTH, "The answer of the OAuth token endpoint %s has no access_token", url);
        token = strdup(text);
    }
    if (oauth_token_parse(token, kc_config_get(oauth, "subject"), ret_token, err) < 0)
        return -1;
    add_extensions(oauth, "extension_", ret_token);
    return 0;
}

int oauth_token_get(const struct kc_config *oauth, struct oauth_token *ret_token, struct kc_error *err) {
    return kc_config_get(oauth, "url") ? fetch(oauth, ret_token, err) : make_unsecured(oauth, ret_token, err);
}
