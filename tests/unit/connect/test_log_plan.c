/* log4j configurations of either form into levels, a file and notes. */
#include "connect/log_plan.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

static const char *look_up(void *arg, const char *kind, const char *name) {
    (void)arg;
    if (strcmp(kind, "sys") == 0 && strcmp(name, "kafka.logs.dir") == 0)
        return "/logs";
    return strcmp(kind, "env") == 0 && strcmp(name, "LEVEL") == 0 ? "trace" : NULL;
}

static const char *show_level(const struct log_plan *plan) {
    return plan->has_root ? log_level_name(plan->root) : "-";
}

/* "ROOT file [truncate] [console]; logger=LEVEL … | notes" */
static char *show(const struct log_plan *plan) {
    struct buf to;
    buf_init(&to, 10000);
    buf_printf(&to, "%s %s%s%s;", show_level(plan), plan->file ? plan->file : "-", plan->truncate ? " truncate" : "",
               plan->console ? " console" : "");
    for (size_t i = 0; i < plan->count; i++)
        buf_printf(&to, " %s=%s", plan->levels[i].logger, log_level_name(plan->levels[i].level));
    if (plan->notes.len)
        buf_printf(&to, " | %s", buf_text(&plan->notes));
    return buf_take(&to);
}

#define FILE_APPENDER "  Appenders:\n    File:\n      - name: F\n        fileName: "
#define ROOT_F        "  Loggers:\n    Root:\n      level: INFO\n      AppenderRef:\n        - ref: F\n"

static const struct {
    const char *file, *text, *want;
} plans[] = {
    /* what Kafka's own connect-log4j2.yaml says */
    {"l.yaml",
     "Configuration:\n"
     "  Properties:\n    Property:\n      - name: \"logPattern\"\n        value: \"[%d] %p %m (%c)%n\"\n"
     "  Appenders:\n"
     "    Console:\n      name: STDOUT\n      PatternLayout:\n        pattern: \"${logPattern}\"\n"
     "    RollingFile:\n      - name: ConnectAppender\n        fileName: \"${sys:kafka.logs.dir}/connect.log\"\n"
     "  Loggers:\n"
     "    Root:\n      level: INFO\n      AppenderRef:\n        - ref: STDOUT\n        - ref: ConnectAppender\n"
     "    Logger:\n      - name: a.b.c\n        level: ERROR\n      - name: a\n        level: debug\n",
     "INFO /logs/connect.log console; a=DEBUG a.b.c=ERROR | /logs/connect.log is not rolled by this worker: move it "
     "away, and it is made anew\n"},
    {"l.yml",
     "configuration:\n  loggers:\n    root:\n      level: WARN\n    logger:\n      name: x\n      level: \"off\"\n",
     "WARN -; x=OFF"},
    {"l.yaml", "Configuration:\n" FILE_APPENDER "/f.log\n        append: false\n" ROOT_F, "INFO /f.log truncate;"},
    {"l.yaml", "Configuration:\n" FILE_APPENDER "${dir:-/var}/${x:-y}.log\n" ROOT_F, "INFO /var/y.log;"},
    {"l.yaml",
     "Configuration:\n  Properties:\n    Property:\n      name: dir\n      value: ${env:HOME_:-/h}\n" FILE_APPENDER
     "${dir}/f\n" ROOT_F,
     "INFO /h/f;"},
    {"l.yaml", "Configuration:\n" FILE_APPENDER "${sys:nowhere}/f\n" ROOT_F,
     "INFO -; | ${sys:nowhere} has no value\nappender F has no file that can be named\n"},
    {"l.yaml",
     "Configuration:\n  Properties:\n    Property:\n      name: dir\n      value: ${dir}\n" FILE_APPENDER
     "${dir}\n" ROOT_F,
     "INFO -; | references go round in a circle: ${dir}\nappender F has no file that can be named\n"},
    {"l.yaml",
     "Configuration:\n  Appenders:\n    Syslog:\n      name: F\n" ROOT_F
     "    Logger:\n      name: a\n      level: loud\n      AppenderRef:\n        ref: F\n",
     "INFO -; | appender F is of type Syslog: only Console and the File types are known\nunknown level 'loud' of "
     "logger "
     "a\nlogger a has appenders of its own: its lines go where all go\n"},
    {"l.yaml", "Configuration:\n" ROOT_F, "INFO -; | there is no appender F\n"},
    {"l.yaml", "Configuration:\n  Loggers:\n    Root:\n      level: ${env:LEVEL}\n", "TRACE -;"},
    {"l.yaml", "Configuration: {}\n", "- -;"},
    {"l.properties",
     "log4j.rootLogger = DEBUG, FILE, stdout\n"
     "log4j.appender.FILE=org.apache.log4j.FileAppender\nlog4j.appender.FILE.File=${kafka.logs.dir}/c.log\n"
     "log4j.appender.FILE.Append=true\n"
     "log4j.appender.stdout=org.apache.log4j.ConsoleAppender\n"
     "log4j.logger.org.reflections=ERROR\nlog4j.logger.org=WARN, FILE\n",
     "DEBUG /logs/c.log console; org=WARN org.reflections=ERROR | logger org has appenders of its own: its lines go "
     "where all go\n"},
    {"l.properties",
     "dir=/d\nlog4j.rootCategory=${lvl},A\nlvl=ERROR\n"
     "log4j.appender.A=org.apache.log4j.DailyRollingFileAppender\nlog4j.appender.A.File=${dir}/f\n",
     "ERROR /d/f; | /d/f is not rolled by this worker: move it away, and it is made anew\n"},
    {"l.properties", "log4j.rootLogger=, X\n", "- -; | there is no appender X\n"},
    {"l.properties",
     "log4j.rootLogger=INFO,A,B\nlog4j.appender.A=x.FileAppender\nlog4j.appender.A.File=a\n"
     "log4j.appender.B=x.FileAppender\nlog4j.appender.B.File=b\n",
     "INFO a; | appender B is a second file, only a is written\n"},
};

START_TEST(reads) {
    struct kc_error err = {0};
    AUTO(log_plan) plan = log_plan_parse(plans[_i].text, strlen(plans[_i].text), plans[_i].file, look_up, NULL, &err);
    ck_assert_msg(plan, "%s", err.text);
    AUTO_TEXT text = show(plan);
    ck_assert_str_eq(text, plans[_i].want);
}
END_TEST

START_TEST(refuses) {
    static const struct {
        const char *file, *text, *want;
    } cases[] = {
        {"l.xml", "<Configuration/>", "l.xml: only .yaml and .properties (log4j 1) are read"},
        {"l.yaml", "a: b\n", "l.yaml: there is no Configuration in it"},
        {"l.yaml", "Configuration: x\n", "l.yaml: there is no Configuration in it"},
        {"l.yaml", "a: b\na: c\n", "l.yaml:2: the key is there twice"},
        {"l.properties", "rootLogger.level=INFO\n", "l.properties: there is no log4j.rootLogger in it"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        ck_assert_ptr_null(log_plan_parse(cases[i].text, strlen(cases[i].text), cases[i].file, look_up, NULL, &err));
        ck_assert_str_eq(err.text, cases[i].want);
    }
    struct kc_error err = {0};
    ck_assert_ptr_null(log_plan_load("/nowhere/l.yaml", look_up, NULL, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/l.yaml"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("log plan");
    TCase *tc = tcase_create("all");
    tcase_add_loop_test(tc, reads, 0, COUNT_OF(plans));
    tcase_add_test(tc, refuses);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
