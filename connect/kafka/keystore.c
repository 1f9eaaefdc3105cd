/* Finds out what a store is (PEM, PKCS12, JKS), reads it and writes PEM. Called while clients are configured; keeps
 * nothing, wipes private keys after use. */
#include "connect/kafka/keystore.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/kafka/keystore_jks.h"
#include "connect/kafka/keystore_pem.h"

enum { MAX_FILE = 16 << 20 };

int keystore_read_file(const char *path, const char *name, char **ret_data, size_t *ret_len, struct kc_error *err) {
    AUTO_BUF b;
    buf_init(&b, MAX_FILE);
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, ERR_BAD_CONFIG, "Failed to load %s %s: %s", name, path, strerror(errno));
    char chunk[16384];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0 && buf_add(&b, chunk, n) == 0)
        ;
    bool failed = ferror(file);
    int problem = errno;
    fclose(file);
    explicit_bzero(chunk, sizeof(chunk));
    if (failed)
        return err_set(err, ERR_BAD_CONFIG, "Failed to load %s %s: %s", name, path, strerror(problem));
    if (b.failed)
        return err_set(err, ERR_BAD_CONFIG, "Failed to load %s %s: larger than 16 MiB", name, path);
    if (b.len == 0)
        return err_set(err, ERR_BAD_CONFIG, "Failed to load %s %s: the file is empty", name, path);
    *ret_len = b.len;
    *ret_data = buf_take(&b);
    return 0;
}

void keystore_key_done(struct keystore_key *key) {
    if (key->key_pem)
        explicit_bzero(key->key_pem, strlen(key->key_pem));
    free(key->key_pem);
    free(key->chain_pem);
    *key = (struct keystore_key){0};
}

/* ---- Writing PEM ---- */

static char *take_bio(BIO *bio) {
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = len > 0 ? strndup(data, (size_t)len) : NULL;
    if (len > 0)
        explicit_bzero(data, (size_t)len);
    BIO_free(bio);
    return text;
}

static char *certificates_pem(STACK_OF(X509) * certs) {
    BIO *bio = BIO_new(BIO_s_mem());
    for (int i = 0; bio && i < sk_X509_num(certs); i++)
        PEM_write_bio_X509(bio, sk_X509_value(certs, i));
    return bio ? take_bio(bio) : NULL;
}

static char *key_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio)
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    return bio ? take_bio(bio) : NULL;
}

/* Brings the certificate of the key to the front and its issuers behind it, in order. */
static void order_chain(STACK_OF(X509) * certs, EVP_PKEY *key) {
    int count = sk_X509_num(certs);
    X509 *issuer_of = NULL;
    for (int at = 0; at < count; at++) {
        int found = -1;
        for (int i = at; i < count && found < 0; i++) {
            X509 *cert = sk_X509_value(certs, i);
            bool fits = at == 0 ? X509_check_private_key(cert, key) == 1
                                : X509_NAME_cmp(X509_get_issuer_name(issuer_of), X509_get_subject_name(cert)) == 0;
            found = fits ? i : -1;
        }
        if (found < 0)
            break;
        X509 *cert = sk_X509_delete(certs, found);
        sk_X509_insert(certs, cert, at);
        issuer_of = cert;
    }
    ERR_clear_error();
}

/* ---- PKCS12 ---- */

/* RC2 and friends, which older keytools wrote. Loaded when first needed, for the life of the process. */
static OSSL_PROVIDER *volatile legacy_provider; /* volatile: nobody reads it, but leak checkers must find it */
static void load_legacy(void) {
    legacy_provider = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
}

static int pkcs12_parse(const void *data, size_t len, const char *name, const char *password, EVP_PKEY **ret_key,
                        STACK_OF(X509) * *ret_certs, struct kc_error *err) {
    static pthread_once_t legacy = PTHREAD_ONCE_INIT;
    const unsigned char *p = data;
    PKCS12 *store = d2i_PKCS12(NULL, &p, (long)len);
    if (!store) {
        ERR_clear_error();
        return err_set(err, ERR_BAD_CONFIG, "%s: neither a PEM, a PKCS12 nor a JKS key store", name);
    }
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    STACK_OF(X509) *others = NULL;
    bool known =
        PKCS12_verify_mac(store, password ? password : "", -1) || (!password && PKCS12_verify_mac(store, NULL, 0));
    int rc = PKCS12_parse(store, password ? password : "", &key, &cert, &others);
    if (rc != 1) {
        pthread_once(&legacy, load_legacy);
        rc = PKCS12_parse(store, password ? password : "", &key, &cert, &others);
    }
    PKCS12_free(store);
    ERR_clear_error();
    if (rc != 1)
        return err_set(err, ERR_BAD_CONFIG, "%s: %s", name,
                       known ? "the PKCS12 key store uses an algorithm that OpenSSL does not offer"
                             : "keystore password was incorrect");
    if (!others)
        others = sk_X509_new_null();
    if (cert)
        sk_X509_insert(others, cert, 0);
    *ret_key = key;
    *ret_certs = others;
    return 0;
}

/* ---- All ---- */

static int refuse_jceks(const void *data, size_t len, const char *name, struct kc_error *err) {
    if (len >= 4 && memcmp(data, "\xCE\xCE\xCE\xCE", 4) == 0)
        return err_set(err, ERR_BAD_CONFIG,
                       "%s: JCEKS key stores cannot be read; convert it: keytool -importkeystore -srckeystore FILE "
                       "-destkeystore FILE.p12 -deststoretype PKCS12",
                       name);
    return 0;
}

static int parse_key_and_chain(const void *data, size_t len, const char *name, const char *password,
                               const char *key_password, EVP_PKEY **ret_key, STACK_OF(X509) * *ret_certs,
                               struct kc_error *err) {
    if (pem_is(data, len)) {
        if (pem_private_key(data, len, name, key_password, ret_key, err) < 0)
            return -1;
        *ret_certs = pem_certificates(data, len);
        return 0;
    }
    if (!password)
        return err_set(err, ERR_BAD_CONFIG, "SSL key store is specified, but key store password is not specified (%s)",
                       name);
    if (jks_is(data, len))
        return jks_parse(data, len, name, password, key_password ? key_password : password, ret_key, ret_certs, err);
    return pkcs12_parse(data, len, name, password, ret_key, ret_certs, err);
}

int keystore_parse_key(const void *data, size_t len, const char *name, const char *password, const char *key_password,
                       struct keystore_key *ret_key, struct kc_error *err) {
    EVP_PKEY *key = NULL;
    STACK_OF(X509) *certs = NULL;
    if (refuse_jceks(data, len, name, err) < 0)
        return -1;
    if (parse_key_and_chain(data, len, name, password, key_password, &key, &certs, err) < 0)
        return -1;
    struct keystore_key result = {0};
    if (key && sk_X509_num(certs) > 0) {
        order_chain(certs, key);
        result = (struct keystore_key){
            .key_pem = key_pem(key), .chain_pem = certificates_pem(certs), .chain_count = (size_t)sk_X509_num(certs)};
    }
    int rc = 0;
    if (!key)
        rc = err_set(err, ERR_BAD_CONFIG, "%s: there is no private key in it", name);
    else if (sk_X509_num(certs) == 0)
        rc = err_set(err, ERR_BAD_CONFIG, "%s: there is no certificate for the private key in it", name);
    else if (!result.key_pem || !result.chain_pem)
        rc = err_set(err, ERR_BAD_CONFIG, "%s: cannot be converted to PEM", name);
    else if (X509_check_private_key(sk_X509_value(certs, 0), key) != 1)
        rc = err_set(err, ERR_BAD_CONFIG, "%s: the private key does not belong to the certificate", name);
    EVP_PKEY_free(key);
    sk_X509_pop_free(certs, X509_free);
    ERR_clear_error();
    if (rc < 0) {
        keystore_key_done(&result);
        return -1;
    }
    *ret_key = result;
    return 0;
}

int keystore_parse_trust(const void *data, size_t len, const char *name, const char *password, char **ret_pem,
                         struct kc_error *err) {
    EVP_PKEY *key = NULL;
    STACK_OF(X509) *certs = NULL;
    if (refuse_jceks(data, len, name, err) < 0)
        return -1;
    if (pem_is(data, len))
        certs = pem_certificates(data, len);
    else if (jks_is(data, len) ? jks_parse(data, len, name, password, NULL, &key, &certs, err) < 0
                               : pkcs12_parse(data, len, name, password, &key, &certs, err) < 0)
        return -1;
    char *pem = certificates_pem(certs);
    EVP_PKEY_free(key);
    sk_X509_pop_free(certs, X509_free);
    if (!pem)
        return err_set(err, ERR_BAD_CONFIG, "%s: there is no trusted certificate in it", name);
    *ret_pem = pem;
    return 0;
}
