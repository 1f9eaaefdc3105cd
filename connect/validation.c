/* The steps of a validation, from a configuration to the answer's entries. One validation belongs to one thread.
 * @source AbstractHerder.validateConnectorConfig, DistributedHerder.validateSinkConnectorConfig and
 * validateSourceConnectorConfig, SinkConnectorConfig.validate (rest-api 6) */
#include "connect/validation.h"

#include <stdlib.h>
#include <string.h>

#include "config/conceal.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/regex.h"
#include "connect/plugins.h"
#include "connect/validation_parts.h"

#define BAD_REQUEST "org.apache.kafka.connect.runtime.rest.errors.BadRequestException"

enum { MESSAGE_MAX = 16 * 1024 * 1024, QUICK_BYTES = 8 * 1024 };

AUTO_FREE(validation, struct validation, validation_free)

struct validation *validation_free(struct validation *v) {
    if (!v)
        return NULL;
    problems_free(v->framework_values);
    problems_free(v->own_values);
    problems_free(v->override_values);
    for (size_t i = 0; i < COUNT_OF(v->converter_values); i++)
        problems_free(v->converter_values[i]);
    if (v->resolved != v->raw)
        kc_config_free(v->resolved);
    free(v->class_name);
    arena_free(v->arena);
    free(v);
    return NULL;
}

/* ---- Finding the connector --------------------------------------------------------------------------------------- */

/* A key whose value should not be repeated in a message. */
static bool looks_secret(const char *key) {
    static const char *const words[] = {"password", "secret", "credential", "token", "jaas", ".key", "passphrase"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasestr(key, words[i]))
            return true;
    return false;
}

static int no_class(const struct kc_config *config, struct kc_error *err) {
    AUTO_BUF map;
    buf_init(&map, KC_ERROR_TEXT);
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *key = kc_config_key(config, i), *value = kc_config_value(config, i);
        (void)buf_printf(&map, "%s%s=%s", i ? ", " : "", key, !value ? "null" : looks_secret(key) ? KC_HIDDEN : value);
    }
    return err_set_class(err, ERR_BAD_REQUEST, BAD_REQUEST, "Connector config {%.1500s} contains no connector type",
                         buf_text(&map));
}

static int find_plugin(struct validation *v, struct kc_error *err) {
    const char *class_name = kc_config_get(v->resolved, "connector.class");
    if (!class_name)
        return no_class(v->raw, err);
    v->class_name = strdup(kc_config_get(v->raw, "connector.class"));
    v->plugin = plugins_connector(class_name, err);
    if (v->plugin)
        return 0;
    char text[KC_ERROR_TEXT];
    memcpy(text, err->text, sizeof(text));
    return err_wrap(err, BAD_REQUEST, "%s", text);
}

/* ---- Rules across keys ------------------------------------------------------------------------------------------- */

static bool blank(const char *text) {
    return !text || strspn(text, " \t\n\v\f\r") == strlen(text);
}

static void both_topics(struct validation *v, const char *text) {
    kc_problem(v->framework_values, "topics", "%s", text);
    kc_problem(v->framework_values, "topics.regex", "%s", text);
}

static void check_dlq_in_list(struct validation *v, const char *dlq, const char *topics) {
    const struct kc_option row = {.name = "topics", .type = KC_OPT_T_LIST, .offset = KC_NO_FIELD};
    struct option_parsed list;
    AUTO_BUF shown;
    bool found = false;
    buf_init(&shown, KC_ERROR_TEXT);
    if (option_parse(&row, row.name, topics, v->arena, &list, /* err= */ NULL) < 0)
        return;
    for (size_t i = 0; i < list.list.count; i++) {
        found = found || strcmp(list.list.items[i], dlq) == 0;
        if (*list.list.items[i])
            (void)buf_printf(&shown, "%s%s", shown.len ? ", " : "", list.list.items[i]);
    }
    if (found)
        kc_problem(
            v->framework_values, "topics",
            "The DLQ topic '%s' may not be included in the list of topics ('topics=[%s]') consumed by the connector",
            dlq, buf_text(&shown));
}

static int check_dlq_by_regex(struct validation *v, const char *dlq, const char *pattern, struct kc_error *err) {
    struct regex *re = regex_new(pattern, err);
    if (!re) {
        err->code = ERR_INTERNAL; /* Java throws PatternSyntaxException here: 500 */
        return err_prefix(err, "topics.regex");
    }
    if (regex_matches(re, dlq, strlen(dlq)))
        kc_problem(
            v->framework_values, "topics.regex",
            "The DLQ topic '%s' may not be matched by the regex for the topics ('topics.regex=%s') consumed by the "
            "connector",
            dlq, pattern);
    regex_free(re);
    return 0;
}

static int check_topics(struct validation *v, struct kc_error *err) {
    const char *topics = kc_config_get(v->resolved, "topics"), *pattern = kc_config_get(v->resolved, "topics.regex");
    const struct kc_option row = {.name = "dlq", .type = KC_OPT_T_STRING, .offset = KC_NO_FIELD};
    struct option_parsed dlq;
    if (!blank(topics) && !blank(pattern))
        both_topics(v, "topics and topics.regex are mutually exclusive options, but both are set.");
    if (blank(topics) && blank(pattern))
        both_topics(v, "Must configure one of topics or topics.regex");
    if (option_parse(&row, row.name, kc_config_get(v->resolved, "errors.deadletterqueue.topic.name"), v->arena, &dlq,
                     err) < 0)
        return -1;
    if (dlq.null || !*dlq.text)
        return 0;
    if (!blank(topics))
        check_dlq_in_list(v, dlq.text, topics);
    return blank(pattern) ? 0 : check_dlq_by_regex(v, dlq.text, pattern, err);
}

/* The consumer group of a sink must not be the group of the workers. */
static void check_group(struct validation *v) {
    const char *key = "consumer.override.group.id", *group = v->worker->group_id;
    if (kc_config_has(v->resolved, key)) {
        const char *own = kc_config_get(v->resolved, key);
        problems_set_value(v->framework_values, problems_value(v->framework_values, key), own);
        if (own && strcmp(own, group) == 0)
            kc_problem(v->framework_values, key, "Consumer group %s conflicts with Connect worker group %s", own,
                       group);
        return;
    }
    const struct option_value *o = problems_find(v->framework_values, "name");
    const char *name = o && o->value ? o->value : "null";
    if (strncmp(group, "connect-", 8) == 0 && strcmp(group + 8, name) == 0)
        kc_problem(v->framework_values, "name",
                   "Consumer group for sink connector named %s conflicts with Connect worker group %s", name, group);
}

static bool says(const struct validation *v, const char *key, const char *word) {
    const struct option_value *o = problems_find(v->framework_values, key);
    return o && !o->error_count && o->value && strcasecmp(o->value, word) == 0;
}

/* A connector could not answer a question of the two below. */
static void could_not_say(struct validation *v, const char *key, const struct kc_error *err) {
    if (blank(err->text))
        kc_problem(v->framework_values, key,
                   "An unexpected error occurred during validation; please see the worker logs for more details.");
    else
        kc_problem(v->framework_values, key, "An unexpected error occurred during validation: %s", err->text);
}

static void check_support(struct validation *v) {
    static const char key[] = "exactly.once.support";
    struct kc_error err = {0};
    if (!worker_exactly_once(v->worker))
        kc_problem(v->framework_values, key, "This worker does not have exactly-once source support enabled.");
    if (!v->plugin->connector->exactly_once_support) {
        kc_problem(v->framework_values, key,
                   "The connector does not implement the API required for preflight validation of exactly-once source "
                   "support. Please consult the documentation for the connector to determine whether it supports "
                   "exactly-once semantics, and then consider reconfiguring the connector to use the value "
                   "\"requested\" for this property (which will disable this preflight check and allow the connector "
                   "to be created).");
        return;
    }
    int answer = v->plugin->connector->exactly_once_support(v->resolved, &err);
    if (answer < 0)
        could_not_say(v, key, &err);
    else if (answer != KC_EXACTLY_ONCE_SUPPORTED)
        kc_problem(v->framework_values, key,
                   "The connector does not support exactly-once semantics with the provided configuration.");
}

static void check_boundaries(struct validation *v) {
    static const char key[] = "transaction.boundary";
    struct kc_error err = {0};
    int answer = 0;
    if (v->plugin->connector->can_define_transaction_boundaries)
        answer = v->plugin->connector->can_define_transaction_boundaries(v->resolved, &err);
    if (answer < 0)
        could_not_say(v, key, &err);
    else if (answer == 0)
        kc_problem(
            v->framework_values, key,
            "The connector does not support connector-defined transaction boundaries with the given configuration. "
            "Please reconfigure it to use a different transaction boundary definition.");
}

static void check_exactly_once(struct validation *v) {
    if (says(v, "exactly.once.support", "required"))
        check_support(v);
    if (says(v, "transaction.boundary", "connector"))
        check_boundaries(v);
}

static void check_nulls(struct validation *v) {
    for (size_t i = 0; i < kc_config_count(v->resolved); i++)
        if (!kc_config_value(v->resolved, i))
            kc_problem(v->framework_values, kc_config_key(v->resolved, i),
                       "Null value can not be supplied as the configuration value.");
}

/* ---- The steps --------------------------------------------------------------------------------------------------- */

static int validate_framework(struct validation *v, struct kc_error *err) {
    bool sink = v->plugin->kind == KC_KIND_SINK, distributed = v->worker && v->worker->group_id;
    key_defs_framework(&v->framework, v->arena, v->plugin, v->worker, v->resolved);
    key_defs_validate(&v->framework, v->resolved, /* without_prefix= */ false, v->arena, v->framework_values);
    if (sink && check_topics(v, err) < 0)
        return -1;
    if (distributed && sink)
        check_group(v);
    if (distributed && !sink)
        check_exactly_once(v);
    check_nulls(v);
    return 0;
}

static void validate_own(struct validation *v) {
    key_defs_add_rows(&v->own, v->arena, v->plugin->options, "", v->resolved);
    if (!v->plugin->connector->validate) { /* nobody needs the values themselves */
        for (size_t i = 0; i < v->own.count; i++) {
            struct key_def *def = &v->own.items[i];
            def->visible = !def->row.visible || def->row.visible(def->row.name, v->resolved);
        }
        key_defs_validate(&v->own, v->resolved, /* without_prefix= */ false, v->arena, v->own_values);
        return;
    }
    void *conf = v->plugin->conf_size ? kc_arena_zalloc(v->arena, v->plugin->conf_size) : NULL;
    config_validate(v->plugin->options, v->resolved, v->arena, conf, v->plugin->conf_size, v->own_values);
    v->plugin->connector->validate(v->resolved, conf, v->own_values);
}

/* Versions that converters must have; Java leaves a wrong one to the start of the tasks. */
static void check_converter_version(struct validation *v, const char *key, const struct kc_plugin *plugin) {
    const char *version_key = kc_arena_printf(v->arena, "%s.plugin.version", key);
    struct kc_error err = {0};
    if (plugins_check_version(plugin, kc_config_get(v->resolved, version_key), /* ret_malformed= */ NULL, &err) < 0)
        kc_problem(v->framework_values, version_key, "%s", err.text);
}

static void validate_converter(struct validation *v, size_t i, const char *key, const char *type,
                               enum kc_plugin_kind kind, struct key_defs *defs) {
    const char *class_name = kc_config_get(v->resolved, key);
    if (!class_name || kc_problem_has(v->framework_values, key))
        return;
    const struct kc_plugin *plugin = plugins_find(problems_find(v->framework_values, key)->value, kind);
    if (!plugin)
        return;
    check_converter_version(v, key, plugin);
    const char *prefix = kc_arena_printf(v->arena, "%s.", key);
    AUTO(props) config = kc_config_with_prefix(v->resolved, prefix);
    if (!kc_config_has(config, "converter.type"))
        kc_config_set(config, "converter.type", type);
    v->converter_values[i] = problems_new_in(v->arena);
    struct key_defs own = {0};
    key_defs_add_rows(&own, v->arena, plugin->options, prefix, config);
    key_defs_validate(&own, config, /* without_prefix= */ true, v->arena, v->converter_values[i]);
    *defs = own;
}

static void check_stage_versions(struct validation *v) {
    for (size_t i = 0; i < v->framework.count; i++) {
        const struct key_def *def = &v->framework.items[i];
        const char *suffix = ".type", *name = def->name;
        size_t len = strlen(name), cut = strlen(suffix);
        bool stage = strncmp(name, "transforms.", 11) == 0 || strncmp(name, "predicates.", 11) == 0;
        if (!stage || def->row.type != KC_OPT_T_CLASS || def->order != 0 || len < cut ||
            strcmp(name + len - cut, suffix) != 0)
            continue;
        const struct option_value *type = problems_find(v->framework_values, name);
        const struct kc_plugin *plugin =
            type && type->value ? plugins_find(type->value, (enum kc_plugin_kind)def->row.kind) : NULL;
        const char *version_key = kc_arena_printf(v->arena, "%.*s.plugin.version", (int)(len - cut), name);
        struct kc_error err = {0};
        if (plugin && plugins_check_version(plugin, kc_config_get(v->resolved, version_key), NULL, &err) < 0)
            kc_problem(v->framework_values, version_key, "%s", err.text);
    }
}

/* ---- The answer -------------------------------------------------------------------------------------------------- */

static void add_entry(struct validation *v, const struct key_def *def, const struct option_value *value) {
    struct entries *e = &v->entries;
    if (e->count == e->capacity) {
        size_t capacity = e->capacity ? 2 * e->capacity : 64;
        struct entry *items = kc_arena_zalloc(v->arena, capacity * sizeof(*items));
        if (e->count)
            memcpy(items, e->items, e->count * sizeof(*items));
        e->items = items;
        e->capacity = capacity;
    }
    e->items[e->count++] = (struct entry){.def = def, .value = value};
}

static void add_group(struct validation *v, const char *group) {
    for (size_t i = 0; i < v->group_count; i++)
        if (strcmp(v->groups[i], group) == 0)
            return;
    const char **groups = kc_arena_alloc(v->arena, (v->group_count + 1) * sizeof(*groups));
    if (v->group_count)
        memcpy(groups, v->groups, v->group_count * sizeof(*groups));
    groups[v->group_count++] = group;
    v->groups = groups;
}

static void add_groups(struct validation *v, const struct key_defs *defs) {
    for (size_t i = 0; i < defs->count; i++)
        if (defs->items[i].group)
            add_group(v, defs->items[i].group);
}

/* Values without a definition, first in the answer; each counts as often as it occurs. */
static void add_unknown(struct validation *v, struct kc_problems *values) {
    for (size_t i = 0; i < problems_count(values); i++) {
        const struct option_value *o = problems_at(values, i);
        if (o->row || key_defs_find(&v->framework, o->name) || key_defs_find(&v->own, o->name))
            continue;
        add_entry(v, /* def= */ NULL, o);
        v->error_count += (int)o->error_count;
    }
}

static void add_known(struct validation *v, const struct key_def *def) {
    const struct option_value *o = problems_find(v->own_values, def->name);
    if (!o)
        o = problems_find(v->framework_values, def->name);
    add_entry(v, def, o);
    v->error_count += o ? (int)o->error_count : 0;
}

/* Overrides and converters: here keys with errors are counted. */
static void add_section(struct validation *v, struct kc_problems *values, const struct key_defs *defs) {
    for (size_t i = 0; values && i < problems_count(values); i++) {
        const struct option_value *o = problems_at(values, i);
        add_entry(v, key_defs_find(defs, o->name), o);
        v->error_count += o->error_count > 0;
    }
    add_groups(v, defs);
}

static void conceal(struct validation *v) {
    struct kc_problems *all[] = {v->framework_values,    v->own_values,          v->override_values,
                                 v->converter_values[0], v->converter_values[1], v->converter_values[2]};
    for (size_t i = 0; v->resolved != v->raw && i < COUNT_OF(all); i++)
        if (all[i])
            conceal_problems(v->raw, v->resolved, all[i]);
}

static void assemble(struct validation *v, const struct key_defs *overrides, const struct key_defs converters[3]) {
    conceal(v);
    add_groups(v, &v->framework);
    add_groups(v, &v->own);
    add_unknown(v, v->framework_values);
    add_unknown(v, v->own_values);
    for (size_t i = 0; i < v->framework.count; i++) {
        const struct key_def *def = &v->framework.items[i];
        const struct key_def *own = problems_find(v->own_values, def->name) ? key_defs_find(&v->own, def->name) : NULL;
        add_known(v, own ? own : def);
    }
    for (size_t i = 0; i < v->own.count; i++)
        if (!problems_find(v->framework_values, v->own.items[i].name) ||
            !key_defs_find(&v->framework, v->own.items[i].name))
            add_known(v, &v->own.items[i]);
    add_section(v, v->override_values, overrides);
    for (size_t i = 0; i < 3; i++)
        add_section(v, v->converter_values[i], &converters[i]);
}

/* A version of the connector that is not there: only the common keys are looked at. */
static void answer_wrong_version(struct validation *v, const char *text) {
    const struct key_defs none[3] = {0};
    key_defs_common(&v->framework, v->arena, v->plugin, v->worker, v->resolved);
    key_defs_validate(&v->framework, v->resolved, /* without_prefix= */ false, v->arena, v->framework_values);
    kc_problem(v->framework_values, "connector.class", "%s", text);
    kc_problem(v->framework_values, "connector.plugin.version", "%s", text);
    assemble(v, &none[0], none);
}

static int validate_all(struct validation *v, struct kc_error *err) {
    static const struct {
        const char *key, *type;
        enum kc_plugin_kind kind;
    } sections[3] = {{"header.converter", "header", KC_KIND_HEADER_CONVERTER},
                     {"key.converter", "key", KC_KIND_CONVERTER},
                     {"value.converter", "value", KC_KIND_CONVERTER}};
    struct key_defs overrides = {0}, converters[3] = {0};
    struct kc_error wrong = {0};
    bool malformed;
    if (find_plugin(v, err) < 0)
        return -1;
    if (plugins_check_version(v->plugin, kc_config_get(v->resolved, "connector.plugin.version"), &malformed, &wrong) <
        0) {
        if (malformed)
            return err_set_class(err, ERR_BAD_REQUEST, BAD_REQUEST, "%s", wrong.text);
        answer_wrong_version(v, wrong.text);
        return 0;
    }
    if (validate_framework(v, err) < 0)
        return -1;
    check_stage_versions(v);
    validate_own(v);
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        validate_converter(v, i, sections[i].key, sections[i].type, sections[i].kind, &converters[i]);
    if (validate_overrides(v, &overrides, err) < 0)
        return -1;
    assemble(v, &overrides, converters);
    return 0;
}

static bool has_references(const struct kc_config *config) {
    for (size_t i = 0; i < kc_config_count(config); i++)
        if (substitute_has_reference(kc_config_value(config, i)))
            return true;
    return false;
}

struct validation *validation_run(const struct worker_conf *worker, struct substitute *substitute,
                                  const struct kc_config *config, struct kc_error *err) {
    AUTO(validation) v = calloc(1, sizeof(*v));
    if (!v) {
        err_set(err, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    v->arena = arena_new(0);
    v->worker = worker;
    v->raw = config;
    v->framework_values = problems_new_in(v->arena);
    v->own_values = problems_new_in(v->arena);
    v->override_values = problems_new_in(v->arena);
    v->resolved = (struct kc_config *)(uintptr_t)config;
    if (substitute && has_references(config))
        v->resolved = substitute_apply(substitute, config, /* ret_ttl_ms= */ NULL, err);
    if (!v->resolved) {
        err->code = ERR_INTERNAL; /* 500 whatever the provider's exception is */
        return NULL;
    }
    if (validate_all(v, err) < 0) {
        conceal_error(config, v->resolved, err);
        return NULL;
    }
    if (v->resolved == v->raw)
        v->resolved = NULL;
    v->raw = NULL;
    return TAKE(v);
}

bool validation_is_quick(const struct kc_config *config) {
    const char *class_name = kc_config_get(config, "connector.class");
    const struct kc_plugin *plugin = class_name ? plugins_connector(class_name, NULL) : NULL;
    size_t bytes = 0;
    if (!plugin || plugin->connector->validate)
        return false;
    if (kc_config_has(config, "errors.deadletterqueue.topic.name")) /* a pattern may be tried on it */
        return false;
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *value = kc_config_value(config, i) ? kc_config_value(config, i) : "";
        bytes += strlen(kc_config_key(config, i)) + strlen(value);
        if (bytes > QUICK_BYTES || strstr(value, "${"))
            return false;
    }
    return true;
}

int validation_error_count(const struct validation *v) {
    return v->error_count;
}

char *validation_message(const struct validation *v) {
    AUTO_BUF b;
    buf_init(&b, MESSAGE_MAX);
    (void)buf_printf(&b, "Connector configuration is invalid and contains the following %d error(s):", v->error_count);
    for (size_t i = 0; i < v->entries.count; i++) {
        const struct option_value *o = v->entries.items[i].value;
        for (size_t e = 0; o && e < o->error_count; e++)
            (void)buf_printf(&b, "\n%s", o->errors[e]);
    }
    (void)buf_add_text(&b, "\nYou can also find the above list of errors at the endpoint "
                           "`/connector-plugins/{connectorType}/config/validate`");
    char *text = buf_take(&b);
    return text ? text : strdup("Connector configuration is invalid and contains more errors than can be listed");
}
