/* Eager assignor (protocol `default`): connectors, then tasks, dealt round the sorted ring of members. */
#include <stdlib.h>
#include <string.h>

#include "connect/group/assign_internal.h"

static int compare_ids(const void *a, const void *b, void *arg) {
    const struct assign_input *in = arg;
    return strcmp(in->members[*(const size_t *)a].id, in->members[*(const size_t *)b].id);
}

void assign_eager(const struct assign_input *in, const struct group_config *config, struct assign_plan *plan) {
    size_t *ring = calloc(in->member_count + 1, sizeof *ring);
    if (!ring)
        abort();
    for (size_t i = 0; i < in->member_count; i++)
        ring[i] = i;
    qsort_r(ring, in->member_count, sizeof *ring, compare_ids, (void *)(uintptr_t)in);
    AUTO_WORK all = {0};
    group_config_work(config, &all);
    size_t turn = 0;
    for (size_t i = 0; i < all.connector_count; i++)
        work_append_connector(&plan->assignments[ring[turn++ % in->member_count]]->work, all.connectors[i]);
    for (size_t i = 0; i < all.task_count; i++)
        work_append_task(&plan->assignments[ring[turn++ % in->member_count]]->work, all.tasks[i].connector,
                         all.tasks[i].number);
    for (size_t i = 0; i < in->member_count; i++)
        owner_map_add(plan->owners, &plan->assignments[i]->work, in->members[i].url);
    free(ring);
}
