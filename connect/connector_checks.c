/* See connector_checks.h.  Runs on the thread of the connector; keeps nothing. */
#include "connect/connector_checks.h"

#include <string.h>

#include "config/parse.h"
#include "connect/base/auto.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/regex.h"
#include "connect/kafka/client.h"
#include "connect/plugin_version.h"
#include "connect/plugins.h"
#include "connect/task/topic_creation.h"
#include "connect/transform/chain.h"

enum { RANGE_TEXT_MAX = 4096 };

/* ---- the framework's options ------------------------------------------------------------------------------------- */

/* connector.plugin.version */
static int check_version(const struct kc_plugin *plugin, const char *connector, const struct kc_config *config,
                         struct kc_error *err) {
    struct version_range *range = NULL;
    int rc = version_range_parse(kc_config_get(config, "connector.plugin.version"), &range, err);
    if (rc == 0 && !version_range_has(range, plugins_version(plugin))) {
        AUTO_BUF text;
        buf_init(&text, RANGE_TEXT_MAX);
        (void)version_range_text(range, &text);
        rc = kc_fail(err, "org.apache.kafka.connect.runtime.isolation.VersionedPluginLoadingException",
                     "Plugin %s has version %s which does not match the required version range %s", plugin->class_name,
                     plugins_version(plugin), buf_text(&text));
    }
    version_range_free(range);
    if (rc == 0)
        return 0;
    return err_wrap(err, KC_CONNECT_EXCEPTION, "Failed to instantiate class for connector %s, class %s",
                    kc_config_get(config, "connector.class"), connector);
}

/* Groups of topic.creation.*, which validation does not look into. */
static int check_topic_creation(const struct kc_config *config, const struct worker_conf *worker,
                                struct kc_error *err) {
    struct topic_creation *tc;
    if (topic_creation_new(config, worker->topic_creation, &tc, err) < 0)
        return -1;
    topic_creation_free(tc);
    return 0;
}

/* A source's connector has a producer for its offsets, and a consumer and an admin client if it has a topic for them.
 */
static int check_overrides(const struct kc_config *config, const struct worker_conf *worker,
                           const struct connector_conf *conf, struct kc_error *err) {
    static const char *const prefixes[] = {"producer.override.", "consumer.override.", "admin.override."};
    bool own = worker_exactly_once(worker) || (conf->offsets_topic && *conf->offsets_topic);
    for (size_t i = 0; i < (own ? COUNT_OF(prefixes) : 1); i++)
        if (client_policy_enforce(worker->override_policy, &worker->override_allowlist, prefixes[i], config, err) < 0)
            return -1;
    return 0;
}

int connector_check(const struct kc_plugin *plugin, const char *connector, const struct kc_config *config,
                    const struct worker_conf *worker, struct kc_arena *arena, struct connector_conf *ret_conf,
                    struct kc_error *err) {
    bool sink = plugin->kind == KC_KIND_SINK;
    if (check_version(plugin, connector, config, err) < 0 ||
        config_parse(sink ? connector_sink_options : connector_source_options, config, arena, ret_conf,
                     sizeof(*ret_conf), err) < 0 ||
        chain_check(config, err) < 0)
        return -1;
    if (sink)
        return 0;
    return check_topic_creation(config, worker, err) < 0 ? -1 : check_overrides(config, worker, ret_conf, err);
}

/* ---- topics of sinks --------------------------------------------------------------------------------------------- */

static bool blank(const char *text) {
    return !text || text[strspn(text, " \t\r\n\f")] == 0;
}

static int check_dlq_in_list(const char *dlq, const char *topics, struct kc_arena *arena, struct kc_error *err) {
    static const struct kc_option row = {.name = "topics", .type = KC_OPT_T_LIST, .def = ""};
    struct option_parsed list;
    AUTO_BUF shown;
    bool found = false;
    buf_init(&shown, KC_ERROR_TEXT);
    if (option_parse(&row, row.name, topics, arena, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.list.count; i++) {
        found = found || strcmp(list.list.items[i], dlq) == 0;
        (void)buf_printf(&shown, "%s%s", i ? ", " : "", list.list.items[i]);
    }
    if (!found)
        return 0;
    return option_invalid(
        err, "topics", topics,
        "The DLQ topic '%s' may not be included in the list of topics ('topics=[%s]') consumed by the connector", dlq,
        buf_text(&shown));
}

static int check_dlq_by_regex(const char *dlq, const char *pattern, struct kc_error *err) {
    struct regex *re = regex_new(pattern, err);
    if (!re)
        return err_prefix(err, "topics.regex");
    bool matches = regex_matches(re, dlq, strlen(dlq));
    regex_free(re);
    if (!matches)
        return 0;
    return option_invalid(err, "topics.regex", pattern,
                          "The DLQ topic '%s' may not be matched by the regex for the topics ('topics.regex=%s') "
                          "consumed by the connector",
                          dlq, pattern);
}

int connector_check_topics(const struct kc_config *config, struct kc_arena *arena, struct kc_error *err) {
    static const struct kc_option dlq_row = {.name = "errors.deadletterqueue.topic.name", .type = KC_OPT_T_STRING};
    const char *topics = kc_config_get(config, "topics"), *pattern = kc_config_get(config, "topics.regex");
    struct option_parsed dlq = {.null = true};
    if (!blank(topics) && !blank(pattern))
        return option_invalid(err, "topics", topics,
                              "topics and topics.regex are mutually exclusive options, but both are set.");
    if (blank(topics) && blank(pattern))
        return option_invalid(err, "topics", topics, "Must configure one of topics or topics.regex");
    if (kc_config_get(config, dlq_row.name) &&
        option_parse(&dlq_row, dlq_row.name, kc_config_get(config, dlq_row.name), arena, &dlq, err) < 0)
        return -1;
    if (dlq.null || !*dlq.text)
        return 0;
    return blank(pattern) ? check_dlq_in_list(dlq.text, topics, arena, err)
                          : check_dlq_by_regex(dlq.text, pattern, err);
}
