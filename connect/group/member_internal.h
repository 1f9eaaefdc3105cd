/* The inside of a group member, for member*.c only. Everything but the part marked "shared" belongs to the group
 * thread. */
#ifndef CONNECT_GROUP_MEMBER_INTERNAL_H
#define CONNECT_GROUP_MEMBER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "connect/base/mailbox.h"
#include "connect/base/map.h"
#include "connect/base/thread.h"
#include "connect/group/member.h"
#include "connect/kafka/wire_messages.h"

#define LOG_GROUP "org.apache.kafka.connect.runtime.distributed.WorkerCoordinator"

/* UNJOINED → (JoinGroup sent) PREPARING → (answered) COMPLETING → (SyncGroup answered) STABLE; back to UNJOINED by any
 * failure. */
enum member_state { MEMBER_UNJOINED, MEMBER_PREPARING, MEMBER_COMPLETING, MEMBER_STABLE };

/* Why no join is sent. */
enum member_absence {
    PRESENT,
    AWAY_UNTIL_REJOIN, /* the herder left */
    AWAY_UNTIL_POLL    /* the herder did not poll for too long */
};

/* Whose end the herder has to report before anything else goes on. */
enum member_revoking {
    REVOKING_NOTHING,
    REVOKING_BEFORE_JOIN, /* everything: eager, or the group went on without this member */
    REVOKING_GENERATION,  /* what the leader took away */
    REVOKING_UNREACHABLE  /* everything, because nobody coordinates */
};

/* A broker that could name the coordinator. */
struct candidate {
    char *host;
    int32_t port;
    int failures;
    int64_t retry_at_ms;
};

struct backoff {
    int failures;
};

struct group_member {
    struct group_member_conf conf; /* texts owned */
    struct wire_security *security;
    struct wire_conn_conf conn_conf;
    struct group_member_callbacks cb;
    void *arg;
    pthread_t thread;
    bool started;

    /* ---- shared ---- */
    struct mailbox *mailbox; /* herder → group */
    atomic_bool stable, leads, connected;
    atomic_bool waits_for_poll;
    _Atomic int64_t polled_at_ms;
    _Atomic(const char *) stage; /* what the herder was doing when it polled last */
    pthread_mutex_t owners_lock;
    struct owner_map *owners; /* of the last assignment computed here; under owners_lock */
    struct map *peers;        /* id → URL of its other members; under owners_lock */

    /* ---- discovery (member_conn.c) ---- */
    struct candidate *candidates; /* brokers of the cluster, then bootstrap servers */
    size_t candidate_count, next_candidate;
    struct wire_broker *bootstrap;
    size_t bootstrap_count;
    struct wire_conn *seeker; /* to a candidate, while the coordinator is unknown */
    size_t seeking;           /* index of that candidate */
    bool seeker_asked;
    int64_t seek_at_ms, seek_deadline_ms;
    struct backoff seek_backoff;
    struct wire_conn *coordinator; /* NULL: unknown */
    char *coordinator_host;
    int32_t coordinator_port;
    int coordinator_failures; /* connections to it that failed in a row */
    int64_t unknown_since_ms; /* -1: known */
    int64_t metadata_due_ms;

    /* ---- generation (member_join.c) ---- */
    enum member_state state;
    enum member_absence absence;
    char *member_id;                               /* "" none */
    int32_t generation, last_completed_generation; /* -1 none */
    enum group_protocol protocol;                  /* in force; before the first generation the configured one */
    bool rejoin_asked, rejoin_told;                /* by the herder; by the coordinator */
    struct assignment *assignment;                 /* merged; NULL: none held */
    struct group_config *config;                   /* as told in the last JoinGroup */
    struct assignor *assignor;
    int64_t join_at_ms;       /* not before */
    int64_t join_deadline_ms; /* of the JoinGroup or SyncGroup on the way */
    struct backoff join_backoff;
    enum member_revoking revoking;
    bool fenced;                 /* the group went on without this member: it stops everything before it joins again */
    bool prepared;               /* everything is stopped for the join that comes */
    struct assignment *incoming; /* waits for the end of a revocation */
    int32_t incoming_generation;

    /* ---- heartbeats, leaving (member_heartbeat.c) ---- */
    bool heartbeat_sent;
    int32_t heartbeat_generation; /* of the one on the way */
    int64_t heartbeat_at_ms, heartbeat_deadline_ms, session_deadline_ms;
    int64_t hurry_until_ms; /* heartbeats come often until then */
    struct backoff heartbeat_backoff;
    char *leaving_id; /* a LeaveGroup for this id is to be sent; NULL: none */
    bool leave_sent;
    int64_t leave_deadline_ms;
    bool stopping;
    int64_t stop_deadline_ms;

    bool ended; /* a fatal error was reported */
};

/* ---- member.c ---- */
void member_fatal(struct group_member *m, const struct kc_error *err);
void member_set_state(struct group_member *m, enum member_state state);
void member_publish(struct group_member *m); /* what other threads see of the state */
void member_set_text(char **to, const char *text);
/* The next delay: base × 2^failures, at most max, ±20 %. */
int64_t member_backoff(struct backoff *b, int64_t base_ms, int64_t max_ms);

/* ---- member_conn.c ---- */
void member_conn_init(struct group_member *m);
void member_conn_done(struct group_member *m);
void member_conn_step(struct group_member *m);
int64_t member_conn_due_ms(const struct group_member *m);
bool member_coordinator_ready(const struct group_member *m);
/* The coordinator does not answer any more, or is another one now. */
void member_coordinator_lost(struct group_member *m, const char *why);
/* Connects once more to the same coordinator: the present connection waits for a join. */
void member_coordinator_reconnect(struct group_member *m);
/* Sends to the coordinator in the highest common version; -1: reported, the request is not on its way. */
int member_send(struct group_member *m, enum wire_api api, int16_t version, const struct buf *body);
/* The version, or -1 after a fatal error was reported. */
int member_version(struct group_member *m, enum wire_api api, int16_t min, int16_t max);

/* ---- member_join.c ---- */
void member_join_step(struct group_member *m);
int64_t member_join_due_ms(const struct group_member *m);
void member_join_answer(struct group_member *m, const struct wire_response *resp);
void member_sync_answer(struct group_member *m, const struct wire_response *resp);
/* The JoinGroup or SyncGroup on the way will not be answered; repeat after a while. */
void member_join_failed(struct group_member *m, const char *why);
/* Forgets the generation, and the member id unless `keep_id`. */
void member_reset_generation(struct group_member *m, bool keep_id, const char *why);
void member_revoke_everything(struct group_member *m);
void member_revoked(struct group_member *m); /* the herder is done with what was revoked */

/* ---- member_heartbeat.c ---- */
void member_heartbeat_start(struct group_member *m); /* a generation begins, or the coordinator is back */
void member_heartbeat_step(struct group_member *m);
int64_t member_heartbeat_due_ms(const struct group_member *m);
void member_heartbeat_answer(struct group_member *m, const struct wire_response *resp);
void member_expect_leave(struct group_member *m, const char *leaver);
void member_leave(struct group_member *m, const char *reason);
void member_leave_step(struct group_member *m);
void member_leave_answer(struct group_member *m, const struct wire_response *resp);

#endif
