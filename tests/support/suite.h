/* What every Check suite needs: a main that runs one suite, and golden vectors read line by line. */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <cjson/cJSON.h>
#include <stdlib.h>

/* Runs one suite; exit status 0 when all passed. */
int suite_run(Suite *suite);
#define SUITE_MAIN(make_suite)          \
    int main(void) {                    \
        return suite_run(make_suite()); \
    }

/* Calls f for every vector of tests/golden/<file> whose "op" equals `op` (NULL: all); returns how many there were.
 * A number that is no integer or beyond 2^53 has its text in item->valuestring besides. */
int golden_each(const char *file, const char *op, void (*f)(const cJSON *vector, void *arg), void *arg);
/* Stands for the character U+0000 in the strings of vectors (cJSON's strings end at a NUL): U+F8FF in UTF-8. */
#define GOLDEN_NUL "\xEF\xA3\xBF"
/* One line of such a file, which is changed; NULL when it is no JSON. */
struct kc_error;
cJSON *golden_line(char *line, size_t len, struct kc_error *err);
/* Path of a file under tests/, from wherever the program runs. */
const char *tests_path(const char *name);

#endif
