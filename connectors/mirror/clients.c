/* See clients.h. Keeps nothing: who asks for a client owns it. */
#include "connectors/mirror/clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/kafka/admin.h"
#include "connectors/mirror/client_rows.h"

enum { LOOK_MS = 1000, CREATE_MS = 5000, PAUSE_MS = 500 };

static const char *const sides[] = {[MIRROR_SOURCE] = "source", [MIRROR_TARGET] = "target"};
static const char *const kinds[] = {
    [CLIENT_PRODUCER] = "producer", [CLIENT_CONSUMER] = "consumer", [CLIENT_ADMIN] = "admin"};

/* MirrorClientConfig.CLIENT_CONFIG_DEF: all that a cluster's prefix hands to its clients. */
#define NAME(key, ...) key,
static const char *const cluster_options[] = {"bootstrap.servers", "security.protocol", MIRROR_CLIENT_ROWS(NAME) NULL};

static bool is_cluster_option(const char *name) {
    for (const char *const *option = cluster_options; *option; option++)
        if (strcmp(*option, name) == 0)
            return true;
    return false;
}

static void copy_prefixed(struct kc_config *to, const struct kc_config *config, const char *prefix,
                          bool (*wanted)(const char *name)) {
    size_t len = strlen(prefix);
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *key = kc_config_key(config, i);
        if (strncmp(key, prefix, len) == 0 && key[len] && (!wanted || wanted(key + len)))
            kc_config_set(to, key + len, kc_config_value(config, i));
    }
}

static const char *text_of(const struct kc_config *config, const char *key, const char *def) {
    const char *value = kc_config_get(config, key);
    return value ? value : def;
}

static void set_client_id(struct kc_config *props, const struct kc_config *config, const char *role) {
    const char *given = kc_config_get(props, "client.id"), *index = kc_config_get(config, "task.index");
    char *id;
    if (asprintf(&id, "%s%s%s->%s|%s%s%s|%s", given ? given : "", given ? "|" : "",
                 text_of(config, "source.cluster.alias", ""), text_of(config, "target.cluster.alias", "target"),
                 text_of(config, "name", ""), index ? "-" : "", index ? index : "", role) < 0)
        abort();
    kc_config_set(props, "client.id", id);
    free(id);
}

struct kc_config *mirror_client_props(const struct kc_config *config, enum client_kind kind, enum mirror_side side,
                                      const char *role) {
    struct kc_config *props = kc_config_new();
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%s.cluster.", sides[side]);
    copy_prefixed(props, config, prefix, is_cluster_option);
    snprintf(prefix, sizeof prefix, "%s.", kinds[kind]);
    copy_prefixed(props, config, prefix, NULL);
    snprintf(prefix, sizeof prefix, "%s.%s.", sides[side], kinds[kind]);
    copy_prefixed(props, config, prefix, NULL);
    if (kind == CLIENT_CONSUMER) {
        kc_config_set(props, "enable.auto.commit", "false");
        if (!kc_config_has(props, "auto.offset.reset"))
            kc_config_set(props, "auto.offset.reset", "earliest");
    }
    set_client_id(props, config, role);
    return props;
}

/* ---- Clients ---- */

static int fix_addresses(struct kc_config *props, enum mirror_side side, struct kc_error *err) {
    const char *given = kc_config_get(props, "bootstrap.servers");
    if (!given || !given[strspn(given, " \t,;")]) {
        err_set(err, ERR_BAD_CONFIG, "No resolvable bootstrap urls given in bootstrap.servers");
        return err_wrap(err, KC_CONFIG_EXCEPTION, "Missing required configuration \"%s.cluster.bootstrap.servers\"",
                        sides[side]);
    }
    if (!strchr(given, ';'))
        return 0;
    AUTO_TEXT fixed = strdup(given);
    if (!fixed)
        abort();
    for (char *p = fixed; (p = strchr(p, ';')); p++)
        *p = ',';
    kc_log(KC_WARN, MIRROR_LOG("MirrorUtils"), "%s.cluster.bootstrap.servers has semicolons: reading it as %s",
           sides[side], fixed);
    kc_config_set(props, "bootstrap.servers", fixed);
    return 0;
}

/* What a client is really given. NULL with err. */
static struct kc_config *ready_props(const struct kc_config *config, enum client_kind kind, enum mirror_side side,
                                     const char *role, struct kc_error *err) {
    AUTO(props) props = mirror_client_props(config, kind, side, role);
    kc_config_remove(props, "poll.timeout.ms"); /* consumer.poll.timeout.ms is ours */
    if (fix_addresses(props, side, err) < 0)
        return NULL;
    if (kind == CLIENT_CONSUMER) {
        /* librdkafka assigns partitions only within a group; none of that name is ever joined and nothing committed */
        if (!kc_config_has(props, "group.id"))
            kc_config_set(props, "group.id", kc_config_get(props, "client.id"));
        kc_config_set(props, "allow.auto.create.topics", "false");
    }
    return TAKE(props);
}

rd_kafka_t *mirror_client(const struct kc_config *config, enum client_kind kind, enum mirror_side side,
                          const char *role, struct kc_error *err) {
    AUTO(props) props = ready_props(config, kind, side, role, err);
    if (!props)
        return NULL;
    if (kind == CLIENT_ADMIN)
        return admin_open(props, err);
    rd_kafka_conf_t *conf = client_conf(kind, props, err);
    return conf ? client_new(kind, conf, err) : NULL;
}

rd_kafka_t *mirror_producer(const struct kc_config *config, enum mirror_side side, const char *role,
                            void (*delivered)(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque), void *opaque,
                            struct kc_error *err) {
    AUTO(props) props = ready_props(config, CLIENT_PRODUCER, side, role, err);
    rd_kafka_conf_t *conf = props ? client_conf(CLIENT_PRODUCER, props, err) : NULL;
    if (!conf)
        return NULL;
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_opaque(conf, opaque);
    return client_new(CLIENT_PRODUCER, conf, err);
}

rd_kafka_t *mirror_log_consumer(const struct kc_config *config, enum mirror_side side, const char *role,
                                struct kc_error *err) {
    AUTO(props) props = ready_props(config, CLIENT_CONSUMER, side, role, err);
    rd_kafka_conf_t *conf = props ? client_conf(CLIENT_CONSUMER, props, err) : NULL;
    if (conf && client_set(conf, "enable.partition.eof", "true", err) < 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    return conf ? client_new(CLIENT_CONSUMER, conf, err) : NULL;
}

struct kc_config *mirror_wire_props(const struct kc_config *config, enum mirror_side side, const char *role,
                                    struct kc_error *err) {
    return ready_props(config, CLIENT_ADMIN, side, role, err);
}

int mirror_create_internal(rd_kafka_t *admin, const char *topic, int16_t replication_factor, int64_t timeout_ms,
                           const atomic_bool *stop, struct kc_error *err) {
    AUTO(props) configs = kc_config_new();
    kc_config_set(configs, "cleanup.policy", "compact");
    struct topic_spec spec = {
        .name = topic, .partitions = 1, .replication_factor = replication_factor, .configs = configs};
    int64_t deadline = clock_after_ms(timeout_ms);
    for (;;) {
        int32_t partitions = 0;
        enum admin_topic outcome;
        int rc =
            admin_partition_count(admin, topic, LOOK_MS, &partitions, err); /* also finds out whether they answer */
        if (rc == 0 && partitions > 0)
            return 0;
        if (rc == 0 && admin_create_topic(admin, &spec, CREATE_MS, &outcome, err) == 0) {
            if (outcome == ADMIN_TOPIC_CREATED)
                kc_log(KC_INFO, MIRROR_LOG("MirrorUtils"), "Created topic '%s'", topic);
            return 0;
        }
        if (atomic_load(stop) || !err->retriable || clock_ms() >= deadline)
            return -1;
        clock_sleep_ms(PAUSE_MS);
    }
}
