/* The group of a worker that has none (standalone mode): everything is assigned to it, at once. Speaks to the herder as
 * a member of a group does (member.h), with the same callbacks, which run inside the calls below and only post.
 * @thread herder, all functions */
#ifndef CONNECT_GROUP_ALONE_H
#define CONNECT_GROUP_ALONE_H

#include "connect/group/member.h"

struct group_alone;
struct group_alone *group_alone_new(const char *url, const struct group_member_callbacks *cb, void *arg);
struct group_alone *group_alone_free(struct group_alone *a);

/* A new assignment is needed: on_revoked with what is gone, if anything is, and after group_alone_revoked, or at once,
 * on_assigned with all connectors and tasks of the snapshot, in generation 0. */
void group_alone_rejoin(struct group_alone *a);
void group_alone_revoked(struct group_alone *a);

#endif
