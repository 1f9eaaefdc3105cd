/* JsonConverter against every vector of Java's. */
#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/convert/converters.h"
#include "tests/support/converter_run.h"
#include "tests/support/golden_value.h"

static void check(const cJSON *vector, void *arg) {
    int *run = arg;
    bool from = json_get_text(vector, "op")[0] == 'f';
    if ((json_get_text(vector, "quirk") && from) || golden_has_utf16(vector)) /* such schemas cannot be built here */
        return;
    ++*run;
    converter_run_vector(&json_converter_plugin, vector, true);
}

/* `configure` vectors give converter.type themselves, or leave it out and say so. */
static void check_configure(const cJSON *vector, void *arg) {
    (void)arg;
    const cJSON *cfg = cJSON_GetObjectItemCaseSensitive(vector, "cfg");
    bool given = cJSON_GetObjectItemCaseSensitive(cfg, "converter.type") != NULL;
    converter_run_vector(&json_converter_plugin, vector, !given && !json_get_text(vector, "note"));
}

START_TEST(from_connect_vectors) {
    int run = 0;
    ck_assert_int_eq(golden_each("json_converter.jsonl", "from", check, &run), 511);
    ck_assert_int_ge(run, 485);
}
END_TEST

START_TEST(to_connect_vectors) {
    int run = 0;
    ck_assert_int_eq(golden_each("json_converter.jsonl", "to", check, &run), 553);
    ck_assert_int_ge(run, 545);
}
END_TEST

START_TEST(accepted_vectors) {
    int run = 0;
    ck_assert_int_eq(golden_each("json_converter.jsonl", "accept", check, &run), 10);
    ck_assert_int_eq(run, 10);
}
END_TEST

START_TEST(configure_vectors) {
    ck_assert_int_eq(golden_each("json_converter.jsonl", "configure", check_configure, NULL), 13);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("json_converter");
    TCase *tc = tcase_create("json_converter");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, from_connect_vectors);
    tcase_add_test(tc, to_connect_vectors);
    tcase_add_test(tc, accepted_vectors);
    tcase_add_test(tc, configure_vectors);
    suite_add_tcase(suite, tc);
    return suite;
}
SUITE_MAIN(make_suite)
