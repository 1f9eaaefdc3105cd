/* The worker's properties: defaults, every refusal with its text, values that depend on others. */
#include <string.h>

#include "config/parse.h"
#include "config/worker_options.h"
#include "connect/base/log.h"
#include "tests/support/suite.h"

static const char *find_class(const char *name) {
    static const char *const known[] = {"JsonConverter", "org.apache.kafka.connect.storage.SimpleHeaderConverter"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i], name) == 0)
            return known[i];
    return NULL;
}

static int check_class(const char *class_name, int kind, struct kc_error *err) {
    (void)class_name;
    (void)kind;
    (void)err;
    return 0;
}

static const struct option_classes test_classes = {.find = find_class, .check = check_class};

static char warned[8192];

static void keep_log(void *arg, enum kc_level level, const char *line) {
    (void)arg;
    if (level >= KC_WARN)
        strncat(warned, line, sizeof(warned) - strlen(warned) - 1);
}

static void set_up(void) {
    option_classes_set(&test_classes);
    log_sink(keep_log, NULL);
    warned[0] = '\0';
}

static struct kc_config *minimal(void) {
    static const char *const pairs[][2] = {{"bootstrap.servers", "a:9092, b:9092"}, {"group.id", "g"},
                                           {"config.storage.topic", "c"},           {"offset.storage.topic", "o"},
                                           {"status.storage.topic", "s"},           {"key.converter", "JsonConverter"},
                                           {"value.converter", "JsonConverter"}};
    struct kc_config *config = kc_config_new();
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        kc_config_set(config, pairs[i][0], pairs[i][1]);
    return config;
}

START_TEST(test_defaults) {
    struct kc_error err = {0};
    AUTO(worker_conf) c = worker_conf_new(minimal(), &err);
    ck_assert_msg(c != NULL, "%s", err.text);
    ck_assert_uint_eq(c->bootstrap_servers.count, 2);
    ck_assert_str_eq(c->bootstrap_servers.items[1], "b:9092");
    ck_assert_str_eq(c->header_converter, "org.apache.kafka.connect.storage.SimpleHeaderConverter");
    ck_assert_str_eq(c->listeners.items[0], "http://:8083");
    ck_assert_int_eq(c->advertised_port, -1);
    ck_assert_ptr_null(c->advertised_host);
    ck_assert_int_eq(c->config_replication, 3);
    ck_assert_int_eq(c->offset_partitions, 25);
    ck_assert_int_eq(c->status_partitions, 5);
    ck_assert_int_eq(c->session_timeout_ms, 10000);
    ck_assert_int_eq(c->heartbeat_interval_ms, 3000);
    ck_assert_int_eq(c->rebalance_timeout_ms, 60000);
    ck_assert_int_eq(c->request_timeout_ms, 40000);
    ck_assert_int_eq(c->worker_sync_timeout_ms, 3000);
    ck_assert_int_eq(c->worker_unsync_backoff_ms, 300000);
    ck_assert_int_eq(c->scheduled_rebalance_max_delay_ms, 300000);
    ck_assert_int_eq(c->task_graceful_timeout_ms, 5000);
    ck_assert_int_eq(c->offset_flush_interval_ms, 60000);
    ck_assert_int_eq(c->reconnect_backoff_max_ms, 1000);
    ck_assert_int_eq(c->inter_worker_key_ttl_ms, 3600000);
    ck_assert_int_eq(c->inter_worker_key_size, 0);
    ck_assert_str_eq(c->connect_protocol, "sessioned");
    ck_assert_str_eq(c->exactly_once, "disabled");
    ck_assert_str_eq(c->override_policy, "All");
    ck_assert_str_eq(c->client_id, "");
    ck_assert(c->topic_creation && c->topic_tracking && c->topic_tracking_reset);
    ck_assert_int_gt(c->memory_limit_bytes, 0);
    ck_assert_int_le(c->memory_limit_bytes, 512 * 1024 * 1024);
    ck_assert_int_eq(c->rest_body_max_bytes, 33554432);
    ck_assert_str_eq(warned, "");
}
END_TEST

/* The options of the group are neither wanted nor looked at; the offsets file is wanted. */
START_TEST(test_standalone) {
    struct kc_error err = {0};
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "bootstrap.servers", "a:9092");
    kc_config_set(config, "key.converter", "JsonConverter");
    kc_config_set(config, "value.converter", "JsonConverter");
    kc_config_set(config, "session.timeout.ms", "soon");
    kc_config_set(config, "inter.worker.key.size", "");
    ck_assert_ptr_null(worker_conf_new_standalone(kc_config_copy(config), &err));
    ck_assert_str_eq(err.text,
                     "Missing required configuration \"offset.storage.file.filename\" which has no default value.");
    kc_config_set(config, "offset.storage.file.filename", "/var/offsets");
    kc_config_set(config, "offset.flush.interval.ms", "x");
    ck_assert_ptr_null(worker_conf_new_standalone(kc_config_copy(config), &err));
    ck_assert_str_eq(err.text, "Invalid value x for configuration offset.flush.interval.ms: Not a number of type LONG");
    kc_config_remove(config, "offset.flush.interval.ms");
    AUTO(worker_conf) c = worker_conf_new_standalone(config, &err);
    ck_assert_msg(c != NULL, "%s", err.text);
    ck_assert(c->standalone && !c->group_id && !c->config_topic && !c->offset_topic && !c->status_topic);
    ck_assert_str_eq(c->offset_file, "/var/offsets");
    ck_assert_str_eq(c->exactly_once, "disabled");
    ck_assert_str_eq(kc_config_get(c->text, "session.timeout.ms"), "soon");
    ck_assert_int_eq(c->offset_flush_interval_ms, 60000);
    ck_assert_int_gt(c->worker_sync_timeout_ms, 0);
    ck_assert_ptr_eq(worker_options_standalone(), worker_options_standalone());
}
END_TEST

START_TEST(test_values) {
    struct kc_error err = {0};
    struct kc_config *config = minimal();
    kc_config_set(config, "reconnect.backoff.ms", "2000");
    kc_config_set(config, "connect.protocol", "Compatible");
    kc_config_set(config, "exactly.once.source.support", "ENABLED");
    kc_config_set(config, "security.protocol", "plaintext");
    kc_config_set(config, "rest.advertised.listener", "HTTPS");
    kc_config_set(config, "rest.advertised.port", "80");
    kc_config_set(config, "connector.client.config.override.policy",
                  "org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy");
    kc_config_set(config, "listeners", "http://[::1]:0,HTTP://h-1.x:8083");
    kc_config_set(config, "admin.listeners", "");
    kc_config_set(config, "kconnect.memory.limit", "67108864");
    kc_config_set(config, "plugin.path", "/a,/b");
    kc_config_set(config, "internal.key.converter.schemas.enable", "false");
    AUTO(worker_conf) c = worker_conf_new(config, &err);
    ck_assert_msg(c != NULL, "%s", err.text);
    ck_assert_int_eq(c->reconnect_backoff_max_ms, 2000);
    ck_assert_str_eq(c->connect_protocol, "compatible");
    ck_assert_str_eq(c->exactly_once, "enabled");
    ck_assert_str_eq(c->advertised_listener, "https");
    ck_assert_int_eq(c->advertised_port, 80);
    ck_assert_str_eq(c->override_policy, "Principal");
    ck_assert_uint_eq(c->listeners.count, 2);
    ck_assert_uint_eq(c->admin_listeners.count, 0);
    ck_assert_int_eq(c->memory_limit_bytes, 67108864);
    ck_assert_ptr_nonnull(strstr(warned, "internal.key.converter.schemas.enable"));
}
END_TEST

START_TEST(test_refused) {
    static const struct {
        const char *key, *value, *want; /* want: the text or how it begins */
    } cases[] = {
        {"group.id", NULL, "Missing required configuration \"group.id\" which has no default value."},
        {"bootstrap.servers", NULL, "Missing required configuration \"bootstrap.servers\" which has no default value."},
        {"bootstrap.servers", "",
         "Configuration 'bootstrap.servers' must not be empty. Valid values include: any non-empty value"},
        {"bootstrap.servers", "a,,b", "Configuration 'bootstrap.servers' values must not be empty."},
        {"key.converter", "x.Avro",
         "Invalid value x.Avro for configuration key.converter: Class x.Avro could not be found."},
        {"offset.flush.interval.ms", "1m",
         "Invalid value 1m for configuration offset.flush.interval.ms: Not a number of type LONG"},
        {"config.storage.replication.factor", "0",
         "Invalid value 0 for configuration config.storage.replication.factor: Replication factor must be positive"},
        {"offset.storage.partitions", "0",
         "Invalid value 0 for configuration offset.storage.partitions: Number of partitions must be positive, or -1 to "
         "use the broker's default"},
        {"exactly.once.source.support", "foo",
         "Invalid value foo for configuration exactly.once.source.support: String must be one of (case insensitive): "
         "DISABLED, ENABLED, PREPARING"},
        {"listeners", "ftp://:8443",
         "Invalid value ftp://:8443 for configuration listeners: Listener protocol must be one of the following: "
         "\"http\", \"https\"."},
        {"listeners", "ftp://:1", "Invalid value ftp://:1 for configuration listeners: Listener protocol must be"},
        {"listeners", "http://host",
         "Invalid value http://host for configuration listeners: Listener doesn't have the right format or protocol."},
        {"listeners", "", "Invalid value for listeners, at least one URL is expected"},
        {"listeners", "http://:1,", "Empty URL found when parsing listeners list."},
        {"admin.listeners", "http://a b:1",
         "Invalid value http://a b:1 for configuration admin.listeners: Listener doesn't"},
        {"rest.extension.classes", "x.Basic",
         "Invalid value x.Basic for configuration rest.extension.classes: REST extensions are Java classes"},
        {"metric.reporters", "x.R",
         "Invalid value x.R for configuration metric.reporters: metrics reporters are Java classes"},
        {"connector.client.config.override.policy", "Some",
         "Invalid value Some for configuration connector.client.config.override.policy: Failed to find any class that "
         "implements ConnectorClientConfigOverridePolicy and which name matches Some"},
        {"security.protocol", "foo",
         "Invalid value foo for configuration security.protocol: String must be one of (case insensitive): SASL_SSL, "
         "PLAINTEXT, SSL, SASL_PLAINTEXT"},
        {"ssl.engine.factory.class", "x.F",
         "Invalid value x.F for configuration ssl.engine.factory.class: Class x.F could not be found."},
        {"inter.worker.key.generation.algorithm", "Rot13",
         "Invalid value Rot13 for configuration inter.worker.key.generation.algorithm: Rot13 KeyGenerator not "
         "available"},
        {"inter.worker.signature.algorithm", "HmacSHA512",
         "Invalid value HmacSHA512 for configuration inter.worker.signature.algorithm: Signature algorithm must be "
         "present in inter.worker.verification.algorithms list"},
        {"inter.worker.verification.algorithms", "",
         "Invalid value [] for configuration inter.worker.verification.algorithms: At least one signature verification "
         "algorithm must be provided"},
        {"heartbeat.interval.ms", "10000",
         "Invalid value 10000 for configuration heartbeat.interval.ms: Heartbeat must be set lower than the session "
         "timeout"},
        {"status.storage.topic", "o",
         "offset.storage.topic and status.storage.topic must be different topics, but both are o"},
        {"connect.protocol", "x",
         "Invalid value x for configuration connect.protocol: String must be one of (case insensitive): "},
        {"kconnect.memory.limit", "1000",
         "Invalid value 1000 for configuration kconnect.memory.limit: Value must be at least 16777216"},
        {"rest.advertised.port", "x",
         "Invalid value x for configuration rest.advertised.port: Not a number of type INT"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        struct kc_config *config = minimal();
        if (cases[i].value)
            kc_config_set(config, cases[i].key, cases[i].value);
        else
            kc_config_remove(config, cases[i].key);
        ck_assert_ptr_null(worker_conf_new(config, &err));
        ck_assert_msg(strncmp(err.text, cases[i].want, strlen(cases[i].want)) == 0, "%s", err.text);
        ck_assert_str_eq(err.exception, KC_CONFIG_EXCEPTION);
    }
}
END_TEST

START_TEST(test_rows_are_complete) {
    for (const struct kc_option *row = worker_options; row->name; row++) {
        ck_assert_msg(row->doc && *row->doc, "%s has no documentation", row->name);
        ck_assert_msg(option_find(worker_options, row->name) == row, "%s is there twice", row->name);
        ck_assert_msg(row->offset == KC_NO_FIELD || row->offset < sizeof(struct worker_conf), "%s", row->name);
    }
}
END_TEST

static void no_secret(void *arg, enum kc_level level, const char *line) {
    (void)level;
    ck_assert_ptr_null(strstr(line, "s3cret"));
    *(int *)arg += strstr(line, "ssl.key.password = [hidden]") && strstr(line, "${file:/p:group}");
    *(int *)arg += strstr(line, "'rest.port' was supplied but is not a known option") != NULL;
}

START_TEST(test_log_hides_secrets) {
    int seen = 0;
    AUTO(props) raw = minimal();
    kc_config_set(raw, "ssl.key.password", "s3cret");
    kc_config_set(raw, "producer.ssl.key.password", "s3cret");
    kc_config_set(raw, "rest.port", "s3cret");
    kc_config_set(raw, "group.id", "${file:/p:group}");
    log_sink(no_secret, &seen);
    worker_conf_log(raw);
    ck_assert_int_eq(seen, 2);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("worker_options");
    TCase *tc = tcase_create("worker_options");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_defaults);
    tcase_add_test(tc, test_standalone);
    tcase_add_test(tc, test_values);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_rows_are_complete);
    tcase_add_test(tc, test_log_hides_secrets);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
