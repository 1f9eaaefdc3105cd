/* See config_sync.h. Only differences are sent: Java sends everything again each time, which the controllers write
 * down each time. */
#include "connectors/mirror/config_sync.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/auto.h"
#include "connect/base/err.h"
#include "connect/kafka/incremental_configs.h"
#include "connectors/mirror/clients.h"

#define LOGGER MIRROR_LOG("MirrorSourceConnector")

/* ---- Reading ---- */

static void free_config(void *value) {
    struct topic_config *c = value;
    for (size_t i = 0; i < c->count; i++) {
        free(c->entries[i].name);
        free(c->entries[i].value);
    }
    free(c->entries);
    free(c);
}

/* False: the rules leave the entry alone. */
static bool judge(const rd_kafka_ConfigEntry_t *entry, const struct config_rules *rules, bool *ret_copied) {
    rd_kafka_ConfigSource_t source = rd_kafka_ConfigEntry_source(entry);
    *ret_copied = source != RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG || (rules && rules->source_defaults);
    if (!rules)
        return true;
    return rd_kafka_ConfigEntry_is_read_only(entry) != 1 && rd_kafka_ConfigEntry_is_sensitive(entry) != 1 &&
           source != RD_KAFKA_CONFIG_SOURCE_STATIC_BROKER_CONFIG &&
           filter_accepts(rules->properties, rd_kafka_ConfigEntry_name(entry));
}

static struct topic_config *read_config(const rd_kafka_ConfigResource_t *resource, const struct config_rules *rules) {
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    struct topic_config *c = calloc(1, sizeof *c);
    if (!c || !(c->entries = calloc(count + 1, sizeof *c->entries)))
        abort();
    for (size_t i = 0; i < count; i++) {
        bool copied;
        if (!judge(entries[i], rules, &copied))
            continue;
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        c->entries[c->count++] = (struct topic_config_entry){
            .name = strdup(rd_kafka_ConfigEntry_name(entries[i])),
            .value = value ? strdup(value) : NULL,
            .copied = copied && value,
            .set_on_topic = rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG};
    }
    return c;
}

static void read_answer(rd_kafka_event_t *event, const struct config_rules *rules, struct map *configs) {
    size_t count = 0;
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_ConfigResource_name(resources[i]);
        rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resources[i]);
        if (code)
            kc_log(KC_WARN, LOGGER, "The configuration of topic %s cannot be read: %s", name, rd_kafka_err2str(code));
        else
            map_put(configs, name, read_config(resources[i], rules));
    }
}

struct map *topic_configs_read(rd_kafka_t *admin, const char *const *topics, size_t count,
                               const struct config_rules *rules, int64_t timeout_ms, struct stop_check stop,
                               struct kc_error *err) {
    struct map *configs = map_new(free_config);
    if (!count)
        return configs;
    rd_kafka_ConfigResource_t **resources = calloc(count, sizeof(rd_kafka_ConfigResource_t *));
    if (!resources)
        abort();
    for (size_t i = 0; i < count; i++)
        resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[i]);
    struct admin_call call;
    admin_call_begin(&call, admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms, stop);
    rd_kafka_event_t *event = NULL;
    if (admin_call_any_broker(&call, err) == 0) {
        rd_kafka_DescribeConfigs(admin, resources, count, call.options, call.queue);
        event = admin_call_wait(&call, err);
    }
    if (event)
        read_answer(event, rules, configs);
    admin_call_end(&call);
    rd_kafka_ConfigResource_destroy_array(resources, count);
    free(resources);
    return event ? configs : map_free(configs);
}

struct kc_config *topic_config_for_new(const struct topic_config *config) {
    struct kc_config *ret = kc_config_new();
    for (size_t i = 0; i < config->count; i++)
        if (config->entries[i].copied)
            kc_config_set(ret, config->entries[i].name, config->entries[i].value);
    return ret;
}

/* ---- Bringing over ---- */

static const struct topic_config_entry *find(const struct topic_config *config, const char *name) {
    for (size_t i = 0; config && i < config->count; i++)
        if (strcmp(config->entries[i].name, name) == 0)
            return &config->entries[i];
    return NULL;
}

/* Whether the remote topic is already as it should be; an unknown configuration never is. A name that the target's
 * brokers do not know is left out: it would spoil all other changes of the topic. */
static bool settled(const struct topic_config_entry *want, const struct topic_config *remote) {
    const struct topic_config_entry *have = find(remote, want->name);
    if (!have)
        return remote != NULL;
    if (!want->copied)
        return !have->set_on_topic;
    return have->set_on_topic && have->value && strcmp(have->value, want->value) == 0;
}

static struct config_change *changes_of(const struct topic_config *want, const struct topic_config *remote,
                                        size_t *ret_count) {
    struct config_change *changes = calloc(want->count + 1, sizeof *changes);
    size_t count = 0;
    if (!changes)
        abort();
    for (size_t i = 0; i < want->count; i++) {
        const struct topic_config_entry *e = &want->entries[i];
        if (!settled(e, remote))
            changes[count++] = (struct config_change){
                .name = e->name, .value = e->value, .op = e->copied ? CONFIG_SET : CONFIG_DELETE};
    }
    *ret_count = count;
    return changes;
}

static void on_result(void *arg, const char *topic, const struct kc_error *err) {
    (void)arg;
    if (err)
        kc_log(KC_WARN, LOGGER, "Could not alter configuration of topic %s: %s", topic, err->text);
    else
        kc_log(KC_DEBUG, LOGGER, "Altered configuration of topic %s", topic);
}

static struct map *read_side(rd_kafka_t *admin, const struct config_pair *pairs, size_t count, bool remote,
                             const struct config_rules *rules, int64_t timeout_ms, const atomic_bool *stop,
                             struct kc_error *err) {
    const char **names = calloc(count, sizeof *names);
    if (!names)
        abort();
    for (size_t i = 0; i < count; i++)
        names[i] = remote ? pairs[i].remote : pairs[i].topic;
    struct map *configs = topic_configs_read(admin, names, count, rules, timeout_ms, stop_on(stop), err);
    free(names);
    return configs;
}

int config_sync(rd_kafka_t *source, rd_kafka_t *target, const struct kc_config *java, const struct config_pair *pairs,
                size_t count, const struct config_rules *rules, int64_t timeout_ms, const atomic_bool *stop,
                bool *ret_unsupported, struct kc_error *err) {
    *ret_unsupported = false;
    if (!count)
        return 0;
    struct map *want = read_side(source, pairs, count, false, rules, timeout_ms, stop, err);
    if (!want)
        return -1;
    struct kc_error unread = {0};
    struct map *have = read_side(target, pairs, count, true, NULL, timeout_ms, stop, &unread);
    struct topic_changes *topics = calloc(count, sizeof *topics);
    size_t changed = 0;
    if (!topics)
        abort();
    for (size_t i = 0; i < count; i++) {
        const struct topic_config *config = map_get(want, pairs[i].topic);
        struct topic_changes *t = &topics[changed];
        if (!config)
            continue;
        t->topic = pairs[i].remote;
        t->changes = changes_of(config, have ? map_get(have, pairs[i].remote) : NULL, &t->count);
        if (t->count)
            changed++;
        else
            free((void *)(uintptr_t)t->changes);
    }
    int rc = changed ? incremental_configs(java, topics, changed, timeout_ms, stop, on_result, NULL, err) : 0;
    *ret_unsupported =
        rc < 0 && strcmp(err->exception, "org.apache.kafka.common.errors.UnsupportedVersionException") == 0;
    for (size_t i = 0; i < changed; i++)
        free((void *)(uintptr_t)topics[i].changes);
    free(topics);
    map_free(want);
    map_free(have);
    return rc;
}
