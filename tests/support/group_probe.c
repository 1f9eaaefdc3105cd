/* The herder's side of a group member in tests; see group_probe.h. */
#include "tests/support/group_probe.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/group_text.h"

enum { WAIT_MS = 20000 };

void probe_set_slow(struct group_probe *h, bool slow) {
    pthread_mutex_lock(&h->lock);
    h->slow_to_stop = slow;
    pthread_mutex_unlock(&h->lock);
}

static struct event *add_event(struct group_probe *h, enum event_type type) {
    ck_assert_uint_lt(h->count, EVENTS_MAX);
    struct event *e = &h->events[h->count++];
    e->type = type;
    pthread_cond_broadcast(&h->arrived);
    return e;
}

static struct group_config *config_snapshot(void *arg) {
    struct group_probe *h = arg;
    pthread_mutex_lock(&h->lock);
    struct group_config *config = group_config_parse(h->offset, h->config);
    pthread_mutex_unlock(&h->lock);
    return config;
}

static void on_assigned(void *arg, const struct assignment *asg, int32_t generation) {
    struct group_probe *h = arg;
    pthread_mutex_lock(&h->lock);
    struct event *e = add_event(h, ASSIGNED);
    e->asg = assignment_clone(asg);
    e->generation = generation;
    pthread_mutex_unlock(&h->lock);
}

static void on_revoked(void *arg, const struct work *work) {
    struct group_probe *h = arg;
    pthread_mutex_lock(&h->lock);
    work_copy(&add_event(h, REVOKED)->work, work);
    bool slow = h->slow_to_stop;
    pthread_mutex_unlock(&h->lock);
    if (!slow)
        group_member_revoked(h->member);
}

static void on_fatal(void *arg, const struct kc_error *err) {
    struct group_probe *h = arg;
    pthread_mutex_lock(&h->lock);
    add_event(h, FATAL)->err = *err;
    pthread_mutex_unlock(&h->lock);
}

static void on_coordinator(void *arg, bool known) {
    struct group_probe *h = arg;
    pthread_mutex_lock(&h->lock);
    add_event(h, known ? FOUND : LOST);
    pthread_mutex_unlock(&h->lock);
}

const struct group_member_callbacks probe_callbacks = {.config_snapshot = config_snapshot,
                                                       .on_assigned = on_assigned,
                                                       .on_revoked = on_revoked,
                                                       .on_fatal = on_fatal,
                                                       .on_coordinator = on_coordinator};

struct group_member_conf group_conf_quick(const char *servers) {
    return (struct group_member_conf){.bootstrap_servers = servers,
                                      .client_id = "c",
                                      .group_id = "connect-cluster",
                                      .url = "http://w1:8083/",
                                      .protocol = GROUP_SESSIONED,
                                      .session_timeout_ms = 6000,
                                      .heartbeat_interval_ms = 60,
                                      .rebalance_timeout_ms = 8000,
                                      .request_timeout_ms = 4000,
                                      .retry_backoff_ms = 20,
                                      .retry_backoff_max_ms = 100,
                                      .reconnect_backoff_ms = 20,
                                      .reconnect_backoff_max_ms = 100,
                                      .metadata_max_age_ms = 300000,
                                      .connection_setup_timeout_ms = 3000,
                                      .scheduled_rebalance_max_delay_ms = 300000};
}

void probe_start(struct group_probe *h, const struct group_member_conf *conf, int64_t offset, const char *config) {
    *h = (struct group_probe){.offset = offset};
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->arrived, NULL);
    snprintf(h->config, sizeof h->config, "%s", config);
    struct kc_error err = {0};
    h->member = group_member_new(conf, &probe_callbacks, h, &err);
    ck_assert_msg(h->member != NULL, "%s", err.text);
    ck_assert_int_eq(group_member_start(h->member, &err), 0);
}

void probe_stop(struct group_probe *h) {
    h->member = group_member_free(h->member);
    for (size_t i = 0; i < h->count; i++) {
        assignment_free(h->events[i].asg);
        work_done(&h->events[i].work);
    }
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->arrived);
}

/* The next event of `type`; those of other types before it are passed over, but never a fatal one. */
const struct event *probe_expect(struct group_probe *h, enum event_type type) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    const struct event *found = NULL;
    pthread_mutex_lock(&h->lock);
    for (int rc = 0; !found && rc == 0;) {
        for (; !found && h->seen < h->count; h->seen++) {
            const struct event *e = &h->events[h->seen];
            if (e->type == type)
                found = e;
            else
                ck_assert_msg(e->type != FATAL, "fatal: %s", e->err.text);
        }
        if (!found)
            rc = pthread_cond_timedwait(&h->arrived, &h->lock, &until);
    }
    pthread_mutex_unlock(&h->lock);
    ck_assert_msg(found != NULL, "event %d did not come", (int)type);
    return found;
}

/* How many events of a type there were. */
size_t probe_count(struct group_probe *h, enum event_type type) {
    size_t count = 0;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->count; i++)
        count += h->events[i].type == type;
    pthread_mutex_unlock(&h->lock);
    return count;
}

void work_assert(const struct work *w, const char *wanted) {
    AUTO_WORK expected = {0};
    work_parse(&expected, wanted);
    char *is = work_format(w), *should = work_format(&expected);
    ck_assert_str_eq(is, should);
    free(is);
    free(should);
}

void join_done(struct join *join) {
    free(join->member_id);
    free(join->protocols);
    subscription_free(join->first);
}

struct join join_parse(const struct fake_request *req) {
    struct wire_reader r = wire_reader(req->body.data, req->body.len);
    struct join join = {0};
    struct buf names;
    buf_init(&names, 1024);
    ck_assert(wire_equal(wire_read_string(&r), "connect-cluster"));
    join.session_timeout_ms = wire_read_i32(&r);
    join.rebalance_timeout_ms = wire_read_i32(&r);
    join.member_id = wire_text(wire_read_string(&r));
    if (req->version >= 5)
        ck_assert_ptr_null(wire_read_nullable_string(&r).data);
    ck_assert(wire_equal(wire_read_string(&r), "connect"));
    int32_t count = wire_read_array(&r, 6, false);
    for (int32_t i = 0; i < count; i++) {
        struct wire_bytes name = wire_read_string(&r), metadata = wire_read_bytes(&r);
        buf_printf(&names, "%s%.*s", i ? " " : "", (int)name.len, (const char *)name.data);
        struct kc_error err = {0};
        struct subscription *sub = subscription_decode(metadata.data, metadata.len, &err);
        ck_assert_ptr_nonnull(sub);
        ck_assert_int_eq(sub->version, count - 1 - i);
        if (sub->allocation)
            ck_assert_int_eq(sub->allocation->version, sub->version);
        if (i == 0)
            join.first = sub;
        else
            subscription_free(sub);
    }
    ck_assert(!r.failed);
    join.protocols = buf_take(&names);
    return join;
}

/* The first generation of a group that this member leads. */
const struct event *probe_settle(struct group_probe *h) {
    const struct event *e = probe_expect(h, ASSIGNED);
    ck_assert_int_eq(e->asg->error, ASSIGNMENT_OK);
    return e;
}
