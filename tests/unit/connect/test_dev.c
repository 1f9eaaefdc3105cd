/* Arguments of `kconnectd dev` and its embedded cluster: topics with the wanted number of partitions. */
#include "connect/dev.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect/base/err.h"
#include "tests/support/suite.h"

static struct dev_options options;

START_TEST(arguments) {
    char *argv[] = {(char[]){"--topic"}, (char[]){"a.b:9"}, (char[]){"--rest"},  (char[]){"0"},
                    (char[]){"--data"},  (char[]){"/d/ir"}, (char[]){"--topic"}, (char[]){"c:d:1"}};
    struct kc_error err = {0};
    ck_assert_int_eq(dev_parse(6, argv, &options, &err), 0);
    ck_assert_int_eq(options.rest_port, 0);
    ck_assert_str_eq(options.data, "/d/ir");
    ck_assert_uint_eq(options.topic_count, 1);
    ck_assert_str_eq(options.topics[0].name, "a.b");
    ck_assert_int_eq(options.topics[0].partitions, 9);
    ck_assert_int_eq(dev_parse(8, argv, &options, &err), -1);
    ck_assert_str_eq(err.text, "--topic: 'c:d' is no topic name");
    ck_assert_int_eq(dev_parse(0, argv, &options, &err), 0);
    ck_assert_int_eq(options.rest_port, 8083);
    ck_assert_ptr_null(options.data);
}
END_TEST

static const struct {
    char name[12], value[32];
    int argc;
    const char *text;
} wrong[] = {
    {"--rest", "x", 2, "--rest wants a port number, not 'x'"},
    {"--rest", "70000", 2, "--rest wants a port number, not '70000'"},
    {"--rest", "", 1, "--rest wants a value"},
    {"--port", "1", 2, "Unknown argument of dev: --port"},
    {"--topic", "orders", 2, "--topic wants NAME:PARTITIONS, for example orders:9, not 'orders'"},
    {"--topic", "orders:0", 2, "--topic wants NAME:PARTITIONS, for example orders:9, not 'orders:0'"},
    {"--topic", ":3", 2, "--topic wants NAME:PARTITIONS, for example orders:9, not ':3'"},
};

START_TEST(wrong_arguments) {
    char name[12], value[32], *argv[] = {name, value};
    struct kc_error err = {0};
    memcpy(name, wrong[_i].name, sizeof(name));
    memcpy(value, wrong[_i].value, sizeof(value));
    ck_assert_int_eq(dev_parse(wrong[_i].argc, argv, &options, &err), -1);
    ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
    ck_assert_str_eq(err.text, wrong[_i].text);
}
END_TEST

static int partitions_of(const char *bootstrap, const char *topic) {
    char problem[256];
    const struct rd_kafka_metadata *metadata;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, problem, sizeof(problem));
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, problem, sizeof(problem));
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    ck_assert_int_eq(rd_kafka_metadata(rk, 0, rkt, &metadata, 20000), RD_KAFKA_RESP_ERR_NO_ERROR);
    int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(rkt);
    rd_kafka_destroy(rk);
    return count;
}

START_TEST(cluster_has_the_topics) {
    struct kc_error err = {0};
    char *argv[] = {(char[]){"--topic"}, (char[]){"orders:9"}, (char[]){"--rest"}, (char[]){"0"}};
    char folder[] = "/tmp/kconnectd-test-dev-XXXXXX";
    ck_assert_int_eq(dev_parse(4, argv, &options, &err), 0);
    options.data = mkdtemp(folder);
    AUTO(dev) dev = dev_new(&options, &err);
    ck_assert_msg(dev != NULL, "%s", err.text);
    ck_assert_int_eq(partitions_of(dev_bootstrap(dev), "orders"), 9);
    ck_assert_int_eq(partitions_of(dev_bootstrap(dev), "connect-configs"), 1);
    AUTO(props) config = dev_worker_config(dev);
    ck_assert_str_eq(kc_config_get(config, "bootstrap.servers"), dev_bootstrap(dev));
    ck_assert_str_eq(kc_config_get(config, "listeners"), "http://127.0.0.1:0");
    rmdir(folder);
}
END_TEST

START_TEST(folder_that_cannot_be) {
    struct kc_error err = {0};
    options = (struct dev_options){.data = "/dev/null/x"};
    ck_assert_ptr_null(dev_new(&options, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "/dev/null/x"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("dev");
    TCase *tc = tcase_create("dev");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, arguments);
    tcase_add_loop_test(tc, wrong_arguments, 0, (int)COUNT_OF(wrong));
    tcase_add_test(tc, cluster_has_the_topics);
    tcase_add_test(tc, folder_that_cannot_be);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
