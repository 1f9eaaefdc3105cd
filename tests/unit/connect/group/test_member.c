/* A member against a fake broker: joining, errors, broken connections. */
#include <stdio.h>
#include <string.h>

#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "tests/support/group_probe.h"
#include "tests/support/suite.h"

/* ---- joining ---- */

START_TEST(first_join) {
    struct fake_broker *b = fake_broker_start(NULL);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_JOIN_GROUP, .error = WIRE_ERROR_MEMBER_ID_REQUIRED});
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=2 c2=1");
    const struct event *e = probe_settle(&h);
    ck_assert_int_eq(e->generation, 1);
    work_assert(&e->asg->work, "c1 c2 c1-0..1 c2-0");
    work_assert(&e->asg->added, "c1 c2 c1-0..1 c2-0");
    ck_assert_str_eq(e->asg->member_id, "member-1");
    ck_assert_str_eq(e->asg->leader, "member-1");
    ck_assert_str_eq(e->asg->leader_url, "http://w1:8083/");
    ck_assert_int_eq(e->asg->offset, 5);
    ck_assert_int_eq(e->asg->version, GROUP_SESSIONED);
    ck_assert(group_member_is_leader(h.member) && group_member_stable(h.member) && group_member_connected(h.member));

    struct fake_request first = fake_broker_wait(b, WIRE_JOIN_GROUP, 1),
                        second = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    ck_assert_int_eq(first.version, 5);
    AUTO_JOIN one = join_parse(&first);
    AUTO_JOIN two = join_parse(&second);
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
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(protocol_lists) {
    static const char *const lists[] = {"default", "compatible default", "sessioned compatible default"};
    for (int p = GROUP_EAGER; p <= GROUP_SESSIONED; p++) {
        struct fake_broker *b = fake_broker_start(NULL);
        struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
        conf.protocol = (enum group_protocol)p;
        struct group_probe h;
        probe_start(&h, &conf, 1, "c1=1");
        const struct event *e = probe_settle(&h);
        ck_assert_int_eq(e->asg->version, p);
        work_assert(&e->asg->work, "c1 c1-0");
        struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 1);
        AUTO_JOIN join = join_parse(&req);
        ck_assert_str_eq(join.protocols, lists[p]);
        probe_stop(&h);
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
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 1, "c1=1");
    work_assert(&probe_settle(&h)->asg->work, "c1 c1-0");
    ck_assert_int_eq(fake_broker_wait(b, WIRE_JOIN_GROUP, 1).version, 3);
    ck_assert_int_eq(fake_broker_wait(b, WIRE_SYNC_GROUP, 1).version, 2);
    ck_assert_int_eq(fake_broker_wait(b, WIRE_HEARTBEAT, 1).version, 2);
    probe_stop(&h);
    ck_assert_int_eq(fake_broker_wait(b, WIRE_LEAVE_GROUP, 1).version, 2);
    fake_broker_stop(b);
}
END_TEST

START_TEST(too_new_a_broker) {
    static const struct wire_api_range ranges[] = {
        {WIRE_METADATA, 0, 7}, {WIRE_FIND_COORDINATOR, 0, 2}, {WIRE_JOIN_GROUP, 6, 12}, {WIRE_API_VERSIONS, 0, 2}};
    struct fake_broker *b =
        fake_broker_start(&(struct fake_broker_conf){.versions = ranges, .version_count = COUNT_OF(ranges)});
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 1, "c1=1");
    const struct event *e = probe_expect(&h, FATAL);
    ck_assert_msg(strstr(e->err.text, "supports JoinGroup in versions 6 to 12") != NULL, "%s", e->err.text);
    probe_stop(&h);
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
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    /* A slow machine is not to be taken for a coordinator that is gone: it would be looked up once more, and work be
     * revoked after the time of a heartbeat. Heartbeats come often all the same, as after every rebalance. */
    conf.session_timeout_ms = conf.rebalance_timeout_ms = 60000;
    conf.heartbeat_interval_ms = 5000;
    conf.connection_setup_timeout_ms = 30000;
    conf.request_timeout_ms = 30000;
    probe_start(&h, &conf, 5, "c1=1");
    if (c->api != WIRE_FIND_COORDINATOR) {
        probe_settle(&h);
        fake_broker_queue(b, &(struct fake_answer){.api = c->api, .error = c->error});
        if (c->api != WIRE_HEARTBEAT)
            group_member_rejoin(h.member);
    }
    if (c->fatal) {
        const struct event *e = probe_expect(&h, FATAL);
        ck_assert_msg(strstr(e->err.text, "connect-cluster") != NULL, "%s", e->err.text);
        ck_assert_int_eq(e->err.code, c->error == 30 ? ERR_AUTH : ERR_KAFKA);
        probe_stop(&h);
        fake_broker_stop(b);
        return;
    }
    bool keeps_generation = c->api == WIRE_HEARTBEAT && (c->error == 15 || c->error == 16);
    if (keeps_generation) {
        fake_broker_wait(b, WIRE_FIND_COORDINATOR, 2);
        probe_expect(&h, LOST);
        probe_expect(&h, FOUND);
        fake_broker_wait(b, WIRE_HEARTBEAT, 3);
        ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    } else {
        const struct event *e = probe_settle(&h);
        work_assert(&e->asg->work, "c1 c1-0");
    }
    ck_assert_uint_eq(probe_count(&h, REVOKED), c->new_id); /* the group went on without it */
    size_t joins = fake_broker_count(b, WIRE_JOIN_GROUP);
    if (joins > 1) {
        struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, joins);
        AUTO_JOIN join = join_parse(&req);
        ck_assert_str_eq(join.member_id, c->new_id ? "" : "member-1");
        ck_assert_ptr_nonnull(join.first->allocation);
        work_assert(&join.first->allocation->work, "c1 c1-0");
    }
    if (c->api != WIRE_FIND_COORDINATOR)
        ck_assert_uint_eq(fake_broker_count(b, WIRE_FIND_COORDINATOR), c->new_seek ? 2 : 1);
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* Errors that heartbeats survive: the next one follows soon. */
START_TEST(heartbeats_go_on) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = 30});
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = 99});
    fake_broker_wait(b, WIRE_HEARTBEAT, fake_broker_count(b, WIRE_HEARTBEAT) + 5);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert_uint_eq(probe_count(&h, LOST), 0);
    probe_stop(&h);
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
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    conf.request_timeout_ms = 300;
    conf.rebalance_timeout_ms = -4000; /* with the extra of JoinGroup: one second */
    if (broken[_i].action != FAKE_HOLD)
        conf.rebalance_timeout_ms = 8000;
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    if (broken[_i].action == FAKE_HOLD) {
        fake_broker_wait(b, broken[_i].api, 2);
    } else {
        work_assert(&probe_settle(&h)->asg->work, "c1 c1-0");
        fake_broker_wait(b, WIRE_HEARTBEAT, 2);
    }
    ck_assert_uint_eq(probe_count(&h, FATAL), 0);
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* The connection breaks while the group is stable: the generation survives. */
START_TEST(short_outage) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    conf.heartbeat_interval_ms = 1000;
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    fake_broker_drop(b);
    probe_expect(&h, LOST);
    probe_expect(&h, FOUND);
    fake_broker_wait(b, WIRE_HEARTBEAT, 2);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    ck_assert_uint_eq(probe_count(&h, REVOKED), 0);
    ck_assert(group_member_is_leader(h.member));
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* It stays away for longer than the heartbeat interval: everything stops, the next join reports nothing. */
START_TEST(long_outage) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    conf.heartbeat_interval_ms = 150;
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    fake_broker_down(b, true);
    work_assert(&probe_expect(&h, REVOKED)->work, "c1 c1-0");
    clock_sleep_ms(300);
    ck_assert(!group_member_stable(h.member));
    fake_broker_down(b, false);
    const struct event *e = probe_settle(&h);
    work_assert(&e->asg->added, "c1 c1-0");
    ck_assert_uint_eq(probe_count(&h, REVOKED), 1);
    struct fake_request req = fake_broker_wait(b, WIRE_JOIN_GROUP, 2);
    AUTO_JOIN join = join_parse(&req);
    ck_assert_ptr_null(join.first->allocation);
    ck_assert_str_eq(join.member_id, "member-1");
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(no_heartbeat_answer) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    conf.session_timeout_ms = 400;
    conf.heartbeat_interval_ms = 5000; /* see answered_errors */
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .action = FAKE_HOLD});
    probe_expect(&h, LOST);
    probe_expect(&h, FOUND);
    fake_broker_wait(b, WIRE_HEARTBEAT, fake_broker_count(b, WIRE_HEARTBEAT) + 2);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

/* Another broker coordinates. */
START_TEST(coordinator_moves) {
    struct fake_broker *a = fake_broker_start(NULL), *b = fake_broker_start(NULL);
    fake_broker_coordinator(a, fake_broker_port(b));
    fake_broker_coordinator(b, fake_broker_port(b));
    struct group_member_conf conf = group_conf_quick(fake_broker_address(a));
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    ck_assert_uint_eq(fake_broker_count(a, WIRE_JOIN_GROUP), 0);
    ck_assert_uint_eq(fake_broker_count(b, WIRE_JOIN_GROUP), 1);
    fake_broker_coordinator(a, fake_broker_port(a));
    fake_broker_queue(b, &(struct fake_answer){.api = WIRE_HEARTBEAT, .error = WIRE_ERROR_NOT_COORDINATOR});
    fake_broker_coordinator(b, fake_broker_port(a));
    fake_broker_wait(a, WIRE_HEARTBEAT, 1);
    probe_stop(&h);
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
    struct group_member_conf conf = group_conf_quick(servers);
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    probe_stop(&h);
    fake_broker_stop(b);
}
END_TEST

START_TEST(refused_credentials) {
    struct fake_broker *b = fake_broker_start(&(struct fake_broker_conf){.sasl = true, .user = "u", .password = "pw"});
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    struct wire_security sec = {.protocol = WIRE_SASL_PLAINTEXT, .user = "u", .password = "wrong"};
    conf.security = &sec;
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    const struct event *e = probe_expect(&h, FATAL);
    ck_assert_int_eq(e->err.code, ERR_AUTH);
    ck_assert_ptr_nonnull(strstr(e->err.text, "Invalid username or password"));
    probe_stop(&h);
    sec.password = "pw";
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    probe_stop(&h);
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
        struct group_member_conf conf = group_conf_quick(cases[i].servers);
        struct kc_error err = {0};
        struct group_probe h = {0};
        ck_assert_ptr_null(group_member_new(&conf, &probe_callbacks, &h, &err));
        ck_assert_str_eq(err.text, cases[i].text);
        ck_assert_int_eq(err.code, ERR_BAD_CONFIG);
    }
    struct group_member_conf conf = group_conf_quick("[::1]:9092");
    struct wire_security sec = {.protocol = WIRE_SSL, .ssl_ca_path = "/nowhere"};
    struct kc_error err = {0};
    struct group_probe h = {0};
    AUTO(group_member) fine = group_member_new(&conf, &probe_callbacks, &h, &err);
    ck_assert_ptr_nonnull(fine);
    conf.security = &sec;
    ck_assert_ptr_null(group_member_new(&conf, &probe_callbacks, &h, &err));
    ck_assert_int_eq(err.code, ERR_BAD_CONFIG);
}
END_TEST

START_TEST(metadata_gets_old) {
    struct fake_broker *b = fake_broker_start(NULL);
    struct group_member_conf conf = group_conf_quick(fake_broker_address(b));
    conf.metadata_max_age_ms = 100;
    struct group_probe h;
    probe_start(&h, &conf, 5, "c1=1");
    probe_settle(&h);
    fake_broker_wait(b, WIRE_METADATA, 4);
    ck_assert_uint_eq(probe_count(&h, LOST), 0);
    probe_stop(&h);
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
    tcase_add_test(tc, metadata_gets_old);
    suite_add_tcase(suite, tc);
    return suite;
}

SUITE_MAIN(make_suite)
