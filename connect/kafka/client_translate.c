/* Translations of single values and of groups of values; keeps nothing. */
#include "connect/kafka/client_translate.h"

#include <stdio.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/comma_list.h"
#include "connect/base/err.h"
#include "connect/kafka/client_log.h"

int client_set_number(rd_kafka_conf_t *conf, const char *target, int64_t n, int64_t low, int64_t high,
                      struct kc_error *err) {
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)(n < low ? low : n > high ? high : n));
    return client_set(conf, target, text, err);
}

/* ---- Groups ---- */

static int64_t number_or(const struct kc_config *java, const char *name, int64_t fallback) {
    const struct client_option *o = client_option_find(CLIENT_CONSUMER, name);
    const char *value = kc_config_get(java, name);
    int64_t n;
    return value && client_option_number(o, value, &n) == 0 ? n : fallback;
}

/* librdkafka refuses a maximum below the first backoff; Java raises it silently. */
static int set_reconnect(rd_kafka_conf_t *conf, const struct kc_config *java, struct kc_error *err) {
    int64_t first = number_or(java, "reconnect.backoff.ms", 50);
    bool first_only = kc_config_get(java, "reconnect.backoff.ms") && !kc_config_get(java, "reconnect.backoff.max.ms");
    int64_t max = number_or(java, "reconnect.backoff.max.ms", first_only ? first : 1000);
    return client_set_number(conf, "reconnect.backoff.ms", first, 0, 3600000, err) < 0 ||
                   client_set_number(conf, "reconnect.backoff.max.ms", max < first ? first : max, 0, 3600000, err) < 0
               ? -1
               : 0;
}

/* librdkafka refuses a poll interval below the session timeout. */
static int set_session(rd_kafka_conf_t *conf, const struct kc_config *java, struct kc_error *err) {
    int64_t session = number_or(java, "session.timeout.ms", 45000);
    int64_t poll = number_or(java, "max.poll.interval.ms", 300000);
    return client_set_number(conf, "session.timeout.ms", session, 1, 3600000, err) < 0 ||
                   client_set_number(conf, "max.poll.interval.ms", poll < session ? session : poll, 1, 86400000, err) <
                       0
               ? -1
               : 0;
}

static int set_compression_level(rd_kafka_conf_t *conf, const struct kc_config *java, struct kc_error *err) {
    char name[64];
    const char *type = kc_config_get(java, "compression.type");
    if (!type)
        return 0;
    snprintf(name, sizeof(name), "compression.%.16s.level", type);
    if (!kc_config_get(java, name))
        return 0;
    return client_set_number(conf, "compression.level", number_or(java, name, -1), -1, 12, err);
}

static int set_partitioner(rd_kafka_conf_t *conf, const struct kc_config *java, struct kc_error *err) {
    const char *class_name = kc_config_get(java, "partitioner.class"),
               *ignore = kc_config_get(java, "partitioner.ignore.keys");
    const char *partitioner = "murmur2_random"; /* Java's hash: compaction and joins depend on it */
    if (ignore && strncasecmp(ignore, "true", 4) == 0)
        partitioner = "random";
    if (class_name && *class_name) {
        const char *dot = strrchr(class_name, '.');
        const char *simple = dot ? dot + 1 : class_name;
        if (strcmp(simple, "RoundRobinPartitioner") == 0 || strcmp(simple, "UniformStickyPartitioner") == 0)
            partitioner = "random";
        else if (strcmp(simple, "DefaultPartitioner") != 0)
            client_log_once(KC_WARN, class_name,
                            "partitioner.class %s is a Java class and cannot be used: records are "
                            "partitioned by Java's default rules",
                            class_name);
    }
    return client_set(conf, "partitioner", partitioner, err);
}

int client_translate_groups(rd_kafka_conf_t *conf, enum client_kind kind, const struct kc_config *java,
                            struct kc_error *err) {
    if (set_reconnect(conf, java, err) < 0)
        return -1;
    if (kind == CLIENT_CONSUMER)
        return set_session(conf, java, err);
    return set_partitioner(conf, java, err) < 0 || set_compression_level(conf, java, err) < 0 ? -1 : 0;
}

/* ---- Single properties ---- */

static int set_assignors(rd_kafka_conf_t *conf, const char *value, struct kc_error *err) {
    static const struct {
        const char *simple, *name;
        bool cooperative;
    } known[] = {{"RangeAssignor", "range", false},
                 {"RoundRobinAssignor", "roundrobin", false},
                 {"CooperativeStickyAssignor", "cooperative-sticky", true},
                 {"range", "range", false},
                 {"roundrobin", "roundrobin", false},
                 {"cooperative-sticky", "cooperative-sticky", true}};
    AUTO_BUF eager;
    buf_init(&eager, 256);
    bool cooperative = false;
    const char *item;
    size_t len;
    for (const char *pos = value; comma_list_next(&pos, &item, &len);) {
        const char *dot = memrchr(item, '.', len), *end = item + len;
        const char *simple = dot ? dot + 1 : item;
        bool found = false;
        for (size_t i = 0; i < COUNT_OF(known); i++) {
            if (strlen(known[i].simple) != (size_t)(end - simple) ||
                strncmp(known[i].simple, simple, (size_t)(end - simple)))
                continue;
            found = true;
            cooperative |= known[i].cooperative;
            if (!known[i].cooperative)
                buf_printf(&eager, "%s%s", eager.len ? "," : "", known[i].name);
        }
        if (!found) {
            char name[160];
            snprintf(name, sizeof(name), "%.*s", (int)len, item);
            client_log_once(KC_WARN, name, "partition.assignment.strategy %s is not known here and is left out", name);
        }
    }
    /* librdkafka takes either kind, not both at once; every member of a mixed group offers the eager ones, too. */
    return client_set(conf, "partition.assignment.strategy",
                      eager.len     ? buf_text(&eager)
                      : cooperative ? "cooperative-sticky"
                                    : "range",
                      err);
}

static int set_offset_reset(rd_kafka_conf_t *conf, const char *value, struct kc_error *err) {
    if (strncmp(value, "by_duration:", 12) == 0)
        return err_set(
            err, ERR_BAD_CONFIG,
            "Invalid value %s for configuration auto.offset.reset: by_duration is not supported, use earliest, "
            "latest or none",
            value);
    return client_set(conf, "auto.offset.reset", strcmp(value, "none") == 0 ? "error" : value, err);
}

/* Tokens are fetched as Kafka's own handler does; what another one would do is not done. */
static void note_login_handler(const char *class_name) {
    const char *dot = strrchr(class_name, '.');
    if (*class_name && strcmp(dot ? dot + 1 : class_name, "OAuthBearerLoginCallbackHandler") != 0)
        client_log_once(KC_WARN, class_name,
                        "sasl.login.callback.handler.class %s is a Java class and cannot be used: it has no effect",
                        class_name);
}

/* librdkafka refuses one below message.max.bytes, which consumers use for first guesses of decompressed sizes only. */
static int set_fetch_max(rd_kafka_conf_t *conf, int64_t n, struct kc_error *err) {
    if (n < 1000000 && client_set_number(conf, "message.max.bytes", n, 1000, 1000000, err) < 0)
        return -1;
    return client_set_number(conf, "fetch.max.bytes", n, 1000, 2147483135, err);
}

static int set_metadata_age(rd_kafka_conf_t *conf, int64_t ms, struct kc_error *err) {
    return client_set_number(conf, "topic.metadata.refresh.interval.ms", ms, 1, 3600000, err) < 0 ||
                   client_set_number(conf, "metadata.max.age.ms", ms < 86400000 ? 3 * ms : ms, 1, 86400000, err) < 0
               ? -1
               : 0;
}

int client_translate(rd_kafka_conf_t *conf, enum client_kind kind, const struct client_option *o, const char *value,
                     struct kc_error *err) {
    int64_t n = 0;
    if (o->type == KC_OPT_T_INT || o->type == KC_OPT_T_LONG)
        client_option_number(o, value, &n);
    if (strcmp(o->name, "metadata.max.age.ms") == 0)
        return set_metadata_age(conf, n, err);
    if (strcmp(o->name, "request.timeout.ms") == 0) {
        if (kind != CLIENT_CONSUMER && client_set_number(conf, "request.timeout.ms", n, 1, 900000, err) < 0)
            return -1;
        return client_set_number(conf, "socket.timeout.ms", n, 10, 300000, err);
    }
    if (strcmp(o->name, "retry.backoff.ms") == 0)
        return kind == CLIENT_CONSUMER ? client_set_number(conf, "fetch.error.backoff.ms", n, 0, 300000, err)
                                       : client_set_number(conf, "retry.backoff.ms", n, 1, 300000, err);
    if (strcmp(o->name, "connections.max.idle.ms") == 0)
        return client_set_number(conf, "connections.max.idle.ms", n, 0, INT32_MAX, err); /* Java's -1: never */
    if (strcmp(o->name, "buffer.memory") == 0)
        return client_set_number(conf, "queue.buffering.max.kbytes", n / 1024, 1, INT32_MAX, err);
    if (strcmp(o->name, "fetch.max.bytes") == 0)
        return set_fetch_max(conf, n, err);
    if (strcmp(o->name, "auto.offset.reset") == 0)
        return set_offset_reset(conf, value, err);
    if (strcmp(o->name, "partition.assignment.strategy") == 0)
        return set_assignors(conf, value, err);
    if (strcmp(o->name, "sasl.login.callback.handler.class") == 0)
        note_login_handler(value);
    if (strcmp(o->name, "group.protocol") == 0 && strcasecmp(value, "consumer") == 0)
        client_log_once(KC_WARN, "group.protocol",
                        "group.protocol=consumer is not supported: the classic protocol is used");
    return 0; /* the others belong to client_translate_groups */
}
