/* Java client properties → librdkafka; layers; override policies; errors. */
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/kafka/client.h"
#include "connect/kafka/client_options.h"
#include "connect/kafka/scram_gate.h"
#include "tests/support/mock_kafka.h"

static const char *conf_get(rd_kafka_conf_t *conf, const char *key) {
    static char value[4][65536];
    static int turn;
    turn = (turn + 1) % 4;
    size_t size = sizeof(value[0]);
    if (rd_kafka_conf_get(conf, key, value[turn], &size) != RD_KAFKA_CONF_OK)
        return NULL;
    return value[turn];
}

static const struct {
    enum client_kind kind;
    const char *java, *key, *want;
} mappings[] = {
    /* defaults are Java's */
    {CLIENT_PRODUCER, "", "partitioner", "murmur2_random"},
    {CLIENT_PRODUCER, "", "message.max.bytes", "1048576"},
    {CLIENT_PRODUCER, "", "queue.buffering.max.kbytes", "32768"},
    {CLIENT_PRODUCER, "", "delivery.timeout.ms", "120000"},
    {CLIENT_PRODUCER, "", "reconnect.backoff.ms", "50"},
    {CLIENT_PRODUCER, "", "reconnect.backoff.max.ms", "1000"},
    {CLIENT_CONSUMER, "", "isolation.level", "read_uncommitted"},
    {CLIENT_CONSUMER, "", "auto.offset.reset", "latest"},
    {CLIENT_CONSUMER, "", "allow.auto.create.topics", "true"},
    {CLIENT_CONSUMER, "", "check.crcs", "true"},
    {CLIENT_CONSUMER, "", "session.timeout.ms", "45000"},
    {CLIENT_CONSUMER, "", "queued.max.messages.kbytes", "16384"},
    {CLIENT_CONSUMER, "", "queued.min.messages", "50000"},
    {CLIENT_CONSUMER, "", "security.protocol", "plaintext"},
    /* values */
    {CLIENT_PRODUCER, "acks=all", "acks", "-1"},
    {CLIENT_PRODUCER, "acks=-1", "acks", "-1"},
    {CLIENT_PRODUCER, "acks= 1 ", "acks", "1"},
    {CLIENT_PRODUCER, "acks=0", "acks", "0"},
    {CLIENT_PRODUCER, "compression.type=zstd", "compression.type", "zstd"},
    {CLIENT_PRODUCER, "compression.type=gzip\ncompression.gzip.level=6", "compression.level", "6"},
    {CLIENT_PRODUCER, "compression.type=zstd\ncompression.gzip.level=6", "compression.level", "-1"},
    {CLIENT_PRODUCER, "compression.type=zstd\ncompression.zstd.level=22", "compression.level", "12"},
    {CLIENT_PRODUCER, "delivery.timeout.ms=2147483647", "delivery.timeout.ms", "2147483647"},
    {CLIENT_PRODUCER, "buffer.memory=67108864", "queue.buffering.max.kbytes", "65536"},
    {CLIENT_PRODUCER, "buffer.memory=1", "queue.buffering.max.kbytes", "1"},
    {CLIENT_PRODUCER, "linger.ms=20", "linger.ms", "20"},
    {CLIENT_PRODUCER, "linger.ms=99999999999", "linger.ms", "900000"},
    {CLIENT_PRODUCER, "batch.size=131072", "batch.size", "131072"},
    {CLIENT_PRODUCER, "batch.size=0", "batch.size", "1"},
    {CLIENT_PRODUCER, "max.request.size=5000000", "message.max.bytes", "5000000"},
    {CLIENT_PRODUCER, "max.request.size=2147483647", "message.max.bytes", "1000000000"},
    {CLIENT_PRODUCER, "request.timeout.ms=40000", "request.timeout.ms", "40000"},
    {CLIENT_PRODUCER, "request.timeout.ms=40000", "socket.timeout.ms", "40000"},
    {CLIENT_CONSUMER, "request.timeout.ms=400000", "socket.timeout.ms", "300000"},
    {CLIENT_PRODUCER, "retries=0", "retries", "0"},
    {CLIENT_PRODUCER, "retry.backoff.ms=250", "retry.backoff.ms", "250"},
    {CLIENT_CONSUMER, "retry.backoff.ms=250", "fetch.error.backoff.ms", "250"},
    {CLIENT_PRODUCER, "max.in.flight.requests.per.connection=1", "max.in.flight.requests.per.connection", "1"},
    {CLIENT_PRODUCER, "enable.idempotence=true", "enable.idempotence", "true"},
    {CLIENT_PRODUCER, "partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner", "partitioner",
     "random"},
    {CLIENT_PRODUCER, "partitioner.ignore.keys=true", "partitioner", "random"},
    {CLIENT_PRODUCER, "partitioner.class=com.example.Mine", "partitioner", "murmur2_random"},
    {CLIENT_PRODUCER, "max.block.ms=9223372036854775807", "partitioner", "murmur2_random"},
    {CLIENT_CONSUMER, "auto.offset.reset=earliest", "auto.offset.reset", "smallest"},
    {CLIENT_CONSUMER, "auto.offset.reset=none", "auto.offset.reset", "error"},
    {CLIENT_CONSUMER, "isolation.level=read_committed", "isolation.level", "read_committed"},
    {CLIENT_CONSUMER, "fetch.max.wait.ms=50", "fetch.wait.max.ms", "50"},
    {CLIENT_CONSUMER, "fetch.min.bytes=100000", "fetch.min.bytes", "100000"},
    {CLIENT_CONSUMER, "fetch.max.bytes=1000000", "fetch.max.bytes", "1000000"},
    {CLIENT_CONSUMER, "fetch.max.bytes=50000", "message.max.bytes", "50000"},
    {CLIENT_CONSUMER, "fetch.max.bytes=50000", "fetch.max.bytes", "50000"},
    {CLIENT_CONSUMER, "fetch.max.bytes=2147483647", "fetch.max.bytes", "2147483135"},
    {CLIENT_CONSUMER, "max.partition.fetch.bytes=2097152", "max.partition.fetch.bytes", "2097152"},
    {CLIENT_CONSUMER, "max.poll.records=10", "auto.offset.reset", "latest"},
    {CLIENT_CONSUMER, "session.timeout.ms=400000", "max.poll.interval.ms", "400000"},
    {CLIENT_CONSUMER, "max.poll.interval.ms=1000\nsession.timeout.ms=6000", "max.poll.interval.ms", "6000"},
    {CLIENT_CONSUMER, "reconnect.backoff.ms=3000", "reconnect.backoff.max.ms", "3000"},
    {CLIENT_CONSUMER, "reconnect.backoff.ms=3000\nreconnect.backoff.max.ms=2000", "reconnect.backoff.max.ms", "3000"},
    {CLIENT_CONSUMER, "metadata.max.age.ms=5000", "topic.metadata.refresh.interval.ms", "5000"},
    {CLIENT_CONSUMER, "connections.max.idle.ms=-1", "connections.max.idle.ms", "0"},
    {CLIENT_CONSUMER, "send.buffer.bytes=-1", "socket.send.buffer.bytes", "0"},
    {CLIENT_CONSUMER, "socket.connection.setup.timeout.ms=10", "socket.connection.setup.timeout.ms", "1000"},
    {CLIENT_CONSUMER, "client.rack=eu-1a", "client.rack", "eu-1a"},
    {CLIENT_CONSUMER, "client.id=x y", "client.id", "x y"},
    {CLIENT_CONSUMER,
     "partition.assignment.strategy=org.apache.kafka.clients.consumer.RoundRobinAssignor, "
     "org.apache.kafka.clients.consumer.RangeAssignor",
     "partition.assignment.strategy", "roundrobin,range"},
    {CLIENT_CONSUMER,
     "partition.assignment.strategy=org.apache.kafka.clients.consumer.RangeAssignor,"
     "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
     "partition.assignment.strategy", "range"},
    {CLIENT_CONSUMER, "partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
     "partition.assignment.strategy", "cooperative-sticky"},
    {CLIENT_CONSUMER, "partition.assignment.strategy=org.apache.kafka.clients.consumer.StickyAssignor",
     "partition.assignment.strategy", "range"},
    /* of other clients, of the worker, or unknown: no effect, no error */
    {CLIENT_ADMIN, "max.poll.records=x\nacks=17", "partitioner", "murmur2_random"},
    {CLIENT_CONSUMER, "acks=17\nlinger.ms=x", "auto.offset.reset", "latest"},
    {CLIENT_ADMIN, "key.converter=org.apache.kafka.connect.json.JsonConverter\nno.such.thing=1", "partitioner",
     "murmur2_random"},
    {CLIENT_CONSUMER, "interceptor.classes=a.B\nmetric.reporters=x", "auto.offset.reset", "latest"},
    /* security */
    {CLIENT_CONSUMER, "security.protocol=SSL", "security.protocol", "ssl"},
    {CLIENT_CONSUMER, "security.protocol=ssl", "ssl.endpoint.identification.algorithm", "https"},
    {CLIENT_CONSUMER,
     "security.protocol=SSL\nssl.endpoint.identification.algorithm=", "ssl.endpoint.identification.algorithm", "none"},
    {CLIENT_CONSUMER,
     "security.protocol=SSL\nssl.cipher.suites=TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,"
     "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
     "ssl.cipher.suites", "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"},
    {CLIENT_PRODUCER,
     "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config="
     "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"al;ice\" password=\"se=cr\\\"et\";",
     "sasl.username", "al;ice"},
    {CLIENT_PRODUCER,
     "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config="
     "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"al;ice\" password=\"se=cr\\\"et\";",
     "sasl.password", "se=cr\"et"},
    {CLIENT_PRODUCER,
     "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config="
     "org.apache.kafka.common.security.scram.ScramLoginModule required username=bob password=pw;",
     "security.protocol", "ssl"}, /* with a gate in front: scram_gate.h; the test checks for sasl_ssl from 2.6.1 on */
    {CLIENT_PRODUCER,
     "security.protocol=SASL_PLAINTEXT\nsasl.kerberos.service.name=kafka\nsasl.jaas.config="
     "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true keyTab=\"/etc/k.keytab\" "
     "principal=\"c@EXAMPLE.COM\";",
     "sasl.kerberos.principal", "c@EXAMPLE.COM"},
    /* without SASL a stray entry is not looked at, as in Java */
    {CLIENT_PRODUCER, "sasl.jaas.config=nonsense", "security.protocol", "plaintext"},
};

START_TEST(mapping) {
    AUTO(props) java = mock_kafka_props(mappings[_i].java);
    struct kc_error err = {0};
    rd_kafka_conf_t *conf = client_conf(mappings[_i].kind, java, &err);
    ck_assert_msg(conf != NULL, "%s: %s", mappings[_i].java, err.text);
    const char *got = conf_get(conf, mappings[_i].key);
    if (strstr(mappings[_i].java, "ScramLoginModule") && !scram_gate_needed())
        got = strcmp(got, "sasl_ssl") == 0 ? "ssl" : "the mechanism was not handed on";
    ck_assert_msg(got != NULL, "%s: no %s", mappings[_i].java, mappings[_i].key);
    /* smallest and earliest are two names of one thing */
    if (strcmp(got, "earliest") == 0)
        got = "smallest";
    ck_assert_msg(strcmp(got, mappings[_i].want) == 0 ||
                      (strcmp(got, "largest") == 0 && strcmp(mappings[_i].want, "latest") == 0),
                  "%s: %s = %s, not %s", mappings[_i].java, mappings[_i].key, got, mappings[_i].want);
    rd_kafka_conf_destroy(conf);
}
END_TEST

static const struct {
    enum client_kind kind;
    const char *java, *text;
} refusals[] = {
    {CLIENT_PRODUCER, "linger.ms=q", "Invalid value q for configuration linger.ms: Not a number of type LONG"},
    {CLIENT_PRODUCER, "linger.ms=-5", "Invalid value -5 for configuration linger.ms: Value must be at least 0"},
    {CLIENT_PRODUCER, "acks=2", "Invalid value 2 for configuration acks: String must be one of: all, -1, 0, 1"},
    {CLIENT_PRODUCER, "batch.size=99999999999",
     "Invalid value 99999999999 for configuration batch.size: Not a number of type INT"},
    {CLIENT_PRODUCER, "enable.idempotence=maybe",
     "Invalid value maybe for configuration enable.idempotence: Expected value to be either true or false"},
    {CLIENT_PRODUCER, "compression.type=brotli",
     "Invalid value brotli for configuration compression.type: String must be one of: none, gzip, snappy, lz4, zstd"},
    {CLIENT_PRODUCER, "compression.gzip.level=99",
     "Invalid value 99 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1"},
    {CLIENT_CONSUMER, "auto.offset.reset=sometime",
     "Invalid value sometime for configuration auto.offset.reset: Invalid value `sometime` for configuration "
     "auto.offset.reset. The value must be either 'earliest', 'latest', 'none' or of the format "
     "'by_duration:<PnDTnHnMn.nS.>'."},
    {CLIENT_PRODUCER, "linger.ms=0x5", "Invalid value 0x5 for configuration linger.ms: Not a number of type LONG"},
    {CLIENT_PRODUCER, "batch.size=", "Invalid value  for configuration batch.size: Not a number of type INT"},
    {CLIENT_PRODUCER, "compression.type=GZIP", "Invalid value GZIP for configuration compression.type"},
    {CLIENT_CONSUMER, "auto.offset.reset=by_duration:PT1H", "by_duration is not supported"},
    {CLIENT_CONSUMER, "group.instance.id=", "String must be non-empty"},
    {CLIENT_CONSUMER, "security.protocol=TLS", "Invalid value TLS for configuration security.protocol"},
    {CLIENT_CONSUMER, "sasl.login.refresh.window.factor=2",
     "Invalid value 2.0 for configuration sasl.login.refresh.window.factor: Value must be no more than 1.0"},
    {CLIENT_CONSUMER, "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN", "set sasl.jaas.config"},
    {CLIENT_CONSUMER, "security.protocol=SASL_SSL\nsasl.mechanism=MAGIC\nsasl.jaas.config=a.B required;",
     "Invalid value MAGIC for configuration sasl.mechanism"},
    {CLIENT_CONSUMER, "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=a.PlainLoginModule required;",
     "needs the options username and password"},
    {CLIENT_CONSUMER,
     "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=a.ScramLoginModule required username=u "
     "password=p;",
     "does not serve sasl.mechanism PLAIN"},
    {CLIENT_CONSUMER, "security.protocol=SSL\nssl.truststore.location=/no/such/file.jks",
     "Failed to load ssl.truststore.location /no/such/file.jks: No such file"},
    {CLIENT_CONSUMER, "security.protocol=SSL\nssl.keystore.key=x",
     "SSL private key is specified, but certificate chain is not specified."},
};

START_TEST(refusal) {
    AUTO(props) java = mock_kafka_props(refusals[_i].java);
    struct kc_error err = {0};
    ck_assert_ptr_null(client_conf(refusals[_i].kind, java, &err));
    ck_assert_msg(strstr(err.text, refusals[_i].text) != NULL, "%s: %s", refusals[_i].java, err.text);
    ck_assert_str_eq(err.exception, KC_CONFIG_EXCEPTION);
}
END_TEST

/* Each row is well formed: a default passes its own check, the target exists in librdkafka, names are unique per kind.
 */
START_TEST(table) {
    size_t count = 0;
    for (const struct client_option *o; (o = client_option_at(count)); count++) {
        struct kc_error err = {0};
        if (o->def && (o->type != KC_OPT_T_CLASS))
            ck_assert_msg(client_option_check(o, o->def, &err) == 0, "%s", err.text);
        ck_assert_msg((o->use == USE_MAP || o->use == USE_IF_KNOWN) == (o->target != NULL), "%s", o->name);
        if (o->use == USE_MAP) {
            rd_kafka_conf_t *conf = rd_kafka_conf_new();
            char why[256];
            ck_assert_msg(rd_kafka_conf_set(conf, o->target, NULL, why, sizeof(why)) != RD_KAFKA_CONF_UNKNOWN, "%s: %s",
                          o->name, why);
            rd_kafka_conf_destroy(conf);
        }
        const struct client_option *other;
        for (size_t i = 0; i < count && (other = client_option_at(i)); i++)
            ck_assert_msg(strcmp(other->name, o->name) != 0 || (other->kinds & o->kinds) == 0, "%s twice", o->name);
    }
    ck_assert_uint_gt(count, 140);
}
END_TEST

START_TEST(checks_and_numbers) {
    struct kc_error err = {0};
    const struct client_option *linger = client_option_find(CLIENT_PRODUCER, "linger.ms");
    ck_assert_int_lt(client_option_check(linger, "q", &err), 0);
    ck_assert_str_eq(err.text, "Invalid value q for configuration linger.ms: Not a number of type LONG");
    ck_assert_int_eq(client_option_check(linger, " 5 ", &err), 0);
    ck_assert_ptr_null(client_option_find(CLIENT_PRODUCER, "no.such"));
    AUTO(props) java = mock_kafka_props("max.poll.records=7\nmax.block.ms=junk");
    ck_assert_int_eq(client_number(CLIENT_CONSUMER, java, "max.poll.records"), 7);
    ck_assert_int_eq(client_number(CLIENT_PRODUCER, java, "max.block.ms"), 60000);
    ck_assert_int_eq(client_number(CLIENT_ADMIN, java, "default.api.timeout.ms"), 60000);
}
END_TEST

START_TEST(layers) {
    AUTO(props)
    worker = mock_kafka_props("bootstrap.servers=b:1\nsecurity.protocol=SSL\nproducer.linger.ms=3\nproducer.acks=1\n"
                              "consumer.client.rack=r\nadmin.client.id=adm\ngroup.id=g\nadmin.retries=4");
    AUTO(props)
    connector = mock_kafka_props("name=c\nproducer.override.acks=all\nconsumer.override.group.id=own\n"
                                 "admin.override.security.protocol=PLAINTEXT");
    AUTO(props) p = client_props_producer(worker, connector, "connector-producer-c-0");
    static const char *const producer[] = {"bootstrap.servers",
                                           "b:1",
                                           "max.block.ms",
                                           "9223372036854775807",
                                           "enable.idempotence",
                                           "false",
                                           "acks",
                                           "all",
                                           "max.in.flight.requests.per.connection",
                                           "1",
                                           "delivery.timeout.ms",
                                           "2147483647",
                                           "client.id",
                                           "connector-producer-c-0",
                                           "linger.ms",
                                           "3",
                                           NULL};
    for (size_t i = 0; producer[i]; i += 2)
        ck_assert_str_eq(kc_config_get(p, producer[i]), producer[i + 1]);
    ck_assert_ptr_null(kc_config_get(p, "security.protocol"));
    AUTO(props) c = client_props_consumer(worker, connector, "connector-consumer-c-0", "connect-c");
    static const char *const consumer[] = {"group.id",
                                           "own",
                                           "client.id",
                                           "connector-consumer-c-0",
                                           "enable.auto.commit",
                                           "false",
                                           "auto.offset.reset",
                                           "earliest",
                                           "client.rack",
                                           "r",
                                           NULL};
    for (size_t i = 0; consumer[i]; i += 2)
        ck_assert_str_eq(kc_config_get(c, consumer[i]), consumer[i + 1]);
    AUTO(props) a = client_props_admin(worker, connector, "x");
    ck_assert_str_eq(kc_config_get(a, "security.protocol"), "PLAINTEXT");
    ck_assert_str_eq(kc_config_get(a, "client.id"), "adm");
    ck_assert_str_eq(kc_config_get(a, "retries"), "4");
    ck_assert_ptr_null(kc_config_get(a, "producer.acks"));
    AUTO(props) bare = client_props_producer(worker, NULL, NULL);
    ck_assert_str_eq(kc_config_get(bare, "acks"), "1");
}
END_TEST

static void remember(void *arg, const char *key, const char *text) {
    (void)key;
    snprintf(arg, 512, "%s", text);
}

START_TEST(policies) {
    struct kc_error err = {0};
    AUTO(props)
    connector = mock_kafka_props("producer.override.linger.ms=5\nproducer.override.sasl.mechanism=PLAIN\nname=x");
    static const char *const items[] = {"linger.ms"};
    struct kc_list list = {items, 1};
    char text[512] = "";
    static const struct {
        const char *policy;
        size_t violations;
    } cases[] = {{"All", 0},
                 {"None", 2},
                 {"Principal", 1},
                 {"Allowlist", 1},
                 {"org.apache.kafka.connect.connector.policy.NoneConnectorClientConfigOverridePolicy", 2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_uint_eq(client_policy_check(cases[i].policy, &list, "producer.override.", connector, NULL, NULL),
                          cases[i].violations);
        ck_assert_uint_eq(client_policy_check(cases[i].policy, &list, "consumer.override.", connector, NULL, NULL), 0);
    }
    client_policy_check("Principal", NULL, "producer.override.", connector, remember, text);
    ck_assert_str_eq(
        text, "The 'Principal' policy does not allow 'linger.ms' to be overridden in the connector configuration.");
    ck_assert_int_lt(client_policy_enforce("None", NULL, "producer.override.", connector, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "Client Config Overrides not allowed ["));
}
END_TEST

START_TEST(errors) {
    static const struct {
        rd_kafka_resp_err_t code;
        const char *exception;
        bool retriable;
    } cases[] = {
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
         true},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "org.apache.kafka.common.errors.TopicAuthorizationException",
         false},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "org.apache.kafka.common.errors.RecordTooLargeException", false},
        {RD_KAFKA_RESP_ERR__TIMED_OUT, "org.apache.kafka.common.errors.TimeoutException", true},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, "org.apache.kafka.common.errors.SaslAuthenticationException", false},
        {RD_KAFKA_RESP_ERR_UNKNOWN, "org.apache.kafka.common.errors.UnknownServerException", false},
        {RD_KAFKA_RESP_ERR_INVALID_RECORD, "org.apache.kafka.common.InvalidRecordException", false},
        {(rd_kafka_resp_err_t)999, "org.apache.kafka.common.KafkaException", false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kc_error err = {0};
        ck_assert_int_lt(client_error(&err, cases[i].code, "sending to %s", "t"), 0);
        ck_assert_str_eq(err.exception, cases[i].exception);
        ck_assert_int_eq(err.retriable, cases[i].retriable);
        ck_assert_ptr_nonnull(strstr(err.text, "sending to t: "));
    }
}
END_TEST

static int lines;
static void count_line(void *arg, enum kc_level level, const char *line) {
    (void)level;
    if (strstr(line, arg))
        __atomic_add_fetch(&lines, 1, __ATOMIC_SEQ_CST);
}

/* A broker that is away: the handle exists, its complaints arrive in the log once, and it ends promptly. */
START_TEST(log_bridge) {
    struct kc_error err = {0};
    AUTO(props) java = mock_kafka_props("bootstrap.servers=127.0.0.1:1\nclient.id=bridge");
    log_sink(count_line, (void *)"clientId=bridge");
    rd_kafka_conf_t *conf = client_conf(CLIENT_PRODUCER, java, &err);
    ck_assert_ptr_nonnull(conf);
    rd_kafka_t *rk = client_new(CLIENT_PRODUCER, conf, &err);
    ck_assert_msg(rk != NULL, "%s", err.text);
    for (int i = 0; i < 40; i++)
        rd_kafka_poll(rk, 50);
    ck_assert_ptr_null(client_free(rk));
    log_sink(NULL, NULL);
    ck_assert_int_ge(lines, 1);
    ck_assert_int_le(lines, 4);
}
END_TEST

/* What cannot be done is not passed over in silence. */
START_TEST(classes_without_effect) {
    static const struct {
        const char *line, *told; /* NULL: nothing to tell */
    } rows[] = {
        {"sasl.login.callback.handler.class=software.amazon.msk.auth.iam.IAMLoginCallbackHandler",
         "software.amazon.msk.auth.iam.IAMLoginCallbackHandler is a Java class and cannot be used"},
        {"sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer."
         "OAuthBearerLoginCallbackHandler",
         NULL},
        {"sasl.client.callback.handler.class=a.B", "'sasl.client.callback.handler.class' is not supported"},
        {"sasl.oauthbearer.scope.claim.name=scp", "'sasl.oauthbearer.scope.claim.name' has no meaning"},
    };
    struct kc_error err = {0};
    AUTO(props) java = mock_kafka_props(rows[_i].line);
    log_sink(count_line, (void *)(uintptr_t)(rows[_i].told ? rows[_i].told : ""));
    rd_kafka_conf_t *conf = client_conf(CLIENT_PRODUCER, java, &err);
    log_sink(NULL, NULL);
    ck_assert_ptr_nonnull(conf);
    rd_kafka_conf_destroy(conf);
    ck_assert_int_eq(lines, rows[_i].told ? 1 : 0);
}
END_TEST

/* What librdkafka refuses at once, and what it finds when it has begun to make the client. */
static const struct {
    enum client_kind kind;
    const char *java, *told;
} bad_handles[] = {
    {CLIENT_PRODUCER, "enable.idempotence=true\nmax.in.flight.requests.per.connection=50",
     "Failed to construct kafka producer"},
    {CLIENT_CONSUMER, "group.id=g\nsecurity.protocol=SSL\nssl.cipher.suites=NONSENSE",
     "Failed to construct kafka consumer"},
    {CLIENT_PRODUCER, "security.protocol=SSL\nssl.cipher.suites=NONSENSE", "Failed to construct kafka producer"},
};

START_TEST(bad_handle) {
    struct kc_error err = {0};
    char text[256];
    snprintf(text, sizeof text, "bootstrap.servers=127.0.0.1:1\n%s", bad_handles[_i].java);
    AUTO(props) java = mock_kafka_props(text);
    for (int i = 0; i < 3; i++) {
        rd_kafka_conf_t *conf = client_conf(bad_handles[_i].kind, java, &err);
        ck_assert_msg(conf != NULL, "%s", err.text);
        ck_assert_ptr_null(client_new(bad_handles[_i].kind, conf, &err));
        ck_assert_msg(strstr(err.text, bad_handles[_i].told) != NULL, "%s", err.text);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *s = suite_create("client");
    TCase *t = tcase_create("client");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, mapping, 0, (int)COUNT_OF(mappings));
    tcase_add_loop_test(t, refusal, 0, (int)COUNT_OF(refusals));
    tcase_add_test(t, table);
    tcase_add_test(t, checks_and_numbers);
    tcase_add_test(t, layers);
    tcase_add_test(t, policies);
    tcase_add_test(t, errors);
    tcase_add_test(t, log_bridge);
    tcase_add_loop_test(t, classes_without_effect, 0, 4);
    tcase_add_loop_test(t, bad_handle, 0, (int)COUNT_OF(bad_handles));
    suite_add_tcase(s, t);
    return s;
}
SUITE_MAIN(make_suite)
