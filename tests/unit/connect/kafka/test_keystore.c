/* Key stores as keytool and openssl write them (tests/data/keystores), and bad ones. */
#include "tests/support/suite.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/kafka/client.h"
#include "connect/kafka/keystore.h"
#include "connect/kafka/wire.h"
#include "tests/support/mock_kafka.h"

static char *load(const char *name, size_t *ret_len) {
    char path[256], *data = NULL;
    struct kc_error err = {0};
    snprintf(path, sizeof(path), "data/keystores/%s", name);
    ck_assert_msg(keystore_read_file(tests_path(path), "ssl.keystore.location", &data, ret_len, &err) == 0, "%s",
                  err.text);
    return data;
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)); p++)
        n++;
    return n;
}

static EVP_PKEY *key_of(const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ck_assert_ptr_nonnull(key);
    return key;
}

static const struct {
    const char *file, *password, *key_password;
    size_t chain;
} stores[] = {
    {"client.jks", "changeit", "keypass", 2},
    {"client.p12", "changeit", NULL, 2},
    {"client-legacy.p12", "changeit", NULL, 2},
    {"client.pem", NULL, "keypass", 2},
};

START_TEST(keys) {
    size_t len;
    AUTO_TEXT plain = load("key.pem", &len);
    AUTO_TEXT data = load(stores[_i].file, &len);
    struct keystore_key key;
    struct kc_error err = {0};
    ck_assert_msg(
        keystore_parse_key(data, len, stores[_i].file, stores[_i].password, stores[_i].key_password, &key, &err) == 0,
        "%s", err.text);
    ck_assert_uint_eq(key.chain_count, stores[_i].chain);
    ck_assert_uint_eq(count(key.chain_pem, "-----BEGIN CERTIFICATE-----"), stores[_i].chain);
    EVP_PKEY *got = key_of(key.key_pem), *want = key_of(plain);
    ck_assert_int_eq(EVP_PKEY_eq(got, want), 1);
    EVP_PKEY_free(got);
    EVP_PKEY_free(want);
    keystore_key_done(&key);
}
END_TEST

static const struct {
    const char *file, *password, *key_password, *text;
} bad[] = {
    {"client.jks", "wrong", "keypass", "password was incorrect"},
    {"client.jks", "changeit", "wrong", "Cannot recover key: the key password is incorrect"},
    {"client.jks", NULL, NULL, "key store password is not specified"},
    {"client.p12", "wrong", NULL, "keystore password was incorrect"},
    {"client.pem", NULL, NULL, "ssl.key.password is missing or wrong"},
    {"client.pem", NULL, "wrong", "ssl.key.password is missing or wrong"},
    {"trust.jks", "changeit", NULL, "there is no private key in it"},
    {"trust.p12", "changeit", NULL, "there is no private key in it"},
    {"root.pem", NULL, NULL, "No matching PRIVATE KEY entries in PEM file"},
    {"key.pem", NULL, NULL, "there is no certificate for the private key in it"},
    {"client.jceks", "changeit", NULL, "JCEKS key stores cannot be read"},
    {"make.sh", "changeit", NULL, "neither a PEM, a PKCS12 nor a JKS key store"},
};

START_TEST(bad_keys) {
    size_t len;
    AUTO_TEXT data = load(bad[_i].file, &len);
    struct keystore_key key;
    struct kc_error err = {0};
    ck_assert_int_lt(
        keystore_parse_key(data, len, "ssl.keystore.location F", bad[_i].password, bad[_i].key_password, &key, &err),
        0);
    ck_assert_msg(strstr(err.text, bad[_i].text) != NULL, "%s: %s", bad[_i].file, err.text);
    ck_assert_ptr_nonnull(strstr(err.text, "ssl.keystore.location F"));
    ck_assert_str_eq(err.exception, KC_CONFIG_EXCEPTION);
}
END_TEST

START_TEST(trust) {
    static const struct {
        const char *file, *password;
        size_t certificates;
    } cases[] = {{"trust.jks", "changeit", 2},
                 {"trust.jks", NULL, 2},
                 {"trust.p12", "changeit", 1},
                 {"root.pem", NULL, 1},
                 {"chain.pem", NULL, 2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len;
        AUTO_TEXT data = load(cases[i].file, &len);
        AUTO_TEXT pem = NULL;
        struct kc_error err = {0};
        ck_assert_msg(keystore_parse_trust(data, len, "T", cases[i].password, &pem, &err) == 0, "%s", err.text);
        ck_assert_uint_eq(count(pem, "-----BEGIN CERTIFICATE-----"), cases[i].certificates);
    }
    struct kc_error err = {0};
    char *pem;
    size_t len;
    AUTO_TEXT data = load("trust.jks", &len);
    ck_assert_int_lt(keystore_parse_trust(data, len, "T", "wrong", &pem, &err), 0);
    ck_assert_int_lt(keystore_parse_trust(data, len / 2, "T", NULL, &pem, &err), 0);
    AUTO_TEXT key_only = load("key.pem", &len);
    ck_assert_int_lt(keystore_parse_trust(key_only, len, "T", NULL, &pem, &err), 0);
    ck_assert_str_eq(err.text, "T: there is no trusted certificate in it");
}
END_TEST

/* Every prefix of every store is refused cleanly, or is complete enough. */
START_TEST(cut_stores) {
    size_t len;
    AUTO_TEXT data = load(stores[_i].file, &len);
    for (size_t n = 0; n < len; n += n < 64 ? 1 : 37) {
        struct keystore_key key;
        struct kc_error err = {0};
        AUTO_TEXT part = malloc(n + 1);
        memcpy(part, data, n);
        if (keystore_parse_key(part, n, "F", stores[_i].password, stores[_i].key_password, &key, &err) == 0)
            keystore_key_done(&key);
    }
}
END_TEST

/* In a properties file the text of a PEM is one line with blanks. */
START_TEST(pem_in_one_line) {
    size_t len;
    AUTO_TEXT key = load("key-encrypted.pem", &len);
    AUTO_TEXT chain = load("chain.pem", &len);
    AUTO_TEXT root = load("root.pem", &len);
    for (char *texts[] = {key, chain, root}, **t = texts; t < texts + 3; t++) {
        for (char *p = *t; *p; p++)
            *p = *p == '\n' ? ' ' : *p;
    }
    AUTO(props)
    java = mock_kafka_props("security.protocol=SSL\nssl.keystore.type=PEM\nssl.truststore.type=PEM\n"
                            "ssl.key.password=keypass");
    kc_config_set(java, "ssl.keystore.key", key);
    kc_config_set(java, "ssl.keystore.certificate.chain", chain);
    kc_config_set(java, "ssl.truststore.certificates", root);
    struct kc_error err = {0};
    struct wire_security *sec = client_security(java, &err);
    ck_assert_msg(sec != NULL, "%s", err.text);
    ck_assert_int_eq(sec->protocol, WIRE_SSL);
    ck_assert_uint_eq(count(sec->ssl_certificate_pem, "-----BEGIN CERTIFICATE-----"), 2);
    ck_assert_ptr_nonnull(sec->ssl_key_pem);
    ck_assert_ptr_nonnull(sec->ssl_ca_pem);
    struct wire_security *copy = wire_security_copy(sec, &err); /* a TLS context takes it */
    ck_assert_msg(copy != NULL, "%s", err.text);
    wire_security_free(copy);
    client_security_free(sec);
    kc_config_set(java, "bootstrap.servers", "127.0.0.1:1");
    rd_kafka_conf_t *conf = client_conf(CLIENT_PRODUCER, java, &err);
    ck_assert_msg(conf != NULL, "%s", err.text);
    rd_kafka_t *rk = client_new(CLIENT_PRODUCER, conf, &err); /* and so does librdkafka */
    ck_assert_msg(rk != NULL, "%s", err.text);
    client_free(rk);
}
END_TEST

START_TEST(files_for_clients) {
    static const char *const files[] = {"client.jks", "client.p12", "client.pem"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[256];
        struct kc_error err = {0};
        AUTO(props)
        java = mock_kafka_props("security.protocol=SSL\nbootstrap.servers=127.0.0.1:1\nssl.key.password=keypass\n"
                                "ssl.keystore.password=changeit\nssl.truststore.password=changeit");
        if (strcmp(files[i], "client.p12") == 0)
            kc_config_remove(java, "ssl.key.password");
        snprintf(path, sizeof(path), "data/keystores/%s", files[i]);
        kc_config_set(java, "ssl.keystore.location", tests_path(path));
        kc_config_set(java, "ssl.truststore.location", tests_path("data/keystores/trust.jks"));
        rd_kafka_conf_t *conf = client_conf(CLIENT_CONSUMER, java, &err);
        ck_assert_msg(conf != NULL, "%s", err.text);
        rd_kafka_t *rk = client_new(CLIENT_CONSUMER, conf, &err);
        ck_assert_msg(rk != NULL, "%s", err.text);
        client_free(rk);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("keystore");
    TCase *t = tcase_create("keystore");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, keys, 0, (int)COUNT_OF(stores));
    tcase_add_loop_test(t, bad_keys, 0, (int)COUNT_OF(bad));
    tcase_add_test(t, trust);
    tcase_add_loop_test(t, cut_stores, 0, (int)COUNT_OF(stores));
    tcase_add_test(t, pem_in_one_line);
    tcase_add_test(t, files_for_clients);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
