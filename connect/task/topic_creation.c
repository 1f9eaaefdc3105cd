/* Groups of topic.creation.* and what becomes of a topic that is not there; see topic_creation.h. */
#include "connect/task/topic_creation.h"

#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"
#include "connect/base/regex.h"
#include "connect/kafka/admin.h"

#define LOG_CREATION "org.apache.kafka.connect.util.TopicCreation"
#define PREFIX       "topic.creation."
#define DEFAULT      "default"

enum { DESCRIBE_TIMEOUT_MS = 30 * 1000, CREATE_TIMEOUT_MS = 60 * 1000 };

struct group {
    const char *name;
    struct regex *include, *exclude; /* NULL: matches nothing */
    int16_t replication;
    int32_t partitions;
    struct kc_config *configs; /* further topic settings */
};

struct topic_creation {
    struct kc_arena *arena;
    struct group *groups; /* in listed order, the default last */
    size_t count;
};

/* ---- Configuration ---- */

static const struct kc_option groups_row = {.name = PREFIX "groups", .type = KC_OPT_T_LIST, .def = ""};
static const struct kc_option replication_row = {.name = "replication.factor", .type = KC_OPT_T_SHORT};
static const struct kc_option partitions_row = {.name = "partitions", .type = KC_OPT_T_INT};
static const struct kc_option patterns_row = {.name = "include", .type = KC_OPT_T_LIST, .def = ""};

static bool is_active(const struct kc_config *connector) {
    for (size_t i = 0; i < kc_config_count(connector); i++)
        if (strncmp(kc_config_key(connector, i), PREFIX, strlen(PREFIX)) == 0)
            return true;
    return false;
}

/* A number of group `g`: its own, else the default group's, which must be there. */
static int parse_number(struct topic_creation *tc, const struct kc_config *connector, const struct kc_option *row,
                        const struct group *g, const char *rule, int64_t fallback, int64_t *ret_number,
                        struct kc_error *err) {
    const char *key = kc_arena_printf(tc->arena, PREFIX "%s.%s", g->name, row->name);
    bool is_default = strcmp(g->name, DEFAULT) == 0;
    if (!kc_config_has(connector, key)) {
        if (is_default)
            return kc_fail(err, KC_CONFIG_EXCEPTION,
                           "Missing required configuration \"%s\" which has no default value.", key);
        *ret_number = fallback;
        return 0;
    }
    struct option_parsed v;
    if (option_parse(row, key, kc_config_get(connector, key), tc->arena, &v, err) < 0)
        return -1;
    if (v.null || (v.i < 1 && v.i != -1)) {
        AUTO_TEXT shown = option_text(row, &v);
        return option_invalid(err, row->name, shown, "%s", rule); /* as in Java: without the group */
    }
    *ret_number = v.i;
    return 0;
}

/* Each must compile for itself. */
static int check_patterns(const char *name, const struct kc_list *patterns, struct kc_error *err) {
    for (size_t i = 0; i < patterns->count; i++) {
        struct kc_error cause = {0};
        struct regex *re = regex_new(patterns->items[i], &cause);
        if (!re) {
            static const char prefix[] = "Invalid regex: ";
            bool prefixed = strncmp(cause.text, prefix, sizeof prefix - 1) == 0;
            AUTO_BUF all;
            buf_init(&all, KC_ERROR_TEXT);
            for (size_t k = 0; k < patterns->count; k++)
                buf_printf(&all, "%s%s", k ? ", " : "[", patterns->items[k]);
            buf_add_char(&all, ']');
            return option_invalid(err, name, buf_text(&all), "Syntax error in regular expression: %s",
                                  cause.text + (prefixed ? sizeof prefix - 1 : 0));
        }
        regex_free(re);
    }
    return 0;
}

/* A list of patterns as one: any of them must match the whole name. */
static int parse_patterns(struct topic_creation *tc, const struct kc_config *connector, const struct group *g,
                          const char *name, struct regex **ret_regex, struct kc_error *err) {
    const char *key = kc_arena_printf(tc->arena, PREFIX "%s.%s", g->name, name), *raw = kc_config_get(connector, key);
    struct option_parsed v;
    if (!raw)
        return 0;
    if (option_parse(&patterns_row, key, raw, tc->arena, &v, err) < 0 || check_patterns(name, &v.list, err) < 0)
        return -1;
    AUTO_BUF all;
    buf_init(&all, 64 * 1024);
    for (size_t i = 0; i < v.list.count; i++)
        buf_printf(&all, "%s%s", i ? "|" : "", v.list.items[i]);
    if (!v.list.count)
        return 0;
    struct kc_error cause = {0};
    *ret_regex = all.failed ? NULL : regex_new(buf_text(&all), &cause);
    return *ret_regex ? 0 : option_invalid(err, name, raw, "Syntax error in regular expression: %s", cause.text);
}

static bool is_own_key(const char *key) {
    static const char *const own[] = {"include", "exclude", "replication.factor", "partitions"};
    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (strcmp(key, own[i]) == 0)
            return true;
    return false;
}

static int parse_group(struct topic_creation *tc, const struct kc_config *connector, struct group *g,
                       const struct group *defaults, struct kc_error *err) {
    int64_t replication = 0, partitions = 0;
    if (defaults && (parse_patterns(tc, connector, g, "include", &g->include, err) < 0 ||
                     parse_patterns(tc, connector, g, "exclude", &g->exclude, err) < 0))
        return -1;
    if (parse_number(tc, connector, &replication_row, g,
                     "Replication factor must be positive and not larger than the number of brokers in the Kafka "
                     "cluster, or -1 to use the broker's default",
                     defaults ? defaults->replication : 0, &replication, err) < 0 ||
        parse_number(tc, connector, &partitions_row, g,
                     "Number of partitions must be positive, or -1 to use the broker's default",
                     defaults ? defaults->partitions : 0, &partitions, err) < 0)
        return -1;
    g->replication = (int16_t)replication;
    g->partitions = (int32_t)partitions;
    AUTO(props) all = kc_config_with_prefix(connector, kc_arena_printf(tc->arena, PREFIX "%s.", g->name));
    g->configs = kc_config_new();
    for (size_t i = 0; i < kc_config_count(all); i++)
        if (!is_own_key(kc_config_key(all, i)) && kc_config_value(all, i))
            kc_config_set(g->configs, kc_config_key(all, i), kc_config_value(all, i));
    return 0;
}

static int parse_groups(struct topic_creation *tc, const struct kc_config *connector, struct kc_error *err) {
    struct option_parsed names;
    const char *raw = kc_config_get(connector, groups_row.name);
    if (option_parse(&groups_row, groups_row.name, raw ? raw : "", tc->arena, &names, err) < 0)
        return -1;
    tc->groups = kc_arena_zalloc(tc->arena, (names.list.count + 1) * sizeof(struct group));
    struct group defaults = {.name = DEFAULT};
    struct group *last = &tc->groups[names.list.count]; /* freed with the others whatever happens */
    *last = defaults;
    tc->count = names.list.count + 1;
    if (parse_group(tc, connector, last, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < names.list.count; i++) {
        struct group *g = &tc->groups[i];
        g->name = names.list.items[i];
        if (strcmp(g->name, DEFAULT) == 0) {
            kc_log(KC_WARN, LOG_CREATION, "Topic creation group '%s' need not be listed in %s", DEFAULT,
                   groups_row.name);
            continue; /* no pattern: never matches, the last one is it */
        }
        if (parse_group(tc, connector, g, last, err) < 0)
            return -1;
    }
    return 0;
}

int topic_creation_new(const struct kc_config *connector, bool enabled, struct topic_creation **ret_creation,
                       struct kc_error *err) {
    *ret_creation = NULL;
    if (!enabled || !is_active(connector))
        return 0;
    struct topic_creation *tc = calloc(1, sizeof *tc);
    if (!tc)
        abort();
    tc->arena = arena_new(0);
    if (parse_groups(tc, connector, err) < 0) {
        topic_creation_free(tc);
        return -1;
    }
    *ret_creation = tc;
    return 0;
}

struct topic_creation *topic_creation_free(struct topic_creation *tc) {
    if (!tc)
        return NULL;
    for (size_t i = 0; i < tc->count; i++) {
        regex_free(tc->groups[i].include);
        regex_free(tc->groups[i].exclude);
        kc_config_free(tc->groups[i].configs);
    }
    arena_free(tc->arena);
    free(tc);
    return NULL;
}

/* ---- Use ---- */

static const struct group *group_of(const struct topic_creation *tc, const char *topic) {
    size_t len = strlen(topic);
    for (size_t i = 0; i + 1 < tc->count; i++) {
        const struct group *g = &tc->groups[i];
        bool excluded = g->exclude && regex_matches(g->exclude, topic, len);
        if (!excluded && g->include && regex_matches(g->include, topic, len))
            return g;
    }
    return &tc->groups[tc->count - 1];
}

const char *topic_creation_group(const struct topic_creation *tc, const char *topic) {
    return group_of(tc, topic)->name;
}

int topic_creation_ensure(const struct topic_creation *tc, rd_kafka_t *admin, const char *topic, struct kc_error *err) {
    int32_t partitions = 0;
    if (admin_partition_count(admin, topic, DESCRIBE_TIMEOUT_MS, &partitions, err) < 0)
        return err->retriable ? -1 : err_wrap(err, KC_CONNECT_EXCEPTION, "Not able to describe topic %s", topic);
    if (partitions > 0)
        return 0;
    const struct group *g = group_of(tc, topic);
    struct topic_spec spec = {
        .name = topic, .partitions = g->partitions, .replication_factor = g->replication, .configs = g->configs};
    enum admin_topic outcome;
    kc_log(KC_INFO, LOG_CREATION, "Creating topic '%s' with the settings of group '%s'", topic, g->name);
    if (admin_create_topic(admin, &spec, CREATE_TIMEOUT_MS, &outcome, err) < 0) {
        err->retriable = false;
        return -1;
    }
    if (outcome != ADMIN_TOPIC_UNKNOWN)
        return 0;
    return kc_fail(
        err, KC_CONNECT_EXCEPTION,
        "Task failed to create new topic %s. Ensure that the task is authorized to create topics or that the "
        "topic exists and restart the task",
        topic);
}
