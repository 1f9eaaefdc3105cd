/* Loggers: inheritance of levels, the form of a line, context, long messages, many threads. */
#include "connect/base/log.h"
#include "tests/support/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/thread.h"

struct lines {
    int count;
    enum kc_level level;
    char last[70000];
};

static void keep_line(void *arg, enum kc_level level, const char *line) {
    struct lines *lines = arg;
    lines->count++;
    lines->level = level;
    snprintf(lines->last, sizeof(lines->last), "%s", line);
}

START_TEST(levels_by_name) {
    static const struct {
        const char *text;
        int level; /* -1: no level */
    } table[] = {
        {"TRACE", KC_TRACE}, {"debug", KC_DEBUG}, {"Info", KC_INFO}, {"WARN", KC_WARN}, {"ERROR", KC_ERROR},
        {"FATAL", KC_FATAL}, {"off", LOG_OFF},    {"ALL", KC_TRACE}, {"", -1},          {"WARNING", -1},
        {"INFO ", -1},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        enum kc_level level = KC_FATAL;
        int rc = log_level_parse(table[i].text, &level);
        ck_assert_int_eq(rc, table[i].level < 0 ? -1 : 0);
        if (rc == 0)
            ck_assert_int_eq(level, table[i].level);
    }
    ck_assert_str_eq(log_level_name(KC_WARN), "WARN");
    ck_assert_str_eq(log_level_name(LOG_OFF), "OFF");
}
END_TEST

START_TEST(levels_are_inherited) {
    ck_assert_int_eq(log_level("a.b.c"), KC_INFO);
    ck_assert_int_eq(log_level("a.bcd"), KC_INFO);
    log_set_level("a.b", KC_DEBUG);
    ck_assert_int_eq(log_level("a.bcd"), KC_DEBUG);   /* names count, not packages */
    ck_assert_int_eq(log_level("a.b.c"), KC_DEBUG);   /* known before */
    ck_assert_int_eq(log_level("a.b.d.e"), KC_DEBUG); /* new */
    ck_assert_int_eq(log_level("a.bc"), KC_INFO);
    ck_assert_int_eq(log_level("a"), KC_INFO);
    ck_assert(kc_log_on(KC_DEBUG, "a.b.c"));
    ck_assert(!kc_log_on(KC_DEBUG, "a"));
    log_set_level("a.b.c", KC_ERROR);
    ck_assert_int_eq(log_level("a.b.d"), KC_DEBUG);
    ck_assert_int_eq(log_level("a.b.c.x"), KC_ERROR);
    log_set_level("root", KC_WARN);
    ck_assert_int_eq(log_level("a.b.c"), KC_WARN); /* all known ones */
    ck_assert_int_eq(log_level("new"), KC_WARN);
    ck_assert_int_eq(log_level("root"), KC_WARN);
    log_set_level("a", LOG_OFF);
    ck_assert(!kc_log_on(KC_FATAL, "a.b.c"));
}
END_TEST

struct found {
    int roots, changed, unchanged;
};

static void look(void *arg, const char *logger, enum kc_level level, int64_t changed_ms) {
    struct found *found = arg;
    found->roots += strcmp(logger, "root") == 0 && level == KC_INFO && changed_ms == -1;
    found->changed += strcmp(logger, "x.y") == 0 && level == KC_TRACE && changed_ms == 12345;
    found->unchanged += strcmp(logger, "z") == 0 && level == KC_INFO && changed_ms == -1;
}

START_TEST(known_loggers) {
    log_level("z");
    clock_fake_ms(12345);
    log_set_level("x.y", KC_TRACE);
    struct found found = {0};
    log_each(look, &found);
    ck_assert_int_eq(found.roots, 1);
    ck_assert_int_eq(found.changed, 1);
    ck_assert_int_eq(found.unchanged, 1);
    /* what has the level already is not changed: neither by name, nor as a child, nor the root */
    clock_fake_ms(99999);
    log_set_level("x.y", KC_TRACE);
    log_set_level("x", KC_TRACE);
    found = (struct found){0};
    log_each(look, &found);
    ck_assert_int_eq(found.changed, 1);
    log_set_level("root", KC_INFO);
    found = (struct found){0};
    log_each(look, &found);
    ck_assert_int_eq(found.roots, 1);
    ck_assert_int_eq(found.unchanged, 1);
}
END_TEST

START_TEST(form_of_a_line) {
    struct lines lines = {0};
    log_sink(keep_line, &lines);
    setenv("TZ", "UTC", 1);
    tzset();
    clock_fake_ms(1769860800123);
    log_context("[s3-sink|task-0] ");
    ck_assert_str_eq(log_context_get(), "[s3-sink|task-0] ");
    kc_log(KC_INFO, LOG_WORKER, "message %d", 5);
    ck_assert_str_eq(lines.last, "2026-01-31 12:00:00.123 INFO  [s3-sink|task-0] message 5 "
                                 "(org.apache.kafka.connect.runtime.Worker)");
    log_context(NULL);
    kc_log(KC_ERROR, "x", "%s", "");
    ck_assert_str_eq(lines.last, "2026-01-31 12:00:00.123 ERROR  (x)");
    ck_assert_int_eq(lines.level, KC_ERROR);
    kc_log(KC_DEBUG, "x", "not shown");
    ck_assert_int_eq(lines.count, 2);
    char context[1000];
    memset(context, 'c', sizeof(context) - 1);
    context[sizeof(context) - 1] = 0;
    log_context(context);
    ck_assert_uint_lt(strlen(log_context_get()), 300);
}
END_TEST

START_TEST(long_messages) {
    struct lines *lines = calloc(1, sizeof(*lines));
    log_sink(keep_line, lines);
    static const int lengths[] = {1000, 1023, 1024, 1025, 60000, 65535, 65536, 200000};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        kc_log(KC_INFO, "x", "%0*d!", lengths[i], 0);
        size_t zeros = strspn(lines->last + strlen("2026-01-31 12:00:00.123 INFO  "), "0");
        ck_assert_uint_eq(zeros, lengths[i] < 65535 ? (size_t)lengths[i] : 65535);
    }
    log_sink(NULL, NULL);
    free(lines);
}
END_TEST

START_TEST(to_stderr) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    kc_log(KC_WARN, "x.y", "to the pipe");
    dup2(saved, STDERR_FILENO);
    char text[200] = "";
    ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
    ck_assert_ptr_nonnull(strstr(text, " WARN  to the pipe (x.y)\n"));
}
END_TEST

static void count_whole_line(void *arg, enum kc_level level, const char *line) {
    (void)level;
    ck_assert_ptr_nonnull(strstr(line, "[thread] number "));
    ++*(int *)arg;
}

static void *log_often(void *arg) {
    log_context("[thread] ");
    for (int i = 0; i < 500; i++) {
        char logger[32];
        snprintf(logger, sizeof(logger), "t.%d.x", i % 50);
        kc_log(KC_WARN, logger, "number %d", i);
        log_set_level(i % 2 ? "t" : "t.1", i % 3 ? KC_INFO : KC_DEBUG);
        if (i % 100 == 0)
            log_each(look, &(struct found){0});
    }
    return arg;
}

START_TEST(many_threads) {
    int count = 0;
    log_sink(count_whole_line, &count);
    pthread_t threads[4];
    struct kc_error err = {0};
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(thread_start(&threads[i], "log", log_often, NULL, &err), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(count, 2000);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, levels_by_name);
    tcase_add_test(tcase, levels_are_inherited);
    tcase_add_test(tcase, known_loggers);
    tcase_add_test(tcase, form_of_a_line);
    tcase_add_test(tcase, long_messages);
    tcase_add_test(tcase, to_stderr);
    tcase_add_test(tcase, many_threads);
    suite_add_tcase(suite, tcase);
    return suite;
}
SUITE_MAIN(make_suite)
