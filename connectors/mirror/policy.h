/* Names of remote and internal topics. @source DefaultReplicationPolicy, IdentityReplicationPolicy of Kafka 4.3 */
#ifndef CONNECTORS_MIRROR_POLICY_H
#define CONNECTORS_MIRROR_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "connect/plugin.h"

struct mirror_policy { /* texts are borrowed from the configuration */
    bool identity;
    const char *alias;                          /* identity: source.cluster.alias, NULL when there is none */
    const char *separator, *internal_separator; /* the second one in names of internal topics */
};

void policy_init(struct mirror_policy *p, const struct kc_config *config);

/* malloc'ed: the caller frees */
char *policy_remote(const struct mirror_policy *p, const char *alias, const char *topic);
char *policy_offset_syncs(const struct mirror_policy *p, const char *alias);
char *policy_checkpoints(const struct mirror_policy *p, const char *alias);

/* The alias of the cluster that a topic came from, NULL when it is no remote topic. Not NUL-terminated. */
const char *policy_source(const struct mirror_policy *p, const char *topic, size_t *ret_len);
/* Its name there: a tail of `topic`, or NULL. */
const char *policy_upstream(const struct mirror_policy *p, const char *topic);
/* Its name on the cluster that it comes from in the end. */
const char *policy_original(const struct mirror_policy *p, const char *topic);

bool policy_is_heartbeats(const struct mirror_policy *p, const char *topic);
bool policy_is_checkpoints(const struct mirror_policy *p, const char *topic);
bool policy_is_mm2_internal(const struct mirror_policy *p, const char *topic);
bool policy_is_internal(const struct mirror_policy *p, const char *topic);

#define POLICY_HEARTBEATS "heartbeats" /* the topic of heartbeats, whatever the separator */

#endif
