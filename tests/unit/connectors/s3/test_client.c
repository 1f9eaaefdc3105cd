/* The S3 client against a server that misbehaves in prepared ways. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connectors/s3/http.h"
#include "connectors/s3/store.h"
#include "tests/support/http_script.h"
#include "tests/support/suite.h"

#define OK        "HTTP/1.1 200 OK\r\nETag: \"e1\"\r\nContent-Length: 0\r\n\r\n"
#define ERROR_500 "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
#define SLOW_DOWN                    \
    "HTTP/1.1 503 Slow Down\r\n\r\n" \
    "<Error><Code>SlowDown</Code><Message>less</Message><RequestId>R7</RequestId>   </Error>"
#define DENIED                       \
    "HTTP/1.1 403 Forbidden\r\n\r\n" \
    "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>A</RequestId></Error>"

static struct store_conf conf;
static struct http_script *server;
static struct object_store *st;
static struct kc_error err;
static bool cancel;

static void setup(void) {
    store_conf_init(&conf);
    conf.bucket = "lake";
    conf.region = "us-east-1";
    conf.access_key = "AKID";
    conf.secret_key.value = "secret";
    conf.retry_base_ms = 1;
    memset(&err, 0, sizeof(err));
    cancel = false;
}

static void teardown(void) {
    st = store_free(st);
    server = http_script_stop(server);
}

static void open_store(const struct http_step *steps, size_t count) {
    server = http_script_start(steps, count);
    conf.url = http_script_url(server);
    st = store_open(&conf, &err);
    ck_assert_msg(st != NULL, "%s", err.text);
}

static int put(void) {
    return store_put(st, "a/b+0.json", "hello", 5, NULL, &err);
}

static bool asked(int i, const char *text) {
    return strcasestr(http_script_request(server, i), text) != NULL;
}

static void expect_request(int i, const char *text) {
    ck_assert_msg(asked(i, text), "no \"%s\" in: %s", text, http_script_request(server, i));
}

static int collect(void *arg, const void *data, size_t len, struct kc_error *e) {
    (void)e;
    return buf_add(arg, data, len);
}

static int get(struct buf *out, int64_t from, int64_t cap) {
    buf_init(out, 1 << 20);
    return store_get(st, "k", from, cap, NULL, collect, out, &err);
}

/* ---- Retries ----------------------------------------------------------------------------------------------------- */

START_TEST(a_request_is_signed_and_carries_its_body) {
    static const struct http_step steps[] = {{OK, false}};
    conf.expect_continue = true;
    conf.send_digest = true;
    conf.acl = "private";
    conf.sse = "aws:kms";
    conf.sse_kms_key_id = "key-1";
    conf.user_agent = "agent/1";
    open_store(steps, 1);
    ck_assert_int_eq(put(), 0);
    static const char *const expected[] = {
        "PUT /lake/a/b%2B0.json HTTP/1.1\r\n",
        "Content-Length: 5\r\n",
        "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\r\n",
        "x-amz-content-sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\r\n",
        "x-amz-acl: private\r\n",
        "x-amz-server-side-encryption: aws:kms\r\n",
        "x-amz-server-side-encryption-aws-kms-key-id: key-1\r\n",
        "Content-Type: binary/octet-stream\r\n",
        "User-Agent: agent/1\r\n",
        "Expect: 100-continue\r\n",
        "Credential=AKID/",
        "/us-east-1/s3/aws4_request, SignedHeaders=content-md5;content-type;host;x-amz-acl;",
        "\r\n\r\nhello"};
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        expect_request(0, expected[i]);
}
END_TEST

START_TEST(the_payload_is_signed_as_told) {
    static const struct http_step steps[] = {{OK, false}};
    static const struct {
        enum store_signing signing;
        const char *hash;
    } cases[] = {
        {STORE_SIGN_BY_SCHEME, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}, /* http */
        {STORE_SIGN_ALWAYS, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
        {STORE_SIGN_NEVER, "UNSIGNED-PAYLOAD"},
    };
    char expected[128];
    conf.signing = cases[_i].signing;
    open_store(steps, 1);
    ck_assert_int_eq(put(), 0);
    snprintf(expected, sizeof(expected), "x-amz-content-sha256: %s\r\n", cases[_i].hash);
    expect_request(0, expected);
}
END_TEST

START_TEST(passing_errors_are_retried) {
    static const struct http_step steps[][2] = {
        {{ERROR_500, false}, {OK, false}},
        {{SLOW_DOWN, false}, {OK, false}},
        {{"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", false}, {OK, false}},
        {{"HTTP/1.1 400 Bad Request\r\n\r\n<Error><Code>RequestTimeout</Code> </Error>", false}, {OK, false}},
        {{"", true}, {OK, false}},                              /* hung up without an answer */
        {{"HTTP/1.1 200 OK\r\nContent-Le", true}, {OK, false}}, /* half an answer */
        {{"HTTP/1.1 429 Slow\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", false}, {OK, false}},
    };
    open_store(steps[_i], 2);
    ck_assert_msg(put() == 0, "%s", err.text);
    ck_assert_int_eq(http_script_count(server), 2);
}
END_TEST

START_TEST(attempts_end) {
    static const struct http_step steps[] = {{SLOW_DOWN, false}};
    open_store(steps, 1);
    ck_assert_int_eq(put(), -1);
    ck_assert_int_eq(http_script_count(server), 3);
    ck_assert_int_eq(err.code, ERR_S3_RETRIABLE);
    ck_assert(err.retriable);
    ck_assert_str_eq(
        err.text, "Cannot write s3://lake/a/b+0.json: SlowDown: less (Service: S3, Status Code: 503, Request ID: R7)");
    ck_assert_str_eq(err.cause,
                     "software.amazon.awssdk.services.s3.model.S3Exception: less (Service: S3, Status Code: 503, "
                     "Request ID: R7)");
}
END_TEST

START_TEST(refusals_are_not_retried) {
    static const struct {
        struct http_step step;
        enum err_code code;
    } rows[] = {
        {{DENIED, true}, ERR_FORBIDDEN},
        {{"HTTP/1.1 404 Not Found\r\n\r\n<Error><Code>NoSuchBucket</Code></Error>", true}, ERR_NOT_FOUND},
        {{"HTTP/1.1 412 Failed\r\nContent-Length: 0\r\n\r\n", false}, ERR_ALREADY_EXISTS},
        {{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", false}, ERR_S3},
        {{"HTTP/1.1 403 Forbidden\r\n\r\n<Error><Code>InvalidObjectState</Code></Error>", true}, ERR_BAD_DATA},
        /* the keys of the configuration stay what they are */
        {{"HTTP/1.1 400 Bad Request\r\n\r\n<Error><Code>ExpiredToken</Code></Error>", true}, ERR_S3},
    };
    open_store(&rows[_i].step, 1);
    ck_assert_int_eq(put(), -1);
    ck_assert_int_eq(http_script_count(server), 1);
    ck_assert_int_eq(err.code, rows[_i].code);
    ck_assert(!err.retriable);
}
END_TEST

START_TEST(a_damaged_body_is_sent_once_more) {
    static const struct http_step steps[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n<Error><Code>BadDigest</Code></Error>", true}, {OK, false}};
    open_store(steps, 1 + (size_t)_i);
    ck_assert_int_eq(put(), _i ? 0 : -1);
    ck_assert_int_eq(http_script_count(server), 2);
    ck_assert(!err.retriable);
}
END_TEST

START_TEST(silence_ends_in_a_clear_error) {
    static const struct http_step steps[] = {{NULL, false}};
    conf.idle_timeout_ms = 200;
    conf.attempts = 2;
    open_store(steps, 1);
    int64_t began = clock_ms();
    ck_assert_int_eq(put(), -1);
    ck_assert_int_lt(clock_ms() - began, 5000);
    ck_assert_int_eq(http_script_count(server), 2);
    ck_assert(err.retriable);
    ck_assert_str_eq(err.text, "Cannot write s3://lake/a/b+0.json: the store did not answer for 200 ms (2 attempts)");
}
END_TEST

static bool is_cancelled(void *arg) {
    return *(bool *)arg;
}

START_TEST(waiting_can_be_cancelled) {
    static const struct http_step steps[] = {{SLOW_DOWN, false}};
    conf.cancelled = is_cancelled;
    conf.cancelled_arg = &cancel;
    conf.retry_base_ms = conf.retry_max_ms = 60000;
    cancel = true;
    open_store(steps, 1);
    ck_assert_int_eq(put(), -1);
    ck_assert_int_eq(err.code, ERR_STOPPING);
}
END_TEST

START_TEST(no_server_is_a_clear_error) {
    static const struct http_step steps[] = {{OK, false}};
    open_store(steps, 1);
    server = http_script_stop(server);
    ck_assert_int_eq(put(), -1);
    ck_assert(err.retriable);
    ck_assert_msg(strstr(err.text, "Cannot write s3://lake/a/b+0.json: ") && strstr(err.text, "(3 attempts)"), "%s",
                  err.text);
}
END_TEST

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

START_TEST(a_body_that_breaks_off_is_taken_up) {
    static const struct http_step steps[] = {
        {"HTTP/1.1 200 OK\r\nETag: \"e1\"\r\nContent-Length: 10\r\n\r\n0123", true},
        {"HTTP/1.1 206 Partial\r\nETag: \"e1\"\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n45", true},
        {"HTTP/1.1 206 Partial\r\nETag: \"e1\"\r\nContent-Range: bytes 6-9/10\r\nContent-Length: 4\r\n\r\n6789",
         false}};
    open_store(steps, 3);
    AUTO_BUF out;
    ck_assert_msg(get(&out, 0, -1) == 0, "%s", err.text);
    ck_assert_str_eq(out.data, "0123456789");
    ck_assert(!asked(0, "Range:"));
    expect_request(1, "Range: bytes=4-\r\n");
    expect_request(1, "If-Match: \"e1\"\r\n");
    expect_request(2, "Range: bytes=6-\r\n");
}
END_TEST

START_TEST(a_body_that_never_comes_whole_fails) {
    static const struct http_step steps[] = {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", true}};
    open_store(steps, 1);
    AUTO_BUF out;
    ck_assert_int_eq(get(&out, 0, -1), -1);
    ck_assert_int_eq(http_script_count(server), 3);
    ck_assert_msg(strstr(err.text, "the answer ended early") != NULL, "%s", err.text);
}
END_TEST

START_TEST(an_object_that_changes_while_it_is_read_fails) {
    static const struct http_step steps[] = {
        {"HTTP/1.1 200 OK\r\nETag: \"e1\"\r\nContent-Length: 10\r\n\r\n0123", true},
        {"HTTP/1.1 412 Failed\r\nContent-Length: 0\r\n\r\n", false}};
    open_store(steps, 2);
    AUTO_BUF out;
    ck_assert_int_eq(get(&out, 0, -1), -1);
    ck_assert_str_eq(err.text, "s3://lake/k was replaced while it was read");
    ck_assert(err.retriable);
}
END_TEST

START_TEST(ranges_are_right_whatever_the_server_does) {
    static const struct {
        int64_t from, cap;
        const char *range, *answer, *text;
    } rows[] = {
        {2, 3, "Range: bytes=2-4\r\n", "HTTP/1.1 206 P\r\nContent-Range: bytes 2-4/6\r\nContent-Length: 3\r\n\r\n234",
         "234"},
        {2, 3, "Range: bytes=2-4\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n012345",
         "234"}, /* ignores ranges */
        {4, -1, "Range: bytes=4-\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n012345", "45"},
        {6, -1, "Range: bytes=6-\r\n", "HTTP/1.1 416 Range\r\nContent-Range: bytes */6\r\nContent-Length: 0\r\n\r\n",
         ""},
    };
    struct http_step step = {rows[_i].answer, false};
    open_store(&step, 1);
    AUTO_BUF out;
    ck_assert_msg(get(&out, rows[_i].from, rows[_i].cap) == 0, "%s", err.text);
    ck_assert_str_eq(buf_text(&out), rows[_i].text);
    expect_request(0, rows[_i].range);
}
END_TEST

/* ---- Regions, clocks --------------------------------------------------------------------------------------------- */

START_TEST(another_region_is_followed) {
    static const struct http_step steps[][2] = {
        {{"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\n\r\n"
          "<Error><Code>PermanentRedirect</Code></Error>",
          true},
         {OK, false}},
        {{"HTTP/1.1 400 Bad\r\n\r\n"
          "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>",
          true},
         {OK, false}}};
    open_store(steps[_i], 2);
    ck_assert_msg(put() == 0, "%s", err.text);
    expect_request(0, "/us-east-1/s3/aws4_request");
    expect_request(1, "/eu-west-1/s3/aws4_request");
    ck_assert_int_eq(put(), 0); /* remembered */
    expect_request(2, "/eu-west-1/s3/aws4_request");
}
END_TEST

START_TEST(a_temporary_redirect_is_followed_once_for_each_request) {
    static const struct http_step other[] = {{OK, false}};
    struct http_script *there = http_script_start(other, 1);
    static char answer[256]; /* the server lives until teardown */
    snprintf(answer, sizeof(answer), "HTTP/1.1 307 Redirect\r\nLocation: %s/elsewhere\r\nContent-Length: 0\r\n\r\n",
             http_script_url(there));
    static const struct http_step steps[] = {{answer, false}};
    open_store(steps, 1);
    for (int i = 0; i < 2; i++) {
        ck_assert_msg(put() == 0, "%s", err.text);
        ck_assert_int_eq(http_script_count(server), i + 1); /* the redirect is not remembered */
        ck_assert_msg(strstr(http_script_request(there, i), "PUT /lake/a/b%2B0.json HTTP/1.1\r\n") != NULL, "%s",
                      http_script_request(there, i));
        ck_assert_ptr_nonnull(strstr(http_script_request(there, i), "hello"));
    }
    http_script_stop(there);
}
END_TEST

START_TEST(an_unknown_region_fails_with_the_configured_one) {
    static const struct http_step steps[] = {{"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", false}};
    open_store(steps, 1);
    ck_assert_int_eq(put(), -1);
    ck_assert_msg(strstr(err.text, "the configured region is us-east-1") != NULL, "%s", err.text);
    ck_assert_int_eq(http_script_count(server), 2); /* the second asks the bucket for its region */
    expect_request(1, "HEAD /lake HTTP/1.1");
}
END_TEST

START_TEST(the_servers_clock_is_taken_over) {
    static const struct http_step steps[] = {{"HTTP/1.1 403 Forbidden\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n"
                                              "<Error><Code>RequestTimeTooSkewed</Code> </Error>",
                                              true},
                                             {OK, false}};
    open_store(steps, 2);
    ck_assert_msg(put() == 0, "%s", err.text);
    expect_request(1, "x-amz-date: 20260102T0304");
}
END_TEST

/* ---- Uploads ----------------------------------------------------------------------------------------------------- */

#define CREATED               \
    "HTTP/1.1 200 OK\r\n\r\n" \
    "<InitiateMultipartUploadResult><UploadId>U/1</UploadId></InitiateMultipartUploadResult>"
#define COMPLETED             \
    "HTTP/1.1 200 OK\r\n\r\n" \
    "<CompleteMultipartUploadResult><ETag>x-1</ETag></CompleteMultipartUploadResult>"

static int upload(void) {
    struct store_upload *up;
    if (store_upload_begin(st, "k", NULL, &up, &err) < 0)
        return -1;
    int rc = store_upload_part(up, "hello", 5, &err) < 0 || store_upload_complete(up, &err) < 0 ? -1 : 0;
    store_upload_free(up);
    return rc;
}

START_TEST(an_upload_goes_in_parts) {
    static const struct http_step steps[] = {{CREATED, true}, {OK, false}, {COMPLETED, true}};
    conf.send_digest = true;
    open_store(steps, 3);
    ck_assert_msg(upload() == 0, "%s", err.text);
    expect_request(0, "POST /lake/k?uploads= HTTP/1.1\r\n");
    expect_request(1, "PUT /lake/k?partNumber=1&uploadId=U%2F1 HTTP/1.1\r\n");
    expect_request(1, "content-md5: XUFAKrxLKna5cZ2REBfFkg==\r\n");
    expect_request(2, "POST /lake/k?uploadId=U%2F1 HTTP/1.1\r\n");
    ck_assert(!asked(2, "content-md5"));
    expect_request(2, "<Part><PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag></Part></CompleteMultipartUpload>");
    ck_assert_int_eq(http_script_count(server), 3);
}
END_TEST

START_TEST(an_error_inside_a_good_answer_counts) {
    static const struct http_step steps[] = {
        {CREATED, true},
        {OK, false},
        {"HTTP/1.1 200 OK\r\n\r\n<Error><Code>InternalError</Code> </Error>", true},
        {COMPLETED, true}};
    open_store(steps, 4);
    ck_assert_msg(upload() == 0, "%s", err.text);
    ck_assert_int_eq(http_script_count(server), 4);
}
END_TEST

START_TEST(an_answer_without_result_is_looked_into) {
    static const struct http_step steps[][5] = {{{CREATED, true},
                                                 {OK, false},
                                                 {"HTTP/1.1 200 OK\r\n\r\n   ", true},
                                                 {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true}},
                                                {{CREATED, true},
                                                 {OK, false},
                                                 {"HTTP/1.1 200 OK\r\n\r\n   ", true},
                                                 {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true},
                                                 {"HTTP/1.1 204 No Content\r\n\r\n", true}}};
    open_store(steps[_i], 5);
    ck_assert_int_eq(upload(), _i ? -1 : 0);
    expect_request(3, "HEAD /lake/k HTTP/1.1");
    if (_i) {
        ck_assert(err.retriable);
        expect_request(4, "DELETE /lake/k?uploadId=U%2F1 HTTP/1.1\r\n");
    }
}
END_TEST

START_TEST(a_lost_answer_to_complete_is_no_failure) {
    static const struct http_step steps[] = {
        {CREATED, true},
        {OK, false},
        {"", true},
        {"HTTP/1.1 404 Not Found\r\n\r\n<Error><Code>NoSuchUpload</Code> </Error>", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true}}; /* HEAD: the object is there */
    open_store(steps, 5);
    ck_assert_msg(upload() == 0, "%s", err.text);
    expect_request(4, "HEAD /lake/k HTTP/1.1");
    ck_assert_int_eq(http_script_count(server), 5);
}
END_TEST

START_TEST(a_failed_upload_is_aborted) {
    static const struct http_step steps[] = {
        {CREATED, true}, {DENIED, true}, {"HTTP/1.1 204 No Content\r\n\r\n", true}};
    open_store(steps, 3);
    ck_assert_int_eq(upload(), -1);
    ck_assert_int_eq(err.code, ERR_FORBIDDEN);
    expect_request(2, "DELETE /lake/k?uploadId=U%2F1 HTTP/1.1\r\n");
}
END_TEST

/* ---- Listing ----------------------------------------------------------------------------------------------------- */

static int name(void *arg, const struct store_object *object, struct kc_error *e) {
    (void)e;
    buf_printf(arg, "%s=%lld ", object->key, (long long)object->size);
    return 0;
}

static const char *page(const char *token, const char *first, const char *second) {
    char body[1024];
    char *text = NULL;
    snprintf(body, sizeof(body),
             "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>"
             "<IsTruncated>%s</IsTruncated>%s%s%s<Contents><Key>%s</Key><Size>1</Size></Contents>"
             "<Contents><Key>%s</Key><Size>2</Size></Contents></ListBucketResult>",
             token ? "true" : "false", token ? "<NextContinuationToken>" : "", token ? token : "",
             token ? "</NextContinuationToken>" : "", first, second);
    ck_assert_int_gt(asprintf(&text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body), 0);
    return text;
}

START_TEST(listing_goes_on_behind_the_last_key) {
    struct http_step steps[] = {{page("T", "a%2Fx+1", "b%2B"), false},
                                {"HTTP/1.1 200 OK\r\n\r\n<ListBucke", false}, /* cut: asked again */
                                {page(NULL, "c", "d"), false}};
    open_store(steps, 3);
    AUTO_BUF out;
    buf_init(&out, 4096);
    ck_assert_msg(store_list(st, "p/", NULL, name, &out, &err) == 0, "%s", err.text);
    ck_assert_str_eq(out.data, "a/x 1=1 b+=2 c=1 d=2 ");
    expect_request(0, "GET /lake?encoding-type=url&list-type=2&max-keys=1000&prefix=p%2F HTTP/1.1");
    expect_request(2, "&start-after=b%2B HTTP/1.1");
    server = http_script_stop(server); /* it reads the answers */
    free((char *)steps[0].answer);
    free((char *)steps[2].answer);
}
END_TEST

START_TEST(a_listing_is_no_bad_object) {
    static const struct http_step steps[] = {
        {"HTTP/1.1 403 Forbidden\r\n\r\n<Error><Code>InvalidObjectState</Code></Error>", true}};
    AUTO_BUF keys;
    buf_init(&keys, 1024);
    open_store(steps, 1);
    ck_assert_int_eq(store_list(st, "", NULL, name, &keys, &err), -1);
    ck_assert_int_eq(err.code, ERR_FORBIDDEN);
}
END_TEST

START_TEST(a_store_without_start_after_is_asked_by_token) {
    struct http_step steps[] = {
        {page("T1", "a", "b"), false}, {page("T1", "a", "b"), false}, {page(NULL, "c", "d"), false}};
    open_store(steps, 3);
    AUTO_BUF out;
    buf_init(&out, 4096);
    ck_assert_msg(store_list(st, "", NULL, name, &out, &err) == 0, "%s", err.text);
    ck_assert_str_eq(out.data, "a=1 b=2 c=1 d=2 ");
    expect_request(2, "continuation-token=T1");
    server = http_script_stop(server); /* it reads the answers */
    free((char *)steps[0].answer);
    free((char *)steps[1].answer);
    free((char *)steps[2].answer);
}
END_TEST

START_TEST(dates_of_http) {
    ck_assert_int_eq(http_date_ms("Fri, 02 Jan 2026 03:04:05 GMT"), 1767323045000);
    ck_assert_int_eq(http_date_ms("yesterday"), 0);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/client");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_request_is_signed_and_carries_its_body);
    tcase_add_loop_test(t, the_payload_is_signed_as_told, 0, 3);
    tcase_add_loop_test(t, passing_errors_are_retried, 0, 7);
    tcase_add_test(t, attempts_end);
    tcase_add_loop_test(t, refusals_are_not_retried, 0, 6);
    tcase_add_loop_test(t, a_damaged_body_is_sent_once_more, 0, 2);
    tcase_add_test(t, silence_ends_in_a_clear_error);
    tcase_add_test(t, waiting_can_be_cancelled);
    tcase_add_test(t, no_server_is_a_clear_error);
    tcase_add_test(t, a_body_that_breaks_off_is_taken_up);
    tcase_add_test(t, a_body_that_never_comes_whole_fails);
    tcase_add_test(t, an_object_that_changes_while_it_is_read_fails);
    tcase_add_loop_test(t, ranges_are_right_whatever_the_server_does, 0, 4);
    tcase_add_loop_test(t, another_region_is_followed, 0, 2);
    tcase_add_test(t, a_temporary_redirect_is_followed_once_for_each_request);
    tcase_add_test(t, an_unknown_region_fails_with_the_configured_one);
    tcase_add_test(t, the_servers_clock_is_taken_over);
    tcase_add_test(t, an_upload_goes_in_parts);
    tcase_add_test(t, an_error_inside_a_good_answer_counts);
    tcase_add_loop_test(t, an_answer_without_result_is_looked_into, 0, 2);
    tcase_add_test(t, a_lost_answer_to_complete_is_no_failure);
    tcase_add_test(t, a_failed_upload_is_aborted);
    tcase_add_test(t, listing_goes_on_behind_the_last_key);
    tcase_add_test(t, a_listing_is_no_bad_object);
    tcase_add_test(t, a_store_without_start_after_is_asked_by_token);
    tcase_add_test(t, dates_of_http);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
