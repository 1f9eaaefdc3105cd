/* The offsets file: what comes back, what a failure leaves, how the file is replaced. */
#include "connect/store/map_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/properties.h"
#include "connect/base/auto.h"
#include "tests/support/suite.h"

static char folder[] = "/tmp/map-file-XXXXXX", path[64], link_path[64];

static void set_up(void) {
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/offsets", folder);
    snprintf(link_path, sizeof(link_path), "%s/link", folder);
}

static void tear_down(void) {
    unlink(path);
    unlink(link_path);
    rmdir(path);
    rmdir(folder);
}

static void show(void *arg, const struct java_map_entry *e) {
    buf_printf(arg, "%.*s=%.*s;", e->key ? (int)e->key_len : 4, e->key ? (const char *)e->key : "null",
               e->value ? (int)e->value_len : 4, e->value ? (const char *)e->value : "null");
}

/* What a new reader finds in the file, or the error. */
static char *contents(const char *file) {
    struct kc_error err = {0};
    struct map_file *m = map_file_new(file);
    AUTO_BUF out;
    buf_init(&out, 1 << 16);
    char *text = strdup(map_file_load(m, show, &out, &err) < 0 ? err.text : buf_text(&out));
    map_file_free(m);
    return text;
}

static int put(struct map_file *m, const char *key, const char *value, struct kc_error *err) {
    struct topic_log_record r = {
        .key = key, .key_len = strlen(key), .value = value, .value_len = value ? strlen(value) : 0};
    return map_file_put(m, &r, 1, err);
}

static struct map_file *loaded(const char *file) {
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, 1 << 16);
    struct map_file *m = map_file_new(file);
    ck_assert_msg(map_file_load(m, show, &out, &err) == 0, "%s", err.text);
    return m;
}

START_TEST(test_put_and_load) {
    struct kc_error err = {0};
    struct map_file *m = loaded(path); /* no file yet */
    struct topic_log_record both[] = {{.key = "c", .value = "3", .key_len = 1, .value_len = 1},
                                      {.key = "c", .value = "4", .key_len = 1, .value_len = 1},
                                      {.key = "a", .value = "5", .key_len = 1, .value_len = 1}};
    ck_assert_int_eq(put(m, "a", "1", &err), 0);
    ck_assert_int_eq(put(m, "b", "2", &err), 0);
    ck_assert_int_eq(map_file_put(m, both, 3, &err), 0);
    ck_assert_int_eq(put(m, "b", NULL, &err), 0);
    map_file_free(m);
    AUTO_TEXT text = contents(path);
    ck_assert_str_eq(text, "a=5;b=null;c=4;");
    m = loaded(path); /* what others wrote stays */
    ck_assert_int_eq(put(m, "d", "6", &err), 0);
    map_file_free(m);
    AUTO_TEXT more = contents(path);
    ck_assert_str_eq(more, "a=5;b=null;c=4;d=6;");
}
END_TEST

static void write_text(const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

START_TEST(test_unusable) {
    write_text("");
    AUTO_TEXT empty = contents(path);
    ck_assert_str_eq(empty, "");
    write_text("name=x\n");
    AUTO_TEXT text = contents(path);
    ck_assert_ptr_nonnull(strstr(text, path));
    ck_assert_ptr_nonnull(strstr(text, "cannot be used: it is damaged"));
    unlink(path);
    mkdir(path, 0700);
    AUTO_TEXT dir = contents(path);
    ck_assert_ptr_nonnull(strstr(dir, "cannot be read"));
}
END_TEST

START_TEST(test_failed_write_changes_nothing) {
    struct kc_error err = {0};
    struct map_file *m = loaded(path);
    ck_assert_int_eq(put(m, "a", "1", &err), 0);
    unlink(path);
    mkdir(path, 0700); /* in the way */
    ck_assert_int_eq(put(m, "a", "2", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, path));
    ck_assert_int_eq(put(m, "b", "2", &err), -1);
    rmdir(path);
    ck_assert_int_eq(put(m, "c", "3", &err), 0);
    map_file_free(m);
    AUTO_TEXT text = contents(path);
    ck_assert_str_eq(text, "a=1;c=3;");
}
END_TEST

START_TEST(test_missing_folder) {
    struct kc_error err = {0};
    struct map_file *m = loaded("/no/such/folder/offsets");
    ck_assert_int_eq(put(m, "a", "1", &err), -1);
    ck_assert_str_eq(err.text, "The offsets file /no/such/folder/offsets cannot be written");
    ck_assert_ptr_nonnull(strstr(err.cause, "No such file or directory"));
    map_file_free(m);
}
END_TEST

/* Links stay links, permissions stay, nothing is left beside the file. */
START_TEST(test_replaced_in_place) {
    struct kc_error err = {0};
    struct stat st;
    char beside[80];
    write_text("");
    ck_assert_int_eq(chmod(path, 0604), 0);
    ck_assert_int_eq(symlink(path, link_path), 0);
    struct map_file *m = loaded(link_path);
    ck_assert_int_eq(put(m, "a", "1", &err), 0);
    map_file_free(m);
    ck_assert(lstat(link_path, &st) == 0 && S_ISLNK(st.st_mode));
    ck_assert(lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0604);
    snprintf(beside, sizeof(beside), "%s.new", path);
    ck_assert_int_eq(access(beside, F_OK), -1);
    AUTO_TEXT text = contents(path);
    ck_assert_str_eq(text, "a=1;");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("map_file");
    TCase *tc = tcase_create("map_file");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_put_and_load);
    tcase_add_test(tc, test_unusable);
    tcase_add_test(tc, test_failed_write_changes_nothing);
    tcase_add_test(tc, test_missing_folder);
    tcase_add_test(tc, test_replaced_in_place);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
