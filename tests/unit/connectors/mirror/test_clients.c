/* Properties of the connectors' clients against Kafka's own classes. */
#include "connectors/mirror/clients.h"

#include <string.h>

#include "connect/base/log.h"
#include "tests/support/suite.h"

static int seen;

static const struct {
    const char *name;
    enum client_kind kind;
    enum mirror_side side;
    const char *role;
} clients[] = {
    {"source: source consumer replication-consumer", CLIENT_CONSUMER, MIRROR_SOURCE, "replication-consumer"},
    {"source: source admin replication-source-admin", CLIENT_ADMIN, MIRROR_SOURCE, "replication-source-admin"},
    {"source: target admin replication-target-admin", CLIENT_ADMIN, MIRROR_TARGET, "replication-target-admin"},
    {"source: offset syncs producer", CLIENT_PRODUCER, MIRROR_SOURCE, "offset-syncs-source-producer"},
    {"source: offset syncs admin", CLIENT_ADMIN, MIRROR_SOURCE, "offset-syncs-source-admin"},
    {"checkpoint: offset syncs consumer", CLIENT_CONSUMER, MIRROR_SOURCE, "offset-syncs-source-consumer"},
    {"checkpoint: target consumer checkpoints-target-consumer", CLIENT_CONSUMER, MIRROR_TARGET,
     "checkpoints-target-consumer"},
};

static struct kc_config *config_of(const cJSON *object) {
    struct kc_config *config = kc_config_new();
    const cJSON *item;
    cJSON_ArrayForEach(item, object) kc_config_set(config, item->string, cJSON_GetStringValue(item));
    return config;
}

static void vector(const cJSON *v, void *arg) {
    (void)arg;
    if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(v, "kind")), "clients") != 0)
        return;
    const cJSON *want = cJSON_GetObjectItem(v, "clients");
    struct kc_config *config = config_of(cJSON_GetObjectItem(v, "config"));
    ck_assert_int_eq(cJSON_GetArraySize(want), (int)(sizeof clients / sizeof *clients));
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        const cJSON *props = cJSON_GetObjectItemCaseSensitive(want, clients[i].name), *item;
        struct kc_config *got = mirror_client_props(config, clients[i].kind, clients[i].side, clients[i].role);
        cJSON_ArrayForEach(item, props) {
            const char *value = kc_config_get(got, item->string);
            ck_assert_msg(value && strcmp(value, cJSON_GetStringValue(item)) == 0, "%s: %s is %s, not %s",
                          clients[i].name, item->string, value, cJSON_GetStringValue(item));
        }
        ck_assert_uint_eq(kc_config_count(got), (size_t)cJSON_GetArraySize(props));
        kc_config_free(got);
    }
    kc_config_free(config);
    seen++;
}

START_TEST(test_golden) {
    golden_each("mirror.jsonl", NULL, vector, NULL);
    ck_assert_int_eq(seen, 3);
}
END_TEST

START_TEST(test_task_in_client_id) {
    struct kc_config *config = kc_config_new();
    kc_config_set(config, "name", "mm");
    kc_config_set(config, "source.cluster.alias", "east");
    kc_config_set(config, "task.index", "3");
    struct kc_config *got = mirror_client_props(config, CLIENT_ADMIN, MIRROR_TARGET, "role");
    ck_assert_str_eq(kc_config_get(got, "client.id"), "east->target|mm-3|role");
    kc_config_free(got);
    kc_config_free(config);
}
END_TEST

START_TEST(test_addresses) {
    static const struct {
        const char *key, *value, *says; /* NULL: fine */
    } table[] = {
        {"source.cluster.bootstrap.servers", "127.0.0.1:1;127.0.0.1:2", NULL},
        {"source.admin.bootstrap.servers", "127.0.0.1:1", NULL},
        {"source.cluster.bootstrap.servers", " ; ", "source.cluster.bootstrap.servers"},
        {"target.cluster.bootstrap.servers", "127.0.0.1:1", "source.cluster.bootstrap.servers"},
        {"source.cluster.security.protocol", "NONSENSE", "security.protocol"},
    };
    log_set_level("root", LOG_OFF);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct kc_error err = {0};
        struct kc_config *config = kc_config_new();
        kc_config_set(config, "name", "mm");
        if (strstr(table[i].key, "security"))
            kc_config_set(config, "source.cluster.bootstrap.servers", "127.0.0.1:1");
        kc_config_set(config, table[i].key, table[i].value);
        rd_kafka_t *rk = mirror_client(config, CLIENT_ADMIN, MIRROR_SOURCE, "role", &err);
        ck_assert_msg(!rk == (table[i].says != NULL), "%s: %s", table[i].key, err.text);
        if (!rk)
            ck_assert_msg(strstr(err.text, table[i].says), "%s", err.text);
        client_free(rk);
        kc_config_free(config);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("mirror clients");
    TCase *tc = tcase_create("clients");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, test_golden);
    tcase_add_test(tc, test_task_in_client_id);
    tcase_add_test(tc, test_addresses);
    suite_add_tcase(s, tc);
    return s;
}
SUITE_MAIN(make_suite)
