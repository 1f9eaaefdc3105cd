#include "tests/support/mock_kafka.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "connect/plugin.h"

static void silent(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    (void)rk;
    (void)level;
    (void)facility;
    (void)text;
}

struct mock_kafka mock_kafka_start(int brokers) {
    char why[256];
    struct mock_kafka m = {0};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, silent);
    m.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    ck_assert_msg(m.rk != NULL, "%s", why);
    m.cluster = rd_kafka_mock_cluster_new(m.rk, brokers);
    ck_assert_ptr_nonnull(m.cluster);
    m.bootstrap = rd_kafka_mock_cluster_bootstraps(m.cluster);
    return m;
}

void mock_kafka_topic(struct mock_kafka *m, const char *topic, int partitions) {
    ck_assert_int_eq(rd_kafka_mock_topic_create(m->cluster, topic, partitions, 1), 0);
}

void mock_kafka_stop(struct mock_kafka *m) {
    rd_kafka_mock_cluster_destroy(m->cluster);
    rd_kafka_destroy(m->rk);
}

struct kc_config *mock_kafka_props(const char *text) {
    struct kc_config *config = kc_config_new();
    char *copy = strdup(text), *save = NULL;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *equals = strchr(line, '=');
        ck_assert_ptr_nonnull(equals);
        *equals = 0;
        kc_config_set(config, line, equals + 1);
    }
    free(copy);
    return config;
}
