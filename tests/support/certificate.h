/* Certificates that nobody but themselves has signed, for tests of TLS. */
#ifndef TESTS_SUPPORT_CERTIFICATE_H
#define TESTS_SUPPORT_CERTIFICATE_H

#include <openssl/types.h>

/* Valid for an hour around now. `alt_names` as in "DNS:localhost,IP:127.0.0.1", NULL: none. Caller frees both. */
void certificate_make(const char *common_name, const char *alt_names, X509 **ret_cert, EVP_PKEY **ret_key);
/* PEM text, malloc'ed. */
char *certificate_pem(X509 *cert);
char *certificate_key_pem(EVP_PKEY *key);

#endif
