/* This worker's membership in the group of `group.id`: finds the coordinator, joins, synchronises, sends heartbeats,
 * leaves. The herder makes one, starts and stops it. The member owns one thread ("group"), its connections, the
 * leader's assignor state and the last assignment; callbacks run on that thread and only copy or post. All functions of
 * the herder's side may be called from any thread and return at once (group_member_stop and _free wait for the thread,
 * for a bounded time).
 *
 *   herder                                       group thread
 *   group_member_start ------------------------> find coordinator, JoinGroup …
 *                                <-------------- config_snapshot (at every join; the leader once more before it
 * assigns)
 *                                <-------------- on_revoked(work)          only when something must be stopped first
 *   stops it, group_member_revoked ------------> goes on; heartbeats never stopped meanwhile
 *                                <-------------- on_assigned(asg, generation)
 *   group_member_poll, often ------------------> "the herder is alive"
 *   group_member_rejoin -----------------------> the next generation
 *   group_member_stop -------------------------> LeaveGroup, end of the thread
 *
 * on_revoked comes (a) eager: before every join, with everything assigned; (b) cooperative: after a generation that
 * revokes something, before its on_assigned; (c) with everything assigned, when no coordinator was found for
 * heartbeat_interval_ms: others may have been given that work. At most one is unanswered at any time. Until
 * group_member_revoked is called no join is sent and no on_assigned comes.
 *
 * What the herder must do (group-protocol.md 8.5, distributed-worker.md 6.2): after on_assigned with a non-empty
 * `revoked` start the work, call group_member_clear_revoked, then group_member_rejoin; with delay_ms > 0 call
 * group_member_rejoin after that time; with error ≠ 0 read the config log to its end, then group_member_rejoin — the
 * member does not repeat by itself.
 *
 * @source Java: WorkerGroupMember, WorkerCoordinator, AbstractCoordinator */
#ifndef CONNECT_GROUP_MEMBER_H
#define CONNECT_GROUP_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "connect/group/assign.h"
#include "connect/group/proto.h"
#include "connect/kafka/wire.h"
#include "connect/plugin.h"

struct group_member;

struct group_member_conf { /* everything is copied by group_member_new; worker property and default beside each */
    const char *bootstrap_servers; /* bootstrap.servers: "host:port,[v6]:port" with optional protocol:// in front */
    const char *client_id;         /* client.id, or connect-<worker id> */
    const struct wire_security *security;     /* security.protocol, ssl.*, sasl.*; NULL: PLAINTEXT */
    const char *group_id;                     /* group.id */
    const char *url;                          /* advertised REST URL with a slash at its end */
    enum group_protocol protocol;             /* connect.protocol: sessioned */
    int32_t session_timeout_ms;               /* session.timeout.ms: 10000 */
    int32_t heartbeat_interval_ms;            /* heartbeat.interval.ms: 3000 */
    int32_t rebalance_timeout_ms;             /* rebalance.timeout.ms: 60000 */
    int32_t request_timeout_ms;               /* request.timeout.ms: 40000 */
    int64_t retry_backoff_ms;                 /* retry.backoff.ms: 100 */
    int64_t retry_backoff_max_ms;             /* retry.backoff.max.ms: 1000 */
    int64_t reconnect_backoff_ms;             /* reconnect.backoff.ms: 50 */
    int64_t reconnect_backoff_max_ms;         /* reconnect.backoff.max.ms: 1000 */
    int64_t metadata_max_age_ms;              /* metadata.max.age.ms: 300000 */
    int64_t connection_setup_timeout_ms;      /* socket.connection.setup.timeout.ms: 10000 */
    int32_t scheduled_rebalance_max_delay_ms; /* scheduled.rebalance.max.delay.ms: 300000 */
};

struct group_member_callbacks { /* all run on the group thread, none may block or call group_member_stop/_free */
    /* A fresh snapshot, owned by the member from then on. Never NULL. */
    struct group_config *(*config_snapshot)(void *arg);
    /* A generation is complete. `asg` is the merged snapshot (`work` = all that runs from now on, `added` = what is
     * new); clone it. asg->error ≠ 0: keep running, see above. */
    void (*on_assigned)(void *arg, const struct assignment *asg, int32_t generation);
    /* Stop this, then call group_member_revoked. `work` is never empty. */
    void (*on_revoked)(void *arg, const struct work *work);
    /* The thread has ended by itself (refused by the broker, bad configuration): the worker must end. */
    void (*on_fatal)(void *arg, const struct kc_error *err);
    /* A coordinator was found and connected / got lost. For /health. */
    void (*on_coordinator)(void *arg, bool known);
};

/* Makes a member; nothing happens before group_member_start. Callbacks and `arg` must outlive it.
 * @errors ERR_BAD_CONFIG: names the property (bootstrap.servers, a key store file, …) */
struct group_member *group_member_new(const struct group_member_conf *conf, const struct group_member_callbacks *cb,
                                      void *arg, struct kc_error *err) KC_CHECKED;
/* Once in the life of a member. @errors ERR_INTERNAL: no thread */
int group_member_start(struct group_member *member, struct kc_error *err) KC_CHECKED;

/* A new generation is needed: configurations changed, a delay is over. Also ends the state after group_member_leave. */
void group_member_rejoin(struct group_member *member);
/* The herder is alive. When this is not called for rebalance_timeout_ms while the member is joined, the member leaves
 * the group (work keeps running) and joins again with the next call. `stage`: what the herder is doing, a literal, for
 * the log; NULL: unknown. */
void group_member_poll(struct group_member *member, const char *stage);
/* What the last on_revoked named has stopped. */
void group_member_revoked(struct group_member *member);
/* Forgets the revoked list of the current assignment, so that the next join does not report it again. */
void group_member_clear_revoked(struct group_member *member);
/* Leaves the group now (config log cannot be read); the assignment is kept and reported at the next join, which is sent
 * after group_member_rejoin, not before. `reason` is a literal for the log. */
void group_member_leave(struct group_member *member, const char *reason);
/* Another member has said that it leaves: heartbeats are sent often for a while, so that this one learns of the
 * rebalance at once, and the assignor is told (assignor_leaving). What the coordinator says later comes after it. */
void group_member_expect_leave(struct group_member *member, const char *leaver);
/* URLs of the other members of the last generation that was assigned here, without `except`; malloc'ed, each too.
 * @thread any */
char **group_member_peer_urls(struct group_member *member, const char *except, size_t *ret_count);
/* Leaves the group and ends the thread. No callback comes after it returned. @blocks up to about 5 s, usually a round
 * trip */
void group_member_stop(struct group_member *member);
struct group_member *group_member_free(struct group_member *member); /* stops it first if need be */

/* Joined, with no rebalance known. @thread any */
bool group_member_stable(struct group_member *member);
/* true while the group is stable and this member leads it: false during every rebalance, as in Java. @thread any */
bool group_member_is_leader(struct group_member *member);
/* The coordinator is known and connected. @thread any */
bool group_member_connected(struct group_member *member);
/* Leader only: URL of the worker that runs the connector (task -1) or task by the last assignment computed here;
 * malloc'ed. NULL when nobody runs it, this member is not the leader or a rebalance goes on. @thread any */
char *group_member_owner_url(struct group_member *member, const char *connector, int32_t task);

AUTO_FREE(group_member, struct group_member, group_member_free)

#endif
