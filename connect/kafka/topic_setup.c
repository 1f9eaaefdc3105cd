/* The way to a usable internal topic. Runs on the thread that starts the log; keeps nothing. */
#include "connect/kafka/topic_setup.h"

#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/clock.h"
#include "connect/base/comma_list.h"
#include "connect/base/err.h"
#include "connect/kafka/admin.h"
#include "connect/kafka/client.h"

#define LOGGER "org.apache.kafka.connect.util.KafkaBasedLog"
enum { COMPLAIN_MS = 30000, PARTITIONS_MS = 30000, CALL_MS = 10000, FIRST_PAUSE_MS = 100, LAST_PAUSE_MS = 1000 };

struct setup {
    rd_kafka_t *rk;
    const struct topic_log_conf *conf;
    const atomic_bool *cancelled;
};

static int check_cancelled(const struct setup *s, struct kc_error *err) {
    if (!atomic_load(s->cancelled))
        return 0;
    return err_set(err, ERR_STOPPING, "The worker is stopping: reading topic '%s' was given up", s->conf->topic);
}

static int pause_for(const struct setup *s, int64_t ms, struct kc_error *err) {
    for (int64_t end = clock_ms() + ms; clock_ms() < end; clock_sleep_ms(20)) {
        if (check_cancelled(s, err) < 0)
            return -1;
    }
    return check_cancelled(s, err);
}

static int wait_for_broker(const struct setup *s, struct kc_error *err) {
    const char *servers = kc_config_get(s->conf->client, "bootstrap.servers");
    int64_t complained = clock_ms() - COMPLAIN_MS + 2000; /* the first time after two seconds */
    for (;;) {
        if (check_cancelled(s, err) < 0)
            return -1;
        if (admin_ping(s->rk, 1000, err) == 0)
            return 0;
        if (err->code == ERR_AUTH)
            return -1;
        if (clock_ms() - complained >= COMPLAIN_MS) {
            complained = clock_ms();
            kc_log(
                KC_WARN, LOGGER,
                "No Kafka broker of bootstrap.servers=%s answers; it is needed for the topic '%s' (%s): still trying",
                servers ? servers : "", s->conf->topic, s->conf->topic_property);
        }
    }
}

/* ---- Create ---- */

static struct kc_config *topic_configs(const struct topic_log_conf *conf) {
    struct kc_config *configs = conf->topic_configs ? kc_config_copy(conf->topic_configs) : kc_config_new();
    kc_config_set(configs, "cleanup.policy", "compact");
    return configs;
}

static bool is_away(const struct kc_error *err) {
    return err->code == ERR_TIMEOUT || strstr(err->cause, "TimeoutException") ||
           strstr(err->cause, "DisconnectException");
}

/* Until api_timeout_ms a refused replication factor or a time-out is tried again. */
static int create(const struct setup *s, enum admin_topic *ret_outcome, struct kc_error *err) {
    const struct topic_log_conf *conf = s->conf;
    AUTO(props) configs = topic_configs(conf);
    struct topic_spec spec = {.name = conf->topic,
                              .partitions = conf->partitions,
                              .replication_factor = conf->replication_factor,
                              .configs = configs};
    int64_t deadline = clock_ms() + conf->api_timeout_ms;
    for (;;) {
        if (wait_for_broker(s, err) < 0)
            return -1;
        /* Asking first spares a topic that is there already the detour by the controller. */
        int32_t partitions = 0;
        if (admin_partition_count(s->rk, conf->topic, CALL_MS, &partitions, err) == 0 && partitions > 0) {
            *ret_outcome = ADMIN_TOPIC_EXISTS;
            return 0;
        }
        if (admin_create_topic(s->rk, &spec, CALL_MS, ret_outcome, err) == 0)
            return 0;
        if (check_cancelled(s, err) < 0 || (!err->retriable && !is_away(err)) || clock_ms() >= deadline)
            return -1;
        kc_log(KC_DEBUG, LOGGER, "Creating topic '%s' failed, retrying: %s", conf->topic, err->cause);
        if (pause_for(s, conf->retry_backoff_ms, err) < 0)
            return -1;
    }
}

/* ---- Verify ---- */

/* A comma separated list with nothing but "compact" in it. */
static bool is_compact(const char *policy) {
    bool found = false;
    const char *item;
    size_t len;
    for (const char *pos = policy; comma_list_next(&pos, &item, &len); found = true)
        if (len != strlen("compact") || strncmp(item, "compact", len) != 0)
            return false;
    return found;
}

static int verify_policy(const struct setup *s, struct kc_error *err) {
    const struct topic_log_conf *conf = s->conf;
    AUTO_TEXT policy = NULL;
    int64_t deadline = clock_ms() + conf->api_timeout_ms;
    while (admin_topic_config(s->rk, conf->topic, "cleanup.policy", CALL_MS, &policy, err) < 0) {
        if (!err->retriable || clock_ms() >= deadline || pause_for(s, conf->retry_backoff_ms, err) < 0)
            return -1;
    }
    if (!policy || is_compact(policy))
        return 0;
    return err_set(
        err, ERR_BAD_CONFIG,
        "Topic '%s' supplied via the '%s' property is required to have 'cleanup.policy=compact' to guarantee "
        "consistency and durability of %s, but found the topic currently has 'cleanup.policy=%s'. Continuing "
        "would likely result in eventually losing %s and problems restarting this Connect cluster in the "
        "future. Change the '%s' property in the Connect worker configurations to use a topic with "
        "'cleanup.policy=compact'.",
        conf->topic, conf->topic_property, conf->purpose, policy, conf->purpose, conf->topic_property);
}

static int wait_for_partitions(const struct setup *s, int32_t *ret_partitions, struct kc_error *err) {
    int64_t deadline = clock_ms() + PARTITIONS_MS, wait_ms = FIRST_PAUSE_MS;
    for (;;) {
        int32_t count = 0;
        int rc = admin_partition_count(s->rk, s->conf->topic, 5000, &count, err);
        if (rc == 0 && count > 0) {
            *ret_partitions = count;
            return 0;
        }
        if (rc < 0 && !err->retriable)
            return -1;
        if (clock_ms() >= deadline)
            return err_set(
                err, ERR_INTERNAL,
                "Could not look up partition metadata for topic '%s' in the allotted period. This could "
                "indicate a connectivity issue, unavailable topic partitions, or if this is your first use of "
                "the topic it may have taken too long to create.",
                s->conf->topic);
        if (pause_for(s, wait_ms, err) < 0)
            return -1;
        wait_ms = wait_ms * 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : wait_ms * 2;
    }
}

int topic_setup(rd_kafka_t *rk, const struct topic_log_conf *conf, const atomic_bool *cancelled,
                int32_t *ret_partitions, struct kc_error *err) {
    struct setup s = {.rk = rk, .conf = conf, .cancelled = cancelled};
    enum admin_topic outcome;
    int32_t partitions = 0;
    if (create(&s, &outcome, err) < 0 || (outcome != ADMIN_TOPIC_CREATED && verify_policy(&s, err) < 0) ||
        wait_for_partitions(&s, &partitions, err) < 0)
        return -1;
    if (conf->single_partition && partitions != 1)
        return err_set(err, ERR_BAD_CONFIG,
                       "Topic '%s' supplied via the '%s' property is required to have a single partition in order to "
                       "guarantee consistency of connector configurations, but found %d partitions.",
                       conf->topic, conf->topic_property, (int)partitions);
    *ret_partitions = partitions;
    *err = (struct kc_error){0};
    return 0;
}
