/* `make golden GOLDEN=DIR`: runs every vector of every *.jsonl file of a folder and prints the id, the expectation and
 * the result of each that fails, then one line for what was left out and why, and at last "N passed, N failed". Exit
 * status 0 when none failed.
 *
 * One Check test per vector: each runs in a process of its own, so that a crash or an endless loop is one failure among
 * the others. What the operations do and how answers are compared lies in tests/support/golden_*.c. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "connect/base/buf.h"
#include "connect/base/json.h"
#include "tests/support/golden_run.h"

enum { VECTOR_SECONDS = 60, REASON_BYTES = 120, SHOWN_BYTES = 2000, KINDS_SHOWN = 8 };

struct vector {
    const char *file;
    int line;
    cJSON *json;         /* NULL: no JSON */
    char *unreadable;    /* why */
    golden_judge *judge; /* NULL: unknown operation */
};

static struct vector *vectors;
static size_t vector_count;
/* Why a vector was left out, "" when it was judged: written by the process of its test. */
static char (*reasons)[REASON_BYTES];

/* ---- reading ---- */

static void add_vector(const char *file, int line, cJSON *json, const char *unreadable) {
    struct vector v = {.file = file, .line = line, .json = json, .judge = json ? golden_judge_of(json) : NULL};
    if (unreadable)
        v.unreadable = strdup(unreadable);
    vectors = realloc(vectors, (vector_count + 1) * sizeof *vectors);
    if (!vectors)
        abort();
    vectors[vector_count++] = v;
}

static bool read_file(const char *dir, const char *name) {
    AUTO_BUF path;
    buf_init(&path, 8192);
    buf_printf(&path, "%s/%s", dir, name);
    FILE *in = fopen(buf_text(&path), "r");
    if (!in) {
        perror(buf_text(&path));
        return false;
    }
    const char *file = strdup(name);
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int number = 0;
    while ((len = getline(&line, &size, in)) > 0) {
        struct kc_error err = {0};
        number++;
        if (strspn(line, " \t\r\n") == (size_t)len)
            continue;
        cJSON *json = golden_line(line, (size_t)len, &err);
        add_vector(file, number, json, json ? NULL : err.text);
    }
    free(line);
    fclose(in);
    return true;
}

/* The file has a format of its own: none of its vectors is of a known kind. Says so and forgets them. */
static bool forget_foreign(size_t from) {
    AUTO_BUF kinds;
    buf_init(&kinds, 4096);
    int shown = 0;
    for (size_t i = from; i < vector_count; i++) {
        if (vectors[i].judge || !vectors[i].json)
            return false;
        const char *kind = json_get_text(vectors[i].json, "op");
        if (!kind)
            kind = json_get_text(vectors[i].json, "kind");
        if (!kind || shown == KINDS_SHOWN || strstr(buf_text(&kinds), kind))
            continue;
        buf_printf(&kinds, "%s%s", shown++ ? ", " : " ", kind);
    }
    if (from == vector_count)
        return false;
    printf("%s: left out, %zu vectors of another format (%s%s)\n", vectors[from].file, vector_count - from,
           shown ? "kinds:" : "without an operation", buf_text(&kinds));
    while (vector_count > from)
        cJSON_Delete(vectors[--vector_count].json);
    return true;
}

static int is_vector_file(const struct dirent *entry) {
    size_t len = strlen(entry->d_name);
    return len > 6 && strcmp(entry->d_name + len - 6, ".jsonl") == 0;
}

static int read_folder(const char *dir) {
    struct dirent **entries;
    int count = scandir(dir, &entries, is_vector_file, alphasort), rc = 0;
    if (count < 0) {
        perror(dir);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        size_t from = vector_count;
        if (!read_file(dir, entries[i]->d_name))
            rc = -1;
        forget_foreign(from);
        free(entries[i]);
    }
    free(entries);
    if (count == 0)
        fprintf(stderr, "%s: no *.jsonl file\n", dir);
    return count == 0 ? -1 : rc;
}

/* ---- running ---- */

START_TEST(one_vector) {
    const struct vector *v = &vectors[_i];
    ck_assert_msg(v->json != NULL, "no JSON: %s", v->unreadable);
    ck_assert_msg(v->judge != NULL, "unknown operation '%s'",
                  json_get_text(v->json, "op") ? json_get_text(v->json, "op") : "");
    const char *reason = v->judge(v->json);
    if (reason)
        snprintf(reasons[_i], REASON_BYTES, "%s", reason);
}
END_TEST

static SRunner *run_all(void) {
    Suite *suite = suite_create("golden");
    TCase *tc = tcase_create("vectors");
    tcase_set_timeout(tc, VECTOR_SECONDS);
    tcase_add_unchecked_fixture(tc, golden_set_up, golden_tear_down);
    tcase_add_loop_test(tc, one_vector, 0, (int)vector_count);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_SILENT);
    return runner;
}

/* ---- telling ---- */

static void print_shortened(const char *label, const char *text) {
    printf("  %-9s %.*s%s\n", label, SHOWN_BYTES, text, strlen(text) > SHOWN_BYTES ? " …" : "");
}

/* What the vector wants, as its line has it. */
static void print_expectation(const cJSON *vector) {
    static const char *const members[] = {"error", "out", "jdk21"};
    const cJSON *answer = golden_answer(vector);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const cJSON *wanted = cJSON_IsObject(answer) ? golden_member(answer, members[i]) : answer;
        if (!wanted)
            continue;
        char *text = cJSON_PrintUnformatted(wanted);
        AUTO_BUF line;
        buf_init(&line, 1 << 26);
        buf_printf(&line, "%s %s", cJSON_IsObject(answer) ? members[i] : "text", text ? text : "?");
        print_shortened("expected:", buf_text(&line));
        cJSON_free(text);
        return;
    }
}

static void print_failure(const struct vector *v, TestResult *result) {
    const char *id = v->json ? golden_id(v->json) : NULL, *message = tr_msg(result);
    printf("%s (%s:%d)\n", id ? id : "no id", v->file, v->line);
    if (v->json)
        print_expectation(v->json);
    size_t len = id ? strlen(id) : 0;
    if (len && strncmp(message, id, len) == 0 && message[len] == ':')
        message += len + 2;
    print_shortened("result:", message);
}

/* One line per reason, with a count. */
static void print_left_out(void) {
    for (size_t i = 0; i < vector_count; i++) {
        size_t n = 0;
        if (!reasons[i][0])
            continue;
        char reason[REASON_BYTES];
        memcpy(reason, reasons[i], sizeof reason);
        for (size_t k = i; k < vector_count; k++) {
            if (strcmp(reasons[k], reason) != 0)
                continue;
            n++;
            reasons[k][0] = '\0';
        }
        printf("left out: %zu vectors (%s)\n", n, reason);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: golden FOLDER\n");
        return EXIT_FAILURE;
    }
    bool readable = read_folder(argv[1]) == 0;
    size_t failed = 0, left_out = 0;
    reasons = mmap(NULL, (vector_count + 1) * REASON_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (reasons == MAP_FAILED) {
        perror("mmap");
        return EXIT_FAILURE;
    }
    SRunner *runner = run_all();
    TestResult **results = srunner_results(runner);
    size_t ran = (size_t)srunner_ntests_run(runner);
    for (size_t i = 0; i < ran && i < vector_count; i++) {
        if (tr_rtype(results[i]) != CK_PASS) {
            failed++;
            print_failure(&vectors[i], results[i]);
        } else {
            left_out += reasons[i][0] != '\0';
        }
    }
    if (ran != vector_count) { /* the set-up failed: no vector ran */
        failed += vector_count - (ran < vector_count ? ran : 0);
        printf("the set-up failed: %s\n", ran ? tr_msg(results[0]) : "no result");
    }
    print_left_out();
    printf("%zu passed, %zu failed\n", vector_count - failed - left_out, failed);
    free(results);
    srunner_free(runner);
    return readable && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
