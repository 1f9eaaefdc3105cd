/* The REST server against a fake herder, asked by curl's library. */
#include "rest/server.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect/base/buf.h"
#include "tests/support/fake_herder.h"
#include "tests/support/http_ask.h"
#include "tests/support/suite.h"

static struct worker_conf conf;
static const char *listener = "http://127.0.0.1:0";
static struct herder herder;
static struct rest_server *server;
static struct kc_error err;

/* of the last ask of a thread */
static _Thread_local long status;
static _Thread_local struct buf reply, headers;

static void setup(void) {
    conf = (struct worker_conf){
        .text = kc_config_new(), .listeners = {&listener, 1}, .advertised_port = -1, .rest_body_max_bytes = 10000};
    fake_herder_init(&herder);
    server = rest_server_new(&conf, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
}

static void start(void) {
    ck_assert_int_eq(rest_server_start(server, &herder, &err), 0);
}

static void teardown(void) {
    rest_server_free(server);
    kc_config_free(conf.text);
    buf_done(&reply);
    buf_done(&headers);
}

/* One request; `header` lines are separated by newlines, "" none. */
static void ask(const char *method, const char *path, const char *body, const char *header) {
    char url[16384];
    snprintf(url, sizeof url, "%.*s%s", (int)strlen(rest_server_url(server)) - 1, rest_server_url(server), path);
    fake_herder_order(&herder);
    struct http_answer answer = http_ask(method, url, body, header, NULL, NULL);
    fake_herder_order(&herder);
    ck_assert_msg(answer.code == CURLE_OK, "%s %s: %s", method, path, curl_easy_strerror(answer.code));
    status = answer.status;
    buf_done(&reply);
    buf_done(&headers);
    reply = answer.body;
    headers = answer.headers;
}

#define JSON "Content-Type: application/json"

START_TEST(before_the_herder_exists) {
    rest_server_waiting(server, "Waiting for Kafka at broker:9092.");
    ask("GET", "/health", NULL, "");
    ck_assert_int_eq(status, 503);
    ck_assert_str_eq(buf_text(&reply),
                     "{\"status\":\"starting\",\"message\":\"Worker is still starting up. Waiting for Kafka at "
                     "broker:9092.\"}");
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Retry-After: 1\r\n"));
    ask("GET", "/connectors", NULL, "");
    ck_assert_int_eq(status, 404);
    ck_assert_str_eq(buf_text(&reply),
                     "{\"error_code\":404,\"message\":\"Worker is still starting up. Waiting for Kafka "
                     "at broker:9092.\"}");
}
END_TEST

static const struct {
    const char *method, *path, *body, *header;
    long status;
    const char *contains;
} rules[] = {
    {"GET", "/nowhere", NULL, "", 404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}"},
    {"GET", "/connectors/a/b/c/d/e/f/g/h", NULL, "", 404, ""},
    {"POST", "/", "", "", 405, "HTTP 405 Method Not Allowed"},
    {"TRACE", "/connectors", NULL, "", 405, ""},
    {"GET", "/connectors", NULL, "Accept: text/html", 406, "HTTP 406 Not Acceptable"},
    {"GET", "/connectors", NULL, "Accept: text/html, application/json;q=0.5", 200, ""},
    {"GET", "/connectors", NULL, "Accept: application/json;q=2", 400, "Bad Request"},
    {"GET", "/nowhere", NULL, "Accept: application/json;q=2", 404, ""},
    {"GET", "/connectors", NULL, "Content-Type: text/plain", 415, "HTTP 415 Unsupported Media Type"},
    {"GET", "/health", NULL, "Content-Type: text/plain", 200, ""},
    {"PUT", "/connectors/c/config", "{}", "Content-Type: application/x-www-form-urlencoded", 415, ""},
    {"PUT", "/connectors/c/config", "{}", "Content-Type:", 415, ""},
    {"PUT", "/connectors/c/config", "{}", "Content-Type: application/json; charset=utf-8", 200, ""},
    {"PUT", "/connectors/c/config", "", JSON, 500, "is null"},
    {"PUT", "/connectors/c/config", "{", JSON, 500, "Unexpected end-of-input"},
    {"PUT", "/connectors/c/config", "{\"name\":\"d\"}", JSON, 400,
     "Connector name configuration (d) doesn't match connector name in the URL (c)"},
    {"POST", "/connectors", "{\"name\":\"c\",\"config\":{},\"initial_state\":\"gone\"}", JSON, 500,
     "InitialState.GONE"},
    {"POST", "/connectors", "{\"name\":\"c\"}", JSON, 500, "is null"},
    {"GET", "/connectors/c/tasks/x/status", NULL, "", 404, "HTTP 404 Not Found"},
    {"GET", "/connectors/a%2Fb", NULL, "", 400, ""},
    {"GET", "/connectors//status", NULL, "", 400, ""},
    {"GET", "/connectors/%zz", NULL, "", 400, ""},
    {"GET", "/connectors/%ff", NULL, "", 400, ""},
    {"GET", "/connectors/", NULL, "", 200, ""},
    {"GET", "/connectors/;a=b", NULL, "", 200, ""},
    {"GET", "/connectors/;a=b/status", NULL, "", 400, ""},
    {"GET", "/connectors/%2e%2e", NULL, "", 400, ""},
    {"GET", "/connectors/a%2eb", NULL, "", 200, ""},
    {"GET", "/connectors/a\"b", NULL, "", 400, ""},
    {"GET", "/connectors/<a>", NULL, "", 400, ""},
    {"GET", "/connectors/[a]", NULL, "", 400, ""},
    {"GET", "/connectors/a^b", NULL, "", 400, ""},
    {"PUT", "/admin/loggers/org.x", "{\"level\":\"INFO\"}", JSON, 200, "[]"}, /* what it is already */
    {"PUT", "/admin/loggers/org.x", "{\"level\":\"debug\"}", JSON, 200, "[\"org.x\"]"},
    {"GET", "/connectors/%C3%A4", NULL, "", 200, ""},
    {"GET", "/connectors", NULL, "Host: a:80", 200, ""},
    {"GET", "/connectors", NULL, "Host: a_b,c", 200, ""},
    {"GET", "/connectors", NULL, "Host: [::1]:8083", 200, ""},
    {"GET", "/connectors", NULL, "Host: ::1", 200, ""},
    {"GET", "/connectors", NULL, "Host: a:", 400, "Host"},
    {"GET", "/connectors", NULL, "Host: a:x", 400, "Host"},
    {"GET", "/connectors", NULL, "Host: a:0", 400, "Host"},
    {"GET", "/connectors", NULL, "Host: a:65536", 400, "Host"},
    {"GET", "/connectors", NULL, "Host: :80", 400, "Host"},
    {"GET", "/connectors", NULL, "Host: [::1", 400, "Host"},
    {"GET", "/connectors", NULL, "Host: a/b", 400, "Host"},
    {"GET", "/connectors", NULL, "Host: a b", 400, "Host"},
    {"GET", "/connectors", NULL, "Expect: nonsense", 417, "Expectation Failed"},
    {"PUT", "/connectors/c/pause", NULL, "Transfer-Encoding: gzip", 400, "encoded"},
    {"PUT", "/connectors/c/config", "\xef\xbb\xbf{}", JSON, 200, ""},
    {"POST", "/connectors", "{\"name\":\"a\",\"config\":{\"b\":{}}}", JSON, 500,
     "column: 27] (through reference chain: org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest"
     "[\\\"config\\\"]->java.util.LinkedHashMap[\\\"b\\\"])"},
    {"PUT", "/connectors/c/config", "{\"b\":[]}", JSON, 500,
     "column: 6] (through reference chain: java.util.LinkedHashMap[\\\"b\\\"])"},
    {"GET", "/connectors", NULL, "Content-Type: garbage", 400, ""},
    {"OPTIONS", "/connectors", NULL, "", 200, "HEAD, GET, POST, OPTIONS"},
};

START_TEST(http_rules) {
    start();
    ask(rules[_i].method, rules[_i].path, rules[_i].body, rules[_i].header);
    ck_assert_msg(status == rules[_i].status, "%s %s: %ld %s", rules[_i].method, rules[_i].path, status,
                  buf_text(&reply));
    ck_assert_msg(strstr(buf_text(&reply), rules[_i].contains) != NULL, "%s", buf_text(&reply));
}
END_TEST

START_TEST(the_accepted_type_is_the_answers) {
    start();
    ask("GET", "/connectors", NULL, "Accept: text/html, application/json;charset=UTF-8");
    ck_assert_int_eq(status, 200);
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Content-Type: application/json;charset=utf-8\r\n"));
    ask("PUT", "/connectors/c/config", "{", "Accept: application/json;v=1\n" JSON);
    ck_assert_int_eq(status, 500);
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Content-Type: application/json;v=1\r\n"));
    ask("GET", "/nowhere", NULL, "Accept: application/json;v=1");
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Content-Type: application/json\r\n"));
}
END_TEST

/* Request line and headers may have 8192 bytes together. */
START_TEST(long_heads) {
    static const struct {
        const char *path, *header; /* before the filling */
        size_t filling;
        long status;
    } cases[] = {
        {"/connectors?x=", NULL, 7900, 200}, {"/connectors?x=", NULL, 8160, 431}, {"/connectors?x=", NULL, 8190, 414},
        {"/connectors/", NULL, 9000, 414},   {"/connectors", "X: ", 7900, 200},   {"/connectors", "X: ", 8190, 431},
        {"/nowhere", "X: ", 20000, 431},
    };
    start();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static char filled[30000];
        const char *header = cases[i].header;
        size_t len = (size_t)snprintf(filled, sizeof filled, "%s", header ? header : cases[i].path);
        memset(filled + len, 'a', cases[i].filling);
        filled[len + cases[i].filling] = '\0';
        ask("GET", header ? cases[i].path : filled, NULL, header ? filled : "");
        ck_assert_msg(status == cases[i].status, "%zu: %ld %s", i, status, buf_text(&reply));
        ck_assert_int_eq(strstr(buf_text(&headers), "Connection: close") != NULL, status != 200);
    }
}
END_TEST

START_TEST(wrong_methods_are_told_the_right_ones) {
    start();
    ask("DELETE", "/connectors", NULL, "");
    ck_assert_int_eq(status, 405);
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Allow: HEAD,GET,POST,OPTIONS\r\n"));
    ck_assert_ptr_null(strstr(buf_text(&headers), "Retry-After"));
}
END_TEST

START_TEST(questions_reach_the_herder) {
    start();
    ask("GET", "/connectors?expand=status&expand=info&expand=x", NULL, "");
    ck_assert(herder.op == HERDER_LIST && herder.expand_status && herder.expand_info);
    ask("GET", "/connectors/a%20b;x=y/status", NULL, "");
    ck_assert(herder.op == HERDER_STATUS);
    ck_assert_str_eq(herder.connector, "a b");
    ask("POST", "/connectors/c/restart?onlyFailed=TRUE&includeTasks=", NULL, "");
    ck_assert(herder.op == HERDER_RESTART_PLAN && herder.only_failed && !herder.include_tasks);
    ask("POST", "/connectors/c/restart?onlyFailed=yes", NULL, "");
    ck_assert(herder.op == HERDER_RESTART);
    ask("POST", "/connectors/c/tasks/7/restart", NULL, "");
    ck_assert(herder.op == HERDER_RESTART_TASK && herder.task == 7);
    ask("PATCH", "/connectors/c/config", "{\"a\":null,\"b\":2}", JSON);
    ck_assert(herder.op == HERDER_PATCH_CONFIG);
    ck_assert_str_eq(herder.config, "a=null;b=2;");
}
END_TEST

START_TEST(created_connectors_have_a_location) {
    start();
    herder.http = 201;
    herder.json = "{\"name\":\"a b\"}";
    ask("POST", "/connectors", "{\"name\":\" a b \",\"config\":{\"x\":\"y\"}}", JSON "\nHost: connect.example:80");
    ck_assert_int_eq(status, 201);
    ck_assert_str_eq(herder.config, "x=y;name=a b;");
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Location: http://connect.example/connectors/a%20b\r\n"));
    ck_assert_str_eq(buf_text(&reply), "{\"name\":\"a b\"}");
    herder.created = false;
    herder.http = 200;
    ask("PUT", "/connectors/c/config", "{}", JSON);
    ck_assert_int_eq(status, 200);
    ck_assert_ptr_null(strstr(buf_text(&headers), "Location:"));
}
END_TEST

START_TEST(errors_have_two_fields) {
    start();
    herder.http = 404;
    herder.error = "Connector \"x\" not found";
    ask("GET", "/connectors/x", NULL, "");
    ck_assert_int_eq(status, 404);
    ck_assert_str_eq(buf_text(&reply), "{\"error_code\":404,\"message\":\"Connector \\\"x\\\" not found\"}");
    ask("HEAD", "/connectors/x", NULL, "");
    ck_assert_int_eq(status, 404);
    ck_assert_uint_eq(reply.len, 0);
}
END_TEST

START_TEST(bodies_over_the_cap_are_refused) {
    char body[20001];
    memset(body, ' ', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    start();
    ask("PUT", "/connectors/c/config", body, JSON "\nExpect:");
    ck_assert_int_eq(status, 413);
    ask("PUT", "/connectors/c/config", body, JSON "\nExpect:\nTransfer-Encoding: chunked");
    ck_assert_int_eq(status, 413);
    ask("GET", "/connectors", NULL, "");
    ck_assert_int_eq(status, 200);
}
END_TEST

START_TEST(no_leader_and_second_hop) {
    start();
    herder.forward_url = "";
    ask("DELETE", "/connectors/c", NULL, "");
    ck_assert_int_eq(status, 409);
    ck_assert_ptr_nonnull(strstr(buf_text(&reply), "no known leader URL"));
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Retry-After: 1\r\n"));
    herder.forward_url = "http://127.0.0.1:1/";
    ask("DELETE", "/connectors/c?forward=false", NULL, "");
    ck_assert_int_eq(status, 409);
    ck_assert_ptr_nonnull(strstr(buf_text(&reply), "conflicting operation"));
    ask("DELETE", "/connectors/c", NULL, "");
    ck_assert_int_eq(status, 500);
    ck_assert_ptr_nonnull(strstr(buf_text(&reply), "IO Error trying to forward REST request"));
}
END_TEST

/* A second server with its own herder would need a second process's symbols; one server relays to itself: the first hop
 * says "elsewhere", the second is refused as a conflict, and that answer comes back unchanged. */
START_TEST(relayed_answers_come_back_unchanged) {
    start();
    herder.forward_url = rest_server_url(server);
    ask("PUT", "/connectors/c/config", "{\"a\":\"b\"}", JSON);
    ck_assert_int_eq(status, 409);
    ck_assert_ptr_nonnull(strstr(buf_text(&reply), "conflicting operation"));
    ck_assert_str_eq(herder.config, "a=b;name=c;");
}
END_TEST

static void *ask_in_thread(void *arg) {
    (void)arg;
    ask("GET", "/connectors/c", NULL, "");
    buf_done(&reply);
    buf_done(&headers);
    return (void *)(intptr_t)status;
}

/* Until the herder holds `count` requests. */
static void wait_held(size_t count) {
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&herder.lock);
        size_t held = herder.held_count;
        pthread_mutex_unlock(&herder.lock);
        if (held == count)
            return;
        usleep(10000);
    }
    ck_abort_msg("the herder does not hold %zu requests", count);
}

START_TEST(stopping_answers_what_waits) {
    pthread_t thread;
    void *got;
    start();
    herder.hold = true;
    pthread_create(&thread, NULL, ask_in_thread, NULL);
    wait_held(1);
    rest_server_stop(server);
    pthread_join(thread, &got);
    ck_assert_int_eq((long)(intptr_t)got, 500);
    fake_herder_release(&herder); /* a late answer is thrown away */
    ask("GET", "/connectors", NULL, "");
    ck_assert_int_eq(status, 500);
    ck_assert_ptr_nonnull(strstr(buf_text(&reply), "Worker is shutting down"));
}
END_TEST

START_TEST(many_requests_wait_at_once) {
    pthread_t threads[20];
    void *got;
    start();
    herder.hold = true;
    for (size_t i = 0; i < 20; i++)
        pthread_create(&threads[i], NULL, ask_in_thread, NULL);
    wait_held(20);
    fake_herder_release(&herder);
    for (size_t i = 0; i < 20; i++) {
        pthread_join(threads[i], &got);
        ck_assert_int_eq((long)(intptr_t)got, 200);
    }
}
END_TEST

START_TEST(cors_and_response_headers) {
    rest_server_free(server);
    conf.cors_origin = "http://(a|b)\\.example";
    conf.response_headers = "add X-One: 1, \"set Cache-Control: no-cache, no-store\"";
    server = rest_server_new(&conf, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
    start();
    ask("GET", "/connectors", NULL, "Origin: http://A.example");
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Access-Control-Allow-Origin: http://A.example\r\n"));
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "X-One: 1\r\n"));
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Cache-Control: no-cache, no-store\r\n"));
    ask("GET", "/connectors", NULL, "Origin: http://c.example");
    ck_assert_ptr_null(strstr(buf_text(&headers), "Access-Control"));
    ask("OPTIONS", "/connectors", NULL, "Origin: http://a.example\nAccess-Control-Request-Method: PUT");
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Access-Control-Allow-Methods: GET,POST,HEAD\r\n"));
    ask("GET", "/connectors/a%2Fb", NULL, "Origin: http://a.example"); /* the container's answer in Java */
    ck_assert_int_eq(status, 400);
    ck_assert_ptr_null(strstr(buf_text(&headers), "Access-Control"));
    ck_assert_ptr_null(strstr(buf_text(&headers), "X-One"));
    ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Connection: close\r\n"));
    rest_server_free(server);
    conf.response_headers = "put X: y";
    server = rest_server_new(&conf, &err);
    ck_assert_ptr_null(server);
    ck_assert_ptr_nonnull(strstr(err.text, "response.http.headers.config"));
}
END_TEST

/* Bytes as they are, on a connection of their own; the answer until the server closes. */
static void send_raw(const char *text, char *answer, size_t size) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 20};
    size_t used = 0;
    ssize_t n;
    to.sin_port = htons((uint16_t)strtoul(strrchr(rest_server_worker_id(server), ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
    while (used + 1 < size && (n = recv(fd, answer + used, size - 1 - used, 0)) > 0)
        used += (size_t)n;
    answer[used] = '\0';
    close(fd);
}

#define PUT_HEAD "PUT /connectors/c/config HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"

static const struct {
    const char *request, *answer;
} raw[] = {
    {"garbage\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
    {"GET /connectors HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
    {"GET /connectors HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
    {"GET http://x:1/connectors HTTP/1.1\r\nHost: x:1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
    {"GET https://x/connectors HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
    {PUT_HEAD "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", "HTTP/1.1 400 Bad Request\r\n"},
    {PUT_HEAD "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\n"},
    {PUT_HEAD "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
    {"PUT /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
     "HTTP/1.1 404 Not Found\r\n"},
};

START_TEST(raw_requests) {
    char answer[4096];
    start();
    send_raw(raw[_i].request, answer, sizeof answer);
    ck_assert_msg(strncmp(answer, raw[_i].answer, strlen(raw[_i].answer)) == 0, "%s: %s", raw[_i].request, answer);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order) {
    char answer[8192];
    start();
    send_raw("GET /connectors HTTP/1.1\r\nHost: h\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"
             "DELETE / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
             answer, sizeof answer);
    const char *first = strstr(answer, "HTTP/1.1 200 "), *second = strstr(answer, "HTTP/1.1 404 "),
               *third = strstr(answer, "HTTP/1.1 405 ");
    ck_assert_msg(first && second && third && first < second && second < third, "%s", answer);
}
END_TEST

/* IPv6 and IPv4 at once, each with a port of its own; the first is told to others. */
START_TEST(listeners_of_both_families) {
    static const char *items[] = {"http://[::1]:0", "http://127.0.0.1:0"};
    rest_server_free(server);
    conf.listeners = (struct kc_list){items, 2};
    server = rest_server_new(&conf, &err);
    if (!server && strstr(err.text, "Cannot assign requested address"))
        return; /* a machine without IPv6 */
    ck_assert_msg(server != NULL, "%s", err.text);
    start();
    ck_assert_ptr_nonnull(strstr(rest_server_url(server), "http://[::1]:"));
    ask("GET", "/connectors", NULL, "");
    ck_assert_int_eq(status, 200);
}
END_TEST

/* Which listener is advertised; `want` has %d for the port. */
static const struct {
    const char *listeners[2], *host, *listener;
    int port;
    const char *want;
} advertised[] = {
    {{"http://127.0.0.1:0", NULL}, NULL, NULL, -1, "http://127.0.0.1:%d/"},
    {{"http://127.0.0.1:0", NULL}, "w1.example", NULL, 80, "http://w1.example:80/"},
    {{"http://127.0.0.1:0", NULL}, "", "HTTPS", 443, "https://127.0.0.1:443/"},
    {{"HTTP://127.0.0.1:0", "http://127.0.0.2:0"}, NULL, NULL, 1, "http://127.0.0.1:1/"},
    {{"http://0.0.0.0:0", NULL}, NULL, "http", 8083, "http://0.0.0.0:8083/"},
};

START_TEST(the_advertised_url) {
    const char *items[2];
    char want[128];
    rest_server_free(server);
    memcpy(items, advertised[_i].listeners, sizeof items);
    conf.listeners = (struct kc_list){items, items[1] ? 2 : 1};
    conf.advertised_host = advertised[_i].host;
    conf.advertised_listener = advertised[_i].listener;
    conf.advertised_port = advertised[_i].port;
    server = rest_server_new(&conf, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
    int port = (int)strtol(strrchr(rest_server_url(server), ':') + 1, NULL, 10);
    ck_assert_int_gt(port, 0);
    if (strstr(advertised[_i].want, "%d"))
        snprintf(want, sizeof want, "http://127.0.0.1:%d/", port);
    else
        snprintf(want, sizeof want, "%s", advertised[_i].want);
    ck_assert_str_eq(rest_server_url(server), want);
}
END_TEST

START_TEST(a_taken_port_is_named) {
    struct worker_conf second = conf;
    char text[128];
    const char *item = text;
    snprintf(text, sizeof text, "%.*s", (int)strlen(rest_server_url(server)) - 1, rest_server_url(server));
    second.listeners = (struct kc_list){&item, 1};
    ck_assert_ptr_null(rest_server_new(&second, &err));
    ck_assert_ptr_nonnull(strstr(err.text, text));
    ck_assert_ptr_nonnull(strstr(err.text, "Address already in use"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("rest server");
    TCase *tc = tcase_create("server");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, before_the_herder_exists);
    tcase_add_loop_test(tc, http_rules, 0, sizeof rules / sizeof *rules);
    tcase_add_test(tc, the_accepted_type_is_the_answers);
    tcase_add_test(tc, long_heads);
    tcase_add_test(tc, wrong_methods_are_told_the_right_ones);
    tcase_add_test(tc, questions_reach_the_herder);
    tcase_add_test(tc, created_connectors_have_a_location);
    tcase_add_test(tc, errors_have_two_fields);
    tcase_add_test(tc, bodies_over_the_cap_are_refused);
    tcase_add_test(tc, no_leader_and_second_hop);
    tcase_add_test(tc, relayed_answers_come_back_unchanged);
    tcase_add_test(tc, stopping_answers_what_waits);
    tcase_add_test(tc, many_requests_wait_at_once);
    tcase_add_test(tc, cors_and_response_headers);
    tcase_add_loop_test(tc, raw_requests, 0, sizeof raw / sizeof *raw);
    tcase_add_test(tc, pipelined_requests_are_answered_in_order);
    tcase_add_test(tc, listeners_of_both_families);
    tcase_add_loop_test(tc, the_advertised_url, 0, sizeof advertised / sizeof *advertised);
    tcase_add_test(tc, a_taken_port_is_named);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
