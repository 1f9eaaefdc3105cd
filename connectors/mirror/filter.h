/* What is mirrored: topics, consumer groups and topic configurations, by lists of patterns. A name is taken when it
 * matches the first list as a whole and not the second.
 * @source DefaultTopicFilter, DefaultGroupFilter, DefaultConfigPropertyFilter, MirrorUtils.compilePatternList */
#ifndef CONNECTORS_MIRROR_FILTER_H
#define CONNECTORS_MIRROR_FILTER_H

#include "connect/base/regex.h"
#include "connect/plugin.h"
#include "connectors/mirror/policy.h"

struct filter {
    struct regex *include, *exclude; /* NULL: nothing */
};
/* Options `topics` and `topics.exclude`, `groups` and `groups.exclude`, with their defaults. */
int filter_topics(struct filter *f, const struct kc_config *config, struct kc_error *err) KC_CHECKED;
int filter_groups(struct filter *f, const struct kc_config *config, struct kc_error *err) KC_CHECKED;
/* `config.properties.exclude`: everything else is included. */
int filter_properties(struct filter *f, const struct kc_config *config, struct kc_error *err) KC_CHECKED;
bool filter_accepts(const struct filter *f, const char *name);
void filter_done(struct filter *f);
/* use.defaults.from is "source": default values of source topics are copied, too. */
bool filter_source_defaults(const struct kc_config *config);

/* Whether a source connector mirrors `topic`: by the filter, or as a topic of heartbeats; neither internal topics nor
 * those that came from the target. @source MirrorSourceConnector.shouldReplicateTopic, isCycle */
bool filter_replicates(const struct filter *topics, const struct mirror_policy *policy, const char *target_alias,
                       bool heartbeats, const char *topic);

#endif
