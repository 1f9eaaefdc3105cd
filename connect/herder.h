/* What REST sees of the herder: one request type, submitted from any thread, answered exactly once.
 * The herder builds the JSON of answers; REST adds HTTP. @source Herder, DistributedHerder (rest-api 3-5) */
#ifndef CONNECT_HERDER_H
#define CONNECT_HERDER_H

#include "connect/base/mailbox.h"
#include "connect/base/buf.h"
#include "connect/plugin.h"

enum herder_op {
    HERDER_HEALTH,       /* 200 {"status":…,"message":…} or 503/500 */
    HERDER_ROOT,         /* ServerInfo; immediate */
    HERDER_LIST,         /* names; expand_status/expand_info give the expanded form */
    HERDER_CREATE,       /* name, config, initial_state; answer ConnectorInfo */
    HERDER_INFO,         /* GET /connectors/{c} */
    HERDER_CONFIG,       /* GET …/config */
    HERDER_PUT_CONFIG,   /* config; created tells 201 from 200 */
    HERDER_PATCH_CONFIG, /* patch: null values remove */
    HERDER_DELETE,
    HERDER_STATUS,
    HERDER_TASKS,        /* TaskInfo list */
    HERDER_TASKS_CONFIG, /* GET …/tasks-config */
    HERDER_TASK_STATUS,
    HERDER_RESTART,      /* connector only, no flags */
    HERDER_RESTART_PLAN, /* include_tasks and/or only_failed; 202 with ConnectorStateInfo */
    HERDER_RESTART_TASK,
    HERDER_PAUSE,
    HERDER_RESUME,
    HERDER_STOP,
    HERDER_TOPICS, /* {"c":{"topics":[…]}} */
    HERDER_TOPICS_RESET,
    HERDER_OFFSETS,       /* GET */
    HERDER_ALTER_OFFSETS, /* offsets: JSON body */
    HERDER_RESET_OFFSETS,
    HERDER_VALIDATE,  /* plugin, config; ConfigInfos */
    HERDER_PUT_TASKS, /* internal: task configs from the connector's owner, body + signature headers */
    HERDER_FENCE,     /* internal */
    HERDER_LEAVING,   /* internal, POST /kconnect/leaving: a worker says that it leaves the group */
    HERDER_METRICS,   /* GET /kconnect/metrics: text, not JSON */
    HERDER_SET_LOGGER /* scope=cluster: logger, level */
};

/* Who owns: the submitter until herder_submit, then the herder until `done` runs, then the submitter again. */
struct herder_request {
    struct message msg; /* private: intrusive in the herder's mailbox */
    enum herder_op op;
    /* question; all malloc'ed or NULL, freed by herder_request_free */
    char *connector;
    int task;
    char *plugin, *logger, *level;
    struct kc_config *config; /* CREATE, PUT, PATCH, VALIDATE */
    struct kc_config **tasks; /* PUT_TASKS */
    int task_count;
    char *initial_state; /* CREATE: RUNNING, PAUSED, STOPPED or NULL */
    char *body;          /* ALTER_OFFSETS, PUT_TASKS: raw body for parsing and signature */
    size_t body_len;
    char *signature, *signature_algorithm; /* internal requests */
    bool include_tasks, only_failed;
    bool expand, expand_status, expand_info; /* LIST: expand was given at all, and which parts */
    bool checked;                            /* private: the configuration was found to be valid */
    int64_t deadline_ms; /* clock_ms; after it REST has answered already, the herder may drop the work if not begun */
    /* answer */
    int http;            /* 200, 201, 202, 204 or an error's */
    struct kc_error err; /* code != 0: error */
    char *message;       /* the whole text of the error where err.text is too short for it, else NULL */
    struct buf json;     /* body; empty with 204 */
    bool created;        /* PUT_CONFIG: 201 */
    char *forward_url;   /* not NULL: this worker is not the right one; relay to this base URL ("" = unknown leader) */
    /* Runs exactly once, on the herder thread, a pool thread or, in herder_submit, the submitter's. */
    void (*done)(struct herder_request *req, void *arg);
    void *arg;
};

struct herder;
struct herder_request *herder_request_new(enum herder_op op, const char *connector);
struct herder_request *herder_request_free(struct herder_request *req);
void herder_submit(struct herder *h, struct herder_request *req); /* @thread any @blocks no */
/* Answers a request that only reads what is in memory on the thread that asks, without `done`; false: not such a
 * request, or not yet, submit it. @thread any @blocks no */
bool herder_read(struct herder *h, struct herder_request *req);
/* "Request timed out. The worker is currently …" for REST's deadline answers (rest-api 3.2); malloc'ed. @thread any */
char *herder_stage_text(struct herder *h);
/* Whether /health has been 200 once: the first tick has returned. @thread any */
bool herder_was_ready(struct herder *h);
const char *herder_cluster_id(const struct herder *h);

/* A fake of this interface for REST's tests: tests/support/fake_herder.{h,c}. */
#endif
