/* See rest_tls.h. */
#include "connect/rest_tls.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/buf.h"
#include "connect/base/comma_list.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/kafka/keystore.h"

#define LOG_TLS "org.apache.kafka.connect.runtime.rest.util.SSLUtils"

/* Where the options of one role are read. */
struct scope {
    const struct kc_config *worker;
    const char *prefix; /* "" or "listeners.https." */
};

static struct scope scope_of(const struct kc_config *worker, enum rest_tls_role role) {
    const char *prefix = role == REST_TLS_ADMIN_LISTENER ? "admin.listeners.https." : "listeners.https.";
    for (size_t i = 0; i < kc_config_count(worker); i++) {
        if (strncmp(kc_config_key(worker, i), prefix, strlen(prefix)) == 0)
            return (struct scope){worker, prefix};
    }
    return (struct scope){worker, ""};
}

static void name_of(const struct scope *scope, const char *option, char name[128]) {
    snprintf(name, 128, "%s%s", scope->prefix, option);
}

/* NULL when it is missing or empty. */
static const char *value_of(const struct scope *scope, const char *option) {
    char name[128];
    name_of(scope, option, name);
    const char *value = kc_config_get(scope->worker, name);
    return value && *value ? value : NULL;
}

/* ---- stores ---- */

/* The file that an option names, with the name for errors: the option and the path. */
static int read_store(const struct scope *scope, const char *option, char **ret_data, size_t *ret_len, char name[512],
                      struct kc_error *err) {
    char full[128];
    name_of(scope, option, full);
    const char *path = kc_config_get(scope->worker, full);
    snprintf(name, 512, "%s %.380s", full, path);
    return keystore_read_file(path, full, ret_data, ret_len, err);
}

static int load_key(const struct scope *scope, struct rest_tls *tls, struct kc_error *err) {
    AUTO_TEXT data = NULL;
    size_t len = 0;
    char name[512];
    struct keystore_key key = {0};
    if (read_store(scope, "ssl.keystore.location", &data, &len, name, err) < 0)
        return -1;
    int rc = keystore_parse_key(data, len, name, value_of(scope, "ssl.keystore.password"),
                                value_of(scope, "ssl.key.password"), &key, err);
    explicit_bzero(data, len);
    if (rc < 0)
        return -1;
    tls->key_pem = TAKE(key.key_pem);
    tls->chain_pem = TAKE(key.chain_pem);
    keystore_key_done(&key);
    return 0;
}

/* The key and its certificates as texts: ssl.keystore.key and ssl.keystore.certificate.chain. */
static int load_key_text(const struct scope *scope, struct rest_tls *tls, struct kc_error *err) {
    const char *key_text = value_of(scope, "ssl.keystore.key");
    const char *chain_text = value_of(scope, "ssl.keystore.certificate.chain");
    char name[128];
    struct keystore_key key = {0};
    AUTO_TEXT both = NULL;
    name_of(scope, "ssl.keystore.key", name);
    if (asprintf(&both, "%s\n%s\n", key_text, chain_text ? chain_text : "") < 0)
        return err_set(err, ERR_INTERNAL, "out of memory");
    int rc = keystore_parse_key(both, strlen(both), name, NULL, value_of(scope, "ssl.key.password"), &key, err);
    explicit_bzero(both, strlen(both));
    if (rc < 0)
        return -1;
    tls->key_pem = TAKE(key.key_pem);
    tls->chain_pem = TAKE(key.chain_pem);
    keystore_key_done(&key);
    return 0;
}

static int load_trust(const struct scope *scope, struct rest_tls *tls, struct kc_error *err) {
    AUTO_TEXT data = NULL;
    size_t len = 0;
    char name[512];
    if (read_store(scope, "ssl.truststore.location", &data, &len, name, err) < 0)
        return -1;
    return keystore_parse_trust(data, len, name, value_of(scope, "ssl.truststore.password"), &tls->trust_pem, err);
}

static int load_stores(const struct scope *scope, enum rest_tls_role role, struct rest_tls *tls, struct kc_error *err) {
    bool key = value_of(scope, "ssl.keystore.location") != NULL;
    const char *trust = value_of(scope, "ssl.truststore.certificates");
    if (!key && value_of(scope, "ssl.keystore.key")) {
        if (load_key_text(scope, tls, err) < 0)
            return -1;
    } else if (!key && role != REST_TLS_CLIENT)
        return err_set(
            err, ERR_BAD_CONFIG,
            "Missing required configuration \"%sssl.keystore.location\": an https listener needs a key store "
            "with its key and certificate",
            scope->prefix);
    if (key && load_key(scope, tls, err) < 0)
        return -1;
    if (trust)
        return keystore_parse_trust(trust, strlen(trust), "ssl.truststore.certificates", NULL, &tls->trust_pem, err);
    return value_of(scope, "ssl.truststore.location") ? load_trust(scope, tls, err) : 0;
}

/* ---- words ---- */

static int invalid(const struct scope *scope, const char *option, const char *value, const char *why,
                   struct kc_error *err) {
    return err_set(err, ERR_BAD_CONFIG, "Invalid value %s for configuration %s%s: %s", value, scope->prefix, option,
                   why);
}

/* The next item of a comma separated list; false at the end. */
static bool next_item(const char **pos, char item[128]) {
    const char *found;
    size_t len;
    if (!comma_list_next(pos, &found, &len))
        return false;
    snprintf(item, 128, "%.*s", (int)len, found);
    return true;
}

static int load_protocols(const struct scope *scope, struct rest_tls *tls, struct kc_error *err) {
    const char *list = value_of(scope, "ssl.enabled.protocols");
    char item[128];
    tls->tls12 = tls->tls13 = !list;
    for (const char *p = list ? list : ""; next_item(&p, item);) {
        if (strcasecmp(item, "TLSv1.2") == 0)
            tls->tls12 = true;
        else if (strcasecmp(item, "TLSv1.3") == 0)
            tls->tls13 = true;
        else
            kc_log(KC_WARN, LOG_TLS, "%sssl.enabled.protocols: %s is not offered, only TLSv1.2 and TLSv1.3 are",
                   scope->prefix, item);
    }
    if (!tls->tls12 && !tls->tls13)
        return invalid(scope, "ssl.enabled.protocols", list, "it must have TLSv1.2 or TLSv1.3", err);
    return 0;
}

static int load_ciphers(const struct scope *scope, struct rest_tls *tls, struct kc_error *err) {
    char item[128];
    for (const char *p = value_of(scope, "ssl.cipher.suites"); p && next_item(&p, item);) {
        char **grown = reallocarray(tls->cipher_suites, tls->cipher_suite_count + 1, sizeof *grown);
        if (!grown)
            return err_set(err, ERR_INTERNAL, "out of memory");
        tls->cipher_suites = grown;
        grown[tls->cipher_suite_count++] = strdup(item);
    }
    return 0;
}

static int load_words(const struct scope *scope, struct rest_tls *tls, struct kc_error *err) {
    const char *auth = value_of(scope, "ssl.client.auth");
    char identification[128];
    name_of(scope, "ssl.endpoint.identification.algorithm", identification);
    const char *algorithm = kc_config_get(scope->worker, identification);
    tls->check_hostname = !algorithm || *algorithm;
    if (auth && strcasecmp(auth, "required") == 0)
        tls->client_auth = REST_CLIENT_AUTH_REQUIRED;
    else if (auth && strcasecmp(auth, "requested") == 0)
        tls->client_auth = REST_CLIENT_AUTH_REQUESTED;
    else if (auth && strcasecmp(auth, "none") != 0)
        return invalid(scope, "ssl.client.auth", auth, "String must be one of: required, requested, none", err);
    return load_protocols(scope, tls, err) < 0 ? -1 : load_ciphers(scope, tls, err);
}

int rest_tls_load(const struct kc_config *worker, enum rest_tls_role role, struct rest_tls **ret_tls,
                  struct kc_error *err) {
    struct scope scope = scope_of(worker, role);
    AUTO(rest_tls) tls = calloc(1, sizeof *tls);
    if (!tls)
        return err_set(err, ERR_INTERNAL, "out of memory");
    if (load_words(&scope, tls, err) < 0 || load_stores(&scope, role, tls, err) < 0)
        return -1;
    *ret_tls = TAKE(tls);
    return 0;
}

struct rest_tls *rest_tls_free(struct rest_tls *tls) {
    if (!tls)
        return NULL;
    if (tls->key_pem)
        explicit_bzero(tls->key_pem, strlen(tls->key_pem));
    free(tls->key_pem);
    free(tls->chain_pem);
    free(tls->trust_pem);
    for (size_t i = 0; i < tls->cipher_suite_count; i++)
        free(tls->cipher_suites[i]);
    free(tls->cipher_suites);
    free(tls);
    return NULL;
}

/* ---- client ---- */

bool rest_tls_is_https(const char *url) {
    return strncasecmp(url, "https://", 8) == 0;
}

static void set_blob(CURL *curl, CURLoption option, const char *pem) {
    struct curl_blob blob = {.data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};
    curl_easy_setopt(curl, option, &blob);
}

/* Suites of TLS 1.2 go by OpenSSL's names, those of 1.3 by their own. */
static void set_ciphers(CURL *curl, const struct rest_tls *tls) {
    AUTO_BUF tls12, tls13;
    buf_init(&tls12, 1 << 16);
    buf_init(&tls13, 1 << 16);
    for (size_t i = 0; i < tls->cipher_suite_count; i++) {
        const char *name = tls->cipher_suites[i], *openssl = OPENSSL_cipher_name(name);
        bool old = strstr(name, "_WITH_") != NULL;
        struct buf *list = old ? &tls12 : &tls13;
        (void)buf_printf(list, "%s%s", list->len ? ":" : "", old && strcmp(openssl, "(NONE)") != 0 ? openssl : name);
    }
    if (tls12.len)
        curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, buf_text(&tls12));
    if (tls13.len)
        curl_easy_setopt(curl, CURLOPT_TLS13_CIPHERS, buf_text(&tls13));
}

void rest_tls_apply(const struct rest_tls *tls, CURL *curl) {
    long low = tls->tls12 ? CURL_SSLVERSION_TLSv1_2 : CURL_SSLVERSION_TLSv1_3;
    long high = tls->tls13 ? CURL_SSLVERSION_MAX_TLSv1_3 : CURL_SSLVERSION_MAX_TLSv1_2;
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, low | high);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, tls->check_hostname ? 2L : 0L);
    if (tls->trust_pem)
        set_blob(curl, CURLOPT_CAINFO_BLOB, tls->trust_pem);
    if (tls->key_pem) {
        curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, "PEM");
        curl_easy_setopt(curl, CURLOPT_SSLKEYTYPE, "PEM");
        set_blob(curl, CURLOPT_SSLCERT_BLOB, tls->chain_pem);
        set_blob(curl, CURLOPT_SSLKEY_BLOB, tls->key_pem);
    }
    set_ciphers(curl, tls);
}
