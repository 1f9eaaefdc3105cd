/* What the files distributed*.c share: the state of the herder and the ways to move it. Private to them.
 *
 * The tick (distributed_tick.c) is Java's tick() cut into turns: one turn looks at what is to be done first and does
 * it. What may block runs as an errand on another thread; while the tick waits for one, `busy` is set and no other turn
 * begins, so that the steps of one operation are never mixed with those of another. Requests that only read
 * (distributed_reads.c) are answered at once, busy or not. */
#ifndef CONNECT_DISTRIBUTED_STATE_H
#define CONNECT_DISTRIBUTED_STATE_H

#include <uv.h>

#include "connect/base/list.h"
#include "connect/base/map.h"
#include "connect/base/mailbox.h"
#include "connect/distributed.h"
#include "connect/membership.h"
#include "connect/job.h"
#include "connect/restart_plan.h"
#include "connect/stage.h"
#include "connect/store/config_store.h"
#include "connect/store/offset_store.h"
#include "connect/store/status_store.h"
#include "connect/worker.h"

enum { HERDER_RETRY_MS = 250, HERDER_RETRY_MAX_MS = 60000, HERDER_BACKOFF_RETRIES = 5, OFFSETS_TIMEOUT_MS = 90000 };
#define NEVER_MS INT64_MAX

enum {              /* the doors of the mailbox: type of a message */
       MSG_REQUEST, /* REST → herder: struct herder_request */
       MSG_JOB,     /* store, pool, worker → herder: struct job */
       MSG_EVENT    /* config log, group, connectors, main → herder: struct event */
};

enum event_type {
    EV_CONNECTOR_UPDATED, /* config log */
    EV_CONNECTOR_REMOVED,
    EV_TASKS_UPDATED,
    EV_TARGET_CHANGED,
    EV_SESSION_KEY,
    EV_RESTART,
    EV_LOGGER,
    EV_ASSIGNED, /* group */
    EV_REVOKED,
    EV_REFUSED,
    EV_TRANSITION, /* connectors */
    EV_RECONFIGURE,
    EV_TASK_CONFIGS,
    EV_TTL,
    EV_TASK_CALL, /* exactly-once source tasks */
    EV_SHUTDOWN   /* main */
};

struct event {
    struct message msg;
    enum event_type type;
    char *connector; /* or logger */
    char *level;
    struct session_key key;
    struct restart_request restart;
    struct assignment *asg;
    int32_t generation;
    struct work work;
    bool failed;
    struct kc_error err;
    uint64_t ticket;
    enum target_state state;
    int64_t ttl_ms;
    struct reconfiguration *reconfiguration;
    struct task_call *call;
};
struct event *event_new(enum event_type type, const char *connector);
void event_free(struct event *ev);
void event_post(struct herder *h, struct event *ev); /* @thread any */

/* A request, or something the herder asks of itself, that waits for its turn. Whoever runs it answers and frees it. */
struct op {
    struct list link;
    struct herder_request *req; /* NULL: internal */
    char *connector;            /* internal */
    int64_t due_ms;
    void (*run)(struct herder *h, struct op *op);
    bool alone;             /* not to be written together with others */
    struct task_call *call; /* of a task: the op ends with its answer */
    /* Zombie fencing has ended, well when err is NULL; takes the op. */
    void (*fenced)(struct herder *h, struct op *op, const struct kc_error *err);
};

/* Work that may block: `run` on another thread, `then` back on the loop. */
struct errand {
    struct job job;
    struct herder *h;
    int (*run)(struct herder *h, struct errand *e); /* fills err when it returns -1 */
    void (*then)(struct herder *h, struct errand *e);
    int rc; /* of run */
    struct kc_error err;
    /* what it is about; freed with the errand */
    struct op *op;
    struct list ops; /* struct op: several of one kind */
    char *connector, *url;
    struct kc_config *config;
    struct kc_config **tasks;
    int task_count;
    enum target_state target;
    struct session_key key;
    struct buf json;
    int http, number;
    const atomic_bool *stop; /* `run` should end early; the owner's */
};
struct errand *errand_new(struct herder *h, int (*run)(struct herder *h, struct errand *e),
                          void (*then)(struct herder *h, struct errand *e));
void errand_free(struct errand *e);
void errand_to_store(struct errand *e); /* in order, on the store thread */
void errand_to_pool(struct errand *e);

/* What is known about one connector's task configurations. */
struct reconfig_state {
    bool wanted, queued, in_flight;
    unsigned round; /* of the computation in flight */
    int attempts;
    int64_t first_ms; /* of the failed attempts */
    struct reconfiguration *result;
    /* see struct reconfiguration */
    struct kc_config *applied, *applied_resolved;
    int applied_generation;
    /* What the tasks being published were made from; once they are committed it is what is applied, whatever generation
     * number they get (adopt). Java looks at the references only later, and so misses a secret that changes meanwhile.
     */
    struct kc_config *sent, *sent_resolved;
    bool adopt;
};

struct herder {
    struct herder_setup setup;
    const struct worker_conf *conf;
    char *url, *worker_id;
    enum group_protocol protocol; /* configured */
    struct stage *stage;
    struct mailbox *mailbox;
    pthread_t thread;
    bool thread_started;
    uv_loop_t loop;
    uv_poll_t mail;
    uv_timer_t due, pulse;
    struct job_queue *store_jobs, *pool;
    struct config_store *configs;
    struct offset_store *offsets;
    struct status_store *statuses;
    struct worker *worker;          /* NULL until the topics are read */
    struct membership *member;      /* NULL until then */
    struct wire_security *security; /* of the member, which points into it */

    /* shared with other threads */
    pthread_mutex_t door; /* guards closed */
    pthread_cond_t ended_cond;
    bool closed; /* the loop has ended: requests are answered by who submits them */
    bool ended;
    atomic_bool ready, failed, cancel_start;
    atomic_bool topics_read; /* the pictures are whole */
    char *_Atomic cluster_id;

    /* the loop's own */
    bool busy, started, stopping, loop_over;
    bool ending;         /* the shutdown is past its first step */
    int64_t stopping_ms; /* when it began */
    struct list ops;     /* struct op, by due time */
    struct config_snapshot *snap;
    struct assignment *asg, *new_asg;
    int32_t generation, new_generation;
    uint64_t rebalances; /* that have come to their end */
    struct work running; /* what of the assignment was started */
    struct work revoked; /* to stop before the group goes on */
    bool revoke_pending;
    bool rejoining;  /* a new generation was asked for or is under way; nothing is started before it is here */
    bool left_group; /* because the config topic could not be read */
    bool caught_up;  /* the config topic was read for this assignment */
    bool rebalance_resolved, can_read_configs, needs_reconfig_rebalance;
    int64_t scheduled_rebalance_ms, key_expiration_ms /* wall clock */, backoff_until_ms;
    int backoff_retries;
    bool has_key;
    struct session_key key;
    struct map *updated_connectors, *updated_targets, *updated_tasks; /* names */
    struct work tasks_to_restart;
    struct map *restarts;  /* connector → struct restart_request */
    struct map *reconfigs; /* connector → struct reconfig_state */
    uint64_t tickets;
    struct list starting; /* struct restart: waiting for a transition */
    struct map *ttls;     /* connector → int64_t due */
    bool unprivileged;    /* as the leader: must claim the privilege to write to the config topic */
    bool led;             /* by the last assignment */
    int64_t claim_ms;     /* not before */
    struct map *fencings; /* connector → struct fencing */
    size_t farewells;     /* on their way; the group is left after them */
    /* standalone */
    struct list settling;    /* struct settling: requests answered once the herder is done with their connector */
    struct map *transitions; /* connector → ticket of the transition under way */
};

/* ---- distributed.c: the loop and its doors ---- */
void herder_begin(struct herder *h, const char *fmt, ...) KC_PRINTF(2, 3); /* busy with a stage */
void herder_end(struct herder *h);
void herder_fail(struct herder *h, const struct kc_error *err); /* the worker must end */
bool herder_is_leader(struct herder *h);
const char *herder_leader_url(struct herder *h); /* "" when unknown */
int herder_protocol_version(const struct herder *h);
void loop_init(struct herder *h);
void loop_run(struct herder *h); /* until loop_end */
void loop_end(struct herder *h);
void loop_drain(struct herder *h);
void shutdown_turn(struct herder *h); /* distributed_life.c */
/* NULL: the herder is stopping; `req` has been answered. */
struct op *op_add(struct herder *h, void (*run)(struct herder *h, struct op *op), struct herder_request *req,
                  const char *connector, int64_t due_ms);
/* It begins again, in another turn; when the herder is stopping it is answered instead. */
void op_again(struct herder *h, struct op *op);
void op_free(struct op *op);
struct herder_request *op_take(struct op *op); /* its request; the op is freed */

/* ---- herder.c: answers; each ends the request ---- */
void answer(struct herder_request *req, int http); /* with what is in json */
void answer_error(struct herder_request *req, const struct kc_error *err);
void answer_fail(struct herder_request *req, int code, const char *fmt, ...) KC_PRINTF(3, 4);
void answer_http(struct herder_request *req, int http, int code, const char *fmt, ...) KC_PRINTF(4, 5);
void answer_forward(struct herder_request *req, const char *url);
void answer_no_leader(struct herder *h, struct herder_request *req); /* to the leader */

/* ---- the seams ---- */
void tick_turns(struct herder *h);          /* distributed_tick.c */
int64_t tick_next_due_ms(struct herder *h); /* clock_ms of the next thing to do */
void read_configs(struct herder *h);
void request_rejoin(struct herder *h);                                          /* distributed_rebalance.c */
void on_assigned(struct herder *h, struct assignment *asg, int32_t generation); /* takes asg */
void on_revoked(struct herder *h, struct work *work);                           /* takes the contents */
bool rebalance_turn(struct herder *h);                                          /* true: a turn was taken */
bool rebalance_complete(struct herder *h);
extern const struct group_member_callbacks herder_group_callbacks;
void on_config_event(struct herder *h, struct event *ev); /* distributed_updates.c */
bool updates_turn(struct herder *h);
extern const struct config_listener herder_config_listener;
void on_request(struct herder *h, struct herder_request *req);     /* distributed_requests.c */
void check_then_put(struct herder *h, struct herder_request *req); /* distributed_put.c  @thread any */
/* Checks the configuration that comes with the request, if it has one and that is soon done: `checked` says so.
 * false: it was refused, the request is answered. @thread any */
bool check_at_once(struct herder *h, struct herder_request *req);
void run_put(struct herder *h, struct op *op);
bool answer_at_once(struct herder *h, struct herder_request *req);   /* distributed_reads.c: true: done or under way */
void start_validation(struct herder *h, struct herder_request *req); /* @thread any */
void answer_reads(struct herder *h);                                 /* those that waited for the topics to be read */
void on_transition(struct herder *h, struct event *ev);              /* distributed_restart.c */
bool restart_turn(struct herder *h);
void run_restart_connector(struct herder *h, struct op *op);
void run_restart_task(struct herder *h, struct op *op);
void run_restart_plan(struct herder *h, struct op *op);
void start_connector(struct herder *h, const char *connector);
void on_ttl(struct herder *h, const char *connector, int64_t ttl_ms);
void restarts_fail(struct herder *h); /* at shutdown */
/* distributed_tasks.c; `fresh`: the connector has just started, what its older self was asked for may never come */
void request_reconfigure(struct herder *h, const char *connector, bool fresh);
void forget_reconfigure(struct herder *h, const char *connector); /* of a connector that is gone */
void on_task_configs(struct herder *h, struct reconfiguration *r);
void run_put_tasks(struct herder *h, struct op *op);
void reconfig_state_free(void *value);
void run_offsets(struct herder *h, struct op *op); /* distributed_offsets.c */
void run_modify_offsets(struct herder *h, struct op *op);
extern const struct connector_listener herder_connector_listener;
/* distributed_fence.c */
enum claim_turn { CLAIM_NOT_NEEDED, CLAIM_LATER, CLAIM_BEGUN };
enum claim_turn claim_turn(struct herder *h);
void claim_after_assignment(struct herder *h, bool leads);
void fence_connector(struct herder *h, struct op *op, const char *connector); /* ends with op->fenced; as the leader */
void fencing_outdated(struct herder *h, const char *connector);               /* there are new task configurations */
void fencings_fail(struct herder *h);                                         /* at shutdown */
void fencing_free(void *value);
void run_fence(struct herder *h, struct op *op);
/* distributed_leave.c */
void say_farewell(struct herder *h); /* ends with leave_group */
void leave_group(struct herder *h);  /* distributed_life.c */
void on_leaving(struct herder *h, struct herder_request *req);
/* distributed_guard.c */
void on_task_call(struct herder *h, struct task_call *call); /* takes the loop's part of it */
void task_call_drop(struct task_call *call);                 /* the answer: the worker is shutting down; NULL is fine */
extern const struct task_guard herder_task_guard;

/* ---- distributed_peers.c ---- */
/* Sends e->json, if there is any, to `url` of another worker, signed with e->key, if there is one. The answer's status
 * is in e->http and may be any. @thread pool  @blocks up to timeout_ms  @errors as internal_request_send */
int peer_request(struct herder *h, struct errand *e, const char *method, const char *url, int64_t timeout_ms,
                 struct buf *ret_reply);

/* ---- standalone.c: in that mode requests end when what they ask for is done ---- */
void settle_later(struct herder *h, struct herder_request *req, int http);
void settle_turn(struct herder *h);                                                      /* nothing else is to do */
void settle_failed(struct herder *h, const char *connector, const struct kc_error *err); /* what starts it failed */
void settle_end(struct herder *h);                                                       /* at shutdown */
void note_transition(struct herder *h, const char *connector, uint64_t ticket);          /* has begun */
bool standalone_refuses(struct herder *h, struct herder_request *req);                   /* true: answered */

#endif
