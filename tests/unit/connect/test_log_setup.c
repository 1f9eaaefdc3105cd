/* The environment's say about the log: files of log4j, levels, and what is wrong with them. */
#include "connect/log_setup.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/properties.h"
#include "connect/base/auto.h"

static char folder[] = "/tmp/log-setup-XXXXXX", config[64], target[80];

static void set_up(void) {
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(config, sizeof config, "%s/l.yaml", folder);
    snprintf(target, sizeof target, "%s/logs/deep/connect.log", folder);
    unsetenv("LOG_LEVEL");
}

static void tear_down(void) {
    char path[120];
    log_to_console();
    (void)unlink(config);
    (void)unlink(target);
    snprintf(path, sizeof path, "%s.1", target);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/logs/deep", folder);
    (void)rmdir(path);
    snprintf(path, sizeof path, "%s/logs", folder);
    (void)rmdir(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void write_config(const char *file_name) {
    FILE *f = fopen(config, "w");
    fprintf(f,
            "Configuration:\n  Appenders:\n    File:\n      name: F\n      fileName: %s\n"
            "  Loggers:\n    Root:\n      level: DEBUG\n      AppenderRef:\n        ref: F\n"
            "    Logger:\n      - name: a.b\n        level: ERROR\n",
            file_name);
    fclose(f);
}

static int lines_with(const char *path, const char *word) {
    size_t len;
    int count = 0;
    AUTO_TEXT text = file_read(path, 1 << 20, &len, NULL);
    for (const char *at = text; at && (at = strstr(at, word)); at++)
        count++;
    return count;
}

static void note_change(void *arg, const char *logger, enum kc_level level, int64_t changed_ms) {
    (void)logger;
    (void)level;
    *(int *)arg += changed_ms != -1;
}

START_TEST(follows_a_file) {
    char options[300];
    int changed = 0;
    write_config("${sys:kafka.logs.dir}/deep/connect.log");
    snprintf(options, sizeof options, "-Xmx1G -Dlog4j2.configurationFile=file:%s  -Dkafka.logs.dir=%s/logs", config,
             folder);
    setenv("KAFKA_LOG4J_OPTS", options, 1);
    log_setup(KC_INFO);
    ck_assert_int_eq(log_level("root"), KC_DEBUG);
    ck_assert_int_eq(log_level("a.b"), KC_ERROR);
    ck_assert_int_eq(log_level("x"), KC_DEBUG);
    log_each(note_change, &changed);
    ck_assert_int_eq(changed, 0); /* for REST nothing was changed */
    kc_log(KC_DEBUG, "x", "first");
    ck_assert_int_eq(lines_with(target, "first"), 1);
    /* moved away by logrotate */
    char moved[90];
    snprintf(moved, sizeof moved, "%s.1", target);
    ck_assert_int_eq(rename(target, moved), 0);
    kc_log(KC_DEBUG, "x", "second");
    ck_assert_int_eq(lines_with(target, "second"), 1);
    ck_assert_int_eq(lines_with(moved, "second"), 0);
}
END_TEST

START_TEST(the_directory_of_logs_is_log_dir) {
    char options[300], logs[80];
    write_config("${sys:kafka.logs.dir}/deep/connect.log");
    snprintf(options, sizeof options, "-Dlog4j.configurationFile=file://%s", config);
    snprintf(logs, sizeof logs, "%s/logs", folder);
    setenv("KAFKA_LOG4J_OPTS", options, 1);
    setenv("LOG_DIR", logs, 1);
    log_setup(KC_INFO);
    kc_log(KC_INFO, "x", "here");
    ck_assert_int_eq(lines_with(target, "here"), 1);
    unsetenv("LOG_DIR");
}
END_TEST

START_TEST(environment_levels) {
    char options[300];
    write_config(target);
    snprintf(options, sizeof options, "-Dlog4j2.configurationFile=%s", config);
    setenv("KAFKA_LOG4J_OPTS", options, 1);
    setenv("CONNECT_LOG4J_ROOT_LOGLEVEL", "WARN", 1);
    setenv("CONNECT_LOG4J_LOGGERS", "a.b.c=TRACE, d=DEBUG,nonsense,e=LOUD", 1);
    log_setup(KC_INFO);
    ck_assert_int_eq(log_level("root"), KC_WARN); /* before the file's */
    ck_assert_int_eq(log_level("a.b"), KC_ERROR);
    ck_assert_int_eq(log_level("a.b.c"), KC_TRACE);
    ck_assert_int_eq(log_level("d"), KC_DEBUG);
    ck_assert_int_eq(log_level("e"), KC_WARN);
    ck_assert_int_eq(lines_with(target, "Unknown level 'LOUD' of logger e"), 1);
    unsetenv("CONNECT_LOG4J_ROOT_LOGLEVEL");
    unsetenv("CONNECT_LOG4J_LOGGERS");
}
END_TEST

static char last[500];

static void keep_line(void *arg, enum kc_level level, const char *line) {
    (void)arg;
    (void)level;
    snprintf(last, sizeof last, "%s", line);
}

START_TEST(what_cannot_be_followed_is_a_warning) {
    char options[300];
    log_sink(keep_line, NULL);
    snprintf(options, sizeof options, "-Dlog4j.configuration=file:%s", config);
    setenv("KAFKA_LOG4J_OPTS", options, 1);
    log_setup(KC_INFO); /* there is no such file */
    ck_assert_ptr_nonnull(strstr(last, "KAFKA_LOG4J_OPTS is not followed: "));
    ck_assert_ptr_nonnull(strstr(last, config));
    ck_assert_int_eq(log_level("root"), KC_INFO);
    write_config("/proc/none/f.log");
    log_setup(KC_INFO);
    ck_assert_ptr_nonnull(strstr(last, "cannot write /proc/none/f.log: No such file or directory"));
    log_sink(NULL, NULL);
}
END_TEST

START_TEST(nothing_asked_for) {
    unsetenv("KAFKA_LOG4J_OPTS");
    log_setup(KC_WARN);
    ck_assert_int_eq(log_level("root"), KC_WARN);
    setenv("LOG_LEVEL", "ERROR", 1);
    log_setup(KC_WARN);
    ck_assert_int_eq(log_level("root"), KC_ERROR);
    unsetenv("LOG_LEVEL");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("log setup");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, follows_a_file);
    tcase_add_test(tc, the_directory_of_logs_is_log_dir);
    tcase_add_test(tc, environment_levels);
    tcase_add_test(tc, what_cannot_be_followed_is_a_warning);
    tcase_add_test(tc, nothing_asked_for);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
