/* sasl.jaas.config, and the tokens that OAUTHBEARER makes from it. */
#include "tests/support/suite.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/kafka/client.h"
#include "connect/kafka/client_security.h"
#include "connect/kafka/jaas.h"
#include "connect/kafka/oauth.h"
#include "connect/kafka/wire.h"
#include "tests/support/mock_kafka.h"

static const struct {
    const char *text, *module, *name, *value;
} good[] = {
    {"org.apache.kafka.common.security.plain.PlainLoginModule required username=\"alice\" password=\"secret\";",
     "PlainLoginModule", "password", "secret"},
    {"a.B required k='it''s';", NULL, NULL, NULL},
    {"a.B required k='x;y=z';", "B", "k", "x;y=z"},
    {"a.B REQUIRED\n  k = \"a\\\"b\\\\c\\t\\101\" ;", "B", "k", "a\"b\\c\tA"},
    {"a.B required k=abc+/==;", "B", "k", "abc+/=="},
    {"a.B required k=17;", "B", "k", "17"},
    {"// first\na.B /* in between; */ sufficient k=v; // behind", "B", "k", "v"},
    {"NoPackage optional;", "NoPackage", "k", NULL},
    {"a.B required k=\"\";", "B", "k", ""},
    {"  com.x.Y requisite k=\"\xC3\xA9\" l=2;  ", "Y", "l", "2"},
};

START_TEST(entries) {
    struct jaas jaas;
    struct kc_error err = {0};
    int rc = jaas_parse(good[_i].text, &jaas, &err);
    if (!good[_i].module) {
        ck_assert_int_lt(rc, 0);
        return;
    }
    ck_assert_msg(rc == 0, "%s: %s", good[_i].text, err.text);
    ck_assert_str_eq(jaas_module_name(&jaas), good[_i].module);
    const char *value = kc_config_get(jaas.options, good[_i].name);
    if (good[_i].value)
        ck_assert_str_eq(value, good[_i].value);
    else
        ck_assert_ptr_null(value);
    jaas_done(&jaas);
}
END_TEST

static const struct {
    const char *text, *why;
} bad[] = {
    {"", "Login module not specified in JAAS config"},
    {";", "Login module not specified in JAAS config"},
    {"a.B", "Login module control flag is not available"},
    {"a.B maybe k=v;", "Login module control flag is not available"},
    {"a.B required k=v", "JAAS config entry not terminated by semi-colon"},
    {"a.B required k;", "Value not specified for key 'k'"},
    {"a.B required k=;", "Value not specified for key 'k'"},
    {"a.B required password=\"secret", "Value not specified for key 'password'"},
    {"a.B required; c.D required;", "more than one login module"},
    {"a.B required =v;", "expected an option name"},
    {"a.B required k=\"secret\\", "Value not specified for key 'k'"},
};

START_TEST(bad_entries) {
    struct jaas jaas;
    struct kc_error err = {0};
    ck_assert_int_lt(jaas_parse(bad[_i].text, &jaas, &err), 0);
    ck_assert_msg(strstr(err.text, bad[_i].why) != NULL, "%s: %s", bad[_i].text, err.text);
    ck_assert_ptr_null(strstr(err.text, "secret"));
}
END_TEST

/* ---- files ---- */

static const char file_text[] = "/* users */ Other {\n a.B required x={;\n};\n"
                                "KafkaConnect{ a.B sufficient file=\"/a {b}\"; // first\n c.D optional; };\n"
                                "'Quoted' { e.F requisite k = v; };";

START_TEST(entries_of_files) {
    struct jaas_entry entry;
    struct kc_error err = {0};
    /* In a file a value that is not quoted ends at a brace, which is then out of place. */
    ck_assert_int_lt(jaas_file_parse(file_text, "f", "KafkaConnect", &entry, &err), 0);
    const char *text = strstr(file_text, "KafkaConnect");
    ck_assert_msg(jaas_file_parse(text, "f", "KafkaConnect", &entry, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(entry.count, 2);
    ck_assert_str_eq(entry.modules[0].module, "a.B");
    ck_assert_int_eq(entry.modules[0].flag, JAAS_SUFFICIENT);
    ck_assert_str_eq(kc_config_get(entry.modules[0].options, "file"), "/a {b}");
    ck_assert_str_eq(entry.modules[1].module, "c.D");
    ck_assert_int_eq(entry.modules[1].flag, JAAS_OPTIONAL);
    jaas_entry_done(&entry);
    ck_assert_int_eq(jaas_file_parse(text, "f", "Quoted", &entry, &err), 0);
    ck_assert_int_eq(entry.modules[0].flag, JAAS_REQUISITE);
    jaas_entry_done(&entry);
    ck_assert_int_eq(jaas_file_parse(text, "f", "NoSuch", &entry, &err), 0);
    ck_assert_uint_eq(entry.count, 0);
}
END_TEST

static const struct {
    const char *text, *why;
} bad_files[] = {
    {"A a.B required; ;", "expected { behind the name of an entry"},
    {"A { };", "an entry has no login module"},
    {"A { a.B required; }", "JAAS config entry not terminated by semi-colon"},
    {"A { a.B required; } B { a.B required; };", "JAAS config entry not terminated by semi-colon"},
    {"A { a.B required", "JAAS config entry not terminated by semi-colon"},
    {"A { a.B maybe; };", "Login module control flag is not available"},
    {"A { a.B required; }; A { a.B required; };", "an entry occurs twice"},
    {"{ a.B required; };", "expected the name of an entry"},
    {"A { a.B required password; };", "Value not specified for key 'password'"},
    {"A { = };", "expected the class of a login module or }"},
    {"A { m optional; m optional; m optional; m optional; m optional; m optional; m optional; m optional; m optional;"
     " m optional; m optional; m optional; m optional; m optional; m optional; m optional; m optional; };",
     "an entry has too many login modules"},
};

START_TEST(bad_files_are_named) {
    struct jaas_entry entry;
    struct kc_error err = {0};
    ck_assert_int_lt(jaas_file_parse(bad_files[_i].text, "/etc/jaas.conf", "A", &entry, &err), 0);
    ck_assert_msg(strstr(err.text, bad_files[_i].why) != NULL, "%s: %s", bad_files[_i].text, err.text);
    ck_assert_int_eq(strncmp(err.text, "JAAS file /etc/jaas.conf: ", 26), 0);
}
END_TEST

#define OAUTH_MODULE "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "

START_TEST(unsecured_token) {
    struct kc_error err = {0};
    AUTO(props)
    java =
        mock_kafka_props("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.jaas.config=" OAUTH_MODULE
                         "unsecuredLoginStringClaim_sub=\"alice\" unsecuredLoginLifetimeSeconds=60 "
                         "unsecuredLoginListClaim_scope=\" a b\" unsecuredLoginExtension_ns=x;");
    struct wire_security *sec = client_security(java, &err);
    ck_assert_msg(sec != NULL, "%s", err.text);
    ck_assert_int_eq(sec->mechanism, WIRE_OAUTHBEARER);
    struct wire_token token;
    ck_assert_int_eq(sec->token(sec->token_arg, &token, &err), 0);
    ck_assert_uint_eq(token.extension_count, 1);
    ck_assert_str_eq(token.extensions[0], "ns=x");
    struct oauth_token parsed;
    ck_assert_int_eq(oauth_token_parse(token.value, NULL, &parsed, &err), 0);
    ck_assert_str_eq(parsed.principal, "alice");
    ck_assert_int_ge(parsed.expires_ms, clock_wall_ms() + 55000);
    ck_assert_int_le(parsed.expires_ms, clock_wall_ms() + 61000);
    oauth_token_done(&parsed);
    free(token.extensions[0]);
    free(token.extensions);
    free(token.value);
    client_security_free(sec);
    /* librdkafka takes the settings, too, and fetches the token on its own thread */
    kc_config_set(java, "bootstrap.servers", "127.0.0.1:1");
    rd_kafka_conf_t *conf = client_conf(CLIENT_PRODUCER, java, &err);
    ck_assert_msg(conf != NULL, "%s", err.text);
    rd_kafka_t *rk = client_new(CLIENT_PRODUCER, conf, &err);
    ck_assert_msg(rk != NULL, "%s", err.text);
    client_free(rk);
}
END_TEST

/* A token endpoint that answers once and keeps what it was asked. */
struct endpoint {
    int fd;
    const char *answer;
    char request[8192];
};

static void *serve_once(void *arg) {
    struct endpoint *e = arg;
    int client = accept(e->fd, NULL, NULL);
    size_t len = 0;
    while (!strstr(e->request, "client_credentials")) {
        ssize_t n = read(client, e->request + len, sizeof(e->request) - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    ck_assert_int_eq(write(client, e->answer, strlen(e->answer)), (ssize_t)strlen(e->answer));
    close(client);
    return NULL;
}

static int fetch_from(struct endpoint *e, struct oauth_token *token, struct kc_error *err) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    char url[128];
    pthread_t thread;
    e->fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(e->fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(e->fd, 1), 0);
    getsockname(e->fd, (struct sockaddr *)&address, &size);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/token", ntohs(address.sin_port));
    AUTO(props) java = mock_kafka_props("sasl.oauthbearer.scope=a b\nsasl.login.read.timeout.ms=5000");
    kc_config_set(java, "sasl.oauthbearer.token.endpoint.url", url);
    struct jaas jaas;
    ck_assert_int_eq(jaas_parse(OAUTH_MODULE "clientId=\"me\" clientSecret=\"s3cr3t\" extension_lc=x;", &jaas, err), 0);
    AUTO(props) oauth = oauth_config(java, &jaas, err);
    ck_assert_msg(oauth != NULL, "%s", err->text);
    jaas_done(&jaas);
    pthread_create(&thread, NULL, serve_once, e);
    int rc = oauth_token_get(oauth, token, err);
    pthread_join(thread, NULL);
    close(e->fd);
    return rc;
}

START_TEST(fetched_token) {
    struct kc_error err = {0};
    struct oauth_token token;
    struct endpoint good_one = {.answer =
                                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                                    "{\"token_type\":\"Bearer\",\"access_token\":"
                                    "\"e30.eyJleHAiOjQxMDI0NDQ4MDAsInN1YiI6ImNsaWVudC03In0.sig\"}"};
    ck_assert_msg(fetch_from(&good_one, &token, &err) == 0, "%s", err.text);
    ck_assert_ptr_nonnull(strstr(good_one.request, "POST /token HTTP/1.1"));
    ck_assert_ptr_nonnull(strstr(good_one.request, "Authorization: Basic bWU6czNjcjN0"));
    ck_assert_ptr_nonnull(strstr(good_one.request, "grant_type=client_credentials&scope=a%20b"));
    ck_assert_str_eq(token.principal, "client-7");
    ck_assert_int_eq(token.expires_ms, INT64_C(4102444800000));
    ck_assert_uint_eq(token.extension_count, 1);
    ck_assert_str_eq(token.extensions[0], "lc");
    oauth_token_done(&token);

    struct endpoint refusing = {.answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"};
    ck_assert_int_lt(fetch_from(&refusing, &token, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "answered 401"));
    ck_assert(!err.retriable);
    struct endpoint busy = {.answer = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"};
    ck_assert_int_lt(fetch_from(&busy, &token, &err), 0);
    ck_assert(err.retriable);
    struct endpoint empty = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"};
    ck_assert_int_lt(fetch_from(&empty, &token, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "has no access_token"));
    ck_assert_ptr_null(strstr(err.text, "s3cr3t"));
}
END_TEST

START_TEST(bad_tokens) {
    static const char *const tokens[] = {
        "", "a", "a.b", "a.!!.c", "e30.e30.", "e30.eyJleHAiOjF9.", "e30.eyJzdWIiOiJhIn0.x"};
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct oauth_token token;
        struct kc_error err = {0};
        ck_assert_msg(oauth_token_parse(tokens[i], NULL, &token, &err) < 0, "%s", tokens[i]);
    }
}
END_TEST

START_TEST(refused_settings) {
    static const struct {
        const char *java, *text;
    } cases[] = {
        {"sasl.mechanism=OAUTHBEARER\nsasl.jaas.config=" OAUTH_MODULE ";", "sasl.oauthbearer.token.endpoint.url"},
        {"sasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=http://h/t\nsasl.jaas.config=" OAUTH_MODULE
         "clientId=a;",
         "clientId and clientSecret are required"},
        {"sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required;",
         "the worker's group membership supports"},
        {"sasl.mechanism=AWS_MSK_IAM\nsasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;",
         "Invalid value AWS_MSK_IAM for configuration sasl.mechanism"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) java = mock_kafka_props(cases[i].java);
        kc_config_set(java, "security.protocol", "SASL_SSL");
        ck_assert_ptr_null(client_security(java, &err));
        ck_assert_msg(strstr(err.text, cases[i].text) != NULL, "%s", err.text);
    }
}
END_TEST

/* ---- the JAAS file of the environment ---- */

static const struct {
    const char *file, *java, *user, *error;
} logins[] = {
    {"KafkaClient { a.PlainLoginModule required username=\"file\" password=\"pw\"; };\nKafkaServer { a.B required; };",
     "sasl.mechanism=PLAIN", "file", NULL},
    {"KafkaClient { a.PlainLoginModule required username=u password=p; a.ScramLoginModule required username=\"s\" "
     "password=\"pw\"; };",
     "sasl.mechanism=SCRAM-SHA-256", "s", NULL},
    {"KafkaClient { a.PlainLoginModule required username=file password=p; };",
     "sasl.mechanism=PLAIN\nsasl.jaas.config=a.PlainLoginModule required username=own password=p;", "own", NULL},
    {"KafkaServer { a.PlainLoginModule required username=u password=p; };", "sasl.mechanism=PLAIN", NULL,
     "Could not find a 'KafkaClient' entry in the JAAS configuration"},
    {"KafkaClient { a.PlainLoginModule required username=u password=p; };", "sasl.mechanism=SCRAM-SHA-256", NULL,
     "does not serve sasl.mechanism SCRAM-SHA-256"},
    {"KafkaClient { a.PlainLoginModule required username=u password=hush", "sasl.mechanism=PLAIN", NULL,
     "not terminated by semi-colon"},
    {NULL, "sasl.mechanism=PLAIN", NULL, "No such file or directory"},
};

START_TEST(logins_of_the_environments_file) {
    char folder[] = "/tmp/kconnectd-jaas-XXXXXX", file[64], options[128];
    struct kc_error err = {0};
    struct client_sasl sasl = {0};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/jaas.conf", folder);
    FILE *f = logins[_i].file ? fopen(file, "w") : NULL;
    if (f) {
        fputs(logins[_i].file, f);
        fclose(f);
    }
    snprintf(options, sizeof options, "-Xmx1g -Djava.security.auth.login.config=%s", file);
    setenv("KAFKA_OPTS", options, 1);
    AUTO(props) java = mock_kafka_props(logins[_i].java);
    int rc = client_sasl_read(java, &sasl, &err);
    unsetenv("KAFKA_OPTS");
    (void)unlink(file);
    ck_assert_int_eq(rmdir(folder), 0);
    if (logins[_i].error) {
        ck_assert_int_eq(rc, -1);
        ck_assert_msg(strstr(err.text, logins[_i].error) != NULL, "%s", err.text);
        ck_assert_ptr_null(strstr(err.text, "hush"));
        return;
    }
    ck_assert_msg(rc == 0, "%s", err.text);
    ck_assert_str_eq(sasl.user, logins[_i].user);
    client_sasl_done(&sasl);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("jaas");
    TCase *t = tcase_create("jaas");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, entries, 0, (int)COUNT_OF(good));
    tcase_add_loop_test(t, bad_entries, 0, (int)COUNT_OF(bad));
    tcase_add_test(t, entries_of_files);
    tcase_add_loop_test(t, logins_of_the_environments_file, 0, (int)COUNT_OF(logins));
    tcase_add_loop_test(t, bad_files_are_named, 0, (int)COUNT_OF(bad_files));
    tcase_add_test(t, unsecured_token);
    tcase_add_test(t, fetched_token);
    tcase_add_test(t, bad_tokens);
    tcase_add_test(t, refused_settings);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
