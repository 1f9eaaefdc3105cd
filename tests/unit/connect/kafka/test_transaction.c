/* Transactional producers: what their configuration may say, Java's words for what brokers refuse, and where patience
 * ends. */
#include "connect/kafka/transaction.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/kafka/client.h"
#include "tests/support/mock_kafka.h"
#include "tests/support/suite.h"

enum { FIND_COORDINATOR = 10, INIT_PRODUCER_ID = 22, END_TXN = 26 };
static const struct transaction_limits patient = {.timeout_ms = 20000};

/* ---- configuration --------------------------------------------------------------------------------------------------
 */

static char said[2000];

static void note_line(void *arg, enum kc_level level, const char *line) {
    (void)arg;
    if (level >= KC_WARN)
        snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

START_TEST(test_conf) {
    static const struct {
        const char *props, *said, *error; /* said: what is passed over; NULL: nothing */
    } cases[] = {
        {"acks=all", NULL, NULL},
        {"acks=-1", NULL, NULL},
        {"enable.idempotence=TRUE", NULL, NULL},
        {"transactional.id=mine", NULL, NULL},
        {"enable.idempotence=false",
         "The value 'false' for the 'enable.idempotence' property will be ignored as it cannot be overridden for "
         "tests. "
         "The value 'true' will be used instead.",
         NULL},
        {"transactional.id=other",
         "The value 'other' for the 'transactional.id' property will be ignored as it cannot be overridden for tests. "
         "The value 'mine' will be used instead.",
         NULL},
        {"acks=1", NULL,
         "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence."},
        {"acks=0", NULL,
         "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence."},
        {"retries=0", NULL, "Must set retries to non-zero when using the idempotent producer."},
        {"max.in.flight.requests.per.connection=5", NULL, NULL},
        {"max.in.flight.requests.per.connection=6", NULL,
         "To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. Current "
         "value is 6."},
    };
    log_sink(note_line, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kc_error err = {0};
        AUTO(props) java = mock_kafka_props(cases[i].props);
        said[0] = '\0';
        rd_kafka_conf_t *conf = transaction_conf(java, "mine", "for tests", &err);
        ck_assert_msg(!conf == (cases[i].error != NULL), "%s: %s", cases[i].props, err.text);
        if (cases[i].error) {
            ck_assert_str_eq(err.text, cases[i].error);
            ck_assert_str_eq(err.exception, "org.apache.kafka.common.config.ConfigException");
        } else {
            char id[16];
            size_t size = sizeof(id);
            ck_assert_int_eq(rd_kafka_conf_get(conf, "transactional.id", id, &size), RD_KAFKA_CONF_OK);
            ck_assert_str_eq(id, "mine");
            rd_kafka_conf_destroy(conf);
        }
        ck_assert_msg(cases[i].said ? strstr(said, cases[i].said) != NULL : !said[0], "%s: %s", cases[i].props, said);
    }
    log_sink(NULL, NULL);
}
END_TEST

/* ---- calls ----------------------------------------------------------------------------------------------------------
 */

static struct mock_kafka kafka;

static void set_up(void) {
    kafka = mock_kafka_start(1);
    mock_kafka_topic(&kafka, "t", 1);
}

static void tear_down(void) {
    mock_kafka_stop(&kafka);
}

static rd_kafka_t *open_producer(const char *more) {
    struct kc_error err = {0};
    AUTO(props) java = mock_kafka_props(more);
    kc_config_set(java, "bootstrap.servers", kafka.bootstrap);
    rd_kafka_conf_t *conf = transaction_conf(java, "mine", "for tests", &err);
    rd_kafka_t *rk = conf ? client_new(CLIENT_PRODUCER, conf, &err) : NULL;
    ck_assert_msg(rk != NULL, "%s", err.text);
    return rk;
}

static void write_record(rd_kafka_t *rk) {
    ck_assert_int_eq(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("x", 1), RD_KAFKA_V_END), 0);
}

START_TEST(test_refused_init) {
    static const struct {
        int api;
        rd_kafka_resp_err_t code;
        const char *exception, *text; /* text NULL: librdkafka's */
    } cases[] = {
        {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
         "org.apache.kafka.common.errors.TransactionalIdAuthorizationException",
         "Transactional Id authorization failed."},
        {FIND_COORDINATOR, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
         "org.apache.kafka.common.errors.TransactionalIdAuthorizationException",
         "Transactional Id authorization failed."},
        {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, "org.apache.kafka.common.KafkaException",
         "Unexpected error in InitProducerIdResponse; The transaction timeout is larger than the maximum value allowed "
         "by the broker (as configured by transaction.max.timeout.ms)."},
        {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
         "org.apache.kafka.common.errors.ClusterAuthorizationException", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kc_error err = {0};
        AUTO(rd) rk = open_producer("linger.ms=0");
        rd_kafka_mock_push_request_errors(kafka.cluster, (int16_t)cases[i].api, 1, cases[i].code);
        ck_assert_int_eq(transaction_init(rk, &patient, &err), -1);
        ck_assert_msg(strcmp(err.exception, cases[i].exception) == 0, "%zu: %s: %s", i, err.exception, err.text);
        ck_assert_msg(!cases[i].text || strcmp(err.text, cases[i].text) == 0, "%zu: %s", i, err.text);
        ck_assert(!err.retriable);
    }
}
END_TEST

START_TEST(test_passing_trouble) {
    static const rd_kafka_resp_err_t codes[] = {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                                                RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                                RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS};
    struct kc_error err = {0};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        AUTO(rd) rk = open_producer("linger.ms=0");
        rd_kafka_mock_push_request_errors(kafka.cluster, INIT_PRODUCER_ID, 1, codes[i]);
        ck_assert_msg(transaction_init(rk, &patient, &err) == 0, "%s", err.text);
        ck_assert_int_eq(transaction_begin(rk, &err), 0);
        write_record(rk);
        rd_kafka_mock_push_request_errors(kafka.cluster, END_TXN, 1, codes[i]);
        ck_assert_msg(transaction_commit(rk, &patient, &err) == 0, "%s", err.text);
        ck_assert_int_eq(transaction_begin(rk, &err), 0);
        write_record(rk);
        ck_assert_msg(transaction_abort(rk, &patient, &err) == 0, "%s", err.text);
        ck_assert_int_eq(transaction_check(rk, &err), 0);
    }
}
END_TEST

START_TEST(test_fenced) {
    static const rd_kafka_resp_err_t codes[] = {RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
                                                RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct kc_error err = {0};
        AUTO(rd) rk = open_producer("linger.ms=0");
        ck_assert_int_eq(transaction_init(rk, &patient, &err), 0);
        ck_assert_int_eq(transaction_begin(rk, &err), 0);
        write_record(rk);
        rd_kafka_mock_push_request_errors(kafka.cluster, END_TXN, 1, codes[i]);
        ck_assert_int_eq(transaction_commit(rk, &patient, &err), -1);
        ck_assert_str_eq(err.exception, "org.apache.kafka.common.errors.ProducerFencedException");
        ck_assert_str_eq(err.text,
                         "There is a newer producer with the same transactionalId which fences the current one.");
        err = (struct kc_error){0};
        ck_assert_int_eq(transaction_check(rk, &err), -1); /* for good */
        ck_assert_str_eq(err.exception, "org.apache.kafka.common.errors.ProducerFencedException");
        ck_assert_int_eq(transaction_begin(rk, &err), -1);
    }
}
END_TEST

static bool stop_now(void *arg) {
    int *looks = arg;
    return ++*looks == 2;
}

START_TEST(test_patience) {
    struct kc_error err = {0};
    int looks = 0;
    AUTO(rd) rk = open_producer("linger.ms=0");
    rd_kafka_mock_broker_set_down(kafka.cluster, 1);
    struct transaction_limits limits = {.timeout_ms = 600};
    int64_t begin = clock_ms();
    ck_assert_int_eq(transaction_init(rk, &limits, &err), -1);
    ck_assert_msg(err.code == ERR_TIMEOUT && strcmp(err.text, "Initializing transactions: Local: Timed out") == 0,
                  "%d %s", err.code, err.text);
    ck_assert_int_ge(clock_ms() - begin, 600);
    limits = (struct transaction_limits){.timeout_ms = -1, .stop = stop_now, .arg = &looks};
    ck_assert_int_eq(transaction_init(rk, &limits, &err), -1);
    ck_assert_int_eq(err.code, ERR_STOPPING);
    ck_assert_str_eq(err.text, "Initializing transactions was given up because its task or worker stops");
    rd_kafka_mock_broker_set_up(kafka.cluster, 1);
    err = (struct kc_error){0};
    ck_assert_msg(transaction_init(rk, &patient, &err) == 0, "%s", err.text); /* goes on where it was */
}
END_TEST

START_TEST(test_wrong_order) {
    struct kc_error err = {0};
    AUTO(rd) rk = open_producer("linger.ms=0");
    ck_assert_int_eq(transaction_begin(rk, &err), -1);
    ck_assert_str_ne(err.text, "");
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("transaction");
    TCase *t = tcase_create("conf");
    tcase_add_test(t, test_conf);
    suite_add_tcase(s, t);
    t = tcase_create("calls");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 90);
    tcase_add_test(t, test_refused_init);
    tcase_add_test(t, test_passing_trouble);
    tcase_add_test(t, test_fenced);
    tcase_add_test(t, test_patience);
    tcase_add_test(t, test_wrong_order);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
