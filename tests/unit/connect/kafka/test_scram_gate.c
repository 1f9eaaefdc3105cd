/* Authentication in front of librdkafka, with and without TLS. The fake broker knows PLAIN only, which is as good: the
 * gate leaves the mechanism to wire_sasl.c. */
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"
#include "connect/kafka/scram_gate.h"
#include "tests/support/fake_broker.h"
#include "tests/support/mock_kafka.h"

static rd_kafka_t *open_client(struct fake_broker *b, bool tls, const char *password) {
    struct kc_error err = {0};
    AUTO(props) java = mock_kafka_props("sasl.mechanism=PLAIN\nreconnect.backoff.ms=10");
    char entry[256];
    snprintf(entry, sizeof(entry),
             "org.apache.kafka.common.security.plain.PlainLoginModule required username=alice password=\"%s\";",
             password);
    kc_config_set(java, "sasl.jaas.config", entry);
    kc_config_set(java, "bootstrap.servers", fake_broker_address(b));
    if (tls)
        kc_config_set(java, "ssl.truststore.certificates", fake_broker_ca_pem(b));
    /* what client_security.c does for SCRAM */
    kc_config_set(java, "security.protocol", tls ? "SSL" : "PLAINTEXT");
    rd_kafka_conf_t *conf = client_conf(CLIENT_ADMIN, java, &err);
    ck_assert_msg(conf != NULL, "%s", err.text);
    kc_config_set(java, "security.protocol", tls ? "SASL_SSL" : "SASL_PLAINTEXT");
    ck_assert_msg(scram_gate_install(conf, java, &err) == 0, "%s", err.text);
    rd_kafka_t *rk = client_new(CLIENT_ADMIN, conf, &err);
    ck_assert_msg(rk != NULL, "%s", err.text);
    return rk;
}

START_TEST(passes) {
    bool tls = _i == 1;
    struct fake_broker_conf conf = {.tls = tls, .sasl = true, .user = "alice", .password = "secret"};
    struct fake_broker *b = fake_broker_start(&conf);
    rd_kafka_t *rk = open_client(b, tls, "secret");
    fake_broker_wait(b, WIRE_SASL_AUTHENTICATE, 1);
    fake_broker_wait(b, WIRE_API_VERSIONS, 1); /* librdkafka's own first request comes after it */
    struct kc_error err = {0};
    ck_assert_int_eq(client_refused(rk, &err), 0);
    client_free(rk);
    fake_broker_stop(b);
}
END_TEST

START_TEST(refused) {
    bool tls = _i == 1;
    struct fake_broker_conf conf = {.tls = tls, .sasl = true, .user = "alice", .password = "secret"};
    struct fake_broker *b = fake_broker_start(&conf);
    rd_kafka_t *rk = open_client(b, tls, "wrong");
    struct kc_error err = {0};
    for (int i = 0; i < 500 && client_refused(rk, &err) == 0; i++)
        rd_kafka_poll(rk, 10);
    ck_assert_int_eq(err.code, ERR_AUTH);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_API_VERSIONS), 0);
    client_free(rk);
    fake_broker_stop(b);
}
END_TEST

/* A broker that does not answer: destroying the client does not wait for the time-out. */
START_TEST(closed_while_waiting) {
    struct fake_broker_conf conf = {.sasl = true, .user = "alice", .password = "secret"};
    struct fake_broker *b = fake_broker_start(&conf);
    struct fake_answer hold = {.api = WIRE_SASL_HANDSHAKE, .action = FAKE_HOLD};
    fake_broker_queue(b, &hold);
    rd_kafka_t *rk = open_client(b, false, "secret");
    fake_broker_wait(b, WIRE_SASL_HANDSHAKE, 1);
    int64_t start = clock_ms();
    client_free(rk);
    ck_assert_int_lt(clock_ms() - start, 3000);
    fake_broker_stop(b);
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("scram_gate");
    TCase *t = tcase_create("scram_gate");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, passes, 0, 2);
    tcase_add_loop_test(t, refused, 0, 2);
    tcase_add_test(t, closed_while_waiting);
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
