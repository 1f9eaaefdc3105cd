/* See certificate.h. */
#include "tests/support/certificate.h"

#include <check.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

void certificate_make(const char *common_name, const char *alt_names, X509 **ret_cert, EVP_PKEY **ret_key) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
    X509_set_issuer_name(cert, name);
    if (alt_names) {
        X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt_names);
        X509_add_ext(cert, names, -1);
        X509_EXTENSION_free(names);
    }
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    *ret_cert = cert;
    *ret_key = key;
}

static char *text_of(BIO *bio) {
    char *text;
    long len = BIO_get_mem_data(bio, &text);
    char *copy = strndup(text, (size_t)len);
    BIO_free(bio);
    ck_assert_ptr_nonnull(copy);
    return copy;
}

char *certificate_pem(X509 *cert) {
    BIO *bio = BIO_new(BIO_s_mem());
    ck_assert_int_eq(PEM_write_bio_X509(bio, cert), 1);
    return text_of(bio);
}

char *certificate_key_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    ck_assert_int_eq(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    return text_of(bio);
}
