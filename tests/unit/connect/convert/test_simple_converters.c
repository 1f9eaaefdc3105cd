/* The String, ByteArray, number and Boolean converters against every vector of Java's. */
#include <string.h>

#include "connect/base/json.h"
#include "connect/convert/builtin.h"
#include "tests/support/converter_run.h"
#include "tests/support/golden_value.h"

static const struct kc_plugin *converter_of(const char *class_name) {
    for (size_t i = 0; builtin_converters[i]; i++)
        if (strcmp(builtin_converters[i]->class_name, class_name) == 0)
            return builtin_converters[i];
    ck_abort_msg("no converter %s", class_name);
    return NULL;
}

static void check(const cJSON *vector, void *arg) {
    int *run = arg;
    if (golden_has_utf16(vector))
        return;
    ++*run;
    converter_run_vector(converter_of(json_get_text(vector, "converter")), vector, true);
}

START_TEST(from_connect_vectors) {
    int run = 0;
    ck_assert_int_gt(golden_each("simple_converters.jsonl", "from", check, &run), 200);
    ck_assert_int_gt(run, 200);
}
END_TEST

START_TEST(to_connect_vectors) {
    int run = 0;
    ck_assert_int_gt(golden_each("simple_converters.jsonl", "to", check, &run), 150);
    ck_assert_int_gt(run, 150);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("simple_converters");
    TCase *tc = tcase_create("simple_converters");
    tcase_add_test(tc, from_connect_vectors);
    tcase_add_test(tc, to_connect_vectors);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
