/* Validation of connector configurations: golden vectors, the shape of the answer, rules of a distributed worker,
 * client overrides, secrets from config providers. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/builtin.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "config/parse.h"
#include "connect/plugins.h"
#include "connect/validation.h"
#include "tests/support/golden_run.h"

AUTO_FREE(validation, struct validation, validation_free)

#define JSON        "org.apache.kafka.connect.json.JsonConverter"
#define FILE_SOURCE "org.apache.kafka.connect.file.FileStreamSourceConnector"

static struct worker_conf worker;
static struct substitute *providers;

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)arg;
    (void)level;
    (void)line;
}

static void set_up(void) {
    struct kc_error err = {0};
    log_sink(quiet, NULL);
    ck_assert_msg(plugins_init(NULL, &err) == 0, "%s", err.text);
    worker = (struct worker_conf){.key_converter = JSON,
                                  .value_converter = JSON,
                                  .header_converter = "org.apache.kafka.connect.storage.SimpleHeaderConverter",
                                  .override_policy = "All"};
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "config.providers", "env,dir");
    kc_config_set(config, "config.providers.env.class", "EnvVarConfigProvider");
    kc_config_set(config, "config.providers.dir.class", "DirectoryConfigProvider");
    providers = substitute_new(config, plugins_find, &err);
    ck_assert_msg(providers != NULL, "%s", err.text);
}

static void tear_down(void) {
    substitute_free(providers);
    plugins_done();
}

static cJSON *answer(const struct validation *v) {
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, 1 << 24);
    ck_assert_int_eq(validation_json(v, &out), 0);
    cJSON *json = json_parse(buf_text(&out), out.len, &err);
    ck_assert_msg(json != NULL, "%s", err.text);
    return json;
}

static const cJSON *value_of(const cJSON *json, const char *name) {
    const cJSON *config;
    cJSON_ArrayForEach(config, cJSON_GetObjectItem(json, "configs")) {
        const cJSON *value = cJSON_GetObjectItem(config, "value");
        if (strcmp(json_get_text(value, "name"), name) == 0)
            return value;
    }
    return NULL;
}

static char *answer_text(const struct worker_conf *w, const struct kc_config *config) {
    struct kc_error err = {0};
    AUTO(validation) v = validation_run(w, providers, config, &err);
    ck_assert_msg(v != NULL, "%s", err.text);
    struct buf out;
    buf_init(&out, 1 << 24);
    ck_assert_int_eq(validation_json(v, &out), 0);
    return buf_take(&out);
}

/* ---- Golden ------------------------------------------------------------------------------------------------------ */

START_TEST(test_golden) {
    struct golden_tally tally = {0};
    ck_assert_int_eq(golden_each("config_def.jsonl", "validate_connector", golden_check, &tally), 127);
    ck_assert_int_eq(golden_each("config_def.jsonl", "validate_smt", golden_check, &tally), 31);
    ck_assert_int_eq(tally.left_out, 0);
}
END_TEST

/* ---- The answer -------------------------------------------------------------------------------------------------- */

static struct kc_config *source(void) {
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "name", "c");
    kc_config_set(config, "connector.class", "FileStreamSource");
    kc_config_set(config, "topic", "t");
    return config;
}

static struct kc_config *sink(void) {
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "name", "c");
    kc_config_set(config, "connector.class", "FileStreamSink");
    kc_config_set(config, "topics", "t");
    return config;
}

START_TEST(test_shape) {
    struct kc_error err = {0};
    AUTO(props) config = source();
    AUTO_BUF out;
    buf_init(&out, 1 << 24);
    kc_config_set(config, "tasks.max", "0");
    AUTO(validation) v = validation_run(&worker, providers, config, &err);
    ck_assert_int_eq(validation_json(v, &out), 0);
    const char *start =
        "{\"name\":\"FileStreamSource\",\"error_count\":1,\"groups\":[\"Common\",\"Transforms\",\"Predicates\","
        "\"Error Handling\",\"Topic Creation\",\"Exactly Once Support\",\"offsets.topic\"],\"configs\":["
        "{\"definition\":{\"name\":\"name\",\"type\":\"STRING\",\"required\":true,\"default_value\":null,"
        "\"importance\":\"HIGH\",\"documentation\":\"";
    ck_assert_msg(strncmp(buf_text(&out), start, strlen(start)) == 0, "%.600s", buf_text(&out));
    ck_assert_ptr_nonnull(strstr(buf_text(&out),
                                 "\",\"group\":\"Common\",\"width\":\"MEDIUM\",\"display_name\":\"Connector "
                                 "name\",\"dependents\":[],\"order\":1},\"value\":{\"name\":\"name\",\"value\":"
                                 "\"c\",\"recommended_values\":[],\"errors\":[],\"visible\":true}},"));
    AUTO_TEXT message = validation_message(v);
    ck_assert_str_eq(message, "Connector configuration is invalid and contains the following 1 error(s):\n"
                              "Invalid value 0 for configuration tasks.max: Value must be at least 1\n"
                              "You can also find the above list of errors at the endpoint "
                              "`/connector-plugins/{connectorType}/config/validate`");
    AUTO(json) json = answer(v);
    ck_assert_str_eq(json_get_text(value_of(json, "key.converter"), "value"), JSON);
    const cJSON *recommended = cJSON_GetObjectItem(value_of(json, "key.converter"), "recommended_values");
    ck_assert_int_ge(cJSON_GetArraySize(recommended), 9);
    ck_assert_str_eq(json_get_text(value_of(json, "connector.plugin.version"), "value"), "4.3.1");
}
END_TEST

/* What is remembered of rows makes no difference: a value that is set to its default, and a worker with other defaults.
 */
START_TEST(test_remembered_rows) {
    struct worker_conf other = worker;
    other.key_converter = "org.apache.kafka.connect.storage.StringConverter";
    AUTO(props) config = source();
    AUTO_TEXT first = answer_text(&worker, config);
    AUTO_TEXT with_other = answer_text(&other, config);
    ck_assert_str_ne(first, with_other);
    ck_assert_ptr_nonnull(strstr(with_other, "\"default_value\":\"org.apache.kafka.connect.storage.StringConverter\""));
    ck_assert_ptr_nonnull(strstr(with_other, "\"value\":\"org.apache.kafka.connect.storage.StringConverter\""));
    kc_config_set(config, "tasks.max", " 1 ");
    kc_config_set(config, "errors.tolerance", "none");
    kc_config_set(config, "batch.size", "2000");
    kc_config_set(config, "key.converter", JSON);
    AUTO_TEXT defaults = answer_text(&worker, config);
    const char *old = strstr(first, "\"configs\""), *new = strstr(defaults, "\"configs\"");
    size_t len = strlen(old) - 2; /* behind it come the rows of the converter */
    ck_assert_int_eq(strncmp(old, new, len), 0);
    ck_assert_ptr_nonnull(strstr(new + len, "{\"definition\":{\"name\":\"key.converter.schemas.enable\""));
    kc_config_set(config, "tasks.max", "2");
    AUTO_TEXT two = answer_text(&worker, config);
    ck_assert_ptr_nonnull(strstr(two, "\"value\":{\"name\":\"tasks.max\",\"value\":\"2\""));
    kc_config_remove(config, "tasks.max");
    kc_config_remove(config, "key.converter");
    AUTO_TEXT again = answer_text(&worker, config);
    ck_assert_str_eq(first, again);
}
END_TEST

enum { ASKERS = 4 };

/* Every connector, one after the other; the answers put together. */
static void *ask_all(void *arg) {
    struct buf all;
    (void)arg;
    buf_init(&all, 1 << 26);
    for (size_t i = 0; i < plugins_count(); i++) {
        const struct kc_plugin *plugin = plugins_at(i);
        if (!plugin->connector)
            continue;
        AUTO(props) config = plugin->kind == KC_KIND_SINK ? sink() : source();
        kc_config_set(config, "connector.class", plugin->class_name);
        kc_config_set(config, "value.converter", JSON);
        AUTO_TEXT text = answer_text(&worker, config);
        (void)buf_add_text(&all, text);
    }
    return buf_take(&all);
}

START_TEST(test_many_threads) {
    pthread_t threads[ASKERS];
    char *texts[ASKERS];
    for (int i = 0; i < ASKERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_all, NULL), 0);
    for (int i = 0; i < ASKERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], (void **)&texts[i]), 0);
    for (int i = 0; i < ASKERS; i++)
        ck_assert_str_eq(texts[0], texts[i]);
    for (int i = 0; i < ASKERS; i++)
        free(texts[i]);
}
END_TEST

START_TEST(test_keys_of_plugins) {
    static const struct {
        const char *name;
        enum kc_plugin_kind kind;
        const char *first; /* names of the first keys */
    } cases[] = {
        {"FileStreamSource", KC_KIND_SOURCE,
         "file topic batch.size name connector.class connector.plugin.version tasks.max"},
        {"RegexRouter", KC_KIND_TRANSFORMATION, "regex replacement"},
        {"Filter", KC_KIND_TRANSFORMATION, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        const cJSON *item;
        AUTO_BUF out;
        AUTO_BUF names;
        buf_init(&out, 1 << 20);
        buf_init(&names, 1 << 20);
        ck_assert_int_eq(plugin_config_json(plugins_find(cases[i].name, cases[i].kind), &out, &err), 0);
        AUTO(json) json = json_parse(buf_text(&out), out.len, &err);
        cJSON_ArrayForEach(item, json) {
            (void)buf_printf(&names, "%s%s", names.len ? " " : "", json_get_text(item, "name"));
            if (strcmp(json_get_text(item, "name"), "key.converter") == 0)
                ck_assert(cJSON_IsNull(cJSON_GetObjectItem(item, "default_value")));
        }
        ck_assert_msg(strncmp(buf_text(&names), cases[i].first, strlen(cases[i].first)) == 0, "%s", buf_text(&names));
    }
}
END_TEST

/* An option that Java does not have is shown to those who set it. */
START_TEST(test_additions) {
    static const char *const values[] = {NULL, "never", "perhaps"};
    const char *key = "s3.payload.signing";
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct kc_error err = {0};
        AUTO(props) config = kc_config_new();
        kc_config_set(config, "name", "c");
        kc_config_set(config, "connector.class", "io.confluent.connect.s3.S3SinkConnector");
        kc_config_set(config, "topics", "t");
        if (values[i])
            kc_config_set(config, key, values[i]);
        AUTO(validation) v = validation_run(&worker, providers, config, &err);
        AUTO(json) json = answer(v);
        const cJSON *value = value_of(json, key);
        ck_assert((value != NULL) == (values[i] != NULL));
        if (value)
            ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(value, "errors")), strcmp(values[i], "never") != 0);
    }
}
END_TEST

START_TEST(test_rules_of_a_distributed_worker) {
    static const struct {
        bool sink;
        const char *key, *value, *on, *want;
    } cases[] = {
        {true, "name", "c", NULL, NULL},
        {true, "name", "workers", "name",
         "Consumer group for sink connector named workers conflicts with Connect worker group connect-workers"},
        {true, "consumer.override.group.id", "connect-workers", "consumer.override.group.id",
         "Consumer group connect-workers conflicts with Connect worker group connect-workers"},
        {true, "consumer.override.group.id", "other", NULL, NULL},
        {false, "name", "workers", NULL, NULL},
        {false, "transaction.boundary", "CONNECTOR", "transaction.boundary",
         "The connector does not support connector-defined transaction boundaries with the given configuration. Please "
         "reconfigure it to use a different transaction boundary definition."},
    };
    struct worker_conf distributed = worker;
    distributed.group_id = "connect-workers";
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) config = cases[i].sink ? sink() : source();
        kc_config_set(config, cases[i].key, cases[i].value);
        AUTO(validation) v = validation_run(&distributed, providers, config, &err);
        ck_assert_msg(v != NULL, "%s", err.text);
        ck_assert_int_eq(validation_error_count(v), cases[i].want ? 1 : 0);
        AUTO(json) json = answer(v);
        if (cases[i].want)
            ck_assert_str_eq(cJSON_GetObjectItem(value_of(json, cases[i].on), "errors")->child->valuestring,
                             cases[i].want);
    }
}
END_TEST

/* What "required" needs: a worker that can, and a connector that says it does. */
START_TEST(test_exactly_once) {
#define DISABLED    "This worker does not have exactly-once source support enabled."
#define UNSUPPORTED "The connector does not support exactly-once semantics with the provided configuration."
#define UNKNOWN                                                                                                        \
    "The connector does not implement the API required for preflight validation of exactly-once source support. "      \
    "Please consult the documentation for the connector to determine whether it supports exactly-once semantics, and " \
    "then consider reconfiguring the connector to use the value \"requested\" for this property (which will disable "  \
    "this preflight check and allow the connector to be created)."
    static const struct {
        const char *worker, *class_name, *key, *value;
        const char *errors[3];
    } cases[] = {
        {"enabled", "FileStreamSource", "file", "f", {NULL}},
        {"disabled", "FileStreamSource", "file", "f", {DISABLED}},
        {"preparing", "FileStreamSource", "file", "f", {DISABLED}},
        {"enabled", "FileStreamSource", "file", "", {UNSUPPORTED}}, /* the standard input */
        {"disabled", "FileStreamSource", "topic", "t", {DISABLED, UNSUPPORTED}},
        {"enabled",
         "org.apache.kafka.connect.mirror.MirrorSourceConnector",
         "source.consumer.isolation.level",
         "read_committed",
         {NULL}},
        {"enabled", "org.apache.kafka.connect.mirror.MirrorCheckpointConnector", "topic", "t", {UNKNOWN}},
        {"preparing", "org.apache.kafka.connect.tools.SchemaSourceConnector", "topic", "t", {DISABLED, UNKNOWN}},
    };
    struct worker_conf distributed = worker;
    distributed.group_id = "connect-workers";
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) config = source();
        distributed.exactly_once = cases[i].worker;
        kc_config_set(config, "connector.class", cases[i].class_name);
        kc_config_set(config, "exactly.once.support", "Required");
        kc_config_set(config, cases[i].key, cases[i].value);
        AUTO(validation) v = validation_run(&distributed, providers, config, &err);
        ck_assert_msg(v != NULL, "%s", err.text);
        AUTO(json) json = answer(v);
        const cJSON *error = cJSON_GetObjectItem(value_of(json, "exactly.once.support"), "errors")->child;
        for (size_t e = 0; e < 3; e++, error = error ? error->next : NULL) {
            const char *got = error ? error->valuestring : NULL, *want = cases[i].errors[e];
            ck_assert_msg(got && want ? strcmp(got, want) == 0 : got == want, "%zu: %s", i, got);
        }
    }
}
END_TEST

START_TEST(test_overrides) {
    static const struct {
        bool sink;
        const char *policy, *key, *value;
        int errors; /* -1: the answer does not have the key */
        const char *want;
    } cases[] = {
        {true, "All", "consumer.override.max.poll.records", " 5 ", 0, "5"},
        {true, "All", "consumer.override.sasl.jaas.config", "x", 0, "[hidden]"},
        {true, "All", "consumer.override.made.up", "1", 0, "1"},
        {true, "All", "producer.override.acks", "1", -1, NULL},
        {true, "None", "consumer.override.client.id", "x", 1,
         "The 'None' policy does not allow 'client.id' to be overridden in the connector configuration."},
        {true, "Principal", "consumer.override.sasl.mechanism", "PLAIN", 0, "PLAIN"},
        {false, "None", "consumer.override.client.id", "x", -1, NULL},
        {false, "None", "producer.override.acks", "1", 1,
         "The 'None' policy does not allow 'acks' to be overridden in the connector configuration."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        struct worker_conf w = worker;
        w.override_policy = cases[i].policy;
        AUTO(props) config = cases[i].sink ? sink() : source();
        kc_config_set(config, cases[i].key, cases[i].value);
        AUTO(validation) v = validation_run(&w, providers, config, &err);
        ck_assert_msg(v != NULL, "%s", err.text);
        AUTO(json) json = answer(v);
        const cJSON *value = value_of(json, cases[i].key);
        ck_assert_msg((value == NULL) == (cases[i].errors < 0), "%s", cases[i].key);
        if (!value)
            continue;
        const cJSON *errors = cJSON_GetObjectItem(value, "errors");
        ck_assert_int_eq(cJSON_GetArraySize(errors), cases[i].errors);
        ck_assert_str_eq(errors->child ? errors->child->valuestring : json_get_text(value, "value"), cases[i].want);
    }
    struct kc_error err = {0};
    AUTO(props) config = source();
    kc_config_set(config, "producer.override.linger.ms", "q");
    ck_assert_ptr_null(validation_run(&worker, providers, config, &err));
    ck_assert_int_eq(err_http((enum err_code)err.code), 500);
    ck_assert_str_eq(err.text, "Invalid value q for configuration linger.ms: Not a number of type LONG");
}
END_TEST

/* Beyond Java: sources may have a dead letter queue. Its keys are there when one of them is used. */
START_TEST(test_dead_letters_of_sources) {
    static const struct {
        const char *key, *value, *want;
    } cases[] = {
        {"errors.deadletterqueue.topic.name", "dead", NULL},
        {"errors.deadletterqueue.context.headers.enable", "perhaps",
         "Invalid value perhaps for configuration errors.deadletterqueue.context.headers.enable: Expected value to be "
         "either true or false"},
        {"errors.deadletterqueue.topic.replication.factor", "99999",
         "Invalid value 99999 for configuration errors.deadletterqueue.topic.replication.factor: Not a number of type "
         "SHORT"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) config = source();
        kc_config_set(config, cases[i].key, cases[i].value);
        AUTO(validation) v = validation_run(&worker, providers, config, &err);
        ck_assert_msg(v != NULL, "%s", err.text);
        AUTO(json) json = answer(v);
        const cJSON *errors = cJSON_GetObjectItem(value_of(json, cases[i].key), "errors");
        ck_assert_int_eq(validation_error_count(v), cases[i].want ? 1 : 0);
        if (cases[i].want)
            ck_assert_str_eq(errors->child->valuestring, cases[i].want);
        ck_assert_ptr_nonnull(value_of(json, "errors.deadletterqueue.topic.name"));
    }
    struct kc_error err = {0};
    AUTO(props) config = source();
    AUTO(validation) v = validation_run(&worker, providers, config, &err);
    AUTO(json) json = answer(v);
    ck_assert_ptr_null(value_of(json, "errors.deadletterqueue.topic.name"));
}
END_TEST

START_TEST(test_errors_of_the_whole) {
    static const struct {
        const char *key, *value, *want;
        int http;
    } cases[] = {
        {"connector.class", "No", "Failed to find any class that implements Connector and which name matches No", 400},
        {"connector.plugin.version", "[bad", "Unbounded range: [bad", 400},
        {"file", "${env:path:X}", "Path is not supported for EnvVarConfigProvider, invalid value 'path'", 500},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) config = source();
        kc_config_set(config, cases[i].key, cases[i].value);
        ck_assert_ptr_null(validation_run(&worker, providers, config, &err));
        ck_assert_msg(strncmp(err.text, cases[i].want, strlen(cases[i].want)) == 0, "%s", err.text);
        ck_assert_int_eq(err_http((enum err_code)err.code), cases[i].http);
    }
    struct kc_error err = {0};
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "db.password", "s3cret");
    kc_config_set(config, "x", NULL);
    ck_assert_ptr_null(validation_run(&worker, providers, config, &err));
    ck_assert_str_eq(err.text, "Connector config {db.password=[hidden], x=null} contains no connector type");
}
END_TEST

START_TEST(test_resolved_values_stay_secret) {
    static const struct {
        const char *key, *value;
    } cases[] = {
        {"tasks.max", "${env:KCT_SECRET}"},
        {"errors.tolerance", "${env:KCT_SECRET}"},
        {"file", "/x/${env:KCT_SECRET}"},
        {"topic.creation.groups", "${env:KCT_SECRET},${env:KCT_SECRET}"},
        {"key.converter", "${env:KCT_SECRET}"},
        {"name", "${env:KCT_SECRET}\n${env:KCT_SHORT}"},
        {"producer.override.client.id", "${env:KCT_SECRET}"},
        {"value.converter.schemas.cache.size", "${env:KCT_SECRET}"},
    };
    ck_assert_int_eq(setenv("KCT_SECRET", "s3cretWord", 1), 0);
    ck_assert_int_eq(setenv("KCT_SHORT", "\x01q", 1), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(props) config = source();
        AUTO_BUF out;
        buf_init(&out, 1 << 24);
        kc_config_set(config, "value.converter", "JsonConverter");
        kc_config_set(config, cases[i].key, cases[i].value);
        AUTO(validation) v = validation_run(&worker, providers, config, &err);
        ck_assert_msg(v != NULL, "%s", err.text);
        ck_assert_int_eq(validation_json(v, &out), 0);
        ck_assert_msg(!strstr(buf_text(&out), "s3cretWord"), "%s: …%.200s", cases[i].key,
                      strstr(buf_text(&out), "s3cretWord") - 100);
        AUTO_TEXT message = validation_message(v);
        ck_assert_msg(!strstr(message, "s3cretWord"), "%s", message);
    }
    static const char *const fatal[] = {"producer.override.linger.ms", "connector.class", "connector.plugin.version"};
    for (size_t i = 0; i < COUNT_OF(fatal); i++) {
        struct kc_error err = {0};
        AUTO(props) config = source();
        kc_config_set(config, fatal[i], i == 2 ? "[${env:KCT_SECRET}" : "${env:KCT_SECRET}");
        ck_assert_ptr_null(validation_run(&worker, providers, config, &err));
        ck_assert_msg(strstr(err.text, "${env:KCT_SECRET}") && !strstr(err.text, "s3cretWord"), "%s", err.text);
        ck_assert_msg(!strstr(err.cause, "s3cretWord"), "%s", err.cause);
    }
    struct kc_error err = {0};
    AUTO(props) short_one = source();
    kc_config_set(short_one, "producer.override.linger.ms", "${env:KCT_SHORT}");
    ck_assert_ptr_null(validation_run(&worker, providers, short_one, &err));
    ck_assert_str_eq(err.text, "Invalid value ${env:KCT_SHORT} for configuration linger.ms: Not a number of type LONG");
    AUTO(props) config = source();
    kc_config_set(config, "tasks.max", "${env:KCT_SHORT}");
    AUTO(validation) v = validation_run(&worker, providers, config, &err);
    AUTO_TEXT message = validation_message(v);
    ck_assert_ptr_nonnull(strstr(message, "Invalid value ${env:KCT_SHORT} for configuration tasks.max: Not a number"));
}
END_TEST

/* Long lists take neither quadratic time nor memory without end. */
START_TEST(test_long_lists) {
    struct kc_error err = {0};
    AUTO(props) config = sink();
    AUTO_BUF list;
    buf_init(&list, 1 << 24);
    for (int i = 0; i < 200000; i++)
        (void)buf_printf(&list, "%sa%d", i ? "," : "", i);
    kc_config_set(config, "topics", buf_text(&list));
    kc_config_set(config, "transforms", buf_text(&list));
    AUTO(validation) v = validation_run(&worker, providers, config, &err);
    ck_assert_int_eq(validation_error_count(v), 1001);
    AUTO_TEXT message = validation_message(v);
    ck_assert_ptr_nonnull(strstr(message, "Configuration 'transforms' lists more than 1000 aliases."));
}
END_TEST

/* What may be validated on a thread that must not wait. */
START_TEST(test_quick_ones) {
    static const struct {
        const char *class_name, *key, *value;
        bool quick;
    } cases[] = {
        {FILE_SOURCE, "topic", "t", true},
        {FILE_SOURCE, "topic", NULL, true},
        {FILE_SOURCE, "topic", "${env:X}", false},
        {"FileStreamSink", "topics.regex", ".*", true},
        {"FileStreamSink", "errors.deadletterqueue.topic.name", "d", false},
        {"io.confluent.connect.s3.S3SinkConnector", "topics", "t", false}, /* has rules of its own */
        {"Nope", "topics", "t", false},
        {NULL, "topics", "t", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(props) config = kc_config_new();
        if (cases[i].class_name)
            kc_config_set(config, "connector.class", cases[i].class_name);
        kc_config_set(config, cases[i].key, cases[i].value);
        ck_assert_msg(validation_is_quick(config) == cases[i].quick, "case %zu", i);
    }
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "connector.class", FILE_SOURCE);
    AUTO_BUF list;
    buf_init(&list, 1 << 16);
    for (int i = 0; i < 3000; i++)
        (void)buf_printf(&list, "a%d,", i);
    kc_config_set(config, "transforms", buf_text(&list));
    ck_assert(!validation_is_quick(config));
}
END_TEST

START_TEST(test_rows_of_all_plugins) {
    for (size_t i = 0; i < plugins_count(); i++) {
        const struct kc_plugin *p = plugins_at(i);
        for (const struct kc_option *row = p->options; row && row->name; row++) {
            bool internal = row->group && !*row->group; /* Java shows these without a text */
            ck_assert_msg(row->doc && (*row->doc || internal), "%s: %s has no documentation", p->class_name, row->name);
            ck_assert_msg(option_find(p->options, row->name) == row, "%s: %s is there twice", p->class_name, row->name);
            ck_assert_msg(row->offset == KC_NO_FIELD || row->offset < p->conf_size, "%s: %s lies outside the struct",
                          p->class_name, row->name);
            ck_assert_msg(!row->required || !row->def, "%s: %s is required and has a default", p->class_name,
                          row->name);
            ck_assert_msg(row->type != KC_OPT_T_CLASS || row->kind != KC_KIND_SINK, "%s: %s does not say its kind",
                          p->class_name, row->name);
            AUTO_TEXT text = option_default_text(row);
            ck_assert_msg(!row->def == !text, "%s: the default of %s does not parse", p->class_name, row->name);
        }
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("validation");
    TCase *golden = tcase_create("golden");
    tcase_add_checked_fixture(golden, golden_set_up, golden_tear_down);
    tcase_add_test(golden, test_golden);
    suite_add_tcase(s, golden);
    TCase *tc = tcase_create("validation");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_shape);
    tcase_add_test(tc, test_remembered_rows);
    tcase_add_test(tc, test_many_threads);
    tcase_add_test(tc, test_keys_of_plugins);
    tcase_add_test(tc, test_additions);
    tcase_add_test(tc, test_rules_of_a_distributed_worker);
    tcase_add_test(tc, test_exactly_once);
    tcase_add_test(tc, test_overrides);
    tcase_add_test(tc, test_dead_letters_of_sources);
    tcase_add_test(tc, test_errors_of_the_whole);
    tcase_add_test(tc, test_resolved_values_stay_secret);
    tcase_add_test(tc, test_long_lists);
    tcase_add_test(tc, test_quick_ones);
    tcase_add_test(tc, test_rows_of_all_plugins);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
