/* Answers of S3 and STS as XML. */
#include "connectors/s3/xml.h"

#include <string.h>

#include "connect/base/err.h"
#include "tests/support/suite.h"

static struct kc_error err;

START_TEST(fields_of_an_error) {
    static const char text[] =
        "<?xml version=\"1.0\"?>\n<x:Error xmlns:x=\"u\"><x:Code>NoSuchKey</x:Code><Message>a &lt; b</Message>"
        "<Other><Code>no</Code></Other></x:Error>";
    char root[16], code[16] = "", message[4] = "", none[4] = "-";
    bool cut = false;
    struct xml_field fields[] = {{"Code", code, sizeof(code), NULL},
                                 {"Message", message, sizeof(message), &cut},
                                 {"None", none, sizeof(none), NULL}};
    ck_assert_int_eq(xml_fields(text, strlen(text), root, sizeof(root), fields, 3), 0);
    ck_assert_str_eq(root, "Error");
    ck_assert_str_eq(code, "NoSuchKey");
    ck_assert_str_eq(message, "a <");
    ck_assert(cut);
    ck_assert_str_eq(none, "-");
}
END_TEST

START_TEST(what_is_no_xml) {
    static const char *const texts[] = {
        "", "<html", "<a></b>", "plain", "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a><Code>&b;</Code></a>", "<a>&b;</a>"};
    char code[16] = "";
    struct xml_field field = {"Code", code, sizeof(code), NULL};
    ck_assert_int_eq(xml_fields(texts[_i], strlen(texts[_i]), NULL, 0, &field, 1), -1);
    ck_assert_str_eq(code, "");
}
END_TEST

static int name(void *arg, const struct store_object *o, struct kc_error *e) {
    (void)e;
    buf_printf(arg, "%s %lld %s %lld|", o->key, (long long)o->size, o->etag, (long long)o->modified_ms);
    return 0;
}

static int list(const char *text, struct xml_listing *l, struct buf *out) {
    buf_init(out, 4096);
    buf_init(&l->token, 4096);
    return xml_listing(text, strlen(text), l, name, out, &err);
}

START_TEST(listings) {
    struct xml_listing l;
    AUTO_BUF out;
    ck_assert_int_eq(
        list(
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>1&amp;2</NextContinuationToken>"
            "<Contents><Key>a+b%2F</Key><LastModified>2025-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag>"
            "<Size>5</Size><Owner><Key>no</Key></Owner></Contents><CommonPrefixes><Prefix>p</Prefix></CommonPrefixes>"
            "</ListBucketResult>",
            &l, &out),
        0);
    ck_assert(l.truncated && !l.url_encoded);
    ck_assert_str_eq(l.token.data, "1&2");
    ck_assert_str_eq(out.data, "a+b%2F 5 \"e\" 1735787045678|");
    buf_done(&l.token);
    buf_done(&out);
    ck_assert_int_eq(list("<ListBucketResult><Contents><Key>a+b%2f%zz</Key><Size>0</Size></Contents>"
                          "<EncodingType>url</EncodingType></ListBucketResult>",
                          &l, &out),
                     0);
    ck_assert_str_eq(out.data, "a b/%zz 0  0|");
    buf_done(&l.token);
}
END_TEST

START_TEST(listings_that_are_none) {
    static const char *const texts[] = {
        "",
        "<ListBucketResult>",
        "<Error><Code>x</Code></Error>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"};
    struct xml_listing l;
    AUTO_BUF out;
    ck_assert_int_eq(list(texts[_i], &l, &out), -1);
    ck_assert_int_eq(err.code, ERR_S3_RETRIABLE);
    ck_assert_uint_eq(out.len, 0);
    buf_done(&l.token);
}
END_TEST

START_TEST(texts) {
    AUTO_BUF out;
    buf_init(&out, 256);
    ck_assert_int_eq(xml_escape(&out, "a<b>&\"'c"), 0);
    ck_assert_str_eq(out.data, "a&lt;b&gt;&amp;&quot;'c");
    ck_assert_int_eq(xml_time_ms("2026-01-02T03:04:05Z"), 1767323045000);
    ck_assert_int_eq(xml_time_ms("2026-01-02"), 0);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/xml");
    TCase *t = tcase_create("all");
    tcase_add_test(t, fields_of_an_error);
    tcase_add_loop_test(t, what_is_no_xml, 0, 6);
    tcase_add_test(t, listings);
    tcase_add_loop_test(t, listings_that_are_none, 0, 7);
    tcase_add_test(t, texts);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
