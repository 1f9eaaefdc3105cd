#include "tests/support/task_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/wait.h>
#include <unistd.h>

#include "connect/base/buf.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/plugins.h"
#include "tests/support/fake_stores.h"

#define JSON_CONVERTER "org.apache.kafka.connect.json.JsonConverter"

static void add_pairs(struct kc_config *config, const char *const *pairs) {
    for (; pairs && *pairs; pairs += 2)
        kc_config_set(config, pairs[0], pairs[1]);
}

static void make_worker(struct task_lab *lab, const char *const *worker) {
    static const char *const base[] = {"group.id",
                                       "lab",
                                       "config.storage.topic",
                                       "lab-configs",
                                       "offset.storage.topic",
                                       "lab-offsets",
                                       "status.storage.topic",
                                       "lab-status",
                                       "key.converter",
                                       JSON_CONVERTER,
                                       "key.converter.schemas.enable",
                                       "false",
                                       "value.converter",
                                       JSON_CONVERTER,
                                       "value.converter.schemas.enable",
                                       "false",
                                       "offset.flush.interval.ms",
                                       "200",
                                       "offset.flush.timeout.ms",
                                       "5000",
                                       "consumer.session.timeout.ms",
                                       "3000",
                                       "consumer.heartbeat.interval.ms",
                                       "300",
                                       NULL};
    struct kc_error err = {0};
    struct kc_config *text = kc_config_new();
    kc_config_set(text, "bootstrap.servers", lab->bootstrap);
    add_pairs(text, base);
    add_pairs(text, worker);
    lab->worker = worker_conf_new(text, &err);
    ck_assert_msg(lab->worker != NULL, "%s", err.text);
}

void task_lab_init(struct task_lab *lab, const char *const *worker) {
    char why[512];
    struct kc_error err = {0};
    fake_stores_init();
    lab->raw = NULL;
    lab->guard = NULL;
    ck_assert_int_eq(plugins_init(NULL, &err), 0);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof why);
    rd_kafka_conf_set(conf, "log_level", "3", why, sizeof why);
    rd_kafka_conf_set(conf, "linger.ms", "1", why, sizeof why);
    lab->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    ck_assert_msg(lab->rk != NULL, "%s", why);
    lab->cluster = rd_kafka_handle_mock_cluster(lab->rk);
    lab->bootstrap = rd_kafka_mock_cluster_bootstraps(lab->cluster);
    make_worker(lab, worker);
}

void task_lab_done(struct task_lab *lab) {
    ck_assert(task_leavers_join(clock_ms() + LAB_WAIT_MS));
    worker_conf_free(lab->worker);
    rd_kafka_purge(lab->rk, RD_KAFKA_PURGE_F_QUEUE);
    rd_kafka_destroy(lab->rk);
    plugins_done();
    fake_stores_done();
}

void task_lab_topic(struct task_lab *lab, const char *topic, int partitions) {
    ck_assert_int_eq(rd_kafka_mock_topic_create(lab->cluster, topic, partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void produce(struct task_lab *lab, const char *topic, int partition, const char *key, const char *value,
                    rd_kafka_headers_t *headers) {
    rd_kafka_resp_err_t rc;
    for (;;) {
        rc = rd_kafka_producev(lab->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                               RD_KAFKA_V_KEY(key, key ? strlen(key) : 0),
                               RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value ? strlen(value) : 0),
                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_TIMESTAMP(1700000000123),
                               RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (rc != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            break;
        rd_kafka_poll(lab->rk, 100);
    }
    ck_assert_msg(rc == 0, "%s", rd_kafka_err2str(rc));
}

void task_lab_produce(struct task_lab *lab, const char *topic, int partition, const char *key, const char *value) {
    produce(lab, topic, partition, key, value, NULL);
}

void task_lab_produce_header(struct task_lab *lab, const char *topic, const char *value, const char *name,
                             const char *header) {
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, name, -1, header, -1);
    produce(lab, topic, 0, NULL, value, headers);
}

void task_lab_flush(struct task_lab *lab) {
    ck_assert_int_eq(rd_kafka_flush(lab->rk, LAB_WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static rd_kafka_t *consumer(struct task_lab *lab, const char *group) {
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", lab->bootstrap, why, sizeof why);
    rd_kafka_conf_set(conf, "group.id", group, why, sizeof why);
    rd_kafka_conf_set(conf, "log_level", "3", why, sizeof why);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", why, sizeof why);
    rd_kafka_conf_set(conf, "enable.auto.commit", "false", why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    ck_assert_msg(rk != NULL, "%s", why);
    rd_kafka_poll_set_consumer(rk);
    return rk;
}

static int64_t committed(rd_kafka_t *rk, const char *topic, int partition) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    rd_kafka_resp_err_t rc = rd_kafka_committed(rk, list, LAB_WAIT_MS);
    int64_t offset = rc ? -1 : list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset < 0 ? -1 : offset;
}

int64_t task_lab_committed(struct task_lab *lab, const char *group, const char *topic, int partition) {
    rd_kafka_t *rk = consumer(lab, group);
    int64_t offset = committed(rk, topic, partition);
    rd_kafka_destroy(rk);
    return offset;
}

bool task_lab_wait_committed(struct task_lab *lab, const char *group, const char *topic, int partition,
                             int64_t offset) {
    rd_kafka_t *rk = consumer(lab, group);
    int64_t deadline = clock_ms() + LAB_WAIT_MS;
    bool reached = false;
    while (!(reached = committed(rk, topic, partition) == offset) && clock_ms() < deadline)
        clock_sleep_ms(50);
    rd_kafka_destroy(rk);
    return reached;
}

static char *text_of(const void *data, size_t len) {
    return data ? strndup(data, len) : NULL;
}

static char *headers_of(const rd_kafka_message_t *m) {
    struct buf b;
    rd_kafka_headers_t *headers;
    buf_init(&b, 1024 * 1024);
    if (rd_kafka_message_headers(m, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char *name;
        const void *value;
        size_t len;
        for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &len) == 0; i++)
            buf_printf(&b, "%s=%.*s;", name, value ? (int)len : 4, value ? (const char *)value : "null");
    }
    char *text = strdup(buf_text(&b));
    buf_done(&b);
    return text;
}

static int by_partition(const void *a, const void *b) {
    const struct lab_record *x = a, *y = b;
    return (x->partition > y->partition) - (x->partition < y->partition);
}

static void assign_all(rd_kafka_t *rk, const char *topic) {
    const struct rd_kafka_metadata *md;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    ck_assert_int_eq(rd_kafka_metadata(rk, 0, rkt, &md, LAB_WAIT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (int i = 0; i < md->topics[0].partition_cnt; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_metadata_destroy(md);
    rd_kafka_topic_destroy(rkt);
}

struct lab_record *task_lab_read(struct task_lab *lab, const char *topic, size_t count, size_t *ret_count) {
    rd_kafka_t *rk = consumer(lab, "lab-reader");
    struct lab_record *records = calloc(count + 1, sizeof *records);
    int64_t deadline = clock_ms() + LAB_WAIT_MS;
    *ret_count = 0;
    assign_all(rk, topic);
    while (*ret_count < count && clock_ms() < deadline) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 100);
        if (m && !m->err)
            records[(*ret_count)++] = (struct lab_record){.partition = m->partition,
                                                          .timestamp = rd_kafka_message_timestamp(m, NULL),
                                                          .key = text_of(m->key, m->key_len),
                                                          .value = text_of(m->payload, m->len),
                                                          .headers = headers_of(m)};
        if (m)
            rd_kafka_message_destroy(m);
    }
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    /* Records of one partition arrive in order: sort by insertion, which keeps it. */
    for (size_t i = 1; i < *ret_count; i++)
        for (size_t k = i; k > 0 && by_partition(&records[k - 1], &records[k]) > 0; k--) {
            struct lab_record swap = records[k];
            records[k] = records[k - 1];
            records[k - 1] = swap;
        }
    return records;
}

void task_lab_free(struct lab_record *records, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(records[i].key);
        free(records[i].value);
        free(records[i].headers);
    }
    free(records);
}

struct task *task_lab_start(struct task_lab *lab, const struct kc_plugin *plugin, int number, const char *const *pairs,
                            enum target_state target, struct kc_error *err) {
    AUTO(props) config = kc_config_new();
    kc_config_set(config, "name", "c");
    kc_config_set(config, "connector.class", plugin->class_name);
    add_pairs(config, pairs);
    AUTO(props) raw = kc_config_copy(config);
    add_pairs(raw, lab->raw);
    struct task_conf conf = {
        .connector = "c",
        .number = number,
        .plugin = plugin,
        .connector_config = config,
        .task_config = config,
        .raw_connector_config = raw,
        .raw_task_config = raw,
        .worker = lab->worker,
        .target = target,
        .generation = 1,
        .worker_id = "lab:8083",
        .guard = lab->guard,
        .guard_arg = lab->guard_arg,
        .config_generation = 3,
    };
    return task_start(&conf, err);
}

void task_lab_stop(struct task *t) {
    task_stop(t);
    ck_assert_msg(task_join(t, clock_ms() + LAB_WAIT_MS), "the task does not end");
    task_free(t);
}

static int no_task_configs(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                           struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    (void)self, (void)config, (void)conf, (void)max_tasks, (void)ret_configs, (void)err;
    *ret_count = 0;
    return 0;
}

const struct kc_connector_ops task_lab_connector = {.task_configs = no_task_configs};

static Suite *make_suite(const char *name, const struct lab_case *cases, SFun set_up, SFun tear_down) {
    Suite *suite = suite_create(name);
    for (; cases->name; cases++) {
        TCase *tc = tcase_create(cases->name);
        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_set_timeout(tc, 120);
        for (size_t i = 0; i < COUNT_OF(cases->tests) && cases->tests[i]; i++)
            tcase_add_test(tc, cases->tests[i]);
        suite_add_tcase(suite, tc);
    }
    return suite;
}

int task_lab_run(const char *suite, const struct lab_case *cases, SFun set_up, SFun tear_down) {
    int failed = 0, status;
    if (getenv("CK_RUN_CASE") || getenv("CK_FORK"))
        return suite_run(make_suite(suite, cases, set_up, tear_down));
    for (const struct lab_case *c = cases; c->name; c++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            setenv("CK_RUN_CASE", c->name, 1);
            exit(suite_run(make_suite(suite, cases, set_up, tear_down)));
        }
        failed |= pid < 0;
    }
    while (wait(&status) > 0)
        failed |= status != 0;
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
