/* A standalone worker's herder in this process against the embedded cluster: connectors from files, requests that are
 * answered when they are done, offsets in a file; and the files of connectors by themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/mailbox.h"
#include "connect/dev.h"
#include "connect/plugins.h"
#include "connect/standalone_files.h"
#include "connect/worker_config.h"
#include "tests/support/suite.h"

static char folder[64];

static char *path_of(const char *name) {
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    return path;
}

static char *write_file(const char *name, const char *text) {
    char *path = path_of(name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    fclose(f);
    return path;
}

static void make_folder(void) {
    snprintf(folder, sizeof(folder), "/tmp/kconnectd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void) {
    static const char *const names[] = {"worker", "offsets", "in.txt", "c.json", "d.properties"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO_TEXT path = path_of(names[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

/* ---- files of connectors ----------------------------------------------------------------------------------------- */

START_TEST(files_that_are_refused) {
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"{\"connector.class\":\"X\"}", "is missing the mandatory 'name' configuration"},
        {"connector.class=X\n", "is missing the mandatory 'name' configuration"},
        {"{\"name\": \"x\",", "is missing the mandatory 'name' configuration"},
        {"[]", "is missing the mandatory 'name' configuration"},
        {"", "is missing the mandatory 'name' configuration"},
        {"{\"config\":{\"a\":\"b\"}}", "is missing the mandatory 'name' configuration"},
        {"{\"name\":\"x\",\"other\":{}}", "but there is no 'config'"},
        {"{\"name\":\"x\",\"config\":[]}", "Connector configuration at "},
        {"{\"name\":\"x\",\"config\":{\"a\":{}}}", "a"},
        {"{\"name\":\"x\",\"config\":{\"name\":\"y\"}}",
         "Connector name configuration in 'config' doesn't match the one specified in 'name' at "},
        {"{\"name\":\"x\",\"config\":{},\"initial_state\":\"ASLEEP\"}", "must be one of RUNNING, PAUSED, STOPPED"},
        {"{\"name\":\"x\",\"config\":{},\"initial_state\":1}", "must be one of RUNNING, PAUSED, STOPPED"},
        {"name=x\na=\\u12\n", "c.json"},
    };
    make_folder();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct kc_error err = {0};
        AUTO_TEXT path = write_file("c.json", rows[i].text);
        ck_assert_msg(!standalone_files_load(&path, 1, &err), "row %zu", i);
        ck_assert_msg(strstr(err.text, rows[i].error) && strstr(err.text, path), "row %zu: %s", i, err.text);
    }
    struct kc_error err = {0};
    char *const none[] = {(char[]){"/no/such/file"}};
    ck_assert_ptr_null(standalone_files_load(none, 1, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "/no/such/file"));
    ck_assert_ptr_nonnull(strstr(err.text, "No such file or directory"));
    remove_folder();
}
END_TEST

/* ---- the world --------------------------------------------------------------------------------------------------- */

static struct dev *cluster;
static struct worker_conf *conf;
static struct substitute *substitute;
static struct herder *herder;
static struct standalone_files *files;
static struct mailbox *answers;

static void ignore_news(void *arg) {
    (void)arg;
}

static void start_herder(char *const *paths, size_t count) {
    struct kc_error err = {0};
    struct herder_setup setup = {.conf = conf,
                                 .substitute = substitute,
                                 .url = "http://127.0.0.1:18083/",
                                 .worker_id = "127.0.0.1:18083",
                                 .on_news = ignore_news};
    files = standalone_files_load(paths, count, &err);
    ck_assert_msg(files != NULL, "%s", err.text);
    herder = herder_new(&setup, &err);
    ck_assert_msg(herder && herder_start(herder, &err) == 0, "%s", err.text);
    standalone_files_create(files, herder);
}

static void stop_herder(void) {
    ck_assert(herder_stop(herder));
    herder_free(herder);
    standalone_files_free(files);
}

static void set_up(void) {
    static struct dev_options options;
    struct kc_error err = {0};
    make_folder();
    options.data = folder;
    cluster = dev_new(&options, &err);
    ck_assert_msg(cluster != NULL, "%s", err.text);
    AUTO(props) dev = dev_worker_config(cluster);
    AUTO_BUF worker;
    buf_init(&worker, 1 << 16);
    buf_printf(&worker,
               "bootstrap.servers=%s\nkey.converter=org.apache.kafka.connect.storage.StringConverter\n"
               "value.converter=org.apache.kafka.connect.storage.StringConverter\noffset.flush.interval.ms=50\n"
               "offset.storage.file.filename=%s/offsets\n",
               kc_config_get(dev, "bootstrap.servers"), folder);
    AUTO_TEXT path = write_file("worker", buf_text(&worker));
    free(write_file("in.txt", "one\ntwo\n"));
    ck_assert_msg(worker_config_load_standalone(path, &conf, &substitute, &err) == 0, "%s", err.text);
    answers = mailbox_new();
}

static void tear_down(void) {
    mailbox_free(answers);
    substitute_free(substitute);
    worker_conf_free(conf);
    plugins_done();
    dev_free(cluster);
    remove_folder();
}

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

/* The answer must have this status and contain this text. */
static void expect_req(struct herder_request *req, int http, const char *text) {
    enum herder_op op = req->op;
    req = run(req);
    const char *got = req->err.code ? (req->message ? req->message : req->err.text) : buf_text(&req->json);
    ck_assert_msg(req->http == http && strstr(got, text), "%d: %d %s", (int)op, req->http, got);
    herder_request_free(req);
}

static void expect(enum herder_op op, const char *connector, int http, const char *text) {
    expect_req(herder_request_new(op, connector), http, text);
}

static void expect_config(enum herder_op op, const char *connector, struct kc_config *config, int http,
                          const char *text) {
    struct herder_request *req = herder_request_new(op, connector);
    req->config = config;
    expect_req(req, http, text);
}

static void await(enum herder_op op, const char *connector, const char *text) {
    int64_t deadline = clock_ms() + 60000;
    for (bool found = false; !found; clock_sleep_ms(20)) {
        struct herder_request *req = run(herder_request_new(op, connector));
        found = strstr(buf_text(&req->json), text);
        ck_assert_msg(found || clock_ms() < deadline, "%d %s: never %s", (int)op, buf_text(&req->json), text);
        herder_request_free(req);
    }
}

static void await_ready(void) {
    for (int64_t deadline = clock_ms() + 60000; !herder_was_ready(herder); clock_sleep_ms(20))
        ck_assert(clock_ms() < deadline && !herder_failed(herder));
}

static struct kc_config *source(const char *name, const char *tasks) {
    struct kc_config *config = kc_config_new();
    AUTO_TEXT in = path_of("in.txt");
    kc_config_set(config, "name", name);
    kc_config_set(config, "connector.class", "FileStreamSource");
    kc_config_set(config, "tasks.max", tasks);
    kc_config_set(config, "file", in);
    kc_config_set(config, "topic", "lines");
    return config;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(connectors_from_files) {
    AUTO_TEXT json = NULL;
    if (asprintf(&json,
                 "{\"name\":\"c\",\"unknown\":[1],\"initial_state\":\"paused\",\"config\":{\"connector.class\":"
                 "\"FileStreamSource\",\"tasks.max\":1,\"file\":\"%s/in.txt\",\"topic\":\"lines\"}}",
                 folder) < 0)
        abort();
    AUTO_TEXT c = write_file("c.json", json);
    AUTO_TEXT d = write_file("d.properties", "name=d\nconnector.class=VerifiableSink\ntopics=lines\ntasks.max=2\n");
    start_herder((char *const[]){c, d}, 2);
    expect(HERDER_HEALTH, NULL, 503, "{\"status\":\"starting\",\"message\":\"Worker is still starting up.\"}");
    await_ready();
    expect(HERDER_HEALTH, NULL, 200, "healthy");
    expect(HERDER_LIST, NULL, 200, "[\"c\",\"d\"]");
    expect(HERDER_CONFIG, "c", 200, "\"tasks.max\":\"1\"");
    expect(HERDER_CONFIG, "c", 200, "\"name\":\"c\"");
    expect(HERDER_STATUS, "c", 200, "\"connector\":{\"state\":\"PAUSED\"");
    expect(HERDER_INFO, "d", 200, "\"tasks\":[{\"connector\":\"d\",\"task\":0},{\"connector\":\"d\",\"task\":1}]");
    stop_herder();
}
END_TEST

START_TEST(a_file_that_cannot_be_made_ends_the_worker) {
    AUTO_TEXT c = write_file("c.json", "{\"name\":\"c\",\"connector.class\":\"no.such.Connector\"}");
    start_herder((char *const[]){c}, 1);
    for (int64_t deadline = clock_ms() + 60000; !herder_failed(herder); clock_sleep_ms(20))
        ck_assert(clock_ms() < deadline);
    ck_assert(!herder_was_ready(herder));
    stop_herder();
}
END_TEST

START_TEST(requests_are_answered_when_they_are_done) {
    start_herder(NULL, 0);
    await_ready();
    expect_config(HERDER_CREATE, "f", source("f", "1"), 201, "\"tasks\":[{\"connector\":\"f\",\"task\":0}]");
    await(HERDER_TASK_STATUS, "f", "\"worker_id\":\"127.0.0.1:18083\"");
    struct kc_config *other = source("f", "1");
    kc_config_set(other, "extra", "1");
    expect_config(HERDER_PUT_CONFIG, "f", other, 200, "\"extra\":\"1\"");
    expect(HERDER_TASKS, "f", 200, "\"extra\":\"1\"");
    await(HERDER_OFFSETS, "f", "\"offset\":{\"position\":8}");
    await(HERDER_TOPICS, "f", "{\"f\":{\"topics\":[\"lines\"]}}");
    struct herder_request *restart = herder_request_new(HERDER_RESTART_PLAN, "f");
    restart->include_tasks = true;
    expect_req(restart, 202, "RESTARTING");
    await(HERDER_STATUS, "f", "\"tasks\":[{\"id\":0,\"state\":\"RUNNING\"");
    expect(HERDER_RESTART, "f", 204, "");
    expect(HERDER_RESTART_TASK, "f", 204, "");
    expect(HERDER_STOP, "f", 204, "");
    expect(HERDER_STATUS, "f", 200, "\"connector\":{\"state\":\"STOPPED\"");
    expect(HERDER_TASKS, "f", 200, "[]");
    struct kc_config *patch = kc_config_new();
    kc_config_set(patch, "extra", NULL);
    expect_config(HERDER_PATCH_CONFIG, "f", patch, 200, "\"tasks\":[]");
    expect(HERDER_DELETE, "f", 204, "");
    expect(HERDER_STATUS, "f", 404, "No status found for connector f");
    expect(HERDER_LIST, NULL, 200, "[]");
    stop_herder();
}
END_TEST

START_TEST(a_connector_that_does_not_start) {
    start_herder(NULL, 0);
    struct kc_config *config = source("m", "1");
    kc_config_set(config, "connector.class", "MockSource");
    kc_config_set(config, "mock_mode", "connector-failure");
    kc_config_set(config, "delay_ms", "soon");
    expect_config(HERDER_CREATE, "m", config, 500, "Failed to transition connector m to state STARTED");
    expect(HERDER_STATUS, "m", 200, "For input string: \\\"soon\\\"");
    expect(HERDER_RESTART, "m", 500, "Failed to transition connector m to state STARTED");
    expect(HERDER_DELETE, "m", 204, "");
    stop_herder();
}
END_TEST

START_TEST(refusals) {
    static const struct {
        enum herder_op op;
        int http;
        const char *text;
    } rows[] = {
        {HERDER_INFO, 404, "Connector no not found"},
        {HERDER_DELETE, 404, "Connector no not found"},
        {HERDER_PATCH_CONFIG, 404, "Connector no not found"},
        {HERDER_PAUSE, 404, "Unknown connector no"},
        {HERDER_STOP, 500, "No connector `no` configured"},
        {HERDER_RESTART, 404, "Connector no not found"},
        {HERDER_RESTART_TASK, 404, "Connector no not found"},
        {HERDER_RESTART_PLAN, 404, "Unknown connector: no"},
        {HERDER_OFFSETS, 404, "Connector no not found"},
        {HERDER_RESET_OFFSETS, 404, "Connector no not found"},
        {HERDER_PUT_TASKS, 500,
         "Kafka Connect in standalone mode does not support externally setting task configurations."},
        {HERDER_FENCE, 500, "Kafka Connect in standalone mode does not support exactly-once source connectors."},
    };
    start_herder(NULL, 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect(rows[i].op, "no", rows[i].http, rows[i].text);
    expect_config(HERDER_CREATE, "f", source("f", "1"), 201, "");
    expect_config(HERDER_CREATE, "f", source("f", "1"), 409, "Connector f already exists");
    struct herder_request *task = herder_request_new(HERDER_RESTART_TASK, "f");
    task->task = 7;
    expect_req(task, 404, "Task f-7 not found");
    expect(HERDER_RESET_OFFSETS, "f", 400, "Connectors must be in the STOPPED state");
    struct herder_request *level = herder_request_new(HERDER_SET_LOGGER, NULL);
    level->logger = strdup("org.example");
    level->level = strdup("WARN");
    expect_req(level, 204, "");
    ck_assert(!kc_log_on(KC_INFO, "org.example"));
    stop_herder();
}
END_TEST

START_TEST(offsets_outlive_the_worker) {
    start_herder(NULL, 0);
    expect_config(HERDER_CREATE, "f", source("f", "1"), 201, "");
    await(HERDER_OFFSETS, "f", "\"offset\":{\"position\":8}");
    stop_herder();
    start_herder(NULL, 0);
    expect(HERDER_LIST, NULL, 200, "[]"); /* the connector itself does not */
    await_ready();
    expect_config(HERDER_CREATE, "f", source("f", "1"), 201, "");
    expect(HERDER_OFFSETS, "f", 200, "\"offset\":{\"position\":8}");
    expect(HERDER_STOP, "f", 204, "");
    struct herder_request *alter = herder_request_new(HERDER_ALTER_OFFSETS, "f");
    if (asprintf(&alter->body,
                 "{\"offsets\":[{\"partition\":{\"filename\":\"%s/in.txt\"},\"offset\":{\"position\":4}}]}",
                 folder) < 0)
        abort();
    alter->body_len = strlen(alter->body);
    expect_req(alter, 200, "The offsets for this connector have been altered successfully");
    expect(HERDER_OFFSETS, "f", 200, "\"offset\":{\"position\":4}");
    expect(HERDER_RESET_OFFSETS, "f", 200, "The offsets for this connector have been reset successfully");
    expect(HERDER_OFFSETS, "f", 200, "{\"offsets\":[]}");
    stop_herder();
    free(write_file("offsets", "no map"));
    start_herder(NULL, 0);
    for (int64_t deadline = clock_ms() + 60000; !herder_failed(herder); clock_sleep_ms(20))
        ck_assert(clock_ms() < deadline);
    stop_herder();
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("standalone");
    TCase *files_case = tcase_create("files"), *tc = tcase_create("standalone");
    tcase_add_test(files_case, files_that_are_refused);
    suite_add_tcase(suite, files_case);
    tcase_set_timeout(tc, 240);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, connectors_from_files);
    tcase_add_test(tc, a_file_that_cannot_be_made_ends_the_worker);
    tcase_add_test(tc, requests_are_answered_when_they_are_done);
    tcase_add_test(tc, a_connector_that_does_not_start);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, offsets_outlive_the_worker);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
