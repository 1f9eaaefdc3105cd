/* A member against a fake broker: work that comes and goes, leaving, stopping. */
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "tests/support/group_probe.h"
#include "tests/support/group_text.h"
#include "tests/support/hex.h"
#include "tests/support/suite.h"

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
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 7, "c1=2 c2=4");
    const struct event *first = probe_settle(&h);
    work_assert(&first->asg->work, "c1 c1-0..1");
    ck_assert_str_eq(first->asg->leader, "other-1");
    ck_assert_str_eq(first->asg->leader_url, "http://o/");
    ck_assert(!group_member_is_leader(h.member) && group_member_stable(h.member));
    ck_assert_ptr_null(group_member_owner_url(h.member, "c1", -1));

    group_member_rejoin(h.member);
    work_assert(&probe_expect(&h, REVOKED)->work, "c1-0");
    const struct event *second = probe_settle(&h);
    work_assert(&second->asg->work, "c1 c1-1 c2-3");
    work_assert(&second->asg->added, "c2-3");
    work_assert(&second->asg->revoked, "c1-0");
    ck_assert_int_eq(second->asg->delay_ms, 9);

    group_member_clear_revoked(h.member);
    group_member_rejoin(h.member);
    const struct event *third = probe_settle(&h);
    work_assert(&third->asg->work, "c1 c1-1 c2-3");
    work_assert(&third->asg->added, "");
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 3);
    AUTO_JOIN join = join_parse(&req);
    work_assert(&join.first->allocation->work, "c1 c1-1 c2-3");
    work_assert(&join.first->allocation->revoked, "");
    ck_assert_int_eq(join.first->allocation->delay_ms, 9);
    ck_assert_str_eq(join.first->allocation->leader, "other-1");
    probe_stop(&h);
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
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 7, "c1=1");
    probe_settle(&h);
    probe_set_slow(&h, true);
    group_member_rejoin(h.member);
    probe_expect(&h, REVOKED);
    ck_assert(!group_member_stable(h.member));
    size_t heartbeats = fake_broker_count(b, WIRE_HEARTBEAT);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = WIRE_ERROR_REBALANCE_IN_PROGRESS});
    fake_broker_wait(b, WIRE_HEARTBEAT, heartbeats + 4);
    ck_assert_uint_eq(probe_count(&h, ASSIGNED), 1);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 2);
    probe_set_slow(&h, false);
    group_member_revoked(h.member);
    work_assert(&probe_settle(&h)->asg->work, "c1");
    fake_broker_wait(b, WIRE_JOIN_GROUP, 3); /* the rebalance that was announced meanwhile */
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* Eager: everything stops before each join, and what comes replaces what was. */
START_TEST(eager_stops_first) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    conf.protocol = GROUP_EAGER;
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1 c2=1");
    work_assert(&probe_settle(&h)->asg->work, "c1 c1-0 c2 c2-0");
    ck_assert_uint_eq(probe_count(&h, REVOKED), 0);
    probe_set_slow(&h, true);
    pthread_mutex_lock(&h.lock);
    snprintf(h.config, sizeof h.config, "c2=2");
    h.offset = 6;
    pthread_mutex_unlock(&h.lock);
    group_member_rejoin(h.member);
    work_assert(&probe_expect(&h, REVOKED)->work, "c1 c1-0 c2 c2-0");
    clock_sleep_ms(100);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    group_member_revoked(h.member);
    const struct event *e = probe_settle(&h);
    work_assert(&e->asg->work, "c2 c2-0 c2-1");
    work_assert(&e->asg->added, "c2 c2-0 c2-1");
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* A member that slept for longer than its session: others may run its work, so that it stops before it joins. It claims
 * the work nevertheless, and what it is left or given it starts anew. */
START_TEST(stops_before_it_comes_back) {
    struct fake_broker *b = fake_broker_start(NULL);
    AUTO_TEXT answer0 = from_other(7, "c1 c1-0", "", 0, 0);
    queue_follower(b, answer0);
    AUTO_TEXT answer1 = from_other(7, "", "", 0, 0);
    queue_follower(b, answer1);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 7, "c1=1");
    work_assert(&probe_settle(&h)->asg->work, "c1 c1-0");
    probe_set_slow(&h, true);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = WIRE_ERROR_UNKNOWN_MEMBER_ID});
    work_assert(&probe_expect(&h, REVOKED)->work, "c1 c1-0");
    clock_sleep_ms(100);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert(!group_member_stable(h.member));
    group_member_revoked(h.member);
    work_assert(&probe_settle(&h)->asg->work, "c1 c1-0");
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    AUTO_JOIN join = join_parse(&req);
    ck_assert_str_eq(join.member_id, "");
    work_assert(&join.first->allocation->work, "c1 c1-0");
    ck_assert_uint_eq(probe_count(&h, REVOKED), 1);
    group_member_rejoin(h.member); /* the next time nothing is to be stopped */
    probe_expect(&h, ASSIGNED);
    ck_assert_uint_eq(probe_count(&h, REVOKED), 1);
    probe_stop(&h);
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
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 7, "c1=1");
    probe_settle(&h);
    group_member_rejoin(h.member);
    const struct event *e = probe_expect(&h, ASSIGNED);
    ck_assert_int_eq(e->asg->error, ASSIGNMENT_CONFIG_MISMATCH);
    ck_assert_int_eq(e->asg->offset, 9);
    work_assert(&e->asg->work, "c1");
    clock_sleep_ms(200);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 2);
    group_member_rejoin(h.member);
    probe_settle(&h);
    ck_assert_uint_eq(probe_count(&h, REVOKED), 0);
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* ---- leaving ---- */

START_TEST(leave_and_return) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    group_member_leave(h.member, "taking too long to read the log");
    fake_broker_wait(b, WIRE_LEAVE_GROUP, 1);
    for (int i = 0; i < 10; i++) {
        group_member_poll(h.member, NULL);
        clock_sleep_ms(20);
    }
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert(!group_member_stable(h.member) && group_member_connected(h.member));
    group_member_rejoin(h.member);
    probe_settle(&h);
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    AUTO_JOIN join = join_parse(&req);
    ck_assert_str_eq(join.member_id, "");
    work_assert(&join.first->allocation->work, "c1 c1-0");
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* A herder that hangs is out of the group until it polls again. */
START_TEST(poll_timeout) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    conf.rebalance_timeout_ms = 400;
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    for (int i = 0; i < 12; i++) {
        group_member_poll(h.member, "polling");
        clock_sleep_ms(50);
    }
    ck_assert_uint_eq(fake_broker_count(b, WIRE_LEAVE_GROUP), 0);
    fake_broker_wait(b, WIRE_LEAVE_GROUP, 1);
    clock_sleep_ms(200);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert_uint_eq(probe_count(&h, REVOKED), 0);
    group_member_poll(h.member, NULL);
    probe_settle(&h);
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    AUTO_JOIN join = join_parse(&req);
    work_assert(&join.first->allocation->work, "c1 c1-0");
    probe_stop(&h);
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
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    fake_broker_wait(b, stops[_i].held, 1);
    int64_t start = clock_ms();
    group_member_stop(h.member);
    ck_assert_int_lt(clock_ms() - start, 2000);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_LEAVE_GROUP), stops[_i].leaves);
    group_member_stop(h.member); /* once more does nothing */
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* A parked JoinGroup blocks its connection: the LeaveGroup goes over another one. And an unanswered LeaveGroup holds
 * nobody up. */
START_TEST(stop_while_rejoining) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_JOIN_GROUP, .action = FAKE_HOLD});
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_LEAVE_GROUP, .action = FAKE_HOLD});
    group_member_rejoin(h.member);
    fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    int64_t start = clock_ms();
    group_member_stop(h.member);
    int64_t took = clock_ms() - start;
    ck_assert_int_lt(took, 7000);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_LEAVE_GROUP), 1);
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(stop_during_revocation) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    conf.protocol = GROUP_EAGER;
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    probe_set_slow(&h, true);
    group_member_rejoin(h.member);
    probe_expect(&h, REVOKED);
    int64_t start = clock_ms();
    group_member_stop(h.member);
    ck_assert_int_lt(clock_ms() - start, 2000);
    fake_broker_wait(b, WIRE_LEAVE_GROUP, 1);
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("group/member work");
    TCase *tc = tcase_create("member");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, follower_merges);
    tcase_add_test(tc, revocation_is_awaited);
    tcase_add_test(tc, eager_stops_first);
    tcase_add_test(tc, stops_before_it_comes_back);
    tcase_add_test(tc, config_mismatch);
    tcase_add_test(tc, leave_and_return);
    tcase_add_test(tc, poll_timeout);
    tcase_add_loop_test(tc, stop_at_any_time, 0, COUNT_OF(stops));
    tcase_add_test(tc, stop_while_rejoining);
    tcase_add_test(tc, stop_during_revocation);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
