/* help, plugins, version: exit codes and what is printed. */
#include "connect/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/auto.h"
#include "config/properties.h"
#include "tests/support/suite.h"

struct answer {
    int code;
    bool handled;
    char *out, *err;
};

/* Runs the command with both outputs in files. */
static struct answer run(const char *a, const char *b, const char *c) {
    char out[] = "/tmp/kconnectd-cli-XXXXXX", err[] = "/tmp/kconnectd-cli-XXXXXX";
    char *argv[] = {"kconnectd", (char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c, NULL};
    struct answer answer;
    size_t len;
    int argc = 1;
    while (argv[argc])
        argc++;
    fflush(NULL);
    int stdout_was = dup(STDOUT_FILENO), stderr_was = dup(STDERR_FILENO), to = mkstemp(out), err_to = mkstemp(err);
    dup2(to, STDOUT_FILENO);
    dup2(err_to, STDERR_FILENO);
    answer.code = cli_run(argc, argv, &answer.handled);
    fflush(NULL);
    dup2(stdout_was, STDOUT_FILENO);
    dup2(stderr_was, STDERR_FILENO);
    close(to), close(err_to), close(stdout_was), close(stderr_was);
    answer.out = file_read(out, 1 << 24, &len, NULL);
    answer.err = file_read(err, 1 << 24, &len, NULL);
    remove(out);
    remove(err);
    return answer;
}

START_TEST(test_commands) {
    static const struct {
        const char *a, *b, *c;
        int code;
        const char *out, *err; /* texts that must be there, NULL: nothing is printed */
    } cases[] = {
        {"version", NULL, NULL, 0, "Apache Kafka Connect 4.3.1", NULL},
        {"help", NULL, NULL, 0, "usage: kconnectd distributed", NULL},
        {NULL, NULL, NULL, 1, NULL, "usage: kconnectd distributed"},
        {"help", "worker", NULL, 0, "\ngroup.id\n    STRING, required, importance high\n", NULL},
        {"help", "sink", NULL, 0, "\nerrors.deadletterqueue.topic.name\n", NULL},
        {"help", "source", NULL, 0, "\ntopic.creation.groups\n", NULL},
        {"help", "FileStreamSource", NULL, 0, "\nbatch.size\n    INT, default 2000, importance low\n", NULL},
        {"help", "--markdown", "JsonConverter", 0, "- `schemas.enable` (BOOLEAN, default `true`, importance high)  \n",
         NULL},
        {"help", "--markdown", "all", 0, "## org.apache.kafka.connect.transforms.predicates.RecordIsTombstone", NULL},
        {"help", "Nope", NULL, 1, NULL, "there is no help on Nope"},
        {"help", "standalone", NULL, 0, "\noffset.storage.file.filename\n    STRING, required, importance high\n",
         NULL},
        {"help", "worker", "/nonexistent", 1, NULL, "/nonexistent (No such file or directory)"},
        {"plugins", NULL, NULL, 0, "\nheader_converter  org.apache.kafka.connect.json.JsonConverter  4.3.1\n", NULL},
        {"plugins", "/nonexistent", NULL, 1, NULL, "/nonexistent (No such file or directory)"},
        {"plugins", "a", "b", 1, NULL, "plugins takes --json and one file"},
        {"plugins", "--jason", NULL, 1, NULL, "plugins takes --json and one file"},
        {"plugins", "--json", NULL, 0,
         "{\"class\":\"org.apache.kafka.connect.transforms.predicates.RecordIsTombstone\",\"type\":\"predicate\","
         "\"version\":\"4.3.1\",\"config\":[]}",
         NULL},
        {"plugins", "--json", NULL, 0, "{\"name\":\"schemas.enable\",\"type\":\"BOOLEAN\"", NULL},
        {"plugins", "--json", "/nonexistent", 1, NULL, "/nonexistent (No such file or directory)"},
        {"help", "options", NULL, 0, "\nconfig.storage.topic\n", NULL},
        {"help", "options", NULL, 0, "\ns3.bucket.name\n", NULL},
        {"transform", NULL, NULL, 1, NULL,
         "transform: --config CONNECTOR.json is missing; see kconnectd transform --help"},
        {"transform", "--config", NULL, 1, NULL, "a file is missing behind --config"},
        {"transform", "--help", NULL, 0, "usage: kconnectd transform --config CONNECTOR", NULL},
        {"transform", "--nope", "x", 1, NULL, "unknown argument --nope"},
        {"transform", "--config", "/nonexistent.json", 2, NULL, "/nonexistent.json (No such file or directory)"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct answer answer = run(cases[i].a, cases[i].b, cases[i].c);
        ck_assert(answer.handled);
        ck_assert_msg(answer.code == cases[i].code, "%zu: exit code %d: %s", i, answer.code, answer.err);
        ck_assert_msg(cases[i].out ? strstr(answer.out, cases[i].out) != NULL : !*answer.out, "%zu: %.300s", i,
                      answer.out);
        ck_assert_msg(cases[i].err ? strstr(answer.err, cases[i].err) != NULL : !*answer.err, "%zu: %.300s", i,
                      answer.err);
        free(answer.out);
        free(answer.err);
    }
}
END_TEST

START_TEST(test_other_commands_are_left_to_main) {
    struct answer answer = run("distributed", "x", NULL);
    ck_assert(!answer.handled);
    ck_assert_str_eq(answer.out, "");
    free(answer.out);
    free(answer.err);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("cli");
    TCase *tc = tcase_create("cli");
    tcase_add_test(tc, test_commands);
    tcase_add_test(tc, test_other_commands_are_left_to_main);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
