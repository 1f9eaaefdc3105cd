/* struct worker_conf: made once at start from the properties file, read by everybody, freed last. */
#include "config/worker_options.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/def.h"
#include "config/parse.h"
#include "config/properties.h"
#include "config/worker_checks.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"

#define LOG_WORKER_CONFIG "org.apache.kafka.connect.runtime.distributed.DistributedConfig"

enum { STANDALONE_ROWS_MAX = 160 };
enum { MEMORY_DEFAULT = 512 * 1024 * 1024, STANDALONE_SYNC_MS = 3000 };

/* Keys that belong to somebody else than the table. */
static const char *const known_prefixes[] = {"key.converter.",
                                             "value.converter.",
                                             "header.converter.",
                                             "config.providers.",
                                             "producer.",
                                             "consumer.",
                                             "admin.",
                                             "config.storage.",
                                             "offset.storage.",
                                             "status.storage.",
                                             "metrics.context.",
                                             "listeners.https.",
                                             "admin.listeners.https.",
                                             NULL};

/* ---- standalone -------------------------------------------------------------------------------------------------- */

/* What belongs to the group, its topics and the requests between workers. */
static bool is_of_group(const char *name) {
    static const char *const names[] = {"group.id",
                                        "config.storage.",
                                        "offset.storage.",
                                        "status.storage.",
                                        "session.timeout.ms",
                                        "rebalance.timeout.ms",
                                        "heartbeat.interval.ms",
                                        "exactly.once.source.support",
                                        "connect.protocol",
                                        "scheduled.rebalance.max.delay.ms",
                                        "worker.sync.timeout.ms",
                                        "worker.unsync.backoff.ms",
                                        "inter.worker."};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        size_t len = strlen(names[i]);
        if (names[i][len - 1] == '.' ? strncmp(name, names[i], len) == 0 : strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

const struct kc_option *worker_options_standalone(void) {
    static const struct kc_option file[] = {OPT_STRING(
        "offset.storage.file.filename", struct worker_conf, offset_file, .required = true, .importance = KC_HIGH,
        .doc = "File that keeps the offsets of source connectors, as a standalone Java worker writes it; made when it "
               "is missing.")};
    static struct kc_option rows[STANDALONE_ROWS_MAX];
    size_t count = 0;
    if (rows[0].name)
        return rows;
    for (const struct kc_option *row = worker_options; row->name; row++) {
        if (!is_of_group(row->name)) {
            assert(count < STANDALONE_ROWS_MAX - 2);
            rows[count++] = *row;
        }
    }
    rows[count++] = file[0];
    return rows; /* the rest is zero: the end */
}

/* Half of what the control group allows, 0 when it allows everything or says nothing. */
static int64_t half_of_cgroup_limit(void) {
    static const char *const files[] = {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        size_t len;
        AUTO_TEXT text = file_read(files[i], 64, &len, /* err= */ NULL);
        if (text && isdigit((unsigned char)*text))
            return strtoll(text, NULL, 10) / 2;
    }
    return 0;
}

static void lower(const char **text, struct kc_arena *arena) {
    if (!*text)
        return;
    char *copy = kc_arena_strdup(arena, *text);
    for (char *s = copy; *s; s++)
        *s = (char)tolower((unsigned char)*s);
    *text = copy;
}

/* Defaults that depend on other options or on the machine. */
static void complete(struct worker_conf *conf) {
    if (!kc_config_get(conf->text, "rest.advertised.port"))
        conf->advertised_port = -1;
    if (kc_config_has(conf->text, "reconnect.backoff.ms") && !kc_config_has(conf->text, "reconnect.backoff.max.ms"))
        conf->reconnect_backoff_max_ms = conf->reconnect_backoff_ms;
    if (conf->reconnect_backoff_max_ms < conf->reconnect_backoff_ms)
        conf->reconnect_backoff_max_ms = conf->reconnect_backoff_ms;
    if (conf->retry_backoff_max_ms < conf->retry_backoff_ms)
        conf->retry_backoff_max_ms = conf->retry_backoff_ms;
    if (!conf->memory_limit_bytes) {
        int64_t half = half_of_cgroup_limit();
        conf->memory_limit_bytes = half > 0 && half < MEMORY_DEFAULT ? half : MEMORY_DEFAULT;
    }
    conf->override_policy = policy_alias(conf->override_policy);
    if (conf->standalone) { /* not in the rows of that mode */
        conf->worker_sync_timeout_ms = STANDALONE_SYNC_MS;
        conf->exactly_once = "disabled";
    }
    lower(&conf->connect_protocol, conf->arena);
    lower(&conf->exactly_once, conf->arena);
    lower(&conf->advertised_listener, conf->arena);
}

static bool list_has(const struct kc_list *list, const char *item) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], item) == 0)
            return true;
    return false;
}

static int check_distinct(const char *a_name, const char *a, const char *b_name, const char *b, struct kc_error *err) {
    if (strcmp(a, b) != 0)
        return 0;
    return err_set(err, ERR_BAD_CONFIG, "%s and %s must be different topics, but both are %s", a_name, b_name, a);
}

/* Rules across options. */
static int check_together(const struct worker_conf *conf, struct kc_error *err) {
    char value[32];
    if (!list_has(&conf->inter_worker_verification_algorithms, conf->inter_worker_signature_algorithm))
        return option_invalid(err, "inter.worker.signature.algorithm", conf->inter_worker_signature_algorithm,
                              "Signature algorithm must be present in inter.worker.verification.algorithms list");
    if (conf->heartbeat_interval_ms >= conf->session_timeout_ms) {
        snprintf(value, sizeof(value), "%d", conf->heartbeat_interval_ms);
        return option_invalid(err, "heartbeat.interval.ms", value,
                              "Heartbeat must be set lower than the session timeout (session.timeout.ms is %d)",
                              conf->session_timeout_ms);
    }
    if (check_distinct("config.storage.topic", conf->config_topic, "offset.storage.topic", conf->offset_topic, err) <
            0 ||
        check_distinct("config.storage.topic", conf->config_topic, "status.storage.topic", conf->status_topic, err) < 0)
        return -1;
    return check_distinct("offset.storage.topic", conf->offset_topic, "status.storage.topic", conf->status_topic, err);
}

static void warn(const struct worker_conf *conf) {
    static const char *const internal[] = {"internal.key.converter", "internal.value.converter"};
    for (size_t i = 0; i < kc_config_count(conf->text); i++) {
        const char *key = kc_config_key(conf->text, i);
        for (size_t j = 0; j < COUNT_OF(internal); j++)
            if (strncmp(key, internal[j], strlen(internal[j])) == 0)
                kc_log(KC_WARN, LOG_WORKER_CONFIG,
                       "The worker has been configured with %s. Internal converters can no longer be chosen; it is "
                       "ignored",
                       key);
    }
    const char *host = conf->advertised_host;
    if (host && (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0))
        kc_log(KC_WARN, LOG_WORKER_CONFIG, "rest.advertised.host.name is %s, which other workers cannot connect to",
               host);
}

static struct worker_conf *conf_new(struct kc_config *text, bool standalone, struct kc_error *err) {
    struct kc_arena *arena = arena_new(0);
    struct worker_conf *conf = kc_arena_zalloc(arena, sizeof(*conf));
    const struct kc_option *rows = standalone ? worker_options_standalone() : worker_options;
    int rc = config_parse(rows, text, arena, conf, sizeof(*conf), err);
    conf->arena = arena;
    conf->text = text;
    conf->standalone = standalone;
    if (rc == 0) {
        complete(conf);
        rc = standalone ? 0 : check_together(conf, err);
    }
    if (rc < 0)
        return worker_conf_free(conf);
    warn(conf);
    return conf;
}

struct worker_conf *worker_conf_new(struct kc_config *text, struct kc_error *err) {
    return conf_new(text, false, err);
}

struct worker_conf *worker_conf_new_standalone(struct kc_config *text, struct kc_error *err) {
    return conf_new(text, true, err);
}

void worker_conf_log(const struct kc_config *raw) {
    config_log_unknown(LOG_WORKER_CONFIG, worker_options, raw, known_prefixes);
}

struct worker_conf *worker_conf_free(struct worker_conf *conf) {
    if (conf) {
        kc_config_free(conf->text);
        arena_free(conf->arena);
    }
    return NULL;
}
