/* Signatures of requests between workers, their checks, and the client against a small server in the test. */
#include "connect/internal_request.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "tests/support/suite.h"

static struct session_key counting_key(void) {
    struct session_key key = {.len = 32, .algorithm = "HmacSHA256"};
    for (size_t i = 0; i < key.len; i++)
        key.key[i] = (uint8_t)i;
    return key;
}

static const struct {
    const char *body, *signature;
} vectors[] = {
    {"", "04tCCW2A9F+Ca0Sp1WB95ySWpBXT9KGoyI47udqNwcs="},
    {NULL, "04tCCW2A9F+Ca0Sp1WB95ySWpBXT9KGoyI47udqNwcs="},
    {"[]", "RFz4uuvEwRyKDg2eLYkj6DfD/GYfMQFAut0Di01ZS3o="},
    {"[{\"task.index\":\"0\",\"topic\":\"orders\"}]", "wtsEynzytynnETUrcQWzTqh/u02lU267dKQRH/CprmA="},
    {"[{\"task.class\":\"x.Y\"}]", "ZJttyjQgp06Z39JscqBPfcmQYGGgsJyUbT+qLZ96Iw4="},
};

static const char *const one[] = {"HmacSHA256"};
static const struct kc_list sha256_only = {one, 1};
static const char *const two[] = {"HmacSHA512", "HmacSHA256"};
static const struct kc_list both = {two, 2};

START_TEST(signs_as_java) {
    struct session_key key = counting_key();
    struct kc_error err = {0};
    AUTO_TEXT signature = NULL;
    const char *body = vectors[_i].body;
    size_t len = body ? strlen(body) : 0;
    ck_assert_int_eq(internal_request_sign(&key, "HmacSHA256", body, len, &signature, &err), 0);
    ck_assert_str_eq(signature, vectors[_i].signature);
    ck_assert_int_eq(internal_request_verify(&key, &sha256_only, signature, "HmacSHA256", body, len, &err), 0);
}
END_TEST

static const struct {
    const char *signature, *algorithm;
    bool have_key;
    int code;
    const char *text;
} refusals[] = {
    {NULL, "HmacSHA256", true, ERR_BAD_REQUEST, "Internal request missing required signature"},
    {"RFz4uuvEwRyKDg2eLYkj6DfD/GYfMQFAut0Di01ZS3o=", NULL, true, ERR_BAD_REQUEST,
     "Internal request missing required signature"},
    {"RFz4uuvEwRyKDg2eLYkj6DfD/GYfMQFAut0Di01ZS3o=", "Rot13", true, ERR_BAD_REQUEST, "Algorithm Rot13 not available"},
    {"not base64!", "HmacSHA256", true, ERR_BAD_REQUEST, "Illegal base64 in header X-Connect-Authorization"},
    {"RFz4uuvEwRyKDg2eLYkj6DfD/GYfMQFAut0Di01ZS3o=", "HmacSHA512", true, ERR_BAD_REQUEST,
     "This worker does not support the 'HmacSHA512' key signing algorithm used by other workers. This worker is "
     "currently configured to use: [HmacSHA256]. Check that all workers' configuration files permit the same set of "
     "signature algorithms, and correct any misconfigured worker and restart it."},
    {"RFz4uuvEwRyKDg2eLYkj6DfD/GYfMQFAut0Di01ZS3o=", "HmacSHA256", false, ERR_NOT_READY,
     "This worker is still starting up and has not been able to read a session key from the config topic yet"},
    {"04tCCW2A9F+Ca0Sp1WB95ySWpBXT9KGoyI47udqNwcs=", "HmacSHA256", true, ERR_FORBIDDEN,
     "Internal request contained invalid signature."},
    {"", "HmacSHA256", true, ERR_FORBIDDEN, "Internal request contained invalid signature."},
    {"RFz4", "HmacSHA256", true, ERR_FORBIDDEN, "Internal request contained invalid signature."},
};

START_TEST(refuses) {
    struct session_key key = counting_key();
    struct kc_error err = {0};
    ck_assert_int_eq(internal_request_verify(refusals[_i].have_key ? &key : NULL, &sha256_only, refusals[_i].signature,
                                             refusals[_i].algorithm, "[]", 2, &err),
                     -1);
    ck_assert_int_eq(err.code, refusals[_i].code);
    ck_assert_str_eq(err.text, refusals[_i].text);
}
END_TEST

START_TEST(any_allowed_algorithm_verifies) {
    struct session_key key = counting_key();
    struct kc_error err = {0};
    AUTO_TEXT signature = NULL;
    ck_assert_int_eq(internal_request_sign(&key, "HmacSHA512", "[]", 2, &signature, &err), 0);
    ck_assert_int_eq(internal_request_verify(&key, &both, signature, "HmacSHA512", "[]", 2, &err), 0);
}
END_TEST

START_TEST(url_encodes_the_name) {
    AUTO_TEXT plain = internal_request_url("http://h:8083/", "a-b", "tasks");
    AUTO_TEXT odd = internal_request_url("http://h:8083", "a b/%\xc3\xa9", "fence");
    ck_assert_str_eq(plain, "http://h:8083/connectors/a-b/tasks");
    ck_assert_str_eq(odd, "http://h:8083/connectors/a%20b%2F%25%C3%A9/fence");
}
END_TEST

struct server {
    int fd;
    char request[4096];
    const char *answer;
};

static void *serve_one(void *arg) {
    struct server *s = arg;
    int fd = accept(s->fd, NULL, NULL);
    size_t len = 0;
    while (len < sizeof(s->request) - 1 && !strstr(s->request, "END")) {
        ssize_t n = read(fd, s->request + len, sizeof(s->request) - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        s->request[len] = 0;
    }
    ssize_t n = write(fd, s->answer, strlen(s->answer));
    ck_assert_int_eq(n, (ssize_t)strlen(s->answer));
    close(fd);
    return NULL;
}

static int listen_local(struct server *s) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(addr);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(listen(s->fd, 1), 0);
    ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&addr, &size), 0);
    return ntohs(addr.sin_port);
}

START_TEST(sends_signed_requests) {
    struct server server = {.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"};
    int port = listen_local(&server);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, serve_one, &server), 0);
    AUTO_TEXT url = NULL;
    ck_assert_int_gt(asprintf(&url, "http://127.0.0.1:%d/connectors/c/tasks", port), 0);
    struct internal_request req = {.method = "POST",
                                   .url = url,
                                   .body = "[\"END\"]",
                                   .body_len = 7,
                                   .signature = "c2ln",
                                   .algorithm = "HmacSHA256",
                                   .timeout_ms = 10000};
    AUTO_BUF body;
    buf_init(&body, 100);
    int status = 0;
    struct kc_error err = {0};
    ck_assert_msg(internal_request_send(&req, &status, &body, &err) == 0, "%s", err.text);
    pthread_join(thread, NULL);
    close(server.fd);
    ck_assert_int_eq(status, 403);
    ck_assert_str_eq(buf_text(&body), "{}");
    static const char *const wanted[] = {"POST /connectors/c/tasks HTTP/1.1\r\n",
                                         "X-Connect-Authorization: c2ln\r\n",
                                         "X-Connect-Request-Signature-Algorithm: HmacSHA256\r\n",
                                         "Accept: application/json\r\n",
                                         "Content-Type: application/json\r\n",
                                         "User-Agent: kafka-connect\r\n"};
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        ck_assert_msg(strstr(server.request, wanted[i]) != NULL, "no %s in %s", wanted[i], server.request);
}
END_TEST

START_TEST(says_why_nobody_answered) {
    struct server server = {0};
    int port = listen_local(&server);
    close(server.fd);
    AUTO_TEXT url = NULL;
    ck_assert_int_gt(asprintf(&url, "http://127.0.0.1:%d/connectors/c/fence", port), 0);
    struct internal_request req = {.method = "PUT", .url = url, .timeout_ms = 10000};
    AUTO_BUF body;
    buf_init(&body, 100);
    int status = 0;
    struct kc_error err = {0};
    ck_assert_int_eq(internal_request_send(&req, &status, &body, &err), -1);
    ck_assert_int_eq(err.code, ERR_IO);
    ck_assert_ptr_eq(strstr(err.text, "IO Error trying to forward REST request: "), err.text);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("internal_request");
    TCase *tc = tcase_create("internal_request");
    tcase_add_loop_test(tc, signs_as_java, 0, (int)COUNT_OF(vectors));
    tcase_add_loop_test(tc, refuses, 0, (int)COUNT_OF(refusals));
    tcase_add_test(tc, any_allowed_algorithm_verifies);
    tcase_add_test(tc, url_encodes_the_name);
    tcase_add_test(tc, sends_signed_requests);
    tcase_add_test(tc, says_why_nobody_answered);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
