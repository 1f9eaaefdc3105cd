/* Sets of connectors and tasks. */
#include <string.h>

#include "connect/base/auto.h"
#include "connect/group/work.h"
#include "tests/support/suite.h"

static void add_tasks(struct work *w, const char *connector, int32_t from, int32_t to) {
    for (int32_t i = from; i < to; i++)
        work_add_task(w, connector, i);
}

START_TEST(adds_once_and_keeps_order) {
    AUTO_WORK w = {0};
    ck_assert(work_empty(&w));
    work_add_connector(&w, "b");
    work_add_connector(&w, "a");
    work_add_connector(&w, "b");
    work_add_task(&w, "b", 10);
    work_add_task(&w, "b", 9);
    work_add_task(&w, "b", 10);
    ck_assert_uint_eq(w.connector_count, 2);
    ck_assert_uint_eq(w.task_count, 2);
    ck_assert_str_eq(w.connectors[0], "b");
    ck_assert_int_eq(w.tasks[0].number, 10);
    work_sort(&w);
    ck_assert_str_eq(w.connectors[0], "a");
    ck_assert_int_eq(w.tasks[0].number, 9);
    ck_assert(!work_empty(&w));
}
END_TEST

START_TEST(set_operations) {
    AUTO_WORK all = {0}, some = {0}, common = {0}, missing = {0};
    for (int i = 0; i < 3; i++)
        work_add_connector(&all, (const char *[]){"x", "y", "z"}[i]);
    add_tasks(&all, "x", 0, 100);
    work_add_connector(&some, "y");
    work_add_connector(&some, "w");
    add_tasks(&some, "x", 50, 150);
    work_add_common(&common, &all, &some);
    ck_assert_uint_eq(common.connector_count, 1);
    ck_assert_uint_eq(common.task_count, 50);
    ck_assert_int_eq(common.tasks[0].number, 50);
    work_add_missing(&missing, &all, &some);
    ck_assert_uint_eq(missing.connector_count, 2);
    ck_assert_int_eq(missing.tasks[49].number, 49);
    work_add_all(&missing, &common);
    ck_assert(work_equal(&missing, &all));
    work_remove_all(&missing, &common);
    ck_assert_uint_eq(missing.task_count, 50);
    ck_assert(!work_equal(&missing, &all));
    work_remove_all(&missing, &missing);
    ck_assert(work_empty(&missing));
    work_add_all(&missing, &all);
    ck_assert(work_equal(&missing, &all));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("group/work");
    TCase *tc = tcase_create("sets");
    tcase_add_test(tc, adds_once_and_keeps_order);
    tcase_add_test(tc, set_operations);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
