/* ssl.*: key stores to PEM, Java's cipher suite names to OpenSSL's. Keeps one memory file per client certificate chain.
 */
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "connect/base/comma_list.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/kafka/client_log.h"
#include "connect/kafka/client_security.h"

void client_tls_done(struct client_tls *tls) {
    free(tls->ca_pem);
    keystore_key_done(&tls->key);
    free(tls->cipher_list);
    free(tls->enabled_protocols);
    *tls = (struct client_tls){0};
}

static bool given(const char *value) {
    return value && *value;
}

/* "ssl.keystore.location /etc/k.jks" */
static void store_name(char *to, size_t size, const char *option, const char *path) {
    snprintf(to, size, "%s %s", option, path);
}

/* ---- Trust ---- */

static int read_trust(const struct kc_config *java, struct client_tls *tls, struct kc_error *err) {
    const char *pem = kc_config_get(java, "ssl.truststore.certificates");
    const char *path = kc_config_get(java, "ssl.truststore.location");
    const char *password = kc_config_get(java, "ssl.truststore.password");
    if (given(pem) && given(path))
        return err_set(err, ERR_BAD_CONFIG,
                       "Both SSL trust store location and separate trust certificates are specified.");
    if (given(pem))
        return keystore_parse_trust(pem, strlen(pem), "ssl.truststore.certificates", NULL, &tls->ca_pem, err);
    if (!given(path))
        return 0;
    char name[512];
    AUTO_TEXT data = NULL;
    size_t len = 0;
    if (keystore_read_file(path, "ssl.truststore.location", &data, &len, err) < 0)
        return -1;
    store_name(name, sizeof(name), "ssl.truststore.location", path);
    return keystore_parse_trust(data, len, name, given(password) ? password : NULL, &tls->ca_pem, err);
}

/* ---- Own key ---- */

/* Key and chain given as two PEM texts. */
static int read_pem_key(const char *key, const char *chain, const char *key_password, struct client_tls *tls,
                        struct kc_error *err) {
    AUTO_BUF both;
    buf_init(&both, 4 << 20);
    if (buf_printf(&both, "%s\n%s\n", key, chain) < 0)
        return err_set(err, ERR_BAD_CONFIG, "ssl.keystore.key is too long");
    int rc = keystore_parse_key(both.data, both.len, "ssl.keystore.key with ssl.keystore.certificate.chain", NULL,
                                key_password, &tls->key, err);
    explicit_bzero(both.data, both.len);
    return rc;
}

static int read_key(const struct kc_config *java, struct client_tls *tls, struct kc_error *err) {
    const char *path = kc_config_get(java, "ssl.keystore.location");
    const char *password = kc_config_get(java, "ssl.keystore.password");
    const char *key = kc_config_get(java, "ssl.keystore.key");
    const char *chain = kc_config_get(java, "ssl.keystore.certificate.chain");
    const char *key_password = kc_config_get(java, "ssl.key.password");
    if (!given(key_password))
        key_password = NULL;
    if (given(key) && given(path))
        return err_set(err, ERR_BAD_CONFIG, "Both SSL key store location and separate private key are specified.");
    if (given(key) != given(chain))
        return err_set(err, ERR_BAD_CONFIG, "%s",
                       given(key) ? "SSL private key is specified, but certificate chain is not specified."
                                  : "SSL certificate chain is specified, but private key is not specified");
    if (given(key))
        return read_pem_key(key, chain, key_password, tls, err);
    if (!given(path))
        return 0;
    char name[512], *data = NULL;
    size_t len = 0;
    if (keystore_read_file(path, "ssl.keystore.location", &data, &len, err) < 0)
        return -1;
    store_name(name, sizeof(name), "ssl.keystore.location", path);
    int rc = keystore_parse_key(data, len, name, given(password) ? password : NULL, key_password, &tls->key, err);
    explicit_bzero(data, len);
    free(data);
    return rc;
}

/* ---- The rest ---- */

/* Java's (IANA) names to OpenSSL's for TLS 1.2; those of TLS 1.3 are always on. */
static int read_ciphers(const struct kc_config *java, struct client_tls *tls, struct kc_error *err) {
    const char *value = kc_config_get(java, "ssl.cipher.suites");
    AUTO_BUF list;
    buf_init(&list, 8192);
    const char *item;
    size_t len;
    for (const char *pos = value ? value : ""; comma_list_next(&pos, &item, &len);) {
        char name[128];
        snprintf(name, sizeof(name), "%.*s", (int)len, item);
        const char *openssl_name = OPENSSL_cipher_name(name);
        bool tls13 = strncmp(name, "TLS_AES_", 8) == 0 || strncmp(name, "TLS_CHACHA20_POLY1305_SHA256", 28) == 0;
        if (!tls13)
            buf_printf(&list, "%s%s", list.len ? ":" : "",
                       openssl_name && strcmp(openssl_name, "(NONE)") != 0 ? openssl_name : name);
    }
    if (list.failed)
        return err_set(err, ERR_BAD_CONFIG, "ssl.cipher.suites is too long");
    tls->cipher_list = list.len ? buf_take(&list) : NULL;
    return 0;
}

int client_tls_read(const struct kc_config *java, struct client_tls *ret_tls, struct kc_error *err) {
    struct client_tls tls = {0};
    const char *identification = kc_config_get(java, "ssl.endpoint.identification.algorithm");
    const char *protocols = kc_config_get(java, "ssl.enabled.protocols");
    tls.skip_hostname_check = identification && !*identification;
    tls.enabled_protocols = given(protocols) ? strdup(protocols) : NULL;
    if (read_trust(java, &tls, err) < 0 || read_key(java, &tls, err) < 0 || read_ciphers(java, &tls, err) < 0) {
        client_tls_done(&tls);
        return -1;
    }
    *ret_tls = tls;
    return 0;
}

/* ---- To librdkafka ---- */

/* librdkafka takes one certificate from ssl.certificate.pem, but a whole chain from a file. A path to a memory file
 * with the chain; the file is shared by all clients with that chain and stays for the life of the process. */
static int chain_path(const char *pem, char path[64], struct kc_error *err) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct map *files; /* chain → descriptor + 1 */
    pthread_mutex_lock(&lock);
    if (!files)
        files = map_new(NULL);
    int fd = (int)(intptr_t)map_get(files, pem) - 1;
    if (fd < 0) {
        size_t len = strlen(pem);
        fd = memfd_create("ssl.certificate", MFD_CLOEXEC);
        if (fd >= 0 && write(fd, pem, len) != (ssize_t)len) {
            close(fd);
            fd = -1;
        }
        if (fd >= 0)
            map_put(files, pem, (void *)(intptr_t)(fd + 1));
    }
    pthread_mutex_unlock(&lock);
    if (fd < 0)
        return err_set(err, ERR_IO, "The certificate chain of ssl.keystore.* cannot be kept in a memory file");
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return 0;
}

static int apply_key(rd_kafka_conf_t *conf, const struct keystore_key *key, struct kc_error *err) {
    char path[64];
    if (!key->key_pem)
        return 0;
    if (client_set(conf, "ssl.key.pem", key->key_pem, err) < 0)
        return -1;
    if (key->chain_count == 1)
        return client_set(conf, "ssl.certificate.pem", key->chain_pem, err);
    return chain_path(key->chain_pem, path, err) < 0 ? -1 : client_set(conf, "ssl.certificate.location", path, err);
}

int client_tls_apply(rd_kafka_conf_t *conf, const struct client_tls *tls, struct kc_error *err) {
    if (tls->ca_pem && client_set(conf, "ssl.ca.pem", tls->ca_pem, err) < 0)
        return -1;
    if (tls->cipher_list && client_set(conf, "ssl.cipher.suites", tls->cipher_list, err) < 0)
        return -1;
    if (tls->enabled_protocols &&
        (!strstr(tls->enabled_protocols, "TLSv1.2") || !strstr(tls->enabled_protocols, "TLSv1.3")))
        client_log_once(KC_WARN, "ssl.enabled.protocols",
                        "ssl.enabled.protocols=%s cannot be set in librdkafka: TLSv1.2 and TLSv1.3 stay enabled",
                        tls->enabled_protocols);
    return client_set(conf, "ssl.endpoint.identification.algorithm", tls->skip_hostname_check ? "none" : "https", err) <
                       0 ||
                   apply_key(conf, &tls->key, err) < 0
               ? -1
               : 0;
}
