/* Consumer groups of a cluster: which there are, how they are, what they have committed. Many groups are asked about at
 * the same time. @thread that of the admin client */
#ifndef CONNECTORS_MIRROR_GROUPS_H
#define CONNECTORS_MIRROR_GROUPS_H

#include <librdkafka/rdkafka.h>

#include "connect/plugin.h"
#include "connectors/mirror/admin_call.h"

struct group_list {
    char **names; /* in order */
    size_t count;
};

/* The consumer groups that the brokers tell of. @blocks up to timeout_ms */
int group_list_read(struct group_list *list, rd_kafka_t *admin, int64_t timeout_ms, struct stop_check stop,
                    struct kc_error *err) KC_CHECKED;
/* Keeps the groups that `wanted` says. */
void group_list_filter(struct group_list *list, bool (*wanted)(void *arg, size_t index, const char *group), void *arg);
bool group_list_equal(const struct group_list *a, const struct group_list *b);
void group_list_done(struct group_list *list);

/* Calls f for every group with its committed offsets (those of partitions without one are negative), or with NULL and
 * why not. @blocks up to timeout_ms for each 50 groups  @errors the brokers are away, or *stop */
int groups_offsets(rd_kafka_t *admin, char *const *groups, size_t count, int64_t timeout_ms, struct stop_check stop,
                   void (*f)(void *arg, size_t index, const rd_kafka_topic_partition_list_t *offsets,
                             const struct kc_error *problem),
                   void *arg, struct kc_error *err) KC_CHECKED;

enum group_condition { GROUP_UNKNOWN, GROUP_ABSENT, GROUP_EMPTY, GROUP_ACTIVE };
/* Fills ret_conditions for each group; UNKNOWN when its coordinator did not say. @blocks up to timeout_ms */
int groups_conditions(rd_kafka_t *admin, char *const *groups, size_t count, int64_t timeout_ms, struct stop_check stop,
                      enum group_condition *ret_conditions, struct kc_error *err) KC_CHECKED;

/* Commits offsets for a group without members. @blocks up to timeout_ms  @errors UnknownMemberIdException: it has
 * some */
int group_commit(rd_kafka_t *admin, const char *group, const rd_kafka_topic_partition_list_t *offsets,
                 int64_t timeout_ms, struct stop_check stop, struct kc_error *err) KC_CHECKED;

#endif
