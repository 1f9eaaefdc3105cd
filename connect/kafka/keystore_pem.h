/* PEM texts as Java accepts them. Internal to keystore.c. */
#ifndef CONNECT_KAFKA_KEYSTORE_PEM_H
#define CONNECT_KAFKA_KEYSTORE_PEM_H

#include <openssl/x509.h>

#include "connect/plugin.h"

bool pem_is(const void *data, size_t len);
/* All certificates of the text, maybe none; the caller frees the stack. */
STACK_OF(X509) * pem_certificates(const void *data, size_t len);
/* The first private key. */
int pem_private_key(const void *data, size_t len, const char *name, const char *key_password, EVP_PKEY **ret_key,
                    struct kc_error *err) KC_CHECKED;

#endif
