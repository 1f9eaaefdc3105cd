/* Signature Version 4 against vectors that an independent signer made. */
#include "connectors/s3/sign.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

#define SECRET "secretsecret"
#define ID     "AKIDEXAMPLE"
#define TIME   "20260102T030405Z"

struct vector {
    const char *method, *path, *region;
    struct sign_pair query[8];
    struct sign_pair headers[8]; /* besides x-amz-date where dated */
    const char *payload_hash;
    const char *canonical_query, *canonical_hash, *signature;
};

static const struct vector vectors[] = {
    {"POST",
     "/lake/topics/orders/partition%3D0/orders%2B0%2B0000000000.json",
     "us-east-1",
     {{"uploads", NULL}},
     {{"host", "localhost:9000"}, {"x-amz-content-sha256", SIGN_EMPTY_HASH}, {"x-amz-date", TIME}},
     SIGN_EMPTY_HASH,
     "uploads=",
     "00e5f01863ef08aead13203c3355cbba0cd8b5e76ce96002b4ad71a17a2b9bf0",
     "57fc69d4375329295d2b2cde08b293c3b299288224c4bc5075df91fd53062cb5"},
    {"GET",
     "/",
     "eu-west-1",
     {{"list-type", "2"}, {"prefix", "topics/orders/"}, {"continuation-token", "1a/b+c=="}, {"max-keys", "1000"}},
     {{"x-amz-security-token", "TOKEN=="},
      {"x-amz-date", TIME},
      {"x-amz-content-sha256", SIGN_EMPTY_HASH},
      {"host", "lake.s3.eu-west-1.amazonaws.com"}},
     SIGN_EMPTY_HASH,
     "continuation-token=1a%2Fb%2Bc%3D%3D&list-type=2&max-keys=1000&prefix=topics%2Forders%2F",
     "4c2977118ebcb5ba69e38b206885add221f01e127509f6e73c45488f88613a82",
     "098719ffe706edb986229fdd58e867dc724387b5c901e6343bff4b2c4e9e89f2"},
    {"PUT",
     "/a%20b/%C3%BC%2B%3D.bin",
     "eu-west-1",
     {{"uploadId", "VXBsb2Fk.x"}, {"partNumber", "2"}},
     {{"host", "lake.s3.eu-west-1.amazonaws.com"}, {"x-amz-content-sha256", SIGN_UNSIGNED}, {"x-amz-date", TIME}},
     SIGN_UNSIGNED,
     "partNumber=2&uploadId=VXBsb2Fk.x",
     "7dcae1910f8432ce4e231568ef8ccf9d13130077ec8b9ea87ef6f911356ad099",
     "e7c478f22b712d8fe196701dc3437da21c5bfa681c8576036a83c9f1c799d46e"},
    {"GET",
     "/k.txt",
     "eu-west-1",
     {{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
      {"X-Amz-Credential", ID "/20260102/eu-west-1/s3/aws4_request"},
      {"X-Amz-Date", TIME},
      {"X-Amz-Expires", "3600"},
      {"X-Amz-SignedHeaders", "host"}},
     {{"host", "lake.s3.eu-west-1.amazonaws.com"}},
     SIGN_UNSIGNED,
     NULL,
     NULL,
     "9d185e904f6eb63043d2eab12a340b135b03194255dc04f0c828a1d58115c1a1"},
};

static size_t pairs(const struct sign_pair *p) {
    size_t n = 0;
    while (n < 8 && p[n].name)
        n++;
    return n;
}

START_TEST(signatures_are_those_of_the_vectors) {
    const struct vector *v = &vectors[_i];
    AUTO_BUF query, canonical, names, authorization;
    buf_init(&query, 4096);
    buf_init(&canonical, 4096);
    buf_init(&names, 4096);
    buf_init(&authorization, 4096);
    ck_assert_int_eq(sign_query(&query, v->query, pairs(v->query)), 0);
    if (v->canonical_query)
        ck_assert_str_eq(buf_text(&query), v->canonical_query);
    struct sign_request req = {v->method, v->path, buf_text(&query), v->headers, pairs(v->headers), v->payload_hash};
    struct sign_scope scope = {ID, SECRET, v->region, "s3", TIME};
    ck_assert_int_eq(sign_canonical(&req, &canonical, &names), 0);
    char hash[65], expected[256];
    sign_hash(hash, canonical.data, canonical.len);
    if (v->canonical_hash)
        ck_assert_str_eq(hash, v->canonical_hash);
    ck_assert_int_eq(sign_authorization(&req, &scope, &authorization), 0);
    snprintf(expected, sizeof(expected),
             "AWS4-HMAC-SHA256 Credential=" ID "/20260102/%s/s3/aws4_request, SignedHeaders=%s, "
             "Signature=%s",
             v->region, buf_text(&names), v->signature);
    ck_assert_str_eq(authorization.data, expected);
}
END_TEST

START_TEST(names_are_encoded_once) {
    static const struct {
        const char *text;
        bool slash;
        const char *encoded;
    } rows[] = {
        {"a/b", true, "a/b"},           {"a/b", false, "a%2Fb"},      {"A-Z.a_z~09", false, "A-Z.a_z~09"},
        {" +=%", true, "%20%2B%3D%25"}, {"\xc3\xbc", true, "%C3%BC"}, {"", true, ""},
        {"\x01\x7f", true, "%01%7F"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO_BUF out;
        buf_init(&out, 256);
        ck_assert_int_eq(sign_encode(&out, rows[i].text, rows[i].slash), 0);
        ck_assert_str_eq(buf_text(&out), rows[i].encoded);
    }
}
END_TEST

START_TEST(header_values_are_trimmed_and_blanks_joined) {
    struct sign_pair headers[] = {{"x-amz-meta-a", "  one   two "}};
    struct sign_request req = {"GET", "", "", headers, 1, SIGN_UNSIGNED};
    AUTO_BUF canonical, names;
    buf_init(&canonical, 4096);
    buf_init(&names, 4096);
    ck_assert_int_eq(sign_canonical(&req, &canonical, &names), 0);
    ck_assert_str_eq(canonical.data, "GET\n/\n\nx-amz-meta-a:one two\n\nx-amz-meta-a\nUNSIGNED-PAYLOAD");
}
END_TEST

START_TEST(times_and_digests) {
    char time[17], md5[25];
    sign_time(time, 1767323045000);
    ck_assert_str_eq(time, TIME);
    sign_md5(md5, "hello", 5);
    ck_assert_str_eq(md5, "XUFAKrxLKna5cZ2REBfFkg==");
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/sign");
    TCase *t = tcase_create("all");
    tcase_add_loop_test(t, signatures_are_those_of_the_vectors, 0, (int)(sizeof(vectors) / sizeof(vectors[0])));
    tcase_add_test(t, names_are_encoded_once);
    tcase_add_test(t, header_values_are_trimmed_and_blanks_joined);
    tcase_add_test(t, times_and_digests);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
