/* The worker with the file connectors: what starts, what cannot start and says so, and that stopping leaves nothing. */
#include "connect/worker.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/dev.h"
#include "connect/job.h"
#include "connect/plugins.h"
#include "connect/worker_config.h"
#include "tests/support/suite.h"

enum { MSG_JOB = 3, MSG_TRANSITION };

static struct dev *cluster;
static struct worker_conf *conf;
static struct substitute *substitute;
static struct status_store *statuses;
static struct offset_store *offsets;
static struct mailbox *mailbox;
static struct worker *worker;
static char folder[64], file[128];

/* ---- what comes back --------------------------------------------------------------------------------------------- */

struct transition {
    struct message msg;
    uint64_t ticket;
    bool failed;
};

static void on_transition(void *arg, const char *connector, uint64_t ticket, enum target_state state,
                          const struct kc_error *err) {
    (void)arg, (void)connector, (void)state;
    struct transition *t = calloc(1, sizeof(*t));
    *t = (struct transition){.msg.type = MSG_TRANSITION, .ticket = ticket, .failed = err != NULL};
    mailbox_post(mailbox, &t->msg);
}
static void on_reconfigure(void *arg, const char *connector) {
    (void)arg, (void)connector;
}
static void on_task_configs(void *arg, struct reconfiguration *result) {
    (void)arg;
    reconfiguration_free(result);
}
static void on_ttl(void *arg, const char *connector, int64_t ttl_ms) {
    (void)arg, (void)connector, (void)ttl_ms;
}
static const struct connector_listener listener = {on_transition, on_reconfigure, on_task_configs, on_ttl};

static void await_transition(uint64_t ticket) {
    struct message *msg = mailbox_get(mailbox, 20000);
    ck_assert(msg && msg->type == MSG_TRANSITION);
    struct transition *t = CONTAINER_OF(msg, struct transition, msg);
    ck_assert_uint_eq(t->ticket, ticket);
    ck_assert(!t->failed);
    free(t);
}

static void note_done(void *arg, size_t failed) {
    *(int *)arg = (int)failed;
}

static int await_job(int *result) {
    struct message *msg = mailbox_get(mailbox, 30000);
    ck_assert(msg && msg->type == MSG_JOB);
    job_done(msg);
    return *result;
}

/* ---- the world --------------------------------------------------------------------------------------------------- */

static void set_up(void) {
    static struct dev_options options;
    struct kc_error err = {0};
    snprintf(folder, sizeof(folder), "/tmp/kconnectd-test-XXXXXX");
    options.data = mkdtemp(folder);
    snprintf(file, sizeof(file), "%s/in.txt", folder);
    fclose(fopen(file, "w"));
    cluster = dev_new(&options, &err);
    ck_assert_msg(cluster && worker_config_new(dev_worker_config(cluster), &conf, &substitute, &err) == 0, "%s",
                  err.text);
    statuses = status_store_new(conf);
    offsets = offset_store_new(conf);
    ck_assert_msg(status_store_start(statuses, &err) == 0 && offset_store_start(offsets, &err) == 0, "%s", err.text);
    mailbox = mailbox_new();
    struct worker_setup setup = {.conf = conf,
                                 .worker_id = "h:8083",
                                 .cluster_id = "id",
                                 .substitute = substitute,
                                 .statuses = statuses,
                                 .offsets = offsets,
                                 .listener = &listener,
                                 .reply = mailbox,
                                 .reply_type = MSG_JOB};
    worker = worker_new(&setup);
    worker_set_generation(worker, 9);
}

static void tear_down(void) {
    ck_assert(worker_free(worker, clock_ms() + 5000));
    status_store_free(statuses);
    offset_store_free(offsets);
    mailbox_free(mailbox);
    substitute_free(substitute);
    worker_conf_free(conf);
    plugins_done();
    dev_free(cluster);
    unlink(file);
    rmdir(folder);
}

static struct kc_config *source(const char *class_name) {
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "name", "c");
    kc_config_set(config, "connector.class", class_name);
    kc_config_set(config, "tasks.max", "1");
    kc_config_set(config, "file", file);
    kc_config_set(config, "topic", "lines");
    return config;
}

/* Waits until the status was read back; its trace has `part` (NULL: there is no trace). */
static void await_status(int task, enum state wanted, const char *part) {
    int64_t deadline = clock_ms() + 20000;
    for (;;) {
        struct status s;
        bool known = status_store_get(statuses, "c", task, &s), done = known && s.state == wanted;
        if (done) {
            ck_assert_int_eq(s.generation, 9);
            ck_assert_str_eq(s.worker_id, "h:8083");
            ck_assert_msg(part ? s.trace && strstr(s.trace, part) : !s.trace, "trace: %s", s.trace ? s.trace : "none");
        }
        if (known)
            status_done(&s);
        if (done)
            return;
        ck_assert_msg(clock_ms() < deadline, "task %d never %s", task, state_name(wanted));
        clock_sleep_ms(10);
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(runs_and_stops) {
    AUTO(props) config = source("FileStreamSource");
    struct snapshot_task task = {0, config};
    struct snapshot_connector c = {.name = "c", .config = config, .task_count = 1, .tasks = &task, .tasks_len = 1};
    struct config_snapshot snap = {.connectors = &c, .count = 1, .refs = 1000};
    struct kc_error err = {0};
    AUTO_WORK work = {0};
    AUTO_WORK running = {0};
    int result = -1;
    ck_assert_int_eq(worker_start_connector(worker, &c, 5, &err), 0);
    await_transition(5);
    await_status(-1, STATE_RUNNING, NULL);
    work_add_task(&work, "c", 0);
    worker_start_tasks(worker, &snap, &work, note_done, &result);
    ck_assert_int_eq(await_job(&result), 0);
    await_status(0, STATE_RUNNING, NULL);
    ck_assert(worker_has_connector(worker, "c") && worker_has_task(worker, "c", 0) && !worker_has_task(worker, "c", 1));

    worker_set_target(worker, "c", TARGET_PAUSED, 6);
    await_transition(6);
    await_status(-1, STATE_PAUSED, NULL);
    await_status(0, STATE_PAUSED, NULL);

    worker_all(worker, &running);
    ck_assert_uint_eq(running.connector_count, 1);
    ck_assert_uint_eq(running.task_count, 1);
    result = -1;
    worker_stop(worker, &running, note_done, &result);
    ck_assert_int_eq(await_job(&result), 0);
    ck_assert(!worker_has_connector(worker, "c") && !worker_has_task(worker, "c", 0));
    await_status(-1, STATE_UNASSIGNED, NULL);
    await_status(0, STATE_UNASSIGNED, NULL);
    result = -1; /* stopping what does not run is fine */
    worker_stop(worker, &running, note_done, &result);
    ck_assert_int_eq(await_job(&result), 0);
}
END_TEST

START_TEST(unknown_class) {
    AUTO(props) config = source("NoSuch");
    struct snapshot_connector c = {.name = "c", .config = config};
    struct kc_error err = {0};
    ck_assert_int_eq(worker_start_connector(worker, &c, 5, &err), -1);
    await_status(-1, STATE_FAILED, "Failed to find any class that implements Connector and which name matches NoSuch");
    ck_assert(!worker_has_connector(worker, "c"));
}
END_TEST

static const struct {
    const char *class_name, *tasks_max;
    int task_count;
    bool have_config;
    const char *trace;
} bad[] = {
    {"NoSuch", "1", 1, true, "Failed to find any class that implements Connector"},
    {"FileStreamSource", "1", 1, false, "There is no configuration for this task in the config topic"},
    {"FileStreamSource", "1", 2, true, "The connector c has generated 2 tasks, which is greater than 1"},
};

START_TEST(task_that_cannot_start) {
    AUTO(props) config = source(bad[_i].class_name);
    struct snapshot_task task = {0, config};
    struct snapshot_connector c = {.name = "c",
                                   .config = config,
                                   .task_count = bad[_i].task_count,
                                   .tasks = &task,
                                   .tasks_len = bad[_i].have_config};
    struct config_snapshot snap = {.connectors = &c, .count = 1, .refs = 1000};
    AUTO_WORK work = {0};
    int result = -1;
    work_add_task(&work, "c", 0);
    worker_start_tasks(worker, &snap, &work, note_done, &result);
    ck_assert_int_eq(await_job(&result), 1);
    await_status(0, STATE_FAILED, bad[_i].trace);
    ck_assert(!worker_has_task(worker, "c", 0));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("worker");
    TCase *tc = tcase_create("worker");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, runs_and_stops);
    tcase_add_test(tc, unknown_class);
    tcase_add_loop_test(tc, task_that_cannot_start, 0, (int)COUNT_OF(bad));
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
