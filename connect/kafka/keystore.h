/* Key stores and trust stores of Java clients, turned into PEM texts that OpenSSL and librdkafka understand: PEM,
 * PKCS12 and JKS. What a file really is decides how it is read (as in Java, where ssl.keystore.type=JKS also opens
 * PKCS12).
 * @source org.apache.kafka.common.security.ssl.DefaultSslEngineFactory, sun.security.provider.JavaKeyStore */
#ifndef CONNECT_KAFKA_KEYSTORE_H
#define CONNECT_KAFKA_KEYSTORE_H

#include "connect/plugin.h"

struct keystore_key {
    char *key_pem;   /* PKCS#8, not encrypted; wiped by keystore_key_done */
    char *chain_pem; /* own certificate first, then its issuers */
    size_t chain_count;
};
void keystore_key_done(struct keystore_key *key);

/* The (first) private key of a store with its certificates. `key_password` NULL: the store's. `name` stands for the
 * data in errors, e.g. "ssl.keystore.location /etc/k.jks". @thread any  @errors ERR_BAD_CONFIG */
int keystore_parse_key(const void *data, size_t len, const char *name, const char *password, const char *key_password,
                       struct keystore_key *ret_key, struct kc_error *err) KC_CHECKED;
/* All trusted certificates of a store as one PEM text (malloc'ed); a PEM text is checked and passed through normalised.
 */
int keystore_parse_trust(const void *data, size_t len, const char *name, const char *password, char **ret_pem,
                         struct kc_error *err) KC_CHECKED;
/* The whole file, at most 16 MiB; malloc'ed with a NUL behind. `name` is the option, for errors. @blocks reads a file
 */
int keystore_read_file(const char *path, const char *name, char **ret_data, size_t *ret_len,
                       struct kc_error *err) KC_CHECKED;

#endif
