/* From a properties file to worker_conf: references in the worker's own properties, versions of converters, failures.
 */
#include <stdio.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/plugins.h"
#include "connect/worker_config.h"
#include "tests/support/suite.h"

AUTO_FREE(substitute, struct substitute, substitute_free)

static char file[64];

static const char properties[] = "bootstrap.servers=b:9092\n"
                                 "config.storage.topic=c\noffset.storage.topic=o\nstatus.storage.topic=s\n"
                                 "key.converter=JsonConverter\nvalue.converter=String\n"
                                 "config.providers=env\n"
                                 "config.providers.env.class=EnvVarConfigProvider\n"
                                 "plugin.path=${env:KCT_NOWHERE}\n"
                                 "group.id=${env:KCT_GROUP}\n";

static void quiet(void *arg, enum kc_level level, const char *line) {
    (void)level;
    *(int *)arg += strstr(line, "s3cretGroup") != NULL;
}

static int leaked;
static char warned[2000];

static void keep_unknown(void *arg, enum kc_level level, const char *line) {
    (void)arg, (void)level;
    if (strstr(line, "is not a known option"))
        strncat(warned, line, sizeof(warned) - strlen(warned) - 1);
}

static void set_up(void) {
    log_sink(quiet, &leaked);
    ck_assert_int_eq(setenv("KCT_GROUP", "s3cretGroup", 1), 0);
    ck_assert_int_eq(setenv("KCT_NOWHERE", "/nowhere", 1), 0);
    snprintf(file, sizeof(file), "/tmp/kconnectd-worker-XXXXXX");
    ck_assert_int_ge(mkstemp(file), 0);
}

static void tear_down(void) {
    remove(file);
    plugins_done();
}

static void write_properties(const char *more) {
    FILE *f = fopen(file, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "%s%s", properties, more);
    fclose(f);
}

START_TEST(test_load) {
    struct kc_error err = {0};
    AUTO(worker_conf) conf = NULL;
    AUTO(substitute) providers = NULL;
    write_properties("");
    ck_assert_msg(worker_config_load(file, &conf, &providers, &err) == 0, "%s", err.text);
    ck_assert_str_eq(conf->group_id, "s3cretGroup");
    ck_assert_str_eq(kc_config_get(conf->text, "plugin.path"), "${env:KCT_NOWHERE}"); /* raw, as Java takes it */
    ck_assert_str_eq(conf->key_converter, "org.apache.kafka.connect.json.JsonConverter");
    ck_assert_str_eq(conf->value_converter, "org.apache.kafka.connect.storage.StringConverter");
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "x", "<${env:KCT_GROUP}>");
    AUTO(props) resolved = substitute_apply(providers, config, NULL, &err);
    ck_assert_str_eq(kc_config_get(resolved, "x"), "<s3cretGroup>");
    ck_assert_int_eq(leaked, 0);
}
END_TEST

/* Settings of clients without a prefix count, for the internal topics: nobody is warned of them. */
START_TEST(test_unknown_options) {
    struct kc_error err = {0};
    AUTO(worker_conf) conf = NULL;
    AUTO(substitute) providers = NULL;
    write_properties("fetch.max.wait.ms=20\nacks=all\nrest.prot=1\nproducer.linger.ms=3\n");
    log_sink(keep_unknown, NULL);
    ck_assert_msg(worker_config_load(file, &conf, &providers, &err) == 0, "%s", err.text);
    log_sink(NULL, NULL);
    ck_assert_ptr_nonnull(strstr(warned, "'rest.prot'"));
    ck_assert_msg(!strstr(warned, "fetch") && !strstr(warned, "acks") && !strstr(warned, "linger"), "%s", warned);
    ck_assert_str_eq(kc_config_get(conf->text, "fetch.max.wait.ms"), "20");
}
END_TEST

START_TEST(test_failures) {
    static const struct {
        const char *more, *want;
    } cases[] = {
        {"key.converter.plugin.version=1.0\n",
         "key.converter.plugin.version: Plugin org.apache.kafka.connect.json.JsonConverter not found that matches the "
         "version range [1.0,1.0], available versions: [4.3.1]"},
        {"key.converter=SimpleHeaderConverter\n", "Class class org.apache.kafka.connect.storage.SimpleHeaderConverter "
                                                  "does not implement the Converter interface"},
        {"client.id=${env:path:X}\n", "Path is not supported for EnvVarConfigProvider, invalid value 'path'"},
        {"config.providers=env,vault\nconfig.providers.vault.class=x.Vault\n",
         "Invalid value x.Vault for configuration config.providers.vault.class: Could not load config provider class"},
        {"bootstrap.servers=b\n", "Invalid url in bootstrap.servers: b"},
        {"bootstrap.servers=b:x\n", "Invalid url in bootstrap.servers: b:x"},
        {"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n", "sasl.jaas.config"},
        {"x=\\u12\n", "/tmp/kconnectd-worker-"},
        {"listeners=\n", "Invalid value for listeners, at least one URL is expected"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        AUTO(worker_conf) conf = NULL;
        AUTO(substitute) providers = NULL;
        write_properties(cases[i].more);
        ck_assert_int_eq(worker_config_load(file, &conf, &providers, &err), -1);
        AUTO_TEXT trace = err_trace(&err);
        ck_assert_msg(strstr(trace, cases[i].want) != NULL, "%s", trace);
        plugins_done();
    }
    struct kc_error err = {0};
    AUTO(worker_conf) conf = NULL;
    AUTO(substitute) providers = NULL;
    ck_assert_int_eq(worker_config_load("/nonexistent", &conf, &providers, &err), -1);
    ck_assert_str_eq(err.text, "/nonexistent (No such file or directory)");
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("worker_config");
    TCase *tc = tcase_create("worker_config");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_load);
    tcase_add_test(tc, test_unknown_options);
    tcase_add_test(tc, test_failures);
    suite_add_tcase(s, tc);
    return s;
}

SUITE_MAIN(make_suite)
