/* The leader's part of a rebalance: who runs which connector and task. Two assignors: eager (everything handed out
 * anew) and incremental cooperative (what runs stays where it is, lost work waits for its owner to return, load is
 * balanced by revocations). No I/O; the owner is the group thread.
 * @source Java: EagerAssignor, IncrementalCooperativeAssignor */
#ifndef CONNECT_GROUP_ASSIGN_H
#define CONNECT_GROUP_ASSIGN_H

#include <stdint.h>

#include "connect/base/auto.h"
#include "connect/group/proto.h"

/* The leader's view of what there is to run, and how far this worker has read the config log. */
struct group_connector {
    char *name;
    int32_t task_count; /* 0 while its task configs are incomplete */
};
struct group_config {
    int64_t offset; /* last config record + 1, -1 when there was none */
    struct group_connector *connectors;
    size_t connector_count;
};
struct group_config *group_config_new(int64_t offset);
void group_config_add(struct group_config *config, const char *connector, int32_t task_count);
struct group_config *group_config_free(struct group_config *config);
AUTO_FREE(group_config, struct group_config, group_config_free)

struct assign_member {
    const char *id, *url;
    int64_t offset;
    const struct work *allocation; /* what it says it runs, NULL: nothing */
};

struct assign_input {
    enum group_protocol protocol;
    const char *leader; /* id of the leader, one of the members */
    const struct assign_member *members;
    size_t member_count;
    int32_t last_completed_generation; /* of this worker, -1: none */
    int32_t generation;                /* the one that is being made */
    int64_t now_ms;                    /* monotonic */
};

/* One assignment per member, in the order of the input, and who will run what once they are in force. */
struct assign_plan {
    struct assignment **assignments;
    size_t count;
    struct owner_map *owners;
};
struct assign_plan *assign_plan_free(struct assign_plan *plan);

/* URL of the worker that runs a connector (task -1) or task; NULL when nobody does. */
struct owner_map;
struct owner_map *owner_map_free(struct owner_map *owners);
void owner_map_add(struct owner_map *owners, const struct work *w, const char *url);
const char *owner_map_url(const struct owner_map *owners, const char *connector, int32_t task);

/* What a leader remembers between generations; one per worker, it outlives the loss of leadership. */
struct assignor;
struct assignor *assignor_new(int32_t max_delay_ms); /* scheduled.rebalance.max.delay.ms */
struct assignor *assignor_free(struct assignor *assignor);
/* A member of the last generation made here is about to leave for good. When it is gone, what it ran is not kept for it
 * but given to others in the next generation; Java knows nothing of this. Unknown members are ignored. */
void assignor_leaving(struct assignor *assignor, const char *member);

/* Makes the assignments of one generation. `config` is the snapshot of the join; when a member has read further, one
 * fresh snapshot is taken (`fresh`) and replaces it. If that is behind too, everybody gets ASSIGNMENT_CONFIG_MISMATCH
 * and no state changes. The caller frees the plan. */
struct assign_plan *assignor_run(struct assignor *assignor, const struct assign_input *in, struct group_config **config,
                                 struct group_config *(*fresh)(void *arg), void *arg);

AUTO_FREE(assign_plan, struct assign_plan, assign_plan_free)
AUTO_FREE(assignor, struct assignor, assignor_free)

#endif
