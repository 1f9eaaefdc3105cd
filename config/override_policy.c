/* The override policies All, None, Principal and Allowlist; see override_policy.h. */
#include "config/override_policy.h"

#include <string.h>

#include "connect/base/buf.h"

enum policy { POLICY_ALL, POLICY_NONE, POLICY_PRINCIPAL, POLICY_ALLOWLIST };

static const char *const policy_names[] = {
    [POLICY_ALL] = "All",
    [POLICY_NONE] = "None",
    [POLICY_PRINCIPAL] = "Principal",
    [POLICY_ALLOWLIST] = "Allowlist",
};

#define POLICY_PACKAGE "org.apache.kafka.connect.connector.policy."
#define POLICY_SUFFIX  "ConnectorClientConfigOverridePolicy"

/* By alias ("None"), simple or full class name. The worker's options refuse other names. */
static enum policy policy_of(const struct worker_conf *worker) {
    const char *name = worker->override_policy ? worker->override_policy : "All";
    if (strncmp(name, POLICY_PACKAGE, strlen(POLICY_PACKAGE)) == 0)
        name += strlen(POLICY_PACKAGE);
    for (size_t i = 0; i < COUNT_OF(policy_names); i++) {
        size_t len = strlen(policy_names[i]);
        if (strncmp(name, policy_names[i], len) == 0 && (!name[len] || strcmp(name + len, POLICY_SUFFIX) == 0))
            return (enum policy)i;
    }
    return POLICY_NONE;
}

const char *override_policy_name(const struct worker_conf *worker) {
    return policy_names[policy_of(worker)];
}

bool override_policy_allows(const struct worker_conf *worker, const char *key) {
    static const char *const principal[] = {"sasl.jaas.config", "sasl.mechanism", "security.protocol"};
    switch (policy_of(worker)) {
    case POLICY_ALL:
        return true;
    case POLICY_NONE:
        return false;
    case POLICY_PRINCIPAL:
        for (size_t i = 0; i < COUNT_OF(principal); i++)
            if (strcmp(key, principal[i]) == 0)
                return true;
        return false;
    case POLICY_ALLOWLIST:
        for (size_t i = 0; i < worker->override_allowlist.count; i++)
            if (strcmp(key, worker->override_allowlist.items[i]) == 0)
                return true;
        return false;
    }
    return false;
}

int override_policy_check(const struct worker_conf *worker, const struct kc_config *connector, const char *prefix,
                          struct kc_error *err) {
    AUTO_BUF refused;
    buf_init(&refused, KC_ERROR_TEXT);
    size_t len = strlen(prefix);
    for (size_t i = 0; i < kc_config_count(connector); i++) {
        const char *key = kc_config_key(connector, i);
        if (strncmp(key, prefix, len) == 0 && !override_policy_allows(worker, key + len))
            buf_printf(&refused, "%s%s", refused.len ? ", " : "", key);
    }
    if (!refused.len)
        return 0;
    return kc_fail(err, KC_CONNECT_EXCEPTION,
                   "Client Config Overrides not allowed [%s]: the '%s' policy does not allow them", buf_text(&refused),
                   override_policy_name(worker));
}
