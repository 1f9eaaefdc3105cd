/* See policy.h. Names are only looked at, never changed: what comes before is cut off by pointing behind it. */
#include "connectors/mirror/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connect/base/utf8.h"

void policy_init(struct mirror_policy *p, const struct kc_config *config) {
    const char *class_name = kc_config_get(config, "replication.policy.class");
    const char *separator = kc_config_get(config, "replication.policy.separator");
    const char *internal = kc_config_get(config, "replication.policy.internal.topic.separator.enabled");
    bool same = !internal || strcasecmp(internal, "true") == 0;
    *p = (struct mirror_policy){
        .identity = class_name && strstr(class_name, "IdentityReplicationPolicy"),
        .alias = kc_config_get(config, "source.cluster.alias"),
        .separator = separator ? separator : ".",
        .internal_separator = separator && same ? separator : ".",
    };
}

static char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *fmt, ...) {
    char *ret;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&ret, fmt, ap) < 0)
        abort();
    va_end(ap);
    return ret;
}

static bool ends_with(const char *s, const char *tail) {
    size_t len = strlen(s), tail_len = strlen(tail);
    return len >= tail_len && strcmp(s + len - tail_len, tail) == 0;
}

/* The identity policy names topics of heartbeats like the default one: all clusters have one of the same name. */
static bool keeps_name(const struct mirror_policy *p, const char *topic) {
    return p->identity && !ends_with(topic, POLICY_HEARTBEATS);
}

char *policy_remote(const struct mirror_policy *p, const char *alias, const char *topic) {
    return keeps_name(p, topic) ? text("%s", topic) : text("%s%s%s", alias, p->separator, topic);
}

char *policy_offset_syncs(const struct mirror_policy *p, const char *alias) {
    return text("mm2-offset-syncs%s%s%sinternal", p->internal_separator, alias, p->internal_separator);
}

char *policy_checkpoints(const struct mirror_policy *p, const char *alias) {
    return text("%s%scheckpoints%sinternal", alias, p->internal_separator, p->internal_separator);
}

/* String.split: empty pieces at the end do not count, so something else must follow the first separator. An empty
 * separator splits between any two characters. */
static const char *first_piece(const char *topic, const char *separator, size_t *ret_len) {
    size_t sep_len = strlen(separator);
    if (!sep_len) {
        uint32_t c;
        size_t len = strlen(topic), first = utf8_get(topic, len, &c);
        *ret_len = first ? first : 1;
        return len > *ret_len ? topic : NULL;
    }
    const char *at = strstr(topic, separator), *rest = at;
    while (rest && strncmp(rest, separator, sep_len) == 0)
        rest += sep_len;
    if (!at || !*rest)
        return NULL;
    *ret_len = (size_t)(at - topic);
    return topic;
}

const char *policy_source(const struct mirror_policy *p, const char *topic, size_t *ret_len) {
    if (!keeps_name(p, topic))
        return first_piece(topic, p->separator, ret_len);
    *ret_len = p->alias ? strlen(p->alias) : 0;
    return p->alias;
}

const char *policy_upstream(const struct mirror_policy *p, const char *topic) {
    size_t len;
    if (keeps_name(p, topic))
        return topic;
    return first_piece(topic, p->separator, &len) ? topic + len + strlen(p->separator) : NULL;
}

const char *policy_original(const struct mirror_policy *p, const char *topic) {
    for (;;) {
        const char *upstream = policy_upstream(p, topic);
        if (!upstream || strcmp(upstream, topic) == 0)
            return topic;
        topic = upstream;
    }
}

bool policy_is_heartbeats(const struct mirror_policy *p, const char *topic) {
    return strcmp(policy_original(p, topic), POLICY_HEARTBEATS) == 0;
}

bool policy_is_checkpoints(const struct mirror_policy *p, const char *topic) {
    char *tail = policy_checkpoints(p, "");
    bool is = ends_with(topic, tail);
    free(tail);
    return is;
}

bool policy_is_mm2_internal(const struct mirror_policy *p, const char *topic) {
    char *tail = text("%sinternal", p->internal_separator);
    bool is = strncmp(topic, "mm2", 3) == 0 && ends_with(topic, tail);
    free(tail);
    return is || policy_is_checkpoints(p, topic);
}

bool policy_is_internal(const struct mirror_policy *p, const char *topic) {
    return policy_is_mm2_internal(p, topic) || strncmp(topic, "__", 2) == 0 || *topic == '.';
}
