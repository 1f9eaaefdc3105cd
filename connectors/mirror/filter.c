/* See filter.h. */
#include "connectors/mirror/filter.h"

#include <string.h>

#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connectors/mirror/config.h"

enum { PATTERNS_MAX_BYTES = 1024 * 1024 };

static bool is_space(char c) {
    return strchr(" \t\n\v\f\r", c) && c;
}

/* Appends [s, s + len) without blanks around it. */
static void add_trimmed(struct buf *out, const char *s, size_t len) {
    while (len && is_space(*s))
        s++, len--;
    while (len && is_space(s[len - 1]))
        len--;
    buf_add(out, s, len);
}

/* The comma separated patterns as one; NULL (which matches nothing) for an empty list. */
static int filter_compile(const char *list, struct regex **ret_regex, struct kc_error *err) {
    AUTO_BUF joined;
    buf_init(&joined, PATTERNS_MAX_BYTES);
    for (const char *item = list, *rest; item; item = rest) {
        size_t len = strcspn(item, ",");
        rest = item[len] ? item + len + 1 : NULL;
        add_trimmed(&joined, item, len);
        if (rest)
            buf_add_char(&joined, '|');
    }
    *ret_regex = NULL;
    if (joined.failed)
        return err_set(err, ERR_BAD_CONFIG, "The list of patterns is longer than %d bytes", PATTERNS_MAX_BYTES);
    if (!joined.len)
        return 0;
    *ret_regex = regex_new(buf_text(&joined), err);
    return *ret_regex ? 0 : -1;
}

static int compile_option(const struct kc_config *config, const char *name, const char *def, struct regex **ret_regex,
                          struct kc_error *err) {
    const char *list = kc_config_get(config, name);
    if (filter_compile(list ? list : def, ret_regex, err) == 0)
        return 0;
    return err_wrap(err, KC_CONFIG_EXCEPTION, "Invalid value %s for configuration %s", list ? list : def, name);
}

static int filter_init(struct filter *f, const struct kc_config *config, const char *include, const char *exclude,
                       const char *exclude_def, struct kc_error *err) {
    *f = (struct filter){0};
    if ((include ? compile_option(config, include, ".*", &f->include, err) : filter_compile(".*", &f->include, err)) ==
            0 &&
        compile_option(config, exclude, exclude_def, &f->exclude, err) == 0)
        return 0;
    filter_done(f);
    return -1;
}

int filter_topics(struct filter *f, const struct kc_config *config, struct kc_error *err) {
    return filter_init(f, config, "topics", "topics.exclude", MIRROR_TOPICS_EXCLUDE, err);
}

int filter_groups(struct filter *f, const struct kc_config *config, struct kc_error *err) {
    return filter_init(f, config, "groups", "groups.exclude", MIRROR_GROUPS_EXCLUDE, err);
}

int filter_properties(struct filter *f, const struct kc_config *config, struct kc_error *err) {
    return filter_init(f, config, NULL, "config.properties.exclude", MIRROR_CONFIG_EXCLUDE, err);
}

bool filter_accepts(const struct filter *f, const char *name) {
    size_t len = strlen(name);
    return f->include && regex_matches(f->include, name, len) && !(f->exclude && regex_matches(f->exclude, name, len));
}

void filter_done(struct filter *f) {
    f->include = regex_free(f->include);
    f->exclude = regex_free(f->exclude);
}

bool filter_source_defaults(const struct kc_config *config) {
    const char *from = kc_config_get(config, "use.defaults.from");
    return from && strcmp(from, "source") == 0;
}

static bool is_cycle(const struct mirror_policy *policy, const char *target_alias, const char *topic) {
    for (;;) {
        size_t len;
        const char *source = policy_source(policy, topic, &len);
        if (!source)
            return false;
        if (len == strlen(target_alias) && memcmp(source, target_alias, len) == 0)
            return true;
        const char *upstream = policy_upstream(policy, topic);
        if (!upstream || strcmp(upstream, topic) == 0)
            return false;
        topic = upstream;
    }
}

bool filter_replicates(const struct filter *topics, const struct mirror_policy *policy, const char *target_alias,
                       bool heartbeats, const char *topic) {
    bool wanted = filter_accepts(topics, topic) || (heartbeats && policy_is_heartbeats(policy, topic));
    return wanted && !policy_is_internal(policy, topic) && !is_cycle(policy, target_alias, topic);
}
