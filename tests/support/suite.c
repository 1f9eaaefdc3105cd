/* Runs Check suites and reads golden vectors; see suite.h. */
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/buf.h"
#include "connect/base/json.h"

int suite_run(Suite *suite) {
    signal(SIGPIPE, SIG_IGN);                /* as in the daemon */
    SRunner *runner = srunner_create(suite); /* forks per test unless CK_FORK=no */
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    int run = srunner_ntests_run(runner);
    srunner_free(runner);
    if (run == 0)
        fprintf(stderr, "a suite without tests\n");
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The folder at or above `path` that holds tests/golden; false when there is none. `path` is cut to it. */
static bool find_root(char *path) {
    for (;;) {
        AUTO_BUF probe;
        buf_init(&probe, 8192);
        buf_printf(&probe, "%s/tests/golden", path);
        if (access(buf_text(&probe), R_OK) == 0)
            return true;
        char *slash = strrchr(path, '/');
        if (!slash)
            return false;
        *slash = 0;
    }
}

static const char *root(void) {
    static char path[4096];
    if (path[0])
        return path;
    if (getcwd(path, sizeof(path)) && find_root(path))
        return path;
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = 0;
    if (!find_root(path)) {
        fprintf(stderr, "no tests/golden above the current folder or the program\n");
        exit(EXIT_FAILURE);
    }
    return path;
}

const char *tests_path(const char *name) {
    static char path[8192];
    snprintf(path, sizeof(path), "%s/tests/%s", root(), name);
    return path;
}

/* Puts \uF8FF in place of every escape \u0000; see GOLDEN_NUL. */
static void replace_nul_escapes(char *line) {
    for (char *p = line; (p = strchr(p, '\\')) != NULL; p += 2) {
        if (strncmp(p, "\\u0000", 6) == 0)
            memcpy(p, "\\uF8FF", 6);
        if (!p[1])
            return;
    }
}

cJSON *golden_line(char *line, size_t len, struct kc_error *err) {
    replace_nul_escapes(line);
    return json_parse(line, len, err);
}

int golden_each(const char *file, const char *op, void (*f)(const cJSON *vector, void *arg), void *arg) {
    char name[256];
    snprintf(name, sizeof(name), "golden/%s", file);
    FILE *in = fopen(tests_path(name), "r");
    ck_assert_msg(in != NULL, "cannot open %s", tests_path(name));
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int count = 0, number = 0;
    while ((len = getline(&line, &size, in)) > 0) {
        number++;
        struct kc_error err = {0};
        cJSON *vector = golden_line(line, (size_t)len, &err);
        ck_assert_msg(vector != NULL, "%s:%d: %s", file, number, err.text);
        const char *its_op = json_get_text(vector, "op");
        if (!op || (its_op && strcmp(its_op, op) == 0)) {
            count++;
            f(vector, arg);
        }
        cJSON_Delete(vector);
    }
    free(line);
    fclose(in);
    return count;
}
