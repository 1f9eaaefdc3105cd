/* Connections against a fake broker: set-up, TLS, SASL, refusals, broken peers, time-outs. */
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/wire.h"
#include "tests/support/fake_broker.h"
#include "tests/support/suite.h"

static struct wire_security *copied(struct wire_security sec) {
    struct kc_error err = {0};
    struct wire_security *copy = wire_security_copy(&sec, &err);
    ck_assert_msg(copy != NULL, "%s", err.text);
    return copy;
}

/* Opens and waits; on failure NULL with err. */
static struct wire_conn *connect_to(const struct wire_security *sec, const char *host, int port, int32_t timeout_ms,
                                    struct kc_error *err) {
    struct wire_conn_conf conf = {.client_id = "c", .security = sec, .setup_timeout_ms = timeout_ms};
    struct wire_conn *conn = wire_conn_open(&conf, host, port, err);
    if (conn && wire_conn_wait_ready(conn, 10000, err) < 0)
        return wire_conn_close(conn);
    return conn;
}

static void call_heartbeat(struct wire_conn *conn, int16_t wanted) {
    struct kc_error err = {0};
    int version = wire_conn_version(conn, WIRE_HEARTBEAT, WIRE_HEARTBEAT_MIN, WIRE_HEARTBEAT_MAX, &err);
    ck_assert_int_eq(version, 3);
    AUTO_BUF body;
    buf_init(&body, 4096);
    wire_encode_heartbeat(&body, (int16_t)version, "g", 1, "m");
    struct wire_response resp;
    ck_assert_msg(wire_conn_call(conn, WIRE_HEARTBEAT, (int16_t)version, body.data, body.len, 5000, &resp, &err) == 0,
                  "%s", err.text);
    int16_t error;
    ck_assert_int_eq(wire_decode_heartbeat(&resp, &error, &err), 0);
    ck_assert_int_eq(error, wanted);
}

START_TEST(plain_requests) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO(wire_security) sec = copied((struct wire_security){0});
    struct kc_error err = {0};
    AUTO(wire_conn) conn = connect_to(sec, "127.0.0.1", fake_broker_port(b), 5000, &err);
    ck_assert_msg(conn != NULL, "%s", err.text);
    ck_assert_str_eq(wire_conn_name(conn), fake_broker_address(b));
    ck_assert_int_eq(wire_conn_version(conn, WIRE_JOIN_GROUP, WIRE_JOIN_GROUP_MIN, WIRE_JOIN_GROUP_MAX, &err), 5);
    call_heartbeat(conn, 0);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = 27});
    call_heartbeat(conn, 27);
    struct fake_request req = fake_broker_wait(b, WIRE_HEARTBEAT, 2);
    ck_assert(wire_equal(req.client_id, "c"));
    ck_assert_int_eq(req.version, 3);
    fake_broker_stop(b);
}
END_TEST

/* Several requests on the way at once; their answers come in order. */
START_TEST(pipelining) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO(wire_security) sec = copied((struct wire_security){0});
    struct kc_error err = {0};
    AUTO(wire_conn) conn = connect_to(sec, "localhost", fake_broker_port(b), 5000, &err);
    ck_assert_ptr_nonnull(conn);
    enum { REQUESTS = 50 };
    int32_t ids[REQUESTS];
    AUTO_BUF body;
    buf_init(&body, 4096);
    wire_encode_heartbeat(&body, 3, "g", 1, "m");
    for (int i = 0; i < REQUESTS; i++)
        ids[i] = wire_conn_send(conn, WIRE_HEARTBEAT, 3, body.data, body.len);
    ck_assert_uint_eq(wire_conn_in_flight(conn), REQUESTS);
    int64_t until = clock_ms() + 5000;
    for (int got = 0; got < REQUESTS;) {
        struct wire_response resp;
        ck_assert_int_eq(wire_conn_step(conn, &err), 0);
        while (wire_conn_receive(conn, &resp, &err) == 1)
            ck_assert_int_eq(resp.correlation_id, ids[got++]);
        ck_assert_int_lt(clock_ms(), until);
    }
    ck_assert_uint_eq(wire_conn_in_flight(conn), 0);
    fake_broker_stop(b);
}
END_TEST

START_TEST(tls) {
    struct fake_broker *b = fake_broker_start(&(struct fake_broker_conf){.tls = true});
    struct kc_error err = {0};
    AUTO(wire_security)
    good = copied(
        (struct wire_security){.protocol = WIRE_SSL,
                               .ssl_ca_pem = fake_broker_ca_pem(b),
                               .ssl_cipher_suites = "TLS_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"});
    for (int i = 0; i < 2; i++) {
        AUTO(wire_conn) conn = connect_to(good, i ? "localhost" : "127.0.0.1", fake_broker_port(b), 5000, &err);
        ck_assert_msg(conn != NULL, "%s", err.text);
        call_heartbeat(conn, 0);
    }
    /* Trusts nobody whom the broker could be. */
    AUTO(wire_security) distrustful = copied((struct wire_security){.protocol = WIRE_SSL});
    AUTO(wire_conn) refused = connect_to(distrustful, "localhost", fake_broker_port(b), 5000, &err);
    ck_assert_ptr_null(refused);
    ck_assert_int_eq(err.code, ERR_AUTH);
    ck_assert_msg(strstr(err.text, "SSL handshake with localhost:") && strstr(err.text, "self-signed certificate"),
                  "%s", err.text);
    ck_assert(!err.retriable);
    fake_broker_stop(b);
}
END_TEST

/* The certificate is trusted but belongs to somebody else. */
START_TEST(tls_host_names) {
    struct fake_broker *b =
        fake_broker_start(&(struct fake_broker_conf){.tls = true, .tls_names = "DNS:other.example,IP:10.0.0.1"});
    for (int i = 0; i < 4; i++) {
        struct kc_error err = {0};
        bool skip = i >= 2;
        AUTO(wire_security)
        sec = copied((struct wire_security){
            .protocol = WIRE_SSL, .ssl_ca_pem = fake_broker_ca_pem(b), .ssl_skip_hostname_check = skip});
        AUTO(wire_conn) conn = connect_to(sec, i % 2 ? "localhost" : "127.0.0.1", fake_broker_port(b), 5000, &err);
        ck_assert_int_eq(conn != NULL, skip);
        if (!skip)
            ck_assert_msg(strstr(err.text, "mismatch") != NULL, "%s", err.text);
    }
    fake_broker_stop(b);
}
END_TEST

/* TLS spoken to a plain listener, and the other way round. */
START_TEST(wrong_protocol) {
    struct fake_broker *plain = fake_broker_start(NULL);
    struct fake_broker *encrypted = fake_broker_start(&(struct fake_broker_conf){.tls = true});
    struct kc_error err = {0};
    AUTO(wire_security) sec = copied((struct wire_security){0});
    AUTO(wire_security) ssl = copied((struct wire_security){.protocol = WIRE_SSL});
    AUTO(wire_conn) a = connect_to(ssl, "localhost", fake_broker_port(plain), 2000, &err);
    ck_assert_ptr_null(a);
    AUTO(wire_conn) b = connect_to(sec, "localhost", fake_broker_port(encrypted), 2000, &err);
    ck_assert_ptr_null(b);
    ck_assert_msg(strstr(err.text, "security.protocol") || strstr(err.text, "closed the connection"), "%s", err.text);
    fake_broker_stop(plain);
    fake_broker_stop(encrypted);
}
END_TEST

START_TEST(bad_tls_material) {
    static const struct {
        struct wire_security sec;
        const char *text;
    } cases[] = {
        {{.protocol = WIRE_SSL, .ssl_ca_path = "/nowhere/ca.pem"}, "SSL trust store /nowhere/ca.pem: cannot be read"},
        {{.protocol = WIRE_SSL, .ssl_ca_pem = "no pem"}, "SSL trust store: holds no certificate"},
        {{.protocol = WIRE_SASL_SSL, .ssl_certificate_path = "/nowhere/key.pem"}, "SSL key store /nowhere/key.pem"},
        {{.protocol = WIRE_SSL, .ssl_enabled_protocols = "TLSv1.2,SSLv2Hello"},
         "SSLv2Hello is not a known TLS version"},
        {{.protocol = WIRE_SSL, .ssl_cipher_suites = "NO_SUCH_SUITE"}, "ssl.cipher.suites"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        ck_assert_ptr_null(wire_security_copy(&cases[i].sec, &err));
        ck_assert_int_eq(err.code, ERR_BAD_CONFIG);
        ck_assert_msg(strstr(err.text, cases[i].text) != NULL, "%s", err.text);
    }
}
END_TEST

static const struct fake_broker_conf with_sasl = {.sasl = true, .user = "u", .password = "pw"};

START_TEST(sasl_plain) {
    struct fake_broker *b = fake_broker_start(&with_sasl);
    struct kc_error err = {0};
    AUTO(wire_security)
    good = copied((struct wire_security){.protocol = WIRE_SASL_PLAINTEXT, .user = "u", .password = "pw"});
    AUTO(wire_conn) conn = connect_to(good, "127.0.0.1", fake_broker_port(b), 5000, &err);
    ck_assert_msg(conn != NULL, "%s", err.text);
    call_heartbeat(conn, 0);
    AUTO(wire_security)
    bad = copied((struct wire_security){.protocol = WIRE_SASL_PLAINTEXT, .user = "u", .password = "secret1"});
    AUTO(wire_conn) refused = connect_to(bad, "127.0.0.1", fake_broker_port(b), 5000, &err);
    ck_assert_ptr_null(refused);
    ck_assert_int_eq(err.code, ERR_AUTH);
    ck_assert_str_eq(err.text, "Authentication failed: Invalid username or password");
    ck_assert_str_eq(err.exception, "org.apache.kafka.common.errors.SaslAuthenticationException");
    ck_assert_ptr_null(strstr(err.text, "secret1"));
    fake_broker_stop(b);
}
END_TEST

START_TEST(sasl_mechanism_refused) {
    struct fake_broker *b = fake_broker_start(&with_sasl);
    struct kc_error err = {0};
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_SASL_HANDSHAKE, .error = 33});
    AUTO(wire_security)
    sec = copied((struct wire_security){
        .protocol = WIRE_SASL_PLAINTEXT, .mechanism = WIRE_SCRAM_SHA_512, .user = "u", .password = "pw"});
    AUTO(wire_conn) conn = connect_to(sec, "127.0.0.1", fake_broker_port(b), 5000, &err);
    ck_assert_ptr_null(conn);
    ck_assert_str_eq(err.text,
                     "Client SASL mechanism 'SCRAM-SHA-512' not enabled in the server, enabled mechanisms are "
                     "[PLAIN]");
    ck_assert(!err.retriable);
    fake_broker_stop(b);
}
END_TEST

/* The session ends after 300 ms: later requests wait for a second exchange on the same connection. */
START_TEST(sasl_renewal) {
    struct fake_broker_conf conf = with_sasl;
    conf.session_lifetime_ms = 300;
    struct fake_broker *b = fake_broker_start(&conf);
    struct kc_error err = {0};
    AUTO(wire_security)
    sec = copied((struct wire_security){.protocol = WIRE_SASL_PLAINTEXT, .user = "u", .password = "pw"});
    AUTO(wire_conn) conn = connect_to(sec, "127.0.0.1", fake_broker_port(b), 5000, &err);
    ck_assert_ptr_nonnull(conn);
    call_heartbeat(conn, 0);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_SASL_AUTHENTICATE), 1);
    clock_sleep_ms(320);
    call_heartbeat(conn, 0);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_SASL_AUTHENTICATE), 2);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_API_VERSIONS), 1);
    call_heartbeat(conn, 0);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_SASL_AUTHENTICATE), 2);
    fake_broker_stop(b);
}
END_TEST

/* What a peer may do wrong during the set-up, and what is then said. */
static const struct {
    enum fake_action action;
    const char *hex, *text;
    bool retriable;
} bad_setups[] = {
    {FAKE_CLOSE, NULL, "closed the connection during its set-up", true},
    {FAKE_HOLD, NULL, "did not complete the connection set-up within 300 ms", true},
    {FAKE_RAW, "7fffffff 00000000", "is not a Kafka broker", false},
    {FAKE_RAW, "ffffffff 00000000", "is not a Kafka broker", false},
    {FAKE_RAW, "00000003 000000", "is not a Kafka broker", false},
    {FAKE_RAW, "48545450 2f312e31 20343030", "is not a Kafka broker", false}, /* HTTP/1.1 400 */
    {FAKE_RAW, "15030300 020228", "is not a Kafka broker", false},            /* a TLS alert */
    {FAKE_RAW, "0000000a 00000063 0000 00000000", "answered request 99 while 0 (ApiVersions)", false},
    {FAKE_RAW, "0000000a 00000000 0000 00000001", "ApiVersions response v0 is malformed", false},
    {FAKE_RAW, "00000008 00000000 0000 0000", "ApiVersions response v0 is malformed", false},
    {FAKE_RAW, "00000005 00000000 00", "ApiVersions response v0 is malformed", false},
    {FAKE_RAW, "00000100 00000000 00", "did not complete the connection set-up", true},
    {FAKE_ANSWER, "0023 00000000", "refused the ApiVersions request", false},
};

START_TEST(broken_setup) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO(wire_security) sec = copied((struct wire_security){0});
    struct kc_error err = {0};
    fake_broker_queue(
        b, &(struct fake_answer){.api = WIRE_API_VERSIONS, .action = bad_setups[_i].action, .hex = bad_setups[_i].hex});
    int64_t start = clock_ms();
    AUTO(wire_conn) conn = connect_to(sec, "127.0.0.1", fake_broker_port(b), 300, &err);
    ck_assert_ptr_null(conn);
    ck_assert_msg(strstr(err.text, bad_setups[_i].text) != NULL, "%s", err.text);
    ck_assert_int_eq(err.retriable, bad_setups[_i].retriable);
    ck_assert_int_lt(clock_ms() - start, 5000);
    fake_broker_stop(b);
}
END_TEST

static const struct {
    enum fake_action action;
    const char *hex, *text;
} bad_answers[] = {
    {FAKE_CLOSE, NULL, "closed the connection"},
    {FAKE_HOLD, NULL, "did not answer in time"},
    {FAKE_RAW, "00000006 0000ffff 0000", "answered request 65535"},
    {FAKE_RAW, "04000001 00000001", "sent a frame of 67108865 bytes"},
    {FAKE_RAW, "00000fff 00000001 0000", "did not answer in time"},
};

START_TEST(broken_answers) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO(wire_security) sec = copied((struct wire_security){0});
    struct kc_error err = {0};
    AUTO(wire_conn) conn = connect_to(sec, "127.0.0.1", fake_broker_port(b), 5000, &err);
    ck_assert_ptr_nonnull(conn);
    fake_broker_queue(
        b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .action = bad_answers[_i].action, .hex = bad_answers[_i].hex});
    AUTO_BUF body;
    buf_init(&body, 4096);
    wire_encode_heartbeat(&body, 3, "g", 1, "m");
    struct wire_response resp;
    ck_assert_int_eq(wire_conn_call(conn, WIRE_HEARTBEAT, 3, body.data, body.len, 300, &resp, &err), -1);
    ck_assert_msg(strstr(err.text, bad_answers[_i].text) != NULL, "%s", err.text);
    fake_broker_stop(b);
}
END_TEST

/* An answer that nobody asked for is an offence as well. */
START_TEST(unasked_answer) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO(wire_security) sec = copied((struct wire_security){0});
    struct kc_error err = {0};
    AUTO(wire_conn) conn = connect_to(sec, "127.0.0.1", fake_broker_port(b), 5000, &err);
    ck_assert_ptr_nonnull(conn);
    fake_broker_queue(b,
                      &(struct fake_answer){.api = WIRE_HEARTBEAT,
                                            .action = FAKE_RAW,
                                            .hex = "0000000a 00000001 00000000 0000 0000000a 00000001 00000000 0000"});
    call_heartbeat(conn, 0);
    struct wire_response resp;
    ck_assert_int_eq(wire_conn_receive(conn, &resp, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "nobody waits for"));
    fake_broker_stop(b);
}
END_TEST

START_TEST(versions_that_do_not_meet) {
    static const struct wire_api_range old[] = {
        {WIRE_API_VERSIONS, 0, 0}, {WIRE_HEARTBEAT, 0, 0}, {WIRE_JOIN_GROUP, 6, 9}};
    struct fake_broker *b =
        fake_broker_start(&(struct fake_broker_conf){.versions = old, .version_count = COUNT_OF(old)});
    AUTO(wire_security) sec = copied((struct wire_security){0});
    struct kc_error err = {0};
    AUTO(wire_conn) conn = connect_to(sec, "127.0.0.1", fake_broker_port(b), 5000, &err);
    ck_assert_ptr_nonnull(conn);
    ck_assert_int_eq(wire_conn_version(conn, WIRE_HEARTBEAT, 1, 3, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "supports Heartbeat in versions 0 to 0, this worker needs one of 1 to 3"));
    ck_assert_int_eq(wire_conn_version(conn, WIRE_JOIN_GROUP, 2, 5, &err), -1);
    ck_assert_int_eq(wire_conn_version(conn, WIRE_SYNC_GROUP, 1, 3, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "does not support SyncGroup"));
    ck_assert(!err.retriable);
    fake_broker_stop(b);
}
END_TEST

START_TEST(nobody_there) {
    struct fake_broker *b = fake_broker_start(NULL);
    int port = fake_broker_port(b);
    fake_broker_stop(b);
    AUTO(wire_security) sec = copied((struct wire_security){0});
    struct kc_error err = {0};
    AUTO(wire_conn) conn = connect_to(sec, "localhost", port, 2000, &err);
    ck_assert_ptr_null(conn);
    ck_assert_msg(strstr(err.text, "Cannot connect to localhost:") != NULL, "%s", err.text);
    ck_assert(err.retriable);
    AUTO(wire_conn) unknown = connect_to(sec, "no.such.host.invalid", port, 2000, &err);
    ck_assert_ptr_null(unknown);
    ck_assert_msg(strstr(err.text, "Couldn't resolve server no.such.host.invalid:") != NULL, "%s", err.text);
    ck_assert(err.retriable);
}
END_TEST

START_TEST(names) {
    enum wire_protocol protocol;
    enum wire_mechanism mechanism;
    ck_assert_int_eq(wire_protocol_parse("sasl_SSL", &protocol), 0);
    ck_assert_int_eq(protocol, WIRE_SASL_SSL);
    ck_assert_int_eq(wire_protocol_parse("TLS", &protocol), -1);
    ck_assert_int_eq(wire_mechanism_parse("SCRAM-SHA-512", &mechanism), 0);
    ck_assert_int_eq(mechanism, WIRE_SCRAM_SHA_512);
    ck_assert_int_eq(wire_mechanism_parse("GSSAPI", &mechanism), -1);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("kafka/wire");
    TCase *tc = tcase_create("connections");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, plain_requests);
    tcase_add_test(tc, pipelining);
    tcase_add_test(tc, tls);
    tcase_add_test(tc, tls_host_names);
    tcase_add_test(tc, wrong_protocol);
    tcase_add_test(tc, bad_tls_material);
    tcase_add_test(tc, sasl_plain);
    tcase_add_test(tc, sasl_mechanism_refused);
    tcase_add_test(tc, sasl_renewal);
    tcase_add_loop_test(tc, broken_setup, 0, COUNT_OF(bad_setups));
    tcase_add_loop_test(tc, broken_answers, 0, COUNT_OF(bad_answers));
    tcase_add_test(tc, unasked_answer);
    tcase_add_test(tc, versions_that_do_not_meet);
    tcase_add_test(tc, nobody_there);
    tcase_add_test(tc, names);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
