/* Java's own key store format (JKS). Internal to keystore.c.
 *   u32 magic FEEDFEED, u32 version, u32 count, then per entry: u32 tag, alias, u64 date, and
 *   tag 1: encrypted private key, u32 certificates; tag 2: one trusted certificate; at the end SHA-1 of everything. */
#ifndef CONNECT_KAFKA_KEYSTORE_JKS_H
#define CONNECT_KAFKA_KEYSTORE_JKS_H

#include <openssl/x509.h>

#include "connect/plugin.h"

bool jks_is(const void *data, size_t len);
/* `key_password` NULL: only certificates are wanted, keys are skipped, and so are their chains.
 * The first private key and its chain in file order, or every trusted certificate, in ret_certs (caller frees). */
int jks_parse(const void *data, size_t len, const char *name, const char *password, const char *key_password,
              EVP_PKEY **ret_key, STACK_OF(X509) * *ret_certs, struct kc_error *err) KC_CHECKED;

#endif
