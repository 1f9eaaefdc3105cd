/* A member against a fake broker: joining, rebalances, lost coordinators, revocations, time-outs, leaving. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/group/member.h"
#include "tests/support/fake_broker.h"
#include "tests/support/group_text.h"
#include "tests/support/hex.h"
#include "tests/support/suite.h"

enum { EVENTS_MAX = 256, WAIT_MS = 10000 };
enum event_type { ASSIGNED, REVOKED, FATAL, FOUND, LOST };

struct event {
    enum event_type type;
    struct assignment *asg;
    int32_t generation;
    struct work work;
    struct kc_error err;
};

/* The herder: keeps what it is told; the configuration is the test's to change. */
struct herder {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct event events[EVENTS_MAX];
    size_t count, seen; /* seen: taken by expect() */
    char config[256];
    int64_t offset;
    bool slow_to_stop; /* does not report the end of revocations */
    struct group_member *member;
};

static void set_slow(struct herder *h, bool slow) {
    pthread_mutex_lock(&h->lock);
    h->slow_to_stop = slow;
    pthread_mutex_unlock(&h->lock);
}

static struct event *add_event(struct herder *h, enum event_type type) {
    ck_assert_uint_lt(h->count, EVENTS_MAX);
    struct event *e = &h->events[h->count++];
    e->type = type;
    pthread_cond_broadcast(&h->arrived);
    return e;
}

static struct group_config *config_snapshot(void *arg) {
    struct herder *h = arg;
    pthread_mutex_lock(&h->lock);
    struct group_config *config = group_config_parse(h->offset, h->config);
    pthread_mutex_unlock(&h->lock);
    return config;
}

static void on_assigned(void *arg, const struct assignment *asg, int32_t generation) {
    struct herder *h = arg;
    pthread_mutex_lock(&h->lock);
    struct event *e = add_event(h, ASSIGNED);
    e->asg = assignment_clone(asg);
    e->generation = generation;
    pthread_mutex_unlock(&h->lock);
}

static void on_revoked(void *arg, const struct work *work) {
    struct herder *h = arg;
    pthread_mutex_lock(&h->lock);
    work_copy(&add_event(h, REVOKED)->work, work);
    bool slow = h->slow_to_stop;
    pthread_mutex_unlock(&h->lock);
    if (!slow)
        group_member_revoked(h->member);
}

static void on_fatal(void *arg, const struct kc_error *err) {
    struct herder *h = arg;
    pthread_mutex_lock(&h->lock);
    add_event(h, FATAL)->err = *err;
    pthread_mutex_unlock(&h->lock);
}

static void on_coordinator(void *arg, bool known) {
    struct herder *h = arg;
    pthread_mutex_lock(&h->lock);
    add_event(h, known ? FOUND : LOST);
    pthread_mutex_unlock(&h->lock);
}

static const struct group_member_callbacks callbacks = {.config_snapshot = config_snapshot,
                                                        .on_assigned = on_assigned,
                                                        .on_revoked = on_revoked,
                                                        .on_fatal = on_fatal,
                                                        .on_coordinator = on_coordinator};

static struct group_member_conf quick(const char *servers) {
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

static void herder_start(struct herder *h, const struct group_member_conf *conf, int64_t offset, const char *config) {
    *h = (struct herder){.offset = offset};
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->arrived, NULL);
    snprintf(h->config, sizeof h->config, "%s", config);
    struct kc_error err = {0};
    h->member = group_member_new(conf, &callbacks, h, &err);
    ck_assert_msg(h->member != NULL, "%s", err.text);
    ck_assert_int_eq(group_member_start(h->member, &err), 0);
}

static void herder_stop(struct herder *h) {
    h->member = group_member_free(h->member);
    for (size_t i = 0; i < h->count; i++) {
        assignment_free(h->events[i].asg);
        work_done(&h->events[i].work);
    }
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->arrived);
}

/* The next event of `type`; those of other types before it are passed over, but never a fatal one. */
static const struct event *expect(struct herder *h, enum event_type type) {
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
static size_t count_of(struct herder *h, enum event_type type) {
    size_t count = 0;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->count; i++)
        count += h->events[i].type == type;
    pthread_mutex_unlock(&h->lock);
    return count;
}

static void assert_work(const struct work *w, const char *wanted) {
    AUTO_WORK expected = {0};
    work_parse(&expected, wanted);
    char *is = work_format(w), *should = work_format(&expected);
    ck_assert_str_eq(is, should);
    free(is);
    free(should);
}

/* What a JoinGroup request tells. */
struct join {
    char *member_id;
    int32_t session_timeout_ms, rebalance_timeout_ms;
    char *protocols; /* "sessioned compatible default" */
    struct subscription *first;
};

static void join_done(struct join *join) {
    free(join->member_id);
    free(join->protocols);
    subscription_free(join->first);
}
#define AUTO_JOIN __attribute__((cleanup(join_done))) struct join

static struct join parse_join(const struct fake_request *req) {
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
static const struct event *settle(struct herder *h) {
    const struct event *e = expect(h, ASSIGNED);
    ck_assert_int_eq(e->asg->error, ASSIGNMENT_OK);
    return e;
}

/* ---- joining ---- */

START_TEST(first_join) {
    struct fake_broker *b = fake_broker_start(NULL);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_JOIN_GROUP, .error = WIRE_ERROR_MEMBER_ID_REQUIRED});
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 5, "c1=2 c2=1");
    const struct event *e = settle(&h);
    ck_assert_int_eq(e->generation, 1);
    assert_work(&e->asg->work, "c1 c2 c1-0..1 c2-0");
    assert_work(&e->asg->added, "c1 c2 c1-0..1 c2-0");
    ck_assert_str_eq(e->asg->member_id, "member-1");
    ck_assert_str_eq(e->asg->leader, "member-1");
    ck_assert_str_eq(e->asg->leader_url, "http://w1:8083/");
    ck_assert_int_eq(e->asg->offset, 5);
    ck_assert_int_eq(e->asg->version, GROUP_SESSIONED);
    ck_assert(group_member_is_leader(h.member) && group_member_stable(h.member) && group_member_connected(h.member));

    struct fake_request first = fake_broker_wait(b, WIRE_JOIN_GROUP, 1),
                        second = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    ck_assert_int_eq(first.version, 5);
    AUTO_JOIN one = parse_join(&first);
    AUTO_JOIN two = parse_join(&second);
    ck_assert_str_eq(one.member_id, "");
    ck_assert_str_eq(two.member_id, "member-1");
    ck_assert_str_eq(two.protocols, "sessioned compatible default");
    ck_assert_int_eq(two.session_timeout_ms, 6000);
    ck_assert_int_eq(two.rebalance_timeout_ms, 8000);
    ck_assert_str_eq(two.first->url, "http://w1:8083/");
    ck_assert_int_eq(two.first->offset, 5);
    ck_assert_ptr_null(two.first->allocation);

    AUTO_TEXT owner = group_member_owner_url(h.member, "c1", 1);
    ck_assert_str_eq(owner, "http://w1:8083/");
    ck_assert_ptr_null(group_member_owner_url(h.member, "c1", 2));
    fake_broker_wait(b, WIRE_HEARTBEAT, 3);
    group_member_stop(h.member);
    fake_broker_wait(b, WIRE_LEAVE_GROUP, 1);
    ck_assert(!group_member_stable(h.member) && !group_member_connected(h.member));
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(protocol_lists) {
    static const char *const lists[] = {"default", "compatible default", "sessioned compatible default"};
    for (int p = GROUP_EAGER; p <= GROUP_SESSIONED; p++) {
        struct fake_broker *b = fake_broker_start(NULL);
        struct group_member_conf conf = quick(fake_broker_address(b));
        conf.protocol = (enum group_protocol)p;
        struct herder h;
        herder_start(&h, &conf, 1, "c1=1");
        const struct event *e = settle(&h);
        ck_assert_int_eq(e->asg->version, p);
        assert_work(&e->asg->work, "c1 c1-0");
        struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 1);
        AUTO_JOIN join = parse_join(&req);
        ck_assert_str_eq(join.protocols, lists[p]);
        herder_stop(&h);
        fake_broker_stop(b);
    }
}
END_TEST

/* A broker of version 2.1; what librdkafka's mock cluster offers besides: Metadata 0-2, LeaveGroup 0-1. */
START_TEST(old_versions) {
    static const struct wire_api_range ranges[] = {
        {WIRE_METADATA, 0, 2},    {WIRE_FIND_COORDINATOR, 0, 2}, {WIRE_JOIN_GROUP, 0, 3},  {WIRE_HEARTBEAT, 0, 2},
        {WIRE_LEAVE_GROUP, 0, 2}, {WIRE_SYNC_GROUP, 0, 2},       {WIRE_API_VERSIONS, 0, 2}};
    struct fake_broker *b =
        fake_broker_start(&(struct fake_broker_conf){.versions = ranges, .version_count = COUNT_OF(ranges)});
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 1, "c1=1");
    assert_work(&settle(&h)->asg->work, "c1 c1-0");
    ck_assert_int_eq(fake_broker_wait(b, WIRE_JOIN_GROUP, 1).version, 3);
    ck_assert_int_eq(fake_broker_wait(b, WIRE_SYNC_GROUP, 1).version, 2);
    ck_assert_int_eq(fake_broker_wait(b, WIRE_HEARTBEAT, 1).version, 2);
    herder_stop(&h);
    ck_assert_int_eq(fake_broker_wait(b, WIRE_LEAVE_GROUP, 1).version, 2);
    fake_broker_stop(b);
}
END_TEST

START_TEST(too_new_a_broker) {
    static const struct wire_api_range ranges[] = {
        {WIRE_METADATA, 0, 7}, {WIRE_FIND_COORDINATOR, 0, 2}, {WIRE_JOIN_GROUP, 6, 12}, {WIRE_API_VERSIONS, 0, 2}};
    struct fake_broker *b =
        fake_broker_start(&(struct fake_broker_conf){.versions = ranges, .version_count = COUNT_OF(ranges)});
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 1, "c1=1");
    const struct event *e = expect(&h, FATAL);
    ck_assert_msg(strstr(e->err.text, "supports JoinGroup in versions 6 to 12") != NULL, "%s", e->err.text);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* ---- errors ---- */

static const struct error_case {
    int16_t api, error;
    bool fatal;
    bool new_id;   /* the join that follows asks for a new id */
    bool new_seek; /* the coordinator is looked up again */
} error_cases[] = {
    {WIRE_JOIN_GROUP, 14, false, false, false},       {WIRE_JOIN_GROUP, 15, false, false, true},
    {WIRE_JOIN_GROUP, 16, false, false, true},        {WIRE_JOIN_GROUP, 25, false, true, false},
    {WIRE_JOIN_GROUP, 27, false, false, false},       {WIRE_JOIN_GROUP, 23, true, false, false},
    {WIRE_JOIN_GROUP, 24, true, false, false},        {WIRE_JOIN_GROUP, 26, true, false, false},
    {WIRE_JOIN_GROUP, 30, true, false, false},        {WIRE_JOIN_GROUP, 35, true, false, false},
    {WIRE_JOIN_GROUP, 81, true, false, false},        {WIRE_JOIN_GROUP, -1, true, false, false},
    {WIRE_SYNC_GROUP, 15, false, false, true},        {WIRE_SYNC_GROUP, 16, false, false, true},
    {WIRE_SYNC_GROUP, 22, false, false, false},       {WIRE_SYNC_GROUP, 25, false, true, false},
    {WIRE_SYNC_GROUP, 27, false, false, false},       {WIRE_SYNC_GROUP, 30, true, false, false},
    {WIRE_SYNC_GROUP, 99, true, false, false},        {WIRE_HEARTBEAT, 15, false, false, true},
    {WIRE_HEARTBEAT, 16, false, false, true},         {WIRE_HEARTBEAT, 22, false, false, false},
    {WIRE_HEARTBEAT, 25, false, true, false},         {WIRE_HEARTBEAT, 27, false, false, false},
    {WIRE_HEARTBEAT, 82, true, false, false},         {WIRE_FIND_COORDINATOR, 15, false, false, false},
    {WIRE_FIND_COORDINATOR, 14, false, false, false}, {WIRE_FIND_COORDINATOR, 24, true, false, false},
    {WIRE_FIND_COORDINATOR, 30, true, false, false},
};

/* The error comes once, in the second generation; the member must recover and keep its work, or end. */
START_TEST(answered_errors) {
    const struct error_case *c = &error_cases[_i];
    struct fake_broker *b = fake_broker_start(NULL);
    if (c->api == WIRE_FIND_COORDINATOR)
        fake_broker_queue(b, &(struct fake_answer){.api = c->api, .error = c->error});
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    if (c->api != WIRE_FIND_COORDINATOR) {
        settle(&h);
        fake_broker_queue(b, &(struct fake_answer){.api = c->api, .error = c->error});
        if (c->api != WIRE_HEARTBEAT)
            group_member_rejoin(h.member);
    }
    if (c->fatal) {
        const struct event *e = expect(&h, FATAL);
        ck_assert_msg(strstr(e->err.text, "connect-cluster") != NULL, "%s", e->err.text);
        ck_assert_int_eq(e->err.code, c->error == 30 ? ERR_AUTH : ERR_KAFKA);
        herder_stop(&h);
        fake_broker_stop(b);
        return;
    }
    bool keeps_generation = c->api == WIRE_HEARTBEAT && (c->error == 15 || c->error == 16);
    if (keeps_generation) {
        fake_broker_wait(b, WIRE_FIND_COORDINATOR, 2);
        expect(&h, LOST);
        expect(&h, FOUND);
        fake_broker_wait(b, WIRE_HEARTBEAT, 3);
        ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    } else {
        const struct event *e = settle(&h);
        assert_work(&e->asg->work, "c1 c1-0");
    }
    ck_assert_uint_eq(count_of(&h, REVOKED), 0);
    size_t joins = fake_broker_count(b, WIRE_JOIN_GROUP);
    if (joins > 1) {
        struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, joins);
        AUTO_JOIN join = parse_join(&req);
        ck_assert_str_eq(join.member_id, c->new_id ? "" : "member-1");
        ck_assert_ptr_nonnull(join.first->allocation);
        assert_work(&join.first->allocation->work, "c1 c1-0");
    }
    if (c->api != WIRE_FIND_COORDINATOR)
        ck_assert_uint_eq(fake_broker_count(b, WIRE_FIND_COORDINATOR), c->new_seek ? 2 : 1);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* Errors that heartbeats survive: the next one follows soon. */
START_TEST(heartbeats_go_on) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = 30});
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = 99});
    fake_broker_wait(b, WIRE_HEARTBEAT, fake_broker_count(b, WIRE_HEARTBEAT) + 5);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert_uint_eq(count_of(&h, LOST), 0);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* ---- broken connections ---- */

static const struct {
    int16_t api;
    enum fake_action action;
    const char *hex;
} broken[] = {
    {WIRE_JOIN_GROUP, FAKE_CLOSE, NULL},
    {WIRE_SYNC_GROUP, FAKE_CLOSE, NULL},
    {WIRE_FIND_COORDINATOR, FAKE_CLOSE, NULL},
    {WIRE_METADATA, FAKE_CLOSE, NULL},
    {WIRE_API_VERSIONS, FAKE_CLOSE, NULL},
    {WIRE_JOIN_GROUP, FAKE_ANSWER, "0000"},
    {WIRE_SYNC_GROUP, FAKE_ANSWER, "0000"},
    {WIRE_FIND_COORDINATOR, FAKE_ANSWER, "00"},
    {WIRE_METADATA, FAKE_ANSWER, "00"},
    {WIRE_JOIN_GROUP, FAKE_RAW, "ffffffff"},
    {WIRE_SYNC_GROUP, FAKE_ANSWER, "00000000 0000 00000003 000200"},
    {WIRE_FIND_COORDINATOR, FAKE_ANSWER, "00000000 0000 ffff 00000001 0000 00000000"},
    {WIRE_FIND_COORDINATOR, FAKE_ANSWER, "00000000 0000 ffff 00000001 0009 3132372e302e302e31 00000001"},
    {WIRE_FIND_COORDINATOR, FAKE_HOLD, NULL},
    {WIRE_JOIN_GROUP, FAKE_HOLD, NULL},
    {WIRE_SYNC_GROUP, FAKE_HOLD, NULL},
};

START_TEST(broken_connections) {
    struct fake_broker *b = fake_broker_start(NULL);
    fake_broker_queue(b,
                      &(struct fake_answer){.api = broken[_i].api, .action = broken[_i].action, .hex = broken[_i].hex});
    struct group_member_conf conf = quick(fake_broker_address(b));
    conf.request_timeout_ms = 300;
    conf.rebalance_timeout_ms = -4000; /* with the extra of JoinGroup: one second */
    if (broken[_i].action != FAKE_HOLD)
        conf.rebalance_timeout_ms = 8000;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    if (broken[_i].action == FAKE_HOLD) {
        fake_broker_wait(b, broken[_i].api, 2);
    } else {
        assert_work(&settle(&h)->asg->work, "c1 c1-0");
        fake_broker_wait(b, WIRE_HEARTBEAT, 2);
    }
    ck_assert_uint_eq(count_of(&h, FATAL), 0);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* The connection breaks while the group is stable: the generation survives. */
START_TEST(short_outage) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    conf.heartbeat_interval_ms = 1000;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    fake_broker_drop(b);
    expect(&h, LOST);
    expect(&h, FOUND);
    fake_broker_wait(b, WIRE_HEARTBEAT, 2);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert_uint_eq(count_of(&h, REVOKED), 0);
    ck_assert(group_member_is_leader(h.member));
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* It stays away for longer than the heartbeat interval: everything stops, the next join reports nothing. */
START_TEST(long_outage) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    conf.heartbeat_interval_ms = 150;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    fake_broker_down(b, true);
    assert_work(&expect(&h, REVOKED)->work, "c1 c1-0");
    clock_sleep_ms(300);
    ck_assert(!group_member_stable(h.member));
    fake_broker_down(b, false);
    const struct event *e = settle(&h);
    assert_work(&e->asg->added, "c1 c1-0");
    ck_assert_uint_eq(count_of(&h, REVOKED), 1);
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    AUTO_JOIN join = parse_join(&req);
    ck_assert_ptr_null(join.first->allocation);
    ck_assert_str_eq(join.member_id, "member-1");
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(no_heartbeat_answer) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    conf.session_timeout_ms = 400;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .action = FAKE_HOLD});
    expect(&h, LOST);
    expect(&h, FOUND);
    fake_broker_wait(b, WIRE_HEARTBEAT, fake_broker_count(b, WIRE_HEARTBEAT) + 2);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* Another broker coordinates. */
START_TEST(coordinator_moves) {
    struct fake_broker *a = fake_broker_start(NULL), *b = fake_broker_start(NULL);
    fake_broker_coordinator(a, fake_broker_port(b));
    fake_broker_coordinator(b, fake_broker_port(b));
    struct group_member_conf conf = quick(fake_broker_address(a));
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    ck_assert_uint_eq(fake_broker_count(a, WIRE_JOIN_GROUP), 0);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    fake_broker_coordinator(a, fake_broker_port(a));
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = WIRE_ERROR_NOT_COORDINATOR});
    fake_broker_coordinator(b, fake_broker_port(a));
    fake_broker_wait(a, WIRE_HEARTBEAT, 1);
    herder_stop(&h);
    fake_broker_stop(a);
    fake_broker_stop(b);
}
END_TEST

/* The first bootstrap servers are not there. */
START_TEST(bootstrap_falls_back) {
    struct fake_broker *gone = fake_broker_start(NULL), *b = fake_broker_start(NULL);
    char servers[200];
    snprintf(servers, sizeof servers, "no.such.host.invalid:9092, %s,PLAINTEXT://%s", fake_broker_address(gone),
             fake_broker_address(b));
    fake_broker_stop(gone);
    struct group_member_conf conf = quick(servers);
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(refused_credentials) {
    struct fake_broker *b = fake_broker_start(&(struct fake_broker_conf){.sasl = true, .user = "u", .password = "pw"});
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct wire_security sec = {.protocol = WIRE_SASL_PLAINTEXT, .user = "u", .password = "wrong"};
    conf.security = &sec;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    const struct event *e = expect(&h, FATAL);
    ck_assert_int_eq(e->err.code, ERR_AUTH);
    ck_assert_ptr_nonnull(strstr(e->err.text, "Invalid username or password"));
    herder_stop(&h);
    sec.password = "pw";
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(bad_configurations) {
    static const struct {
        const char *servers, *text;
    } cases[] = {
        {"", "No resolvable bootstrap urls given in bootstrap.servers"},
        {" , ", "No resolvable bootstrap urls given in bootstrap.servers"},
        {"localhost", "Invalid url in bootstrap.servers: localhost"},
        {"localhost:9092,host:x", "Invalid url in bootstrap.servers: host:x"},
        {"localhost:0", "Invalid url in bootstrap.servers: localhost:0"},
        {"localhost:65536", "Invalid url in bootstrap.servers: localhost:65536"},
        {"::1:9092", "Invalid url in bootstrap.servers: ::1:9092"},
        {":9092", "Invalid url in bootstrap.servers: :9092"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct group_member_conf conf = quick(cases[i].servers);
        struct kc_error err = {0};
        struct herder h = {0};
        ck_assert_ptr_null(group_member_new(&conf, &callbacks, &h, &err));
        ck_assert_str_eq(err.text, cases[i].text);
        ck_assert_int_eq(err.code, ERR_BAD_CONFIG);
    }
    struct group_member_conf conf = quick("[::1]:9092");
    struct wire_security sec = {.protocol = WIRE_SSL, .ssl_ca_path = "/nowhere"};
    struct kc_error err = {0};
    struct herder h = {0};
    AUTO(group_member) fine = group_member_new(&conf, &callbacks, &h, &err);
    ck_assert_ptr_nonnull(fine);
    conf.security = &sec;
    ck_assert_ptr_null(group_member_new(&conf, &callbacks, &h, &err));
    ck_assert_int_eq(err.code, ERR_BAD_CONFIG);
}
END_TEST

/* ---- work that comes and goes ---- */

/* The body of a SyncGroup answer with an assignment by the leader "other-1" at http://o/; malloc'ed. */
static char *from_other(int64_t offset, const char *assigned, const char *revoked, int32_t delay_ms, int16_t error) {
    AUTO(assignment) asg = assignment_new();
    asg->leader = strdup("other-1");
    asg->leader_url = strdup("http://o/");
    asg->offset = offset;
    asg->delay_ms = delay_ms;
    asg->error = error;
    work_parse(&asg->work, assigned);
    work_parse(&asg->revoked, revoked);
    AUTO_BUF bytes, body;
    buf_init(&bytes, 4096);
    buf_init(&body, 4096);
    assignment_encode(&bytes, asg, GROUP_SESSIONED);
    buf_add_i32(&body, 0);
    buf_add_i16(&body, 0);
    wire_add_bytes(&body, bytes.data, bytes.len);
    return hex_text(body.data, body.len);
}

static void queue_follower(struct fake_broker *b, const char *sync_hex) {
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_JOIN_GROUP, .leader = "other-1"});
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_SYNC_GROUP, .hex = sync_hex});
}

/* A follower gets c1, c1-0, c1-1; then loses c1-0 and gets c2-3: what it holds is merged. */
START_TEST(follower_merges) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO_TEXT answer0 = from_other(7, "c1 c1-0..1", "", 0, 0);
    queue_follower(b, answer0);
    AUTO_TEXT answer1 = from_other(7, "c2-3", "c1-0", 9, 0);
    queue_follower(b, answer1);
    AUTO_TEXT answer2 = from_other(7, "", "", 9, 0);
    queue_follower(b, answer2);
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 7, "c1=2 c2=4");
    const struct event *first = settle(&h);
    assert_work(&first->asg->work, "c1 c1-0..1");
    ck_assert_str_eq(first->asg->leader, "other-1");
    ck_assert_str_eq(first->asg->leader_url, "http://o/");
    ck_assert(!group_member_is_leader(h.member) && group_member_stable(h.member));
    ck_assert_ptr_null(group_member_owner_url(h.member, "c1", -1));

    group_member_rejoin(h.member);
    assert_work(&expect(&h, REVOKED)->work, "c1-0");
    const struct event *second = settle(&h);
    assert_work(&second->asg->work, "c1 c1-1 c2-3");
    assert_work(&second->asg->added, "c2-3");
    assert_work(&second->asg->revoked, "c1-0");
    ck_assert_int_eq(second->asg->delay_ms, 9);

    group_member_clear_revoked(h.member);
    group_member_rejoin(h.member);
    const struct event *third = settle(&h);
    assert_work(&third->asg->work, "c1 c1-1 c2-3");
    assert_work(&third->asg->added, "");
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 3);
    AUTO_JOIN join = parse_join(&req);
    assert_work(&join.first->allocation->work, "c1 c1-1 c2-3");
    assert_work(&join.first->allocation->revoked, "");
    ck_assert_int_eq(join.first->allocation->delay_ms, 9);
    ck_assert_str_eq(join.first->allocation->leader, "other-1");
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* While the herder stops what was revoked, heartbeats go on and nothing else happens. */
START_TEST(revocation_is_awaited) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO_TEXT answer0 = from_other(7, "c1 c1-0", "", 0, 0);
    queue_follower(b, answer0);
    AUTO_TEXT answer1 = from_other(7, "", "c1-0", 0, 0);
    queue_follower(b, answer1);
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 7, "c1=1");
    settle(&h);
    set_slow(&h, true);
    group_member_rejoin(h.member);
    expect(&h, REVOKED);
    ck_assert(!group_member_stable(h.member));
    size_t heartbeats = fake_broker_count(b, WIRE_HEARTBEAT);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = WIRE_ERROR_REBALANCE_IN_PROGRESS});
    fake_broker_wait(b, WIRE_HEARTBEAT, heartbeats + 4);
    ck_assert_uint_eq(count_of(&h, ASSIGNED), 1);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 2);
    set_slow(&h, false);
    group_member_revoked(h.member);
    assert_work(&settle(&h)->asg->work, "c1");
    fake_broker_wait(b, WIRE_JOIN_GROUP, 3); /* the rebalance that was announced meanwhile */
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* Eager: everything stops before each join, and what comes replaces what was. */
START_TEST(eager_stops_first) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    conf.protocol = GROUP_EAGER;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1 c2=1");
    assert_work(&settle(&h)->asg->work, "c1 c1-0 c2 c2-0");
    ck_assert_uint_eq(count_of(&h, REVOKED), 0);
    set_slow(&h, true);
    pthread_mutex_lock(&h.lock);
    snprintf(h.config, sizeof h.config, "c2=2");
    h.offset = 6;
    pthread_mutex_unlock(&h.lock);
    group_member_rejoin(h.member);
    assert_work(&expect(&h, REVOKED)->work, "c1 c1-0 c2 c2-0");
    clock_sleep_ms(100);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    group_member_revoked(h.member);
    const struct event *e = settle(&h);
    assert_work(&e->asg->work, "c2 c2-0 c2-1");
    assert_work(&e->asg->added, "c2 c2-0 c2-1");
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* The leader has not read what a member has: no repetition without the herder, work goes on. */
START_TEST(config_mismatch) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO_TEXT answer0 = from_other(7, "c1", "", 0, 0);
    queue_follower(b, answer0);
    AUTO_TEXT answer1 = from_other(9, "", "", 0, ASSIGNMENT_CONFIG_MISMATCH);
    queue_follower(b, answer1);
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 7, "c1=1");
    settle(&h);
    group_member_rejoin(h.member);
    const struct event *e = expect(&h, ASSIGNED);
    ck_assert_int_eq(e->asg->error, ASSIGNMENT_CONFIG_MISMATCH);
    ck_assert_int_eq(e->asg->offset, 9);
    assert_work(&e->asg->work, "c1");
    clock_sleep_ms(200);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 2);
    group_member_rejoin(h.member);
    settle(&h);
    ck_assert_uint_eq(count_of(&h, REVOKED), 0);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* ---- leaving ---- */

START_TEST(leave_and_return) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    group_member_leave(h.member, "taking too long to read the log");
    fake_broker_wait(b, WIRE_LEAVE_GROUP, 1);
    for (int i = 0; i < 10; i++) {
        group_member_poll(h.member, NULL);
        clock_sleep_ms(20);
    }
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert(!group_member_stable(h.member) && group_member_connected(h.member));
    group_member_rejoin(h.member);
    settle(&h);
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    AUTO_JOIN join = parse_join(&req);
    ck_assert_str_eq(join.member_id, "");
    assert_work(&join.first->allocation->work, "c1 c1-0");
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* A herder that hangs is out of the group until it polls again. */
START_TEST(poll_timeout) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    conf.rebalance_timeout_ms = 400;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    for (int i = 0; i < 12; i++) {
        group_member_poll(h.member, "polling");
        clock_sleep_ms(50);
    }
    ck_assert_uint_eq(fake_broker_count(b, WIRE_LEAVE_GROUP), 0);
    fake_broker_wait(b, WIRE_LEAVE_GROUP, 1);
    clock_sleep_ms(200);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert_uint_eq(count_of(&h, REVOKED), 0);
    group_member_poll(h.member, NULL);
    settle(&h);
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    AUTO_JOIN join = parse_join(&req);
    assert_work(&join.first->allocation->work, "c1 c1-0");
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

static const struct {
    const char *when;
    int16_t held; /* this request is never answered */
    bool leaves;
} stops[] = {
    {"while nobody is there", WIRE_API_VERSIONS, false},
    {"while looking", WIRE_FIND_COORDINATOR, false},
    {"while joining without an id", WIRE_JOIN_GROUP, false},
    {"while synchronising", WIRE_SYNC_GROUP, true},
};

START_TEST(stop_at_any_time) {
    struct fake_broker *b = fake_broker_start(NULL);
    fake_broker_queue(b, &(struct fake_answer){.api = stops[_i].held, .action = FAKE_HOLD});
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    fake_broker_wait(b, stops[_i].held, 1);
    int64_t start = clock_ms();
    group_member_stop(h.member);
    ck_assert_int_lt(clock_ms() - start, 2000);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_LEAVE_GROUP), stops[_i].leaves);
    group_member_stop(h.member); /* once more does nothing */
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* A parked JoinGroup blocks its connection: the LeaveGroup goes over another one. And an unanswered LeaveGroup holds
 * nobody up. */
START_TEST(stop_while_rejoining) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_JOIN_GROUP, .action = FAKE_HOLD});
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_LEAVE_GROUP, .action = FAKE_HOLD});
    group_member_rejoin(h.member);
    fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    int64_t start = clock_ms();
    group_member_stop(h.member);
    int64_t took = clock_ms() - start;
    ck_assert_int_lt(took, 7000);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_LEAVE_GROUP), 1);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(stop_during_revocation) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    conf.protocol = GROUP_EAGER;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    set_slow(&h, true);
    group_member_rejoin(h.member);
    expect(&h, REVOKED);
    int64_t start = clock_ms();
    group_member_stop(h.member);
    ck_assert_int_lt(clock_ms() - start, 2000);
    fake_broker_wait(b, WIRE_LEAVE_GROUP, 1);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(metadata_gets_old) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = quick(fake_broker_address(b));
    conf.metadata_max_age_ms = 100;
    struct herder h;
    herder_start(&h, &conf, 5, "c1=1");
    settle(&h);
    fake_broker_wait(b, WIRE_METADATA, 4);
    ck_assert_uint_eq(count_of(&h, LOST), 0);
    herder_stop(&h);
    fake_broker_stop(b);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("group/member");
    TCase *tc = tcase_create("member");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, first_join);
    tcase_add_test(tc, protocol_lists);
    tcase_add_test(tc, old_versions);
    tcase_add_test(tc, too_new_a_broker);
    tcase_add_loop_test(tc, answered_errors, 0, COUNT_OF(error_cases));
    tcase_add_test(tc, heartbeats_go_on);
    tcase_add_loop_test(tc, broken_connections, 0, COUNT_OF(broken));
    tcase_add_test(tc, short_outage);
    tcase_add_test(tc, long_outage);
    tcase_add_test(tc, no_heartbeat_answer);
    tcase_add_test(tc, coordinator_moves);
    tcase_add_test(tc, bootstrap_falls_back);
    tcase_add_test(tc, refused_credentials);
    tcase_add_test(tc, bad_configurations);
    tcase_add_test(tc, follower_merges);
    tcase_add_test(tc, revocation_is_awaited);
    tcase_add_test(tc, eager_stops_first);
    tcase_add_test(tc, config_mismatch);
    tcase_add_test(tc, leave_and_return);
    tcase_add_test(tc, poll_timeout);
    tcase_add_loop_test(tc, stop_at_any_time, 0, COUNT_OF(stops));
    tcase_add_test(tc, stop_while_rejoining);
    tcase_add_test(tc, stop_during_revocation);
    tcase_add_test(tc, metadata_gets_old);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
