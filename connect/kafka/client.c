/* Builds librdkafka configurations from Java properties and makes and ends handles. Keeps the log bridge
 * (client_log.c), and the configurations of clients that could not be made. */
#include "connect/kafka/client.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/version.h"
#include "connect/kafka/calm.h"
#include "connect/kafka/client_log.h"
#include "connect/kafka/client_options.h"
#include "connect/kafka/client_security.h"
#include "connect/kafka/client_translate.h"
#include "connect/kafka/scram_gate.h"
#include "connect/kafka/steady_clock.h"

struct pair {
    const char *key, *value;
};

/* Where Java's defaults, or what its client always does, differ from librdkafka's defaults. */
static const struct pair common_defaults[] = {
    {"client.software.name", "kconnectd"}, {"client.software.version", KCONNECTD_VERSION},
    {"socket.nagle.disable", "true"},      {"socket.keepalive.enable", "true"},
    {"socket.timeout.ms", "30000"},        {"socket.connection.setup.timeout.ms", "10000"},
    {"connections.max.idle.ms", "540000"}, {"topic.metadata.refresh.interval.ms", "300000"},
};
static const struct pair producer_defaults[] = {
    {"queue.buffering.max.kbytes", "32768"}, /* buffer.memory */
    {"message.max.bytes", "1048576"},        /* max.request.size */
    {"delivery.timeout.ms", "120000"},       {"retry.backoff.ms", "100"}, {"linger.ms", "5"},
};
/* About the queue (see client_conf in the header): as the fetcher is woken after every batch, a small one is as fast as
 * a large one. 16 MiB are some round trips of a fast consumer; 50000 bounds what librdkafka adds to each record (about
 * 300 bytes) when records are tiny. A consumer of 8 partitions with 1 KB records was seen to peak at 56 MB, however
 * slow it was. fetch.max.bytes follows queued.max.messages.kbytes unless it is set. */
static const struct pair consumer_defaults[] = {
    {"queued.min.messages", "50000"},           {"queued.max.messages.kbytes", "16384"},
    {"isolation.level", "read_uncommitted"},    {"auto.offset.reset", "latest"},
    {"allow.auto.create.topics", "true"},       {"check.crcs", "true"},
    {"partition.assignment.strategy", "range"}, {"fetch.error.backoff.ms", "100"},
    {"enable.auto.offset.store", "false"},
};

/* librdkafka 2.2 and later: how long the fetcher sleeps when the queue is full (1 s unless told). */
static const struct pair consumer_if_known[] = {{"fetch.queue.backoff.ms", "5"}};

static bool is_secret(const char *key) {
    return strstr(key, "password") || strstr(key, ".pem") || strstr(key, "secret") || strstr(key, "oauthbearer.config");
}

int client_set(rd_kafka_conf_t *conf, const char *key, const char *value, struct kc_error *err) {
    char why[512];
    if (rd_kafka_conf_set(conf, key, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
        return 0;
    bool secret = is_secret(key);
    return err_set(err, ERR_BAD_CONFIG, "Invalid value %s for configuration %s: %s", secret ? KC_HIDDEN : value, key,
                   secret ? "not usable" : why);
}

static int set_pairs(rd_kafka_conf_t *conf, const struct pair *pairs, size_t count, struct kc_error *err) {
    for (size_t i = 0; i < count; i++) {
        if (client_set(conf, pairs[i].key, pairs[i].value, err) < 0)
            return -1;
    }
    return 0;
}

static int set_defaults(rd_kafka_conf_t *conf, enum client_kind kind, struct kc_error *err) {
    char ignored[128];
    if (set_pairs(conf, common_defaults, COUNT_OF(common_defaults), err) < 0)
        return -1;
    if (kind != CLIENT_CONSUMER)
        return set_pairs(conf, producer_defaults, COUNT_OF(producer_defaults), err);
    for (size_t i = 0; i < COUNT_OF(consumer_if_known); i++)
        rd_kafka_conf_set(conf, consumer_if_known[i].key, consumer_if_known[i].value, ignored, sizeof(ignored));
    return set_pairs(conf, consumer_defaults, COUNT_OF(consumer_defaults), err);
}

/* ---- One Java property ---- */

static int map_value(rd_kafka_conf_t *conf, const struct client_option *o, const char *value, struct kc_error *err) {
    int64_t n;
    if ((o->low || o->high) && client_option_number(o, value, &n) == 0)
        return client_set_number(conf, o->target, n, o->low, o->high, err);
    if (*value == 0)
        return 0; /* Java's empty text: not set */
    return client_set(conf, o->target, value, err);
}

static void map_if_known(rd_kafka_conf_t *conf, const struct client_option *o, const char *value) {
    char lower[128], ignored[256];
    size_t i;
    for (i = 0; value[i] && i < sizeof(lower) - 1; i++)
        lower[i] = o->ignores_case ? (char)tolower((unsigned char)value[i]) : value[i];
    lower[i] = 0;
    if (rd_kafka_conf_set(conf, o->target, lower, ignored, sizeof(ignored)) != RD_KAFKA_CONF_OK)
        client_log_once(KC_INFO, o->name, "The configuration '%s' = '%s' has no effect with this version of librdkafka",
                        o->name, value);
}

static int apply(rd_kafka_conf_t *conf, enum client_kind kind, const char *name, const char *value,
                 struct kc_error *err) {
    const struct client_option *o = client_option_find(kind, name);
    if (!o) {
        if (!client_option_of_worker(name))
            client_log_once(KC_WARN, name,
                            "The configuration '%s' was supplied but isn't a known config of Kafka clients", name);
        return 0;
    }
    if (!(o->kinds & (1u << kind)))
        return 0; /* of another client: unprefixed worker properties reach all of them */
    if (client_option_check(o, value, err) < 0)
        return -1;
    switch (o->use) {
    case USE_MAP:
        return map_value(conf, o, value, err);
    case USE_SPECIAL:
        return client_translate(conf, kind, o, value, err);
    case USE_IF_KNOWN:
        map_if_known(conf, o, value);
        return 0;
    case USE_NOTHING:
        client_log_once(KC_INFO, name, "The configuration '%s' has no meaning outside the Java client", name);
        return 0;
    case USE_MISSING:
        client_log_once(KC_WARN, name, "The configuration '%s' is not supported and has no effect", name);
        return 0;
    case USE_SECURITY:
    case USE_ASIDE:
        return 0;
    }
    return 0;
}

/* Value without blanks around it, as ConfigDef reads texts; malloc'ed. */
static char *trimmed(const char *value) {
    while (isspace((unsigned char)*value))
        value++;
    size_t len = strlen(value);
    while (len > 0 && isspace((unsigned char)value[len - 1]))
        len--;
    return strndup(value, len);
}

static int apply_all(rd_kafka_conf_t *conf, enum client_kind kind, const struct kc_config *java, struct kc_error *err) {
    for (size_t i = 0; i < kc_config_count(java); i++) {
        if (!kc_config_value(java, i))
            continue;
        AUTO_TEXT value = trimmed(kc_config_value(java, i));
        if (!value || apply(conf, kind, kc_config_key(java, i), value, err) < 0)
            return -1;
    }
    return 0;
}

rd_kafka_conf_t *client_conf(enum client_kind kind, const struct kc_config *java, struct kc_error *err) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    client_log_install(conf, kind);
    if (set_defaults(conf, kind, err) < 0 || apply_all(conf, kind, java, err) < 0 ||
        client_translate_groups(conf, kind, java, err) < 0 || client_security_apply(conf, java, err) < 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    if (kind == CLIENT_CONSUMER) /* who says how long a fetch is to wait means it */
        calm_install(conf, !kc_config_get(java, "fetch.max.wait.ms") && !kc_config_get(java, "fetch.min.bytes"));
    return conf;
}

/* ---- Handles ---- */

/* A client that cannot be made takes the interceptors of its configuration along: librdkafka frees them, and would
 * again with the configuration, which is kept for that reason. */
static void keep_refused(rd_kafka_conf_t *conf) {
    struct refused {
        struct refused *next;
        rd_kafka_conf_t *conf;
    };
    static _Atomic(struct refused *) all;
    struct refused *r = malloc(sizeof *r);
    if (!r)
        abort();
    r->conf = conf;
    r->next = atomic_load(&all);
    while (!atomic_compare_exchange_weak(&all, &r->next, r))
        ;
}

rd_kafka_t *client_new(enum client_kind kind, rd_kafka_conf_t *conf, struct kc_error *err) {
    char why[512];
    if (client_log_start(err) < 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    steady_clock_install(conf);
    rd_kafka_t *rk =
        rd_kafka_new(kind == CLIENT_CONSUMER ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    if (!rk) {
        err_set_class(err, ERR_BAD_CONFIG, "org.apache.kafka.common.KafkaException", "Failed to construct kafka %s: %s",
                      kind == CLIENT_CONSUMER   ? "consumer"
                      : kind == CLIENT_PRODUCER ? "producer"
                                                : "admin client",
                      why);
        keep_refused(conf);
        client_log_stop();
        return NULL;
    }
    client_log_attach(rk);
    /* Tokens (OAUTHBEARER) are fetched on librdkafka's background thread; with any other mechanism this does nothing.
     */
    rd_kafka_error_destroy(rd_kafka_sasl_background_callbacks_enable(rk));
    return rk;
}

rd_kafka_t *client_free(rd_kafka_t *rk) {
    if (!rk)
        return NULL;
    scram_gate_close(rk);
    if (rd_kafka_type(rk) == RD_KAFKA_CONSUMER)
        rd_kafka_consumer_close(rk); /* leaves the group, if in one */
    else
        rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    client_log_detach(rk);
    rd_kafka_destroy(rk);
    client_log_stop();
    return NULL;
}

void client_fetch_wake(rd_kafka_t *rk, bool drained, int64_t *last_ms) {
    enum { INTERVAL_MS = 2 };
    int64_t now = clock_ms();
    if (!drained && now - *last_ms < INTERVAL_MS)
        return;
    *last_ms = now;
    client_security_wake(rk);
}
