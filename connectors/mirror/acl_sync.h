/* ACLs of topics: literal ones are given to the remote topics, without the right to write. Nothing is ever removed.
 * @thread jobs of the source connector  @source MirrorSourceConnector.syncTopicAcls */
#ifndef CONNECTORS_MIRROR_ACL_SYNC_H
#define CONNECTORS_MIRROR_ACL_SYNC_H

#include "connectors/mirror/admin_call.h"

struct acl_rules {
    /* The name of the topic on the target (malloc'ed), NULL when it is not mirrored. */
    char *(*remote)(void *arg, const char *topic);
    void *arg;
    bool *told_disabled; /* the source has no authorizer: said once */
};
/* @blocks up to 2 × timeout_ms */
int acl_sync(rd_kafka_t *source, rd_kafka_t *target, const struct acl_rules *rules, int64_t timeout_ms,
             struct stop_check stop, struct kc_error *err) KC_CHECKED;

/* The binding of the remote topic; NULL when there is none. Caller destroys. */
rd_kafka_AclBinding_t *acl_translate(const rd_kafka_AclBinding_t *acl, const struct acl_rules *rules);

#endif
