#include "connectors/s3/credential_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/suite.h"

static struct kc_error err;

START_TEST(what_it_prints) {
    static const struct {
        const char *command, *output, *error; /* error NULL: it goes well */
    } rows[] = {
        {"printf 'a b'; printf c", "a bc", NULL},
        {"true", "", NULL},
        {"echo hidden >&2", "", NULL},
        {"cat", "", NULL}, /* an empty input, not ours */
        {"printf x; exit 3", "x", "credential_process of the profile ended with status 3"},
        {"kill -9 $$", "", "credential_process of the profile ended with status 9"},
        {"no-such-program-anywhere", "", "credential_process of the profile ended with status 127"},
        {"yes", NULL, "credential_process of the profile prints more than 100000 bytes"},
        {"printf x; exec >&-; sleep 60", "x", "credential_process of the profile did not end within 1 s"},
    };
    AUTO_BUF out;
    buf_init(&out, 100000);
    int rc = credential_process(rows[_i].command, rows[_i].error ? 1000 : 20000, &out, &err);
    ck_assert_int_eq(rc, rows[_i].error ? -1 : 0);
    if (rows[_i].error)
        ck_assert_str_eq(err.text, rows[_i].error);
    if (rows[_i].output)
        ck_assert_str_eq(buf_text(&out), rows[_i].output);
}
END_TEST

START_TEST(one_that_hangs_is_killed_with_its_children) {
    AUTO_BUF out;
    buf_init(&out, 1000);
    int64_t began = clock_ms();
    ck_assert_int_eq(credential_process("sleep 60 & echo $!; sleep 60", 300, &out, &err), -1);
    ck_assert_str_eq(err.text, "credential_process of the profile did not end within 0 s");
    ck_assert_int_lt(clock_ms() - began, 10000);
    pid_t child = (pid_t)strtol(buf_text(&out), NULL, 10);
    ck_assert_int_gt(child, 1);
    char command[128];
    snprintf(command, sizeof(command), "! test -d /proc/%d || grep -q 'State:.[ZX]' /proc/%d/status", child, child);
    AUTO_BUF nothing;
    buf_init(&nothing, 1000);
    int rc = -1;
    for (int i = 0; i < 100 && rc < 0; i++) {
        rc = credential_process(command, 5000, &nothing, &err);
        clock_sleep_ms(20);
    }
    ck_assert_int_eq(rc, 0);
}
END_TEST

/* Threads of ours block their signals, the process ignores SIGPIPE; a program must not inherit that, nor descriptors.
 */
START_TEST(as_after_a_log_in) {
    AUTO_BUF out;
    buf_init(&out, 1000);
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    signal(SIGPIPE, SIG_IGN);
    int leaked = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    ck_assert_int_ge(leaked, 3);
    ck_assert_int_eq(credential_process("grep SigBlk /proc/self/status; ls /proc/self/fd", 20000, &out, &err), 0);
    close(leaked);
    ck_assert_str_eq(buf_text(&out), "SigBlk:\t0000000000000000\n0\n1\n2\n3\n"); /* 3: of ls */
    ck_assert_int_eq(credential_process("kill -PIPE $$", 20000, &out, &err), -1);
    ck_assert_str_eq(err.text, "credential_process of the profile ended with status 13"); /* SIGPIPE */
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("s3/credential_process");
    TCase *t = tcase_create("credential_process");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, what_it_prints, 0, 9);
    tcase_add_test(t, one_that_hangs_is_killed_with_its_children);
    tcase_add_test(t, as_after_a_log_in);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
