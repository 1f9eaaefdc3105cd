/* Incremental cooperative assignor (protocols `compatible` and `sessioned`). Each round compares what was handed out
 * before with what the members say they run and what is configured; the numbers at the steps are those of Java's
 * performTaskAssignment. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/map.h"
#include "connect/group/assign_internal.h"
#include "connect/plugin.h"

#define LOG "org.apache.kafka.connect.runtime.distributed.IncrementalCooperativeAssignor"

enum { BACKOFF_BASE = 40 };

struct assignor {
    int32_t max_delay_ms;
    struct work previous;            /* handed out so far, plus what is lost */
    struct work previous_revocation; /* taken away in the last round that revoked */
    bool revoked_in_previous;        /* the last round revoked for balance */
    struct map *candidates;          /* members that came empty while lost work waits; in order of arrival */
    int64_t scheduled_rebalance_ms;  /* when lost work is given to others; 0: none */
    int32_t delay_ms;
    int32_t previous_generation;
    struct map *previous_members; /* id → struct work, handed out to it */
    struct map *leaving;          /* those of them that said so */
    int successive_revocations;   /* balancing rounds without rest, for the backoff */
};

struct round {
    struct assignor *assignor;
    const struct assign_input *in;
    struct work configured, active, deleted, duplicated, lost, created, reassign_now;
    struct member_load *loads; /* one per member, in the order of the input */
    struct work *current;      /* what each keeps of its allocation, duplicates included */
};

static void free_work(void *value) {
    work_done(value);
    free(value);
}

struct assignor *assignor_new(int32_t max_delay_ms) {
    struct assignor *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->max_delay_ms = max_delay_ms;
    a->previous_generation = -1;
    a->candidates = map_new(NULL);
    a->previous_members = map_new(free_work);
    a->leaving = map_new(NULL);
    return a;
}

struct assignor *assignor_free(struct assignor *a) {
    if (!a)
        return NULL;
    work_done(&a->previous);
    work_done(&a->previous_revocation);
    map_free(a->candidates);
    map_free(a->previous_members);
    map_free(a->leaving);
    free(a);
    return NULL;
}

void assignor_leaving(struct assignor *a, const char *member) {
    if (map_has(a->previous_members, member))
        map_put(a->leaving, member, NULL);
}

/* 1, 40, 1600, … ms, never more than the longest delay. */
static int32_t revocation_backoff(const struct assignor *a) {
    int64_t delay = 1;
    for (int i = 0; i < a->successive_revocations && delay < a->max_delay_ms; i++)
        delay *= BACKOFF_BASE;
    return delay < a->max_delay_ms ? (int32_t)delay : a->max_delay_ms;
}

/* Steps 1-4: what the sets are. */
static void compare_sets(struct round *round, const struct group_config *config) {
    struct assignor *a = round->assignor;
    if (a->previous_generation != round->in->last_completed_generation) {
        kc_log(KC_DEBUG, LOG,
               "Clearing the view of previous assignments: the last one was made for generation %d, but the last one "
               "completed "
               "here is %d",
               a->previous_generation, round->in->last_completed_generation);
        work_done(&a->previous);
    }
    group_config_work(config, &round->configured);
    for (size_t i = 0; i < round->in->member_count; i++)
        if (round->in->members[i].allocation)
            work_copy(&round->active, round->in->members[i].allocation);
    work_add_repeated(&round->duplicated, &round->active);
    work_unique(&round->active);

    AUTO_WORK still_running = {0};
    work_add_common(&still_running, &a->previous_revocation, &round->active);
    if (!work_empty(&still_running)) {
        kc_log(KC_DEBUG, LOG, "The previous revocation did not take effect; going on from what the members run");
        work_done(&a->previous);
        work_copy(&a->previous, &round->active);
    }
    work_done(&a->previous_revocation);

    /* Java looks only at `previous`; a leader that is new would leave deleted work running on others for ever. */
    AUTO_WORK known = {0}, not_active = {0};
    work_copy(&known, &a->previous);
    work_add_all(&known, &round->active);
    work_add_missing(&round->deleted, &known, &round->configured);
    work_add_missing(&not_active, &a->previous, &round->active);
    work_add_missing(&round->lost, &not_active, &round->deleted);
    work_add_missing(&round->created, &round->configured, &known);
    work_sort(&round->lost);
}

/* Steps 5-6: what every member keeps and what it must stop. */
static void start_loads(struct round *round) {
    AUTO_WORK to_stop = {0};
    work_copy(&to_stop, &round->deleted);
    work_add_all(&to_stop, &round->duplicated);
    static const struct work nothing = {0};
    for (size_t i = 0; i < round->in->member_count; i++) {
        const struct assign_member *m = &round->in->members[i];
        const struct work *allocation = m->allocation ? m->allocation : &nothing;
        round->loads[i].id = m->id;
        work_add_missing(&round->current[i], allocation, &round->deleted);
        work_add_missing(&round->loads[i].next, allocation, &to_stop);
        work_add_common(&round->loads[i].revoke, allocation, &to_stop);
    }
}

static void forget_delay(struct assignor *a) {
    map_clear(a->candidates);
    a->scheduled_rebalance_ms = 0;
    a->delay_ms = 0;
}

static bool nobody_left(const struct round *round) {
    size_t present = 0;
    for (size_t i = 0; i < round->in->member_count; i++)
        present += map_has(round->assignor->previous_members, round->in->members[i].id);
    return present == map_count(round->assignor->previous_members);
}

static struct member_load *load_of(struct round *round, const char *id) {
    for (size_t i = 0; i < round->in->member_count; i++)
        if (strcmp(round->loads[i].id, id) == 0)
            return &round->loads[i];
    return NULL;
}

/* Ours, between steps 6 and 7: who left as announced does not come back for its work, so that nobody waits for it. */
static void take_from_leavers(struct round *round) {
    struct assignor *a = round->assignor;
    const char *id;
    for (size_t i = 0; map_next(a->leaving, &i, &id, NULL);) {
        if (load_of(round, id))
            continue; /* not yet gone */
        AUTO_WORK freed = {0};
        work_add_common(&freed, &round->lost, map_get(a->previous_members, id));
        work_remove_all(&round->lost, &freed);
        work_copy(&round->reassign_now, &freed);
        kc_log(KC_INFO, LOG, "Member %s has left as announced: its %zu connectors and %zu tasks go to others at once",
               id, freed.connector_count, freed.task_count);
        map_remove(a->previous_members, id);
        map_remove(a->leaving, id);
    }
}

/* The delay is over: lost work goes to the members that came meanwhile, by turns, else to everybody. */
static void give_lost_to_candidates(struct round *round) {
    struct assignor *a = round->assignor;
    struct member_load **present = calloc(map_count(a->candidates) + 1, sizeof(struct member_load *));
    if (!present)
        abort();
    size_t count = 0;
    const char *id;
    for (size_t i = 0; map_next(a->candidates, &i, &id, NULL);) {
        struct member_load *load = load_of(round, id);
        if (load)
            present[count++] = load;
    }
    for (size_t i = 0; count && i < round->lost.connector_count; i++)
        work_append_connector(&present[i % count]->next, round->lost.connectors[i]);
    for (size_t i = 0; count && i < round->lost.task_count; i++)
        work_append_task(&present[i % count]->next, round->lost.tasks[i].connector, round->lost.tasks[i].number);
    if (!count)
        work_copy(&round->reassign_now, &round->lost);
    free(present);
    forget_delay(a);
    a->revoked_in_previous = false;
}

/* Step 7: work that should run somewhere and does not. */
static void handle_lost(struct round *round) {
    struct assignor *a = round->assignor;
    int64_t now = round->in->now_ms;
    if (work_empty(&round->lost) && !a->revoked_in_previous) {
        forget_delay(a);
        return;
    }
    if (a->scheduled_rebalance_ms <= 0 && nobody_left(round)) {
        work_copy(&round->reassign_now, &round->lost);
        return;
    }
    if (a->max_delay_ms == 0) {
        work_copy(&round->reassign_now, &round->lost);
        return;
    }
    if (a->scheduled_rebalance_ms > 0 && now >= a->scheduled_rebalance_ms) {
        give_lost_to_candidates(round);
        return;
    }
    for (size_t i = 0; i < round->in->member_count; i++)
        if (work_empty(&round->loads[i].next) && !map_has(a->candidates, round->loads[i].id))
            map_put(a->candidates, round->loads[i].id, NULL);
    a->delay_ms = a->max_delay_ms;
    if (now < a->scheduled_rebalance_ms && a->scheduled_rebalance_ms - now < a->max_delay_ms)
        a->delay_ms = (int32_t)(a->scheduled_rebalance_ms - now);
    a->scheduled_rebalance_ms = now + a->delay_ms;
    if (!work_empty(&round->lost))
        kc_log(KC_INFO, LOG, "%zu connectors and %zu tasks lost their worker; they wait %d ms for its return",
               round->lost.connector_count, round->lost.task_count, a->delay_ms);
}

static void revoke(struct round *round, const struct work *revocations) {
    for (size_t i = 0; i < round->in->member_count; i++) {
        work_add_all(&round->loads[i].revoke, &revocations[i]);
        work_remove_all(&round->loads[i].next, &revocations[i]);
    }
}

/* Step 8: takes work from members that have too much, but not in two rounds running without a pause. */
static void balance(struct round *round) {
    struct assignor *a = round->assignor;
    if (a->delay_ms != 0) {
        a->revoked_in_previous = false;
        return;
    }
    size_t count = round->in->member_count;
    struct work *revocations = calloc(count + 1, sizeof *revocations);
    if (!revocations)
        abort();
    bool any = balance_revocations(&round->configured, round->loads, revocations, count);
    if (any && a->revoked_in_previous) {
        a->successive_revocations++;
        a->delay_ms = revocation_backoff(a);
        if (a->delay_ms != 0)
            a->scheduled_rebalance_ms = round->in->now_ms + a->delay_ms;
        else
            revoke(round, revocations);
    } else if (any) {
        revoke(round, revocations);
        a->revoked_in_previous = true;
    } else if (a->revoked_in_previous) {
        a->revoked_in_previous = false;
        a->successive_revocations = 0;
    }
    for (size_t i = 0; i < count; i++)
        work_done(&revocations[i]);
    free(revocations);
}

/* Step 10. */
static void fill_plan(struct round *round, struct assign_plan *plan) {
    for (size_t i = 0; i < round->in->member_count; i++) {
        struct member_load *load = &round->loads[i];
        struct assignment *asg = plan->assignments[i];
        work_add_missing(&asg->work, &load->next, &round->current[i]);
        work_copy(&asg->revoked, &load->revoke);
        asg->delay_ms = round->assignor->delay_ms;
        AUTO_WORK runs = {0};
        work_add_missing(&runs, &load->next, &load->revoke);
        owner_map_add(plan->owners, &runs, round->in->members[i].url);
    }
}

/* Step 11. */
static void remember(struct round *round) {
    struct assignor *a = round->assignor;
    AUTO_WORK all = {0}, revoked = {0};
    map_clear(a->previous_members);
    for (size_t i = 0; i < round->in->member_count; i++) {
        struct work *own = calloc(1, sizeof *own);
        if (!own)
            abort();
        work_copy(&all, &round->loads[i].next);
        work_copy(&revoked, &round->loads[i].revoke);
        work_add_missing(own, &round->loads[i].next, &round->loads[i].revoke);
        map_put(a->previous_members, round->loads[i].id, own);
    }
    work_done(&a->previous);
    work_add_missing(&a->previous, &all, &revoked);
    work_copy(&a->previous, &round->lost);
    work_unique(&a->previous);
    work_copy(&a->previous_revocation, &revoked);
    work_unique(&a->previous_revocation);
    a->previous_generation = round->in->generation;
}

static void round_done(struct round *round) {
    struct work *sets[] = {&round->configured, &round->active,  &round->deleted,     &round->duplicated,
                           &round->lost,       &round->created, &round->reassign_now};
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        work_done(sets[i]);
    for (size_t i = 0; i < round->in->member_count; i++) {
        work_done(&round->loads[i].next);
        work_done(&round->loads[i].revoke);
        work_done(&round->current[i]);
    }
    free(round->loads);
    free(round->current);
}

void assign_cooperative(struct assignor *assignor, const struct assign_input *in, const struct group_config *config,
                        struct assign_plan *plan) {
    struct round round = {.assignor = assignor, .in = in};
    round.loads = calloc(in->member_count + 1, sizeof *round.loads);
    round.current = calloc(in->member_count + 1, sizeof *round.current);
    if (!round.loads || !round.current)
        abort();
    compare_sets(&round, config);
    start_loads(&round);
    take_from_leavers(&round);
    handle_lost(&round);
    balance(&round);
    AUTO_WORK to_place = {0}; /* step 9: what is new, then what was lost, in one go */
    work_copy(&to_place, &round.created);
    work_copy(&to_place, &round.reassign_now);
    balance_place(&to_place, round.loads, in->member_count);
    fill_plan(&round, plan);
    remember(&round);
    round_done(&round);
}
