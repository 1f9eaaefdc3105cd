/* The whole herder in this process against the embedded cluster: a file source from creation to deletion, by requests
 * as REST makes them. */
#include "connect/distributed.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/mailbox.h"
#include "connect/dev.h"
#include "connect/plugins.h"
#include "connect/worker_config.h"
#include "tests/support/suite.h"

static struct dev *cluster;
static struct worker_conf *conf;
static struct substitute *substitute;
static struct herder *herder;
static struct mailbox *answers;
static char folder[64], file[128];

/* ---- requests ---------------------------------------------------------------------------------------------------- */

static void on_done(struct herder_request *req, void *arg) {
    mailbox_post(arg, &req->msg);
}

static struct herder_request *run(struct herder_request *req) {
    req->done = on_done;
    req->arg = answers;
    req->deadline_ms = clock_ms() + 60000;
    herder_submit(herder, req);
    struct message *msg = mailbox_get(answers, 60000);
    ck_assert_msg(msg != NULL, "no answer to request %d", (int)req->op);
    return CONTAINER_OF(msg, struct herder_request, msg);
}

/* Repeats what a client repeats: answers that only say that a rebalance goes on. */
static struct herder_request *patiently(enum herder_op op, const char *connector, const struct kc_config *config,
                                        int task) {
    int64_t deadline = clock_ms() + 60000;
    for (;;) {
        struct herder_request *req = herder_request_new(op, connector);
        req->config = config ? kc_config_copy(config) : NULL;
        req->task = task;
        req = run(req);
        bool again = req->err.code == ERR_REBALANCING || req->forward_url;
        if (!again || clock_ms() > deadline)
            return req;
        herder_request_free(req);
        clock_sleep_ms(20);
    }
}

static void expect_config(enum herder_op op, const char *connector, const struct kc_config *config, int task,
                          int http) {
    struct herder_request *req = patiently(op, connector, config, task);
    ck_assert_msg(req->http == http, "%d: %d %s", (int)op, req->http, req->err.text);
    herder_request_free(req);
}
static void expect(enum herder_op op, const char *connector, int http) {
    expect_config(op, connector, NULL, 0, http);
}

static void expect_error(enum herder_op op, const char *connector, int http, const char *text) {
    struct herder_request *req = patiently(op, connector, NULL, 0);
    ck_assert_int_eq(req->http, http);
    ck_assert_str_eq(req->err.text, text);
    herder_request_free(req);
}

/* "RUNNING RUNNING" = the connector and its tasks; "404" when there is no status. */
static void read_states(const char *connector, char *out, size_t size) {
    struct herder_request *req = run(herder_request_new(HERDER_STATUS, connector));
    snprintf(out, size, "%d", req->http);
    if (req->http == 200) {
        struct kc_error err = {0};
        AUTO(json) json = json_parse(buf_text(&req->json), req->json.len, &err);
        const cJSON *tasks = cJSON_GetObjectItem(json, "tasks");
        size_t len = (size_t)snprintf(out, size, "%s", json_get_text(cJSON_GetObjectItem(json, "connector"), "state"));
        for (const cJSON *t = tasks->child; t; t = t->next)
            len += (size_t)snprintf(out + len, size - len, " %s", json_get_text(t, "state"));
    }
    herder_request_free(req);
}

static void await_states(const char *connector, const char *wanted) {
    char states[256] = "";
    int64_t deadline = clock_ms() + 60000;
    while (clock_ms() < deadline) {
        read_states(connector, states, sizeof(states));
        if (strcmp(states, wanted) == 0)
            return;
        clock_sleep_ms(20);
    }
    ck_abort_msg("%s: '%s', never '%s'", connector, states, wanted);
}

static bool answer_contains(enum herder_op op, const char *connector, const char *part) {
    struct herder_request *req = patiently(op, connector, NULL, 0);
    bool found = req->http == 200 && strstr(buf_text(&req->json), part);
    herder_request_free(req);
    return found;
}

static void await_answer(enum herder_op op, const char *connector, const char *part) {
    int64_t deadline = clock_ms() + 60000;
    while (!answer_contains(op, connector, part)) {
        ck_assert_msg(clock_ms() < deadline, "request %d never has %s", (int)op, part);
        clock_sleep_ms(20);
    }
}

/* ---- the world --------------------------------------------------------------------------------------------------- */

static void ignore_news(void *arg) {
    (void)arg;
}

static void start_herder(void) {
    struct kc_error err = {0};
    struct herder_setup setup = {.conf = conf,
                                 .substitute = substitute,
                                 .url = "http://127.0.0.1:18083/",
                                 .worker_id = "127.0.0.1:18083",
                                 .on_news = ignore_news};
    herder = herder_new(&setup, &err);
    ck_assert_msg(herder && herder_start(herder, &err) == 0, "%s", err.text);
}

static void set_up(void) {
    static struct dev_options options;
    struct kc_error err = {0};
    snprintf(folder, sizeof(folder), "/tmp/kconnectd-test-XXXXXX");
    options.data = mkdtemp(folder);
    snprintf(file, sizeof(file), "%s/in.txt", folder);
    FILE *in = fopen(file, "w");
    ck_assert_ptr_nonnull(in);
    fputs("one\ntwo\n", in);
    fclose(in);
    cluster = dev_new(&options, &err);
    ck_assert_msg(cluster != NULL, "%s", err.text);
    struct kc_config *worker = dev_worker_config(cluster);
    kc_config_set(worker, "max.request.size", "20000"); /* of what goes to the internal topics */
    ck_assert_msg(worker_config_new(worker, &conf, &substitute, &err) == 0, "%s", err.text);
    answers = mailbox_new();
    start_herder();
}

static void tear_down(void) {
    ck_assert(herder_stop(herder));
    herder_free(herder);
    mailbox_free(answers);
    substitute_free(substitute);
    worker_conf_free(conf);
    plugins_done();
    dev_free(cluster);
    unlink(file);
    rmdir(folder);
}

static struct kc_config *source(const char *name) {
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "name", name);
    kc_config_set(config, "connector.class", "FileStreamSource");
    kc_config_set(config, "tasks.max", "1");
    kc_config_set(config, "file", file);
    kc_config_set(config, "topic", "lines");
    return config;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(becomes_healthy) {
    ck_assert(!herder_was_ready(herder));
    struct herder_request *req = patiently(HERDER_HEALTH, NULL, NULL, 0);
    ck_assert_int_eq(req->http, 200);
    ck_assert_str_eq(
        buf_text(&req->json),
        "{\"status\":\"healthy\",\"message\":\"Worker has completed startup and is ready to handle requests.\"}");
    herder_request_free(req);
    ck_assert(herder_was_ready(herder));
    ck_assert_ptr_nonnull(herder_cluster_id(herder));
    ck_assert(answer_contains(HERDER_ROOT, NULL, herder_cluster_id(herder)));
    ck_assert(answer_contains(HERDER_LIST, NULL, "[]"));
}
END_TEST

START_TEST(life_of_a_connector) {
    AUTO(props) config = source("file");
    expect_config(HERDER_CREATE, "file", config, 0, 201);
    await_states("file", "RUNNING RUNNING");
    ck_assert(
        answer_contains(HERDER_INFO, "file", "\"tasks\":[{\"connector\":\"file\",\"task\":0}],\"type\":\"source\""));
    ck_assert(
        answer_contains(HERDER_TASKS, "file", "\"task.class\":\"org.apache.kafka.connect.file.FileStreamSourceTask\""));
    ck_assert(answer_contains(HERDER_LIST, NULL, "[\"file\"]"));
    await_answer(HERDER_OFFSETS, "file", "\"offset\":{\"position\":8}");
    await_answer(HERDER_TOPICS, "file", "{\"file\":{\"topics\":[\"lines\"]}}");
    expect_config(HERDER_TASK_STATUS, "file", NULL, 0, 200);
    expect_config(HERDER_TASK_STATUS, "file", NULL, -1, 404); /* not the connector's own */

    expect(HERDER_PAUSE, "file", 202);
    await_states("file", "PAUSED PAUSED");
    expect(HERDER_RESUME, "file", 202);
    await_states("file", "RUNNING RUNNING");
    expect(HERDER_RESTART, "file", 204);
    expect(HERDER_RESTART_TASK, "file", 204);
    await_states("file", "RUNNING RUNNING");

    kc_config_set(config, "extra", "1");
    expect_config(HERDER_PUT_CONFIG, "file", config, 0, 200);
    await_answer(HERDER_TASKS, "file", "\"extra\":\"1\"");
    await_states("file", "RUNNING RUNNING");

    expect(HERDER_STOP, "file", 204);
    await_states("file", "STOPPED");
    ck_assert(answer_contains(HERDER_TASKS, "file", "[]"));
    expect(HERDER_RESUME, "file", 202);
    await_states("file", "RUNNING RUNNING");

    expect(HERDER_DELETE, "file", 204);
    await_states("file", "404");
    expect_error(HERDER_INFO, "file", 404, "Connector file not found");
    ck_assert(answer_contains(HERDER_LIST, NULL, "[]"));
}
END_TEST

START_TEST(a_failed_task_is_restarted_by_plan) {
    AUTO(props) config = source("sink");
    char missing[160], out[200];
    snprintf(missing, sizeof(missing), "%s/missing", folder);
    snprintf(out, sizeof(out), "%s/out", missing);
    kc_config_set(config, "connector.class", "FileStreamSink");
    kc_config_set(config, "file", out);
    kc_config_set(config, "topics", "lines");
    expect_config(HERDER_CREATE, "sink", config, 0, 201);
    await_states("sink", "RUNNING FAILED");
    ck_assert_int_eq(mkdir(missing, 0777), 0);
    struct herder_request *req = herder_request_new(HERDER_RESTART_PLAN, "sink");
    req->only_failed = req->include_tasks = true;
    req = run(req);
    ck_assert_msg(req->http == 202, "%s", req->err.text);
    ck_assert_ptr_nonnull(strstr(buf_text(&req->json), "\"tasks\":[{\"id\":0,\"state\":\"RESTARTING\""));
    herder_request_free(req);
    await_states("sink", "RUNNING RUNNING");
    expect(HERDER_STOP, "sink", 204);
    await_states("sink", "STOPPED");
    unlink(out);
    rmdir(missing);
}
END_TEST

START_TEST(initial_states) {
    AUTO(props) config = source("file");
    struct herder_request *req = herder_request_new(HERDER_CREATE, "file");
    req->config = kc_config_copy(config);
    req->initial_state = strdup("stopped");
    req = run(req);
    ck_assert_msg(req->http == 201, "%s", req->err.text);
    herder_request_free(req);
    await_states("file", "STOPPED");
    expect(HERDER_PAUSE, "file", 202);
    await_states("file", "PAUSED");
}
END_TEST

/* Requests that come while the worker still joins its group: when it has, they are written together, and each is
 * answered as if it had been alone. */
START_TEST(puts_are_written_together) {
    static const struct {
        enum herder_op op;
        const char *connector;
        size_t bytes;
        int http;
    } puts[] = {
        {HERDER_CREATE, "one", 10, 201},          {HERDER_PUT_CONFIG, "one", 20, 200},
        {HERDER_PUT_CONFIG, "two", 10, 201},      {HERDER_CREATE, "one", 10, 409},
        {HERDER_PUT_CONFIG, "two", 30, 200},      {HERDER_PUT_CONFIG, "large", 40000, 500},
        {HERDER_PUT_CONFIG, "one", 50, 200},      {HERDER_CREATE, "three", 10, 201},
        {HERDER_PUT_CONFIG, "large", 39000, 500},
    };
    static char filling[50000];
    struct herder_request *requests[COUNT_OF(puts)];
    for (size_t i = 0; i < COUNT_OF(puts); i++) {
        struct herder_request *req = requests[i] = herder_request_new(puts[i].op, puts[i].connector);
        req->config = source(puts[i].connector);
        memset(filling, 'x', puts[i].bytes);
        filling[puts[i].bytes] = '\0';
        kc_config_set(req->config, "extra", filling);
        req->initial_state = puts[i].op == HERDER_CREATE ? strdup("STOPPED") : NULL;
        req->done = on_done;
        req->arg = answers;
        req->deadline_ms = clock_ms() + 60000;
        herder_submit(herder, req);
    }
    for (size_t i = 0; i < COUNT_OF(puts); i++)
        ck_assert_msg(mailbox_get(answers, 60000) != NULL, "%zu answers", i);
    for (size_t i = 0; i < COUNT_OF(puts); i++) {
        ck_assert_msg(requests[i]->http == puts[i].http, "%zu: %d %s", i, requests[i]->http, requests[i]->err.text);
        if (puts[i].http < 300)
            ck_assert_ptr_nonnull(strstr(buf_text(&requests[i]->json), requests[i]->connector));
        herder_request_free(requests[i]);
    }
    memset(filling, 'x', 50);
    memcpy(filling + 50, "\"}", 3);
    await_answer(HERDER_CONFIG, "one", filling);
    memcpy(filling + 30, "\"}", 3);
    await_answer(HERDER_CONFIG, "two", filling);
    expect_error(HERDER_CONFIG, "large", 404, "Connector large not found");
    await_states("one", "STOPPED");
    await_states("two", "RUNNING RUNNING");
}
END_TEST

START_TEST(refusals) {
    AUTO(props) config = source("file");
    expect_error(HERDER_INFO, "no", 404, "Connector no not found");
    expect_error(HERDER_DELETE, "no", 404, "Connector no not found");
    expect_error(HERDER_STATUS, "no", 404, "No status found for connector no");
    expect_error(HERDER_TASK_STATUS, "no", 404, "No status found for task no-0");
    expect_error(HERDER_PAUSE, "no", 404, "Unknown connector no");
    expect_error(HERDER_STOP, "no", 404, "Unknown connector no");
    expect_error(HERDER_RESTART, "no", 404, "Unknown connector: no");
    expect_error(HERDER_RESTART_PLAN, "no", 404, "Unknown connector: no");
    expect_error(HERDER_RESTART_TASK, "no", 404, "Unknown connector: no");
    expect_error(HERDER_PUT_TASKS, "no", 400, "Internal request missing required signature");
    expect_error(HERDER_FENCE, "no", 400, "Internal request missing required signature");
    expect_error(HERDER_LEAVING, NULL, 400, "Internal request missing required signature");
    expect_error(HERDER_OFFSETS, "no", 404, "Connector no not found");
    expect_error(HERDER_RESET_OFFSETS, "no", 404, "Connector no not found");
    kc_config_set(config, "tasks.max", "0");
    struct herder_request *req = patiently(HERDER_CREATE, "file", config, 0);
    ck_assert_int_eq(req->http, 400);
    ck_assert_ptr_nonnull(
        strstr(req->err.text, "Invalid value 0 for configuration tasks.max: Value must be at least 1"));
    herder_request_free(req);
    kc_config_set(config, "tasks.max", "1");
    expect_config(HERDER_CREATE, "file", config, 0, 201);
    req = patiently(HERDER_CREATE, "file", config, 0);
    ck_assert_int_eq(req->http, 409);
    ck_assert_str_eq(req->err.text, "Connector file already exists");
    herder_request_free(req);
    await_states("file", "RUNNING RUNNING");
    expect_error(
        HERDER_RESET_OFFSETS, "file", 400,
        "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the "
        "specified connector by issuing a 'PUT' request to the '/connectors/file/stop' endpoint");
}
END_TEST

START_TEST(goes_on_after_a_restart_of_the_worker) {
    AUTO(props) config = source("file");
    expect_config(HERDER_CREATE, "file", config, 0, 201);
    await_answer(HERDER_OFFSETS, "file", "\"offset\":{\"position\":8}");
    ck_assert(herder_stop(herder));
    struct herder_request *req = run(herder_request_new(HERDER_LIST, NULL));
    ck_assert_int_eq(req->http, 500);
    ck_assert_str_eq(req->err.text, "Worker is shutting down");
    herder_request_free(req);
    herder_free(herder);
    start_herder();
    await_states("file", "RUNNING RUNNING");
    ck_assert(answer_contains(HERDER_CONFIG, "file", "\"topic\":\"lines\""));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("distributed");
    TCase *tc = tcase_create("distributed");
    tcase_set_timeout(tc, 240);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, becomes_healthy);
    tcase_add_test(tc, life_of_a_connector);
    tcase_add_test(tc, a_failed_task_is_restarted_by_plan);
    tcase_add_test(tc, initial_states);
    tcase_add_test(tc, puts_are_written_together);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, goes_on_after_a_restart_of_the_worker);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
