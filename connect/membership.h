/* Where the herder gets its assignments from: a group (connect/group/member.h) or, in standalone mode, from itself
 * (connect/group/alone.h). The functions are those of group_member_*, with their rules. Private to distributed*.c. */
#ifndef CONNECT_MEMBERSHIP_H
#define CONNECT_MEMBERSHIP_H

#include "connect/base/auto.h"
#include "connect/group/alone.h"

struct membership;
struct membership *membership_in_group(struct group_member *member); /* takes it */
struct membership *membership_alone(struct group_alone *alone);      /* takes it */
struct membership *membership_free(struct membership *m);

int membership_start(struct membership *m, struct kc_error *err) KC_CHECKED;
void membership_rejoin(struct membership *m);
void membership_poll(struct membership *m);
void membership_revoked(struct membership *m);
void membership_clear_revoked(struct membership *m);
void membership_leave(struct membership *m, const char *reason);
void membership_expect_leave(struct membership *m, const char *leaver);
char **membership_peer_urls(struct membership *m, const char *except, size_t *ret_count); /* standalone: none, NULL */
void membership_stop(struct membership *m);
bool membership_stable(struct membership *m);
bool membership_is_leader(struct membership *m);
char *membership_owner_url(struct membership *m, const char *connector, int32_t task);

#endif
