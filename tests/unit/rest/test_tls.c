/* REST over https: key stores of all kinds, client certificates, versions and suites, relays between workers. */
#include "rest/tls.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/internal_request.h"
#include "rest/server.h"
#include "tests/support/certificate.h"
#include "tests/support/fake_herder.h"
#include "tests/support/http_ask.h"
#include "tests/support/suite.h"

static const char *listener = "https://127.0.0.1:0";
static struct worker_conf conf;
static struct herder herder;
static struct rest_server *server;
static struct kc_error err;

static void store(const char *key, const char *file) {
    char path[512];
    snprintf(path, sizeof path, "data/keystores/%s", file);
    kc_config_set(conf.text, key, tests_path(path));
}

static void set(const char *key, const char *value) {
    kc_config_set(conf.text, key, value);
}

static void setup(void) {
    conf = (struct worker_conf){
        .text = kc_config_new(), .listeners = {&listener, 1}, .advertised_port = -1, .rest_body_max_bytes = 10000};
    err = (struct kc_error){0};
    fake_herder_init(&herder);
    store("ssl.keystore.location", "client.jks"); /* its certificate names localhost and 127.0.0.1 */
    set("ssl.keystore.password", "changeit");
    set("ssl.key.password", "keypass");
}

static void teardown(void) {
    server = rest_server_free(server);
    kc_config_free(conf.text);
}

static void start(void) {
    server = rest_server_new(&conf, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
    ck_assert_int_eq(rest_server_start(server, &herder, &err), 0);
}

/* ---- clients ---- */

enum identity { NOBODY, CLIENT, STRANGER };

struct client {
    enum identity identity;
    long version;       /* CURL_SSLVERSION_*, 0: any */
    const char *suites; /* of TLS 1.2, OpenSSL's names; NULL: any */
};

/* A certificate that nobody but itself has signed. */
static void be_stranger(CURL *curl) {
    EVP_PKEY *key;
    X509 *cert;
    certificate_make("stranger", NULL, &cert, &key);
    AUTO_TEXT cert_pem = certificate_pem(cert);
    AUTO_TEXT key_pem = certificate_key_pem(key);
    struct curl_blob cert_blob = {cert_pem, strlen(cert_pem), CURL_BLOB_COPY};
    struct curl_blob key_blob = {key_pem, strlen(key_pem), CURL_BLOB_COPY};
    curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &cert_blob);
    curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key_blob);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void prepare(CURL *curl, void *arg) {
    struct client *c = arg;
    curl_easy_setopt(curl, CURLOPT_CAINFO, tests_path("data/keystores/root.pem"));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, c->version);
    if (c->suites)
        curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, c->suites);
    if (c->identity == CLIENT) {
        curl_easy_setopt(curl, CURLOPT_SSLCERT, tests_path("data/keystores/chain.pem"));
        curl_easy_setopt(curl, CURLOPT_SSLKEY, tests_path("data/keystores/key.pem"));
    } else if (c->identity == STRANGER) {
        be_stranger(curl);
    }
}

static struct http_answer ask_as(struct client *c, const char *method, const char *path, const char *body,
                                 const char *header) {
    char url[512];
    snprintf(url, sizeof url, "%.*s%s", (int)strlen(rest_server_url(server)) - 1, rest_server_url(server), path);
    fake_herder_order(&herder);
    struct http_answer answer = http_ask(method, url, body, header, prepare, c);
    fake_herder_order(&herder);
    return answer;
}

/* 0: no connection. */
static long status_as(struct client *c) {
    struct http_answer answer = ask_as(c, "GET", "/connectors", NULL, "");
    http_answer_done(&answer);
    return answer.code == CURLE_OK ? answer.status : 0;
}

/* ---- stores and prefixes ---- */

static const struct {
    const char *keys[8]; /* name, value; a value that begins with @ is a store */
    const char *why;     /* NULL: it works */
} settings[] = {
    {{NULL}, NULL},
    {{"ssl.keystore.location", "@client.p12", "ssl.key.password", "changeit"}, NULL},
    {{"ssl.keystore.location", "@client.pem", "ssl.keystore.type", "PEM"}, NULL},
    {{"listeners.https.ssl.keystore.location", "@client.p12", "listeners.https.ssl.keystore.password", "changeit",
      "ssl.keystore.location", "/no/such"},
     NULL},
    /* one key with the prefix, and plain ones do not count any more */
    {{"listeners.https.ssl.client.auth", "none"},
     "Missing required configuration \"listeners.https.ssl.keystore.location\""},
    {{"admin.listeners.https.ssl.client.auth", "none"}, NULL}, /* another listener's */
    {{"ssl.keystore.location", ""}, "Missing required configuration \"ssl.keystore.location\""},
    {{"ssl.keystore.location", "/no/such.jks"},
     "Failed to load ssl.keystore.location /no/such.jks: No such file or directory"},
    {{"ssl.keystore.password", "wrong"}, "ssl.keystore.location"},
    {{"ssl.client.auth", "sometimes"}, "Invalid value sometimes for configuration ssl.client.auth"},
    {{"ssl.truststore.location", "/no/trust", "ssl.client.auth", "required"},
     "Failed to load ssl.truststore.location /no/trust"},
    {{"ssl.enabled.protocols", "TLSv1.1,SSLv3"},
     "Invalid value TLSv1.1,SSLv3 for configuration ssl.enabled.protocols: it must have TLSv1.2 or TLSv1.3"},
    {{"ssl.cipher.suites", "TLS_NOTHING_WITH_NOTHING"}, "ssl.cipher.suites: none of the suites"},
};

START_TEST(stores_and_prefixes) {
    for (size_t i = 0; i < 8 && settings[_i].keys[i]; i += 2) {
        const char *key = settings[_i].keys[i], *value = settings[_i].keys[i + 1];
        if (*value == '@')
            store(key, value + 1);
        else
            set(key, value);
    }
    server = rest_server_new(&conf, &err);
    if (settings[_i].why) {
        ck_assert_ptr_null(server);
        ck_assert_msg(strstr(err.text, settings[_i].why) != NULL, "%s", err.text);
        ck_assert_ptr_null(strstr(err.text, "keypass"));
        return;
    }
    ck_assert_msg(server != NULL, "%s", err.text);
    ck_assert_int_eq(strncmp(rest_server_url(server), "https://127.0.0.1:", 18), 0);
    ck_assert_int_eq(status_as(&(struct client){.identity = NOBODY}), 404);
}
END_TEST

/* ---- client certificates ---- */

static const struct {
    const char *auth;
    long nobody, client, stranger; /* 0: no connection */
} auths[] = {
    {"none", 200, 200, 200},
    {"requested", 200, 200, 0},
    {"required", 0, 200, 0},
    {"REQUIRED", 0, 200, 0},
};

START_TEST(client_certificates) {
    set("ssl.client.auth", auths[_i].auth);
    store("ssl.truststore.location", "trust.jks");
    set("ssl.truststore.password", "changeit");
    start();
    for (long version = CURL_SSLVERSION_MAX_TLSv1_2; version <= CURL_SSLVERSION_MAX_TLSv1_3;
         version += CURL_SSLVERSION_MAX_TLSv1_3 - CURL_SSLVERSION_MAX_TLSv1_2) {
        ck_assert_int_eq(status_as(&(struct client){.identity = NOBODY, .version = version}), auths[_i].nobody);
        ck_assert_int_eq(status_as(&(struct client){.identity = CLIENT, .version = version}), auths[_i].client);
        ck_assert_int_eq(status_as(&(struct client){.identity = STRANGER, .version = version}), auths[_i].stranger);
    }
}
END_TEST

START_TEST(without_a_trust_store_the_systems_counts) {
    set("ssl.client.auth", "requested");
    start();
    ck_assert_int_eq(status_as(&(struct client){.identity = NOBODY}), 200);
    ck_assert_int_eq(status_as(&(struct client){.identity = CLIENT}), 0);
}
END_TEST

/* ---- versions and suites ---- */

static const struct {
    const char *protocols, *suites;
    long tls12, tls13;
    const char *client_suites; /* of the TLS 1.2 client */
} limits[] = {
    {NULL, NULL, 200, 200, NULL},
    {"TLSv1.2", NULL, 200, 0, NULL},
    {" TLSv1.3 ,", NULL, 0, 200, NULL},
    {NULL, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 200, 0, NULL},
    {NULL, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0, 0, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {NULL, "TLS_AES_128_GCM_SHA256", 0, 200, NULL},
    {NULL, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,TLS_AES_256_GCM_SHA384", 200, 200, NULL},
    {NULL, "TLS_NO_WITH_SUCH,TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", 200, 0, "ECDHE-ECDSA-AES256-SHA"},
    /* the algorithms of two suites make up a third one, which is refused all the same */
    {"TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", 0, 0,
     "ECDHE-ECDSA-AES256-SHA"},
};

START_TEST(versions_and_suites) {
    if (limits[_i].protocols)
        set("ssl.enabled.protocols", limits[_i].protocols);
    if (limits[_i].suites)
        set("ssl.cipher.suites", limits[_i].suites);
    start();
    struct client old = {.version = CURL_SSLVERSION_MAX_TLSv1_2, .suites = limits[_i].client_suites};
    ck_assert_int_eq(status_as(&old), limits[_i].tls12);
    ck_assert_int_eq(status_as(&(struct client){.version = CURL_SSLVERSION_TLSv1_3}), limits[_i].tls13);
}
END_TEST

/* ---- what else changes ---- */

START_TEST(location_says_https) {
    start();
    herder.http = 201;
    struct http_answer answer =
        ask_as(&(struct client){.identity = NOBODY}, "POST", "/connectors", "{\"name\":\"a\",\"config\":{}}",
               "Content-Type: application/json\nHost: connect.example:443");
    ck_assert_int_eq(answer.status, 201);
    ck_assert_ptr_nonnull(strstr(buf_text(&answer.headers), "Location: https://connect.example/connectors/a\r\n"));
    http_answer_done(&answer);
}
END_TEST

START_TEST(http_is_advertised_before_https) {
    const char *both[] = {listener, "http://127.0.0.1:0"};
    conf.listeners = (struct kc_list){both, 2};
    start();
    ck_assert_int_eq(strncmp(rest_server_url(server), "http://127.0.0.1:", 17), 0);
    ck_assert_int_eq(status_as(&(struct client){.identity = NOBODY}), 200);
    rest_server_free(server);
    conf.advertised_listener = "https";
    start();
    ck_assert_int_eq(strncmp(rest_server_url(server), "https://127.0.0.1:", 18), 0);
    ck_assert_int_eq(status_as(&(struct client){.identity = NOBODY}), 200);
}
END_TEST

START_TEST(admin_listeners_have_settings_of_their_own) {
    kc_config_set(conf.text, "admin.listeners", listener);
    conf.admin_listeners = conf.listeners;
    conf.listeners.count = 0;
    set("listeners.https.ssl.keystore.location", "/not/for/admins");
    store("admin.listeners.https.ssl.keystore.location", "client.p12");
    set("admin.listeners.https.ssl.keystore.password", "changeit");
    set("ssl.keystore.location", "/not/either");
    conf.advertised_listener = "https";
    start();
    ck_assert_int_eq(status_as(&(struct client){.identity = NOBODY}), 404);
    struct http_answer answer = ask_as(&(struct client){.identity = NOBODY}, "GET", "/admin/loggers", NULL, "");
    ck_assert_int_eq(answer.status, 200);
    http_answer_done(&answer);
}
END_TEST

/* The server relays to itself: the second hop is refused as a conflict, and that answer comes back. */
static const struct {
    const char *keys[6]; /* of listeners.https.ssl., as above */
    long status;
    const char *contains;
} relays[] = {
    {{"client.auth", "required", "truststore.location", "@root.pem"}, 409, "conflicting operation"},
    {{NULL}, 500, "IO Error trying to forward REST request"}, /* not signed by an authority that it trusts */
    {{"truststore.location", "@root.pem", "endpoint.identification.algorithm", ""}, 409, "conflicting operation"},
};

START_TEST(workers_relay_by_https) {
    store("listeners.https.ssl.keystore.location", "client.p12");
    set("listeners.https.ssl.keystore.password", "changeit");
    for (size_t i = 0; i < 6 && relays[_i].keys[i]; i += 2) {
        char key[128];
        snprintf(key, sizeof key, "listeners.https.ssl.%s", relays[_i].keys[i]);
        if (*relays[_i].keys[i + 1] == '@')
            store(key, relays[_i].keys[i + 1] + 1);
        else
            set(key, relays[_i].keys[i + 1]);
    }
    start();
    herder.forward_url = rest_server_url(server);
    struct http_answer answer = ask_as(&(struct client){.identity = CLIENT}, "DELETE", "/connectors/c", NULL, "");
    ck_assert_int_eq(answer.status, relays[_i].status);
    ck_assert_msg(strstr(buf_text(&answer.body), relays[_i].contains) != NULL, "%s", buf_text(&answer.body));
    http_answer_done(&answer);
}
END_TEST

START_TEST(host_names_are_checked_in_relays) {
    char elsewhere[128];
    const char *all = "https://0.0.0.0:0";
    store("ssl.truststore.location", "root.pem");
    conf.listeners = (struct kc_list){&all, 1};
    conf.advertised_host = "127.0.0.1";
    herder.forward_url = elsewhere; /* 127.0.0.2 is this machine too, but no name of the certificate */
    for (int check = 1; check >= 0; check--) {
        server = rest_server_free(server);
        if (!check)
            set("ssl.endpoint.identification.algorithm", "");
        start();
        snprintf(elsewhere, sizeof elsewhere, "https://127.0.0.2%s", strrchr(rest_server_url(server), ':'));
        struct http_answer answer = ask_as(&(struct client){.identity = NOBODY}, "DELETE", "/connectors/c", NULL, "");
        ck_assert_int_eq(answer.status, check ? 500 : 409);
        http_answer_done(&answer);
    }
}
END_TEST

/* Signed requests of this worker to the leader. */
START_TEST(internal_requests_go_by_https) {
    char url[256];
    int status = 0;
    set("ssl.client.auth", "required");
    store("ssl.truststore.location", "root.pem");
    start();
    snprintf(url, sizeof url, "%sconnectors/c/fence", rest_server_url(server));
    struct internal_request req = {.method = "PUT", .url = url, .timeout_ms = 20000, .worker = conf.text};
    AUTO_BUF body;
    buf_init(&body, 1000);
    ck_assert_msg(internal_request_send(&req, &status, &body, &err) == 0, "%s", err.text);
    ck_assert_int_eq(status, 200);
    fake_herder_order(&herder);
    ck_assert_int_eq(herder.op, HERDER_FENCE);
    set("ssl.truststore.location", "/no/such");
    ck_assert_int_lt(internal_request_send(&req, &status, &body, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "IO Error trying to forward REST request"));
    ck_assert_ptr_nonnull(strstr(err.text, "/no/such"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("rest tls");
    TCase *tc = tcase_create("tls");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, stores_and_prefixes, 0, sizeof settings / sizeof *settings);
    tcase_add_loop_test(tc, client_certificates, 0, sizeof auths / sizeof *auths);
    tcase_add_test(tc, without_a_trust_store_the_systems_counts);
    tcase_add_loop_test(tc, versions_and_suites, 0, sizeof limits / sizeof *limits);
    tcase_add_test(tc, location_says_https);
    tcase_add_test(tc, http_is_advertised_before_https);
    tcase_add_test(tc, admin_listeners_have_settings_of_their_own);
    tcase_add_loop_test(tc, workers_relay_by_https, 0, sizeof relays / sizeof *relays);
    tcase_add_test(tc, internal_requests_go_by_https);
    tcase_add_test(tc, host_names_are_checked_in_relays);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
