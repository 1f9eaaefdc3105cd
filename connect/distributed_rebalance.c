/* Assignments of the group: stopping what is revoked, starting what is new, catching up with the config topic in
 * between. The callbacks run on the group's thread and only copy and post.
 * @source DistributedHerder.handleRebalanceCompleted, RebalanceListener (distributed-worker 6.2, 6.5) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"

/* ---- callbacks on the group's thread ----------------------------------------------------------------------------- */

static struct group_config *take_snapshot(void *arg) {
    struct herder *h = arg;
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    struct group_config *config = group_config_new(snap->offset);
    for (size_t i = 0; i < snap->count; i++)
        group_config_add(config, snap->connectors[i].name, snapshot_assignable_tasks(&snap->connectors[i]));
    return config;
}

static void post_assigned(void *arg, const struct assignment *asg, int32_t generation) {
    struct event *ev = event_new(EV_ASSIGNED, NULL);
    ev->asg = assignment_clone(asg);
    ev->generation = generation;
    event_post(arg, ev);
}

static void post_revoked(void *arg, const struct work *work) {
    struct event *ev = event_new(EV_REVOKED, NULL);
    work_copy(&ev->work, work);
    event_post(arg, ev);
}

static void post_refused(void *arg, const struct kc_error *err) {
    struct event *ev = event_new(EV_REFUSED, NULL);
    ev->err = *err;
    event_post(arg, ev);
}

static void note_coordinator(void *arg, bool known) {
    (void)arg;
    kc_log(KC_DEBUG, LOG_HERDER, known ? "Group coordinator found" : "Group coordinator lost");
}

const struct group_member_callbacks herder_group_callbacks = {.config_snapshot = take_snapshot,
                                                              .on_assigned = post_assigned,
                                                              .on_revoked = post_revoked,
                                                              .on_fatal = post_refused,
                                                              .on_coordinator = note_coordinator};

/* ---- what arrives at the loop ------------------------------------------------------------------------------------ */

void request_rejoin(struct herder *h) {
    h->rejoining = true;
    membership_rejoin(h->member);
}

void on_assigned(struct herder *h, struct assignment *asg, int32_t generation) {
    assignment_free(h->new_asg);
    h->new_asg = asg;
    h->new_generation = generation;
}

void on_revoked(struct herder *h, struct work *work) {
    work_done(&h->revoked);
    h->revoked = *work;
    *work = (struct work){0};
    h->revoke_pending = true;
}

static void forget(struct herder *h, const char *connector, int task) {
    struct status status = {.connector = connector,
                            .task = task,
                            .state = STATE_DESTROYED,
                            .worker_id = h->worker_id,
                            .generation = h->generation};
    status_store_put(h->statuses, &status, false);
}

static void forget_tasks(struct herder *h, const char *connector, int first) {
    size_t count;
    struct status *tasks = status_store_tasks(h->statuses, connector, &count);
    for (size_t i = 0; i < count; i++) {
        if (tasks[i].task >= first)
            forget(h, connector, tasks[i].task);
        status_done(&tasks[i]);
    }
    free(tasks);
}

/* The leader's duty at each assignment: tombstones for statuses of connectors and tasks that are gone. */
static void clean_statuses(struct herder *h) {
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    size_t count;
    char **names = status_store_connectors(h->statuses, &count);
    for (size_t i = 0; i < count; i++) {
        const struct snapshot_connector *c = config_snapshot_find(snap, names[i]);
        forget_tasks(h, names[i], c ? snapshot_assignable_tasks(c) : 0);
        if (!c)
            forget(h, names[i], -1);
        free(names[i]);
    }
    free(names);
}

static void take_assignment(struct herder *h) {
    int old_version = herder_protocol_version(h);
    assignment_free(h->asg);
    h->asg = TAKE(h->new_asg);
    h->generation = h->new_generation;
    h->rejoining = false;
    h->rebalance_resolved = h->caught_up = false;
    h->scheduled_rebalance_ms = h->asg->delay_ms > 0 ? clock_ms() + h->asg->delay_ms : NEVER_MS;
    worker_set_generation(h->worker, h->generation);
    kc_log(KC_INFO, LOG_HERDER,
           "Joined group at generation %d with protocol version %d and got %zu connectors, %zu tasks, %zu and %zu "
           "revoked, "
           "rebalance delay: %d, error %d",
           h->generation, h->asg->version, h->asg->work.connector_count, h->asg->work.task_count,
           h->asg->revoked.connector_count, h->asg->revoked.task_count, h->asg->delay_ms, h->asg->error);
    if (old_version >= GROUP_SESSIONED && h->asg->version < GROUP_SESSIONED)
        kc_log(KC_WARN, LOG_HERDER,
               "Not all workers of the group speak the 'sessioned' protocol: requests between workers "
               "are not checked");
    if (assignment_is_leader(h->asg))
        clean_statuses(h);
    claim_after_assignment(h, assignment_is_leader(h->asg));
}

/* ---- revocation -------------------------------------------------------------------------------------------------- */

static void revoked_stopped(void *arg, size_t given_up) {
    struct herder *h = arg;
    (void)given_up;
    if (h->conf->topic_tracking) {
        for (size_t i = 0; i < h->revoked.connector_count; i++) {
            if (!config_snapshot_find(h->snap, h->revoked.connectors[i]))
                status_store_reset_topics(h->statuses, h->revoked.connectors[i]);
        }
    }
    kc_log(KC_INFO, LOG_HERDER, "Finished stopping connectors and tasks in preparation for rebalance");
    work_remove_all(&h->running, &h->revoked);
    work_done(&h->revoked);
    herder_end(h);
    membership_revoked(h->member);
}

static void stop_revoked(struct herder *h) {
    h->revoke_pending = false;
    h->rejoining = true; /* an assignment follows; what was assigned before must not be started any more */
    kc_log(KC_INFO, LOG_HERDER, "Stopping %zu connectors and %zu tasks for a rebalance", h->revoked.connector_count,
           h->revoked.task_count);
    herder_begin(h, "stopping %zu and %zu tasks", h->revoked.connector_count, h->revoked.task_count);
    worker_stop(h->worker, &h->revoked, revoked_stopped, h);
}

bool rebalance_turn(struct herder *h) {
    if (h->new_asg && !h->revoke_pending) {
        take_assignment(h);
        return true;
    }
    if (h->revoke_pending) {
        assignment_free(TAKE(h->new_asg)); /* older than the revocation */
        stop_revoked(h);
        return true;
    }
    return false;
}

/* ---- starting ---------------------------------------------------------------------------------------------------- */

static void work_started(void *arg, size_t failed) {
    struct herder *h = arg;
    kc_log(KC_INFO, LOG_HERDER, "Finished starting connectors and tasks (%zu tasks failed to start)", failed);
    herder_end(h);
    h->rebalance_resolved = true;
    if (!work_empty(&h->asg->revoked)) {
        work_done(&h->asg->revoked);
        membership_clear_revoked(h->member);
        request_rejoin(h);
    }
}

void start_connector(struct herder *h, const char *connector) {
    struct kc_error err = {0};
    const struct snapshot_connector *c = config_snapshot_find(h->snap, connector);
    if (!c || !c->config)
        return;
    if (worker_start_connector(h->worker, c, ++h->tickets, &err) == 0) {
        note_transition(h, connector, h->tickets);
        return;
    }
    kc_log(KC_ERROR, LOG_HERDER,
           "Couldn't instantiate connector %s because it has an invalid connector configuration. "
           "This connector will not execute until reconfigured.",
           connector);
    settle_failed(h, connector, &err);
}

static void start_work(struct herder *h) {
    AUTO_WORK to_start = {0};
    work_copy(&to_start, &h->asg->work);
    work_remove_all(&h->running, &h->tasks_to_restart);
    work_done(&h->tasks_to_restart);
    work_remove_all(&to_start, &h->running);
    herder_begin(h, "starting %zu connector(s) and task(s) after a rebalance",
                 to_start.connector_count + to_start.task_count);
    /* Kafka's system tests wait for these words, as they do for "Joined group". */
    kc_log(KC_INFO, LOG_HERDER, "Starting connectors and tasks using config offset %lld: %zu connectors, %zu tasks",
           (long long)h->asg->offset, to_start.connector_count, to_start.task_count);
    for (size_t i = 0; i < to_start.connector_count; i++)
        start_connector(h, to_start.connectors[i]);
    work_done(&h->running);
    work_copy(&h->running, &h->asg->work);
    worker_start_tasks(h->worker, h->snap, &to_start, work_started, h);
}

/* An assignment is here and nothing of it done yet. */
bool rebalance_complete(struct herder *h) {
    const struct assignment *asg = h->asg;
    bool behind = h->snap->offset < asg->offset;
    if (!h->caught_up && (behind || (asg->error != ASSIGNMENT_OK && assignment_is_leader(asg)))) {
        kc_log(KC_INFO, LOG_HERDER, "Catching up with the config topic: at %lld, assignment made at %lld",
               (long long)h->snap->offset, (long long)asg->offset);
        h->caught_up = true;
        read_configs(h);
        return true;
    }
    h->caught_up = false;
    if (asg->error != ASSIGNMENT_OK || h->snap->offset != asg->offset) {
        kc_log(KC_INFO, LOG_HERDER,
               "Current config state offset %lld does not match group assignment %lld. Forcing rebalance.",
               (long long)h->snap->offset, (long long)asg->offset);
        request_rejoin(h);
        return true;
    }
    h->rebalances++;
    start_work(h);
    return true;
}
