/* Selection of what a restart request restarts; see restart_plan.h. */
#include "connect/restart_plan.h"

#include <stdlib.h>

int restart_impact(struct restart_request request) {
    return (request.only_failed ? 0 : 2) + (request.include_tasks ? 1 : 0);
}

static bool selected(const struct status *status, struct restart_request request) {
    return !request.only_failed || status->state == STATE_FAILED;
}

struct restart_plan *restart_plan_new(const struct status *connector, struct status *tasks, size_t task_count,
                                      struct restart_request request) {
    struct restart_plan *plan = calloc(1, sizeof(*plan));
    bool *flags = calloc(task_count + 1, sizeof(*flags));
    if (!plan || !flags)
        abort();
    plan->connector = *connector;
    plan->restart_connector = selected(connector, request);
    plan->tasks = tasks;
    plan->task_count = task_count;
    plan->restart_task = flags;
    for (size_t i = 0; i < task_count; i++)
        flags[i] = request.include_tasks && selected(&tasks[i], request);
    return plan;
}

struct restart_plan *restart_plan_free(struct restart_plan *plan) {
    if (!plan)
        return NULL;
    status_done(&plan->connector);
    for (size_t i = 0; i < plan->task_count; i++)
        status_done(&plan->tasks[i]);
    free(plan->tasks);
    free(plan->restart_task);
    free(plan);
    return NULL;
}

struct restart_plan *restart_plan_of(struct status_store *statuses, const char *connector,
                                     struct restart_request request) {
    struct status status;
    if (!status_store_get(statuses, connector, -1, &status))
        return NULL;
    size_t count;
    struct status *tasks = status_store_tasks(statuses, connector, &count);
    return restart_plan_new(&status, tasks, count, request);
}
