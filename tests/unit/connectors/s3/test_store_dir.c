/* A directory as object store: order, atomicity, names that must not leave the directory. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connectors/s3/store.h"
#include "tests/support/suite.h"

static char root[] = "/tmp/kconnectd-store-XXXXXX";
static struct object_store *st;
static struct kc_error err;

static void setup(void) {
    char url[64], bucket[64];
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(url, sizeof(url), "file://%s", root);
    snprintf(bucket, sizeof(bucket), "%s/lake", root);
    ck_assert_int_eq(mkdir(bucket, 0777), 0);
    struct store_conf conf;
    store_conf_init(&conf);
    conf.url = url;
    conf.bucket = "lake";
    memset(&err, 0, sizeof(err));
    st = store_open(&conf, &err);
    ck_assert_msg(st != NULL, "%s", err.text);
}

static void teardown(void) {
    char command[128];
    st = store_free(st);
    snprintf(command, sizeof(command), "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
}

static void put(const char *key, const char *text) {
    ck_assert_msg(store_put(st, key, text, strlen(text), NULL, &err) == 0, "%s", err.text);
}

static int collect(void *arg, const void *data, size_t len, struct kc_error *e) {
    (void)e;
    return buf_add(arg, data, len);
}

static const char *get(const char *key, int64_t from, int64_t cap) {
    static struct buf out;
    buf_done(&out);
    buf_init(&out, 1 << 20);
    ck_assert_msg(store_get(st, key, from, cap, NULL, collect, &out, &err) == 0, "%s", err.text);
    return buf_text(&out);
}

static int name(void *arg, const struct store_object *object, struct kc_error *e) {
    (void)e;
    buf_printf(arg, "%s ", object->key);
    return 0;
}

static const char *list(const char *prefix, const char *after) {
    static struct buf out;
    buf_done(&out);
    buf_init(&out, 1 << 20);
    ck_assert_msg(store_list(st, prefix, after, name, &out, &err) == 0, "%s", err.text);
    return buf_text(&out);
}

START_TEST(objects_come_back_whole_and_in_ranges) {
    put("a/b+0+0.json", "hello");
    ck_assert_str_eq(get("a/b+0+0.json", 0, -1), "hello");
    ck_assert_str_eq(get("a/b+0+0.json", 1, 3), "ell");
    ck_assert_str_eq(get("a/b+0+0.json", 5, -1), "");
    ck_assert_str_eq(get("a/b+0+0.json", 9, -1), "");
    put("a/b+0+0.json", "other"); /* replaced */
    ck_assert_str_eq(get("a/b+0+0.json", 0, -1), "other");
    struct store_object object;
    ck_assert_int_eq(store_head(st, "a/b+0+0.json", &object, &err), 1);
    ck_assert_int_eq(object.size, 5);
    ck_assert_int_eq(store_head(st, "a/c", &object, &err), 0);
    ck_assert_int_eq(store_get(st, "a/c", 0, -1, NULL, collect, NULL, &err), -1);
    ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(listing_is_in_the_order_of_bytes) {
    static const char *const keys[] = {"b", "a/z", "a-b", "a.b", "a0", "a/a/a", "a/a.x", "\xc3\xbc", "Z"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        put(keys[i], "x");
    ck_assert_str_eq(list(NULL, NULL), "Z a-b a.b a/a.x a/a/a a/z a0 b \xc3\xbc ");
    ck_assert_str_eq(list("a", NULL), "a-b a.b a/a.x a/a/a a/z a0 ");
    ck_assert_str_eq(list("a/", NULL), "a/a.x a/a/a a/z ");
    ck_assert_str_eq(list("a/a/", NULL), "a/a/a ");
    ck_assert_str_eq(list("", "a/a.x"), "a/a/a a/z a0 b \xc3\xbc ");
    ck_assert_str_eq(list("", "a/zz"), "a0 b \xc3\xbc ");
    ck_assert_str_eq(list("no", NULL), "");
}
END_TEST

START_TEST(uploads_appear_when_complete) {
    struct store_upload *up;
    ck_assert_int_eq(store_upload_begin(st, "t/p/file", NULL, &up, &err), 0);
    ck_assert_int_eq(store_upload_part(up, "one", 3, &err), 0);
    ck_assert_str_eq(list(NULL, NULL), "");
    ck_assert_int_eq(store_upload_part(up, "two", 3, &err), 0);
    ck_assert_int_eq(store_upload_complete(up, &err), 0);
    store_upload_free(up);
    ck_assert_str_eq(get("t/p/file", 0, -1), "onetwo");
    ck_assert_int_eq(store_upload_begin(st, "t/p/gone", NULL, &up, &err), 0);
    ck_assert_int_eq(store_upload_part(up, "one", 3, &err), 0);
    store_upload_free(up); /* aborts */
    ck_assert_str_eq(list(NULL, NULL), "t/p/file ");
}
END_TEST

START_TEST(conditional_writes_keep_the_first) {
    struct store_put how = {.if_none_match = true};
    ck_assert_int_eq(store_put(st, "once", "1", 1, &how, &err), 0);
    ck_assert_int_eq(store_put(st, "once", "2", 1, &how, &err), -1);
    ck_assert_int_eq(err.code, ERR_ALREADY_EXISTS);
    ck_assert_str_eq(get("once", 0, -1), "1");
}
END_TEST

START_TEST(names_that_leave_the_directory_are_refused) {
    static const char *const keys[] = {"../x", "a/../../x",           "a/..", ".", "", "/etc/passwd", "a//b",
                                       "a/",   ".kconnectd-uploads/1"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        memset(&err, 0, sizeof(err));
        ck_assert_int_eq(store_put(st, keys[i], "x", 1, NULL, &err), -1);
        ck_assert_msg(strstr(err.text, keys[i]) != NULL, "%s", err.text);
        ck_assert(!err.retriable);
        ck_assert_int_eq(store_get(st, keys[i], 0, -1, NULL, collect, NULL, &err), -1);
    }
}
END_TEST

START_TEST(a_name_cannot_be_file_and_folder) {
    put("a", "x");
    ck_assert_int_eq(store_put(st, "a/b", "x", 1, NULL, &err), -1);
    ck_assert_msg(strstr(err.text, "lake/a/b: Not a directory") != NULL, "%s", err.text);
}
END_TEST

START_TEST(missing_buckets_and_bad_urls) {
    static const char *const urls[] = {"file://relative", "file:relative", "file:////x"};
    struct store_conf conf;
    store_conf_init(&conf);
    conf.bucket = "lake";
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        conf.url = urls[i];
        ck_assert_ptr_null(store_open(&conf, &err));
        ck_assert_msg(strstr(err.text, urls[i]) != NULL, "%s", err.text);
    }
    enum store_bucket state;
    ck_assert_int_eq(store_bucket(st, &state, &err), 0);
    ck_assert_int_eq(state, STORE_BUCKET_EXISTS);
    conf.url = "file:///nowhere";
    struct object_store *other = store_open(&conf, &err);
    ck_assert_int_eq(store_bucket(other, &state, &err), 0);
    ck_assert_int_eq(state, STORE_BUCKET_ABSENT);
    ck_assert_int_eq(store_put(other, "a", "x", 1, NULL, &err), -1);
    store_free(other);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/store_dir");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, objects_come_back_whole_and_in_ranges);
    tcase_add_test(t, listing_is_in_the_order_of_bytes);
    tcase_add_test(t, uploads_appear_when_complete);
    tcase_add_test(t, conditional_writes_keep_the_first);
    tcase_add_test(t, names_that_leave_the_directory_are_refused);
    tcase_add_test(t, a_name_cannot_be_file_and_folder);
    tcase_add_test(t, missing_buckets_and_bad_urls);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
