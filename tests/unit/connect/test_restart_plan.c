/* What restart requests select, and which of two pending ones wins. */
#include "connect/restart_plan.h"

#include <stdlib.h>
#include <string.h>

#include "connect/herder_json.h"
#include "tests/support/suite.h"

static struct status status_of(int task, enum state state) {
    struct status s = {.task = task, .state = state, .generation = 3};
    s.connector = strdup("c");
    s.worker_id = strdup("h:8083");
    s.version = strdup("1.0");
    s.trace = state == STATE_FAILED ? strdup("boom") : NULL;
    return s;
}

static struct restart_plan *plan_of(enum state connector, enum state first, enum state second,
                                    struct restart_request request) {
    struct status c = status_of(-1, connector);
    struct status *tasks = calloc(2, sizeof(*tasks));
    tasks[0] = status_of(0, first);
    tasks[1] = status_of(1, second);
    return restart_plan_new(&c, tasks, 2, request);
}

static const struct {
    bool only_failed, include_tasks;
    enum state connector, first, second;
    bool restart_connector, restart_first, restart_second;
    int impact;
} rows[] = {
    {false, false, STATE_RUNNING, STATE_RUNNING, STATE_FAILED, true, false, false, 2},
    {false, true, STATE_RUNNING, STATE_RUNNING, STATE_FAILED, true, true, true, 3},
    {true, false, STATE_RUNNING, STATE_RUNNING, STATE_FAILED, false, false, false, 0},
    {true, false, STATE_FAILED, STATE_RUNNING, STATE_FAILED, true, false, false, 0},
    {true, true, STATE_RUNNING, STATE_RUNNING, STATE_FAILED, false, false, true, 1},
    {true, true, STATE_FAILED, STATE_FAILED, STATE_PAUSED, true, true, false, 1},
    {true, true, STATE_UNASSIGNED, STATE_PAUSED, STATE_RUNNING, false, false, false, 1},
};

START_TEST(selects) {
    struct restart_request request = {.only_failed = rows[_i].only_failed, .include_tasks = rows[_i].include_tasks};
    AUTO(restart_plan) plan = plan_of(rows[_i].connector, rows[_i].first, rows[_i].second, request);
    ck_assert_int_eq(restart_impact(request), rows[_i].impact);
    ck_assert_int_eq(plan->restart_connector, rows[_i].restart_connector);
    ck_assert_int_eq(plan->restart_task[0], rows[_i].restart_first);
    ck_assert_int_eq(plan->restart_task[1], rows[_i].restart_second);
}
END_TEST

START_TEST(answers_with_restarting) {
    struct restart_request request = {.only_failed = true, .include_tasks = true};
    AUTO(restart_plan) plan = plan_of(STATE_RUNNING, STATE_RUNNING, STATE_FAILED, request);
    AUTO_BUF out;
    buf_init(&out, 4096);
    herder_json_state(&out, plan, "sink", true);
    ck_assert_str_eq(
        buf_text(&out),
        "{\"name\":\"c\",\"connector\":{\"state\":\"RUNNING\",\"worker_id\":\"h:8083\",\"version\":\"1.0\"},"
        "\"tasks\":[{\"id\":0,\"state\":\"RUNNING\",\"worker_id\":\"h:8083\",\"version\":\"1.0\"},"
        "{\"id\":1,\"state\":\"RESTARTING\",\"worker_id\":\"h:8083\",\"version\":\"1.0\",\"trace\":\"boom\"}],"
        "\"type\":\"sink\"}");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("restart_plan");
    TCase *tc = tcase_create("restart_plan");
    tcase_add_loop_test(tc, selects, 0, (int)COUNT_OF(rows));
    tcase_add_test(tc, answers_with_restarting);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
