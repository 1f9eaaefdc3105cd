/* Security settings of a connection: names, owned copies, and the TLS context made from PEM files or texts. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/comma_list.h"
#include "connect/base/err.h"
#include "connect/kafka/wire.h"

static const char *const protocol_names[] = {[WIRE_PLAINTEXT] = "PLAINTEXT",
                                             [WIRE_SSL] = "SSL",
                                             [WIRE_SASL_PLAINTEXT] = "SASL_PLAINTEXT",
                                             [WIRE_SASL_SSL] = "SASL_SSL"};
static const char *const mechanism_names[] = {[WIRE_PLAIN] = "PLAIN",
                                              [WIRE_SCRAM_SHA_256] = "SCRAM-SHA-256",
                                              [WIRE_SCRAM_SHA_512] = "SCRAM-SHA-512",
                                              [WIRE_OAUTHBEARER] = "OAUTHBEARER"};

int wire_protocol_parse(const char *text, enum wire_protocol *ret_protocol) {
    for (size_t i = 0; i < COUNT_OF(protocol_names); i++)
        if (strcasecmp(text, protocol_names[i]) == 0) {
            *ret_protocol = (enum wire_protocol)i;
            return 0;
        }
    return -1;
}

int wire_mechanism_parse(const char *text, enum wire_mechanism *ret_mechanism) {
    for (size_t i = 0; i < COUNT_OF(mechanism_names); i++)
        if (strcmp(text, mechanism_names[i]) == 0) {
            *ret_mechanism = (enum wire_mechanism)i;
            return 0;
        }
    return -1;
}

const char *wire_mechanism_name(enum wire_mechanism mechanism) {
    return mechanism_names[mechanism];
}

/* ---- TLS ---- */

/* Where a PEM comes from, for error texts. */
struct pem {
    const char *path, *text;
    const char *what;
};

static int tls_error(struct kc_error *err, const struct pem *pem, const char *why) {
    unsigned long code = ERR_peek_last_error();
    char reason[256] = "";
    if (code)
        ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return err_set(err, ERR_BAD_CONFIG, "%s%s%s: %s%s%s%s", pem->what, pem->text ? "" : " ", pem->text ? "" : pem->path,
                   why, *reason ? " (" : "", reason, *reason ? ")" : "");
}

static BIO *pem_open(const struct pem *pem, struct kc_error *err) {
    BIO *bio = pem->text ? BIO_new_mem_buf(pem->text, -1) : BIO_new_file(pem->path, "r");
    if (!bio)
        tls_error(err, pem, "cannot be read");
    return bio;
}

static int give_password(char *out, int size, int for_writing, void *arg) {
    (void)for_writing;
    const char *password = arg;
    size_t len = password ? strlen(password) : 0;
    if (len > (size_t)size)
        return -1;
    if (len)
        memcpy(out, password, len);
    return (int)len;
}

static int trust(SSL_CTX *ctx, const struct pem *pem, struct kc_error *err) {
    BIO *bio = pem_open(pem, err);
    if (!bio)
        return -1;
    int count = 0;
    X509 *cert;
    while ((cert = PEM_read_bio_X509(bio, NULL, give_password, NULL))) {
        count += X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) == 1;
        X509_free(cert);
    }
    BIO_free(bio);
    if (count == 0)
        return tls_error(err, pem, "holds no certificate in PEM form");
    ERR_clear_error(); /* the end of the input is reported as an error */
    return 0;
}

static int use_chain(SSL_CTX *ctx, const struct pem *pem, struct kc_error *err) {
    BIO *bio = pem_open(pem, err);
    if (!bio)
        return -1;
    int count = 0, ok = 1;
    X509 *cert;
    while (ok && (cert = PEM_read_bio_X509(bio, NULL, give_password, NULL))) {
        ok = count++ == 0 ? SSL_CTX_use_certificate(ctx, cert) : (int)SSL_CTX_add1_chain_cert(ctx, cert);
        X509_free(cert);
    }
    BIO_free(bio);
    if (!ok)
        return tls_error(err, pem, "holds a certificate that cannot be used");
    if (count == 0)
        return tls_error(err, pem, "holds no certificate in PEM form");
    ERR_clear_error();
    return 0;
}

static int use_key(SSL_CTX *ctx, const struct pem *pem, const char *password, struct kc_error *err) {
    BIO *bio = pem_open(pem, err);
    if (!bio)
        return -1;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_password, (void *)(uintptr_t)password);
    BIO_free(bio);
    if (!key)
        return tls_error(err, pem, "holds no private key in PEM form, or the key password is wrong");
    int ok = SSL_CTX_use_PrivateKey(ctx, key);
    EVP_PKEY_free(key);
    if (!ok || !SSL_CTX_check_private_key(ctx))
        return tls_error(err, pem, "holds a private key that does not belong to the certificate");
    return 0;
}

static int tls_version(const char *name, size_t len) {
    static const struct {
        const char *name;
        int version;
    } versions[] = {
        {"TLSv1", TLS1_VERSION}, {"TLSv1.1", TLS1_1_VERSION}, {"TLSv1.2", TLS1_2_VERSION}, {"TLSv1.3", TLS1_3_VERSION}};
    for (size_t i = 0; i < COUNT_OF(versions); i++)
        if (strlen(versions[i].name) == len && strncmp(versions[i].name, name, len) == 0)
            return versions[i].version;
    return -1;
}

static int limit_versions(SSL_CTX *ctx, const char *protocols, struct kc_error *err) {
    int lowest = 0, highest = 0;
    const char *name;
    size_t len;
    for (const char *at = protocols ? protocols : "TLSv1.2,TLSv1.3"; comma_list_next(&at, &name, &len);) {
        int version = tls_version(name, len);
        if (version < 0)
            return err_set(err, ERR_BAD_CONFIG,
                           "Invalid value %s for configuration ssl.enabled.protocols: %.*s is not a known TLS version",
                           protocols, (int)len, name);
        lowest = lowest == 0 || version < lowest ? version : lowest;
        highest = version > highest ? version : highest;
    }
    if (!SSL_CTX_set_min_proto_version(ctx, lowest) || !SSL_CTX_set_max_proto_version(ctx, highest))
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid value %s for configuration ssl.enabled.protocols: not supported by this OpenSSL",
                       protocols);
    return 0;
}

/* Java names suites as IANA does; OpenSSL keeps those of TLS 1.3 apart. */
static int limit_ciphers(SSL_CTX *ctx, const char *suites, struct kc_error *err) {
    AUTO_BUF tls12, tls13;
    buf_init(&tls12, 16 << 10);
    buf_init(&tls13, 16 << 10);
    const char *name;
    size_t len;
    for (const char *at = suites; comma_list_next(&at, &name, &len);) {
        AUTO_TEXT one = strndup(name, len);
        const char *openssl = OPENSSL_cipher_name(one);
        bool is13 = strncmp(one, "TLS_AES_", 8) == 0 || strncmp(one, "TLS_CHACHA20_", 13) == 0;
        struct buf *list = is13 ? &tls13 : &tls12;
        bool known = openssl && strcmp(openssl, "(NONE)") != 0;
        buf_printf(list, "%s%s", list->len ? ":" : "", known && !is13 ? openssl : one);
    }
    bool ok = (!tls12.len || SSL_CTX_set_cipher_list(ctx, buf_text(&tls12))) &&
              (!tls13.len || SSL_CTX_set_ciphersuites(ctx, buf_text(&tls13)));
    ERR_clear_error();
    return ok ? 0
              : err_set(err, ERR_BAD_CONFIG,
                        "Invalid value %s for configuration ssl.cipher.suites: no suite of it is known", suites);
}

static int fill_context(SSL_CTX *ctx, const struct wire_security *sec, struct kc_error *err) {
    if (limit_versions(ctx, sec->ssl_enabled_protocols, err) < 0)
        return -1;
    if (sec->ssl_cipher_suites && *sec->ssl_cipher_suites && limit_ciphers(ctx, sec->ssl_cipher_suites, err) < 0)
        return -1;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    struct pem ca = {sec->ssl_ca_path, sec->ssl_ca_pem, "SSL trust store"};
    if (ca.path || ca.text) {
        if (trust(ctx, &ca, err) < 0)
            return -1;
    } else if (!SSL_CTX_set_default_verify_paths(ctx)) {
        return err_set(err, ERR_BAD_CONFIG, "The system's trusted certificates cannot be loaded");
    }
    struct pem chain = {sec->ssl_certificate_path, sec->ssl_certificate_pem, "SSL key store"};
    if (!chain.path && !chain.text)
        return 0;
    struct pem key = {sec->ssl_key_path, sec->ssl_key_pem, "SSL key store"};
    if (!key.path && !key.text)
        key = chain;
    return use_chain(ctx, &chain, err) < 0 || use_key(ctx, &key, sec->ssl_key_password, err) < 0 ? -1 : 0;
}

/* ---- copies ---- */

/* The texts of the struct, for copying and freeing alike. */
#define TEXTS(X)             \
    X(ssl_ca_path)           \
    X(ssl_ca_pem)            \
    X(ssl_certificate_path)  \
    X(ssl_certificate_pem)   \
    X(ssl_key_path)          \
    X(ssl_key_pem)           \
    X(ssl_key_password)      \
    X(ssl_enabled_protocols) \
    X(ssl_cipher_suites)     \
    X(user)                  \
    X(password)

struct wire_security *wire_security_free(struct wire_security *sec) {
    if (!sec)
        return NULL;
#define X(field)                                                            \
    if (sec->field)                                                         \
        OPENSSL_cleanse((void *)(uintptr_t)sec->field, strlen(sec->field)); \
    free((void *)(uintptr_t)sec->field);
    TEXTS(X)
#undef X
    SSL_CTX_free(sec->ssl_ctx);
    free(sec);
    return NULL;
}

struct wire_security *wire_security_copy(const struct wire_security *sec, struct kc_error *err) {
    AUTO(wire_security) copy = calloc(1, sizeof *copy);
    if (!copy)
        abort();
    *copy = *sec;
    copy->ssl_ctx = NULL;
#define X(field) copy->field = sec->field ? strdup(sec->field) : NULL;
    TEXTS(X)
#undef X
    if (sec->protocol != WIRE_SSL && sec->protocol != WIRE_SASL_SSL)
        return TAKE(copy);
    if (sec->ssl_ctx) {
        SSL_CTX_up_ref(sec->ssl_ctx);
        copy->ssl_ctx = sec->ssl_ctx;
        return TAKE(copy);
    }
    copy->ssl_ctx = SSL_CTX_new(TLS_client_method());
    if (!copy->ssl_ctx) {
        err_set(err, ERR_INTERNAL, "OpenSSL cannot make a TLS context");
        return NULL;
    }
    return fill_context(copy->ssl_ctx, sec, err) < 0 ? NULL : TAKE(copy);
}
