/* Basic authentication: headers, JAAS files, and a server that asks for users. */
#include "rest/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "config/worker_checks.h"
#include "connect/kafka/jaas_file.h"
#include "rest/server.h"
#include "tests/support/fake_herder.h"
#include "tests/support/http_ask.h"
#include "tests/support/suite.h"

/* ---- headers ---- */

static const struct {
    const char *header, *user, *password, *error;
} headers[] = {
    {"Basic b3BzOnMzY3JldA==", "ops", "s3cret", NULL},
    {"bASIC b3BzOnMzY3JldA", "ops", "s3cret", NULL}, /* padding may be missing */
    {"Basic b3BzOg==", "ops", "", NULL},
    {"Basic YTpiOmM=", "a", "b:c", NULL},
    {"Basic w6k6w6k=", "\xC3\xA9", "\xC3\xA9", NULL},
    {"Basic b3Bz", NULL, NULL, NULL}, /* no colon */
    {"Basic OnB3", NULL, NULL, NULL}, /* no user */
    {"Basic YTphAGI=", NULL, NULL, NULL},
    {"Basic ", NULL, NULL, NULL},
    {"Basic", NULL, NULL, NULL},
    {"", NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL},
    {"Bearer !!!", NULL, NULL, NULL},
    {"Basically b3BzOnMzY3JldA==", NULL, NULL, NULL},
    {"Basic !!!", NULL, NULL, "Illegal base64 character 21"},
    {"Basic  b3BzOg==", NULL, NULL, "Illegal base64 character 20"},
    {"Basic b", NULL, NULL, "Input byte[] should at least have 2 bytes for base64 bytes"},
    {"Basic b3Bzb", NULL, NULL, "Last unit does not have enough valid bits"},
    {"Basic b3BzO=", NULL, NULL, "Last unit does not have enough valid bits"},
    {"Basic b3BzOg=", NULL, NULL, "Input byte array has wrong 4-byte ending unit"},
    {"Basic b3Bz=", NULL, NULL, "Input byte array has wrong 4-byte ending unit"},
    {"Basic b3BzOg==x", NULL, NULL, "Input byte array has incorrect ending byte at 8"},
};

START_TEST(credentials) {
    struct kc_error err = {0};
    AUTO_TEXT user = NULL;
    AUTO_TEXT password = NULL;
    int rc = auth_credentials(headers[_i].header, &user, &password, &err);
    ck_assert_int_eq(rc, headers[_i].error ? -1 : 0);
    if (headers[_i].error)
        ck_assert_str_eq(err.text, headers[_i].error);
    ck_assert_pstr_eq(user, headers[_i].user);
    ck_assert_pstr_eq(password, headers[_i].password);
}
END_TEST

static const struct {
    const char *options, *file;
} java_options[] = {
    {"-Djava.security.auth.login.config=/etc/jaas.conf", "/etc/jaas.conf"},
    {"  -Xmx1g\t-Djava.security.auth.login.config=/a -Dx=y\n", "/a"},
    {"-Djava.security.auth.login.config=/a -Djava.security.auth.login.config=b/c", "b/c"},
    {"-Djava.security.auth.login.config==/a", "/a"},
    {"-Djava.security.auth.login.config=file:/a", "/a"},
    {"-Djava.security.auth.login.config=file:///a", "/a"},
    {"-Djava.security.auth.login.config=", ""},
    {"-Djava.security.auth.login=/a", NULL},
    {"", NULL},
};

START_TEST(the_jaas_file_among_javas_options) {
    AUTO_TEXT file = jaas_file_option(java_options[_i].options);
    ck_assert_pstr_eq(file, java_options[_i].file);
}
END_TEST

/* ---- a server ---- */

static const char *listener = "http://127.0.0.1:0", *extension = BASIC_AUTH_PACKAGE "BasicAuthSecurityRestExtension";
static char folder[64], jaas[128], users[128];
static struct worker_conf conf;
static struct herder herder;
static struct rest_server *server;
static struct kc_error err;

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static void setup(void) {
    char options[256];
    snprintf(folder, sizeof folder, "/tmp/kconnectd-auth-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(jaas, sizeof jaas, "%s/jaas.conf", folder);
    snprintf(users, sizeof users, "%s/users.properties", folder);
    snprintf(options, sizeof options, "-Xmx1g -Djava.security.auth.login.config=%s", jaas);
    setenv("KAFKA_OPTS", options, 1);
    conf = (struct worker_conf){.text = kc_config_new(),
                                .listeners = {&listener, 1},
                                .rest_extensions = {&extension, 1},
                                .advertised_port = -1,
                                .rest_body_max_bytes = 10000};
    err = (struct kc_error){0};
    fake_herder_init(&herder);
}

static void teardown(void) {
    server = rest_server_free(server);
    kc_config_free(conf.text);
    unlink(users);
    unlink(jaas);
    rmdir(folder);
}

/* A JAAS file whose entry has these modules; %s in it is the file of users. */
static void write_jaas(const char *entry, const char *modules) {
    char text[2048];
    int n = snprintf(text, sizeof text, "// users\n%s {\n", entry);
    n += snprintf(text + n, sizeof text - (size_t)n, modules, users, users);
    snprintf(text + n, sizeof text - (size_t)n, "\n};\n");
    write_file(jaas, text);
}

#define MODULE BASIC_AUTH_PACKAGE "PropertyFileLoginModule "

static void start(void) {
    server = rest_server_new(&conf, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
    ck_assert_int_eq(rest_server_start(server, &herder, &err), 0);
}

static struct http_answer ask(const char *method, const char *path, const char *header) {
    char url[512];
    snprintf(url, sizeof url, "%.*s%s", (int)strlen(rest_server_url(server)) - 1, rest_server_url(server), path);
    fake_herder_order(&herder);
    struct http_answer answer = http_ask(method, url, NULL, header, NULL, NULL);
    fake_herder_order(&herder);
    ck_assert_int_eq(answer.code, CURLE_OK);
    return answer;
}

static long status_of(const char *method, const char *path, const char *header) {
    struct http_answer answer = ask(method, path, header);
    http_answer_done(&answer);
    return answer.status;
}

#define OPS   "Authorization: Basic b3BzOnMzY3JldA=="
#define WRONG "Authorization: Basic b3BzOndyb25n"

START_TEST(users_are_asked_for) {
    write_jaas("KafkaConnect", MODULE "required file=\"%s\";");
    write_file(users, "# users\nops=s3cret\nsecond : plain\n");
    start();
    ck_assert_int_eq(status_of("GET", "/connectors", OPS), 200);
    ck_assert_int_eq(status_of("GET", "/connectors", "Authorization: Basic c2Vjb25kOnBsYWlu"), 200);
    ck_assert_int_eq(status_of("GET", "/", WRONG), 401);
    ck_assert_int_eq(status_of("GET", "/health", ""), 401);
    ck_assert_int_eq(status_of("GET", "/no-such", ""), 404); /* routing comes first */
    ck_assert_int_eq(status_of("DELETE", "/connectors", ""), 405);
    ck_assert_int_eq(status_of("GET", "/", "Authorization: Basic !!!"), 500);
    ck_assert_int_eq(status_of("GET", "/admin/loggers", ""), 401);
    /* between workers: signed instead */
    ck_assert_int_eq(status_of("PUT", "/connectors/c/fence", ""), 200);
    ck_assert_int_eq(status_of("POST", "/kconnect/leaving", ""), 200);
    struct http_answer answer = ask("GET", "/connectors", "");
    ck_assert_int_eq(answer.status, 401);
    ck_assert_str_eq(buf_text(&answer.body), "User cannot access the resource.");
    ck_assert_ptr_nonnull(strstr(buf_text(&answer.headers), "Content-Type: application/json\r\n"));
    ck_assert_ptr_null(strstr(buf_text(&answer.headers), "WWW-Authenticate"));
    http_answer_done(&answer);
    answer = ask("OPTIONS", "/connectors", "");
    ck_assert_int_eq(answer.status, 401);
    ck_assert_ptr_nonnull(strstr(buf_text(&answer.headers), "Content-Type: text/plain\r\n"));
    ck_assert_ptr_null(strstr(buf_text(&answer.headers), "Allow:"));
    http_answer_done(&answer);
}
END_TEST

START_TEST(admin_listeners_ask_nobody) {
    write_jaas("KafkaConnect", MODULE "required file=\"%s\";");
    write_file(users, "ops=s3cret\n");
    kc_config_set(conf.text, "admin.listeners", listener);
    conf.admin_listeners = conf.listeners;
    /* The first listener is the admin's: the advertised URL is then its address. */
    conf.listeners.count = 0;
    start();
    ck_assert_int_eq(status_of("GET", "/admin/loggers", ""), 200);
}
END_TEST

START_TEST(no_users_let_everybody_in) {
    write_jaas("other", MODULE "required file=\"%s\";"); /* the entry of those who have none */
    write_file(users, "# nobody\n");
    start();
    ck_assert_int_eq(status_of("GET", "/connectors", ""), 200);
    ck_assert_int_eq(status_of("GET", "/connectors", WRONG), 200);
}
END_TEST

START_TEST(a_file_of_users_may_come_later) {
    write_jaas("KafkaConnect", MODULE "required file=\"%s\";");
    start();
    ck_assert_int_eq(status_of("GET", "/connectors", OPS), 401);
    write_file(users, "ops=s3cret\n");
    ck_assert_int_eq(status_of("GET", "/connectors", OPS), 200);
    write_file(users, "ops=changed\n"); /* read once */
    ck_assert_int_eq(status_of("GET", "/connectors", OPS), 200);
}
END_TEST

/* @source LoginContext: what the flags mean when one file is there (%s) and another is not */
static const struct {
    const char *modules;
    long good, wrong;
} stacks[] = {
    {MODULE "required file=\"%s\"; " MODULE "required file=\"/no/such\";", 401, 401},
    {MODULE "required file=\"%s\"; " MODULE "optional file=\"/no/such\";", 200, 401},
    {MODULE "optional file=\"/no/such\"; " MODULE "required file=\"%s\";", 200, 401},
    {MODULE "requisite file=\"/no/such\"; " MODULE "sufficient file=\"%s\";", 401, 401},
    {MODULE "sufficient file=\"%s\"; " MODULE "required file=\"/no/such\";", 200, 401},
    {MODULE "required file=\"/no/such\"; " MODULE "sufficient file=\"%s\";", 401, 401},
    {MODULE "optional file=\"%s\";", 200, 401},
    {MODULE "required;", 401, 401},
};

START_TEST(several_modules) {
    write_jaas("KafkaConnect", stacks[_i].modules);
    write_file(users, "ops=s3cret\n");
    start();
    ck_assert_int_eq(status_of("GET", "/connectors", OPS), stacks[_i].good);
    ck_assert_int_eq(status_of("GET", "/connectors", WRONG), stacks[_i].wrong);
}
END_TEST

static const struct {
    const char *jaas, *why;
} bad[] = {
    {NULL, "No such file or directory"},
    {"Other { a.B required; };", "has no entry KafkaConnect"},
    {"KafkaConnect { a.B required; };", "login module a.B is a Java class"},
    {"KafkaConnect { a.B required }", "expected an option name"},
    {"KafkaConnect { a.B required password=\"secret\"; }", "not terminated by semi-colon"},
};

START_TEST(jaas_files_that_cannot_be_used) {
    if (bad[_i].jaas)
        write_file(jaas, bad[_i].jaas);
    ck_assert_ptr_null(rest_server_new(&conf, &err));
    ck_assert_msg(strstr(err.text, bad[_i].why) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, jaas) != NULL, "%s", err.text);
    ck_assert_ptr_null(strstr(err.text, "secret"));
}
END_TEST

START_TEST(no_jaas_file) {
    setenv("KAFKA_OPTS", "-Xmx1g", 1);
    ck_assert_ptr_null(rest_server_new(&conf, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "KAFKA_OPTS=-Djava.security.auth.login.config=FILE"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("rest auth");
    TCase *tc = tcase_create("headers");
    tcase_add_loop_test(tc, credentials, 0, sizeof headers / sizeof *headers);
    tcase_add_loop_test(tc, the_jaas_file_among_javas_options, 0, sizeof java_options / sizeof *java_options);
    suite_add_tcase(s, tc);
    tc = tcase_create("server");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, users_are_asked_for);
    tcase_add_test(tc, admin_listeners_ask_nobody);
    tcase_add_test(tc, no_users_let_everybody_in);
    tcase_add_test(tc, a_file_of_users_may_come_later);
    tcase_add_loop_test(tc, several_modules, 0, sizeof stacks / sizeof *stacks);
    tcase_add_loop_test(tc, jaas_files_that_cannot_be_used, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tc, no_jaas_file);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
