/* Which parts of a connector a restart request selects, from the statuses at that moment.
 * @source RestartRequest, RestartPlan (distributed-worker 7.6, rest-api 5.10) */
#ifndef CONNECT_RESTART_PLAN_H
#define CONNECT_RESTART_PLAN_H

#include "connect/base/auto.h"
#include "connect/store/status_store.h"

struct restart_request {
    bool only_failed, include_tasks;
};
/* 0 … 3: what disturbs more ranks higher and replaces a pending request of lower rank. */
int restart_impact(struct restart_request request);

struct restart_plan {
    struct status connector; /* as stored */
    bool restart_connector;
    struct status *tasks; /* all of the connector, in the order given */
    bool *restart_task;   /* per task */
    size_t task_count;
};

/* Takes over both statuses' strings and the array. */
struct restart_plan *restart_plan_new(const struct status *connector, struct status *tasks, size_t task_count,
                                      struct restart_request request);
struct restart_plan *restart_plan_free(struct restart_plan *plan);
/* Reads the statuses out of the store. NULL: the connector has no status. @thread any  @blocks no */
struct restart_plan *restart_plan_of(struct status_store *statuses, const char *connector,
                                     struct restart_request request);

AUTO_FREE(restart_plan, struct restart_plan, restart_plan_free)

#endif
