/* Validation of connector configurations: golden vectors, the shape of the answer, rules of a distributed worker,
 * client overrides, secrets from config providers. */
#include <stdio.h>
#include <string.h>

#include "config/builtin.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "config/parse.h"
#include "connect/plugins.h"
#include "connect/validation.h"
#include "tests/support/suite.h"

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

static bool same_text(const char *got, const char *want) {
    const char *regex = strstr(want, "Invalid regex: ");
    return regex ? strncmp(got, want, (size_t)(regex - want) + 15) == 0 : strcmp(got, want) == 0;
}

/* ---- Golden ------------------------------------------------------------------------------------------------------ */

struct tally {
    int judged, missing;
};

static void check_errors(const char *id, const cJSON *json, const cJSON *want) {
    const cJSON *config, *message;
    size_t keys = 0;
    cJSON_ArrayForEach(config, cJSON_GetObjectItem(json, "configs")) {
        const cJSON *value = cJSON_GetObjectItem(config, "value"), *errors = cJSON_GetObjectItem(value, "errors");
        const char *name = json_get_text(value, "name");
        const cJSON *expected = cJSON_GetObjectItemCaseSensitive(want, name);
        int i = 0;
        ck_assert_msg(cJSON_GetArraySize(errors) == cJSON_GetArraySize(expected), "%s: %s has %d errors: %s", id, name,
                      cJSON_GetArraySize(errors), errors->child ? errors->child->valuestring : "");
        keys += errors->child != NULL;
        cJSON_ArrayForEach(message, errors) {
            const char *text = cJSON_GetArrayItem(expected, i++)->valuestring;
            ck_assert_msg(same_text(message->valuestring, text), "%s: %s: %s", id, name, message->valuestring);
        }
    }
    ck_assert_msg(keys == (size_t)cJSON_GetArraySize(want), "%s: %zu keys with errors", id, keys);
}

/* In order, but those of converters, "Schemas" and "Serialization", which Java has in no certain order. */
static void check_groups(const char *id, const cJSON *groups, const cJSON *want) {
    const cJSON *group, *expected = want->child;
    ck_assert_msg(cJSON_GetArraySize(groups) == cJSON_GetArraySize(want), "%s: groups", id);
    cJSON_ArrayForEach(group, groups) {
        bool of_converter = group->valuestring[0] == 'S' && expected->valuestring[0] == 'S';
        ck_assert_msg(of_converter || strcmp(group->valuestring, expected->valuestring) == 0, "%s: group %s", id,
                      group->valuestring);
        expected = expected->next;
    }
}

static void check_connector(const cJSON *vector, void *arg) {
    struct tally *tally = arg;
    struct kc_error err = {0};
    const char *id = json_get_text(vector, "id");
    const cJSON *out = cJSON_GetObjectItem(vector, "out"), *error = cJSON_GetObjectItem(vector, "error"), *member;
    AUTO(props) config = json_to_config(cJSON_GetObjectItem(vector, "cfg"), &err);
    const char *class_name = kc_config_get(config, "connector.class");
    if (out && !plugins_connector(class_name, &err)) {
        tally->missing++;
        return;
    }
    tally->judged++;
    AUTO(validation) v = validation_run(&worker, providers, config, &err);
    if (error) {
        const char *text = json_get_text(error, "message");
        bool prefix = json_get_bool(error, "prefix");
        ck_assert_msg(v == NULL, "%s: no error", id);
        ck_assert_str_eq(err.exception, json_get_text(error, "class"));
        ck_assert_msg((prefix ? strncmp(err.text, text, strlen(text)) : strcmp(err.text, text)) == 0, "%s: %s", id,
                      err.text);
        return;
    }
    ck_assert_msg(v != NULL, "%s: %s", id, err.text);
    AUTO(json) json = answer(v);
    check_errors(id, json, cJSON_GetObjectItem(out, "errors"));
    ck_assert_msg(cJSON_GetObjectItem(json, "error_count")->valueint ==
                      cJSON_GetObjectItem(out, "error_count")->valueint,
                  "%s: error_count", id);
    check_groups(id, cJSON_GetObjectItem(json, "groups"), cJSON_GetObjectItem(out, "groups"));
    cJSON_ArrayForEach(member, cJSON_GetObjectItem(out, "values")) {
        const cJSON *value = value_of(json, member->string);
        ck_assert_msg(value && cJSON_Compare(cJSON_GetObjectItem(value, "value"), member, true), "%s: value of %s", id,
                      member->string);
    }
}

START_TEST(test_golden_connectors) {
    struct tally tally = {0};
    ck_assert_int_eq(golden_each("config_def.jsonl", "validate_connector", check_connector, &tally), 127);
    ck_assert_int_eq(tally.judged + tally.missing, 127);
    ck_assert_int_eq(tally.missing, 0);
}
END_TEST

static void check_smt(const cJSON *vector, void *arg) {
    struct kc_error err = {0};
    const char *id = json_get_text(vector, "id"), *class_name = json_get_text(vector, "class");
    const cJSON *out = cJSON_GetObjectItem(vector, "out"), *member, *message;
    AUTO(props) config = json_to_config(cJSON_GetObjectItem(vector, "cfg"), &err);
    AUTO(arena) arena = arena_new(0);
    AUTO(problems) problems = problems_new();
    const struct kc_plugin *plugin = plugins_find(class_name, KC_KIND_TRANSFORMATION);
    if (!plugin)
        plugin = plugins_find(class_name, KC_KIND_PREDICATE);
    if (!plugin)
        return;
    ++*(int *)arg;
    config_validate(plugin->options, config, arena, NULL, 0, problems);
    cJSON_ArrayForEach(member, out) {
        int i = 0;
        const struct option_value *o = problems_find(problems, member->string);
        const cJSON *errors = cJSON_GetObjectItem(member, "errors");
        ck_assert_msg(o != NULL, "%s: %s: no key %s", id, class_name, member->string);
        ck_assert_msg((int)o->error_count == cJSON_GetArraySize(errors), "%s: %s: %zu errors: %s", id, member->string,
                      o->error_count, o->error_count ? o->errors[0] : "");
        cJSON_ArrayForEach(message, errors) {
            ck_assert_msg(same_text(o->errors[i], message->valuestring), "%s: %s", id, o->errors[i]);
            i++;
        }
        ck_assert_msg((o->value == NULL) == (bool)cJSON_IsNull(cJSON_GetObjectItem(member, "value")), "%s: %s", id,
                      member->string);
    }
}

START_TEST(test_golden_transforms) {
    int judged = 0;
    ck_assert_int_eq(golden_each("config_def.jsonl", "validate_smt", check_smt, &judged), 31);
    ck_assert_int_eq(judged, 31);
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
        {false, "exactly.once.support", "Required", "exactly.once.support",
         "This worker does not have exactly-once source support enabled."},
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
    TCase *tc = tcase_create("validation");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_golden_connectors);
    tcase_add_test(tc, test_golden_transforms);
    tcase_add_test(tc, test_shape);
    tcase_add_test(tc, test_keys_of_plugins);
    tcase_add_test(tc, test_rules_of_a_distributed_worker);
    tcase_add_test(tc, test_overrides);
    tcase_add_test(tc, test_errors_of_the_whole);
    tcase_add_test(tc, test_resolved_values_stay_secret);
    tcase_add_test(tc, test_long_lists);
    tcase_add_test(tc, test_rows_of_all_plugins);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
