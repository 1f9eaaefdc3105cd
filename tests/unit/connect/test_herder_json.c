/* Field order and omissions of the herder's answers. */
#include "connect/herder_json.h"

#include <string.h>

#include "connect/base/version.h"
#include "tests/support/suite.h"

static struct buf out;

static void set_up(void) {
    buf_init(&out, 1 << 20);
}
static void tear_down(void) {
    buf_done(&out);
}

static struct kc_config *sample(void) {
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "name", "a\"b");
    kc_config_set(config, "z", "${file:/x:y}");
    kc_config_set(config, "none", NULL);
    return config;
}

START_TEST(server_info) {
    herder_json_server(&out, "Zk3b");
    ck_assert_str_eq(buf_text(&out), "{\"version\":\"" KAFKA_VERSION "\",\"commit\":\"" KAFKA_COMMIT
                                     "\",\"kafka_cluster_id\":\"Zk3b\"}");
    buf_clear(&out);
    herder_json_server(&out, NULL);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "\"kafka_cluster_id\":null}"));
}
END_TEST

START_TEST(small_ones) {
    herder_json_health(&out, "healthy", "ok");
    ck_assert_str_eq(buf_text(&out), "{\"status\":\"healthy\",\"message\":\"ok\"}");
}
END_TEST

START_TEST(connector_info) {
    AUTO(props) config = sample();
    herder_json_info(&out, "a\"b", config, 2);
    ck_assert_str_eq(buf_text(&out),
                     "{\"name\":\"a\\\"b\",\"config\":{\"name\":\"a\\\"b\",\"z\":\"${file:/x:y}\",\"none\":null},"
                     "\"tasks\":[{\"connector\":\"a\\\"b\",\"task\":0},{\"connector\":\"a\\\"b\",\"task\":1}],"
                     "\"type\":\"unknown\"}");
    buf_clear(&out);
    herder_json_info(&out, "x", config, 0);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "\"tasks\":[],"));
}
END_TEST

START_TEST(tasks) {
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "k", "v");
    struct snapshot_task have[] = {{1, config}};
    struct snapshot_connector c = {.name = "c", .config = config, .task_count = 2, .tasks = have, .tasks_len = 1};
    herder_json_tasks(&out, &c);
    ck_assert_str_eq(buf_text(&out), "[{\"id\":{\"connector\":\"c\",\"task\":0},\"config\":null},"
                                     "{\"id\":{\"connector\":\"c\",\"task\":1},\"config\":{\"k\":\"v\"}}]");
    buf_clear(&out);
    herder_json_tasks_config(&out, &c);
    ck_assert_str_eq(buf_text(&out), "{\"c-0\":null,\"c-1\":{\"k\":\"v\"}}");
}
END_TEST

static const struct {
    struct status status;
    const char *json;
} states[] = {
    {{.task = 0, .state = STATE_RUNNING, .worker_id = "h:1", .version = "2"},
     "{\"id\":0,\"state\":\"RUNNING\",\"worker_id\":\"h:1\",\"version\":\"2\"}"},
    {{.task = 7, .state = STATE_PAUSED, .worker_id = "h:1", .version = NULL, .trace = ""},
     "{\"id\":7,\"state\":\"PAUSED\",\"worker_id\":\"h:1\",\"version\":null}"},
    {{.task = 1, .state = STATE_UNASSIGNED, .worker_id = "h:1", .version = "undefined"},
     "{\"id\":1,\"state\":\"UNASSIGNED\",\"worker_id\":\"h:1\"}"},
    {{.task = 1, .state = STATE_FAILED, .worker_id = "h:1", .version = "2", .trace = "x: y\n\tat z"},
     "{\"id\":1,\"state\":\"FAILED\",\"worker_id\":\"h:1\",\"version\":\"2\",\"trace\":\"x: y\\n\\tat z\"}"},
};

START_TEST(task_state) {
    herder_json_task_state(&out, &states[_i].status);
    ck_assert_str_eq(buf_text(&out), states[_i].json);
}
END_TEST

START_TEST(lists) {
    struct snapshot_connector some[] = {{.name = "a"}, {.name = "b\xf0\x9f\x90\x98"}};
    struct config_snapshot snap = {.connectors = some, .count = 2};
    char *topics[] = {(char[]){"t1"}, (char[]){"t2"}};
    herder_json_names(&out, &snap);
    ck_assert_str_eq(buf_text(&out), "[\"a\",\"b\\uD83D\\uDC18\"]");
    buf_clear(&out);
    herder_json_topics(&out, "c", topics, 2);
    herder_json_topics(&out, "d", NULL, 0);
    ck_assert_str_eq(buf_text(&out), "{\"c\":{\"topics\":[\"t1\",\"t2\"]}}{\"d\":{\"topics\":[]}}");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("herder_json");
    TCase *tc = tcase_create("herder_json");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, server_info);
    tcase_add_test(tc, small_ones);
    tcase_add_test(tc, connector_info);
    tcase_add_test(tc, tasks);
    tcase_add_loop_test(tc, task_state, 0, (int)COUNT_OF(states));
    tcase_add_test(tc, lists);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
