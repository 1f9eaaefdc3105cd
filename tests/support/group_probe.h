/* The herder's side of a group member in tests: keeps what it is told, answers with a configuration that the test sets,
 * and reports revocations as done at once unless it is slow. */
#ifndef TESTS_SUPPORT_GROUP_PROBE_H
#define TESTS_SUPPORT_GROUP_PROBE_H

#include <pthread.h>

#include "connect/group/member.h"
#include "tests/support/fake_broker.h"

enum { EVENTS_MAX = 256 };
enum event_type { ASSIGNED, REVOKED, FATAL, FOUND, LOST };

struct event {
    enum event_type type;
    struct assignment *asg;
    int32_t generation;
    struct work work;
    struct kc_error err;
};

/* The herder: keeps what it is told; the configuration is the test's to change. */
struct group_probe {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct event events[EVENTS_MAX];
    size_t count, seen; /* seen: taken by probe_expect */
    char config[256];
    int64_t offset;
    bool slow_to_stop; /* does not report the end of revocations */
    struct group_member *member;
};

extern const struct group_member_callbacks probe_callbacks; /* their argument is a struct group_probe */
/* A configuration with short times. */
struct group_member_conf group_conf_quick(const char *servers);
void probe_start(struct group_probe *h, const struct group_member_conf *conf, int64_t offset, const char *config);
void probe_stop(struct group_probe *h); /* the member too */
void probe_set_slow(struct group_probe *h, bool slow);
/* The next event of `type`, waited for; those of other types before it are passed over, but never a fatal one. */
const struct event *probe_expect(struct group_probe *h, enum event_type type);
/* The next ASSIGNED, which must not be an error. */
const struct event *probe_settle(struct group_probe *h);
/* How many events of a type there were. */
size_t probe_count(struct group_probe *h, enum event_type type);

/* Fails unless `w` is what `wanted` says (see group_text.h). */
void work_assert(const struct work *w, const char *wanted);

/* What a JoinGroup request tells. */
struct join {
    char *member_id;
    int32_t session_timeout_ms, rebalance_timeout_ms;
    char *protocols; /* "sessioned compatible default" */
    struct subscription *first;
};

struct join join_parse(const struct fake_request *req);
void join_done(struct join *join);
#define AUTO_JOIN __attribute__((cleanup(join_done))) struct join

#endif
