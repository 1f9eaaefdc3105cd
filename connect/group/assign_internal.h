/* Between the files of the assignors only. */
#ifndef CONNECT_GROUP_ASSIGN_INTERNAL_H
#define CONNECT_GROUP_ASSIGN_INTERNAL_H

#include "connect/group/assign.h"

/* All connectors and tasks of a snapshot, sorted, each once. */
void group_config_work(const struct group_config *config, struct work *out);

/* Fill the assignments and owners of a plan. */
void assign_eager(const struct assign_input *in, const struct group_config *config, struct assign_plan *plan);
void assign_cooperative(struct assignor *assignor, const struct assign_input *in, const struct group_config *config,
                        struct assign_plan *plan);

/* The load of one member while the cooperative assignor works. */
struct member_load {
    const char *id;
    struct work next;   /* what it will run, in the order that it reported, then as added */
    struct work revoke; /* what it must stop */
};

/* What must be taken from members so that none has more than its share of `configured`: revocations[i] (empty before)
 * belongs to loads[i], `next` is not changed. Returns whether there is anything. */
bool balance_revocations(const struct work *configured, const struct member_load *loads, struct work *revocations,
                         size_t count);
/* Adds the connectors and tasks of `items`, in their order, to the least loaded members. */
void balance_place(const struct work *items, struct member_load *loads, size_t count);

#endif
