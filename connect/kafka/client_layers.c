/* Which properties reach which client of a connector, and which overrides a connector may make. Keeps nothing.
 * @source Worker.baseProducerConfigs, baseConsumerConfigs, adminConfigs; ...connector.policy.* */
#include <stdio.h>
#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/kafka/client.h"

#define LOG_UTILS "org.apache.kafka.connect.util.ConnectUtils"

static bool starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Copies the entries of `from` that start with `prefix`, without it. */
static void layer(struct kc_config *to, const struct kc_config *from, const char *prefix) {
    for (size_t i = 0; from && i < kc_config_count(from); i++) {
        const char *key = kc_config_key(from, i);
        if (starts_with(key, prefix) && key[strlen(prefix)])
            kc_config_set(to, key + strlen(prefix), kc_config_value(from, i));
    }
}

static void set(struct kc_config *props, const char *key, const char *value) {
    if (value)
        kc_config_set(props, key, value);
}

struct kc_config *client_props_producer(const struct kc_config *worker, const struct kc_config *connector,
                                        const char *client_id) {
    struct kc_config *props = kc_config_new();
    set(props, "bootstrap.servers", kc_config_get(worker, "bootstrap.servers"));
    /* No limit in time: a task is stopped by its connector, not by the producer giving up. */
    set(props, "max.block.ms", "9223372036854775807");
    set(props, "enable.idempotence", "false");
    set(props, "acks", "all");
    set(props, "max.in.flight.requests.per.connection", "1");
    set(props, "delivery.timeout.ms", "2147483647");
    set(props, "client.id", client_id);
    layer(props, worker, "producer.");
    layer(props, connector, "producer.override.");
    return props;
}

struct kc_config *client_props_transactional(const struct kc_config *worker, const struct kc_config *connector,
                                             const char *client_id) {
    struct kc_config *props = client_props_producer(worker, connector, client_id);
    if (!kc_config_has(connector, "producer.override.enable.idempotence") &&
        !kc_config_has(worker, "producer.enable.idempotence"))
        kc_config_remove(props, "enable.idempotence");
    return props;
}

struct kc_config *client_props_consumer(const struct kc_config *worker, const struct kc_config *connector,
                                        const char *client_id, const char *group_id) {
    struct kc_config *props = kc_config_new();
    set(props, "group.id", group_id);
    set(props, "client.id", client_id);
    set(props, "bootstrap.servers", kc_config_get(worker, "bootstrap.servers"));
    set(props, "enable.auto.commit", "false");
    set(props, "auto.offset.reset", "earliest");
    layer(props, worker, "consumer.");
    layer(props, connector, "consumer.override.");
    return props;
}

struct kc_config *client_props_admin(const struct kc_config *worker, const struct kc_config *connector,
                                     const char *client_id) {
    struct kc_config *props = kc_config_new();
    for (size_t i = 0; i < kc_config_count(worker); i++) {
        const char *key = kc_config_key(worker, i);
        if (!starts_with(key, "admin.") && !starts_with(key, "producer.") && !starts_with(key, "consumer."))
            kc_config_set(props, key, kc_config_value(worker, i));
    }
    set(props, "client.id", client_id);
    layer(props, worker, "admin.");
    layer(props, connector, "admin.override.");
    return props;
}

/* ---- Override policies ---- */

enum policy { POLICY_ALL, POLICY_NONE, POLICY_PRINCIPAL, POLICY_ALLOWLIST, POLICY_COUNT };
static const char *const policy_names[POLICY_COUNT] = {"All", "None", "Principal", "Allowlist"};

static enum policy policy_find(const char *policy) {
    for (int i = 0; i < POLICY_COUNT; i++) {
        char class_name[192], simple[96];
        snprintf(simple, sizeof(simple), "%sConnectorClientConfigOverridePolicy", policy_names[i]);
        snprintf(class_name, sizeof(class_name), "org.apache.kafka.connect.connector.policy.%s", simple);
        if (strcmp(policy, policy_names[i]) == 0 || strcmp(policy, simple) == 0 || strcmp(policy, class_name) == 0)
            return (enum policy)i;
    }
    return POLICY_COUNT;
}

static bool is_allowed(enum policy policy, const struct kc_list *allowlist, const char *key) {
    static const char *const principal[] = {"sasl.jaas.config", "sasl.mechanism", "security.protocol"};
    switch (policy) {
    case POLICY_ALL:
        return true;
    case POLICY_PRINCIPAL:
        for (size_t i = 0; i < COUNT_OF(principal); i++) {
            if (strcmp(key, principal[i]) == 0)
                return true;
        }
        return false;
    case POLICY_ALLOWLIST:
        for (size_t i = 0; allowlist && i < allowlist->count; i++) {
            if (strcmp(key, allowlist->items[i]) == 0)
                return true;
        }
        return false;
    default:
        return false;
    }
}

size_t client_policy_check(const char *policy, const struct kc_list *allowlist, const char *prefix,
                           const struct kc_config *connector, void (*f)(void *arg, const char *key, const char *text),
                           void *arg) {
    enum policy p = policy_find(policy);
    size_t count = 0;
    for (size_t i = 0; i < kc_config_count(connector); i++) {
        const char *key = kc_config_key(connector, i);
        if (!starts_with(key, prefix))
            continue;
        const char *name = key + strlen(prefix);
        if (is_allowed(p, allowlist, name))
            continue;
        char text[512];
        snprintf(text, sizeof(text),
                 "The '%s' policy does not allow '%s' to be overridden in the connector configuration.",
                 p == POLICY_COUNT ? policy : policy_names[p], name);
        count++;
        if (f)
            f(arg, key, text);
    }
    return count;
}

/* @source ConnectUtils.ensureProperty */
void client_ensure(struct kc_config *props, const char *key, const char *value, const char *why, bool any_case) {
    const char *given = kc_config_get(props, key);
    if (given && (any_case ? strcasecmp(given, value) : strcmp(given, value)) != 0)
        kc_log(
            KC_WARN, LOG_UTILS,
            "The value '%s' for the '%s' property will be ignored as it cannot be overridden %s. The value '%s' will "
            "be used instead.",
            given, key, why, value);
    kc_config_set(props, key, value);
}

struct refusals {
    const struct kc_config *connector;
    size_t prefix_len;
    struct buf text;
};

static bool is_secret(const char *name) {
    static const char *const parts[] = {"password", "secret", "sasl.jaas.config", "ssl.keystore.key"};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strstr(name, parts[i]))
            return true;
    return false;
}

/* As Java prints a ConfigValue (name, value, recommended values, errors, whether it is visible), but for secrets. */
static void collect(void *arg, const char *key, const char *text) {
    struct refusals *r = arg;
    const char *name = key + r->prefix_len, *value = kc_config_get(r->connector, key);
    buf_printf(&r->text, "%s[%s,%s,[],[%s],true]", r->text.len ? ", " : "", name,
               is_secret(name) ? KC_HIDDEN : (value ? value : "null"), text);
}

int client_policy_enforce(const char *policy, const struct kc_list *allowlist, const char *prefix,
                          const struct kc_config *connector, struct kc_error *err) {
    struct refusals r = {.connector = connector, .prefix_len = strlen(prefix)};
    buf_init(&r.text, KC_ERROR_TEXT);
    size_t count = client_policy_check(policy, allowlist, prefix, connector, collect, &r);
    if (count)
        err_set_class(err, ERR_BAD_CONFIG, KC_CONNECT_EXCEPTION, "Client Config Overrides not allowed [%s]",
                      buf_text(&r.text));
    buf_done(&r.text);
    return count ? -1 : 0;
}
