/* Fencing against a mock cluster, which does not really fence, and a broker that falls silent: what is asked, and what
 * becomes of the answers. */
#include "tests/support/suite.h"

#include <pthread.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/fence_producers.h"
#include "tests/support/fake_broker.h"
#include "tests/support/mock_kafka.h"

enum { FIND_COORDINATOR = 10, INIT_PRODUCER_ID = 22 };

static int fence(const struct mock_kafka *m, size_t count, int64_t timeout_ms, struct kc_error *err) {
    static const char *const ids[] = {"g-c-0", "g-c-1", "g-c-2"};
    AUTO(props) java = mock_kafka_props("client.id=connector-worker-adminclient-c");
    kc_config_set(java, "bootstrap.servers", m->bootstrap);
    return fence_producers(java, ids, count, timeout_ms, NULL, err);
}

START_TEST(test_answers) {
    static const struct {
        int api;
        rd_kafka_resp_err_t code;
        const char *error; /* NULL: it works in the end */
    } rows[] = {
        {FIND_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, NULL},
        {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, NULL},
        {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, NULL},
        {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, NULL},
        {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
         "org.apache.kafka.common.errors.TransactionalIdAuthorizationException: Failed to fence producer for "
         "transactional ID `g-c-0`: Broker: Transactional Id authorization failed"},
        {FIND_COORDINATOR, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
         "org.apache.kafka.common.errors.TransactionalIdAuthorizationException: Failed to fence producer for "
         "transactional ID `g-c-0`: Broker: Transactional Id authorization failed"},
    };
    struct mock_kafka mock = mock_kafka_start(3); /* coordinators differ */
    struct kc_error err = {0};
    ck_assert_msg(fence(&mock, 3, 20000, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        rd_kafka_mock_clear_request_errors(mock.cluster, FIND_COORDINATOR);
        rd_kafka_mock_clear_request_errors(mock.cluster, INIT_PRODUCER_ID);
        rd_kafka_mock_push_request_errors(mock.cluster, (int16_t)rows[i].api, 1, rows[i].code);
        int rc = fence(&mock, 3, 20000, &err);
        AUTO_TEXT trace = err_trace(&err);
        ck_assert_msg(rows[i].error ? rc < 0 && strcmp(trace, rows[i].error) == 0 : rc == 0, "%zu: %d %s", i, rc,
                      trace);
    }
    mock_kafka_stop(&mock);
}
END_TEST

START_TEST(test_no_broker) {
    struct mock_kafka nobody = {.bootstrap = "127.0.0.1:1"};
    struct kc_error err = {0};
    int64_t before = clock_ms();
    ck_assert_int_eq(fence(&nobody, 1, 500, &err), -1);
    ck_assert_int_lt(clock_ms() - before, 5000);
    ck_assert_msg(strncmp(err.text, "Timed out: ", 11) == 0, "%s", err.text);
}
END_TEST

START_TEST(test_bad_addresses) {
    struct mock_kafka nobody = {.bootstrap = "nonsense"};
    struct kc_error err = {0};
    ck_assert_int_eq(fence(&nobody, 1, 500, &err), -1);
    ck_assert_int_eq(err.code, ERR_BAD_CONFIG);
}
END_TEST

/* ---- a coordinator that falls silent ---- */

static const struct wire_api_range versions[] = {
    {WIRE_METADATA, 0, 9}, {WIRE_FIND_COORDINATOR, 0, 3}, {WIRE_INIT_PRODUCER_ID, 0, 1}, {WIRE_API_VERSIONS, 0, 3}};
static const struct fake_broker_conf transactional = {.versions = versions, .version_count = COUNT_OF(versions)};
#define FENCED "00000000 0000 0000000000000007 0001" /* throttle time, no error, producer id, epoch */

static int fence_one(struct fake_broker *b, const char *request_timeout_ms, const atomic_bool *stop,
                     struct kc_error *err) {
    static const char *const ids[] = {"g-c-0"};
    AUTO(props) java = mock_kafka_props("client.id=a");
    kc_config_set(java, "bootstrap.servers", fake_broker_address(b));
    kc_config_set(java, "request.timeout.ms", request_timeout_ms);
    return fence_producers(java, ids, 1, 20000, stop, err);
}

START_TEST(test_silence) {
    static const enum fake_action actions[] = {FAKE_HOLD, FAKE_CLOSE};
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        struct fake_broker *b = fake_broker_start(&transactional);
        struct kc_error err = {0};
        int64_t before = clock_ms();
        fake_broker_queue(b, &(struct fake_answer){.api = WIRE_INIT_PRODUCER_ID, .action = actions[i]});
        fake_broker_queue(b, &(struct fake_answer){.api = WIRE_INIT_PRODUCER_ID, .hex = FENCED});
        ck_assert_msg(fence_one(b, "300", NULL, &err) == 0, "%s", err.text); /* asked anew */
        ck_assert_int_lt(clock_ms() - before, 10000);
        ck_assert_uint_eq(fake_broker_count(b, WIRE_INIT_PRODUCER_ID), 2);
        ck_assert_uint_eq(fake_broker_count(b, WIRE_FIND_COORDINATOR), 2);
        fake_broker_stop(b);
    }
}
END_TEST

static void *stop_soon(void *arg) {
    clock_sleep_ms(300);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

START_TEST(test_stop) {
    struct fake_broker *b = fake_broker_start(&transactional);
    struct kc_error err = {0};
    atomic_bool stop = false;
    pthread_t thread;
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_INIT_PRODUCER_ID, .action = FAKE_HOLD});
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    int64_t before = clock_ms();
    ck_assert_int_eq(fence_one(b, "30000", &stop, &err), -1);
    ck_assert_int_eq(err.code, ERR_STOPPING);
    ck_assert_int_lt(clock_ms() - before, 5000);
    pthread_join(thread, NULL);
    fake_broker_stop(b);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("kafka/fence_producers");
    TCase *t = tcase_create("fence_producers");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_answers);
    tcase_add_test(t, test_no_broker);
    tcase_add_test(t, test_bad_addresses);
    tcase_add_test(t, test_silence);
    tcase_add_test(t, test_stop);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
