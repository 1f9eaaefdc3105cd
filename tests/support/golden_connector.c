/* Vectors of the validation of whole connector configurations, against the worker that the notation's page describes;
 * and what all operations need set up. */
#include <string.h>

#include "config/builtin.h"
#include "config/substitute.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "connect/plugins.h"
#include "connect/validation.h"
#include "tests/support/golden_run.h"

#define JSON "org.apache.kafka.connect.json.JsonConverter"

AUTO_FREE(validation, struct validation, validation_free)

enum { ANSWER_MAX_BYTES = 1 << 24 };

static const struct worker_conf worker = {.key_converter = JSON,
                                          .value_converter = JSON,
                                          .header_converter = "org.apache.kafka.connect.storage.SimpleHeaderConverter",
                                          .override_policy = "All"};
static struct substitute *providers;

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)arg;
    (void)level;
    (void)line;
}

void golden_set_up(void) {
    struct kc_error err = {0};
    log_sink(quiet, NULL);
    ck_assert_msg(plugins_init(NULL, &err) == 0, "%s", err.text);
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "config.providers", "env,dir");
    kc_config_set(config, "config.providers.env.class", "EnvVarConfigProvider");
    kc_config_set(config, "config.providers.dir.class", "DirectoryConfigProvider");
    providers = substitute_new(config, plugins_find, &err);
    ck_assert_msg(providers != NULL, "%s", err.text);
}

void golden_tear_down(void) {
    substitute_free(providers);
    providers = NULL;
    plugins_done();
    log_sink(NULL, NULL);
}

static cJSON *answer(const struct validation *v) {
    struct kc_error err = {0};
    AUTO_BUF out;
    buf_init(&out, ANSWER_MAX_BYTES);
    ck_assert_int_eq(validation_json(v, &out), 0);
    cJSON *json = json_parse(buf_text(&out), out.len, &err);
    ck_assert_msg(json != NULL, "%s", err.text);
    return json;
}

static const cJSON *value_of(const cJSON *json, const char *name) {
    const cJSON *config;
    cJSON_ArrayForEach(config, golden_member(json, "configs")) {
        const cJSON *value = golden_member(config, "value");
        if (strcmp(json_get_text(value, "name"), name) == 0)
            return value;
    }
    return NULL;
}

static void expect_errors(const char *id, const cJSON *json, const cJSON *want) {
    const cJSON *config, *message;
    size_t keys = 0;
    cJSON_ArrayForEach(config, golden_member(json, "configs")) {
        const cJSON *value = golden_member(config, "value"), *errors = golden_member(value, "errors");
        const char *name = json_get_text(value, "name");
        const cJSON *expected = golden_member(want, name);
        int i = 0;
        ck_assert_msg(cJSON_GetArraySize(errors) == cJSON_GetArraySize(expected),
                      "%s: %s: expected %d errors, got %d: %s", id, name, cJSON_GetArraySize(expected),
                      cJSON_GetArraySize(errors), errors->child ? errors->child->valuestring : "");
        keys += errors->child != NULL;
        cJSON_ArrayForEach(message, errors) {
            const char *text = cJSON_GetArrayItem(expected, i++)->valuestring;
            ck_assert_msg(golden_same_message(text, message->valuestring, false), "%s: %s: expected '%s', got '%s'", id,
                          name, text, message->valuestring);
        }
    }
    ck_assert_msg(keys == (size_t)cJSON_GetArraySize(want), "%s: expected %d keys with errors, got %zu", id,
                  cJSON_GetArraySize(want), keys);
}

/* In order, but those of converters, "Schemas" and "Serialization", which Java has in no certain order. */
static void expect_groups(const char *id, const cJSON *groups, const cJSON *want) {
    const cJSON *group, *expected = want->child;
    ck_assert_msg(cJSON_GetArraySize(groups) == cJSON_GetArraySize(want), "%s: expected %d groups, got %d", id,
                  cJSON_GetArraySize(want), cJSON_GetArraySize(groups));
    cJSON_ArrayForEach(group, groups) {
        bool of_converter = group->valuestring[0] == 'S' && expected->valuestring[0] == 'S';
        ck_assert_msg(of_converter || strcmp(group->valuestring, expected->valuestring) == 0,
                      "%s: expected group %s, got %s", id, expected->valuestring, group->valuestring);
        expected = expected->next;
    }
}

const char *golden_connector(const cJSON *vector) {
    struct kc_error err = {0};
    const char *id = golden_id(vector);
    const cJSON *out = golden_member(golden_answer(vector), "out"), *member;
    AUTO(props) config = golden_config(golden_member(vector, "cfg"));
    AUTO(validation) v = validation_run(&worker, providers, config, &err);
    if (golden_expect_error(vector, !v, &err))
        return NULL;
    AUTO(json) json = answer(v);
    const char *name = json_get_text(json, "name"), *wanted_name = json_get_text(out, "name");
    ck_assert_msg(!wanted_name || strcmp(name, wanted_name) == 0, "%s: expected name %s, got %s", id, wanted_name,
                  name);
    expect_errors(id, json, golden_member(out, "errors"));
    int count = golden_member(json, "error_count")->valueint, wanted = golden_member(out, "error_count")->valueint;
    ck_assert_msg(count == wanted, "%s: expected %d errors, got %d", id, wanted, count);
    expect_groups(id, golden_member(json, "groups"), golden_member(out, "groups"));
    cJSON_ArrayForEach(member, golden_member(out, "values")) {
        const cJSON *value = value_of(json, member->string);
        const char *text = value ? json_get_text(value, "value") : NULL;
        ck_assert_msg(value && cJSON_Compare(golden_member(value, "value"), member, true),
                      "%s: value of %s: expected %s, got %s", id, member->string,
                      cJSON_IsNull(member) ? "null" : member->valuestring, text ? text : "null");
    }
    return NULL;
}
