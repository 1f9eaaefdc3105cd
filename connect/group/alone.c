/* See alone.h. */
#include "connect/group/alone.h"

#include <stdlib.h>
#include <string.h>

#include "connect/group/assign_internal.h"

#define SELF "standalone"

struct group_alone {
    char *url;
    struct group_member_callbacks cb;
    void *arg;
    struct work running; /* as assigned last */
    bool revoking;       /* on_revoked is not answered */
    bool again;          /* another assignment was asked for meanwhile */
};

struct group_alone *group_alone_new(const char *url, const struct group_member_callbacks *cb, void *arg) {
    struct group_alone *a = calloc(1, sizeof(*a));
    if (!a)
        abort();
    a->url = strdup(url);
    a->cb = *cb;
    a->arg = arg;
    return a;
}

struct group_alone *group_alone_free(struct group_alone *a) {
    if (a) {
        work_done(&a->running);
        free(a->url);
        free(a);
    }
    return NULL;
}

static void assign(struct group_alone *a, const struct group_config *config) {
    AUTO(assignment) asg = assignment_new();
    asg->version = GROUP_COMPATIBLE;
    asg->leader = strdup(SELF);
    asg->member_id = strdup(SELF);
    asg->leader_url = strdup(a->url);
    asg->offset = config->offset;
    group_config_work(config, &asg->work);
    work_add_missing(&asg->added, &asg->work, &a->running);
    work_done(&a->running);
    work_copy(&a->running, &asg->work);
    a->cb.on_assigned(a->arg, asg, 0);
}

void group_alone_rejoin(struct group_alone *a) {
    if (a->revoking) {
        a->again = true;
        return;
    }
    AUTO(group_config) config = a->cb.config_snapshot(a->arg);
    AUTO_WORK wanted = {0};
    AUTO_WORK gone = {0};
    group_config_work(config, &wanted);
    work_add_missing(&gone, &a->running, &wanted);
    if (work_empty(&gone)) {
        assign(a, config);
        return;
    }
    work_remove_all(&a->running, &gone);
    a->revoking = true;
    a->cb.on_revoked(a->arg, &gone);
}

void group_alone_revoked(struct group_alone *a) {
    a->revoking = a->again = false;
    group_alone_rejoin(a);
}
