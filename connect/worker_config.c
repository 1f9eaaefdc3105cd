/* See worker_config.h.  Called once by main before any other thread runs. */
#include "connect/worker_config.h"

#include "config/def.h"
#include "config/properties.h"
#include "connect/base/err.h"
#include "connect/kafka/bootstrap.h"
#include "connect/kafka/client.h"
#include "connect/kafka/client_options.h"
#include "connect/plugins.h"

AUTO_FREE(substitute, struct substitute, substitute_free)

/* The properties with their references replaced, by providers as they are declared; plugin.path stays raw. */
static struct kc_config *resolve(const struct kc_config *raw, struct kc_error *err) {
    AUTO(substitute) providers = substitute_new(raw, plugins_find, err);
    struct kc_config *resolved = providers ? substitute_apply(providers, raw, /* ret_ttl_ms= */ NULL, err) : NULL;
    if (resolved && kc_config_has(raw, "plugin.path"))
        kc_config_set(resolved, "plugin.path", kc_config_get(raw, "plugin.path"));
    return resolved;
}

/* <key|value|header>.converter.plugin.version */
static int check_converter_versions(const struct worker_conf *conf, struct kc_error *err) {
    const struct {
        const char *class_name, *version_key;
        enum kc_plugin_kind kind;
    } converters[] = {
        {conf->key_converter, "key.converter.plugin.version", KC_KIND_CONVERTER},
        {conf->value_converter, "value.converter.plugin.version", KC_KIND_CONVERTER},
        {conf->header_converter, "header.converter.plugin.version", KC_KIND_HEADER_CONVERTER},
    };
    for (size_t i = 0; i < COUNT_OF(converters); i++) {
        const struct kc_plugin *plugin = plugins_find(converters[i].class_name, converters[i].kind);
        const char *wanted = kc_config_get(conf->text, converters[i].version_key);
        if (plugins_check_version(plugin, wanted, /* ret_malformed= */ NULL, err) < 0)
            return err_prefix(err, "%s", converters[i].version_key);
    }
    return 0;
}

/* What the first client would refuse is refused before anything starts. */
static int check_client(const struct worker_conf *conf, struct kc_error *err) {
    struct wire_broker *brokers = NULL;
    size_t count = 0;
    if (bootstrap_parse(kc_config_get(conf->text, "bootstrap.servers"), &brokers, &count, err) == 0) {
        wire_brokers_free(brokers, count);
        rd_kafka_conf_t *client = client_conf(CLIENT_ADMIN, conf->text, err);
        if (client) {
            rd_kafka_conf_destroy(client);
            return 0;
        }
    }
    return err_wrap(err, "org.apache.kafka.common.KafkaException", "Failed to create new KafkaAdminClient");
}

/* Settings of Kafka clients are the worker's too: without a prefix they are for the clients of its internal topics. */
static bool is_client_setting(const char *key) {
    return !option_find(worker_options, key) && client_option_find(CLIENT_CONSUMER, key);
}

static void log_config(const struct kc_config *raw) {
    AUTO(props) shown = kc_config_copy(raw);
    for (size_t i = 0; i < kc_config_count(raw); i++)
        if (is_client_setting(kc_config_key(raw, i)))
            kc_config_remove(shown, kc_config_key(raw, i));
    worker_conf_log(shown);
}

static int config_new(struct kc_config *raw, bool standalone, struct worker_conf **ret_conf,
                      struct substitute **ret_substitute, struct kc_error *err) {
    AUTO(props) taken = raw;
    if (plugins_init(kc_config_get(taken, "plugin.path"), err) < 0)
        return -1;
    struct kc_config *resolved = resolve(taken, err);
    if (!resolved)
        return -1;
    log_config(taken);
    AUTO(worker_conf) conf = standalone ? worker_conf_new_standalone(resolved, err) : worker_conf_new(resolved, err);
    if (!conf || check_converter_versions(conf, err) < 0 || check_client(conf, err) < 0)
        return -1;
    struct substitute *substitute = substitute_new(conf->text, plugins_find, err);
    if (!substitute)
        return -1;
    *ret_conf = TAKE(conf);
    *ret_substitute = substitute;
    return 0;
}

int worker_config_new(struct kc_config *raw, struct worker_conf **ret_conf, struct substitute **ret_substitute,
                      struct kc_error *err) {
    return config_new(raw, false, ret_conf, ret_substitute, err);
}

static int load(const char *file, bool standalone, struct worker_conf **ret_conf, struct substitute **ret_substitute,
                struct kc_error *err) {
    AUTO(props) raw = kc_config_new();
    if (properties_load(file, raw, err) < 0)
        return -1;
    return config_new(TAKE(raw), standalone, ret_conf, ret_substitute, err);
}

int worker_config_load(const char *file, struct worker_conf **ret_conf, struct substitute **ret_substitute,
                       struct kc_error *err) {
    return load(file, false, ret_conf, ret_substitute, err);
}

int worker_config_load_standalone(const char *file, struct worker_conf **ret_conf, struct substitute **ret_substitute,
                                  struct kc_error *err) {
    return load(file, true, ret_conf, ret_substitute, err);
}
