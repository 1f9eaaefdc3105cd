/* Life cycle of one connector with a plugin that counts its calls and can be told to fail, to block or to report
 * errors. */
#include "connect/connector.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/mailbox.h"
#include "connect/dev.h"
#include "connect/worker_config.h"
#include "tests/support/suite.h"

/* ---- the plugin -------------------------------------------------------------------------------------------------- */

static atomic_int starts, stops, fail_start, block_stop, make_tasks;
static struct kc_connector_context *_Atomic plugin_context;

static int fake_start(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf,
                      void **ret_self, struct kc_error *err) {
    (void)conf;
    ck_assert_str_eq(kc_config_get(config, "topics"), "orders");
    atomic_store(&plugin_context, ctx);
    if (atomic_load(&fail_start))
        return kc_fail(err, KC_CONNECT_EXCEPTION, "no, thank you");
    atomic_fetch_add(&starts, 1);
    *ret_self = &starts;
    return 0;
}

static int fake_task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                             struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    (void)conf, (void)err, (void)max_tasks, (void)config;
    ck_assert_ptr_eq(self, &starts);
    *ret_count = atomic_load(&make_tasks);
    for (int i = 0; i < *ret_count; i++) {
        ret_configs[i] = kc_config_new();
        kc_config_set(ret_configs[i], "number", i ? "1" : "0");
    }
    return 0;
}

static void fake_stop(void *self) {
    ck_assert_ptr_eq(self, &starts);
    while (atomic_load(&block_stop))
        clock_sleep_ms(5);
    atomic_fetch_add(&stops, 1);
}

static const struct kc_connector_ops ops = {.start = fake_start, .task_configs = fake_task_configs, .stop = fake_stop};
static const struct kc_plugin plugin = {.abi = KC_ABI,
                                        .kind = KC_KIND_SINK,
                                        .class_name = "test.FakeSinkConnector",
                                        .task_class = "test.FakeSinkTask",
                                        .version = "7",
                                        .connector = &ops};

/* ---- the listener ------------------------------------------------------------------------------------------------ */

struct heard {
    struct message msg;
    char what; /* t transition, r reconfigure, c task configurations */
    uint64_t ticket;
    enum target_state state;
    bool failed;
    struct kc_error err;
    struct reconfiguration *result;
    int64_t ttl_ms;
};

static struct mailbox *ears;

static void hear(struct heard what) {
    struct heard *h = malloc(sizeof(*h));
    *h = what;
    mailbox_post(ears, &h->msg);
}
static void on_transition(void *arg, const char *connector, uint64_t ticket, enum target_state state,
                          const struct kc_error *err) {
    (void)arg;
    ck_assert_str_eq(connector, "fake");
    hear((struct heard){.what = 't',
                        .ticket = ticket,
                        .state = state,
                        .failed = err != NULL,
                        .err = err ? *err : (struct kc_error){0}});
}
static void on_reconfigure(void *arg, const char *connector) {
    (void)arg, (void)connector;
    hear((struct heard){.what = 'r'});
}
static void on_task_configs(void *arg, struct reconfiguration *result) {
    (void)arg;
    hear((struct heard){.what = 'c', .result = result});
}
static void on_ttl(void *arg, const char *connector, int64_t ttl_ms) {
    (void)arg, (void)connector;
    hear((struct heard){.what = 'l', .ttl_ms = ttl_ms});
}
static const struct connector_listener listener = {on_transition, on_reconfigure, on_task_configs, on_ttl};

static struct heard next_heard(char what) {
    struct message *msg = mailbox_get(ears, 20000);
    ck_assert_ptr_nonnull(msg);
    struct heard h = *CONTAINER_OF(msg, struct heard, msg);
    free(CONTAINER_OF(msg, struct heard, msg));
    ck_assert_int_eq(h.what, what);
    return h;
}

static struct kc_error transition_error(uint64_t ticket) {
    struct heard h = next_heard('t');
    ck_assert_uint_eq(h.ticket, ticket);
    ck_assert(h.failed);
    return h.err;
}
static void transition_ok(uint64_t ticket, enum target_state state) {
    struct heard h = next_heard('t');
    ck_assert_uint_eq(h.ticket, ticket);
    ck_assert_msg(!h.failed, "%s", h.err.text);
    ck_assert_int_eq(h.state, state);
}

/* ---- a config provider: ${vault:key} gives "secret-<n>", good for a while -------------------------------------------
 */

static atomic_int secret_number = 1, secret_ttl_ms = -1;

static int vault_configure(const struct kc_config *config, void **ret_self, struct kc_error *err) {
    (void)config, (void)err;
    *ret_self = &secret_number;
    return 0;
}

static int vault_get(void *self, const char *path, const char *const *keys, size_t key_count,
                     struct kc_config *ret_values, int64_t *ret_ttl_ms, struct kc_error *err) {
    char value[32];
    (void)self, (void)path, (void)err;
    snprintf(value, sizeof(value), "secret-%d", atomic_load(&secret_number));
    for (size_t i = 0; i < key_count; i++)
        kc_config_set(ret_values, keys[i], value);
    *ret_ttl_ms = atomic_load(&secret_ttl_ms);
    return 0;
}

static const struct kc_config_provider_ops vault_ops = {.configure = vault_configure, .get = vault_get};
static const struct kc_plugin vault = {.abi = KC_ABI,
                                       .kind = KC_KIND_CONFIG_PROVIDER,
                                       .class_name = "test.Vault",
                                       .version = "1",
                                       .config_provider = &vault_ops};

static const struct kc_plugin *find_vault(const char *class_name, enum kc_plugin_kind kind) {
    return kind == KC_KIND_CONFIG_PROVIDER && strcmp(class_name, "test.Vault") == 0 ? &vault : NULL;
}

static struct substitute *with_vault(void) {
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "config.providers", "vault");
    kc_config_set(config, "config.providers.vault.class", "test.Vault");
    struct substitute *s = substitute_new(config, find_vault, &err);
    ck_assert_msg(s != NULL, "%s", err.text);
    return s;
}

/* ---- the world around it ----------------------------------------------------------------------------------------- */

static struct dev *cluster;
static struct worker_conf *conf;
static struct substitute *substitute;
static struct status_store *statuses;
static atomic_int generation = 4;

static void set_up(void) {
    static struct dev_options options;
    struct kc_error err = {0};
    options.data = "/tmp";
    cluster = dev_new(&options, &err);
    ck_assert_msg(cluster && worker_config_new(dev_worker_config(cluster), &conf, &substitute, &err) == 0, "%s",
                  err.text);
    statuses = status_store_new(conf);
    ck_assert_msg(status_store_start(statuses, &err) == 0, "%s", err.text);
    ears = mailbox_new();
    atomic_store(&make_tasks, 2);
}

static void tear_down(void) {
    struct message *msg;
    while ((msg = mailbox_get(ears, 0)))
        free(CONTAINER_OF(msg, struct heard, msg));
    mailbox_free(ears);
    status_store_free(statuses);
    substitute_free(substitute);
    worker_conf_free(conf);
    dev_free(cluster);
}

static struct kc_config *usual_config(void) {
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "name", "fake");
    kc_config_set(config, "connector.class", "test.FakeSinkConnector");
    kc_config_set(config, "tasks.max", "2");
    kc_config_set(config, "topics", "orders");
    return config;
}

static struct connector *start_plugin(const struct kc_plugin *of, const struct kc_config *config,
                                      enum target_state target) {
    struct kc_error err = {0};
    struct connector_setup setup = {.name = "fake",
                                    .plugin = of,
                                    .config = config,
                                    .substitute = substitute,
                                    .statuses = statuses,
                                    .worker = conf,
                                    .worker_id = "h:8083",
                                    .generation = &generation,
                                    .listener = &listener};
    struct connector *c = connector_start(&setup, target, 1, &err);
    ck_assert_msg(c != NULL, "%s", err.text);
    return c;
}

static struct connector *start_with(const struct kc_config *config, enum target_state target) {
    return start_plugin(&plugin, config, target);
}

static void end(struct connector *c) {
    connector_stop(c);
    ck_assert(connector_join(c, clock_ms() + 20000));
    connector_free(c);
}

/* Waits until the status was read back from the topic; returns its trace (malloc'ed, NULL none). */
static char *await_status(enum state wanted) {
    int64_t deadline = clock_ms() + 20000;
    for (;;) {
        struct status s;
        if (status_store_get(statuses, "fake", -1, &s)) {
            if (s.state == wanted) {
                ck_assert_str_eq(s.worker_id, "h:8083");
                ck_assert_int_eq(s.generation, 4);
                char *trace = s.trace ? strdup(s.trace) : NULL;
                status_done(&s);
                return trace;
            }
            status_done(&s);
        }
        ck_assert_msg(clock_ms() < deadline, "status never %s", state_name(wanted));
        clock_sleep_ms(10);
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(start_pause_resume_stop) {
    AUTO(props) config = usual_config();
    struct connector *c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    free(await_status(STATE_RUNNING));
    connector_set_target(c, TARGET_PAUSED, 2);
    transition_ok(2, TARGET_PAUSED);
    free(await_status(STATE_PAUSED));
    ck_assert_int_eq(stops, 1);
    connector_set_target(c, TARGET_PAUSED, 3); /* again: nothing happens */
    transition_ok(3, TARGET_PAUSED);
    connector_set_target(c, TARGET_STARTED, 4);
    transition_ok(4, TARGET_STARTED);
    free(await_status(STATE_RUNNING));
    connector_set_target(c, TARGET_STOPPED, 5);
    transition_ok(5, TARGET_STOPPED);
    free(await_status(STATE_STOPPED));
    ck_assert_int_eq(starts, 2);
    ck_assert_int_eq(stops, 2);
    end(c);
    free(await_status(STATE_UNASSIGNED));
    ck_assert_int_eq(stops, 2);
}
END_TEST

START_TEST(begins_paused) {
    AUTO(props) config = usual_config();
    struct connector *c = start_with(config, TARGET_PAUSED);
    transition_ok(1, TARGET_PAUSED);
    free(await_status(STATE_PAUSED));
    ck_assert_int_eq(starts, 0);
    end(c);
    ck_assert_int_eq(stops, 0);
}
END_TEST

START_TEST(failed_start) {
    AUTO(props) config = usual_config();
    atomic_store(&fail_start, 1);
    struct connector *c = start_with(config, TARGET_STARTED);
    ck_assert_str_eq(transition_error(1).text, "no, thank you");
    AUTO_TEXT trace = await_status(STATE_FAILED);
    ck_assert_ptr_nonnull(strstr(trace, "org.apache.kafka.connect.errors.ConnectException: no, thank you"));
    atomic_store(&fail_start, 0);
    connector_set_target(c, TARGET_STARTED, 2); /* only a stop leaves FAILED */
    ck_assert_ptr_nonnull(
        strstr(transition_error(2).text, "Cannot transition connector to STARTED since it has failed"));
    connector_set_target(c, TARGET_STOPPED, 3);
    transition_ok(3, TARGET_STOPPED);
    free(await_status(STATE_STOPPED));
    end(c);
    ck_assert_int_eq(stops, 0);
}
END_TEST

static const struct {
    const char *key, *value, *part;
    bool created; /* it fails as an instance, which can be stopped */
} bad[] = {
    {"topics", "", "Must configure one of topics or topics.regex", true},
    {"topics.regex", "x.*", "topics and topics.regex are mutually exclusive options, but both are set.", true},
    {"errors.deadletterqueue.topic.name", "orders",
     "Invalid value orders for configuration topics: The DLQ topic 'orders' may not be included in the list of topics "
     "('topics=[orders]') consumed by the connector",
     true},
    {"tasks.max", "0", "Invalid value 0 for configuration tasks.max: Value must be at least 1", false},
    {"transforms", "x", "Invalid value null for configuration transforms.x.type: Not a Transformation", false},
    {"connector.plugin.version", "8",
     "Failed to instantiate class for connector test.FakeSinkConnector, class fake\nCaused by: "
     "org.apache.kafka.connect.runtime.isolation.VersionedPluginLoadingException: Plugin test.FakeSinkConnector has "
     "version 7 which does not match the required version range [8,8]",
     false},
};

static void expect_status(enum state state, bool has_version) {
    struct status s;
    ck_assert(status_store_get(statuses, "fake", -1, &s));
    ck_assert_str_eq(state_name(s.state), state_name(state));
    ck_assert_int_eq(s.version != NULL, has_version);
    status_done(&s);
}

START_TEST(config_that_does_not_parse) {
    AUTO(props) config = usual_config();
    kc_config_set(config, bad[_i].key, bad[_i].value);
    struct connector *c = start_with(config, TARGET_STARTED);
    (void)transition_error(1);
    AUTO_TEXT trace = await_status(STATE_FAILED);
    ck_assert_msg(strstr(trace, bad[_i].part) != NULL, "%s", trace);
    expect_status(STATE_FAILED, bad[_i].created);
    connector_set_target(c, TARGET_STOPPED, 2);
    if (bad[_i].created)
        transition_ok(2, TARGET_STOPPED);
    else
        ck_assert_ptr_nonnull(
            strstr(transition_error(2).text, "Cannot transition connector to STOPPED since it has failed"));
    connector_set_target(c, TARGET_STARTED, 3); /* the configuration is as bad as it was */
    (void)transition_error(3);
    free(await_status(STATE_FAILED));
    ck_assert_int_eq(starts, 0);
    end(c);
    if (bad[_i].created)
        free(await_status(STATE_UNASSIGNED));
    else
        expect_status(STATE_FAILED, false);
    ck_assert_int_eq(stops, 0);
}
END_TEST

START_TEST(raised_error) {
    AUTO(props) config = usual_config();
    struct connector *c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    struct kc_error err = {0};
    kc_fail(&err, KC_CONNECT_EXCEPTION, "lost it");
    struct kc_connector_context *ctx = atomic_load(&plugin_context);
    ctx->request_task_reconfiguration(ctx);
    (void)next_heard('r');
    ctx->raise_error(ctx, &err);
    AUTO_TEXT trace = await_status(STATE_FAILED);
    ck_assert_ptr_nonnull(strstr(trace, "lost it"));
    end(c);
    ck_assert_int_eq(stops, 1); /* what was started is stopped all the same */
}
END_TEST

/* A snapshot with the connector, as committed with `tasks`. */
static struct reconfiguration *ask(struct connector *c, const struct snapshot_connector *committed) {
    static struct config_snapshot snap;
    snap = (struct config_snapshot){.connectors = committed, .count = 1, .refs = 1000};
    struct reconfiguration *r = reconfiguration_new("fake", &snap);
    connector_compute_tasks(c, r);
    struct reconfiguration *result = next_heard('c').result;
    ck_assert_ptr_eq(result, r);
    return result;
}

START_TEST(task_configurations) {
    AUTO(props) config = usual_config();
    struct connector *c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    struct snapshot_connector fresh = {.name = "fake", .config = config, .generation = -1};
    struct reconfiguration *r = ask(c, &fresh);
    ck_assert_msg(!r->failed, "%s", r->err.text);
    ck_assert(r->running && r->changed);
    ck_assert_int_eq(r->task_count, 2);
    ck_assert_str_eq(kc_config_get(r->tasks[1], "number"), "1");
    ck_assert_str_eq(kc_config_get(r->tasks[1], "task.class"), "test.FakeSinkTask");
    ck_assert_str_eq(kc_config_get(r->tasks[1], "topics"), "orders");

    struct snapshot_task same[] = {{0, r->tasks[0]}, {1, r->tasks[1]}};
    struct snapshot_connector committed = {
        .name = "fake", .config = config, .applied = config, .task_count = 2, .tasks = same, .tasks_len = 2};
    struct reconfiguration *again = ask(c, &committed);
    ck_assert(again->running && !again->changed && !again->failed);
    reconfiguration_free(again);

    AUTO(props) older = kc_config_copy(config);
    kc_config_set(older, "extra", "1"); /* the tasks are equal, what they were made from is not */
    committed.applied = older;
    again = ask(c, &committed);
    ck_assert(again->changed);
    reconfiguration_free(again);
    reconfiguration_free(r);

    connector_set_target(c, TARGET_PAUSED, 2);
    transition_ok(2, TARGET_PAUSED);
    r = ask(c, &fresh);
    ck_assert(!r->running);
    reconfiguration_free(r);
    end(c);
}
END_TEST

/* Rotated secrets count as a change, though the configurations as written are equal; the old value is the one that was
 * found when it was first looked at after the commit, whatever instance of the connector did that. */
START_TEST(rotated_secret_is_a_change) {
    AUTO(props) config = usual_config();
    kc_config_set(config, "password", "${vault:pw}");
    substitute_free(substitute);
    substitute = with_vault();
    struct connector *c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    struct snapshot_connector fresh = {.name = "fake", .config = config, .generation = -1};
    struct reconfiguration *first = ask(c, &fresh);
    struct snapshot_task same[] = {{0, first->tasks[0]}, {1, first->tasks[1]}};
    struct snapshot_connector committed = {
        .name = "fake", .config = config, .applied = config, .task_count = 2, .tasks = same, .tasks_len = 2};
    struct reconfiguration *r = ask(c, &committed);
    ck_assert(!r->changed);
    AUTO(props) applied = kc_config_copy(r->applied);
    AUTO(props) resolved = kc_config_copy(r->applied_resolved);
    ck_assert_str_eq(kc_config_get(resolved, "password"), "secret-1");
    reconfiguration_free(r);
    end(c);

    atomic_store(&secret_number, 2);
    c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    struct config_snapshot snap = {.connectors = &committed, .count = 1, .refs = 1000};
    r = reconfiguration_new("fake", &snap);
    r->applied = kc_config_copy(applied);
    r->applied_resolved = kc_config_copy(resolved);
    r->applied_generation = committed.generation;
    connector_compute_tasks(c, r);
    r = next_heard('c').result;
    ck_assert(r->changed && !r->failed);
    reconfiguration_free(r);
    reconfiguration_free(first);
    end(c);
}
END_TEST

static const struct {
    int ttl_ms;
    const char *reload;
    bool told;
} ttls[] = {{5000, "restart", true}, {5000, "none", false}, {-1, "restart", false}};

START_TEST(values_with_an_end) {
    AUTO(props) config = usual_config();
    kc_config_set(config, "password", "${vault:pw}");
    kc_config_set(config, "config.action.reload", ttls[_i].reload);
    substitute_free(substitute);
    substitute = with_vault();
    atomic_store(&secret_ttl_ms, ttls[_i].ttl_ms);
    struct connector *c = start_with(config, TARGET_STARTED);
    if (ttls[_i].told)
        ck_assert_int_eq(next_heard('l').ttl_ms, 5000);
    transition_ok(1, TARGET_STARTED);
    end(c);
}
END_TEST

START_TEST(too_many_tasks) {
    AUTO(props) config = usual_config();
    atomic_store(&make_tasks, 3);
    struct connector *c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    struct snapshot_connector fresh = {.name = "fake", .config = config, .generation = -1};
    struct reconfiguration *r = ask(c, &fresh);
    ck_assert(r->failed && r->gave_up);
    ck_assert_ptr_nonnull(strstr(r->err.text, "The connector fake has generated 3 tasks, which is greater than 2"));
    reconfiguration_free(r);
    AUTO_TEXT trace = await_status(STATE_FAILED);
    ck_assert_ptr_nonnull(strstr(trace, "TooManyTasksException"));
    end(c);

    kc_config_set(config, "tasks.max.enforce", "false");
    c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    r = ask(c, &fresh);
    ck_assert(!r->failed);
    ck_assert_int_eq(r->task_count, 3);
    reconfiguration_free(r);
    end(c);
}
END_TEST

START_TEST(newer_request_pre_empts) {
    AUTO(props) config = usual_config();
    struct connector *c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    atomic_store(&block_stop, 1);
    connector_set_target(c, TARGET_PAUSED, 2); /* hangs in the plugin */
    clock_sleep_ms(100);
    connector_set_target(c, TARGET_STARTED, 3);
    connector_set_target(c, TARGET_STOPPED, 4);
    atomic_store(&block_stop, 0);
    transition_ok(2, TARGET_PAUSED);
    struct kc_error err = transition_error(3);
    ck_assert_str_eq(err.text,
                     "Could not begin changing connector state to STARTED before another request to change state "
                     "was made; the new request (which is to change the state to STOPPED) has pre-empted this one");
    transition_ok(4, TARGET_STOPPED);
    end(c);
}
END_TEST

START_TEST(stop_that_hangs_is_given_up) {
    AUTO(props) config = usual_config();
    struct connector *c = start_with(config, TARGET_STARTED);
    transition_ok(1, TARGET_STARTED);
    free(await_status(STATE_RUNNING));
    atomic_store(&block_stop, 1);
    connector_stop(c);
    ck_assert(!connector_join(c, clock_ms() + 100));
    connector_cancel(c);
    free(await_status(STATE_UNASSIGNED));
    atomic_store(&block_stop, 0); /* the thread ends and frees what it had */
    for (int i = 0; atomic_load(&stops) == 0 && i < 1000; i++)
        clock_sleep_ms(10);
    ck_assert_int_eq(stops, 1);
    clock_sleep_ms(100);
}
END_TEST

/* Its own offsets topic is on brokers that are away: it starts with these, or not at all. */
START_TEST(own_offsets_topic_out_of_reach) {
    static const struct kc_source_task_ops task;
    struct kc_plugin source = plugin;
    AUTO(props) config = usual_config();
    source.kind = KC_KIND_SOURCE;
    source.sink_task = NULL;
    source.source_task = &task;
    kc_config_set(config, "connector.class", "test.FakeSourceConnector");
    kc_config_set(config, "offsets.storage.topic", "own");
    kc_config_set(config, "producer.override.bootstrap.servers", "127.0.0.1:1");
    struct connector *c = start_plugin(&source, config, TARGET_STARTED);
    clock_sleep_ms(200);
    ck_assert_int_eq(starts, 0);
    connector_stop(c);
    ck_assert(connector_join(c, clock_ms() + 4000)); /* less than the herder waits */
    connector_free(c);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("connector");
    TCase *tc = tcase_create("connector");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, start_pause_resume_stop);
    tcase_add_test(tc, begins_paused);
    tcase_add_test(tc, failed_start);
    tcase_add_loop_test(tc, config_that_does_not_parse, 0, (int)COUNT_OF(bad));
    tcase_add_test(tc, raised_error);
    tcase_add_test(tc, task_configurations);
    tcase_add_test(tc, rotated_secret_is_a_change);
    tcase_add_loop_test(tc, values_with_an_end, 0, (int)COUNT_OF(ttls));
    tcase_add_test(tc, too_many_tasks);
    tcase_add_test(tc, newer_request_pre_empts);
    tcase_add_test(tc, stop_that_hangs_is_given_up);
    tcase_add_test(tc, own_offsets_topic_out_of_reach);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
