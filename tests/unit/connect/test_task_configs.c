/* Task configurations: what is added, which secrets are hidden again, when they count as changed. */
#include "connect/task_configs.h"

#include <string.h>

#include "connect/base/auto.h"
#include "tests/support/suite.h"

static struct kc_config *config_of(const char *const *pairs) {
    struct kc_config *config = kc_config_new();
    for (; *pairs; pairs += 2)
        kc_config_set(config, pairs[0], pairs[1]);
    return config;
}
#define CONFIG(...) config_of((const char *const[]){__VA_ARGS__, NULL})

START_TEST(complete) {
    AUTO(props) connector = CONFIG("topics", "a,b", "topics.regex", "x.*", "other", "1");
    AUTO(props) task = CONFIG("file", "f");
    AUTO(props) wanted = CONFIG("file", "f", "task.class", "x.Task", "topics", "a,b", "topics.regex", "x.*");
    task_configs_complete(&task, 1, "x.Task", connector);
    ck_assert(config_equal(task, wanted));
}
END_TEST

START_TEST(hides_what_was_a_reference) {
    AUTO(props) raw = CONFIG("password", "${file:/s:pw}", "user", "joe", "token", "${env:T}");
    AUTO(props) first = CONFIG("password", "secret", "user", "jim");
    AUTO(props) second = CONFIG("token", "t0ken", "new", "${not:touched}");
    struct kc_config *tasks[] = {first, second};
    AUTO(props) wanted_first = CONFIG("password", "${file:/s:pw}", "user", "jim");
    AUTO(props) wanted_second = CONFIG("token", "${env:T}", "new", "${not:touched}");
    task_configs_hide(tasks, 2, raw);
    ck_assert(config_equal(first, wanted_first));
    ck_assert(config_equal(second, wanted_second));
}
END_TEST

START_TEST(equality_is_of_maps) {
    AUTO(props) a = CONFIG("x", "1", "y", "2");
    AUTO(props) b = CONFIG("y", "2", "x", "1");
    AUTO(props) c = CONFIG("x", "1", "y", "3");
    AUTO(props) d = CONFIG("x", "1");
    AUTO(props) n = kc_config_copy(d);
    kc_config_set(n, "x", NULL);
    ck_assert(config_equal(a, b));
    ck_assert(!config_equal(a, c));
    ck_assert(!config_equal(a, d));
    ck_assert(!config_equal(d, n));
    ck_assert(!config_equal(a, NULL));
    ck_assert(config_equal(NULL, NULL));
}
END_TEST

START_TEST(differ) {
    AUTO(props) one = CONFIG("x", "1");
    AUTO(props) two = CONFIG("x", "2");
    struct snapshot_task committed[] = {{0, one}, {1, two}};
    struct snapshot_connector c = {.name = "c", .config = one, .task_count = 2, .tasks = committed, .tasks_len = 2};
    struct kc_config *same[] = {one, two}, *swapped[] = {two, one};
    ck_assert(!task_configs_differ(&c, same, 2));
    ck_assert(task_configs_differ(&c, same, 1));
    ck_assert(task_configs_differ(&c, swapped, 2));
    c.inconsistent = true; /* nothing of it is assigned: must be written again */
    ck_assert(task_configs_differ(&c, same, 2));
    ck_assert(!task_configs_differ(&c, NULL, 0));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("task_configs");
    TCase *tc = tcase_create("task_configs");
    tcase_add_test(tc, complete);
    tcase_add_test(tc, hides_what_was_a_reference);
    tcase_add_test(tc, equality_is_of_maps);
    tcase_add_test(tc, differ);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
