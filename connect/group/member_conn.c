/* Finds the group's coordinator and keeps the connection to it: asks one broker after the other, first those of the
 * cluster that are known, then the bootstrap servers. */
#include <stdlib.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/group/member_internal.h"

/* ---- candidates ---- */

static void candidates_free(struct candidate *candidates, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(candidates[i].host);
    free(candidates);
}

/* What is known about a broker stays known. */
static void inherit(struct group_member *m, struct candidate *c, size_t index, size_t *ret_seeking) {
    for (size_t i = 0; i < m->candidate_count; i++) {
        const struct candidate *old = &m->candidates[i];
        if (old->port != c->port || strcmp(old->host, c->host) != 0)
            continue;
        c->failures = old->failures;
        c->retry_at_ms = old->retry_at_ms;
        if (i == m->seeking)
            *ret_seeking = index;
    }
}

static bool contains(const struct candidate *candidates, size_t count, const struct wire_broker *broker) {
    for (size_t i = 0; i < count; i++)
        if (candidates[i].port == broker->port && strcmp(candidates[i].host, broker->host) == 0)
            return true;
    return false;
}

/* `brokers`, then the bootstrap servers: should all brokers have moved, those are how the cluster is found again. */
static void set_candidates(struct group_member *m, const struct wire_broker *brokers, size_t count) {
    size_t total = 0, seeking = 0;
    struct candidate *candidates = calloc(count + m->bootstrap_count, sizeof *candidates);
    if (!candidates)
        abort();
    for (size_t i = 0; i < count + m->bootstrap_count; i++) {
        const struct wire_broker *from = i < count ? &brokers[i] : &m->bootstrap[i - count];
        if (contains(candidates, total, from))
            continue;
        candidates[total].port = from->port;
        member_set_text(&candidates[total].host, from->host);
        inherit(m, &candidates[total], total, &seeking);
        total++;
    }
    candidates_free(m->candidates, m->candidate_count);
    m->candidates = candidates;
    m->candidate_count = total;
    m->seeking = seeking;
    m->next_candidate = seeking + 1;
}

/* The next one that may be tried, or NULL and when. */
static struct candidate *pick_candidate(struct group_member *m, int64_t *ret_wait_until_ms) {
    int64_t now = clock_ms(), soonest = INT64_MAX;
    for (size_t i = 0; i < m->candidate_count; i++) {
        size_t at = (m->next_candidate + i) % m->candidate_count;
        struct candidate *c = &m->candidates[at];
        if (c->retry_at_ms <= now) {
            m->next_candidate = at + 1;
            m->seeking = at;
            return c;
        }
        soonest = c->retry_at_ms < soonest ? c->retry_at_ms : soonest;
    }
    *ret_wait_until_ms = soonest;
    return NULL;
}

static bool is_power_of_two(int n) {
    return (n & (n - 1)) == 0;
}

static void candidate_failed(struct group_member *m, const struct kc_error *err) {
    struct candidate *c = &m->candidates[m->seeking];
    struct backoff backoff = {.failures = c->failures++};
    c->retry_at_ms =
        clock_ms() + member_backoff(&backoff, m->conf.reconnect_backoff_ms, m->conf.reconnect_backoff_max_ms);
    /* A broker that stays away is mentioned ever more rarely. */
    kc_log(is_power_of_two(c->failures) ? KC_WARN : KC_DEBUG, LOG_GROUP,
           "Connection to %s:%d could not be used (attempt %d): %s; trying again", c->host, c->port, c->failures,
           err->text);
    m->seeker = wire_conn_close(m->seeker);
}

/* Wrong credentials and foreign certificates do not get better by repeating; nor does a broker that is too old. */
static bool is_fatal(const struct kc_error *err) {
    return err->code == ERR_AUTH || err->code == ERR_BAD_CONFIG ||
           strcmp(err->exception, "org.apache.kafka.common.errors.UnsupportedVersionException") == 0;
}

/* ---- the coordinator ---- */

static void close_coordinator(struct group_member *m) {
    m->coordinator = wire_conn_close(m->coordinator);
    m->heartbeat_sent = false;
    m->leave_sent = false;
    if (atomic_exchange(&m->connected, false))
        m->cb.on_coordinator(m->arg, false);
}

void member_coordinator_lost(struct group_member *m, const char *why) {
    if (m->coordinator_host)
        kc_log(KC_INFO, LOG_GROUP, "Group coordinator %s:%d is unavailable or invalid (%s); it will be looked up again",
               m->coordinator_host, m->coordinator_port, why);
    close_coordinator(m);
    member_set_text(&m->coordinator_host, NULL);
    if (m->unknown_since_ms < 0)
        m->unknown_since_ms = clock_ms();
    if (m->state == MEMBER_PREPARING || m->state == MEMBER_COMPLETING)
        member_join_failed(m, "the coordinator is unavailable");
    member_set_text(&m->leaving_id, NULL); /* it will notice by itself that we are gone */
}

/* The connection broke: the coordinator is looked up anew, later if it often breaks. */
static void coordinator_failed(struct group_member *m, const struct kc_error *err) {
    if (is_fatal(err)) {
        member_fatal(m, err);
        return;
    }
    member_coordinator_lost(m, err->text);
    struct backoff backoff = {.failures = m->coordinator_failures++};
    m->seek_at_ms =
        clock_ms() + member_backoff(&backoff, m->conf.reconnect_backoff_ms, m->conf.reconnect_backoff_max_ms);
}

static void connect_coordinator(struct group_member *m) {
    struct kc_error err = {0};
    m->coordinator = wire_conn_open(&m->conn_conf, m->coordinator_host, m->coordinator_port, &err);
    if (!m->coordinator)
        coordinator_failed(m, &err);
}

void member_coordinator_reconnect(struct group_member *m) {
    close_coordinator(m);
    connect_coordinator(m);
}

bool member_coordinator_ready(const struct group_member *m) {
    return m->coordinator && wire_conn_ready(m->coordinator);
}

static void coordinator_ready(struct group_member *m) {
    m->coordinator_failures = 0;
    m->unknown_since_ms = -1;
    member_heartbeat_start(m);
    if (!atomic_exchange(&m->connected, true))
        m->cb.on_coordinator(m->arg, true);
}

int member_version(struct group_member *m, enum wire_api api, int16_t min, int16_t max) {
    struct kc_error err = {0};
    int version = wire_conn_version(m->coordinator, api, min, max, &err);
    if (version < 0)
        member_fatal(m, &err);
    return version;
}

int member_send(struct group_member *m, enum wire_api api, int16_t version, const struct buf *body) {
    struct kc_error err = {0};
    if (body->failed)
        err_set(&err, ERR_LIMIT, "%s request for group %s is too large", wire_api_name((int16_t)api), m->conf.group_id);
    if (!body->failed && wire_conn_send(m->coordinator, api, version, buf_text(body), body->len) >= 0)
        return 0;
    if (body->failed)
        member_fatal(m, &err);
    else
        member_coordinator_lost(m, "the request cannot be queued");
    return -1;
}

/* ---- looking for it ---- */

static int send_seek_requests(struct group_member *m, struct kc_error *err) {
    int metadata = wire_conn_version(m->seeker, WIRE_METADATA, WIRE_METADATA_MIN, WIRE_METADATA_MAX, err);
    int find =
        wire_conn_version(m->seeker, WIRE_FIND_COORDINATOR, WIRE_FIND_COORDINATOR_MIN, WIRE_FIND_COORDINATOR_MAX, err);
    if (metadata < 0 || find < 0)
        return -1;
    AUTO_BUF body;
    buf_init(&body, 64 << 10);
    wire_encode_metadata(&body, (int16_t)metadata);
    if (wire_conn_send(m->seeker, WIRE_METADATA, (int16_t)metadata, body.data, body.len) < 0)
        return err_set(err, ERR_RETRIABLE, "the connection cannot be used");
    buf_clear(&body);
    if (wire_encode_find_coordinator(&body, m->conf.group_id, WIRE_OF_GROUP) < 0)
        return err_set(err, ERR_BAD_CONFIG, "group.id is too long");
    if (wire_conn_send(m->seeker, WIRE_FIND_COORDINATOR, (int16_t)find, body.data, body.len) < 0)
        return err_set(err, ERR_RETRIABLE, "the connection cannot be used");
    m->seek_deadline_ms = clock_ms() + m->conf.request_timeout_ms;
    return wire_conn_step(m->seeker, err);
}

static int metadata_answer(struct group_member *m, const struct wire_response *resp, struct kc_error *err) {
    struct wire_broker *brokers;
    size_t count;
    if (wire_decode_metadata(resp, &brokers, &count, err) < 0)
        return -1;
    set_candidates(m, brokers, count);
    wire_brokers_free(brokers, count);
    m->metadata_due_ms = clock_after_ms(m->conf.metadata_max_age_ms);
    return 0;
}

static void coordinator_named(struct group_member *m, const struct wire_find_coordinator *found) {
    m->seek_backoff.failures = 0;
    free(m->coordinator_host);
    m->coordinator_host = wire_text(found->host);
    m->coordinator_port = found->port;
    kc_log(KC_INFO, LOG_GROUP, "Discovered group coordinator %s:%d (id: %d)",
           m->coordinator_host ? m->coordinator_host : "?", found->port, found->node);
    m->seeker = wire_conn_close(m->seeker);
    if (m->coordinator_host && found->port > 0 && found->port <= 65535) {
        connect_coordinator(m);
        return;
    }
    member_set_text(&m->coordinator_host, NULL);
    m->seek_at_ms =
        clock_ms() + member_backoff(&m->seek_backoff, m->conf.retry_backoff_ms, m->conf.retry_backoff_max_ms);
}

/* 1: the search is over for now (found, postponed or fatal). */
static int find_answer(struct group_member *m, const struct wire_response *resp, struct kc_error *err) {
    struct wire_find_coordinator found;
    if (wire_decode_find_coordinator(resp, &found, err) < 0)
        return -1;
    if (found.error == WIRE_ERROR_NONE) {
        coordinator_named(m, &found);
        return 1;
    }
    m->seeker = wire_conn_close(m->seeker);
    if (wire_error_retriable(found.error)) {
        kc_log(KC_DEBUG, LOG_GROUP, "Group coordinator lookup failed: %s", wire_error_text(found.error));
        m->seek_at_ms =
            clock_ms() + member_backoff(&m->seek_backoff, m->conf.retry_backoff_ms, m->conf.retry_backoff_max_ms);
        return 1;
    }
    err_set(err, found.error == WIRE_ERROR_GROUP_AUTHORIZATION_FAILED ? ERR_AUTH : ERR_KAFKA,
            "Cannot find the coordinator of group %s: %s", m->conf.group_id, wire_error_text(found.error));
    member_fatal(m, err);
    return 1;
}

/* Takes what the candidate says. 1: the search is over for now, 0: wait, -1: the candidate is of no use. */
static int seeker_answers(struct group_member *m, struct kc_error *err) {
    struct wire_response resp;
    int rc;
    while ((rc = wire_conn_receive(m->seeker, &resp, err)) == 1) {
        rc = resp.api == WIRE_METADATA ? metadata_answer(m, &resp, err) : find_answer(m, &resp, err);
        if (rc != 0)
            return rc;
    }
    if (rc == 0 && m->seeker_asked && clock_ms() >= m->seek_deadline_ms)
        return err_set(err, ERR_TIMEOUT, "no answer within %d ms", m->conf.request_timeout_ms);
    return rc;
}

static int step_seeker(struct group_member *m, struct kc_error *err) {
    if (wire_conn_step(m->seeker, err) < 0)
        return -1;
    if (!wire_conn_ready(m->seeker))
        return 0;
    if (!m->seeker_asked) {
        m->seeker_asked = true;
        if (send_seek_requests(m, err) < 0)
            return -1;
    }
    return seeker_answers(m, err);
}

static void seek(struct group_member *m) {
    struct kc_error err = {0};
    if (!m->seeker) {
        if (clock_ms() < m->seek_at_ms)
            return;
        struct candidate *c = pick_candidate(m, &m->seek_at_ms);
        if (!c)
            return;
        m->seeker_asked = false;
        m->seeker = wire_conn_open(&m->conn_conf, c->host, c->port, &err);
        if (!m->seeker) {
            candidate_failed(m, &err);
            return;
        }
    }
    if (step_seeker(m, &err) >= 0)
        return;
    if (is_fatal(&err))
        member_fatal(m, &err);
    else
        candidate_failed(m, &err);
}

/* ---- traffic with it ---- */

static void dispatch(struct group_member *m, const struct wire_response *resp) {
    struct kc_error err = {0};
    switch (resp->api) {
    case WIRE_JOIN_GROUP:
        member_join_answer(m, resp);
        break;
    case WIRE_SYNC_GROUP:
        member_sync_answer(m, resp);
        break;
    case WIRE_HEARTBEAT:
        member_heartbeat_answer(m, resp);
        break;
    case WIRE_LEAVE_GROUP:
        member_leave_answer(m, resp);
        break;
    default:
        if (metadata_answer(m, resp, &err) < 0)
            member_coordinator_lost(m, err.text);
    }
}

static void refresh_metadata(struct group_member *m) {
    if (m->state != MEMBER_STABLE || clock_ms() < m->metadata_due_ms)
        return;
    m->metadata_due_ms = clock_after_ms(m->conf.metadata_max_age_ms);
    int version = member_version(m, WIRE_METADATA, WIRE_METADATA_MIN, WIRE_METADATA_MAX);
    if (version < 0)
        return;
    AUTO_BUF body;
    buf_init(&body, 1024);
    wire_encode_metadata(&body, (int16_t)version);
    member_send(m, WIRE_METADATA, (int16_t)version, &body);
}

static void step_coordinator(struct group_member *m) {
    struct kc_error err = {0};
    bool was_ready = wire_conn_ready(m->coordinator);
    if (wire_conn_step(m->coordinator, &err) < 0) {
        coordinator_failed(m, &err);
        return;
    }
    if (!was_ready && wire_conn_ready(m->coordinator))
        coordinator_ready(m);
    struct wire_response resp;
    int rc = 0;
    while (!m->ended && member_coordinator_ready(m) && (rc = wire_conn_receive(m->coordinator, &resp, &err)) == 1)
        dispatch(m, &resp);
    if (rc < 0)
        coordinator_failed(m, &err);
    else if (!m->ended && !m->stopping && member_coordinator_ready(m))
        refresh_metadata(m);
}

/* Work must not go on for long while nobody coordinates: others may be given it. */
static void check_unreachable(struct group_member *m) {
    if (m->stopping || m->absence != PRESENT || m->unknown_since_ms < 0 || m->revoking || !m->assignment ||
        m->assignment->error)
        return;
    if (clock_ms() - m->unknown_since_ms < m->conf.heartbeat_interval_ms)
        return;
    kc_log(KC_INFO, LOG_GROUP,
           "Broker coordinator was unreachable for %dms. Revoking previous assignment to avoid running tasks while not "
           "being "
           "a member the group",
           m->conf.heartbeat_interval_ms);
    member_revoke_everything(m);
}

void member_conn_init(struct group_member *m) {
    set_candidates(m, NULL, 0);
    m->next_candidate = 0;
    m->unknown_since_ms = clock_ms();
}

void member_conn_done(struct group_member *m) {
    m->coordinator = wire_conn_close(m->coordinator);
    m->seeker = wire_conn_close(m->seeker);
    member_set_text(&m->coordinator_host, NULL);
    candidates_free(m->candidates, m->candidate_count);
    m->candidates = NULL;
    m->candidate_count = 0;
    wire_brokers_free(m->bootstrap, m->bootstrap_count);
    m->bootstrap = NULL;
    m->bootstrap_count = 0;
}

void member_conn_step(struct group_member *m) {
    if (m->ended)
        return;
    if (m->coordinator)
        step_coordinator(m);
    if (!m->ended && !m->coordinator && !m->stopping)
        seek(m);
    if (!m->ended)
        check_unreachable(m);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

int64_t member_conn_due_ms(const struct group_member *m) {
    int64_t due = INT64_MAX;
    if (m->coordinator)
        due = earlier(due, wire_conn_deadline_ms(m->coordinator));
    else if (m->seeker)
        due = earlier(wire_conn_deadline_ms(m->seeker), m->seeker_asked ? m->seek_deadline_ms : INT64_MAX);
    else if (!m->stopping)
        due = m->seek_at_ms;
    if (member_coordinator_ready(m) && m->state == MEMBER_STABLE)
        due = earlier(due, m->metadata_due_ms);
    if (m->absence == PRESENT && m->unknown_since_ms >= 0 && m->assignment && !m->assignment->error && !m->revoking)
        due = earlier(due, m->unknown_since_ms + m->conf.heartbeat_interval_ms);
    return due;
}
