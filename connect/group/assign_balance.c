/* Load balancing of the cooperative assignor: what to take away, where to place what is free. Connectors and tasks are
 * balanced apart from each other, in the same way. */
#include <stdlib.h>
#include <string.h>

#include "connect/group/assign_internal.h"

enum kind { CONNECTORS, TASKS };

static size_t size_of(const struct work *w, enum kind kind) {
    return kind == CONNECTORS ? w->connector_count : w->task_count;
}

static void append(struct work *to, const struct work *from, size_t index, enum kind kind) {
    if (kind == CONNECTORS)
        work_append_connector(to, from->connectors[index]);
    else
        work_append_task(to, from->tasks[index].connector, from->tasks[index].number);
}

/* Everybody already has the least share or one more, and not more of the latter than needed? */
static bool balanced(const struct member_load *loads, size_t count, enum kind kind, size_t share, size_t extras) {
    size_t least = 0, one_more = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = size_of(&loads[i].next, kind);
        least += size == share;
        one_more += size == share + 1;
    }
    return one_more == extras && least + one_more == count;
}

static bool revoke_kind(const struct work *configured, const struct member_load *loads, struct work *revocations,
                        size_t count, enum kind kind) {
    size_t total = size_of(configured, kind), share = total / count, extras = total % count, granted = 0;
    if (balanced(loads, count, kind, share, extras))
        return false;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        size_t size = size_of(&loads[i].next, kind), limit = share;
        if (size <= share)
            continue;
        if (granted < extras) {
            granted++;
            limit = share + 1;
        }
        for (size_t j = 0; size > limit; j++, size--) {
            append(&revocations[i], &loads[i].next, j, kind);
            any = true;
        }
    }
    return any;
}

bool balance_revocations(const struct work *configured, const struct member_load *loads, struct work *revocations,
                         size_t count) {
    bool idle = true;
    for (size_t i = 0; i < count && idle; i++)
        idle = work_empty(&loads[i].next);
    if (idle || work_empty(configured))
        return false;
    bool connectors = revoke_kind(configured, loads, revocations, count, CONNECTORS);
    bool tasks = revoke_kind(configured, loads, revocations, count, TASKS);
    return connectors || tasks;
}

struct slot {
    struct member_load *load;
    size_t size;
};

static int compare_slots(const void *a, const void *b) {
    const struct slot *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return strcmp(x->load->id, y->load->id);
}

/* Levels the loads up: each turn gives one item to every member of the leading group that has the least. Sorting once
 * is enough because whole groups rise together. */
static void place_kind(const struct work *items, struct member_load *loads, size_t count, enum kind kind) {
    struct slot *slots = calloc(count + 1, sizeof *slots);
    if (!slots)
        abort();
    for (size_t i = 0; i < count; i++)
        slots[i] = (struct slot){.load = &loads[i], .size = size_of(&loads[i].next, kind)};
    qsort(slots, count, sizeof *slots, compare_slots);
    for (size_t placed = 0; placed < size_of(items, kind);) {
        size_t least = slots[0].size, group = 0;
        while (group < count && slots[group].size <= least)
            group++;
        for (size_t i = 0; i < group && placed < size_of(items, kind); i++) {
            append(&slots[i].load->next, items, placed++, kind);
            slots[i].size++;
        }
    }
    free(slots);
}

void balance_place(const struct work *items, struct member_load *loads, size_t count) {
    place_kind(items, loads, count, CONNECTORS);
    place_kind(items, loads, count, TASKS);
}
