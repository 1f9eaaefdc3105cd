/* Heartbeats, the three clocks that end a membership (session, heartbeat answer, herder's poll), and leaving. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/group/member_internal.h"

/* The coordinator tells of a rebalance in the answer to a heartbeat only. Rebalances seldom come alone (another worker
 * starts too, what was revoked is handed out), so that after each of them, and when somebody leaves, heartbeats come
 * often for a while: a follow-up begins within 0.1 s instead of heartbeat.interval.ms. */
enum { HURRY_MS = 100, HURRY_FOR_MS = 3000 };

static int64_t next_heartbeat_ms(const struct group_member *m, int64_t now) {
    bool hurry = now < m->hurry_until_ms && m->conf.heartbeat_interval_ms > HURRY_MS;
    return now + (hurry ? HURRY_MS : m->conf.heartbeat_interval_ms);
}

void member_heartbeat_start(struct group_member *m) {
    int64_t now = clock_ms();
    m->hurry_until_ms = now + HURRY_FOR_MS;
    m->heartbeat_at_ms = next_heartbeat_ms(m, now);
    m->session_deadline_ms = now + m->conf.session_timeout_ms;
    m->heartbeat_backoff.failures = 0;
}

static int64_t poll_deadline_ms(const struct group_member *m) {
    return m->polled_at_ms + m->conf.rebalance_timeout_ms;
}

/* The herder hangs: others shall do its part. What runs goes on until the herder finds out. */
static void poll_timed_out(struct group_member *m) {
    const char *stage = m->stage;
    kc_log(
        KC_WARN, LOG_GROUP,
        "worker poll timeout has expired. This means the time between subsequent calls to poll() in the herder thread "
        "was "
        "longer than the configured rebalance.timeout.ms (%d). The last thing the worker was doing was: %s. The worker "
        "leaves the group and joins again with the next poll.",
        m->conf.rebalance_timeout_ms, stage ? stage : "unknown");
    m->waits_for_poll = true;
    member_leave(m, "worker poll timeout has expired");
    m->absence = AWAY_UNTIL_POLL;
    if (clock_ms() < poll_deadline_ms(m) && atomic_exchange(&m->waits_for_poll, false))
        m->absence = PRESENT; /* it polled while we left */
}

static void send_heartbeat(struct group_member *m) {
    int version = member_version(m, WIRE_HEARTBEAT, WIRE_HEARTBEAT_MIN, WIRE_HEARTBEAT_MAX);
    if (version < 0)
        return;
    AUTO_BUF body;
    buf_init(&body, 128 << 10);
    wire_encode_heartbeat(&body, (int16_t)version, m->conf.group_id, m->generation, m->member_id);
    m->heartbeat_sent = true;
    m->heartbeat_generation = m->generation;
    m->heartbeat_deadline_ms = clock_ms() + m->conf.request_timeout_ms;
    member_send(m, WIRE_HEARTBEAT, (int16_t)version, &body);
}

void member_heartbeat_step(struct group_member *m) {
    int64_t now = clock_ms();
    if (m->state != MEMBER_STABLE)
        return;
    if (now >= poll_deadline_ms(m)) {
        poll_timed_out(m);
        return;
    }
    if (!member_coordinator_ready(m))
        return;
    if (now >= m->session_deadline_ms)
        member_coordinator_lost(m, "session timed out without receiving a heartbeat response");
    else if (m->heartbeat_sent && now >= m->heartbeat_deadline_ms)
        member_coordinator_lost(m, "no answer to a heartbeat in time");
    else if (!m->heartbeat_sent && now >= m->heartbeat_at_ms)
        send_heartbeat(m);
}

int64_t member_heartbeat_due_ms(const struct group_member *m) {
    if (m->leaving_id && m->leave_sent)
        return m->leave_deadline_ms;
    if (m->state != MEMBER_STABLE || m->stopping)
        return INT64_MAX;
    int64_t due = poll_deadline_ms(m);
    if (!member_coordinator_ready(m))
        return due;
    int64_t next = m->heartbeat_sent ? m->heartbeat_deadline_ms : m->heartbeat_at_ms;
    due = next < due ? next : due;
    return m->session_deadline_ms < due ? m->session_deadline_ms : due;
}

static void heartbeat_failed(struct group_member *m, const char *why) {
    kc_log(KC_DEBUG, LOG_GROUP, "Heartbeat failed: %s", why);
    m->heartbeat_at_ms =
        clock_ms() + member_backoff(&m->heartbeat_backoff, m->conf.retry_backoff_ms, m->conf.retry_backoff_max_ms);
}

static void heartbeat_received(struct group_member *m) {
    int64_t now = clock_ms();
    m->heartbeat_backoff.failures = 0;
    m->session_deadline_ms = now + m->conf.session_timeout_ms;
    m->heartbeat_at_ms = next_heartbeat_ms(m, now);
}

static void heartbeat_fatal(struct group_member *m, int16_t error) {
    struct kc_error err = {0};
    err_set(&err, ERR_KAFKA, "Heartbeat to group %s failed: %s", m->conf.group_id, wire_error_text(error));
    member_fatal(m, &err);
}

void member_heartbeat_answer(struct group_member *m, const struct wire_response *resp) {
    struct kc_error err = {0};
    int16_t error;
    m->heartbeat_sent = false;
    if (wire_decode_heartbeat(resp, &error, &err) < 0) {
        member_coordinator_lost(m, err.text);
        return;
    }
    /* An answer to a generation that is over tells nothing about the present one. */
    bool current = m->generation == m->heartbeat_generation && m->state == MEMBER_STABLE;
    switch (error) {
    case WIRE_ERROR_NONE:
        heartbeat_received(m);
        break;
    case WIRE_ERROR_REBALANCE_IN_PROGRESS:
        heartbeat_received(m);
        if (!current)
            break;
        kc_log(KC_INFO, LOG_GROUP, "Attempt to heartbeat failed since group is rebalancing");
        m->rejoin_told = true;
        member_publish(m);
        break;
    case WIRE_ERROR_COORDINATOR_NOT_AVAILABLE:
    case WIRE_ERROR_NOT_COORDINATOR:
        member_coordinator_lost(m, wire_error_text(error));
        break;
    case WIRE_ERROR_ILLEGAL_GENERATION:
    case WIRE_ERROR_UNKNOWN_MEMBER_ID:
        if (current)
            member_reset_generation(m, error == WIRE_ERROR_ILLEGAL_GENERATION, wire_error_text(error));
        break;
    case WIRE_ERROR_UNSUPPORTED_VERSION:
    case WIRE_ERROR_FENCED_INSTANCE_ID:
        heartbeat_fatal(m, error);
        break;
    default:
        heartbeat_failed(m, wire_error_text(error));
    }
}

/* ---- leaving ---- */

void member_expect_leave(struct group_member *m, const char *leaver) {
    int64_t now = clock_ms();
    kc_log(KC_INFO, LOG_GROUP, "Member %s is about to leave the group", leaver);
    m->hurry_until_ms = now + HURRY_FOR_MS;
    if (m->heartbeat_at_ms > now + HURRY_MS)
        m->heartbeat_at_ms = now + HURRY_MS;
    assignor_leaving(m->assignor, leaver);
}

void member_leave(struct group_member *m, const char *reason) {
    if (*m->member_id && m->coordinator) {
        kc_log(KC_INFO, LOG_GROUP, "Member %s sending LeaveGroup request to coordinator %s:%d due to %s", m->member_id,
               m->coordinator_host, m->coordinator_port, reason ? reason : "an unknown reason");
        free(m->leaving_id);
        m->leaving_id = TAKE(m->member_id);
        m->member_id = NULL;
        m->leave_sent = false;
        /* The broker reads nothing behind a request that it has not answered. */
        if (m->state == MEMBER_PREPARING || m->state == MEMBER_COMPLETING) {
            m->state = MEMBER_UNJOINED;
            member_coordinator_reconnect(m);
        }
    }
    member_set_text(&m->member_id, "");
    m->generation = -1;
    m->rejoin_told = m->rejoin_asked = false;
    member_set_state(m, MEMBER_UNJOINED);
}

void member_leave_step(struct group_member *m) {
    if (m->leaving_id && m->leave_sent && clock_ms() >= m->leave_deadline_ms)
        member_coordinator_lost(m, "no answer to LeaveGroup in time");
    if (!m->leaving_id || m->leave_sent || !member_coordinator_ready(m))
        return;
    struct kc_error err = {0};
    int version = wire_conn_version(m->coordinator, WIRE_LEAVE_GROUP, WIRE_LEAVE_GROUP_MIN, WIRE_LEAVE_GROUP_MAX, &err);
    if (version < 0) {
        kc_log(KC_WARN, LOG_GROUP, "Cannot leave the group: %s", err.text);
        member_set_text(&m->leaving_id, NULL);
        return;
    }
    AUTO_BUF body;
    buf_init(&body, 128 << 10);
    wire_encode_leave_group(&body, (int16_t)version, m->conf.group_id, m->leaving_id);
    m->leave_sent = true;
    m->leave_deadline_ms = clock_ms() + m->conf.request_timeout_ms;
    member_send(m, WIRE_LEAVE_GROUP, (int16_t)version, &body);
}

void member_leave_answer(struct group_member *m, const struct wire_response *resp) {
    struct kc_error err = {0};
    int16_t error;
    m->leave_sent = false;
    member_set_text(&m->leaving_id, NULL);
    if (wire_decode_leave_group(resp, &error, &err) < 0)
        kc_log(KC_WARN, LOG_GROUP, "%s", err.text);
    else if (error != WIRE_ERROR_NONE && error != WIRE_ERROR_UNKNOWN_MEMBER_ID)
        kc_log(KC_WARN, LOG_GROUP, "LeaveGroup failed: %s", wire_error_text(error));
}
