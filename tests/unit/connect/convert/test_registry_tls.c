/* The registry client by https: whom it trusts, who it says it is, and what it says when the two do not agree. The
 * server has the certificate of tests/data/keystores, for localhost and 127.0.0.1. */
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/auto.h"
#include "connect/base/log.h"
#include "connect/convert/registry.h"
#include "connect/convert/registry_options.h"
#include "tests/support/certificate.h"
#include "tests/support/http_script.h"
#include "tests/support/suite.h"

#define SSL_OPTION(name) "schema.registry.ssl." name

struct test_conf {
    struct registry_conf registry;
};

static const struct kc_option rows[] = {REGISTRY_OPTIONS(struct test_conf, registry), KC_OPTION_END};
static const struct http_step steps[] = {{.answer = "HTTP/1.1 200 OK\r\n\r\n{\"schema\":\"x\"}"}};

static SSL_CTX *context;
static struct http_script *server;
static struct kc_arena *arena;
static struct kc_config *config;
static struct registry *reg;
static struct kc_error err;

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

/* A value that begins with @ is a key store of the tests' data. */
static void set(const char *key, const char *value) {
    char path[512];
    snprintf(path, sizeof(path), "data/keystores/%.400s", *value ? value + 1 : "");
    kc_config_set(config, key, *value == '@' ? tests_path(path) : value);
}

static void set_up(void) {
    log_sink(quiet, NULL);
    arena = arena_new(0);
    config = kc_config_new();
    set("max.retries", "0");
    err = (struct kc_error){0};
    context = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context, tests_path("data/keystores/chain.pem")), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, tests_path("data/keystores/key.pem"), SSL_FILETYPE_PEM), 1);
}

static void tear_down(void) {
    reg = registry_free(reg);
    server = http_script_stop(server);
    SSL_CTX_free(context);
    config = kc_config_free(config);
    arena = arena_free(arena);
}

static int connect_client(void) {
    if (!server)
        server = http_script_start_tls(steps, COUNT_OF(steps), context);
    if (!kc_config_has(config, "schema.registry.url"))
        set("schema.registry.url", http_script_url(server));
    struct test_conf *conf = kc_arena_zalloc(arena, sizeof(*conf));
    if (config_parse(rows, config, arena, conf, sizeof(*conf), &err) < 0)
        return -1;
    return registry_new(&conf->registry, config, REGISTRY_AVRO, false, &reg, &err);
}

/* Asks for a schema. */
static int ask(void) {
    struct registry_schema *schema;
    return connect_client() < 0 ? -1 : registry_by_id(reg, NULL, 7, &schema, &err);
}

/* A refusal names the option or the address, and is none that retries end. */
static void assert_refused(const char *exception, const char *what) {
    ck_assert_int_eq(ask(), -1);
    ck_assert_str_eq(err.exception, exception);
    ck_assert_msg(strstr(err.text, what) || strstr(err.cause, what), "%s\n%s", err.text, err.cause);
}

#define NETWORK "org.apache.kafka.common.errors.NetworkException"

/* ---- whom the client trusts ---- */

static const struct {
    const char *options[6];
    const char *exception, *what; /* NULL: it works */
} trusts[] = {
    {{SSL_OPTION("truststore.location"), "@root.pem", SSL_OPTION("truststore.type"), "PEM"}, NULL, NULL},
    {{SSL_OPTION("truststore.location"), "@root.pem"}, NULL, NULL}, /* the type is recognised */
    {{SSL_OPTION("truststore.location"), "@trust.p12", SSL_OPTION("truststore.password"), "changeit",
      SSL_OPTION("truststore.type"), "PKCS12"},
     NULL,
     NULL},
    {{SSL_OPTION("truststore.location"), "@trust.jks", SSL_OPTION("truststore.password"), "changeit"}, NULL, NULL},
    {{SSL_OPTION("truststore.location"), "@trust.jks"}, NULL, NULL}, /* Java reads it without a password, too */
    {{NULL}, NETWORK, "SSL certificate problem"},                    /* the system's authorities do not know it */
    {{SSL_OPTION("truststore.location"), "@trust.jks", SSL_OPTION("truststore.password"), "wrong"},
     KC_CONFIG_EXCEPTION,
     "ssl.truststore.location"},
    {{SSL_OPTION("truststore.location"), "@trust.p12", SSL_OPTION("truststore.password"), "wrong"},
     KC_CONFIG_EXCEPTION,
     "ssl.truststore.location"},
    {{SSL_OPTION("truststore.location"), "@key.pem"}, KC_CONFIG_EXCEPTION, "ssl.truststore.location"},
    {{SSL_OPTION("truststore.location"), "/no/such.pem"}, KC_CONFIG_EXCEPTION, "/no/such.pem"},
};

START_TEST(trust) {
    for (size_t i = 0; i < COUNT_OF(trusts[_i].options) && trusts[_i].options[i]; i += 2)
        set(trusts[_i].options[i], trusts[_i].options[i + 1]);
    if (trusts[_i].what)
        assert_refused(trusts[_i].exception, trusts[_i].what);
    else
        ck_assert_msg(ask() == 0, "%s\n%s", err.text, err.cause);
}
END_TEST

/* Serves with a certificate that nobody has signed. */
static char *serve_as(const char *names) {
    X509 *cert;
    EVP_PKEY *key;
    certificate_make("registry", names, &cert, &key);
    SSL_CTX_use_certificate(context, cert);
    SSL_CTX_use_PrivateKey(context, key);
    SSL_CTX_clear_chain_certs(context);
    char *pem = certificate_pem(cert);
    X509_free(cert);
    EVP_PKEY_free(key);
    return pem;
}

START_TEST(certificates_as_text) {
    AUTO_TEXT pem = serve_as("IP:127.0.0.1");
    set(SSL_OPTION("truststore.certificates"), pem);
    set(SSL_OPTION("truststore.type"), "PEM");
    ck_assert_msg(ask() == 0, "%s\n%s", err.text, err.cause);
}
END_TEST

START_TEST(a_stranger_is_refused) {
    free(serve_as("IP:127.0.0.1"));
    set(SSL_OPTION("truststore.location"), "@root.pem");
    assert_refused(NETWORK, "SSL certificate problem");
    ck_assert_ptr_nonnull(strstr(err.cause, http_script_url(server)));
    ck_assert_ptr_nonnull(strstr(err.cause, "javax.net.ssl.SSLHandshakeException"));
    ck_assert_int_eq(http_script_count(server), 0);
}
END_TEST

START_TEST(the_certificate_must_name_the_host) {
    AUTO_TEXT pem = serve_as("DNS:other.example");
    set(SSL_OPTION("truststore.certificates"), pem);
    assert_refused(NETWORK, "subject name");
    ck_assert_ptr_nonnull(strstr(err.cause, http_script_url(server)));
}
END_TEST

START_TEST(unless_nobody_asks_for_it) {
    AUTO_TEXT pem = serve_as("DNS:other.example");
    set(SSL_OPTION("truststore.certificates"), pem);
    set(SSL_OPTION("endpoint.identification.algorithm"), "");
    ck_assert_msg(ask() == 0, "%s\n%s", err.text, err.cause);
}
END_TEST

/* ---- who the client is ---- */

static int any(int ok, X509_STORE_CTX *store) {
    (void)store;
    return ok;
}

static void want_certificate(void) {
    ck_assert_int_eq(SSL_CTX_load_verify_file(context, tests_path("data/keystores/root.pem")), 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, any);
    set(SSL_OPTION("truststore.location"), "@root.pem");
}

static const struct {
    const char *options[6];
    const char *what; /* NULL: it works */
} identities[] = {
    {{SSL_OPTION("keystore.location"), "@client.jks", SSL_OPTION("keystore.password"), "changeit",
      SSL_OPTION("key.password"), "keypass"},
     NULL},
    {{SSL_OPTION("keystore.location"), "@client.p12", SSL_OPTION("keystore.password"), "changeit",
      SSL_OPTION("keystore.type"), "PKCS12"},
     NULL},
    {{SSL_OPTION("keystore.location"), "@client.pem", SSL_OPTION("key.password"), "keypass",
      SSL_OPTION("keystore.type"), "PEM"},
     NULL},
    {{SSL_OPTION("keystore.location"), "@client.jks", SSL_OPTION("keystore.password"), "wrong"},
     "password was incorrect"},
    {{SSL_OPTION("keystore.location"), "@client.jks", SSL_OPTION("keystore.password"), "changeit",
      SSL_OPTION("key.password"), "wrong"},
     "the key password is incorrect"},
    {{SSL_OPTION("keystore.location"), "@trust.jks", SSL_OPTION("keystore.password"), "changeit"},
     "there is no private key in it"},
};

START_TEST(identity) {
    want_certificate();
    for (size_t i = 0; i < COUNT_OF(identities[_i].options) && identities[_i].options[i]; i += 2)
        set(identities[_i].options[i], identities[_i].options[i + 1]);
    if (!identities[_i].what) {
        ck_assert_msg(ask() == 0, "%s\n%s", err.text, err.cause);
        return;
    }
    assert_refused(KC_CONFIG_EXCEPTION, identities[_i].what);
    ck_assert_ptr_nonnull(strstr(err.text, "schema.registry.ssl."));
    ck_assert_ptr_null(strstr(err.text, "wrong")); /* no password in a text */
}
END_TEST

START_TEST(nobody_is_refused) {
    want_certificate();
    ck_assert_int_eq(ask(), -1);
    ck_assert_str_eq(err.exception, NETWORK);
    ck_assert_ptr_nonnull(strstr(err.cause, http_script_url(server)));
}
END_TEST

/* ---- credentials beside TLS ---- */

static const struct {
    const char *options[4], *header;
} logins[] = {
    {{"basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", "me:secret"},
     "Authorization: Basic bWU6c2VjcmV0\r\n"},
    {{"bearer.auth.credentials.source", "STATIC_TOKEN", "bearer.auth.token", "t.o.k"},
     "Authorization: Bearer t.o.k\r\n"},
};

START_TEST(credentials) {
    set(SSL_OPTION("truststore.location"), "@root.pem");
    for (size_t i = 0; i < COUNT_OF(logins[_i].options); i += 2)
        set(logins[_i].options[i], logins[_i].options[i + 1]);
    ck_assert_msg(ask() == 0, "%s\n%s", err.text, err.cause);
    ck_assert_ptr_nonnull(strstr(http_script_request(server, 0), logins[_i].header));
}
END_TEST

START_TEST(credentials_in_the_address) {
    char url[256];
    server = http_script_start_tls(steps, COUNT_OF(steps), context);
    snprintf(url, sizeof(url), "https://me:secret@%s", http_script_url(server) + strlen("https://"));
    set("schema.registry.url", url);
    set(SSL_OPTION("truststore.location"), "@root.pem");
    ck_assert_msg(ask() == 0, "%s\n%s", err.text, err.cause);
    ck_assert_ptr_nonnull(strstr(http_script_request(server, 0), "Authorization: Basic bWU6c2VjcmV0\r\n"));
}
END_TEST

/* ---- versions ---- */

static const struct {
    const char *client;
    int server; /* the only version */
    bool agree;
} versions[] = {
    {"TLSv1.2", TLS1_2_VERSION, true},  {"TLSv1.3", TLS1_3_VERSION, true},  {"TLSv1.2,TLSv1.3", TLS1_2_VERSION, true},
    {"TLSv1.3", TLS1_2_VERSION, false}, {"TLSv1.2", TLS1_3_VERSION, false},
};

START_TEST(protocols) {
    SSL_CTX_set_min_proto_version(context, versions[_i].server);
    SSL_CTX_set_max_proto_version(context, versions[_i].server);
    set(SSL_OPTION("truststore.location"), "@root.pem");
    set(SSL_OPTION("enabled.protocols"), versions[_i].client);
    int rc = ask();
    ck_assert_msg((rc == 0) == versions[_i].agree, "%s", err.cause);
    if (rc < 0)
        ck_assert_str_eq(err.exception, NETWORK);
}
END_TEST

START_TEST(suites) {
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES256-GCM-SHA384");
    set(SSL_OPTION("truststore.location"), "@root.pem");
    set(SSL_OPTION("cipher.suites"),
        _i ? "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" : "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    ck_assert_msg((ask() == 0) == (_i == 1), "%s", err.cause);
}
END_TEST

START_TEST(plain_http_reads_no_stores) {
    server = http_script_start(steps, COUNT_OF(steps));
    set(SSL_OPTION("truststore.location"), "/no/such.pem");
    ck_assert_msg(ask() == 0, "%s\n%s", err.text, err.cause);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("registry_tls");
    TCase *t = tcase_create("https");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, trust, 0, COUNT_OF(trusts));
    tcase_add_test(t, certificates_as_text);
    tcase_add_test(t, a_stranger_is_refused);
    tcase_add_test(t, the_certificate_must_name_the_host);
    tcase_add_test(t, unless_nobody_asks_for_it);
    tcase_add_loop_test(t, identity, 0, COUNT_OF(identities));
    tcase_add_test(t, nobody_is_refused);
    tcase_add_loop_test(t, credentials, 0, COUNT_OF(logins));
    tcase_add_test(t, credentials_in_the_address);
    tcase_add_loop_test(t, protocols, 0, COUNT_OF(versions));
    tcase_add_loop_test(t, suites, 0, 2);
    tcase_add_test(t, plain_http_reads_no_stores);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
