/* EnvVarConfigProvider: ${env:NAME}.  Made by substitute.c, called under its lock.
 * @source org.apache.kafka.common.config.provider.EnvVarConfigProvider */
#include <string.h>

#include "config/builtin.h"
#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/base/regex.h"

extern char **environ;

struct provider {
    struct regex *allow; /* NULL: every name */
};

static void close_provider(void *self) {
    struct provider *p = self;
    regex_free(p->allow);
    free(p);
}

static int configure(const struct kc_config *config, void **ret_self, struct kc_error *err) {
    const char *pattern = kc_config_get(config, "allowlist.pattern");
    struct provider *p = calloc(1, sizeof(*p));
    if (!p)
        return err_set(err, ERR_INTERNAL, "out of memory");
    if (pattern && !(p->allow = regex_new(pattern, err))) {
        close_provider(p);
        return err_prefix(err, "allowlist.pattern of the EnvVarConfigProvider");
    }
    *ret_self = p;
    return 0;
}

static bool allowed(const struct provider *p, const char *name, size_t len) {
    return !p->allow || regex_matches(p->allow, name, len);
}

static int get(void *self, const char *path, const char *const *keys, size_t key_count, struct kc_config *ret_values,
               int64_t *ret_ttl_ms, struct kc_error *err) {
    const struct provider *p = self;
    *ret_ttl_ms = -1;
    if (*path)
        return err_set(err, ERR_BAD_CONFIG, "Path is not supported for EnvVarConfigProvider, invalid value '%s'", path);
    for (size_t i = 0; i < key_count; i++) {
        const char *value = getenv(keys[i]);
        if (value && allowed(p, keys[i], strlen(keys[i])))
            kc_config_set(ret_values, keys[i], value);
    }
    for (char **entry = environ; !key_count && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals || !allowed(p, *entry, (size_t)(equals - *entry)))
            continue;
        AUTO_TEXT name = strndup(*entry, (size_t)(equals - *entry));
        kc_config_set(ret_values, name, equals + 1);
    }
    return 0;
}

static const struct kc_config_provider_ops ops = {.configure = configure, .get = get, .close = close_provider};

const struct kc_plugin provider_env = {
    .abi = KC_ABI,
    .kind = KC_KIND_CONFIG_PROVIDER,
    .class_name = "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
    .config_provider = &ops,
};
