/* See membership.h. */
#include "connect/membership.h"

#include <stdlib.h>

struct membership { /* one of the two */
    struct group_member *member;
    struct group_alone *alone;
};

static struct membership *make(struct group_member *member, struct group_alone *alone) {
    struct membership *m = calloc(1, sizeof(*m));
    if (!m)
        abort();
    *m = (struct membership){.member = member, .alone = alone};
    return m;
}

struct membership *membership_in_group(struct group_member *member) {
    return make(member, /* alone= */ NULL);
}

struct membership *membership_alone(struct group_alone *alone) {
    return make(/* member= */ NULL, alone);
}

struct membership *membership_free(struct membership *m) {
    if (m) {
        group_member_free(m->member);
        group_alone_free(m->alone);
        free(m);
    }
    return NULL;
}

int membership_start(struct membership *m, struct kc_error *err) {
    if (m->member)
        return group_member_start(m->member, err);
    group_alone_rejoin(m->alone);
    return 0;
}

void membership_rejoin(struct membership *m) {
    if (m->member)
        group_member_rejoin(m->member);
    else
        group_alone_rejoin(m->alone);
}

void membership_poll(struct membership *m) {
    if (m->member)
        group_member_poll(m->member, /* stage= */ NULL);
}

void membership_revoked(struct membership *m) {
    if (m->member)
        group_member_revoked(m->member);
    else
        group_alone_revoked(m->alone);
}

void membership_clear_revoked(struct membership *m) {
    if (m->member)
        group_member_clear_revoked(m->member);
}

void membership_leave(struct membership *m, const char *reason) {
    if (m->member)
        group_member_leave(m->member, reason);
}

void membership_expect_leave(struct membership *m, const char *leaver) {
    if (m->member)
        group_member_expect_leave(m->member, leaver);
}

char **membership_peer_urls(struct membership *m, const char *except, size_t *ret_count) {
    *ret_count = 0;
    return m->member ? group_member_peer_urls(m->member, except, ret_count) : NULL;
}

void membership_stop(struct membership *m) {
    if (m->member)
        group_member_stop(m->member);
}

bool membership_stable(struct membership *m) {
    return !m->member || group_member_stable(m->member);
}

bool membership_is_leader(struct membership *m) {
    return !m->member || group_member_is_leader(m->member);
}

char *membership_owner_url(struct membership *m, const char *connector, int32_t task) {
    return m->member ? group_member_owner_url(m->member, connector, task) : NULL;
}
