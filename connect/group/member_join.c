/* Joining: JoinGroup, the leader's assignment, SyncGroup, and what follows from the answer. Work goes on meanwhile, but
 * under the eager protocol, and when the group has gone on without this member, everything is stopped first. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/group/member_internal.h"

enum { MESSAGE_MAX = 64 << 20, JOIN_EXTRA_MS = 5000 };

/* ---- revoking ---- */

/* Starts to stop `work`; what comes next waits for member_revoked. */
static void start_revoking(struct group_member *m, enum member_revoking why, const struct work *work) {
    m->revoking = why;
    member_publish(m);
    m->cb.on_revoked(m->arg, work);
}

static void drop_assignment(struct group_member *m) {
    m->assignment = assignment_free(m->assignment);
    m->prepared = m->fenced = false;
    member_publish(m);
}

void member_revoke_everything(struct group_member *m) {
    if (work_empty(&m->assignment->work) || m->prepared)
        drop_assignment(m);
    else
        start_revoking(m, REVOKING_UNREACHABLE, &m->assignment->work);
}

/* ---- generations ---- */

/* Cooperative assignments say what changes: the new ones, then what was there before and is not revoked. */
static void merge(struct group_member *m, struct assignment *asg) {
    if (asg->version == GROUP_EAGER || !m->assignment)
        return;
    AUTO_WORK kept = {0};
    work_add_missing(&kept, &m->assignment->work, &asg->revoked);
    work_add_all(&asg->work, &kept);
}

/* The generation is complete: what was revoked has stopped. */
static void finish_generation(struct group_member *m) {
    struct assignment *asg = TAKE(m->incoming);
    work_copy(&asg->added, &asg->work);
    merge(m, asg);
    assignment_free(m->assignment);
    m->assignment = asg;
    m->prepared = false;
    m->rejoin_asked = false;
    m->last_completed_generation = m->incoming_generation;
    m->join_backoff.failures = 0;
    member_publish(m);
    m->cb.on_assigned(m->arg, asg, m->incoming_generation);
}

void member_revoked(struct group_member *m) {
    enum member_revoking what = m->revoking;
    m->revoking = REVOKING_NOTHING;
    if (m->stopping)
        return;
    switch (what) {
    case REVOKING_NOTHING:
        kc_log(KC_DEBUG, LOG_GROUP, "The end of a revocation was reported that nobody waits for");
        break;
    case REVOKING_BEFORE_JOIN:
        m->prepared = true;
        m->fenced = false;
        break;
    case REVOKING_GENERATION:
        finish_generation(m);
        break;
    case REVOKING_UNREACHABLE:
        drop_assignment(m);
        break;
    }
}

void member_reset_generation(struct group_member *m, bool keep_id, const char *why) {
    kc_log(KC_INFO, LOG_GROUP, "Resetting generation%s due to: %s", keep_id ? "" : " and member id", why);
    m->generation = -1;
    if (!keep_id) {
        member_set_text(&m->member_id, "");
        m->fenced = m->assignment || m->incoming;
    }
    member_set_state(m, MEMBER_UNJOINED);
}

/* ---- joining ---- */

static bool rejoin_needed(const struct group_member *m) {
    return m->state == MEMBER_UNJOINED ||
           (m->state == MEMBER_STABLE && (m->rejoin_told || m->rejoin_asked || !m->assignment));
}

/* One subscription per protocol, the preferred one first. Buffers and protocols have room for all. */
static size_t add_protocols(const struct group_member *m, struct buf *bytes, struct wire_group_protocol *protocols) {
    size_t count = 0;
    for (int p = (int)m->conf.protocol; p >= GROUP_EAGER; p--, count++) {
        buf_init(&bytes[count], MESSAGE_MAX);
        if (subscription_encode(&bytes[count], (int16_t)p, m->conf.url, m->config->offset, m->assignment) < 0)
            kc_log(KC_ERROR, LOG_GROUP, "What this worker runs does not fit into a request");
        protocols[count] = (struct wire_group_protocol){.name = group_protocol_name((enum group_protocol)p),
                                                        .metadata = buf_text(&bytes[count]),
                                                        .len = bytes[count].len};
    }
    return count;
}

static int encode_join(struct group_member *m, int16_t version, struct buf *body) {
    struct buf bytes[GROUP_SESSIONED + 1] = {0};
    struct wire_group_protocol protocols[GROUP_SESSIONED + 1];
    size_t count = add_protocols(m, bytes, protocols);
    struct wire_join_request req = {.group = m->conf.group_id,
                                    .member_id = m->member_id,
                                    .protocol_type = "connect",
                                    .session_timeout_ms = m->conf.session_timeout_ms,
                                    .rebalance_timeout_ms = m->conf.rebalance_timeout_ms,
                                    .protocols = protocols,
                                    .protocol_count = count};
    int rc = wire_encode_join_group(body, version, &req);
    for (size_t i = 0; i < count; i++) {
        body->failed |= bytes[i].failed;
        buf_done(&bytes[i]);
    }
    return rc;
}

static void send_join(struct group_member *m) {
    int version = member_version(m, WIRE_JOIN_GROUP, WIRE_JOIN_GROUP_MIN, WIRE_JOIN_GROUP_MAX);
    if (version < 0)
        return;
    group_config_free(m->config);
    m->config = m->cb.config_snapshot(m->arg);
    AUTO_BUF body;
    buf_init(&body, MESSAGE_MAX);
    encode_join(m, (int16_t)version, &body);
    kc_log(KC_INFO, LOG_GROUP, "(Re-)joining group %s", m->conf.group_id);
    m->rejoin_told = false;
    member_set_state(m, MEMBER_PREPARING);
    int64_t patience = (int64_t)m->conf.rebalance_timeout_ms + JOIN_EXTRA_MS;
    m->join_deadline_ms = clock_ms() + (patience > m->conf.request_timeout_ms ? patience : m->conf.request_timeout_ms);
    member_send(m, WIRE_JOIN_GROUP, (int16_t)version, &body);
}

/* Eager: nothing may run while the group decides. Nor what others may have begun meanwhile, because the coordinator has
 * missed this member for longer than its session; it is still claimed with the join, as others may not have begun it.
 * Java goes on until the leader takes it away, on both sides. true: it is being stopped, join later. */
static bool stop_first(struct group_member *m) {
    bool eager = m->protocol == GROUP_EAGER && m->assignment && !m->assignment->error;
    if (m->prepared || !m->assignment || !(eager || m->fenced))
        return false;
    if (work_empty(&m->assignment->work)) {
        m->prepared = true;
        return false;
    }
    start_revoking(m, REVOKING_BEFORE_JOIN, &m->assignment->work);
    return true;
}

void member_join_step(struct group_member *m) {
    if (m->state == MEMBER_PREPARING || m->state == MEMBER_COMPLETING) {
        if (clock_ms() >= m->join_deadline_ms)
            member_coordinator_lost(m, "no answer to JoinGroup or SyncGroup in time");
        return;
    }
    if (m->absence != PRESENT || m->revoking || m->leaving_id || !rejoin_needed(m) || !member_coordinator_ready(m) ||
        clock_ms() < m->join_at_ms || stop_first(m))
        return;
    send_join(m);
}

int64_t member_join_due_ms(const struct group_member *m) {
    if (m->state == MEMBER_PREPARING || m->state == MEMBER_COMPLETING)
        return m->join_deadline_ms;
    if (m->absence != PRESENT || m->revoking || m->leaving_id || !rejoin_needed(m) || !member_coordinator_ready(m))
        return INT64_MAX;
    return m->join_at_ms;
}

void member_join_failed(struct group_member *m, const char *why) {
    int64_t delay = member_backoff(&m->join_backoff, m->conf.retry_backoff_ms, m->conf.retry_backoff_max_ms);
    kc_log(KC_INFO, LOG_GROUP, "Rebalance failed: %s; trying again in %lld ms", why, (long long)delay);
    m->join_at_ms = clock_ms() + delay;
    member_set_state(m, MEMBER_UNJOINED);
}

static void join_fatal(struct group_member *m, const char *request, int16_t error) {
    struct kc_error err = {0};
    err_set(&err, error == WIRE_ERROR_GROUP_AUTHORIZATION_FAILED ? ERR_AUTH : ERR_KAFKA,
            "%s of group %s failed: %s (%s, code %d)", request, m->conf.group_id, wire_error_text(error),
            wire_error_name(error), error);
    member_set_state(m, MEMBER_UNJOINED);
    member_fatal(m, &err);
}

/* What JoinGroup and SyncGroup errors have in common. */
static void handle_error(struct group_member *m, const char *request, int16_t error) {
    switch (error) {
    case WIRE_ERROR_COORDINATOR_NOT_AVAILABLE:
    case WIRE_ERROR_NOT_COORDINATOR:
        member_coordinator_lost(m, wire_error_text(error)); /* the join fails with it */
        break;
    case WIRE_ERROR_ILLEGAL_GENERATION:
        member_reset_generation(m, /* keep_id= */ true, wire_error_text(error));
        break;
    case WIRE_ERROR_UNKNOWN_MEMBER_ID:
        member_reset_generation(m, /* keep_id= */ false, wire_error_text(error));
        break;
    case WIRE_ERROR_REBALANCE_IN_PROGRESS:
        member_set_state(m, MEMBER_UNJOINED); /* and at once again */
        break;
    default:
        if (wire_error_retriable(error))
            member_join_failed(m, wire_error_text(error));
        else
            join_fatal(m, request, error);
    }
}

/* ---- SyncGroup ---- */

static void send_sync(struct group_member *m, const struct wire_member_assignment *assignments, size_t count) {
    int version = member_version(m, WIRE_SYNC_GROUP, WIRE_SYNC_GROUP_MIN, WIRE_SYNC_GROUP_MAX);
    if (version < 0)
        return;
    AUTO_BUF body;
    buf_init(&body, MESSAGE_MAX);
    wire_encode_sync_group(&body, (int16_t)version, m->conf.group_id, m->generation, m->member_id, assignments, count);
    int64_t patience = m->conf.request_timeout_ms;
    if (patience < (int64_t)m->conf.rebalance_timeout_ms + JOIN_EXTRA_MS) /* the leader may take that long */
        patience = (int64_t)m->conf.rebalance_timeout_ms + JOIN_EXTRA_MS;
    m->join_deadline_ms = clock_ms() + patience;
    member_send(m, WIRE_SYNC_GROUP, (int16_t)version, &body);
}

/* ---- the leader ---- */

struct lead { /* what the members said; one entry each */
    struct assign_member *members;
    struct subscription **subscriptions;
    size_t count;
};

static void lead_done(struct lead *lead) {
    for (size_t i = 0; i < lead->count; i++) {
        free((void *)(uintptr_t)lead->members[i].id);
        subscription_free(lead->subscriptions[i]);
    }
    free(lead->members);
    free(lead->subscriptions);
}

static int lead_parse(struct lead *lead, const struct wire_join_response *join, struct kc_error *err) {
    lead->members = calloc(join->member_count + 1, sizeof *lead->members);
    lead->subscriptions = calloc(join->member_count + 1, sizeof(struct subscription *));
    if (!lead->members || !lead->subscriptions)
        abort();
    for (size_t i = 0; i < join->member_count; i++) {
        char *id = wire_text(join->members[i].member_id);
        struct subscription *sub =
            subscription_decode(join->members[i].metadata.data, join->members[i].metadata.len, err);
        lead->members[lead->count].id = id;
        lead->subscriptions[lead->count++] = sub;
        if (!id || !sub)
            return err_prefix(err, "Member %s", id ? id : "?");
        lead->members[i].url = sub->url;
        lead->members[i].offset = sub->offset;
        lead->members[i].allocation = sub->allocation ? &sub->allocation->work : NULL;
    }
    return 0;
}

static struct group_config *fresh_config(void *arg) {
    struct group_member *m = arg;
    return m->cb.config_snapshot(m->arg);
}

static void keep_owners(struct group_member *m, const struct lead *lead, struct assign_plan *plan) {
    pthread_mutex_lock(&m->owners_lock);
    owner_map_free(m->owners);
    m->owners = TAKE(plan->owners);
    map_clear(m->peers);
    for (size_t i = 0; i < lead->count; i++)
        if (strcmp(lead->members[i].id, m->member_id) != 0)
            map_put(m->peers, lead->members[i].id, strdup(lead->members[i].url));
    pthread_mutex_unlock(&m->owners_lock);
}

static void send_plan(struct group_member *m, const struct lead *lead, const struct assign_plan *plan) {
    struct buf *bytes = calloc(plan->count + 1, sizeof *bytes);
    struct wire_member_assignment *assignments = calloc(plan->count + 1, sizeof *assignments);
    if (!bytes || !assignments)
        abort();
    bool failed = false;
    for (size_t i = 0; i < plan->count; i++) {
        buf_init(&bytes[i], MESSAGE_MAX);
        failed |= assignment_encode(&bytes[i], plan->assignments[i], (int16_t)m->protocol) < 0;
        assignments[i] = (struct wire_member_assignment){
            .member_id = lead->members[i].id, .assignment = buf_text(&bytes[i]), .len = bytes[i].len};
    }
    if (failed)
        member_join_failed(m, "the assignment of a member does not fit into a request");
    else
        send_sync(m, assignments, plan->count);
    for (size_t i = 0; i < plan->count; i++)
        buf_done(&bytes[i]);
    free(bytes);
    free(assignments);
}

static void lead_group(struct group_member *m, const struct wire_join_response *join) {
    struct kc_error err = {0};
    struct lead lead = {0};
    if (lead_parse(&lead, join, &err) < 0) {
        kc_log(KC_ERROR, LOG_GROUP, "%s", err.text);
        member_join_failed(m, "a member's subscription cannot be read");
        lead_done(&lead);
        return;
    }
    struct assign_input in = {.protocol = m->protocol,
                              .leader = m->member_id,
                              .members = lead.members,
                              .member_count = lead.count,
                              .last_completed_generation = m->last_completed_generation,
                              .generation = m->generation,
                              .now_ms = clock_ms()};
    AUTO(assign_plan) plan = assignor_run(m->assignor, &in, &m->config, fresh_config, m);
    kc_log(KC_DEBUG, LOG_GROUP, "Assigned the work of generation %d to %zu members", m->generation, lead.count);
    send_plan(m, &lead, plan);
    keep_owners(m, &lead, plan);
    lead_done(&lead);
}

/* ---- answers ---- */

static int accept_generation(struct group_member *m, const struct wire_join_response *join, struct kc_error *err) {
    enum group_protocol protocol;
    if (group_protocol_parse((const char *)join->protocol.data, join->protocol.len, &protocol) < 0 ||
        protocol > m->conf.protocol)
        return err_set(err, ERR_KAFKA, "The coordinator of group %s chose the protocol '%.*s', which was not offered",
                       m->conf.group_id, (int)join->protocol.len, (const char *)join->protocol.data);
    char *id = wire_text(join->member_id);
    if (!id)
        return err_set(err, ERR_KAFKA, "The coordinator of group %s gave a member id that is no text",
                       m->conf.group_id);
    free(m->member_id);
    m->member_id = id;
    m->generation = join->generation;
    m->protocol = protocol;
    return 0;
}

static void joined(struct group_member *m, const struct wire_join_response *join) {
    struct kc_error err = {0};
    if (accept_generation(m, join, &err) < 0) {
        member_fatal(m, &err);
        return;
    }
    kc_log(KC_INFO, LOG_GROUP, "Successfully joined group with generation %d, protocol %s, member id %s", m->generation,
           group_protocol_name(m->protocol), m->member_id);
    member_set_state(m, MEMBER_COMPLETING);
    if (join->leader.len == strlen(m->member_id) && memcmp(join->leader.data, m->member_id, join->leader.len) == 0)
        lead_group(m, join);
    else
        send_sync(m, NULL, 0);
}

void member_join_answer(struct group_member *m, const struct wire_response *resp) {
    struct kc_error err = {0};
    struct wire_join_response join;
    if (m->state != MEMBER_PREPARING)
        return; /* of a join that was given up */
    if (wire_decode_join_group(resp, &join, &err) < 0) {
        member_coordinator_lost(m, err.text);
        return;
    }
    if (join.error == WIRE_ERROR_NONE) {
        joined(m, &join);
    } else if (join.error == WIRE_ERROR_MEMBER_ID_REQUIRED) {
        char *id = wire_text(join.member_id);
        member_set_text(&m->member_id, id ? id : "");
        free(id);
        member_set_state(m, MEMBER_UNJOINED);
    } else {
        kc_log(KC_DEBUG, LOG_GROUP, "JoinGroup failed: %s", wire_error_text(join.error));
        handle_error(m, "JoinGroup", join.error);
    }
    free(join.members);
}

static void synced(struct group_member *m, struct wire_bytes bytes) {
    struct kc_error err = {0};
    struct assignment *asg = assignment_decode(bytes.data, bytes.len, &err);
    if (!asg) {
        kc_log(KC_ERROR, LOG_GROUP, "%s", err.text);
        member_join_failed(m, "the assignment cannot be read");
        return;
    }
    asg->version = (int16_t)m->protocol;
    member_set_text(&asg->member_id, m->member_id);
    assignment_free(m->incoming);
    m->incoming = asg;
    m->incoming_generation = m->generation;
    m->state = MEMBER_STABLE;
    m->polled_at_ms = clock_ms();
    member_heartbeat_start(m);
    if (m->protocol != GROUP_EAGER && !work_empty(&asg->revoked))
        start_revoking(m, REVOKING_GENERATION, &asg->revoked);
    else
        finish_generation(m);
}

void member_sync_answer(struct group_member *m, const struct wire_response *resp) {
    struct kc_error err = {0};
    int16_t error;
    struct wire_bytes bytes;
    if (m->state != MEMBER_COMPLETING)
        return;
    if (wire_decode_sync_group(resp, &error, &bytes, &err) < 0) {
        member_coordinator_lost(m, err.text);
        return;
    }
    if (error == WIRE_ERROR_NONE) {
        synced(m, bytes);
        return;
    }
    kc_log(KC_DEBUG, LOG_GROUP, "SyncGroup failed: %s", wire_error_text(error));
    handle_error(m, "SyncGroup", error);
}
