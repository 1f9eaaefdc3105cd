/* Shares work among the tasks of a connector, as texts of their configurations. */
#ifndef CONNECTORS_MIRROR_SHARES_H
#define CONNECTORS_MIRROR_SHARES_H

#include "connect/plugin.h"
#include "connectors/mirror/topics.h"

/* Partitions of topics in turn: task i gets every `tasks`th one, as "topic-partition,…" under
 * task.assigned.partitions. At most `max_tasks` copies of `config`; returns how many were made. */
int share_partitions(const struct kc_config *config, const struct topic_list *topics, int max_tasks,
                     struct kc_config **ret_configs);
/* Groups in equal runs, under task.assigned.groups; the first tasks get one more where it does not come out even. */
int share_groups(const struct kc_config *config, char *const *groups, size_t count, int max_tasks,
                 struct kc_config **ret_configs);

#endif
