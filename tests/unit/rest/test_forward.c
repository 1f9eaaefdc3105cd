/* Requests that go on to another worker, which answers well, badly, half or not at all: the client always gets an
 * answer, and the next request is served. */
#include "rest/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/buf.h"
#include "tests/support/fake_herder.h"
#include "tests/support/http_ask.h"
#include "tests/support/http_script.h"
#include "tests/support/suite.h"

static struct worker_conf conf;
static const char *listener = "http://127.0.0.1:0";
static struct herder herder;
static struct rest_server *server;
static struct kc_error err;

static void setup(void) {
    conf = (struct worker_conf){
        .text = kc_config_new(), .listeners = {&listener, 1}, .advertised_port = -1, .rest_body_max_bytes = 10000};
    fake_herder_init(&herder);
    server = rest_server_new(&conf, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
    ck_assert_int_eq(rest_server_start(server, &herder, &err), 0);
}

static void teardown(void) {
    rest_server_free(server);
    kc_config_free(conf.text);
}

static struct http_answer ask(const char *method, const char *path, const char *body) {
    char url[512];
    snprintf(url, sizeof url, "%.*s%s", (int)strlen(rest_server_url(server)) - 1, rest_server_url(server), path);
    fake_herder_order(&herder);
    struct http_answer answer = http_ask(
        method, url, body, body ? "Content-Type: application/json\nAuthorization: Basic eDp5" : "", NULL, NULL);
    fake_herder_order(&herder);
    ck_assert_msg(answer.code == CURLE_OK, "%s", curl_easy_strerror(answer.code));
    return answer;
}

#define IO_ERROR   "IO Error trying to forward REST request"
#define HEAD(line) "HTTP/1.1 " line "\r\nContent-Type: application/json\r\n"

static const struct {
    const char *leader; /* its answer, NULL: none */
    long status;
    const char *contains;
} answers[] = {
    {HEAD("200 OK") "\r\n{\"name\":\"c\"}", 200, "{\"name\":\"c\"}"},
    {HEAD("201 Created") "\r\n{\"name\":\"c\"}", 201, "{\"name\":\"c\"}"},
    {HEAD("409 Conflict") "\r\n{\"error_code\":409,\"message\":\"no\"}", 409,
     "{\"error_code\":409,\"message\":\"no\"}"},
    {HEAD("503 Service Unavailable") "\r\n{\"error_code\":503,\"message\":\"later\"}", 503, "later"},
    {"HTTP/1.1 401 Unauthorized\r\n\r\nUser cannot access the resource.", 500, IO_ERROR},
    {"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html></html>", 500,
     IO_ERROR
     ": Unexpected character ('<' (code 60)): expected a valid value (JSON String, Number, Array, Object or "
     "token 'null', 'true' or 'false')\\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` "
     "disabled); line: 1, column: 1]"},
    {"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", 500,
     IO_ERROR ": No content to map due to end-of-input\\n at [Source: REDACTED "
              "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1]"},
    {"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n\r\n", 500,
     "Unexpected status code when handling forwarded request: 307"},
    {HEAD("200 OK") "Content-Length: 100\r\n\r\n{\"name\":\"c\",\"con", 500, IO_ERROR}, /* died in the middle */
    {HEAD("200 OK") "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n5\r\n{\"nam", 500, IO_ERROR},
    {HEAD("200 OK") "Content-Length: 99999999\r\n\r\n{", 500, IO_ERROR}, /* longer than any answer may be */
    {"HTTP/1.1 200 O", 500, IO_ERROR},
    {"garbage\r\n\r\n", 500, IO_ERROR},
    {NULL, 500, IO_ERROR ": java.io.EOFException: "},
};

START_TEST(what_the_leader_says) {
    struct http_step step = {.answer = answers[_i].leader, .hang_up = true};
    struct http_script *leader = http_script_start(&step, 1);
    herder.forward_url = http_script_url(leader);
    struct http_answer got = ask("PUT", "/connectors/a%20b/config", "{\"x\":\"y\"}");
    ck_assert_msg(got.status == answers[_i].status, "%ld: %s", got.status, buf_text(&got.body));
    ck_assert_msg(strstr(buf_text(&got.body), answers[_i].contains) != NULL, "%s", buf_text(&got.body));
    bool again = got.status == 409 || got.status == 503;
    ck_assert_int_eq(strstr(buf_text(&got.headers), "Retry-After:") != NULL, again);
    http_answer_done(&got);
    const char *request = http_script_request(leader, 0);
    ck_assert_ptr_nonnull(strstr(request, "PUT /connectors/a%20b/config?forward=true HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(request, "User-Agent: kafka-connect\r\n"));
    ck_assert_ptr_nonnull(strstr(request, "Authorization: Basic eDp5\r\n"));
    ck_assert_ptr_nonnull(strstr(request, "\r\n\r\n{\"x\":\"y\"}"));
    http_script_stop(leader);
    herder.forward_url = NULL;
    got = ask("GET", "/connectors", NULL);
    ck_assert_int_eq(got.status, 200);
    http_answer_done(&got);
}
END_TEST

static void *delete_in_thread(void *arg) {
    (void)arg;
    struct http_answer got = ask("DELETE", "/connectors/c", NULL);
    long status = got.status;
    http_answer_done(&got);
    return (void *)(intptr_t)status;
}

/* A leader that never answers holds nobody but the one who asked, and not the end of the server either. */
START_TEST(a_leader_that_says_nothing) {
    struct http_step step = {0};
    struct http_script *leader = http_script_start(&step, 1);
    pthread_t thread;
    void *status;
    herder.forward_url = http_script_url(leader);
    pthread_create(&thread, NULL, delete_in_thread, NULL);
    while (http_script_count(leader) == 0)
        usleep(1000);
    fake_herder_order(&herder);
    herder.forward_url = NULL;
    struct http_answer other = ask("GET", "/connectors", NULL);
    ck_assert_int_eq(other.status, 200);
    http_answer_done(&other);
    rest_server_stop(server);
    pthread_join(thread, &status);
    ck_assert_int_eq((intptr_t)status, 500);
    http_script_stop(leader);
}
END_TEST

/* No leader there at all, in the words of Java's HTTP client. */
static const struct {
    const char *url, *contains;
} places[] = {{"http://127.0.0.1:1/", IO_ERROR ": java.net.ConnectException: Connection refused\""},
              {"http://nohost.invalid:8083/",
               IO_ERROR ": java.net.UnknownHostException: nohost.invalid: Name or service not known\""}};

START_TEST(a_leader_that_is_not_there) {
    herder.forward_url = places[_i].url;
    struct http_answer got = ask("PUT", "/connectors/c/config", "{\"x\":\"y\"}");
    ck_assert_int_eq(got.status, 500);
    ck_assert_msg(strstr(buf_text(&got.body), places[_i].contains) != NULL, "%s", buf_text(&got.body));
    http_answer_done(&got);
    herder.forward_url = NULL;
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("rest forward");
    TCase *tc = tcase_create("forward");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, what_the_leader_says, 0, sizeof answers / sizeof *answers);
    tcase_add_test(tc, a_leader_that_says_nothing);
    tcase_add_loop_test(tc, a_leader_that_is_not_there, 0, sizeof places / sizeof *places);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
