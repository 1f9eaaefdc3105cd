/* An internal topic against a mock cluster: what is written is read back, in order, before read_to_end returns. */
#include "tests/support/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/murmur2.h"
#include "connect/kafka/admin.h"
#include "connect/kafka/client.h"
#include "connect/kafka/topic_log.h"
#include "tests/support/mock_kafka.h"

struct seen {
    pthread_mutex_t lock;
    size_t count;
    int64_t last_offset[64];
    bool disorder, wrong_partition;
    char last_key[64], last_value[64];
    size_t tombstones, partitions;
};

static void on_record(void *arg, int32_t partition, int64_t offset, const void *key, size_t key_len, const void *value,
                      size_t value_len, int64_t timestamp) {
    struct seen *s = arg;
    (void)timestamp;
    pthread_mutex_lock(&s->lock);
    s->disorder |= offset <= s->last_offset[partition] - 1;
    s->last_offset[partition] = offset + 1;
    if (s->partitions)
        s->wrong_partition |= murmur2_partition(key, key_len, (int32_t)s->partitions) != partition;
    s->count++;
    s->tombstones += value == NULL;
    snprintf(s->last_key, sizeof(s->last_key), "%.*s", (int)key_len, (const char *)key);
    snprintf(s->last_value, sizeof(s->last_value), "%.*s", (int)value_len, value ? (const char *)value : "");
    pthread_mutex_unlock(&s->lock);
}

static struct topic_log *open_log(const struct kc_config *client, const char *topic, struct seen *seen) {
    pthread_mutex_init(&seen->lock, NULL);
    struct topic_log_conf conf = {.client = client,
                                  .topic = topic,
                                  .topic_property = "status.storage.topic",
                                  .purpose = "connector and task statuses",
                                  .client_id = "g-statuses",
                                  .partitions = 5,
                                  .replication_factor = 1,
                                  .retry_backoff_ms = 100,
                                  .api_timeout_ms = 5000,
                                  .on_record = on_record,
                                  .arg = seen};
    return topic_log_new(&conf);
}

static struct kc_config *client_of(struct mock_kafka *m) {
    struct kc_config *client = mock_kafka_props("group.id=worker-group\nsession.timeout.ms=10000\nkey.converter=x");
    kc_config_set(client, "bootstrap.servers", m->bootstrap);
    return client;
}

static struct topic_log_record text_record(const char *key, const char *value) {
    return (struct topic_log_record){
        .key = key, .key_len = strlen(key), .value = value, .value_len = value ? strlen(value) : 0};
}

START_TEST(write_and_read_back) {
    struct mock_kafka m = mock_kafka_start(2);
    mock_kafka_topic(&m, "statuses", 5);
    AUTO(props) client = client_of(&m);
    struct seen seen = {.partitions = 5};
    struct kc_error err = {0};
    struct topic_log *log = open_log(client, "statuses", &seen);
    ck_assert_msg(topic_log_start(log, &err) == 0, "%s", err.text);
    ck_assert_int_eq(topic_log_partitions(log), 5);
    ck_assert_uint_eq(seen.count, 0);
    for (int i = 0; i < 50; i++) {
        char key[32], value[32];
        snprintf(key, sizeof(key), "status-connector-%d", i);
        snprintf(value, sizeof(value), "{\"n\":%d}", i);
        struct topic_log_record records[] = {text_record(key, value), text_record("tomb", NULL)};
        ck_assert_msg(topic_log_send(log, records, 2, 10000, &err) == 0, "%s", err.text);
    }
    ck_assert_int_eq(topic_log_read_to_end(log, 10000, &err), 0);
    ck_assert_uint_eq(seen.count, 100);
    ck_assert_uint_eq(seen.tombstones, 50);
    ck_assert(!seen.disorder);
    ck_assert(!seen.wrong_partition);
    /* reading to the end when nothing is new does not wait for the consumer's long poll */
    int64_t start = clock_ms();
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(topic_log_read_to_end(log, 10000, &err), 0);
    ck_assert_int_lt(clock_ms() - start, 2000);
    topic_log_free(log);

    /* a second reader gets everything before start returns */
    struct seen again = {.partitions = 5};
    log = open_log(client, "statuses", &again);
    ck_assert_int_eq(topic_log_start(log, &err), 0);
    ck_assert_uint_eq(again.count, 100);
    topic_log_free(log);
    mock_kafka_stop(&m);
}
END_TEST

/* What was written has been given to the reader when the call returns; a call that gave up leaves nothing behind. */
START_TEST(sent_and_read) {
    struct mock_kafka m = mock_kafka_start(1);
    mock_kafka_topic(&m, "statuses", 5);
    AUTO(props) client = client_of(&m);
    struct seen seen = {.partitions = 5};
    struct kc_error err = {0};
    struct topic_log *log = open_log(client, "statuses", &seen);
    ck_assert_int_eq(topic_log_start(log, &err), 0);
    for (int i = 0; i < 50; i++) {
        char key[32];
        snprintf(key, sizeof(key), "status-connector-%d", i);
        struct topic_log_record records[] = {text_record(key, "1"), text_record(key, "2"), text_record("other", "3")};
        ck_assert_msg(topic_log_send_and_read(log, records, 3, 10000, &err) == 0, "%s", err.text);
        ck_assert_uint_eq(seen.count, 3 * ((size_t)i + 1));
    }
    ck_assert(!seen.disorder);
    struct topic_log_record r = text_record("k", "v");
    rd_kafka_mock_push_request_errors(m.cluster, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    ck_assert_int_lt(topic_log_send_and_read(log, &r, 1, 10000, &err), 0);
    ck_assert_str_eq(err.exception, "org.apache.kafka.common.errors.PolicyViolationException");
    ck_assert_int_lt(topic_log_send_and_read(log, &r, 1, 0, &err), 0); /* no time at all */
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    ck_assert_int_eq(topic_log_send_and_read(log, &r, 1, 10000, &err), 0);
    ck_assert_uint_eq(seen.count, 152); /* the one that was given up on came, too */
    ck_assert_int_eq(topic_log_send_and_read(log, &r, 0, 10000, &err), 0);
    topic_log_cancel(log);
    ck_assert_int_lt(topic_log_send_and_read(log, &r, 1, 10000, &err), 0);
    ck_assert_int_eq(err.code, ERR_STOPPING);
    topic_log_free(log);
    mock_kafka_stop(&m);
}
END_TEST

static void count_done(void *arg, const struct kc_error *err) {
    int *counts = arg;
    __atomic_add_fetch(&counts[err != NULL], 1, __ATOMIC_SEQ_CST);
}

START_TEST(asynchronous) {
    struct mock_kafka m = mock_kafka_start(1);
    mock_kafka_topic(&m, "statuses", 5);
    AUTO(props) client = client_of(&m);
    struct seen seen = {0};
    struct kc_error err = {0};
    struct topic_log *log = open_log(client, "statuses", &seen);
    ck_assert_int_eq(topic_log_start(log, &err), 0);
    int counts[2] = {0};
    for (int i = 0; i < 200; i++) {
        struct topic_log_record r = text_record("k", "v");
        topic_log_send_async(log, &r, i % 2 ? count_done : NULL, counts);
    }
    struct topic_log_record last = text_record("last", "v");
    ck_assert_int_eq(topic_log_send(log, &last, 1, 10000, &err), 0);
    ck_assert_int_eq(topic_log_read_to_end(log, 10000, &err), 0);
    ck_assert_uint_eq(seen.count, 201);
    topic_log_free(log);
    ck_assert_int_eq(counts[0], 100);
    ck_assert_int_eq(counts[1], 0);
    mock_kafka_stop(&m);
}
END_TEST

/* Errors of the broker reach the sender with Java's class; afterwards writing works again. */
START_TEST(write_errors) {
    struct mock_kafka m = mock_kafka_start(1);
    mock_kafka_topic(&m, "statuses", 1);
    AUTO(props) client = client_of(&m);
    struct seen seen = {0};
    struct kc_error err = {0};
    struct topic_log *log = open_log(client, "statuses", &seen);
    ck_assert_int_eq(topic_log_start(log, &err), 0);
    rd_kafka_mock_push_request_errors(m.cluster, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    struct topic_log_record r = text_record("k", "v");
    ck_assert_int_lt(topic_log_send(log, &r, 1, 10000, &err), 0);
    ck_assert_str_eq(err.exception, "org.apache.kafka.common.errors.PolicyViolationException");
    ck_assert_msg(topic_log_send(log, &r, 1, 10000, &err) == 0, "%s", err.text);
    char big[2000000];
    memset(big, 'x', sizeof(big));
    struct topic_log_record large = {.key = "k", .key_len = 1, .value = big, .value_len = sizeof(big)};
    ck_assert_int_lt(topic_log_send(log, &large, 1, 10000, &err), 0);
    ck_assert_str_eq(err.exception, "org.apache.kafka.common.errors.RecordTooLargeException");
    int counts[2] = {0};
    topic_log_send_async(log, &large, count_done, counts);
    for (int i = 0; i < 100 && !__atomic_load_n(&counts[1], __ATOMIC_SEQ_CST); i++)
        clock_sleep_ms(10);
    ck_assert_int_eq(counts[1], 1);
    topic_log_free(log);
    mock_kafka_stop(&m);
}
END_TEST

START_TEST(one_partition_is_required) {
    struct mock_kafka m = mock_kafka_start(1);
    mock_kafka_topic(&m, "configs", 3);
    AUTO(props) client = client_of(&m);
    struct seen seen = {0};
    struct kc_error err = {0};
    struct topic_log_conf conf = {.client = client,
                                  .topic = "configs",
                                  .topic_property = "config.storage.topic",
                                  .purpose = "connector configurations",
                                  .client_id = "g-configs",
                                  .partitions = 1,
                                  .single_partition = true,
                                  .replication_factor = 1,
                                  .retry_backoff_ms = 100,
                                  .api_timeout_ms = 5000,
                                  .on_record = on_record,
                                  .arg = &seen};
    struct topic_log *log = topic_log_new(&conf);
    ck_assert_int_lt(topic_log_start(log, &err), 0);
    ck_assert_str_eq(err.text, "Topic 'configs' supplied via the 'config.storage.topic' property is required to have a "
                               "single partition in order to guarantee consistency of connector configurations, but "
                               "found 3 partitions.");
    ck_assert_str_eq(err.exception, KC_CONFIG_EXCEPTION);
    topic_log_free(log);
    mock_kafka_stop(&m);
}
END_TEST

static void *cancel_later(void *log) {
    clock_sleep_ms(500);
    topic_log_cancel(log);
    return NULL;
}

/* No broker: start waits and ends when it is told to. */
START_TEST(cancelled_start) {
    AUTO(props) client = mock_kafka_props("bootstrap.servers=127.0.0.1:1");
    struct seen seen = {0};
    struct kc_error err = {0};
    struct topic_log *log = open_log(client, "t", &seen);
    pthread_t thread;
    pthread_create(&thread, NULL, cancel_later, log);
    int64_t start = clock_ms();
    ck_assert_int_lt(topic_log_start(log, &err), 0);
    ck_assert_int_eq(err.code, ERR_STOPPING);
    ck_assert_int_lt(clock_ms() - start, 4000);
    pthread_join(thread, NULL);
    ck_assert_int_lt(topic_log_read_to_end(log, 1000, &err), 0);
    topic_log_free(log);
}
END_TEST

static void *bring_up_later(void *mock) {
    clock_sleep_ms(1500);
    rd_kafka_mock_broker_set_up(((struct mock_kafka *)mock)->cluster, 1);
    return NULL;
}

/* The broker comes up after the start. */
START_TEST(late_broker) {
    struct mock_kafka m = mock_kafka_start(1);
    mock_kafka_topic(&m, "statuses", 2);
    rd_kafka_mock_broker_set_down(m.cluster, 1);
    AUTO(props) client = client_of(&m);
    struct seen seen = {0};
    struct kc_error err = {0};
    struct topic_log *log = open_log(client, "statuses", &seen);
    pthread_t thread;
    pthread_create(&thread, NULL, bring_up_later, &m);
    ck_assert_msg(topic_log_start(log, &err) == 0, "%s", err.text);
    pthread_join(thread, NULL);
    /* away in between: a write waits and succeeds */
    rd_kafka_mock_broker_set_down(m.cluster, 1);
    int counts[2] = {0};
    struct topic_log_record r = text_record("k", "v");
    topic_log_send_async(log, &r, count_done, counts);
    ck_assert_int_lt(topic_log_read_to_end(log, 300, &err), 0);
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    rd_kafka_mock_broker_set_up(m.cluster, 1);
    ck_assert_msg(topic_log_read_to_end(log, 15000, &err) == 0, "%s", err.text);
    ck_assert_int_eq(topic_log_send(log, &r, 1, 15000, &err), 0);
    ck_assert_int_eq(topic_log_read_to_end(log, 15000, &err), 0);
    ck_assert_uint_eq(seen.count, 2);
    topic_log_free(log);
    mock_kafka_stop(&m);
}
END_TEST

/* Beyond the fetch queue's limit (50000 records): no pauses of a second. */
START_TEST(long_topic) {
    enum { RECORDS = 200000 };
    struct mock_kafka m = mock_kafka_start(1);
    mock_kafka_topic(&m, "statuses", 1);
    AUTO(props) client = client_of(&m);
    struct seen seen = {0};
    struct kc_error err = {0};
    struct topic_log *log = open_log(client, "statuses", &seen);
    ck_assert_int_eq(topic_log_start(log, &err), 0);
    struct topic_log_record *records = calloc(RECORDS, sizeof(*records));
    for (int i = 0; i < RECORDS; i++)
        records[i] = text_record("key", "a value of some bytes");
    ck_assert_msg(topic_log_send(log, records, RECORDS, 60000, &err) == 0, "%s", err.text);
    free(records);
    topic_log_free(log);
    struct seen again = {0};
    log = open_log(client, "statuses", &again);
    int64_t start = clock_ms();
    ck_assert_int_eq(topic_log_start(log, &err), 0);
    ck_assert_uint_gt(again.count, 60000); /* the mock drops what is beyond 5 MB */
    ck_assert_int_eq(again.last_offset[0], RECORDS);
    ck_assert_int_lt(clock_ms() - start, 20000);
    topic_log_free(log);
    mock_kafka_stop(&m);
}
END_TEST

START_TEST(administration) {
    struct mock_kafka m = mock_kafka_start(1);
    mock_kafka_topic(&m, "orders", 3);
    AUTO(props) client = client_of(&m);
    struct kc_error err = {0};
    rd_kafka_t *rk = admin_open(client, &err);
    ck_assert_ptr_nonnull(rk);
    char *id = NULL;
    ck_assert_int_eq(admin_cluster_id(rk, 5000, &id, &err), 0);
    ck_assert_ptr_nonnull(id);
    free(id);
    int32_t count = 0;
    ck_assert_int_eq(admin_partition_count(rk, "orders", 5000, &count, &err), 0);
    ck_assert_int_eq(count, 3);
    char **names = NULL;
    size_t n = 0;
    ck_assert_int_eq(admin_list_topics(rk, 5000, &names, &n, &err), 0);
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(names[0], "orders");
    admin_free_names(names, n);
    /* the mock has no controller, so that creating waits in vain; nor does it know DescribeConfigs, like an old broker
     */
    struct topic_spec spec = {.name = "new", .partitions = 1, .replication_factor = 1};
    enum admin_topic outcome;
    ck_assert_int_lt(admin_create_topic(rk, &spec, 300, &outcome, &err), 0);
    ck_assert_str_eq(err.text, "Error while attempting to create/find topic(s) 'new'");
    ck_assert_ptr_nonnull(strstr(err.cause, "TimeoutException"));
    ck_assert(err.retriable);
    char *value = NULL;
    ck_assert_int_eq(admin_topic_config(rk, "orders", "cleanup.policy", 5000, &value, &err), 0);
    ck_assert_ptr_null(value);
    client_free(rk);
    mock_kafka_stop(&m);
    AUTO(props) nowhere = mock_kafka_props("bootstrap.servers=127.0.0.1:1");
    rk = admin_open(nowhere, &err);
    ck_assert_int_lt(admin_cluster_id(rk, 500, &id, &err), 0);
    ck_assert_int_eq(err.code, ERR_TIMEOUT);
    client_free(rk);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("topic_log");
    TCase *t = tcase_create("topic_log");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, write_and_read_back);
    tcase_add_test(t, sent_and_read);
    tcase_add_test(t, asynchronous);
    tcase_add_test(t, write_errors);
    tcase_add_test(t, one_partition_is_required);
    tcase_add_test(t, cancelled_start);
    tcase_add_test(t, late_broker);
    tcase_add_test(t, long_topic);
    tcase_add_test(t, administration);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
