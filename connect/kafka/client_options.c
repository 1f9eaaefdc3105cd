/* Every property that Java's producer, consumer and admin client document (4.3), with its type, default, bounds and
 * what becomes of it here; below it the checks that Java's ConfigDef would make. Read-only, any thread. */
#include "connect/kafka/client_options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"

static const char *const dns_lookups[] = {"use_all_dns_ips", "resolve_canonical_bootstrap_servers_only", NULL};
static const char *const recovery_strategies[] = {"REBOOTSTRAP", "NONE", NULL};
static const char *const acks[] = {"all", "-1", "0", "1", NULL};
static const char *const compressions[] = {"none", "gzip", "snappy", "lz4", "zstd", NULL};
static const char *const group_protocols[] = {"CONSUMER", "CLASSIC", NULL};
static const char *const isolation_levels[] = {"read_committed", "read_uncommitted", NULL};
static const char *const recording_levels[] = {"INFO", "DEBUG", "TRACE", NULL};
static const char *const protocols[] = {"SASL_SSL", "PLAINTEXT", "SSL", "SASL_PLAINTEXT", NULL};

#define ROW(n, k, t, d, u, ...) \
    { .name = (n), .kinds = (k), .type = KC_OPT_T_##t, .def = (d), .use = USE_##u, __VA_ARGS__ }
#define TO(property)    .target = (property)
#define CLAMP(from, to) .low = (from), .high = (to)
#define AT_LEAST(n)     .has_min = true, .min = (n)
#define BETWEEN(a, b)   .has_min = true, .min = (a), .has_max = true, .max = (b)

static const struct client_option options[] = {
    /* Connections */
    ROW("bootstrap.servers", KIND_ALL, LIST, NULL, MAP, TO("bootstrap.servers")),
    ROW("bootstrap.controllers", KIND_A, LIST, "", MISSING),
    ROW("client.id", KIND_ALL, STRING, "", MAP, TO("client.id")),
    ROW("client.rack", KIND_C, STRING, "", MAP, TO("client.rack")),
    ROW("client.dns.lookup", KIND_ALL, STRING, "use_all_dns_ips", IF_KNOWN, TO("client.dns.lookup"),
        .one_of = dns_lookups),
    ROW("metadata.max.age.ms", KIND_ALL, LONG, "300000", SPECIAL, AT_LEAST(0)),
    ROW("metadata.recovery.strategy", KIND_ALL, STRING, "rebootstrap", IF_KNOWN, TO("metadata.recovery.strategy"),
        .one_of = recovery_strategies, .ignores_case = true),
    ROW("metadata.recovery.rebootstrap.trigger.ms", KIND_ALL, LONG, "300000", IF_KNOWN,
        TO("metadata.recovery.rebootstrap.trigger.ms"), CLAMP(0, 2147483647), AT_LEAST(0)),
    ROW("send.buffer.bytes", KIND_ALL, INT, "131072", MAP, TO("socket.send.buffer.bytes"), CLAMP(0, 100000000),
        AT_LEAST(-1)),
    ROW("receive.buffer.bytes", KIND_ALL, INT, "65536", MAP, TO("socket.receive.buffer.bytes"), CLAMP(0, 100000000),
        AT_LEAST(-1)),
    ROW("reconnect.backoff.ms", KIND_ALL, LONG, "50", SPECIAL, AT_LEAST(0)),
    ROW("reconnect.backoff.max.ms", KIND_ALL, LONG, "1000", SPECIAL, AT_LEAST(0)),
    ROW("retry.backoff.ms", KIND_P | KIND_C, LONG, "100", SPECIAL, AT_LEAST(0)),
    ROW("retry.backoff.ms", KIND_A, LONG, "100", SPECIAL, AT_LEAST(0)),
    ROW("retry.backoff.max.ms", KIND_ALL, LONG, "1000", IF_KNOWN, TO("retry.backoff.max.ms"), CLAMP(1, 300000),
        AT_LEAST(0)),
    ROW("request.timeout.ms", KIND_ALL, INT, "30000", SPECIAL, AT_LEAST(0)),
    ROW("socket.connection.setup.timeout.ms", KIND_ALL, LONG, "10000", MAP, TO("socket.connection.setup.timeout.ms"),
        CLAMP(1000, 2147483647)),
    ROW("socket.connection.setup.timeout.max.ms", KIND_ALL, LONG, "30000", NOTHING),
    ROW("connections.max.idle.ms", KIND_ALL, LONG, "540000", SPECIAL),
    ROW("default.api.timeout.ms", KIND_C | KIND_A, INT, "60000", ASIDE, AT_LEAST(0)),
    ROW("retries", KIND_P, INT, "2147483647", MAP, TO("retries"), CLAMP(0, 2147483647), BETWEEN(0, 2147483647)),
    ROW("retries", KIND_A, INT, "2147483647", NOTHING, BETWEEN(0, 2147483647)),
    /* Producer */
    ROW("acks", KIND_P, STRING, "all", MAP, TO("acks"), .one_of = acks),
    ROW("batch.size", KIND_P, INT, "16384", MAP, TO("batch.size"), CLAMP(1, 2147483647), AT_LEAST(0)),
    ROW("buffer.memory", KIND_P, LONG, "33554432", SPECIAL, AT_LEAST(0)),
    ROW("compression.type", KIND_P, STRING, "none", MAP, TO("compression.type"), .one_of = compressions),
    ROW("compression.gzip.level", KIND_P, INT, "-1", SPECIAL, BETWEEN(1, 9),
        .range_text = "Value must be between 1 and 9 or equal to -1"),
    ROW("compression.lz4.level", KIND_P, INT, "9", SPECIAL, BETWEEN(1, 17)),
    ROW("compression.zstd.level", KIND_P, INT, "3", SPECIAL, BETWEEN(-131072, 22)),
    ROW("delivery.timeout.ms", KIND_P, INT, "120000", MAP, TO("delivery.timeout.ms"), CLAMP(1, 2147483647),
        AT_LEAST(0)),
    ROW("enable.idempotence", KIND_P, BOOLEAN, "true", MAP, TO("enable.idempotence")),
    ROW("linger.ms", KIND_P, LONG, "5", MAP, TO("linger.ms"), CLAMP(0, 900000), AT_LEAST(0)),
    ROW("max.block.ms", KIND_P, LONG, "60000", ASIDE, AT_LEAST(0)),
    ROW("max.in.flight.requests.per.connection", KIND_P, INT, "5", MAP, TO("max.in.flight.requests.per.connection"),
        CLAMP(1, 1000000), AT_LEAST(1)),
    ROW("max.request.size", KIND_P, INT, "1048576", MAP, TO("message.max.bytes"), CLAMP(1000, 1000000000), AT_LEAST(0)),
    ROW("metadata.max.idle.ms", KIND_P, LONG, "300000", NOTHING, AT_LEAST(5000)),
    ROW("partitioner.class", KIND_P, CLASS, NULL, SPECIAL),
    ROW("partitioner.ignore.keys", KIND_P, BOOLEAN, "false", SPECIAL),
    ROW("partitioner.adaptive.partitioning.enable", KIND_P, BOOLEAN, "true", NOTHING),
    ROW("partitioner.availability.timeout.ms", KIND_P, LONG, "0", NOTHING, AT_LEAST(0)),
    ROW("transactional.id", KIND_P, STRING, NULL, MISSING, .not_empty = true),
    ROW("transaction.timeout.ms", KIND_P, INT, "60000", ASIDE),
    ROW("transaction.two.phase.commit.enable", KIND_P, BOOLEAN, "false", NOTHING),
    ROW("key.serializer", KIND_P, CLASS, NULL, NOTHING),
    ROW("value.serializer", KIND_P, CLASS, NULL, NOTHING),
    /* Consumer */
    ROW("allow.auto.create.topics", KIND_C, BOOLEAN, "true", MAP, TO("allow.auto.create.topics")),
    ROW("auto.commit.interval.ms", KIND_C, INT, "5000", MAP, TO("auto.commit.interval.ms"), CLAMP(0, 86400000),
        AT_LEAST(0)),
    ROW("auto.offset.reset", KIND_C, STRING, "latest", SPECIAL),
    ROW("check.crcs", KIND_C, BOOLEAN, "true", MAP, TO("check.crcs")),
    ROW("enable.auto.commit", KIND_C, BOOLEAN, "true", MAP, TO("enable.auto.commit")),
    ROW("exclude.internal.topics", KIND_C, BOOLEAN, "true", NOTHING),
    ROW("fetch.max.bytes", KIND_C, INT, "52428800", SPECIAL, AT_LEAST(0)),
    ROW("fetch.max.wait.ms", KIND_C, INT, "500", MAP, TO("fetch.wait.max.ms"), CLAMP(0, 300000), AT_LEAST(0)),
    ROW("fetch.min.bytes", KIND_C, INT, "1", MAP, TO("fetch.min.bytes"), CLAMP(1, 100000000), AT_LEAST(0)),
    ROW("group.id", KIND_C, STRING, NULL, MAP, TO("group.id")),
    ROW("group.instance.id", KIND_C, STRING, NULL, MAP, TO("group.instance.id"), .not_empty = true),
    ROW("group.protocol", KIND_C, STRING, "classic", SPECIAL, .one_of = group_protocols, .ignores_case = true),
    ROW("group.remote.assignor", KIND_C, STRING, NULL, IF_KNOWN, TO("group.remote.assignor")),
    ROW("heartbeat.interval.ms", KIND_C, INT, "3000", MAP, TO("heartbeat.interval.ms"), CLAMP(1, 3600000)),
    ROW("session.timeout.ms", KIND_C, INT, "45000", SPECIAL),
    ROW("max.poll.interval.ms", KIND_C, INT, "300000", SPECIAL, AT_LEAST(1)),
    ROW("max.poll.records", KIND_C, INT, "500", ASIDE, AT_LEAST(1)),
    ROW("max.partition.fetch.bytes", KIND_C, INT, "1048576", MAP, TO("max.partition.fetch.bytes"), CLAMP(1, 1000000000),
        AT_LEAST(0)),
    ROW("isolation.level", KIND_C, STRING, "read_uncommitted", MAP, TO("isolation.level"), .one_of = isolation_levels),
    ROW("partition.assignment.strategy", KIND_C, LIST, NULL, SPECIAL),
    ROW("key.deserializer", KIND_C, CLASS, NULL, NOTHING),
    ROW("value.deserializer", KIND_C, CLASS, NULL, NOTHING),
    ROW("share.acknowledgement.mode", KIND_C, STRING, "implicit", NOTHING),
    ROW("share.acquire.mode", KIND_C, STRING, "batch_optimized", NOTHING),
    ROW("internal.throw.on.fetch.stable.offset.unsupported", KIND_C, BOOLEAN, "false", NOTHING),
    /* Metrics, interceptors and the like: of the JVM client only */
    ROW("config.providers", KIND_ALL, LIST, "", NOTHING),
    ROW("enable.metrics.push", KIND_ALL, BOOLEAN, "true", NOTHING),
    ROW("auto.include.jmx.reporter", KIND_ALL, BOOLEAN, "true", NOTHING),
    ROW("interceptor.classes", KIND_P | KIND_C, LIST, "", MISSING),
    ROW("metric.reporters", KIND_ALL, LIST, "org.apache.kafka.common.metrics.JmxReporter", NOTHING),
    ROW("metrics.num.samples", KIND_ALL, INT, "2", NOTHING, AT_LEAST(1)),
    ROW("metrics.recording.level", KIND_ALL, STRING, "INFO", NOTHING, .one_of = recording_levels),
    ROW("metrics.sample.window.ms", KIND_ALL, LONG, "30000", NOTHING, AT_LEAST(0)),
    ROW("security.providers", KIND_ALL, STRING, NULL, NOTHING),
    /* Security */
    ROW("security.protocol", KIND_ALL, STRING, "PLAINTEXT", SECURITY, .one_of = protocols, .ignores_case = true),
    ROW("ssl.keystore.location", KIND_ALL, STRING, NULL, SECURITY),
    ROW("ssl.keystore.type", KIND_ALL, STRING, "JKS", SECURITY),
    ROW("ssl.truststore.location", KIND_ALL, STRING, NULL, SECURITY),
    ROW("ssl.truststore.type", KIND_ALL, STRING, "JKS", SECURITY),
    ROW("ssl.endpoint.identification.algorithm", KIND_ALL, STRING, "https", SECURITY),
    ROW("ssl.protocol", KIND_ALL, STRING, "TLSv1.3", NOTHING),
    ROW("ssl.cipher.suites", KIND_ALL, LIST, NULL, SECURITY),
    ROW("ssl.enabled.protocols", KIND_ALL, LIST, "TLSv1.2,TLSv1.3", SECURITY),
    ROW("ssl.keystore.password", KIND_ALL, PASSWORD, NULL, SECURITY),
    ROW("ssl.keystore.key", KIND_ALL, PASSWORD, NULL, SECURITY),
    ROW("ssl.keystore.certificate.chain", KIND_ALL, PASSWORD, NULL, SECURITY),
    ROW("ssl.key.password", KIND_ALL, PASSWORD, NULL, SECURITY),
    ROW("ssl.truststore.password", KIND_ALL, PASSWORD, NULL, SECURITY),
    ROW("ssl.truststore.certificates", KIND_ALL, PASSWORD, NULL, SECURITY),
    ROW("sasl.jaas.config", KIND_ALL, PASSWORD, NULL, SECURITY),
    ROW("ssl.provider", KIND_ALL, STRING, NULL, NOTHING),
    ROW("ssl.secure.random.implementation", KIND_ALL, STRING, NULL, NOTHING),
    ROW("ssl.keymanager.algorithm", KIND_ALL, STRING, "SunX509", NOTHING),
    ROW("ssl.trustmanager.algorithm", KIND_ALL, STRING, "PKIX", NOTHING),
    ROW("ssl.engine.factory.class", KIND_ALL, CLASS, NULL, MISSING),
    ROW("sasl.mechanism", KIND_ALL, STRING, "GSSAPI", SECURITY),
    ROW("sasl.client.callback.handler.class", KIND_ALL, CLASS, NULL, MISSING),
    ROW("sasl.login.callback.handler.class", KIND_ALL, CLASS, NULL, SPECIAL),
    ROW("sasl.login.class", KIND_ALL, CLASS, NULL, MISSING),
    ROW("sasl.kerberos.service.name", KIND_ALL, STRING, NULL, SECURITY),
    ROW("sasl.kerberos.kinit.cmd", KIND_ALL, STRING, "/usr/bin/kinit", NOTHING),
    ROW("sasl.kerberos.min.time.before.relogin", KIND_ALL, LONG, "60000", MAP,
        TO("sasl.kerberos.min.time.before.relogin"), CLAMP(0, 86400000)),
    ROW("sasl.kerberos.ticket.renew.jitter", KIND_ALL, DOUBLE, "0.05", NOTHING),
    ROW("sasl.kerberos.ticket.renew.window.factor", KIND_ALL, DOUBLE, "0.8", NOTHING),
    ROW("sasl.login.connect.timeout.ms", KIND_ALL, INT, NULL, SECURITY),
    ROW("sasl.login.read.timeout.ms", KIND_ALL, INT, NULL, SECURITY),
    ROW("sasl.login.refresh.buffer.seconds", KIND_ALL, SHORT, "300", NOTHING, BETWEEN(0, 3600)),
    ROW("sasl.login.refresh.min.period.seconds", KIND_ALL, SHORT, "60", NOTHING, BETWEEN(0, 900)),
    ROW("sasl.login.refresh.window.factor", KIND_ALL, DOUBLE, "0.8", NOTHING, BETWEEN(0.5, 1)),
    ROW("sasl.login.refresh.window.jitter", KIND_ALL, DOUBLE, "0.05", NOTHING, BETWEEN(0, 0.25)),
    ROW("sasl.login.retry.backoff.max.ms", KIND_ALL, LONG, "10000", NOTHING),
    ROW("sasl.login.retry.backoff.ms", KIND_ALL, LONG, "100", NOTHING),
    ROW("sasl.oauthbearer.token.endpoint.url", KIND_ALL, STRING, NULL, SECURITY),
    ROW("sasl.oauthbearer.scope", KIND_ALL, STRING, NULL, SECURITY),
    ROW("sasl.oauthbearer.client.credentials.client.id", KIND_ALL, STRING, NULL, SECURITY),
    ROW("sasl.oauthbearer.client.credentials.client.secret", KIND_ALL, PASSWORD, NULL, SECURITY),
    ROW("sasl.oauthbearer.header.urlencode", KIND_ALL, BOOLEAN, "false", SECURITY),
    ROW("sasl.oauthbearer.scope.claim.name", KIND_ALL, STRING, "scope", NOTHING),
    ROW("sasl.oauthbearer.sub.claim.name", KIND_ALL, STRING, "sub", SECURITY),
    ROW("sasl.oauthbearer.assertion.algorithm", KIND_ALL, STRING, "RS256", MISSING),
    ROW("sasl.oauthbearer.assertion.claim.aud", KIND_ALL, STRING, NULL, MISSING),
    ROW("sasl.oauthbearer.assertion.claim.exp.seconds", KIND_ALL, INT, "300", MISSING, BETWEEN(0, 86400)),
    ROW("sasl.oauthbearer.assertion.claim.iss", KIND_ALL, STRING, NULL, MISSING),
    ROW("sasl.oauthbearer.assertion.claim.jti.include", KIND_ALL, BOOLEAN, "false", MISSING),
    ROW("sasl.oauthbearer.assertion.claim.nbf.seconds", KIND_ALL, INT, "60", MISSING, BETWEEN(0, 3600)),
    ROW("sasl.oauthbearer.assertion.claim.sub", KIND_ALL, STRING, NULL, MISSING),
    ROW("sasl.oauthbearer.assertion.file", KIND_ALL, STRING, NULL, MISSING),
    ROW("sasl.oauthbearer.assertion.private.key.file", KIND_ALL, STRING, NULL, MISSING),
    ROW("sasl.oauthbearer.assertion.private.key.passphrase", KIND_ALL, PASSWORD, NULL, MISSING),
    ROW("sasl.oauthbearer.assertion.template.file", KIND_ALL, STRING, NULL, MISSING),
    ROW("sasl.oauthbearer.clock.skew.seconds", KIND_ALL, INT, "30", NOTHING),
    ROW("sasl.oauthbearer.expected.audience", KIND_ALL, LIST, NULL, NOTHING),
    ROW("sasl.oauthbearer.expected.issuer", KIND_ALL, STRING, NULL, NOTHING),
    ROW("sasl.oauthbearer.jwks.endpoint.refresh.ms", KIND_ALL, LONG, "3600000", NOTHING),
    ROW("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", KIND_ALL, LONG, "10000", NOTHING),
    ROW("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", KIND_ALL, LONG, "100", NOTHING),
    ROW("sasl.oauthbearer.jwks.endpoint.url", KIND_ALL, STRING, NULL, NOTHING),
    ROW("sasl.oauthbearer.jwt.retriever.class", KIND_ALL, CLASS, NULL, MISSING),
    ROW("sasl.oauthbearer.jwt.validator.class", KIND_ALL, CLASS, NULL, NOTHING),
};

/* ---- Names ---- */

const struct client_option *client_option_at(size_t i) {
    return i < COUNT_OF(options) ? &options[i] : NULL;
}

const struct client_option *client_option_find(enum client_kind kind, const char *name) {
    const struct client_option *other = NULL;
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (strcmp(options[i].name, name) != 0)
            continue;
        if (options[i].kinds & (1u << kind))
            return &options[i];
        other = &options[i];
    }
    return other;
}

bool client_option_of_worker(const char *name) {
    static const char *const prefixes[] = {"key.converter",
                                           "value.converter",
                                           "header.converter",
                                           "internal.key.converter",
                                           "internal.value.converter",
                                           "config.storage.",
                                           "offset.storage.",
                                           "status.storage.",
                                           "offset.flush.",
                                           "config.providers.",
                                           "connector.",
                                           "producer.",
                                           "consumer.",
                                           "admin.",
                                           "plugin.",
                                           "rest.",
                                           "access.control.",
                                           "listeners",
                                           "response.http.",
                                           "topic.creation.",
                                           "topic.tracking.",
                                           "inter.worker.",
                                           "worker.",
                                           "scheduled.",
                                           "metrics.context.",
                                           "kconnect.",
                                           "task.",
                                           "connect."};
    static const char *const names[] = {
        "exactly.once.source.support", "rebalance.timeout.ms", "ssl.client.auth", "group.id",
        "session.timeout.ms",          "heartbeat.interval.ms"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* ---- Values ---- */

static const char *type_name(enum kc_option_type type) {
    switch (type) {
    case KC_OPT_T_INT:
        return "INT";
    case KC_OPT_T_SHORT:
        return "SHORT";
    case KC_OPT_T_LONG:
        return "LONG";
    default:
        return "DOUBLE";
    }
}

/* A number of `value` with blanks around it allowed; the bounds of the type apply. */
int client_option_number(const struct client_option *o, const char *value, int64_t *ret_number) {
    char *end;
    const char *p = value;
    while (isspace((unsigned char)*p))
        p++;
    if (!isdigit((unsigned char)p[0]) && !((p[0] == '-' || p[0] == '+') && isdigit((unsigned char)p[1])))
        return -1;
    errno = 0;
    long long n = strtoll(p, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    if (*end || errno)
        return -1;
    if ((o->type == KC_OPT_T_INT && (n < INT32_MIN || n > INT32_MAX)) ||
        (o->type == KC_OPT_T_SHORT && (n < INT16_MIN || n > INT16_MAX)))
        return -1;
    *ret_number = n;
    return 0;
}

static int invalid(const struct client_option *o, const char *value, const char *why, struct kc_error *err) {
    return err_set(err, ERR_BAD_CONFIG, "Invalid value %s for configuration %s: %s",
                   o->type == KC_OPT_T_PASSWORD ? KC_HIDDEN : value, o->name, why);
}

/* Java prints doubles as such. */
static void number_text(char to[40], const struct client_option *o, double n) {
    bool integral = n == (double)(int64_t)n;
    snprintf(to, 40, o->type == KC_OPT_T_DOUBLE && integral ? "%.1f" : "%.10g", n);
}

static int check_range(const struct client_option *o, const char *value, double n, struct kc_error *err) {
    char why[128], bound[40];
    bool low = o->has_min && n < o->min, high = o->has_max && n > o->max;
    if (!low && !high)
        return 0;
    if (o->range_text)
        return n == -1 ? 0 : invalid(o, value, o->range_text, err);
    number_text(bound, o, low ? o->min : o->max);
    snprintf(why, sizeof(why), "Value must be %s %s", low ? "at least" : "no more than", bound);
    return invalid(o, value, why, err);
}

static int check_number(const struct client_option *o, const char *value, struct kc_error *err) {
    int64_t integer = 0;
    char why[64], text[40];
    if (o->type != KC_OPT_T_DOUBLE) {
        if (client_option_number(o, value, &integer) == 0)
            return check_range(o, value, (double)integer, err);
        snprintf(why, sizeof(why), "Not a number of type %s", type_name(o->type));
        return invalid(o, value, why, err);
    }
    char *end;
    double n = strtod(value, &end);
    while (isspace((unsigned char)*end))
        end++;
    if (end == value || *end)
        return invalid(o, value, "Not a number of type DOUBLE", err);
    number_text(text, o, n);
    return check_range(o, text, n, err);
}

static int check_offset_reset(const struct client_option *o, const char *value, struct kc_error *err) {
    static const char *const allowed[] = {"latest", "earliest", "none"};
    char why[512];
    for (size_t i = 0; i < COUNT_OF(allowed); i++) {
        if (strcmp(value, allowed[i]) == 0)
            return 0;
    }
    if (strncmp(value, "by_duration:P", 13) == 0)
        return 0;
    snprintf(why, sizeof(why),
             "Invalid value `%s` for configuration auto.offset.reset. The value must be either 'earliest', 'latest', "
             "'none' or of the format 'by_duration:<PnDTnHnMn.nS.>'.",
             value);
    return invalid(o, value, why, err);
}

static int check_one_of(const struct client_option *o, const char *value, struct kc_error *err) {
    AUTO_BUF why;
    buf_init(&why, 512);
    buf_printf(&why, "String must be one of%s: ", o->ignores_case ? " (case insensitive)" : "");
    for (const char *const *s = o->one_of; *s; s++) {
        if ((o->ignores_case ? strcasecmp(*s, value) : strcmp(*s, value)) == 0)
            return 0;
        buf_printf(&why, "%s%s", s == o->one_of ? "" : ", ", *s);
    }
    return invalid(o, value, buf_text(&why), err);
}

int client_option_check(const struct client_option *o, const char *value, struct kc_error *err) {
    char trimmed[256];
    size_t len = strlen(value);
    while (len > 0 && isspace((unsigned char)value[len - 1]))
        len--;
    while (len > 0 && isspace((unsigned char)*value))
        value++, len--;
    switch (o->type) {
    case KC_OPT_T_BOOLEAN:
        if ((len != 4 || strncasecmp(value, "true", 4) != 0) && (len != 5 || strncasecmp(value, "false", 5) != 0))
            return invalid(o, value, "Expected value to be either true or false", err);
        return 0;
    case KC_OPT_T_INT:
    case KC_OPT_T_SHORT:
    case KC_OPT_T_LONG:
    case KC_OPT_T_DOUBLE:
        return check_number(o, value, err);
    default:
        if (o->not_empty && len == 0)
            return invalid(o, value, "String must be non-empty", err);
        snprintf(trimmed, sizeof(trimmed), "%.*s", (int)len, value);
        if (strcmp(o->name, "auto.offset.reset") == 0)
            return check_offset_reset(o, trimmed, err);
        if (!o->one_of)
            return 0;
        return check_one_of(o, trimmed, err);
    }
}

int64_t client_number(enum client_kind kind, const struct kc_config *java, const char *name) {
    const struct client_option *o = client_option_find(kind, name);
    const char *value = kc_config_get(java, name);
    int64_t number = 0;
    if (!o || (value && client_option_number(o, value, &number) == 0))
        return number;
    if (o->def && client_option_number(o, o->def, &number) == 0)
        return number;
    return 0;
}
